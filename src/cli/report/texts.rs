//! What `guildpoints report` says, in both languages. A sentence that is missing in one does not load.

use std::collections::HashMap;

use serde::Deserialize;

use crate::model::Language;

/// The sentences of one language; holes stand in braces.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Texts {
    pub(super) operation: String,
    pub(super) no_such_system: String,
    pub(super) bad_event: String,
    pub(super) bad_operation: String,
    pub(super) bad_account: String,
    pub(super) not_linked: String,
    pub(super) not_staff: String,
    pub(super) done: String,
    pub(super) refused: String,
    pub(super) refused_again: String,
    pub(super) not_sent: String,
    pub(super) unknown: String,
    pub(super) what_to_do: String,
}

impl Texts {
    /// The sentences of `language`.
    pub(super) fn of(language: Language) -> Self {
        let mut all: HashMap<String, Texts> =
            toml::from_str(include_str!("texts.toml")).expect("a test reads the embedded file");
        all.remove(language.tag())
            .expect("a test finds both languages in it")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_say_everything_with_the_same_holes() {
        for language in Language::ALL {
            assert!(!Texts::of(language).done.is_empty());
        }
        let file: toml::Table = include_str!("texts.toml").parse().unwrap();
        let holes = |language: &str| -> Vec<(String, Vec<String>)> {
            let sentences = file[language].as_table().unwrap().iter();
            let holes = sentences.map(|(key, text)| {
                let opened = text.as_str().unwrap().split('{').skip(1);
                let named = opened.map(|rest| rest.split_once('}').unwrap().0.to_owned());
                let mut named: Vec<String> = named.collect();
                named.sort();
                named.dedup();
                (key.clone(), named)
            });
            holes.collect()
        };
        assert_eq!(holes("zh-CN"), holes("en-US"));
    }
}

//! What the command line says, kept in files of both languages.

use std::collections::HashMap;

use serde::de::DeserializeOwned;

use crate::model::Language;

/// The sentences of `language` in an embedded file.
///
/// A sentence that is missing in one language, or that nobody speaks, does not load; each file has a
/// test that loads both.
pub(super) fn read<T: DeserializeOwned>(file: &str, language: Language) -> T {
    let mut all: HashMap<String, T> = toml::from_str(file).expect("a test reads the embedded file");
    all.remove(language.tag())
        .expect("a test finds both languages in it")
}

/// `text` with its holes filled, each once: what is put in is not looked at again.
pub(super) fn fill(text: &str, holes: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, behind)) = after.split_once('}') else {
            rest = after;
            continue;
        };
        let value = holes.iter().find(|(hole, _)| *hole == name);
        filled.push_str(value.map_or("", |(_, value)| value));
        rest = behind;
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Both languages of a file load, and their sentences have the same holes.
    pub fn both_languages_agree<T: DeserializeOwned>(file: &str) {
        for language in Language::ALL {
            let _sentences: T = read(file, language);
        }
        let table: toml::Table = file.parse().unwrap();
        let holes = |language: &str| -> Vec<(String, Vec<String>)> {
            let mut sentences = Vec::new();
            collect(&table[language], String::new(), &mut sentences);
            sentences
        };
        assert_eq!(holes("zh-CN"), holes("en-US"));
    }

    fn collect(value: &toml::Value, key: String, into: &mut Vec<(String, Vec<String>)>) {
        match value {
            toml::Value::Table(table) => {
                for (name, value) in table {
                    collect(value, format!("{key}.{name}"), into);
                }
            }
            other => {
                let text = other.as_str().expect("sentences are text");
                let opened = text.split('{').skip(1);
                let named = opened.map(|rest| rest.split_once('}').unwrap().0.to_owned());
                let mut named: Vec<String> = named.collect();
                named.sort();
                into.push((key, named));
            }
        }
    }

    #[test]
    fn what_is_filled_in_opens_no_hole() {
        let filled = fill("{a}-{b}", &[("a", "{b}"), ("b", "1")]);
        assert_eq!(filled, "{b}-1");
    }
}

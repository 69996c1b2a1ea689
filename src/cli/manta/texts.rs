//! What `guildpoints manta` says, in both languages. A sentence that is missing in one does not load.

use serde::Deserialize;

use crate::cli::catalogue;
use crate::model::Language;

/// The sentences of one language; holes stand in braces.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Texts {
    pub(super) no_such_bot: String,
    pub(super) not_in_a_file: String,
    pub(super) one_file: String,
    pub(super) not_writable: String,
    pub(super) left_over_broken: String,
    pub(super) finishing: String,
    pub(super) about_to: String,
    pub(super) go_on: String,
    pub(super) not_agreed: String,
    pub(super) not_sent: String,
    pub(super) refused: String,
    pub(super) lost: String,
    pub(super) not_placed: String,
    pub(super) not_kept: String,
    pub(super) done: String,
    pub(super) until: String,
}

impl Texts {
    /// The sentences of `language`.
    pub(super) fn of(language: Language) -> Self {
        catalogue::read(include_str!("texts.toml"), language)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::catalogue::tests::both_languages_agree;

    #[test]
    fn both_languages_say_everything_with_the_same_holes() {
        both_languages_agree::<Texts>(include_str!("texts.toml"));
    }
}

//! What `guildpoints report` says, in both languages. A sentence that is missing in one does not load.

use serde::Deserialize;

use crate::cli::catalogue;
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

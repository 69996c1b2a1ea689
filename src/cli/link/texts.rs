//! What `guildpoints link` says, in both languages. A sentence that is missing in one does not load.

use serde::Deserialize;

use crate::cli::catalogue;
use crate::journal::DeedKind;
use crate::journal::Proof;
use crate::model::Language;

/// The sentences of one language; holes stand in braces.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Texts {
    pub(super) system: String,
    pub(super) member: String,
    pub(super) kind: String,
    pub(super) account: String,
    pub(super) proof: String,
    pub(super) by: String,
    pub(super) when: String,
    pub(super) deed: String,
    pub(super) operator: String,
    pub(super) nothing: String,
    pub(super) more: String,
    pub(super) untied: String,
    pub(super) not_tied: String,
    pub(super) no_system: String,
    pub(super) bad_id: String,
    pub(super) bad_kind: String,
    pub(super) code_hint: String,
    pub(super) code_taken: String,
    pub(super) preview: String,
    pub(super) preview_system: String,
    pub(super) sure: String,
    pub(super) imported: String,
    pub(super) nothing_new: String,
    pub(super) nothing_written: String,
    pub(super) nothing_written_bad: String,
    pub(super) hindered: String,
    pub(super) bad_encoding: String,
    pub(super) bad_long: String,
    pub(super) bad_empty: String,
    pub(super) bad_head: String,
    pub(super) bad_quote: String,
    pub(super) bad_count: String,
    pub(super) bad_system: String,
    pub(super) bad_member: String,
    pub(super) bad_member_shortened: String,
    pub(super) bad_line: String,
    pub(super) bad_line_id: String,
    pub(super) bad_line_kind: String,
    pub(super) bad_member_twice: String,
    pub(super) bad_account_twice: String,
    pub(super) bad_member_has: String,
    pub(super) bad_account_of: String,
    proofs: Proofs,
    deeds: Deeds,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Proofs {
    import: String,
    code: String,
    approval: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Deeds {
    tied: String,
    untied: String,
    refused: String,
}

impl Texts {
    /// The sentences of `language`.
    pub(super) fn of(language: Language) -> Self {
        catalogue::read(include_str!("texts.toml"), language)
    }

    /// How it was proved.
    pub(super) fn proof_of(&self, proof: Proof) -> &str {
        match proof {
            Proof::Import => &self.proofs.import,
            Proof::Code => &self.proofs.code,
            Proof::Approval => &self.proofs.approval,
        }
    }

    /// What was done.
    pub(super) fn deed_of(&self, what: DeedKind) -> &str {
        match what {
            DeedKind::Tied => &self.deeds.tied,
            DeedKind::Untied => &self.deeds.untied,
            DeedKind::Refused => &self.deeds.refused,
        }
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

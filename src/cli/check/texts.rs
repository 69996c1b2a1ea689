//! What the table says, in both languages. A sentence that is missing in one does not load.

use serde::Deserialize;

use crate::cli::catalogue;
use crate::model::Language;

/// The sentences of one language; holes stand in braces.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Texts {
    pub(super) what: String,
    pub(super) seen: String,
    pub(super) fix: String,
    pub(super) skipped: String,
    pub(super) settings: String,
    pub(super) settings_seen: String,
    pub(super) advice_fix: String,
    pub(super) unswept_fix: String,
    pub(super) reserved: String,
    pub(super) reserved_seen: String,
    pub(super) reserved_fix: String,
    pub(super) commands: String,
    pub(super) commands_seen: String,
    pub(super) commands_fix: String,
    pub(super) pictures: String,
    pub(super) pictures_seen: String,
    pub(super) pictures_none: String,
    pub(super) pictures_fix: String,
    pub(super) token: String,
    pub(super) token_seen: String,
    pub(super) token_fix: String,
    pub(super) network_fix: String,
    pub(super) store: String,
    pub(super) store_seen: String,
    pub(super) store_running: String,
    pub(super) store_running_fix: String,
    pub(super) store_unresolved: String,
    pub(super) store_unresolved_fix: String,
    pub(super) store_fix: String,
    pub(super) boards: String,
    pub(super) boards_seen: String,
    pub(super) boards_failing: String,
    pub(super) owner: String,
    pub(super) owner_seen: String,
    pub(super) owner_gone: String,
    pub(super) gateway: String,
    pub(super) gateway_seen: String,
    pub(super) gateway_silent: String,
    pub(super) gateway_fix: String,
    pub(super) mall: String,
    pub(super) mall_fix: String,
    pub(super) lookup: String,
    pub(super) lookup_seen: String,
    pub(super) lookup_missing: String,
    pub(super) lookup_missing_fix: String,
    pub(super) lookup_unclear_fix: String,
    pub(super) access_fix: String,
    pub(super) clock: String,
    pub(super) clock_seen: String,
    pub(super) clock_fix: String,
    pub(super) guild: String,
    pub(super) guild_seen: String,
    pub(super) guild_gone_fix: String,
    pub(super) guild_rights_fix: String,
    pub(super) roles: String,
    pub(super) roles_seen: String,
    pub(super) roles_missing: String,
    pub(super) roles_missing_fix: String,
    pub(super) channels: String,
    pub(super) channels_seen: String,
    pub(super) channels_missing: String,
    pub(super) channels_no_text: String,
    pub(super) channels_none: String,
    pub(super) channels_fix: String,
    pub(super) switch: String,
    pub(super) switch_seen: String,
    pub(super) switch_off_fix: String,
    pub(super) signature_fix: String,
    pub(super) unavailable_fix: String,
    pub(super) manta: String,
    pub(super) manta_seen: String,
    pub(super) manta_settings_fix: String,
    pub(super) manta_token_unknown: String,
    pub(super) manta_token_until: String,
    pub(super) manta_token_over: String,
    pub(super) manta_renew_fix: String,
    pub(super) manta_access_fix: String,
    pub(super) manta_unavailable_fix: String,
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

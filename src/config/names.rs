//! The agreed names of the settings, section by section.
//!
//! Invariant: no name is renamed or dropped once it was released; other programs write this file.

/// The sections at the top, and `[[guild]]`.
pub(super) const TOP: &[&str] = &[
    "bot", "store", "http", "limits", "mall", "swan", "manta", "guild",
];
pub(super) const BOT: &[&str] = &[
    "token",
    "api_url",
    "gateway_url",
    "language",
    "timezone",
    "commands_dir",
    "catch_up",
];
pub(super) const STORE: &[&str] = &["url"];
pub(super) const HTTP: &[&str] = &["listen", "public_url", "font_dirs", "admin_token"];
pub(super) const LIMITS: &[&str] = &[
    "send_per_channel_per_second",
    "api_per_second",
    "mall_in_flight",
];
pub(super) const MALL: &[&str] = &[
    "base_url",
    "app_key",
    "app_secret",
    "timeout",
    "signature_window",
    "look_up_after",
];
pub(super) const SWAN: &[&str] = &[
    "base_url",
    "headers",
    "deduct",
    "transaction_id_dedup",
    "change_type",
    "acts_as",
    "template",
    "timeout",
];
pub(super) const MANTA: &[&str] = &[
    "base_url",
    "bot_id",
    "token",
    "secret",
    "customer_id",
    "timeout",
];
pub(super) const GUILD: &[&str] = &[
    "id",
    "name",
    "points",
    "also",
    "language",
    "timezone",
    "sweep",
    "unranked_roles",
    "admins",
    "admin_roles",
    "moderator_roles",
    "manage_guild_is_admin",
    "reward",
    "presets",
    "board",
];
pub(super) const REWARD: &[&str] = &[
    "per_award",
    "per_day",
    "approve_over",
    "confirm_over",
    "reason_required",
    "self_reward",
    "undo_window",
];
pub(super) const PRESET: &[&str] = &["points", "reason"];
pub(super) const BOARD: &[&str] = &["name", "channel", "at", "period", "top", "mode", "catch_up"];
pub(super) const SECRET: &[&str] = &["env", "file"];

/// Every section, as a person writes its header, with its keys.
const SECTIONS: &[(&str, &[&str])] = &[
    ("the top of the file", TOP),
    ("[bot]", BOT),
    ("[store]", STORE),
    ("[http]", HTTP),
    ("[limits]", LIMITS),
    ("[mall]", MALL),
    ("[swan.NAME]", SWAN),
    ("[manta.NAME]", MANTA),
    ("[[guild]]", GUILD),
    ("[guild.reward]", REWARD),
    ("[guild.presets]", PRESET),
    ("[[guild.board]]", BOARD),
    ("a secret", SECRET),
];

/// Whether `word` is one of the agreed names, so that showing it gives nothing away.
pub(super) fn is_known(word: &str) -> bool {
    SECTIONS.iter().any(|(_, keys)| keys.contains(&word))
}

/// The sections that have a key of this name.
pub(super) fn homes(key: &str) -> Vec<&'static str> {
    SECTIONS
        .iter()
        .filter(|(_, keys)| keys.contains(&key))
        .map(|(section, _)| *section)
        .collect()
}

/// The one of `known` that is nearest to `word`.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (strsim::normalized_damerau_levenshtein(word, name), name))
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, name)| name)
}

/// As `nearest`, where the two are so close that a slip is likely.
pub(super) fn close<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    nearest(word, known).filter(|name| strsim::normalized_damerau_levenshtein(word, name) >= 0.5)
}

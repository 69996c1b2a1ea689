//! `bot.toml` into `Config`.

use std::path::PathBuf;
use std::time::Duration;

use crate::fanbook::api::ApiSettings;
use crate::fanbook::gateway::GatewaySettings;
use crate::guilds::GuildSettings;
use crate::journal::StoreSettings;
use crate::model::Language;
use crate::ops::HttpSettings;
use crate::points::mall::MallSettings;

/// Everything the operator decides, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// The Bot API.
    pub api: ApiSettings,
    /// The gateway.
    pub gateway: GatewaySettings,
    /// The language where a guild names none.
    pub language: Language,
    /// A folder of TOML files that override the embedded commands key by key.
    pub commands_dir: Option<PathBuf>,
    /// Reserved: how old a missed command may be.
    pub catch_up: Duration,
    /// The journal's store.
    pub store: StoreSettings,
    /// Health, readiness, metrics; off where absent.
    pub http: Option<HttpSettings>,
    /// The mall, where a guild uses it.
    pub mall: Option<MallSettings>,
    /// The guilds.
    pub guilds: Vec<GuildSettings>,
}

//! `bot.toml` and the variables laid over it, into `Config`: everything the operator decides,
//! checked.
//!
//! Invariants:
//! - What cannot be used is refused at start, all of it at once, each with its place and a way out.
//! - No error shows a secret, and neither does `Debug` of anything here.
//! - Nothing outside this room reads the environment.
//!
//! Deliberately absent: questions to the network or the store; `guildpoints check` asks those.

mod advice;
mod boards;
mod environment;
mod faults;
mod forms;
mod guild;
mod names;
mod reader;
mod secrets;
mod sections;
mod systems;
mod tree;

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use toml::de::DeTable;

pub use advice::Advice;
pub use environment::Environment;
pub use environment::PREFIX;
pub use environment::Variable;
pub use faults::ConfigErrors;
pub use faults::Fault;
pub use faults::Place;

use crate::config::faults::Finding;
use crate::config::reader::Reader;
use crate::config::reader::Section;
use crate::config::tree::Origin;
use crate::fanbook::api::ApiSettings;
use crate::fanbook::gateway::GatewaySettings;
use crate::guilds::GuildSettings;
use crate::journal::StoreSettings;
use crate::model::Language;
use crate::model::System;
use crate::model::account_form::AccountTemplate;
use crate::ops::HttpSettings;
use crate::points::mall::MallSettings;
use crate::points::manta::MantaSettings;
use crate::points::swan::SwanSettings;

/// A settings file with every key, its default and what it does.
pub const EXAMPLE: &str = include_str!("../../bot.toml.example");

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
    /// How old a missed command may be; zero leaves all of them alone.
    pub catch_up: Duration,
    /// The journal's store.
    pub store: StoreSettings,
    /// Health, readiness, metrics; off where absent.
    pub http: Option<HttpSettings>,
    /// The mall, where a guild uses it.
    pub mall: Option<MallSettings>,
    /// The Swan installations, by name.
    pub swans: BTreeMap<String, SwanSettings>,
    /// Accounts that follow from members' ids, as the operator declares.
    pub templates: HashMap<System, AccountTemplate>,
    /// The bots of MantaGO, by name.
    pub mantas: BTreeMap<String, MantaSettings>,
    /// The guilds.
    pub guilds: Vec<GuildSettings>,
    /// Settings that were given and have no effect in this version, as paths of keys:
    /// `guild.0.sweep`.
    pub reserved: Vec<String>,
    /// What is allowed and still unwise.
    pub advice: Vec<Advice>,
}

impl Config {
    /// Reads the file at `path`; its name in errors is the path as given.
    pub fn load(path: &Path, environment: &Environment) -> Result<Self, ConfigErrors> {
        let name = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|error| {
            ConfigErrors::whole(
                &name,
                Place::Whole,
                format!("the settings cannot be read: {error}"),
                "`guildpoints example-config > bot.toml` writes a file to start from",
            )
        })?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            let before = String::from_utf8_lossy(&error.as_bytes()[..valid]);
            ConfigErrors::whole(
                &name,
                faults::position(&before, valid),
                "the settings are not UTF-8 from here on".to_owned(),
                "save the file as UTF-8",
            )
        })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Self::parse(&text, &name, folder, environment)
    }

    /// Reads settings from `text`, called `name` in errors; relative paths count from `folder`.
    pub fn parse(
        text: &str,
        name: &str,
        folder: &Path,
        environment: &Environment,
    ) -> Result<Self, ConfigErrors> {
        let (table, broken) = DeTable::parse_recoverable(text);
        if !broken.is_empty() {
            // Beyond a fault of syntax nobody knows which section a line belongs to, so the rest is
            // not judged.
            let findings = broken.iter().map(|error| syntax(error, text)).collect();
            return Err(ConfigErrors::new(name, text, &[], findings));
        }
        let mut tree = tree::from_file(table.get_ref());
        let mut reader = Reader {
            environment,
            folder,
            findings: tree::overlay(&mut tree, environment),
            reserved: Vec::new(),
            advice: Vec::new(),
            harmless: Vec::new(),
        };
        let config = read(&mut reader, &Section::top(&tree));
        match config {
            Some(config) if reader.findings.is_empty() => Ok(config),
            _ => Err(ConfigErrors::new(
                name,
                text,
                &reader.harmless,
                reader.findings,
            )),
        }
    }
}

/// Reads every section; `None` only where a finding says why.
fn read(reader: &mut Reader<'_>, top: &Section<'_>) -> Option<Config> {
    reader.check_keys(top, names::TOP);
    let bot = sections::bot(reader, top);
    let store = sections::store(reader, top);
    let http = sections::http(reader, top);
    let limits = sections::limits(reader, top);
    let mall = sections::mall(reader, top, &limits);
    let swans = systems::swans(reader, top);
    let templates = systems::templates(reader, top);
    let mantas = systems::mantas(reader, top);
    let defaults = guild::Defaults {
        language: bot.language,
        zone: bot.zone.clone(),
    };
    let guilds = guild::guilds(reader, top, &defaults);
    Some(Config {
        api: sections::api(&bot, &limits)?,
        gateway: bot.gateway,
        language: bot.language,
        commands_dir: bot.commands_dir,
        catch_up: bot.catch_up,
        store,
        http,
        mall,
        swans,
        templates,
        mantas,
        guilds,
        reserved: std::mem::take(&mut reader.reserved),
        advice: std::mem::take(&mut reader.advice),
    })
}

fn syntax(error: &toml::de::Error, text: &str) -> Finding {
    let span = error.span().unwrap_or(text.len()..text.len());
    let wide = text
        .get(span.clone())
        .and_then(|stretch| stretch.chars().find(|mark| WIDE_MARKS.contains(*mark)));
    let is_bare_word = text
        .get(span.clone())
        .is_some_and(|stretch| !stretch.is_ascii())
        && error.message().contains("unquoted key");
    let help = match wide {
        Some(mark) => Some(format!(
            "the full-width `{mark}` means nothing here: type it half-width"
        )),
        None if is_bare_word => {
            Some("a key beyond A-Z, a-z, 0-9, _ and - stands in quotation marks".to_owned())
        }
        None => None,
    };
    Finding {
        key: String::new(),
        origin: Origin::File(span),
        message: error.message().to_owned(),
        suggestion: None,
        help,
    }
}

/// Marks that a Chinese keyboard types where TOML wants their plain forms.
const WIDE_MARKS: &str = "“”‘’＂＇＝，．［］｛｝＃【】「」";

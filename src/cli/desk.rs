//! What operators' commands on the journal work with, and how they end.
//!
//! Invariant: the journal is opened beside whoever works on it, so each may be used while the bot runs.

use std::path::Path;
use std::process::ExitCode;

use jiff::tz::TimeZone;

use super::settings;
use crate::config::Config;
use crate::journal::Journal;
use crate::journal::JournalError;
use crate::model::GuildId;
use crate::model::Language;
use crate::support::clock::Clock;
use crate::support::pulse::Pulses;

/// What every command of a room of operators needs; `T` are that room's texts.
pub(super) struct Desk<T> {
    pub config: Config,
    pub texts: T,
    pub clock: Clock,
    pub ids: Ids,
}

/// Whether ids of accounts elsewhere are shown whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ids {
    Masked,
    Whole,
}

/// How an operator's command ended.
pub(super) enum Ended {
    /// It did what it is for.
    Well,
    /// It did not, or found something wrong; it has said so.
    Badly,
}

impl<T> Desk<T> {
    /// The desk with the settings at `path`, at which ids stay masked, or the exit code after what is wrong
    /// with them was shown.
    pub(super) fn with(path: &Path, texts: fn(Language) -> T) -> Result<Self, ExitCode> {
        let config = settings::load(path)?;
        Ok(Self {
            texts: texts(config.language),
            config,
            clock: Clock::system(),
            ids: Ids::Masked,
        })
    }

    /// The journal, for reading beside whoever works on it.
    pub(super) async fn read(&self) -> Result<Journal, JournalError> {
        let pulses = Pulses::new(self.clock.clone());
        Journal::open_to_read(&self.config.store, self.clock.clone(), pulses).await
    }

    /// The journal, for writing what is safe beside whoever works on it.
    pub(super) async fn beside(&self) -> Result<Journal, JournalError> {
        let pulses = Pulses::new(self.clock.clone());
        Journal::open_beside(&self.config.store, self.clock.clone(), pulses).await
    }

    /// The zone in which times of a guild are read and shown; without one that of all guilds, if they
    /// agree.
    pub(super) fn zone(&self, guild: Option<GuildId>) -> TimeZone {
        let policies = || self.config.guilds.iter().map(|guild| &guild.policy);
        let zones = policies().filter(|policy| guild.is_none_or(|guild| policy.guild == guild));
        let mut zones = zones.map(|policy| &policy.zone);
        match zones.next() {
            Some(first) if zones.all(|zone| zone == first) => first.clone(),
            _ => TimeZone::UTC,
        }
    }
}

/// The exit code of a command, after an error was shown.
pub(super) fn exit_code(done: anyhow::Result<Ended>) -> ExitCode {
    match done {
        Ok(Ended::Well) => ExitCode::SUCCESS,
        Ok(Ended::Badly) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

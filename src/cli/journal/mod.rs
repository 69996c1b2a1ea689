//! `guildpoints journal`: what operators ask the journal and decide in it.
//!
//! Invariants: nothing here takes the bot's place, so each may be used while the bot runs, except
//! `restore`, which refuses to; no points move; what people wrote is made harmless before it is shown.

mod backup;
mod columns;
mod csv;
mod export;
mod filters;
mod list;
mod names;
mod settle;
mod show;
pub(super) mod texts;
mod verify;
pub(super) mod when;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use clap::Subcommand;
use jiff::tz::TimeZone;

use super::settings;
use crate::cli::journal::texts::Texts;
use crate::config::Config;
use crate::journal::Journal;
use crate::journal::JournalError;
use crate::model::GuildId;
use crate::support::clock::Clock;
use crate::support::pulse::Pulses;

/// What `journal` takes.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The settings file
    #[arg(long, value_name = "FILE", default_value = "bot.toml", global = true)]
    config: PathBuf,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List entries, the newest first
    List(list::Arguments),
    /// Show everything that is known of one entry, step by step
    Show(show::Arguments),
    /// List everything that is not settled, the oldest first
    Unsettled(list::OpenArguments),
    /// Decide an entry that was left to a person
    Settle(settle::Arguments),
    /// Hold the journal against its own rules and against the points system's records
    Verify(verify::Arguments),
    /// Write entries as CSV or JSON lines
    Export(export::Arguments),
    /// Write a consistent copy of the store, also while the bot runs
    Backup(backup::BackupArguments),
    /// Put a copy in the place of the store, which is kept beside it
    Restore(backup::RestoreArguments),
}

/// How an operator's command ended.
enum Ended {
    /// It did what it is for.
    Well,
    /// It did not, or found something wrong; it has said so.
    Badly,
}

/// What every one of these commands needs.
struct Desk {
    config: Config,
    texts: Texts,
    clock: Clock,
}

/// Does what was asked and answers with the exit code.
pub(super) async fn journal(arguments: Arguments) -> ExitCode {
    let config = match settings::load(&arguments.config) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let desk = Desk {
        texts: Texts::of(config.language),
        config,
        clock: Clock::system(),
    };
    let done = match arguments.what {
        What::List(arguments) => list::list(&desk, arguments).await,
        What::Show(arguments) => show::show(&desk, arguments).await,
        What::Unsettled(arguments) => list::unsettled(&desk, arguments).await,
        What::Settle(arguments) => settle::settle(&desk, arguments).await,
        What::Verify(arguments) => verify::verify(&desk, arguments).await,
        What::Export(arguments) => export::export(&desk, arguments).await,
        What::Backup(arguments) => backup::backup(&desk, arguments).await,
        What::Restore(arguments) => backup::restore(&desk, arguments).await,
    };
    match done {
        Ok(Ended::Well) => ExitCode::SUCCESS,
        Ok(Ended::Badly) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

impl Desk {
    /// The journal, for reading beside whoever works on it.
    async fn read(&self) -> Result<Journal, JournalError> {
        let pulses = Pulses::new(self.clock.clone());
        Journal::open_to_read(&self.config.store, self.clock.clone(), pulses).await
    }

    /// The journal, for deciding beside whoever works on it.
    async fn beside(&self) -> Result<Journal, JournalError> {
        let pulses = Pulses::new(self.clock.clone());
        Journal::open_beside(&self.config.store, self.clock.clone(), pulses).await
    }

    /// The zone in which times of a guild are read and shown; without one that of all guilds, if they
    /// agree.
    fn zone(&self, guild: Option<GuildId>) -> TimeZone {
        let policies = || self.config.guilds.iter().map(|guild| &guild.policy);
        let zones = policies().filter(|policy| guild.is_none_or(|guild| policy.guild == guild));
        let mut zones = zones.map(|policy| &policy.zone);
        match zones.next() {
            Some(first) if zones.all(|zone| zone == first) => first.clone(),
            _ => TimeZone::UTC,
        }
    }
}

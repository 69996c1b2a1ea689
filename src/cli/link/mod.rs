//! `guildpoints link`: accounts of other systems, as operators tie them to members.
//!
//! Invariants: all of it works beside the bot, which sees it at the next command; ids are masked
//! unless `--reveal` is given; a list is imported as a whole or not at all, and never unseen.

mod code;
mod file;
mod import;
mod list;
mod preview;
mod texts;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use clap::Subcommand;
use jiff::tz::TimeZone;

use super::settings;
use crate::cli::link::texts::Texts;
use crate::config::Config;
use crate::journal::Journal;
use crate::journal::JournalError;
use crate::model::Account;
use crate::model::System;
use crate::support::clock::Clock;
use crate::support::pulse::Pulses;

/// What `link` takes.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The settings file
    #[arg(long, value_name = "FILE", default_value = "bot.toml", global = true)]
    config: PathBuf,
    /// Show ids whole
    #[arg(long, global = true)]
    reveal: bool,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Tie the accounts of a CSV file (system,member,kind,external_id), all or none
    Import(import::Arguments),
    /// Print a code that ties an account to whoever sends it: one use, 24 hours
    Code(code::Arguments),
    /// List what is tied
    List(list::Arguments),
    /// Untie a member's account
    Untie(list::UntieArguments),
    /// List who tied what to whom and who untied it, the newest first
    Audit(list::Arguments),
}

/// How an operator's command ended.
enum Ended {
    /// It did what it is for.
    Well,
    /// It did not; it has said so.
    Badly,
}

/// Whether ids are shown whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ids {
    Masked,
    Whole,
}

/// What every one of these commands needs.
struct Desk {
    config: Config,
    texts: Texts,
    clock: Clock,
    ids: Ids,
}

/// Does what was asked and answers with the exit code.
pub(super) async fn link(arguments: Arguments) -> ExitCode {
    let config = match settings::load(&arguments.config) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let desk = Desk {
        texts: Texts::of(config.language),
        config,
        clock: Clock::system(),
        ids: match arguments.reveal {
            true => Ids::Whole,
            false => Ids::Masked,
        },
    };
    let done = match arguments.what {
        What::Import(arguments) => import::import(&desk, arguments).await,
        What::Code(arguments) => code::code(&desk, arguments).await,
        What::List(arguments) => list::list(&desk, arguments).await,
        What::Untie(arguments) => list::untie(&desk, arguments).await,
        What::Audit(arguments) => list::audit(&desk, arguments).await,
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

    /// The journal, for writing beside whoever works on it.
    async fn beside(&self) -> Result<Journal, JournalError> {
        let pulses = Pulses::new(self.clock.clone());
        Journal::open_beside(&self.config.store, self.clock.clone(), pulses).await
    }

    /// The systems that know their people by ids of their own, as they are set up.
    fn systems(&self) -> Vec<System> {
        let swans = self.config.swans.keys().map(|name| System::swan(name));
        let mantas = self.config.mantas.keys().map(|name| System::manta(name));
        swans.chain(mantas).collect()
    }

    /// The zone of all guilds, if they agree.
    fn zone(&self) -> TimeZone {
        let mut zones = self.config.guilds.iter().map(|guild| &guild.policy.zone);
        match zones.next() {
            Some(first) if zones.all(|zone| zone == first) => first.clone(),
            _ => TimeZone::UTC,
        }
    }

    /// The id of an account, masked unless it was asked for.
    fn id(&self, account: &Account) -> String {
        match self.ids {
            Ids::Whole => account.id().to_owned(),
            Ids::Masked => account.masked(),
        }
    }
}

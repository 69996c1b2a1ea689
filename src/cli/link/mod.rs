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

use super::desk;
use super::desk::Ids;
use super::desk::exit_code;
use crate::cli::link::texts::Texts;
use crate::model::Account;
use crate::model::System;

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

type Desk = desk::Desk<Texts>;

/// Does what was asked and answers with the exit code.
pub(super) async fn link(arguments: Arguments) -> ExitCode {
    let desk = match Desk::with(&arguments.config, Texts::of) {
        Ok(desk) => desk,
        Err(code) => return code,
    };
    let desk = Desk {
        ids: match arguments.reveal {
            true => Ids::Whole,
            false => Ids::Masked,
        },
        ..desk
    };
    let done = match arguments.what {
        What::Import(arguments) => import::import(&desk, arguments).await,
        What::Code(arguments) => code::code(&desk, arguments).await,
        What::List(arguments) => list::list(&desk, arguments).await,
        What::Untie(arguments) => list::untie(&desk, arguments).await,
        What::Audit(arguments) => list::audit(&desk, arguments).await,
    };
    exit_code(done)
}

impl Desk {
    /// The systems that know their people by ids of their own, as they are set up.
    fn systems(&self) -> Vec<System> {
        let swans = self.config.swans.keys().map(|name| System::swan(name));
        let mantas = self.config.mantas.keys().map(|name| System::manta(name));
        swans.chain(mantas).collect()
    }

    /// The id of an account, masked unless it was asked for.
    fn id(&self, account: &Account) -> String {
        match self.ids {
            Ids::Whole => account.id().to_owned(),
            Ids::Masked => account.masked(),
        }
    }
}

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

use super::desk;
use super::desk::exit_code;
use crate::cli::journal::texts::Texts;

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

type Desk = desk::Desk<Texts>;

/// Does what was asked and answers with the exit code.
pub(super) async fn journal(arguments: Arguments) -> ExitCode {
    let desk = match Desk::with(&arguments.config, Texts::of) {
        Ok(desk) => desk,
        Err(code) => return code,
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
    exit_code(done)
}

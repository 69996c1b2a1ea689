//! `guildpoints manta`: what operators do at a MantaGO bot's side.
//!
//! Invariants: no token and no secret is ever printed; nothing is asked for that could not be kept.

mod refresh;
mod texts;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use clap::Subcommand;

use super::settings;
use crate::cli::manta::texts::Texts;

/// What `manta` takes.
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
    /// Renew the token and the secret of a MantaGO bot and write them into their files; the old pair
    /// is dead from then on
    Refresh(refresh::Arguments),
}

/// Does what was asked and answers with the exit code.
pub(super) async fn manta(arguments: Arguments) -> ExitCode {
    let config = match settings::load(&arguments.config) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let texts = Texts::of(config.language);
    match arguments.what {
        What::Refresh(arguments) => refresh::refresh(&config, &texts, arguments).await,
    }
}

//! The subcommands, a file each. They read arguments, call the rooms and print; behaviour is in the
//! rooms.
//!
//! Invariants: exit codes are 0 for done, 1 for failed, 2 for arguments or settings that cannot be
//! used, 3 where nobody knows whether a report was taken; results go to standard output, everything else to standard error.

mod catalogue;
mod check;
mod desk;
mod example_config;
mod journal;
mod leaderboard;
mod link;
mod logging;
mod manta;
mod report;
mod run;
mod sandbox;
mod settings;
mod sign;
mod stop;
mod table;

use std::process::ExitCode;

use clap::Parser;
use clap::Subcommand;

/// A points bot for Fanbook guilds.
#[derive(Debug, Parser)]
#[command(name = "guildpoints", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the bot until it is asked to stop
    Run(run::Arguments),
    /// Ask everybody the settings name, and say what is wrong and how to mend it
    Check(check::Arguments),
    /// Run the bot against an imitation of the platform and the points systems on this machine
    Sandbox(sandbox::Arguments),
    /// Look into the journal, decide what was left to a person, check it, export it, back it up
    Journal(journal::Arguments),
    /// Renew the token and secret of a MantaGO bot
    Manta(manta::Arguments),
    /// Tie accounts of other points systems to members, list what is tied, untie
    Link(link::Arguments),
    /// Show a board of what was earned through the bot, beside the bot at work
    Leaderboard(leaderboard::Arguments),
    /// Report an event to a points system that turns events into points
    Report(report::Arguments),
    /// Show the signing string (its secret masked) and the signature of a request to the mall
    Sign(sign::Arguments),
    /// Print a settings file with every key, its default and what it does
    ExampleConfig,
}

/// The exit code for arguments or settings that cannot be used.
const UNUSABLE: u8 = 2;

/// Reads the command line of this process and does what it says.
///
/// It is not async: what is awaited is compiled once more wherever it is awaited from outside this
/// library, the program's own file included.
pub fn main() -> ExitCode {
    match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime.block_on(obey()),
        Err(error) => {
            eprintln!("guildpoints: the threads to work with could not be started: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn obey() -> ExitCode {
    // Every TLS client panics without a provider. It is in place already where a test has put it.
    let _in_place = rustls::crypto::ring::default_provider().install_default();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return misread(&error),
    };
    match cli.command {
        Command::Run(arguments) => run::run(arguments).await,
        Command::Check(arguments) => check::check(arguments).await,
        Command::Sandbox(arguments) => sandbox::sandbox(arguments).await,
        Command::Journal(arguments) => journal::journal(arguments).await,
        Command::Manta(arguments) => manta::manta(arguments).await,
        Command::Link(arguments) => link::link(arguments).await,
        Command::Leaderboard(arguments) => leaderboard::leaderboard(arguments).await,
        Command::Report(arguments) => report::report(arguments).await,
        Command::Sign(arguments) => sign::sign(&arguments),
        Command::ExampleConfig => example_config::print(),
    }
}

/// Prints what clap has to say: help and version are no failures.
fn misread(error: &clap::Error) -> ExitCode {
    // Nobody is left to be told where the terminal is gone.
    let _printed = error.print();
    match error.use_stderr() {
        true => ExitCode::from(UNUSABLE),
        false => ExitCode::SUCCESS,
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}

//! Loading the settings for a subcommand, and showing what is wrong with them.

use std::path::Path;
use std::process::ExitCode;

use super::UNUSABLE;
use crate::config::Config;
use crate::config::Environment;

/// The settings at `path`, or the exit code after everything that is wrong was shown.
pub(super) fn load(path: &Path) -> Result<Config, ExitCode> {
    Config::load(path, &Environment::of_process()).map_err(|errors| {
        eprint!("{}", errors.draw());
        let count = errors.faults().len();
        let things = if count == 1 { "thing is" } else { "things are" };
        eprintln!("{count} {things} wrong with the settings; nothing was started");
        ExitCode::from(UNUSABLE)
    })
}

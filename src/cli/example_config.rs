//! `guildpoints example-config`.

use std::io::Write;
use std::process::ExitCode;

use crate::config::EXAMPLE;

/// Prints the example.
pub(super) fn print() -> ExitCode {
    match std::io::stdout().lock().write_all(EXAMPLE.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the example could not be written: {error}");
            ExitCode::FAILURE
        }
    }
}

//! `guildpoints run`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::logging;
use super::settings;
use super::stop;
use crate::app::App;
use crate::config::Config;
use crate::support::clock::Clock;

/// What `run` takes.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The settings file
    #[arg(long, value_name = "FILE", default_value = "bot.toml")]
    config: PathBuf,
    #[command(flatten)]
    log: logging::Arguments,
}

/// How long the app may take to end after it was asked to: its own 10 s for open changes, and a
/// little for the store. What is open then is taken up at the next start.
const PATIENCE: Duration = Duration::from_secs(12);

/// Runs the bot until a signal.
pub(super) async fn run(arguments: Arguments) -> ExitCode {
    let config = match settings::load(&arguments.config) {
        Ok(config) => config,
        Err(code) => return code,
    };
    logging::start(&arguments.log);
    warn(&config);
    let stop = match stop::on_signals() {
        Ok(stop) => stop,
        Err(error) => {
            tracing::error!(%error, "signals cannot be listened to");
            return ExitCode::FAILURE;
        }
    };
    end(drive(config, Surroundings::default(), stop).await)
}

/// The exit code, after a failure was told.
pub(super) fn end(ended: anyhow::Result<()>) -> ExitCode {
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What the app is given besides its settings.
#[derive(Debug, Default)]
pub(super) struct Surroundings {
    /// The time; the machine's unless the sandbox moves it.
    pub(super) clock: Clock,
    /// Where `[http]` listens, if somebody had to know the port beforehand.
    pub(super) listener: Option<TcpListener>,
}

/// Builds the app and runs it until `stop`.
pub(super) async fn drive(
    config: Config,
    surroundings: Surroundings,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let app = tokio::select! {
        built = App::build(config, surroundings.clock) => built?,
        // Losing the build is safe: nothing is sent before `run`.
        () = stop.cancelled() => return Ok(()),
    };
    let app = app.serving_on(surroundings.listener);
    let late = async {
        stop.cancelled().await;
        tokio::time::sleep(PATIENCE).await;
    };
    // A task of its own: the thread this runs on takes no part in waiting for sockets, so each frame
    // would be read there and each command handed back across threads.
    let running = AbortOnDropHandle::new(tokio::spawn(app.run(stop.clone())));
    tokio::select! {
        ended = running => ended.context("the bot ended abnormally")?,
        () = late => Err(anyhow::anyhow!(
            "open work did not end within {} s and was left for the next start",
            PATIENCE.as_secs()
        )),
    }
}

fn warn(config: &Config) {
    if !config.reserved.is_empty() {
        tracing::warn!(
            "these settings have no effect in this version: {}",
            config.reserved.join(", ")
        );
    }
    for advice in &config.advice {
        tracing::warn!("{advice}");
    }
}

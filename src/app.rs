//! Builds the house from its settings, runs it, ends it.

use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::support::clock::Clock;

/// The running house.
#[derive(Debug)]
pub struct App {
    config: Config,
}

impl App {
    /// Builds every room from `config`.
    pub async fn build(config: Config, _clock: Clock) -> anyhow::Result<Self> {
        Ok(Self { config })
    }

    /// Works until `stop`.
    pub async fn run(self, stop: CancellationToken) -> anyhow::Result<()> {
        tracing::info!(guilds = self.config.guilds.len(), "running");
        stop.cancelled().await;
        Ok(())
    }
}

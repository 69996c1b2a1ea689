//! Builds the house from its settings, runs it, ends it.
//!
//! One process at a time works for the bot, its owner. The house stands from start to end: who we are,
//! the journal, the clients, the texts, the operator's pages. What works for the bot is a `Shift` and
//! exists only while this process is the owner: gateway, lanes, points, sweeps. A shift that loses the
//! bot is ended and the house stands by for the next; a stop ends the shift in order, gives the bot
//! up and closes the house. Deliberately absent: behaviour.

mod boards;
mod house;
mod shift;
mod shown;
mod sweep;
mod turned_away;
mod upkeep;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::house::Drawing;
use crate::app::house::House;
use crate::app::shift::Ended;
use crate::app::shift::Shift;
use crate::boards::FONT_PACKAGE;
use crate::boards::Painter;
use crate::commands::Registry;
use crate::config::Config;
use crate::dispatch;
use crate::fanbook::api::BotApi;
use crate::fanbook::text;
use crate::guilds::GuildSettings;
use crate::journal;
use crate::journal::Journal;
use crate::journal::Term;
use crate::model::BotId;
use crate::model::System;
use crate::ops;
use crate::ops::Duty;
use crate::ops::OpsState;
use crate::points::PointsTimes;
use crate::points::mall::Mall;
use crate::points::mall::MallSettings;
use crate::points::manta::Manta;
use crate::points::swan::Swan;
use crate::points::swan::SwanSettings;
use crate::support::clock::Clock;
use crate::support::pulse::Pulses;
use crate::support::pulse::edge;
use crate::words::Source;
use crate::words::Words;

/// Added to the mall's own deadline: time for noting what came of it.
const NOTING: Duration = Duration::from_secs(1);
/// A standby that waited longer asks for a fresh gateway token before it connects; a refused old one
/// would cost it the time of a failed attempt.
const TOKEN_STAYS_FRESH: Duration = Duration::from_secs(60);

/// The whole house, ready to run.
pub struct App {
    house: House,
    journal: Journal,
    duty: Duty,
    http: Option<ops::HttpSettings>,
    /// Taken beforehand by whoever had to know the port.
    listener: Option<TcpListener>,
    tasks: TaskTracker,
    /// Ends the operator's pages, after everything else.
    open: CancellationToken,
}

impl App {
    /// Builds the house: asks who the bot is, opens the journal, checks the texts.
    pub async fn build(config: Config, clock: Clock) -> anyhow::Result<Self> {
        if config.http.is_some() {
            // Before the rooms take hold of their counters.
            ops::record();
        }
        let pulses = Pulses::new(clock.clone());
        let registry = Arc::new(Registry::new());
        let words = Arc::new(texts(&registry, config.commands_dir.as_deref())?);
        let api = BotApi::new(config.api.clone(), pulses.clone())
            .context("the Bot API client cannot be built")?;
        let me = api.me().await.context(
            "asking the Bot API who the bot is (getMe) failed; check [bot] token and api_url",
        )?;
        tracing::info!(bot = %me.id, guilds = config.guilds.len(), "signed in");
        let bot = BotId(me.id);
        let journal =
            Journal::open_store(&config.store, bot, clock.clone(), pulses.clone()).await?;
        let mall = match &config.mall {
            Some(settings) => Some(
                Mall::new(settings.clone(), clock.clone(), pulses.clone())
                    .context("the mall client cannot be built")?,
            ),
            None => None,
        };
        let times = times(config.mall.as_ref(), config.swans.values());
        let mut swans = HashMap::new();
        for (name, settings) in config.swans {
            let swan = Swan::new(&name, settings, clock.clone(), pulses.clone());
            let swan =
                swan.with_context(|| format!("the client of [swan.{name}] cannot be built"))?;
            swans.insert(System::swan(&name), swan);
        }
        let mut mantas = HashMap::new();
        for (name, settings) in config.mantas {
            let manta = Manta::new(&name, settings, clock.clone(), pulses.clone());
            let manta =
                manta.with_context(|| format!("the client of [manta.{name}] cannot be built"))?;
            mantas.insert(System::manta(&name), manta);
        }
        let drawing = match &config.http {
            Some(http) => drawing(http).await?,
            None => None,
        };
        Ok(Self {
            house: House {
                bot: me.id,
                gateway: config.gateway,
                api,
                mall,
                swans,
                mantas,
                templates: config.templates,
                mall_in_flight: config.mall.as_ref().map_or(0, |mall| mall.in_flight),
                guilds: config.guilds,
                times,
                words,
                registry,
                pulses,
                language: config.language,
                catch_up: config.catch_up,
                clock: clock.clone(),
                drawing,
            },
            journal,
            duty: Duty::new(clock),
            http: config.http,
            listener: None,
            tasks: TaskTracker::new(),
            open: CancellationToken::new(),
        })
    }

    /// Lets the operator's pages be served on `listener`, which has the address of the settings.
    pub fn serving_on(self, listener: Option<TcpListener>) -> Self {
        Self { listener, ..self }
    }

    /// Runs until `stop`, then drains: what is under way ends or is parked in the journal.
    ///
    /// Works whenever this process owns the bot, and stands by whenever another does.
    pub async fn run(mut self, stop: CancellationToken) -> anyhow::Result<()> {
        if let Some(settings) = self.http.take() {
            let state = OpsState {
                pulses: self.house.pulses.clone(),
                journal: self.journal.clone(),
                clock: self.house.clock.clone(),
                duty: self.duty.clone(),
                systems: Arc::new(self.house.guilds.iter().flat_map(systems).collect()),
            };
            let open = self.open.clone();
            let served = match self.listener.take() {
                Some(listener) => ops::serve_on(listener, settings.listen, state, open)?,
                None => ops::serve(settings, state, open).await?,
            };
            self.tasks.spawn(served);
        }
        let here = journal::here();
        loop {
            let waiting = tokio::time::Instant::now();
            let term = stop.run_until_cancelled(self.journal.stand_by(&here)).await;
            let Some(term) = term else { break };
            if waiting.elapsed() > TOKEN_STAYS_FRESH {
                self.house.refresh_token(&term).await;
            }
            if self.serve_term(Arc::new(term), &stop).await == Ended::Stopped {
                break;
            }
        }
        self.end().await;
        Ok(())
    }

    /// Works for the bot for as long as this process owns it.
    async fn serve_term(&self, term: Arc<Term>, stop: &CancellationToken) -> Ended {
        self.duty.owns(term.fence());
        tracing::info!(fence = term.fence(), "this process owns the bot now");
        // Renewing has a task of its own: what the shift does must not delay it, and that the bot is
        // lost is shown before everything has ended.
        let keeping = tokio::spawn(keep(term.clone(), self.duty.clone()));
        let ended = Shift::begin(&self.house, &term, stop).work(stop).await;
        match ended {
            Ended::Stopped => {
                keeping.abort();
                term.release().await;
                self.duty.stands_by();
            }
            Ended::Lost => {
                if let Err(panic) = keeping.await {
                    tracing::error!(%panic, "renewing the lease ended abnormally");
                }
                self.house.pulses.forget(edge::GATEWAY);
            }
        }
        ended
    }

    async fn end(self) {
        self.open.cancel();
        self.tasks.close();
        if tokio::time::timeout(Duration::from_secs(1), self.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!("a task did not end in time");
        }
        self.journal.close().await;
        tracing::info!("stopped");
    }
}

/// The points systems that a guild uses.
fn systems(guild: &GuildSettings) -> impl Iterator<Item = System> {
    std::iter::once(&guild.points).chain(&guild.also).cloned()
}

/// What draws boards, where others could fetch their pictures.
async fn drawing(http: &ops::HttpSettings) -> anyhow::Result<Option<Drawing>> {
    let Some(address) = http.pictures() else {
        return Ok(None);
    };
    let font_dirs = http.font_dirs.clone();
    let painter = tokio::task::spawn_blocking(move || Painter::new(&font_dirs));
    let painter = painter.await.context("loading fonts ended abnormally")?;
    if painter.is_none() {
        tracing::warn!(
            "no font here can write Chinese, so boards go out as cards or text: install the package `{FONT_PACKAGE}` or name a folder in [http] font_dirs"
        );
    }
    let address = Arc::from(address);
    Ok(painter.map(|painter| Drawing { painter, address }))
}

/// Keeps the lease until it is lost, and says so.
async fn keep(term: Arc<Term>, duty: Duty) {
    let lost = term.keep().await;
    duty.stands_by();
    tracing::warn!(
        fence = term.fence(),
        "this process does not own the bot any more and stands by: {lost}"
    );
}

/// The checked texts: the embedded ones with those of `folder` laid over them.
pub fn texts(registry: &Registry, folder: Option<&Path>) -> anyhow::Result<Words> {
    let overrides = match folder {
        Some(folder) => overrides(folder)?,
        None => Vec::new(),
    };
    let words = registry.words(&overrides, dispatch::WORDS, text::neutral);
    words.context("the texts of the commands cannot be used")
}

fn overrides(folder: &Path) -> anyhow::Result<Vec<Source>> {
    let unreadable = || format!("[bot] commands_dir `{}` cannot be read", folder.display());
    let mut sources = Vec::new();
    for file in std::fs::read_dir(folder).with_context(unreadable)? {
        let path = file.with_context(unreadable)?.path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("`{}` cannot be read", path.display()))?;
        let scope = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let file = path.display().to_string();
        sources.push(Source { file, scope, text });
    }
    sources.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(sources)
}

/// How long things take with the points systems as they are set up: no request of any of them lives
/// longer than that of the slowest.
pub fn times<'a>(
    mall: Option<&MallSettings>,
    swans: impl IntoIterator<Item = &'a SwanSettings>,
) -> PointsTimes {
    let timeout = mall.map_or(Duration::from_secs(5), |mall| mall.timeout);
    let slowest = swans.into_iter().map(|swan| swan.timeout).max();
    let timeout = timeout.max(slowest.unwrap_or_default());
    let window = mall.map_or(Duration::from_secs(600), |mall| mall.signature_window);
    let look_up = mall.map_or(Duration::from_secs(2), |mall| mall.look_up_after);
    PointsTimes::new(timeout + NOTING, window, look_up)
}

//! Builds the house from its settings, runs it, ends it.
//!
//! Order of building: who we are, the journal, the points systems, the texts, the rest. Order of
//! ending: no more events, drain the lanes, finish the sendings, one last telling, close the journal.
//! Deliberately absent: behaviour.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::commands::Registry;
use crate::config::Config;
use crate::dispatch;
use crate::dispatch::CatchUp;
use crate::dispatch::Dispatcher;
use crate::dispatch::Parts;
use crate::dispatch::lane::Lanes;
use crate::fanbook::Event;
use crate::fanbook::api::BotApi;
use crate::fanbook::gateway::Gateway;
use crate::fanbook::text;
use crate::guilds::GuildSettings;
use crate::guilds::Guilds;
use crate::guilds::System;
use crate::journal::Journal;
use crate::model::BotId;
use crate::model::GuildId;
use crate::model::incoming::Incoming;
use crate::model::incoming::Press;
use crate::ops;
use crate::ops::OpsState;
use crate::points::Points;
use crate::points::PointsBackend;
use crate::points::PointsTimes;
use crate::points::mall::Mall;
use crate::points::mall::MallSettings;
use crate::support::clock::Clock;
use crate::support::pulse::Pulses;
use crate::support::pulse::edge;
use crate::words::Source;
use crate::words::Words;

/// How long commands under way may take to end after the first signal (product: 10 s in all).
const DRAIN_LIMIT: Duration = Duration::from_secs(8);
/// Added to the mall's own deadline: time for noting what came of it.
const NOTING: Duration = Duration::from_secs(1);
/// Pause between probes of the mall's look-up until one succeeds.
const PROBE_EVERY: Duration = Duration::from_secs(60);
/// Pause between proofs that a store in trouble can be written again.
const PROVE_EVERY: Duration = Duration::from_secs(5);
/// How often what is remembered without use is forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(60);
/// Polite "busy" answers under way at once; beyond that a flood is met with silence.
const BUSY_ANSWERS: usize = 4;

/// The whole house, ready to run.
pub struct App {
    gateway: Gateway,
    api: BotApi,
    journal: Journal,
    points: Points,
    mall: Option<Mall>,
    dispatcher: Arc<Dispatcher>,
    lanes: Lanes,
    catch_up: CatchUp,
    pulses: Pulses,
    clock: Clock,
    http: Option<ops::HttpSettings>,
    tasks: TaskTracker,
    /// Ends the gateway, so that no further event begins anything.
    hearing: CancellationToken,
    /// Ends the sweeps and the operator's pages, after the lanes have drained.
    working: CancellationToken,
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
        let backends = backends(&config.guilds, mall.as_ref());
        let points = Points::new(
            journal.clone(),
            backends,
            clock.clone(),
            times(config.mall.as_ref()),
        );
        let dispatcher = Arc::new(Dispatcher::new(Parts {
            bot: me.id,
            api: api.clone(),
            journal: journal.clone(),
            points: points.clone(),
            guilds: Guilds::new(&config.guilds),
            words,
            registry,
            pulses: pulses.clone(),
            clock: clock.clone(),
            language: config.language,
        }));
        let hearing = CancellationToken::new();
        let lanes = Lanes::new(config.mall.as_ref().map_or(0, |mall| mall.in_flight));
        let catch_up = CatchUp::new(
            dispatcher.clone(),
            lanes.clone(),
            config.catch_up,
            hearing.clone(),
        );
        Ok(Self {
            gateway: Gateway::new(config.gateway, api.clone(), pulses.clone(), hearing.clone()),
            api,
            journal,
            points,
            mall,
            dispatcher,
            lanes,
            catch_up,
            pulses,
            clock,
            http: config.http,
            tasks: TaskTracker::new(),
            hearing,
            working: CancellationToken::new(),
        })
    }

    /// Runs until `stop`, then drains: what is under way ends or is parked in the journal.
    pub async fn run(mut self, stop: CancellationToken) -> anyhow::Result<()> {
        if let Some(settings) = self.http.take() {
            let state = OpsState {
                pulses: self.pulses.clone(),
                journal: self.journal.clone(),
                clock: self.clock.clone(),
            };
            let served = ops::serve(settings, state, self.working.clone()).await?;
            self.tasks.spawn(served);
        }
        self.tasks
            .spawn(self.points.clone().reconcile(self.working.clone()));
        let (teller, working) = (self.dispatcher.clone(), self.working.clone());
        self.tasks.spawn(async move { teller.tell(working).await });
        self.tasks
            .spawn(forget(self.dispatcher.clone(), self.working.clone()));
        self.tasks.spawn(prove(
            self.journal.clone(),
            self.pulses.clone(),
            self.working.clone(),
        ));
        if let Some(mall) = &self.mall {
            self.tasks.spawn(probe(mall.clone(), self.working.clone()));
        }
        if let Err(error) = self.catch_up.learn().await {
            tracing::warn!(%error, "which commands are handled could not be read yet");
        }
        self.tasks.spawn(self.catch_up.clone().read());
        let working = self.working.clone();
        self.tasks.spawn(self.catch_up.clone().note(working));
        let hearing = self.hearing.clone();
        let stopped = stop.clone();
        self.tasks.spawn(async move {
            stopped.cancelled().await;
            hearing.cancel();
        });
        let busy = Arc::new(tokio::sync::Semaphore::new(BUSY_ANSWERS));
        while let Some(event) = self.gateway.next().await {
            match event {
                Event::Message(incoming) => self.hear(incoming, &busy),
                Event::Press(press) => self.feel(press),
                Event::Connected => self.catch_up.connected(),
                Event::Disconnected => self.catch_up.disconnected(),
                // In memory only, so the reader waits for nobody.
                Event::Joined { guild, user } | Event::Left { guild, user } => {
                    self.dispatcher.came_or_went(guild, user).await;
                }
                Event::Other(_) => {}
            }
        }
        // The gateway ends only when told to, whoever told it.
        stop.cancel();
        self.end().await;
        Ok(())
    }

    /// Hands a message to its lane without waiting.
    fn hear(&self, incoming: Incoming, busy: &Arc<tokio::sync::Semaphore>) {
        let Some(heeded) = self.dispatcher.heed(incoming) else {
            return;
        };
        let Some(heeded) = self.catch_up.hold(Arc::new(heeded)) else {
            return;
        };
        let (dispatcher, taken) = (self.dispatcher.clone(), heeded.clone());
        let work = move || dispatcher.carry_out(taken);
        if self.lanes.send(heeded.lane(), work).is_ok() {
            return;
        }
        metrics::counter!("guildpoints_busy_total").increment(1);
        match busy.clone().try_acquire_owned() {
            Ok(permit) => {
                let dispatcher = self.dispatcher.clone();
                self.tasks.spawn(async move {
                    dispatcher.busy(&heeded).await;
                    drop(permit);
                });
            }
            Err(_) => self.dispatcher.pass_over(&heeded),
        }
    }

    /// Hands a pressed button to the presser's lane.
    fn feel(&self, press: Press) {
        let dispatcher = self.dispatcher.clone();
        let key = (None, press.presser);
        let handled = move || {
            let span = tracing::info_span!("press", channel = %press.channel, message = %press.message, user = %press.presser);
            async move { dispatcher.press(press).await }.instrument(span)
        };
        if self.lanes.send(key, handled).is_err() {
            metrics::counter!("guildpoints_busy_total").increment(1);
        }
    }

    async fn end(self) {
        tracing::info!(
            waiting = self.lanes.waiting(),
            "stopping: finishing what is under way"
        );
        let drained = tokio::time::timeout(DRAIN_LIMIT, async {
            self.catch_up.stopped().await;
            self.lanes.settled().await;
            self.points.drain().await;
            if let Err(error) = self.dispatcher.tell_what_is_due().await {
                tracing::warn!(%error, "what is still to be told stays for the next start");
            }
        });
        if drained.await.is_err() {
            tracing::warn!(
                "not everything ended in time; the journal has it, and the next start goes on"
            );
        }
        self.catch_up.close().await;
        self.working.cancel();
        self.tasks.close();
        if tokio::time::timeout(Duration::from_secs(1), self.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!("a task did not end in time");
        }
        self.journal.close().await;
        drop(self.api);
        tracing::info!("stopped");
    }
}

/// Forgets what has no use any more, now and then.
async fn forget(dispatcher: Arc<Dispatcher>, stop: CancellationToken) {
    while stop
        .run_until_cancelled(tokio::time::sleep(FORGET_EVERY))
        .await
        .is_some()
    {
        dispatcher.forget();
    }
}

/// Proves at the start that the store can be written, and again while it is in trouble: nobody should
/// have to try a change to learn it.
async fn prove(journal: Journal, pulses: Pulses, stop: CancellationToken) {
    let mut worked = true;
    loop {
        match stop.run_until_cancelled(journal.writable()).await {
            None => return,
            Some(Ok(())) if worked => {}
            Some(Ok(())) => tracing::info!("the store can be written again"),
            Some(Err(error)) if worked => tracing::error!(
                error = format!("{:#}", anyhow::Error::new(error)),
                "the store cannot be written; until it can, no points are changed"
            ),
            Some(Err(_)) => {}
        }
        worked = pulses.of(edge::STORE).beats();
        loop {
            let pause = tokio::time::sleep(PROVE_EVERY);
            if stop.run_until_cancelled(pause).await.is_none() {
                return;
            }
            if !pulses.of(edge::STORE).beats() {
                break;
            }
        }
    }
}

/// Asks the mall whether its look-up works, until it has said so: before that nothing is sent twice.
async fn probe(mall: Mall, stop: CancellationToken) {
    loop {
        match stop.run_until_cancelled(mall.probe()).await {
            None | Some(Ok(())) => return,
            Some(Err(error)) => tracing::warn!(
                ?error,
                "the mall's look-up could not be proved; what is in doubt is not sent again until it is"
            ),
        }
        if stop
            .run_until_cancelled(tokio::time::sleep(PROBE_EVERY))
            .await
            .is_none()
        {
            return;
        }
    }
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

/// A handle to its points system for each guild of the settings, and for no other.
fn backends(
    guilds: &[GuildSettings],
    mall: Option<&Mall>,
) -> HashMap<GuildId, Arc<dyn PointsBackend>> {
    let with_mall = guilds.iter().filter(|guild| guild.points == System::Mall);
    let ids = with_mall.map(|guild| guild.policy.guild);
    let handles = mall.map(|mall| mall.handles(ids)).unwrap_or_default();
    handles
        .into_iter()
        .map(|(guild, handle)| (guild, handle as Arc<dyn PointsBackend>))
        .collect()
}

/// How long things take with the mall as it is set up.
pub fn times(mall: Option<&MallSettings>) -> PointsTimes {
    let timeout = mall.map_or(Duration::from_secs(5), |mall| mall.timeout);
    let window = mall.map_or(Duration::from_secs(600), |mall| mall.signature_window);
    let look_up = mall.map_or(Duration::from_secs(2), |mall| mall.look_up_after);
    PointsTimes::new(timeout + NOTING, window, look_up)
}

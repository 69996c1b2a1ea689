//! One life of the bot, from opening the store to its end, on a clock that only we move.
//!
//! The bot is the real one: `Points` with its sweep, `Journal` on a file. Each life has a runtime of
//! its own; a crash drops it with everything in it, wherever its tasks are, and nothing is closed.
//! Time stands still until nothing of the bot runs any more, then it leaps to the next thing.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use futures_util::future::try_join_all;
use guildpoints::journal::Counts;
use guildpoints::journal::Journal;
use guildpoints::journal::JournalError;
use guildpoints::journal::Receipt;
use guildpoints::journal::StoreSettings;
use guildpoints::model::MessageId;
use guildpoints::model::Policy;
use guildpoints::points::GuildSystems;
use guildpoints::points::Points;
use guildpoints::points::PointsBackend;
use guildpoints::points::PointsTimes;
use guildpoints::support::clock::Clock;
use guildpoints::support::pulse::Pulses;
use tokio::task::yield_now;
use tokio_util::sync::CancellationToken;

use crate::commands::Command;
use crate::delivering::deliver;
use crate::door::Door;
use crate::door::World;
use crate::door::enter;
use crate::mall::REQUEST_LIMIT_MS;
use crate::mall::WINDOW_MS;
use crate::people;
use crate::schedule::Luck;

/// No leap is longer, so that sweeps come about when they should, in milliseconds.
const LEAP_MS: u64 = 2_000;

/// Leaps while a command is being answered, in milliseconds.
const STEP_MS: u64 = 200;

/// The times of the protocol, shortened in proportion; waits are seconds of the schedule's time.
fn times() -> PointsTimes {
    let seconds = Duration::from_secs;
    PointsTimes {
        answer_budget: Duration::from_millis(1_700),
        request_limit: Duration::from_millis(REQUEST_LIMIT_MS),
        signature_window: Duration::from_millis(WINDOW_MS.unsigned_abs()),
        look_ups: [2, 8, 20, 30].map(seconds).to_vec(),
        give_up_after: seconds(150),
        sweep_every: seconds(2),
    }
}

/// A runtime whose clock stands still unless it is moved.
pub struct Stage {
    runtime: Option<tokio::runtime::Runtime>,
    hold: Option<mpsc::Sender<()>>,
}

impl Stage {
    pub fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        // While such a task runs, a paused clock does not leap by itself; without it each wait for
        // the store's threads would be taken for idleness.
        let (hold, held) = mpsc::channel::<()>();
        runtime.spawn_blocking(move || held.recv());
        Self {
            runtime: Some(runtime),
            hold: Some(hold),
        }
    }

    pub fn run<T>(&self, future: impl Future<Output = T>) -> T {
        let runtime = self.runtime.as_ref().expect("only `drop` takes it");
        runtime.block_on(future)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        drop(self.hold.take());
        drop(self.runtime.take());
    }
}

/// The bot, and the world it lives in.
#[derive(Clone)]
pub struct Bot {
    pub journal: Journal,
    pub points: Points,
    pub world: World,
}

/// The bot while it lives.
pub struct Life {
    pub bot: Bot,
    clock: Clock,
    stop: CancellationToken,
    running: Vec<tokio::task::JoinHandle<()>>,
    /// Readings at once that whoever else reads cannot be passed by.
    readings: usize,
}

impl Life {
    pub async fn begin(
        store: &str,
        clock: &Clock,
        world: &World,
        proved: bool,
    ) -> Result<Self, JournalError> {
        let settings = StoreSettings {
            url: store.to_owned(),
        };
        let pulses = Pulses::new(clock.clone());
        let journal = opened(&settings, clock, pulses).await?;
        // A database is read through a few connections, and time must not pass while the bot waits for
        // one. Who asks first is served first; but while one is made for the bot, others are served by
        // the rest, so all are made before anything is asked.
        let readings = if store.starts_with("postgres") { 4 } else { 1 };
        try_join_all((0..readings).map(|_| journal.counts())).await?;
        let door: Arc<dyn PointsBackend> = Arc::new(Door::new(world.clone(), proved));
        let systems = GuildSystems {
            rewards: door,
            further: Vec::new(),
        };
        let doors = HashMap::from([(people::GUILD, systems)]);
        let points = Points::new(journal.clone(), doors, clock.clone(), times());
        let stop = CancellationToken::new();
        tokio::spawn(points.clone().reconcile(stop.clone()));
        let world = world.clone();
        Ok(Self {
            bot: Bot {
                journal,
                points,
                world,
            },
            clock: clock.clone(),
            stop,
            running: Vec::new(),
            readings,
        })
    }

    /// Delivers a command; its answer is noted when it comes.
    pub fn deliver(&mut self, command: Command, luck: Luck, policy: Policy) {
        let delivered = deliver(self.bot.clone(), command, luck, policy);
        self.running.push(tokio::spawn(delivered));
    }

    /// Lets everything run that can run without time passing, and says how the journal stands.
    pub async fn settle(&self) -> Counts {
        let mut seen = None;
        loop {
            // A write that meets nothing comes after all writes that queue; reading comes after them.
            let nothing = MessageId::new(1);
            let _nothing_there = self.bot.journal.asked_said(nothing, nothing).await;
            let readings = (0..self.readings).map(|_| self.bot.journal.counts());
            let counts = try_join_all(readings).await.expect("the store can be read");
            let counts = counts[0];
            for _ in 0..8 {
                yield_now().await;
            }
            let activity = enter(&self.bot.world).story.activity;
            if seen.replace(activity) == Some(activity) {
                return counts;
            }
        }
    }

    /// Lets the bot run for a moment only, whatever it is at.
    pub async fn turns(&self, turns: u8) {
        for _ in 0..turns {
            yield_now().await;
            // The store's threads need real time to get anywhere.
            std::thread::sleep(Duration::from_micros(15));
        }
    }

    /// Lets time pass up to `until` at the latest, or to the next thing that happens.
    pub async fn wait(&mut self, until: Option<u64>) {
        let step = if self.is_busy() { STEP_MS } else { LEAP_MS };
        let (now, event) = {
            let world = enter(&self.bot.world);
            (world.story.now, world.next_event())
        };
        let next = [Some(now + step), until, event].into_iter().flatten().min();
        let next = next.unwrap_or(now).max(now);
        self.leap(next - now).await;
    }

    /// Lets so many milliseconds pass, whatever is due in them.
    pub async fn leap(&self, by_ms: u64) {
        let by = Duration::from_millis(by_ms);
        self.clock.advance(by);
        enter(&self.bot.world).story.now += by_ms;
        tokio::time::advance(by).await;
    }

    /// In how many milliseconds the first command is refused because nobody decides about it.
    pub async fn next_expiry(&self) -> Option<u64> {
        let waiting = self.bot.journal.unapproved(i64::MAX, 64).await;
        let waiting = waiting.expect("the store can be read");
        let approvals = waiting.into_iter().filter_map(|receipt| receipt.approval);
        let until_ms = approvals.map(|approval| approval.until_ms).min()?;
        Some(
            until_ms
                .saturating_sub(self.clock.now_ms())
                .max(0)
                .unsigned_abs(),
        )
    }

    /// Whether some command still waits for its answer.
    pub fn is_busy(&mut self) -> bool {
        self.running.retain(|command| !command.is_finished());
        !self.running.is_empty()
    }

    /// Stops as a process does that is asked to.
    pub async fn end(mut self) {
        self.stop.cancel();
        let points = self.bot.points.clone();
        let drained = tokio::spawn(async move { points.drain().await });
        while self.is_busy() || !drained.is_finished() {
            self.settle().await;
            while enter(&self.bot.world).happen() {
                self.settle().await;
            }
            self.wait(None).await;
        }
        self.bot.journal.close().await;
    }

    /// The entries of a command, each followed by its undos.
    pub async fn entries(&self, number: usize) -> Vec<Receipt> {
        let found = self.bot.journal.of_message(people::message(number)).await;
        let mut entries = Vec::new();
        for entry in found.expect("the store can be read") {
            let undos = self.bot.points.undos(&entry).await;
            entries.push(entry);
            entries.extend(undos.expect("the store can be read"));
        }
        entries
    }
}

/// Opens the store as soon as the life before has let go of it: a process that dies takes its
/// writer's thread with it, a life that is dropped leaves it to end by itself.
async fn opened(
    settings: &StoreSettings,
    clock: &Clock,
    pulses: Pulses,
) -> Result<Journal, JournalError> {
    let patience = std::time::Instant::now() + Duration::from_secs(60);
    loop {
        let pulses = pulses.clone();
        match Journal::open_store(settings, people::BOT, clock.clone(), pulses).await {
            Err(JournalError::InUse { .. }) if std::time::Instant::now() < patience => {
                std::thread::sleep(Duration::from_micros(100));
            }
            opened => return opened,
        }
    }
}

//! Commands that were typed while nobody listened: read from the channels' history after every
//! greeting of the gateway, and handed to the same lanes as live ones.
//!
//! Invariants: a channel is read only where commands were seen before, never further back than
//! `catch_up`, from its end towards what is handled, in a bounded number of pages; what is found is
//! entered (`marks`) before the channel counts as read, and handled oldest first. The reader of the
//! gateway waits for none of this. A channel that may not be read is told once, by log, `/check` and
//! metrics, and asked again after the next absence.
//!
//! Order: within a channel, what was missed comes before what is typed in the first second after the
//! greeting; later newcomers are not kept waiting. There is no order across channels.
//!
//! Metrics: `guildpoints_caught_up_commands_total`, `guildpoints_channels_unreadable`.
//! Source: fanbook-platform, 2.5 and 4.9.

mod reading;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::select;
use tokio::sync::Notify;
use tokio::sync::Semaphore;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::dispatch::Dispatcher;
use crate::dispatch::Heeded;
use crate::dispatch::lane::Lanes;
use crate::dispatch::marks::first_at;
use crate::journal::JournalError;
use crate::model::ChannelId;

/// Caught-up commands in the lanes at once, so that live ones find the Bot API's pace nearly free.
const AT_ONCE: usize = 8;
/// Channels read at once, so that a long one does not hold up all others.
const READ_AT_ONCE: usize = 2;
/// How long live commands of a channel wait for those that were missed there.
const HOLD: Duration = Duration::from_secs(1);
/// Live commands that wait so at most; more is a flood.
const MOST_HELD: usize = 256;
/// Pause before a full lane is tried again.
const LANE_FULL: Duration = Duration::from_millis(50);
/// Marks are noted on disk at most so often, and at once after a quiet stretch: a process that dies
/// within this may answer a question twice.
const NOTE_EVERY: Duration = Duration::from_millis(100);
/// So many commands noted at once are a flood, and the next note waits longer.
const MANY: usize = 100;
/// How long it waits then.
const NOTE_A_FLOOD_EVERY: Duration = Duration::from_secs(1);
/// Channels in which nobody has used the bot for so long are forgotten, in milliseconds.
const FORGOTTEN_AFTER_MS: i64 = 30 * 86_400_000;

/// Live commands that wait, by channel.
type Held = HashMap<ChannelId, Vec<Arc<Heeded>>>;

/// Catches up. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct CatchUp {
    inner: Arc<Inner>,
}

struct Inner {
    dispatcher: Arc<Dispatcher>,
    lanes: Lanes,
    /// How old a missed command may be; zero is off.
    age: Duration,
    greeted: Notify,
    at_once: Arc<Semaphore>,
    held: Mutex<Held>,
    /// Whether anything may be held: asked for every command.
    holding: AtomicBool,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl CatchUp {
    /// Nothing is known yet. With an `age` of zero nothing is ever read. Ends with `stop`.
    pub fn new(
        dispatcher: Arc<Dispatcher>,
        lanes: Lanes,
        age: Duration,
        stop: CancellationToken,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                dispatcher,
                lanes,
                age,
                greeted: Notify::new(),
                at_once: Arc::new(Semaphore::new(AT_ONCE)),
                held: Mutex::default(),
                holding: AtomicBool::new(false),
                tasks: TaskTracker::new(),
                stop,
            }),
        }
    }

    /// Learns what former processes have handled; to be called before the first event.
    pub async fn learn(&self) -> Result<(), JournalError> {
        let dispatcher = &self.inner.dispatcher;
        let handled = dispatcher.journal.handled().await?;
        dispatcher.marks.learn(handled);
        // Shown from the start, for whoever watches it.
        metrics::counter!("guildpoints_caught_up_commands_total").increment(0);
        self.tell_of_closed();
        Ok(())
    }

    /// The gateway has greeted: what was missed can be read.
    pub fn connected(&self) {
        if !self.inner.age.is_zero() {
            let (_, gaps) = self.inner.dispatcher.marks.gaps();
            let mut held = self.held();
            for gap in gaps {
                held.entry(gap.channel).or_default();
            }
            self.inner
                .holding
                .store(!held.is_empty(), Ordering::Relaxed);
        }
        self.inner.greeted.notify_one();
    }

    /// The connection is lost: what is said from now on is missed.
    pub fn disconnected(&self) {
        self.inner.dispatcher.marks.cut();
    }

    /// Keeps a live command back for a moment where older ones of its channel are still to be read;
    /// gives back what need not wait. Waits for nothing itself.
    pub fn hold(&self, heeded: Arc<Heeded>) -> Option<Arc<Heeded>> {
        if !self.inner.holding.load(Ordering::Relaxed) {
            return Some(heeded);
        }
        let mut held = self.held();
        let in_all: usize = held.values().map(Vec::len).sum();
        match held.get_mut(&heeded.incoming().channel) {
            Some(waiting) if in_all < MOST_HELD => {
                waiting.push(heeded);
                None
            }
            _ => Some(heeded),
        }
    }

    /// Reads what was missed after every greeting, until stopped.
    pub async fn read(self) {
        let inner = &self.inner;
        loop {
            // Losing any of these loses nothing: what was entered is in the hands of its own task,
            // and a channel that was not read to the end is read again.
            select! {
                biased;
                () = inner.stop.cancelled() => return,
                () = inner.greeted.notified() => {}
            }
            while select! {
                biased;
                () = inner.stop.cancelled() => return,
                () = inner.greeted.notified() => true,
                () = self.read_everything() => false,
            } {}
        }
    }

    /// Notes marks on disk as they move, until stopped.
    pub async fn note(self, stop: CancellationToken) {
        let dispatcher = &self.inner.dispatcher;
        let before = first_at(dispatcher.clock.now_ms() - FORGOTTEN_AFTER_MS);
        if let Err(error) = dispatcher.journal.forget_channels(before).await {
            tracing::debug!(%error, "channels of long ago are not forgotten yet");
        }
        loop {
            // Losing it loses a turn, not what is to be noted: `close` notes that.
            let changed = dispatcher.marks.changed();
            if stop.run_until_cancelled(changed).await.is_none() {
                return;
            }
            let pause = match self.note_marks().await {
                0..MANY => NOTE_EVERY,
                _ => NOTE_A_FLOOD_EVERY,
            };
            if stop.run_until_cancelled(sleep(pause)).await.is_none() {
                return;
            }
        }
    }

    /// Waits until nothing more is handed to the lanes; for after the stop.
    pub async fn stopped(&self) {
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
    }

    /// Notes the marks a last time, after the lanes have drained.
    pub async fn close(&self) {
        self.inner.dispatcher.marks.end();
        self.note_marks().await;
    }

    /// Notes what is to be noted; answers how many commands that were.
    async fn note_marks(&self) -> usize {
        let dispatcher = &self.inner.dispatcher;
        let Some(handled) = dispatcher.marks.take() else {
            return 0;
        };
        let commands = handled.commands.len();
        if let Err(error) = dispatcher.journal.note_handled(handled.clone()).await {
            // The store's own trouble is told by the journal.
            tracing::debug!(%error, "which commands are handled could not be noted");
            dispatcher.marks.put_back(handled);
        }
        commands
    }

    /// Hands what was missed in a channel to the lanes, oldest first, then what was held back there.
    async fn hand_over(self, channel: ChannelId, missed: Vec<Arc<Heeded>>) {
        let inner = &self.inner;
        for heeded in missed {
            let turn = Arc::clone(&inner.at_once).acquire_owned().await;
            let turn = Arc::new(turn.expect("the turns are never closed"));
            loop {
                // What is left over at the stop stays open, and the next process finds it.
                if inner.stop.is_cancelled() {
                    return;
                }
                let (dispatcher, taken) = (Arc::clone(&inner.dispatcher), Arc::clone(&heeded));
                let turn = Arc::clone(&turn);
                let work = move || async move {
                    dispatcher.carry_out(taken).await;
                    drop(turn);
                };
                if inner.lanes.send(heeded.lane(), work).is_ok() {
                    metrics::counter!("guildpoints_caught_up_commands_total").increment(1);
                    break;
                }
                sleep(LANE_FULL).await;
            }
        }
        self.let_go(channel).await;
    }

    /// Sends what was held back in a channel, and holds nothing more there.
    async fn let_go(&self, channel: ChannelId) {
        let refused = self.let_go_at_once(channel);
        for heeded in refused {
            self.inner.dispatcher.busy(&heeded).await;
        }
    }

    /// The same without waiting, under the lock, so that no newcomer overtakes; answers what found
    /// no room.
    fn let_go_at_once(&self, channel: ChannelId) -> Vec<Arc<Heeded>> {
        let mut held = self.held();
        let waiting = held.remove(&channel).unwrap_or_default();
        self.inner
            .holding
            .store(!held.is_empty(), Ordering::Relaxed);
        let mut refused = Vec::new();
        for heeded in waiting {
            let (dispatcher, taken) = (Arc::clone(&self.inner.dispatcher), Arc::clone(&heeded));
            let work = move || dispatcher.carry_out(taken);
            if self.inner.lanes.send(heeded.lane(), work).is_err() {
                refused.push(heeded);
            }
        }
        refused
    }

    /// Sends everything that was held back, and holds nothing more.
    async fn let_everything_go(&self) {
        let channels: Vec<ChannelId> = self.held().keys().copied().collect();
        for channel in channels {
            self.let_go(channel).await;
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.inner
            .held
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

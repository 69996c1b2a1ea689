//! Telling whoever found no room that their command was not carried out.
//!
//! Invariants: everybody is told, since people who typed at leisure while this process stood still
//! arrive all at once and look like a flood; few are told at once, so whoever is served finds the Bot
//! API's pace nearly free. How many wait to be told is bounded: beyond that it is a flood, and met
//! with silence. Who waits at the end of the shift stays open, for the next process to find.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::dispatch::Dispatcher;
use crate::dispatch::Heeded;

/// Such answers under way at once.
const AT_ONCE: usize = 4;
/// Those under way and those that wait: more than a channel full of people types while a process
/// stands still for as long as it may and stays the owner.
const IN_ALL: usize = 64;

/// Those that found no room.
pub(super) struct TurnedAway {
    dispatcher: Arc<Dispatcher>,
    places: Arc<Semaphore>,
    turns: Arc<Semaphore>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl TurnedAway {
    /// Nobody yet. What it begins is one of `tasks` and ends with `stop`.
    pub fn new(dispatcher: Arc<Dispatcher>, tasks: TaskTracker, stop: CancellationToken) -> Self {
        Self {
            dispatcher,
            places: Arc::new(Semaphore::new(IN_ALL)),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            tasks,
            stop,
        }
    }

    /// Tells it as soon as it is its turn; waits for nothing itself.
    pub fn tell(&self, heeded: Arc<Heeded>) {
        metrics::counter!("guildpoints_busy_total").increment(1);
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            self.dispatcher.pass_over(&heeded);
            return;
        };
        let (dispatcher, turns) = (Arc::clone(&self.dispatcher), Arc::clone(&self.turns));
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            // Turns come in the order of waiting.
            let Some(turn) = stop.run_until_cancelled(turns.acquire()).await else {
                return;
            };
            dispatcher.busy(&heeded).await;
            drop((turn, place));
        });
    }
}

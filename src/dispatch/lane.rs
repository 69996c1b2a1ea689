//! One lane a member of a guild: their commands keep their order, and nobody waits for another's.
//!
//! Invariants: handing over never waits, so the reader of the gateway never does; every queue is
//! bounded; a lane exists only while it has work; a guild has at most so many lanes at work, so one
//! flooded guild cannot starve the others.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use tokio::sync::Semaphore;
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use crate::model::GuildId;
use crate::model::UserId;

/// Commands one member may have waiting: more than anybody types, few enough to notice a flood.
const WAITING_PER_MEMBER: usize = 8;
/// Commands of all members waiting or at work: bounds memory when a points system hangs.
const WAITING_IN_ALL: usize = 10_000;
/// Commands of one guild at work at once.
const AT_WORK_PER_GUILD: usize = 256;

/// Whose lane: the guild (none for private chats) and the member.
pub type Key = (Option<GuildId>, UserId);

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The lane is full; the work was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too much is waiting")]
pub struct Busy;

/// All lanes. Cheap to clone; clones share them.
#[derive(Clone, Default)]
pub struct Lanes {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    lanes: DashMap<Key, mpsc::Sender<Work>>,
    guilds: Mutex<HashMap<Option<GuildId>, Arc<Semaphore>>>,
    waiting: AtomicUsize,
    tracker: TaskTracker,
}

impl Lanes {
    /// No lanes yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts `work` at the end of its lane without waiting.
    pub fn send(
        &self,
        key: Key,
        work: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), Busy> {
        if self.inner.waiting.fetch_add(1, Ordering::Relaxed) >= WAITING_IN_ALL {
            self.inner.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(Busy);
        }
        let taken = self.put(key, Box::pin(work));
        if taken.is_err() {
            self.inner.waiting.fetch_sub(1, Ordering::Relaxed);
        }
        metrics::gauge!("guildpoints_commands_waiting").set(self.waiting() as f64);
        taken
    }

    /// How many commands wait or are at work.
    pub fn waiting(&self) -> usize {
        self.inner.waiting.load(Ordering::Relaxed)
    }

    /// Waits until nothing waits and nothing is at work; the drain that shutdown and tests use.
    pub async fn settled(&self) {
        self.inner.tracker.close();
        self.inner.tracker.wait().await;
        self.inner.tracker.reopen();
    }

    fn put(&self, key: Key, work: Work) -> Result<(), Busy> {
        // The entry's lock makes "put into the lane" and "the lane ends" exclude each other.
        match self.inner.lanes.entry(key) {
            Entry::Occupied(lane) => lane.get().try_send(work).map_err(|_| Busy),
            Entry::Vacant(place) => {
                let (lane, queue) = mpsc::channel(WAITING_PER_MEMBER);
                lane.try_send(work).map_err(|_| Busy)?;
                place.insert(lane);
                self.inner.tracker.spawn(self.clone().work(key, queue));
                Ok(())
            }
        }
    }

    async fn work(self, key: Key, mut queue: mpsc::Receiver<Work>) {
        let permits = self.permits(key.0);
        loop {
            while let Ok(work) = queue.try_recv() {
                let permit = permits.acquire().await;
                // A panic in one command must not take the member's later ones with it.
                let ended = tokio::spawn(work).await;
                drop(permit);
                self.inner.waiting.fetch_sub(1, Ordering::Relaxed);
                if let Err(panic) = ended {
                    tracing::error!(%panic, "a command ended abnormally");
                }
            }
            let ended = self.inner.lanes.remove_if(&key, |_, _| queue.is_empty());
            if ended.is_some() {
                return;
            }
        }
    }

    fn permits(&self, guild: Option<GuildId>) -> Arc<Semaphore> {
        let mut guilds = self
            .inner
            .guilds
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let permits = guilds
            .entry(guild)
            .or_insert_with(|| Arc::new(Semaphore::new(AT_WORK_PER_GUILD)));
        permits.clone()
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::Notify;

    use super::*;

    const ANNE: Key = (Some(GuildId::new(1)), UserId::new(1));
    const BEN: Key = (Some(GuildId::new(1)), UserId::new(2));

    #[tokio::test]
    async fn one_members_commands_keep_their_order_and_nobody_elses_wait() {
        let lanes = Lanes::new();
        let said = Arc::new(Mutex::new(Vec::new()));
        let gate = Arc::new(Notify::new());
        for step in 0..3 {
            let (said, gate) = (said.clone(), gate.clone());
            lanes
                .send(ANNE, async move {
                    if step == 0 {
                        gate.notified().await;
                    }
                    said.lock().unwrap().push(("anne", step));
                })
                .unwrap();
        }
        let (heard, opened) = (said.clone(), gate.clone());
        lanes
            .send(BEN, async move {
                heard.lock().unwrap().push(("ben", 0));
                opened.notify_one();
            })
            .unwrap();
        lanes.settled().await;
        assert_eq!(
            *said.lock().unwrap(),
            [("ben", 0), ("anne", 0), ("anne", 1), ("anne", 2)]
        );
        assert_eq!(lanes.waiting(), 0);
        assert!(lanes.inner.lanes.is_empty());
    }

    #[tokio::test]
    async fn a_full_lane_says_so_at_once_and_recovers() {
        let lanes = Lanes::new();
        let gate = Arc::new(Notify::new());
        let mut taken = 0;
        for _ in 0..100 {
            let gate = gate.clone();
            if lanes
                .send(ANNE, async move { gate.notified().await })
                .is_ok()
            {
                taken += 1;
            }
        }
        assert_eq!(taken, WAITING_PER_MEMBER);
        assert!(lanes.send(BEN, async {}).is_ok());
        for _ in 0..taken {
            gate.notify_one();
            tokio::task::yield_now().await;
        }
        gate.notify_waiters();
        while lanes.waiting() > 0 {
            gate.notify_one();
            tokio::task::yield_now().await;
        }
        lanes.settled().await;
        assert!(lanes.send(ANNE, async {}).is_ok());
        lanes.settled().await;
    }

    #[tokio::test]
    async fn a_panicking_command_does_not_end_the_lane() {
        let lanes = Lanes::new();
        let done = Arc::new(AtomicUsize::new(0));
        lanes.send(ANNE, async { panic!("on purpose") }).unwrap();
        let after = done.clone();
        lanes
            .send(ANNE, async move {
                after.fetch_add(1, Ordering::Relaxed);
            })
            .unwrap();
        lanes.settled().await;
        assert_eq!(done.load(Ordering::Relaxed), 1);
    }
}

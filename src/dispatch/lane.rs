//! One lane a member of a guild: their commands keep their order, and nobody waits for another's.
//!
//! Invariants: handing over never waits, so the reader of the gateway never does; every queue is
//! bounded; a lane exists only while it has work; a guild has at most so many lanes at work, so one
//! flooded guild cannot starve the others. What waits is only what was heard: the future that
//! answers it, fifty times as large, is made when its turn comes.

use std::any::Any;
use std::collections::HashMap;
use std::collections::VecDeque;
use std::collections::hash_map;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use futures_util::FutureExt as _;
use metrics::Gauge;
use tokio_util::task::TaskTracker;

use crate::model::GuildId;
use crate::model::UserId;

/// Commands one member may have waiting: more than anybody types, few enough to notice a flood.
const WAITING_PER_MEMBER: usize = 8;
/// Commands of all members waiting or at work: bounds memory when a points system hangs.
const WAITING_IN_ALL: usize = 10_000;
/// Of these, those of one guild: a guild that floods leaves the others room.
const WAITING_PER_GUILD: usize = 7_500;
/// Commands of one guild at work at once, at least. Each may hold a connection to the points system
/// and one to the chat, some 40 KB together, and more of them answer no sooner: the default limits
/// allow eight requests to the mall at once and four to the chat in a second.
const AT_WORK_PER_GUILD: usize = 64;
/// So many commands at work for each request the points system takes at once: while one is there,
/// another speaks.
const AT_WORK_PER_REQUEST: usize = 2;

/// Whose lane: the guild (none for private chats) and the member.
pub type Key = (Option<GuildId>, UserId);

type Answering = Pin<Box<dyn Future<Output = ()> + Send>>;
type Work = Box<dyn FnOnce() -> Answering + Send>;

/// The lane is full; the work was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too much is waiting")]
pub struct Busy;

/// All lanes. Cheap to clone; clones share them.
#[derive(Clone)]
pub struct Lanes {
    inner: Arc<Inner>,
}

struct Inner {
    guilds: Mutex<HashMap<Option<GuildId>, Guild>>,
    waiting: AtomicUsize,
    /// Commands of one guild at work at once.
    at_work_per_guild: usize,
    /// Looking one up by name costs more than handing over.
    shown: Gauge,
    tracker: TaskTracker,
}

/// The lanes of one guild; none is empty unless its last command is at work.
#[derive(Default)]
struct Guild {
    lanes: HashMap<UserId, VecDeque<Work>>,
    /// Lanes with work and nobody at it, in the order they began to wait.
    ready: VecDeque<UserId>,
    /// How many tasks carry out commands, each of another lane.
    at_work: usize,
    /// Commands that wait or are at work.
    waiting: usize,
}

impl Lanes {
    /// No lanes yet. `requests`: how many the points systems take at once, so that lanes are not the
    /// narrower bound.
    pub fn new(requests: usize) -> Self {
        Self {
            inner: Arc::new(Inner {
                guilds: Mutex::default(),
                waiting: AtomicUsize::new(0),
                at_work_per_guild: AT_WORK_PER_GUILD.max(AT_WORK_PER_REQUEST * requests),
                shown: metrics::gauge!("guildpoints_commands_waiting"),
                tracker: TaskTracker::new(),
            }),
        }
    }

    /// Puts `work` at the end of its lane without waiting; it is called when its turn comes.
    pub fn send<F>(&self, key: Key, work: impl FnOnce() -> F + Send + 'static) -> Result<(), Busy>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let waiting = self.inner.waiting.fetch_add(1, Ordering::Relaxed);
        if waiting >= WAITING_IN_ALL {
            self.done();
            return Err(Busy);
        }
        let taken = self.put(key, Box::new(move || Box::pin(work())));
        match taken {
            Ok(()) => self.inner.shown.set(waiting as f64 + 1.0),
            Err(Busy) => self.done(),
        }
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

    fn put(&self, (guild, member): Key, work: Work) -> Result<(), Busy> {
        // The lock makes "put into the lane" and "the lane ends" exclude each other. It is never held
        // for more than these few lines, so the reader does not wait.
        let mut guilds = self.guilds();
        let lanes = guilds.entry(guild).or_default();
        if lanes.waiting >= WAITING_PER_GUILD {
            return Err(Busy);
        }
        match lanes.lanes.entry(member) {
            hash_map::Entry::Occupied(mut lane) => {
                if lane.get().len() >= WAITING_PER_MEMBER {
                    return Err(Busy);
                }
                lane.get_mut().push_back(work);
            }
            hash_map::Entry::Vacant(place) => {
                if lanes.at_work < self.inner.at_work_per_guild {
                    lanes.at_work += 1;
                    place.insert(VecDeque::new());
                    let task = self.clone().work(guild, member, work);
                    self.inner.tracker.spawn(task);
                } else {
                    place.insert(VecDeque::from([work]));
                    lanes.ready.push_back(member);
                }
            }
        }
        lanes.waiting += 1;
        Ok(())
    }

    /// Carries out one command after the other for as long as the guild has any to give.
    async fn work(self, guild: Option<GuildId>, member: UserId, work: Work) {
        let mut turn = (member, work);
        loop {
            let (member, work) = turn;
            // A panic in one command must not take the others' with it.
            let answered = AssertUnwindSafe(answer(work)).catch_unwind().await;
            if let Err(panic) = answered {
                tracing::error!(panic = said(&*panic), "a command ended abnormally");
            }
            self.done();
            let Some(next) = self.turn_after(guild, member) else {
                return;
            };
            turn = next;
        }
    }

    /// The next command of the guild after one of `member` ended: whoever waits longest is next.
    fn turn_after(&self, guild: Option<GuildId>, member: UserId) -> Option<(UserId, Work)> {
        let mut guilds = self.guilds();
        let lanes = guilds.get_mut(&guild)?;
        lanes.waiting -= 1;
        if lanes.lanes.get(&member).is_some_and(VecDeque::is_empty) {
            lanes.lanes.remove(&member);
        } else {
            lanes.ready.push_back(member);
        }
        while let Some(member) = lanes.ready.pop_front() {
            let lane = lanes.lanes.get_mut(&member);
            if let Some(work) = lane.and_then(VecDeque::pop_front) {
                return Some((member, work));
            }
        }
        lanes.at_work -= 1;
        if lanes.at_work == 0 {
            guilds.remove(&guild);
        }
        None
    }

    fn guilds(&self) -> MutexGuard<'_, HashMap<Option<GuildId>, Guild>> {
        // Nothing under the lock calls anything that panics half-way.
        self.inner
            .guilds
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn done(&self) {
        let before = self.inner.waiting.fetch_sub(1, Ordering::Relaxed);
        self.inner.shown.set(before as f64 - 1.0);
    }
}

async fn answer(work: Work) {
    work().await;
}

/// What a panic said.
fn said(panic: &(dyn Any + Send)) -> &str {
    let said = panic.downcast_ref::<&str>().copied();
    said.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no words")
}

#[cfg(test)]
mod tests {
    use tokio::sync::Notify;
    use tokio::sync::Semaphore;

    use super::*;

    const ANNE: Key = (Some(GuildId::new(1)), UserId::new(1));
    const BEN: Key = (Some(GuildId::new(1)), UserId::new(2));
    const BEN_ELSEWHERE: Key = (Some(GuildId::new(2)), UserId::new(2));

    #[tokio::test]
    async fn one_members_commands_keep_their_order_and_nobody_elses_wait() {
        let lanes = Lanes::new(8);
        let said = Arc::new(Mutex::new(Vec::new()));
        let gate = Arc::new(Notify::new());
        for step in 0..3 {
            let (said, gate) = (said.clone(), gate.clone());
            lanes
                .send(ANNE, move || async move {
                    if step == 0 {
                        gate.notified().await;
                    }
                    said.lock().unwrap().push(("anne", step));
                })
                .unwrap();
        }
        let (heard, opened) = (said.clone(), gate.clone());
        lanes
            .send(BEN, || async move {
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
        assert!(lanes.guilds().is_empty());
    }

    #[tokio::test]
    async fn a_full_lane_says_so_at_once_and_recovers() {
        let lanes = Lanes::new(8);
        let gate = Arc::new(Notify::new());
        let mut taken = 0;
        for _ in 0..100 {
            let gate = gate.clone();
            if lanes
                .send(ANNE, || async move { gate.notified().await })
                .is_ok()
            {
                taken += 1;
            }
        }
        // One is at work already.
        assert_eq!(taken, WAITING_PER_MEMBER + 1);
        assert!(lanes.send(BEN, || async {}).is_ok());
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
        assert!(lanes.send(ANNE, || async {}).is_ok());
        lanes.settled().await;
    }

    #[tokio::test]
    async fn a_panicking_command_does_not_end_the_lane() {
        let lanes = Lanes::new(8);
        let done = Arc::new(AtomicUsize::new(0));
        lanes.send(ANNE, || async { panic!("on purpose") }).unwrap();
        // Before there is a future to answer with.
        lanes
            .send(ANNE, || -> std::future::Ready<()> { panic!("at once") })
            .unwrap();
        let after = done.clone();
        lanes
            .send(ANNE, || async move {
                after.fetch_add(1, Ordering::Relaxed);
            })
            .unwrap();
        lanes.settled().await;
        assert_eq!(done.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn a_guild_has_so_many_at_work_and_turns_go_round() {
        let lanes = Lanes::new(8);
        let gate = Arc::new(Semaphore::new(0));
        let said = Arc::new(Mutex::new(Vec::new()));
        let members = AT_WORK_PER_GUILD as u64 + 3;
        for round in 0..2 {
            for member in 1..=members {
                let (gate, said) = (gate.clone(), said.clone());
                let key = (ANNE.0, UserId::new(member));
                let work = move || async move {
                    said.lock().unwrap().push((round, member));
                    gate.acquire().await.unwrap().forget();
                };
                lanes.send(key, work).unwrap();
            }
        }
        let begun = || said.lock().unwrap().clone();
        while begun().len() < AT_WORK_PER_GUILD {
            tokio::task::yield_now().await;
        }
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert_eq!(begun().len(), AT_WORK_PER_GUILD);
        let other = lanes.send(BEN_ELSEWHERE, || async {});
        assert!(other.is_ok());
        gate.add_permits(2 * members as usize);
        lanes.settled().await;
        let begun = begun();
        assert_eq!(begun.len(), 2 * members as usize);
        // Nobody had a second turn before everybody had the first.
        let first = begun.iter().take(members as usize);
        assert!(first.copied().all(|(round, _)| round == 0));
        assert!(lanes.guilds().is_empty());
        assert_eq!(lanes.waiting(), 0);
    }

    #[tokio::test]
    async fn a_guild_that_floods_leaves_the_others_room() {
        let lanes = Lanes::new(8);
        let gate = Arc::new(Semaphore::new(0));
        let taken = (1..=WAITING_IN_ALL as u64)
            .filter(|&member| {
                let gate = gate.clone();
                let work = move || async move { gate.acquire().await.unwrap().forget() };
                lanes.send((ANNE.0, UserId::new(member)), work).is_ok()
            })
            .count();
        assert_eq!(taken, WAITING_PER_GUILD);
        assert!(lanes.send(BEN_ELSEWHERE, || async {}).is_ok());
        gate.add_permits(taken);
        lanes.settled().await;
        assert!(lanes.guilds().is_empty());
        assert_eq!(lanes.waiting(), 0);
    }
}

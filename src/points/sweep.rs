//! Sweeps: reading the balances of all known members of a guild, for boards of balances.
//!
//! Invariants: never more requests under way than there are turns, which all guilds of a service share
//! and which leave room for commands; whoever was asked longest ago comes first; what was read is kept a
//! portion at a time, so a pass goes on where it was stopped, whatever stopped it. Trouble makes the
//! sweep wait, twice as long each time, and then ask one member until there is an answer. A member who
//! alone makes trouble holds up nobody for longer than that: asked twice in a pass, their turn is over.
//! Deliberately absent: who is a member (`app::sweep`), and retries.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::journal::BalanceRead;
use crate::journal::Balances;
use crate::journal::Found;
use crate::journal::Journal;
use crate::journal::JournalError;
use crate::journal::Swept;
use crate::model::GuildId;
use crate::model::SystemKind;
use crate::model::UserId;
use crate::model::refusal::PointsRefusal;
use crate::points::GuildSystems;
use crate::points::Points;
use crate::points::PointsBackend;
use crate::points::ReadError;
use crate::points::asking::LONGEST;
use crate::points::asking::late;
use crate::points::breaker::Breaker;
use crate::support::clock::Clock;

/// A pass begins at most this often: the limits of the mall are not known (points-backends, 1.8).
pub const EVERY: Duration = Duration::from_secs(30 * 60);

/// Members that are looked up ahead.
const AHEAD: usize = 1_000;
/// What was read is kept when it is so many members, or after [`KEEP_AFTER`].
const KEEP_AT: usize = 200;
const KEEP_AFTER: Duration = Duration::from_millis(500);
/// The first pause after trouble; each further one is twice as long, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// Questions about one member in a pass.
const TWICE: u8 = 2;

/// Why a pass did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The journal could not be read or written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// It was stopped; the next one goes on.
    #[error("stopped")]
    Stopped,
}

/// What was heard of some members.
type Heard = Vec<(UserId, Result<BalanceRead, ReadError>)>;

impl Points {
    /// Whether there is anything to sweep in a guild: its own books need no reading.
    pub fn can_sweep(&self, guild: GuildId) -> bool {
        let of = self.balances_of(guild);
        of.is_some_and(|of| of.system.kind() != SystemKind::Ledger)
    }

    /// How long it is until a pass over the guild's members may begin; `None` while one is not over.
    pub async fn sweep_due(&self, guild: GuildId) -> Result<Option<Duration>, SweepError> {
        let Some(of) = self.balances_of(guild) else {
            return Ok(Some(EVERY));
        };
        let journal = &self.inner.journal;
        let Some(begun_ms) = journal.sweep_begun(&of).await? else {
            return Ok(Some(Duration::ZERO));
        };
        if !journal.unswept(&of, begun_ms, None, 1).await?.is_empty() {
            return Ok(None);
        }
        let since_ms = self.inner.clock.now_ms() - begun_ms;
        // A clock that was set back must not stop sweeps for as long.
        let since = Duration::from_millis(u64::try_from(since_ms).unwrap_or(u64::MAX));
        Ok(Some(EVERY.saturating_sub(since)))
    }

    /// Says that these are members of a guild whose balances are to be swept.
    pub async fn enlist(&self, guild: GuildId, members: Vec<UserId>) -> Result<(), SweepError> {
        if let Some(of) = self.balances_of(guild) {
            self.inner.journal.enlist(&of, members).await?;
        }
        Ok(())
    }

    /// Begins a pass over the guild's members.
    pub async fn begin_sweep(&self, guild: GuildId) -> Result<(), SweepError> {
        if let Some(of) = self.balances_of(guild) {
            let now_ms = self.inner.clock.now_ms();
            self.inner.journal.begin_sweep(&of, now_ms).await?;
        }
        Ok(())
    }

    /// Carries the pass over a guild's members to its end, with at most so many questions under way as
    /// there are `turns` (of lists, where the system takes lists); how many balances were read.
    pub async fn sweep_balances(
        &self,
        guild: GuildId,
        turns: &Arc<Semaphore>,
        stop: &CancellationToken,
    ) -> Result<u64, SweepError> {
        let inner = &self.inner;
        let systems = inner.systems.get(&guild);
        let (Some(systems), Some(of)) = (systems, self.balances_of(guild)) else {
            return Ok(0);
        };
        let Some(begun_ms) = inner.journal.sweep_begun(&of).await? else {
            return Ok(0);
        };
        let breakers = inner.breakers.get(&guild);
        let mut pass = Pass {
            of: &of,
            begun_ms,
            systems,
            breaker: breakers.and_then(|all| all.first()),
            journal: &inner.journal,
            clock: &inner.clock,
            turns,
            queue: VecDeque::new(),
            asked: FuturesUnordered::new(),
            keeping: None,
            heard: Vec::new(),
            failed: HashMap::new(),
            trouble: None,
            read: 0,
        };
        match stop.run_until_cancelled(pass.run()).await {
            Some(done) => done.map(|()| pass.read),
            None => Err(SweepError::Stopped),
        }
    }
}

/// Trouble with the system.
struct Trouble {
    /// Nothing is asked until then.
    until: Instant,
    /// The pause after the next.
    next: Duration,
}

/// Members that are due, with when each was tried last, as they are being read.
type Due<'a> = BoxFuture<'a, Result<Vec<(UserId, i64)>, JournalError>>;

/// Where the listing of those who are due stands.
struct Listing<'a> {
    under_way: Option<Due<'a>>,
    after: Option<(UserId, i64)>,
    is_over: bool,
    /// Whether anybody was listed since it began anew.
    any: bool,
}

/// One pass.
struct Pass<'a> {
    of: &'a Balances,
    begun_ms: i64,
    systems: &'a GuildSystems,
    breaker: Option<&'a Arc<Breaker>>,
    journal: &'a Journal,
    clock: &'a Clock,
    turns: &'a Arc<Semaphore>,
    queue: VecDeque<UserId>,
    asked: FuturesUnordered<BoxFuture<'a, Heard>>,
    keeping: Option<BoxFuture<'a, Result<(), JournalError>>>,
    /// What is not kept yet.
    heard: Vec<Swept>,
    /// Members of whom nothing was learnt, and how often.
    failed: HashMap<UserId, u8>,
    trouble: Option<Trouble>,
    read: u64,
}

impl<'a> Pass<'a> {
    async fn run(&mut self) -> Result<(), SweepError> {
        let mut tick = tokio::time::interval(KEEP_AFTER);
        let mut listing = Listing {
            under_way: None,
            after: None,
            is_over: false,
            any: false,
        };
        loop {
            self.list(&mut listing);
            self.ask();
            let at_rest = self.asked.is_empty() && self.queue.is_empty();
            if self.heard.len() >= KEEP_AT || at_rest && listing.is_over {
                self.keep();
            }
            let kept = self.heard.is_empty() && self.keeping.is_none();
            if listing.is_over && at_rest && kept {
                if !listing.any {
                    return Ok(());
                }
                // Who turned up meanwhile, and of whom nothing was learnt at first.
                listing.after = None;
                listing.any = false;
                listing.is_over = false;
                continue;
            }
            tokio::select! {
                Some(heard) = self.asked.next() => self.hear(heard),
                listed = polled(&mut listing.under_way) => {
                    let listed = listed?;
                    listing.under_way = None;
                    listing.is_over = listed.is_empty();
                    listing.any |= !listed.is_empty();
                    listing.after = listed.last().copied().or(listing.after);
                    self.queue.extend(listed.into_iter().map(|(member, _)| member));
                }
                kept = polled(&mut self.keeping) => {
                    kept?;
                    self.keeping = None;
                }
                // Also the end of a pause is seen by it.
                _ = tick.tick() => self.keep(),
            }
        }
    }

    /// Looks up who is next, ahead of time.
    fn list(&self, listing: &mut Listing<'a>) {
        if listing.is_over || listing.under_way.is_some() || self.queue.len() >= AHEAD {
            return;
        }
        let (journal, of, begun_ms) = (self.journal, self.of, self.begun_ms);
        let after = listing.after;
        let listed = async move { journal.unswept(of, begun_ms, after, AHEAD).await };
        listing.under_way = Some(Box::pin(listed));
    }

    /// Asks for as many as there are turns; after trouble for one.
    fn ask(&mut self) {
        let in_trouble = self.trouble.as_ref();
        if in_trouble.is_some_and(|trouble| Instant::now() < trouble.until) {
            return;
        }
        if self.breaker.is_some_and(|breaker| breaker.is_open()) {
            // Somebody's command has found out that it does not answer.
            return self.pause();
        }
        let many = self.systems.rewards.many();
        let size = many.map_or(1, |many| many.most());
        let at_once = match in_trouble {
            Some(_) => 1,
            None => usize::MAX,
        };
        // Beyond the turns they would only wait, so nobody is asked for ahead of their turn.
        while self.asked.len() < at_once && !self.queue.is_empty() {
            let Ok(turn) = Arc::clone(self.turns).try_acquire_owned() else {
                if self.asked.is_empty() {
                    // All turns are with other guilds.
                    let turns = Arc::clone(self.turns);
                    self.asked.push(Box::pin(async move {
                        drop(turns.acquire_owned().await);
                        Vec::new()
                    }));
                }
                return;
            };
            let members: Vec<UserId> = (0..size).map_while(|_| self.queue.pop_front()).collect();
            let backend = &self.systems.rewards;
            self.asked.push(Box::pin(async move {
                let heard = ask(backend.as_ref(), members).await;
                drop(turn);
                heard
            }));
        }
    }

    fn hear(&mut self, heard: Heard) {
        let mut trouble = None;
        let mut answered = false;
        let tried_ms = self.clock.now_ms().max(self.begun_ms);
        for (member, heard) in heard {
            let found = match heard {
                Ok(balance) => {
                    self.read += 1;
                    answered = true;
                    Found::Balance(balance)
                }
                Err(error) => match error.refused.meaning {
                    PointsRefusal::NotLinked => Found::NoAccount,
                    PointsRefusal::NoAccount => {
                        answered = true;
                        Found::NoAccount
                    }
                    _ => {
                        trouble = Some(error);
                        let times = self.failed.entry(member).or_default();
                        *times += 1;
                        if *times < TWICE {
                            continue;
                        }
                        Found::Nothing
                    }
                },
            };
            self.heard.push(Swept {
                member,
                tried_ms,
                found,
            });
        }
        match (trouble, &self.trouble) {
            (Some(error), _) => {
                let refused = &error.refused;
                tracing::debug!(
                    guild = %self.of.guild, system = %self.of.system, meaning = ?refused.meaning,
                    code = refused.code, text = ?refused.text, "a sweep waits"
                );
                self.pause();
            }
            (None, Some(trouble)) if answered && Instant::now() >= trouble.until => {
                self.trouble = None;
            }
            (None, _) => {}
        }
    }

    fn pause(&mut self) {
        let now = Instant::now();
        let pause = match &self.trouble {
            None => FIRST_PAUSE,
            // What was under way when it began is the same trouble.
            Some(trouble) if now < trouble.until => return,
            Some(trouble) => trouble.next,
        };
        self.trouble = Some(Trouble {
            until: now + pause,
            next: (pause * 2).min(LONGEST_PAUSE),
        });
    }

    /// Keeps what was heard, unless an earlier portion is still being kept.
    fn keep(&mut self) {
        if self.keeping.is_some() || self.heard.is_empty() {
            return;
        }
        let (journal, of) = (self.journal, self.of);
        let heard = std::mem::take(&mut self.heard);
        self.keeping = Some(Box::pin(async move { journal.swept(of, heard).await }));
    }
}

/// Asks for the balances of these, in one question.
async fn ask(backend: &dyn PointsBackend, members: Vec<UserId>) -> Heard {
    let question = async {
        if let Some(many) = backend.many() {
            return many.balances(&members).await;
        }
        let mut heard = Vec::with_capacity(members.len());
        for member in &members {
            heard.push(backend.balance(*member).await);
        }
        heard
    };
    match tokio::time::timeout(LONGEST, question).await {
        Ok(heard) => members.iter().copied().zip(heard).collect(),
        Err(_) => members
            .iter()
            .map(|member| (*member, Err(late())))
            .collect(),
    }
}

/// What comes of it, if there is anything under way.
async fn polled<T>(under_way: &mut Option<BoxFuture<'_, T>>) -> T {
    match under_way {
        Some(future) => future.await,
        None => pending().await,
    }
}

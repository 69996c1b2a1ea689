//! Questions asked at the same moment become one list; answers are kept for 30 s.
//!
//! No timer holds a question back. Whoever asks while nothing is under way is asked for at once; while a
//! list is under way, the next one gathers, and leaves when the first is back. A window of some
//! milliseconds would delay the lonely question, which is the usual one, and gather less than a whole
//! request does in the case that matters: the slower the service, the fuller the lists.
//!
//! Invariants: of the lists that are not full one at most is under way, so a crowd costs one request
//! for each hundred, and one more; full ones go on beside it. A list is driven by those who wait for it:
//! when the last of them is gone, it is given up, and no task is left behind.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::future::Shared;
use futures_util::future::WeakShared;
use moka::future::Cache;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio::time::timeout_at;
use tokio_util::sync::CancellationToken;

use super::asking::Answers;
use super::client::Manta;
use super::list::Kind;
use super::list::List;
use super::list::is_possible;
use crate::journal::BalanceRead;
use crate::journal::Refused;
use crate::model::Account;
use crate::model::refusal::PointsRefusal;
use crate::points::ReadError;

/// How long a balance is shown as it was read (points-backends, 3.4), in milliseconds.
const FRESH_MS: i64 = 30_000;
/// Balances kept at once, so that a flood of members cannot fill the memory.
const KEPT: u64 = 100_000;
/// Lists under way at once. No limit of the service is published; this is a courtesy.
pub const AT_ONCE: usize = 4;

type Answered = Shared<BoxFuture<'static, Arc<Answers>>>;

/// Gathers the questions for one bot over there. Cheap to clone; clones gather together.
#[derive(Clone)]
pub(super) struct Gather {
    manta: Manta,
    shared: Arc<Parts>,
}

struct Parts {
    /// Held by a list that is not full while it is under way.
    gate: Semaphore,
    slots: Semaphore,
    lists: Mutex<Vec<Gathering>>,
    known: Cache<Account, BalanceRead>,
}

/// A list somebody waits for.
struct Gathering {
    list: List,
    stage: Stage,
    full: CancellationToken,
    answered: WeakShared<BoxFuture<'static, Arc<Answers>>>,
    /// Tells it from others.
    number: Arc<()>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Whoever asks may join.
    Open,
    /// It is under way as it is.
    Closed,
}

impl Gather {
    /// Nothing asked yet.
    pub(super) fn new(manta: Manta) -> Self {
        let known = Cache::builder()
            .max_capacity(KEPT)
            .time_to_live(Duration::from_millis(FRESH_MS.unsigned_abs()))
            .build();
        Self {
            manta,
            shared: Arc::new(Parts {
                gate: Semaphore::new(1),
                slots: Semaphore::new(AT_ONCE),
                lists: Mutex::default(),
                known,
            }),
        }
    }

    /// The client behind it.
    pub(super) fn manta(&self) -> &Manta {
        &self.manta
    }

    /// The balance of one account, with those who ask at the same moment.
    ///
    /// Losing this future is safe: the others of its list go on.
    pub(super) async fn balance(&self, account: &Account) -> Result<BalanceRead, ReadError> {
        let (kind, account) = askable(account)?;
        if let Some(known) = self.known(&account).await {
            return Ok(known);
        }
        let answers = self.join(kind, &account).await;
        let found = answers.iter().find(|(asked, _)| *asked == account);
        found.map_or_else(|| Err(not_asked()), |(_, answer)| answer.clone())
    }

    /// The balances of a list, asked for by itself.
    pub(super) async fn fetch(&self, list: List, until: Instant) -> Answers {
        let accounts: Vec<Account> = list
            .accounts()
            .map(|(_, account)| account.clone())
            .collect();
        let answers = match timeout_at(until, self.shared.slots.acquire()).await {
            Ok(slot) => {
                let _slot = slot.expect("the semaphore is never closed");
                self.manta.look_up(list, until).await
            }
            // The service is slow: those before took all the time.
            Err(_) => accounts
                .into_iter()
                .map(|account| (account, Err(not_asked())))
                .collect(),
        };
        for (account, answer) in &answers {
            if let Ok(balance) = answer {
                self.shared.known.insert(account.clone(), *balance).await;
            }
        }
        answers
    }

    /// A balance that was read a moment ago.
    pub(super) async fn known(&self, account: &Account) -> Option<BalanceRead> {
        let known = self.shared.known.get(account).await?;
        let age_ms = self.manta.inner.clock.now_ms() - known.read_ms;
        // Below 0 the clock was set back, and nobody can tell how old it is.
        (0..FRESH_MS).contains(&age_ms).then_some(known)
    }

    /// The list that asks for the account: one that does so already, or one that has room, or a new one.
    fn join(&self, kind: Kind, account: &Account) -> Answered {
        let mut lists = self.lists();
        lists.retain(|gathering| gathering.answered.upgrade().is_some());
        let asking = lists.iter().find(|known| known.list.holds(kind, account));
        if let Some(answered) = asking.and_then(|known| known.answered.upgrade()) {
            return answered;
        }
        let open = lists.iter_mut().filter(|known| known.stage == Stage::Open);
        for gathering in open {
            if let Some(answered) = gathering.answered.upgrade()
                && gathering.list.take(kind, account)
            {
                if gathering.list.is_full() {
                    gathering.full.cancel();
                }
                return answered;
            }
        }
        let mut list = List::default();
        list.take(kind, account);
        let (number, full) = (Arc::new(()), CancellationToken::new());
        let (gather, mine, filled) = (self.clone(), number.clone(), full.clone());
        let until = Instant::now() + self.manta.inner.timeout * 2;
        let answered = async move { Arc::new(gather.depart(mine, filled, until).await) };
        let answered = answered.boxed().shared();
        lists.push(Gathering {
            list,
            stage: Stage::Open,
            full,
            answered: answered.downgrade().expect("it was not polled yet"),
            number,
        });
        answered
    }

    /// Waits for its turn, takes whoever has joined by then, and asks.
    async fn depart(&self, number: Arc<()>, full: CancellationToken, until: Instant) -> Answers {
        let turn = async {
            tokio::select! {
                biased;
                () = full.cancelled() => None,
                gate = self.shared.gate.acquire() => gate.ok(),
            }
        };
        // Out of time before its turn: `fetch` says so to whoever is in it.
        let _gate = timeout_at(until, turn).await.ok().flatten();
        // Whoever is ready to ask in this very moment joins; it costs no time.
        tokio::task::yield_now().await;
        let Some(list) = self.close(&number) else {
            return Answers::new();
        };
        let answers = self.fetch(list, until).await;
        self.lists()
            .retain(|known| !Arc::ptr_eq(&known.number, &number));
        answers
    }

    fn close(&self, number: &Arc<()>) -> Option<List> {
        let mut lists = self.lists();
        let mut all = lists.iter_mut();
        let gathering = all.find(|known| Arc::ptr_eq(&known.number, number))?;
        gathering.stage = Stage::Closed;
        Some(gathering.list.clone())
    }

    fn lists(&self) -> MutexGuard<'_, Vec<Gathering>> {
        // A list is put in, changed and taken out whole, so a panic elsewhere leaves them fit for use.
        self.shared
            .lists
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The kind of an account and the account with its kind in the documented capitals, unless it is
/// nothing that could be asked for.
pub(super) fn askable(account: &Account) -> Result<(Kind, Account), ReadError> {
    match Kind::of(account).filter(|_| is_possible(account.id())) {
        Some(kind) => Ok((kind, Account::new(kind.word(), account.id()))),
        None => Err(ReadError {
            refused: Refused {
                meaning: PointsRefusal::NoAccount,
                code: None,
                text: "the linked account is of no kind that MantaGO has".to_owned(),
            },
        }),
    }
}

pub(super) fn not_asked() -> ReadError {
    ReadError {
        refused: Refused {
            meaning: PointsRefusal::Unavailable,
            code: None,
            text: "MantaGO was too slow to be asked in time".to_owned(),
        },
    }
}

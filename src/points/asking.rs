//! All points systems of a guild, asked about one member at the same time.
//!
//! Invariants: no system waits for another, and each has its own deadline and its own breaker; what one
//! has said stays as it is. What was read is kept as the last known balance, which an answer shows
//! where the system itself has none. Deliberately absent: guilds with one system, which are asked
//! straight away and have nothing kept.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;

use crate::journal::BalanceRead;
use crate::journal::Journal;
use crate::journal::JournalError;
use crate::journal::KnownBalance;
use crate::journal::Refused;
use crate::model::GuildId;
use crate::model::System;
use crate::model::SystemKind;
use crate::model::UserId;
use crate::model::refusal::PointsRefusal;
use crate::points::Points;
use crate::points::PointsBackend;
use crate::points::ReadError;
use crate::points::breaker::Breaker;
use crate::points::breaker::Entry;

/// No system is waited for any longer, its turn included: an answer after that is read by nobody.
pub const LONGEST: Duration = Duration::from_secs(15);

/// A known balance that did not change is written again when it is older than this.
const STALE: Duration = Duration::from_secs(60);

/// What a system said.
type Heard = Result<BalanceRead, ReadError>;

/// How a system's line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// It said this.
    Read(BalanceRead),
    /// It failed, or has no balance for this member.
    Failed {
        /// Why.
        error: &'a ReadError,
        /// What it said last, whenever that was.
        known: Option<BalanceRead>,
    },
    /// It has not answered yet.
    UnderWay {
        /// What it said last, whenever that was.
        known: Option<BalanceRead>,
    },
}

/// One question to all systems of a guild. Dropped, it asks no more.
pub struct Asking {
    points: Points,
    guild: GuildId,
    member: UserId,
    round: Round,
    /// What the store had, and what was kept since.
    known: Vec<KnownBalance>,
}

/// The systems, asked once.
struct Round {
    places: Vec<(System, Option<Heard>)>,
    under_way: FuturesUnordered<BoxFuture<'static, (usize, Heard)>>,
}

impl Points {
    /// Which systems a guild has, the one that rewards go to first.
    pub fn systems(&self, guild: GuildId) -> Vec<System> {
        let systems = self.inner.systems.get(&guild).into_iter();
        let all = systems.flat_map(|systems| systems.all());
        all.map(|backend| backend.system().clone()).collect()
    }

    /// Asks all systems of a guild; `None` where there is but one.
    pub fn ask_all(&self, guild: GuildId, member: UserId) -> Option<Asking> {
        let systems = self.inner.systems.get(&guild)?;
        let breakers = self.inner.breakers.get(&guild)?;
        let asked = systems.all().zip(breakers);
        Some(Asking {
            points: self.clone(),
            guild,
            member,
            round: Round::begin(asked, member),
            known: Vec::new(),
        })
    }
}

impl Asking {
    /// Waits until all have answered, or the answer budget is used up.
    pub async fn within_budget(&mut self) {
        let budget = self.points.inner.times.answer_budget;
        let known = known(&self.points.inner.journal, self.guild, self.member);
        let (_, known) = tokio::join!(
            tokio::time::timeout(budget, self.round.all()),
            tokio::time::timeout(budget, known)
        );
        match known {
            Ok(Ok(known)) => self.known = known,
            Ok(Err(error)) => {
                tracing::warn!(%error, "the balances last known could not be read");
            }
            Err(_) => tracing::warn!("the balances last known could not be read in time"),
        }
        self.keep();
    }

    /// Waits until another has answered; nothing is lost when this future is dropped.
    pub async fn more(&mut self) {
        self.round.next().await;
        self.keep();
    }

    /// Whether all have answered.
    pub fn is_whole(&self) -> bool {
        self.round.under_way.is_empty()
    }

    /// How each stands, in the order of the settings.
    pub fn lines(&self) -> impl Iterator<Item = (&System, Line<'_>)> {
        self.round.places.iter().map(|(system, heard)| {
            let known = || self.known_of(system);
            let line = match heard {
                Some(Ok(read)) => Line::Read(*read),
                Some(Err(error)) => Line::Failed {
                    error,
                    known: known(),
                },
                None => Line::UnderWay { known: known() },
            };
            (system, line)
        })
    }

    fn known_of(&self, system: &System) -> Option<BalanceRead> {
        let mut known = self.known.iter();
        let found = known.find(|known| known.system == system.name());
        found.map(|known| known.balance)
    }

    /// Keeps what was read and is news, while the answer is already on its way.
    fn keep(&mut self) {
        let mut news = Vec::new();
        for (system, heard) in &self.round.places {
            let Some(Ok(read)) = heard else { continue };
            if is_news(*read, self.known_of(system)) {
                news.push(KnownBalance {
                    guild: self.guild,
                    member: self.member,
                    system: system.name().to_owned(),
                    balance: *read,
                });
            }
        }
        if news.is_empty() {
            return;
        }
        self.known
            .retain(|known| news.iter().all(|new| new.system != known.system));
        self.known.extend(news.iter().cloned());
        let journal = self.points.inner.journal.clone();
        self.points.inner.tasks.spawn(async move {
            if let Err(error) = journal.know_balances(news).await {
                tracing::warn!(%error, "balances that were read could not be kept");
            }
        });
    }
}

/// The balances last known. One that was read before the member's present account was tied is another
/// account's, and nobody's to see.
async fn known(
    journal: &Journal,
    guild: GuildId,
    member: UserId,
) -> Result<Vec<KnownBalance>, JournalError> {
    let mut theirs = Vec::new();
    for known in journal.known_balances(guild, member).await? {
        let kind = System::read(&known.system).map(|system| system.kind());
        let since_ms = match kind {
            Some(SystemKind::Mall | SystemKind::Ledger) => Some(i64::MIN),
            Some(SystemKind::Swan | SystemKind::Manta) => {
                let link = journal.link(&known.system, member).await?;
                link.map(|link| link.verified_ms)
            }
            None => None,
        };
        if since_ms.is_some_and(|since_ms| since_ms <= known.balance.read_ms) {
            theirs.push(known);
        }
    }
    Ok(theirs)
}

/// Whether a balance is worth a write.
pub(super) fn is_news(read: BalanceRead, known: Option<BalanceRead>) -> bool {
    let stale_ms = i64::try_from(STALE.as_millis()).unwrap_or(i64::MAX);
    known.is_none_or(|known| {
        known.points != read.points || read.read_ms.saturating_sub(known.read_ms) >= stale_ms
    })
}

impl Round {
    fn begin<'a>(
        systems: impl Iterator<Item = (&'a Arc<dyn PointsBackend>, &'a Arc<Breaker>)>,
        member: UserId,
    ) -> Self {
        let mut round = Self {
            places: Vec::new(),
            under_way: FuturesUnordered::new(),
        };
        for (at, (backend, breaker)) in systems.enumerate() {
            round.places.push((backend.system().clone(), None));
            let (backend, breaker) = (Arc::clone(backend), Arc::clone(breaker));
            round.under_way.push(Box::pin(async move {
                (at, ask(backend, breaker, member).await)
            }));
        }
        round
    }

    /// Waits for all.
    async fn all(&mut self) {
        while self.next().await {}
    }

    /// Waits for one more; whether there was one.
    async fn next(&mut self) -> bool {
        let Some((at, heard)) = self.under_way.next().await else {
            return false;
        };
        self.places[at].1 = Some(heard);
        true
    }
}

/// That a system gave no answer within [`LONGEST`].
pub(super) fn late() -> ReadError {
    ReadError {
        refused: Refused {
            meaning: PointsRefusal::Unavailable,
            code: None,
            text: "no answer in time".to_owned(),
        },
    }
}

/// Asks one system, if its breaker gives leave.
async fn ask(backend: Arc<dyn PointsBackend>, breaker: Arc<Breaker>, member: UserId) -> Heard {
    let leave = match breaker.enter() {
        Entry::Ask(leave) => leave,
        Entry::Failed(error) => return Err(error),
    };
    let heard = match tokio::time::timeout(LONGEST, backend.balance(member)).await {
        Ok(heard) => heard,
        Err(_) => Err(late()),
    };
    leave.heard(&heard);
    if let Err(error) = &heard
        && error.refused.meaning != PointsRefusal::NotLinked
    {
        let refused = &error.refused;
        tracing::warn!(
            system = %backend.system(), meaning = ?refused.meaning, code = refused.code,
            text = ?refused.text, "a balance could not be read"
        );
    }
    heard
}

#[cfg(test)]
mod tests;

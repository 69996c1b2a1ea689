//! Points systems behind one set of abilities, and the protocol that makes a change happen once.
//!
//! Invariants: what a system lacks cannot be called; a guild without a handle gets no call; a change
//! needs a `Ticket`, so it is written before it is sent; an outcome is one of applied, refused, not
//! sent, unknown, and unknown is never turned into a refusal by a time-out. An id is worked on by
//! one task at a time (`AtWork`). Deliberately absent: chat, and sentences for people.

mod asking;
mod backend;
mod balances;
mod breaker;
mod by_history;
mod change;
mod deciding;
mod heard;
mod history;
pub mod ledger;
mod linking;
mod links;
pub mod mall;
pub mod manta;
mod many;
mod order;
mod ranking;
mod reading;
mod reconcile;
mod records;
mod reporting;
mod shown;
pub mod sign;
pub mod swan;
mod sweep;
mod times;
mod undo;

use std::collections::HashMap;
use std::sync::Arc;

use dashmap::DashSet;
use tokio::sync::Notify;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

pub use asking::Asking;
pub use asking::Line;
pub use backend::*;
pub use balances::BalancesOf;
pub use balances::BalancesRead;
pub use balances::balance_page;
pub use change::Change;
pub use change::ChangeError;
pub use deciding::Ruled;
pub use history::Changed;
pub use history::HistoryError;
pub use links::Linked;
pub use links::Links;
pub use many::Changes;
pub use order::Order;
pub use ranking::BoardPage;
pub use ranking::Due;
pub use ranking::Edition;
pub use ranking::PAGE as BOARD_ROWS;
pub use ranking::Standing;
pub use ranking::board_page;
pub use records::Compared;
pub use records::Last;
pub use records::LastHeard;
pub use records::compare;
pub use records::last_heard;
pub use reporting::ReportError;
pub use reporting::ReportOrder;
pub use reporting::Reported;
pub use reporting::Reporter;
pub use shown::COMPARED;
pub use shown::Stands;
pub use sweep::EVERY as SWEEP_EVERY;
pub use sweep::SweepError;
pub use times::PointsTimes;
pub use undo::Undo;
pub use undo::Undoing;

// Commands speak of what became of a change, but do not see the journal.
pub use crate::journal::Approval;
pub use crate::journal::BalanceRead;
pub use crate::journal::BoardForm;
pub use crate::journal::Claim;
pub use crate::journal::ClaimRuled;
pub use crate::journal::ClaimVerdict;
pub use crate::journal::Claimed;
pub use crate::journal::ConfirmationState;
pub use crate::journal::EventReport;
pub use crate::journal::Exposed;
pub use crate::journal::Froze;
pub use crate::journal::Hidden;
pub use crate::journal::LinkCode;
pub use crate::journal::OnBoards;
pub use crate::journal::Over;
pub use crate::journal::Ranked;
pub use crate::journal::Receipt;
pub use crate::journal::Redeemed;
pub use crate::journal::ReplyAddress;
pub use crate::journal::ReportState;
pub use crate::journal::ScheduleTrouble;
pub use crate::journal::Shown;
pub use crate::journal::ShownKind;
pub use crate::journal::State;
pub use crate::journal::Thawed;

use crate::journal::Journal;
use crate::journal::JournalError;
use crate::journal::Span;
use crate::model::GuildId;
use crate::model::OpId;
use crate::model::Policy;
use crate::model::ReceiptCode;
use crate::model::System;
use crate::model::SystemKind;
use crate::model::UserId;
use crate::model::period::day_of;
use crate::points::breaker::Breaker;
use crate::support::clock::Clock;

/// Enough for a bad minute, few enough to leave the points systems to the members who wait.
const LOOKS_AT_ONCE: usize = 16;

/// The points systems of all guilds, and the one way to change points.
#[derive(Clone)]
pub struct Points {
    inner: Arc<Inner>,
    links: Links,
    /// Whose periods are on boards, in milliseconds since 1970; `None`: those of now.
    moment_ms: Option<i64>,
}

/// The points systems of one guild, as handles that reach no other guild.
#[derive(Clone)]
pub struct GuildSystems {
    /// Where rewards go.
    pub rewards: Arc<dyn PointsBackend>,
    /// Further ones, whose balances are shown.
    pub further: Vec<Arc<dyn PointsBackend>>,
}

impl GuildSystems {
    /// All of them, the one that rewards go to first.
    pub fn all(&self) -> impl Iterator<Item = &Arc<dyn PointsBackend>> {
        std::iter::once(&self.rewards).chain(&self.further)
    }
}

struct Inner {
    journal: Journal,
    systems: HashMap<GuildId, GuildSystems>,
    /// One for each system, in their order, where a guild has several.
    breakers: HashMap<GuildId, Vec<Arc<Breaker>>>,
    /// Guilds whose balances are swept.
    swept: DashSet<GuildId>,
    /// Guilds with one system whose balances are kept as commands read them: those that sweep, and
    /// those where a board of balances was asked for.
    noted: DashSet<GuildId>,
    clock: Clock,
    times: PointsTimes,
    /// Ids some task of this process is sending or looking up right now.
    at_work: DashSet<OpId>,
    tasks: TaskTracker,
    /// Open entries looked after at once.
    looking: Semaphore,
    /// Something became final: the teller may have something to say.
    settled: Notify,
    /// Something became due: the sweep may look earlier.
    due: Notify,
}

/// Marks an id as being worked on, until dropped.
struct AtWork {
    inner: Arc<Inner>,
    op: OpId,
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.inner.at_work.remove(&self.op);
    }
}

impl Points {
    /// Puts the systems together. A guild that is not among `systems` gets no call.
    pub fn new(
        journal: Journal,
        systems: HashMap<GuildId, GuildSystems>,
        clock: Clock,
        times: PointsTimes,
    ) -> Self {
        let several = systems.iter().filter(|(_, all)| !all.further.is_empty());
        let breakers =
            several.map(|(guild, all)| (*guild, all.all().map(|_| Arc::default()).collect()));
        Self {
            links: Links::new(journal.clone()),
            moment_ms: None,
            inner: Arc::new(Inner {
                journal,
                breakers: breakers.collect(),
                swept: DashSet::new(),
                noted: DashSet::new(),
                systems,
                clock,
                times,
                at_work: DashSet::new(),
                tasks: TaskTracker::new(),
                looking: Semaphore::new(LOOKS_AT_ONCE),
                settled: Notify::new(),
                due: Notify::new(),
            }),
        }
    }

    /// The same with accounts as `links` knows them.
    pub fn linked_by(self, links: Links) -> Self {
        Self { links, ..self }
    }

    /// Whose accounts are whose.
    pub fn links(&self) -> &Links {
        &self.links
    }

    /// The guild's systems that know their people by ids of their own.
    pub fn linkable(&self, guild: GuildId) -> Vec<System> {
        let systems = self.inner.systems.get(&guild).into_iter();
        let all = systems.flat_map(|systems| systems.all().map(|backend| backend.system()));
        let foreign =
            all.filter(|system| matches!(system.kind(), SystemKind::Swan | SystemKind::Manta));
        foreign.cloned().collect()
    }

    /// The points system an entry was written for, if the guild still has it.
    pub(super) fn system_of(&self, entry: &Receipt) -> Option<&Arc<dyn PointsBackend>> {
        let systems = self.inner.systems.get(&entry.guild)?;
        let mut all = systems.all();
        all.find(|backend| backend.system().name() == entry.system)
    }

    /// Proves that a change could be written down now, which is noted as a sign of life.
    pub async fn prove_journal(&self) -> Result<(), JournalError> {
        self.inner.journal.writable().await
    }

    /// The receipt with this code, if it belongs to `guild`.
    pub async fn receipt(
        &self,
        guild: GuildId,
        code: &ReceiptCode,
    ) -> Result<Option<Receipt>, JournalError> {
        let found = self.inner.journal.find(code).await?;
        Ok(found.filter(|receipt| receipt.guild == guild))
    }

    /// What `giver` has given today, open ones included, in points.
    pub async fn given_today(&self, policy: &Policy, giver: UserId) -> Result<i64, JournalError> {
        let day = self.today(policy);
        self.inner.journal.given(policy.guild, giver, day).await
    }

    /// Lets whoever waits for something final look now.
    pub fn hurry(&self) {
        self.inner.settled.notify_one();
    }

    /// Waits until something became final.
    pub async fn something_settled(&self) {
        self.inner.settled.notified().await;
    }

    /// Finishes the sendings under way; none begins after the caller stopped asking for changes.
    pub async fn drain(&self) {
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
    }

    /// The number of the present day in the guild's calendar.
    fn day(&self, policy: &Policy) -> i64 {
        day_of(self.inner.clock.now_ms(), &policy.zone)
    }

    /// The present day of the guild's zone.
    fn today(&self, policy: &Policy) -> Span {
        let now = self.inner.clock.now();
        let today = now.to_zoned(policy.zone.clone());
        let begin = today.start_of_day();
        let end = begin
            .as_ref()
            .map_err(Clone::clone)
            .and_then(|begin| begin.tomorrow());
        match (begin, end) {
            (Ok(begin), Ok(end)) => Span {
                from_ms: begin.timestamp().as_millisecond(),
                until_ms: end.timestamp().as_millisecond(),
            },
            // Only at the end of the calendar: count everything, which errs on the side of no.
            _ => Span {
                from_ms: 0,
                until_ms: i64::MAX,
            },
        }
    }

    /// Takes `op` to work on, unless another task has it.
    fn take(&self, op: &OpId) -> Option<AtWork> {
        self.inner.at_work.insert(op.clone()).then(|| AtWork {
            inner: self.inner.clone(),
            op: op.clone(),
        })
    }
}

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
mod ranking;
mod reconcile;
mod records;
mod reporting;
mod shown;
pub mod sign;
pub mod swan;
mod sweep;
mod undo;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

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
pub use change::Order;
pub use deciding::Ruled;
pub use history::Changed;
pub use history::HistoryError;
pub use links::Linked;
pub use links::Links;
pub use many::Changes;
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
use crate::journal::Refused;
use crate::journal::Span;
use crate::model::GuildId;
use crate::model::OpId;
use crate::model::Policy;
use crate::model::ReceiptCode;
use crate::model::System;
use crate::model::SystemKind;
use crate::model::UserId;
use crate::model::period::day_of;
use crate::model::refusal::PointsRefusal;
use crate::points::breaker::Breaker;
use crate::support::clock::Clock;

/// How long things take in the protocol.
#[derive(Clone, Debug)]
pub struct PointsTimes {
    /// A change is answered after this long at the latest, settled or not (product: 2 s).
    pub answer_budget: Duration,
    /// No request lives longer than this, waiting for its turn not counted.
    pub request_limit: Duration,
    /// How long the points system believes a signed request; nothing sent lands later.
    pub signature_window: Duration,
    /// Waits before the look-ups of an unknown outcome; the last repeats (points-backends, 1.7).
    pub look_ups: Vec<Duration>,
    /// After this long unsettled a moderator has to decide (points-backends, 1.7).
    pub give_up_after: Duration,
    /// How often the sweep looks for what is due.
    pub sweep_every: Duration,
}

impl PointsTimes {
    /// The times of points-backends 1.7, for a request limit, a signature window and a first wait
    /// (2 s there, then 8, 30 and 60 s).
    pub fn new(
        request_limit: Duration,
        signature_window: Duration,
        look_up_after: Duration,
    ) -> Self {
        Self {
            answer_budget: Duration::from_millis(1_700),
            request_limit,
            signature_window,
            look_ups: [1, 4, 15, 30].map(|times| look_up_after * times).to_vec(),
            give_up_after: Duration::from_secs(20 * 60),
            sweep_every: (look_up_after / 4)
                .clamp(Duration::from_millis(20), Duration::from_millis(500)),
        }
    }

    /// The wait before the look-up that follows `looks` earlier ones.
    fn look_up_wait(&self, looks: u32) -> Duration {
        let at = usize::try_from(looks).unwrap_or(usize::MAX);
        let last = self
            .look_ups
            .last()
            .copied()
            .unwrap_or(Duration::from_secs(60));
        self.look_ups.get(at).copied().unwrap_or(last)
    }

    /// How long a history is searched before a change that it does not show is left to a moderator:
    /// two minutes with the usual waits (points-backends, 2.5).
    fn history_patience(&self) -> Duration {
        self.look_up_wait(u32::MAX) * 2
    }

    /// How long after a sending nothing of it can be alive any more.
    ///
    /// The window is counted on the points system's clock; where that is behind ours, a request lives
    /// so much longer. A tenth is one minute of the usual ten, beyond which the operator is warned.
    pub fn quiet_period(&self) -> Duration {
        self.request_limit + self.signature_window + self.signature_window / 10
    }
}

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

    /// A member's balance where the guild's rewards go.
    pub async fn balance(&self, guild: GuildId, member: UserId) -> Result<BalanceRead, ReadError> {
        let Some(systems) = self.inner.systems.get(&guild) else {
            return Err(no_backend());
        };
        let read = systems.rewards.balance(member).await?;
        self.note_read(guild, systems.rewards.system(), member, read);
        Ok(read)
    }

    /// A member's balance in the guild's system of that sort, where it uses one.
    pub async fn balance_in(
        &self,
        guild: GuildId,
        kind: SystemKind,
        member: UserId,
    ) -> Option<Result<BalanceRead, ReadError>> {
        let mut all = self.inner.systems.get(&guild)?.all();
        let backend = all.find(|backend| backend.system().kind() == kind)?;
        Some(backend.balance(member).await)
    }

    /// The balance that a change of this entry shows, in the system it was made in.
    pub(super) async fn balance_of(&self, entry: &Receipt) -> Result<BalanceRead, ReadError> {
        let Some(backend) = self.system_of(entry) else {
            return Err(no_backend());
        };
        let read = backend.balance(entry.member).await?;
        self.note_read(entry.guild, backend.system(), entry.member, read);
        Ok(read)
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

    /// The receipt with the balance read that its answer shows, where none was noted yet: after a
    /// change that is done, and where the balance did not suffice.
    ///
    /// A balance that cannot be read is left out: the outcome is the same.
    pub async fn with_balance(&self, mut receipt: Receipt) -> Receipt {
        let refusal = receipt.refusal.as_ref().map(|refused| refused.meaning);
        let shown = receipt.state.took_effect() || refusal == Some(PointsRefusal::Insufficient);
        if receipt.balance.is_some() || !shown {
            return receipt;
        }
        let Ok(balance) = self.balance_of(&receipt).await else {
            return receipt;
        };
        receipt.balance = Some(balance);
        if let Err(error) = self
            .inner
            .journal
            .note_balance(&receipt.code, balance)
            .await
        {
            tracing::warn!(receipt = %receipt.code, %error, "the balance after a change could not be noted");
        }
        receipt
    }

    /// Keeps the balance that was read for an entry, while its answer is already on its way.
    fn note_balance(&self, receipt: &Receipt) {
        let (journal, code) = (self.inner.journal.clone(), receipt.code.clone());
        let Some(balance) = receipt.balance else {
            return;
        };
        self.inner.tasks.spawn(async move {
            if let Err(error) = journal.note_balance(&code, balance).await {
                tracing::warn!(receipt = %code, %error, "the balance after a change could not be noted");
            }
        });
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

fn no_backend() -> ReadError {
    ReadError {
        refused: Refused {
            meaning: PointsRefusal::NoAccess,
            code: None,
            text: "no points system is set up for this guild".to_owned(),
        },
    }
}

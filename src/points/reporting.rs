//! Events reported to a points system that turns them into points by rules of its own.
//!
//! Invariants: a report is written before its first byte leaves; its id follows from the message, and
//! the system drops a repeated id, so after a doubt the same report is sent again: once within the
//! answer budget, then by a sweep, until `give_up_after`. A refusal counts only while no earlier sending
//! can have arrived. Both accounts were proved. While giving is stopped nothing is reported: it may give.
//!
//! Deliberately absent: points. The answer to a report does not say whether any were granted
//! (points-backends, 2.3.5).

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::journal::EventReport;
use crate::journal::JournalError;
use crate::journal::Refused;
use crate::journal::ReplyAddress;
use crate::journal::ReportIntent;
use crate::journal::ReportOpened;
use crate::journal::ReportState;
use crate::journal::ReportTicket;
use crate::model::Account;
use crate::model::Freeze;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::System;
use crate::model::SystemKind;
use crate::model::UserId;
use crate::model::refusal::PointsRefusal;
use crate::permissions::Granted;
use crate::points::DoubtKind;
use crate::points::Points;
use crate::points::PointsBackend;
use crate::points::ReadError;
use crate::points::Verdict;
use crate::points::change::millis;
use crate::points::links::not_linked;

/// The kind of account that may report (points-backends, 2.3.5).
const STAFF: &str = "staff";

/// Reports taken from the journal in one sweep.
const A_SWEEP: usize = 64;

/// A report somebody asks for.
#[derive(Clone, Debug)]
pub struct ReportOrder {
    /// The message with the command.
    pub message: MessageId,
    /// The system.
    pub system: System,
    /// The event, as the system's console calls it.
    pub event: String,
    /// Who did it.
    pub member: UserId,
    /// Where the answer belongs.
    pub reply: ReplyAddress,
}

/// What became of it within the answer budget.
#[derive(Debug)]
pub enum Reported {
    /// It is written, and stands so.
    Written(Box<EventReport>),
    /// The same message reported before; nothing happens again.
    Known,
}

/// Why a report was not even written down. Nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The system takes no reports, or is none of the guild's.
    #[error("the points system takes no reports")]
    Lacks,
    /// Giving is stopped in the guild, and a report may give.
    #[error("giving is stopped")]
    Frozen(Box<Freeze>),
    /// No account of the member is known there, or it could not be told.
    #[error("whose account is meant could not be told: {:?}", .0.refused.meaning)]
    Account(ReadError),
    /// No staff account of whoever reports is known there.
    #[error("whoever reports has no staff account there")]
    NoStaff,
    /// The journal refused.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// Where a guild's reports go when nobody says where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reporter {
    /// There.
    One(System),
    /// One of these; nobody can tell which.
    Several(Vec<System>),
    /// Nowhere. What rewards go to is of this sort.
    None(SystemKind),
}

impl Points {
    /// Where reports of a guild go: where rewards do, or else its only other system that takes any.
    pub fn reporter(&self, guild: GuildId) -> Reporter {
        let Some(systems) = self.inner.systems.get(&guild) else {
            return Reporter::None(SystemKind::Mall);
        };
        let rewards = &systems.rewards;
        if rewards.report().is_some() {
            return Reporter::One(rewards.system().clone());
        }
        let further = systems.further.iter();
        let mut further: Vec<System> = further
            .filter(|backend| backend.report().is_some())
            .map(|backend| backend.system().clone())
            .collect();
        match further.len() {
            0 => Reporter::None(rewards.system().kind()),
            1 => Reporter::One(further.remove(0)),
            _ => Reporter::Several(further),
        }
    }

    /// Reports an event, once for ever, and waits for the answer no longer than the answer budget.
    pub async fn report(
        &self,
        granted: &Granted,
        order: ReportOrder,
    ) -> Result<Reported, ReportError> {
        let budget_ends = Instant::now() + self.inner.times.answer_budget;
        let guild = granted.guild();
        let backend = self.taker(guild, order.system.name());
        let backend = backend.ok_or(ReportError::Lacks)?;
        if let Some(freeze) = self.inner.journal.frozen(guild).await? {
            return Err(ReportError::Frozen(Box::new(freeze)));
        }
        let staff = staff_account(backend, granted.by()).await?;
        let account = match backend.account(order.member).await {
            Ok(Some(account)) => account,
            Ok(None) => return Err(ReportError::Account(not_linked())),
            Err(error) => return Err(ReportError::Account(error)),
        };
        let asked = ReportIntent {
            message: order.message,
            guild,
            system: order.system.name().to_owned(),
            event: order.event,
            member: order.member,
            account,
            staff,
            reply: order.reply,
        };
        let next_ms = self.look_after_sending();
        let opened = self.inner.journal.open_report(granted, asked, next_ms);
        let ticket = match opened.await? {
            ReportOpened::New(ticket) => *ticket,
            ReportOpened::Known(_) => return Ok(Reported::Known),
        };
        let opened = ticket.report().clone();
        let Some(at_work) = self.take(&opened.op) else {
            return Ok(Reported::Written(Box::new(opened)));
        };
        let (settled, mut stands) = oneshot::channel();
        let points = self.clone();
        self.inner.tasks.spawn(async move {
            let sent = points.send_report(ticket, Some(budget_ends)).await;
            // Nobody waits any more where the budget is over.
            let _heard = settled.send(noted(sent));
            drop(at_work);
            points.inner.settled.notify_one();
        });
        let stands = tokio::time::timeout_at(budget_ends, &mut stands).await;
        let stands = stands.ok().and_then(Result::ok).flatten();
        Ok(Reported::Written(Box::new(stands.unwrap_or(opened))))
    }

    /// Begins to send again whatever is due and nobody has in hand.
    pub(super) async fn sweep_reports(&self) -> Result<(), JournalError> {
        let now = self.inner.clock.now_ms();
        for report in self.inner.journal.open_reports(now, A_SWEEP).await? {
            let Some(at_work) = self.take(&report.op) else {
                continue;
            };
            let points = self.clone();
            self.inner.tasks.spawn(async move {
                let _permit = points.inner.looking.acquire().await;
                let next_ms = points.look_after_sending();
                let sent = match points.inner.journal.resend_report(&report, next_ms).await {
                    Ok(Some(ticket)) => points.send_report(ticket, None).await,
                    Ok(None) => Ok(report),
                    Err(error) => Err(error),
                };
                if noted(sent).is_some_and(|report| report.state.is_final()) {
                    points.inner.settled.notify_one();
                }
                drop(at_work);
            });
        }
        Ok(())
    }

    /// Sends a report, and once more where `again_until` is not over yet; notes what came of it.
    async fn send_report(
        &self,
        mut ticket: ReportTicket,
        mut again_until: Option<Instant>,
    ) -> Result<EventReport, JournalError> {
        let journal = &self.inner.journal;
        loop {
            let asked = &ticket.report().asked;
            let taker = self.taker(asked.guild, &asked.system);
            let verdict = match taker.and_then(|backend| backend.report()) {
                Some(taker) => taker.report(&ticket).await,
                None => Verdict::NotSent("the points system is not set up any more".to_owned()),
            };
            let before = ticket.was_in_doubt();
            let (op, system) = (&ticket.report().op, &asked.system);
            let (in_doubt, wait) = match verdict {
                Verdict::Applied => return journal.end_report(op, ReportState::Accepted).await,
                Verdict::Refused(refused) if !before => {
                    tracing::warn!(
                        %op, %system, meaning = ?refused.meaning, code = refused.code,
                        text = ?refused.text, "a report was refused"
                    );
                    return journal.end_report(op, ReportState::Refused(refused)).await;
                }
                // Of the earlier sending that says nothing.
                Verdict::Refused(refused) => {
                    tracing::warn!(%op, %system, text = ?refused.text, "a report in doubt was refused");
                    (true, None)
                }
                Verdict::NotSent(why) => {
                    tracing::warn!(%op, %system, ?why, "a report could not be sent");
                    (before, None)
                }
                Verdict::Unknown(doubt) => {
                    tracing::warn!(%op, %system, text = ?doubt.text, "whether a report was taken is not known");
                    match doubt.kind {
                        DoubtKind::TooFast { retry_after } => (before, retry_after),
                        _ => (true, None),
                    }
                }
            };
            let at_once = again_until.take().filter(|until| Instant::now() < *until);
            if at_once.is_some() && wait.is_none() {
                let learnt = EventReport {
                    in_doubt,
                    ..ticket.report().clone()
                };
                let next_ms = self.look_after_sending();
                match journal.resend_report(&learnt, next_ms).await? {
                    Some(resent) => ticket = resent,
                    None => return Ok(learnt),
                }
                continue;
            }
            return self.put_off(ticket, in_doubt, wait).await;
        }
    }

    /// Leaves a report for later, or ends it where that has gone on too long.
    async fn put_off(
        &self,
        ticket: ReportTicket,
        in_doubt: bool,
        wait: Option<Duration>,
    ) -> Result<EventReport, JournalError> {
        let (now, times) = (self.inner.clock.now_ms(), &self.inner.times);
        let report = ticket.report();
        if now - report.written_ms >= millis(times.give_up_after) {
            tracing::warn!(op = %report.op, in_doubt, "a report is given up");
            let state = match in_doubt {
                true => ReportState::Unknown,
                false => ReportState::Refused(Refused {
                    meaning: PointsRefusal::Unavailable,
                    code: None,
                    text: "the points system was not reached".to_owned(),
                }),
            };
            return self.inner.journal.end_report(&report.op, state).await;
        }
        // The first two sendings are one: the second follows at once.
        let wait = wait.unwrap_or_else(|| times.look_up_wait(report.tries.saturating_sub(2)));
        let next_ms = now + millis(wait);
        self.inner
            .journal
            .postpone_report(ticket, in_doubt, next_ms)
            .await
    }

    /// The system of that name, if it is the guild's and takes reports.
    fn taker(&self, guild: GuildId, system: &str) -> Option<&Arc<dyn PointsBackend>> {
        let mut all = self.inner.systems.get(&guild)?.all();
        let backend = all.find(|backend| backend.system().name() == system)?;
        backend.report().is_some().then_some(backend)
    }

    /// When a report that is sent now is looked after, should nobody note what came of it.
    fn look_after_sending(&self) -> i64 {
        self.inner.clock.now_ms() + millis(self.inner.times.request_limit)
    }
}

async fn staff_account(
    backend: &Arc<dyn PointsBackend>,
    reporter: UserId,
) -> Result<Account, ReportError> {
    match backend.account(reporter).await {
        Ok(account) => account
            .filter(|account| account.kind() == STAFF)
            .ok_or(ReportError::NoStaff),
        Err(error) if error.refused.meaning == PointsRefusal::NotLinked => {
            Err(ReportError::NoStaff)
        }
        Err(error) => Err(ReportError::Account(error)),
    }
}

/// The report as noted; what could not be noted is sent again by the sweep.
fn noted(sent: Result<EventReport, JournalError>) -> Option<EventReport> {
    sent.inspect_err(|error| tracing::error!(%error, "what came of a report could not be noted"))
        .ok()
}

//! Events reported to a points system: written before the first byte leaves, followed until settled.
//!
//! Invariants:
//! - A message reports once for ever; its id follows from it, and the system drops a repeated id, so
//!   the same report may be sent again after any doubt (points-backends, 2.3.5).
//! - Only a `ReportTicket` can be sent, and it exists only after the sending was written down.
//! - A settled report never changes how it ended. Of two who want to send one again, one gets a ticket.
//! - While a sending is under way the row says that it may have arrived: a process that dies then must
//!   not take a later refusal for the whole truth.
//!
//! Deliberately absent: points. Nobody is told of any, so nothing counts towards a quota.

use crate::journal::Journal;
use crate::journal::entry::Durability;
use crate::journal::entry::Refused;
use crate::journal::entry::ReplyAddress;
use crate::journal::entry::Told;
use crate::journal::error::JournalError;
use crate::journal::report_rules::ReportWrite;
use crate::journal::sides::Side;
use crate::journal::sides::SideDone;
use crate::journal::store::Answer;
use crate::journal::store::storable;
use crate::model::Account;
use crate::model::Cause;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::OpId;
use crate::model::UserId;
use crate::permissions::Granted;

/// A report somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportIntent {
    /// The message with the command. The report's id follows from it and the member.
    pub message: MessageId,
    /// Where it was sent.
    pub guild: GuildId,
    /// The system, as named in the settings.
    pub system: String,
    /// The event, as the system's console calls it.
    pub event: String,
    /// Who did it.
    pub member: UserId,
    /// Their account, as proved.
    pub account: Account,
    /// The account of whoever reports, as proved.
    pub staff: Account,
    /// Where the answer belongs.
    pub reply: ReplyAddress,
}

/// A report as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventReport {
    /// Its id over there.
    pub op: OpId,
    /// What was asked for.
    pub asked: ReportIntent,
    /// Who asked.
    pub reporter: UserId,
    /// When, in milliseconds since 1970.
    pub written_ms: i64,
    /// Sendings, one that is under way included.
    pub tries: u32,
    /// Whether a sending may have arrived without an answer that was heard.
    pub in_doubt: bool,
    /// When it is to be sent again, or how it ended to be told, in milliseconds since 1970.
    pub next_ms: i64,
    /// How it stands.
    pub state: ReportState,
    /// What was said of it.
    pub told: Told,
}

/// How a report stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReportState {
    /// It was sent, or is about to be, and nothing is settled.
    Sent,
    /// The system took it. That says nothing of points.
    Accepted,
    /// It was not carried out.
    Refused(Refused),
    /// Nobody can tell, and it is not sent again.
    Unknown,
}

impl ReportState {
    /// Whether it can still change.
    pub fn is_final(&self) -> bool {
        *self != Self::Sent
    }
}

/// The right to send a report once; the sending is written down.
#[derive(Debug)]
pub struct ReportTicket {
    report: EventReport,
    was_in_doubt: bool,
}

impl ReportTicket {
    /// The report.
    pub fn report(&self) -> &EventReport {
        &self.report
    }

    /// Whether an earlier sending may have arrived.
    pub fn was_in_doubt(&self) -> bool {
        self.was_in_doubt
    }
}

/// What became of writing a report down.
#[derive(Debug)]
pub enum ReportOpened {
    /// It may be sent.
    New(Box<ReportTicket>),
    /// Its message was here before; nothing happens again.
    Known(Box<EventReport>),
}

/// What became of it.
#[derive(Clone, Debug)]
pub(super) struct ReportDone {
    /// The report as it stands now.
    pub report: Option<EventReport>,
    /// Whether the write changed anything.
    pub changed: bool,
}

/// The reading side.
pub(super) trait ReportStore {
    /// The report of that message.
    fn report(&self, message: MessageId) -> Answer<'_, Option<EventReport>>;
    /// Reports that are not settled and due, oldest first.
    fn open_reports(&self, due_ms: i64, limit: usize) -> Answer<'_, Vec<EventReport>>;
    /// Reports whose end is to be told and due, and open ones written by then of which nothing was
    /// said.
    fn untold_reports(
        &self,
        due_ms: i64,
        spoken_ms: i64,
        limit: usize,
    ) -> Answer<'_, Vec<EventReport>>;
}

impl Journal {
    /// Writes a report down, to be sent at once; nobody else looks after it before `next_ms`.
    pub async fn open_report(
        &self,
        granted: &Granted,
        asked: ReportIntent,
        next_ms: i64,
    ) -> Result<ReportOpened, JournalError> {
        if granted.guild() != asked.guild {
            return Err(JournalError::OtherGuild {
                granted: granted.guild(),
                intended: asked.guild,
            });
        }
        let cause = Cause::Message {
            message: asked.message,
            line: 0,
            member: asked.member,
        };
        let report = EventReport {
            op: OpId::of(self.shared.bot, &cause),
            reporter: granted.by(),
            written_ms: self.shared.clock.now_ms(),
            tries: 1,
            in_doubt: true,
            next_ms,
            state: ReportState::Sent,
            told: Told::Nothing,
            asked: ReportIntent {
                event: storable(asked.event),
                ..asked
            },
        };
        let done = self
            .report_write(ReportWrite::Open(Box::new(report)))
            .await?;
        let report = done.report.ok_or(JournalError::Changed)?;
        Ok(match done.changed {
            true => ReportOpened::New(Box::new(ReportTicket {
                report,
                was_in_doubt: false,
            })),
            false => ReportOpened::Known(Box::new(report)),
        })
    }

    /// Notes that `report` is sent again; `None` where somebody else does, or it is settled.
    pub async fn resend_report(
        &self,
        report: &EventReport,
        next_ms: i64,
    ) -> Result<Option<ReportTicket>, JournalError> {
        let (op, tries) = (report.op.clone(), report.tries);
        let done = self
            .report_write(ReportWrite::Resend { op, tries, next_ms })
            .await?;
        let ticket = |report: EventReport, was_in_doubt| ReportTicket {
            report,
            was_in_doubt,
        };
        let resent = done.report.filter(|_| done.changed);
        Ok(resent.map(|resent| ticket(resent, report.in_doubt)))
    }

    /// Leaves a report for later, after a sending that settled nothing.
    pub async fn postpone_report(
        &self,
        ticket: ReportTicket,
        in_doubt: bool,
        next_ms: i64,
    ) -> Result<EventReport, JournalError> {
        let op = ticket.report.op;
        let write = ReportWrite::Postpone {
            op,
            in_doubt,
            next_ms,
        };
        self.report_written(write).await
    }

    /// Notes how a report ended; what ended before stays as it is.
    pub async fn end_report(
        &self,
        op: &OpId,
        state: ReportState,
    ) -> Result<EventReport, JournalError> {
        let write = ReportWrite::End {
            op: op.clone(),
            state,
            now_ms: self.shared.clock.now_ms(),
        };
        self.report_written(write).await
    }

    /// Notes what was said of a report, and in which message where one is known.
    pub async fn report_told(
        &self,
        op: &OpId,
        said: Option<MessageId>,
        told: Told,
    ) -> Result<EventReport, JournalError> {
        let op = op.clone();
        self.report_written(ReportWrite::Told { op, said, told })
            .await
    }

    /// Puts off telling how a report ended.
    pub async fn tell_report_later(&self, op: &OpId, next_ms: i64) -> Result<(), JournalError> {
        let op = op.clone();
        let write = ReportWrite::TellLater { op, next_ms };
        self.report_written(write).await.map(drop)
    }

    /// The report of a message.
    pub async fn report_of(&self, message: MessageId) -> Result<Option<EventReport>, JournalError> {
        self.read(self.shared.store.report(message)).await
    }

    /// Reports that are not settled and due at that moment, oldest first.
    pub async fn open_reports(
        &self,
        due_ms: i64,
        limit: usize,
    ) -> Result<Vec<EventReport>, JournalError> {
        self.read(self.shared.store.open_reports(due_ms, limit))
            .await
    }

    /// Reports of which something is to be said: how they ended, where that is due, and open ones
    /// written by `spoken_ms` of which nothing was said.
    pub async fn untold_reports(
        &self,
        due_ms: i64,
        spoken_ms: i64,
        limit: usize,
    ) -> Result<Vec<EventReport>, JournalError> {
        let untold = self.shared.store.untold_reports(due_ms, spoken_ms, limit);
        self.read(untold).await
    }

    async fn report_written(&self, write: ReportWrite) -> Result<EventReport, JournalError> {
        let done = self.report_write(write).await?;
        done.report.ok_or(JournalError::Changed)
    }

    async fn report_write(&self, write: ReportWrite) -> Result<ReportDone, JournalError> {
        let side = Side::Report(Box::new(write));
        match self.beside(Durability::Now, side).await? {
            SideDone::Report(done) => Ok(*done),
            _ => Err(JournalError::Changed),
        }
    }
}

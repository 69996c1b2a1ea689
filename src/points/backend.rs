//! What a points system can do. An ability it lacks is `None`, so it cannot be called by mistake.

use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::journal::BalanceRead;
use crate::journal::Receipt;
use crate::journal::Refused;
use crate::journal::ReportTicket;
use crate::journal::Ticket;
use crate::model::Account;
use crate::model::Amount;
use crate::model::OpId;
use crate::model::System;
use crate::model::UserId;

/// One points system, seen from one guild.
pub trait PointsBackend: Send + Sync + 'static {
    /// Which it is, as the settings name it.
    fn system(&self) -> &System;

    /// The balance of one member.
    fn balance(&self, member: UserId) -> BoxFuture<'_, Result<BalanceRead, ReadError>>;

    /// The account that was proved to be the member's, where the member is known there by another id;
    /// `None` where not. Without a proved account there is no call: the error is `NotLinked`.
    fn account(&self, member: UserId) -> BoxFuture<'_, Result<Option<Account>, ReadError>> {
        let _the_member_itself = member;
        Box::pin(std::future::ready(Ok(None)))
    }

    /// Adding and deducting.
    fn adjust(&self) -> Option<&dyn Adjust> {
        None
    }

    /// Finding a change by its id.
    fn lookup(&self) -> Option<&dyn Lookup> {
        None
    }

    /// What came and went, as the system itself keeps it.
    fn history(&self) -> Option<&dyn History> {
        None
    }

    /// Many changes in one call.
    fn batch(&self) -> Option<&dyn Batch> {
        None
    }

    /// Many balances in one call.
    fn many(&self) -> Option<&dyn Many> {
        None
    }

    /// Reporting events.
    fn report(&self) -> Option<&dyn Report> {
        None
    }
}

/// Adding and deducting. One call is one attempt; it never retries.
pub trait Adjust: Send + Sync {
    /// What the system promises of an id sent twice.
    fn repeats(&self) -> Repeats;

    /// Whether points can be taken.
    fn taking(&self) -> Taking {
        Taking::Enabled
    }

    /// What a refusal says of earlier sendings of the same id.
    fn refusals(&self) -> Refusals {
        Refusals::OfThisSending
    }

    /// Sends the change once.
    fn adjust<'a>(&'a self, ticket: &'a Ticket) -> BoxFuture<'a, Verdict>;
}

/// Finding a change again.
pub trait Lookup: Send + Sync {
    /// What the system knows of the change that was sent for this entry.
    fn lookup<'a>(&'a self, entry: &'a Receipt) -> BoxFuture<'a, Result<Record, LookupError>>;

    /// How it is found.
    fn by(&self) -> FoundBy {
        FoundBy::Id
    }
}

/// What came and went, newest first.
pub trait History: Send + Sync {
    /// One page of a member's changes.
    fn page<'a>(
        &'a self,
        member: UserId,
        wanted: &'a HistoryWanted,
    ) -> BoxFuture<'a, Result<HistoryPage, ReadError>>;
}

/// Many balances in one call.
pub trait Many: Send + Sync {
    /// The largest number of members a call may carry.
    fn most(&self) -> usize;

    /// The balances, in the order of the members. However many are asked for, it makes as few calls
    /// as the system allows.
    fn balances<'a>(
        &'a self,
        members: &'a [UserId],
    ) -> BoxFuture<'a, Vec<Result<BalanceRead, ReadError>>>;
}

/// Many changes in one call. One call is one attempt.
pub trait Batch: Send + Sync {
    /// The largest number of tickets a call may carry.
    fn most(&self) -> usize;

    /// Sends the changes once; the verdicts stand in the order of the tickets.
    ///
    /// The tickets must name different members: results carry no id, only the member.
    fn adjust_many<'a>(&'a self, tickets: &'a [Ticket]) -> BoxFuture<'a, Vec<Verdict>>;
}

/// Reporting events, which the system itself turns into points or not.
pub trait Report: Send + Sync {
    /// Sends the report once. Applied means that it was taken, not that points were granted; the
    /// system drops a repeated id, so it may be sent again (points-backends, 2.3.5).
    fn report<'a>(&'a self, ticket: &'a ReportTicket) -> BoxFuture<'a, Verdict>;
}

/// May the same id be sent again?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeats {
    /// The system drops the second sending.
    Dropped,
    /// Nothing is promised, or the promise is not known to hold in this deployment.
    Unpromised,
}

/// What a refusal says of earlier sendings of the same id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusals {
    /// Nothing: one that was lost may still take effect, so a refusal is held until it cannot.
    OfThisSending,
    /// None of them took effect or ever will.
    Final,
}

/// Whether points can be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taking {
    /// They can.
    Enabled,
    /// The operator has not enabled it (points-backends, 2.3.4).
    NotEnabled,
}

/// How a change is found again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundBy {
    /// By its id: what is not found is unused.
    Id,
    /// By searching the newest history for its mark: what is not found may only not show yet, so it
    /// proves nothing by itself (points-backends, 2.5).
    History,
}

/// A page of a history, as asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryWanted {
    /// Which page, from 0.
    pub page: u32,
    /// Rows of a page, 1 to 20.
    pub size: usize,
    /// Which rows.
    pub direction: Direction,
}

/// Which way points went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Either way.
    #[default]
    Both,
    /// What was added.
    In,
    /// What was taken away.
    Out,
}

/// A page of a history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryPage {
    /// Newest first.
    pub rows: Vec<HistoryRow>,
    /// Whether there is a page after it.
    pub more: bool,
}

/// A change as the points system itself tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryRow {
    /// By how much; below 0 was taken away.
    pub points: i64,
    /// What for, in the system's words. Untrusted text.
    pub what: String,
    /// When, in milliseconds since 1970, where it says.
    pub at_ms: Option<i64>,
    /// The id of ours it carries, where it is a change the bot made.
    pub op: Option<OpId>,
}

/// What came of one sending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The points system has confirmed it.
    Applied,
    /// The points system has clearly not carried it out.
    Refused(Refused),
    /// No byte of it left: connecting failed.
    NotSent(String),
    /// It may or may not have been carried out.
    Unknown(Doubt),
}

/// Why an outcome is unknown, by what may be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// What kind of doubt.
    pub kind: DoubtKind,
    /// The system's code or the HTTP status, for staff.
    pub code: Option<i64>,
    /// What was seen, for staff and logs; no secret, no address. Untrusted text.
    pub text: String,
}

/// Kinds of doubt (points-backends, 1.6 and 1.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DoubtKind {
    /// Time-out, reset, 5xx, unreadable answer: it may still land.
    Lost,
    /// 401 or 403: probably refused, but a copy may have got through.
    AccessRefused,
    /// 60005 or a code nobody documents: probably not carried out.
    Declined,
    /// The id was used before, perhaps by a lost attempt of ours.
    Duplicate,
    /// 429: not carried out, as far as one knows.
    TooFast {
        /// The stated wait, already capped.
        retry_after: Option<Duration>,
    },
}

/// What a look-up found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// A change under this id.
    Found {
        /// Whose points, if readable.
        member: Option<UserId>,
        /// By how much, if that can be an amount at all.
        amount: Option<Amount>,
    },
    /// The id is unused.
    Unused,
}

/// Why a look-up told nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookupError {
    /// The deployment has no look-up (404 for a well-formed call).
    Missing,
    /// The access as a whole is refused (401, 403, banned, unknown app).
    AccessRefused {
        /// The system's code or the HTTP status, for staff.
        code: Option<i64>,
        /// The system's text. Untrusted text.
        text: String,
    },
    /// Anything else: no information.
    NoInformation {
        /// What was seen, for logs.
        text: String,
    },
}

/// Why a balance could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// What it means to people, with the system's own code and text for staff.
    pub refused: Refused,
}

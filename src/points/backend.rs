//! What a points system can do. An ability it lacks is `None`, so it cannot be called by mistake.

use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::journal::BalanceRead;
use crate::journal::Refused;
use crate::journal::Ticket;
use crate::model::Amount;
use crate::model::OpId;
use crate::model::UserId;

/// One points system, seen from one guild.
pub trait PointsBackend: Send + Sync + 'static {
    /// Its name in the settings: `mall`.
    fn name(&self) -> &str;

    /// The balance of one member.
    fn balance(&self, member: UserId) -> BoxFuture<'_, Result<BalanceRead, ReadError>>;

    /// Adding and deducting.
    fn adjust(&self) -> Option<&dyn Adjust> {
        None
    }

    /// Finding a change by its id.
    fn lookup(&self) -> Option<&dyn Lookup> {
        None
    }

    /// Many changes in one call.
    fn batch(&self) -> Option<&dyn Batch> {
        None
    }
}

/// Adding and deducting. One call is one attempt; it never retries.
pub trait Adjust: Send + Sync {
    /// What the system promises of an id sent twice.
    fn repeats(&self) -> Repeats;

    /// Sends the change once.
    fn adjust<'a>(&'a self, ticket: &'a Ticket) -> BoxFuture<'a, Verdict>;
}

/// Finding a change by its id.
pub trait Lookup: Send + Sync {
    /// What the system knows under `op`.
    fn lookup<'a>(&'a self, op: &'a OpId) -> BoxFuture<'a, Result<Record, LookupError>>;
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

/// May the same id be sent again?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeats {
    /// The system drops the second sending.
    Dropped,
    /// Nothing is promised, or the promise is not known to hold in this deployment.
    Unpromised,
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

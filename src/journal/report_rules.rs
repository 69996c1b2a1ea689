//! What may be written about a reported event, and how its states are kept: the same for every engine.

use crate::journal::entry::Refused;
use crate::journal::entry::Told;
use crate::journal::reports::EventReport;
use crate::journal::reports::ReportState;
use crate::model::MessageId;
use crate::model::OpId;

/// A write that concerns a report.
#[derive(Clone, Debug)]
pub(super) enum ReportWrite {
    /// It is asked for.
    Open(Box<EventReport>),
    /// Another sending follows, if nobody else has noted one since.
    Resend { op: OpId, tries: u32, next_ms: i64 },
    /// A sending settled nothing.
    Postpone {
        op: OpId,
        in_doubt: bool,
        next_ms: i64,
    },
    /// It ended.
    End {
        op: OpId,
        state: ReportState,
        now_ms: i64,
    },
    /// Something was said of it, or cannot be.
    Told {
        op: OpId,
        said: Option<MessageId>,
        told: Told,
    },
    /// Saying it did not work and is put off.
    TellLater { op: OpId, next_ms: i64 },
}

impl ReportWrite {
    /// Which report it is about.
    pub(super) fn op(&self) -> &OpId {
        match self {
            Self::Open(report) => &report.op,
            Self::Resend { op, .. }
            | Self::Postpone { op, .. }
            | Self::End { op, .. }
            | Self::Told { op, .. }
            | Self::TellLater { op, .. } => op,
        }
    }

    /// What is to be written, seeing what is there; `None` where the rules leave it as it is. The same
    /// for every engine.
    pub(super) fn on(&self, found: Option<&EventReport>) -> Option<EventReport> {
        if let (Self::Open(report), None) = (self, found) {
            return Some((**report).clone());
        }
        let mut report = found?.clone();
        let open = !report.state.is_final();
        match self {
            Self::Open(_) => return None,
            Self::Resend { tries, next_ms, .. } if open && report.tries == *tries => {
                report.tries += 1;
                report.in_doubt = true;
                report.next_ms = *next_ms;
            }
            Self::Postpone {
                in_doubt, next_ms, ..
            } if open => {
                report.in_doubt = *in_doubt;
                report.next_ms = *next_ms;
            }
            Self::End { state, now_ms, .. } if open => {
                report.state = state.clone();
                report.next_ms = *now_ms;
            }
            Self::Resend { .. } | Self::Postpone { .. } | Self::End { .. } => return None,
            Self::Told { said, told, .. } => {
                report.asked.reply.said = said.or(report.asked.reply.said);
                // A late "not confirmed yet" is no last word.
                if report.told != Told::Final {
                    report.told = *told;
                }
            }
            Self::TellLater { next_ms, .. } => report.next_ms = *next_ms,
        }
        Some(report)
    }
}

/// How states are kept; what stands beside it tells why one was refused.
pub(super) const ACCEPTED: &str = "accepted";
/// A refusal.
pub(super) const REFUSED: &str = "refused";
/// Nothing is settled.
pub(super) const SENT: &str = "sent";
/// Nobody can tell.
pub(super) const UNKNOWN: &str = "unknown";

impl ReportState {
    /// The word it is kept as.
    pub(super) fn kept(&self) -> &'static str {
        match self {
            Self::Sent => SENT,
            Self::Accepted => ACCEPTED,
            Self::Refused(_) => REFUSED,
            Self::Unknown => UNKNOWN,
        }
    }

    /// The state kept as `word`, with what stands beside it.
    pub(super) fn read(word: &str, refused: Option<Refused>) -> Option<Self> {
        Some(match (word, refused) {
            (SENT, _) => Self::Sent,
            (ACCEPTED, _) => Self::Accepted,
            (REFUSED, Some(refused)) => Self::Refused(refused),
            (UNKNOWN, _) => Self::Unknown,
            _ => return None,
        })
    }

    /// Why it was refused.
    pub(super) fn refused(&self) -> Option<&Refused> {
        match self {
            Self::Refused(refused) => Some(refused),
            Self::Sent | Self::Accepted | Self::Unknown => None,
        }
    }
}

//! What an answer of Swan means for points.
//!
//! No error is documented, so each is classed by how certain it is (source: points-backends, 2.4): a
//! change is refused only where nothing can have been carried out; whatever is less clear is unknown.
//! Codes are Swan's own and appear nowhere but in the text for staff; the status is the code.

use super::answer::Answer;
use super::answer::Failure;
use super::answer::FailureKind;
use super::ledger;
use super::ledger::LedgerPage;
use super::ledger::Statement;
use super::ledger::Unreadable;
use crate::journal::Refused;
use crate::model::Account;
use crate::model::refusal::PointsRefusal;
use crate::points::Doubt;
use crate::points::DoubtKind;
use crate::points::LookupError;
use crate::points::ReadError;
use crate::points::Verdict;

/// The balance of `asked`, in points.
pub(super) fn balance(answer: Answer, asked: &Account) -> Result<i64, ReadError> {
    match answer {
        Answer::Body(fields) => ledger::balance(&fields, asked).map_err(unreadable),
        other => Err(unread(other)),
    }
}

/// The balance of `asked` and the newest of its ledger.
pub(super) fn statement(answer: Answer, asked: &Account) -> Result<Statement, ReadError> {
    match answer {
        Answer::Body(fields) => ledger::statement(&fields, asked).map_err(unreadable),
        other => Err(unread(other)),
    }
}

/// A page of a ledger.
pub(super) fn page(answer: Answer) -> Result<LedgerPage, ReadError> {
    match answer {
        Answer::Body(fields) => ledger::page(&fields).map_err(unreadable),
        other => Err(unread(other)),
    }
}

/// The verdict on one change, or on one report.
pub(super) fn change(answer: Answer) -> Verdict {
    let failure = match answer {
        Answer::Body(_) => return Verdict::Applied,
        Answer::Failed(failure) => failure,
        Answer::Unclear { status, seen } => {
            return doubt(DoubtKind::Lost, status, seen);
        }
        Answer::NotSent { seen } => return Verdict::NotSent(seen),
    };
    let status = Some(failure.status);
    let meaning = match failure.kind {
        FailureKind::Refused => PointsRefusal::Declined,
        FailureKind::NoEntry => PointsRefusal::NoAccess,
        FailureKind::Missing { .. } => PointsRefusal::NoAccount,
        FailureKind::Clash => return doubt(DoubtKind::Duplicate, status, failure.text),
        FailureKind::TooFast { retry_after } => {
            return doubt(DoubtKind::TooFast { retry_after }, status, failure.text);
        }
        FailureKind::Declined => return doubt(DoubtKind::Declined, status, failure.text),
        FailureKind::Broken => return doubt(DoubtKind::Lost, status, failure.text),
    };
    Verdict::Refused(Refused {
        meaning,
        code: status.map(i64::from),
        text: failure.text,
    })
}

/// Why a ledger that was to be searched told nothing.
pub(super) fn unsearched(error: ReadError) -> LookupError {
    let Refused {
        meaning,
        code,
        text,
    } = error.refused;
    match meaning {
        PointsRefusal::NoAccess => LookupError::AccessRefused { code, text },
        _ => LookupError::NoInformation {
            text: match code {
                Some(code) => format!("status {code}: {text}"),
                None => text,
            },
        },
    }
}

fn unread(answer: Answer) -> ReadError {
    let (meaning, status, text) = match answer {
        Answer::Failed(Failure {
            kind, status, text, ..
        }) => {
            let meaning = match kind {
                FailureKind::NoEntry => PointsRefusal::NoAccess,
                FailureKind::Missing { .. } => PointsRefusal::NoAccount,
                FailureKind::TooFast { .. } => PointsRefusal::TooFast,
                FailureKind::Refused
                | FailureKind::Clash
                | FailureKind::Declined
                | FailureKind::Broken => PointsRefusal::Unavailable,
            };
            (meaning, Some(status), text)
        }
        Answer::Unclear { status, seen } => (PointsRefusal::Unavailable, status, seen),
        Answer::NotSent { seen } => (PointsRefusal::Unavailable, None, seen),
        Answer::Body(_) => return unreadable("an answer to another question"),
    };
    ReadError {
        refused: Refused {
            meaning,
            code: status.map(i64::from),
            text,
        },
    }
}

fn unreadable(seen: Unreadable) -> ReadError {
    ReadError {
        refused: Refused {
            meaning: PointsRefusal::Unavailable,
            code: None,
            text: seen.to_owned(),
        },
    }
}

fn doubt(kind: DoubtKind, status: Option<u16>, text: String) -> Verdict {
    Verdict::Unknown(Doubt {
        kind,
        code: status.map(i64::from),
        text,
    })
}

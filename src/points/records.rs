//! An entry of the journal held against the points system's own record, for operators.
//!
//! It only looks; nothing is settled from here.

use crate::journal::Receipt;
use crate::journal::Refused;
use crate::journal::State;
use crate::model::Amount;
use crate::model::UserId;
use crate::points::FoundBy;
use crate::points::LookupError;
use crate::points::PointsBackend;
use crate::points::Record;
use crate::points::heard::Heard;

pub use crate::points::heard::Last;

/// What was last heard of an entry's sendings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastHeard {
    /// What the last sending came to.
    pub last: Last,
    /// The last code, for staff.
    pub code: Option<i64>,
    /// The last text, for staff. Untrusted text.
    pub text: String,
    /// The refusal that is held back while a sending may still take effect.
    pub held: Option<Refused>,
}

/// What was last heard of an entry's sendings, as `reconcile` keeps it.
pub fn last_heard(entry: &Receipt) -> LastHeard {
    let heard = Heard::read(&entry.progress.heard);
    LastHeard {
        last: heard.last,
        code: heard.code,
        text: heard.text,
        held: heard.held.map(Refused::from),
    }
}

/// An entry beside the points system's record of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compared {
    /// They agree: done and recorded, undone since or not, or refused and not recorded.
    Agree,
    /// It is not settled; this is what the record says now.
    Open {
        /// Whether there is a record of just this change.
        recorded: bool,
    },
    /// The journal has it as done, the points system knows nothing of it.
    Unrecorded,
    /// The journal has it as refused, the points system has carried it out.
    CarriedOut,
    /// The points system has another change under its id.
    Other {
        /// Whose points, if readable.
        member: Option<UserId>,
        /// By how much, if possible.
        amount: Option<Amount>,
    },
    /// The points system cannot be asked for single changes.
    NoRecords,
    /// The record could not be read this time.
    Unread {
        /// What was seen, for staff. Untrusted text.
        text: String,
    },
}

/// Asks the points system for its record of an entry.
pub async fn compare(backend: &dyn PointsBackend, entry: &Receipt) -> Compared {
    let lookup = backend
        .lookup()
        .filter(|_| backend.system().name() == entry.system);
    let Some(lookup) = lookup else {
        return Compared::NoRecords;
    };
    match lookup.lookup(entry).await {
        Ok(Record::Found { member, amount }) => {
            let ours =
                member.is_none_or(|member| member == entry.member) && amount == Some(entry.amount);
            match entry.state {
                _ if !ours => Compared::Other { member, amount },
                state if state.took_effect() => Compared::Agree,
                State::Refused => Compared::CarriedOut,
                _ => Compared::Open { recorded: true },
            }
        }
        // Not shown is not unused: it agrees with a refusal and speaks against nothing.
        Ok(Record::Unused) if lookup.by() == FoundBy::History && entry.state != State::Refused => {
            Compared::Unread {
                text: "its history does not show this change, which proves nothing".to_owned(),
            }
        }
        Ok(Record::Unused) => match entry.state {
            state if state.took_effect() => Compared::Unrecorded,
            State::Refused => Compared::Agree,
            _ => Compared::Open { recorded: false },
        },
        Err(LookupError::Missing) => Compared::NoRecords,
        Err(LookupError::AccessRefused { code, text }) => Compared::Unread {
            text: match code {
                Some(code) => format!("{code} {text}"),
                None => text,
            },
        },
        Err(LookupError::NoInformation { text }) => Compared::Unread { text },
    }
}

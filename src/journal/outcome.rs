//! What becomes of what people ask the journal for.

use crate::journal::confirming::Confirmation;
use crate::journal::confirming::ConfirmationState;
use crate::journal::entry::Receipt;
use crate::journal::entry::Ticket;
use crate::model::Freeze;
use crate::model::decision::NotRuled;

/// What became of opening an intent.
#[derive(Debug)]
pub enum Opened {
    /// It is written and nobody else has its ticket.
    Fresh(Ticket),
    /// This cause was opened before; nothing was written.
    Known(Box<Receipt>),
    /// It is written and waits for somebody's approval; nobody may send it yet.
    Waiting(Box<Receipt>),
    /// A cap does not allow it; nothing was written.
    Over(Over),
    /// Giving is stopped in the guild; nothing was written.
    Frozen(Freeze),
    /// What it would undo is not done, or was undone; nothing was written. How that stands.
    NotUndoable(Option<Box<Receipt>>),
    /// The confirmation was used, cancelled or is too old; nothing was written.
    ConfirmationSpent(ConfirmationState),
}

/// What became of opening several intents of one command, all or none.
#[derive(Debug)]
pub enum OpenedAll {
    /// They are written as queued; nobody else has their tickets, in the order of the intents.
    Fresh(Vec<Ticket>),
    /// The command was opened before, at least in part; nothing was written.
    Known(Vec<Receipt>),
    /// They are written and wait for somebody's approval, all of them.
    Waiting(Vec<Receipt>),
    /// A cap does not allow them as a whole; nothing was written.
    Over(Over),
    /// Giving is stopped in the guild; nothing was written.
    Frozen(Freeze),
    /// The confirmation was used, cancelled or is too old; nothing was written.
    ConfirmationSpent(ConfirmationState),
}

/// The cap that does not allow a change, with the present figures in points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// One change may not be so large.
    Each {
        /// The largest allowed.
        cap: i64,
    },
    /// The day's sum would be too large.
    Day {
        /// Given today, open ones included, refused and undone ones not.
        used: i64,
        /// The quota.
        cap: i64,
    },
}

/// What became of a decision about the changes of a command, of which all have to wait.
#[derive(Debug)]
pub enum Decided {
    /// They may be sent; nobody else has their tickets.
    Approved(Vec<Ticket>),
    /// They are refused.
    Refused(Vec<Receipt>),
    /// The command has no changes.
    Nothing,
    /// The decision does not count; nothing was written.
    Not(NotRuled),
    /// Giving is stopped in the guild; nothing was written.
    Frozen(Freeze),
}

/// What became of stopping all giving.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Froze {
    /// It is stopped from now on.
    Now(Freeze),
    /// It was stopped before; nothing was written.
    Before(Freeze),
    /// A newer message has decided since, so this one arrives again; nothing was written.
    Stale,
}

/// What became of letting giving go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Thawed {
    /// It goes on from now on; what had stopped it.
    Now(Freeze),
    /// It was not stopped; nothing was written.
    NotFrozen,
    /// A newer message has decided since, so this one arrives again; nothing was written.
    Stale,
}

/// What became of asking for a confirmation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// It is written and waits for the button.
    Fresh,
    /// This message asked before; nothing was written.
    Known(Confirmation),
}

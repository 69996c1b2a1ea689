//! What people decide about changes, beside making them: undoing, approving, and stopping all giving.

use crate::model::ids::GuildId;
use crate::model::ids::UserId;
use crate::model::op_id::ReceiptCode;

/// Giving is stopped in a guild, until an administrator lets it go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Freeze {
    /// The guild.
    pub guild: GuildId,
    /// Who stopped it.
    pub by: UserId,
    /// Why, as typed. Untrusted text.
    pub reason: Option<String>,
    /// Since when, in milliseconds since 1970.
    pub since_ms: i64,
}

/// How much of a change an undo is to take back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of it, or nothing.
    Whole,
    /// As much as the member still has.
    WhatIsThere,
}

/// Why a change is not undone. Nothing was changed by asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotUndone {
    /// It is an undo itself.
    IsUndo {
        /// It.
        code: ReceiptCode,
    },
    /// It waits for approval, so nothing has moved.
    Waiting {
        /// It.
        code: ReceiptCode,
    },
    /// It is not settled.
    Open {
        /// It.
        code: ReceiptCode,
    },
    /// It was refused, so nothing has moved.
    WasRefused {
        /// It.
        code: ReceiptCode,
    },
    /// It was undone before, in full or in part.
    Already {
        /// It.
        code: ReceiptCode,
        /// What undid it.
        by: ReceiptCode,
    },
    /// An undo of it is not settled yet.
    UnderWay {
        /// It.
        code: ReceiptCode,
        /// The undo.
        by: ReceiptCode,
    },
    /// Somebody else gave it.
    NotYours {
        /// It.
        code: ReceiptCode,
    },
    /// Only an administrator may by now.
    TooLate {
        /// It.
        code: ReceiptCode,
        /// How long its giver could, in seconds.
        window_seconds: u64,
    },
    /// There is nothing left that could be taken back.
    NothingThere {
        /// It.
        code: ReceiptCode,
    },
    /// It was tried and refused too often.
    TooOften {
        /// It.
        code: ReceiptCode,
    },
    /// The asker has given nothing yet, so there is no last change.
    NoLast,
    /// The last command changed several members.
    Several {
        /// The changes.
        codes: Vec<ReceiptCode>,
    },
}

/// What somebody decides about a change that waits for approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// It may happen.
    Approve,
    /// It may not.
    Refuse {
        /// Why, as typed. Untrusted text.
        why: Option<String>,
    },
}

/// Why a decision about a change that waits does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotRuled {
    /// The decider asked for the change.
    Giver {
        /// It.
        code: ReceiptCode,
    },
    /// The decider's own points would change.
    Receiver {
        /// It.
        code: ReceiptCode,
    },
    /// It never needed approval.
    NotWaiting {
        /// It.
        code: ReceiptCode,
    },
    /// Somebody decided before.
    Decided {
        /// It.
        code: ReceiptCode,
        /// What they said.
        approved: bool,
        /// Who.
        by: UserId,
    },
    /// Nobody decided in time.
    Expired {
        /// It.
        code: ReceiptCode,
    },
    /// It is larger than the decider may move.
    AboveEach {
        /// It.
        code: ReceiptCode,
        /// Its size.
        asked: i64,
        /// The largest allowed.
        cap: i64,
    },
}

//! What one transaction of the writer asks, is told, and writes.
//!
//! Invariants: whatever changes something carries its condition with it, and the answer says whether that was
//! met. Deliberately absent: the rules that fill a batch (`rules` and its like), and SQL.

use std::collections::HashSet;
use std::sync::Arc;

use crate::journal::channels::Handled;
use crate::journal::confirming::Confirmation;
use crate::journal::confirming::ConfirmationState;
use crate::journal::entry::BalanceRead;
use crate::journal::entry::Decision;
use crate::journal::entry::Durability;
use crate::journal::entry::Progress;
use crate::journal::entry::Receipt;
use crate::journal::entry::Refused;
use crate::journal::entry::Settlement;
use crate::journal::entry::Shown;
use crate::journal::entry::State;
use crate::journal::entry::Told;
use crate::journal::owner::Stamp;
use crate::journal::selection::SettledBy;
use crate::journal::sides::Side;
use crate::journal::sides::SideDone;
use crate::journal::store::Quota;
use crate::model::Cause;
use crate::model::Freeze;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::ReceiptCode;
use crate::model::UserId;

/// What has to be known before a group of writes can be decided.
#[derive(Debug, Default)]
pub(super) struct Questions {
    /// Who writes; where it is not the owner, `NotOwner` is the only answer.
    pub stamp: Option<Arc<Stamp>>,
    /// Is there an entry already?
    pub causes: Vec<Cause>,
    /// Is the code taken?
    pub codes: Vec<ReceiptCode>,
    /// How much counts so far?
    pub quotas: Vec<Quota>,
    /// How do these confirmations stand?
    pub confirmations: Vec<MessageId>,
    /// Which entries do these messages have?
    pub commands: Vec<MessageId>,
    /// Is giving stopped in these guilds? Each once.
    pub guilds: Vec<GuildId>,
}

/// The answers, seen inside the writing transaction.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The entries there are.
    pub entries: Vec<Receipt>,
    /// The codes that are taken.
    pub codes: HashSet<ReceiptCode>,
    /// The sums, in the order of the questions.
    pub given: Vec<i64>,
    /// The confirmations there are, as written.
    pub confirmations: Vec<Confirmation>,
    /// Of the guilds in which giving was ever stopped, whether it is.
    pub freezes: Vec<FreezeStands>,
}

/// What one transaction writes.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Who writes; where it is not the owner, nothing is written and `NotOwner` answered.
    pub stamp: Option<Arc<Stamp>>,
    /// How durable its commit has to be. `Soon` only where nobody has looked.
    pub durability: Durability,
    /// New entries.
    pub entries: Vec<Receipt>,
    /// New confirmations.
    pub asked: Vec<Confirmation>,
    /// Confirmations that are used up or called off.
    pub confirmed: Vec<(MessageId, ConfirmationState)>,
    /// Guilds in which giving stops or goes on; written before any change, which may depend on it.
    pub freezes: Vec<FreezeChange>,
    /// Changes of single entries, each on a condition.
    pub changes: Vec<EntryChange>,
    /// Notes that concern no verdict.
    pub notes: Vec<Note>,
    /// What is written beside the entries.
    pub sides: Vec<Side>,
}

/// What became of the conditional part of a batch, in its order; `None` where the condition was not
/// met or nothing is there.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// The entries as they stand now.
    pub changes: Vec<Option<Receipt>>,
    /// For a note about telling, how often telling was put off; 0 for other notes.
    pub notes: Vec<Option<u32>>,
    /// What became of each write beside the entries.
    pub sides: Vec<SideDone>,
}

/// Whether giving is stopped in a guild.
#[derive(Clone, Debug)]
pub(super) struct FreezeStands {
    /// The guild.
    pub guild: GuildId,
    /// The newest message that stopped it or let it go on: an older one that arrives again is stale.
    pub message: MessageId,
    /// That it is stopped.
    pub freeze: Option<Freeze>,
}

/// Giving stops in a guild, or goes on.
#[derive(Clone, Debug)]
pub(super) enum FreezeChange {
    /// It stops.
    Begin {
        /// Who stopped it and why.
        freeze: Freeze,
        /// The message with the command.
        message: MessageId,
    },
    /// It goes on.
    End {
        /// Where.
        guild: GuildId,
        /// The message with the command.
        message: MessageId,
        /// Who lets it.
        by: UserId,
        /// When, in milliseconds since 1970.
        now_ms: i64,
    },
}

/// Whether anything of an entry may have left before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sending {
    /// Nothing has: what adds points is not sent while giving is stopped.
    First,
    /// Something may have: it goes on being settled.
    Again,
}

/// A change of one entry.
#[derive(Clone, Debug)]
pub(super) enum EntryChange {
    /// Another sending follows; only if nobody else has noted one since, and it is not settled.
    Resend {
        /// Which.
        cause: Cause,
        /// The sendings the caller knows of.
        sends: u32,
        /// Whether a stop of giving holds it back.
        sending: Sending,
        /// When, in milliseconds since 1970.
        now_ms: i64,
        /// When to look after it.
        next_look_ms: i64,
    },
    /// Somebody decided about it, or the time for that is over; only if it waits for that.
    Decide {
        /// Which.
        cause: Cause,
        /// What was decided.
        decision: Decision,
        /// When to look after it, if it may happen.
        next_look_ms: i64,
        /// Why it ends, if it may not.
        refused: Option<Refused>,
    },
    /// It stays open; on the same condition.
    Keep {
        /// Which.
        cause: Cause,
        /// The sendings the caller knows of.
        sends: u32,
        /// How it stands.
        state: State,
        /// What was learnt, sendings aside.
        progress: Progress,
        /// When, in milliseconds since 1970: what is handed over is to be told from then on.
        now_ms: i64,
    },
    /// It ends. A refusal on the same condition, a success only if it is not settled: what the
    /// points system confirmed stays true whoever sent it again meanwhile. The success of an undo
    /// is counted on what it undoes in the same transaction.
    Settle {
        /// Which.
        cause: Cause,
        /// The sendings the caller knows of.
        sends: u32,
        /// How often it was looked up.
        looks: u32,
        /// How it ended.
        settlement: Settlement,
        /// When, in milliseconds since 1970.
        now_ms: i64,
    },
    /// A person decided it; only if it still stands as they have seen it.
    ByHand {
        /// Which.
        cause: Cause,
        /// The sendings they know of.
        sends: u32,
        /// The state they have seen.
        state: State,
        /// How it ended.
        settlement: Settlement,
        /// Who decided, and why.
        decided: SettledBy,
        /// When, in milliseconds since 1970.
        now_ms: i64,
    },
    /// Its balance was read.
    Balance {
        /// Which.
        code: ReceiptCode,
        /// What was read.
        balance: BalanceRead,
    },
}

/// A note that concerns no verdict.
#[derive(Clone, Debug)]
pub(super) enum Note {
    /// What was said of all entries of a command, or of one undo. What is news of an entry since the
    /// message was put together counts as not said: its end, that it is left to a moderator, and that
    /// it waits for nobody's approval any more.
    Told {
        /// One of its causes.
        cause: Cause,
        /// The message that says it; `None` leaves what is known.
        said: Option<MessageId>,
        /// What it says.
        told: Told,
        /// How it shows each; the note is about these alone. Empty where nothing could be said: then
        /// it is about all.
        shown: Vec<Shown>,
    },
    /// Telling did not work and is put off.
    TellLater {
        /// One of its causes.
        cause: Cause,
        /// Until when, in milliseconds since 1970.
        next_ms: i64,
    },
    /// The message with the button.
    AskedSaid {
        /// The command.
        message: MessageId,
        /// Our message.
        said: MessageId,
    },
    /// How far channels are handled: each `since` and mark of refusal replaces what is known (a
    /// smaller `since` leaves it), notes up to it go, new ones come.
    Handled(
        /// What is to be noted.
        Handled,
    ),
    /// Channels and notes up to here go.
    ForgetChannels {
        /// The latest message to be forgotten.
        before: MessageId,
    },
    /// Proof that writing works.
    Probe {
        /// When, in milliseconds since 1970.
        now_ms: i64,
    },
}

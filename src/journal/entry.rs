//! The shapes the journal takes and gives.

use std::fmt;
use std::time::Duration;

use crate::journal::selection::SettledBy;
use crate::model::Account;
use crate::model::Amount;
use crate::model::Cause;
use crate::model::ChannelId;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::OpId;
use crate::model::ReceiptCode;
use crate::model::UserId;
use crate::model::refusal::PointsRefusal;

/// Where the journal is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct StoreSettings {
    /// `sqlite://PATH`, the path taken as written, or `postgres://ROLE:PASSWORD@HOST:PORT/DATABASE`.
    /// May hold a password, so it is never printed whole.
    ///
    /// `?mode=ro` only reads. In a file `?mode=rw` does not create and `?max_pages=N` limits its size
    /// in pages of 4,096 bytes; a database takes the settings of libpq, such as `?sslmode=verify-full`.
    pub url: String,
}

impl fmt::Debug for StoreSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.url.split_once(':').map_or("?", |(scheme, _)| scheme);
        write!(f, "StoreSettings({scheme}:..)")
    }
}

/// A change of points that somebody is allowed to make, before it is written.
#[derive(Clone, Debug)]
pub struct Intent {
    /// Why it exists. Its id follows from this.
    pub cause: Cause,
    /// The guild whose points move.
    pub guild: GuildId,
    /// The points system, as named in the settings: `mall`.
    pub system: String,
    /// Whose points move.
    pub member: UserId,
    /// Their name at that moment, for receipts. Untrusted text.
    pub member_name: String,
    /// By how much.
    pub amount: Amount,
    /// The reason as the giver typed it. Untrusted text.
    pub reason: Option<String>,
    /// The remark as it goes to the points system, already made fit for it.
    pub remark: String,
    /// Where the answer belongs.
    pub reply: ReplyAddress,
    /// The confirmation this intent uses up, in the same transaction.
    pub confirmation: Option<MessageId>,
    /// The account it is for over there, where that is not the member itself.
    pub account: Option<Account>,
    /// The day of the guild's calendar, as `model::period` numbers them.
    pub day: i64,
}

/// Where an answer belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplyAddress {
    /// The channel or private chat.
    pub channel: ChannelId,
    /// The message to answer.
    pub quoting: Option<MessageId>,
    /// A message of ours that already stands there and is to be edited.
    pub said: Option<MessageId>,
}

/// A stretch of time in milliseconds since 1970, begin included, end not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    /// First millisecond inside.
    pub from_ms: i64,
    /// First millisecond after.
    pub until_ms: i64,
}

/// Proof that an intent is on disk and that its bearer alone may send it.
///
/// Minted by the journal only: by `open` for the first caller and by `unsettled` for `reconcile`.
/// Dropping it leaves the entry open for the next sweep.
#[derive(Debug)]
pub struct Ticket {
    pub(super) receipt: Box<Receipt>,
}

impl Ticket {
    /// The entry as it stood when the ticket was minted.
    pub fn receipt(&self) -> &Receipt {
        &self.receipt
    }

    /// The id the points system knows the change by.
    pub fn op(&self) -> &OpId {
        &self.receipt.op
    }

    /// Counts a look-up, to be kept with whatever is noted next.
    pub fn looked(&mut self) {
        self.receipt.progress.looks = self.receipt.progress.looks.saturating_add(1);
    }
}

/// An entry of the journal, as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The code people find it by.
    pub code: ReceiptCode,
    /// The id the points system knows it by.
    pub op: OpId,
    /// Why it exists.
    pub cause: Cause,
    /// The guild.
    pub guild: GuildId,
    /// The points system.
    pub system: String,
    /// Who gave.
    pub giver: UserId,
    /// Whose points.
    pub member: UserId,
    /// Their name when it was written. Untrusted text.
    pub member_name: String,
    /// By how much.
    pub amount: Amount,
    /// The reason as typed. Untrusted text.
    pub reason: Option<String>,
    /// The remark as sent.
    pub remark: String,
    /// When it was written, in milliseconds since 1970.
    pub written_ms: i64,
    /// How it stands.
    pub state: State,
    /// What its sending has come to so far.
    pub progress: Progress,
    /// When it was settled.
    pub settled_ms: Option<i64>,
    /// The refusal, when `state` is refused.
    pub refusal: Option<Refused>,
    /// The balance read after it was done.
    pub balance: Option<BalanceRead>,
    /// Where its answer belongs.
    pub reply: ReplyAddress,
    /// What was said of it.
    pub told: Told,
    /// Who decided it and why, where looking things up did not.
    pub settled_by: Option<SettledBy>,
    /// The change this one undoes.
    pub undoes: Option<Undoes>,
    /// How much of it was undone for certain, absolute, in points.
    pub undone: i64,
    /// The approval it needs or needed.
    pub approval: Option<Approval>,
    /// The account it is for over there, where that is not the member itself; it stays the one that
    /// was tied to the member when the change was written.
    pub account: Option<Account>,
    /// The day of the guild's calendar it counts in, as `model::period` numbers them: that on which it
    /// was written, of an undo that of what it undoes.
    pub day: Option<i64>,
}

impl Receipt {
    /// What it takes of its giver's daily quota, in points: its size, less what was undone; nothing
    /// once refused. An undo takes nothing.
    pub fn counts(&self) -> i64 {
        match (self.state, self.cause) {
            (State::Refused, _) | (_, Cause::Undo { .. }) => 0,
            _ => (self.amount.size() - self.undone).max(0),
        }
    }

    /// What a message shows that is put together from this.
    pub fn shown(&self) -> Shown {
        Shown {
            cause: self.cause,
            state: self.state,
        }
    }

    /// The message whose answer tells of it: what is said is said for all entries of that message.
    pub fn told_under(&self) -> MessageId {
        match self.cause {
            Cause::Message { message, .. } => message,
            Cause::Undo { message, .. } => self.reply.quoting.unwrap_or(message),
        }
    }
}

/// What an undo is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undoes {
    /// The change that is undone.
    pub code: ReceiptCode,
    /// Its size, in points: an undo of less is a partial one.
    pub size: i64,
}

/// A second person's say about a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// The threshold the change is above, in points.
    pub over: i64,
    /// When it is refused if nobody has decided, in milliseconds since 1970.
    pub until_ms: i64,
    /// What was decided, once it was.
    pub decision: Option<Decision>,
}

/// What was decided about a change that waited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whether it may happen.
    pub approved: bool,
    /// Who decided; nobody where the time ran out.
    pub by: Option<UserId>,
    /// When, in milliseconds since 1970.
    pub ms: i64,
    /// Why, as typed. Untrusted text.
    pub why: Option<String>,
}

/// How a change stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Written; somebody has to approve it before anything is sent.
    Waiting,
    /// Written; the points system asked for patience, nothing is in doubt.
    Queued,
    /// Sent, and the answer is missing or cannot be believed yet.
    Unconfirmed,
    /// A refusal was heard while an earlier sending may still land.
    Held,
    /// Looking things up did not settle it; a moderator has to.
    Unresolved,
    /// The points system has confirmed it.
    Done,
    /// It was not and will not be carried out.
    Refused,
    /// The points system has confirmed it, and later its undo.
    Undone,
    /// The same, but not all of it was there to be taken back.
    PartlyUndone,
}

impl State {
    /// Whether nothing more will happen.
    pub fn is_final(self) -> bool {
        match self {
            State::Done | State::Refused | State::Undone | State::PartlyUndone => true,
            State::Waiting
            | State::Queued
            | State::Unconfirmed
            | State::Held
            | State::Unresolved => false,
        }
    }

    /// Whether the points system has confirmed it, whatever came later.
    pub fn took_effect(self) -> bool {
        matches!(self, State::Done | State::Undone | State::PartlyUndone)
    }

    /// How an entry stands that is kept as `self`, with what is kept beside: whether it waits for
    /// approval, and how much of its `size` was undone.
    pub(super) fn beside(self, waits: bool, undone: i64, size: i64) -> Self {
        match self {
            State::Queued if waits => State::Waiting,
            State::Done if undone >= size => State::Undone,
            State::Done if undone > 0 => State::PartlyUndone,
            state => state,
        }
    }

    /// What is kept of it as the state; the rest stands beside.
    pub(super) fn kept(self) -> Self {
        match self {
            State::Waiting => State::Queued,
            State::Undone | State::PartlyUndone => State::Done,
            state => state,
        }
    }
}

/// What the sending of an intent has come to. Owned by `points`; the journal keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// How often it was sent, noted before each sending.
    pub sends: u32,
    /// When it was last sent, in milliseconds since 1970, noted before the sending.
    pub last_sent_ms: i64,
    /// How often it was looked up.
    pub looks: u32,
    /// When `reconcile` should next look, in milliseconds since 1970.
    pub next_look_ms: i64,
    /// Since when it has been unsettled and looked after, for giving up.
    pub in_doubt_since_ms: Option<i64>,
    /// What was last heard, in a form only `points` reads (JSON).
    pub heard: String,
}

/// Why a points system did not carry a change out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// What it means to people.
    pub meaning: PointsRefusal,
    /// The system's own code, for staff.
    pub code: Option<i64>,
    /// The system's own text, for staff. Untrusted text.
    pub text: String,
}

/// A balance and when it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BalanceRead {
    /// The balance in points.
    pub points: i64,
    /// When it was read, in milliseconds since 1970.
    pub read_ms: i64,
}

/// A final state for an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// The points system has it.
    Done,
    /// It was not carried out, and no sending of it is in doubt.
    Refused(Refused),
}

/// When what is written has to have reached the disk.
///
/// Either way it is written before its writer is answered, so it outlives the process; the
/// difference is what a power cut may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// Before its writer is answered: a power cut takes nothing. For what could not be found out
    /// again: intents, sendings, refusals.
    #[default]
    Now,
    /// With the next write that has to, or within about a second. For what somebody else knows too:
    /// without it the entry is as it was before, and is looked after again.
    Soon,
}

/// What the giver was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Told {
    /// Nothing yet.
    Nothing,
    /// That it is queued or not confirmed.
    Interim,
    /// How it ended.
    Final,
    /// It cannot be told: the channel is gone or closed to us. The receipt stays readable.
    Undeliverable,
}

/// How a message of ours shows an entry: what is noted of the message holds only for an entry that
/// still stands so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shown {
    /// Which.
    pub cause: Cause,
    /// How it stood when the message was put together.
    pub state: State,
}

/// How many entries wait, by what they wait for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Somebody has to approve.
    pub waiting: u64,
    /// Written; nothing is in doubt.
    pub queued: u64,
    /// Sent, no verdict yet.
    pub unconfirmed: u64,
    /// Refused while an earlier sending may still land.
    pub held: u64,
    /// A moderator has to decide.
    pub unresolved: u64,
    /// Settled, and the giver does not know how it ended.
    pub untold: u64,
    /// Settled, and nobody will be told how it ended: the place to say it is gone.
    pub undeliverable: u64,
    /// When the oldest unsettled entry was written that does not wait for people, in milliseconds
    /// since 1970.
    pub oldest_open_ms: Option<i64>,
}

/// How long a change waits for approval.
pub const APPROVAL_LIFE: Duration = Duration::from_secs(24 * 3_600);

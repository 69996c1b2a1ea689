//! Why a person does not get what they asked for.
//!
//! A refusal is an answer, not an error. Each names the rule and the present figures; `words` has
//! the sentence, with what to do next.

use crate::model::decision::Freeze;
use crate::model::decision::NotRuled;
use crate::model::decision::NotUndone;
use crate::model::ids::GuildId;
use crate::model::op_id::ReceiptCode;
use crate::model::period::NoPeriod;
use crate::model::system::Ability;
use crate::model::system::System;
use crate::model::system::SystemKind;

/// One clear answer to somebody who cannot have what they asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The words of the command could not be read.
    Usage(Usage),
    /// The guild is not among those the operator has set up.
    UnknownGuild(Option<GuildId>),
    /// In a private chat only questions are answered.
    NotInPrivate,
    /// A question in a private chat, and several guilds it could be about.
    WhichGuild {
        /// What those are called that the asker is in; none where that could not be learnt. Untrusted
        /// text.
        guilds: Vec<String>,
    },
    /// A question in a private chat by somebody who is in none of the guilds.
    NoGuild,
    /// The asker lacks the right; whom it belongs to.
    NoRight {
        /// Role names that may, as far as they are known. Untrusted text.
        roles: Vec<String>,
    },
    /// The asker's roles could not be learnt, so the answer is no.
    RolesUnknown,
    /// Asking again too soon.
    Cooldown {
        /// Seconds until it is over, rounded up.
        seconds: u64,
    },
    /// The change is larger than one change may be for this person.
    AboveEach {
        /// What was asked, absolute.
        asked: i64,
        /// The largest allowed.
        cap: i64,
    },
    /// The day's quota does not suffice.
    AboveDay {
        /// What was asked, absolute.
        asked: i64,
        /// Given today, open ones included.
        used: i64,
        /// The quota.
        cap: i64,
    },
    /// Giving is stopped in this guild.
    Frozen(Freeze),
    /// Giving is stopped already.
    FrozenBefore(Freeze),
    /// Giving is not stopped, so nothing can be let go on.
    NotFrozen,
    /// A change is not undone.
    NotUndone(NotUndone),
    /// A decision about a change that waits does not count.
    NotRuled(NotRuled),
    /// Rewarding oneself is not allowed here.
    Oneself,
    /// A bot has no points.
    IsBot {
        /// Its name. Untrusted text.
        name: String,
    },
    /// The person is not a member of the guild.
    NotAMember {
        /// What was read. Untrusted text.
        who: String,
    },
    /// No change has this receipt code (or not for this asker's eyes).
    NoReceipt {
        /// The code asked for.
        code: ReceiptCode,
    },
    /// A button that belongs to somebody else.
    NotYourButton,
    /// A button pressed after its time.
    ButtonExpired,
    /// A button that was used before.
    ButtonUsed,
    /// The points system is unable to do that.
    Lacks {
        /// What it cannot do.
        ability: Ability,
        /// What sort of system it is.
        system: SystemKind,
    },
    /// A question a points system did not answer, and why.
    Points {
        /// What it means to people.
        meaning: PointsRefusal,
        /// Whether the asker asked about themselves.
        about: About,
        /// Which system, where that is known.
        system: Option<System>,
        /// The system's own code, where the asker may see it.
        code: Option<i64>,
    },
}

/// Whom a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// The asker.
    Asker,
    /// Somebody else.
    Another,
}

/// What is wrong with the words of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Usage {
    /// Nobody is named.
    NobodyNamed,
    /// More than one member is named where one is possible.
    SeveralNamed {
        /// How many.
        count: usize,
    },
    /// More members than one command may change.
    TooMany {
        /// How many, at least.
        count: usize,
        /// The limit.
        cap: usize,
    },
    /// No amount at all.
    NoAmount,
    /// Something stands where the amount should be and is none.
    NotAnAmount {
        /// What was read. Untrusted text.
        read: String,
        /// A likely amount, if there is one.
        guess: Option<i64>,
    },
    /// Zero.
    ZeroAmount,
    /// A negative amount; the other command is meant.
    NegativeAmount {
        /// What was read.
        read: i64,
    },
    /// Larger than the points system moves at once.
    TooLarge {
        /// What was read, digits only. Untrusted text.
        read: String,
        /// The largest possible.
        cap: i64,
    },
    /// Two numbers that could both be the amount.
    TwoAmounts {
        /// Both, as read.
        read: Vec<String>,
    },
    /// The reason is too long.
    ReasonTooLong {
        /// Its length, in UTF-16 units.
        length: usize,
        /// The limit.
        cap: usize,
    },
    /// A reason is required and missing.
    NoReason,
    /// No receipt code, or none that could be one.
    NotAReceipt {
        /// What was read. Untrusted text.
        read: String,
    },
    /// No event, or none that could be one. Empty where event or member is missing.
    NotAnEvent {
        /// What was read. Untrusted text.
        read: String,
    },
    /// A role is named where members are wanted.
    RoleNamed,
    /// Words the command has no use for.
    Surplus {
        /// They. Untrusted text.
        read: String,
    },
    /// The name fits several members.
    Ambiguous {
        /// What was read. Untrusted text.
        read: String,
        /// Their names and short ids. Untrusted text.
        candidates: Vec<(String, String)>,
    },
    /// Nobody could be found under what was read.
    NobodyFound {
        /// What was read. Untrusted text.
        read: String,
    },
    /// A board of a period that does not exist.
    NotAPeriod {
        /// What was read. Untrusted text.
        read: String,
        /// What is wrong with it.
        why: NoPeriod,
    },
    /// The message replied to could not be read.
    ReplyUnreadable,
    /// A help topic that does not exist.
    UnknownCommand {
        /// What was read. Untrusted text.
        read: String,
    },
}

/// Why a change was not carried out, by what it means to people: a points system's no, whose codes
/// each system maps itself, or a person's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PointsRefusal {
    /// Not switched on in this guild; a guild administrator can switch it on.
    NotEnabledHere,
    /// The bot's access as a whole is refused; only the operator can help.
    NoAccess,
    /// The system knows no such member.
    NoAccount,
    /// No account over there was proved to be the member's, so nothing was asked.
    NotLinked,
    /// The balance does not suffice; nothing was taken.
    Insufficient,
    /// Signature or clock refused; only the operator can help.
    Connection,
    /// Too many requests.
    TooFast,
    /// The system does not answer, or not in a way that can be read.
    Unavailable,
    /// The change was not carried out for a reason of the system's own.
    Declined,
    /// Looking it up told nothing; a person found out that it was not carried out.
    ByHand,
    /// Somebody who may approve it said no; nothing was sent.
    NotApproved,
    /// Nobody approved it in time; nothing was sent.
    ApprovalExpired,
}

//! Accounts of other systems tied to members: how that is proved, claimed, undone and remembered.
//!
//! Invariants: one account belongs to one person, and a person has one account in a system; what a
//! member says of themselves waits for somebody else; a code counts once; every deed is added to the
//! audit in the transaction that does it. The rules are in `link_rules`, the same for every engine.

use crate::journal::store::Answer;
use crate::model::Account;
use crate::model::ChannelId;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::UserId;

/// How long a claim waits and a code counts, in milliseconds: a day.
pub const LINK_LIFE_MS: i64 = 24 * 60 * 60 * 1_000;

/// Codes a member may type within an hour that are none.
pub const WRONG_CODES: u32 = 10;

/// That hour, in milliseconds.
pub const WRONG_CODES_MS: i64 = 60 * 60 * 1_000;

/// An account that was proved to be a member's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The system, as named in the settings.
    pub system: String,
    /// Whose it is.
    pub member: UserId,
    /// The account.
    pub account: Account,
    /// How that was proved.
    pub proof: Proof,
    /// Who proved it; nobody where the operator did.
    pub verified_by: Option<UserId>,
    /// When, in milliseconds since 1970.
    pub verified_ms: i64,
}

/// How it was proved that an account is a member's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Proof {
    /// The operator says so.
    Import,
    /// The member sent a code that was given out for the account.
    Code,
    /// The member said so, and somebody on the staff confirmed it.
    Approval,
}

/// What became of tying an account to a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tied {
    /// It is tied now.
    Now,
    /// It was already.
    Already,
    /// The member has another account there; nothing was written.
    HasAnother(Account),
    /// The account is somebody else's; nothing was written.
    Taken,
}

/// What a member says of themselves, until somebody else decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The message that says it; it claims once, however often it arrives.
    pub message: MessageId,
    /// The system.
    pub system: String,
    /// Who says it.
    pub member: UserId,
    /// Their name then. Untrusted text.
    pub member_name: String,
    /// The account.
    pub account: Account,
    /// Whose staff decides.
    pub guild: GuildId,
    /// Where it was said.
    pub channel: ChannelId,
    /// When, in milliseconds since 1970.
    pub asked_ms: i64,
    /// Until when it can be decided.
    pub until_ms: i64,
    /// What was decided, and by whom.
    pub decided: Option<ClaimDecision>,
}

/// What somebody decided about a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimDecision {
    /// What.
    pub verdict: ClaimVerdict,
    /// Who.
    pub by: UserId,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
}

/// The two ways to decide about a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClaimVerdict {
    /// The account is theirs.
    Approve,
    /// It is not, or nobody knows.
    Refuse,
}

/// What became of claiming an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// It waits; also where this very message was heard before.
    Waits(Claim),
    /// The account is theirs already.
    Already,
    /// They have another account there.
    HasAnother,
    /// The account is somebody else's.
    Taken,
    /// They claim an account there already, which waits until then.
    ClaimsAnother {
        /// In milliseconds since 1970.
        until_ms: i64,
    },
    /// This message's claim was decided before.
    Decided,
}

/// What became of deciding about a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimRuled {
    /// The account is tied.
    Approved(Claim),
    /// It is not.
    Refused(Claim),
    /// Nothing of that kind waits in this guild.
    NothingWaits,
    /// Nobody decides about their own.
    Own,
    /// Somebody was faster.
    Decided(ClaimDecision),
    /// Its time is over.
    Expired,
    /// The member has got another account there meanwhile; the claim still waits.
    HasAnother(Claim),
    /// The account was tied to somebody else meanwhile; the claim still waits.
    Taken(Claim),
}

/// Whether a code was typed where others read along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exposed {
    /// In a channel: it has no second chance.
    Publicly,
    /// To the bot alone.
    Privately,
}

/// What became of a code somebody typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redeemed {
    /// The account it stands for is theirs now.
    Now(Account),
    /// It was already, by this very code.
    Already(Account),
    /// They have another account there.
    HasAnother,
    /// The account was tied to somebody else meanwhile.
    Taken,
    /// It is no code; so many more wrong ones are listened to within the hour.
    Wrong {
        /// How many.
        left: u32,
    },
    /// It was used before, or typed in public.
    Used,
    /// Its day is over, or another was given out for the account.
    Expired,
    /// It stands for an account of another system.
    OtherSystem,
    /// Too many wrong ones: nothing is listened to until then.
    TooMany {
        /// In milliseconds since 1970.
        until_ms: i64,
    },
}

/// What became of giving out a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Issued {
    /// It counts until then; earlier ones for the account do not any more.
    Until {
        /// In milliseconds since 1970.
        until_ms: i64,
    },
    /// The account is somebody's already.
    Taken(UserId),
}

/// What became of a list of links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Imported {
    /// All of it stands now.
    All {
        /// How many of them are new.
        new: usize,
    },
    /// Nothing was written: these stand in the way.
    Hindered(Vec<Link>),
}

/// What was done to a link or a claim. Never changed once written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// What.
    pub what: DeedKind,
    /// The system.
    pub system: String,
    /// Whose link.
    pub member: UserId,
    /// The account.
    pub account: Account,
    /// How it was, or was to be, proved.
    pub proof: Proof,
    /// Who did it; the operator where nobody is named.
    pub by: Option<UserId>,
}

/// What can be done to a link or a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeedKind {
    /// The account was tied to the member.
    Tied,
    /// It was untied.
    Untied,
    /// The member's claim was refused.
    Refused,
}

/// Which links, deeds or claims are meant; `None` narrows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkFilter {
    /// Of this system.
    pub system: Option<String>,
    /// Of this member.
    pub member: Option<UserId>,
    /// Claims in this guild.
    pub guild: Option<GuildId>,
}

/// A write that concerns links.
#[derive(Clone, Debug)]
pub(super) enum LinkWrite {
    /// Tie an account.
    Tie(Link),
    /// Untie one.
    Untie {
        /// Where.
        system: String,
        /// Whose.
        member: UserId,
        /// Who does it; the operator where nobody is named.
        by: Option<UserId>,
        /// When.
        now_ms: i64,
    },
    /// Claim one.
    Claim(Claim),
    /// Decide about a claim.
    Rule {
        /// Which.
        message: MessageId,
        /// In which guild.
        guild: GuildId,
        /// What was decided.
        decision: ClaimDecision,
    },
    /// Give out a code.
    Issue(KeptCode),
    /// Use one.
    Redeem {
        /// Of the code.
        digest: String,
        /// The system it was typed for; `None` where that is none.
        system: Option<String>,
        /// Who typed it.
        member: UserId,
        /// Whether others read along.
        exposed: Exposed,
        /// When.
        now_ms: i64,
    },
    /// Tie many, all or none.
    Import(Vec<Link>),
}

/// What became of one.
#[derive(Clone, Debug)]
pub(super) enum LinkDone {
    /// Of tying.
    Tied(Tied),
    /// What was untied, if anything was tied.
    Untied(Option<Link>),
    /// Of claiming.
    Claimed(Claimed),
    /// Of deciding.
    Ruled(ClaimRuled),
    /// Of giving out a code.
    Issued(Issued),
    /// Of using one.
    Redeemed(Redeemed),
    /// Of many.
    Imported(Imported),
}

/// A code as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeptCode {
    /// Of the code.
    pub digest: String,
    /// The system.
    pub system: String,
    /// The account it stands for.
    pub account: Account,
    /// When it was given out, in milliseconds since 1970.
    pub made_ms: i64,
    /// Until when it counts.
    pub until_ms: i64,
    /// Who used it.
    pub used_by: Option<UserId>,
}

/// The reading side of it.
pub(super) trait LinkStore {
    /// The account of that member in that system.
    fn link<'a>(&'a self, system: &'a str, member: UserId) -> Answer<'a, Option<Link>>;
    /// Whose that account is.
    fn holder<'a>(&'a self, system: &'a str, account: &'a Account) -> Answer<'a, Option<UserId>>;
    /// Links by system and member, at most so many.
    fn links<'a>(&'a self, filter: &'a LinkFilter, limit: usize) -> Answer<'a, Vec<Link>>;
    /// Claims that wait at that moment, oldest first.
    fn claims<'a>(
        &'a self,
        filter: &'a LinkFilter,
        now_ms: i64,
        limit: usize,
    ) -> Answer<'a, Vec<Claim>>;
    /// The claim of that message.
    fn claim(&self, message: MessageId) -> Answer<'_, Option<Claim>>;
    /// Deeds, newest first.
    fn deeds<'a>(&'a self, filter: &'a LinkFilter, limit: usize) -> Answer<'a, Vec<Deed>>;
}

/// How proofs are kept.
pub(super) const PROOFS: [(&str, Proof); 3] = [
    ("import", Proof::Import),
    ("code", Proof::Code),
    ("approval", Proof::Approval),
];

/// How deeds are kept.
pub(super) const DEEDS: [(&str, DeedKind); 3] = [
    ("tied", DeedKind::Tied),
    ("untied", DeedKind::Untied),
    ("refused", DeedKind::Refused),
];

/// How verdicts are kept; `asked` where there is none.
pub(super) const VERDICTS: [(&str, ClaimVerdict); 2] = [
    ("approved", ClaimVerdict::Approve),
    ("refused", ClaimVerdict::Refuse),
];

/// How a claim that waits is kept.
pub(super) const ASKED: &str = "asked";

//! What stands beside the entries: accounts tied to members, balances last seen, the bot's own books.
//!
//! Invariants: these writes go through the one writer like any other, each whole within one
//! transaction; a write that a rule forbids changes nothing and says which. One account belongs to one
//! person, and a person has one account in a system.

use crate::journal::Journal;
use crate::journal::boards::Hidden;
use crate::journal::boards::OnBoards;
use crate::journal::books::Posted;
use crate::journal::books::Posting;
use crate::journal::entry::BalanceRead;
use crate::journal::entry::Durability;
use crate::journal::error::JournalError;
use crate::journal::group::Write;
use crate::journal::store::Answer;
use crate::model::Account;
use crate::model::Cause;
use crate::model::GuildId;
use crate::model::UserId;

/// A write beside the entries.
#[derive(Clone, Debug)]
pub(super) enum Side {
    /// An account is tied to a member.
    Tie(Link),
    /// Balances were read; an older one never replaces a newer.
    Know(Vec<KnownBalance>),
    /// Somebody is hidden from boards, or shown again.
    Hide {
        /// Where.
        guild: GuildId,
        /// Who.
        member: UserId,
        /// Why.
        why: Hidden,
        /// Whether.
        on_boards: OnBoards,
        /// When, in milliseconds since 1970.
        now_ms: i64,
    },
    /// In which days entries count that count in none.
    Date(Vec<(Cause, i64)>),
    /// Changes of the built-in ledger are posted.
    Post(Vec<Posting>),
}

/// What became of one.
#[derive(Clone, Debug)]
pub(super) enum SideDone {
    /// It is written.
    Written,
    /// Whether the account is tied now.
    Tied(Tied),
    /// What became of each posting, in their order.
    Posted(Vec<Posted>),
}

/// The reading side of it.
pub(super) trait SideStore {
    /// The account of that member in that system.
    fn link<'a>(&'a self, system: &'a str, member: UserId) -> Answer<'a, Option<Link>>;
    /// The balances last seen of that member in that guild.
    fn known_balances(&self, guild: GuildId, member: UserId) -> Answer<'_, Vec<KnownBalance>>;
}

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

/// A balance as it was last read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownBalance {
    /// The guild in which it was asked for.
    pub guild: GuildId,
    /// Whose.
    pub member: UserId,
    /// The system.
    pub system: String,
    /// The balance and when it was read.
    pub balance: BalanceRead,
}

impl Journal {
    /// The account of a member in a system, as proved.
    pub async fn link(&self, system: &str, member: UserId) -> Result<Option<Link>, JournalError> {
        self.read(self.shared.store.link(system, member)).await
    }

    /// Ties an account to a member, once for each of the two.
    pub async fn tie(&self, link: Link) -> Result<Tied, JournalError> {
        match self.beside(Durability::Now, Side::Tie(link)).await? {
            SideDone::Tied(tied) => Ok(tied),
            _ => Err(JournalError::Changed),
        }
    }

    /// The balances of a member last seen in a guild's systems.
    pub async fn known_balances(
        &self,
        guild: GuildId,
        member: UserId,
    ) -> Result<Vec<KnownBalance>, JournalError> {
        let known = self.shared.store.known_balances(guild, member);
        self.read(known).await
    }

    /// Keeps balances that were read. A power cut may take them: they can be read again.
    pub async fn know_balances(&self, balances: Vec<KnownBalance>) -> Result<(), JournalError> {
        let side = Side::Know(balances);
        self.beside(Durability::Soon, side).await.map(drop)
    }

    /// Writes beside the entries.
    pub(super) async fn beside(
        &self,
        durability: Durability,
        side: Side,
    ) -> Result<SideDone, JournalError> {
        self.write_by(durability, side, Write::Side).await
    }
}

/// How proofs are kept.
pub(super) const PROOFS: [(&str, Proof); 3] = [
    ("import", Proof::Import),
    ("code", Proof::Code),
    ("approval", Proof::Approval),
];

/// What tying means, given the account the member has and whoever has the account.
pub(super) fn tying(link: &Link, theirs: Option<Account>, holder: Option<UserId>) -> Option<Tied> {
    match (theirs, holder) {
        (Some(theirs), _) if theirs == link.account => Some(Tied::Already),
        (Some(theirs), _) => Some(Tied::HasAnother(theirs)),
        (None, Some(_)) => Some(Tied::Taken),
        (None, None) => None,
    }
}

//! What stands beside the entries: accounts tied to members, balances last seen, the bot's own books.
//!
//! Invariants: these writes go through the one writer like any other, each whole within one
//! transaction; a write that a rule forbids changes nothing and says which.

use crate::journal::Journal;
use crate::journal::balances::SweepWrite;
use crate::journal::boards::Hidden;
use crate::journal::boards::OnBoards;
use crate::journal::books::Posted;
use crate::journal::books::Posting;
use crate::journal::entry::BalanceRead;
use crate::journal::entry::Durability;
use crate::journal::error::JournalError;
use crate::journal::group::Write;
use crate::journal::links::LinkDone;
use crate::journal::links::LinkWrite;
use crate::journal::pictures::PictureWrite;
use crate::journal::report_rules::ReportWrite;
use crate::journal::reports::ReportDone;
use crate::journal::schedule_rules::ScheduleWrite;
use crate::journal::schedules::ScheduleDone;
use crate::journal::shown::ShownWrite;
use crate::journal::store::Answer;
use crate::model::Cause;
use crate::model::GuildId;
use crate::model::UserId;

/// A write beside the entries.
#[derive(Clone, Debug)]
pub(super) enum Side {
    /// Something concerns accounts tied to members.
    Link(Box<LinkWrite>),
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
    /// Something concerns a board that stands in the chat.
    Shown(Box<ShownWrite>),
    /// Something concerns sweeps of balances.
    Sweep(Box<SweepWrite>),
    /// In which days entries count that count in none.
    Date(Vec<(Cause, i64)>),
    /// Changes of the built-in ledger are posted.
    Post(Vec<Posting>),
    /// Something concerns an event that is reported.
    Report(Box<ReportWrite>),
    /// Something concerns pictures of boards.
    Picture(Box<PictureWrite>),
    /// Something concerns boards that post themselves.
    Schedule(Box<ScheduleWrite>),
}

/// What became of one.
#[derive(Clone, Debug)]
pub(super) enum SideDone {
    /// It is written.
    Written,
    /// What became of each posting, in their order.
    Posted(Vec<Posted>),
    /// What it came to with accounts tied to members.
    Link(Box<LinkDone>),
    /// How the report stands now.
    Report(Box<ReportDone>),
    /// How the schedule or the slot stands now.
    Schedule(Box<ScheduleDone>),
}

/// The reading side of it.
pub(super) trait SideStore {
    /// The balances last seen of that member in that guild.
    fn known_balances(&self, guild: GuildId, member: UserId) -> Answer<'_, Vec<KnownBalance>>;
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

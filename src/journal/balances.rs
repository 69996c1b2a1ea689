//! Boards of balances as they were last read, and the bookkeeping of the sweeps that read them.
//!
//! Invariants: a board ranks balances above 0 of those who are shown, in the order of every board. Those
//! of the built-in ledger are its accounts; those of any other system are what was read last, and what was
//! read of an account is forgotten when a link to it begins or ends. A pass of a sweep asks for everybody
//! it knows who was not asked since it began, whoever was asked longest ago first, so it goes on wherever
//! it was stopped. Deliberately absent: who is a member, and asking anybody.

use crate::journal::Journal;
use crate::journal::boards::BoardSize;
use crate::journal::boards::Near;
use crate::journal::boards::Ranked;
use crate::journal::boards::placed;
use crate::journal::entry::BalanceRead;
use crate::journal::entry::Durability;
use crate::journal::error::JournalError;
use crate::journal::sides::KnownBalance;
use crate::journal::sides::Side;
use crate::journal::store::Answer;
use crate::model::GuildId;
use crate::model::System;
use crate::model::SystemKind;
use crate::model::UserId;

/// The balances of a guild's members in one system.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Balances {
    /// The guild.
    pub guild: GuildId,
    /// The system.
    pub system: System,
}

/// A member whose balance was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Swept {
    /// Who.
    pub member: UserId,
    /// When, in milliseconds since 1970.
    pub tried_ms: i64,
    /// What came of it.
    pub found: Found,
}

/// What came of asking for a balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// This one.
    Balance(BalanceRead),
    /// They have no account there, or none is linked: what was known is nobody's.
    NoAccount,
    /// Nothing was learnt.
    Nothing,
}

/// A write that concerns sweeps.
#[derive(Clone, Debug)]
pub(super) struct SweepWrite {
    /// Whose balances where.
    pub of: Balances,
    /// What.
    pub what: SweepStep,
}

/// What can be written of a sweep.
#[derive(Clone, Debug)]
pub(super) enum SweepStep {
    /// These are members.
    Enlist(Vec<UserId>),
    /// A pass begins at that moment, over those enlisted and whom the journal knows.
    Begin(i64),
    /// These were asked for.
    Asked(Vec<Swept>),
}

/// Where a listing of those who are due goes on: when they were asked for last, and who.
pub(super) type Cursor = (i64, i64);

/// The reading side.
pub(super) trait BalanceStore {
    /// Those shown, from the top, `offset` left out.
    fn top_balances<'a>(
        &'a self,
        of: &'a Balances,
        offset: u64,
        limit: usize,
    ) -> Answer<'a, Vec<(UserId, i64)>>;
    /// How many of those shown have more points than that.
    fn balances_above<'a>(&'a self, of: &'a Balances, points: i64) -> Answer<'a, u64>;
    /// How many of those shown have these points and stand before that member.
    fn balances_before<'a>(&'a self, of: &'a Balances, at: (UserId, i64)) -> Answer<'a, u64>;
    /// What the member has, and whether they are shown; `None`: not known.
    fn balance_of<'a>(
        &'a self,
        of: &'a Balances,
        member: UserId,
    ) -> Answer<'a, Option<(i64, bool)>>;
    /// The nearest of those shown on either side of the member who has those points, nearest first.
    fn balances_around<'a>(
        &'a self,
        of: &'a Balances,
        at: (UserId, i64),
        each: usize,
    ) -> Answer<'a, Near>;
    /// How many of those hidden have points.
    fn balances_hidden<'a>(&'a self, of: &'a Balances) -> Answer<'a, u64>;
    /// When the balance on the board that was read first was read, in milliseconds since 1970.
    fn oldest_balance<'a>(&'a self, of: &'a Balances) -> Answer<'a, Option<i64>>;
    /// When the present pass began, in milliseconds since 1970.
    fn sweep_begun<'a>(&'a self, of: &'a Balances) -> Answer<'a, Option<i64>>;
    /// Those not asked for since that moment, with when they were, after that place.
    fn unswept<'a>(
        &'a self,
        of: &'a Balances,
        since_ms: i64,
        after: Cursor,
        limit: usize,
    ) -> Answer<'a, Vec<(UserId, i64)>>;
}

impl Journal {
    /// The ranking of balances, `offset` of them left out, at most `limit`.
    pub async fn balance_ranking(
        &self,
        of: &Balances,
        offset: u64,
        limit: usize,
    ) -> Result<Vec<Ranked>, JournalError> {
        let store = &self.shared.store;
        let rows = self.read(store.top_balances(of, offset, limit)).await?;
        let Some(&(_, points)) = rows.first() else {
            return Ok(Vec::new());
        };
        let above = self.read(store.balances_above(of, points)).await?;
        Ok(placed(rows, above + 1, offset + 1))
    }

    /// Where somebody stands by their balance; `None` where it is not known or not above 0, or where
    /// they are hidden.
    pub async fn balance_place(
        &self,
        of: &Balances,
        member: UserId,
    ) -> Result<Option<Ranked>, JournalError> {
        let store = &self.shared.store;
        let balance = self.read(store.balance_of(of, member)).await?;
        let Some((points, true)) = balance.filter(|&(points, _)| points > 0) else {
            return Ok(None);
        };
        let above = self.read(store.balances_above(of, points)).await?;
        Ok(Some(Ranked {
            member,
            points,
            place: above + 1,
        }))
    }

    /// Somebody with at most `each` neighbours on either side by balance, in the order of the board;
    /// empty where they are not on it.
    pub async fn balance_neighbours(
        &self,
        of: &Balances,
        member: UserId,
        each: usize,
    ) -> Result<Vec<Ranked>, JournalError> {
        let store = &self.shared.store;
        let balance = self.read(store.balance_of(of, member)).await?;
        let Some((points, true)) = balance.filter(|&(points, _)| points > 0) else {
            return Ok(Vec::new());
        };
        let around = store.balances_around(of, (member, points), each);
        let (mut rows, after) = self.read(around).await?;
        rows.reverse();
        rows.push((member, points));
        rows.extend(after);
        let first = rows[0];
        let above = self.read(store.balances_above(of, first.1)).await?;
        let before = self.read(store.balances_before(of, first)).await?;
        Ok(placed(rows, above + 1, above + before + 1))
    }

    /// What those of the next place above have; `None` at the top.
    pub async fn next_balance_above(
        &self,
        of: &Balances,
        points: i64,
    ) -> Result<Option<i64>, JournalError> {
        // Among equals nobody stands before this id, the smallest as ids are kept.
        let first = UserId::new(1 << 63);
        let store = &self.shared.store;
        let around = store.balances_around(of, (first, points), 1);
        let (above, _) = self.read(around).await?;
        Ok(above.first().map(|&(_, points)| points))
    }

    /// How many have points there, as far as balances are known.
    pub async fn balances_size(&self, of: &Balances) -> Result<BoardSize, JournalError> {
        let store = &self.shared.store;
        Ok(BoardSize {
            shown: self.read(store.balances_above(of, 0)).await?,
            hidden: self.read(store.balances_hidden(of)).await?,
        })
    }

    /// When the balance on the board that was read first was read, in milliseconds since 1970; `None`
    /// where there is none, and of the built-in ledger, whose accounts are as of now.
    pub async fn oldest_balance(&self, of: &Balances) -> Result<Option<i64>, JournalError> {
        if of.system.kind() == SystemKind::Ledger {
            return Ok(None);
        }
        self.read(self.shared.store.oldest_balance(of)).await
    }

    /// Says that these are members whose balances are to be swept.
    pub async fn enlist(&self, of: &Balances, members: Vec<UserId>) -> Result<(), JournalError> {
        self.sweep(of, SweepStep::Enlist(members)).await
    }

    /// Begins a pass at `begun_ms`, in milliseconds since 1970, over all that are enlisted, that the
    /// journal has earnings of or whose balances it knows.
    pub async fn begin_sweep(&self, of: &Balances, begun_ms: i64) -> Result<(), JournalError> {
        self.sweep(of, SweepStep::Begin(begun_ms)).await
    }

    /// When the present pass began, in milliseconds since 1970; `None` before the first.
    pub async fn sweep_begun(&self, of: &Balances) -> Result<Option<i64>, JournalError> {
        self.read(self.shared.store.sweep_begun(of)).await
    }

    /// Those who were not asked for since `since_ms`, with when they were asked last: whoever that was
    /// longest ago first, after the one named, at most `limit`. Who has left, or is a bot, is left out.
    pub async fn unswept(
        &self,
        of: &Balances,
        since_ms: i64,
        after: Option<(UserId, i64)>,
        limit: usize,
    ) -> Result<Vec<(UserId, i64)>, JournalError> {
        let after = after.map_or((i64::MIN, i64::MIN), |(member, tried_ms)| {
            (tried_ms, crate::journal::kept::kept(member.number()))
        });
        let store = &self.shared.store;
        self.read(store.unswept(of, since_ms, after, limit)).await
    }

    /// Keeps what came of asking for these, in one transaction.
    pub async fn swept(&self, of: &Balances, swept: Vec<Swept>) -> Result<(), JournalError> {
        self.sweep(of, SweepStep::Asked(swept)).await
    }

    async fn sweep(&self, of: &Balances, what: SweepStep) -> Result<(), JournalError> {
        let of = of.clone();
        let side = Side::Sweep(Box::new(SweepWrite { of, what }));
        // What a power cut takes is asked for again.
        self.beside(Durability::Soon, side).await.map(drop)
    }
}

/// The balances among what was asked for, as they are kept.
pub(super) fn known_among(of: &Balances, swept: &[Swept]) -> Vec<KnownBalance> {
    let known = swept.iter().filter_map(|swept| match swept.found {
        Found::Balance(balance) => Some(KnownBalance {
            guild: of.guild,
            member: swept.member,
            system: of.system.name().to_owned(),
            balance,
        }),
        Found::NoAccount | Found::Nothing => None,
    });
    known.collect()
}

//! What everybody has earned through the bot, summed up in the transaction that settles a change.
//!
//! Invariants: the sums of a day are those of the done changes that add points, less what was undone of
//! them, of the day on which they were written; a week, a month and all time are the sums of their days.
//! Deductions are no earnings and no loss. A place counts only those who are shown: 1 and how many have
//! more points (1, 1, 3). Among equals the older account, with the smaller id, stands first, so the
//! order is the same however often it is asked for.
//!
//! Deliberately absent: names, calendars (`model::period`) and who is a member of what.

use std::collections::BTreeMap;

use crate::journal::Journal;
use crate::journal::entry::Durability;
use crate::journal::entry::Receipt;
use crate::journal::entry::Settlement;
use crate::journal::error::JournalError;
use crate::journal::sides::Side;
use crate::journal::store::Answer;
use crate::journal::store::Batch;
use crate::journal::store::EntryChange;
use crate::model::Cause;
use crate::model::GuildId;
use crate::model::UserId;
use crate::model::period::Days;
use crate::model::period::Whole;

/// How wide the buckets of `earned_levels` are, as powers of two, from the widest.
pub(super) const LEVELS: [u32; 3] = [18, 12, 6];

/// One board: a guild's earnings within these days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Board {
    /// The guild.
    pub guild: GuildId,
    /// What is counted.
    pub days: Days,
}

/// Somebody on a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ranked {
    /// Who.
    pub member: UserId,
    /// What they have earned, above 0.
    pub points: i64,
    /// 1 and how many have more.
    pub place: u64,
}

/// How many there are on a board.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BoardSize {
    /// With points, and shown.
    pub shown: u64,
    /// With points, and hidden.
    pub hidden: u64,
}

/// Why somebody is not on the boards of a guild.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hidden {
    /// They asked for it.
    Asked,
    /// They have left the guild.
    Left,
    /// A bot.
    Bot,
    /// They have a role that is left out.
    Role,
}

/// Whether somebody is on boards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnBoards {
    /// As far as this reason goes they are.
    Shown,
    /// They are not.
    Hidden,
}

/// Which sum points are added to.
pub(super) type SumKey = (GuildId, Whole, i64, UserId);

/// Those before somebody and those after, with their points; the nearest first.
pub(super) type Near = (Vec<(UserId, i64)>, Vec<(UserId, i64)>);

/// Stretches of buckets as level, from and to, and one of single points.
pub(super) type Stretches = ([(u32, i64, i64); LEVELS.len()], (i64, i64));

/// The reading side.
pub(super) trait BoardStore {
    /// Those shown, from the top, `offset` left out.
    fn top(&self, board: Board, offset: u64, limit: usize) -> Answer<'_, Vec<(UserId, i64)>>;
    /// How many of those shown have more points than that.
    fn above(&self, board: Board, points: i64) -> Answer<'_, u64>;
    /// What the member has earned, and whether they are shown; `None`: nothing.
    fn earned(&self, board: Board, member: UserId) -> Answer<'_, Option<(i64, bool)>>;
    /// The nearest before the member who has those points, in the order of the board, and the nearest
    /// after them: at most `each` of either, the nearest first.
    fn around(&self, board: Board, of: (UserId, i64), each: usize) -> Answer<'_, Near>;
    /// How many there are.
    fn size(&self, board: Board) -> Answer<'_, BoardSize>;
    /// Why the member is hidden.
    fn hidden(&self, guild: GuildId, member: UserId) -> Answer<'_, Vec<Hidden>>;
    /// Everybody who is hidden for that reason, at most so many.
    fn all_hidden(&self, guild: GuildId, why: Hidden, limit: usize) -> Answer<'_, Vec<UserId>>;
    /// Entries of the guild that count in no day yet, oldest first.
    fn undated(&self, guild: GuildId, limit: usize) -> Answer<'_, Vec<Receipt>>;
    /// Sums that are not what the entries say, as guild, day and member; at most so many.
    fn missummed(&self, limit: usize) -> Answer<'_, Vec<(GuildId, i64, UserId)>>;
}

impl Journal {
    /// The ranking of a board, `offset` of them left out, at most `limit`.
    pub async fn ranking(
        &self,
        board: Board,
        offset: u64,
        limit: usize,
    ) -> Result<Vec<Ranked>, JournalError> {
        let store = &self.shared.store;
        let rows = self.read(store.top(board, offset, limit)).await?;
        let Some(&(_, points)) = rows.first() else {
            return Ok(Vec::new());
        };
        let above = self.read(store.above(board, points)).await?;
        Ok(placed(rows, above + 1, offset + 1))
    }

    /// Where somebody stands; `None` where they have earned nothing or are hidden.
    pub async fn place(
        &self,
        board: Board,
        member: UserId,
    ) -> Result<Option<Ranked>, JournalError> {
        let store = &self.shared.store;
        let earned = self.read(store.earned(board, member)).await?;
        let Some((points, true)) = earned.filter(|&(points, _)| points > 0) else {
            return Ok(None);
        };
        let above = self.read(store.above(board, points)).await?;
        Ok(Some(Ranked {
            member,
            points,
            place: above + 1,
        }))
    }

    /// Somebody with at most `each` neighbours on either side, in the order of the board; empty where
    /// they are not on it.
    pub async fn neighbours(
        &self,
        board: Board,
        member: UserId,
        each: usize,
    ) -> Result<Vec<Ranked>, JournalError> {
        let Some(own) = self.place(board, member).await? else {
            return Ok(Vec::new());
        };
        let store = &self.shared.store;
        let around = store.around(board, (member, own.points), each);
        let (mut before, after) = self.read(around).await?;
        before.reverse();
        let mut ranking = Vec::with_capacity(before.len() + 1 + after.len());
        for (neighbour, points) in before
            .into_iter()
            .chain([(member, own.points)])
            .chain(after)
        {
            let place = match ranking.last() {
                Some(Ranked {
                    points: same,
                    place,
                    ..
                }) if *same == points => *place,
                _ if points == own.points => own.place,
                _ => self.read(store.above(board, points)).await? + 1,
            };
            ranking.push(Ranked {
                member: neighbour,
                points,
                place,
            });
        }
        Ok(ranking)
    }

    /// What those of the next place above have: the fewest points that are more than these; `None`
    /// at the top.
    pub async fn next_above(&self, board: Board, points: i64) -> Result<Option<i64>, JournalError> {
        // Among equals nobody stands before this id, the smallest as ids are kept.
        let first = UserId::new(1 << 63);
        let store = &self.shared.store;
        let (above, _) = self.read(store.around(board, (first, points), 1)).await?;
        Ok(above.first().map(|&(_, points)| points))
    }

    /// How many are on a board.
    pub async fn board_size(&self, board: Board) -> Result<BoardSize, JournalError> {
        self.read(self.shared.store.size(board)).await
    }

    /// Why somebody is not on the boards of a guild; empty where they are.
    pub async fn hidden(
        &self,
        guild: GuildId,
        member: UserId,
    ) -> Result<Vec<Hidden>, JournalError> {
        self.read(self.shared.store.hidden(guild, member)).await
    }

    /// Those who are hidden for that reason, at most `limit`.
    pub async fn all_hidden(
        &self,
        guild: GuildId,
        why: Hidden,
        limit: usize,
    ) -> Result<Vec<UserId>, JournalError> {
        let store = &self.shared.store;
        self.read(store.all_hidden(guild, why, limit)).await
    }

    /// Hides somebody from the boards of a guild, or shows them again as far as this reason goes.
    /// Boards that are asked for afterwards know.
    pub async fn hide(
        &self,
        guild: GuildId,
        member: UserId,
        why: Hidden,
        on_boards: OnBoards,
    ) -> Result<(), JournalError> {
        let side = Side::Hide {
            guild,
            member,
            why,
            on_boards,
            now_ms: self.shared.clock.now_ms(),
        };
        self.beside(Durability::Now, side).await.map(drop)
    }

    /// Entries of the guild that count in no day yet, oldest first: they were written before there
    /// were boards.
    pub async fn undated(
        &self,
        guild: GuildId,
        limit: usize,
    ) -> Result<Vec<Receipt>, JournalError> {
        self.read(self.shared.store.undated(guild, limit)).await
    }

    /// Says in which days such entries count, in one transaction. One that was dated meanwhile stays
    /// as it is.
    pub async fn date(&self, entries: Vec<(Cause, i64)>) -> Result<(), JournalError> {
        let side = Side::Date(entries);
        self.beside(Durability::Soon, side).await.map(drop)
    }

    /// Sums that are not what the entries say, as guild, day and member; at most `limit`.
    pub async fn missummed(
        &self,
        limit: usize,
    ) -> Result<Vec<(GuildId, i64, UserId)>, JournalError> {
        self.read(self.shared.store.missummed(limit)).await
    }
}

/// Rows in the order of the board with their places; the first has `place` and is the `number`th.
pub(super) fn placed(rows: Vec<(UserId, i64)>, place: u64, number: u64) -> Vec<Ranked> {
    let mut ranking: Vec<Ranked> = Vec::with_capacity(rows.len());
    for ((member, points), number) in rows.into_iter().zip(number..) {
        let place = match ranking.last() {
            None => place,
            Some(before) if before.points == points => before.place,
            Some(_) => number,
        };
        ranking.push(Ranked {
            member,
            points,
            place,
        });
    }
    ranking
}

/// What an entry that is done adds to its day's sum; 0 where it earns nothing.
pub(super) fn earns(receipt: &Receipt) -> i64 {
    let points = i64::from(receipt.amount.points());
    match receipt.cause {
        Cause::Message { .. } => points.max(0),
        // Of a reward: what is undone of a deduction was no loss either.
        Cause::Undo { .. } => points.min(0),
    }
}

/// What a batch adds to which sums, given what became of its changes.
pub(super) fn gains(batch: &Batch, changed: &[Option<Receipt>]) -> BTreeMap<SumKey, i64> {
    let done = batch.changes.iter().zip(changed).filter(|(change, _)| {
        matches!(
            change,
            EntryChange::Settle {
                settlement: Settlement::Done,
                ..
            } | EntryChange::ByHand {
                settlement: Settlement::Done,
                ..
            }
        )
    });
    let mut gains = BTreeMap::new();
    for (_, receipt) in done {
        if let Some(receipt) = receipt {
            gain(&mut gains, receipt);
        }
    }
    gains.retain(|_, points| *points != 0);
    gains
}

/// Adds what an entry earns to the sums it counts in.
pub(super) fn gain(gains: &mut BTreeMap<SumKey, i64>, receipt: &Receipt) {
    let points = earns(receipt);
    let Some(day) = receipt.day.filter(|_| points != 0) else {
        return;
    };
    for whole in Whole::ALL {
        let key = (receipt.guild, whole, whole.key_of(day), receipt.member);
        *gains.entry(key).or_default() += points;
    }
}

/// The number a whole is kept as.
pub(super) fn whole_number(whole: Whole) -> i64 {
    match whole {
        Whole::Day => 0,
        Whole::Week => 1,
        Whole::Month => 2,
        Whole::All => 3,
    }
}

/// Which buckets gain or lose somebody whose points change, as level, bucket and by how many. Nobody
/// without points is in any, and places of a day are counted one by one.
pub(super) fn moves(whole: Whole, before: i64, now: i64) -> Vec<(u32, i64, i64)> {
    let mut moves = Vec::new();
    if whole == Whole::Day {
        return moves;
    }
    for level in LEVELS {
        let (from, to) = (before >> level, now >> level);
        if before > 0 && now > 0 && from == to {
            continue;
        }
        if before > 0 {
            moves.push((level, from, -1));
        }
        if now > 0 {
            moves.push((level, to, 1));
        }
    }
    moves
}

/// The stretches that lie above `points`, as level and buckets from and to, both included; the last is
/// of single points. None of a day, which has no buckets.
pub(super) fn stretches(points: i64) -> Stretches {
    let mut wider: Option<u32> = None;
    let levels = LEVELS.map(|level| {
        let from = (points >> level) + 1;
        let to = match wider {
            None => i64::MAX,
            Some(wider) => (((points >> wider) + 1) << (wider - level)) - 1,
        };
        wider = Some(level);
        (level, from, to)
    });
    let [.., finest] = LEVELS;
    (
        levels,
        (points + 1, (((points >> finest) + 1) << finest) - 1),
    )
}

/// How reasons are kept.
pub(super) const REASONS: [(&str, Hidden); 4] = [
    ("asked", Hidden::Asked),
    ("left", Hidden::Left),
    ("bot", Hidden::Bot),
    ("role", Hidden::Role),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn buckets_find_the_place_that_counting_finds(
            all in proptest::collection::vec(0_i64..2_000_000, 0..60),
            changes in proptest::collection::vec((0_usize..60, -3_000_i64..400_000), 0..60),
            asked in 0_i64..2_000_000,
        ) {
            let mut buckets: BTreeMap<(u32, i64), i64> = BTreeMap::new();
            let mut count = |before: i64, now: i64| {
                for (level, bucket, by) in moves(Whole::All, before, now) {
                    *buckets.entry((level, bucket)).or_default() += by;
                }
            };
            let mut all = all;
            all.iter().for_each(|&points| count(0, points));
            for (who, by) in changes {
                if let Some(points) = all.get_mut(who) {
                    let now = (*points + by).max(0);
                    count(*points, now);
                    *points = now;
                }
            }
            let (levels, (from, to)) = stretches(asked);
            // A stretch may be empty, which `range` takes amiss and a database does not.
            let some = levels.iter().filter(|(_, from, to)| from <= to);
            let in_buckets: i64 = some.map(|&(level, from, to)| -> i64 {
                buckets.range((level, from)..=(level, to)).map(|(_, members)| members).sum()
            }).sum();
            let single = all.iter().filter(|points| (from..=to).contains(points)).count();
            let naive = all.iter().filter(|&&points| points > asked).count();
            prop_assert_eq!(in_buckets + single as i64, naive as i64);
        }

        #[test]
        fn places_are_those_of_a_naive_count(points in proptest::collection::vec(1_i64..9, 1..40)) {
            let mut rows: Vec<(UserId, i64)> = (1..).map(UserId::new).zip(points).collect();
            rows.sort_by_key(|&(member, points)| (-points, member));
            let naive = |points| 1 + rows.iter().filter(|row| row.1 > points).count() as u64;
            let from = rows.len() / 2;
            let page = rows[from..].to_vec();
            let first = naive(page[0].1);
            for standing in placed(page, first, from as u64 + 1) {
                prop_assert_eq!(standing.place, naive(standing.points));
            }
        }
    }
}

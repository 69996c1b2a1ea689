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

use crate::journal::batch::Batch;
use crate::journal::batch::EntryChange;
use crate::journal::entry::Receipt;
use crate::journal::entry::Settlement;
use crate::journal::store::Answer;
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

/// A board that is kept as such: the sums of one day, week, month, or of all time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Piece {
    /// The guild.
    pub guild: GuildId,
    /// Of what.
    pub whole: Whole,
    /// Its number among its like.
    pub key: i64,
}

impl Board {
    /// The one it is; `None` where its days are several of them.
    pub(super) fn piece(self) -> Option<Piece> {
        self.days.whole.map(|whole| Piece {
            guild: self.guild,
            whole,
            key: self.days.key(),
        })
    }
}

/// What somebody has earned in several pieces together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sum {
    /// Who.
    pub member: UserId,
    /// What.
    pub points: i64,
    /// Whether they are on boards.
    pub shown: bool,
}

/// The reading side.
pub(super) trait BoardStore {
    /// Those shown, from the top, `offset` left out.
    fn top(&self, piece: Piece, offset: u64, limit: usize) -> Answer<'_, Vec<(UserId, i64)>>;
    /// How many of those shown have more points than that.
    fn above(&self, piece: Piece, points: i64) -> Answer<'_, u64>;
    /// What the member has earned, and whether they are shown; `None`: nothing.
    fn earned(&self, piece: Piece, member: UserId) -> Answer<'_, Option<(i64, bool)>>;
    /// The nearest before the member who has those points, in the order of the board, and the nearest
    /// after them: at most `each` of either, the nearest first.
    fn around(&self, piece: Piece, of: (UserId, i64), each: usize) -> Answer<'_, Near>;
    /// How many there are.
    fn size(&self, piece: Piece) -> Answer<'_, BoardSize>;
    /// What everybody has earned in these pieces of a guild, each a whole and its key.
    fn sums(&self, guild: GuildId, pieces: Vec<(Whole, i64)>) -> Answer<'_, Vec<Sum>>;
    /// The same of these members alone.
    fn sums_of(
        &self,
        guild: GuildId,
        pieces: Vec<(Whole, i64)>,
        members: Vec<UserId>,
    ) -> Answer<'_, Vec<Sum>>;
    /// Why the member is hidden.
    fn hidden(&self, guild: GuildId, member: UserId) -> Answer<'_, Vec<Hidden>>;
    /// Everybody who is hidden for that reason, at most so many.
    fn all_hidden(&self, guild: GuildId, why: Hidden, limit: usize) -> Answer<'_, Vec<UserId>>;
    /// Entries of the guild that count in no day yet, oldest first.
    fn undated(&self, guild: GuildId, limit: usize) -> Answer<'_, Vec<Receipt>>;
    /// Sums that are not what the entries say, as guild, day and member; at most so many. So are those
    /// of a day, week, month or of all time that its buckets or its days do not agree with; the day is
    /// its first, the member the first of it.
    fn missummed(&self, limit: usize) -> Answer<'_, Vec<(GuildId, i64, UserId)>>;
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
/// without points is in any.
pub(super) fn moves(before: i64, now: i64) -> Vec<(u32, i64, i64)> {
    let mut moves = Vec::new();
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
/// of single points.
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
                for (level, bucket, by) in moves(before, now) {
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

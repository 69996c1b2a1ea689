//! Sums of what was earned, in PostgreSQL: two statements for all sums of a transaction.

use std::collections::BTreeMap;

use sqlx::AssertSqlSafe;
use sqlx::PgConnection;
use sqlx::postgres::PgRow;

use crate::journal::boards::Board;
use crate::journal::boards::BoardSize;
use crate::journal::boards::BoardStore;
use crate::journal::boards::Hidden;
use crate::journal::boards::OnBoards;
use crate::journal::boards::REASONS;
use crate::journal::boards::SumKey;
use crate::journal::boards::gain;
use crate::journal::boards::moves;
use crate::journal::boards::stretches;
use crate::journal::boards::whole_number;
use crate::journal::entry::Receipt;
use crate::journal::entry::State;
use crate::journal::error::JournalError;
use crate::journal::kept;
use crate::journal::kept::kept;
use crate::journal::kept::word;
use crate::journal::postgres::rows;
use crate::journal::postgres::rows::get;
use crate::journal::postgres::rows::named;
use crate::journal::postgres::shelf::Shelf;
use crate::journal::postgres::shelf::limited;
use crate::journal::postgres::shown;
use crate::journal::postgres::sides::fetch;
use crate::journal::store::Answer;
use crate::model::Cause;
use crate::model::GuildId;
use crate::model::UserId;
use crate::model::period::Whole;

/// A bucket: guild, whole, piece, level and number, as kept.
type Bucket = (i64, i64, i64, i64, i64);

/// Adds points to sums.
pub(super) async fn earn(
    connection: &mut PgConnection,
    gains: &BTreeMap<SumKey, i64>,
) -> Result<(), JournalError> {
    if gains.is_empty() {
        return Ok(());
    }
    let column = |value: fn(&SumKey) -> i64| gains.keys().map(value).collect::<Vec<i64>>();
    let query = sqlx::query(
        "insert into earned (guild, whole, piece, member, points, shown)
         select v.guild, v.whole, v.piece, v.member, v.points,
                case when exists (select 1 from hidden
                                  where hidden.guild = v.guild and hidden.member = v.member)
                then 0 else 1 end
         from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
             as v (guild, whole, piece, member, points)
         on conflict (guild, whole, piece, member) do update
         set points = earned.points + excluded.points
         returning guild, whole, piece, member, points, shown",
    )
    .bind(column(|key| kept(key.0.number())))
    .bind(column(|key| whole_number(key.1)))
    .bind(column(|key| key.2))
    .bind(column(|key| kept(key.3.number())))
    .bind(gains.values().copied().collect::<Vec<i64>>());
    let mut buckets = BTreeMap::new();
    for row in &fetch(connection, query).await? {
        if get::<i64>(row, "shown")? == 0 {
            continue;
        }
        let (guild, piece) = (get::<i64>(row, "guild")?, get::<i64>(row, "piece")?);
        let Some(whole) = whole(row)? else { continue };
        let now: i64 = get(row, "points")?;
        let key = (
            GuildId::new(guild.cast_unsigned()),
            whole,
            piece,
            member(row)?,
        );
        let gained = gains.get(&key).copied().unwrap_or_default();
        moved(&mut buckets, (guild, whole, piece), now - gained, now);
    }
    move_buckets(connection, buckets).await
}

fn moved(
    buckets: &mut BTreeMap<Bucket, i64>,
    (guild, whole, piece): (i64, Whole, i64),
    before: i64,
    now: i64,
) {
    for (level, bucket, by) in moves(whole, before, now) {
        let key = (guild, whole_number(whole), piece, i64::from(level), bucket);
        *buckets.entry(key).or_default() += by;
    }
}

async fn move_buckets(
    connection: &mut PgConnection,
    mut buckets: BTreeMap<Bucket, i64>,
) -> Result<(), JournalError> {
    buckets.retain(|_, by| *by != 0);
    if buckets.is_empty() {
        return Ok(());
    }
    let column = |value: fn(&Bucket) -> i64| buckets.keys().map(value).collect::<Vec<i64>>();
    let query = sqlx::query(
        "insert into earned_levels (guild, whole, piece, level, bucket, members)
         select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[],
                              $6::bigint[])
         on conflict (guild, whole, piece, level, bucket) do update
         set members = earned_levels.members + excluded.members",
    )
    .bind(column(|bucket| bucket.0))
    .bind(column(|bucket| bucket.1))
    .bind(column(|bucket| bucket.2))
    .bind(column(|bucket| bucket.3))
    .bind(column(|bucket| bucket.4))
    .bind(buckets.values().copied().collect::<Vec<i64>>());
    fetch(connection, query).await.map(drop)
}

/// Hides a member, or shows them again as far as that reason goes.
pub(super) async fn hide(
    connection: &mut PgConnection,
    (guild, member): (GuildId, UserId),
    why: Hidden,
    on_boards: OnBoards,
    now_ms: i64,
) -> Result<(), JournalError> {
    let who = (kept(guild.number()), kept(member.number()));
    let query = match on_boards {
        OnBoards::Hidden => sqlx::query(
            "insert into hidden (guild, member, reason, since_ms) values ($1, $2, $3, $4)
             on conflict do nothing",
        )
        .bind(who.0)
        .bind(who.1)
        .bind(word(&REASONS, why))
        .bind(now_ms),
        OnBoards::Shown => {
            sqlx::query("delete from hidden where guild = $1 and member = $2 and reason = $3")
                .bind(who.0)
                .bind(who.1)
                .bind(word(&REASONS, why))
        }
    };
    fetch(connection, query).await?;
    if on_boards == OnBoards::Hidden {
        shown::owe(connection, who, now_ms).await?;
    }
    let query = sqlx::query(
        "update earned set shown = now.shown
         from (select case when exists (select 1 from hidden where guild = $1 and member = $2)
                      then cast(0 as bigint) else cast(1 as bigint) end as shown) as now
         where guild = $1 and member = $2 and earned.shown <> now.shown
         returning earned.whole, earned.piece, earned.points, earned.shown",
    )
    .bind(who.0)
    .bind(who.1);
    let mut buckets = BTreeMap::new();
    for row in &fetch(connection, query).await? {
        let Some(whole) = whole(row)? else { continue };
        let points: i64 = get(row, "points")?;
        let (before, now) = match get::<i64>(row, "shown")? {
            0 => (points, 0),
            _ => (0, points),
        };
        moved(
            &mut buckets,
            (who.0, whole, get(row, "piece")?),
            before,
            now,
        );
    }
    move_buckets(connection, buckets).await
}

/// Says in which days entries count that count in none.
pub(super) async fn date(
    connection: &mut PgConnection,
    days: &[(Cause, i64)],
) -> Result<(), JournalError> {
    let keys: Vec<_> = days.iter().map(|(cause, _)| kept::key(cause)).collect();
    let query = sqlx::query(
        "update entries set day = v.day
         from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
             as v (kind, message, line, member, day)
         where entries.kind = v.kind and entries.message = v.message and entries.line = v.line
           and entries.member = v.member and entries.day is null
         returning entries.*",
    )
    .bind(keys.iter().map(|key| key.0).collect::<Vec<_>>())
    .bind(keys.iter().map(|key| key.1).collect::<Vec<_>>())
    .bind(keys.iter().map(|key| key.2).collect::<Vec<_>>())
    .bind(keys.iter().map(|key| key.3).collect::<Vec<_>>())
    .bind(days.iter().map(|(_, day)| *day).collect::<Vec<_>>());
    let mut gains = BTreeMap::new();
    for row in &fetch(connection, query).await? {
        let receipt = rows::receipt(row)?;
        if receipt.state.kept() == State::Done {
            gain(&mut gains, &receipt);
        }
    }
    gains.retain(|_, points| *points != 0);
    earn(connection, &gains).await
}

impl BoardStore for Shelf {
    fn top(&self, board: Board, offset: u64, limit: usize) -> Answer<'_, Vec<(UserId, i64)>> {
        Box::pin(async move {
            let (whole, from, to) = pieces(board);
            let offset = i64::try_from(offset).unwrap_or(i64::MAX);
            let text = match board.days.whole {
                Some(_) => TOP,
                None => TOP_SUMMED,
            };
            let query = || {
                sqlx::query(text)
                    .bind(kept(board.guild.number()))
                    .bind(whole)
                    .bind(from)
                    .bind(to)
                    .bind(limited(limit))
                    .bind(offset)
            };
            self.rows(query).await?.iter().map(standing).collect()
        })
    }

    fn above(&self, board: Board, points: i64) -> Answer<'_, u64> {
        Box::pin(async move {
            let (number, first, last) = pieces(board);
            let guild = kept(board.guild.number());
            if let Some(whole) = board.days.whole
                && whole != Whole::Day
            {
                let (levels, (from, to)) = stretches(points);
                let query = || {
                    sqlx::query(ABOVE_LEVELS)
                        .bind(guild)
                        .bind(number)
                        .bind(first)
                        .bind(from)
                        .bind(to)
                        .bind(levels.map(|level| i64::from(level.0)).to_vec())
                        .bind(levels.map(|level| level.1).to_vec())
                        .bind(levels.map(|level| level.2).to_vec())
                };
                return self.number(query).await;
            }
            let text = match board.days.whole {
                Some(_) => ABOVE_COUNTED,
                None => ABOVE_SUMMED,
            };
            let query = || {
                sqlx::query(text)
                    .bind(guild)
                    .bind(number)
                    .bind(first)
                    .bind(last)
                    .bind(points)
            };
            self.number(query).await
        })
    }

    fn earned(&self, board: Board, member: UserId) -> Answer<'_, Option<(i64, bool)>> {
        Box::pin(async move {
            let (whole, from, to) = pieces(board);
            let query = || {
                sqlx::query(match board.days.whole {
                    Some(_) => EARNED,
                    None => EARNED_SUMMED,
                })
                .bind(kept(board.guild.number()))
                .bind(whole)
                .bind(from)
                .bind(to)
                .bind(kept(member.number()))
            };
            let row = self.row(query).await?;
            let earned = row.map(|row| {
                let shown: i64 = get(&row, "shown")?;
                Ok((get(&row, "points")?, shown == 1))
            });
            earned.transpose()
        })
    }

    fn around(
        &self,
        board: Board,
        (member, points): (UserId, i64),
        each: usize,
    ) -> Answer<'_, (Vec<(UserId, i64)>, Vec<(UserId, i64)>)> {
        Box::pin(async move {
            let (whole, from, to) = pieces(board);
            let near = async |text: &'static str| {
                let query = || {
                    sqlx::query(text)
                        .bind(kept(board.guild.number()))
                        .bind(whole)
                        .bind(from)
                        .bind(to)
                        .bind(points)
                        .bind(kept(member.number()))
                        .bind(limited(each))
                };
                let rows = self.rows(query).await?;
                rows.iter().map(standing).collect::<Result<Vec<_>, _>>()
            };
            let (before, after) = match board.days.whole {
                Some(_) => (BEFORE, AFTER),
                None => (BEFORE_SUMMED, AFTER_SUMMED),
            };
            Ok((near(before).await?, near(after).await?))
        })
    }

    fn size(&self, board: Board) -> Answer<'_, BoardSize> {
        Box::pin(async move {
            let (whole, from, to) = pieces(board);
            let guild = kept(board.guild.number());
            let counted = async |text: &'static str| {
                let query = || {
                    sqlx::query(text)
                        .bind(guild)
                        .bind(whole)
                        .bind(from)
                        .bind(to)
                };
                self.number(query).await
            };
            let shown = match board.days.whole {
                Some(Whole::Day) => counted(SHOWN).await?,
                Some(_) => counted(SHOWN_LEVELS).await?,
                None => counted(SHOWN_SUMMED).await?,
            };
            let hidden = match board.days.whole {
                Some(_) => counted(HIDDEN).await?,
                None => counted(HIDDEN_SUMMED).await?,
            };
            Ok(BoardSize { shown, hidden })
        })
    }

    fn hidden(&self, guild: GuildId, member: UserId) -> Answer<'_, Vec<Hidden>> {
        Box::pin(async move {
            let query = || {
                sqlx::query(
                    "select reason from hidden where guild = $1 and member = $2 order by reason",
                )
                .bind(kept(guild.number()))
                .bind(kept(member.number()))
            };
            let rows = self.rows(query).await?;
            let reasons = rows.iter();
            reasons
                .map(|row| named(&REASONS, get(row, "reason")?))
                .collect()
        })
    }

    fn all_hidden(&self, guild: GuildId, why: Hidden, limit: usize) -> Answer<'_, Vec<UserId>> {
        Box::pin(async move {
            let query = || {
                sqlx::query(
                    "select member from hidden where guild = $1 and reason = $2
                     order by member limit $3",
                )
                .bind(kept(guild.number()))
                .bind(word(&REASONS, why))
                .bind(limited(limit))
            };
            self.rows(query).await?.iter().map(member).collect()
        })
    }

    fn undated(&self, guild: GuildId, limit: usize) -> Answer<'_, Vec<Receipt>> {
        Box::pin(async move {
            let query = || {
                sqlx::query(
                    "select * from entries where guild = $1 and day is null
                     order by written_ms, kind, message, line, member limit $2",
                )
                .bind(kept(guild.number()))
                .bind(limited(limit))
            };
            self.rows(query).await?.iter().map(rows::receipt).collect()
        })
    }

    fn missummed(&self, limit: usize) -> Answer<'_, Vec<(GuildId, i64, UserId)>> {
        Box::pin(async move {
            let query = || sqlx::query(AssertSqlSafe(MISSUMMED)).bind(limited(limit));
            let rows = self.rows(query).await?;
            let found = rows.iter().map(|row| {
                let guild: i64 = get(row, "guild")?;
                let guild = GuildId::new(guild.cast_unsigned());
                Ok((guild, get(row, "day")?, member(row)?))
            });
            found.collect()
        })
    }
}

const TOP: &str = "
    select member, points from earned
    where guild = $1 and whole = $2 and piece = $3 and $3 = $4 and shown = 1 and points > 0
    order by points desc, member limit $5 offset $6";

const TOP_SUMMED: &str = "
    select member, cast(sum(points) as bigint) as points from earned
    where guild = $1 and whole = $2 and piece between $3 and $4 and shown = 1
    group by member having sum(points) > 0
    order by points desc, member limit $5 offset $6";

const ABOVE_LEVELS: &str = "
    select (select count(*) from earned
            where guild = $1 and whole = $2 and piece = $3 and shown = 1
              and points between $4 and $5)
         + (select cast(coalesce(sum(members), 0) as bigint)
            from unnest($6::bigint[], $7::bigint[], $8::bigint[]) as v (level, first, last)
            join earned_levels on earned_levels.guild = $1 and earned_levels.whole = $2
                and earned_levels.piece = $3 and earned_levels.level = v.level
                and earned_levels.bucket between v.first and v.last) as number";

const ABOVE_COUNTED: &str = "
    select count(*) as number from earned
    where guild = $1 and whole = $2 and piece = $3 and $3 = $4 and shown = 1
      and points > $5";

const ABOVE_SUMMED: &str = "
    select count(*) as number from (
        select 1 from earned
        where guild = $1 and whole = $2 and piece between $3 and $4 and shown = 1
        group by member having sum(points) > $5) as members";

const EARNED: &str = "
    select points, shown from earned
    where guild = $1 and whole = $2 and piece = $3 and $3 = $4 and member = $5";

const EARNED_SUMMED: &str = "
    select cast(sum(points) as bigint) as points, min(shown) as shown from earned
    where guild = $1 and whole = $2 and piece between $3 and $4 and member = $5
    having count(*) > 0";

// `shown` stands in the text, not among the values: a plan that is kept for any value could not use the
// index of those shown, or of those hidden.
const SHOWN: &str = "
    select count(*) as number from earned
    where guild = $1 and whole = $2 and piece = $3 and $3 = $4 and shown = 1 and points > 0";

const SHOWN_LEVELS: &str = "
    select cast(coalesce(sum(members), 0) as bigint) as number from earned_levels
    where guild = $1 and whole = $2 and piece = $3 and $3 = $4 and level = 18";

const SHOWN_SUMMED: &str = "
    select count(*) as number from (
        select 1 from earned
        where guild = $1 and whole = $2 and piece between $3 and $4 and shown = 1
        group by member having sum(points) > 0) as members";

const HIDDEN: &str = "
    select count(*) as number from earned
    where guild = $1 and whole = $2 and piece = $3 and $3 = $4 and shown = 0 and points > 0";

const HIDDEN_SUMMED: &str = "
    select count(*) as number from (
        select 1 from earned
        where guild = $1 and whole = $2 and piece between $3 and $4 and shown = 0
        group by member having sum(points) > 0) as members";

/// Days whose sums are not what the entries say.
const MISSUMMED: &str = "
    with said as (
        select guild, day, member, cast(sum(amount - undone) as bigint) as points from entries
        where kind = 0 and amount > 0 and state = 'done' and day is not null
        group by guild, day, member having sum(amount - undone) <> 0
    ), kept as (
        select guild, piece as day, member, points from earned where whole = 0 and points <> 0
    )
    select guild, day, member from (
        (select * from said except select * from kept)
        union
        (select * from kept except select * from said)) as differing
    group by guild, day, member order by guild, day, member limit $1";

const BEFORE: &str = "
    select member, points from (
        (select member, points, 0 as far from earned
         where guild = $1 and whole = $2 and piece = $3 and $3 = $4 and shown = 1
           and points = $5 and member < $6
         order by member desc limit $7)
        union all
        (select member, points, 1 as far from earned
         where guild = $1 and whole = $2 and piece = $3 and shown = 1
           and points > $5
         order by points, member desc limit $7)) as nearest
    order by far, points, member desc limit $7";

const AFTER: &str = "
    select member, points from (
        (select member, points, 0 as far from earned
         where guild = $1 and whole = $2 and piece = $3 and $3 = $4 and shown = 1
           and points = $5 and member > $6
         order by member limit $7)
        union all
        (select member, points, 1 as far from earned
         where guild = $1 and whole = $2 and piece = $3 and shown = 1 and points > 0
           and points < $5
         order by points desc, member limit $7)) as nearest
    order by far, points desc, member limit $7";

const BEFORE_SUMMED: &str = "
    select member, points from (
        select member, cast(sum(points) as bigint) as points from earned
        where guild = $1 and whole = $2 and piece between $3 and $4 and shown = 1
        group by member) as sums
    where points > $5 or (points = $5 and member < $6)
    order by points, member desc limit $7";

const AFTER_SUMMED: &str = "
    select member, points from (
        select member, cast(sum(points) as bigint) as points from earned
        where guild = $1 and whole = $2 and piece between $3 and $4 and shown = 1
        group by member) as sums
    where points > 0 and (points < $5 or (points = $5 and member > $6))
    order by points desc, member limit $7";

/// Which rows a board is made of: the number of their whole, the first and the last piece.
fn pieces(board: Board) -> (i64, i64, i64) {
    match board.days.whole {
        Some(whole) => (whole_number(whole), board.days.key(), board.days.key()),
        None => (whole_number(Whole::Day), board.days.first, board.days.last),
    }
}

fn whole(row: &PgRow) -> Result<Option<Whole>, JournalError> {
    let number: i64 = get(row, "whole")?;
    Ok(Whole::ALL
        .into_iter()
        .find(|one| whole_number(*one) == number))
}

fn standing(row: &PgRow) -> Result<(UserId, i64), JournalError> {
    Ok((member(row)?, get(row, "points")?))
}

fn member(row: &PgRow) -> Result<UserId, JournalError> {
    get(row, "member").map(|id: i64| UserId::new(id.cast_unsigned()))
}

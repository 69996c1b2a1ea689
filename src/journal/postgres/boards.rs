//! Sums of what was earned, in PostgreSQL: two statements for all sums of a transaction.

use std::collections::BTreeMap;

use sqlx::PgConnection;
use sqlx::postgres::PgRow;

use crate::journal::boards::Hidden;
use crate::journal::boards::OnBoards;
use crate::journal::boards::REASONS;
use crate::journal::boards::SumKey;
use crate::journal::boards::gain;
use crate::journal::boards::moves;
use crate::journal::boards::whole_number;
use crate::journal::entry::State;
use crate::journal::error::JournalError;
use crate::journal::kept;
use crate::journal::kept::kept;
use crate::journal::kept::word;
use crate::journal::postgres::rows;
use crate::journal::postgres::rows::get;
use crate::journal::postgres::shown;
use crate::journal::postgres::sides::fetch;
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
    for (level, bucket, by) in moves(before, now) {
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

fn whole(row: &PgRow) -> Result<Option<Whole>, JournalError> {
    let number: i64 = get(row, "whole")?;
    Ok(Whole::ALL
        .into_iter()
        .find(|one| whole_number(*one) == number))
}

fn member(row: &PgRow) -> Result<UserId, JournalError> {
    get(row, "member").map(|id: i64| UserId::new(id.cast_unsigned()))
}

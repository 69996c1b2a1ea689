//! Sums of what was earned, in SQLite.

use std::collections::BTreeMap;

use rusqlite::Connection;
use rusqlite::Row;
use rusqlite::params;

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
use crate::journal::sqlite::rows;
use crate::journal::sqlite::rows::get;
use crate::journal::sqlite::shown;
use crate::journal::sqlite::writing::execute;
use crate::model::Cause;
use crate::model::GuildId;
use crate::model::UserId;

/// Adds points to sums.
pub(super) fn earn(
    connection: &Connection,
    gains: &BTreeMap<SumKey, i64>,
) -> Result<(), JournalError> {
    let mut buckets = BTreeMap::new();
    for (&(guild, whole, piece, member), &points) in gains {
        let sum = params![
            kept(guild.number()),
            whole_number(whole),
            piece,
            kept(member.number()),
            points
        ];
        // Most sums are there; only one that begins needs to know whether it is shown.
        let added = match rows::first(connection, ADD, sum, standing_sum)? {
            None => rows::first(connection, BEGIN, sum, standing_sum)?,
            added => added,
        };
        if let Some((now, true)) = added {
            let piece = (kept(guild.number()), whole_number(whole), piece);
            moved(&mut buckets, piece, now - points, now);
        }
    }
    move_buckets(connection, &buckets)
}

const ADD: &str = "
    update earned set points = points + ?5
    where guild = ?1 and whole = ?2 and piece = ?3 and member = ?4
    returning points, shown";

const BEGIN: &str = "
    insert into earned (guild, whole, piece, member, points, shown)
    values (?1, ?2, ?3, ?4, ?5,
            not exists (select 1 from hidden where guild = ?1 and member = ?4))
    returning points, shown";

/// The points of a sum, and whether it is shown.
fn standing_sum(row: &Row<'_>) -> Result<(i64, bool), JournalError> {
    Ok((get(row, "points")?, get(row, "shown")?))
}

/// A bucket: guild, whole, piece, level and number, as kept.
type Bucket = (i64, i64, i64, u32, i64);

fn moved(
    buckets: &mut BTreeMap<Bucket, i64>,
    (guild, whole, piece): (i64, i64, i64),
    before: i64,
    now: i64,
) {
    for (level, bucket, by) in moves(before, now) {
        let key = (guild, whole, piece, level, bucket);
        *buckets.entry(key).or_default() += by;
    }
}

/// Once a bucket, however many changes of a group meet in it.
fn move_buckets(
    connection: &Connection,
    buckets: &BTreeMap<Bucket, i64>,
) -> Result<(), JournalError> {
    for (&(guild, whole, piece, level, bucket), &by) in buckets.iter().filter(|(_, by)| **by != 0) {
        execute(
            connection,
            "insert into earned_levels (guild, whole, piece, level, bucket, members)
             values (?, ?, ?, ?, ?, ?)
             on conflict (guild, whole, piece, level, bucket) do update
             set members = earned_levels.members + excluded.members",
            params![guild, whole, piece, level, bucket, by],
        )?;
    }
    Ok(())
}

/// Hides a member, or shows them again as far as that reason goes.
pub(super) fn hide(
    connection: &Connection,
    (guild, member): (GuildId, UserId),
    why: Hidden,
    on_boards: OnBoards,
    now_ms: i64,
) -> Result<(), JournalError> {
    let who = (kept(guild.number()), kept(member.number()));
    let reason = word(&REASONS, why);
    match on_boards {
        OnBoards::Hidden => execute(
            connection,
            "insert into hidden (guild, member, reason, since_ms) values (?, ?, ?, ?)
             on conflict do nothing",
            params![who.0, who.1, reason, now_ms],
        )?,
        OnBoards::Shown => execute(
            connection,
            "delete from hidden where guild = ? and member = ? and reason = ?",
            params![who.0, who.1, reason],
        )?,
    };
    if on_boards == OnBoards::Hidden {
        shown::owe(connection, who, now_ms)?;
    }
    let changed = rows::all(
        connection,
        "update earned
         set shown = not exists (select 1 from hidden where guild = ?1 and member = ?2)
         where guild = ?1 and member = ?2
           and shown = exists (select 1 from hidden where guild = ?1 and member = ?2)
         returning whole, piece, points, shown",
        params![who.0, who.1],
        |row| {
            Ok((
                get::<i64>(row, "whole")?,
                get::<i64>(row, "piece")?,
                get::<i64>(row, "points")?,
                get::<bool>(row, "shown")?,
            ))
        },
    )?;
    let mut buckets = BTreeMap::new();
    for (whole, piece, points, shown) in changed {
        let (before, now) = match shown {
            true => (0, points),
            false => (points, 0),
        };
        moved(&mut buckets, (who.0, whole, piece), before, now);
    }
    move_buckets(connection, &buckets)
}

/// Says in which days entries count that count in none.
pub(super) fn date(connection: &Connection, days: &[(Cause, i64)]) -> Result<(), JournalError> {
    let mut gains = BTreeMap::new();
    for (cause, day) in days {
        let (kind, message, line, member) = kept::key(cause);
        let dated = rows::first(
            connection,
            "update entries set day = ?
             where kind = ? and message = ? and line = ? and member = ? and day is null
             returning *",
            params![day, kind, message, line, member],
            rows::receipt,
        )?;
        if let Some(receipt) = dated.filter(|receipt| receipt.state.kept() == State::Done) {
            gain(&mut gains, &receipt);
        }
    }
    gains.retain(|_, points| *points != 0);
    earn(connection, &gains)
}

//! Sums of what was earned, in SQLite.

use std::collections::BTreeMap;

use rusqlite::Connection;
use rusqlite::Params;
use rusqlite::Row;
use rusqlite::params;

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
use crate::journal::sqlite::mapped;
use crate::journal::sqlite::rows;
use crate::journal::sqlite::rows::get;
use crate::journal::sqlite::rows::named;
use crate::journal::sqlite::shelf::Shelf;
use crate::journal::sqlite::shelf::limited;
use crate::journal::sqlite::shown;
use crate::journal::sqlite::writing::execute;
use crate::journal::store::Answer;
use crate::model::Cause;
use crate::model::GuildId;
use crate::model::UserId;
use crate::model::period::Whole;

/// Adds points to sums.
pub(super) fn earn(
    connection: &Connection,
    gains: &BTreeMap<SumKey, i64>,
) -> Result<(), JournalError> {
    for (&(guild, whole, piece, member), &points) in gains {
        let sum = rows::first(
            connection,
            "insert into earned (guild, whole, piece, member, points, shown)
             values (?1, ?2, ?3, ?4, ?5,
                     not exists (select 1 from hidden where guild = ?1 and member = ?4))
             on conflict (guild, whole, piece, member) do update
             set points = earned.points + excluded.points
             returning points, shown",
            params![
                kept(guild.number()),
                whole_number(whole),
                piece,
                kept(member.number()),
                points
            ],
            |row| Ok((get::<i64>(row, "points")?, get::<bool>(row, "shown")?)),
        )?;
        if let Some((now, true)) = sum {
            move_buckets(connection, (guild, whole, piece), now - points, now)?;
        }
    }
    Ok(())
}

fn move_buckets(
    connection: &Connection,
    (guild, whole, piece): (GuildId, Whole, i64),
    before: i64,
    now: i64,
) -> Result<(), JournalError> {
    for (level, bucket, by) in moves(whole, before, now) {
        execute(
            connection,
            "insert into earned_levels (guild, whole, piece, level, bucket, members)
             values (?, ?, ?, ?, ?, ?)
             on conflict (guild, whole, piece, level, bucket) do update
             set members = earned_levels.members + excluded.members",
            params![
                kept(guild.number()),
                whole_number(whole),
                piece,
                level,
                bucket,
                by
            ],
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
    for (whole, piece, points, shown) in changed {
        let Some(whole) = Whole::ALL
            .into_iter()
            .find(|one| whole_number(*one) == whole)
        else {
            continue;
        };
        let (before, now) = match shown {
            true => (0, points),
            false => (points, 0),
        };
        move_buckets(connection, (guild, whole, piece), before, now)?;
    }
    Ok(())
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

impl BoardStore for Shelf {
    fn top(&self, board: Board, offset: u64, limit: usize) -> Answer<'_, Vec<(UserId, i64)>> {
        Box::pin(self.readers.read(move |connection| {
            let offset = i64::try_from(offset).unwrap_or(i64::MAX);
            let guild = kept(board.guild.number());
            match board.days.whole {
                Some(whole) => rows::all(
                    connection,
                    "select member, points from earned
                     where guild = ? and whole = ? and piece = ? and shown = 1 and points > 0
                     order by points desc, member limit ? offset ?",
                    params![
                        guild,
                        whole_number(whole),
                        board.days.key(),
                        limited(limit),
                        offset
                    ],
                    standing,
                ),
                None => rows::all(
                    connection,
                    "select member, sum(points) as points from earned
                     where guild = ? and whole = 0 and piece between ? and ? and shown = 1
                     group by member having sum(points) > 0
                     order by points desc, member limit ? offset ?",
                    params![
                        guild,
                        board.days.first,
                        board.days.last,
                        limited(limit),
                        offset
                    ],
                    standing,
                ),
            }
        }))
    }

    fn above(&self, board: Board, points: i64) -> Answer<'_, u64> {
        Box::pin(self.readers.read(move |connection| {
            let guild = kept(board.guild.number());
            let (first, last) = (board.days.first, board.days.last);
            let Some(whole) = board.days.whole else {
                return count(
                    connection,
                    "select count(*) as number from (
                         select 1 from earned
                         where guild = ? and whole = 0 and piece between ? and ? and shown = 1
                         group by member having sum(points) > ?)",
                    params![guild, first, last, points],
                );
            };
            let (number, piece) = (whole_number(whole), board.days.key());
            if whole == Whole::Day {
                return count(
                    connection,
                    "select count(*) as number from earned
                     where guild = ? and whole = ? and piece = ? and shown = 1 and points > ?",
                    params![guild, number, piece, points],
                );
            }
            let (levels, (from, to)) = stretches(points);
            let mut above = count(
                connection,
                "select count(*) as number from earned
                 where guild = ? and whole = ? and piece = ? and shown = 1
                   and points between ? and ?",
                params![guild, number, piece, from, to],
            )?;
            for (level, from, to) in levels {
                above += count(
                    connection,
                    "select coalesce(sum(members), 0) as number from earned_levels
                     where guild = ? and whole = ? and piece = ? and level = ?
                       and bucket between ? and ?",
                    params![guild, number, piece, level, from, to],
                )?;
            }
            Ok(above)
        }))
    }

    fn earned(&self, board: Board, member: UserId) -> Answer<'_, Option<(i64, bool)>> {
        Box::pin(self.readers.read(move |connection| {
            let (whole, from, to) = pieces(board);
            rows::first(
                connection,
                match board.days.whole {
                    Some(_) => EARNED,
                    None => EARNED_SUMMED,
                },
                params![
                    kept(board.guild.number()),
                    whole,
                    from,
                    to,
                    kept(member.number())
                ],
                |row| Ok((get(row, "points")?, get(row, "shown")?)),
            )
        }))
    }

    fn around(
        &self,
        board: Board,
        (member, points): (UserId, i64),
        each: usize,
    ) -> Answer<'_, (Vec<(UserId, i64)>, Vec<(UserId, i64)>)> {
        Box::pin(self.readers.read(move |connection| {
            let (whole, from, to) = pieces(board);
            let near = |text: &str| {
                let values = params![
                    kept(board.guild.number()),
                    whole,
                    from,
                    to,
                    points,
                    kept(member.number()),
                    limited(each)
                ];
                rows::all(connection, text, values, standing)
            };
            // One piece is found in the order of the index; several have to be summed up first.
            let (before, after) = match board.days.whole {
                Some(_) => (BEFORE, AFTER),
                None => (BEFORE_SUMMED, AFTER_SUMMED),
            };
            Ok((near(before)?, near(after)?))
        }))
    }

    fn size(&self, board: Board) -> Answer<'_, BoardSize> {
        Box::pin(self.readers.read(move |connection| {
            let (whole, from, to) = pieces(board);
            let guild = kept(board.guild.number());
            let counted = |text| count(connection, text, params![guild, whole, from, to]);
            let shown = match board.days.whole {
                Some(Whole::Day) => counted(SHOWN)?,
                Some(whole) => count(
                    connection,
                    "select coalesce(sum(members), 0) as number from earned_levels
                     where guild = ? and whole = ? and piece = ? and level = 18",
                    params![guild, whole_number(whole), board.days.key()],
                )?,
                None => counted(SHOWN_SUMMED)?,
            };
            let hidden = counted(match board.days.whole {
                Some(_) => HIDDEN,
                None => HIDDEN_SUMMED,
            })?;
            Ok(BoardSize { shown, hidden })
        }))
    }

    fn hidden(&self, guild: GuildId, member: UserId) -> Answer<'_, Vec<Hidden>> {
        Box::pin(self.readers.glance(move |connection| {
            rows::all(
                connection,
                "select reason from hidden where guild = ? and member = ? order by reason",
                params![kept(guild.number()), kept(member.number())],
                |row| named(&REASONS, &get::<String>(row, "reason")?),
            )
        }))
    }

    fn all_hidden(&self, guild: GuildId, why: Hidden, limit: usize) -> Answer<'_, Vec<UserId>> {
        Box::pin(self.readers.read(move |connection| {
            rows::all(
                connection,
                "select member from hidden where guild = ? and reason = ? order by member limit ?",
                params![kept(guild.number()), word(&REASONS, why), limited(limit)],
                member,
            )
        }))
    }

    fn undated(&self, guild: GuildId, limit: usize) -> Answer<'_, Vec<Receipt>> {
        Box::pin(self.readers.read(move |connection| {
            rows::all(
                connection,
                "select * from entries where guild = ? and day is null
                 order by written_ms, kind, message, line, member limit ?",
                params![kept(guild.number()), limited(limit)],
                rows::receipt,
            )
        }))
    }

    fn missummed(&self, limit: usize) -> Answer<'_, Vec<(GuildId, i64, UserId)>> {
        Box::pin(self.readers.read(move |connection| {
            rows::all(connection, MISSUMMED, params![limited(limit)], |row| {
                let guild: i64 = get(row, "guild")?;
                let guild = GuildId::new(guild.cast_unsigned());
                Ok((guild, get(row, "day")?, member(row)?))
            })
        }))
    }
}

const EARNED: &str = "
    select points, shown from earned
    where guild = ?1 and whole = ?2 and piece = ?3 and ?3 = ?4 and member = ?5";

// Without the hint everybody within those days would be looked through.
const EARNED_SUMMED: &str = "
    select sum(points) as points, min(shown) as shown from earned indexed by earned_member
    where guild = ?1 and whole = ?2 and piece between ?3 and ?4 and member = ?5
    having count(*) > 0";

// `shown` stands in the text, not among the values: only then is it known when the statement is planned
// that the index of those shown, or of those hidden, has all that is wanted.
const SHOWN: &str = "
    select count(*) as number from earned
    where guild = ?1 and whole = ?2 and piece = ?3 and ?3 = ?4 and shown = 1 and points > 0";

const SHOWN_SUMMED: &str = "
    select count(*) as number from (
        select 1 from earned
        where guild = ?1 and whole = ?2 and piece between ?3 and ?4 and shown = 1
        group by member having sum(points) > 0)";

const HIDDEN: &str = "
    select count(*) as number from earned indexed by earned_hidden
    where guild = ?1 and whole = ?2 and piece = ?3 and ?3 = ?4 and shown = 0 and points > 0";

const HIDDEN_SUMMED: &str = "
    select count(*) as number from (
        select 1 from earned indexed by earned_hidden
        where guild = ?1 and whole = ?2 and piece between ?3 and ?4 and shown = 0
        group by member having sum(points) > 0)";

/// Days whose sums are not what the entries say.
const MISSUMMED: &str = "
    with said as (
        select guild, day, member, sum(amount - undone) as points from entries
        where kind = 0 and amount > 0 and state = 'done' and day is not null
        group by guild, day, member having sum(amount - undone) <> 0
    ), kept as (
        select guild, piece as day, member, points from earned where whole = 0 and points <> 0
    )
    select guild, day, member from (
        select * from (select * from said except select * from kept)
        union
        select * from (select * from kept except select * from said))
    group by guild, day, member order by guild, day, member limit ?";

const BEFORE: &str = "
    select member, points from (
        select member, points from earned indexed by earned_board
        where guild = ?1 and whole = ?2 and piece = ?3 and ?3 = ?4 and shown = 1
          and points = ?5 and member < ?6
        order by member desc limit ?7)
    union all
    select member, points from (
        select member, points from earned indexed by earned_board
        where guild = ?1 and whole = ?2 and piece = ?3 and shown = 1
          and points > ?5
        order by points, member desc limit ?7)
    limit ?7";

const AFTER: &str = "
    select member, points from (
        select member, points from earned indexed by earned_board
        where guild = ?1 and whole = ?2 and piece = ?3 and ?3 = ?4 and shown = 1
          and points = ?5 and member > ?6
        order by member limit ?7)
    union all
    select member, points from (
        select member, points from earned indexed by earned_board
        where guild = ?1 and whole = ?2 and piece = ?3 and shown = 1 and points > 0
          and points < ?5
        order by points desc, member limit ?7)
    limit ?7";

const BEFORE_SUMMED: &str = "
    select member, points from (
        select member, sum(points) as points from earned
        where guild = ?1 and whole = ?2 and piece between ?3 and ?4 and shown = 1
        group by member)
    where points > ?5 or (points = ?5 and member < ?6)
    order by points, member desc limit ?7";

const AFTER_SUMMED: &str = "
    select member, points from (
        select member, sum(points) as points from earned
        where guild = ?1 and whole = ?2 and piece between ?3 and ?4 and shown = 1
        group by member)
    where points > 0 and (points < ?5 or (points = ?5 and member > ?6))
    order by points desc, member limit ?7";

/// Which rows a board is made of: the number of their whole, the first and the last piece.
fn pieces(board: Board) -> (i64, i64, i64) {
    match board.days.whole {
        Some(whole) => (whole_number(whole), board.days.key(), board.days.key()),
        None => (whole_number(Whole::Day), board.days.first, board.days.last),
    }
}

fn count(
    connection: &Connection,
    text: &'static str,
    values: impl Params,
) -> Result<u64, JournalError> {
    let mut statement = connection.prepare_cached(text).map_err(mapped)?;
    let number: i64 = statement
        .query_row(values, |row| row.get("number"))
        .map_err(mapped)?;
    Ok(number.max(0).cast_unsigned())
}

fn standing(row: &Row<'_>) -> Result<(UserId, i64), JournalError> {
    Ok((member(row)?, get(row, "points")?))
}

fn member(row: &Row<'_>) -> Result<UserId, JournalError> {
    get(row, "member").map(|id: i64| UserId::new(id.cast_unsigned()))
}

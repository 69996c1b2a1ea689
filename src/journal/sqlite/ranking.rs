//! Boards of what was earned, as they are read from SQLite.

use std::collections::HashMap;

use rusqlite::Connection;
use rusqlite::Params;
use rusqlite::Row;
use rusqlite::params;

use crate::journal::boards::BoardSize;
use crate::journal::boards::BoardStore;
use crate::journal::boards::Hidden;
use crate::journal::boards::Near;
use crate::journal::boards::Piece;
use crate::journal::boards::REASONS;
use crate::journal::boards::Sum;
use crate::journal::boards::stretches;
use crate::journal::boards::whole_number;
use crate::journal::entry::Receipt;
use crate::journal::error::JournalError;
use crate::journal::kept::kept;
use crate::journal::kept::word;
use crate::journal::missummed::MISSUMMED;
use crate::journal::sqlite::mapped;
use crate::journal::sqlite::rows;
use crate::journal::sqlite::rows::get;
use crate::journal::sqlite::rows::named;
use crate::journal::sqlite::shelf::Shelf;
use crate::journal::sqlite::shelf::limited;
use crate::journal::store::Answer;
use crate::model::GuildId;
use crate::model::UserId;
use crate::model::period::Whole;

/// A page that ends within so many rows from the top is no more than a glance.
const NEAR: u64 = 100;

impl BoardStore for Shelf {
    fn top(&self, piece: Piece, offset: u64, limit: usize) -> Answer<'_, Vec<(UserId, i64)>> {
        // Rows left out are walked past, one by one.
        let is_near = offset.saturating_add(limit as u64) <= NEAR;
        let offset = i64::try_from(offset).unwrap_or(i64::MAX);
        let look = move |connection: &Connection| {
            let (guild, whole, key) = parts(piece);
            rows::all(
                connection,
                "select member, points from earned
                 where guild = ? and whole = ? and piece = ? and shown = 1 and points > 0
                 order by points desc, member limit ? offset ?",
                params![guild, whole, key, limited(limit), offset],
                standing,
            )
        };
        match is_near {
            true => Box::pin(self.readers.glance(look)),
            false => Box::pin(self.readers.read(look)),
        }
    }

    fn above(&self, piece: Piece, points: i64) -> Answer<'_, u64> {
        Box::pin(self.readers.read(move |connection| {
            let (guild, whole, key) = parts(piece);
            let (levels, (from, to)) = stretches(points);
            let mut above = count(
                connection,
                "select count(*) as number from earned
                 where guild = ? and whole = ? and piece = ? and shown = 1
                   and points between ? and ?",
                params![guild, whole, key, from, to],
            )?;
            for (level, from, to) in levels {
                above += count(
                    connection,
                    "select coalesce(sum(members), 0) as number from earned_levels
                     where guild = ? and whole = ? and piece = ? and level = ?
                       and bucket between ? and ?",
                    params![guild, whole, key, level, from, to],
                )?;
            }
            Ok(above)
        }))
    }

    fn earned(&self, piece: Piece, member: UserId) -> Answer<'_, Option<(i64, bool)>> {
        Box::pin(self.readers.glance(move |connection| {
            let (guild, whole, key) = parts(piece);
            rows::first(
                connection,
                EARNED,
                params![guild, whole, key, kept(member.number())],
                |row| Ok((get(row, "points")?, get(row, "shown")?)),
            )
        }))
    }

    fn around(
        &self,
        piece: Piece,
        (member, points): (UserId, i64),
        each: usize,
    ) -> Answer<'_, Near> {
        Box::pin(self.readers.glance(move |connection| {
            let (guild, whole, key) = parts(piece);
            let near = |text: &str| {
                let member = kept(member.number());
                let values = params![guild, whole, key, points, member, limited(each)];
                rows::all(connection, text, values, standing)
            };
            Ok((near(BEFORE)?, near(AFTER)?))
        }))
    }

    fn size(&self, piece: Piece) -> Answer<'_, BoardSize> {
        Box::pin(self.readers.read(move |connection| {
            let (guild, whole, key) = parts(piece);
            let counted = |text| count(connection, text, params![guild, whole, key]);
            Ok(BoardSize {
                shown: counted(
                    "select coalesce(sum(members), 0) as number from earned_levels
                     where guild = ? and whole = ? and piece = ? and level = 18",
                )?,
                // `shown` stands in the text, not among the values: only then is it known when the
                // statement is planned that the index of those hidden has all that is wanted.
                hidden: counted(
                    "select count(*) as number from earned indexed by earned_hidden
                     where guild = ? and whole = ? and piece = ? and shown = 0 and points > 0",
                )?,
            })
        }))
    }

    fn sums(&self, guild: GuildId, pieces: Vec<(Whole, i64)>) -> Answer<'_, Vec<Sum>> {
        Box::pin(self.readers.read(move |connection| {
            let guild = kept(guild.number());
            let mut sums: HashMap<i64, (i64, bool)> = HashMap::new();
            // Added up here: the rows of a piece come straight from an index, where a statement for all
            // of them would sort them by member first.
            for &(whole, key) in &pieces {
                for text in [SHOWN_OF, HIDDEN_OF] {
                    let mut statement = connection.prepare_cached(text).map_err(mapped)?;
                    let values = params![guild, whole_number(whole), key];
                    let mut rows = statement.query(values).map_err(mapped)?;
                    while let Some(row) = rows.next().map_err(mapped)? {
                        let points: i64 = row.get(1).map_err(mapped)?;
                        let sum = sums.entry(row.get(0).map_err(mapped)?);
                        sum.or_insert((0, text == SHOWN_OF)).0 += points;
                    }
                }
            }
            let sums = sums.into_iter();
            let sums = sums.map(|(member, (points, shown))| Sum {
                member: UserId::new(member.cast_unsigned()),
                points,
                shown,
            });
            Ok(sums.collect())
        }))
    }

    fn sums_of(
        &self,
        guild: GuildId,
        pieces: Vec<(Whole, i64)>,
        members: Vec<UserId>,
    ) -> Answer<'_, Vec<Sum>> {
        Box::pin(self.readers.read(move |connection| {
            let guild = kept(guild.number());
            let mut sums = Vec::with_capacity(members.len());
            for &member in &members {
                let mut sum = None;
                for &(whole, key) in &pieces {
                    let earned = rows::first(
                        connection,
                        EARNED,
                        params![guild, whole_number(whole), key, kept(member.number())],
                        |row| Ok((get::<i64>(row, "points")?, get::<bool>(row, "shown")?)),
                    )?;
                    if let Some((points, shown)) = earned {
                        sum.get_or_insert(Sum {
                            member,
                            points: 0,
                            shown,
                        })
                        .points += points;
                    }
                }
                sums.extend(sum);
            }
            Ok(sums)
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
            let text = format!("{MISSUMMED} limit ?");
            rows::all(connection, &text, params![limited(limit)], |row| {
                let guild: i64 = get(row, "guild")?;
                let guild = GuildId::new(guild.cast_unsigned());
                Ok((guild, get(row, "day")?, member(row)?))
            })
        }))
    }
}

const EARNED: &str = "
    select points, shown from earned
    where guild = ?1 and whole = ?2 and piece = ?3 and member = ?4";

const SHOWN_OF: &str = "
    select member, points from earned indexed by earned_board
    where guild = ?1 and whole = ?2 and piece = ?3 and shown = 1";

const HIDDEN_OF: &str = "
    select member, points from earned indexed by earned_hidden
    where guild = ?1 and whole = ?2 and piece = ?3 and shown = 0";

const BEFORE: &str = "
    select member, points from (
        select member, points from earned indexed by earned_board
        where guild = ?1 and whole = ?2 and piece = ?3 and shown = 1
          and points = ?4 and member < ?5
        order by member desc limit ?6)
    union all
    select member, points from (
        select member, points from earned indexed by earned_board
        where guild = ?1 and whole = ?2 and piece = ?3 and shown = 1
          and points > ?4
        order by points, member desc limit ?6)
    limit ?6";

const AFTER: &str = "
    select member, points from (
        select member, points from earned indexed by earned_board
        where guild = ?1 and whole = ?2 and piece = ?3 and shown = 1
          and points = ?4 and member > ?5
        order by member limit ?6)
    union all
    select member, points from (
        select member, points from earned indexed by earned_board
        where guild = ?1 and whole = ?2 and piece = ?3 and shown = 1 and points > 0
          and points < ?4
        order by points desc, member limit ?6)
    limit ?6";

/// A piece as it is kept: guild, number of its whole, key.
fn parts(piece: Piece) -> (i64, i64, i64) {
    let guild = kept(piece.guild.number());
    (guild, whole_number(piece.whole), piece.key)
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

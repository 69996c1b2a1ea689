//! Boards of what was earned, as they are read from PostgreSQL.

use sqlx::AssertSqlSafe;
use sqlx::postgres::PgRow;

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
use crate::journal::postgres::rows;
use crate::journal::postgres::rows::get;
use crate::journal::postgres::rows::named;
use crate::journal::postgres::shelf::Shelf;
use crate::journal::postgres::shelf::limited;
use crate::journal::store::Answer;
use crate::model::GuildId;
use crate::model::UserId;
use crate::model::period::Whole;

impl BoardStore for Shelf {
    fn top(&self, piece: Piece, offset: u64, limit: usize) -> Answer<'_, Vec<(UserId, i64)>> {
        Box::pin(async move {
            let (guild, whole, key) = parts(piece);
            let offset = i64::try_from(offset).unwrap_or(i64::MAX);
            let query = || {
                sqlx::query(TOP)
                    .bind(guild)
                    .bind(whole)
                    .bind(key)
                    .bind(limited(limit))
                    .bind(offset)
            };
            self.rows(query).await?.iter().map(standing).collect()
        })
    }

    fn above(&self, piece: Piece, points: i64) -> Answer<'_, u64> {
        Box::pin(async move {
            let (guild, whole, key) = parts(piece);
            let (levels, (from, to)) = stretches(points);
            let query = || {
                sqlx::query(ABOVE)
                    .bind(guild)
                    .bind(whole)
                    .bind(key)
                    .bind(from)
                    .bind(to)
                    .bind(levels.map(|level| i64::from(level.0)).to_vec())
                    .bind(levels.map(|level| level.1).to_vec())
                    .bind(levels.map(|level| level.2).to_vec())
            };
            self.number(query).await
        })
    }

    fn earned(&self, piece: Piece, member: UserId) -> Answer<'_, Option<(i64, bool)>> {
        Box::pin(async move {
            let (guild, whole, key) = parts(piece);
            let query = || {
                sqlx::query(EARNED)
                    .bind(guild)
                    .bind(whole)
                    .bind(key)
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
        piece: Piece,
        (member, points): (UserId, i64),
        each: usize,
    ) -> Answer<'_, Near> {
        Box::pin(async move {
            let (guild, whole, key) = parts(piece);
            let near = async |text: &'static str| {
                let query = || {
                    sqlx::query(text)
                        .bind(guild)
                        .bind(whole)
                        .bind(key)
                        .bind(points)
                        .bind(kept(member.number()))
                        .bind(limited(each))
                };
                let rows = self.rows(query).await?;
                rows.iter().map(standing).collect::<Result<Vec<_>, _>>()
            };
            Ok((near(BEFORE).await?, near(AFTER).await?))
        })
    }

    fn size(&self, piece: Piece) -> Answer<'_, BoardSize> {
        Box::pin(async move {
            let (guild, whole, key) = parts(piece);
            let counted = async |text: &'static str| {
                let query = || sqlx::query(text).bind(guild).bind(whole).bind(key);
                self.number(query).await
            };
            Ok(BoardSize {
                shown: counted(
                    "select cast(coalesce(sum(members), 0) as bigint) as number from earned_levels
                     where guild = $1 and whole = $2 and piece = $3 and level = 18",
                )
                .await?,
                // `shown` stands in the text, not among the values: a plan that is kept for any value
                // could not use the index of those hidden.
                hidden: counted(
                    "select count(*) as number from earned
                     where guild = $1 and whole = $2 and piece = $3 and shown = 0 and points > 0",
                )
                .await?,
            })
        })
    }

    fn sums(&self, guild: GuildId, pieces: Vec<(Whole, i64)>) -> Answer<'_, Vec<Sum>> {
        Box::pin(async move {
            let (wholes, keys) = columns(&pieces);
            let query = || {
                sqlx::query(SUMS)
                    .bind(kept(guild.number()))
                    .bind(wholes.clone())
                    .bind(keys.clone())
            };
            self.rows(query).await?.iter().map(sum).collect()
        })
    }

    fn sums_of(
        &self,
        guild: GuildId,
        pieces: Vec<(Whole, i64)>,
        members: Vec<UserId>,
    ) -> Answer<'_, Vec<Sum>> {
        Box::pin(async move {
            let (wholes, keys) = columns(&pieces);
            let members = members.iter().map(|member| kept(member.number()));
            let members: Vec<i64> = members.collect();
            let query = || {
                sqlx::query(SUMS_OF)
                    .bind(kept(guild.number()))
                    .bind(wholes.clone())
                    .bind(keys.clone())
                    .bind(members.clone())
            };
            self.rows(query).await?.iter().map(sum).collect()
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
            let text = format!("{MISSUMMED} limit $1");
            let query = || sqlx::query(AssertSqlSafe(text.clone())).bind(limited(limit));
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
    where guild = $1 and whole = $2 and piece = $3 and shown = 1 and points > 0
    order by points desc, member limit $4 offset $5";

const ABOVE: &str = "
    select (select count(*) from earned
            where guild = $1 and whole = $2 and piece = $3 and shown = 1
              and points between $4 and $5)
         + (select cast(coalesce(sum(members), 0) as bigint)
            from unnest($6::bigint[], $7::bigint[], $8::bigint[]) as v (level, first, last)
            join earned_levels on earned_levels.guild = $1 and earned_levels.whole = $2
                and earned_levels.piece = $3 and earned_levels.level = v.level
                and earned_levels.bucket between v.first and v.last) as number";

const EARNED: &str = "
    select points, shown from earned
    where guild = $1 and whole = $2 and piece = $3 and member = $4";

const SUMS: &str = "
    select member, cast(sum(points) as bigint) as points, min(shown) as shown
    from unnest($2::bigint[], $3::bigint[]) as v (whole, piece)
    join earned on earned.guild = $1 and earned.whole = v.whole and earned.piece = v.piece
    group by member";

const SUMS_OF: &str = "
    select member, cast(sum(points) as bigint) as points, min(shown) as shown
    from unnest($4::bigint[]) as m (member)
    cross join unnest($2::bigint[], $3::bigint[]) as v (whole, piece)
    join earned using (whole, piece, member)
    where earned.guild = $1
    group by member";

const BEFORE: &str = "
    select member, points from (
        (select member, points, 0 as far from earned
         where guild = $1 and whole = $2 and piece = $3 and shown = 1
           and points = $4 and member < $5
         order by member desc limit $6)
        union all
        (select member, points, 1 as far from earned
         where guild = $1 and whole = $2 and piece = $3 and shown = 1
           and points > $4
         order by points, member desc limit $6)) as nearest
    order by far, points, member desc limit $6";

const AFTER: &str = "
    select member, points from (
        (select member, points, 0 as far from earned
         where guild = $1 and whole = $2 and piece = $3 and shown = 1
           and points = $4 and member > $5
         order by member limit $6)
        union all
        (select member, points, 1 as far from earned
         where guild = $1 and whole = $2 and piece = $3 and shown = 1 and points > 0
           and points < $4
         order by points desc, member limit $6)) as nearest
    order by far, points desc, member limit $6";

/// A piece as it is kept: guild, number of its whole, key.
fn parts(piece: Piece) -> (i64, i64, i64) {
    let guild = kept(piece.guild.number());
    (guild, whole_number(piece.whole), piece.key)
}

fn columns(pieces: &[(Whole, i64)]) -> (Vec<i64>, Vec<i64>) {
    let wholes = pieces.iter().map(|(whole, _)| whole_number(*whole));
    let keys = pieces.iter().map(|(_, key)| *key);
    (wholes.collect(), keys.collect())
}

fn sum(row: &PgRow) -> Result<Sum, JournalError> {
    Ok(Sum {
        member: member(row)?,
        points: get(row, "points")?,
        shown: get::<i64>(row, "shown")? == 1,
    })
}

fn standing(row: &PgRow) -> Result<(UserId, i64), JournalError> {
    Ok((member(row)?, get(row, "points")?))
}

fn member(row: &PgRow) -> Result<UserId, JournalError> {
    get(row, "member").map(|id: i64| UserId::new(id.cast_unsigned()))
}

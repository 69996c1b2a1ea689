//! What stands beside the entries, in PostgreSQL: seldom enough for a statement each.

use sqlx::PgConnection;
use sqlx::postgres::PgRow;

use crate::journal::entry::BalanceRead;
use crate::journal::error::JournalError;
use crate::journal::kept::kept;
use crate::journal::postgres::balances;
use crate::journal::postgres::boards;
use crate::journal::postgres::books;
use crate::journal::postgres::linking;
use crate::journal::postgres::pen::failed;
use crate::journal::postgres::pictures;
use crate::journal::postgres::reports;
use crate::journal::postgres::rows::get;
use crate::journal::postgres::schedules;
use crate::journal::postgres::script::Prepared;
use crate::journal::postgres::session::ANSWER;
use crate::journal::postgres::session::within;
use crate::journal::postgres::shelf::Shelf;
use crate::journal::postgres::shown;
use crate::journal::sides::KnownBalance;
use crate::journal::sides::Side;
use crate::journal::sides::SideDone;
use crate::journal::sides::SideStore;
use crate::journal::store::Answer;
use crate::model::GuildId;
use crate::model::UserId;

/// Writes all of them within the open transaction.
pub(super) async fn write_all(
    connection: &mut PgConnection,
    sides: &[Side],
) -> Result<Vec<SideDone>, JournalError> {
    let lots = sides.iter().filter_map(|side| match side {
        Side::Post(postings) => Some(postings.as_slice()),
        _ => None,
    });
    // Together, since every change of a guild with a ledger comes this way.
    let lots: Vec<_> = lots.collect();
    let mut posted = books::post(connection, &lots).await?.into_iter();
    let mut done = Vec::with_capacity(sides.len());
    for side in sides {
        done.push(match side {
            Side::Post(_) => SideDone::Posted(posted.next().unwrap_or_default()),
            side => write(connection, side).await?,
        });
    }
    Ok(done)
}

async fn write(connection: &mut PgConnection, side: &Side) -> Result<SideDone, JournalError> {
    match side {
        Side::Link(write) => {
            let done = linking::write(connection, write).await?;
            Ok(SideDone::Link(Box::new(done)))
        }
        Side::Know(known) => {
            balances::know(connection, known).await?;
            Ok(SideDone::Written)
        }
        Side::Hide {
            guild,
            member,
            why,
            on_boards,
            now_ms,
        } => {
            boards::hide(connection, (*guild, *member), *why, *on_boards, *now_ms).await?;
            Ok(SideDone::Written)
        }
        Side::Shown(write) => {
            shown::write(connection, write).await?;
            Ok(SideDone::Written)
        }
        Side::Sweep(write) => {
            balances::sweep(connection, write).await?;
            Ok(SideDone::Written)
        }
        Side::Date(days) => {
            boards::date(connection, days).await?;
            Ok(SideDone::Written)
        }
        Side::Post(postings) => {
            let posted = books::post(connection, &[postings]).await?;
            Ok(SideDone::Posted(posted.into_iter().flatten().collect()))
        }
        Side::Report(write) => {
            let done = reports::write(connection, write).await?;
            Ok(SideDone::Report(Box::new(done)))
        }
        Side::Picture(write) => {
            pictures::write(connection, write).await?;
            Ok(SideDone::Written)
        }
        Side::Schedule(write) => {
            let done = schedules::write(connection, write).await?;
            Ok(SideDone::Schedule(Box::new(done)))
        }
    }
}

impl SideStore for Shelf {
    fn known_balances(&self, guild: GuildId, member: UserId) -> Answer<'_, Vec<KnownBalance>> {
        Box::pin(async move {
            let query = || {
                sqlx::query("select * from known_balances where guild = $1 and member = $2")
                    .bind(kept(guild.number()))
                    .bind(kept(member.number()))
            };
            self.rows(query).await?.iter().map(known).collect()
        })
    }
}

/// Runs a statement of the open transaction.
pub(super) async fn fetch(
    connection: &mut PgConnection,
    query: Prepared<'_>,
) -> Result<Vec<PgRow>, JournalError> {
    within(ANSWER, query.fetch_all(connection))
        .await
        .map_err(failed)
}

fn known(row: &PgRow) -> Result<KnownBalance, JournalError> {
    let guild: i64 = get(row, "guild")?;
    Ok(KnownBalance {
        guild: GuildId::new(guild.cast_unsigned()),
        member: user(row, "member")?,
        system: get(row, "system")?,
        balance: BalanceRead {
            points: get(row, "points")?,
            read_ms: get(row, "read_ms")?,
        },
    })
}

/// A member's id.
pub(super) fn user(row: &PgRow, column: &str) -> Result<UserId, JournalError> {
    get(row, column).map(|id: i64| UserId::new(id.cast_unsigned()))
}

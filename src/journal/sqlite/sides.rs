//! What stands beside the entries, in SQLite.

use rusqlite::Connection;
use rusqlite::Params;
use rusqlite::Row;
use rusqlite::params;

use crate::journal::entry::BalanceRead;
use crate::journal::error::JournalError;
use crate::journal::kept::kept;
use crate::journal::sides::KnownBalance;
use crate::journal::sides::Side;
use crate::journal::sides::SideDone;
use crate::journal::sides::SideStore;
use crate::journal::sqlite::balances;
use crate::journal::sqlite::boards;
use crate::journal::sqlite::books;
use crate::journal::sqlite::linking;
use crate::journal::sqlite::pictures;
use crate::journal::sqlite::reports;
use crate::journal::sqlite::rows;
use crate::journal::sqlite::rows::get;
use crate::journal::sqlite::schedules;
use crate::journal::sqlite::shelf::Shelf;
use crate::journal::sqlite::shown;
use crate::journal::sqlite::writing;
use crate::journal::store::Answer;
use crate::model::GuildId;
use crate::model::UserId;

/// Writes one within the open transaction.
pub(super) fn write(connection: &Connection, side: &Side) -> Result<SideDone, JournalError> {
    match side {
        Side::Link(write) => {
            linking::write(connection, write).map(|done| SideDone::Link(Box::new(done)))
        }
        Side::Know(known) => balances::know(connection, known).map(|()| SideDone::Written),
        Side::Hide {
            guild,
            member,
            why,
            on_boards,
            now_ms,
        } => {
            boards::hide(connection, (*guild, *member), *why, *on_boards, *now_ms)?;
            Ok(SideDone::Written)
        }
        Side::Shown(write) => shown::write(connection, write).map(|()| SideDone::Written),
        Side::Sweep(write) => balances::sweep(connection, write).map(|()| SideDone::Written),
        Side::Date(days) => boards::date(connection, days).map(|()| SideDone::Written),
        Side::Post(postings) => books::post(connection, postings).map(SideDone::Posted),
        Side::Report(write) => {
            reports::write(connection, write).map(|done| SideDone::Report(Box::new(done)))
        }
        Side::Picture(write) => pictures::write(connection, write).map(|()| SideDone::Written),
        Side::Schedule(write) => {
            schedules::write(connection, write).map(|done| SideDone::Schedule(Box::new(done)))
        }
    }
}

impl SideStore for Shelf {
    fn known_balances(&self, guild: GuildId, member: UserId) -> Answer<'_, Vec<KnownBalance>> {
        Box::pin(self.readers.glance(move |connection| {
            rows::all(
                connection,
                "select * from known_balances where guild = ? and member = ?",
                params![kept(guild.number()), kept(member.number())],
                known,
            )
        }))
    }
}

fn known(row: &Row<'_>) -> Result<KnownBalance, JournalError> {
    let guild: i64 = get(row, "guild")?;
    Ok(KnownBalance {
        guild: GuildId::new(guild.cast_unsigned()),
        member: member(row, "member")?,
        system: get(row, "system")?,
        balance: BalanceRead {
            points: get(row, "points")?,
            read_ms: get(row, "read_ms")?,
        },
    })
}

/// A member's id.
pub(super) fn member(row: &Row<'_>, column: &str) -> Result<UserId, JournalError> {
    get(row, column).map(|id: i64| UserId::new(id.cast_unsigned()))
}

/// Carries out a statement of the open transaction.
pub(super) fn execute(
    connection: &Connection,
    text: &'static str,
    values: impl Params,
) -> Result<(), JournalError> {
    writing::execute(connection, text, values).map(drop)
}

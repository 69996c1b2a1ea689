//! What has to be known before a group of writes is decided, one statement a question.

use std::collections::HashSet;

use rusqlite::Connection;
use rusqlite::params;

use crate::journal::batch::Found;
use crate::journal::batch::FreezeStands;
use crate::journal::batch::Questions;
use crate::journal::confirming::Confirmation;
use crate::journal::entry::Receipt;
use crate::journal::error::JournalError;
use crate::journal::kept::kept;
use crate::journal::kept::key;
use crate::journal::sqlite::mapped;
use crate::journal::sqlite::rows;
use crate::journal::store::Quota;
use crate::model::Cause;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::ReceiptCode;

/// Answers all questions.
pub(super) fn find(connection: &Connection, questions: &Questions) -> Result<Found, JournalError> {
    let mut found = Found {
        codes: HashSet::with_capacity(questions.codes.len()),
        ..Found::default()
    };
    for cause in &questions.causes {
        found.entries.extend(of_cause(connection, cause)?);
    }
    for code in &questions.codes {
        if is_taken(connection, code)? {
            found.codes.insert(code.clone());
        }
    }
    for quota in &questions.quotas {
        found.given.push(given(connection, quota)?);
    }
    for &message in &questions.commands {
        found.entries.extend(of_message(connection, message)?);
    }
    for &guild in &questions.guilds {
        found.freezes.extend(freeze(connection, guild)?);
    }
    for &message in &questions.confirmations {
        found.confirmations.extend(asked(connection, message)?);
    }
    Ok(found)
}

/// The entry of a cause.
pub(super) fn of_cause(
    connection: &Connection,
    cause: &Cause,
) -> Result<Option<Receipt>, JournalError> {
    let (kind, message, line, member) = key(cause);
    rows::first(
        connection,
        "select * from entries where kind = ? and message = ? and line = ? and member = ?",
        params![kind, message, line, member],
        rows::receipt,
    )
}

/// The entries of a chat message, by line and member.
pub(super) fn of_message(
    connection: &Connection,
    message: MessageId,
) -> Result<Vec<Receipt>, JournalError> {
    rows::all(
        connection,
        "select * from entries where kind = 0 and message = ? order by line, member",
        params![kept(message.number())],
        rows::receipt,
    )
}

/// Whether giving is stopped in a guild; nothing where it never was.
pub(super) fn freeze(
    connection: &Connection,
    guild: GuildId,
) -> Result<Option<FreezeStands>, JournalError> {
    rows::first(
        connection,
        "select * from freezes where guild = ?",
        params![kept(guild.number())],
        rows::freeze,
    )
}

/// Whether an entry has that code.
fn is_taken(connection: &Connection, code: &ReceiptCode) -> Result<bool, JournalError> {
    let mut statement = connection
        .prepare_cached("select 1 from entries where code = ?")
        .map_err(mapped)?;
    statement.exists([code.as_str()]).map_err(mapped)
}

/// What counts towards a quota; answered from its index alone.
pub(super) fn given(connection: &Connection, quota: &Quota) -> Result<i64, JournalError> {
    let given = rows::first(
        connection,
        "select coalesce(sum(counts), 0) as given from entries
         where guild = ? and giver = ? and written_ms >= ? and written_ms < ?",
        params![
            kept(quota.guild.number()),
            kept(quota.giver.number()),
            quota.day.from_ms,
            quota.day.until_ms
        ],
        |row| rows::get(row, "given"),
    )?;
    Ok(given.expect("a sum without groups is one row"))
}

/// The confirmation a message asked for, as written.
pub(super) fn asked(
    connection: &Connection,
    message: MessageId,
) -> Result<Option<Confirmation>, JournalError> {
    rows::first(
        connection,
        "select * from confirmations where message = ?",
        params![kept(message.number())],
        rows::confirmation,
    )
}

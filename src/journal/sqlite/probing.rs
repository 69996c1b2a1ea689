//! Proof that the store takes writes and has room for them.

use rusqlite::Connection;
use rusqlite::params;

use crate::journal::error::JournalError;
use crate::journal::sqlite::writing::execute;

/// Writes something harmless, after taking room and giving it back.
pub(super) fn probe(connection: &Connection, now_ms: i64) -> Result<Option<u32>, JournalError> {
    fill(connection, now_ms)?;
    clear(connection)?;
    // Never the value that stands there: SQLite does not write a page that does not change.
    let met = execute(
        connection,
        "update house set probed_ms = max(probed_ms + 1, ?)",
        params![now_ms],
    )?;
    Ok((met > 0).then_some(0))
}

/// Takes some pages: a row that only changes proves nothing about room. No message has
/// the id -1.
fn fill(connection: &Connection, now_ms: i64) -> Result<(), JournalError> {
    execute(
        connection,
        "insert or replace into confirmations
            (message, guild, channel, caller, proposal, expires_ms, said, state)
         values (-1, 0, 0, 0, hex(zeroblob(8192)), ?, null, 'cancelled')",
        params![now_ms],
    )
    .map(drop)
}

/// Gives them back.
fn clear(connection: &Connection) -> Result<(), JournalError> {
    let text = "delete from confirmations where message = -1";
    execute(connection, text, []).map(drop)
}

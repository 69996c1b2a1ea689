//! What is noted of what was said: answers to commands and undos, and questions.

use rusqlite::Connection;
use rusqlite::params;

use crate::journal::entry::HandedOver;
use crate::journal::entry::Told;
use crate::journal::error::JournalError;
use crate::journal::kept;
use crate::journal::kept::kept;
use crate::journal::sqlite::rows;
use crate::journal::sqlite::writing::execute;
use crate::model::Cause;
use crate::model::MessageId;

/// What was said of a command's entries, or of one undo.
pub(super) fn tell(
    connection: &Connection,
    cause: &Cause,
    said: Option<MessageId>,
    told: Told,
    handed_over: HandedOver,
) -> Result<Option<u32>, JournalError> {
    let (kind, message, line, member) = kept::key(cause);
    let met = execute(
        connection,
        "update entries
         set said = coalesce(?2, said),
             told = case
                 when ?1 = 'undeliverable' or settled_ms is not null then ?1
                 when state = 'unresolved' and not ?7 then 'nothing'
                 else 'interim' end
         where kind = ?3 and message = ?4 and (?3 = 0 or (line = ?5 and member = ?6))",
        params![
            kept::told_word(told),
            said.map(|said| kept(said.number())),
            kind,
            message,
            line,
            member,
            handed_over == HandedOver::Named
        ],
    )?;
    Ok((met > 0).then_some(0))
}

/// Telling is put off. A command's entries share what is said of them; the most patient one counts.
pub(super) fn tell_later(
    connection: &Connection,
    cause: &Cause,
    next_ms: i64,
) -> Result<Option<u32>, JournalError> {
    let (kind, message, line, member) = kept::key(cause);
    let tries = rows::all(
        connection,
        "update entries set tell_tries = tell_tries + 1, next_tell_ms = ?
         where kind = ? and message = ? and (kind = 0 or (line = ? and member = ?))
         returning tell_tries",
        params![next_ms, kind, message, line, member],
        |row| rows::small(row, "tell_tries"),
    )?;
    Ok(tries.into_iter().max())
}

/// The message with the button.
pub(super) fn asked_said(
    connection: &Connection,
    message: MessageId,
    said: MessageId,
) -> Result<Option<u32>, JournalError> {
    let met = execute(
        connection,
        "update confirmations set said = ? where message = ?",
        params![kept(said.number()), kept(message.number())],
    )?;
    Ok((met > 0).then_some(0))
}

//! What is noted of what was said: answers to commands and undos, and questions.

use rusqlite::Connection;
use rusqlite::params;

use crate::journal::entry::Shown;
use crate::journal::entry::State;
use crate::journal::entry::Told;
use crate::journal::error::JournalError;
use crate::journal::kept;
use crate::journal::kept::kept;
use crate::journal::sqlite::rows;
use crate::journal::sqlite::writing::execute;
use crate::model::Cause;
use crate::model::MessageId;

/// What was said of a command's entries, or of one undo: of those that are shown, or of all.
pub(super) fn tell(
    connection: &Connection,
    cause: &Cause,
    said: Option<MessageId>,
    told: Told,
    shown: &[Shown],
) -> Result<Option<u32>, JournalError> {
    let one = |cause: &Cause, shown: Option<State>| {
        let (kind, message, line, member) = kept::key(cause);
        execute(
            connection,
            "update entries
             set said = coalesce(?2, said),
                 told = case
                     when ?1 = 'undeliverable' then ?1
                     when settled_ms is not null and state = ?7 then ?1
                     when settled_ms is null and (state = 'unresolved' or ?7 = 'waiting')
                         and ?7 <> case approval when 'asked' then 'waiting' else state end
                         then 'nothing'
                     else 'interim' end
             where kind = ?3 and message = ?4
               and ((?3 = 0 and ?7 is null) or (line = ?5 and member = ?6))",
            params![
                kept::told_word(told),
                said.map(|said| kept(said.number())),
                kind,
                message,
                line,
                member,
                shown.map(kept::standing_word)
            ],
        )
    };
    let mut met = 0;
    if shown.is_empty() {
        met = one(cause, None)?;
    }
    for Shown { cause, state } in shown {
        met += one(cause, Some(*state))?;
    }
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

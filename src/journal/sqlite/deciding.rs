//! What decisions of people write: approvals, ends found out by hand, undone amounts, stops of
//! giving.

use rusqlite::Connection;
use rusqlite::params;

use crate::journal::batch::FreezeChange;
use crate::journal::entry::Decision;
use crate::journal::entry::Receipt;
use crate::journal::entry::Refused;
use crate::journal::entry::Settlement;
use crate::journal::entry::State;
use crate::journal::error::JournalError;
use crate::journal::kept;
use crate::journal::kept::kept;
use crate::journal::selection::SettledBy;
use crate::journal::sqlite::rows;
use crate::journal::sqlite::writing::execute;
use crate::model::Cause;

/// An entry that waits may be sent.
pub(super) fn approve(
    connection: &Connection,
    cause: &Cause,
    decision: &Decision,
    next_look_ms: i64,
) -> Result<Option<Receipt>, JournalError> {
    let (kind, message, line, member) = kept::key(cause);
    rows::first(
        connection,
        "update entries
         set approval = 'approved', decided_by = ?1, decided_ms = ?2, next_look_ms = ?3,
             told = 'nothing', next_tell_ms = ?2
         where kind = ?4 and message = ?5 and line = ?6 and member = ?7
           and settled_ms is null and approval = 'asked'
         returning *",
        params![
            decision.by.map(|by| kept(by.number())),
            decision.ms,
            next_look_ms,
            kind,
            message,
            line,
            member
        ],
        rows::receipt,
    )
}

/// An entry that waits ends.
pub(super) fn refuse(
    connection: &Connection,
    cause: &Cause,
    decision: &Decision,
    refused: &Refused,
) -> Result<Option<Receipt>, JournalError> {
    let (kind, message, line, member) = kept::key(cause);
    rows::first(
        connection,
        "update entries
         set approval = 'refused', decided_by = ?1, decided_ms = ?2, decision = ?3,
             state = 'refused', settled_ms = ?2, next_tell_ms = ?2, counts = 0, refusal = ?4
         where kind = ?5 and message = ?6 and line = ?7 and member = ?8
           and settled_ms is null and approval = 'asked'
         returning *",
        params![
            decision.by.map(|by| kept(by.number())),
            decision.ms,
            decision.why,
            kept::meaning_word(refused.meaning),
            kind,
            message,
            line,
            member
        ],
        rows::receipt,
    )
}

/// A person ended the entry, if it still stands as they have seen it. Its end is to be told even
/// where something else could not be.
pub(super) fn by_hand(
    connection: &Connection,
    cause: &Cause,
    sends: u32,
    seen: State,
    settlement: &Settlement,
    settled_by: &SettledBy,
    now_ms: i64,
) -> Result<Option<Receipt>, JournalError> {
    let (kind, message, line, member) = kept::key(cause);
    let (state, refused) = match settlement {
        Settlement::Done => (State::Done, None),
        Settlement::Refused(refused) => (State::Refused, Some(refused)),
    };
    let ended = rows::first(
        connection,
        "update entries
         set state = ?1, settled_ms = ?2, next_tell_ms = ?2,
             told = case told when 'nothing' then 'nothing' else 'interim' end,
             counts = case ?1 when 'refused' then 0 else counts end,
             refusal = ?3, refusal_code = ?4, refusal_text = ?5, settled_by = ?6, settled_why = ?7
         where kind = ?8 and message = ?9 and line = ?10 and member = ?11
           and settled_ms is null and sends = ?12 and state = ?13
         returning *",
        params![
            kept::state_word(state),
            now_ms,
            refused.map(|refused| kept::meaning_word(refused.meaning)),
            refused.and_then(|refused| refused.code),
            refused.map(|refused| refused.text.as_str()),
            settled_by.by,
            settled_by.why,
            kind,
            message,
            line,
            member,
            sends,
            kept::state_word(seen)
        ],
        rows::receipt,
    )?;
    if ended.is_some() && state == State::Done {
        count_undone(connection, cause)?;
    }
    Ok(ended)
}

/// Counts on a change what its undos have taken back for certain, where `cause` is one of them.
/// Counted anew each time, so that it does not matter how often.
pub(super) fn count_undone(connection: &Connection, cause: &Cause) -> Result<(), JournalError> {
    let Some(undone) = cause.undoes() else {
        return Ok(());
    };
    let (kind, message, line, member) = kept::key(&undone);
    execute(
        connection,
        "update entries set undone = undos.sum, counts = max(abs(amount) - undos.sum, 0)
         from (select coalesce(sum(abs(amount)), 0) as sum from entries
               where kind between 1 and 15 and message = ?2 and line = ?3 and member = ?4
                 and state = 'done') as undos
         where kind = ?1 and message = ?2 and line = ?3 and member = ?4 and state = 'done'",
        params![kind, message, line, member],
    )
    .map(drop)
}

/// Giving stops in a guild, or goes on.
pub(super) fn freeze(connection: &Connection, change: &FreezeChange) -> Result<(), JournalError> {
    match change {
        FreezeChange::Begin { freeze, message } => execute(
            connection,
            "insert into freezes (guild, message, frozen_by, reason, since_ms)
             values (?1, ?2, ?3, ?4, ?5)
             on conflict (guild) do update set
                message = ?2, frozen_by = ?3, reason = ?4, since_ms = ?5,
                lifted_by = null, lifted_ms = null",
            params![
                kept(freeze.guild.number()),
                kept(message.number()),
                kept(freeze.by.number()),
                freeze.reason,
                freeze.since_ms
            ],
        ),
        FreezeChange::End {
            guild,
            message,
            by,
            now_ms,
        } => execute(
            connection,
            "update freezes set message = ?, lifted_by = ?, lifted_ms = ? where guild = ?",
            params![
                kept(message.number()),
                kept(by.number()),
                now_ms,
                kept(guild.number())
            ],
        ),
    }
    .map(drop)
}

//! What a batch writes, one statement for each kind of thing.
//!
//! Statements that change something carry their condition with them and say which rows they met:
//! none is an answer, not an error.

use rusqlite::Connection;
use rusqlite::Params;
use rusqlite::params;

use crate::journal::batch::Batch;
use crate::journal::batch::EntryChange;
use crate::journal::batch::Note;
use crate::journal::batch::Outcome;
use crate::journal::batch::Sending;
use crate::journal::boards::gains;
use crate::journal::confirming::Confirmation;
use crate::journal::confirming::ConfirmationState;
use crate::journal::entry::BalanceRead;
use crate::journal::entry::Progress;
use crate::journal::entry::Receipt;
use crate::journal::entry::Refused;
use crate::journal::entry::Settlement;
use crate::journal::entry::State;
use crate::journal::error::JournalError;
use crate::journal::kept;
use crate::journal::kept::kept;
use crate::journal::sqlite::boards;
use crate::journal::sqlite::channels;
use crate::journal::sqlite::deciding;
use crate::journal::sqlite::mapped;
use crate::journal::sqlite::probing;
use crate::journal::sqlite::rows;
use crate::journal::sqlite::saying;
use crate::journal::sqlite::sides;
use crate::model::Account;
use crate::model::Cause;
use crate::model::MessageId;
use crate::model::ReceiptCode;

/// Writes everything within the open transaction.
pub(super) fn write(connection: &Connection, batch: &Batch) -> Result<Outcome, JournalError> {
    for entry in &batch.entries {
        insert(connection, entry)?;
    }
    for asked in &batch.asked {
        ask(connection, asked)?;
    }
    for &(message, state) in &batch.confirmed {
        confirm(connection, message, state)?;
    }
    for freeze in &batch.freezes {
        deciding::freeze(connection, freeze)?;
    }
    let changes = batch.changes.iter();
    let changes = changes.map(|change| changed(connection, change));
    let changes = changes.collect::<Result<Vec<_>, _>>()?;
    boards::earn(connection, &gains(batch, &changes))?;
    let notes = batch.notes.iter().map(|note| noted(connection, note));
    let notes = notes.collect::<Result<_, _>>()?;
    let sides = batch
        .sides
        .iter()
        .map(|side| sides::write(connection, side));
    let sides = sides.collect::<Result<_, _>>()?;
    Ok(Outcome {
        changes,
        notes,
        sides,
    })
}

fn changed(connection: &Connection, change: &EntryChange) -> Result<Option<Receipt>, JournalError> {
    match change {
        EntryChange::Resend {
            cause,
            sends,
            sending,
            now_ms,
            next_look_ms,
        } => sent(connection, cause, *sends, *sending, *now_ms, *next_look_ms),
        EntryChange::Decide {
            cause,
            decision,
            next_look_ms,
            refused,
        } => match refused {
            None => deciding::approve(connection, cause, decision, *next_look_ms),
            Some(refused) => deciding::refuse(connection, cause, decision, refused),
        },
        EntryChange::Keep {
            cause,
            sends,
            state,
            progress,
            now_ms,
        } => keep(connection, cause, *sends, *state, progress, *now_ms),
        EntryChange::Settle {
            cause,
            sends,
            looks,
            settlement,
            now_ms,
        } => match settlement {
            Settlement::Done => {
                let settled = done(connection, cause, *looks, *now_ms)?;
                deciding::count_undone(connection, cause)?;
                Ok(settled)
            }
            Settlement::Refused(refused) => {
                refuse(connection, cause, *sends, *looks, *now_ms, refused)
            }
        },
        EntryChange::ByHand {
            cause,
            sends,
            state,
            settlement,
            decided,
            now_ms,
        } => deciding::by_hand(
            connection, cause, *sends, *state, settlement, decided, *now_ms,
        ),
        EntryChange::Balance { code, balance } => balanced(connection, code, *balance),
    }
}

fn noted(connection: &Connection, note: &Note) -> Result<Option<u32>, JournalError> {
    match note {
        Note::Told {
            cause,
            said,
            told,
            shown,
        } => saying::tell(connection, cause, *said, *told, shown),
        Note::TellLater { cause, next_ms } => saying::tell_later(connection, cause, *next_ms),
        Note::AskedSaid { message, said } => saying::asked_said(connection, *message, *said),
        Note::Handled(handled) => channels::note(connection, handled),
        Note::ForgetChannels { before } => channels::forget(connection, *before),
        Note::Probe { now_ms } => probing::probe(connection, *now_ms),
    }
}

/// A new entry.
fn insert(connection: &Connection, entry: &Receipt) -> Result<(), JournalError> {
    let (kind, message, line, member) = kept::key(&entry.cause);
    execute(
        connection,
        "insert into entries (
            kind, message, line, member, op, code, guild, system, giver, member_name, amount,
            counts, reason, remark, channel, quoting, said, written_ms, state, sends,
            last_sent_ms, next_look_ms, next_tell_ms, undoes, undoes_size, approval,
            approval_over, approval_until_ms, account, day)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            kind,
            message,
            line,
            member,
            entry.op.as_str(),
            entry.code.as_str(),
            kept(entry.guild.number()),
            entry.system,
            kept(entry.giver.number()),
            entry.member_name,
            entry.amount.points(),
            entry.counts(),
            entry.reason,
            entry.remark,
            kept(entry.reply.channel.number()),
            entry.reply.quoting.map(|message| kept(message.number())),
            entry.reply.said.map(|message| kept(message.number())),
            entry.written_ms,
            kept::state_word(entry.state),
            entry.progress.sends,
            entry.progress.last_sent_ms,
            entry.progress.next_look_ms,
            entry.written_ms,
            entry.undoes.as_ref().map(|undoes| undoes.code.as_str()),
            entry.undoes.as_ref().map(|undoes| undoes.size),
            entry.approval.as_ref().map(kept::approval_word),
            entry.approval.as_ref().map(|approval| approval.over),
            entry.approval.as_ref().map(|approval| approval.until_ms),
            entry.account.as_ref().map(Account::kept),
            entry.day,
        ],
    )
    .map(drop)
}

/// A new confirmation.
fn ask(connection: &Connection, asked: &Confirmation) -> Result<(), JournalError> {
    execute(
        connection,
        "insert into confirmations
            (message, guild, channel, caller, proposal, expires_ms, said, state)
         values (?, ?, ?, ?, ?, ?, ?, 'asked')",
        params![
            kept(asked.message.number()),
            kept(asked.guild.number()),
            kept(asked.channel.number()),
            kept(asked.caller.number()),
            asked.proposal,
            asked.expires_ms,
            asked.said.map(|said| kept(said.number())),
        ],
    )
    .map(drop)
}

/// A confirmation is used up or called off.
fn confirm(
    connection: &Connection,
    message: MessageId,
    state: ConfirmationState,
) -> Result<(), JournalError> {
    execute(
        connection,
        "update confirmations set state = ? where message = ?",
        params![kept::confirmation_word(state), kept(message.number())],
    )
    .map(drop)
}

/// Another sending, unless somebody else noted one since; a first one not while giving is stopped.
fn sent(
    connection: &Connection,
    cause: &Cause,
    sends: u32,
    sending: Sending,
    now_ms: i64,
    next_look_ms: i64,
) -> Result<Option<Receipt>, JournalError> {
    let (kind, message, line, member) = kept::key(cause);
    rows::first(
        connection,
        "update entries
         set sends = sends + 1, last_sent_ms = ?, next_look_ms = ?,
             state = case state when 'held' then 'held' else 'unconfirmed' end
         where kind = ? and message = ? and line = ? and member = ?
           and settled_ms is null and sends = ?
           and (? or amount < 0 or not exists (
                select 1 from freezes
                where freezes.guild = entries.guild and freezes.lifted_ms is null))
         returning *",
        params![
            now_ms,
            next_look_ms,
            kind,
            message,
            line,
            member,
            sends,
            sending == Sending::Again
        ],
        rows::receipt,
    )
}

/// The entry stays open with what was learnt, unless sent again since.
fn keep(
    connection: &Connection,
    cause: &Cause,
    sends: u32,
    state: State,
    progress: &Progress,
    now_ms: i64,
) -> Result<Option<Receipt>, JournalError> {
    let (kind, message, line, member) = kept::key(cause);
    rows::first(
        connection,
        "update entries
         set state = ?1, looks = ?2, next_look_ms = ?3, in_doubt_since_ms = ?4, heard = ?5,
             told = case when ?1 = 'unresolved' and state <> ?1 and told = 'interim'
                    then 'nothing' else told end,
             next_tell_ms = case when ?1 = 'unresolved' and state <> ?1
                            then ?11 else next_tell_ms end
         where kind = ?6 and message = ?7 and line = ?8 and member = ?9
           and settled_ms is null and sends = ?10
         returning *",
        params![
            kept::state_word(state),
            progress.looks,
            progress.next_look_ms,
            progress.in_doubt_since_ms,
            progress.heard,
            kind,
            message,
            line,
            member,
            sends,
            now_ms
        ],
        rows::receipt,
    )
}

/// The entry is done, whoever sent it last.
fn done(
    connection: &Connection,
    cause: &Cause,
    looks: u32,
    now_ms: i64,
) -> Result<Option<Receipt>, JournalError> {
    let (kind, message, line, member) = kept::key(cause);
    rows::first(
        connection,
        "update entries
         set state = 'done', settled_ms = ?1, next_tell_ms = ?1, looks = max(looks, ?6)
         where kind = ?2 and message = ?3 and line = ?4 and member = ?5 and settled_ms is null
         returning *",
        params![now_ms, kind, message, line, member, looks],
        rows::receipt,
    )
}

/// The entry is refused, unless sent again since.
fn refuse(
    connection: &Connection,
    cause: &Cause,
    sends: u32,
    looks: u32,
    now_ms: i64,
    refused: &Refused,
) -> Result<Option<Receipt>, JournalError> {
    let (kind, message, line, member) = kept::key(cause);
    rows::first(
        connection,
        "update entries
         set state = 'refused', settled_ms = ?1, next_tell_ms = ?1, counts = 0,
             refusal = ?2, refusal_code = ?3, refusal_text = ?4, looks = max(looks, ?10)
         where kind = ?5 and message = ?6 and line = ?7 and member = ?8
           and settled_ms is null and sends = ?9
         returning *",
        params![
            now_ms,
            kept::meaning_word(refused.meaning),
            refused.code,
            refused.text,
            kind,
            message,
            line,
            member,
            sends,
            looks
        ],
        rows::receipt,
    )
}

/// A balance that was read.
fn balanced(
    connection: &Connection,
    code: &ReceiptCode,
    balance: BalanceRead,
) -> Result<Option<Receipt>, JournalError> {
    rows::first(
        connection,
        "update entries set balance = ?, balance_read_ms = ? where code = ? returning *",
        params![balance.points, balance.read_ms, code.as_str()],
        rows::receipt,
    )
}

/// Carries one prepared statement out and counts the rows it met.
pub(super) fn execute(
    connection: &Connection,
    text: &'static str,
    values: impl Params,
) -> Result<usize, JournalError> {
    let mut statement = connection.prepare_cached(text).map_err(mapped)?;
    statement.execute(values).map_err(mapped)
}

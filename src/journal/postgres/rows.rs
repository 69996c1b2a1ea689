//! Between rows of PostgreSQL and the journal's shapes.
//!
//! A row that cannot be read is an error of the store, never a guess.

use anyhow::anyhow;
use sqlx::Row;
use sqlx::postgres::PgRow;

use crate::journal::batch::FreezeStands;
use crate::journal::confirming::Confirmation;
use crate::journal::entry::BalanceRead;
use crate::journal::entry::Progress;
use crate::journal::entry::Receipt;
use crate::journal::entry::Refused;
use crate::journal::entry::ReplyAddress;
use crate::journal::entry::Undoes;
use crate::journal::error::JournalError;
use crate::journal::kept;
use crate::journal::kept::Beside;
use crate::journal::kept::CONFIRMATION_STATES;
use crate::journal::kept::MEANINGS;
use crate::journal::kept::STATES;
use crate::journal::kept::TOLD;
use crate::journal::selection::SettledBy;
use crate::model::Account;
use crate::model::Amount;
use crate::model::Cause;
use crate::model::ChannelId;
use crate::model::Freeze;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::OpId;
use crate::model::ReceiptCode;
use crate::model::UserId;

/// A column's value in the type asked for.
pub(super) fn get<'r, T>(row: &'r PgRow, column: &str) -> Result<T, JournalError>
where
    T: sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    row.try_get(column).map_err(|error| damaged(anyhow!(error)))
}

/// A whole entry.
pub(super) fn receipt(row: &PgRow) -> Result<Receipt, JournalError> {
    let balance = match get::<Option<i64>>(row, "balance")? {
        Some(points) => Some(BalanceRead {
            points,
            read_ms: get(row, "balance_read_ms")?,
        }),
        None => None,
    };
    let refusal = match get::<Option<&str>>(row, "refusal")? {
        Some(meaning) => Some(Refused {
            meaning: named(&MEANINGS, meaning)?,
            code: get(row, "refusal_code")?,
            text: get::<Option<String>>(row, "refusal_text")?.unwrap_or_default(),
        }),
        None => None,
    };
    let mut receipt = Receipt {
        code: code(row)?,
        op: OpId::kept(get(row, "op")?),
        cause: cause(row)?,
        guild: GuildId::new(id(row, "guild")?),
        system: get(row, "system")?,
        giver: UserId::new(id(row, "giver")?),
        member: UserId::new(id(row, "member")?),
        member_name: get(row, "member_name")?,
        amount: Amount::new(get(row, "amount")?).map_err(|e| damaged(anyhow!(e)))?,
        reason: get(row, "reason")?,
        remark: get(row, "remark")?,
        written_ms: get(row, "written_ms")?,
        state: named(&STATES, get(row, "state")?)?,
        progress: Progress {
            sends: small(row, "sends")?,
            last_sent_ms: get(row, "last_sent_ms")?,
            looks: small(row, "looks")?,
            next_look_ms: get(row, "next_look_ms")?,
            in_doubt_since_ms: get(row, "in_doubt_since_ms")?,
            heard: get(row, "heard")?,
        },
        settled_ms: get(row, "settled_ms")?,
        refusal,
        balance,
        reply: ReplyAddress {
            channel: ChannelId::new(id(row, "channel")?),
            quoting: message(row, "quoting")?,
            said: message(row, "said")?,
        },
        told: named(&TOLD, get(row, "told")?)?,
        settled_by: settled_by(row)?,
        undoes: undoes(row)?,
        undone: get(row, "undone")?,
        approval: None,
        account: None,
        day: None,
    };
    let beside = Beside {
        state: receipt.state,
        undone: receipt.undone,
        size: receipt.amount.size(),
        approval: get(row, "approval")?,
        over: get(row, "approval_over")?,
        until_ms: get(row, "approval_until_ms")?,
        decided_by: get(row, "decided_by")?,
        decided_ms: get(row, "decided_ms")?,
        why: get(row, "decision")?,
    };
    (receipt.state, receipt.approval) = beside.read();
    let account: Option<String> = get(row, "account")?;
    receipt.account = account.as_deref().and_then(Account::read);
    receipt.day = get(row, "day")?;
    Ok(receipt)
}

fn undoes(row: &PgRow) -> Result<Option<Undoes>, JournalError> {
    let Some(text) = get::<Option<&str>>(row, "undoes")? else {
        return Ok(None);
    };
    let code = ReceiptCode::read(text);
    Ok(Some(Undoes {
        code: code.ok_or_else(|| damaged(anyhow!("`{text}` is no receipt code")))?,
        size: get(row, "undoes_size")?,
    }))
}

/// Whether giving is stopped in a guild.
pub(super) fn freeze(row: &PgRow) -> Result<FreezeStands, JournalError> {
    let guild = GuildId::new(id(row, "guild")?);
    let freeze = Freeze {
        guild,
        by: UserId::new(id(row, "frozen_by")?),
        reason: get(row, "reason")?,
        since_ms: get(row, "since_ms")?,
    };
    let lifted: Option<i64> = get(row, "lifted_ms")?;
    Ok(FreezeStands {
        guild,
        message: MessageId::new(id(row, "message")?),
        freeze: lifted.is_none().then_some(freeze),
    })
}

fn settled_by(row: &PgRow) -> Result<Option<SettledBy>, JournalError> {
    let by: Option<String> = get(row, "settled_by")?;
    let why: Option<String> = get(row, "settled_why")?;
    Ok(by.map(|by| SettledBy {
        by,
        why: why.unwrap_or_default(),
    }))
}

/// A whole confirmation, as written.
pub(super) fn confirmation(row: &PgRow) -> Result<Confirmation, JournalError> {
    Ok(Confirmation {
        message: MessageId::new(id(row, "message")?),
        guild: GuildId::new(id(row, "guild")?),
        channel: ChannelId::new(id(row, "channel")?),
        caller: UserId::new(id(row, "caller")?),
        proposal: get(row, "proposal")?,
        expires_ms: get(row, "expires_ms")?,
        said: message(row, "said")?,
        state: named(&CONFIRMATION_STATES, get(row, "state")?)?,
    })
}

/// The cause in a row's key.
pub(super) fn cause(row: &PgRow) -> Result<Cause, JournalError> {
    let kind = get(row, "kind")?;
    let message = MessageId::new(id(row, "message")?);
    let (line, member) = (small(row, "line")?, UserId::new(id(row, "member")?));
    let cause = Cause::kept(kind, message, line, member);
    cause.ok_or_else(|| damaged(anyhow!("unknown kind of cause {kind}")))
}

/// The receipt code of a row.
pub(super) fn code(row: &PgRow) -> Result<ReceiptCode, JournalError> {
    let text: &str = get(row, "code")?;
    ReceiptCode::read(text).ok_or_else(|| damaged(anyhow!("`{text}` is no receipt code")))
}

/// A number that fits 32 bits.
pub(super) fn small(row: &PgRow, column: &str) -> Result<u32, JournalError> {
    let number: i64 = get(row, column)?;
    u32::try_from(number).map_err(|_| damaged(anyhow!("`{column}` is {number}")))
}

pub(super) fn named<T: Copy>(words: &[(&str, T)], word: &str) -> Result<T, JournalError> {
    kept::named(words, word).ok_or_else(|| damaged(anyhow!("unknown word `{word}`")))
}

pub(super) fn id(row: &PgRow, column: &str) -> Result<u64, JournalError> {
    Ok(get::<i64>(row, column)?.cast_unsigned())
}

fn message(row: &PgRow, column: &str) -> Result<Option<MessageId>, JournalError> {
    let kept: Option<i64> = get(row, column)?;
    Ok(kept.map(|id| MessageId::new(id.cast_unsigned())))
}

fn damaged(what: anyhow::Error) -> JournalError {
    JournalError::Database(what.context("a row of the store cannot be read"))
}

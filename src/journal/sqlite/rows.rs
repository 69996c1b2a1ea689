//! Between rows of SQLite and the journal's shapes.
//!
//! A row that cannot be read is an error of the store, never a guess.

use anyhow::anyhow;
use rusqlite::Connection;
use rusqlite::Params;
use rusqlite::Row;
use rusqlite::types::FromSql;

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
use crate::journal::sqlite::mapped;
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
pub(super) fn get<T: FromSql>(row: &Row<'_>, column: &str) -> Result<T, JournalError> {
    row.get(column).map_err(mapped)
}

/// The first row a statement answers with, if any.
pub(super) fn first<T>(
    connection: &Connection,
    text: &'static str,
    values: impl Params,
    read: impl FnOnce(&Row<'_>) -> Result<T, JournalError>,
) -> Result<Option<T>, JournalError> {
    let mut statement = connection.prepare_cached(text).map_err(mapped)?;
    let mut rows = statement.query(values).map_err(mapped)?;
    rows.next().map_err(mapped)?.map(read).transpose()
}

/// All rows a statement answers with.
pub(super) fn all<T>(
    connection: &Connection,
    text: &str,
    values: impl Params,
    read: impl Fn(&Row<'_>) -> Result<T, JournalError>,
) -> Result<Vec<T>, JournalError> {
    let mut statement = connection.prepare_cached(text).map_err(mapped)?;
    let mut rows = statement.query(values).map_err(mapped)?;
    let mut all = Vec::new();
    while let Some(row) = rows.next().map_err(mapped)? {
        all.push(read(row)?);
    }
    Ok(all)
}

/// A whole entry.
pub(super) fn receipt(row: &Row<'_>) -> Result<Receipt, JournalError> {
    let mut row = InOrder::new(row);
    let cause = cause(&mut row)?;
    let mut receipt = Receipt {
        cause,
        op: OpId::kept(row.get("op")?),
        code: row.code()?,
        guild: GuildId::new(row.id("guild")?),
        system: row.get("system")?,
        giver: UserId::new(row.id("giver")?),
        member: cause.parts().2,
        member_name: row.get("member_name")?,
        amount: Amount::new(row.get("amount")?).map_err(|e| damaged(anyhow!(e)))?,
        reason: row.get("reason")?,
        remark: row.get("remark")?,
        reply: ReplyAddress {
            channel: ChannelId::new(row.id("channel")?),
            quoting: row.message("quoting")?,
            said: row.message("said")?,
        },
        written_ms: row.get("written_ms")?,
        state: row.word("state", |word| named(&STATES, word))?,
        progress: Progress {
            sends: row.small("sends")?,
            last_sent_ms: row.get("last_sent_ms")?,
            looks: row.small("looks")?,
            next_look_ms: row.get("next_look_ms")?,
            in_doubt_since_ms: row.get("in_doubt_since_ms")?,
            heard: row.get("heard")?,
        },
        settled_ms: row.get("settled_ms")?,
        refusal: refusal(&mut row)?,
        balance: balance(&mut row)?,
        told: row.word("told", |word| named(&TOLD, word))?,
        settled_by: settled_by(&mut row)?,
        undoes: undoes(&mut row)?,
        undone: row.get("undone")?,
        approval: None,
        account: None,
        day: None,
    };
    let beside = Beside {
        state: receipt.state,
        undone: receipt.undone,
        size: receipt.amount.size(),
        approval: row.get("approval")?,
        over: row.get("approval_over")?,
        until_ms: row.get("approval_until_ms")?,
        decided_by: row.get("decided_by")?,
        decided_ms: row.get("decided_ms")?,
        why: row.get("decision")?,
    };
    (receipt.state, receipt.approval) = beside.read();
    let account: Option<String> = row.get("account")?;
    receipt.account = account.as_deref().and_then(Account::read);
    receipt.day = row.get("day")?;
    Ok(receipt)
}

fn undoes(row: &mut InOrder<'_, '_>) -> Result<Option<Undoes>, JournalError> {
    let code: Option<String> = row.get("undoes")?;
    code.map(|text| {
        let code = ReceiptCode::read(&text);
        Ok(Undoes {
            code: code.ok_or_else(|| damaged(anyhow!("`{text}` is no receipt code")))?,
            size: row.get("undoes_size")?,
        })
    })
    .transpose()
}

/// Whether giving is stopped in a guild.
pub(super) fn freeze(row: &Row<'_>) -> Result<FreezeStands, JournalError> {
    let mut row = InOrder::new(row);
    let guild = GuildId::new(row.id("guild")?);
    let message = MessageId::new(row.id("message")?);
    let freeze = Freeze {
        guild,
        by: UserId::new(row.id("frozen_by")?),
        reason: row.get("reason")?,
        since_ms: row.get("since_ms")?,
    };
    let lifted: Option<i64> = row.get("lifted_ms")?;
    Ok(FreezeStands {
        guild,
        message,
        freeze: lifted.is_none().then_some(freeze),
    })
}

/// The receipt code of a row.
pub(super) fn code(row: &Row<'_>) -> Result<ReceiptCode, JournalError> {
    InOrder::new(row).code()
}

fn settled_by(row: &mut InOrder<'_, '_>) -> Result<Option<SettledBy>, JournalError> {
    let by: Option<String> = row.get("settled_by")?;
    let why: Option<String> = row.get("settled_why")?;
    Ok(by.map(|by| SettledBy {
        by,
        why: why.unwrap_or_default(),
    }))
}

fn refusal(row: &mut InOrder<'_, '_>) -> Result<Option<Refused>, JournalError> {
    let meaning: Option<String> = row.get("refusal")?;
    meaning
        .map(|meaning| {
            Ok(Refused {
                meaning: named(&MEANINGS, &meaning)?,
                code: row.get("refusal_code")?,
                text: row
                    .get::<Option<String>>("refusal_text")?
                    .unwrap_or_default(),
            })
        })
        .transpose()
}

fn balance(row: &mut InOrder<'_, '_>) -> Result<Option<BalanceRead>, JournalError> {
    let points: Option<i64> = row.get("balance")?;
    points
        .map(|points| {
            let read_ms = row.get("balance_read_ms")?;
            Ok(BalanceRead { points, read_ms })
        })
        .transpose()
}

/// The cause in a row's key.
fn cause(row: &mut InOrder<'_, '_>) -> Result<Cause, JournalError> {
    let kind = row.get("kind")?;
    let message = MessageId::new(row.id("message")?);
    let (line, member) = (row.small("line")?, UserId::new(row.id("member")?));
    let cause = Cause::kept(kind, message, line, member);
    cause.ok_or_else(|| damaged(anyhow!("unknown kind of cause {kind}")))
}

/// A whole confirmation, as written.
pub(super) fn confirmation(row: &Row<'_>) -> Result<Confirmation, JournalError> {
    let mut row = InOrder::new(row);
    Ok(Confirmation {
        message: MessageId::new(row.id("message")?),
        guild: GuildId::new(row.id("guild")?),
        channel: ChannelId::new(row.id("channel")?),
        caller: UserId::new(row.id("caller")?),
        proposal: row.get("proposal")?,
        expires_ms: row.get("expires_ms")?,
        said: row.message("said")?,
        state: row.word("state", |word| named(&CONFIRMATION_STATES, word))?,
    })
}

/// A number that fits 32 bits.
pub(super) fn small(row: &Row<'_>, column: &str) -> Result<u32, JournalError> {
    InOrder::new(row).small(column)
}

/// A row read by the names of its columns, quickest in their order.
///
/// To look a name up among three dozen takes longer than all the rest of reading; the next name is
/// mostly that of the next column.
struct InOrder<'a, 'stmt> {
    row: &'a Row<'stmt>,
    next: usize,
}

impl<'a, 'stmt> InOrder<'a, 'stmt> {
    fn new(row: &'a Row<'stmt>) -> Self {
        Self { row, next: 0 }
    }

    fn get<T: FromSql>(&mut self, column: &str) -> Result<T, JournalError> {
        let place = self.place(column)?;
        self.row.get(place).map_err(mapped)
    }

    fn word<T>(
        &mut self,
        column: &str,
        read: impl FnOnce(&str) -> Result<T, JournalError>,
    ) -> Result<T, JournalError> {
        let place = self.place(column)?;
        let word = self.row.get_ref(place).map_err(mapped)?;
        read(word.as_str().map_err(|e| damaged(anyhow!(e)))?)
    }

    fn code(&mut self) -> Result<ReceiptCode, JournalError> {
        self.word("code", |text| {
            ReceiptCode::read(text).ok_or_else(|| damaged(anyhow!("`{text}` is no receipt code")))
        })
    }

    fn small(&mut self, column: &str) -> Result<u32, JournalError> {
        let number: i64 = self.get(column)?;
        u32::try_from(number).map_err(|_| damaged(anyhow!("`{column}` is {number}")))
    }

    fn id(&mut self, column: &str) -> Result<u64, JournalError> {
        Ok(self.get::<i64>(column)?.cast_unsigned())
    }

    fn message(&mut self, column: &str) -> Result<Option<MessageId>, JournalError> {
        let kept: Option<i64> = self.get(column)?;
        Ok(kept.map(|id| MessageId::new(id.cast_unsigned())))
    }

    fn place(&mut self, column: &str) -> Result<usize, JournalError> {
        let statement = self.row.as_ref();
        let place = match statement.column_name(self.next) {
            Ok(name) if name == column => self.next,
            _ => statement.column_index(column).map_err(mapped)?,
        };
        self.next = place + 1;
        Ok(place)
    }
}

pub(super) fn named<T: Copy>(words: &[(&str, T)], word: &str) -> Result<T, JournalError> {
    kept::named(words, word).ok_or_else(|| damaged(anyhow!("unknown word `{word}`")))
}

fn damaged(what: anyhow::Error) -> JournalError {
    JournalError::Database(what.context("a row of the store cannot be read"))
}

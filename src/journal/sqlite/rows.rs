//! Between rows of SQLite and the journal's shapes.
//!
//! Ids are kept bit for bit in SQLite's signed 64 bits, never through a float. A row that cannot be
//! read is an error of the store, never a guess.

use anyhow::anyhow;
use rusqlite::Connection;
use rusqlite::Params;
use rusqlite::Row;
use rusqlite::types::FromSql;

use crate::journal::entry::BalanceRead;
use crate::journal::entry::Confirmation;
use crate::journal::entry::ConfirmationState;
use crate::journal::entry::Progress;
use crate::journal::entry::Receipt;
use crate::journal::entry::Refused;
use crate::journal::entry::ReplyAddress;
use crate::journal::entry::State;
use crate::journal::entry::Told;
use crate::journal::error::JournalError;
use crate::journal::selection::SettledBy;
use crate::journal::sqlite::mapped;
use crate::model::Amount;
use crate::model::Cause;
use crate::model::ChannelId;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::OpId;
use crate::model::ReceiptCode;
use crate::model::UserId;
use crate::model::refusal::PointsRefusal;

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
    Ok(Receipt {
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
    match row.get::<i64>("kind")? {
        0 => Ok(Cause::Message {
            message: MessageId::new(row.id("message")?),
            line: row.small("line")?,
            member: UserId::new(row.id("member")?),
        }),
        other => Err(damaged(anyhow!("unknown kind of cause {other}"))),
    }
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

/// An id as it is kept.
pub(super) fn kept(id: u64) -> i64 {
    id.cast_signed()
}

/// The parts of a cause as they are kept: kind, message, line, member.
pub(super) fn key(cause: &Cause) -> (i64, i64, i64, i64) {
    let (message, line, member) = cause.parts();
    (
        cause.kind(),
        kept(message.number()),
        i64::from(line),
        kept(member.number()),
    )
}

/// The word a state is kept as.
pub(super) fn state_word(state: State) -> &'static str {
    word(&STATES, state)
}

/// The word a telling is kept as.
pub(super) fn told_word(told: Told) -> &'static str {
    word(&TOLD, told)
}

/// The word a refusal's meaning is kept as.
pub(super) fn meaning_word(meaning: PointsRefusal) -> &'static str {
    word(&MEANINGS, meaning)
}

/// The word a confirmation's state is kept as. That its time ran out is seen, not written.
pub(super) fn confirmation_word(state: ConfirmationState) -> &'static str {
    match state {
        ConfirmationState::Asked | ConfirmationState::Expired => "asked",
        ConfirmationState::Used => "used",
        ConfirmationState::Cancelled => "cancelled",
    }
}

/// Words in the store: none may ever get another meaning.
const STATES: [(&str, State); 6] = [
    ("queued", State::Queued),
    ("unconfirmed", State::Unconfirmed),
    ("held", State::Held),
    ("unresolved", State::Unresolved),
    ("done", State::Done),
    ("refused", State::Refused),
];

const TOLD: [(&str, Told); 4] = [
    ("nothing", Told::Nothing),
    ("interim", Told::Interim),
    ("final", Told::Final),
    ("undeliverable", Told::Undeliverable),
];

const MEANINGS: [(&str, PointsRefusal); 9] = [
    ("not_enabled_here", PointsRefusal::NotEnabledHere),
    ("no_access", PointsRefusal::NoAccess),
    ("no_account", PointsRefusal::NoAccount),
    ("insufficient", PointsRefusal::Insufficient),
    ("connection", PointsRefusal::Connection),
    ("too_fast", PointsRefusal::TooFast),
    ("unavailable", PointsRefusal::Unavailable),
    ("declined", PointsRefusal::Declined),
    ("by_hand", PointsRefusal::ByHand),
];

const CONFIRMATION_STATES: [(&str, ConfirmationState); 3] = [
    ("asked", ConfirmationState::Asked),
    ("used", ConfirmationState::Used),
    ("cancelled", ConfirmationState::Cancelled),
];

fn word<T: Copy + PartialEq>(words: &[(&'static str, T)], value: T) -> &'static str {
    words
        .iter()
        .find(|(_, known)| *known == value)
        .map(|(word, _)| *word)
        .expect("a test goes through every value and finds its word")
}

fn named<T: Copy>(words: &[(&str, T)], word: &str) -> Result<T, JournalError> {
    words
        .iter()
        .find(|(known, _)| *known == word)
        .map(|(_, value)| *value)
        .ok_or_else(|| damaged(anyhow!("unknown word `{word}`")))
}

fn damaged(what: anyhow::Error) -> JournalError {
    JournalError::Database(what.context("a row of the store cannot be read"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value after `state`, so that no value can be forgotten here.
    fn next_state(state: State) -> Option<State> {
        match state {
            State::Queued => Some(State::Unconfirmed),
            State::Unconfirmed => Some(State::Held),
            State::Held => Some(State::Unresolved),
            State::Unresolved => Some(State::Done),
            State::Done => Some(State::Refused),
            State::Refused => None,
        }
    }

    fn next_told(told: Told) -> Option<Told> {
        match told {
            Told::Nothing => Some(Told::Interim),
            Told::Interim => Some(Told::Final),
            Told::Final => Some(Told::Undeliverable),
            Told::Undeliverable => None,
        }
    }

    fn next_meaning(meaning: PointsRefusal) -> Option<PointsRefusal> {
        match meaning {
            PointsRefusal::NotEnabledHere => Some(PointsRefusal::NoAccess),
            PointsRefusal::NoAccess => Some(PointsRefusal::NoAccount),
            PointsRefusal::NoAccount => Some(PointsRefusal::Insufficient),
            PointsRefusal::Insufficient => Some(PointsRefusal::Connection),
            PointsRefusal::Connection => Some(PointsRefusal::TooFast),
            PointsRefusal::TooFast => Some(PointsRefusal::Unavailable),
            PointsRefusal::Unavailable => Some(PointsRefusal::Declined),
            PointsRefusal::Declined => Some(PointsRefusal::ByHand),
            PointsRefusal::ByHand => None,
        }
    }

    fn all<T: Copy>(first: T, next: fn(T) -> Option<T>) -> impl Iterator<Item = T> {
        std::iter::successors(Some(first), move |value| next(*value))
    }

    #[test]
    fn every_value_has_a_word_that_reads_back() {
        for state in all(State::Queued, next_state) {
            assert_eq!(named(&STATES, state_word(state)).unwrap(), state);
        }
        for told in all(Told::Nothing, next_told) {
            assert_eq!(named(&TOLD, told_word(told)).unwrap(), told);
        }
        for meaning in all(PointsRefusal::NotEnabledHere, next_meaning) {
            assert_eq!(named(&MEANINGS, meaning_word(meaning)).unwrap(), meaning);
        }
        assert!(named(&STATES, "lost").is_err());
    }

    #[test]
    fn ids_are_kept_bit_for_bit() {
        for id in [0, 1, (1 << 53) + 1, i64::MAX.cast_unsigned(), u64::MAX] {
            assert_eq!(kept(id).cast_unsigned(), id);
        }
    }
}

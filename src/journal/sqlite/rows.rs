//! Between rows of SQLite and the journal's shapes.
//!
//! Ids are kept bit for bit in SQLite's signed 64 bits, never through a float. A row that cannot be
//! read is an error of the store, never a guess.

use anyhow::anyhow;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

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
pub(super) fn get<'r, T>(row: &'r SqliteRow, column: &str) -> Result<T, JournalError>
where
    T: sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
{
    row.try_get(column).map_err(mapped)
}

/// A whole entry.
pub(super) fn receipt(row: &SqliteRow) -> Result<Receipt, JournalError> {
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
    Ok(Receipt {
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
    })
}

/// A whole confirmation, as written.
pub(super) fn confirmation(row: &SqliteRow) -> Result<Confirmation, JournalError> {
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
pub(super) fn cause(row: &SqliteRow) -> Result<Cause, JournalError> {
    match get::<i64>(row, "kind")? {
        0 => Ok(Cause::Message {
            message: MessageId::new(id(row, "message")?),
            line: small(row, "line")?,
            member: UserId::new(id(row, "member")?),
        }),
        other => Err(damaged(anyhow!("unknown kind of cause {other}"))),
    }
}

/// The receipt code of a row.
pub(super) fn code(row: &SqliteRow) -> Result<ReceiptCode, JournalError> {
    let text: &str = get(row, "code")?;
    ReceiptCode::read(text).ok_or_else(|| damaged(anyhow!("`{text}` is no receipt code")))
}

/// A number that fits 32 bits.
pub(super) fn small(row: &SqliteRow, column: &str) -> Result<u32, JournalError> {
    let number: i64 = get(row, column)?;
    u32::try_from(number).map_err(|_| damaged(anyhow!("`{column}` is {number}")))
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

const MEANINGS: [(&str, PointsRefusal); 8] = [
    ("not_enabled_here", PointsRefusal::NotEnabledHere),
    ("no_access", PointsRefusal::NoAccess),
    ("no_account", PointsRefusal::NoAccount),
    ("insufficient", PointsRefusal::Insufficient),
    ("connection", PointsRefusal::Connection),
    ("too_fast", PointsRefusal::TooFast),
    ("unavailable", PointsRefusal::Unavailable),
    ("declined", PointsRefusal::Declined),
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

fn id(row: &SqliteRow, column: &str) -> Result<u64, JournalError> {
    Ok(get::<i64>(row, column)?.cast_unsigned())
}

fn message(row: &SqliteRow, column: &str) -> Result<Option<MessageId>, JournalError> {
    let kept: Option<i64> = get(row, column)?;
    Ok(kept.map(|id| MessageId::new(id.cast_unsigned())))
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
            PointsRefusal::Declined => None,
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

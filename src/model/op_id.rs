//! Why a change exists, and the one id that follows from it.
//!
//! An id is a pure function of the bot and the cause. Nothing in it is random and nothing is kept
//! in the store, so a repeated frame, an edited message, a second instance, a catch-up and a lost
//! journal all arrive at the same id.

use std::fmt;

use md5::Digest;
use md5::Md5;

use crate::model::ids::MessageId;
use crate::model::ids::UserId;

/// The bot's own member id, from getMe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BotId(pub UserId);

/// Why a change of points exists.
///
/// New causes (an operator's act) get a `kind` of their own, from 16 on; the number stands in stores
/// and may never be given another meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cause {
    /// A line of a chat message, for one member named in it.
    Message {
        /// The message with the command.
        message: MessageId,
        /// The line of the message, from 0.
        line: u32,
        /// The member whose points change.
        member: UserId,
    },
    /// The undo of a change that a message asked for.
    ///
    /// An attempt that was refused may be made again under the next number, as another change with
    /// an id of its own; the journal sees to it that no two of them can both take effect.
    Undo {
        /// The message of the change that is undone.
        message: MessageId,
        /// Its line.
        line: u32,
        /// The member whose points changed.
        member: UserId,
        /// Which attempt, from 1 to `MOST_UNDOS`.
        attempt: u8,
    },
}

/// Attempts to undo one change. Each but the last was refused for certain, so this is about
/// patience and not about money.
pub const MOST_UNDOS: u8 = 15;

impl Cause {
    /// What kind of cause it is, as kept in the store.
    pub const fn kind(&self) -> i64 {
        match self {
            Cause::Message { .. } => 0,
            Cause::Undo { attempt, .. } => *attempt as i64,
        }
    }

    /// The cause of that kind and those parts; `None` where no cause has the kind.
    pub fn kept(kind: i64, message: MessageId, line: u32, member: UserId) -> Option<Self> {
        match u8::try_from(kind) {
            Ok(0) => Some(Cause::Message {
                message,
                line,
                member,
            }),
            Ok(attempt @ 1..=MOST_UNDOS) => Some(Cause::Undo {
                message,
                line,
                member,
                attempt,
            }),
            _ => None,
        }
    }

    /// The cause of the change that this one undoes.
    pub const fn undoes(&self) -> Option<Self> {
        match self {
            Cause::Message { .. } => None,
            Cause::Undo {
                message,
                line,
                member,
                ..
            } => Some(Cause::Message {
                message: *message,
                line: *line,
                member: *member,
            }),
        }
    }

    /// The cause of the `attempt`-th undo of this one.
    ///
    /// An undo has none: what was taken back is given again by a command of its own.
    pub const fn undone_by(&self, attempt: u8) -> Option<Self> {
        match self {
            Cause::Message {
                message,
                line,
                member,
            } if attempt > 0 && attempt <= MOST_UNDOS => Some(Cause::Undo {
                message: *message,
                line: *line,
                member: *member,
                attempt,
            }),
            Cause::Message { .. } | Cause::Undo { .. } => None,
        }
    }

    /// The message, line and member the cause consists of: the key of its row.
    pub const fn parts(&self) -> (MessageId, u32, UserId) {
        match self {
            Cause::Message {
                message,
                line,
                member,
            }
            | Cause::Undo {
                message,
                line,
                member,
                ..
            } => (*message, *line, *member),
        }
    }
}

/// The id under which a points system knows a change: `bizId`, `transactionId`.
///
/// At most 64 ASCII characters, all unreserved in an address, so that it is right under every
/// reading of a length limit and of the signing rules (points-backends, 1.7 and 1.9).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OpId(String);

/// Digits in ascending byte order, so that ids sort by message and so by time.
const BASE32: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A 64-bit number needs 13 digits of base 32.
const WIDTH: usize = 13;

impl OpId {
    /// The id of `cause`, for ever.
    pub fn of(bot: BotId, cause: &Cause) -> Self {
        let (message, line, member) = cause.parts();
        let mut text = String::with_capacity(64);
        text.push_str("gp-");
        push_base32(&mut text, bot.0.number());
        text.push('-');
        push_base32(&mut text, message.number());
        text.push('-');
        push_short_base32(&mut text, u64::from(line));
        text.push('-');
        push_base32(&mut text, member.number());
        if let Cause::Undo { attempt, .. } = cause {
            // Behind the rest, so that ids go on sorting by message.
            text.push_str("-u");
            push_short_base32(&mut text, u64::from(*attempt));
        }
        Self(text)
    }

    /// Reads an id back from where it was kept.
    pub fn kept(text: String) -> Self {
        Self(text)
    }

    /// The id as it goes over the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OpId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn push_base32(text: &mut String, number: u64) {
    for place in (0..WIDTH).rev() {
        let digit = (number >> (5 * place)) & 31;
        text.push(char::from(BASE32[digit as usize]));
    }
}

fn push_short_base32(text: &mut String, number: u64) {
    let mut full = String::with_capacity(WIDTH);
    push_base32(&mut full, number);
    let significant = full.trim_start_matches('0');
    text.push_str(if significant.is_empty() {
        "0"
    } else {
        significant
    });
}

/// The code people find a change by: 6 to 8 characters without look-alikes, as `R7K2QF`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReceiptCode(String);

/// No 0, 1, I and O: they are read for each other.
const RECEIPT_DIGITS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

impl ReceiptCode {
    /// The `attempt`-th code for `op`; the first few are short, later ones as long as allowed.
    ///
    /// The journal takes the first code no other change has. Since the code follows from the id, a
    /// restored or lost journal gives the same change the same code, collisions aside.
    pub fn candidate(op: &OpId, attempt: u32) -> Self {
        let length = 6 + attempt.min(2) as usize;
        let mut hash = Md5::new();
        hash.update(op.as_str().as_bytes());
        // The first three are prefixes of one another's hash; beyond that the attempt is mixed in.
        if attempt > 2 {
            hash.update(attempt.to_be_bytes());
        }
        let digest = hash.finalize();
        let code = digest
            .iter()
            .take(length)
            .map(|byte| char::from(RECEIPT_DIGITS[usize::from(byte & 31)]))
            .collect();
        Self(code)
    }

    /// Reads what a person typed; blanks around it, small letters and a leading `#` are forgiven.
    pub fn read(text: &str) -> Option<Self> {
        let code = text.trim().trim_start_matches('#').to_ascii_uppercase();
        let right_length = (6..=8).contains(&code.len());
        let right_digits = code.bytes().all(|b| RECEIPT_DIGITS.contains(&b));
        (right_length && right_digits).then_some(Self(code))
    }

    /// The code as shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReceiptCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(message: u64, line: u32, member: u64) -> Cause {
        Cause::Message {
            message: MessageId::new(message),
            line,
            member: UserId::new(member),
        }
    }

    const BOT: BotId = BotId(UserId::new(775_011_379_970_068_480));

    #[test]
    fn the_id_is_short_plain_and_the_same_every_time() {
        let largest = OpId::of(
            BotId(UserId::new(u64::MAX)),
            &cause(u64::MAX, u32::MAX, u64::MAX),
        );
        assert!(largest.as_str().len() <= 64, "{}", largest.as_str().len());
        assert!(
            largest
                .as_str()
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        );
        let one = OpId::of(
            BOT,
            &cause(868_822_861_471_551_488, 0, 737_262_643_970_064_384),
        );
        let two = OpId::of(
            BOT,
            &cause(868_822_861_471_551_488, 0, 737_262_643_970_064_384),
        );
        assert_eq!(one, two);
    }

    #[test]
    fn each_part_of_the_cause_matters_and_ids_grow_with_time() {
        let base = OpId::of(BOT, &cause(100, 0, 7));
        assert_ne!(base, OpId::of(BOT, &cause(101, 0, 7)));
        assert_ne!(base, OpId::of(BOT, &cause(100, 1, 7)));
        assert_ne!(base, OpId::of(BOT, &cause(100, 0, 8)));
        assert_ne!(base, OpId::of(BotId(UserId::new(1)), &cause(100, 0, 7)));
        assert!(OpId::of(BOT, &cause(1 << 40, 0, 1)) > OpId::of(BOT, &cause(1 << 39, 9, 9)));
    }

    #[test]
    fn each_attempt_to_undo_has_an_id_of_its_own_that_follows_from_the_change() {
        let change = cause(100, 2, 7);
        let original = OpId::of(BOT, &change);
        let mut ids = std::collections::BTreeSet::from([original.clone()]);
        for attempt in 1..=MOST_UNDOS {
            let undo = change.undone_by(attempt).unwrap();
            let id = OpId::of(BOT, &undo);
            assert!(id.as_str().starts_with(original.as_str()) && id.as_str().len() <= 64);
            assert!(ids.insert(id), "attempt {attempt} has another's id");
            assert_eq!(undo.undoes(), Some(change));
            assert_eq!(undo.undone_by(1), None, "an undo is not undone");
            let (message, line, member) = undo.parts();
            assert_eq!(Cause::kept(undo.kind(), message, line, member), Some(undo));
        }
        for attempt in [0, MOST_UNDOS + 1] {
            assert_eq!(change.undone_by(attempt), None);
        }
        assert_eq!(Cause::kept(16, MessageId::new(1), 0, UserId::new(1)), None);
        let largest = cause(u64::MAX, u32::MAX, u64::MAX).undone_by(MOST_UNDOS);
        let id = OpId::of(BotId(UserId::new(u64::MAX)), &largest.unwrap());
        assert!(id.as_str().len() <= 64, "{}", id.as_str().len());
    }

    #[test]
    fn receipts_have_six_to_eight_characters_and_read_back() {
        let op = OpId::of(BOT, &cause(100, 0, 7));
        for (attempt, length) in [(0, 6), (1, 7), (2, 8), (3, 8), (9, 8)] {
            let code = ReceiptCode::candidate(&op, attempt);
            assert_eq!(code.as_str().len(), length);
            assert_eq!(
                ReceiptCode::read(&format!(" #{} ", code.as_str().to_lowercase())),
                Some(code)
            );
        }
        assert_ne!(
            ReceiptCode::candidate(&op, 3),
            ReceiptCode::candidate(&op, 4)
        );
        for wrong in ["", "R7K2Q", "R7K2QF99A", "R7K2Q0", "R7K2QI", "六个字符不行"] {
            assert_eq!(ReceiptCode::read(wrong), None, "{wrong}");
        }
    }
}

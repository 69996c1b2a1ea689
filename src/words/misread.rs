//! What is wrong with what was typed, as a sentence with a line to copy.
//!
//! Invariant: what was read is repeated in part only, so that an answer stays an answer.

use crate::model::period::MOST_DAYS;
use crate::model::period::NoPeriod;
use crate::model::refusal::Usage;
use crate::words::SHARED;
use crate::words::refusals::Hints;
use crate::words::reply::Hole;
use crate::words::reply::Reply;
use crate::words::sentences;

sentences! {
    /// Every sentence about what was typed and could not be read.
    pub static USAGE_WORDS of SHARED;
    NOBODY_NAMED = "nobody_named" ["command"];
    SEVERAL_NAMED = "several_named" ["count"];
    TOO_MANY = "too_many" ["count", "cap"];
    NO_AMOUNT = "no_amount" ["command", "who"];
    NOT_AN_AMOUNT = "not_an_amount" ["read", "command", "who", "guess"];
    ZERO_AMOUNT = "zero_amount" ["command", "who"];
    NEGATIVE_AMOUNT = "negative_amount" ["read", "command", "who", "guess"];
    TOO_LARGE = "too_large" ["read", "cap"];
    TWO_AMOUNTS = "two_amounts" ["read", "command", "who"];
    REASON_TOO_LONG = "reason_too_long" ["length", "cap"];
    NO_REASON = "no_reason" ["command", "who"];
    NOT_A_RECEIPT = "not_a_receipt" ["read", "command"];
    NO_RECEIPT_GIVEN = "no_receipt_given" ["command"];
    NOT_AN_EVENT = "not_an_event" ["read", "command"];
    NO_EVENT_GIVEN = "no_event_given" ["command"];
    ROLE_NAMED = "role_named" ["command"];
    SURPLUS = "surplus" ["read", "usage"];
    AMBIGUOUS = "ambiguous" ["read", "candidates"];
    CANDIDATE = "candidate" ["name", "short_id"];
    NOBODY_FOUND = "nobody_found" ["read"];
    UNKNOWN_PERIOD = "unknown_period" ["read"];
    PERIOD_TOO_LONG = "period_too_long" ["read", "cap"];
    PERIOD_BACKWARDS = "period_backwards" ["read"];
    REPLY_UNREADABLE = "reply_unreadable" ["command"];
    UNKNOWN_COMMAND = "unknown_command" ["read"];
}

/// The sentence for what is wrong with the words of a command.
pub(super) fn usage_reply(usage: &Usage, hints: &Hints) -> Reply {
    let command = || Hole::Own(hints.command.clone());
    let who = || match &hints.who {
        Some(name) => Hole::Name(format!("@{name}")),
        None => Hole::Own("@小明".to_owned()),
    };
    let untrusted = |text: &String| Hole::Untrusted(shortened(text));
    match usage {
        Usage::NobodyNamed => Reply::new(&NOBODY_NAMED).with("command", command()),
        Usage::SeveralNamed { count } => {
            let count = i64::try_from(*count).unwrap_or(i64::MAX);
            Reply::new(&SEVERAL_NAMED).with("count", Hole::Number(count))
        }
        Usage::TooMany { count, cap } => Reply::new(&TOO_MANY)
            .with(
                "count",
                Hole::Number(i64::try_from(*count).unwrap_or(i64::MAX)),
            )
            .with("cap", Hole::Number(i64::try_from(*cap).unwrap_or(i64::MAX))),
        Usage::NoAmount => Reply::new(&NO_AMOUNT)
            .with("command", command())
            .with("who", who()),
        Usage::NotAnAmount { read, guess } => Reply::new(&NOT_AN_AMOUNT)
            .with("read", untrusted(read))
            .with("command", command())
            .with("who", who())
            .with("guess", Hole::Own(guess.unwrap_or(100).to_string())),
        Usage::ZeroAmount => Reply::new(&ZERO_AMOUNT)
            .with("command", command())
            .with("who", who()),
        Usage::NegativeAmount { read } => Reply::new(&NEGATIVE_AMOUNT)
            .with("read", Hole::Number(*read))
            .with("command", command())
            .with("who", who())
            .with("guess", Hole::Own(read.unsigned_abs().to_string())),
        Usage::TooLarge { read, cap } => Reply::new(&TOO_LARGE)
            .with("read", untrusted(read))
            .with("cap", Hole::Number(*cap)),
        Usage::TwoAmounts { read } => Reply::new(&TWO_AMOUNTS)
            .with(
                "read",
                Hole::List(read.iter().take(REPEATED_AMOUNTS).map(untrusted).collect()),
            )
            .with("command", command())
            .with("who", who()),
        Usage::ReasonTooLong { length, cap } => Reply::new(&REASON_TOO_LONG)
            .with(
                "length",
                Hole::Number(i64::try_from(*length).unwrap_or(i64::MAX)),
            )
            .with("cap", Hole::Number(i64::try_from(*cap).unwrap_or(i64::MAX))),
        Usage::NoReason => Reply::new(&NO_REASON)
            .with("command", command())
            .with("who", who()),
        Usage::NotAReceipt { read } if read.is_empty() => {
            Reply::new(&NO_RECEIPT_GIVEN).with("command", command())
        }
        Usage::NotAReceipt { read } => Reply::new(&NOT_A_RECEIPT)
            .with("read", untrusted(read))
            .with("command", command()),
        Usage::NotAnEvent { read } if read.is_empty() => {
            Reply::new(&NO_EVENT_GIVEN).with("command", command())
        }
        Usage::NotAnEvent { read } => Reply::new(&NOT_AN_EVENT)
            .with("read", untrusted(read))
            .with("command", command()),
        Usage::RoleNamed => Reply::new(&ROLE_NAMED).with("command", command()),
        Usage::Surplus { read } => Reply::new(&SURPLUS)
            .with("read", untrusted(read))
            .with("usage", Hole::Own(hints.usage.clone())),
        Usage::Ambiguous { read, candidates } => {
            let lines = candidates
                .iter()
                .map(|(name, short_id)| {
                    let candidate = Reply::new(&CANDIDATE)
                        .with("name", Hole::Name(name.clone()))
                        .with("short_id", Hole::Untrusted(short_id.clone()));
                    Hole::Said(Box::new(candidate))
                })
                .collect();
            Reply::new(&AMBIGUOUS)
                .with("read", untrusted(read))
                .with("candidates", Hole::List(lines))
        }
        Usage::NobodyFound { read } => Reply::new(&NOBODY_FOUND).with("read", untrusted(read)),
        Usage::NotAPeriod { read, why } => match why {
            NoPeriod::Unknown => Reply::new(&UNKNOWN_PERIOD).with("read", untrusted(read)),
            NoPeriod::TooLong => Reply::new(&PERIOD_TOO_LONG)
                .with("read", untrusted(read))
                .with("cap", Hole::Number(i64::from(MOST_DAYS))),
            NoPeriod::Backwards => Reply::new(&PERIOD_BACKWARDS).with("read", untrusted(read)),
        },
        Usage::ReplyUnreadable => Reply::new(&REPLY_UNREADABLE).with("command", command()),
        Usage::UnknownCommand { read } => {
            Reply::new(&UNKNOWN_COMMAND).with("read", untrusted(read))
        }
    }
}

/// At most this much of what was read is repeated, so that an answer stays an answer.
const REPEATED_CHARACTERS: usize = 40;
/// Of several amounts the first so many are repeated.
const REPEATED_AMOUNTS: usize = 5;

fn shortened(text: &str) -> String {
    match text.char_indices().nth(REPEATED_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

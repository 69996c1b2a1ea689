//! The statements of one writing transaction.
//!
//! A statement costs a way to the connection's thread and back, so statements are few: each kind of
//! change is one statement for all its rows.

use std::collections::HashMap;

use serde_json::Value;
use serde_json::json;

use crate::journal::entry::Confirmation;
use crate::journal::entry::Receipt;
use crate::journal::entry::Settlement;
use crate::journal::sqlite::rows;
use crate::journal::sqlite::rows::kept;
use crate::journal::sqlite::texts::ASK;
use crate::journal::sqlite::texts::ASKED_SAID;
use crate::journal::sqlite::texts::BALANCE;
use crate::journal::sqlite::texts::CLEAR;
use crate::journal::sqlite::texts::CONFIRM;
use crate::journal::sqlite::texts::DONE;
use crate::journal::sqlite::texts::FILL;
use crate::journal::sqlite::texts::KEEP;
use crate::journal::sqlite::texts::PROBE;
use crate::journal::sqlite::texts::REFUSED;
use crate::journal::sqlite::texts::RESEND;
use crate::journal::sqlite::texts::SIZES;
use crate::journal::sqlite::texts::TELL_LATER;
use crate::journal::sqlite::texts::TOLD;
use crate::journal::store::Batch;
use crate::journal::store::EntryChange;
use crate::journal::store::Note;
use crate::journal::store::Questions;
use crate::model::Cause;
use crate::model::ReceiptCode;

/// The causes asked for, as a JSON array of keys.
pub(super) fn causes(questions: &Questions) -> String {
    let keys: Vec<_> = questions.causes.iter().map(rows::key).collect();
    json!(keys).to_string()
}

/// The codes asked for, as a JSON array.
pub(super) fn codes(questions: &Questions) -> String {
    let codes: Vec<_> = questions.codes.iter().map(ReceiptCode::as_str).collect();
    json!(codes).to_string()
}

/// The quotas asked for, as a JSON array of guild, giver, begin and end.
pub(super) fn quotas(questions: &Questions) -> String {
    let quotas = questions.quotas.iter().map(|quota| {
        (
            kept(quota.guild.number()),
            kept(quota.giver.number()),
            quota.day.from_ms,
            quota.day.until_ms,
        )
    });
    json!(quotas.collect::<Vec<_>>()).to_string()
}

/// The confirmations asked for, as a JSON array.
pub(super) fn confirmations(questions: &Questions) -> String {
    let messages = questions.confirmations.iter();
    let messages = messages.map(|message| kept(message.number()));
    json!(messages.collect::<Vec<_>>()).to_string()
}

/// One statement and what it works on.
pub(super) enum Step<'a> {
    /// New entries; as many as one of the prepared texts takes.
    Insert(&'a [Receipt]),
    /// Rows of one kind.
    Rows(Rows),
}

/// A statement over a JSON array.
pub(super) struct Rows {
    /// The statement.
    pub text: &'static str,
    /// Its rows.
    pub items: Vec<Value>,
    /// The changes it carries out, by what names the rows they meet; all keys are of one sort.
    pub carries: HashMap<Key, usize>,
}

/// What names a row that comes back.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// An entry, by cause.
    Cause(Cause),
    /// An entry, by code.
    Code(ReceiptCode),
    /// A note, by kind and message.
    Message(i64, i64),
}

/// All statements that write `batch`, in order.
pub(super) fn steps(batch: &Batch) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    let mut left = batch.entries.as_slice();
    while !left.is_empty() {
        let size = SIZES.into_iter().find(|&size| size <= left.len());
        let (now, later) = left.split_at(size.unwrap_or(1));
        steps.push(Step::Insert(now));
        left = later;
    }
    let asked = batch.asked.iter().map(asked_item).collect();
    let confirmed = batch
        .confirmed
        .iter()
        .map(|(message, state)| json!([kept(message.number()), rows::confirmation_word(*state)]));
    for (text, items) in [(ASK, asked), (CONFIRM, confirmed.collect::<Vec<_>>())] {
        if !items.is_empty() {
            let carries = HashMap::new();
            steps.push(Step::Rows(Rows {
                text,
                items,
                carries,
            }));
        }
    }
    let mut rows = Vec::new();
    for (index, change) in batch.changes.iter().enumerate() {
        place_change(&mut rows, index, change);
    }
    for (index, note) in batch.notes.iter().enumerate() {
        place_note(&mut rows, index, note);
    }
    steps.extend(rows.into_iter().map(Step::Rows));
    steps
}

fn asked_item(asked: &Confirmation) -> Value {
    json!([
        kept(asked.message.number()),
        kept(asked.guild.number()),
        kept(asked.channel.number()),
        kept(asked.caller.number()),
        asked.proposal,
        asked.expires_ms,
        asked.said.map(|said| kept(said.number())),
    ])
}

fn place_change(steps: &mut Vec<Rows>, index: usize, change: &EntryChange) {
    match change {
        EntryChange::Resend {
            cause,
            sends,
            now_ms,
            next_look_ms,
        } => {
            let (kind, message, line, member) = rows::key(cause);
            let item = json!([kind, message, line, member, sends, now_ms, next_look_ms]);
            place(steps, RESEND, index, item, Key::Cause(*cause));
        }
        EntryChange::Keep {
            cause,
            sends,
            state,
            progress,
        } => {
            let (kind, message, line, member) = rows::key(cause);
            let item = json!([
                kind,
                message,
                line,
                member,
                sends,
                rows::state_word(*state),
                progress.looks,
                progress.next_look_ms,
                progress.in_doubt_since_ms,
                progress.heard,
            ]);
            place(steps, KEEP, index, item, Key::Cause(*cause));
        }
        EntryChange::Settle {
            cause,
            sends,
            settlement,
            now_ms,
        } => {
            let (kind, message, line, member) = rows::key(cause);
            let (text, item) = match settlement {
                Settlement::Done => (DONE, json!([kind, message, line, member, now_ms])),
                Settlement::Refused(refused) => (
                    REFUSED,
                    json!([
                        kind,
                        message,
                        line,
                        member,
                        sends,
                        now_ms,
                        rows::meaning_word(refused.meaning),
                        refused.code,
                        refused.text,
                    ]),
                ),
            };
            place(steps, text, index, item, Key::Cause(*cause));
        }
        EntryChange::Balance { code, balance } => {
            let item = json!([code.as_str(), balance.points, balance.read_ms]);
            place(steps, BALANCE, index, item, Key::Code(code.clone()));
        }
    }
}

fn place_note(steps: &mut Vec<Rows>, index: usize, note: &Note) {
    match note {
        Note::Told { cause, said, told } => {
            let (kind, message, _, _) = rows::key(cause);
            let said = said.map(|said| kept(said.number()));
            let item = json!([kind, message, rows::told_word(*told), said]);
            place(steps, TOLD, index, item, Key::Message(kind, message));
        }
        Note::TellLater { cause, next_ms } => {
            let (kind, message, _, _) = rows::key(cause);
            let item = json!([kind, message, next_ms]);
            place(steps, TELL_LATER, index, item, Key::Message(kind, message));
        }
        Note::AskedSaid { message, said } => {
            let message = kept(message.number());
            let item = json!([message, kept(said.number())]);
            place(steps, ASKED_SAID, index, item, Key::Message(0, message));
        }
        Note::Probe { now_ms } => {
            let now_ms = json!(now_ms);
            for text in [FILL, CLEAR] {
                steps.push(Rows {
                    text,
                    items: vec![now_ms.clone()],
                    carries: HashMap::new(),
                });
            }
            place(steps, PROBE, index, now_ms, Key::Message(0, 0));
        }
    }
}

/// Puts a row into the first statement of its kind that has none for the same key yet: one update
/// takes only one row for each it meets.
fn place(steps: &mut Vec<Rows>, text: &'static str, index: usize, item: Value, key: Key) {
    let open = steps
        .iter_mut()
        .find(|step| step.text == text && !step.carries.contains_key(&key));
    if let Some(step) = open {
        step.carries.insert(key, index);
        step.items.push(item);
        return;
    }
    steps.push(Rows {
        text,
        items: vec![item],
        carries: HashMap::from([(key, index)]),
    });
}

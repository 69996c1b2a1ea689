//! Which statement carries which change or note, and with which values.

use std::collections::HashMap;

use super::Cell;
use super::Key;
use super::Step;
use super::place;
use crate::journal::batch::EntryChange;
use crate::journal::batch::Note;
use crate::journal::batch::Sending;
use crate::journal::entry::Settlement;
use crate::journal::entry::State;
use crate::journal::kept;
use crate::journal::kept::kept;
use crate::journal::postgres::channels;
use crate::journal::postgres::texts::APPROVE;
use crate::journal::postgres::texts::ASKED_SAID;
use crate::journal::postgres::texts::BALANCE;
use crate::journal::postgres::texts::BY_HAND;
use crate::journal::postgres::texts::CLEAR;
use crate::journal::postgres::texts::DECLINE;
use crate::journal::postgres::texts::DONE;
use crate::journal::postgres::texts::FILL;
use crate::journal::postgres::texts::KEEP;
use crate::journal::postgres::texts::PROBE;
use crate::journal::postgres::texts::REFUSED;
use crate::journal::postgres::texts::RESEND;
use crate::journal::postgres::texts::SEND_FIRST;
use crate::journal::postgres::texts::TELL_LATER;
use crate::journal::postgres::texts::TOLD;
use crate::model::Cause;

/// Places a change of an entry.
pub(super) fn place_change(steps: &mut Vec<Step>, index: usize, change: &EntryChange) {
    match change {
        EntryChange::Resend {
            cause,
            sends,
            sending,
            now_ms,
            next_look_ms,
        } => {
            let (kind, message, line, member) = kept::key(cause);
            let row = row![kind, message, line, member, *sends, *now_ms, *next_look_ms];
            let text = match sending {
                Sending::First => SEND_FIRST,
                Sending::Again => RESEND,
            };
            place(steps, text, index, row, Key::Cause(*cause));
        }
        EntryChange::Decide {
            cause,
            decision,
            next_look_ms,
            refused,
        } => {
            let (kind, message, line, member) = kept::key(cause);
            let by = decision.by.map(|by| kept(by.number()));
            let (text, row) = match refused {
                None => (
                    APPROVE,
                    row![kind, message, line, member, by, decision.ms, *next_look_ms],
                ),
                Some(refused) => (
                    DECLINE,
                    row![
                        kind,
                        message,
                        line,
                        member,
                        by,
                        decision.ms,
                        &decision.why,
                        kept::meaning_word(refused.meaning),
                    ],
                ),
            };
            place(steps, text, index, row, Key::Cause(*cause));
        }
        EntryChange::Keep {
            cause,
            sends,
            state,
            progress,
            now_ms,
        } => {
            let (kind, message, line, member) = kept::key(cause);
            let row = row![
                kind,
                message,
                line,
                member,
                *sends,
                kept::state_word(*state),
                progress.looks,
                progress.next_look_ms,
                progress.in_doubt_since_ms,
                progress.heard.as_str(),
                *now_ms,
            ];
            place(steps, KEEP, index, row, Key::Cause(*cause));
        }
        EntryChange::Settle {
            cause,
            sends,
            looks,
            settlement,
            now_ms,
        } => {
            let (kind, message, line, member) = kept::key(cause);
            let (text, row) = match settlement {
                Settlement::Done => (DONE, row![kind, message, line, member, *now_ms, *looks]),
                Settlement::Refused(refused) => (
                    REFUSED,
                    row![
                        kind,
                        message,
                        line,
                        member,
                        *sends,
                        *now_ms,
                        kept::meaning_word(refused.meaning),
                        refused.code,
                        refused.text.as_str(),
                        *looks,
                    ],
                ),
            };
            place(steps, text, index, row, Key::Cause(*cause));
        }
        EntryChange::ByHand {
            cause,
            sends,
            state,
            settlement,
            decided,
            now_ms,
        } => {
            let (kind, message, line, member) = kept::key(cause);
            let (end, refused) = match settlement {
                Settlement::Done => (State::Done, None),
                Settlement::Refused(refused) => (State::Refused, Some(refused)),
            };
            let meaning = refused.map(|refused| kept::meaning_word(refused.meaning).to_owned());
            let row = row![
                kind,
                message,
                line,
                member,
                *sends,
                kept::state_word(*state),
                kept::state_word(end),
                *now_ms,
                &meaning,
                refused.and_then(|refused| refused.code),
                &refused.map(|refused| refused.text.clone()),
                decided.by.as_str(),
                decided.why.as_str(),
            ];
            place(steps, BY_HAND, index, row, Key::Cause(*cause));
        }
        EntryChange::Balance { code, balance } => {
            let row = row![code.as_str(), balance.points, balance.read_ms];
            place(steps, BALANCE, index, row, Key::Code(code.clone()));
        }
    }
}

/// Places a note of what was said or seen.
pub(super) fn place_note(steps: &mut Vec<Step>, index: usize, note: &Note) {
    match note {
        Note::Told {
            cause,
            said,
            told,
            shown,
        } => {
            let word = kept::told_word(*told);
            let row = |key: (i64, i64, i64, i64), shown: Option<State>| {
                let (kind, message, line, member) = key;
                let shown = shown.map(|state| kept::standing_word(state).to_owned());
                let row = row![kind, message, line, member, word, *said, &shown];
                (Key::Note(kind, message, line, member), row)
            };
            let mut rows: Vec<_> = shown
                .iter()
                .map(|one| row(kept::key(&one.cause), Some(one.state)))
                .collect();
            if rows.is_empty() {
                rows.push(row(told_key(cause), None));
            }
            place_told(steps, index, rows);
        }
        Note::TellLater { cause, next_ms } => {
            let (kind, message, line, member) = told_key(cause);
            let row = row![kind, message, line, member, *next_ms];
            let key = Key::Note(kind, message, line, member);
            place(steps, TELL_LATER, index, row, key);
        }
        Note::AskedSaid { message, said } => {
            let key = Key::Note(0, kept(message.number()), 0, 0);
            place(steps, ASKED_SAID, index, row![*message, *said], key);
        }
        Note::Handled(handled) => steps.extend(channels::note(index, handled)),
        Note::ForgetChannels { before } => steps.extend(channels::forget(index, *before)),
        Note::Probe { now_ms } => {
            for text in [FILL, CLEAR] {
                steps.push(Step {
                    text,
                    rows: vec![row![*now_ms]],
                    carries: HashMap::new(),
                });
            }
            place(steps, PROBE, index, row![*now_ms], Key::Note(0, 0, 0, 0));
        }
    }
}

/// Puts the rows of one note into the first statement that says nothing of their message yet: a row
/// may mean one entry or all of a message.
fn place_told(steps: &mut Vec<Step>, index: usize, rows: Vec<(Key, Vec<Cell>)>) {
    let about = |key: &Key| match key {
        Key::Note(_, message, ..) => Some(*message),
        _ => None,
    };
    let message = rows.first().and_then(|(key, _)| about(key));
    let is_free = |step: &&mut Step| {
        step.text == TOLD && !step.carries.keys().any(|key| about(key) == message)
    };
    let (keys, rows): (Vec<Key>, Vec<Vec<Cell>>) = rows.into_iter().unzip();
    let carries = keys.into_iter().map(|key| (key, index));
    match steps.iter_mut().find(is_free) {
        Some(step) => {
            step.carries.extend(carries);
            step.rows.extend(rows);
        }
        None => steps.push(Step::new(TOLD, rows, carries.collect())),
    }
}

/// What is told together: all entries of a message, or one undo.
fn told_key(cause: &Cause) -> (i64, i64, i64, i64) {
    let (kind, message, line, member) = kept::key(cause);
    match cause.undoes() {
        None => (kind, message, 0, 0),
        Some(_) => (kind, message, line, member),
    }
}

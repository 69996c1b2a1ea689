//! The statements of one writing transaction.
//!
//! A statement costs a way to the server and back, so statements are few: each kind of change is one
//! statement for all its rows.

use std::collections::HashMap;

use sqlx::Postgres;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;

use crate::journal::batch::Batch;
use crate::journal::batch::EntryChange;
use crate::journal::batch::FreezeChange;
use crate::journal::confirming::Confirmation;
use crate::journal::entry::Receipt;
use crate::journal::entry::Settlement;
use crate::journal::kept;
use crate::journal::kept::kept;
use crate::journal::postgres::texts::ASK;
use crate::journal::postgres::texts::CONFIRM;
use crate::journal::postgres::texts::FREEZE;
use crate::journal::postgres::texts::INSERT;
use crate::journal::postgres::texts::THAW;
use crate::journal::postgres::texts::UNDONE;
use crate::model::Account;
use crate::model::Cause;
use crate::model::MessageId;
use crate::model::ReceiptCode;

/// Rows that are written into a statement's text: of many, a way to the server is not what they cost.
const SHORT: usize = 4;

/// A statement with its arguments.
pub(super) type Prepared<'q> = Query<'q, Postgres, PgArguments>;

/// One value of a row, of the type of its column.
pub(super) enum Cell {
    /// A bigint.
    Number(Option<i64>),
    /// A text.
    Text(Option<String>),
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Number(Some(number))
    }
}

impl From<u32> for Cell {
    fn from(number: u32) -> Self {
        Self::Number(Some(number.into()))
    }
}

impl From<Option<i64>> for Cell {
    fn from(number: Option<i64>) -> Self {
        Self::Number(number)
    }
}

impl From<MessageId> for Cell {
    fn from(id: MessageId) -> Self {
        kept(id.number()).into()
    }
}

impl From<Option<MessageId>> for Cell {
    fn from(id: Option<MessageId>) -> Self {
        Self::Number(id.map(|id| kept(id.number())))
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<&Option<String>> for Cell {
    fn from(text: &Option<String>) -> Self {
        Self::Text(text.clone())
    }
}

/// The values of one row, in the order of the statement's columns.
macro_rules! row {
    ($($value:expr),+ $(,)?) => { vec![$(Cell::from($value)),+] };
}

// Below the macro, which it uses.
mod placing;

use placing::place_change;
use placing::place_note;

/// One statement and its rows.
pub(super) struct Step {
    text: &'static str,
    rows: Vec<Vec<Cell>>,
    /// The changes it carries out, by what names the rows they meet; all keys are of one sort.
    pub carries: HashMap<Key, usize>,
}

impl Step {
    /// A statement over these rows.
    pub fn new(text: &'static str, rows: Vec<Vec<Cell>>, carries: HashMap<Key, usize>) -> Self {
        Self {
            text,
            rows,
            carries,
        }
    }

    /// Whether it writes new entries, and no more of them than are said in text sooner than bound.
    pub fn is_short(&self) -> bool {
        self.text == INSERT && self.rows.len() <= SHORT
    }

    /// Its rows.
    pub fn rows(&self) -> &[Vec<Cell>] {
        &self.rows
    }

    /// The statement with an array for each column.
    pub fn prepared(self) -> Prepared<'static> {
        bound(sqlx::query(self.text), self.rows)
    }
}

/// What names a row that comes back.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// An entry, by cause.
    Cause(Cause),
    /// An entry, by code.
    Code(ReceiptCode),
    /// A note, by kind, message, line and member; the last two are 0 where a whole message is meant.
    Note(i64, i64, i64, i64),
}

/// The four columns of these causes' keys, as arrays.
pub(super) fn with_causes<'q>(query: Prepared<'q>, causes: &[Cause]) -> Prepared<'q> {
    let keys: Vec<_> = causes.iter().map(kept::key).collect();
    query
        .bind(keys.iter().map(|key| key.0).collect::<Vec<_>>())
        .bind(keys.iter().map(|key| key.1).collect::<Vec<_>>())
        .bind(keys.iter().map(|key| key.2).collect::<Vec<_>>())
        .bind(keys.iter().map(|key| key.3).collect::<Vec<_>>())
}

/// Turns rows into arrays of columns. All rows have as many cells of the same types.
fn bound(mut query: Prepared<'static>, rows: Vec<Vec<Cell>>) -> Prepared<'static> {
    let mut rows: Vec<_> = rows.into_iter().map(Vec::into_iter).collect();
    loop {
        let mut numbers = Vec::new();
        let mut texts = Vec::new();
        for cell in rows.iter_mut().filter_map(Iterator::next) {
            match cell {
                Cell::Number(number) => numbers.push(number),
                Cell::Text(text) => texts.push(text),
            }
        }
        query = match (numbers.is_empty(), texts.is_empty()) {
            (true, true) => return query,
            (false, _) => query.bind(numbers),
            (true, false) => query.bind(texts),
        };
    }
}

/// All statements that write `batch`, in order.
pub(super) fn steps(batch: &Batch) -> Vec<Step> {
    let mut steps = Vec::new();
    let entries = batch.entries.iter().map(entry_row);
    let asked = batch.asked.iter().map(asked_row);
    let confirmed = batch
        .confirmed
        .iter()
        .map(|(message, state)| row![*message, kept::confirmation_word(*state)]);
    for (text, rows) in [
        (INSERT, entries.collect::<Vec<_>>()),
        (ASK, asked.collect()),
        (CONFIRM, confirmed.collect()),
    ] {
        if !rows.is_empty() {
            let carries = HashMap::new();
            steps.push(Step {
                text,
                rows,
                carries,
            });
        }
    }
    // Before the changes, which may depend on them.
    steps.extend(batch.freezes.iter().map(freeze_step));
    for (index, change) in batch.changes.iter().enumerate() {
        place_change(&mut steps, index, change);
    }
    // After them, since they count what is done by then.
    steps.extend(undone_step(batch));
    for (index, note) in batch.notes.iter().enumerate() {
        place_note(&mut steps, index, note);
    }
    steps
}

fn entry_row(entry: &Receipt) -> Vec<Cell> {
    let (kind, message, line, member) = kept::key(&entry.cause);
    row![
        kind,
        message,
        line,
        member,
        entry.op.as_str(),
        entry.code.as_str(),
        kept(entry.guild.number()),
        entry.system.as_str(),
        kept(entry.giver.number()),
        entry.member_name.as_str(),
        i64::from(entry.amount.points()),
        entry.counts(),
        &entry.reason,
        entry.remark.as_str(),
        kept(entry.reply.channel.number()),
        entry.reply.quoting,
        entry.reply.said,
        entry.written_ms,
        kept::state_word(entry.state),
        entry.progress.sends,
        entry.progress.last_sent_ms,
        entry.progress.next_look_ms,
        entry.written_ms,
        &entry.undoes.as_ref().map(|undoes| undoes.code.to_string()),
        entry.undoes.as_ref().map(|undoes| undoes.size),
        &entry
            .approval
            .as_ref()
            .map(|approval| kept::approval_word(approval).to_owned()),
        entry.approval.as_ref().map(|approval| approval.over),
        entry.approval.as_ref().map(|approval| approval.until_ms),
        &entry.account.as_ref().map(Account::kept),
        entry.day,
    ]
}

fn freeze_step(change: &FreezeChange) -> Step {
    let (text, row) = match change {
        FreezeChange::Begin { freeze, message } => (
            FREEZE,
            row![
                kept(freeze.guild.number()),
                *message,
                kept(freeze.by.number()),
                &freeze.reason,
                freeze.since_ms,
            ],
        ),
        FreezeChange::End {
            guild,
            message,
            by,
            now_ms,
        } => (
            THAW,
            row![kept(guild.number()), *message, kept(by.number()), *now_ms],
        ),
    };
    Step {
        text,
        rows: vec![row],
        carries: HashMap::new(),
    }
}

/// Counts what undos that are done have taken back, if any are.
fn undone_step(batch: &Batch) -> Option<Step> {
    let undone = batch.changes.iter().filter_map(|change| match change {
        EntryChange::Settle {
            cause,
            settlement: Settlement::Done,
            ..
        }
        | EntryChange::ByHand {
            cause,
            settlement: Settlement::Done,
            ..
        } => cause.undoes(),
        _ => None,
    });
    let rows = undone.map(|cause| {
        let (_, message, line, member) = kept::key(&cause);
        row![message, line, member]
    });
    let rows: Vec<_> = rows.collect();
    (!rows.is_empty()).then(|| Step {
        text: UNDONE,
        rows,
        carries: HashMap::new(),
    })
}

fn asked_row(asked: &Confirmation) -> Vec<Cell> {
    row![
        asked.message,
        kept(asked.guild.number()),
        kept(asked.channel.number()),
        kept(asked.caller.number()),
        asked.proposal.as_str(),
        asked.expires_ms,
        asked.said,
    ]
}

/// Puts a row into the first statement of its kind that has none for the same key yet: one update
/// takes only one row for each it meets.
fn place(steps: &mut Vec<Step>, text: &'static str, index: usize, row: Vec<Cell>, key: Key) {
    let open = steps
        .iter_mut()
        .find(|step| step.text == text && !step.carries.contains_key(&key));
    if let Some(step) = open {
        step.carries.insert(key, index);
        step.rows.push(row);
        return;
    }
    steps.push(Step {
        text,
        rows: vec![row],
        carries: HashMap::from([(key, index)]),
    });
}

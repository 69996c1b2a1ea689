//! An entry for programs: the same columns in CSV, in JSON lines and in `--json`.
//!
//! Names and order are a promise (README, "Columns of an export"); new ones go to the end.

use serde::Serialize;
use serde::Serializer;
use serde::ser::SerializeMap;

use super::names;
use super::when::exact;
use crate::journal::Receipt;
use crate::journal::State;

/// One value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    /// Nothing.
    None,
    /// An id of more digits than a spreadsheet keeps, or a code.
    Id(String),
    /// A whole number.
    Number(i64),
    /// A word of our own or a time.
    Word(String),
    /// What somebody wrote. Untrusted text.
    Text(String),
}

/// An entry as named values.
pub(super) struct Columns(pub(super) Vec<(&'static str, Cell)>);

impl Columns {
    /// The columns of an entry.
    pub(super) fn of(entry: &Receipt) -> Self {
        let id = |id: &dyn std::fmt::Display| Cell::Id(id.to_string());
        let text = |text: &str| Cell::Text(text.to_owned());
        let word = |word: &str| Cell::Word(word.to_owned());
        let time = |ms: i64| Cell::Word(exact(ms));
        let refusal = entry.refusal.as_ref();
        let decided = entry.settled_by.as_ref();
        let approval = entry.approval.as_ref();
        let ruling = approval.and_then(|approval| approval.decision.as_ref());
        let next_look = match entry.state {
            _ if entry.settled_ms.is_some() => None,
            State::Waiting | State::Unresolved => None,
            _ => Some(entry.progress.next_look_ms),
        };
        Self(vec![
            ("receipt", id(&entry.code)),
            ("id", id(&entry.op)),
            ("guild", id(&entry.guild)),
            ("system", word(&entry.system)),
            ("giver", id(&entry.giver)),
            ("member", id(&entry.member)),
            ("member_name", text(&entry.member_name)),
            ("points", Cell::Number(entry.amount.points().into())),
            ("reason", maybe(entry.reason.as_deref(), text)),
            ("remark", text(&entry.remark)),
            ("state", word(names::state(entry.state))),
            ("written", time(entry.written_ms)),
            ("settled", maybe(entry.settled_ms, time)),
            ("sends", Cell::Number(entry.progress.sends.into())),
            (
                "last_sent",
                match entry.progress.sends {
                    0 => Cell::None,
                    _ => time(entry.progress.last_sent_ms),
                },
            ),
            ("looks", Cell::Number(entry.progress.looks.into())),
            ("next_look", maybe(next_look, time)),
            (
                "in_doubt_since",
                maybe(entry.progress.in_doubt_since_ms, time),
            ),
            (
                "refusal",
                maybe(refusal, |refused| word(names::refusal(refused.meaning))),
            ),
            (
                "refusal_code",
                maybe(refusal.and_then(|refused| refused.code), Cell::Number),
            ),
            (
                "refusal_text",
                maybe(refusal, |refused| text(&refused.text)),
            ),
            ("settled_by", maybe(decided, |decided| text(&decided.by))),
            ("settled_why", maybe(decided, |decided| text(&decided.why))),
            (
                "balance",
                maybe(entry.balance, |balance| Cell::Number(balance.points)),
            ),
            (
                "balance_read",
                maybe(entry.balance, |balance| time(balance.read_ms)),
            ),
            ("told", word(names::told(entry.told))),
            ("channel", id(&entry.reply.channel)),
            ("command", id(&entry.cause.parts().0)),
            ("reply", maybe(entry.reply.said, |said| id(&said))),
            (
                "undoes",
                maybe(entry.undoes.as_ref(), |undoes| id(&undoes.code)),
            ),
            ("undone", Cell::Number(entry.undone)),
            (
                "approval",
                maybe(approval, |approval| word(names::approval(approval))),
            ),
            (
                "approval_over",
                maybe(approval, |approval| Cell::Number(approval.over)),
            ),
            (
                "approval_until",
                maybe(approval, |approval| time(approval.until_ms)),
            ),
            (
                "decided_by",
                maybe(ruling.and_then(|ruling| ruling.by), |by| id(&by)),
            ),
            ("decided", maybe(ruling, |ruling| time(ruling.ms))),
            (
                "decided_why",
                maybe(ruling.and_then(|ruling| ruling.why.as_deref()), text),
            ),
        ])
    }
}

fn maybe<T>(value: Option<T>, cell: impl FnOnce(T) -> Cell) -> Cell {
    value.map_or(Cell::None, cell)
}

impl Serialize for Columns {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, cell) in &self.0 {
            match cell {
                Cell::None => map.serialize_entry(name, &())?,
                Cell::Number(number) => map.serialize_entry(name, number)?,
                Cell::Id(text) | Cell::Word(text) | Cell::Text(text) => {
                    map.serialize_entry(name, text)?;
                }
            }
        }
        map.end()
    }
}

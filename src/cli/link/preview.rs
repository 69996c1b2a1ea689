//! What importing a file would do: each of its lines, new, known, repeated or bad.

use std::collections::HashMap;

use super::Desk;
use super::file::Record;
use crate::cli::catalogue::fill;
use crate::cli::desk::Ids;
use crate::cli::table::harmless_line;
use crate::journal::Link;
use crate::journal::Proof;
use crate::model::Account;
use crate::model::System;
use crate::model::UserId;
use crate::model::account_form;
use crate::model::account_form::NotAnAccount;

/// The columns, by the names that head them.
const COLUMNS: [&str; 4] = ["system", "member", "kind", "external_id"];

/// What importing would do.
#[derive(Debug, Default)]
pub(super) struct Preview {
    /// Links that would be new.
    pub new: Vec<Link>,
    /// Lines of links that stand already.
    pub known: usize,
    /// Lines that say again what an earlier one says.
    pub repeated: usize,
    /// What is wrong, a sentence each, in the order of the lines.
    pub bad: Vec<String>,
}

/// A line that can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    line: usize,
    system: System,
    member: UserId,
    account: Account,
}

impl Row {
    fn is_same(&self, other: &Row) -> bool {
        self.member == other.member && self.account == other.account
    }
}

/// Reads the file's records against the settings and against what is tied.
pub(super) fn preview(desk: &Desk, records: &[Record], standing: &[Link], now_ms: i64) -> Preview {
    let mut preview = Preview::default();
    let Some((head, rest)) = records.split_first() else {
        preview.bad.push(desk.texts.bad_empty.clone());
        return preview;
    };
    let Some(places) = places(head) else {
        let read = shown(desk, &head.fields.join(","));
        let holes = [("line", &*head.line.to_string()), ("read", &*read)];
        preview.bad.push(fill(&desk.texts.bad_head, &holes));
        return preview;
    };
    let mut by_member: HashMap<(&str, UserId), &Link> = HashMap::new();
    let mut by_account: HashMap<(&str, &Account), &Link> = HashMap::new();
    for link in standing {
        by_member.insert((&link.system, link.member), link);
        by_account.insert((&link.system, &link.account), link);
    }
    let mut members: HashMap<(String, UserId), Row> = HashMap::new();
    let mut accounts: HashMap<(String, Account), Row> = HashMap::new();
    for record in rest {
        let row = match row(desk, record, places) {
            Ok(row) => row,
            Err(bad) => {
                preview.bad.push(bad);
                continue;
            }
        };
        let system = row.system.name().to_owned();
        let member_key = (system.clone(), row.member);
        let account_key = (system.clone(), row.account.clone());
        let earlier = members.get(&member_key);
        let earlier = earlier.or_else(|| accounts.get(&account_key));
        if let Some(earlier) = earlier {
            match earlier.is_same(&row) {
                true => preview.repeated += 1,
                false => preview.bad.push(clash(desk, &row, earlier)),
            }
            continue;
        }
        members.insert(member_key, row.clone());
        accounts.insert(account_key, row.clone());
        let theirs = by_member.get(&(system.as_str(), row.member));
        let held = by_account.get(&(system.as_str(), &row.account));
        match (theirs, held) {
            (Some(theirs), _) if theirs.account == row.account => preview.known += 1,
            (Some(_), _) => {
                preview
                    .bad
                    .push(at(desk, &row, &desk.texts.bad_member_has, row.member));
            }
            (None, Some(held)) => {
                preview
                    .bad
                    .push(at(desk, &row, &desk.texts.bad_account_of, held.member));
            }
            (None, None) => preview.new.push(Link {
                system,
                member: row.member,
                account: row.account,
                proof: Proof::Import,
                verified_by: None,
                verified_ms: now_ms,
            }),
        }
    }
    preview
}

/// Where each column stands, if all are there once and no other is.
fn places(head: &Record) -> Option<[usize; 4]> {
    let names: Vec<String> = head.fields.iter().map(|name| name.to_lowercase()).collect();
    if names.len() != COLUMNS.len() {
        return None;
    }
    let mut places = [0; 4];
    for (place, column) in places.iter_mut().zip(COLUMNS) {
        *place = names.iter().position(|name| name == column)?;
    }
    Some(places)
}

fn row(desk: &Desk, record: &Record, places: [usize; 4]) -> Result<Row, String> {
    let texts = &desk.texts;
    let line = record.line.to_string();
    let bad = |text: &str, read: &str, extra: (&str, &str)| {
        let read = harmless_line(read);
        fill(text, &[("line", &line), ("read", &read), extra])
    };
    if record.unclosed {
        return Err(bad(&texts.bad_quote, "", ("", "")));
    }
    if record.fields.len() != COLUMNS.len() {
        let count = record.fields.len().to_string();
        return Err(bad(&texts.bad_count, &count, ("", "")));
    }
    let [system, member, kind, id] = places.map(|place| record.fields[place].as_str());
    let systems = desk.systems();
    let known = System::read(system).filter(|system| systems.contains(system));
    let Some(system) = known else {
        let known: Vec<&str> = systems.iter().map(System::name).collect();
        return Err(bad(
            &texts.bad_system,
            system,
            ("systems", &known.join(", ")),
        ));
    };
    let Some(member) = member_of(member) else {
        let text = match member.contains(['E', 'e', '.']) {
            true => &texts.bad_member_shortened,
            false => &texts.bad_member,
        };
        return Err(bad(text, member, ("", "")));
    };
    match account_form::account(system.kind(), Some(kind), id) {
        Ok(account) => Ok(Row {
            line: record.line,
            system,
            member,
            account,
        }),
        Err(NotAnAccount::OtherForm { example }) => {
            let read = shown(desk, id);
            let wanted = fill(&texts.bad_line_id, &[("kind", kind), ("example", example)]);
            Err(bad(&texts.bad_line, &read, ("wanted", &wanted)))
        }
        Err(NotAnAccount::UnknownKind | NotAnAccount::NothingToLink) => {
            let kinds = account_form::kinds(system.kind()).join(", ");
            Err(bad(&texts.bad_line_kind, kind, ("kinds", &kinds)))
        }
    }
}

/// A member's long id, also as a spreadsheet keeps it from becoming a number.
fn member_of(text: &str) -> Option<UserId> {
    let text = text.strip_prefix('=').unwrap_or(text).trim_matches('"');
    let text = text.strip_prefix('\'').unwrap_or(text);
    let digits = (15..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// What was read where an id may stand.
fn shown(desk: &Desk, read: &str) -> String {
    match desk.ids {
        Ids::Whole => read.to_owned(),
        Ids::Masked => Account::new("", read).masked(),
    }
}

fn clash(desk: &Desk, row: &Row, earlier: &Row) -> String {
    let text = match row.member == earlier.member {
        true => &desk.texts.bad_member_twice,
        false => &desk.texts.bad_account_twice,
    };
    let first = earlier.line.to_string();
    let holes = [
        ("line", &*row.line.to_string()),
        ("first", &*first),
        ("member", &*row.member.to_string()),
        ("system", row.system.name()),
    ];
    fill(text, &holes)
}

fn at(desk: &Desk, row: &Row, text: &str, member: UserId) -> String {
    let holes = [
        ("line", &*row.line.to_string()),
        ("member", &*member.to_string()),
        ("system", row.system.name()),
        ("account", &*harmless_line(&desk.id(&row.account))),
    ];
    fill(text, &holes)
}

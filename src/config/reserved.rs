//! Settings that are agreed and have no effect yet: their form is checked, so that a file written
//! today still loads on the day they gain one.

use std::time::Duration;

use crate::config::forms;
use crate::config::names;
use crate::config::reader::Complaint;
use crate::config::reader::Reader;
use crate::config::reader::Section;
use crate::config::tree::Node;
use crate::config::tree::Value;

const DAY: Duration = Duration::from_secs(86_400);

/// Reads `[swan.NAME]` and `[manta.NAME]`.
pub(super) fn systems(reader: &mut Reader<'_>, top: &Section<'_>) {
    for (kind, keys) in [("swan", names::SWAN), ("manta", names::MANTA)] {
        let all = reader.table(top, kind);
        for (name, entry) in all.entries() {
            let section = reader.open(&entry.node, all.key_path(name));
            reader.check_keys(&section, keys);
            if !section.is_present() {
                continue;
            }
            reader.reserve(&section.path);
            reader.read(&section, "base_url", forms::address(["http", "https"]));
            match kind {
                "swan" => swan(reader, &section),
                _ => manta(reader, &section),
            }
        }
    }
}

fn swan(reader: &mut Reader<'_>, section: &Section<'_>) {
    reader.read(section, "deduct", forms::one_of(&["off", "negative"]));
    reader.read(section, "transaction_id_dedup", forms::boolean);
    reader.read(section, "change_type", forms::text);
    let headers = reader.table(section, "headers");
    for (name, entry) in headers.entries() {
        reader.secret_source(&headers.key_path(name), &entry.node);
    }
}

fn manta(reader: &mut Reader<'_>, section: &Section<'_>) {
    reader.read(section, "bot_id", forms::text);
    for key in ["token", "secret"] {
        if let Some(node) = section.node(key) {
            reader.secret_source(&section.key_path(key), node);
        }
    }
}

/// Reads what is reserved within a guild.
pub(super) fn of_guild(reader: &mut Reader<'_>, guild: &Section<'_>, top: &Section<'_>) {
    let also = reader.list(guild, "also", |node| further_system(node, top));
    if !also.is_empty() {
        reader.reserve(guild.key_path("also"));
    }
    if reader.read(guild, "sweep", forms::boolean) == Some(true) {
        reader.reserve(guild.key_path("sweep"));
    }
    for board in reader.tables(guild, "board", names::BOARD) {
        reader.reserve(&board.path);
        reader.read(&board, "name", forms::text);
        reader.read(&board, "channel", forms::id);
        reader.read(&board, "at", at);
        reader.read(&board, "period", period);
        reader.read(&board, "top", forms::whole(1..=100));
        reader.read(&board, "mode", forms::one_of(&["post", "edit", "replace"]));
        reader.read(&board, "catch_up", forms::length(Duration::ZERO..=7 * DAY));
    }
}

fn further_system(node: &Node, top: &Section<'_>) -> Result<(), Complaint> {
    let name = forms::text(node)?;
    let set_up: Vec<String> = ["mall".to_owned(), "ledger".to_owned()]
        .into_iter()
        .chain(["swan", "manta"].into_iter().flat_map(|kind| {
            let names = match top.node(kind).map(|node| &node.value) {
                Some(Value::Table(table)) => table.keys().cloned().collect(),
                _ => Vec::new(),
            };
            names.into_iter().map(move |name| format!("{kind}.{name}"))
        }))
        .collect();
    if set_up.contains(&name) {
        return Ok(());
    }
    let meant = names::close(&name, set_up.iter().map(String::as_str)).map(str::to_owned);
    Err(Complaint::new("no points system of this name is set up").suggesting(meant))
}

/// A clock time, or five fields of cron.
fn at(node: &Node) -> Result<(), Complaint> {
    let text = forms::text(node)?;
    let is_clock = match text.split_once(':') {
        Some((hour, minute)) => {
            let within = |part: &str, most: u8| {
                part.len() == 2 && part.parse::<u8>().is_ok_and(|part| part <= most)
            };
            within(hour, 23) && within(minute, 59)
        }
        None => false,
    };
    let is_cron = text.split_whitespace().count() == 5
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || " *,-/#".contains(c));
    if is_clock || is_cron {
        Ok(())
    } else {
        Err(
            Complaint::new("expected a clock time or five fields of cron")
                .helping("write for example `09:00` or `0 9 * * MON`"),
        )
    }
}

/// A named period or a number of days.
fn period(node: &Node) -> Result<(), Complaint> {
    const NAMED: [&str; 5] = ["day", "week", "month", "all", "balance"];
    let text = forms::text(node)?;
    let days = text
        .strip_suffix('d')
        .and_then(|days| days.parse::<u16>().ok());
    if NAMED.contains(&text.as_str()) || days.is_some_and(|days| (1..=366).contains(&days)) {
        return Ok(());
    }
    Err(
        Complaint::new("expected day, week, month, all, balance or a number of days such as `7d`")
            .suggesting(names::close(&text, NAMED)),
    )
}

//! `journal list` and `journal unsettled`.

use clap::Args;

use super::Desk;
use super::columns::Columns;
use super::filters::Filters;
use super::when;
use crate::cli::catalogue::fill;
use crate::cli::desk::Ended;
use crate::cli::table::harmless_line;
use crate::cli::table::table;
use crate::journal::Order;
use crate::journal::Receipt;
use crate::journal::Selection;
use crate::journal::Standing;
use crate::journal::State;
use crate::points::last_heard;

/// What `list` takes.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    filters: Filters,
    /// At most so many
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    limit: u32,
    /// Print a JSON array instead of a table
    #[arg(long)]
    json: bool,
}

/// What `unsettled` takes.
#[derive(Args, Debug)]
pub(super) struct OpenArguments {
    #[command(flatten)]
    filters: Filters,
    /// Print a JSON array instead of a table
    #[arg(long)]
    json: bool,
}

/// More unsettled entries than this are counted and not listed.
const MOST_OPEN: usize = 1_000;

/// Lists entries, the newest first.
pub(super) async fn list(desk: &Desk, arguments: Arguments) -> anyhow::Result<Ended> {
    let selection = arguments.filters.selection(desk);
    let limit = usize::try_from(arguments.limit).unwrap_or(usize::MAX);
    let (entries, more) = some(desk, &selection, Order::NewestFirst, limit).await?;
    if arguments.json {
        print_json(&entries)?;
        return Ok(Ended::Well);
    }
    let texts = &desk.texts;
    if entries.is_empty() {
        println!("{}", texts.nothing);
        return Ok(Ended::Well);
    }
    let header = [
        &texts.receipt,
        &texts.written,
        &texts.state,
        &texts.points,
        &texts.member,
        &texts.giver,
        &texts.guild,
        &texts.reason,
    ];
    let mut table = table(header.map(String::as_str));
    for entry in &entries {
        table.add_row([
            entry.code.to_string(),
            when::shown(entry.written_ms, &desk.zone(Some(entry.guild))),
            texts.state(entry).to_owned(),
            format!("{:+}", entry.amount.points()),
            person(entry),
            entry.giver.to_string(),
            entry.guild.to_string(),
            harmless_line(entry.reason.as_ref().unwrap_or(&entry.remark)),
        ]);
    }
    println!("{}", table.trim_fmt());
    if more {
        let limit = limit.to_string();
        println!("{}", fill(&texts.more, &[("limit", &limit)]));
    }
    Ok(Ended::Well)
}

/// Lists what is not settled, the oldest first.
pub(super) async fn unsettled(desk: &Desk, arguments: OpenArguments) -> anyhow::Result<Ended> {
    let selection = Selection {
        standing: Standing::Open,
        ..arguments.filters.selection(desk)
    };
    let (entries, more) = some(desk, &selection, Order::OldestFirst, MOST_OPEN).await?;
    if arguments.json {
        print_json(&entries)?;
        return Ok(Ended::Well);
    }
    let texts = &desk.texts;
    if entries.is_empty() {
        println!("{}", texts.nothing_open);
        return Ok(Ended::Well);
    }
    let header = [
        &texts.receipt,
        &texts.age,
        &texts.state,
        &texts.points,
        &texts.member,
        &texts.sent_looked,
        &texts.heard,
        &texts.next,
    ];
    let mut table = table(header.map(String::as_str));
    let now_ms = desk.clock.now_ms();
    for entry in &entries {
        table.add_row([
            entry.code.to_string(),
            when::long(now_ms.saturating_sub(entry.written_ms)),
            texts.state(entry).to_owned(),
            format!("{:+}", entry.amount.points()),
            person(entry),
            format!("{} / {}", entry.progress.sends, entry.progress.looks),
            heard(desk, entry),
            next(desk, entry, now_ms),
        ]);
    }
    println!("{}", table.trim_fmt());
    if more {
        let limit = MOST_OPEN.to_string();
        println!("{}", fill(&texts.more, &[("limit", &limit)]));
    }
    if entries.iter().any(|entry| entry.state == State::Unresolved) {
        println!("{}", texts.decide_hint);
    }
    Ok(Ended::Well)
}

/// At most `limit` entries, and whether there are more.
async fn some(
    desk: &Desk,
    selection: &Selection,
    order: Order,
    limit: usize,
) -> anyhow::Result<(Vec<Receipt>, bool)> {
    let journal = desk.read().await?;
    let found = journal
        .entries(selection, order, limit.saturating_add(1))
        .await;
    journal.close().await;
    let mut entries = found?;
    let more = entries.len() > limit;
    entries.truncate(limit);
    Ok((entries, more))
}

fn print_json(entries: &[Receipt]) -> anyhow::Result<()> {
    let columns: Vec<Columns> = entries.iter().map(Columns::of).collect();
    println!("{}", serde_json::to_string_pretty(&columns)?);
    Ok(())
}

/// A member by name and id.
pub(super) fn person(entry: &Receipt) -> String {
    format!("{} ({})", harmless_line(&entry.member_name), entry.member)
}

/// What was last heard, in words.
pub(super) fn heard(desk: &Desk, entry: &Receipt) -> String {
    let heard = last_heard(entry);
    let mut told = desk.texts.heard(heard.last).to_owned();
    if let Some(code) = heard.code {
        told.push_str(&format!(" · {code}"));
    }
    if !heard.text.is_empty() {
        told.push_str(&format!(" · {}", harmless_line(&heard.text)));
    }
    if let Some(held) = heard.held {
        let code = held.code.map(|code| code.to_string()).unwrap_or_default();
        let held = fill(
            &desk.texts.held_back,
            &[("code", &code), ("text", &harmless_line(&held.text))],
        );
        told.push_str(&format!(" · {held}"));
    }
    told
}

/// When it is looked at next.
pub(super) fn next(desk: &Desk, entry: &Receipt, now_ms: i64) -> String {
    if entry.state == State::Unresolved {
        return desk.texts.next_person.clone();
    }
    if let (State::Waiting, Some(approval)) = (entry.state, &entry.approval) {
        let left = when::long(approval.until_ms.saturating_sub(now_ms).max(0));
        return fill(&desk.texts.next_approval, &[("time", &left)]);
    }
    let left = entry.progress.next_look_ms.saturating_sub(now_ms);
    match left > 0 {
        true => fill(&desk.texts.next_in, &[("time", &when::long(left))]),
        false => desk.texts.next_due.clone(),
    }
}

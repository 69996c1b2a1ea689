//! `journal verify`: the journal against its own rules, against the books of the built-in ledger, and
//! against the points system's records.
//!
//! It reads in pages, so that a large journal needs no large memory, and asks the points system only
//! for entries that are young enough, a few at once. An entry may be settled between its page and the
//! points system's answer, so it is read and asked for anew before it is called a deviation.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::Arc;

use clap::Args;
use futures_util::StreamExt;
use futures_util::stream;

use super::Desk;
use super::names;
use super::when;
use super::when::When;
use crate::cli::catalogue::fill;
use crate::cli::desk::Ended;
use crate::cli::table::harmless;
use crate::journal::Audited;
use crate::journal::BookFault;
use crate::journal::Breach;
use crate::journal::Journal;
use crate::journal::Order;
use crate::journal::Receipt;
use crate::journal::Selection;
use crate::journal::breaches;
use crate::model::Cause;
use crate::model::GuildId;
use crate::model::System;
use crate::model::period::date_of;
use crate::points::Compared;
use crate::points::PointsBackend;
use crate::points::compare;
use crate::points::mall::GuildMall;
use crate::points::mall::Mall;
use crate::support::pulse::Pulses;

/// What `verify` takes.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// How far back entries are compared with the points system's records: 7d, a date, `all` or
    /// `none`
    #[arg(long, value_name = "WHEN", default_value = "7d", value_parser = read_records)]
    records: Records,
}

#[derive(Clone, Debug)]
enum Records {
    None,
    All,
    Since(When),
}

fn read_records(text: &str) -> Result<Records, String> {
    match text {
        "none" => Ok(Records::None),
        "all" => Ok(Records::All),
        when => when::read(when).map(Records::Since),
    }
}

/// Entries read at a time.
const PAGE: usize = 500;
/// Records asked for at once; the bot needs the points system as well.
const AT_ONCE: usize = 4;
/// Findings of the database itself that are told.
const MOST_UNSOUND: usize = 1_000;

/// What was found.
#[derive(Default)]
struct Findings {
    entries: u64,
    compared: u64,
    open: u64,
    not_comparable: u64,
    broken: BTreeMap<Breach, u64>,
    books: Audited,
    /// A sentence each.
    deviations: Vec<String>,
}

/// Holds the journal against everything it can be held against.
pub(super) async fn verify(desk: &Desk, arguments: Arguments) -> anyhow::Result<Ended> {
    let handles = handles(desk)?;
    let since_ms = match &arguments.records {
        Records::None => None,
        Records::All => Some(i64::MIN),
        Records::Since(when) => Some(when.ms(&desk.zone(None), desk.clock.now_ms())),
    };
    let journal = desk.read().await?;
    let found = find(desk, &journal, &handles, since_ms).await;
    journal.close().await;
    let found = found?;
    tell(desk, &found, since_ms.is_some());
    Ok(match found.deviations.is_empty() {
        true => Ended::Well,
        false => Ended::Badly,
    })
}

type Handles = HashMap<GuildId, Arc<GuildMall>>;

fn handles(desk: &Desk) -> anyhow::Result<Handles> {
    let Some(settings) = desk.config.mall.clone() else {
        return Ok(Handles::new());
    };
    let mall = Mall::new(
        settings,
        desk.clock.clone(),
        Pulses::new(desk.clock.clone()),
    )?;
    let guilds = desk.config.guilds.iter().map(|guild| guild.policy.guild);
    Ok(mall.handles(guilds))
}

async fn find(
    desk: &Desk,
    journal: &Journal,
    handles: &Handles,
    since_ms: Option<i64>,
) -> anyhow::Result<Findings> {
    let texts = &desk.texts;
    let mut found = Findings::default();
    let unsound = journal.unsound(MOST_UNSOUND).await?;
    for what in unsound.damaged {
        let told = fill(&texts.damaged, &[("what", &harmless(&what))]);
        found.deviations.push(told);
    }
    for code in unsound.miscounted {
        let told = fill(&texts.miscounted, &[("code", code.as_str())]);
        found.deviations.push(told);
    }
    found.books = journal.audit_books(MOST_UNSOUND).await?;
    for fault in &found.books.faults {
        found.deviations.push(in_the_books(desk, fault));
    }
    let ledger = System::ledger();
    for (guild, day, member) in journal.missummed(MOST_UNSOUND).await? {
        let holes = [
            ("guild", guild.to_string()),
            ("day", date_of(day).to_string()),
            ("member", member.to_string()),
        ];
        let holes = holes.each_ref().map(|(name, text)| (*name, text.as_str()));
        found.deviations.push(fill(&texts.missummed, &holes));
    }
    let mut behind: Option<Cause> = None;
    loop {
        let everything = Selection::default();
        let page = journal
            .entries(&everything, Order::ByKey(behind), PAGE)
            .await?;
        let Some(last) = page.last() else { break };
        behind = Some(last.cause);
        for entry in &page {
            found.entries += 1;
            rules(desk, journal, entry, &mut found);
        }
        if let Some(since_ms) = since_ms {
            let young = page
                .into_iter()
                // The ledger's records are the books, which were gone through as a whole.
                .filter(|entry| entry.written_ms >= since_ms && entry.system != ledger.name());
            let asked = young.map(|entry| record(journal, handles, entry));
            let mut answers = stream::iter(asked).buffer_unordered(AT_ONCE);
            while let Some(answer) = answers.next().await {
                let (entry, compared) = answer?;
                note(desk, &entry, compared, &mut found);
            }
            eprint!("\r{} ", found.entries);
        }
    }
    if since_ms.is_some() {
        eprintln!();
    }
    Ok(found)
}

/// The journal's own rules for one entry.
fn rules(desk: &Desk, journal: &Journal, entry: &Receipt, found: &mut Findings) {
    for breach in breaches(entry, journal.bot()) {
        *found.broken.entry(breach).or_default() += 1;
        let holes = [
            ("code", entry.code.as_str()),
            ("rule", desk.texts.breach(breach)),
            ("state", names::state(entry.state)),
        ];
        found.deviations.push(fill(&desk.texts.breaks, &holes));
    }
}

fn in_the_books(desk: &Desk, fault: &BookFault) -> String {
    let texts = &desk.texts;
    match fault {
        BookFault::Unbalanced { guild, sum } => fill(
            &texts.book_unbalanced,
            &[("guild", &guild.to_string()), ("sum", &format!("{sum:+}"))],
        ),
        BookFault::Account {
            guild,
            account,
            points,
            posted,
        } => fill(
            &texts.book_account,
            &[
                ("guild", &guild.to_string()),
                ("account", &account.to_string()),
                ("points", &points.to_string()),
                ("posted", &posted.to_string()),
            ],
        ),
        BookFault::Halves { op } => fill(&texts.book_halves, &[("op", op.as_str())]),
        BookFault::Unposted { code } => fill(&texts.book_unposted, &[("code", code.as_str())]),
        BookFault::Unexplained { op } => fill(&texts.book_unexplained, &[("op", op.as_str())]),
    }
}

/// An entry and what the points system has of it.
async fn record(
    journal: &Journal,
    handles: &Handles,
    entry: Receipt,
) -> anyhow::Result<(Receipt, Compared)> {
    let Some(backend) = handles.get(&entry.guild) else {
        return Ok((entry, Compared::NoRecords));
    };
    let backend: &dyn PointsBackend = &**backend;
    let compared = compare(backend, &entry).await;
    if !matches!(compared, Compared::Unrecorded | Compared::CarriedOut) {
        return Ok((entry, compared));
    }
    // It may have been settled between its page and the answer.
    let Some(now) = journal.find(&entry.code).await? else {
        return Ok((entry, compared));
    };
    let compared = compare(backend, &now).await;
    Ok((now, compared))
}

fn note(desk: &Desk, entry: &Receipt, compared: Compared, found: &mut Findings) {
    let texts = &desk.texts;
    let code = entry.code.as_str();
    let points = format!("{:+}", entry.amount.points());
    found.compared += 1;
    let told = match compared {
        Compared::Agree => return,
        Compared::Open { .. } => {
            found.open += 1;
            return;
        }
        Compared::NoRecords => {
            found.compared -= 1;
            found.not_comparable += 1;
            return;
        }
        Compared::Unread { text } => {
            found.compared -= 1;
            found.not_comparable += 1;
            eprintln!("\r{code}: {}", harmless(&text));
            return;
        }
        Compared::Unrecorded => fill(
            &texts.unrecorded,
            &[
                ("code", code),
                ("points", &points),
                ("op", entry.op.as_str()),
            ],
        ),
        Compared::CarriedOut => fill(
            &texts.carried_out,
            &[
                ("code", code),
                ("points", &points),
                ("op", entry.op.as_str()),
            ],
        ),
        Compared::Other { member, amount } => {
            let member = member.map_or_else(|| "?".to_owned(), |member| member.to_string());
            let amount = amount.map_or_else(|| "?".to_owned(), |it| format!("{:+}", it.points()));
            let holes = [
                ("code", code),
                ("points", &*points),
                ("op", entry.op.as_str()),
                ("member", &*member),
                ("amount", &*amount),
            ];
            fill(&texts.other_record, &holes)
        }
    };
    found.deviations.push(told);
}

fn tell(desk: &Desk, found: &Findings, compared: bool) {
    let texts = &desk.texts;
    let entries = found.entries.to_string();
    println!("{}", fill(&texts.verified, &[("entries", &entries)]));
    for breach in Breach::ALL {
        let broken = found.broken.get(&breach).copied().unwrap_or_default();
        let mark = if broken == 0 { "✅" } else { "❌" };
        println!("{mark} {}", texts.breach(breach));
    }
    if found.books != Audited::default() {
        let mark = match found.books.faults.is_empty() {
            true => "✅",
            false => "❌",
        };
        let holes = [
            ("accounts", &*found.books.accounts.to_string()),
            ("changes", &*found.books.changes.to_string()),
        ];
        println!("{mark} {}", fill(&texts.books, &holes));
    }
    if compared {
        let numbers = [
            ("compared", &*found.compared.to_string()),
            ("open", &*found.open.to_string()),
            ("not", &*found.not_comparable.to_string()),
        ];
        println!("{}", fill(&texts.compared, &numbers));
    }
    for deviation in &found.deviations {
        println!("❌ {deviation}");
    }
    let count = found.deviations.len().to_string();
    match found.deviations.is_empty() {
        true => println!("{}", texts.sound),
        false => println!("{}", fill(&texts.deviations, &[("count", &count)])),
    }
}

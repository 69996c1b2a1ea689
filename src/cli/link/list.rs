//! `link list`, `link audit` and `link untie`.

use clap::Args;

use super::Desk;
use crate::cli::catalogue::fill;
use crate::cli::desk::Ended;
use crate::cli::journal::when;
use crate::cli::table::harmless_line;
use crate::cli::table::table;
use crate::journal::LinkFilter;
use crate::model::Account;
use crate::model::UserId;

/// What `list` and `audit` take.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Only of this system
    #[arg(long, value_name = "SYSTEM")]
    system: Option<String>,
    /// Only of this member (long id)
    #[arg(long, value_name = "ID")]
    member: Option<UserId>,
    /// At most so many
    #[arg(long, value_name = "COUNT", default_value_t = 200)]
    limit: usize,
}

/// What `untie` takes.
#[derive(Args, Debug)]
pub(super) struct UntieArguments {
    /// The system
    #[arg(long, value_name = "SYSTEM")]
    system: String,
    /// The member (long id)
    #[arg(long, value_name = "ID")]
    member: UserId,
}

impl Arguments {
    fn filter(&self) -> LinkFilter {
        LinkFilter {
            system: self.system.clone(),
            member: self.member,
            guild: None,
        }
    }
}

/// Lists what is tied.
pub(super) async fn list(desk: &Desk, arguments: Arguments) -> anyhow::Result<Ended> {
    let journal = desk.read().await?;
    let links = journal
        .links(&arguments.filter(), arguments.limit.saturating_add(1))
        .await;
    journal.close().await;
    let mut links = links?;
    let texts = &desk.texts;
    let more = links.len() > arguments.limit;
    links.truncate(arguments.limit);
    if links.is_empty() {
        println!("{}", texts.nothing);
        return Ok(Ended::Well);
    }
    let header = [
        &texts.system,
        &texts.member,
        &texts.kind,
        &texts.account,
        &texts.proof,
        &texts.by,
        &texts.when,
    ];
    let mut table = table(header.map(String::as_str));
    let zone = desk.zone(None);
    for link in &links {
        table.add_row([
            harmless_line(&link.system),
            link.member.to_string(),
            harmless_line(link.account.kind()),
            shown(desk, &link.account),
            texts.proof_of(link.proof).to_owned(),
            by(desk, link.verified_by),
            when::shown(link.verified_ms, &zone),
        ]);
    }
    println!("{}", table.trim_fmt());
    say_more(desk, more, arguments.limit);
    Ok(Ended::Well)
}

/// Lists what was done.
pub(super) async fn audit(desk: &Desk, arguments: Arguments) -> anyhow::Result<Ended> {
    let journal = desk.read().await?;
    let deeds = journal
        .link_audit(&arguments.filter(), arguments.limit.saturating_add(1))
        .await;
    journal.close().await;
    let mut deeds = deeds?;
    let texts = &desk.texts;
    let more = deeds.len() > arguments.limit;
    deeds.truncate(arguments.limit);
    if deeds.is_empty() {
        println!("{}", texts.nothing);
        return Ok(Ended::Well);
    }
    let header = [
        &texts.when,
        &texts.deed,
        &texts.system,
        &texts.member,
        &texts.kind,
        &texts.account,
        &texts.proof,
        &texts.by,
    ];
    let mut table = table(header.map(String::as_str));
    let zone = desk.zone(None);
    for deed in &deeds {
        table.add_row([
            when::shown(deed.at_ms, &zone),
            texts.deed_of(deed.what).to_owned(),
            harmless_line(&deed.system),
            deed.member.to_string(),
            harmless_line(deed.account.kind()),
            shown(desk, &deed.account),
            texts.proof_of(deed.proof).to_owned(),
            by(desk, deed.by),
        ]);
    }
    println!("{}", table.trim_fmt());
    say_more(desk, more, arguments.limit);
    Ok(Ended::Well)
}

/// Unties a member's account.
pub(super) async fn untie(desk: &Desk, arguments: UntieArguments) -> anyhow::Result<Ended> {
    let journal = desk.beside().await?;
    let untied = journal
        .untie(&arguments.system, arguments.member, None)
        .await;
    journal.close().await;
    let untied = untied?;
    let member = arguments.member.to_string();
    let account = untied.as_ref().map(|link| shown(desk, &link.account));
    let holes = [
        ("system", &*harmless_line(&arguments.system)),
        ("member", &*member),
        ("account", account.as_deref().unwrap_or_default()),
    ];
    match untied {
        Some(_) => {
            println!("{}", fill(&desk.texts.untied, &holes));
            Ok(Ended::Well)
        }
        None => {
            eprintln!("{}", fill(&desk.texts.not_tied, &holes));
            Ok(Ended::Badly)
        }
    }
}

fn shown(desk: &Desk, account: &Account) -> String {
    harmless_line(&desk.id(account))
}

fn by(desk: &Desk, by: Option<UserId>) -> String {
    by.map_or_else(|| desk.texts.operator.clone(), |by| by.to_string())
}

fn say_more(desk: &Desk, more: bool, limit: usize) {
    if more {
        let limit = limit.to_string();
        println!("{}", fill(&desk.texts.more, &[("limit", &limit)]));
    }
}

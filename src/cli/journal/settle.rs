//! `journal settle`: a person decides what looking things up did not.
//!
//! It runs beside the bot. Why that is safe stands in the journal's `desk`; who may be decided, in its
//! `settleable_by_hand`. What the chat says of it is edited by the running bot's teller, which finds the entry
//! as settled and not told.

use std::env;

use clap::ArgGroup;
use clap::Args;

use super::Desk;
use super::show;
use super::when;
use crate::app;
use crate::cli::catalogue::fill;
use crate::cli::desk::Ended;
use crate::cli::table::harmless_line;
use crate::journal::ByHand;
use crate::journal::Finding;
use crate::journal::Insistence;
use crate::journal::Journal;
use crate::journal::JournalError;
use crate::journal::NotByHand;
use crate::journal::Receipt;
use crate::journal::settleable_by_hand;
use crate::model::ReceiptCode;

/// What `settle` takes.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("finding").required(true).args(["applied", "refused"])))]
pub(super) struct Arguments {
    /// The receipt's code
    #[arg(value_name = "CODE", value_parser = show::read_code)]
    code: ReceiptCode,
    /// The points have moved: the points system has a record of it
    #[arg(long)]
    applied: bool,
    /// The points have not moved, and nothing that was sent can still take effect
    #[arg(long)]
    refused: bool,
    /// How you know
    #[arg(long, value_name = "TEXT", value_parser = read_words)]
    why: String,
    /// Who decides; the name of your login and of this machine if absent
    #[arg(long, value_name = "NAME", value_parser = read_words)]
    by: Option<String>,
    /// Decide although the bot is still looking: by itself it settles most such entries within
    /// minutes
    #[arg(long)]
    while_the_bot_still_looks: bool,
}

/// Longest name and longest reason, in characters.
const LONGEST: usize = 500;

fn read_words(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("expected words".to_owned());
    }
    if text.chars().count() > LONGEST {
        return Err(format!("expected at most {LONGEST} characters"));
    }
    Ok(text.to_owned())
}

/// Decides one entry.
pub(super) async fn settle(desk: &Desk, arguments: Arguments) -> anyhow::Result<Ended> {
    let journal = desk.beside().await?;
    let ended = decide(desk, &journal, arguments).await;
    journal.close().await;
    ended
}

async fn decide(desk: &Desk, journal: &Journal, arguments: Arguments) -> anyhow::Result<Ended> {
    let texts = &desk.texts;
    let Some(entry) = journal.find(&arguments.code).await? else {
        let code = arguments.code.as_str();
        eprintln!("{}", fill(&texts.unknown, &[("code", code)]));
        return Ok(Ended::Badly);
    };
    print!("{}", show::told(desk, &entry));
    println!();
    let finding = match arguments.applied {
        true => Finding::Applied,
        false => Finding::Refused,
    };
    let insistence = match arguments.while_the_bot_still_looks {
        true => Insistence::WhileLookedAfter,
        false => Insistence::None,
    };
    let swans = desk.config.swans.values();
    let quiet = app::times(desk.config.mall.as_ref(), swans).quiet_period();
    let quiet_ms = i64::try_from(quiet.as_millis()).unwrap_or(i64::MAX);
    let now_ms = desk.clock.now_ms();
    if let Err(why_not) = settleable_by_hand(&entry, finding, insistence, now_ms, quiet_ms) {
        eprintln!("{}", not_by_hand(desk, &entry, why_not));
        return Ok(Ended::Badly);
    }
    let by = arguments.by.unwrap_or_else(login);
    let what = match finding {
        Finding::Applied => &texts.settle_applied,
        Finding::Refused => &texts.settle_refused,
    };
    let holes = [
        ("code", entry.code.as_str()),
        ("by", &*harmless_line(&by)),
        ("why", &*harmless_line(&arguments.why)),
    ];
    println!("{}", fill(what, &holes));
    let decision = ByHand {
        finding,
        by,
        why: arguments.why,
    };
    match journal.settle_by_hand(&entry, decision).await {
        Ok(_) => {
            println!("{}", texts.settled);
            Ok(Ended::Well)
        }
        Err(JournalError::Changed) => {
            eprintln!("{}", texts.settle_changed);
            Ok(Ended::Badly)
        }
        Err(error) => Err(error.into()),
    }
}

fn not_by_hand(desk: &Desk, entry: &Receipt, why_not: NotByHand) -> String {
    let texts = &desk.texts;
    let state = texts.state(entry);
    match why_not {
        NotByHand::Settled(_) => fill(&texts.settle_over, &[("state", state)]),
        NotByHand::Waiting(_) => fill(&texts.settle_waiting, &[("state", state)]),
        NotByHand::ForApproval => texts.settle_approval.clone(),
        NotByHand::LookedAfter(_) => fill(&texts.settle_looked_after, &[("state", state)]),
        NotByHand::MayStillLand(until_ms) => {
            let time = when::shown(until_ms, &desk.zone(Some(entry.guild)));
            fill(&texts.settle_may_land, &[("time", &time)])
        }
    }
}

/// Who is at this terminal, as far as it says.
fn login() -> String {
    let first = |names: &[&str]| {
        let found = names.iter().find_map(|name| env::var(name).ok());
        found.filter(|value| !value.trim().is_empty())
    };
    let user = first(&["USER", "LOGNAME", "USERNAME"]).unwrap_or_else(|| "?".to_owned());
    let host = first(&["HOSTNAME", "COMPUTERNAME"]).or_else(|| {
        let name = std::fs::read_to_string("/etc/hostname").ok()?;
        Some(name.trim().to_owned()).filter(|name| !name.is_empty())
    });
    match host {
        Some(host) => format!("{user}@{host}"),
        None => user,
    }
}

//! `journal show`: everything that is known of one entry, in the order in which it happened.

use clap::Args;
use jiff::tz::TimeZone;

use super::Desk;
use super::columns::Columns;
use super::list::heard;
use super::list::next;
use super::list::person;
use super::names;
use super::when;
use crate::cli::catalogue::fill;
use crate::cli::desk::Ended;
use crate::cli::table::harmless_line;
use crate::journal::Approval;
use crate::journal::Receipt;
use crate::journal::State;
use crate::journal::Told;
use crate::model::ReceiptCode;

/// What `show` takes.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The receipt's code
    #[arg(value_name = "CODE", value_parser = read_code)]
    code: ReceiptCode,
    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

/// Reads a receipt's code, for the command line.
pub(super) fn read_code(text: &str) -> Result<ReceiptCode, String> {
    ReceiptCode::read(text)
        .ok_or_else(|| "expected a receipt's code, 6 to 8 letters and digits: R7K2QF".to_owned())
}

/// Shows one entry.
pub(super) async fn show(desk: &Desk, arguments: Arguments) -> anyhow::Result<Ended> {
    let journal = desk.read().await?;
    let found = journal.find(&arguments.code).await;
    journal.close().await;
    let Some(entry) = found? else {
        eprintln!(
            "{}",
            fill(&desk.texts.unknown, &[("code", arguments.code.as_str())])
        );
        return Ok(Ended::Badly);
    };
    match arguments.json {
        true => println!("{}", serde_json::to_string_pretty(&Columns::of(&entry))?),
        false => print!("{}", told(desk, &entry)),
    }
    Ok(Ended::Well)
}

/// The entry in words.
pub(super) fn told(desk: &Desk, entry: &Receipt) -> String {
    let texts = &desk.texts;
    let zone = desk.zone(Some(entry.guild));
    let mut lines = vec![
        fill(
            &texts.show_head,
            &[
                ("code", entry.code.as_str()),
                ("state", texts.state(entry)),
                ("points", &format!("{:+}", entry.amount.points())),
                ("member", &person(entry)),
            ],
        ),
        fill(
            &texts.show_who,
            &[
                ("giver", &entry.giver.to_string()),
                ("guild", &entry.guild.to_string()),
                ("system", &entry.system),
            ],
        ),
        fill(
            &texts.show_why,
            &[
                (
                    "reason",
                    &entry
                        .reason
                        .as_deref()
                        .map_or_else(|| "-".to_owned(), harmless_line),
                ),
                ("remark", &harmless_line(&entry.remark)),
            ],
        ),
        fill(
            &texts.show_ids,
            &[
                ("op", entry.op.as_str()),
                ("command", &entry.cause.parts().0.to_string()),
                ("channel", &entry.reply.channel.to_string()),
            ],
        ),
    ];
    if let Some(undoes) = &entry.undoes {
        let holes = [
            ("code", undoes.code.as_str()),
            ("size", &undoes.size.to_string()),
        ];
        lines.push(fill(&texts.show_undoes, &holes));
    }
    lines.push(String::new());
    lines.extend(steps(desk, entry, &zone));
    lines.push(String::new());
    lines.join("\n")
}

fn steps(desk: &Desk, entry: &Receipt, zone: &TimeZone) -> Vec<String> {
    let texts = &desk.texts;
    let at = |ms: i64| when::shown(ms, zone);
    let step = |ms: i64, what: String| format!("{}  {what}", at(ms));
    let undated = |what: String| format!("{:19}  {what}", "");
    let progress = &entry.progress;
    let mut steps = vec![step(entry.written_ms, texts.step_written.clone())];
    if let Some(approval) = &entry.approval {
        steps.extend(approval_steps(desk, approval, zone));
    }
    if progress.sends > 0 {
        let sends = progress.sends.to_string();
        steps.push(step(
            progress.last_sent_ms,
            fill(&texts.step_sent, &[("sends", &sends)]),
        ));
    }
    if !progress.heard.is_empty() {
        let heard = heard(desk, entry);
        steps.push(undated(fill(&texts.step_heard, &[("heard", &heard)])));
    }
    if let Some(since) = progress.in_doubt_since_ms {
        steps.push(step(since, texts.step_doubt.clone()));
    }
    if progress.looks > 0 {
        let looks = progress.looks.to_string();
        steps.push(undated(fill(&texts.step_looked, &[("looks", &looks)])));
    }
    if let Some(decided) = &entry.settled_by {
        let holes = [
            ("by", &*harmless_line(&decided.by)),
            ("why", &*harmless_line(&decided.why)),
        ];
        steps.push(undated(fill(&texts.step_decided, &holes)));
    }
    match (entry.settled_ms, &entry.refusal) {
        (Some(ms), Some(refused)) => {
            let code = refused.code.map(|code| code.to_string());
            let holes = [
                ("meaning", names::refusal(refused.meaning)),
                ("code", code.as_deref().unwrap_or("-")),
                ("text", &*harmless_line(&refused.text)),
            ];
            steps.push(step(ms, fill(&texts.step_refused, &holes)));
        }
        (Some(ms), None) => steps.push(step(ms, texts.step_done.clone())),
        (None, _) if entry.state == State::Waiting => {}
        (None, _) => {
            let next = next(desk, entry, desk.clock.now_ms());
            steps.push(undated(fill(&texts.step_open, &[("next", &next)])));
            if entry.state == State::Unresolved {
                steps.push(undated(texts.decide_hint.clone()));
            }
        }
    }
    if entry.undone > 0 {
        let undone = entry.undone.to_string();
        steps.push(undated(fill(&texts.step_undone, &[("undone", &undone)])));
    }
    if let Some(balance) = entry.balance {
        let points = balance.points.to_string();
        steps.push(step(
            balance.read_ms,
            fill(&texts.step_balance, &[("points", &points)]),
        ));
    }
    let said = entry.reply.said.map(|said| said.to_string());
    let said = said.as_deref().unwrap_or("-");
    let told = match entry.told {
        Told::Nothing => &texts.told_nothing,
        Told::Interim => &texts.told_interim,
        Told::Final => &texts.told_final,
        Told::Undeliverable => &texts.told_undeliverable,
    };
    steps.push(undated(fill(told, &[("said", said)])));
    steps
}

/// What a second person was asked and said.
fn approval_steps(desk: &Desk, approval: &Approval, zone: &TimeZone) -> Vec<String> {
    let texts = &desk.texts;
    let over = approval.over.to_string();
    let until = when::shown(approval.until_ms, zone);
    let asked = fill(&texts.step_waits, &[("over", &over), ("until", &until)]);
    let mut steps = vec![format!("{:19}  {asked}", "")];
    if let Some(decision) = &approval.decision {
        let by = decision.by.map(|by| by.to_string());
        let why = decision.why.as_deref().map(harmless_line);
        let holes = [
            ("by", by.as_deref().unwrap_or("-")),
            ("why", why.as_deref().unwrap_or("-")),
        ];
        let said = match (decision.approved, &by) {
            (true, _) => &texts.step_approved,
            (false, Some(_)) => &texts.step_not_approved,
            (false, None) => &texts.step_not_in_time,
        };
        let at = when::shown(decision.ms, zone);
        steps.push(format!("{at}  {}", fill(said, &holes)));
    }
    steps
}

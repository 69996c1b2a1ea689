//! `/report`: tells a points system of an event, whose own rules make points of it or not.
//!
//! Invariant: what is said is that it was reported, never that anybody received points: the system does
//! not tell (points-backends, 2.3.5).

use futures_util::future::BoxFuture;

use crate::commands::Answer;
use crate::commands::Args;
use crate::commands::Asked;
use crate::commands::Call;
use crate::commands::CommandError;
use crate::commands::Handler;
use crate::commands::MemberKind;
use crate::commands::link::store;
use crate::model::Ability;
use crate::model::Policy;
use crate::model::Refusal;
use crate::model::System;
use crate::model::SystemKind;
use crate::model::refusal::About;
use crate::model::refusal::PointsRefusal;
use crate::permissions::Standing;
use crate::points::EventReport;
use crate::points::ReportError;
use crate::points::ReportOrder;
use crate::points::ReportState;
use crate::points::Reported;
use crate::points::Reporter;
use crate::words::Hole;
use crate::words::Reply;
use crate::words::Word;
use crate::words::mention;
use crate::words::points_reply;

static DONE: Word = Word::new("report", "done", &["member", "event", "system"]);
static OPEN: Word = Word::new(
    "report",
    "open",
    &["member", "event", "system", "operation"],
);
static UNKNOWN: Word = Word::new(
    "report",
    "unknown",
    &["member", "event", "system", "operation"],
);
static REFUSED: Word = Word::new(
    "report",
    "refused",
    &["member", "event", "system", "why", "code"],
);
static CODE: Word = Word::new("report", "code", &["code"]);
static NOT_DONE: Word = Word::new("report", "not_done", &[]);
static NO_SUCH_ACCOUNT: Word = Word::new("report", "no_such_account", &[]);
static NO_STAFF: Word = Word::new("report", "no_staff", &["system"]);
static WHICH: Word = Word::new("report", "which", &["systems"]);
static NO_SYSTEM: Word = Word::new("report", "no_system", &["read", "systems"]);

static WORDS: &[&Word] = &[
    &DONE,
    &OPEN,
    &UNKNOWN,
    &REFUSED,
    &CODE,
    &NOT_DONE,
    &NO_SUCH_ACCOUNT,
    &NO_STAFF,
    &WHICH,
    &NO_SYSTEM,
];

/// Longest name of an error that is shown, in characters.
const LONGEST_CODE: usize = 40;

pub(super) struct ReportEvent;

impl Handler for ReportEvent {
    fn words(&self) -> &'static [&'static Word] {
        WORDS
    }

    fn parse(&self, args: Args, _policy: &Policy) -> Result<Asked, Refusal> {
        args.report()
    }

    fn run<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Answer, CommandError>> {
        Box::pin(run(call))
    }
}

async fn run(call: Call<'_>) -> Result<Answer, CommandError> {
    let system = match meant(&call) {
        Ok(system) => system,
        Err(NoSystem::Told(reply)) => return Ok(Answer::Say(*reply)),
        Err(NoSystem::Lacks(kind)) => return Err(lacks(kind).into()),
    };
    let Some(member) = call.members.first() else {
        return Err(CommandError::Failed(anyhow::anyhow!("nobody was resolved")));
    };
    if member.kind == MemberKind::Bot {
        let name = member.name.clone();
        return Err(Refusal::IsBot { name }.into());
    }
    let oneself = member.id == call.caller.id;
    // The event may be worth points.
    if oneself && call.granted.standing() != Standing::Admin && !call.policy.limits.self_reward {
        return Err(Refusal::Oneself.into());
    }
    let order = ReportOrder {
        message: call.message,
        system: system.clone(),
        event: call.asked.text.clone().unwrap_or_default(),
        member: member.id,
        reply: call.reply,
    };
    match call.points.report(call.granted, order).await {
        Ok(Reported::Written(report)) => {
            let reply = report_reply(&report);
            Ok(Answer::Reported { report, reply })
        }
        Ok(Reported::Known) => Ok(Answer::Nothing),
        Err(ReportError::Lacks) => Err(lacks(system.kind()).into()),
        Err(ReportError::Frozen(freeze)) => Err(Refusal::Frozen(*freeze).into()),
        Err(ReportError::NoStaff) => {
            let name = Hole::Own(system.name().to_owned());
            Ok(Answer::Say(Reply::new(&NO_STAFF).with("system", name)))
        }
        Err(ReportError::Account(error)) => Err(Refusal::Points {
            meaning: error.refused.meaning,
            about: match oneself {
                true => About::Asker,
                false => About::Another,
            },
            system: Some(system.clone()),
            code: error.refused.code,
        }
        .into()),
        Err(ReportError::Journal(error)) => Err(store(error)),
    }
}

/// How a report stands, in words.
pub fn report_reply(report: &EventReport) -> Reply {
    let asked = &report.asked;
    let word = match &report.state {
        ReportState::Sent => &OPEN,
        ReportState::Accepted => &DONE,
        ReportState::Refused(_) => &REFUSED,
        ReportState::Unknown => &UNKNOWN,
    };
    let reply = Reply::new(word)
        .with("member", mention(asked.member))
        .with("event", Hole::Untrusted(asked.event.clone()))
        .with("system", Hole::Own(asked.system.clone()));
    match &report.state {
        ReportState::Accepted => reply,
        ReportState::Sent | ReportState::Unknown => {
            reply.with("operation", Hole::Own(report.op.to_string()))
        }
        ReportState::Refused(refused) => {
            let why = match refused.meaning {
                PointsRefusal::Declined => Reply::new(&NOT_DONE),
                PointsRefusal::NoAccount => Reply::new(&NO_SUCH_ACCOUNT),
                meaning => points_reply(
                    meaning,
                    About::Another,
                    System::read(&asked.system).as_ref(),
                ),
            };
            let status = refused.code.map(|code| code.to_string());
            let seen: Vec<String> = status
                .into_iter()
                .chain(error_name(&refused.text))
                .collect();
            let code = match seen.is_empty() {
                true => Hole::Own(String::new()),
                false => {
                    let code = Hole::Untrusted(seen.join(" "));
                    Hole::Said(Box::new(Reply::new(&CODE).with("code", code)))
                }
            };
            reply
                .with("why", Hole::Said(Box::new(why)))
                .with("code", code)
        }
    }
}

/// The name of the error a text begins with. The text itself is not for a channel.
fn error_name(text: &str) -> Option<String> {
    let name = text.split(':').next()?.trim();
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    let is_name = (1..=LONGEST_CODE).contains(&name.len()) && name.bytes().all(plain);
    is_name.then(|| name.to_owned())
}

fn lacks(system: SystemKind) -> Refusal {
    let ability = Ability::Report;
    Refusal::Lacks { ability, system }
}

/// Why no system is meant.
enum NoSystem {
    /// It has to be named, or is not the guild's.
    Told(Box<Reply>),
    /// The guild has none that takes reports.
    Lacks(SystemKind),
}

/// The system that is meant: the one that is named, by its whole name or a part that only one has, or
/// the guild's own.
fn meant(call: &Call<'_>) -> Result<System, NoSystem> {
    let guild = call.policy.guild;
    let list = |systems: &[System]| {
        let name = |system: &System| Hole::Own(format!("`{system}`"));
        Hole::List(systems.iter().map(name).collect())
    };
    let Some(read) = &call.asked.system else {
        return match call.points.reporter(guild) {
            Reporter::One(system) => Ok(system),
            Reporter::None(kind) => Err(NoSystem::Lacks(kind)),
            Reporter::Several(systems) => {
                let reply = Reply::new(&WHICH).with("systems", list(&systems));
                Err(NoSystem::Told(Box::new(reply)))
            }
        };
    };
    let systems = call.points.systems(guild);
    let word = read.to_lowercase();
    let whole = systems
        .iter()
        .find(|system| system.name().to_lowercase() == word);
    let part = |system: &&System| {
        let given = system.given_name().map(str::to_lowercase);
        system.kind().word() == word || given.as_deref() == Some(word.as_str())
    };
    let mut parts = systems.iter().filter(part);
    match (whole, parts.next(), parts.next()) {
        (Some(system), _, _) | (None, Some(system), None) => Ok(system.clone()),
        _ => {
            let reply = Reply::new(&NO_SYSTEM)
                .with("read", Hole::Untrusted(read.clone()))
                .with("systems", list(&systems));
            Err(NoSystem::Told(Box::new(reply)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_name_of_an_error_is_shown() {
        assert_eq!(
            error_name("SWAN_NO: nobody like that").as_deref(),
            Some("SWAN_NO")
        );
        assert_eq!(error_name("FC_BAD_JSON").as_deref(), Some("FC_BAD_JSON"));
        for text in ["", "a free text", "<account>: x", "没有: x"] {
            assert_eq!(error_name(text), None, "{text}");
        }
    }
}

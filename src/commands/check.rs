//! `/check`: every dependency of this guild, with since when and the fix in one line.

use futures_util::future::BoxFuture;

use crate::commands::Answer;
use crate::commands::Args;
use crate::commands::Asked;
use crate::commands::Call;
use crate::commands::CommandError;
use crate::commands::Handler;
use crate::commands::schedule;
use crate::model::Policy;
use crate::model::Refusal;
use crate::model::SystemKind;
use crate::model::refusal::About;
use crate::model::refusal::PointsRefusal;
use crate::support::pulse::Pulse;
use crate::support::pulse::edge;
use crate::words::Hole;
use crate::words::Reply;
use crate::words::Word;
use crate::words::points_refused;
use crate::words::system_hole;

static HEAD: Word = Word::new("check", "head", &["time", "zone"]);
static GOOD: Word = Word::new("check", "good", &["what", "since"]);
static BAD: Word = Word::new("check", "bad", &["what", "since", "trouble"]);
static WAITING: Word = Word::new("check", "waiting", &["what", "next"]);
static IDLE: Word = Word::new("check", "idle", &["what"]);
static UNKNOWN: Word = Word::new("check", "unknown", &["what"]);
static GATEWAY: Word = Word::new("check", "gateway", &[]);
static SENDING: Word = Word::new("check", "sending", &[]);
static STORE: Word = Word::new("check", "store", &[]);
static MALL: Word = Word::new("check", "mall", &[]);
static HISTORY: Word = Word::new("check", "history", &[]);
static SWITCH: Word = Word::new("check", "switch", &[]);
static SYSTEM: Word = Word::new("check", "system", &["system"]);
static SCHEDULES: Word = Word::new("check", "schedules", &[]);
static SCHEDULE: Word = Word::new("check", "schedule", &["name"]);
static TOKEN: Word = Word::new("check", "token", &["system"]);

static WORDS: &[&Word] = &[
    &HEAD, &GOOD, &BAD, &WAITING, &IDLE, &UNKNOWN, &GATEWAY, &SENDING, &STORE, &MALL, &HISTORY,
    &SWITCH, &SYSTEM, &TOKEN, &SCHEDULES, &SCHEDULE,
];

pub(super) struct Check;

impl Handler for Check {
    fn words(&self) -> &'static [&'static Word] {
        WORDS
    }

    fn parse(&self, args: Args, _policy: &Policy) -> Result<Asked, Refusal> {
        let asked = args.one_word()?;
        match asked.text {
            Some(read) => Err(Refusal::Usage(crate::model::refusal::Usage::Surplus {
                read,
            })),
            None => Ok(asked),
        }
    }

    fn run<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Answer, CommandError>> {
        Box::pin(run(call))
    }
}

async fn run(call: Call<'_>) -> Result<Answer, CommandError> {
    let now = call.clock.now_ms();
    // Harmless acts, so that the rows tell of now and not of the last command.
    let (guild, caller) = (call.policy.guild, call.caller.id);
    let mall = call.points.balance_in(guild, SystemKind::Mall, caller);
    let mall = mall.await;
    if let Err(error) = call.points.prove_journal().await {
        tracing::warn!(%error, "the journal cannot be written");
    }
    let mut reply = Reply::new(&HEAD)
        .with("time", Hole::Time(now))
        .with("zone", Hole::Zone);
    for (name, word) in [
        (edge::GATEWAY, &GATEWAY),
        (edge::SENDING, &SENDING),
        (edge::STORE, &STORE),
    ] {
        reply = reply.and(row(Reply::new(word), &call.pulses.of(name)));
    }
    let systems = call.points.systems(call.policy.guild);
    for system in &systems {
        reply = match system.kind() {
            // Its trouble is the store's.
            SystemKind::Ledger => continue,
            SystemKind::Mall => reply.and(row(Reply::new(&MALL), &call.pulses.of(edge::MALL))),
            SystemKind::Swan | SystemKind::Manta => {
                let what = Reply::new(&SYSTEM).with("system", system_hole(system));
                reply.and(row(what, &call.pulses.of(system.name())))
            }
        };
        // A token that is good for long is nothing to speak of.
        let token = call.pulses.of(&edge::token_of(system.name()));
        if token.trouble.is_some() {
            let what = Reply::new(&TOKEN).with("system", system_hole(system));
            reply = reply.and(row(what, &token));
        }
    }
    // Only where something was missed and looked for: a bot that was never away has nothing to say.
    let history = edge::history_of(call.policy.guild.number());
    let history = call.pulses.of(&history);
    if history != Pulse::default() {
        reply = reply.and(row(Reply::new(&HISTORY), &history));
    }
    reply = schedules(&call, reply, now).await;
    // Only the mall has a switch in each guild.
    let Some(asked) = mall else {
        return Ok(Answer::Say(reply));
    };
    Ok(Answer::Say(match asked.map_err(|error| error.refused) {
        Ok(_) => reply.and(good(Reply::new(&SWITCH), now)),
        // Somebody without an account could only be told so where the bot is switched on.
        Err(refused) if refused.meaning == PointsRefusal::NoAccount => {
            reply.and(good(Reply::new(&SWITCH), now))
        }
        Err(refused) => {
            let why = points_refused(refused.meaning, About::Another, None, refused.code);
            reply.and(bad(Reply::new(&SWITCH), now, Hole::Said(Box::new(why))))
        }
    }))
}

/// Adds the boards that post themselves: each that does not come through, or that all of them do.
async fn schedules(call: &Call<'_>, reply: Reply, now: i64) -> Reply {
    let all = match call.schedules.all(call.policy, now).await {
        Ok(all) => all,
        // The row of the store tells of it.
        Err(error) => {
            tracing::warn!(%error, "the boards that post themselves cannot be read");
            return reply;
        }
    };
    let failing = all.iter().filter_map(|one| {
        let (since_ms, why) = schedule::why(one)?;
        let name = Hole::Untrusted(one.kept.fields.name.clone());
        let what = Reply::new(&SCHEDULE).with("name", name);
        Some(bad(what, since_ms, Hole::Said(Box::new(why))))
    });
    let failing: Vec<Reply> = failing.collect();
    if !failing.is_empty() {
        return failing.into_iter().fold(reply, Reply::and);
    }
    if all.is_empty() {
        return reply;
    }
    let posted = all.iter().filter_map(|one| one.posted_ms).max();
    let next = all.iter().filter_map(|one| one.next_ms).min();
    let what = Reply::new(&SCHEDULES);
    reply.and(match (posted, next) {
        (Some(posted), _) => good(what, posted),
        // What was never due is as it should be, and proves nothing.
        (None, Some(next)) => Reply::new(&WAITING)
            .with("what", Hole::Said(Box::new(what)))
            .with("next", Hole::Time(next)),
        (None, None) => Reply::new(&IDLE).with("what", Hole::Said(Box::new(what))),
    })
}

fn row(what: Reply, pulse: &Pulse) -> Reply {
    match (&pulse.trouble, pulse.last_success_ms) {
        (Some(trouble), _) => bad(
            what,
            trouble.since_ms,
            Hole::Untrusted(trouble.what.clone()),
        ),
        (None, Some(since)) => good(what, since),
        (None, None) => Reply::new(&UNKNOWN).with("what", Hole::Said(Box::new(what))),
    }
}

fn good(what: Reply, since_ms: i64) -> Reply {
    Reply::new(&GOOD)
        .with("what", Hole::Said(Box::new(what)))
        .with("since", Hole::Time(since_ms))
}

fn bad(what: Reply, since_ms: i64, trouble: Hole) -> Reply {
    Reply::new(&BAD)
        .with("what", Hole::Said(Box::new(what)))
        .with("since", Hole::Time(since_ms))
        .with("trouble", trouble)
}

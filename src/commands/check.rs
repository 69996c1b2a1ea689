//! `/check`: every dependency of this guild, with since when and the fix in one line.

use futures_util::future::BoxFuture;

use crate::commands::Answer;
use crate::commands::Args;
use crate::commands::Asked;
use crate::commands::Call;
use crate::commands::CommandError;
use crate::commands::Handler;
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

static HEAD: Word = Word::new("check", "head", &["time", "zone"]);
static GOOD: Word = Word::new("check", "good", &["what", "since"]);
static BAD: Word = Word::new("check", "bad", &["what", "since", "trouble"]);
static UNKNOWN: Word = Word::new("check", "unknown", &["what"]);
static GATEWAY: Word = Word::new("check", "gateway", &[]);
static SENDING: Word = Word::new("check", "sending", &[]);
static STORE: Word = Word::new("check", "store", &[]);
static MALL: Word = Word::new("check", "mall", &[]);
static SYSTEM: Word = Word::new("check", "system", &["name"]);
static HISTORY: Word = Word::new("check", "history", &[]);
static SWITCH: Word = Word::new("check", "switch", &[]);

static WORDS: &[&Word] = &[
    &HEAD, &GOOD, &BAD, &UNKNOWN, &GATEWAY, &SENDING, &STORE, &MALL, &SYSTEM, &HISTORY, &SWITCH,
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
        reply = reply.and(row(word, &call.pulses.of(name)));
    }
    if mall.is_some() {
        reply = reply.and(row(&MALL, &call.pulses.of(edge::MALL)));
    }
    for system in call.points.systems(guild) {
        // The mall has rows of its own, and the ledger is as well as the store it is kept in.
        if matches!(system.kind(), SystemKind::Swan | SystemKind::Manta) {
            let what = Reply::new(&SYSTEM).with("name", Hole::Own(system.name().to_owned()));
            reply = reply.and(said(what, &call.pulses.of(system.name())));
        }
    }
    // Only where something was missed and looked for: a bot that was never away has nothing to say.
    let history = edge::history_of(guild.number());
    let history = call.pulses.of(&history);
    if history != Pulse::default() {
        reply = reply.and(row(&HISTORY, &history));
    }
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
            let why = points_refused(refused.meaning, About::Another, refused.code);
            reply.and(bad(Reply::new(&SWITCH), now, Hole::Said(Box::new(why))))
        }
    }))
}

fn row(what: &'static Word, pulse: &Pulse) -> Reply {
    said(Reply::new(what), pulse)
}

fn said(what: Reply, pulse: &Pulse) -> Reply {
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

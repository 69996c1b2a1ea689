//! `/help`: what the asker may use here, with this guild's limits filled in and lines to copy.

use futures_util::future::BoxFuture;

use crate::commands::Answer;
use crate::commands::Args;
use crate::commands::Asked;
use crate::commands::Call;
use crate::commands::CommandError;
use crate::commands::Handler;
use crate::commands::right_of;
use crate::model::Policy;
use crate::model::Refusal;
use crate::model::refusal::Usage;
use crate::permissions::Right;
use crate::permissions::Standing;
use crate::words::Definition;
use crate::words::Hole;
use crate::words::Reply;
use crate::words::Word;

static HEAD: Word = Word::new("help", "head", &[]);
static ROW: Word = Word::new("help", "row", &["summary", "usage"]);
static NAMES: Word = Word::new("help", "names", &["names"]);
static LIMITS: Word = Word::new("help", "limits", &["each", "used", "day", "left"]);
static NO_LIMITS: Word = Word::new("help", "no_limits", &["each"]);
static CONFIRM_OVER: Word = Word::new("help", "confirm_over", &["cap"]);
static APPROVE_OVER: Word = Word::new("help", "approve_over", &["cap"]);
static PRESETS: Word = Word::new("help", "presets", &["presets"]);
static PRESET: Word = Word::new("help", "preset", &["name", "amount"]);

static WORDS: &[&Word] = &[
    &HEAD,
    &ROW,
    &NAMES,
    &LIMITS,
    &NO_LIMITS,
    &CONFIRM_OVER,
    &APPROVE_OVER,
    &PRESETS,
    &PRESET,
];

pub(super) struct Help;

impl Handler for Help {
    fn words(&self) -> &'static [&'static Word] {
        WORDS
    }

    fn parse(&self, args: Args, _policy: &Policy) -> Result<Asked, Refusal> {
        args.one_word()
    }

    fn run<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Answer, CommandError>> {
        Box::pin(run(call))
    }
}

async fn run(call: Call<'_>) -> Result<Answer, CommandError> {
    let usable = |definition: &&Definition| call.granted.covers(right_of(definition));
    let mut reply = match &call.asked.text {
        None => call
            .words
            .definitions()
            .iter()
            .filter(usable)
            .fold(Reply::new(&HEAD), |reply, definition| {
                reply.and(row(&call, definition))
            }),
        Some(read) => {
            let name = read.trim_start_matches('/').to_lowercase();
            let Some(definition) = call.words.named(&name).filter(usable) else {
                return Err(Refusal::Usage(Usage::UnknownCommand { read: read.clone() }).into());
            };
            let names = definition
                .names
                .iter()
                .map(|name| Hole::Own(format!("/{name}")))
                .collect();
            row(&call, definition)
                .line(&NAMES)
                .with("names", Hole::List(names))
        }
    };
    if call.granted.covers(Right::Give) {
        reply = limits(&call, reply).await?;
    }
    Ok(Answer::Say(reply))
}

fn row(call: &Call<'_>, definition: &Definition) -> Reply {
    let language = call.policy.language;
    Reply::new(&ROW)
        .with(
            "summary",
            Hole::Own(call.words.summary(&definition.scope, language)),
        )
        .with(
            "usage",
            Hole::Own(call.words.usage(&definition.scope, language)),
        )
}

async fn limits(call: &Call<'_>, reply: Reply) -> Result<Reply, CommandError> {
    let limits = &call.policy.limits;
    let mut reply = if call.granted.standing() == Standing::Admin {
        reply.line(&NO_LIMITS).with(
            "each",
            Hole::Number(i64::from(crate::model::amount::LARGEST)),
        )
    } else {
        let used = call
            .points
            .given_today(call.policy, call.granted.by())
            .await
            .map_err(|error| CommandError::Store(anyhow::Error::new(error)))?;
        reply
            .line(&LIMITS)
            .with("each", Hole::Number(limits.per_award))
            .with("used", Hole::Number(used))
            .with("day", Hole::Number(limits.per_day))
            .with("left", Hole::Number((limits.per_day - used).max(0)))
    };
    if let Some(cap) = limits.confirm_over {
        reply = reply.line(&CONFIRM_OVER).with("cap", Hole::Number(cap));
    }
    if let Some(cap) = call.granted.caps().approve_over {
        reply = reply.line(&APPROVE_OVER).with("cap", Hole::Number(cap));
    }
    if !call.policy.presets.is_empty() {
        let presets = call.policy.presets.iter().map(|(name, preset)| {
            let shown = Reply::new(&PRESET)
                .with("name", Hole::Untrusted(name.clone()))
                .with("amount", Hole::Number(preset.amount.size()));
            Hole::Said(Box::new(shown))
        });
        reply = reply
            .line(&PRESETS)
            .with("presets", Hole::List(presets.collect()));
    }
    Ok(reply)
}

//! `/points`: a balance, one's own or another member's.

use futures_util::future::BoxFuture;

use crate::commands::Answer;
use crate::commands::Args;
use crate::commands::Asked;
use crate::commands::Call;
use crate::commands::CommandError;
use crate::commands::Handler;
use crate::commands::MemberKind;
use crate::model::Policy;
use crate::model::Refusal;
use crate::model::refusal::About;
use crate::permissions::Right;
use crate::words::Hole;
use crate::words::Reply;
use crate::words::Word;

static OWN: Word = Word::new("points", "own", &["member", "balance", "time", "zone"]);
static OTHER: Word = Word::new("points", "other", &["member", "balance", "time", "zone"]);

static WORDS: &[&Word] = &[&OWN, &OTHER];

pub(super) struct BalanceQuestion;

impl Handler for BalanceQuestion {
    fn words(&self) -> &'static [&'static Word] {
        WORDS
    }

    fn parse(&self, args: Args, _policy: &Policy) -> Result<Asked, Refusal> {
        args.one_member()
    }

    fn run<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Answer, CommandError>> {
        Box::pin(run(call))
    }
}

async fn run(call: Call<'_>) -> Result<Answer, CommandError> {
    let member = call.members.first().unwrap_or(&call.caller);
    let (word, about) = if member.id == call.caller.id {
        (&OWN, About::Asker)
    } else {
        (&OTHER, About::Another)
    };
    if about == About::Another && !call.granted.covers(Right::View) {
        return Err(Refusal::NoRight { roles: Vec::new() }.into());
    }
    if member.kind == MemberKind::Bot {
        let name = member.name.clone();
        return Err(Refusal::IsBot { name }.into());
    }
    let balance = call.points.balance(call.policy.guild, member.id).await.map_err(|error| {
        let meaning = error.refused.meaning;
        tracing::warn!(?meaning, code = error.refused.code, text = ?error.refused.text, "a balance could not be read");
        let staff = call.granted.covers(Right::View);
        let code = error.refused.code.filter(|_| staff);
        Refusal::Points {
            meaning,
            about,
            code,
        }
    })?;
    let reply = Reply::new(word)
        .with("member", Hole::Name(member.name.clone()))
        .with("balance", Hole::Number(balance.points))
        .with("time", Hole::Time(balance.read_ms))
        .with("zone", Hole::Zone);
    Ok(Answer::Say(reply))
}

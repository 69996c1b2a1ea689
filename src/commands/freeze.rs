//! `/freeze`: an administrator stops all giving in the guild at once.

use futures_util::future::BoxFuture;

use crate::commands::Answer;
use crate::commands::Args;
use crate::commands::Asked;
use crate::commands::Call;
use crate::commands::CommandError;
use crate::commands::Handler;
use crate::model::Policy;
use crate::model::Refusal;
use crate::points::Froze;
use crate::words::Reply;
use crate::words::Word;
use crate::words::reason_of_freeze;

static DONE: Word = Word::new("freeze", "done", &["reason"]);

static WORDS: &[&Word] = &[&DONE];

pub(super) struct FreezeGiving;

impl Handler for FreezeGiving {
    fn words(&self) -> &'static [&'static Word] {
        WORDS
    }

    fn parse(&self, args: Args, _policy: &Policy) -> Result<Asked, Refusal> {
        args.reason_alone()
    }

    fn run<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Answer, CommandError>> {
        Box::pin(run(call))
    }
}

async fn run(call: Call<'_>) -> Result<Answer, CommandError> {
    let reason = call.asked.text.clone();
    let froze = call.points.freeze(call.granted, call.message, reason).await;
    match froze.map_err(|error| CommandError::Store(anyhow::Error::new(error)))? {
        Froze::Now(freeze) => Ok(Answer::Say(
            Reply::new(&DONE).with("reason", reason_of_freeze(&freeze)),
        )),
        Froze::Before(freeze) => Err(Refusal::FrozenBefore(freeze).into()),
        Froze::Stale => Ok(Answer::Nothing),
    }
}

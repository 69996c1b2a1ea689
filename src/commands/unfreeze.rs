//! `/unfreeze`: an administrator lets giving go on.

use futures_util::future::BoxFuture;

use crate::commands::Answer;
use crate::commands::Args;
use crate::commands::Asked;
use crate::commands::Call;
use crate::commands::CommandError;
use crate::commands::Handler;
use crate::model::Policy;
use crate::model::Refusal;
use crate::points::Thawed;
use crate::words::Word;
use crate::words::freeze_reply;

static DONE: Word = Word::new("unfreeze", "done", &["by", "since", "zone", "reason"]);

static WORDS: &[&Word] = &[&DONE];

pub(super) struct LetGivingGoOn;

impl Handler for LetGivingGoOn {
    fn words(&self) -> &'static [&'static Word] {
        WORDS
    }

    fn parse(&self, args: Args, _policy: &Policy) -> Result<Asked, Refusal> {
        // What somebody adds is a reason, and one is not needed here.
        args.reason_alone()
    }

    fn run<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Answer, CommandError>> {
        Box::pin(run(call))
    }
}

async fn run(call: Call<'_>) -> Result<Answer, CommandError> {
    let thawed = call.points.thaw(call.granted, call.message).await;
    match thawed.map_err(|error| CommandError::Store(anyhow::Error::new(error)))? {
        Thawed::Now(freeze) => Ok(Answer::Say(freeze_reply(&DONE, &freeze))),
        Thawed::NotFrozen => Err(Refusal::NotFrozen.into()),
        Thawed::Stale => Ok(Answer::Nothing),
    }
}

//! `/deduct`: a moderator takes points from a member, always with a reason.

use futures_util::future::BoxFuture;

use crate::commands::Answer;
use crate::commands::Args;
use crate::commands::Asked;
use crate::commands::Call;
use crate::commands::CommandError;
use crate::commands::Handler;
use crate::commands::change;
use crate::commands::change::Direction;
use crate::commands::told::Sentences;
use crate::commands::told::sentences;
use crate::model::Policy;
use crate::model::Refusal;
use crate::model::refusal::Usage;
use crate::words::Word;

sentences!("deduct");

pub(super) struct Deduct;

impl Handler for Deduct {
    fn words(&self) -> &'static [&'static Word] {
        WORDS
    }

    fn parse(&self, args: Args, policy: &Policy) -> Result<Asked, Refusal> {
        let asked = args.change(policy)?;
        if asked.text.is_none() {
            return Err(Refusal::Usage(Usage::NoReason));
        }
        Ok(asked)
    }

    fn run<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Answer, CommandError>> {
        Box::pin(change::run(call, Direction::Take))
    }
}

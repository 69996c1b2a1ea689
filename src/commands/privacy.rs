//! `/privacy`: whether the asker is on boards.

use futures_util::future::BoxFuture;

use crate::commands::Answer;
use crate::commands::Args;
use crate::commands::Asked;
use crate::commands::Call;
use crate::commands::CommandError;
use crate::commands::Handler;
use crate::commands::top;
use crate::model::Policy;
use crate::model::Refusal;
use crate::points::Hidden;
use crate::points::OnBoards;
use crate::words::Hole;
use crate::words::Reply;
use crate::words::Word;

static OFF: Word = Word::new("privacy", "off", &["command"]);
static ON: Word = Word::new("privacy", "on", &["command"]);
static IS_OFF: Word = Word::new("privacy", "is_off", &["command"]);
static IS_ON: Word = Word::new("privacy", "is_on", &["command"]);

static WORDS: &[&Word] = &[&OFF, &ON, &IS_OFF, &IS_ON];

pub(super) struct Privacy;

impl Handler for Privacy {
    fn words(&self) -> &'static [&'static Word] {
        WORDS
    }

    fn parse(&self, args: Args, _policy: &Policy) -> Result<Asked, Refusal> {
        args.privacy()
    }

    fn run<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Answer, CommandError>> {
        Box::pin(run(call))
    }
}

async fn run(call: Call<'_>) -> Result<Answer, CommandError> {
    let (guild, member) = (call.policy.guild, call.caller.id);
    let word = match call.asked.on_boards {
        Some(on_boards) => {
            let hide = call.points.hide(guild, member, Hidden::Asked, on_boards);
            hide.await.map_err(top::store)?;
            match on_boards {
                OnBoards::Shown => &ON,
                OnBoards::Hidden => &OFF,
            }
        }
        None => {
            let why = call.points.off_boards(guild, member).await;
            match why.map_err(top::store)?.contains(&Hidden::Asked) {
                true => &IS_OFF,
                false => &IS_ON,
            }
        }
    };
    let command = Hole::Own(top::shown_name(&call, "privacy"));
    Ok(Answer::Say(Reply::new(word).with("command", command)))
}

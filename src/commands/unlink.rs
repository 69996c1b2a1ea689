//! `/unlink`: unties an account, one's own or, for staff, another member's.

use futures_util::future::BoxFuture;

use crate::commands::Answer;
use crate::commands::Args;
use crate::commands::Asked;
use crate::commands::Call;
use crate::commands::CommandError;
use crate::commands::Handler;
use crate::commands::Proposal;
use crate::commands::change::CANCEL;
use crate::commands::change::CONFIRM;
use crate::commands::link::named;
use crate::commands::link::own;
use crate::commands::link::store;
use crate::commands::proposal::Named;
use crate::commands::proposal::button;
use crate::model::Policy;
use crate::model::Refusal;
use crate::permissions::Right;
use crate::points::Linked;
use crate::words::Hole;
use crate::words::Reply;
use crate::words::Word;
use crate::words::mention;

static DONE: Word = Word::new("unlink", "done", &["system"]);
static DONE_OTHER: Word = Word::new("unlink", "done_other", &["system", "member"]);
static SURE: Word = Word::new("unlink", "sure", &["system"]);
static SURE_OTHER: Word = Word::new("unlink", "sure_other", &["system", "member"]);
static NOTHING: Word = Word::new("unlink", "nothing", &["system"]);
static NOTHING_OTHER: Word = Word::new("unlink", "nothing_other", &["system", "member"]);
static DECLARED: Word = Word::new("unlink", "declared", &["system"]);
static WHICH: Word = Word::new("unlink", "which", &["systems"]);

static WORDS: &[&Word] = &[
    &DONE,
    &DONE_OTHER,
    &SURE,
    &SURE_OTHER,
    &NOTHING,
    &NOTHING_OTHER,
    &DECLARED,
    &WHICH,
];

pub(super) struct UnlinkAccount;

impl Handler for UnlinkAccount {
    fn words(&self) -> &'static [&'static Word] {
        WORDS
    }

    fn parse(&self, args: Args, _policy: &Policy) -> Result<Asked, Refusal> {
        Ok(args.unlink())
    }

    fn run<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Answer, CommandError>> {
        Box::pin(run(call))
    }
}

async fn run(call: Call<'_>) -> Result<Answer, CommandError> {
    let systems = call.points.linkable(call.policy.guild);
    let ([] | [_], [read]) = (call.members.as_slice(), call.asked.link.plain.as_slice()) else {
        let names = systems.iter().map(own).collect();
        return Ok(Answer::Say(
            Reply::new(&WHICH).with("systems", Hole::List(names)),
        ));
    };
    let member = call.members.first().unwrap_or(&call.caller);
    let others = member.id != call.caller.id;
    if others && !call.granted.covers(Right::Approve) {
        return Err(Refusal::NoRight { roles: Vec::new() }.into());
    }
    let system = match named(&systems, read) {
        Ok(system) => system,
        Err(reply) => return Ok(Answer::Say(reply)),
    };
    let reply = |theirs: &'static Word, anothers: &'static Word| match others {
        true => Reply::new(anothers).with("member", mention(member.id)),
        false => Reply::new(theirs),
    };
    let links = call.points.links();
    let say = |reply: Reply| Ok(Answer::Say(reply.with("system", own(&system))));
    match links.linked(&system, member.id).await.map_err(store)? {
        Linked::Not => return say(reply(&NOTHING, &NOTHING_OTHER)),
        Linked::Declared(_) => return say(Reply::new(&DECLARED)),
        Linked::Proved(_) => {}
    }
    if call.confirmation.is_none() {
        let reply = reply(&SURE, &SURE_OTHER)
            .with("system", own(&system))
            .button(&CONFIRM, button::confirm(call.message))
            .button(&CANCEL, button::cancel(call.message));
        let named = Named {
            member: member.id.number(),
            name: member.name.clone(),
        };
        let proposal = Proposal {
            command: "unlink".to_owned(),
            people: others.then_some(named).into_iter().collect(),
            amount: 0,
            reason: None,
            system: Some(system.name().to_owned()),
        };
        return Ok(Answer::Ask { reply, proposal });
    }
    match links
        .untie(&system, member.id, call.caller.id)
        .await
        .map_err(store)?
    {
        Some(_) => {
            tracing::info!(%system, member = %member.id, by = %call.caller.id, "an account was unlinked");
            say(reply(&DONE, &DONE_OTHER))
        }
        None => say(reply(&NOTHING, &NOTHING_OTHER)),
    }
}

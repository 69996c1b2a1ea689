//! `/link`: what is linked, linking an account with a code, claiming one, and deciding about claims.
//!
//! Invariants: no answer repeats a word of the command, since it may be a code or an id; in a channel
//! no id is shown, not even masked. What a member says of themselves waits for somebody else.

mod claims;
mod texts;

use futures_util::future::BoxFuture;

use crate::commands::Answer;
use crate::commands::Args;
use crate::commands::Asked;
use crate::commands::Call;
use crate::commands::CommandError;
use crate::commands::Handler;
use crate::commands::Place;
use crate::commands::link::claims::kinds_hole;
use crate::model::Policy;
use crate::model::Refusal;
use crate::model::System;
use crate::model::account_form;
use crate::model::account_form::NotAnAccount;
use crate::permissions::Right;
use crate::points::Claim;
use crate::points::Claimed;
use crate::points::Exposed;
use crate::points::LinkCode;
use crate::points::Linked;
use crate::points::Redeemed;
use crate::words::Hole;
use crate::words::Reply;
use crate::words::Word;

/// Words that stand for the list of claims.
const PENDING_WORDS: [&str; 4] = ["pending", "待审", "审批", "列表"];

pub(super) struct LinkAccount;

impl Handler for LinkAccount {
    fn words(&self) -> &'static [&'static Word] {
        texts::WORDS
    }

    // Nothing is refused here: a wrong code is to cost the pace of trying.
    fn parse(&self, args: Args, _policy: &Policy) -> Result<Asked, Refusal> {
        Ok(args.link())
    }

    fn run<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Answer, CommandError>> {
        Box::pin(run(call))
    }
}

/// That the store failed, as a command's failure.
pub(super) fn store(error: impl std::error::Error + Send + Sync + 'static) -> CommandError {
    CommandError::Store(anyhow::Error::new(error))
}

async fn run(call: Call<'_>) -> Result<Answer, CommandError> {
    let words = &call.asked.link;
    if words.claim.is_some() || call.asked.verb.is_some() {
        return claims::rule(&call).await;
    }
    let systems = call.points.linkable(call.policy.guild);
    let Some(first) = words.plain.first() else {
        return show(&call, &systems).await;
    };
    if words.plain.len() == 1 && PENDING_WORDS.contains(&first.to_lowercase().as_str()) {
        return claims::list(&call).await;
    }
    let rest: String = words.plain[1..].concat();
    let system = match named(&systems, first) {
        Ok(system) => system,
        Err(reply) => {
            spoil(&call, &format!("{first}{rest}"), &rest).await?;
            return Ok(Answer::Say(reply));
        }
    };
    match words.plain.len() {
        1 => show(&call, std::slice::from_ref(&system)).await,
        3 if account_form::kind(system.kind(), &words.plain[1]).is_some() => {
            claim(&call, &system, Some(&words.plain[1]), &words.typed[2]).await
        }
        count => match LinkCode::read(&rest) {
            Some(code) => redeem(&call, &system, &code).await,
            None if LinkCode::is_meant(&rest) => Ok(said(&texts::NOT_A_CODE)),
            None if count == 2 => claim(&call, &system, None, &words.typed[1]).await,
            None => Ok(Answer::Say(
                Reply::new(&texts::UNKNOWN_KIND)
                    .with("system", own(&system))
                    .with("kinds", kinds_hole(&system)),
            )),
        },
    }
}

/// The one of the guild's systems that is meant: by its whole name, or by a part that only one has.
pub(super) fn named(systems: &[System], read: &str) -> Result<System, Reply> {
    let read = read.to_lowercase();
    let whole = systems
        .iter()
        .find(|system| system.name().to_lowercase() == read);
    if let Some(system) = whole {
        return Ok(system.clone());
    }
    let part = |system: &&System| {
        let given = system.given_name().map(str::to_lowercase);
        system.kind().word() == read || given.as_deref() == Some(read.as_str())
    };
    let mut meant = systems.iter().filter(part);
    let names = || Hole::List(systems.iter().map(own).collect());
    match (meant.next(), meant.next()) {
        (Some(system), None) => Ok(system.clone()),
        (Some(_), Some(_)) => Err(Reply::new(&texts::WHICH_SYSTEM).with("systems", names())),
        (None, _) if systems.is_empty() => Err(Reply::new(&texts::NONE_HERE)),
        (None, _) => Err(Reply::new(&texts::NO_SYSTEM).with("systems", names())),
    }
}

/// The name of a system, which the operator gave it.
pub(super) fn own(system: &System) -> Hole {
    Hole::Own(system.name().to_owned())
}

fn said(word: &'static Word) -> Answer {
    Answer::Say(Reply::new(word))
}

fn exposed(call: &Call<'_>) -> Exposed {
    match call.place {
        Place::Channel => Exposed::Publicly,
        Place::Private => Exposed::Privately,
    }
}

/// What is linked, and how to link.
async fn show(call: &Call<'_>, systems: &[System]) -> Result<Answer, CommandError> {
    if systems.is_empty() {
        return Ok(said(&texts::NONE_HERE));
    }
    let links = call.points.links();
    let mut reply = Reply::new(&texts::HEAD);
    let mut missing = None;
    for system in systems {
        let linked = links.linked(system, call.caller.id).await.map_err(store)?;
        reply = match (&linked, call.place) {
            (Linked::Proved(link), Place::Private) => reply
                .line(&texts::LINKED_PRIVATE)
                .with("kind", Hole::Own(link.account.kind().to_owned()))
                .with("account", Hole::Untrusted(link.account.masked())),
            (Linked::Proved(_), Place::Channel) => reply.line(&texts::LINKED),
            (Linked::Declared(_), _) => reply.line(&texts::DECLARED),
            (Linked::Not, _) => {
                missing = missing.or(Some(system));
                match links
                    .claim_by(system, call.caller.id)
                    .await
                    .map_err(store)?
                {
                    Some(claim) => reply
                        .line(&texts::CLAIMED)
                        .with("until", Hole::Time(claim.until_ms))
                        .with("zone", Hole::Zone),
                    None => reply.line(&texts::UNLINKED),
                }
            }
        }
        .with("system", own(system));
    }
    if let Some(system) = missing {
        reply = reply
            .line(&texts::HOW)
            .with("system", own(system))
            .line(&texts::HOW_CLAIM)
            .with("system", own(system))
            .with("example", example(system));
    }
    if call.granted.covers(Right::Approve) {
        reply = reply.line(&texts::HOW_STAFF);
    }
    Ok(Answer::Say(reply))
}

/// What somebody might write to claim an account there: kind, where it is needed, and id.
fn example(system: &System) -> Hole {
    let kind = *account_form::kinds(system.kind()).last().unwrap_or(&"");
    let id = account_form::example(kind);
    Hole::Own(format!("{kind} {id}"))
}

async fn redeem(call: &Call<'_>, system: &System, code: &LinkCode) -> Result<Answer, CommandError> {
    let links = call.points.links();
    let redeemed = links
        .redeem(code, Some(system), call.caller.id, exposed(call))
        .await
        .map_err(store)?;
    let with_system = |word| Reply::new(word).with("system", own(system));
    let (reply, spoilt) = match redeemed {
        Redeemed::Now(_) => {
            tracing::info!(%system, member = %call.caller.id, "an account was linked with a code");
            (with_system(&texts::TIED), false)
        }
        Redeemed::Already(_) => (with_system(&texts::TIED_ALREADY), false),
        Redeemed::HasAnother => (with_system(&texts::HAS_ANOTHER), true),
        Redeemed::Taken => (with_system(&texts::TAKEN), true),
        Redeemed::Wrong { left } => {
            let left = Hole::Number(i64::from(left));
            (Reply::new(&texts::CODE_WRONG).with("left", left), false)
        }
        Redeemed::Used => (Reply::new(&texts::CODE_USED), false),
        Redeemed::Expired => (Reply::new(&texts::CODE_EXPIRED), false),
        Redeemed::OtherSystem => (with_system(&texts::CODE_OTHER_SYSTEM), true),
        Redeemed::TooMany { until_ms } => {
            let reply = Reply::new(&texts::CODE_TOO_MANY)
                .with("until", Hole::Time(until_ms))
                .with("zone", Hole::Zone);
            (reply, false)
        }
    };
    let reply = match spoilt && call.place == Place::Channel {
        true => reply.line(&texts::CODE_SPOILT),
        false => reply,
    };
    Ok(Answer::Say(reply))
}

/// Whatever is a code and was typed where others read along counts no more, although its system was
/// not understood.
async fn spoil(call: &Call<'_>, whole: &str, rest: &str) -> Result<(), CommandError> {
    if call.place == Place::Private {
        return Ok(());
    }
    for text in [rest, whole] {
        if let Some(code) = LinkCode::read(text) {
            let links = call.points.links();
            links
                .redeem(&code, None, call.caller.id, Exposed::Publicly)
                .await
                .map_err(store)?;
        }
    }
    Ok(())
}

async fn claim(
    call: &Call<'_>,
    system: &System,
    kind: Option<&str>,
    id: &str,
) -> Result<Answer, CommandError> {
    let account = match account_form::account(system.kind(), kind, id) {
        Ok(account) => account,
        Err(NotAnAccount::OtherForm { example }) => {
            return Ok(Answer::Say(
                Reply::new(&texts::OTHER_FORM)
                    .with("system", own(system))
                    .with("example", Hole::Own(example.to_owned())),
            ));
        }
        Err(NotAnAccount::UnknownKind | NotAnAccount::NothingToLink) => {
            return Ok(Answer::Say(
                Reply::new(&texts::UNKNOWN_KIND)
                    .with("system", own(system))
                    .with("kinds", kinds_hole(system)),
            ));
        }
    };
    let claim = Claim {
        message: call.message,
        system: system.name().to_owned(),
        member: call.caller.id,
        member_name: call.caller.name.clone(),
        account,
        guild: call.policy.guild,
        channel: call.reply.channel,
        asked_ms: 0,
        until_ms: 0,
        decided: None,
    };
    let links = call.points.links();
    let with_system = |word| Reply::new(word).with("system", own(system));
    let until = |reply: Reply, until_ms| {
        reply
            .with("until", Hole::Time(until_ms))
            .with("zone", Hole::Zone)
    };
    let reply = match links.claim(claim).await.map_err(store)? {
        Claimed::Waits(claim) => {
            let reply = until(with_system(&texts::CLAIM_WAITS), claim.until_ms);
            match call.place {
                Place::Channel => claims::with_buttons(reply, claim.message),
                Place::Private => reply,
            }
        }
        Claimed::Already => with_system(&texts::TIED_ALREADY),
        Claimed::HasAnother => with_system(&texts::HAS_ANOTHER),
        Claimed::Taken => with_system(&texts::TAKEN),
        Claimed::ClaimsAnother { until_ms } => until(with_system(&texts::CLAIMS_ANOTHER), until_ms),
        Claimed::Decided => return Ok(Answer::Nothing),
    };
    Ok(Answer::Say(reply))
}

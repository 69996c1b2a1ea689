//! Claims of accounts, as staff see and decide them.

use crate::commands::Answer;
use crate::commands::Call;
use crate::commands::CommandError;
use crate::commands::Place;
use crate::commands::Verb;
use crate::commands::link::named;
use crate::commands::link::store;
use crate::commands::link::texts;
use crate::commands::proposal::button;
use crate::model::MessageId;
use crate::model::Refusal;
use crate::model::System;
use crate::model::account_form;
use crate::permissions::Right;
use crate::points::Claim;
use crate::points::ClaimRuled;
use crate::points::ClaimVerdict;
use crate::points::ReplyAddress;
use crate::words::Hole;
use crate::words::Reply;
use crate::words::Word;
use crate::words::mention;

/// Claims listed at once: as many as one message shows with buttons and stays readable.
const LISTED: usize = 6;

/// The kinds of ids a system has.
pub(super) fn kinds_hole(system: &System) -> Hole {
    let kinds = account_form::kinds(system.kind()).iter();
    Hole::List(kinds.map(|kind| Hole::Own((*kind).to_owned())).collect())
}

/// Puts what staff may do with a claim under an answer.
pub(super) fn with_buttons(reply: Reply, message: MessageId) -> Reply {
    reply
        .button(&texts::APPROVE, button::approve_claim(message))
        .button(&texts::REFUSE, button::refuse_claim(message))
        .button(&texts::SHOW, button::show_claim(message))
}

fn may(call: &Call<'_>) -> Result<(), Refusal> {
    match call.granted.covers(Right::Approve) {
        true => Ok(()),
        false => Err(Refusal::NoRight { roles: Vec::new() }),
    }
}

/// What waits, with buttons.
pub(super) async fn list(call: &Call<'_>) -> Result<Answer, CommandError> {
    may(call)?;
    let links = call.points.links();
    let waiting = links.claims_in(call.policy.guild, LISTED + 1).await;
    let mut waiting = waiting.map_err(store)?;
    if waiting.is_empty() {
        return Ok(Answer::Say(Reply::new(&texts::PENDING_NONE)));
    }
    let more = waiting.len() > LISTED;
    waiting.truncate(LISTED);
    let mut reply = Reply::new(&texts::PENDING_HEAD);
    for (number, claim) in (1..).zip(&waiting) {
        reply = match call.place {
            Place::Channel => reply.line(&texts::PENDING_ROW),
            Place::Private => reply
                .line(&texts::PENDING_ROW_PRIVATE)
                .with("account", Hole::Untrusted(claim.account.masked())),
        }
        .with("number", Hole::Number(number))
        .with("member", Hole::Name(claim.member_name.clone()))
        .with("system", Hole::Own(claim.system.clone()))
        .with("kind", Hole::Own(claim.account.kind().to_owned()))
        .with("until", Hole::Time(claim.until_ms))
        .with("zone", Hole::Zone);
        let label = || vec![("number", Hole::Number(number))];
        let message = claim.message;
        reply = reply
            .button_with(&texts::APPROVE_ONE, label(), button::approve_claim(message))
            .button_with(&texts::REFUSE_ONE, label(), button::refuse_claim(message));
    }
    Ok(Answer::Say(match more {
        true => reply.line(&texts::PENDING_MORE),
        false => reply,
    }))
}

/// Decides about a claim, by a button or by naming the member and the system.
pub(super) async fn rule(call: &Call<'_>) -> Result<Answer, CommandError> {
    may(call)?;
    let links = call.points.links();
    let claim = match call.asked.link.claim {
        Some(message) => links.claim_of(message).await.map_err(store)?,
        None => match meant(call).await? {
            Ok(claim) => claim,
            Err(reply) => return Ok(Answer::Say(reply)),
        },
    };
    let here = claim.filter(|claim| claim.guild == call.policy.guild);
    let Some(claim) = here else {
        return Ok(Answer::Say(Reply::new(&texts::RULED_NOTHING)));
    };
    let verdict = match call.asked.verb {
        Some(Verb::Approve) => ClaimVerdict::Approve,
        Some(_) => ClaimVerdict::Refuse,
        None => return Ok(Answer::Say(shown(&claim))),
    };
    let ruled = links.rule(call.granted, claim.message, verdict).await;
    Ok(match ruled.map_err(store)? {
        ClaimRuled::Approved(claim) => {
            tracing::info!(
                system = claim.system, member = %claim.member, by = %call.granted.by(),
                "an account was linked by approval"
            );
            told(call, &claim, &texts::STAFF_APPROVED, &texts::APPROVED)
        }
        ClaimRuled::Refused(claim) => told(call, &claim, &texts::STAFF_REFUSED, &texts::REFUSED),
        ClaimRuled::NothingWaits => Answer::Say(Reply::new(&texts::RULED_NOTHING)),
        ClaimRuled::Own => Answer::Say(Reply::new(&texts::RULED_OWN)),
        ClaimRuled::Expired => Answer::Say(Reply::new(&texts::RULED_EXPIRED)),
        ClaimRuled::HasAnother(claim) => Answer::Say(of(&texts::RULED_HAS_ANOTHER, &claim)),
        ClaimRuled::Taken(claim) => Answer::Say(of(&texts::RULED_TAKEN, &claim)),
        ClaimRuled::Decided(decided) => {
            let word = match decided.verdict {
                ClaimVerdict::Approve => &texts::RULED_APPROVED,
                ClaimVerdict::Refuse => &texts::RULED_REFUSED,
            };
            Answer::Say(Reply::new(word).with("by", mention(decided.by)))
        }
    })
}

/// The claim of the member and system that are named, or what is missing.
async fn meant(call: &Call<'_>) -> Result<Result<Option<Claim>, Reply>, CommandError> {
    let systems = call.points.linkable(call.policy.guild);
    let ([member], [read]) = (call.members.as_slice(), call.asked.link.plain.as_slice()) else {
        return Ok(Err(Reply::new(&texts::WHOSE)));
    };
    let system = match named(&systems, read) {
        Ok(system) => system,
        Err(reply) => return Ok(Err(reply)),
    };
    let claim = call.points.links().claim_by(&system, member.id).await;
    Ok(Ok(claim.map_err(store)?))
}

/// A claim for the eyes of one of the staff.
fn shown(claim: &Claim) -> Reply {
    Reply::new(&texts::SHOWN)
        .with("member", Hole::Name(claim.member_name.clone()))
        .with("system", Hole::Own(claim.system.clone()))
        .with("kind", Hole::Own(claim.account.kind().to_owned()))
        .with("account", Hole::Untrusted(claim.account.masked()))
}

fn of(word: &'static Word, claim: &Claim) -> Reply {
    Reply::new(word)
        .with("member", mention(claim.member))
        .with("system", Hole::Own(claim.system.clone()))
}

/// A word to who decided, and one to who claimed.
fn told(
    call: &Call<'_>,
    claim: &Claim,
    to_staff: &'static Word,
    to_member: &'static Word,
) -> Answer {
    Answer::AlsoTell {
        reply: of(to_staff, claim),
        at: ReplyAddress {
            channel: claim.channel,
            quoting: Some(claim.message),
            said: None,
        },
        told: of(to_member, claim).with("by", mention(call.granted.by())),
    }
}

//! What `/reward` and `/deduct` do: change points of one member or several, or ask first.

use crate::commands::Answer;
use crate::commands::Call;
use crate::commands::CommandError;
use crate::commands::Member;
use crate::commands::MemberKind;
use crate::commands::Stage;
use crate::commands::Who;
use crate::commands::proposal::Named;
use crate::commands::proposal::Proposal;
use crate::commands::proposal::button;
use crate::commands::told::Sentences;
use crate::commands::told::change_reply;
use crate::model::Amount;
use crate::model::Cause;
use crate::model::Refusal;
use crate::model::refusal::About;
use crate::model::refusal::Usage;
use crate::permissions::Standing;
use crate::points::Change;
use crate::points::ChangeError;
use crate::points::Changes;
use crate::points::ConfirmationState;
use crate::points::Order;
use crate::points::Over;
use crate::points::Receipt;
use crate::words::Hole;
use crate::words::Reply;
use crate::words::SHARED;
use crate::words::Word;

pub(super) static CONFIRM: Word = Word::new(SHARED, "confirm", &[]);
pub(super) static CANCEL: Word = Word::new(SHARED, "cancel", &[]);
static CANCELLED: Word = Word::new(SHARED, "cancelled", &[]);
static PRESSED: Word = Word::new(SHARED, "pressed", &[]);
static LEFT_OUT: Word = Word::new(SHARED, "left_out", &["count"]);
static WILL_WAIT: Word = Word::new(SHARED, "will_wait", &["cap"]);
static QUOTA_LEFT: Word = Word::new(SHARED, "quota_left", &["left", "day"]);

/// Sentences both commands speak, beside those that tell how a change stands.
pub(super) static WORDS: &[&Word] = &[
    &CONFIRM,
    &CANCEL,
    &CANCELLED,
    &PRESSED,
    &LEFT_OUT,
    &WILL_WAIT,
    &QUOTA_LEFT,
];

/// Which way the points go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Give,
    Take,
}

/// Carries out a change, or asks first.
pub(super) async fn run(mut call: Call<'_>, direction: Direction) -> Result<Answer, CommandError> {
    let sentences = match direction {
        Direction::Give => &super::reward::SENTENCES,
        Direction::Take => &super::deduct::SENTENCES,
    };
    let size = call.asked.amount.ok_or(Refusal::Usage(Usage::NoAmount))?;
    leave_oneself_out(&mut call, direction);
    if call.members.is_empty() {
        return Err(Refusal::Usage(Usage::NobodyNamed).into());
    }
    for member in &call.members {
        refuse_whom(&call, member, direction)?;
    }
    let amount = match direction {
        Direction::Give => size,
        Direction::Take => size.negated(),
    };
    if call.confirmation.is_none() && must_ask(&call, size) {
        refuse_while_frozen(&call, amount).await?;
        let left = within_caps(&call, size).await?;
        return Ok(ask(&call, amount, left, sentences));
    }
    let mut orders: Vec<Order> = call
        .members
        .iter()
        .map(|member| order(&call, member, amount, sentences))
        .collect();
    let cause = orders[0].cause;
    if orders.len() > 1 {
        let changes = call
            .points
            .change_all(call.granted, call.policy, call.message, orders)
            .await;
        return several(changes.map_err(not_written)?, cause, &call, size);
    }
    let only = orders.remove(0);
    let change = call.points.change(call.granted, call.policy, only).await;
    match change.map_err(not_written)? {
        Change::Done(receipt) | Change::Refused(receipt) | Change::Pending(receipt) => {
            Ok(told(cause, &[receipt]))
        }
        Change::Known(_) => Ok(Answer::Nothing),
        Change::Over(over) => Err(over_refusal(over, size.size()).into()),
        Change::Frozen(freeze) => Err(Refusal::Frozen(freeze).into()),
        Change::ConfirmationSpent(state) => Err(spent(state).into()),
    }
}

fn several(
    changes: Changes,
    cause: Cause,
    call: &Call<'_>,
    size: Amount,
) -> Result<Answer, CommandError> {
    match changes {
        Changes::Written(receipts) => Ok(told(cause, &receipts)),
        Changes::Known => Ok(Answer::Nothing),
        Changes::Over(over) => Err(over_refusal(over, asked_in_all(call, size)).into()),
        Changes::Frozen(freeze) => Err(Refusal::Frozen(freeze).into()),
        Changes::ConfirmationSpent(state) => Err(spent(state).into()),
    }
}

pub(super) fn told(cause: Cause, receipts: &[Receipt]) -> Answer {
    let settled = receipts.iter().all(|receipt| receipt.state.is_final());
    Answer::Changed {
        cause,
        stage: if settled {
            Stage::Final
        } else {
            Stage::Interim
        },
        reply: change_reply(receipts),
        shown: receipts.iter().map(Receipt::shown).collect(),
    }
}

fn order(call: &Call<'_>, member: &Member, amount: Amount, sentences: &Sentences) -> Order {
    Order {
        cause: Cause::Message {
            message: call.message,
            line: 0,
            member: member.id,
        },
        member: member.id,
        member_name: member.name.clone(),
        amount,
        reason: call.asked.text.clone(),
        fallback_remark: call.words.plain(sentences.no_reason, call.policy.language),
        reply: call.reply,
        confirmation: call.confirmation,
    }
}

pub(super) fn not_written(error: ChangeError) -> CommandError {
    match error {
        ChangeError::ReasonTooLong { length, cap } => {
            CommandError::Refused(Refusal::Usage(Usage::ReasonTooLong { length, cap }))
        }
        ChangeError::Journal(error) => CommandError::Store(anyhow::Error::new(error)),
        ChangeError::Lacks { ability, system } => CommandError::Refused(Refusal::Lacks {
            ability,
            system: system.kind(),
        }),
        ChangeError::Account { error, .. } => CommandError::Refused(Refusal::Points {
            meaning: error.refused.meaning,
            about: About::Another,
            system: None,
            code: error.refused.code,
        }),
        error @ ChangeError::NoSystem => CommandError::Failed(anyhow::Error::new(error)),
    }
}

fn spent(state: ConfirmationState) -> Refusal {
    match state {
        ConfirmationState::Expired => Refusal::ButtonExpired,
        _ => Refusal::ButtonUsed,
    }
}

/// Whether the rule about rewarding oneself binds this caller.
fn may_not_reward_oneself(call: &Call<'_>, direction: Direction) -> bool {
    let bound = call.granted.standing() != Standing::Admin;
    direction == Direction::Give && bound && !call.policy.limits.self_reward
}

/// A caller who holds the role they reward is left out; one who names themselves is refused.
fn leave_oneself_out(call: &mut Call<'_>, direction: Direction) {
    let caller = call.granted.by();
    let by_role = call.asked.who.iter().any(|who| matches!(who, Who::Role(_)));
    let by_name = call.asked.who.contains(&Who::Id(caller));
    if by_role && !by_name && may_not_reward_oneself(call, direction) {
        let before = call.members.len();
        call.members.retain(|member| member.id != caller);
        call.left_out += before - call.members.len();
    }
}

fn refuse_whom(call: &Call<'_>, member: &Member, direction: Direction) -> Result<(), Refusal> {
    if member.kind == MemberKind::Bot {
        let name = member.name.clone();
        return Err(Refusal::IsBot { name });
    }
    if member.id == call.granted.by() && may_not_reward_oneself(call, direction) {
        return Err(Refusal::Oneself);
    }
    Ok(())
}

/// Large changes are asked about, several members, and members named by a bare short id, which
/// looks like an amount.
fn must_ask(call: &Call<'_>, size: Amount) -> bool {
    let over = call
        .policy
        .limits
        .confirm_over
        .is_some_and(|cap| size.size() > cap);
    let unsure = |who: &Who| matches!(who, Who::BareShort(_) | Who::Role(_));
    over || call.members.len() > 1 || call.asked.who.iter().any(unsure)
}

/// What all of it would move, absolute, in points.
fn asked_in_all(call: &Call<'_>, size: Amount) -> i64 {
    let people = i64::try_from(call.members.len()).unwrap_or(i64::MAX);
    size.size().saturating_mul(people)
}

/// Refuses before asking what would be refused after; what binds is what the journal finds.
async fn refuse_while_frozen(call: &Call<'_>, amount: Amount) -> Result<(), CommandError> {
    if amount.takes() {
        return Ok(());
    }
    let frozen = call.points.frozen(call.policy.guild).await;
    match frozen.map_err(|error| CommandError::Store(anyhow::Error::new(error)))? {
        Some(freeze) => Err(Refusal::Frozen(freeze).into()),
        None => Ok(()),
    }
}

/// Refuses before asking what would be refused after, and says what is left of the quota; the
/// binding count is the journal's.
async fn within_caps(call: &Call<'_>, size: Amount) -> Result<Option<i64>, CommandError> {
    let caps = call.granted.caps();
    let each = size.size();
    if let Some(cap) = caps.per_award.filter(|cap| each > *cap) {
        return Err(Refusal::AboveEach { asked: each, cap }.into());
    }
    let Some(cap) = caps.per_day else {
        return Ok(None);
    };
    let used = call
        .points
        .given_today(call.policy, call.granted.by())
        .await
        .map_err(|error| CommandError::Store(anyhow::Error::new(error)))?;
    let asked = asked_in_all(call, size);
    if used + asked > cap {
        return Err(Refusal::AboveDay { asked, used, cap }.into());
    }
    Ok(Some(cap - used - asked))
}

fn over_refusal(over: Over, asked: i64) -> Refusal {
    match over {
        Over::Each { cap } => Refusal::AboveEach { asked, cap },
        Over::Day { used, cap } => Refusal::AboveDay { asked, used, cap },
    }
}

fn ask(call: &Call<'_>, amount: Amount, left: Option<i64>, sentences: &Sentences) -> Answer {
    let reason = match &call.asked.text {
        Some(reason) => Hole::Untrusted(reason.clone()),
        None => Hole::Said(Box::new(Reply::new(sentences.no_reason))),
    };
    let signed = Hole::Signed(i64::from(amount.points()));
    let mut reply = match call.members.as_slice() {
        [only] => Reply::new(sentences.ask)
            .with("member", Hole::Name(only.name.clone()))
            .with("id", Hole::Own(only.id.to_string()))
            .with("amount", signed)
            .with("reason", reason),
        several => {
            let names = several.iter().map(|member| Hole::Name(member.name.clone()));
            let total = asked_in_all(call, amount);
            let total = if amount.takes() { -total } else { total };
            Reply::new(sentences.ask_several)
                .with("count", number(several.len()))
                .with("amount", signed)
                .with("total", Hole::Signed(total))
                .with("reason", reason)
                .with("names", Hole::List(names.collect()))
        }
    };
    if call.left_out > 0 {
        reply = reply.line(&LEFT_OUT).with("count", number(call.left_out));
    }
    if let (Some(left), Some(day)) = (left, call.granted.caps().per_day) {
        reply = reply
            .line(&QUOTA_LEFT)
            .with("left", Hole::Number(left))
            .with("day", Hole::Number(day));
    }
    let threshold = call.granted.caps().approve_over;
    if let Some(cap) = threshold.filter(|&cap| amount.size() > cap) {
        reply = reply.line(&WILL_WAIT).with("cap", Hole::Number(cap));
    }
    let named = |member: &Member| Named {
        member: member.id.number(),
        name: member.name.clone(),
    };
    Answer::Ask {
        reply: reply
            .button(&CONFIRM, button::confirm(call.message))
            .button(&CANCEL, button::cancel(call.message)),
        proposal: Proposal {
            command: sentences.scope.to_owned(),
            people: call.members.iter().map(named).collect(),
            amount: amount.points().abs(),
            reason: call.asked.text.clone(),
            system: None,
        },
    }
}

fn number(count: usize) -> Hole {
    Hole::Number(i64::try_from(count).unwrap_or(i64::MAX))
}

/// What replaces the question once the caller has called it off.
pub fn cancelled_reply() -> Reply {
    Reply::new(&CANCELLED)
}

/// What the button says while the change is under way.
pub fn pressed_reply() -> Reply {
    Reply::new(&PRESSED)
}

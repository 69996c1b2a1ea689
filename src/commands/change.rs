//! What `/reward` and `/deduct` have in common: a change of one member's points.

use crate::commands::Answer;
use crate::commands::Call;
use crate::commands::CommandError;
use crate::commands::Member;
use crate::commands::MemberKind;
use crate::commands::Who;
use crate::commands::proposal::Proposal;
use crate::commands::proposal::button;
use crate::model::Amount;
use crate::model::Cause;
use crate::model::Refusal;
use crate::model::refusal::About;
use crate::model::refusal::PointsRefusal;
use crate::model::refusal::Usage;
use crate::permissions::Standing;
use crate::points::Change;
use crate::points::ChangeError;
use crate::points::ConfirmationState;
use crate::points::Order;
use crate::points::Over;
use crate::points::Receipt;
use crate::points::State;
use crate::words::Hole;
use crate::words::Reply;
use crate::words::SHARED;
use crate::words::Word;
use crate::words::points_reply;

/// The sentences of one of the two commands.
pub(super) struct Sentences {
    pub scope: &'static str,
    pub done: &'static Word,
    pub unconfirmed: &'static Word,
    pub queued: &'static Word,
    pub refused: &'static Word,
    pub insufficient: &'static Word,
    pub ask: &'static Word,
    pub no_reason: &'static Word,
}

/// Makes the sentences of a command whose scope is given.
macro_rules! sentences {
    ($scope:literal) => {
        pub(super) static DONE: Word = Word::new(
            $scope,
            "done",
            &["member", "amount", "balance", "reason", "receipt"],
        );
        static UNCONFIRMED: Word =
            Word::new($scope, "unconfirmed", &["member", "amount", "receipt"]);
        static QUEUED: Word = Word::new($scope, "queued", &["member", "amount", "receipt"]);
        static REFUSED: Word = Word::new(
            $scope,
            "refused",
            &["member", "amount", "why", "code", "receipt"],
        );
        static INSUFFICIENT: Word = Word::new(
            $scope,
            "insufficient",
            &["member", "had", "asked", "receipt"],
        );
        static ASK: Word = Word::new($scope, "ask", &["member", "id", "amount", "reason"]);
        static NO_REASON: Word = Word::new($scope, "no_reason", &[]);
        pub(super) static WORDS: &[&Word] = &[
            &DONE,
            &UNCONFIRMED,
            &QUEUED,
            &REFUSED,
            &INSUFFICIENT,
            &ASK,
            &NO_REASON,
        ];
        pub(super) static SENTENCES: Sentences = Sentences {
            scope: $scope,
            done: &DONE,
            unconfirmed: &UNCONFIRMED,
            queued: &QUEUED,
            refused: &REFUSED,
            insufficient: &INSUFFICIENT,
            ask: &ASK,
            no_reason: &NO_REASON,
        };
    };
}
pub(super) use sentences;

static CONFIRM: Word = Word::new(SHARED, "confirm", &[]);
static CANCEL: Word = Word::new(SHARED, "cancel", &[]);
static CANCELLED: Word = Word::new(SHARED, "cancelled", &[]);
static PRESSED: Word = Word::new(SHARED, "pressed", &[]);
static BALANCE_UNREAD: Word = Word::new(SHARED, "balance_unread", &[]);
static CODE: Word = Word::new(SHARED, "code", &["code"]);

/// Sentences both commands speak.
pub(super) static WORDS: &[&Word] = &[
    &CONFIRM,
    &CANCEL,
    &CANCELLED,
    &PRESSED,
    &BALANCE_UNREAD,
    &CODE,
];

/// Which way the points go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Give,
    Take,
}

/// Carries out a change, or asks first.
pub(super) async fn run(call: Call<'_>, direction: Direction) -> Result<Answer, CommandError> {
    let sentences = sentences_of(direction);
    let (Some(size), Some(member)) = (call.asked.amount, call.members.first()) else {
        return Err(Refusal::Usage(Usage::NobodyNamed).into());
    };
    refuse_whom(&call, member, direction)?;
    let amount = match direction {
        Direction::Give => size,
        Direction::Take => size.negated(),
    };
    if call.confirmation.is_none() && must_ask(&call, size) {
        within_caps(&call, size).await?;
        return Ok(ask(&call, member, size, amount, sentences));
    }
    let cause = Cause::Message {
        message: call.message,
        line: 0,
        member: member.id,
    };
    let order = Order {
        cause,
        member: member.id,
        member_name: member.name.clone(),
        amount,
        reason: call.asked.text.clone(),
        fallback_remark: call.words.plain(sentences.no_reason, call.policy.language),
        reply: call.reply,
        confirmation: call.confirmation,
    };
    let change = call.points.change(call.granted, call.policy, order).await;
    let change = change.map_err(|error| match error {
        ChangeError::ReasonTooLong { length, cap } => {
            CommandError::Refused(Refusal::Usage(Usage::ReasonTooLong { length, cap }))
        }
        ChangeError::Journal(error) => CommandError::Store(anyhow::Error::new(error)),
        error @ (ChangeError::NoSystem | ChangeError::ReadOnly(_)) => {
            CommandError::Failed(anyhow::Error::new(error))
        }
    })?;
    let reply = match &change {
        Change::Done(receipt) | Change::Refused(receipt) | Change::Pending(receipt) => {
            Some(change_reply(receipt))
        }
        Change::Known(_) => None,
        Change::Over(over) => return Err(over_refusal(*over, size).into()),
        Change::ConfirmationSpent(state) => {
            return Err(match state {
                ConfirmationState::Expired => Refusal::ButtonExpired,
                _ => Refusal::ButtonUsed,
            }
            .into());
        }
    };
    Ok(Answer::Change {
        cause,
        change: Box::new(change),
        reply,
    })
}

fn refuse_whom(call: &Call<'_>, member: &Member, direction: Direction) -> Result<(), Refusal> {
    if member.kind == MemberKind::Bot {
        let name = member.name.clone();
        return Err(Refusal::IsBot { name });
    }
    let to_oneself = direction == Direction::Give && member.id == call.granted.by();
    let bound = call.granted.standing() != Standing::Admin;
    if to_oneself && bound && !call.policy.limits.self_reward {
        return Err(Refusal::Oneself);
    }
    Ok(())
}

/// Large changes are asked about, and members named by a bare short id, which looks like an amount.
fn must_ask(call: &Call<'_>, size: Amount) -> bool {
    let over = call
        .policy
        .limits
        .confirm_over
        .is_some_and(|cap| size.size() > cap);
    over || call
        .asked
        .who
        .iter()
        .any(|who| matches!(who, Who::BareShort(_)))
}

/// Refuses before asking what would be refused after; the binding count is the journal's.
async fn within_caps(call: &Call<'_>, size: Amount) -> Result<(), CommandError> {
    let caps = call.granted.caps();
    let asked = size.size();
    if let Some(cap) = caps.per_award.filter(|cap| asked > *cap) {
        return Err(Refusal::AboveEach { asked, cap }.into());
    }
    if let Some(cap) = caps.approve_over.filter(|cap| asked > *cap) {
        return Err(Refusal::NeedsApproval { asked, cap }.into());
    }
    if let Some(cap) = caps.per_day {
        let used = call
            .points
            .given_today(call.policy, call.granted.by())
            .await
            .map_err(|error| CommandError::Store(anyhow::Error::new(error)))?;
        if used + asked > cap {
            return Err(Refusal::AboveDay { asked, used, cap }.into());
        }
    }
    Ok(())
}

fn over_refusal(over: Over, size: Amount) -> Refusal {
    let asked = size.size();
    match over {
        Over::Each { cap } => Refusal::AboveEach { asked, cap },
        Over::Day { used, cap } => Refusal::AboveDay { asked, used, cap },
        Over::Approval { cap } => Refusal::NeedsApproval { asked, cap },
    }
}

fn ask(
    call: &Call<'_>,
    member: &Member,
    size: Amount,
    amount: Amount,
    sentences: &Sentences,
) -> Answer {
    let reason = match &call.asked.text {
        Some(reason) => Hole::Untrusted(reason.clone()),
        None => Hole::Said(Box::new(Reply::new(sentences.no_reason))),
    };
    let reply = Reply::new(sentences.ask)
        .with("member", Hole::Name(member.name.clone()))
        .with("id", Hole::Own(member.id.to_string()))
        .with("amount", Hole::Signed(i64::from(amount.points())))
        .with("reason", reason)
        .button(&CONFIRM, button::confirm(call.message))
        .button(&CANCEL, button::cancel(call.message));
    Answer::Ask {
        reply,
        proposal: Proposal {
            command: sentences.scope.to_owned(),
            member: member.id.number(),
            name: member.name.clone(),
            amount: size.points(),
            reason: call.asked.text.clone(),
        },
    }
}

fn sentences_of(direction: Direction) -> &'static Sentences {
    match direction {
        Direction::Give => &super::reward::SENTENCES,
        Direction::Take => &super::deduct::SENTENCES,
    }
}

/// How a change stands, as said in chat.
pub fn change_reply(receipt: &Receipt) -> Reply {
    let direction = if receipt.amount.takes() {
        Direction::Take
    } else {
        Direction::Give
    };
    let sentences = sentences_of(direction);
    let member = Hole::Name(receipt.member_name.clone());
    let amount = Hole::Signed(i64::from(receipt.amount.points()));
    let code = Hole::Own(receipt.code.to_string());
    let open = |word| {
        Reply::new(word)
            .with("member", member.clone())
            .with("amount", amount.clone())
            .with("receipt", code.clone())
    };
    match receipt.state {
        State::Queued => open(sentences.queued),
        State::Unconfirmed | State::Held | State::Unresolved => open(sentences.unconfirmed),
        State::Done => open(sentences.done)
            .with("balance", balance_hole(receipt))
            .with("reason", reason_hole(receipt)),
        State::Refused => refused_reply(receipt, sentences),
    }
}

fn refused_reply(receipt: &Receipt, sentences: &Sentences) -> Reply {
    let refused = receipt.refusal.as_ref();
    let meaning = refused.map_or(PointsRefusal::Declined, |refused| refused.meaning);
    let member = Hole::Name(receipt.member_name.clone());
    let code = Hole::Own(receipt.code.to_string());
    if let (PointsRefusal::Insufficient, Some(balance)) = (meaning, receipt.balance) {
        return Reply::new(sentences.insufficient)
            .with("member", member)
            .with("had", Hole::Number(balance.points))
            .with("asked", Hole::Number(receipt.amount.size()))
            .with("receipt", code);
    }
    let own_code = match refused.and_then(|refused| refused.code) {
        Some(number) => Hole::Said(Box::new(
            Reply::new(&CODE).with("code", Hole::Own(number.to_string())),
        )),
        None => Hole::Own(String::new()),
    };
    Reply::new(sentences.refused)
        .with("member", member)
        .with("amount", Hole::Signed(i64::from(receipt.amount.points())))
        .with(
            "why",
            Hole::Said(Box::new(points_reply(meaning, About::Another))),
        )
        .with("code", own_code)
        .with("receipt", code)
}

/// The balance read after the change, or that it could not be read.
pub(super) fn balance_hole(receipt: &Receipt) -> Hole {
    match receipt.balance {
        Some(balance) => Hole::Number(balance.points),
        None => Hole::Said(Box::new(Reply::new(&BALANCE_UNREAD))),
    }
}

/// The reason as typed, or the bot's own words where there was none.
pub(super) fn reason_hole(receipt: &Receipt) -> Hole {
    Hole::Untrusted(
        receipt
            .reason
            .clone()
            .unwrap_or_else(|| receipt.remark.clone()),
    )
}

/// What replaces the question once the caller has called it off.
pub fn cancelled_reply() -> Reply {
    Reply::new(&CANCELLED)
}

/// What the button says while the change is under way.
pub fn pressed_reply() -> Reply {
    Reply::new(&PRESSED)
}

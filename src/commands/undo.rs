//! `/undo`: takes back what a change gave, or gives back what it took.

use futures_util::future::BoxFuture;

use crate::commands::Answer;
use crate::commands::Args;
use crate::commands::Asked;
use crate::commands::Call;
use crate::commands::CommandError;
use crate::commands::Handler;
use crate::commands::Verb;
use crate::commands::change;
use crate::commands::proposal::button;
use crate::commands::told;
use crate::model::Policy;
use crate::model::Refusal;
use crate::model::System;
use crate::model::decision::Extent;
use crate::model::decision::NotUndone;
use crate::model::refusal::About;
use crate::model::refusal::PointsRefusal;
use crate::model::refusal::Usage;
use crate::permissions::Right;
use crate::points::Receipt;
use crate::points::State;
use crate::points::Undo;
use crate::points::Undoing;
use crate::words::Hole;
use crate::words::Reply;
use crate::words::Word;

static DONE: Word = Word::new(
    "undo",
    "done",
    &["member", "amount", "balance", "receipt", "original"],
);
static PARTLY: Word = Word::new(
    "undo",
    "partly",
    &["member", "amount", "balance", "receipt", "original", "size"],
);
static UNCONFIRMED: Word = Word::new(
    "undo",
    "unconfirmed",
    &["member", "amount", "receipt", "original"],
);
static UNRESOLVED: Word = Word::new(
    "undo",
    "unresolved",
    &["member", "amount", "receipt", "original"],
);
static QUEUED: Word = Word::new(
    "undo",
    "queued",
    &["member", "amount", "receipt", "original"],
);
static REFUSED: Word = Word::new(
    "undo",
    "refused",
    &["member", "amount", "why", "code", "receipt", "original"],
);
static INSUFFICIENT: Word = Word::new(
    "undo",
    "insufficient",
    &["member", "had", "asked", "receipt", "original"],
);
static OFFER: Word = Word::new("undo", "offer", &["had", "original"]);
static NOTHING_LEFT: Word = Word::new("undo", "nothing_left", &[]);
static TAKE_REST: Word = Word::new("undo", "take_rest", &["had"]);
static REMARK: Word = Word::new("undo", "remark", &["original"]);
/// On the button under a change that is done.
pub(super) static BUTTON: Word = Word::new("undo", "button", &[]);

static WORDS: &[&Word] = &[
    &DONE,
    &PARTLY,
    &UNCONFIRMED,
    &UNRESOLVED,
    &QUEUED,
    &REFUSED,
    &INSUFFICIENT,
    &OFFER,
    &NOTHING_LEFT,
    &TAKE_REST,
    &REMARK,
    &BUTTON,
];

pub(super) struct UndoChange;

impl Handler for UndoChange {
    fn words(&self) -> &'static [&'static Word] {
        WORDS
    }

    fn parse(&self, args: Args, _policy: &Policy) -> Result<Asked, Refusal> {
        args.undo()
    }

    fn run<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Answer, CommandError>> {
        Box::pin(run(call))
    }
}

async fn run(call: Call<'_>) -> Result<Answer, CommandError> {
    let of = meant(&call).await?;
    let remark = Reply::new(&REMARK).with("original", Hole::Own(of.code.to_string()));
    let (language, zone) = (call.policy.language, &call.policy.zone);
    let undoing = Undoing {
        remark: call.words.render(&remark, language, zone).text,
        extent: match call.asked.verb {
            Some(Verb::TakeWhatIsThere) => Extent::WhatIsThere,
            _ => Extent::Whole,
        },
        reply: call.reply,
        asked_by: call.pressed.is_none().then_some(call.message),
        of,
    };
    let system = System::read(&undoing.of.system);
    let undone = call.points.undo(call.granted, call.policy, undoing).await;
    match undone.map_err(change::not_written)? {
        Undo::Written(receipt) => Ok(change::told(receipt.cause, &[*receipt])),
        Undo::Repeated => Ok(Answer::Nothing),
        Undo::Not(why) => Err(Refusal::NotUndone(why).into()),
        Undo::Frozen(freeze) => Err(Refusal::Frozen(freeze).into()),
        Undo::Unread(error) => Err(Refusal::Points {
            meaning: error.refused.meaning,
            about: About::Another,
            system,
            code: error.refused.code,
        }
        .into()),
    }
}

/// The change that is meant: by its code, or the caller's last.
async fn meant(call: &Call<'_>) -> Result<Receipt, CommandError> {
    let guild = call.policy.guild;
    let store = |error| CommandError::Store(anyhow::Error::new(error));
    if let Some(code) = &call.asked.receipt {
        let found = call.points.receipt(guild, code).await.map_err(store)?;
        // What one may not see one cannot ask about either.
        let own = |receipt: &Receipt| [receipt.member, receipt.giver].contains(&call.caller.id);
        let found = found.filter(|receipt| call.granted.covers(Right::View) || own(receipt));
        let code = code.clone();
        return found.ok_or_else(|| Refusal::NoReceipt { code }.into());
    }
    if call.asked.verb != Some(Verb::Last) {
        let read = String::new();
        return Err(Refusal::Usage(Usage::NotAReceipt { read }).into());
    }
    let last = call
        .points
        .last_given(guild, call.granted.by(), call.message)
        .await
        .map_err(store)?;
    match <[Receipt; 1]>::try_from(last) {
        Ok([only]) => Ok(only),
        Err(none) if none.is_empty() => Err(Refusal::NotUndone(NotUndone::NoLast).into()),
        Err(several) => {
            let codes = several.into_iter().map(|receipt| receipt.code).collect();
            Err(Refusal::NotUndone(NotUndone::Several { codes }).into())
        }
    }
}

/// How an undo stands.
pub(super) fn undo_reply(receipt: &Receipt) -> Reply {
    let undoes = receipt.undoes.as_ref();
    let original = || {
        let code = undoes.map(|undoes| undoes.code.to_string());
        Hole::Own(code.unwrap_or_default())
    };
    let open = |word| {
        Reply::new(word)
            .with("member", Hole::Name(receipt.member_name.clone()))
            .with("amount", told::amount_hole(receipt))
            .with("receipt", told::code_hole(receipt))
            .with("original", original())
    };
    let size = undoes.map_or(0, |undoes| undoes.size);
    match receipt.state {
        State::Waiting | State::Queued => open(&QUEUED),
        State::Unconfirmed | State::Held => open(&UNCONFIRMED),
        State::Unresolved => open(&UNRESOLVED),
        State::Done | State::Undone | State::PartlyUndone if receipt.amount.size() < size => {
            open(&PARTLY)
                .with("balance", told::balance_hole(receipt))
                .with("size", Hole::Number(size))
        }
        State::Done | State::Undone | State::PartlyUndone => {
            open(&DONE).with("balance", told::balance_hole(receipt))
        }
        State::Refused => match (told::meaning(receipt), receipt.balance) {
            (PointsRefusal::Insufficient, Some(balance)) => insufficient(receipt, balance.points),
            _ => open(&REFUSED)
                .with("why", told::why_hole(receipt))
                .with("code", told::own_code_hole(receipt)),
        },
    }
}

/// Part of it is spent: what is there can be taken back instead.
fn insufficient(receipt: &Receipt, had: i64) -> Reply {
    let undoes = receipt.undoes.as_ref();
    let original = undoes.map(|undoes| undoes.code.to_string());
    let original = || Hole::Own(original.clone().unwrap_or_default());
    let reply = Reply::new(&INSUFFICIENT)
        .with("member", Hole::Name(receipt.member_name.clone()))
        .with("had", Hole::Number(had))
        .with("asked", Hole::Number(receipt.amount.size()))
        .with("receipt", told::code_hole(receipt))
        .with("original", original());
    match undoes.filter(|_| had > 0) {
        None => reply.line(&NOTHING_LEFT),
        Some(undoes) => reply
            .line(&OFFER)
            .with("had", Hole::Number(had))
            .with("original", original())
            .button_with(
                &TAKE_REST,
                vec![("had", Hole::Number(had))],
                button::take_rest(&undoes.code),
            ),
    }
}

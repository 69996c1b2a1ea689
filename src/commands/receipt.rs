//! `/receipt`: what became of a change, by its code.

use futures_util::future::BoxFuture;

use crate::commands::Answer;
use crate::commands::Args;
use crate::commands::Asked;
use crate::commands::Call;
use crate::commands::CommandError;
use crate::commands::Handler;
use crate::commands::told::reason_hole;
use crate::model::Policy;
use crate::model::ReceiptCode;
use crate::model::Refusal;
use crate::model::System;
use crate::model::refusal::About;
use crate::model::refusal::Usage;
use crate::permissions::Right;
use crate::points::Approval;
use crate::points::Receipt;
use crate::points::State;
use crate::words::Hole;
use crate::words::Reply;
use crate::words::Word;
use crate::words::mention;
use crate::words::points_reply;

static HEAD: Word = Word::new("receipt", "head", &["receipt", "state"]);
static BODY: Word = Word::new(
    "receipt",
    "body",
    &["member", "amount", "giver", "reason", "time", "zone"],
);
static BALANCE: Word = Word::new("receipt", "balance", &["balance", "time"]);
static WHY: Word = Word::new("receipt", "why", &["why"]);
static STAFF: Word = Word::new("receipt", "staff", &["op", "sends", "code", "text"]);
static DECIDED: Word = Word::new("receipt", "decided", &["by", "basis"]);
static SETTLE: Word = Word::new("receipt", "settle", &["receipt"]);
static QUEUED: Word = Word::new("receipt", "state_queued", &[]);
static UNCONFIRMED: Word = Word::new("receipt", "state_unconfirmed", &[]);
static UNRESOLVED: Word = Word::new("receipt", "state_unresolved", &[]);
static DONE: Word = Word::new("receipt", "state_done", &[]);
static TAKEN: Word = Word::new("receipt", "state_taken", &[]);
static REFUSED: Word = Word::new("receipt", "state_refused", &[]);
static WAITING: Word = Word::new("receipt", "state_waiting", &[]);
static UNDONE: Word = Word::new("receipt", "state_undone", &[]);
static PARTLY: Word = Word::new("receipt", "state_partly", &[]);
static UNDOES: Word = Word::new("receipt", "undoes", &["receipt"]);
static UNDONE_BY: Word = Word::new("receipt", "undone_by", &["receipt", "amount", "state"]);
static WAITS: Word = Word::new("receipt", "waits", &["cap", "time"]);
static APPROVED: Word = Word::new("receipt", "approved", &["by", "time"]);
static NOT_APPROVED: Word = Word::new("receipt", "not_approved", &["by", "time"]);
static NOT_APPROVED_WHY: Word = Word::new("receipt", "not_approved_why", &["by", "time", "why"]);
static HELD_BACK: Word = Word::new("receipt", "held_back", &[]);

static WORDS: &[&Word] = &[
    &HEAD,
    &BODY,
    &BALANCE,
    &WHY,
    &STAFF,
    &DECIDED,
    &SETTLE,
    &QUEUED,
    &UNCONFIRMED,
    &UNRESOLVED,
    &DONE,
    &TAKEN,
    &REFUSED,
    &WAITING,
    &UNDONE,
    &PARTLY,
    &UNDOES,
    &UNDONE_BY,
    &WAITS,
    &APPROVED,
    &NOT_APPROVED,
    &NOT_APPROVED_WHY,
    &HELD_BACK,
];

pub(super) struct ReceiptQuestion;

impl Handler for ReceiptQuestion {
    fn words(&self) -> &'static [&'static Word] {
        WORDS
    }

    fn parse(&self, args: Args, _policy: &Policy) -> Result<Asked, Refusal> {
        let asked = args.one_word()?;
        let read = asked.text.clone().unwrap_or_default();
        match ReceiptCode::read(&read) {
            Some(_) => Ok(asked),
            None => Err(Refusal::Usage(Usage::NotAReceipt { read })),
        }
    }

    fn run<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Answer, CommandError>> {
        Box::pin(run(call))
    }
}

async fn run(call: Call<'_>) -> Result<Answer, CommandError> {
    let read = call.asked.text.clone().unwrap_or_default();
    let Some(code) = ReceiptCode::read(&read) else {
        return Err(Refusal::Usage(Usage::NotAReceipt { read }).into());
    };
    let store = |error| CommandError::Store(anyhow::Error::new(error));
    let guild = call.policy.guild;
    let found = call.points.receipt(guild, &code).await.map_err(store)?;
    let staff = call.granted.covers(Right::View);
    let own = |receipt: &Receipt| [receipt.member, receipt.giver].contains(&call.caller.id);
    // One answer for "none" and "not yours", so that codes cannot be tried out.
    let Some(receipt) = found.filter(|receipt| staff || own(receipt)) else {
        return Err(Refusal::NoReceipt { code }.into());
    };
    let mut reply = told(&receipt, staff);
    let never_sent = receipt.state == State::Queued && !receipt.amount.takes();
    if never_sent && call.points.frozen(guild).await.map_err(store)?.is_some() {
        reply = reply.line(&HELD_BACK);
    }
    for undo in call.points.undos(&receipt).await.map_err(store)? {
        reply = reply
            .line(&UNDONE_BY)
            .with("receipt", Hole::Own(undo.code.to_string()))
            .with("amount", Hole::Signed(i64::from(undo.amount.points())))
            .with("state", Hole::Said(Box::new(Reply::new(state_of(&undo)))));
    }
    Ok(Answer::Say(reply))
}

/// The word for how a change stands.
pub(super) fn state_of(receipt: &Receipt) -> &'static Word {
    match receipt.state {
        State::Waiting => &WAITING,
        State::Queued => &QUEUED,
        State::Unconfirmed | State::Held => &UNCONFIRMED,
        State::Unresolved => &UNRESOLVED,
        State::Done if receipt.amount.takes() => &TAKEN,
        State::Done => &DONE,
        State::Refused => &REFUSED,
        State::Undone => &UNDONE,
        State::PartlyUndone => &PARTLY,
    }
}

/// Who decided about it, or that somebody has to.
fn approval_line(reply: Reply, approval: &Approval) -> Reply {
    let Some(decision) = &approval.decision else {
        return reply
            .line(&WAITS)
            .with("cap", Hole::Number(approval.over))
            .with("time", Hole::Time(approval.until_ms));
    };
    // Where the time ran out, the refusal says so.
    let Some(by) = decision.by else {
        return reply;
    };
    let line = match (decision.approved, &decision.why) {
        (true, _) => reply.line(&APPROVED),
        (false, None) => reply.line(&NOT_APPROVED),
        (false, Some(why)) => reply
            .line(&NOT_APPROVED_WHY)
            .with("why", Hole::Untrusted(why.clone())),
    };
    line.with("by", mention(by))
        .with("time", Hole::Time(decision.ms))
}

fn told(receipt: &Receipt, staff: bool) -> Reply {
    let mut reply = Reply::new(&HEAD)
        .with("receipt", Hole::Own(receipt.code.to_string()))
        .with("state", Hole::Said(Box::new(Reply::new(state_of(receipt)))))
        .line(&BODY)
        .with("member", Hole::Name(receipt.member_name.clone()))
        .with("amount", Hole::Signed(i64::from(receipt.amount.points())))
        .with("giver", mention(receipt.giver))
        .with("reason", reason_hole(receipt))
        .with("time", Hole::Time(receipt.written_ms))
        .with("zone", Hole::Zone);
    if let Some(balance) = receipt.balance {
        reply = reply
            .line(&BALANCE)
            .with("balance", Hole::Number(balance.points))
            .with("time", Hole::Time(balance.read_ms));
    }
    if let Some(refused) = &receipt.refusal {
        let why = points_reply(
            refused.meaning,
            About::Another,
            System::read(&receipt.system).as_ref(),
        );
        reply = reply.line(&WHY).with("why", Hole::Said(Box::new(why)));
    }
    if let Some(undoes) = &receipt.undoes {
        reply = reply
            .line(&UNDOES)
            .with("receipt", Hole::Own(undoes.code.to_string()));
    }
    if let Some(approval) = &receipt.approval {
        reply = approval_line(reply, approval);
    }
    if staff {
        let refused = receipt.refusal.as_ref();
        let code = refused.and_then(|refused| refused.code);
        let text = refused
            .map(|refused| refused.text.clone())
            .unwrap_or_default();
        reply = reply
            .line(&STAFF)
            .with("op", Hole::Own(receipt.op.to_string()))
            .with("sends", Hole::Number(i64::from(receipt.progress.sends)))
            .with(
                "code",
                Hole::Own(code.map_or_else(|| "-".to_owned(), |code| code.to_string())),
            )
            .with("text", Hole::Untrusted(text));
        if let Some(decided) = &receipt.settled_by {
            reply = reply
                .line(&DECIDED)
                .with("by", Hole::Untrusted(decided.by.clone()))
                .with("basis", Hole::Untrusted(decided.why.clone()));
        }
        if receipt.state == State::Unresolved {
            let code = Hole::Own(receipt.code.to_string());
            reply = reply.line(&SETTLE).with("receipt", code);
        }
    }
    reply
}

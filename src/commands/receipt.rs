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
use crate::model::refusal::About;
use crate::model::refusal::Usage;
use crate::permissions::Right;
use crate::points::Receipt;
use crate::points::State;
use crate::words::Hole;
use crate::words::Reply;
use crate::words::Word;
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
    let found = call
        .points
        .receipt(call.policy.guild, &code)
        .await
        .map_err(|error| CommandError::Store(anyhow::Error::new(error)))?;
    let staff = call.granted.covers(Right::View);
    let own = |receipt: &Receipt| [receipt.member, receipt.giver].contains(&call.caller.id);
    // One answer for "none" and "not yours", so that codes cannot be tried out.
    let Some(receipt) = found.filter(|receipt| staff || own(receipt)) else {
        return Err(Refusal::NoReceipt { code }.into());
    };
    Ok(Answer::Say(told(&receipt, staff)))
}

fn told(receipt: &Receipt, staff: bool) -> Reply {
    let state = match receipt.state {
        State::Queued => &QUEUED,
        State::Unconfirmed | State::Held => &UNCONFIRMED,
        State::Unresolved => &UNRESOLVED,
        State::Done if receipt.amount.takes() => &TAKEN,
        State::Done => &DONE,
        State::Refused => &REFUSED,
    };
    let mut reply = Reply::new(&HEAD)
        .with("receipt", Hole::Own(receipt.code.to_string()))
        .with("state", Hole::Said(Box::new(Reply::new(state))))
        .line(&BODY)
        .with("member", Hole::Name(receipt.member_name.clone()))
        .with("amount", Hole::Signed(i64::from(receipt.amount.points())))
        .with("giver", Hole::Own(format!("${{@!{}}}", receipt.giver)))
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
        let why = points_reply(refused.meaning, About::Another);
        reply = reply.line(&WHY).with("why", Hole::Said(Box::new(why)));
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

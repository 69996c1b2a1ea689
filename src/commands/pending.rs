//! `/pending`: what waits for approval, and deciding about it.

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
use crate::model::decision::Ruling;
use crate::points::Receipt;
use crate::points::Ruled;
use crate::words::Hole;
use crate::words::Reply;
use crate::words::Word;
use crate::words::mention;

static NONE: Word = Word::new("pending", "none", &[]);
static HEAD: Word = Word::new("pending", "head", &[]);
static ROW: Word = Word::new(
    "pending",
    "row",
    &[
        "receipt", "member", "amount", "giver", "reason", "until", "zone",
    ],
);
static ROW_SEVERAL: Word = Word::new(
    "pending",
    "row_several",
    &[
        "receipt", "count", "amount", "giver", "reason", "until", "zone",
    ],
);
static MORE: Word = Word::new("pending", "more", &[]);
static CLAIMS: Word = Word::new("pending", "claims", &["count"]);
static APPROVE_ONE: Word = Word::new("pending", "approve_one", &["receipt"]);
static REFUSE_ONE: Word = Word::new("pending", "refuse_one", &["receipt"]);
static APPROVED: Word = Word::new("pending", "approved", &["receipt"]);
static REFUSED: Word = Word::new("pending", "refused", &["receipt"]);
/// On the button under a change that waits.
pub(super) static APPROVE: Word = Word::new("pending", "approve", &[]);
/// On the button beside it.
pub(super) static REFUSE: Word = Word::new("pending", "refuse", &[]);

static WORDS: &[&Word] = &[
    &NONE,
    &HEAD,
    &ROW,
    &ROW_SEVERAL,
    &MORE,
    &CLAIMS,
    &APPROVE_ONE,
    &REFUSE_ONE,
    &APPROVED,
    &REFUSED,
    &APPROVE,
    &REFUSE,
];

/// Commands listed at once: as many as one message shows with buttons and stays readable.
const LISTED: usize = 8;

/// Changes read for the list: more than that many commands of the largest size have.
const READ: usize = (LISTED + 1) * crate::commands::args::MOST_MEMBERS;

pub(super) struct Pending;

impl Handler for Pending {
    fn words(&self) -> &'static [&'static Word] {
        WORDS
    }

    fn parse(&self, args: Args, _policy: &Policy) -> Result<Asked, Refusal> {
        args.ruling()
    }

    fn run<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Answer, CommandError>> {
        Box::pin(run(call))
    }
}

async fn run(call: Call<'_>) -> Result<Answer, CommandError> {
    let store = |error| CommandError::Store(anyhow::Error::new(error));
    let guild = call.policy.guild;
    let (Some(code), Some(verb)) = (&call.asked.receipt, call.asked.verb) else {
        let waiting = call.points.waiting(guild, READ).await.map_err(store)?;
        let claims = call.points.links().claims_in(guild, READ).await;
        let claims = claims.map_err(store)?.len();
        let reply = list(&waiting);
        return Ok(Answer::Say(match i64::try_from(claims) {
            Ok(count @ 1..) => reply.line(&CLAIMS).with("count", Hole::Number(count)),
            _ => reply,
        }));
    };
    let found = call.points.receipt(guild, code).await.map_err(store)?;
    let Some(receipt) = found else {
        return Err(Refusal::NoReceipt { code: code.clone() }.into());
    };
    let ruling = match verb {
        Verb::Approve => Ruling::Approve,
        _ => Ruling::Refuse {
            why: call.asked.text.clone(),
        },
    };
    let ruled = call.points.decide(call.granted, &receipt, ruling).await;
    let told = |word| {
        let code = Hole::Own(receipt.code.to_string());
        Answer::Say(Reply::new(word).with("receipt", code))
    };
    match ruled.map_err(change::not_written)? {
        // The teller says how it stands where the giver was told that it waits.
        Ruled::Approved(_) => Ok(told(&APPROVED)),
        Ruled::Refused(_) => Ok(told(&REFUSED)),
        Ruled::Not(why) => Err(Refusal::NotRuled(why).into()),
        Ruled::Frozen(freeze) => Err(Refusal::Frozen(freeze).into()),
    }
}

/// What waits, a line and two buttons for each command.
fn list(waiting: &[Receipt]) -> Reply {
    if waiting.is_empty() {
        return Reply::new(&NONE);
    }
    let mut commands: Vec<&[Receipt]> = waiting
        .chunk_by(|a, b| a.cause.parts().0 == b.cause.parts().0)
        .collect();
    let more = commands.len() > LISTED;
    commands.truncate(LISTED);
    let reply = commands.iter().fold(Reply::new(&HEAD), |reply, command| {
        let first = &command[0];
        let code = || Hole::Own(first.code.to_string());
        let row = match command {
            [only] => reply
                .line(&ROW)
                .with("member", Hole::Name(only.member_name.clone())),
            several => {
                let count = i64::try_from(several.len()).unwrap_or(i64::MAX);
                reply.line(&ROW_SEVERAL).with("count", Hole::Number(count))
            }
        };
        let until = first
            .approval
            .as_ref()
            .map_or(0, |approval| approval.until_ms);
        row.with("receipt", code())
            .with("amount", told::amount_hole(first))
            .with("giver", mention(first.giver))
            .with("reason", told::reason_hole(first))
            .with("until", Hole::Time(until))
            .with("zone", Hole::Zone)
            .button_with(
                &APPROVE_ONE,
                vec![("receipt", code())],
                button::approve(&first.code),
            )
            .button_with(
                &REFUSE_ONE,
                vec![("receipt", code())],
                button::refuse(&first.code),
            )
    });
    match more {
        true => reply.line(&MORE),
        false => reply,
    }
}

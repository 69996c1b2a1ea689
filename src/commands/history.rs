//! `/history`: what came and went, in pages.
//!
//! Invariant: whose list it is stands above it, the points system's own or the bot's record of its own
//! changes; where there is neither, that is said, and no list is shown that looks empty.

use futures_util::future::BoxFuture;

use crate::commands::Answer;
use crate::commands::Args;
use crate::commands::Asked;
use crate::commands::Call;
use crate::commands::CommandError;
use crate::commands::Handler;
use crate::commands::Leaf;
use crate::commands::Member;
use crate::commands::MemberKind;
use crate::commands::args::MOST_PAGES;
use crate::commands::receipt::state_of;
use crate::commands::told;
use crate::model::Policy;
use crate::model::ReceiptCode;
use crate::model::Refusal;
use crate::model::System;
use crate::model::refusal::About;
use crate::permissions::Right;
use crate::points::Changed;
use crate::points::Direction;
use crate::points::HistoryError;
use crate::points::HistoryRow;
use crate::points::HistoryWanted;
use crate::points::Receipt;
use crate::words::Hints;
use crate::words::Hole;
use crate::words::Reply;
use crate::words::Word;
use crate::words::mention;
use crate::words::refusal_reply;
use crate::words::system_hole;

static HEAD_HERE: Word = Word::new("history", "head_here", &["member", "page", "only", "zone"]);
static HEAD_THERE: Word = Word::new(
    "history",
    "head_there",
    &["member", "system", "page", "only", "zone"],
);
static ROW_HERE: Word = Word::new(
    "history",
    "row_here",
    &["time", "amount", "reason", "giver", "state", "receipt"],
);
static ROW_THERE: Word = Word::new(
    "history",
    "row_there",
    &["time", "amount", "what", "receipt"],
);
static OURS: Word = Word::new("history", "ours", &["receipt"]);
static UNTIMED: Word = Word::new("history", "untimed", &[]);
static NO_TEXT: Word = Word::new("history", "no_text", &[]);
static ONLY_IN: Word = Word::new("history", "only_in", &[]);
static ONLY_OUT: Word = Word::new("history", "only_out", &[]);
static NONE_HERE: Word = Word::new("history", "none_here", &[]);
static NONE_THERE: Word = Word::new("history", "none_there", &["system"]);
static NONE_ONLY: Word = Word::new("history", "none_only", &[]);
static BEYOND: Word = Word::new("history", "beyond", &[]);
static PREVIOUS: Word = Word::new("history", "previous", &[]);
static NEXT: Word = Word::new("history", "next", &[]);
static NO_SYSTEM: Word = Word::new("history", "no_system", &["read", "systems"]);
/// Says that a button cannot be read any more.
pub static STALE: Word = Word::new("history", "stale", &["command"]);

static WORDS: &[&Word] = &[
    &HEAD_HERE,
    &HEAD_THERE,
    &ROW_HERE,
    &ROW_THERE,
    &OURS,
    &UNTIMED,
    &NO_TEXT,
    &ONLY_IN,
    &ONLY_OUT,
    &NONE_HERE,
    &NONE_THERE,
    &NONE_ONLY,
    &BEYOND,
    &PREVIOUS,
    &NEXT,
    &NO_SYSTEM,
    &STALE,
];

/// Rows of a page: what a phone shows without much scrolling.
const ROWS: usize = 10;

/// At most so much of what a service writes is shown: what it may write has no limit.
const LONGEST_WHAT: usize = 99;

pub(super) struct HistoryQuestion;

impl Handler for HistoryQuestion {
    fn words(&self) -> &'static [&'static Word] {
        WORDS
    }

    fn parse(&self, args: Args, _policy: &Policy) -> Result<Asked, Refusal> {
        args.browse()
    }

    fn run<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Answer, CommandError>> {
        Box::pin(run(call))
    }
}

async fn run(call: Call<'_>) -> Result<Answer, CommandError> {
    let member = call.members.first().unwrap_or(&call.caller);
    let about = match member.id == call.caller.id {
        true => About::Asker,
        false => About::Another,
    };
    if about == About::Another && !call.granted.covers(Right::View) {
        return Err(Refusal::NoRight { roles: Vec::new() }.into());
    }
    if member.kind == MemberKind::Bot {
        let name = member.name.clone();
        return Err(Refusal::IsBot { name }.into());
    }
    let browse = &call.asked.browse;
    let wanted = HistoryWanted {
        page: u32::from(browse.page),
        size: ROWS,
        direction: browse.direction,
    };
    let guild = call.policy.guild;
    let asked = browse.system.as_ref();
    let read = call.points.history(guild, asked, member.id, &wanted).await;
    let (system, changed) = match read {
        Ok(read) => read,
        Err(HistoryError::NoSystem) => return Ok(Answer::Say(no_system(&call))),
        Err(HistoryError::Lacks(system)) => {
            let ability = HistoryError::LACKING;
            return Err(Refusal::Lacks { ability, system }.into());
        }
        Err(HistoryError::Unread(error)) => {
            let refused = error.refused;
            tracing::warn!(
                system = asked.map(tracing::field::display), meaning = ?refused.meaning,
                code = refused.code, text = ?refused.text, "a history could not be read"
            );
            let staff = call.granted.covers(Right::View);
            return Err(Refusal::Points {
                meaning: refused.meaning,
                about,
                system: asked
                    .cloned()
                    .or_else(|| call.points.systems(guild).into_iter().next()),
                code: refused.code.filter(|_| staff),
            }
            .into());
        }
        Err(HistoryError::Journal(error)) => {
            return Err(CommandError::Store(anyhow::Error::new(error)));
        }
    };
    Ok(Answer::Say(page(&call, member, &system, &changed)))
}

/// A page with the buttons to the pages beside it.
fn page(call: &Call<'_>, member: &Member, system: &System, changed: &Changed) -> Reply {
    let browse = &call.asked.browse;
    let (head, rows, more) = match changed {
        Changed::There { rows, more } => {
            let head = Reply::new(&HEAD_THERE).with("system", system_hole(system));
            let rows: Vec<Reply> = rows.iter().map(|(row, code)| there(row, code)).collect();
            (head, rows, *more)
        }
        Changed::Here { receipts, more } => {
            let rows: Vec<Reply> = receipts.iter().map(here).collect();
            (Reply::new(&HEAD_HERE), rows, *more)
        }
    };
    let only = match browse.direction {
        Direction::Both => Hole::Own(String::new()),
        Direction::In => Hole::Said(Box::new(Reply::new(&ONLY_IN))),
        Direction::Out => Hole::Said(Box::new(Reply::new(&ONLY_OUT))),
    };
    let mut reply = head
        .with("member", Hole::Name(member.name.clone()))
        .with("page", Hole::Number(i64::from(browse.page) + 1))
        .with("only", only)
        .with("zone", Hole::Zone);
    if rows.is_empty() {
        reply = reply.and(nothing(call, system, changed));
    }
    reply = rows.into_iter().fold(reply, Reply::and);
    if let Changed::Here { .. } = changed {
        let lacks = Refusal::Lacks {
            ability: HistoryError::LACKING,
            system: system.kind(),
        };
        reply = reply.and(refusal_reply(&lacks, &Hints::default()));
    }
    let leaf = |page: u8| {
        Leaf {
            command: call.message,
            asker: call.caller.id,
            member: member.id,
            guild: call.policy.guild,
            system: Leaf::digest(system),
            page,
            direction: browse.direction,
        }
        .write(call.seal)
    };
    if let Some(before) = browse.page.checked_sub(1) {
        reply = reply.button(&PREVIOUS, leaf(before));
    }
    if more && browse.page + 1 < MOST_PAGES {
        reply = reply.button(&NEXT, leaf(browse.page + 1));
    }
    reply
}

/// Why there are no rows.
fn nothing(call: &Call<'_>, system: &System, changed: &Changed) -> Reply {
    let browse = &call.asked.browse;
    match (browse.page, browse.direction, changed) {
        (1.., _, _) => Reply::new(&BEYOND),
        (0, Direction::In | Direction::Out, _) => Reply::new(&NONE_ONLY),
        (0, Direction::Both, Changed::Here { .. }) => Reply::new(&NONE_HERE),
        (0, Direction::Both, Changed::There { .. }) => {
            Reply::new(&NONE_THERE).with("system", system_hole(system))
        }
    }
}

/// A row of the bot's own record.
fn here(receipt: &Receipt) -> Reply {
    Reply::new(&ROW_HERE)
        .with("time", Hole::Time(receipt.written_ms))
        .with("amount", told::amount_hole(receipt))
        .with("reason", told::reason_hole(receipt))
        .with("giver", mention(receipt.giver))
        .with("state", Hole::Said(Box::new(Reply::new(state_of(receipt)))))
        .with("receipt", told::code_hole(receipt))
}

/// A row of a service's own history.
fn there(row: &HistoryRow, code: &Option<ReceiptCode>) -> Reply {
    let said = |word| Hole::Said(Box::new(Reply::new(word)));
    let what = match row.what.trim() {
        "" => said(&NO_TEXT),
        what => Hole::Untrusted(what.chars().take(LONGEST_WHAT).collect()),
    };
    let receipt = match code {
        None => Hole::Own(String::new()),
        Some(code) => {
            let code = Hole::Own(code.to_string());
            Hole::Said(Box::new(Reply::new(&OURS).with("receipt", code)))
        }
    };
    Reply::new(&ROW_THERE)
        .with("time", row.at_ms.map_or_else(|| said(&UNTIMED), Hole::Time))
        .with("amount", Hole::Signed(row.points))
        .with("what", what)
        .with("receipt", receipt)
}

/// Which systems there are instead.
fn no_system(call: &Call<'_>) -> Reply {
    let asked = call.asked.browse.system.as_ref();
    let read = asked.map(ToString::to_string).unwrap_or_default();
    let names = call.points.systems(call.policy.guild).into_iter();
    let names = names.map(|system| Hole::Own(format!("`{system}`")));
    Reply::new(&NO_SYSTEM)
        .with("read", Hole::Untrusted(read))
        .with("systems", Hole::List(names.collect()))
}

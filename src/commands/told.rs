//! How a change stands, as said in chat: one line for one member, a list for several.

use crate::commands::proposal::button;
use crate::model::System;
use crate::model::refusal::About;
use crate::model::refusal::PointsRefusal;
use crate::points::Receipt;
use crate::points::State;
use crate::words::Hole;
use crate::words::Reply;
use crate::words::SHARED;
use crate::words::Word;
use crate::words::points_reply;
use crate::words::system_code;

/// The sentences of one of the commands that change points.
pub(super) struct Sentences {
    pub scope: &'static str,
    pub done: &'static Word,
    pub unconfirmed: &'static Word,
    pub queued: &'static Word,
    pub unresolved: &'static Word,
    pub refused: &'static Word,
    pub insufficient: &'static Word,
    pub ask: &'static Word,
    pub ask_several: &'static Word,
    pub several: &'static Word,
    pub no_reason: &'static Word,
}

/// Makes the sentences of a command whose scope is given.
macro_rules! sentences {
    ($scope:literal) => {
        $crate::words::sentences! {
            pub(super) static WORDS of $scope;
            DONE = "done" ["member", "amount", "balance", "reason", "receipt"];
            UNCONFIRMED = "unconfirmed" ["member", "amount", "receipt"];
            QUEUED = "queued" ["member", "amount", "receipt"];
            UNRESOLVED = "unresolved" ["member", "amount", "receipt"];
            REFUSED = "refused" ["member", "amount", "why", "code", "receipt"];
            INSUFFICIENT = "insufficient" ["member", "had", "asked", "receipt"];
            ASK = "ask" ["member", "id", "amount", "reason"];
            ASK_SEVERAL = "ask_several" ["count", "amount", "total", "reason", "names"];
            SEVERAL = "several" ["count", "amount", "reason", "done", "open", "refused"];
            NO_REASON = "no_reason" [];
        }
        pub(super) static SENTENCES: Sentences = Sentences {
            scope: $scope,
            done: &DONE,
            unconfirmed: &UNCONFIRMED,
            queued: &QUEUED,
            unresolved: &UNRESOLVED,
            refused: &REFUSED,
            insufficient: &INSUFFICIENT,
            ask: &ASK,
            ask_several: &ASK_SEVERAL,
            several: &SEVERAL,
            no_reason: &NO_REASON,
        };
    };
}
pub(super) use sentences;

static BALANCE_UNREAD: Word = Word::new(SHARED, "balance_unread", &[]);
static LINE_DONE: Word = Word::new(SHARED, "line_done", &["member", "receipt"]);
static LINE_OPEN: Word = Word::new(SHARED, "line_open", &["member", "receipt"]);
static LINE_QUEUED: Word = Word::new(SHARED, "line_queued", &["member", "receipt"]);
static LINE_UNRESOLVED: Word = Word::new(SHARED, "line_unresolved", &["member", "receipt"]);
static LINE_REFUSED: Word = Word::new(
    SHARED,
    "line_refused",
    &["member", "why", "code", "receipt"],
);

static LINE_WAITING: Word = Word::new(SHARED, "line_waiting", &["member", "receipt"]);
static LINE_UNDONE: Word = Word::new(SHARED, "line_undone", &["member", "receipt"]);
static LINE_PARTLY_UNDONE: Word = Word::new(
    SHARED,
    "line_partly_undone",
    &["member", "undone", "receipt"],
);
static WAITING: Word = Word::new(
    SHARED,
    "waiting",
    &["member", "amount", "cap", "until", "zone", "receipt"],
);
static WAITING_SEVERAL: Word = Word::new(SHARED, "waiting_several", &["cap", "until", "zone"]);
static UNDONE: Word = Word::new(SHARED, "undone", &["member", "amount", "reason", "receipt"]);
static PARTLY_UNDONE: Word = Word::new(
    SHARED,
    "partly_undone",
    &["member", "amount", "undone", "reason", "receipt"],
);

/// Sentences these commands share.
pub(super) static WORDS: &[&Word] = &[
    &LINE_WAITING,
    &LINE_UNDONE,
    &LINE_PARTLY_UNDONE,
    &WAITING,
    &WAITING_SEVERAL,
    &UNDONE,
    &PARTLY_UNDONE,
    &BALANCE_UNREAD,
    &LINE_DONE,
    &LINE_OPEN,
    &LINE_QUEUED,
    &LINE_UNRESOLVED,
    &LINE_REFUSED,
];

/// How the changes of one command stand.
///
/// Empty only if somebody removed rows by hand; then there is nothing to say.
pub fn change_reply(receipts: &[Receipt]) -> Reply {
    match receipts {
        [] => Reply::default(),
        [only] if only.cause.undoes().is_some() => super::undo::undo_reply(only),
        [only] => one_reply(only),
        several => several_reply(several),
    }
}

fn sentences_of(receipt: &Receipt) -> &'static Sentences {
    if receipt.amount.takes() {
        &super::deduct::SENTENCES
    } else {
        &super::reward::SENTENCES
    }
}

fn one_reply(receipt: &Receipt) -> Reply {
    let sentences = sentences_of(receipt);
    let open = |word| {
        Reply::new(word)
            .with("member", Hole::Name(receipt.member_name.clone()))
            .with("amount", amount_hole(receipt))
            .with("receipt", code_hole(receipt))
    };
    match receipt.state {
        State::Waiting => with_ruling(with_approval(open(&WAITING), receipt), receipt),
        State::Queued => open(sentences.queued),
        State::Unconfirmed | State::Held => open(sentences.unconfirmed),
        State::Unresolved => open(sentences.unresolved),
        State::Done => open(sentences.done)
            .with("balance", balance_hole(receipt))
            .with("reason", reason_hole(receipt))
            .button(&super::undo::BUTTON, button::undo(&receipt.code)),
        State::Undone => open(&UNDONE).with("reason", reason_hole(receipt)),
        State::PartlyUndone => open(&PARTLY_UNDONE)
            .with("undone", Hole::Number(receipt.undone))
            .with("reason", reason_hole(receipt)),
        State::Refused => refused_reply(receipt, sentences),
    }
}

/// Above what it waits, and until when.
fn with_approval(reply: Reply, receipt: &Receipt) -> Reply {
    let Some(approval) = &receipt.approval else {
        return reply;
    };
    reply
        .with("cap", Hole::Number(approval.over))
        .with("until", Hole::Time(approval.until_ms))
        .with("zone", Hole::Zone)
}

/// The buttons by which somebody decides about it.
fn with_ruling(reply: Reply, receipt: &Receipt) -> Reply {
    reply
        .button(&super::pending::APPROVE, button::approve(&receipt.code))
        .button(&super::pending::REFUSE, button::refuse(&receipt.code))
}

fn refused_reply(receipt: &Receipt, sentences: &Sentences) -> Reply {
    let member = Hole::Name(receipt.member_name.clone());
    if let (PointsRefusal::Insufficient, Some(balance)) = (meaning(receipt), receipt.balance) {
        return Reply::new(sentences.insufficient)
            .with("member", member)
            .with("had", Hole::Number(balance.points))
            .with("asked", Hole::Number(receipt.amount.size()))
            .with("receipt", code_hole(receipt));
    }
    Reply::new(sentences.refused)
        .with("member", member)
        .with("amount", amount_hole(receipt))
        .with("why", why_hole(receipt))
        .with("code", own_code_hole(receipt))
        .with("receipt", code_hole(receipt))
}

fn several_reply(receipts: &[Receipt]) -> Reply {
    let first = &receipts[0];
    let count = |so: fn(State) -> bool| {
        let many = receipts.iter().filter(|receipt| so(receipt.state)).count();
        Hole::Number(i64::try_from(many).unwrap_or(i64::MAX))
    };
    let head = Reply::new(sentences_of(first).several)
        .with("count", count(|_| true))
        .with("amount", amount_hole(first))
        .with("reason", reason_hole(first))
        .with("done", count(State::took_effect))
        .with("open", count(|state| !state.is_final()))
        .with("refused", count(|state| state == State::Refused));
    // A command is approved as a whole, so one of its changes stands for all.
    let head = match receipts.iter().find(|one| one.state == State::Waiting) {
        Some(waiting) => with_ruling(with_approval(head.line(&WAITING_SEVERAL), waiting), waiting),
        None => head,
    };
    receipts.iter().fold(head, |reply, receipt| {
        let word = match receipt.state {
            State::Waiting => &LINE_WAITING,
            State::Done => &LINE_DONE,
            State::Undone => &LINE_UNDONE,
            State::PartlyUndone => &LINE_PARTLY_UNDONE,
            State::Queued => &LINE_QUEUED,
            State::Unconfirmed | State::Held => &LINE_OPEN,
            State::Unresolved => &LINE_UNRESOLVED,
            State::Refused => &LINE_REFUSED,
        };
        let line = reply
            .line(word)
            .with("member", Hole::Name(receipt.member_name.clone()))
            .with("receipt", code_hole(receipt));
        match receipt.state {
            State::Refused => line
                .with("why", why_hole(receipt))
                .with("code", own_code_hole(receipt)),
            State::PartlyUndone => line.with("undone", Hole::Number(receipt.undone)),
            _ => line,
        }
    })
}

pub(super) fn meaning(receipt: &Receipt) -> PointsRefusal {
    let refused = receipt.refusal.as_ref();
    refused.map_or(PointsRefusal::Declined, |refused| refused.meaning)
}

pub(super) fn why_hole(receipt: &Receipt) -> Hole {
    Hole::Said(Box::new(points_reply(
        meaning(receipt),
        About::Another,
        System::read(&receipt.system).as_ref(),
    )))
}

/// The points system's own code, for the staff who give and take.
pub(super) fn own_code_hole(receipt: &Receipt) -> Hole {
    system_code(receipt.refusal.as_ref().and_then(|refused| refused.code))
}

pub(super) fn amount_hole(receipt: &Receipt) -> Hole {
    Hole::Signed(i64::from(receipt.amount.points()))
}

pub(super) fn code_hole(receipt: &Receipt) -> Hole {
    Hole::Own(receipt.code.to_string())
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
    let reason = receipt.reason.as_ref().unwrap_or(&receipt.remark);
    Hole::Untrusted(reason.clone())
}

//! A board as text, and the sentences that every form of a board speaks.
//!
//! Invariant: below every board stands one line that says what is counted, for which days, in whose
//! zone, as of when, and how many members are not shown.

use std::collections::HashMap;

use crate::boards::names::Known;
use crate::boards::names::shows;
use crate::boards::sheet::Way;
use crate::model::UserId;
use crate::model::period::Counted;
use crate::model::period::Period;
use crate::points::BalancesRead;
use crate::points::BoardPage;
use crate::points::COMPARED;
use crate::points::Edition;
use crate::points::Ranked;
use crate::words::Hole;
use crate::words::Reply;
use crate::words::Word;
use crate::words::mention;
use crate::words::sentences;
use crate::words::system_hole;

/// Digits of an id that stand for a name.
const UNNAMED_DIGITS: usize = 6;

/// The scope of the sentences of boards.
const SCOPE: &str = "_boards";

sentences! {
    /// The sentences that boards speak, whoever shows them.
    pub static BOARD_WORDS of SCOPE;
    HEAD = "head" ["period", "page", "pages"];
    HEAD_BALANCES = "head_balances" ["page", "pages"];
    HEAD_DUE = "head_due" ["title"];
    WAS_DUE = "was_due" ["time"];
    FIRST = "first" ["member", "points"];
    SECOND = "second" ["member", "points"];
    THIRD = "third" ["member", "points"];
    ROW = "row" ["place", "member", "points"];
    ROW_MOVED = "row_moved" ["row", "moved"];
    EMPTY = "empty" [];
    EMPTY_BOOKS = "empty_books" [];
    EMPTY_SWEPT = "empty_swept" [];
    EMPTY_ASKED = "empty_asked" [];
    NONE_SHOWN = "none_shown" [];
    NONE_SHOWN_BALANCES = "none_shown_balances" [];
    BEYOND = "beyond" ["page", "pages"];
    TO_NEXT = "to_next" ["points"];
    AT_TOP = "at_top" [];
    COUNTS = "counts" ["dates", "zone", "time", "hidden"];
    COUNTS_BOOKS = "counts_books" ["system", "zone", "time", "hidden"];
    COUNTS_BALANCES = "counts_balances" ["system", "zone", "time", "oldest", "hidden"];
    OLDEST = "oldest" ["time"];
    DATES = "dates" ["first", "last"];
    ONE_DATE = "one_date" ["first"];
    ALL_DATES = "all_dates" [];
    DAY = "day" [];
    WEEK = "week" [];
    LAST_DAY = "last_day" [];
    LAST_WEEK = "last_week" [];
    LAST_MONTH = "last_month" [];
    MONTH = "month" [];
    ALL = "all" [];
    DAYS = "days" ["days"];
    CHOSEN = "chosen" [];
    BALANCE = "balance" [];
    TITLE = "title" ["period"];
    TITLE_BALANCES = "title_balances" [];
    SPAN = "span" ["dates", "zone"];
    SPAN_BALANCES = "span_balances" ["time", "zone"];
    UNNAMED = "unnamed" ["id"];
    UP = "up" ["places"];
    DOWN = "down" ["places"];
    SAME = "same" [];
    NEW = "new" [];
    SINCE = "since" ["most"];
    COLUMN_PLACE = "column_place" [];
    COLUMN_MEMBER = "column_member" [];
    COLUMN_POINTS = "column_points" [];
}

/// What stands above the columns of a board that is printed as a table: place, member, points.
pub static BOARD_COLUMNS: [&Word; 3] = [&COLUMN_PLACE, &COLUMN_MEMBER, &COLUMN_POINTS];

/// A board without its buttons; `own` is the row at its foot.
pub fn board_reply(board: &BoardPage, names: &HashMap<UserId, Known>, own: Reply) -> Reply {
    let mut reply = board_head(board);
    if let Some(why) = board_without_rows(board) {
        reply = reply.and(why);
    }
    let rows = board.rows.iter();
    reply = rows.fold(reply, |reply, ranked| {
        reply.and(board_row(board, names, ranked))
    });
    reply = reply.and(own);
    reply = reply.and(board_since(board).unwrap_or_default());
    reply.and(board_counts(board))
}

/// A row with what became of its place, where there was a board before.
fn board_row(board: &BoardPage, names: &HashMap<UserId, Known>, ranked: &Ranked) -> Reply {
    let row = row(ranked, called(names, ranked.member));
    match Way::of(board.before.as_ref(), ranked.member, ranked.place) {
        None | Some(Way::Same) => row,
        Some(way) => Reply::new(&ROW_MOVED)
            .with("row", said(row))
            .with("moved", said(moved(way))),
    }
}

/// What the signs of changed places mean, where there was a board before.
pub fn board_since(board: &BoardPage) -> Option<Reply> {
    let most = Hole::Number(i64::try_from(COMPARED).unwrap_or(i64::MAX));
    let compared = board.before.is_some() && !board.rows.is_empty();
    compared.then(|| Reply::new(&SINCE).with("most", most))
}

/// What stands above a board: of one that was due its title and, where it comes late, when it was due.
pub fn board_head(board: &BoardPage) -> Reply {
    if matches!(board.edition, Edition::Due { .. }) {
        let head = Reply::new(&HEAD_DUE).with("title", said(board_title(board)));
        return head.and(board_late(board).unwrap_or_default());
    }
    let shown = u64::from(board.page) + 1;
    let head = match board.counted {
        Counted::Earned(earned) => Reply::new(&HEAD).with("period", said(period(earned))),
        Counted::Balance => Reply::new(&HEAD_BALANCES),
    };
    head.with("page", count(shown.min(board.pages)))
        .with("pages", count(board.pages))
}

/// Why a page shows nobody, where that is so.
pub fn board_without_rows(board: &BoardPage) -> Option<Reply> {
    // Somebody may have come onto it between the count and the look at the rows.
    if !board.rows.is_empty() {
        return None;
    }
    let beyond = Reply::new(&BEYOND)
        .with("page", Hole::Number(i64::from(board.page) + 1))
        .with("pages", count(board.pages));
    let beyond = (u64::from(board.page) >= board.pages).then_some(beyond);
    let read = board.balances.as_ref().map(|balances| balances.read);
    match (board.size.shown, board.size.hidden) {
        (0, 0) => Some(beyond.unwrap_or_default().line(match read {
            None => &EMPTY,
            Some(BalancesRead::Here) => &EMPTY_BOOKS,
            Some(BalancesRead::Swept) => &EMPTY_SWEPT,
            Some(BalancesRead::WhenAsked) => &EMPTY_ASKED,
        })),
        (0, _) => Some(beyond.unwrap_or_default().line(match read {
            None => &NONE_SHOWN,
            Some(_) => &NONE_SHOWN_BALANCES,
        })),
        _ => beyond,
    }
}

/// The line below every board: what is counted, for which days, as of when, who is not shown.
pub fn board_counts(board: &BoardPage) -> Reply {
    let counts = match &board.balances {
        None => Reply::new(&COUNTS).with("dates", said(dates(board))),
        Some(balances) => {
            let system = system_hole(&balances.system);
            match balances.read {
                BalancesRead::Here => Reply::new(&COUNTS_BOOKS).with("system", system),
                BalancesRead::Swept | BalancesRead::WhenAsked => Reply::new(&COUNTS_BALANCES)
                    .with("system", system)
                    .with("oldest", oldest(board.oldest_ms)),
            }
        }
    };
    counts
        .with("zone", Hole::Zone)
        .with("time", Hole::Time(board.read_ms))
        .with("hidden", count(board.size.hidden))
}

/// When the balance that was read first was read, or nothing.
fn oldest(oldest_ms: Option<i64>) -> Hole {
    match oldest_ms {
        Some(oldest_ms) => said(Reply::new(&OLDEST).with("time", Hole::Time(oldest_ms))),
        None => Hole::Own(String::new()),
    }
}

/// What a posted board is of, without its page.
pub fn board_title(board: &BoardPage) -> Reply {
    let ended = match (board.edition, board.counted) {
        (_, Counted::Balance) => return Reply::new(&TITLE_BALANCES),
        (Edition::Running, _) => None,
        (Edition::Due { .. }, Counted::Earned(Period::Day)) => Some(&LAST_DAY),
        (Edition::Due { .. }, Counted::Earned(Period::Week)) => Some(&LAST_WEEK),
        (Edition::Due { .. }, Counted::Earned(Period::Month)) => Some(&LAST_MONTH),
        (Edition::Due { .. }, _) => None,
    };
    let period = ended.map_or_else(|| counted(board.counted), Reply::new);
    Reply::new(&TITLE).with("period", said(period))
}

/// The days a board counts, and in whose zone; of balances, as of when they are.
pub fn board_dates(board: &BoardPage) -> Reply {
    if board.counted == Counted::Balance {
        return Reply::new(&SPAN_BALANCES)
            .with("time", Hole::Time(board.read_ms))
            .with("zone", Hole::Zone);
    }
    Reply::new(&SPAN)
        .with("dates", said(dates(board)))
        .with("zone", Hole::Zone)
}

/// That a board comes late and when it was due, where it does.
pub fn board_late(board: &BoardPage) -> Option<Reply> {
    match board.edition {
        Edition::Due {
            slot_ms,
            late: true,
        } => Some(Reply::new(&WAS_DUE).with("time", Hole::Time(slot_ms))),
        Edition::Due { late: false, .. } | Edition::Running => None,
    }
}

/// Which days are counted.
fn dates(board: &BoardPage) -> Reply {
    match board.days.dates() {
        None => Reply::new(&ALL_DATES),
        Some((first, last)) if first == last => {
            Reply::new(&ONE_DATE).with("first", Hole::Own(first.to_string()))
        }
        Some((first, last)) => Reply::new(&DATES)
            .with("first", Hole::Own(first.to_string()))
            .with("last", Hole::Own(last.to_string())),
    }
}

/// What is counted, as it is called.
pub fn counted(counted: Counted) -> Reply {
    match counted {
        Counted::Earned(earned) => period(earned),
        Counted::Balance => Reply::new(&BALANCE),
    }
}

/// A period as it is called.
pub fn period(period: Period) -> Reply {
    match period {
        Period::Day => Reply::new(&DAY),
        Period::Week => Reply::new(&WEEK),
        Period::Month => Reply::new(&MONTH),
        Period::All => Reply::new(&ALL),
        Period::Days(days) => Reply::new(&DAYS).with("days", Hole::Number(i64::from(days))),
        Period::Dates(..) => Reply::new(&CHOSEN),
    }
}

/// A row of a board.
pub fn row(ranked: &Ranked, name: Hole) -> Reply {
    let reply = match ranked.place {
        1 => Reply::new(&FIRST),
        2 => Reply::new(&SECOND),
        3 => Reply::new(&THIRD),
        place => Reply::new(&ROW).with("place", count(place)),
    };
    reply
        .with("member", name)
        .with("points", Hole::Number(ranked.points))
}

/// Somebody's name, or where it could not be learnt a mention, which the chat shows as one.
pub fn called(names: &HashMap<UserId, Known>, member: UserId) -> Hole {
    match names.get(&member) {
        Some(Known::Person(name) | Known::Unranked(name)) if shows(name) => {
            Hole::Name(name.clone())
        }
        _ => mention(member),
    }
}

/// What stands for a name where nobody can fill it in: the end of the id.
pub fn unnamed(member: UserId) -> Reply {
    let id = member.to_string();
    let end = id.len().saturating_sub(UNNAMED_DIGITS);
    Reply::new(&UNNAMED).with("id", Hole::Own(id[end..].to_owned()))
}

/// What became of a place since the board before.
pub fn moved(way: Way) -> Reply {
    match way {
        Way::Up(places) => Reply::new(&UP).with("places", count(places)),
        Way::Down(places) => Reply::new(&DOWN).with("places", count(places)),
        Way::Same => Reply::new(&SAME),
        Way::New => Reply::new(&NEW),
    }
}

/// How far it is to the next place.
pub fn to_next(distance: Option<i64>) -> Reply {
    match distance {
        None => Reply::new(&AT_TOP),
        Some(points) => Reply::new(&TO_NEXT).with("points", Hole::Number(points)),
    }
}

pub fn count(number: u64) -> Hole {
    Hole::Number(i64::try_from(number).unwrap_or(i64::MAX))
}

pub fn said(reply: Reply) -> Hole {
    Hole::Said(Box::new(reply))
}

//! The sentences of `/schedule`, and how a board that posts itself is told in one line.

use crate::boards::FailingBoard;
use crate::boards::failing_why;
use crate::boards::said;
use crate::guilds::BoardSchedule;
use crate::guilds::PostMode;
use crate::guilds::ScheduleSource;
use crate::guilds::Scheduled;
use crate::model::period::Counted;
use crate::model::period::Period;
use crate::support::cron::Recurrence;
use crate::words::Hole;
use crate::words::Reply;
use crate::words::channel_link;
use crate::words::mention;
use crate::words::sentences;

sentences! {
    pub(super) static WORDS of "schedule";
    pub(super) ADDED = "added" ["name", "board"];
    pub(super) NEXT = "next" ["count", "times", "zone"];
    pub(super) BOARD = "board" ["at", "counted", "rows", "channel", "mode"];
    pub(super) QUOTED = "quoted" ["text"];
    pub(super) DAY = "day" [];
    pub(super) WEEK = "week" [];
    pub(super) MONTH = "month" [];
    pub(super) ALL = "all" [];
    pub(super) DAYS = "days" ["days"];
    pub(super) BALANCE = "balance" [];
    pub(super) POST = "post" [];
    pub(super) EDIT = "edit" [];
    pub(super) REPLACE = "replace" [];
    pub(super) HEAD = "head" ["zone"];
    pub(super) NONE = "none" ["line"];
    pub(super) ROW = "row" ["name", "board"];
    pub(super) ROW_FILE = "row_file" ["name", "board"];
    pub(super) ROW_NEXT = "row_next" ["next", "posted"];
    pub(super) NEXT_AT = "next_at" ["time"];
    pub(super) NO_NEXT = "no_next" [];
    pub(super) PAUSED = "paused" ["by", "time"];
    pub(super) POSTED = "posted" ["time"];
    pub(super) NOT_POSTED = "not_posted" [];
    pub(super) FAILING = "failing" ["since", "why"];
    pub(super) UNREAD = "unread" [];
    pub(super) PREVIEW = "preview" ["name"];
    pub(super) UNSWEPT = "unswept" [];
    pub(super) RUN = "run" ["name", "channel"];
    pub(super) PAUSE = "pause" ["name", "command"];
    pub(super) PAUSED_BEFORE = "paused_before" ["name", "command"];
    pub(super) RESUME = "resume" ["name"];
    pub(super) NOT_PAUSED = "not_paused" ["name"];
    pub(super) REMOVED = "removed" ["name"];
    pub(super) OF_FILE = "of_file" ["name"];
    pub(super) EXISTS = "exists" ["name", "command"];
    pub(super) FULL = "full" ["cap", "command"];
    pub(super) UNKNOWN = "unknown" ["name", "command"];
    pub(super) UNKNOWN_NEAR = "unknown_near" ["name", "near", "command", "verb"];
    pub(super) NO_CHANNEL = "no_channel" ["channel", "line"];
    pub(super) NO_TEXT_CHANNEL = "no_text_channel" ["name", "channel", "line"];
    pub(super) UNTOLD_CHANNEL = "untold_channel" ["channel"];
    pub(super) WHICH_CHANNEL = "which_channel" ["line"];
    pub(super) LINE = "line" ["command", "name", "at", "period"];
    pub(super) LINE_CHANNEL = "line_channel" ["command", "name", "at", "period"];
    pub(super) BAD_VERB = "bad_verb" ["read", "line"];
    pub(super) NO_NAME = "no_name" ["command"];
    pub(super) NO_NEW_NAME = "no_new_name" ["line"];
    pub(super) LONG_NAME = "long_name" ["cap", "length", "line"];
    pub(super) OPEN_QUOTE = "open_quote" ["read", "line"];
    pub(super) NO_TIME = "no_time" ["line"];
    pub(super) BAD_TIME = "bad_time" ["read", "line"];
    pub(super) BAD_FIELD = "bad_field" ["read", "field", "part", "values", "line"];
    pub(super) MINUTE = "minute" [];
    pub(super) HOUR = "hour" [];
    pub(super) OF_MONTH = "of_month" [];
    pub(super) OF_YEAR = "of_year" [];
    pub(super) WEEKDAY = "weekday" [];
    pub(super) NEVER = "never" ["read", "line"];
    pub(super) TOO_OFTEN = "too_often" ["read", "minutes", "line"];
    pub(super) NO_PERIOD = "no_period" ["line"];
    pub(super) BAD_PERIOD = "bad_period" ["read", "line"];
    pub(super) LONG_PERIOD = "long_period" ["read", "cap", "line"];
    pub(super) DATES = "dates" ["read", "line"];
    pub(super) BAD_ROWS = "bad_rows" ["read", "cap", "line"];
    pub(super) BAD_CHANNEL = "bad_channel" ["read", "line"];
    pub(super) SURPLUS = "surplus" ["read", "line"];
}

/// A board in one line: when, what, where, how.
pub(super) fn described(board: &BoardSchedule) -> Reply {
    Reply::new(&BOARD)
        .with("at", at(&board.at))
        .with("counted", said(counted(board.counted)))
        .with("rows", Hole::Number(i64::from(board.rows)))
        .with("channel", channel_link(board.channel))
        .with(
            "mode",
            said(Reply::new(match board.mode {
                PostMode::Post => &POST,
                PostMode::Edit => &EDIT,
                PostMode::Replace => &REPLACE,
            })),
        )
}

/// A board of the list: what it is, when it comes and came, whether it comes through.
pub(super) fn listed(one: &Scheduled) -> Reply {
    let fields = &one.kept.fields;
    let what = match &one.board {
        Some(board) => said(described(board)),
        None => Hole::Untrusted(fields.at.clone()),
    };
    let row = Reply::new(match one.kept.source {
        ScheduleSource::File => &ROW_FILE,
        ScheduleSource::Chat => &ROW,
    });
    let mut reply = row.with("name", name(&fields.name)).with("board", what);
    if one.board.is_none() {
        return reply.line(&UNREAD);
    }
    let next = match (one.kept.paused, one.next_ms) {
        (true, _) => Reply::new(&PAUSED)
            .with(
                "by",
                one.kept
                    .changed_by
                    .map_or(Hole::Own("-".to_owned()), mention),
            )
            .with("time", Hole::Time(one.kept.changed_ms)),
        (false, Some(next)) => Reply::new(&NEXT_AT).with("time", Hole::Time(next)),
        (false, None) => Reply::new(&NO_NEXT),
    };
    let posted = match one.posted_ms {
        Some(posted) => Reply::new(&POSTED).with("time", Hole::Time(posted)),
        None => Reply::new(&NOT_POSTED),
    };
    reply = reply
        .line(&ROW_NEXT)
        .with("next", said(next))
        .with("posted", said(posted));
    match why(one) {
        Some((since, why)) => reply
            .line(&FAILING)
            .with("since", Hole::Time(since))
            .with("why", said(why)),
        None => reply,
    }
}

/// Since when a board does not come through, why, and what helps.
pub(in crate::commands) fn why(one: &Scheduled) -> Option<(i64, Reply)> {
    let failing = one.kept.failing.as_ref()?;
    let why = failing_why(FailingBoard {
        name: &one.kept.fields.name,
        channel: one.kept.fields.channel,
        since_ms: failing.since_ms,
        why: failing.why,
        detail: &failing.detail,
    });
    Some((failing.since_ms, why))
}

/// What a board counts, as it is called.
pub(super) fn counted(counted: Counted) -> Reply {
    match counted {
        Counted::Balance => Reply::new(&BALANCE),
        Counted::Earned(Period::Day) => Reply::new(&DAY),
        Counted::Earned(Period::Week) => Reply::new(&WEEK),
        Counted::Earned(Period::Month) => Reply::new(&MONTH),
        Counted::Earned(Period::Days(days)) => {
            Reply::new(&DAYS).with("days", Hole::Number(i64::from(days)))
        }
        // Dates never come again, so nobody can have settled them.
        Counted::Earned(Period::All | Period::Dates(..)) => Reply::new(&ALL),
    }
}

/// A time as it is typed: fields of cron stand in quotation marks.
pub(super) fn at(at: &Recurrence) -> Hole {
    let text = at.to_string();
    match text.contains(' ') {
        true => said(Reply::new(&QUOTED).with("text", Hole::Own(text))),
        false => Hole::Own(text),
    }
}

/// A board's name. It is short and must be typed as it stands, so nothing of it is cut.
pub(super) fn name(name: &str) -> Hole {
    Hole::Untrusted(name.to_owned())
}

pub(super) fn number(number: usize) -> Hole {
    Hole::Number(i64::try_from(number).unwrap_or(i64::MAX))
}

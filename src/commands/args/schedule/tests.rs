use proptest::prelude::*;

use super::*;
use crate::commands::args::Arg;
use crate::model::UserId;

/// `@` stands for a mention, `#5` for a link to channel 5.
fn read(text: &str) -> ScheduleAsked {
    let piece = |word: &str| match word.strip_prefix('#').map(str::parse) {
        Some(Ok(channel @ 0..1_000)) => Arg::Channel(ChannelId::new(channel)),
        _ if word == "@" => Arg::Member(UserId::new(1)),
        _ => Arg::Word {
            plain: word.to_owned(),
            typed: word.to_owned(),
        },
    };
    Args {
        pieces: text
            .split(' ')
            .filter(|word| !word.is_empty())
            .map(piece)
            .collect(),
        replying_to: None,
    }
    .schedule()
}

fn added(text: &str) -> NewBoard {
    match read(text) {
        ScheduleAsked::Add(board) => *board,
        other => panic!("{text}: {other:?}"),
    }
}

fn unread(text: &str) -> Unread {
    match read(text) {
        ScheduleAsked::Wrong(wrong) => wrong.why,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn a_new_board_is_read_in_either_language_and_any_order_behind_its_time() {
    let weekly = NewBoard {
        name: "weekly".to_owned(),
        at: "0 9 * * MON".parse().unwrap(),
        counted: Counted::Earned(Period::Week),
        channel: Some(ChannelId::new(5)),
        rows: 20,
        mode: PostMode::Replace,
    };
    for text in [
        "add weekly \"0 9 * * MON\" week #5 top 20 replace",
        "add weekly `0 9 * * mon` replace top20 #5 week",
        "ADD weekly 0 9 * * MON #5 replace week top 20",
        "新增 weekly “0 9 * * MON” 周榜 #5 前20名 替换",
        "添加 “weekly” ‘0 9 * * MON’ #5 前 20 上周 替换",
        "新增 weekly 「0 9 * * MON」 本周 前20 #5 替换",
        "新增 weekly “０ 9 ＊ ＊ ＭＯＮ” 周榜 #5 前20名 替换",
    ] {
        assert_eq!(added(text), weekly, "{text}");
    }
    let daily = added("add 每日榜 9:00 day");
    assert_eq!(daily.at.to_string(), "09:00");
    assert_eq!(
        (daily.channel, daily.rows, daily.mode),
        (None, DEFAULT_ROWS, PostMode::Post)
    );
    assert_eq!(added("新增 夜 ２１：３０ 日榜").at.to_string(), "21:30");
    assert_eq!(added("add \"big board\" 09:00 week").name, "big board");
    for (period, counted) in [
        ("7d", Counted::Earned(Period::Days(7))),
        ("近30天", Counted::Earned(Period::Days(30))),
        ("月榜", Counted::Earned(Period::Month)),
        ("ALL", Counted::Earned(Period::All)),
        ("余额", Counted::Balance),
    ] {
        assert_eq!(added(&format!("add x 09:00 {period}")).counted, counted);
    }
    let by_id = added("add x 09:00 week 412345679201234575");
    assert_eq!(by_id.channel, Some(ChannelId::new(412_345_679_201_234_575)));
}

#[test]
fn other_verbs_take_a_name_as_it_stands() {
    for text in ["", "list", "列表", "查看"] {
        assert_eq!(read(text), ScheduleAsked::List, "{text}");
    }
    for (text, verb, name) in [
        ("preview weekly", ScheduleVerb::Preview, "weekly"),
        ("预览 周榜", ScheduleVerb::Preview, "周榜"),
        ("run weekly", ScheduleVerb::Run, "weekly"),
        ("立即 weekly", ScheduleVerb::Run, "weekly"),
        ("Pause big board", ScheduleVerb::Pause, "big board"),
        ("resume \"big board\"", ScheduleVerb::Resume, "big board"),
        ("恢复 weekly", ScheduleVerb::Resume, "weekly"),
        ("删除 weekly", ScheduleVerb::Remove, "weekly"),
    ] {
        assert_eq!(read(text), ScheduleAsked::With(verb, name.to_owned()));
    }
    for (verb, _) in VERBS {
        for language in Language::ALL {
            let typed = format!("{} weekly", verb.shown(language));
            let asked = ScheduleAsked::With(verb, "weekly".to_owned());
            assert_eq!(read(&typed), asked, "{typed}");
        }
    }
}

#[test]
fn what_cannot_be_read_is_told_with_what_was_read() {
    let text = str::to_owned;
    let field = |field, read: &str| NoRecurrence::Field {
        field,
        read: read.to_owned(),
    };
    use crate::support::cron::Field;
    for (typed, why) in [
        ("adds weekly 09:00 week", Unread::Verb(text("adds"))),
        ("list weekly", Unread::Surplus(text("weekly"))),
        ("pause", Unread::NoName(Some(ScheduleVerb::Pause))),
        ("add", Unread::NoName(None)),
        ("add @ 09:00 week", Unread::NoName(None)),
        ("add \"\" 09:00 week", Unread::NoName(None)),
        ("add weekly", Unread::NoTime),
        ("add weekly week 09:00", Unread::NoTime),
        ("add weekly @ 09:00", Unread::NoTime),
        (
            "add weekly noon week",
            Unread::Time(text("noon"), NoRecurrence::Unknown),
        ),
        (
            "add weekly 25:00 week",
            Unread::Time(text("25:00"), NoRecurrence::Unknown),
        ),
        (
            "add weekly \"0 25 * * MON\" week",
            Unread::Time(text("0 25 * * MON"), field(Field::Hour, "25")),
        ),
        (
            "add weekly 0 9 * * week",
            Unread::Time(text("0 9 * * week"), field(Field::Weekday, "WEEK")),
        ),
        (
            "add weekly 0 9 * 周榜",
            Unread::Time(text("0 9 *"), NoRecurrence::Unknown),
        ),
        (
            "add weekly `0 0 31 2 *` week",
            Unread::Time(text("0 0 31 2 *"), NoRecurrence::Never),
        ),
        (
            "add weekly * * * * * week",
            Unread::Time(text("* * * * *"), NoRecurrence::TooOften),
        ),
        (
            "add weekly \"0 9 * * MON week",
            Unread::OpenQuote(text("0 9 * * MON week")),
        ),
        ("add weekly 09:00", Unread::NoPeriod),
        ("add weekly 09:00 #5 top 5 edit", Unread::NoPeriod),
        (
            "add weekly 09:00 year",
            Unread::Period(text("year"), Some(NoPeriod::Unknown)),
        ),
        (
            "add weekly 09:00 367d",
            Unread::Period(text("367d"), Some(NoPeriod::TooLong)),
        ),
        (
            "add weekly 09:00 2026-03-01..2026-03-31",
            Unread::Period(text("2026-03-01..2026-03-31"), None),
        ),
        ("add weekly 09:00 week top 0", Unread::Rows(text("top 0"))),
        ("add weekly 09:00 week top 31", Unread::Rows(text("top 31"))),
        ("add weekly 09:00 week top", Unread::Rows(text("top"))),
        (
            "add weekly 09:00 week 前九名",
            Unread::Surplus(text("前九名")),
        ),
        (
            "add weekly 09:00 week #general",
            Unread::Channel(text("#general")),
        ),
        ("add weekly 09:00 week #5 #6", Unread::Surplus(text("#6"))),
        (
            "add weekly 09:00 week month",
            Unread::Surplus(text("month")),
        ),
        ("add weekly 09:00 week @", Unread::Surplus(text("@"))),
        (
            "add weekly 09:00 week edit post",
            Unread::Surplus(text("post")),
        ),
    ] {
        assert_eq!(unread(typed), why, "{typed}");
    }
    let long = "x".repeat(33);
    assert_eq!(
        unread(&format!("add {long} 09:00 week")),
        Unread::LongName(33)
    );
    // What could be read is kept for the line to copy.
    let ScheduleAsked::Wrong(wrong) = read("add nightly 21:30 year") else {
        panic!("a year is no period");
    };
    assert_eq!(wrong.name.as_deref(), Some("nightly"));
    assert_eq!(wrong.at.unwrap().to_string(), "21:30");
}

proptest! {
    #[test]
    fn reading_never_panics_and_reads_what_was_meant(
        words in proptest::collection::vec("\\PC{1,12}|add|新增|\"[0-9*]|[0-9*/,]{1,4}|[0-9]{2}:[0-9]{2}|week|top|#5|[\"“`]", 0..14),
    ) {
        match read(&words.join(" ")) {
            ScheduleAsked::Add(board) => {
                prop_assert!((1..=MOST_ROWS).contains(&board.rows));
                prop_assert!((1..=LONGEST_NAME).contains(&board.name.chars().count()));
            }
            ScheduleAsked::List | ScheduleAsked::With(..) | ScheduleAsked::Wrong(_) => {}
        }
    }
}

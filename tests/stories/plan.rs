//! Which boards post themselves: what administrators settle in chat, what the operator did, and what is
//! said of either.

use guildpoints::sandbox::fault::FaultKind;
use guildpoints::sandbox::fault::Moment;
use guildpoints::support::cron::Recurrence;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::civil::Weekday;
use jiff::civil::date;
use jiff::tz::TimeZone;

use crate::boards::rewarded;
use crate::boards::seen;
use crate::stage::Settings;
use crate::stage::Stage;

/// The administrator of these stories.
const ADMIN: &str = "夜雨";
const NO_RIGHT: &str = "你没有使用这个指令的权限。可以使用的有：管理员、服务器管理员。";

fn settings(guild: &str) -> Settings {
    Settings {
        points: Some("ledger"),
        guild: guild.to_owned(),
        ..Settings::default()
    }
}

/// Sets the operator's only board, and starts the bot with it.
async fn operator_sets(stage: &mut Stage, lines: &str) {
    stage.settings.reward = format!(
        "[[guild.board]]\nchannel = {}\nat = \"09:00\"\n{lines}\n",
        stage.channel
    );
    stage.restart().await;
}

/// The list once it is as wanted: what the file names, and what does not come through, is noted beside
/// the commands.
async fn listed(stage: &mut Stage, wanted: impl Fn(&str) -> bool) -> String {
    let mut list = String::new();
    for _ in 0..500 {
        list = asked(stage, "/定时").await;
        if wanted(&list) {
            return list;
        }
    }
    panic!("never listed so: {list}\n{}", stage.log());
}

async fn asked(stage: &mut Stage, text: &str) -> String {
    seen(stage, ADMIN, text).await
}

fn now(stage: &Stage) -> Timestamp {
    Timestamp::from_millisecond(stage.sandbox.now_ms()).expect("a moment")
}

/// The moments named in an answer.
fn moments(answer: &str) -> Vec<DateTime> {
    let pattern = regex::Regex::new(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}").expect("a pattern");
    let found = pattern.find_iter(answer).map(|found| found.as_str());
    found
        .map(|text| format!("{}:00", text.replace(' ', "T")))
        .map(|text| text.parse().expect("a time"))
        .collect()
}

/// What the bot has posted in the channel without being asked.
fn posted(stage: &mut Stage) -> Vec<String> {
    let said = stage.said_in(stage.channel).into_iter();
    said.filter(|(_, answers, _)| answers.is_none())
        .map(|(_, _, text)| text)
        .collect()
}

async fn posts(stage: &mut Stage, count: usize) -> Vec<String> {
    let (bot, channel) = (stage.sandbox.bot(), stage.channel);
    stage
        .until("a board is posted", |sandbox| {
            let messages = sandbox.messages(channel).into_iter();
            let own = messages.filter(|it| it.author.id == bot && it.reply_to.is_none());
            own.count() >= count
        })
        .await;
    posted(stage)
}

#[tokio::test]
async fn an_administrator_settles_a_board_and_everything_about_it() {
    let mut stage = Stage::unhurried(settings("")).await;
    let here = format!("${{#{}}}", stage.channel);
    let none = asked(&mut stage, "/定时").await;
    assert_eq!(
        none,
        "还没有定时排行榜。例如每周一早上九点在这个频道发布周榜：\n/定时 新增 weekly \"0 9 * * MON\" week"
    );
    // The line it shows can be copied.
    let line = none.lines().last().expect("a line").to_owned();
    let added = asked(&mut stage, &line).await;
    let lines: Vec<&str> = added.lines().collect();
    assert_eq!(
        lines[0],
        format!(
            "✅ 已设置定时排行榜“weekly”：\"0 9 * * MON\" · 周榜 · 前 10 名 · {here} · 每次发新帖（post）"
        )
    );
    assert!(
        lines[1].starts_with("接下来 3 次：") && lines[1].ends_with("（Asia/Shanghai）"),
        "{added}"
    );
    let runs = moments(&added);
    let zone = TimeZone::get("Asia/Shanghai").expect("a zone");
    let now = now(&stage).to_zoned(zone).datetime();
    assert_eq!(runs.len(), 3, "{added}");
    assert!(runs[0] > now && runs[0].duration_since(now).as_hours() <= 7 * 24);
    for run in &runs {
        assert_eq!(
            (run.weekday(), run.hour(), run.minute()),
            (Weekday::Monday, 9, 0)
        );
    }
    assert!(
        runs.windows(2)
            .all(|pair| pair[1].duration_since(pair[0]).as_hours() == 7 * 24)
    );

    // Once more the same is the same; another of that name is none.
    assert_eq!(asked(&mut stage, &line).await, added);
    let other = asked(&mut stage, "/定时 新增 Weekly 21:30 日榜").await;
    assert_eq!(
        other,
        "已经有一个叫“Weekly”的定时排行榜。要修改请先删除它：\n/定时 删除 Weekly"
    );
    let nightly = asked(&mut stage, "/定时 添加 夜榜 21：30 日榜 前5 更新").await;
    assert!(
        nightly.starts_with("✅ 已设置定时排行榜“夜榜”：21:30 · 日榜 · 前 5 名 · ")
            && nightly.contains(" · 更新同一条（edit）\n"),
        "{nightly}"
    );

    // It outlives a restart, and is told whole.
    stage.restart().await;
    let list = asked(&mut stage, "/定时 列表").await;
    let lines: Vec<&str> = list.lines().collect();
    assert_eq!(lines.len(), 5, "{list}");
    assert_eq!(lines[0], "🗓 定时排行榜（时间均为 Asia/Shanghai）");
    let next = runs[0].strftime("%Y-%m-%d %H:%M");
    assert_eq!(
        lines[1..3],
        [
            format!("“weekly”：\"0 9 * * MON\" · 周榜 · 前 10 名 · {here} · 每次发新帖（post）"),
            format!("　下次 {next} · 还没有发布过"),
        ]
    );
    assert!(lines[3].starts_with("“夜榜”：21:30 · 日榜"), "{list}");

    // As it would be posted now: the day that has ended, with nobody on it.
    rewarded(&mut stage, "小明", 30).await;
    let preview = asked(&mut stage, "/定时 预览 夜榜").await;
    let yesterday = now.date().yesterday().expect("a day");
    assert!(
        preview.starts_with("👀 “夜榜”如果现在发布：\n🏆 ")
            && !preview.contains("小明")
            && preview.contains(&yesterday.to_string()),
        "{preview}"
    );

    let run = asked(&mut stage, "/定时 立即 夜榜").await;
    assert_eq!(
        run,
        format!("▶️ 已安排“夜榜”现在发布到 {here}，很快就会出现。定时不变。")
    );
    let all = posts(&mut stage, 1).await;
    assert!(
        all.len() == 1 && all[0].contains(&yesterday.to_string()),
        "{all:?}"
    );

    let mention = format!("${{@!{}}}", stage.user(ADMIN));
    let paused = asked(&mut stage, "/定时 暂停 夜榜").await;
    assert_eq!(
        paused,
        "⏸ “夜榜”已暂停，不再按时发布。恢复请发送：\n/定时 恢复 夜榜"
    );
    let again = asked(&mut stage, "/定时 暂停 夜榜").await;
    assert!(again.starts_with("“夜榜”本来就是暂停的。"), "{again}");
    let list = asked(&mut stage, "/定时").await;
    let row = list.lines().last().expect("a row");
    assert!(
        row.starts_with(&format!("　⏸ 已暂停（{mention} 于 ")) && row.contains("） · 上次发布 "),
        "{list}"
    );
    let resumed = asked(&mut stage, "/定时 恢复 夜榜").await;
    assert!(
        resumed.starts_with("✅ “夜榜”已恢复。\n接下来 3 次：") && moments(&resumed).len() == 3,
        "{resumed}"
    );
    let again = asked(&mut stage, "/定时 恢复 夜榜").await;
    assert_eq!(again, "“夜榜”没有暂停，照常发布。");

    let removed = asked(&mut stage, "/定时 删除 夜榜").await;
    assert_eq!(removed, "🗑 “夜榜”已删除，已发布的帖子保留。");
    let gone = asked(&mut stage, "/定时 立即 夜榜").await;
    assert_eq!(gone, "没有叫“夜榜”的定时排行榜。查看全部：\n/定时 列表");
    let near = asked(&mut stage, "/定时 预览 wekly").await;
    assert_eq!(
        near,
        "没有叫“wekly”的定时排行榜，是不是“weekly”？\n/定时 预览 weekly"
    );
    // A name that is free again can be given again.
    let anew = asked(&mut stage, "/定时 新增 夜榜 08:00 日榜").await;
    assert!(
        anew.starts_with("✅ 已设置定时排行榜“夜榜”：08:00"),
        "{anew}"
    );
    assert_eq!(posted(&mut stage).len(), 1);
    stage.finish().await;
}

#[tokio::test]
async fn everything_is_said_in_english_too() {
    let mut stage = Stage::unhurried(settings("language = \"en-US\"\n")).await;
    let here = format!("${{#{}}}", stage.channel);
    let none = asked(&mut stage, "/schedule").await;
    assert_eq!(
        none,
        "No leaderboard posts itself yet. For the week's board in this channel every Monday at nine:\n/schedule add weekly \"0 9 * * MON\" week"
    );
    let added = asked(
        &mut stage,
        "/schedule add month 0 9 L * * month top 20 replace",
    )
    .await;
    assert!(
        added.starts_with(&format!(
            "✅ The leaderboard “month” posts itself from now on: \"0 9 L * *\" · the month · top 20 · {here} · a new post, the one before is deleted (replace)\nNext 3 times: "
        )) && added.ends_with(" (Asia/Shanghai)"),
        "{added}"
    );
    assert!(
        moments(&added)
            .iter()
            .all(|run| run.date() == run.date().last_of_month())
    );
    let list = asked(&mut stage, "/schedule list").await;
    assert!(
        list.starts_with(
            "🗓 Leaderboards that post themselves (all times Asia/Shanghai)\n“month”: "
        ) && list.ends_with(" · not posted yet"),
        "{list}"
    );
    for (verb, says) in [
        ("preview", "👀 “month”, if it were posted now:\n🏆 "),
        (
            "pause",
            "⏸ “month” is paused and does not post itself. To resume:\n/schedule resume month",
        ),
        (
            "pause",
            "“month” was paused already. To resume:\n/schedule resume month",
        ),
        ("resume", "✅ “month” posts itself again.\nNext 3 times: "),
        (
            "resume",
            "“month” is not paused; it posts itself as before.",
        ),
        ("remove", "🗑 “month” is removed; what it has posted stays."),
        (
            "remove",
            "No leaderboard “month” posts itself here. To see all:\n/schedule list",
        ),
    ] {
        let answer = asked(&mut stage, &format!("/schedule {verb} month")).await;
        assert!(answer.starts_with(says), "{verb}: {answer}");
    }
    for (typed, says) in [
        (
            "add weekly 25:00 week",
            "“25:00” is no time. Write 09:00 for daily, or five fields of cron in quotation marks: minute, hour, day, month, weekday. Try:\n/schedule add weekly \"0 9 * * MON\" week",
        ),
        (
            "add weekly \"0 25 * * MON\" week",
            "In the time “0 25 * * MON” the hour “25” cannot be read. There are: `*`, 0-23, `9,21`, `9-18`, `*/2`. Try:\n/schedule add weekly",
        ),
        (
            "add weekly \"0 0 31 2 *\" week",
            "“0 0 31 2 *” never comes: there is no such day in the calendar.",
        ),
        (
            "add weekly * * * * * week",
            "“* * * * *” is too often; at least 10 minutes must lie between two.",
        ),
        (
            "add late 21:30 year",
            "“year” is no period. There are: day, week, month, all, balance, or 7d, 30d. Try:\n/schedule add late 21:30 week",
        ),
        (
            "add late 21:30 week #general",
            "“#general” is text and no channel link.",
        ),
        (
            "add late 21:30 week top 31",
            "“top 31” is no number of rows: top 1 to top 30.",
        ),
        (
            "ad late 21:30 week",
            "“ad” was not understood. There are: add, list, preview, run, pause, resume, remove.",
        ),
        (
            "pause",
            "The leaderboard's name is missing. To see which there are:\n/schedule list",
        ),
    ] {
        let answer = asked(&mut stage, &format!("/schedule {typed}")).await;
        assert!(answer.starts_with(says), "{typed}: {answer}");
    }
    stage.finish().await;
}

#[tokio::test]
async fn nobody_else_may_settle_run_or_see_anything_of_it() {
    let mut stage = Stage::unhurried(settings("")).await;
    let added = asked(&mut stage, "/定时 新增 weekly 09:00 周榜").await;
    assert!(added.starts_with('✅'), "{added}");
    for who in ["小明", "阿杰"] {
        for verb in [
            "",
            "列表",
            "新增 mine 09:00 周榜",
            "预览 weekly",
            "立即 weekly",
            "暂停 weekly",
            "恢复 weekly",
            "删除 weekly",
            "nonsense",
        ] {
            let answer = seen(&mut stage, who, &format!("/定时 {verb}")).await;
            assert_eq!(answer, NO_RIGHT, "{who} {verb}");
        }
    }
    let list = asked(&mut stage, "/定时").await;
    assert!(
        list.lines().count() == 3 && list.contains("还没有发布过"),
        "{list}"
    );
    stage.finish().await;
}

#[tokio::test]
async fn what_the_file_names_is_the_operators() {
    let mut stage = Stage::unhurried(settings("")).await;
    operator_sets(&mut stage, "name = \"weekly\"\ntop = 3").await;
    let list = listed(&mut stage, |list| list.contains("来自 bot.toml")).await;
    let row = "“weekly”：09:00 · 周榜 · 前 3 名 · ";
    assert!(list.contains(row), "{list}");
    for typed in [
        "新增 weekly 21:30 日榜",
        "新增 WEEKLY 21:30 日榜",
        "暂停 weekly",
        "恢复 weekly",
        "删除 Weekly",
    ] {
        let answer = asked(&mut stage, &format!("/定时 {typed}")).await;
        assert!(
            answer.ends_with("”由 bot.toml 设置，聊天里不能修改。请机器人的维护者修改 bot.toml 里的 [[guild.board]] 后重启机器人。"),
            "{typed}: {answer}"
        );
    }
    assert_eq!(asked(&mut stage, "/定时").await, list);
    let preview = asked(&mut stage, "/定时 预览 weekly").await;
    assert!(
        preview.starts_with("👀 “weekly”如果现在发布："),
        "{preview}"
    );
    let run = asked(&mut stage, "/定时 立即 weekly").await;
    assert!(run.starts_with("▶️ 已安排“weekly”现在发布到 "), "{run}");
    posts(&mut stage, 1).await;

    // Of chat's own the file takes the name; what it names no more is gone.
    let added = asked(&mut stage, "/定时 新增 daily 21:30 日榜").await;
    assert!(added.starts_with('✅'), "{added}");
    operator_sets(&mut stage, "name = \"daily\"\ntop = 4").await;
    let is_so = |list: &str| !list.contains("weekly") && !list.contains("21:30");
    let list = listed(&mut stage, is_so).await;
    let row = "“daily”：09:00 · 周榜 · 前 4 名 · ";
    assert!(list.contains(row), "{list}");
    assert!(list.contains("来自 bot.toml"), "{list}");
    stage.finish().await;
}

#[tokio::test]
async fn what_can_never_be_is_refused_with_what_was_read_and_a_line_to_copy() {
    let mut stage = Stage::unhurried(settings("")).await;
    let weekly = "/定时 新增 weekly \"0 9 * * MON\" week";
    for (typed, says) in [
        ("新增 weekly 25:00 周榜", "“25:00”不是时间。"),
        ("新增 weekly 中午 周榜", "“中午”不是时间。"),
        (
            "新增 weekly “0 25 * * MON” 周榜",
            "时间“0 25 * * MON”里的时“25”没看懂，可以写：`*`, 0-23, `9,21`, `9-18`, `*/2`。",
        ),
        ("新增 weekly 0 9 * 一月 * 周榜", "“0 9 *”不是时间。"),
        (
            "新增 weekly `0 9 * MON *` 周榜",
            "时间“0 9 * MON *”里的月“MON”没看懂，可以写：",
        ),
        (
            "新增 weekly \"0 0 31 2 *\" 周榜",
            "“0 0 31 2 *”永远不会到来：日历里没有这样的日子。",
        ),
        (
            "新增 weekly \"* * * * *\" 周榜",
            "“* * * * *”太频繁了，两次之间至少要隔 10 分钟。",
        ),
        (
            "新增 weekly \"0 9 * * MON 周榜",
            "“0 9 * * MON 周榜”前面有一个引号没有配对。",
        ),
        ("新增 weekly", "没有看到发布时间。"),
        ("新增", "没有看到新排行榜的名称。"),
        (
            "改 weekly",
            "没看懂“改”。可以写：新增、列表、预览、立即、暂停、恢复、删除。",
        ),
    ] {
        let answer = asked(&mut stage, &format!("/定时 {typed}")).await;
        let (said, line) = answer.rsplit_once('\n').expect("two lines");
        assert!(said.starts_with(says), "{typed}: {answer}");
        assert_eq!(line, weekly, "{typed}");
    }
    let late = "/定时 新增 夜榜 21:30 week";
    for (typed, says) in [
        ("", "没有看到周期。"),
        ("年榜", "“年榜”不是周期。"),
        ("367d", "“367d”太长了，最多统计 366 天"),
        (
            "2026-03-01..2026-03-31",
            "“2026-03-01..2026-03-31”是固定的日期",
        ),
        ("周榜 top 0", "“top 0”不是名次数，可以写 top 1 到 top 30。"),
        ("周榜 #公告", "“#公告”只是文字，不是频道链接。"),
        ("周榜 @小明", "“@”是多出来的，没看懂。"),
        ("周榜 月榜", "“月榜”是多出来的，没看懂。"),
    ] {
        let answer = asked(&mut stage, &format!("/定时 新增 夜榜 21:30 {typed}")).await;
        let (said, line) = answer.rsplit_once('\n').expect("two lines");
        assert!(said.starts_with(says), "{typed}: {answer}");
        assert_eq!(line, late, "{typed}");
    }
    let long = asked(
        &mut stage,
        &format!("/定时 新增 {} 21:30 周榜", "长".repeat(33)),
    )
    .await;
    assert!(
        long.starts_with("名称最长 32 个字，现在是 33 个。"),
        "{long}"
    );
    let none = asked(&mut stage, "/定时 暂停").await;
    assert_eq!(none, "没有看到排行榜的名称。先看看有哪些：\n/定时 列表");
    // A name cannot ping anybody.
    let evil = asked(&mut stage, "/定时 暂停 ${@&1}").await;
    assert!(!evil.contains("${@&"), "{evil}");
    // In private nobody can tell which channel is meant.
    let said = stage.whispers(ADMIN, "/定时 新增 weekly 09:00 周榜");
    let private = stage.hears(said).await;
    assert_eq!(
        private,
        "私聊里请写明发布到哪个频道（频道链接或频道 ID），或者到那个频道里发送：\n/定时 新增 weekly 09:00 week 412345679201234575"
    );
    let there = format!("/定时 新增 weekly 09:00 周榜 ${{#{}}}", stage.channel);
    let said = stage.whispers(ADMIN, &there);
    let private = stage.hears(said).await;
    assert!(private.starts_with("✅"), "{private}");
    let list = asked(&mut stage, "/定时").await;
    assert_eq!(list.lines().count(), 3, "{list}");
    // More than anybody reads are not taken.
    for count in 2..=20 {
        let answer = asked(&mut stage, &format!("/定时 新增 b{count} 09:00 周榜")).await;
        assert!(answer.starts_with('✅'), "{answer}");
    }
    let full = asked(&mut stage, "/定时 新增 b21 09:00 周榜").await;
    assert_eq!(
        full,
        "一个服务器最多设置 20 个定时排行榜。请先删除一个：\n/定时 列表"
    );
    stage.finish().await;
}

#[tokio::test]
async fn the_next_times_are_right_where_the_clock_is_changed() {
    let mut stage = Stage::unhurried(settings("timezone = \"Europe/Berlin\"\n")).await;
    let zone = TimeZone::get("Europe/Berlin").expect("a zone");
    let today = now(&stage).to_zoned(zone.clone()).date();
    // Half past two on the last Sunday of March is left out, and comes twice on that of October.
    for (month, shown) in [(3, 3), (10, 2)] {
        let text = format!("\"30 2 * {month} SUN#L\"");
        let added = asked(&mut stage, &format!("/定时 新增 m{month} {text} 月榜")).await;
        assert!(added.ends_with("（Europe/Berlin）"), "{added}");
        let years = today.year()..;
        let last = |year| {
            let last = date(year, month, 1).nth_weekday_of_month(-1, Weekday::Sunday);
            last.expect("every month has a Sunday")
        };
        let days = years.map(last).filter(|day| *day > today).take(3);
        let minute = if month == 3 { 0 } else { 30 };
        let expected: Vec<DateTime> = days.map(|day| day.at(shown, minute, 0, 0)).collect();
        assert_eq!(moments(&added), expected, "{added}");
        // The first of the two in October is meant.
        let at: Recurrence = text.trim_matches('"').parse().expect("a time");
        let first = at.after(stage.sandbox.now_ms(), &zone);
        let first = Timestamp::from_millisecond(first.expect("a moment")).expect("a moment");
        let offset = zone.to_offset(first).seconds();
        assert_eq!(offset, 7_200, "{month}");
    }
    stage.finish().await;
}

#[tokio::test]
async fn a_board_that_does_not_come_through_is_shown_where_administrators_look() {
    let mut stage = Stage::unhurried(settings("")).await;
    let check = asked(&mut stage, "/自检").await;
    assert!(!check.contains("定时排行榜"), "{check}");
    // Nobody could look whether there is such a channel.
    let forbidden = FaultKind::AnswerCode {
        code: 1012,
        when: Moment::Before,
    };
    stage.fault("channel/list", forbidden);
    let added = asked(&mut stage, "/定时 新增 lost 09:00 周榜 412345679201234575").await;
    assert!(added.starts_with('✅'), "{added}");
    // One that was never due is nothing to warn of.
    let next = moments(&added)[0].strftime("%Y-%m-%d %H:%M");
    let check = asked(&mut stage, "/自检").await;
    let row = check.lines().find(|line| line.contains("定时排行榜"));
    let wanted = format!("▫️ 定时排行榜 · 还没有发布过，下次 {next}");
    assert_eq!(row, Some(wanted.as_str()), "{check}");
    let run = asked(&mut stage, "/定时 立即 lost").await;
    assert!(run.starts_with("▶️"), "{run}");
    let list = listed(&mut stage, |list| list.contains('❌')).await;
    let failing = list.lines().last().expect("a line");
    assert!(
        failing.starts_with("　❌ 自 ") && failing.contains(" 起未能正常发布：频道不存在"),
        "{list}"
    );
    let check = asked(&mut stage, "/自检").await;
    assert!(
        check.contains("❌ 定时排行榜“lost” · 自 ") && check.contains(" 起：频道不存在"),
        "{check}"
    );
    // Somebody was told, once, by the bot's own accord.
    let members = stage.sandbox.members(stage.guild);
    for member in members.iter().filter(|member| !member.bot) {
        let chat = stage.sandbox.private_chat(member.id);
        stage.said_in(chat);
    }
    // The operator sees it too, where the store is free to be looked at.
    stage.stop().await;
    let mut check = tokio::process::Command::from(stage.program("check"));
    let output = check.output().await.expect("the program starts");
    let checked = String::from_utf8(output.stdout).expect("text");
    let row = checked.lines().find(|line| line.contains("的定时排行榜"));
    let row = row.unwrap_or_else(|| panic!("no row: {checked}"));
    assert!(
        row.contains("⚠") && checked.contains("“lost”自 ") && checked.contains("频道不存在"),
        "{checked}"
    );
    stage.finish().await;
}

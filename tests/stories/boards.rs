//! Boards of what was earned: what they count, who is on them, pages, and the same at the terminal.

use guildpoints::boards::Painter;
use guildpoints::sandbox::fault::FaultKind;
use guildpoints::sandbox::fault::FaultRule;
use jiff::civil::Date;
use jiff::civil::Weekday;
use tokio::process::Command;

use crate::desk::complained;
use crate::desk::printed;
use crate::stage::Said;
use crate::stage::Settings;
use crate::stage::Stage;
use crate::stage::receipt_in;

/// How the line below every board begins.
const COUNTS: &str = "统计：通过本机器人获得的积分，扣分不计，撤销的奖励已减去 · ";

/// A bot that keeps the points itself, so that anybody may have some.
pub async fn stage() -> Stage {
    Stage::unhurried(Settings {
        points: Some("ledger"),
        ..Settings::default()
    })
    .await
}

/// A moderator gives, or takes; the receipt.
pub async fn rewarded(stage: &mut Stage, who: &str, points: i64) -> String {
    let command = match points < 0 {
        true => "扣分",
        false => "奖励",
    };
    let said = stage.says("阿杰", &format!("/{command} @{who} {} 天梯", points.abs()));
    receipt_in(&stage.hears_of(said, "✅").await)
}

/// What somebody sees.
pub async fn seen(stage: &mut Stage, who: &str, text: &str) -> String {
    let said = stage.says(who, text);
    stage.hears(said).await
}

/// The rows of a board, without its head, the row at its foot and the line below.
pub fn rows(board: &str) -> Vec<&str> {
    let rows = board.lines().skip(1);
    rows.take_while(|line| !line.starts_with("👤") && !line.starts_with(COUNTS))
        .collect()
}

/// A board with the names that could not be learnt in time: there it has mentions, which the chat shows as
/// names.
pub fn named(stage: &Stage, board: &str) -> String {
    let mut parts = board.split("${@!");
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (id, rest) = part.split_once('}').expect("a mention ends");
        let members = stage.sandbox.members(stage.guild).into_iter();
        let mut same = members.filter(|member| member.id.to_string() == id);
        whole.push_str(&same.next().expect("a member").nickname);
        whole.push_str(rest);
    }
    whole
}

fn labels(stage: &Stage, said: Said) -> Vec<String> {
    let answers = stage.sandbox.answers_to(said.0).into_iter();
    let buttons = answers.flat_map(|answer| answer.buttons.into_iter().flatten());
    buttons.map(|button| button.text).collect()
}

#[tokio::test]
async fn a_board_says_what_it_counts_and_its_pages_outlive_a_restart() {
    let mut stage = stage().await;
    let empty = seen(&mut stage, "小明", "/排行榜").await;
    let lines: Vec<&str> = empty.lines().collect();
    assert_eq!(
        lines[..3],
        [
            "🏆 本周获得积分榜 · 第 1 / 1 页",
            "这段时间还没有人通过本机器人获得积分。",
            "👤 小明：这段时间还没有获得积分，不在榜上",
        ]
    );
    let counts = lines[3].strip_prefix(COUNTS).expect(&empty);
    assert_eq!(empty.matches("Asia/Shanghai").count(), 1, "{empty}");
    assert!(counts.ends_with(" · 未显示 0 人"), "{counts}");
    let (first, last) = counts
        .split(" · ")
        .next()
        .unwrap()
        .split_once(" 至 ")
        .unwrap();
    let (first, last): (Date, Date) = (first.parse().unwrap(), last.parse().unwrap());
    assert_eq!(first.weekday(), Weekday::Monday, "{counts}");
    assert_eq!(last.weekday(), Weekday::Sunday, "{counts}");

    for number in 1..=9 {
        let nickname = format!("选手{number}");
        stage.sandbox.joins(stage.guild, &nickname);
        rewarded(&mut stage, &nickname, number).await;
    }
    for (who, points) in [("小明", 30), ("小红", 30), ("小白", 20)] {
        rewarded(&mut stage, who, points).await;
    }
    let said = stage.says("小白", "/top all");
    let page = stage.hears(said).await;
    assert_eq!(page.lines().next(), Some("🏆 累计获得积分榜 · 第 1 / 2 页"));
    let shown = rows(&page);
    // Who stands first among equals has the older account.
    let mut firsts = ["🥇 小明 · 30", "🥇 小红 · 30"];
    firsts.sort_by_key(|row| stage.user(row.split(' ').nth(1).unwrap()).number());
    assert_eq!(shown[..2], firsts, "{page}");
    assert_eq!(
        shown[2..],
        [
            "🥉 小白 · 20",
            "4. 选手9 · 9",
            "5. 选手8 · 8",
            "6. 选手7 · 7",
            "7. 选手6 · 6",
            "8. 选手5 · 5",
            "9. 选手4 · 4",
            "10. 选手3 · 3",
        ],
        "{page}"
    );
    assert!(
        page.contains("\n👤 小白：第 3 名 · 20 积分 · 距上一名还差 10\n"),
        "{page}"
    );
    assert!(page.contains(&format!("\n{COUNTS}全部时间 · Asia/Shanghai · 截至 ")));
    assert_eq!(labels(&stage, said), ["下一页"]);

    // Somebody else's press does nothing, also after a restart; one's own turns the page.
    let (message, carries) = stage.button(said, "下一页");
    stage.restart().await;
    let toast = stage.sends_press("小明", message, &carries).await;
    assert_eq!(toast, "这个按钮只有发起的人能用。");
    assert_eq!(stage.answers(said), [page]);
    stage.presses("小白", said, "下一页").await;
    let second = stage.hears_of(said, "第 2 / 2 页").await;
    assert_eq!(
        rows(&second),
        ["11. 选手2 · 2", "12. 选手1 · 1"],
        "{second}"
    );
    assert!(second.contains("👤 小白：第 3 名") && second.contains(COUNTS));
    assert_eq!(labels(&stage, said), ["上一页"]);
    stage.presses("小白", said, "上一页").await;
    stage.hears_of(said, "第 1 / 2 页").await;
    assert_eq!(stage.answers(said).len(), 1, "the same message is edited");
    let mut forged = carries.clone();
    forged.pop();
    let toast = stage.sends_press("小白", message, &forged).await;
    assert_eq!(toast, "这个按钮已失效，请重新发送 /排行榜。");

    // A page that is not there, one's own page, and somebody else's.
    let said = stage.says("小明", "/排行榜 总榜 page 999");
    let beyond = stage.hears(said).await;
    assert_eq!(
        rows(&beyond),
        ["没有第 999 页，最后一页是第 2 页。"],
        "{beyond}"
    );
    assert!(beyond.contains("👤 小明：第 1 名 · 30 积分 · 目前第一\n") && beyond.contains(COUNTS));
    stage.presses("小明", said, "上一页").await;
    stage.hears_of(said, "第 2 / 2 页\n11. 选手2").await;
    let mine = seen(&mut stage, "选手1", "/top all me").await;
    assert!(
        mine.contains("第 2 / 2 页\n11. 选手2") && mine.contains("👤 选手1：第 12 名 · 1 积分"),
        "{mine}"
    );
    let theirs = seen(&mut stage, "小明", "/top all @选手2").await;
    assert!(theirs.contains("👤 选手2：第 11 名 · 2 积分 · 距上一名还差 1\n"));
    let rank = seen(&mut stage, "选手7", "/我的排名 总榜").await;
    let lines: Vec<&str> = rank.lines().collect();
    assert_eq!(
        lines[..6],
        [
            "📊 选手7 的累计排名",
            "4. 选手9 · 9",
            "5. 选手8 · 8",
            "👉 6. 选手7 · 7 · 距上一名还差 1",
            "7. 选手6 · 6",
            "8. 选手5 · 5",
        ]
    );
    assert!(lines[6].starts_with(COUNTS) && lines.len() == 7, "{rank}");
    let none = seen(&mut stage, "夜雨", "/rank month").await;
    assert!(none.contains("👤 夜雨：这段时间还没有获得积分，不在榜上\n") && none.contains(COUNTS));
    stage.finish().await;
}

#[tokio::test]
async fn only_what_was_earned_for_certain_counts_and_what_is_undone_is_taken_off() {
    let mut stage = Stage::unhurried(Settings::default()).await;
    rewarded(&mut stage, "小明", 50).await;
    let undone = rewarded(&mut stage, "小红", 70).await;
    rewarded(&mut stage, "小明", -20).await;
    let said = stage.says("阿杰", "/扣分 @小红 9999 太多");
    stage.hears_of(said, "❌").await;
    let before = seen(&mut stage, "小明", "/排行榜 今日").await;
    assert_eq!(rows(&before), ["🥇 小红 · 70", "🥈 小明 · 50"], "{before}");
    let said = stage.says("阿杰", &format!("/撤销 {undone}"));
    stage.hears_of(said, &undone).await;
    for period in ["今日", "本周", "本月", "总榜", "7d", "近30天"] {
        let after = seen(&mut stage, "小红", &format!("/排行榜 {period}")).await;
        assert_eq!(rows(&after), ["🥇 小明 · 50"], "{period}: {after}");
        assert!(after.contains("👤 小红：这段时间还没有获得积分"), "{after}");
    }
    let past = seen(&mut stage, "小红", "/排行榜 2026-03-01..2026-03-31").await;
    assert!(
        past.starts_with("🏆 所选日期获得积分榜") && past.contains("2026-03-01 至 2026-03-31"),
        "{past}"
    );
    stage.finish().await;
}

#[tokio::test]
async fn a_period_that_does_not_exist_is_told_with_those_that_do() {
    let mut stage = Stage::unhurried(Settings {
        guild: "language = \"en-US\"\n".to_owned(),
        ..Settings::default()
    })
    .await;
    for (text, wanted) in [
        (
            "/top balances",
            "“balances” is no period of a board. There are: day, week, month, all, balance, 7d, 30d, or 2026-03-01..2026-03-31",
        ),
        (
            "/排行榜 余",
            "“余” is no period of a board. There are: day, week, month, all, balance, 7d, 30d, or 2026-03-01..2026-03-31",
        ),
        (
            "/rank 400d",
            "“400d” is too long; a board counts at most 366 days. For more there is all",
        ),
        (
            "/top 2026-03-31..2026-03-01",
            "“2026-03-31..2026-03-01” ends before it begins; exchange the two dates",
        ),
    ] {
        assert_eq!(seen(&mut stage, "小明", text).await, wanted, "{text}");
    }
    let two = seen(&mut stage, "小明", "/top week month").await;
    assert!(two.starts_with("“month” was not understood."), "{two}");
    rewarded(&mut stage, "小明", 1_250).await;
    let said = stage.says("小红", "/top");
    let board = stage.hears(said).await;
    let lines: Vec<&str> = board.lines().collect();
    assert_eq!(
        lines[..3],
        [
            "🏆 Points earned this week · page 1 / 1",
            "🥇 小明 · 1,250",
            "👤 小红: no points earned in that time, so not on the board",
        ]
    );
    assert!(
        lines[3].starts_with("Counted: points earned through this bot; deductions are not counted")
            && lines[3].ends_with(" · 0 not shown"),
        "{board}"
    );
    stage.finish().await;
}

/// The board once so many are hidden: the bot hears of who comes and goes beside the commands.
async fn until_hidden(stage: &mut Stage, count: usize) -> String {
    let wanted = format!("未显示 {count} 人");
    for _ in 0..100 {
        let board = seen(stage, "小明", "/top all").await;
        if board.ends_with(&wanted) {
            return board;
        }
    }
    panic!("never {wanted}\n{}", stage.conversation());
}

#[tokio::test]
async fn who_left_or_is_a_bot_is_not_shown_and_who_came_back_is() {
    let mut stage = stage().await;
    let gone = stage.sandbox.joins(stage.guild, "过客");
    let away = stage.sandbox.joins(stage.guild, "旅人");
    for (who, points) in [("过客", 30), ("小明", 20), ("旅人", 10)] {
        rewarded(&mut stage, who, points).await;
    }
    assert!(stage.sandbox.leaves(stage.guild, gone));
    let board = until_hidden(&mut stage, 1).await;
    assert_eq!(rows(&board), ["🥇 小明 · 20", "🥈 旅人 · 10"], "{board}");
    assert!(stage.sandbox.returns(stage.guild, gone));
    let board = until_hidden(&mut stage, 0).await;
    assert_eq!(rows(&board)[0], "🥇 过客 · 30", "{board}");
    // While the bot is away nobody tells it: it sees it when it looks for the names.
    stage.stop().await;
    assert!(stage.sandbox.leaves(stage.guild, away));
    stage.start().await;
    let board = seen(&mut stage, "小明", "/top all").await;
    assert_eq!(rows(&board), ["🥇 过客 · 30", "🥈 小明 · 20"], "{board}");
    assert!(board.ends_with("未显示 1 人"), "{board}");
    stage.stop().await;
    assert!(stage.sandbox.returns(stage.guild, away));
    stage.start().await;
    // Who asks is there.
    let board = seen(&mut stage, "旅人", "/rank all").await;
    assert!(
        board.contains("👉 3. 旅人 · 10 · 距上一名还差 10"),
        "{board}"
    );
    let bot = stage.sandbox.members(stage.guild).into_iter();
    let mut bot = bot.filter(|member| member.bot).map(|member| member.id);
    let bot = bot.next_back().expect("there is a bot in the guild");
    stage.stop().await;
    for whole in ["0", "3"] {
        let of = stage.user("小明").number();
        stage
            .change_store(&format!(
                "insert into earned (guild, whole, piece, member, points, shown)
                 select guild, whole, piece, {}, 99, 1 from earned
                 where member = {of} and whole = {whole}",
                bot.number()
            ))
            .await;
    }
    stage.start().await;
    let board = seen(&mut stage, "小明", "/top day").await;
    assert_eq!(rows(&board)[0], "🥇 过客 · 30", "{board}");
    stage.finish().await;
}

#[tokio::test]
async fn names_that_cannot_be_learnt_do_not_hold_up_the_board() {
    let mut stage = stage().await;
    let long = "星".repeat(30);
    stage.sandbox.joins(stage.guild, &long);
    for (who, points) in [("小明", 20), (long.as_str(), 10)] {
        rewarded(&mut stage, who, points).await;
    }
    let board = seen(&mut stage, "小红", "/top all").await;
    let cut = format!("🥈 {}… · 10", "星".repeat(11));
    assert_eq!(rows(&board), ["🥇 小明 · 20", cut.as_str()]);
    stage.restart().await;
    let down = FaultRule::always("getChatMember", FaultKind::Status500Before);
    stage.sandbox.faults().set(down);
    let board = seen(&mut stage, "小红", "/top all").await;
    let mentioned = [
        format!("🥇 {} · 20", stage.wire("@小明")),
        format!("🥈 {} · 10", stage.wire(&format!("@{long}"))),
    ];
    assert_eq!(rows(&board), mentioned, "{board}");
    stage.finish().await;
}

#[tokio::test]
async fn entries_from_before_there_were_boards_count_on_the_day_they_were_written() {
    let mut stage = stage().await;
    rewarded(&mut stage, "小明", 30).await;
    let undone = rewarded(&mut stage, "小红", 40).await;
    let said = stage.says("阿杰", &format!("/撤销 {undone}"));
    stage.hears_of(said, &undone).await;
    rewarded(&mut stage, "小红", 5).await;
    let before = seen(&mut stage, "小明", "/top day").await;
    assert_eq!(rows(&before), ["🥇 小明 · 30", "🥈 小红 · 5"]);
    stage.stop().await;
    for statement in [
        "update entries set day = null",
        "delete from earned",
        "delete from earned_levels",
        // Three days earlier; what undoes it is of today and counts there as well.
        "update entries set written_ms = written_ms - 259200000 where kind = 0 and amount = 40",
    ] {
        stage.change_store(statement).await;
    }
    stage.start().await;
    stage.logged("old entries count on boards now", 1).await;
    for period in ["day", "week", "all"] {
        let after = seen(&mut stage, "小明", &format!("/top {period}")).await;
        assert_eq!(rows(&after), rows(&before), "{period}");
    }
    stage.stop().await;
    let sound = printed(&stage, &["verify", "--records", "none"]).await;
    assert!(sound.contains("一切相符"), "{sound}");
    // Sums that are not what the entries say are found.
    stage
        .change_store("update entries set amount = 31 where amount = 30")
        .await;
    let found = complained(&stage, &["verify", "--records", "none"]).await;
    let of = format!("的成员 {} 在 ", stage.user("小明"));
    assert!(
        found.contains(&of) && found.contains("的排行榜积分与账本记录不符"),
        "{found}"
    );
    stage.finish().await;
}

#[tokio::test]
async fn the_terminal_shows_the_same_board_beside_the_bot() {
    let mut stage = stage().await;
    for (who, points) in [("小明", 30), ("小红", 30), ("小白", 1_250)] {
        rewarded(&mut stage, who, points).await;
    }
    let run = async |arguments: &[&str]| {
        let program = Command::new(env!("CARGO_BIN_EXE_guildpoints"))
            .arg("leaderboard")
            .args(arguments)
            .arg("--config")
            .arg(stage.config())
            .current_dir(stage.folder())
            .output();
        let output = program.await.expect("the program starts");
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
        (
            output.status.code(),
            text(&output.stdout) + &text(&output.stderr),
        )
    };
    let guild = stage.guild.to_string();
    let (code, board) = run(&["--guild", &guild, "--period", "all"]).await;
    assert_eq!(code, Some(0), "{board}");
    let lines: Vec<&str> = board.lines().collect();
    assert_eq!(lines[0], "🏆 累计获得积分榜 · 第 1 / 1 页");
    let cells = |line: &str| -> Vec<String> {
        let cells = line.split_whitespace();
        cells.map(str::to_owned).collect()
    };
    assert_eq!(cells(lines[1]), ["名次", "成员", "积分"], "{board}");
    assert_eq!(cells(lines[3]), ["1", "小白", "1250"], "{board}");
    assert_eq!(
        (cells(lines[4])[0].as_str(), cells(lines[5])[0].as_str()),
        ("2", "2")
    );
    assert!(lines[6].starts_with(COUNTS), "{board}");
    // The same as a picture, where a font can write it.
    let file = stage.folder().join("board.png");
    let path = file.display().to_string();
    let (code, printed) = run(&["--period", "all", "--png", &path]).await;
    match Painter::new(&[]) {
        Some(_) => {
            // The moment it is as of may have moved on by a minute.
            assert_eq!(
                (code, printed.lines().count()),
                (Some(0), lines.len()),
                "{printed}"
            );
            let png = std::fs::read(&file).expect("the picture is there");
            assert!(png.starts_with(b"\x89PNG\r\n\x1a\n") && png.len() > 10_000);
        }
        None => {
            assert_eq!(code, Some(1), "{printed}");
            assert!(
                printed.contains("install the package `fonts-noto-cjk`"),
                "{printed}"
            );
        }
    }
    let nowhere = stage.folder().join("none/board.png").display().to_string();
    let (code, wrong) = run(&["--png", &nowhere]).await;
    assert_eq!(code, Some(1), "{wrong}");
    let (code, beyond) = run(&["--page", "7"]).await;
    assert_eq!(code, Some(0), "{beyond}");
    assert!(
        beyond.contains("没有第 7 页，最后一页是第 1 页。"),
        "{beyond}"
    );
    let (code, wrong) = run(&["--guild", "1"]).await;
    assert!(code == Some(2) && wrong.contains(&guild), "{wrong}");
    let (code, balances) = run(&["--period", "balance"]).await;
    assert_eq!(code, Some(0), "{balances}");
    let lines: Vec<&str> = balances.lines().collect();
    assert_eq!(lines[0], "🏆 积分余额榜 · 第 1 / 1 页");
    assert_eq!(cells(lines[3]), ["1", "小白", "1250"], "{balances}");
    assert!(
        lines[6].starts_with("统计：内置账本里现在的余额"),
        "{balances}"
    );
    let (code, wrong) = run(&["--period", "balances"]).await;
    assert!(
        code == Some(2) && wrong.contains("day, week, month, all"),
        "{wrong}"
    );
    stage.finish().await;
}

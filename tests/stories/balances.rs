//! Boards of balances in guilds of each points system, the sweeps behind them, roles that are left out,
//! and one's place in the answer to `/points`.

use std::collections::BTreeMap;
use std::time::Duration;
use std::time::Instant;

use guildpoints::sandbox::fault::FaultKind;
use guildpoints::sandbox::fault::FaultRule;

use crate::boards::rewarded;
use crate::boards::seen;
use crate::boards::stage as ledger_stage;
use crate::stage::Settings;
use crate::stage::Stage;

/// What the log says when a pass has come to its end.
pub const SWEPT: &str = "balances are swept";
/// How long a board is asked for until it has a row.
const PATIENCE: Duration = Duration::from_secs(60);
/// Nothing tells when it has.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// The rows of a board, without its head, the row at its foot and the line below.
pub fn rows(board: &str) -> Vec<&str> {
    let rows = board.lines().skip(1);
    rows.take_while(|line| !line.starts_with("👤") && !line.starts_with("统计："))
        .collect()
}

/// A guild before its bot is there, without cooldowns.
pub async fn quiet(settings: Settings) -> Stage {
    let bot = format!("{}commands_dir = \"words\"\n", settings.bot);
    let stage = Stage::without_bot(Settings { bot, ..settings }).await;
    for command in [
        "points", "reward", "deduct", "top", "rank", "privacy", "schedule",
    ] {
        stage.write_words(&format!("{command}.toml"), "cooldown = \"0s\"\n");
    }
    stage
}

/// A guild that sweeps.
pub fn sweeping() -> Settings {
    Settings {
        guild: "sweep = true\n".to_owned(),
        ..Settings::default()
    }
}

/// The board once it has that row: what commands read is kept behind their answers.
async fn until_row(stage: &mut Stage, who: &str, row: &str) -> String {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        let board = seen(stage, who, "/top balance").await;
        if rows(&board).contains(&row) {
            return board;
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    panic!("never {row}\n{}", stage.conversation());
}

#[tokio::test]
async fn the_mall_is_swept_and_its_board_says_how_old_it_is() {
    let mut stage = quiet(sweeping()).await;
    let guild = stage.guild.number();
    for number in 1..=6_i64 {
        let member = stage.sandbox.joins(stage.guild, &format!("选手{number}"));
        stage
            .sandbox
            .mall()
            .set_balance(guild, member.number(), 60 + number / 3);
    }
    stage.start().await;
    stage.logged(SWEPT, 1).await;
    let said = stage.says("小明", "/排行榜 余额");
    let board = stage.hears(said).await;
    assert_eq!(board.lines().next(), Some("🏆 积分余额榜 · 第 1 / 2 页"));
    let shown = rows(&board);
    assert_eq!(
        shown[..4],
        [
            "🥇 星海 · 8,888",
            "🥈 小明 · 2,474",
            "🥉 夜雨 · 1,000",
            "4. 小红 · 120"
        ],
        "{board}"
    );
    assert_eq!(shown[4], "5. 选手6 · 62", "{board}");
    let places: Vec<&str> = shown[5..]
        .iter()
        .map(|row| row.split(' ').next().unwrap())
        .collect();
    assert_eq!(places, ["6.", "6.", "6.", "9.", "9."], "{board}");
    assert!(
        board.contains("\n👤 小明：第 2 名 · 2,474 积分 · 距上一名还差 6,414\n"),
        "{board}"
    );
    let counts = board.lines().last().unwrap();
    assert!(
        counts.starts_with(
            "统计：积分商城里的余额，以最近一次读到的为准，扣分当然已计入 · Asia/Shanghai · 截至 "
        ) && counts.contains(" · 最早的余额读于 ")
            && counts.ends_with(" · 未显示 0 人"),
        "{counts}"
    );
    let added = seen(&mut stage, "夜雨", "/定时 新增 余额 09:00 余额榜").await;
    assert!(
        added.starts_with("✅") && !added.contains("sweep"),
        "{added}"
    );
    // Pages after a restart, which does not sweep again.
    stage.restart().await;
    stage.presses("小明", said, "下一页").await;
    let second = stage.hears_of(said, "第 2 / 2 页").await;
    assert_eq!(rows(&second)[0], "11. 阿杰 · 50", "{second}");
    let rank = seen(&mut stage, "小红", "/rank balance").await;
    assert!(
        rank.contains("🥉 夜雨 · 1,000\n👉 4. 小红 · 120 · 距上一名还差 880\n5. 选手6"),
        "{rank}"
    );
    let none = seen(&mut stage, "小白", "/top balance").await;
    assert!(
        none.contains("👤 小白：还没有读到你大于 0 的余额，不在榜上\n"),
        "{none}"
    );
    // What somebody asks for is known from then on, and so is what a change left.
    let hong = stage.user("小红").number();
    stage.sandbox.mall().set_balance(guild, hong, 10_000);
    let said = stage.says("小红", "/积分");
    stage.hears_of(said, "10,000").await;
    until_row(&mut stage, "小红", "🥇 小红 · 10,000").await;
    rewarded(&mut stage, "小明", -74).await;
    until_row(&mut stage, "小红", "🥉 小明 · 2,400").await;
    seen(&mut stage, "小红", "/privacy board off").await;
    let board = seen(&mut stage, "小明", "/top balance").await;
    assert_eq!(rows(&board)[0], "🥇 星海 · 8,888", "{board}");
    assert!(board.ends_with(" · 未显示 1 人"), "{board}");
    stage.finish().await;
}

#[tokio::test]
async fn where_nothing_is_swept_the_board_has_whoever_asked_and_says_why() {
    let mut stage = quiet(Settings::default()).await;
    stage.start().await;
    let empty = seen(&mut stage, "小明", "/top balance").await;
    assert!(
        rows(&empty)[0]
            .starts_with("还没有已知的大于 0 的余额：本服务器只在有人查询积分时记下余额。")
            && rows(&empty)[0].contains("sweep = true"),
        "{empty}"
    );
    assert!(!empty.contains("最早"), "{empty}");
    let said = stage.says("小明", "/积分");
    stage.hears_of(said, "2,474").await;
    let board = until_row(&mut stage, "小明", "🥇 小明 · 2,474").await;
    assert_eq!(rows(&board).len(), 1, "{board}");
    let reads = stage.sandbox.calls("getGuildMembers");
    assert_eq!(reads, 0, "nobody asked for a sweep");
    // Whoever sets one up hears of it, and no word of it with any other board.
    let added = seen(&mut stage, "夜雨", "/定时 新增 余额 09:00 余额榜").await;
    assert!(
        added.starts_with("✅") && added.contains("sweep = true"),
        "{added}"
    );
    let added = seen(&mut stage, "夜雨", "/schedule add weekly 09:00 week").await;
    assert!(
        added.starts_with("✅") && !added.contains("sweep"),
        "{added}"
    );
    stage.finish().await;
}

#[tokio::test]
async fn swan_is_swept_for_those_who_have_an_account_there() {
    let mut stage = quiet(Settings {
        points: Some("swan.hq"),
        swan: Some("timeout = \"1s\"\n".to_owned()),
        ..sweeping()
    })
    .await;
    stage.start().await;
    stage.logged(SWEPT, 1).await;
    let board = seen(&mut stage, "小明", "/top balance").await;
    assert_eq!(
        rows(&board),
        [
            "🥇 星海 · 1,200",
            "🥈 小明 · 340",
            "🥉 夜雨 · 310",
            "4. 小红 · 75",
            "5. 阿杰 · 60"
        ],
        "{board}"
    );
    assert!(board.contains("\n统计：Swan · hq里的余额"), "{board}");
    stage.finish().await;
}

#[tokio::test]
async fn manta_is_swept_in_lists_and_again_when_the_time_has_come() {
    let mut stage = quiet(Settings {
        points: Some("manta.shop"),
        ..sweeping()
    })
    .await;
    stage.settings.further = Stage::manta_section(&stage.sandbox);
    stage.start().await;
    // Nobody is linked yet, so nobody is asked for.
    stage.logged(SWEPT, 1).await;
    let before = stage.sandbox.manta().traffic().arrived;
    let empty = seen(&mut stage, "小明", "/top balance").await;
    assert!(
        rows(&empty)[0].starts_with("还没有读到大于 0 的余额。机器人正在分批读取"),
        "{empty}"
    );
    assert!(stage.stop().await.success());
    stage.tie_accounts("manta.shop").await;
    stage
        .change_store("update sweeps set begun_ms = begun_ms - 1900000")
        .await;
    stage.start().await;
    stage.logged(SWEPT, 2).await;
    let board = seen(&mut stage, "小明", "/top balance").await;
    assert_eq!(
        rows(&board),
        ["🥇 阿杰 · 2,060", "🥈 小明 · 150"],
        "{board}"
    );
    let asked = stage.sandbox.manta().traffic().arrived - before;
    assert!(asked <= 2, "{asked} requests for one list");
    stage.finish().await;
}

#[tokio::test]
async fn the_board_of_the_ledger_needs_no_sweep() {
    let mut stage = ledger_stage().await;
    let empty = seen(&mut stage, "小明", "/top balance").await;
    assert_eq!(rows(&empty), ["还没有人有积分。"], "{empty}");
    for (who, points) in [("小明", 30), ("小红", 25), ("小明", -20)] {
        rewarded(&mut stage, who, points).await;
    }
    let board = seen(&mut stage, "小明", "/top balance").await;
    assert_eq!(rows(&board), ["🥇 小红 · 25", "🥈 小明 · 10"], "{board}");
    assert!(
        board
            .contains("\n👤 小明：第 2 名 · 10 积分 · 距上一名还差 15\n统计：内置账本里现在的余额")
            && !board.contains("最早"),
        "{board}"
    );
    // What was earned is another thing.
    let earned = seen(&mut stage, "小明", "/top").await;
    assert_eq!(rows(&earned), ["🥇 小明 · 30", "🥈 小红 · 25"], "{earned}");
    stage.finish().await;
}

#[tokio::test]
async fn a_sweep_keeps_within_its_half_waits_out_trouble_and_goes_on_after_a_crash() {
    let mut stage = quiet(Settings {
        limits: "mall_in_flight = 4\n".to_owned(),
        mall: Some("timeout = \"2s\"\nsignature_window = \"1s\"\n".to_owned()),
        ..sweeping()
    })
    .await;
    let guild = stage.guild.number();
    for number in 1..=20_i64 {
        let member = stage.sandbox.joins(stage.guild, &format!("选手{number}"));
        stage
            .sandbox
            .mall()
            .set_balance(guild, member.number(), number);
    }
    let asked = |stage: &Stage| {
        let mut times: BTreeMap<String, usize> = BTreeMap::new();
        for request in stage.sandbox.mall().requests() {
            if let Some(user) = request.request.split("userId=").nth(1) {
                let user = user.split('&').next().unwrap();
                *times.entry(user.to_owned()).or_default() += 1;
            }
        }
        times
    };
    let slow = FaultRule::always("getUserPoint", FaultKind::DelayBefore { ms: 200 });
    stage.sandbox.faults().set(slow);
    stage.start().await;
    stage
        .until("half of them are asked for", |sandbox| {
            sandbox.mall().traffic().arrived > 14
        })
        .await;
    stage.kill().await;
    let before = asked(&stage);
    assert!(before.values().all(|times| *times == 1), "{before:?}");
    stage.sandbox.faults().clear();
    // Two are turned away, and everybody after them waits for that.
    stage.sandbox.faults().set(FaultRule {
        count: Some(2),
        ..FaultRule::always("getUserPoint", FaultKind::Status500Before)
    });
    stage.start().await;
    stage.logged(SWEPT, 1).await;
    let after = asked(&stage);
    let again: usize = after.values().map(|times| times - 1).sum();
    // Those under way or not kept yet when it died, and the two that were turned away.
    assert!(again <= 10, "{again} were asked for again: {after:?}");
    assert!(after.len() >= 26, "{after:?}");
    let peak = stage.sandbox.mall().traffic().peak;
    assert!(
        peak <= 3,
        "two for the sweep, one for the probe of look-ups: {peak}"
    );
    let board = seen(&mut stage, "小明", "/top balance page 3").await;
    assert!(
        board.contains("第 3 / 3 页") && rows(&board).contains(&"26. 选手1 · 1"),
        "{board}"
    );
    stage.finish().await;
}

#[tokio::test]
async fn who_has_a_role_that_is_left_out_is_not_shown_until_they_have_it_no_more() {
    let mut stage = quiet(Settings::default()).await;
    let roles = stage.sandbox.moderator_roles();
    stage.settings.guild = format!("unranked_roles = [{}]\n", roles[0]);
    stage.start().await;
    for (who, points) in [("阿杰", 50), ("小明", 30)] {
        let said = stage.says("夜雨", &format!("/奖励 @{who} {points} 天梯"));
        stage.hears_of(said, "✅").await;
    }
    let board = seen(&mut stage, "小明", "/top all").await;
    assert_eq!(rows(&board), ["🥇 小明 · 30"], "{board}");
    assert!(board.ends_with("未显示 1 人"), "{board}");
    let own = seen(&mut stage, "阿杰", "/rank all").await;
    assert!(own.contains("👤 阿杰：不在榜上"), "{own}");
    let points = seen(&mut stage, "阿杰", "/积分").await;
    assert!(!points.contains('🏅'), "{points}");
    assert!(stage.stop().await.success());
    let moderator = stage.user("阿杰");
    stage.sandbox.set_roles(stage.guild, moderator, Vec::new());
    stage.start().await;
    for _ in 0..200 {
        let board = seen(&mut stage, "小明", "/top all").await;
        if rows(&board) == ["🥇 阿杰 · 50", "🥈 小明 · 30"] {
            return stage.finish().await;
        }
    }
    panic!("never back\n{}", stage.conversation());
}

#[tokio::test]
async fn a_sweep_learns_who_has_a_role_that_is_left_out() {
    let mut stage = quiet(sweeping()).await;
    let roles = stage.sandbox.moderator_roles();
    stage.settings.guild = format!("sweep = true\nunranked_roles = [{}]\n", roles[0]);
    stage.start().await;
    stage.logged(SWEPT, 1).await;
    // Known before anybody looks at the page with their name.
    let calls = stage.sandbox.calls("getChatMember");
    let board = seen(&mut stage, "小明", "/rank balance").await;
    assert!(
        board.contains("👉 2. 小明") && board.ends_with("未显示 1 人"),
        "{board}"
    );
    assert!(
        stage.sandbox.calls("getChatMember") > calls,
        "names are looked up"
    );
    stage.finish().await;
}

#[tokio::test]
async fn a_balance_is_answered_with_the_place_of_this_week() {
    let mut stage = ledger_stage().await;
    let none = seen(&mut stage, "小明", "/积分").await;
    assert!(!none.contains('🏅'), "{none}");
    for (who, points) in [("小明", 30), ("小红", 50)] {
        rewarded(&mut stage, who, points).await;
    }
    let own = seen(&mut stage, "小明", "/积分").await;
    assert!(
        own.ends_with("\n🏅 本周获得积分第 2 名 · 距上一名还差 20"),
        "{own}"
    );
    let first = seen(&mut stage, "阿杰", "/积分 @小红").await;
    assert!(
        first.ends_with("\n🏅 本周获得积分第 1 名 · 目前第一"),
        "{first}"
    );
    seen(&mut stage, "小红", "/privacy board off").await;
    let hidden = seen(&mut stage, "小红", "/积分").await;
    assert!(!hidden.contains('🏅'), "{hidden}");
    stage.finish().await;
}

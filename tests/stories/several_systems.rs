//! Several points systems in one guild: a line for each, and none that waits for another.

use guildpoints::sandbox::fault::FaultKind;
use guildpoints::sandbox::fault::FaultRule;
use guildpoints::support::clock::Clock;

use crate::books::handled;
use crate::stage::Settings;
use crate::stage::Stage;

/// A guild with the mall, Swan and the ledger, in which the seeded members' accounts with Swan are tied.
async fn three(guild: &str) -> Stage {
    let mut stage = Stage::without_bot(Settings {
        guild: format!("also = [\"swan.hq\", \"ledger\"]\n{guild}"),
        bot: "commands_dir = \"words\"\n".to_owned(),
        ..Settings::default()
    })
    .await;
    stage.write_words("points.toml", "cooldown = \"0s\"\n");
    stage.settings.further = Stage::swan_section(&stage.sandbox);
    stage.start().await;
    assert!(stage.stop().await.success());
    stage.tie_accounts("swan.hq").await;
    stage.start().await;
    stage
}

/// The lines of an answer without the times in them.
fn untimed(answer: &str) -> Vec<String> {
    let is_time = |part: &str| part.len() == 16 && part.as_bytes()[4] == b'-';
    answer
        .lines()
        .map(|line| {
            let mut kept = String::new();
            let mut rest = line;
            while let Some(at) = rest.find("20") {
                let part = rest.get(at..at + 16).unwrap_or_default();
                if is_time(part) {
                    kept.push_str(&rest[..at]);
                    kept.push('T');
                    rest = &rest[at + 16..];
                } else {
                    kept.push_str(&rest[..at + 2]);
                    rest = &rest[at + 2..];
                }
            }
            kept + rest
        })
        .collect()
}

#[tokio::test]
async fn each_system_has_its_line_with_its_name_and_its_time() {
    let mut stage = three("").await;
    let said = stage.says("阿杰", "/奖励 @小明 66");
    stage.hears_of(said, "✅").await;
    let said = stage.says("小明", "/积分");
    assert_eq!(
        untimed(&stage.hears(said).await),
        [
            "💰 小明，你的积分（时间：Asia/Shanghai）",
            "积分商城：2,540 积分（T）",
            "Swan · hq：340 积分（T）",
            "内置账本：0 积分（T）",
            "🏅 本周获得积分第 1 名 · 目前第一",
        ]
    );
    // Of somebody else, and in private.
    let said = stage.says("阿杰", "/积分 @小红");
    let answer = untimed(&stage.hears(said).await);
    assert_eq!(answer[0], "💰 小红 的积分（时间：Asia/Shanghai）");
    assert_eq!(answer[2], "Swan · hq：75 积分（T）");
    let said = stage.whispers("小明", "/points");
    assert!(stage.hears(said).await.contains("Swan · hq：340 积分"));
    let said = stage.says("小明", "/积分 @小红");
    assert!(
        stage
            .hears(said)
            .await
            .starts_with("你没有使用这个指令的权限")
    );
    stage.finish().await;
}

#[tokio::test]
async fn a_system_that_is_down_says_so_with_what_it_said_last_and_blocks_nobody() {
    let mut stage = three("").await;
    let said = stage.says("小明", "/积分");
    stage.hears_of(said, "Swan · hq：340 积分").await;
    // What was read is written behind the answer; a stop waits for that.
    stage.restart().await;
    let down = FaultRule::always("swan.*", FaultKind::Status500Before);
    stage.sandbox.faults().set(down);
    let wanted = [
        "💰 小明，你的积分（时间：Asia/Shanghai）",
        "积分商城：2,474 积分（T）",
        "Swan · hq：积分服务暂不可用，请稍后再试。　上次读到 340 积分（T）",
        "内置账本：0 积分（T）",
    ];
    let said = stage.says("小明", "/积分");
    assert_eq!(untimed(&stage.hears(said).await), wanted);
    // It is known after a restart as well.
    stage.restart().await;
    let said = stage.says("小明", "/积分");
    assert_eq!(untimed(&stage.hears(said).await), wanted);
    // Nothing was ever read of hers.
    let said = stage.says("小红", "/积分");
    let hers = untimed(&stage.hears(said).await);
    assert_eq!(hers[2], "Swan · hq：积分服务暂不可用，请稍后再试。");
    stage.sandbox.faults().clear();
    let said = stage.says("小红", "/积分");
    stage.hears_of(said, "Swan · hq：75 积分").await;
    stage.finish().await;
}

#[tokio::test]
async fn what_is_slow_comes_later_in_the_same_message() {
    let mut stage = three("").await;
    let slow = FaultKind::DelayBefore { ms: 3_000 };
    stage
        .sandbox
        .faults()
        .set(FaultRule::always("swan.*", slow));
    let said = stage.says("小明", "/积分");
    let first = untimed(&stage.hears(said).await);
    assert_eq!(
        first,
        [
            "💰 小明，你的积分（时间：Asia/Shanghai）",
            "积分商城：2,474 积分（T）",
            "Swan · hq：查询中…",
            "内置账本：0 积分（T）",
        ]
    );
    // Her own next command does not wait for it.
    let next = stage.says("小明", "/help");
    stage.hears(next).await;
    assert!(stage.answers(said)[0].contains("查询中"));
    let last = stage.hears_of(said, "Swan · hq：340 积分").await;
    assert!(!last.contains("查询中"), "{last}");
    assert_eq!(stage.answers(said).len(), 1);
    stage.finish().await;
}

#[tokio::test]
async fn a_stop_leaves_no_line_waiting() {
    let mut stage = three("").await;
    let said = stage.says("小明", "/积分");
    stage.hears_of(said, "Swan · hq：340 积分").await;
    let silent = FaultKind::DelayBefore { ms: 60_000 };
    stage.settings.further.push_str("timeout = \"60s\"\n");
    stage.restart().await;
    stage
        .sandbox
        .faults()
        .set(FaultRule::always("swan.*", silent));
    let said = stage.says("小明", "/积分");
    stage.hears_of(said, "Swan · hq：查询中…").await;
    assert!(stage.stop().await.success());
    let left = untimed(&stage.answers(said)[0]);
    assert_eq!(left[2], "Swan · hq：没有回答　上次读到 340 积分（T）");
    stage.finish().await;
}

#[tokio::test]
async fn a_killed_bot_leaves_no_line_waiting_either() {
    let mut stage = three("").await;
    // What is whole is left as it is.
    let whole = stage.says("小红", "/积分");
    stage.hears_of(whole, "Swan · hq：75 积分").await;
    stage.settings.further.push_str("timeout = \"60s\"\n");
    stage.restart().await;
    let silent = FaultRule::always("swan.*", FaultKind::DelayBefore { ms: 60_000 });
    stage.sandbox.faults().set(silent);
    let said = stage.says("小明", "/积分");
    let private = stage.whispers("阿杰", "/积分 @小明");
    let more = stage.says("小红", "/积分");
    let turned = stage.says("夜雨", "/积分");
    for said in [said, private, more, turned] {
        stage.hears_of(said, "Swan · hq：查询中…").await;
    }
    let next = stage.says("阿杰", "/help");
    stage.hears(next).await;
    // By now everything that counts as handled is noted.
    handled(&stage, next).await;
    stage.kill().await;
    stage.sandbox.faults().clear();
    // What was a question is none any more, and was answered as one.
    let reward = stage.wire("/奖励 @小明 5");
    stage.sandbox.edits(turned.0, &reward);
    stage.start().await;
    for (said, line) in [
        (said, "Swan · hq：340 积分"),
        (private, "Swan · hq：340 积分"),
        (more, "Swan · hq：75 积分"),
    ] {
        let last = stage.hears_of(said, line).await;
        assert!(!last.contains("查询中"), "{last}");
        assert_eq!(stage.answers(said).len(), 1, "it is the same message");
    }
    // It is done with: nothing is found unfinished the next time.
    stage.kill().await;
    stage.start().await;
    let last = stage.says("小白", "/help");
    stage.hears(last).await;
    assert!(stage.stop().await.success());
    for (said, edits) in [
        (said, 1),
        (private, 1),
        (more, 1),
        (whole, 0),
        (next, 0),
        (turned, 0),
    ] {
        let answers = stage.sandbox.answers_to(said.0);
        assert_eq!((answers.len(), answers[0].edits), (1, edits), "{answers:?}");
    }
    assert!(stage.paid().is_empty());
    stage.finish().await;
}

#[tokio::test]
async fn whoever_is_not_linked_learns_how_and_the_other_lines_stand() {
    let mut stage = three("").await;
    let said = stage.says("小白", "/积分");
    let answer = untimed(&stage.hears(said).await);
    assert_eq!(
        answer[2],
        "Swan · hq：🔗 你还没有绑定该系统的账号。发送 `/绑定 swan.hq` 查看怎么绑定"
    );
    assert_eq!(answer[3], "内置账本：0 积分（T）");
    let said = stage.says("阿杰", "/积分 @小白");
    let answer = untimed(&stage.hears(said).await);
    assert_eq!(answer[2], "Swan · hq：🔗 对方还没有绑定该系统的账号");
    stage.finish().await;
}

#[tokio::test]
async fn a_refusal_is_its_lines_own_and_staff_see_the_code() {
    let mut stage = three("").await;
    let off = FaultKind::AnswerCode {
        code: 60001,
        when: guildpoints::sandbox::fault::Moment::Before,
    };
    stage
        .sandbox
        .faults()
        .set(FaultRule::always("getUserPoint", off));
    let said = stage.says("小明", "/积分");
    let member = untimed(&stage.hears(said).await);
    assert!(
        member[1].starts_with("积分商城：本服务器还没有在积分商城后台开启本机器人")
            && !member[1].contains("60001"),
        "{member:?}"
    );
    assert_eq!(member[2], "Swan · hq：340 积分（T）");
    let said = stage.says("阿杰", "/积分");
    let staff = untimed(&stage.hears(said).await);
    assert!(staff[1].ends_with("（代码 60001）"), "{staff:?}");
    stage.finish().await;
}

#[tokio::test]
async fn all_of_it_is_there_in_english() {
    let mut stage = three("language = \"en-US\"\n").await;
    let said = stage.says("小明", "/points");
    assert_eq!(
        untimed(&stage.hears(said).await),
        [
            "💰 小明, your points (times: Asia/Shanghai)",
            "points mall: 2,474 points (as of T)",
            "Swan · hq: 340 points (as of T)",
            "built-in ledger: 0 points (as of T)",
        ]
    );
    stage.restart().await;
    let down = FaultRule::always("swan.*", FaultKind::Status500Before);
    stage.sandbox.faults().set(down);
    let said = stage.says("小明", "/points");
    let answer = untimed(&stage.hears(said).await);
    assert_eq!(
        answer[2],
        "Swan · hq: The points service is not available; try again later. · last read: 340 points (as of T)"
    );
    let said = stage.says("小白", "/points");
    let answer = untimed(&stage.hears(said).await);
    assert_eq!(
        answer[2],
        "Swan · hq: 🔗 no account of yours is linked there. Send `/link swan.hq` to see how"
    );
    stage.finish().await;
}

#[tokio::test]
async fn a_balance_is_written_again_only_when_it_is_news() {
    let mut stage = three("").await;
    let said = stage.says("小明", "/积分");
    stage.hears_of(said, "Swan · hq：340 积分").await;
    let member = stage.user("小明");
    let now_ms = Clock::system().now_ms();
    let (young, old) = (now_ms - 30_000, now_ms - 90_000);
    for (marked, kept) in [(young, young), (old, 0)] {
        assert!(stage.stop().await.success());
        let mark = format!("update known_balances set read_ms = {marked} where member = {member}");
        stage.change_store(&mark).await;
        stage.start().await;
        let said = stage.says("小明", "/积分");
        stage.hears_of(said, "Swan · hq：340 积分").await;
        assert!(stage.stop().await.success());
        let news = match kept {
            0 => format!("read_ms > {young}"),
            kept => format!("read_ms = {kept}"),
        };
        let seen = "update known_balances set points = points where points = 340";
        stage
            .change_store(&format!("{seen} and member = {member} and {news}"))
            .await;
        stage.start().await;
    }
    stage.finish().await;
}

#[tokio::test]
async fn what_another_account_had_is_not_shown_as_ones_own() {
    let mut stage = three("").await;
    let said = stage.says("小明", "/积分");
    stage.hears_of(said, "Swan · hq：340 积分").await;
    assert!(stage.stop().await.success());
    let (member, later) = (stage.user("小明"), Clock::system().now_ms() + 60_000);
    let tied_anew = format!("update links set verified_ms = {later} where member = {member}");
    stage.change_store(&tied_anew).await;
    let down = FaultRule::always("swan.*", FaultKind::Status500Before);
    stage.sandbox.faults().set(down);
    stage.start().await;
    let said = stage.says("小明", "/积分");
    let answer = untimed(&stage.hears(said).await);
    assert_eq!(answer[2], "Swan · hq：积分服务暂不可用，请稍后再试。");
    stage.finish().await;
}

#[tokio::test]
async fn the_mall_swan_and_manta_answer_in_three_lines() {
    let mut stage = Stage::without_bot(Settings {
        guild: "also = [\"swan.hq\", \"manta.shop\"]\n".to_owned(),
        bot: "commands_dir = \"words\"\n".to_owned(),
        ..Settings::default()
    })
    .await;
    stage.write_words("points.toml", "cooldown = \"0s\"\n");
    stage.settings.further = format!(
        "{}{}",
        Stage::swan_section(&stage.sandbox),
        Stage::manta_section(&stage.sandbox)
    );
    stage.start().await;
    assert!(stage.stop().await.success());
    stage.tie_accounts("swan.hq").await;
    stage.tie_accounts("manta.shop").await;
    stage.start().await;
    let wanted = [
        "💰 小明，你的积分（时间：Asia/Shanghai）",
        "积分商城：2,474 积分（T）",
        "Swan · hq：340 积分（T）",
        "MantaGO · shop：150 积分（T）",
    ];
    let said = stage.says("小明", "/积分");
    assert_eq!(untimed(&stage.hears(said).await), wanted);
    stage.restart().await;
    // Swan is down: its line alone says so.
    let down = FaultRule::always("swan.*", FaultKind::DropBefore);
    stage.sandbox.faults().set(down);
    let said = stage.says("小明", "/积分");
    let answer = untimed(&stage.hears(said).await);
    assert_eq!(answer[1], wanted[1]);
    assert_eq!(
        answer[2],
        "Swan · hq：积分服务暂不可用，请稍后再试。　上次读到 340 积分（T）"
    );
    assert_eq!(answer[3], wanted[3]);
    // What Manta cannot tell is said and not shown as an empty list.
    let said = stage.says("小明", "/积分明细 manta.shop");
    assert_eq!(stage.hears(said).await, "MantaGO 只提供余额查询，没有流水");
    stage.finish().await;
}

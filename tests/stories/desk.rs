//! Operators at the journal: `guildpoints journal` beside the running bot and after it.
//!
//! Each command is the real program on the store of the real bot; what it decides is seen in chat.

use std::process::Output;

use guildpoints::sandbox::fault::FaultKind;
use guildpoints::sandbox::mall::Shapes;
use serde_json::Value;
use serde_json::json;
use tokio::process::Command;

use crate::books::all_but_settled;
use crate::books::always;
use crate::books::handled;
use crate::books::probed;
use crate::books::receipt;
use crate::books::squared;
use crate::stage::Said;
use crate::stage::Settings;
use crate::stage::Stage;
use crate::stage::receipt_in;

/// Runs `guildpoints journal` on the stage's settings.
async fn journal(stage: &Stage, arguments: &[&str]) -> Output {
    let program = Command::new(env!("CARGO_BIN_EXE_guildpoints"))
        .arg("journal")
        .args(arguments)
        .arg("--config")
        .arg(stage.config())
        .current_dir(stage.folder())
        .env("USER", "lin")
        .env("HOSTNAME", "desk-3")
        .output();
    program.await.expect("the program starts")
}

/// The same where it has to end well; what it printed.
pub async fn printed(stage: &Stage, arguments: &[&str]) -> String {
    let output = journal(stage, arguments).await;
    assert!(
        output.status.success(),
        "{arguments:?}: {}\n{}",
        output.status,
        err(&output)
    );
    out(&output)
}

/// The same where it has to fail with code 1; what it complained of, or found.
pub async fn complained(stage: &Stage, arguments: &[&str]) -> String {
    let output = journal(stage, arguments).await;
    assert_eq!(
        output.status.code(),
        Some(1),
        "{arguments:?}: {}",
        out(&output)
    );
    format!("{}{}", out(&output), err(&output))
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}

/// A mall without look-up, where what is lost is left to a moderator at once.
async fn older_mall() -> Stage {
    let mut stage = Stage::without_bot(Settings::default()).await;
    stage.sandbox.mall().set_shapes(Shapes {
        find_point_record: false,
        ..Shapes::default()
    });
    stage.start().await;
    stage
}

/// Loses the answer to a reward and waits until it is left to a moderator; the receipt's code.
async fn left_to_a_moderator(stage: &mut Stage, lost: FaultKind) -> (Said, String) {
    stage.fault("modifyUserPoint", lost);
    let said = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    let told = stage.hears_of(said, "未能自动确认").await;
    let code = receipt_in(&told);
    (said, code)
}

#[tokio::test]
async fn entries_are_listed_shown_and_exported_while_the_bot_runs() {
    let mut stage = Stage::new().await;
    let rewarded = stage.says("阿杰", "/奖励 @小明 666 =1+1，\"天梯\"");
    let code = receipt_in(&stage.hears_of(rewarded, "✅").await);
    let deducted = stage.says("夜雨", "/扣分 @小红 500 迟到");
    stage.hears_of(deducted, "没有扣除").await;

    let listed = printed(&stage, &["list"]).await;
    let at = |part: &str| {
        listed
            .find(part)
            .unwrap_or_else(|| panic!("{part}: {listed}"))
    };
    assert!(at("-500") < at("+666"), "the newest first: {listed}");
    assert!(at("已拒绝") < at("已到账"), "{listed}");
    let xiaoming = stage.user("小明").to_string();
    let narrowed = printed(&stage, &["list", "--member", &xiaoming, "--json"]).await;
    let narrowed: Value = serde_json::from_str(&narrowed).unwrap();
    assert_eq!(narrowed.as_array().unwrap().len(), 1);
    assert_eq!(narrowed[0]["receipt"], code.as_str());
    assert_eq!(narrowed[0]["member"], xiaoming.as_str(), "as text");
    assert_eq!(narrowed[0]["points"], 666);
    let refused = printed(&stage, &["list", "--state", "refused", "--json"]).await;
    let refused: Value = serde_json::from_str(&refused).unwrap();
    assert_eq!(refused[0]["refusal_code"], 30_001);
    assert_eq!(refused.as_array().unwrap().len(), 1);
    for nobody in [
        ["--until", "1d"],
        ["--since", "2999-01-01"],
        ["--giver", "1"],
    ] {
        let arguments = ["list", nobody[0], nobody[1]];
        assert!(printed(&stage, &arguments).await.contains("没有符合条件"));
    }
    let one = printed(&stage, &["list", "--limit", "1"]).await;
    assert!(
        one.contains("只列出了 1 条") && !one.contains("+666"),
        "{one}"
    );

    let shown = printed(&stage, &["show", &code.to_lowercase()]).await;
    for part in [
        "已到账",
        "gp-",
        "写入账本",
        "发送，共 1 次",
        "结清：已生效",
        "读到余额 3140",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let unknown = complained(&stage, &["show", "ZZZZZZ"]).await;
    assert!(unknown.contains("没有回执 ZZZZZZ"), "{unknown}");
    assert!(printed(&stage, &["unsettled"]).await.contains("没有未结"));

    let csv = printed(&stage, &["export"]).await;
    let lines: Vec<&str> = csv.split("\r\n").collect();
    assert!(lines[0].starts_with("receipt,id,guild,system,giver,member,"));
    assert_eq!(lines.len(), 4, "a head, two entries, an end: {csv}");
    assert!(csv.contains("\"'=1+1，\"\"天梯\"\"\""), "{csv}");
    assert!(csv.contains(&format!(",{xiaoming},")), "{csv}");
    printed(&stage, &["export", "--excel", "--out", "entries.csv"]).await;
    let excel = std::fs::read_to_string(stage.folder().join("entries.csv")).unwrap();
    assert!(excel.starts_with("\u{feff}receipt,"));
    assert!(
        excel.contains(&format!("\"=\"\"{xiaoming}\"\"\"")),
        "{excel}"
    );
    let jsonl = printed(&stage, &["export", "--format", "jsonl"]).await;
    let first: Value = serde_json::from_str(jsonl.lines().next().unwrap()).unwrap();
    assert_eq!(first["reason"], "=1+1，\"天梯\"", "as it was written");
    assert_eq!(jsonl.lines().count(), 2);
    let verified = printed(&stage, &["verify"]).await;
    assert!(
        verified.contains("一切相符") && verified.contains("2 条"),
        "{verified}"
    );
    squared(stage, &[666]).await;
}

#[tokio::test]
async fn what_is_left_to_a_moderator_is_settled_beside_the_running_bot_and_told() {
    let mut stage = older_mall().await;
    let (said, code) = left_to_a_moderator(&mut stage, FaultKind::DropAfter).await;
    let open = printed(&stage, &["unsettled"]).await;
    for part in [
        code.as_str(),
        "需要人工核对",
        "没有收到结果",
        "由管理人员决定",
        "1 / 1",
    ] {
        assert!(open.contains(part), "{part}: {open}");
    }
    let done = printed(
        &stage,
        &["settle", &code, "--applied", "--why", "商城后台有这条记录"],
    )
    .await;
    assert!(
        done.contains("lin@desk-3") && done.contains("已结清"),
        "{done}"
    );
    let last = stage.hears_of(said, "✅").await;
    assert!(last.starts_with("✅ 小明 +666 → 3,140"), "{last}");
    let told = receipt(&mut stage, "阿杰", &code).await;
    assert!(
        told.contains("已到账") && told.contains("由 lin@desk-3 核对决定：商城后台有这条记录"),
        "{told}"
    );
    // Settled is settled.
    for finding in ["--applied", "--refused"] {
        let again = complained(&stage, &["settle", &code, finding, "--why", "x"]).await;
        assert!(again.contains("已经结清（已到账）"), "{again}");
    }
    let shown = printed(&stage, &["show", &code, "--json"]).await;
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["settled_by"], "lin@desk-3");
    assert_eq!(shown["settled_why"], "商城后台有这条记录");
    // Neither a restart nor the frame once more changes anything.
    stage.restart().await;
    stage.sandbox.redelivers(said.0);
    let other = stage.says("阿杰", "/奖励 @星海 5 早到");
    stage.hears_of(other, "✅").await;
    assert_eq!(stage.answers(said), [last]);
    squared(stage, &[666, 5]).await;
}

#[tokio::test]
async fn a_refusal_is_settled_only_when_nothing_can_land_and_gives_the_quota_back() {
    let settings = Settings {
        reward: "per_day = 700\n".to_owned(),
        ..Settings::default()
    };
    let mut stage = Stage::without_bot(settings).await;
    stage.sandbox.mall().set_shapes(Shapes {
        find_point_record: false,
        ..Shapes::default()
    });
    stage.start().await;
    let (said, code) = left_to_a_moderator(&mut stage, FaultKind::DropBefore).await;
    let full = stage.says("阿杰", "/奖励 @小红 100 补发");
    stage.hears_of(full, "700").await;
    let settle = [
        "settle",
        code.as_str(),
        "--refused",
        "--why",
        "商城没有记录",
        "--by",
        "夜雨",
    ];
    // Sent a moment ago: it may still land, whoever says otherwise.
    let mut tries = 0;
    let done = loop {
        let output = journal(&stage, &settle).await;
        if output.status.success() {
            break out(&output);
        }
        let told = err(&output);
        assert!(told.contains("仍可能生效"), "{told}");
        tries += 1;
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    };
    assert!(done.contains("决定人：夜雨"), "{done}");
    assert!(tries > 0 || stage.log().contains("could not be settled"));
    let last = stage.hears_of(said, "已拒绝").await;
    assert!(last.contains("管理人员核对过，没有改动任何积分"), "{last}");
    let again = stage.says("阿杰", "/奖励 @小红 100 补发");
    stage.hears_of(again, "✅").await;
    squared(stage, &[100]).await;
}

#[tokio::test]
async fn what_the_bot_still_looks_for_is_settled_by_hand_only_on_purpose() {
    let mut stage = Stage::new().await;
    probed(&stage).await;
    stage.fault("modifyUserPoint", FaultKind::DropAfter);
    always(&stage, "findPointRecord", FaultKind::Status500Before);
    let said = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    let code = receipt_in(&stage.hears_of(said, "结果待确认").await);
    let settle = ["settle", code.as_str(), "--applied", "--why", "商城有记录"];
    let told = complained(&stage, &settle).await;
    assert!(told.contains("机器人还在查询"), "{told}");
    let on_purpose: Vec<&str> = settle
        .into_iter()
        .chain(["--while-the-bot-still-looks"])
        .collect();
    printed(&stage, &on_purpose).await;
    stage.hears_of(said, "✅").await;
    stage.sandbox.faults().clear();
    assert_eq!(stage.answers(said).len(), 1);
    squared(stage, &[666]).await;
}

#[tokio::test]
async fn arguments_of_a_decision_have_to_be_complete() {
    let stage = Stage::without_bot(Settings::default()).await;
    for arguments in [
        &["settle", "R7K2QF", "--applied"][..],
        &["settle", "R7K2QF", "--why", "x"],
        &["settle", "R7K2QF", "--applied", "--refused", "--why", "x"],
        &["settle", "R7K2QF", "--applied", "--why", " "],
        &["settle", "!", "--applied", "--why", "x"],
        &["list", "--state", "paid"],
        &["list", "--since", "yesterday"],
    ] {
        let output = journal(&stage, arguments).await;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
}

#[tokio::test]
async fn verify_names_every_deviation_from_the_rules_and_from_the_mall() {
    let mut stage = Stage::new().await;
    let mut codes = Vec::new();
    for (member, points) in [("小明", 10), ("小红", 20), ("星海", 30), ("小明", 40)] {
        let said = stage.says("阿杰", &format!("/奖励 @{member} {points} 早到"));
        codes.push(receipt_in(&stage.hears_of(said, "✅").await));
    }
    stage.stop().await;
    let sound = printed(&stage, &["verify"]).await;
    assert!(
        sound.contains("4 条") && sound.contains("一切相符"),
        "{sound}"
    );
    for change in [
        format!(
            "update entries set amount = 11, counts = 11 where code = '{}'",
            codes[0]
        ),
        format!("update entries set counts = 1 where code = '{}'", codes[1]),
        format!(
            "update entries set state = 'refused', refusal = 'declined', counts = 0 where code = '{}'",
            codes[2]
        ),
        format!(
            "update entries set op = 'gp-other', said = null where code = '{}'",
            codes[3]
        ),
    ] {
        stage.change_store(&change).await;
    }
    let found = complained(&stage, &["verify"]).await;
    for part in [
        format!("{}（+11）在积分系统里是另一笔", codes[0]),
        format!("{} 占用的当日额度", codes[1]),
        format!("{}（+30）账本里已拒绝，积分系统里却已生效", codes[2]),
        format!("{}（done）不符合：编号由机器人与起因推出", codes[3]),
        format!("{}（done）不符合：说过的都知道说在哪条消息里", codes[3]),
        format!("{}（+40）账本里已生效，积分系统里没有这条记录", codes[3]),
    ] {
        assert!(found.contains(&part), "{part}\n{found}");
    }
    // What was asked of the mall before stays true without it.
    let own = complained(&stage, &["verify", "--records", "none"]).await;
    assert!(!own.contains("另一笔") && own.contains(&codes[3]), "{own}");
    stage.finish().await;
}

#[tokio::test]
async fn a_copy_made_while_the_bot_runs_is_gone_back_to_and_nothing_is_paid_twice() {
    let mut stage = Stage::new().await;
    let before = stage.says("阿杰", "/奖励 @小明 10 早到");
    let known = receipt_in(&stage.hears_of(before, "✅").await);
    handled(&stage, before).await;
    let copied = printed(&stage, &["backup", "copy.db"]).await;
    assert!(copied.contains("copy.db"), "{copied}");
    let again = complained(&stage, &["backup", "copy.db"]).await;
    assert!(again.contains("exists already"), "{again}");
    let after = stage.says("阿杰", "/奖励 @小明 20 早到");
    let lost = receipt_in(&stage.hears_of(after, "✅").await);
    let busy = complained(&stage, &["restore", "copy.db"]).await;
    assert!(
        busy.contains("another guildpoints works on this store"),
        "{busy}"
    );

    stage.stop().await;
    let text = complained(&stage, &["restore", "bot.toml"]).await;
    assert!(text.contains("not a journal of guildpoints"), "{text}");
    let restored = printed(&stage, &["restore", "copy.db"]).await;
    assert!(
        restored.contains("guildpoints.db.before-restore-1"),
        "{restored}"
    );
    let missed = stage.says("小明", "/积分");
    stage.start().await;
    // The history is read from the copy's state on, and what the bot has answered there is not done
    // again, though the copy knows nothing of it.
    stage.hears_of(missed, "2,504").await;
    assert_eq!(stage.answers(after).len(), 1, "{}", stage.conversation());
    let told = receipt(&mut stage, "阿杰", &known).await;
    assert!(told.contains("已到账"), "{told}");
    let told = receipt(&mut stage, "阿杰", &lost).await;
    assert!(told.contains("没有找到"), "{told}");
    squared(stage, &[10, 20]).await;
}

#[tokio::test]
async fn an_answer_that_stands_unnoted_is_found_in_the_chat_and_not_said_again() {
    for (open, answers) in [(true, 1), (false, 2)] {
        let mut stage = Stage::new().await;
        let said = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
        let first = stage.hears_of(said, "✅").await;
        stage.stop().await;
        // As if the process had died between saying it and noting it.
        stage
            .change_store("update entries set told = 'nothing', said = null")
            .await;
        stage.sandbox.set_settings(&json!({"history_open": open}));
        stage.start().await;
        crate::books::told(&stage, said).await;
        stage.stop().await;
        assert_eq!(
            stage.answers(said),
            vec![first; answers],
            "history open: {open}"
        );
        squared(stage, &[666]).await;
    }
}

/// Waits until these are the buttons under the answers to a command.
pub async fn has_buttons(stage: &Stage, said: Said, wanted: &[&str]) {
    stage
        .until("the buttons are as wanted", |sandbox| {
            let answers = sandbox.answers_to(said.0);
            let buttons = answers
                .iter()
                .flat_map(|answer| answer.buttons.iter().flatten());
            buttons
                .map(|button| button.text.as_str())
                .eq(wanted.iter().copied())
        })
        .await;
}

#[tokio::test]
async fn a_question_that_became_an_answer_has_no_buttons() {
    let settings = Settings {
        reward: "confirm_over = 100\n".to_owned(),
        ..Settings::default()
    };
    let mut stage = Stage::with(settings).await;
    let said = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    stage.hears_of(said, "确认吗").await;
    stage.presses("阿杰", said, "确认").await;
    stage.hears_of(said, "✅").await;
    let called_off = stage.says("阿杰", "/奖励 @小红 200 补发");
    stage.hears_of(called_off, "确认吗").await;
    stage.presses("阿杰", called_off, "取消").await;
    stage.hears_of(called_off, "取消").await;
    // What is done can be undone; what was called off has nothing to press.
    has_buttons(&stage, said, &["撤销"]).await;
    has_buttons(&stage, called_off, &[]).await;
    squared(stage, &[666]).await;
}

#[tokio::test]
async fn an_open_entry_goes_on_after_its_store_was_restored() {
    let mut stage = older_mall().await;
    let (said, code) = left_to_a_moderator(&mut stage, FaultKind::DropBefore).await;
    printed(&stage, &["backup", "copy.db"]).await;
    stage.stop().await;
    printed(&stage, &["restore", "copy.db"]).await;
    stage.start().await;
    let open = printed(&stage, &["unsettled", "--json"]).await;
    let open: Value = serde_json::from_str(&open).unwrap();
    assert_eq!(open[0]["receipt"], code.as_str());
    assert_eq!(open[0]["next_look"], Value::Null);
    assert_eq!(stage.answers(said).len(), 1);
    let left = all_but_settled(stage, &[]).await;
    assert_eq!(left.unresolved, 1);
}

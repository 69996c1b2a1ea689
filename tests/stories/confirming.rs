//! Asking first: a question with buttons, and every press that can come back.

use guildpoints::model::MessageId;
use guildpoints::sandbox::fault::FaultKind;
use serde_json::json;

use crate::stage::Said;
use crate::stage::Settings;
use crate::stage::Stage;
use crate::stage::receipt_in;

const ASKS: &str = "confirm_over = 100\n";

async fn stage(reward: &str) -> Stage {
    Stage::unhurried(Settings {
        reward: format!("{ASKS}{reward}"),
        ..Settings::default()
    })
    .await
}

/// Says something that has to be confirmed, and hears the question.
async fn asked(stage: &mut Stage, text: &str) -> Said {
    let said = stage.says("阿杰", text);
    stage.hears_of(said, "❓").await;
    assert_eq!(stage.paid(), [], "nothing moves before the button");
    said
}

/// The question's own message and what its confirm button carries.
fn confirm(stage: &Stage, said: Said) -> (MessageId, String) {
    stage.button(said, "确认")
}

/// 阿杰 presses the confirm button that is gone, as whoever still has it on screen can; what it says.
async fn presses_what_is_gone(stage: &Stage, said: Said) -> String {
    let question = stage.sandbox.answers_to(said.0)[0].id;
    let data = format!("gp:ok:{}", said.0);
    stage.sends_press("阿杰", question, &data).await
}

#[tokio::test]
async fn the_caller_confirms_and_it_is_paid_once_over_the_question() {
    let mut stage = stage("").await;
    let said = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    let question = stage.hears(said).await;
    let ming = stage.user("小明");
    assert_eq!(
        question,
        format!(
            "❓ 给 小明（{ming}）发放 +666 积分，原因：天梯第一名。\n确认吗？只有你能按，10 分钟内有效。\n确认后今天还剩 49,334 / 50,000"
        )
    );
    assert_eq!(stage.paid(), []);
    assert_eq!(stage.presses("阿杰", said, "确认").await, "收到");
    let answer = stage.hears_of(said, "✅").await;
    let receipt = receipt_in(&answer);
    assert_eq!(
        answer,
        format!("✅ 小明 +666 → 3,140 · 天梯第一名 · 回执 {receipt}")
    );
    assert_eq!(stage.answers(said).len(), 1, "the question is edited");
    assert_eq!(stage.paid(), [(666, "天梯第一名".to_owned())]);
    // A deduction asks in words of its own; the bound itself is not above it.
    let said = stage.says("阿杰", "/扣分 @小明 101 刷屏");
    let question = stage.hears(said).await;
    assert!(
        question.starts_with(&format!("❓ 从 小明（{ming}）扣除 -101 积分，原因：刷屏。")),
        "{question}"
    );
    stage.presses("阿杰", said, "确认").await;
    stage.hears_of(said, "✅ 已扣除 小明 -101").await;
    let said = stage.says("阿杰", "/奖励 @小明 100");
    stage.hears_of(said, "✅ 小明 +100").await;
    // Administrators are asked too: a slip is a slip.
    let said = stage.says("夜雨", "/奖励 @小明 9999");
    stage.hears_of(said, "❓").await;
    stage.presses("夜雨", said, "确认").await;
    stage.hears_of(said, "✅ 小明 +9,999").await;
    stage.finish().await;
}

#[tokio::test]
async fn a_question_in_english() {
    let mut stage = Stage::unhurried(Settings {
        reward: ASKS.to_owned(),
        guild: "language = \"en-US\"\n".to_owned(),
        ..Settings::default()
    })
    .await;
    let said = stage.says("阿杰", "/reward @小明 666 first place");
    let question = stage.hears(said).await;
    let ming = stage.user("小明");
    assert_eq!(
        question,
        format!(
            "❓ Give 小明 ({ming}) +666 points, reason: first place?\nOnly you can press the button, within 10 minutes.\nleft today after this: 49,334 / 50,000"
        )
    );
    let told = stage.presses("小红", said, "Confirm").await;
    assert_eq!(told, "Only the person who asked can use this button.");
    assert_eq!(
        stage.presses("阿杰", said, "Cancel").await,
        "Called off; no points were changed."
    );
    stage
        .hears_of(said, "Called off; no points were changed.")
        .await;
    assert_eq!(
        presses_what_is_gone(&stage, said).await,
        "This button was used already."
    );
    assert_eq!(stage.paid(), []);
    stage.finish().await;
}

#[tokio::test]
async fn cancelled_is_cancelled() {
    let mut stage = stage("").await;
    let said = asked(&mut stage, "/奖励 @小明 666").await;
    let (question, confirms) = confirm(&stage, said);
    let told = stage.presses("阿杰", said, "取消").await;
    assert_eq!(told, "已取消，没有改动任何积分。");
    stage.hears_of(said, "已取消，没有改动任何积分。").await;
    for _ in 0..2 {
        let told = stage.sends_press("阿杰", question, &confirms).await;
        assert_eq!(told, "这个按钮已经用过了。");
    }
    assert_eq!(stage.answers(said), ["已取消，没有改动任何积分。"]);
    assert_eq!(stage.paid(), []);
    stage.finish().await;
}

#[tokio::test]
async fn only_the_caller_can_press() {
    let mut stage = stage("").await;
    let said = asked(&mut stage, "/奖励 @小明 666").await;
    for person in ["小明", "夜雨", "星海"] {
        for label in ["确认", "取消"] {
            assert_eq!(
                stage.presses(person, said, label).await,
                "这个按钮只有发起的人能用。"
            );
        }
    }
    assert_eq!(stage.paid(), []);
    stage.presses("阿杰", said, "确认").await;
    stage.hears_of(said, "✅").await;
    stage.finish().await;
}

#[tokio::test]
async fn pressed_twice_is_paid_once() {
    let mut stage = stage("").await;
    stage.sandbox.set_settings(&json!({"deliveries": 2}));
    let said = asked(&mut stage, "/奖励 @小明 666").await;
    let (question, data) = confirm(&stage, said);
    let jie = stage.user("阿杰");
    let presses: Vec<String> = (0..4)
        .map(|_| stage.sandbox.press(jie, question, &data))
        .collect();
    let mut told = Vec::new();
    for press in &presses {
        told.push(stage.toast(press).await);
    }
    assert_eq!(told[0], "收到");
    assert!(
        told[1..].iter().all(|told| told == "这个按钮已经用过了。"),
        "{told:?}"
    );
    stage.hears_of(said, "✅").await;
    assert_eq!(stage.answers(said).len(), 1);
    assert_eq!(stage.paid().len(), 1);
    stage.finish().await;
}

#[tokio::test]
async fn a_press_works_after_a_restart_and_once() {
    let mut stage = stage("").await;
    let said = asked(&mut stage, "/奖励 @小明 666").await;
    stage.kill().await;
    stage.start().await;
    let (question, confirms) = confirm(&stage, said);
    let (_, cancels) = stage.button(said, "取消");
    stage.presses("阿杰", said, "确认").await;
    stage.hears_of(said, "✅").await;
    stage.restart().await;
    let told = stage.sends_press("阿杰", question, &confirms).await;
    assert_eq!(told, "这个按钮已经用过了。");
    stage.sends_press("阿杰", question, &cancels).await;
    assert_eq!(stage.answers(said).len(), 1);
    assert!(stage.answers(said)[0].starts_with('✅'));
    assert_eq!(stage.paid().len(), 1);
    stage.finish().await;
}

#[tokio::test]
async fn killed_while_it_is_paid_the_question_becomes_the_result() {
    let mut stage = stage("").await;
    let said = asked(&mut stage, "/奖励 @小明 666").await;
    let hang = FaultKind::DelayAfter { ms: 60_000 };
    stage.fault("modifyUserPoint", hang);
    let (question, data) = confirm(&stage, said);
    stage.sandbox.press(stage.user("阿杰"), question, &data);
    stage
        .until("the mall has paid", |sandbox| {
            !sandbox.mall().records().is_empty()
        })
        .await;
    stage.kill().await;
    stage.start().await;
    stage.hears_of(said, "✅ 小明 +666").await;
    assert_eq!(stage.answers(said).len(), 1);
    let told = stage.sends_press("阿杰", question, &data).await;
    assert_eq!(told, "这个按钮已经用过了。");
    assert_eq!(stage.paid().len(), 1);
    stage.finish().await;
}

#[tokio::test]
async fn after_ten_minutes_the_button_does_nothing() {
    let mut stage = stage("").await;
    let said = asked(&mut stage, "/奖励 @小明 666").await;
    stage.stop().await;
    stage
        .change_store("update confirmations set expires_ms = expires_ms - 600000")
        .await;
    stage.start().await;
    for label in ["确认", "取消"] {
        assert_eq!(
            stage.presses("阿杰", said, label).await,
            "按钮已超过 10 分钟，没有改动任何积分。需要的话请重新发送指令。"
        );
    }
    assert_eq!(stage.paid(), []);
    stage.finish().await;
}

#[tokio::test]
async fn rights_count_as_they_are_when_the_button_is_pressed() {
    let mut stage = stage("").await;
    let jie = stage.user("阿杰");
    let moderators = stage.sandbox.moderator_roles();
    // He was looked up a moment ago, with the right.
    let looked_up = stage.says("夜雨", "/points @阿杰");
    stage.hears(looked_up).await;
    let said = asked(&mut stage, "/奖励 @小明 600").await;
    stage.sandbox.set_roles(stage.guild, jie, vec![]);
    stage.presses("阿杰", said, "确认").await;
    stage.hears_of(said, "你没有使用这个指令的权限").await;
    // Once refused it stays so.
    stage.sandbox.set_roles(stage.guild, jie, moderators);
    assert_eq!(
        presses_what_is_gone(&stage, said).await,
        "这个按钮已经用过了。"
    );
    assert_eq!(stage.paid(), []);
    stage.finish().await;
}

#[tokio::test]
async fn the_quota_counts_as_it_is_when_the_button_is_pressed() {
    let mut stage = stage("per_day = 1000\n").await;
    let one = asked(&mut stage, "/奖励 @小明 600").await;
    let two = asked(&mut stage, "/奖励 @小红 600").await;
    stage.presses("阿杰", one, "确认").await;
    stage.hears_of(one, "✅").await;
    stage.presses("阿杰", two, "确认").await;
    let told = "今天的额度不够：这次 600，今天已用 600 / 1,000，还剩 400。";
    stage.hears_of(two, told).await;
    assert_eq!(stage.paid().len(), 1);
    stage.finish().await;
}

#[tokio::test]
async fn who_left_before_the_button_was_pressed_gets_nothing() {
    let mut stage = stage("").await;
    let said = asked(&mut stage, "/奖励 @小明 600").await;
    stage.sandbox.leaves(stage.guild, stage.user("小明"));
    stage.presses("阿杰", said, "确认").await;
    let told = "小明 不在本服务器（或已经离开），没有改动任何积分。";
    stage.hears_of(said, told).await;
    assert_eq!(stage.paid(), []);
    stage.finish().await;
}

#[tokio::test]
async fn what_would_be_refused_is_refused_before_it_is_asked() {
    let mut stage = stage("per_day = 300\nper_award = 250\napprove_over = 200\n").await;
    for (text, told) in [
        ("/奖励 @小明 251", "你单次最多可以变动 250 积分"),
        ("/奖励 @阿杰 150", "不能给自己发放积分。"),
        ("/奖励 @点歌机 150", "点歌机 是机器人，没有积分。"),
    ] {
        let said = stage.says("阿杰", text);
        stage.hears_of(said, told).await;
    }
    let said = asked(&mut stage, "/奖励 @小明 200").await;
    stage.presses("阿杰", said, "确认").await;
    stage.hears_of(said, "✅").await;
    let said = stage.says("阿杰", "/奖励 @小明 101");
    stage
        .hears_of(
            said,
            "今天的额度不够：这次 101，今天已用 200 / 300，还剩 100。",
        )
        .await;
    stage.finish().await;
}

#[tokio::test]
async fn forged_presses_move_nothing() {
    let mut stage = stage("").await;
    let said = asked(&mut stage, "/奖励 @小明 666").await;
    let (question, data) = confirm(&stage, said);
    let other = stage.says("小红", "/points");
    stage.hears(other).await;
    let answer = stage.sandbox.answers_to(other.0)[0].id;
    // Somebody else, from another message of the bot.
    let told = stage.sends_press("小红", answer, &data).await;
    assert_eq!(told, "这个按钮只有发起的人能用。");
    // No such question.
    for forged in [
        format!("gp:ok:{}", other.0),
        format!("gp:no:{answer}"),
        "gp:ok:1".to_owned(),
        "gp:ok:18446744073709551615".to_owned(),
    ] {
        let told = stage.sends_press("阿杰", question, &forged).await;
        assert!(told.starts_with("按钮已超过 10 分钟"), "{forged}: {told}");
    }
    // Nothing of ours at all: silence.
    for forged in [
        "",
        "gp",
        "gp:",
        "gp:ok",
        "gp:ok:",
        "gp:ok:x",
        "gp:yes:1",
        "gp:ok:-1",
        "gp:ok:0",
        "GP:OK:1",
        "gp:ok:99999999999999999999999",
        "${@&1}",
        "{\"a\":1}",
        "\u{202e}gp:ok:1",
    ] {
        stage.sandbox.press(stage.user("阿杰"), question, forged);
        // One that is answered goes behind, so that no press is dropped for being one too many.
        stage.sends_press("阿杰", question, "gp:ok:1").await;
    }
    let long = format!("gp:ok:{}", "9".repeat(100_000));
    stage.sandbox.press(stage.user("阿杰"), question, &long);
    // The button still works, also when pressed on another message of the bot: what stands in our own
    // record is edited.
    stage.sends_press("阿杰", answer, &data).await;
    stage.hears_of(said, "✅").await;
    assert!(
        stage.answers(other)[0].contains("120"),
        "{:?}",
        stage.answers(other)
    );
    assert_eq!(stage.paid().len(), 1);
    stage.finish().await;
}

#[tokio::test]
async fn the_command_delivered_again_asks_and_pays_no_second_time() {
    let mut stage = stage("per_day = 1000\n").await;
    let text = "/奖励 @小明 666 天梯";
    let said = asked(&mut stage, text).await;
    // While it waits: the same frame, another amount, another member, and one that needs no question.
    for again in [
        text,
        "/奖励 @小明 777",
        "/奖励 @小红 666",
        "/奖励 @小明 5",
        "/扣分 @小红 6 刷屏",
    ] {
        stage.restart().await;
        stage.delivers(said, "阿杰", again, json!({}));
        let behind = stage.says("阿杰", "/points");
        stage.hears(behind).await;
        assert_eq!(stage.answers(said).len(), 1, "{again}");
        assert_eq!(stage.paid(), [], "{again}");
    }
    stage.presses("阿杰", said, "确认").await;
    stage.hears_of(said, "✅").await;
    // And after: not even to be told that the quota is used up.
    for again in [text, "/奖励 @小红 666", "/奖励 @小红 5"] {
        stage.restart().await;
        stage.delivers(said, "阿杰", again, json!({}));
        let behind = stage.says("阿杰", "/points");
        stage.hears(behind).await;
        assert_eq!(stage.answers(said).len(), 1, "{again}");
    }
    assert_eq!(stage.paid(), [(666, "天梯".to_owned())]);
    stage.finish().await;
}

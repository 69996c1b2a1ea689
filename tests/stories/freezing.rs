//! Stopping all giving: at once, for everybody, over restarts; taking and reading go on.

use guildpoints::sandbox::fault::FaultKind;

use crate::books::receipt;
use crate::books::sendings;
use crate::books::squared;
use crate::crash::BEFORE;
use crate::crash::CHANGE;
use crate::crash::hangs;
use crate::stage::Settings;
use crate::stage::Stage;
use crate::stage::receipt_in;

const LIMITS: &str = "approve_over = 500\nconfirm_over = 100\n";

async fn stage(reward: &str) -> Stage {
    Stage::unhurried(Settings {
        reward: reward.to_owned(),
        ..Settings::default()
    })
    .await
}

async fn answer(stage: &mut Stage, nickname: &str, text: &str) -> String {
    let said = stage.says(nickname, text);
    stage.hears(said).await
}

#[tokio::test]
async fn giving_stops_for_everybody_and_they_are_told_who_why_and_since_when() {
    let mut stage = stage("").await;
    let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    let code = receipt_in(&stage.hears_of(rewarded, "✅").await);
    let taken = stage.says("阿杰", "/扣分 @小红 10 刷屏");
    let deduction = receipt_in(&stage.hears_of(taken, "✅").await);
    let told = answer(&mut stage, "阿杰", "/暂停发放 查账").await;
    assert!(told.starts_with("你没有使用这个指令的权限"), "{told}");
    let told = answer(&mut stage, "夜雨", "/暂停发放 查账 @小明").await;
    assert!(
        told.starts_with("⏸️ 已暂停发放积分，原因：查账 @"),
        "{told}"
    );
    let admin = stage.user("夜雨");
    for giver in ["阿杰", "夜雨"] {
        let told = answer(&mut stage, giver, "/奖励 @小明 5 早到").await;
        assert!(
            told.starts_with(&format!("本服务器已暂停发放积分：${{@!{admin}}} 于 "))
                && told.contains("Asia/Shanghai 暂停，原因：查账"),
            "{giver}: {told}"
        );
    }
    let told = answer(&mut stage, "夜雨", "/freeze").await;
    assert!(told.starts_with("已经是暂停发放的状态"), "{told}");
    stage.restart().await;
    let told = answer(&mut stage, "阿杰", "/奖励 @小明 5 早到").await;
    assert!(told.starts_with("本服务器已暂停发放积分"), "{told}");
    // Giving back is giving; taking back is not, and neither are questions.
    let told = answer(&mut stage, "夜雨", &format!("/撤销 {deduction}")).await;
    assert!(told.starts_with("本服务器已暂停发放积分"), "{told}");
    let told = answer(&mut stage, "夜雨", &format!("/撤销 {code}")).await;
    assert!(told.starts_with("↩️ 已撤销 小明 -666"), "{told}");
    let told = answer(&mut stage, "小明", "/积分").await;
    assert!(told.contains("2,474"), "{told}");
    let deducted = stage.says("阿杰", "/扣分 @小明 4 刷屏");
    stage.hears_of(deducted, "✅").await;
    let thawed = stage.says("夜雨", "/恢复发放");
    let told = stage.hears(thawed).await;
    assert!(told.starts_with("▶️ 已恢复发放积分"), "{told}");
    let told = answer(&mut stage, "夜雨", "/恢复发放").await;
    assert_eq!(told, "现在没有暂停发放，不用恢复。");
    let rewarded = stage.says("阿杰", "/奖励 @小明 5 早到");
    stage.hears_of(rewarded, "✅").await;
    squared(stage, &[666, -10, -666, -4, 5]).await;
}

#[tokio::test]
async fn an_old_stop_that_arrives_again_stops_nothing() {
    let mut stage = stage("").await;
    let stopped = stage.says("夜雨", "/暂停发放");
    stage
        .hears_of(stopped, "⏸️ 已暂停发放积分，原因：未说明")
        .await;
    let thawed = stage.says("夜雨", "/恢复发放");
    stage.hears_of(thawed, "▶️").await;
    stage.restart().await;
    stage.sandbox.redelivers(stopped.0);
    let after = stage.says("夜雨", "/奖励 @小红 5 早到");
    stage.hears_of(after, "✅").await;
    assert_eq!(stage.answers(stopped).len(), 1);
    squared(stage, &[5]).await;
}

#[tokio::test]
async fn what_waits_for_a_button_or_for_approval_stops_too() {
    let mut stage = stage(LIMITS).await;
    let waits = stage.says("阿杰", "/奖励 @小明 600 决赛");
    stage.hears_of(waits, "❓").await;
    stage.presses("阿杰", waits, "确认").await;
    stage.hears_of(waits, "待审批").await;
    let asks = stage.says("阿杰", "/奖励 @小明 200 周赛");
    stage.hears_of(asks, "❓").await;
    let stopped = stage.says("夜雨", "/freeze audit");
    stage.hears_of(stopped, "⏸️").await;
    let told = stage.presses("夜雨", waits, "批准").await;
    assert!(
        told.starts_with("本服务器已暂停发放积分：夜雨 于 "),
        "{told}"
    );
    stage.presses("阿杰", asks, "确认").await;
    stage.hears_of(asks, "本服务器已暂停发放积分").await;
    assert_eq!(stage.paid(), []);
    let thawed = stage.says("夜雨", "/unfreeze");
    stage.hears_of(thawed, "▶️").await;
    let told = stage.presses("夜雨", waits, "批准").await;
    assert!(told.starts_with("已批准 "), "{told}");
    stage.hears_of(waits, "✅ 小明 +600").await;
    squared(stage, &[600]).await;
}

#[tokio::test]
async fn what_was_queued_and_never_sent_waits_and_goes_on_afterwards() {
    let mut stage = stage("").await;
    stage.fault(CHANGE, BEFORE);
    let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    stage
        .until("the reward is on its way", |sandbox| hangs(sandbox, CHANGE))
        .await;
    stage.kill().await;
    stage.sandbox.faults().clear();
    // As if it had died a moment earlier, before the first byte.
    stage
        .change_store("update entries set state = 'queued', sends = 0, next_look_ms = 0")
        .await;
    let (guild, admin) = (stage.guild, stage.user("夜雨"));
    stage
        .change_store(&format!(
            "insert into freezes (guild, message, frozen_by, reason, since_ms)
             values ({guild}, 1, {admin}, '查账', 1)"
        ))
        .await;
    let before = sendings(&stage);
    stage.start().await;
    let told = stage.hears_of(rewarded, "排队中").await;
    let told = receipt(&mut stage, "阿杰", &receipt_in(&told.replace('（', " "))).await;
    assert!(
        told.contains("排队中") && told.contains("本服务器已暂停发放，恢复后会继续"),
        "{told}"
    );
    assert_eq!(
        sendings(&stage),
        before,
        "nothing is sent while giving is stopped"
    );
    let thawed = stage.says("夜雨", "/恢复发放");
    stage.hears_of(thawed, "▶️").await;
    stage.hears_of(rewarded, "✅ 小明 +666").await;
    squared(stage, &[666]).await;
}

#[tokio::test]
async fn what_was_sent_once_goes_on_being_settled() {
    let mut stage = stage("").await;
    stage.fault(CHANGE, FaultKind::DropBefore);
    stage.fault("findPointRecord", FaultKind::Status500Before);
    let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    stage.hears_of(rewarded, "结果待确认").await;
    let stopped = stage.says("夜雨", "/暂停发放");
    stage.hears_of(stopped, "⏸️").await;
    stage.hears_of(rewarded, "✅ 小明 +666").await;
    squared(stage, &[666]).await;
}

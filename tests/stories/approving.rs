//! Approval: what is above the threshold waits for a second person, who decides once.

use guildpoints::sandbox::fault::FaultKind;

use crate::books::receipt;
use crate::books::squared;
use crate::crash::AFTER;
use crate::crash::CHANGE;
use crate::stage::Said;
use crate::stage::Settings;
use crate::stage::Stage;
use crate::stage::receipt_in;

async fn stage(reward: &str) -> Stage {
    let stage = Stage::unhurried(Settings {
        reward: format!("approve_over = 500\n{reward}"),
        ..Settings::default()
    })
    .await;
    let member = stage.sandbox.joins(stage.guild, "阿珍");
    let roles = stage.sandbox.moderator_roles();
    stage.sandbox.set_roles(stage.guild, member, roles);
    stage
}

/// A reward that waits, and its code.
async fn waiting(stage: &mut Stage, text: &str) -> (Said, String) {
    let said = stage.says("阿杰", text);
    let told = stage.hears_of(said, "待审批").await;
    (said, receipt_in(&told))
}

async fn answer(stage: &mut Stage, nickname: &str, text: &str) -> String {
    let said = stage.says(nickname, text);
    stage.hears(said).await
}

#[tokio::test]
async fn another_moderator_approves_and_it_is_paid_once() {
    let mut stage = stage("").await;
    let (said, code) = waiting(&mut stage, "/奖励 @小明 666 天梯第一名").await;
    let told = stage.answers(said)[0].clone();
    assert!(
        told.starts_with("🕒 小明 +666 待审批：超过 500 积分，需要另一位版主或管理员在 ")
            && told.ends_with(&format!(" 前批准 · 回执 {code}")),
        "{told}"
    );
    assert_eq!(stage.paid(), []);
    let told = receipt(&mut stage, "阿杰", &code).await;
    assert!(
        told.starts_with(&format!("🧾 回执 {code} · 待审批\n")),
        "{told}"
    );
    let list = answer(&mut stage, "阿珍", "/待审").await;
    assert!(
        list.contains(&format!("{code} · 小明 +666 · 操作人 ")),
        "{list}"
    );
    for (nickname, told) in [
        (
            "阿杰",
            format!("{code} 是你发起的，要由另一位版主或管理员审批。"),
        ),
        ("小红", "你没有使用这个指令的权限".to_owned()),
    ] {
        let said = stage.presses(nickname, said, "批准").await;
        assert!(said.starts_with(&told), "{nickname}: {said}");
    }
    let told = answer(&mut stage, "阿杰", &format!("/待审 批准 {code}")).await;
    assert!(told.starts_with(&format!("{code} 是你发起的")), "{told}");
    let told = answer(&mut stage, "阿杰", &format!("/撤销 {code}")).await;
    assert!(told.starts_with(&format!("{code} 还在等待审批")), "{told}");
    assert_eq!(stage.paid(), []);
    let (message, carries) = stage.button(said, "批准");
    let second = stage.user("阿珍");
    let presses = [
        stage.sandbox.press(second, message, &carries),
        stage.sandbox.press(second, message, &carries),
    ];
    assert_eq!(
        stage.toast(&presses[0]).await,
        format!("已批准 {code}，结果见原消息。")
    );
    assert_eq!(
        stage.toast(&presses[1]).await,
        format!("{code} 已由 阿珍 批准，用 /回执 {code} 查看结果。")
    );
    let done = stage.hears_of(said, "✅").await;
    assert_eq!(
        done,
        format!("✅ 小明 +666 → 3,140 · 天梯第一名 · 回执 {code}")
    );
    assert_eq!(stage.answers(said).len(), 1, "the same message is edited");
    let told = stage
        .sends_press("夜雨", message, &carries.replace("yes", "nay"))
        .await;
    assert!(
        told.starts_with(&format!("{code} 已由 阿珍 批准")),
        "{told}"
    );
    let told = receipt(&mut stage, "阿杰", &code).await;
    let second = stage.user("阿珍");
    assert!(told.contains(&format!("由 ${{@!{second}}} 于 ")), "{told}");
    let told = answer(&mut stage, "阿珍", "/pending").await;
    assert_eq!(told, "没有等待审批的变动。");
    squared(stage, &[666]).await;
}

#[tokio::test]
async fn refusing_by_code_tells_why_and_gives_the_quota_back() {
    let mut stage = stage("per_day = 700\n").await;
    let (said, code) = waiting(&mut stage, "/奖励 @小明 666 天梯第一名").await;
    // It counts as it would.
    let told = answer(&mut stage, "阿杰", "/奖励 @小明 100").await;
    assert!(told.contains("今天已用 666 / 700"), "{told}");
    let told = answer(&mut stage, "阿珍", &format!("/待审 拒绝 {code} 写错人了")).await;
    assert_eq!(told, format!("已拒绝 {code}，没有改动任何积分。"));
    stage.hears_of(said, "已拒绝，没有到账：审批没有通过").await;
    let told = receipt(&mut stage, "阿杰", &code).await;
    assert!(told.contains("拒绝：写错人了"), "{told}");
    let told = answer(&mut stage, "夜雨", &format!("/待审 批准 {code}")).await;
    assert!(told.contains("拒绝。需要的话请重新发送指令。"), "{told}");
    for (text, part) in [
        ("/待审 批准", "请写上回执编号"),
        ("/待审 也许 R7K2QF", "没看懂“也许 R7K2QF”"),
        ("/待审 批准 R7K2QF", "没有找到你可以查看的回执 R7K2QF"),
    ] {
        let told = answer(&mut stage, "阿珍", text).await;
        assert!(told.contains(part), "{text}: {told}");
    }
    // Administrators need nobody.
    let said = stage.says("夜雨", "/奖励 @小明 600 补发");
    let done = stage.hears_of(said, "✅").await;
    let told = answer(
        &mut stage,
        "阿珍",
        &format!("/待审 批准 {}", receipt_in(&done)),
    )
    .await;
    assert!(told.contains("没有在等待审批"), "{told}");
    squared(stage, &[600]).await;
}

#[tokio::test]
async fn what_nobody_decides_about_ends_after_a_day() {
    let mut stage = stage("").await;
    let (said, code) = waiting(&mut stage, "/奖励 @小明 666 天梯第一名").await;
    let (message, carries) = stage.button(said, "批准");
    stage.stop().await;
    stage
        .change_store("update entries set approval_until_ms = 1 where approval = 'asked'")
        .await;
    stage.start().await;
    stage
        .hears_of(said, "已拒绝，没有到账：24 小时内没有人审批")
        .await;
    let told = stage.sends_press("阿珍", message, &carries).await;
    assert!(
        told.starts_with(&format!("{code} 等待审批超过 24 小时，已作废")),
        "{told}"
    );
    squared(stage, &[]).await;
}

#[tokio::test]
async fn several_wait_as_a_whole_and_receivers_do_not_decide() {
    let mut stage = stage("").await;
    let receiver = stage.user("小红");
    let roles = stage.sandbox.moderator_roles();
    stage.sandbox.set_roles(stage.guild, receiver, roles);
    let said = stage.says("阿杰", "/奖励 @小明 @小红 501 决赛");
    let question = stage.hears_of(said, "❓").await;
    assert!(
        question.contains("超过 500 积分：确认后还需要另一位版主或管理员批准"),
        "{question}"
    );
    stage.presses("阿杰", said, "确认").await;
    let list = stage.hears_of(said, "待审批").await;
    assert!(
        list.contains("🕒 小明 待审批") && list.contains("🕒 小红 待审批"),
        "{list}"
    );
    let told = stage.presses("小红", said, "批准").await;
    assert!(told.contains("改动的是你自己的积分"), "{told}");
    assert_eq!(stage.paid(), []);
    let told = stage.presses("夜雨", said, "批准").await;
    assert!(told.starts_with("已批准 "), "{told}");
    stage.hears_of(said, "已到账 2，待定 0，未到账 0").await;
    assert_eq!(stage.paid().len(), 2);
    stage.finish().await;
}

#[tokio::test]
async fn killed_while_it_waits_and_while_it_is_paid_it_is_paid_once() {
    let mut stage = stage("").await;
    let (said, code) = waiting(&mut stage, "/奖励 @小明 666 天梯第一名").await;
    stage.kill().await;
    stage.start().await;
    assert_eq!(stage.paid(), []);
    stage.fault(CHANGE, AFTER);
    let approved = stage.says("阿珍", &format!("/pending approve {code}"));
    stage
        .until("it is booked", |sandbox| {
            !sandbox.mall().records().is_empty()
        })
        .await;
    stage.kill().await;
    stage.sandbox.faults().clear();
    stage.start().await;
    stage.sandbox.redelivers(approved.0);
    stage.hears_of(said, "✅ 小明 +666").await;
    stage.hears(approved).await;
    let told = receipt(&mut stage, "阿杰", &code).await;
    assert!(told.contains("批准"), "{told}");
    squared(stage, &[666]).await;
}

#[tokio::test]
async fn a_lost_answer_after_approval_is_told_as_not_confirmed_and_settles() {
    let mut stage = stage("").await;
    let (said, _) = waiting(&mut stage, "/奖励 @小明 666 天梯第一名").await;
    stage.fault(CHANGE, FaultKind::DropAfter);
    stage.presses("阿珍", said, "批准").await;
    stage.hears_of(said, "✅ 小明 +666").await;
    squared(stage, &[666]).await;
}

#[tokio::test]
async fn a_decision_and_a_question_that_come_again_are_answered_once() {
    let mut stage = stage("").await;
    let (said, code) = waiting(&mut stage, "/奖励 @小明 666 天梯第一名").await;
    let approved = stage.says("阿珍", &format!("/pending approve {code}"));
    let told = stage.hears(approved).await;
    assert!(told.starts_with(&format!("已批准 {code}")), "{told}");
    stage.hears_of(said, "✅").await;
    let asked = stage.says("阿珍", "/积分 @小明");
    stage.hears(asked).await;

    // To a process that remembers nothing of the channel.
    stage.kill().await;
    stage.change_store("delete from channels").await;
    stage.start().await;
    again_in_vain(&mut stage, &[approved, asked]).await;

    let anew = answer(&mut stage, "阿珍", &format!("/pending approve {code}")).await;
    assert!(anew.contains("批准，用 /回执"), "typed anew: {anew}");
    squared(stage, &[666]).await;
}

/// Delivers what 阿珍 said once more, and waits until the bot is through with it.
async fn again_in_vain(stage: &mut Stage, said: &[Said]) {
    for said in said {
        stage.sandbox.redelivers(said.0);
    }
    answer(stage, "阿珍", "/积分").await;
    for said in said {
        assert_eq!(stage.answers(*said).len(), 1);
    }
}

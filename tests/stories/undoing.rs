//! Undoing: by code, by button, as far as the balance allows, once whatever happens.

use guildpoints::sandbox::fault::FaultKind;

use crate::books::always;
use crate::books::receipt;
use crate::books::squared;
use crate::crash::AFTER;
use crate::crash::BEFORE;
use crate::crash::CHANGE;
use crate::crash::SAY;
use crate::crash::hangs;
use crate::stage::Said;
use crate::stage::Settings;
use crate::stage::Stage;
use crate::stage::receipt_in;

async fn stage(reward: &str) -> Stage {
    Stage::unhurried(Settings {
        reward: reward.to_owned(),
        ..Settings::default()
    })
    .await
}

/// A second moderator, who did not give.
fn second(stage: &Stage) {
    let member = stage.sandbox.joins(stage.guild, "阿珍");
    let roles = stage.sandbox.moderator_roles();
    stage.sandbox.set_roles(stage.guild, member, roles);
}

/// A change that is done, and its code.
async fn done(stage: &mut Stage, text: &str) -> (Said, String) {
    let said = stage.says("阿杰", text);
    let answer = stage.hears_of(said, "✅").await;
    (said, receipt_in(&answer))
}

/// What the bot answers to `text`.
async fn answer(stage: &mut Stage, nickname: &str, text: &str) -> String {
    let said = stage.says(nickname, text);
    stage.hears(said).await
}

#[tokio::test]
async fn the_giver_undoes_once_and_both_receipts_say_so() {
    let mut stage = stage("per_day = 700\n").await;
    let (_, code) = done(&mut stage, "/奖励 @小明 666 天梯第一名").await;
    let told = answer(&mut stage, "阿杰", &format!("/撤销 {code}")).await;
    let undo = receipt_in(&told);
    assert_eq!(
        told,
        format!("↩️ 已撤销 小明 -666 → 2,474 · 回执 {undo}（撤销 {code}）")
    );
    assert_eq!(stage.paid()[1], (-666, format!("撤销 {code}")));
    let again = answer(&mut stage, "阿杰", &format!("/撤销 {code}")).await;
    assert_eq!(
        again,
        format!("{code} 已经撤销过了（回执 {undo}），不会再撤销一次。")
    );
    let told = receipt(&mut stage, "阿杰", &code).await;
    assert!(
        told.starts_with(&format!("🧾 回执 {code} · 已撤销\n")),
        "{told}"
    );
    assert!(
        told.contains(&format!("撤销回执 {undo}：-666 · 已扣除")),
        "{told}"
    );
    let told = receipt(&mut stage, "阿杰", &undo).await;
    assert!(
        told.contains(&format!("这是对回执 {code} 的撤销")),
        "{told}"
    );
    let told = answer(&mut stage, "夜雨", &format!("/undo {undo}")).await;
    assert!(
        told.starts_with(&format!("{undo} 本身就是一次撤销")),
        "{told}"
    );
    // What was undone can be given again the same day.
    done(&mut stage, "/奖励 @小明 700 天梯第一名").await;
    squared(stage, &[666, -666, 700]).await;
}

#[tokio::test]
async fn the_button_works_for_the_giver_and_administrators_and_once() {
    let mut stage = stage("").await;
    second(&stage);
    let (said, code) = done(&mut stage, "/奖励 @小明 666 天梯第一名").await;
    let told = stage.presses("小红", said, "撤销").await;
    assert!(told.starts_with("你没有使用这个指令的权限"), "{told}");
    let told = stage.presses("阿珍", said, "撤销").await;
    assert!(told.starts_with(&format!("{code} 不是你操作的")), "{told}");
    let (message, carries) = stage.button(said, "撤销");
    // Twice at once, from two devices.
    let giver = stage.user("阿杰");
    let first = stage.sandbox.press(giver, message, &carries);
    let second = stage.sandbox.press(giver, message, &carries);
    let told = [stage.toast(&first).await, stage.toast(&second).await];
    assert_eq!(told[0], "收到");
    assert!(
        told[1].starts_with(&format!("{code} 已经撤销过了")),
        "{told:?}"
    );
    let undone = stage.hears_of(said, "↩️ 已撤销 小明 -666 → 2,474").await;
    assert!(undone.ends_with(&format!("（撤销 {code}）")), "{undone}");
    let told = stage.presses("夜雨", said, "撤销").await;
    assert!(told.starts_with(&format!("{code} 已经撤销过了")), "{told}");
    // What another gave an administrator undoes.
    let (said, _) = done(&mut stage, "/奖励 @小红 5").await;
    assert_eq!(stage.presses("夜雨", said, "撤销").await, "收到");
    stage.hears_of(said, "↩️ 已撤销 小红 -5").await;
    squared(stage, &[666, -666, 5, -5]).await;
}

#[tokio::test]
async fn what_is_spent_stays_and_the_rest_is_taken_back_if_wanted() {
    let mut stage = stage("").await;
    let (_, code) = done(&mut stage, "/奖励 @小明 666 天梯第一名").await;
    done(&mut stage, "/扣分 @小明 3000 兑换").await;
    let undone = stage.says("阿杰", &format!("/撤销 {code}"));
    let told = stage.hears_of(undone, "❌").await;
    let refused = receipt_in(&told);
    assert_eq!(
        told,
        format!(
            "❌ 小明 现有 140 积分，撤销需要 666，没有扣除 · 回执 {refused}（撤销 {code}）\n要先收回现有的 140 积分，请按下面的按钮，或发送 /撤销 {code} 部分"
        )
    );
    assert_eq!(stage.balance("小明"), 140);
    assert_eq!(stage.presses("阿杰", undone, "收回 140").await, "收到");
    // Said beside what was undone.
    let partly = stage.says("阿杰", &format!("/撤销 {code} 部分"));
    let told = stage.hears(partly).await;
    assert!(told.starts_with(&format!("{code} 已经撤销过了")), "{told}");
    assert_eq!(stage.balance("小明"), 0);
    let told = receipt(&mut stage, "阿杰", &code).await;
    assert!(
        told.starts_with(&format!("🧾 回执 {code} · 部分撤销\n")),
        "{told}"
    );
    assert!(
        told.contains("：-140 · 已扣除") && told.contains("：-666 · 已拒绝"),
        "{told}"
    );
    let told = stage.presses("阿杰", undone, "收回 140").await;
    assert!(told.starts_with(&format!("{code} 已经撤销过了")), "{told}");
    // Nothing is left to take.
    let (_, code) = done(&mut stage, "/奖励 @小明 9 参与").await;
    done(&mut stage, "/扣分 @小明 9 兑换").await;
    let told = answer(&mut stage, "阿杰", &format!("/撤销 {code}")).await;
    assert!(told.ends_with("现在没有可以收回的积分。"), "{told}");
    let told = answer(&mut stage, "阿杰", &format!("/撤销 {code} rest")).await;
    assert_eq!(
        told,
        format!("对方现在没有可以收回的积分，{code} 没有改动。")
    );
    let messages = stage.sandbox.messages(stage.channel);
    let partly = messages
        .iter()
        .map(crate::stage::text_of)
        .find(|text| text.starts_with("↩️ 部分撤销 小明 -140 → 0 · 回执 "));
    assert!(
        partly.is_some_and(|text| text.contains("共 666")),
        "{}",
        stage.conversation()
    );
    let booked: Vec<i64> = stage.paid().iter().map(|(points, _)| *points).collect();
    assert_eq!(booked, [666, -3_000, -140, 9, -9]);
}

#[tokio::test]
async fn a_deduction_is_given_back_and_several_line_by_line() {
    let mut stage = stage("").await;
    let (_, code) = done(&mut stage, "/扣分 @小明 474 刷屏").await;
    let told = answer(&mut stage, "阿杰", &format!("/undo {code}")).await;
    assert!(told.starts_with("↩️ 已撤销 小明 +474 → 2,474"), "{told}");
    let said = stage.says("阿杰", "/奖励 @小明 @小红 10 周赛");
    stage.hears_of(said, "❓").await;
    stage.presses("阿杰", said, "确认").await;
    let list = stage.hears_of(said, "已到账 2").await;
    let codes: Vec<&str> = list
        .lines()
        .filter_map(|line| line.strip_prefix("✅ ")?.split(" · ").nth(1))
        .collect();
    let told = answer(&mut stage, "阿杰", "/撤销 last").await;
    assert_eq!(
        told,
        format!(
            "上一条指令改动了 2 人的积分，请用回执编号逐个撤销：{}",
            codes.join("、")
        )
    );
    let told = answer(&mut stage, "阿杰", &format!("/撤销 {}", codes[0])).await;
    assert!(told.starts_with("↩️ 已撤销"), "{told}");
    let told = receipt(&mut stage, "阿杰", codes[1]).await;
    assert!(told.contains("已到账"), "{told}");
    assert_eq!(stage.paid().len(), 5);
    stage.finish().await;
}

#[tokio::test]
async fn the_last_one_stays_the_same_however_often_its_message_arrives() {
    let mut stage = stage("").await;
    let told = answer(&mut stage, "阿杰", "/撤销 last").await;
    assert_eq!(told, "你在这里还没有可以撤销的变动。请写上回执编号。");
    done(&mut stage, "/奖励 @小明 1 早").await;
    done(&mut stage, "/奖励 @小明 2 中").await;
    let undone = stage.says("阿杰", "/撤销 last");
    stage.hears_of(undone, "↩️ 已撤销 小明 -2").await;
    done(&mut stage, "/奖励 @小明 3 晚").await;
    stage.restart().await;
    stage.sandbox.redelivers(undone.0);
    let after = stage.says("阿杰", "/奖励 @小红 5 早到");
    stage.hears_of(after, "✅").await;
    assert_eq!(stage.answers(undone).len(), 1);
    squared(stage, &[1, 2, -2, 3, 5]).await;
}

#[tokio::test]
async fn what_cannot_be_undone_is_told_with_what_to_do() {
    let mut stage = stage("undo_window = \"1ms\"\n").await;
    second(&stage);
    let (_, code) = done(&mut stage, "/奖励 @小明 666 天梯第一名").await;
    let told = answer(&mut stage, "阿珍", &format!("/撤销 {code}")).await;
    assert_eq!(
        told,
        format!(
            "{code} 不是你操作的，只有操作人（限时内）和服务器管理员能撤销。请管理员发送 /撤销 {code}。"
        )
    );
    let told = answer(&mut stage, "阿杰", &format!("/撤销 {code}")).await;
    assert_eq!(
        told,
        format!("{code} 超过了 0 分 0 秒的撤销时限。请服务器管理员发送 /撤销 {code}。")
    );
    let told = answer(&mut stage, "小明", &format!("/撤销 {code}")).await;
    assert!(told.starts_with("你没有使用这个指令的权限"), "{told}");
    let told = answer(&mut stage, "阿杰", "/撤销 R7K2QF").await;
    assert_eq!(told, "没有找到你可以查看的回执 R7K2QF。请核对编号。");
    let told = answer(&mut stage, "阿杰", "/撤销").await;
    assert_eq!(told, "请写上回执编号，例如：\n/撤销 R7K2QF");
    let refused = stage.says("阿杰", "/奖励 @小白 100 欢迎");
    let refused = receipt_in(&stage.hears_of(refused, "已拒绝").await);
    let told = answer(&mut stage, "夜雨", &format!("/撤销 {refused}")).await;
    assert_eq!(
        told,
        format!("{refused} 已被拒绝，没有改动过积分，不用撤销。")
    );
    stage.fault(CHANGE, FaultKind::DropBefore);
    always(&stage, "findPointRecord", FaultKind::Status500Before);
    let doubtful = stage.says("阿杰", "/奖励 @小明 90 周赛");
    let open = receipt_in(&stage.hears_of(doubtful, "结果待确认").await);
    let told = answer(&mut stage, "夜雨", &format!("/撤销 {open}")).await;
    assert!(
        told.starts_with(&format!("{open} 还没有确认，暂时不能撤销。")),
        "{told}"
    );
    stage.sandbox.faults().clear();
    stage.hears_of(doubtful, "✅").await;
    let told = answer(&mut stage, "夜雨", &format!("/撤销 {code}")).await;
    assert!(told.starts_with("↩️ 已撤销 小明 -666"), "{told}");
    squared(stage, &[666, 90, -666]).await;
}

#[tokio::test]
async fn every_trouble_of_the_mall_ends_as_one_undo() {
    for kind in [
        FaultKind::DropBefore,
        FaultKind::DropAfter,
        FaultKind::Status500Before,
    ] {
        let mut stage = stage("").await;
        let (said, code) = done(&mut stage, "/奖励 @小明 666 天梯第一名").await;
        stage.fault(CHANGE, kind);
        stage.presses("阿杰", said, "撤销").await;
        stage.hears_of(said, "⏳ 撤销 小明 -666 结果待确认").await;
        let told = stage.presses("阿杰", said, "撤销").await;
        let under_way = told.contains("正在撤销") || told.contains("已经撤销过了");
        assert!(under_way, "{told}");
        stage.hears_of(said, "↩️ 已撤销 小明 -666 → 2,474").await;
        let told = receipt(&mut stage, "阿杰", &code).await;
        assert!(told.contains("已撤销"), "{told}");
        squared(stage, &[666, -666]).await;
    }
}

#[tokio::test]
async fn killed_anywhere_an_undo_happens_once_and_is_told() {
    for (endpoint, kind, paid) in [
        (CHANGE, BEFORE, false),
        (CHANGE, AFTER, true),
        (SAY, BEFORE, true),
        (SAY, AFTER, true),
    ] {
        let mut stage = stage("").await;
        let (said, code) = done(&mut stage, "/奖励 @小明 666 天梯第一名").await;
        stage.fault(endpoint, kind.clone());
        let before = stage.sandbox.answers_to(said.0).len();
        let undone = stage.says("阿杰", &format!("/撤销 {code}"));
        match (endpoint, paid) {
            (CHANGE, false) => {
                stage
                    .until("the undo is on its way", |sandbox| hangs(sandbox, CHANGE))
                    .await;
            }
            _ => {
                stage
                    .until("the undo is booked", |sandbox| {
                        sandbox.mall().records().len() == 2
                    })
                    .await;
            }
        }
        assert!(before > 0);
        stage.kill().await;
        stage.sandbox.faults().clear();
        stage.start().await;
        // Its frame arrives again, as after any reconnect.
        stage.sandbox.redelivers(undone.0);
        stage.hears_of(undone, "↩️ 已撤销 小明 -666 → 2,474").await;
        let told = receipt(&mut stage, "阿杰", &code).await;
        assert!(told.contains("已撤销"), "{endpoint} {kind:?}: {told}");
        // The giver's lane keeps the order, so by now the repeated frame is through: it asked for
        // what it had asked for, and nobody is told that that was done before.
        let told_again = |text: &String| text.contains("已经撤销过了") || text.contains("正在撤销");
        let answers = stage.answers(undone);
        assert!(!answers.iter().any(told_again), "{endpoint}: {answers:?}");
        squared(stage, &[666, -666]).await;
    }
}

#[tokio::test]
async fn an_undo_in_english() {
    let mut stage = Stage::unhurried(Settings {
        guild: "language = \"en-US\"\n".to_owned(),
        ..Settings::default()
    })
    .await;
    let said = stage.says("阿杰", "/reward @小明 666 first place");
    let code = receipt_in(&stage.hears_of(said, "✅").await);
    assert_eq!(stage.presses("阿杰", said, "Undo").await, "Got it");
    let told = stage.hears_of(said, "↩️").await;
    let undo = receipt_in(&told);
    assert_eq!(
        told,
        format!("↩️ undone 小明 -666 → 2,474 · receipt {undo} (undoes {code})")
    );
    let told = answer(&mut stage, "阿杰", &format!("/undo {code}")).await;
    assert_eq!(
        told,
        format!("{code} was undone before (receipt {undo}) and is not undone again.")
    );
    stage.finish().await;
}

//! The main job: a member asks, a moderator rewards, and what goes wrong is told honestly.

use guildpoints::sandbox::fault::FaultKind;

use crate::stage::Settings;
use crate::stage::Stage;
use crate::stage::receipt_in;

#[tokio::test]
async fn a_member_asks_and_a_moderator_rewards() {
    let mut stage = Stage::new().await;
    let before = stage.balance("小明");

    let asked = stage.says("小明", "/积分");
    let answer = stage.hears(asked).await;
    assert!(answer.starts_with("💰 小明，你现在有 2,474 积分（"), "{answer}");

    let rewarded = stage.says("阿杰", "/reward @小明 666 天梯第一名");
    let answer = stage.hears_of(rewarded, "✅").await;
    let receipt = receipt_in(&answer);
    assert_eq!(answer, format!("✅ 小明 +666 → 3,140 · 天梯第一名 · 回执 {receipt}"));
    assert_eq!(stage.balance("小明"), before + 666);
    assert_eq!(stage.paid(), [(666, "天梯第一名".to_owned())]);

    let refused = stage.says("小明", "/reward @小红 5");
    let answer = stage.hears(refused).await;
    assert!(answer.contains("你没有使用这个指令的权限") && answer.contains("版主"), "{answer}");

    let looked = stage.says("小明", &format!("/回执 {receipt}"));
    let answer = stage.hears(looked).await;
    assert!(answer.contains("已到账") && answer.contains("+666"), "{answer}");
    stage.finish().await;
}

#[tokio::test]
async fn applied_and_hung_up_is_first_unconfirmed_then_done_with_one_payment() {
    let mut stage = Stage::new().await;
    stage.fault("modifyUserPoint", FaultKind::DropAfter);
    let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    let first = stage.hears(rewarded).await;
    assert!(first.contains("结果待确认") && first.contains("请不要重发"), "{first}");
    let last = stage.hears_of(rewarded, "✅").await;
    assert_eq!(receipt_in(&first), receipt_in(&last));
    assert_eq!(stage.answers(rewarded).len(), 1, "the same message is edited");
    assert_eq!(stage.paid(), [(666, "天梯第一名".to_owned())]);
    stage.finish().await;
}

#[tokio::test]
async fn a_killed_bot_settles_the_payment_once_and_tells_it() {
    let mut stage = Stage::new().await;
    // The mall has it, the answer hangs, the process dies.
    stage.fault("modifyUserPoint", FaultKind::DelayAfter { ms: 60_000 });
    let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    stage.until("the mall has paid", |sandbox| !sandbox.mall().records().is_empty()).await;
    stage.kill().await;
    stage.start().await;
    stage.hears_of(rewarded, "✅").await;
    stage.answers(rewarded);
    assert_eq!(stage.paid(), [(666, "天梯第一名".to_owned())]);
    stage.finish().await;
}

#[tokio::test]
async fn a_guild_that_is_switched_off_is_told_what_to_do_and_where() {
    let mut stage = Stage::new().await;
    stage.sandbox.mall().switch(stage.guild.number(), false);
    let asked = stage.says("小明", "/积分");
    let answer = stage.hears(asked).await;
    assert!(answer.contains("服务器管理员") && answer.contains("「第三方机器人」"), "{answer}");
    let rewarded = stage.says("阿杰", "/奖励 @小明 5");
    let answer = stage.hears_of(rewarded, "已拒绝").await;
    assert!(answer.contains("「第三方机器人」") && answer.contains("60001"), "{answer}");
    stage.sandbox.mall().switch(stage.guild.number(), true);
    let asked = stage.says("小明", "/积分");
    stage.hears_of(asked, "2,474").await;
    stage.finish().await;
}

#[tokio::test]
async fn the_same_story_in_english() {
    let mut stage = Stage::with(Settings {
        guild: "language = \"en-US\"\ntimezone = \"Europe/Berlin\"\n".to_owned(),
        ..Settings::default()
    })
    .await;
    let asked = stage.says("小明", "/points");
    let answer = stage.hears(asked).await;
    assert!(answer.starts_with("💰 小明, you have 2,474 points (as of "), "{answer}");
    assert!(answer.ends_with("Europe/Berlin)"), "{answer}");
    let rewarded = stage.says("阿杰", "/reward @小明 666 first place");
    let answer = stage.hears_of(rewarded, "✅").await;
    assert!(answer.starts_with("✅ 小明 +666 → 3,140 · first place · receipt "), "{answer}");
    stage.finish().await;
}

//! What may still land: refusals heard while an earlier sending of the same change is in doubt.
//!
//! Source: points-backends, 1.7, rules 3 and 7. Times here are lower bounds only: a slow machine makes
//! the stories longer, never wrong.

use guildpoints::sandbox::fault::FaultKind;

use crate::books::all_but_settled;
use crate::books::always;
use crate::books::asked;
use crate::books::first_shown;
use crate::books::probed;
use crate::books::receipt;
use crate::books::sendings;
use crate::books::squared;
use crate::stage::Settings;
use crate::stage::Stage;
use crate::stage::receipt_in;

/// Times under which a refusal is held long enough for everything else to happen first.
const LONG_HOLD: &str = "timeout = \"1s\"\nsignature_window = \"4s\"\nlook_up_after = \"200ms\"\n";

/// The request limit (the time-out and a second for noting) and the signature window of `LONG_HOLD`.
const QUIET_MS: i64 = 6_000;

/// The same for the times a stage has by itself.
const SHORT_QUIET_MS: i64 = 3_000;

fn with_times(mall: &str) -> Settings {
    Settings {
        mall: Some(mall.to_owned()),
        ..Settings::default()
    }
}

#[tokio::test]
async fn an_original_that_lands_after_its_repetition_has_no_second_effect() {
    let mut stage = Stage::new().await;
    // Longer than the time-out: the original is still on its way when it is looked up and repeated.
    stage.fault("modifyUserPoint", FaultKind::DelayBefore { ms: 4_000 });
    let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    stage.hears_of(rewarded, "✅").await;
    stage
        .until("the original lands, too late", |sandbox| {
            let answered = asked(sandbox, "modifyUserPoint").into_iter();
            answered.filter(|request| request.status.is_some()).count() == 2
        })
        .await;
    let codes = asked(&stage.sandbox, "modifyUserPoint");
    let mut codes: Vec<_> = codes.into_iter().map(|request| request.code).collect();
    codes.sort_unstable();
    assert_eq!(codes, [Some(0), Some(60_006)]);
    squared(stage, &[666]).await;
}

#[tokio::test]
async fn a_refusal_after_a_lost_sending_is_held_until_nothing_can_land() {
    let mut stage = Stage::with(with_times(LONG_HOLD)).await;
    stage.fault("modifyUserPoint", FaultKind::DropBefore);
    let hong = stage.user("小红").number();
    let guild = stage.guild.number();
    stage.sandbox.mall().set_balance(guild, hong, 10);
    let deducted = stage.says("阿杰", "/扣分 @小红 80 迟到");
    let lost_ms = lost_at(&stage).await;
    refused_with(&stage, 30_001).await;
    let last = stage.hears_of(deducted, "没有扣除").await;
    assert!(last.contains("现有 10 积分，要扣 80"), "{last}");
    assert!(first_shown(&stage, deducted).contains("结果待确认"));
    // Held: at least so long, and only after one more look that began when nothing could land.
    let told_ms = edited_at(&stage, deducted);
    assert!(told_ms - lost_ms >= QUIET_MS, "{told_ms} - {lost_ms}");
    let looks = asked(&stage.sandbox, "findPointRecord");
    let last_look = looks.last().expect("it was looked up").time_ms;
    assert!(last_look - lost_ms >= QUIET_MS, "{last_look} - {lost_ms}");
    let code = receipt_in(&last);
    let told = receipt(&mut stage, "阿杰", &code).await;
    assert!(told.contains("已拒绝") && told.contains("30001"), "{told}");
    squared(stage, &[]).await;
}

#[tokio::test]
async fn while_a_refusal_is_held_chat_and_receipt_say_not_confirmed() {
    // Held for far longer than this story takes.
    let times = "timeout = \"1s\"\nsignature_window = \"5m\"\nlook_up_after = \"200ms\"\n";
    let mut stage = Stage::with(with_times(times)).await;
    stage.fault("modifyUserPoint", FaultKind::DropBefore);
    stage.sandbox.mall().switch(stage.guild.number(), false);
    let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    refused_with(&stage, 60_001).await;
    let first = stage.hears_of(rewarded, "结果待确认").await;
    // Two further looks: it stays as it is.
    let looks = asked(&stage.sandbox, "findPointRecord").len();
    stage
        .until("it is looked up again", |sandbox| {
            asked(sandbox, "findPointRecord").len() >= looks + 2
        })
        .await;
    let told = receipt(&mut stage, "阿杰", &receipt_in(&first)).await;
    assert!(
        told.contains("待确认") && !told.contains("已拒绝"),
        "{told}"
    );
    assert_eq!(stage.answers(rewarded), [first]);
    assert_eq!(sendings(&stage), 2, "what is held is not sent again");
    let left = all_but_settled(stage, &[]).await;
    assert_eq!(left.held, 1);
}

#[tokio::test]
async fn what_lands_after_its_refusal_was_heard_ends_as_done() {
    for (order, points, refusal) in [
        ("/奖励 @小红 60 补发", 60, 60_001),
        ("/扣分 @小红 80 迟到", -80, 30_001),
    ] {
        // The window is long, so that the refusal is held however slow everything is.
        let times = "timeout = \"1s\"\nsignature_window = \"1m\"\nlook_up_after = \"200ms\"\n";
        let mut stage = Stage::with(with_times(times)).await;
        let (guild, hong) = (stage.guild.number(), stage.user("小红").number());
        // It is checked when it lands; until then everything is refused.
        stage.fault("modifyUserPoint", FaultKind::DelayBefore { ms: 5_000 });
        match refusal {
            60_001 => stage.sandbox.mall().switch(guild, false),
            _ => stage.sandbox.mall().set_balance(guild, hong, 10),
        }
        let said = stage.says("阿杰", order);
        refused_with(&stage, refusal).await;
        stage.sandbox.mall().switch(guild, true);
        stage.sandbox.mall().set_balance(guild, hong, 120);
        stage.hears_of(said, "✅").await;
        squared(stage, &[points]).await;
    }
}

#[tokio::test]
async fn a_broken_access_proves_nothing_while_a_sending_may_have_landed() {
    let mut stage = Stage::new().await;
    probed(&stage).await;
    stage.fault("modifyUserPoint", FaultKind::DelayBefore { ms: 3_000 });
    let skewed = FaultKind::ClockSkew { ms: 3_600_000 };
    always(&stage, "modifyUserPoint", skewed.clone());
    let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    // Looked up once, sent again and refused; from now on the look-up is refused too.
    stage
        .until("the repetition is refused", |sandbox| {
            let mut sent = asked(sandbox, "modifyUserPoint").into_iter();
            sent.any(|request| request.status == Some(401))
        })
        .await;
    always(&stage, "findPointRecord", skewed);
    stage
        .until("the original lands", |sandbox| {
            !sandbox.mall().records().is_empty()
        })
        .await;
    let first = stage.hears(rewarded).await;
    assert!(first.contains("结果待确认"), "{first}");
    let told_ms = stage.sandbox.answers_to(rewarded.0)[0].time_ms;
    stage
        .until(
            "it is looked up in vain when a refusal would be let go",
            |sandbox| {
                let looks = asked(sandbox, "findPointRecord").into_iter();
                let mut vain = looks.filter(|look| look.status == Some(401));
                // The skewed clock stamps these an hour ahead.
                vain.any(|look| look.time_ms - 3_600_000 > told_ms + SHORT_QUIET_MS)
            },
        )
        .await;
    assert_eq!(stage.answers(rewarded), [first]);
    stage.sandbox.faults().clear();
    stage.hears_of(rewarded, "✅").await;
    squared(stage, &[666]).await;
}

#[tokio::test]
async fn refused_signatures_are_looked_up_and_sent_once_more_before_they_are_believed() {
    let mut stage = Stage::new().await;
    always(
        &stage,
        "modifyUserPoint",
        FaultKind::ClockSkew { ms: 3_600_000 },
    );
    let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    let last = stage.hears_of(rewarded, "已拒绝").await;
    assert!(
        last.contains("积分服务连接出了问题，已通知维护者"),
        "{last}"
    );
    assert!(first_shown(&stage, rewarded).contains("结果待确认"));
    let requests = stage.sandbox.mall().requests();
    let order: Vec<(&str, Option<u16>)> = requests
        .iter()
        .skip_while(|request| request.endpoint != "modifyUserPoint")
        .map(|request| (request.endpoint.as_str(), request.status))
        .collect();
    assert_eq!(
        order,
        [
            ("modifyUserPoint", Some(401)),
            ("findPointRecord", Some(200)),
            ("modifyUserPoint", Some(401)),
            ("findPointRecord", Some(200)),
        ]
    );
    let told = "this machine's clock is 3";
    assert!(stage.log().contains(told), "{}", stage.log());
    squared(stage, &[]).await;
}

#[tokio::test]
async fn a_mall_whose_clock_is_off_altogether_refuses_at_once_and_tells_the_operator() {
    let mut stage = Stage::new().await;
    always(&stage, "*", FaultKind::ClockSkew { ms: -3_600_000 });
    let asked = stage.says("小明", "/积分");
    stage.hears_of(asked, "积分服务连接出了问题").await;
    let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    stage.hears_of(rewarded, "已拒绝").await;
    assert_eq!(sendings(&stage), 1, "the look-up was refused as well");
    let told = "s ahead of the mall's: keep this machine's clock synchronised";
    assert!(stage.log().contains(told), "{}", stage.log());
    squared(stage, &[]).await;
}

/// Waits until the first sending has been dropped, and answers when that was.
async fn lost_at(stage: &Stage) -> i64 {
    stage
        .until("a sending is dropped", |sandbox| {
            let mut sent = asked(sandbox, "modifyUserPoint").into_iter();
            sent.any(|request| request.status.is_none())
        })
        .await;
    asked(&stage.sandbox, "modifyUserPoint")[0].time_ms
}

/// Waits until the mall has refused a sending with that code.
async fn refused_with(stage: &Stage, code: i64) {
    stage
        .until("the repetition is refused", |sandbox| {
            let mut sent = asked(sandbox, "modifyUserPoint").into_iter();
            sent.any(|request| request.code == Some(code))
        })
        .await;
}

/// When the answer to what was said was last edited.
fn edited_at(stage: &Stage, said: crate::stage::Said) -> i64 {
    let answers = stage.sandbox.answers_to(said.0);
    answers[0].edited_ms.expect("it was edited")
}

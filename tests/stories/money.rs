//! Money under trouble: every fault of the mall, and the combinations that matter.
//!
//! The rows of a table run at once, each with a sandbox and a bot of its own: they wait for
//! time-outs far more than they work.

use futures_util::StreamExt;
use futures_util::stream;
use guildpoints::sandbox::GatewayAct;
use guildpoints::sandbox::SayOptions;
use guildpoints::sandbox::fault::Delivery;
use guildpoints::sandbox::fault::FaultKind;
use guildpoints::sandbox::fault::FaultRule;
use guildpoints::sandbox::fault::Malformed;
use guildpoints::sandbox::fault::Moment;
use guildpoints::sandbox::fault::OddCode;
use guildpoints::sandbox::fault::RetryAfter;
use guildpoints::sandbox::mall::Shapes;

use crate::books::all_but_settled;
use crate::books::always;
use crate::books::asked;
use crate::books::first_shown;
use crate::books::left_to_do;
use crate::books::logged;
use crate::books::probed;
use crate::books::receipt;
use crate::books::sendings;
use crate::books::squared;
use crate::stage::Settings;
use crate::stage::Stage;
use crate::stage::receipt_in;
use crate::stage::text_of;

/// Stages at work at once.
const AT_ONCE: usize = 16;

/// How an answer of the mall is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taken {
    /// For what it says.
    AtItsWord,
    /// As no news of the outcome.
    AsNoNews,
    /// As a wish for patience.
    AsPatience,
}

use Taken::AsNoNews;
use Taken::AsPatience;
use Taken::AtItsWord;

const LATE: u64 = 60_000;

/// Every kind of points-backends, 5.4, in every form; batches are nobody's yet.
fn every_fault() -> Vec<(FaultKind, Taken)> {
    let malformed = |when, form| (FaultKind::MalformedJson { when, form }, AsNoNews);
    let html = |when| (FaultKind::Html200 { when }, AsNoNews);
    let rate = |retry_after| (FaultKind::Rate429 { retry_after }, AsPatience);
    let odd = |form, taken| (FaultKind::OddCode { form }, taken);
    let twice = |sees, taken| (FaultKind::DuplicateRequest { sees }, taken);
    vec![
        (FaultKind::DropBefore, AsNoNews),
        (FaultKind::DropAfter, AsNoNews),
        (FaultKind::DelayBefore { ms: 50 }, AtItsWord),
        (FaultKind::DelayBefore { ms: LATE }, AsNoNews),
        (FaultKind::DelayAfter { ms: 50 }, AtItsWord),
        (FaultKind::DelayAfter { ms: LATE }, AsNoNews),
        (FaultKind::Status500Before, AsNoNews),
        (FaultKind::Status500After, AsNoNews),
        malformed(Moment::Before, Malformed::Cut),
        malformed(Moment::Before, Malformed::NotUtf8),
        malformed(Moment::After, Malformed::Cut),
        malformed(Moment::After, Malformed::NotUtf8),
        html(Moment::Before),
        html(Moment::After),
        rate(RetryAfter::Absent),
        rate(RetryAfter::Seconds(1)),
        rate(RetryAfter::Date(1)),
        odd(OddCode::String, AtItsWord),
        odd(OddCode::Missing, AsNoNews),
        odd(OddCode::Null, AsNoNews),
        (FaultKind::IdsAsFloat, AtItsWord),
        (FaultKind::PointsAsString, AtItsWord),
        (FaultKind::ExtraAndReorderedFields, AtItsWord),
        twice(Delivery::First, AtItsWord),
        twice(Delivery::Second, AsNoNews),
        (FaultKind::ClockSkew { ms: 3_600_000 }, AsNoNews),
        (FaultKind::ClockSkew { ms: -3_600_000 }, AsNoNews),
        (FaultKind::Redirect302 { location: None }, AsNoNews),
        (FaultKind::SlowBody, AsNoNews),
    ]
}

#[tokio::test]
async fn every_fault_of_a_change_ends_as_one_payment() {
    let stories = every_fault().into_iter().map(|(fault, taken)| async move {
        let mut stage = Stage::new().await;
        stage.fault("modifyUserPoint", fault.clone());
        let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
        let last = stage.hears_of(rewarded, "✅").await;
        assert!(
            last.contains("+666 → 3,140 · 天梯第一名"),
            "{fault:?}: {last}"
        );
        let first = first_shown(&stage, rewarded);
        let shown = match taken {
            AtItsWord => "✅",
            AsNoNews => "结果待确认",
            AsPatience => "排队中",
        };
        assert!(first.contains(shown), "{fault:?}: {first}");
        assert_eq!(stage.answers(rewarded).len(), 1, "{fault:?}");
        assert_eq!(stage.sandbox.faults().hits().len(), 1, "{fault:?}");
        let told = match fault {
            FaultKind::Redirect302 { .. } => "a redirect, which a signed request never follows",
            FaultKind::Html200 { .. } => "a web page instead of an answer: check `base_url`",
            // Seconds are rounded up, and one may pass on the way.
            FaultKind::ClockSkew { ms: 1.. } => "s behind the mall's",
            FaultKind::ClockSkew { .. } => "s ahead of the mall's",
            FaultKind::Rate429 { .. } => "the mall asks for fewer requests (429)",
            _ => "",
        };
        assert!(stage.log().contains(told), "{fault:?}:\n{}", stage.log());
        squared(stage, &[666]).await;
    });
    stream::iter(stories)
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<()>>()
        .await;
}

#[tokio::test]
async fn every_fault_of_a_question_is_told_and_over_with_the_next() {
    let stories = every_fault().into_iter().map(|(fault, taken)| async move {
        let mut stage = Stage::new().await;
        stage.fault("getUserPoint", fault.clone());
        let asked = stage.says("小明", "/积分");
        let answer = stage.hears(asked).await;
        let shown = match (&fault, taken) {
            (_, AtItsWord) => "你现在有 2,474 积分",
            (_, AsPatience) => "积分服务现在太忙，请稍后再试",
            (FaultKind::ClockSkew { .. } | FaultKind::DuplicateRequest { .. }, AsNoNews) => {
                "积分服务连接出了问题，已通知维护者"
            }
            (_, AsNoNews) => "积分服务暂不可用，请稍后再试",
        };
        assert!(answer.contains(shown), "{fault:?}: {answer}");
        let again = stage.says("小明", "/积分");
        let answer = stage.hears(again).await;
        assert!(answer.contains("2,474"), "{fault:?}: {answer}");
        squared(stage, &[]).await;
    });
    stream::iter(stories)
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<()>>()
        .await;
}

#[tokio::test]
async fn every_fault_of_the_balance_after_a_change_leaves_the_change_done() {
    let stories = every_fault().into_iter().map(|(fault, taken)| async move {
        let mut stage = Stage::new().await;
        stage.fault("getUserPoint", fault.clone());
        let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
        let answer = stage.hears(rewarded).await;
        let shown = match taken {
            AtItsWord => "✅ 小明 +666 → 3,140 ·",
            _ => "✅ 小明 +666 → 余额暂未读到 ·",
        };
        assert!(answer.starts_with(shown), "{fault:?}: {answer}");
        squared(stage, &[666]).await;
    });
    stream::iter(stories)
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<()>>()
        .await;
}

#[tokio::test]
async fn every_fault_of_a_look_up_decides_nothing() {
    let lost = [FaultKind::DropBefore, FaultKind::DropAfter];
    let rows = every_fault().into_iter().flat_map(|(fault, _)| {
        let rows = lost.clone().map(|lost| (lost, fault.clone()));
        rows.into_iter()
    });
    let stories = rows.map(|(lost, fault)| async move {
        let mut stage = Stage::new().await;
        // The probe at the start is a look-up too.
        probed(&stage).await;
        stage.fault("modifyUserPoint", lost.clone());
        stage.fault("findPointRecord", fault.clone());
        let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
        stage.hears_of(rewarded, "✅").await;
        assert!(
            first_shown(&stage, rewarded).contains("结果待确认"),
            "{lost:?}, {fault:?}"
        );
        let sent = if lost == FaultKind::DropBefore { 2 } else { 1 };
        assert_eq!(sendings(&stage), sent, "{lost:?}, {fault:?}");
        squared(stage, &[666]).await;
    });
    stream::iter(stories)
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<()>>()
        .await;
}

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

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let mut stage = Stage::new().await;
    let trap = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let location = format!("http://{}/", trap.local_addr().unwrap());
    stage.fault(
        "modifyUserPoint",
        FaultKind::Redirect302 {
            location: Some(location.clone()),
        },
    );
    stage.fault(
        "findPointRecord",
        FaultKind::Redirect302 {
            location: Some(location),
        },
    );
    let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    stage.hears_of(rewarded, "✅").await;
    let caught = std::future::poll_fn(|context| {
        std::task::Poll::Ready(trap.poll_accept(context).is_ready())
    });
    assert!(!caught.await, "somebody came to where the mall pointed");
    squared(stage, &[666]).await;
}

#[tokio::test]
async fn an_absurd_wait_keeps_the_change_queued_and_nothing_is_sent_meanwhile() {
    let mut stage = Stage::new().await;
    let retry_after = RetryAfter::Absurd;
    stage.fault("modifyUserPoint", FaultKind::Rate429 { retry_after });
    let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    let first = stage.hears(rewarded).await;
    assert!(
        first.contains("排队中") && first.contains("会自动完成，不用重发"),
        "{first}"
    );
    // Other changes are not kept waiting by it, and it survives a restart as it is.
    let other = stage.says("阿杰", "/奖励 @小红 5 早到");
    stage.hears_of(other, "✅").await;
    stage.restart().await;
    let told = receipt(&mut stage, "阿杰", &receipt_in(&first)).await;
    assert!(told.contains("排队中"), "{told}");
    assert_eq!(stage.answers(rewarded), [first]);
    assert_eq!(sendings(&stage), 2);
    let left = all_but_settled(stage, &[5]).await;
    assert_eq!((left.queued, left.untold), (1, 0));
}

#[tokio::test]
async fn a_mall_that_stays_too_busy_is_asked_again_until_it_is_not() {
    let mut stage = Stage::new().await;
    stage.sandbox.faults().set(FaultRule {
        endpoint: "modifyUserPoint".to_owned(),
        skip: 0,
        count: Some(3),
        kind: FaultKind::Rate429 {
            retry_after: RetryAfter::Seconds(0),
        },
    });
    let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    stage.hears_of(rewarded, "✅").await;
    assert!(first_shown(&stage, rewarded).contains("排队中"));
    assert_eq!(sendings(&stage), 4);
    squared(stage, &[666]).await;
}

#[tokio::test]
async fn a_code_that_has_to_be_verified_is_looked_up_first() {
    // 60005 "or internal error", the documented gap, and one nobody knows: with effect and without.
    let codes = [60_005, 60_002, 60_003, 12_345, 400];
    let rows = codes
        .into_iter()
        .flat_map(|code| [(code, Moment::Before), (code, Moment::After)]);
    let stories = rows.map(|(code, when)| async move {
        let mut stage = Stage::new().await;
        stage.fault("modifyUserPoint", FaultKind::AnswerCode { code, when });
        let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
        let paid: &[i64] = match when {
            Moment::After => {
                stage.hears_of(rewarded, "✅").await;
                &[666]
            }
            Moment::Before => {
                let last = stage.hears_of(rewarded, "已拒绝").await;
                assert!(last.contains(&code.to_string()), "{last}");
                &[]
            }
        };
        assert!(
            first_shown(&stage, rewarded).contains("结果待确认"),
            "{code}"
        );
        assert_eq!(sendings(&stage), 1, "{code}: never sent again");
        squared(stage, paid).await;
    });
    stream::iter(stories)
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<()>>()
        .await;
}

#[tokio::test]
async fn an_unusable_code_on_a_refusal_is_no_news_and_the_refusal_is_heard_at_the_second_sending() {
    let mut stage = Stage::new().await;
    let form = OddCode::Missing;
    stage.fault("modifyUserPoint", FaultKind::OddCode { form });
    let deducted = stage.says("阿杰", "/扣分 @小红 500 迟到");
    let last = stage.hears_of(deducted, "没有扣除").await;
    assert!(last.contains("现有 120 积分，要扣 500"), "{last}");
    assert!(first_shown(&stage, deducted).contains("结果待确认"));
    squared(stage, &[]).await;
}

#[tokio::test]
async fn a_used_id_at_the_first_sending_is_our_own_lost_payment() {
    let mut stage = Stage::new().await;
    let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    stage.hears_of(rewarded, "✅").await;
    // The store is lost; the platform repeats the message to a bot that remembers nothing.
    stage.stop().await;
    for file in std::fs::read_dir(stage.folder()).unwrap() {
        let path = file.unwrap().path();
        if path.file_name().unwrap().to_string_lossy().contains(".db") {
            std::fs::remove_file(path).unwrap();
        }
    }
    stage.start().await;
    stage.sandbox.redelivers(rewarded.0);
    stage
        .until("both answers say it is done", |sandbox| {
            let answers = sandbox.answers_to(rewarded.0);
            answers.len() == 2 && answers.iter().all(|a| text_of(a).starts_with("✅"))
        })
        .await;
    let answers = stage.answers(rewarded);
    assert_eq!(receipt_in(&answers[0]), receipt_in(&answers[1]));
    let codes = asked(&stage.sandbox, "modifyUserPoint");
    let codes: Vec<_> = codes.into_iter().map(|request| request.code).collect();
    assert_eq!(codes, [Some(0), Some(60_006)]);
    squared(stage, &[666]).await;
}

#[tokio::test]
async fn another_change_under_our_id_is_left_to_a_moderator() {
    let mut stage = Stage::new().await;
    // The same message line under an edited amount, from a bot whose store is lost, is the nearest
    // thing to it: the mall has 5 under the id, we ask for 666.
    stage.sandbox.gateway(GatewayAct::Hold);
    let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    occupy(&stage, rewarded.0, "小明", 5).await;
    stage.sandbox.gateway(GatewayAct::Release);
    let first = stage.hears(rewarded).await;
    assert!(first.contains("结果待确认"), "{first}");
    let code = receipt_in(&first);
    logged(&stage, "a change could not be settled").await;
    let told = receipt(&mut stage, "阿杰", &code).await;
    assert!(told.contains("待确认（需要管理人员核对）"), "{told}");
    assert_eq!(stage.answers(rewarded), [first]);
    assert_eq!(sendings(&stage), 2, "the other's and ours, once");
    let status = stage.stop().await;
    assert!(status.success());
    assert_eq!(stage.paid().len(), 1, "the other's alone");
    assert_eq!(left_to_do(&stage).await.unresolved, 1);
    stage.finish().await;
}

#[tokio::test]
async fn without_look_up_for_a_while_nothing_is_sent_and_then_it_ends() {
    for (lost, sent) in [(FaultKind::DropBefore, 2), (FaultKind::DropAfter, 1)] {
        let mut stage = Stage::new().await;
        probed(&stage).await;
        stage.fault("modifyUserPoint", lost.clone());
        always(&stage, "findPointRecord", FaultKind::Status500Before);
        let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
        let first = stage.hears(rewarded).await;
        assert!(first.contains("结果待确认"), "{first}");
        stage
            .until("it was looked up in vain, twice", |sandbox| {
                let looks = asked(sandbox, "findPointRecord");
                looks.iter().filter(|look| look.status == Some(500)).count() >= 2
            })
            .await;
        assert_eq!(sendings(&stage), 1, "{lost:?}");
        assert_eq!(stage.answers(rewarded), [first]);
        stage.sandbox.faults().clear();
        stage.hears_of(rewarded, "✅").await;
        assert_eq!(sendings(&stage), sent, "{lost:?}");
        squared(stage, &[666]).await;
    }
}

#[tokio::test]
async fn a_mall_without_look_up_never_gets_anything_twice() {
    let lost = [
        (FaultKind::DropBefore, false),
        (FaultKind::DropAfter, true),
        (FaultKind::Status500After, true),
        (FaultKind::SlowBody, true),
        (
            FaultKind::Rate429 {
                retry_after: RetryAfter::Absent,
            },
            false,
        ),
    ];
    for (lost, applied) in lost {
        let mut stage = Stage::without_bot(Settings::default()).await;
        stage.sandbox.mall().set_shapes(Shapes {
            find_point_record: false,
            ..Shapes::default()
        });
        stage.start().await;
        stage.fault("modifyUserPoint", lost.clone());
        let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
        let first = stage.hears(rewarded).await;
        let code = receipt_in(&first);
        logged(&stage, "a change could not be settled").await;
        let told = receipt(&mut stage, "阿杰", &code).await;
        assert!(
            told.contains("待确认（需要管理人员核对）"),
            "{lost:?}: {told}"
        );
        // Neither a restart nor the frame once more moves it.
        stage.restart().await;
        stage.sandbox.redelivers(rewarded.0);
        let other = stage.says("阿杰", "/奖励 @小红 5 早到");
        stage.hears_of(other, "✅").await;
        assert_eq!(sendings(&stage), 2, "{lost:?}: this one and the other");
        assert_eq!(stage.answers(rewarded).len(), 1);
        let status = stage.stop().await;
        assert!(status.success());
        let booked: Vec<i64> = stage.paid().iter().map(|(points, _)| *points).collect();
        let expected: &[i64] = if applied { &[666, 5] } else { &[5] };
        assert_eq!(booked, expected, "{lost:?}");
        assert_eq!(left_to_do(&stage).await.unresolved, 1);
        stage.finish().await;
    }
}

#[tokio::test]
async fn a_frame_delivered_often_pays_and_answers_once() {
    let mut stage = Stage::new().await;
    let options = SayOptions {
        deliveries: 5,
        ..SayOptions::default()
    };
    let rewarded = stage.says_with("阿杰", "/奖励 @小明 666 天梯第一名", options);
    let first = stage.hears_of(rewarded, "✅").await;
    stage.restart().await;
    stage.sandbox.redelivers(rewarded.0);
    stage.sandbox.redelivers(rewarded.0);
    let after = stage.says("阿杰", "/奖励 @小红 5 早到");
    stage.hears_of(after, "✅").await;
    assert_eq!(stage.answers(rewarded), [first]);
    squared(stage, &[666, 5]).await;
}

#[tokio::test]
async fn a_frame_repeated_while_its_change_is_in_doubt_changes_nothing() {
    let mut stage = Stage::new().await;
    stage.fault("modifyUserPoint", FaultKind::DropBefore);
    always(&stage, "findPointRecord", FaultKind::Status500Before);
    let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    stage.hears_of(rewarded, "结果待确认").await;
    stage.restart().await;
    stage.sandbox.redelivers(rewarded.0);
    // The moderator's own lane keeps the order, so by this answer the repetition is through.
    let after = stage.says("阿杰", "/奖励 @小红 5 早到");
    stage.hears_of(after, "✅").await;
    assert_eq!(sendings(&stage), 2);
    stage.sandbox.faults().clear();
    stage.hears_of(rewarded, "✅").await;
    assert_eq!(stage.answers(rewarded).len(), 1);
    squared(stage, &[5, 666]).await;
}

#[tokio::test]
async fn twenty_rewards_at_once_are_paid_as_told_and_in_their_order() {
    let mut stage = Stage::new().await;
    let mut said = Vec::new();
    for points in 1..=20 {
        let order = format!("/奖励 @小明 {points} 第 {points} 名");
        said.push((points, stage.says("阿杰", &order)));
    }
    stage.hears(said[0].1).await;
    // Stopping finishes what was taken up; whatever has no answer then never gets one.
    stage.stop().await;
    let (mut paid, mut busy) = (Vec::new(), 0);
    for (points, said) in said {
        let answers = stage.answers(said);
        assert!(answers.len() <= 1, "{answers:?}");
        let Some(answer) = answers.first() else {
            // A flood is met with silence after the first words that there is too much to do.
            continue;
        };
        if answer.starts_with('✅') {
            assert!(answer.contains(&format!(" +{points} ")), "{answer}");
            paid.push(points);
        } else if answer.contains("现在指令太多了") {
            busy += 1;
        } else {
            assert!(answer.contains("用得太快了"), "{answer}");
        }
    }
    assert!(
        paid.starts_with(&[1, 2, 3, 4, 5]),
        "a handful at once is fine: {paid:?}"
    );
    assert!(paid.len() == 20 || busy > 0, "nobody was told: {paid:?}");
    squared(stage, &paid).await;
}

#[tokio::test]
async fn a_daily_quota_is_not_overdrawn_by_commands_and_buttons_at_once() {
    let mut stage = Stage::with(Settings {
        reward: "per_day = 100\nconfirm_over = 50".to_owned(),
        ..Settings::default()
    })
    .await;
    // Three questions for 60 each, asked while all of the quota is left.
    let mut said = Vec::new();
    for member in ["小明", "小红", "星海"] {
        let asking = stage.says("阿杰", &format!("/奖励 @{member} 60 周赛"));
        stage.hears_of(asking, "确认吗").await;
        said.push(asking);
    }
    // A press and a command run in lanes of their own.
    let moderator = stage.user("阿杰");
    for asking in &said {
        let (message, data) = stage.button(*asking, "确认");
        stage.sandbox.press(moderator, message, &data);
    }
    let command = stage.says("阿杰", "/奖励 @小明 50 加班");
    said.push(command);
    let mut sum = 0;
    for said in said {
        let answer = stage
            .hears_until(said, |text| {
                text.contains('✅') || text.contains("今天的额度不够")
            })
            .await;
        if answer.starts_with('✅') {
            sum += if answer.contains("+60") { 60 } else { 50 };
        }
    }
    assert!((50..=100).contains(&sum), "{sum}");
    let booked: Vec<i64> = stage.paid().iter().map(|(points, _)| *points).collect();
    assert_eq!(booked.iter().sum::<i64>(), sum);
    squared(stage, &booked).await;
}

#[tokio::test]
async fn two_moderators_have_a_quota_each() {
    let mut stage = Stage::with(Settings {
        reward: "per_day = 100".to_owned(),
        ..Settings::default()
    })
    .await;
    let guild = stage.guild;
    let second = stage.sandbox.joins(guild, "阿珍");
    let roles = stage.sandbox.moderator_roles();
    stage.sandbox.set_roles(guild, second, roles);
    let mut said = Vec::new();
    for giver in ["阿杰", "阿珍"] {
        for points in [70, 30, 40] {
            said.push((
                points,
                stage.says(giver, &format!("/奖励 @小明 {points} 周赛")),
            ));
        }
    }
    for (points, said) in said {
        let answer = stage.hears(said).await;
        let shown = match points {
            40 => "今天已用 100 / 100，还剩 0",
            _ => "✅",
        };
        assert!(answer.contains(shown), "{points}: {answer}");
    }
    let mut booked: Vec<i64> = stage.paid().iter().map(|(points, _)| *points).collect();
    let in_order = booked.clone();
    booked.sort_unstable();
    assert_eq!(booked, [30, 30, 70, 70]);
    squared(stage, &in_order).await;
}

#[tokio::test]
async fn a_refusal_gives_the_quota_back_and_a_doubt_does_not() {
    let mut stage = Stage::with(Settings {
        reward: "per_day = 100".to_owned(),
        ..Settings::default()
    })
    .await;
    // 小白 has never opened the mall: 60005, refused after a look-up.
    let refused = stage.says("阿杰", "/奖励 @小白 100 欢迎");
    stage.hears_of(refused, "已拒绝").await;
    stage.fault("modifyUserPoint", FaultKind::DropBefore);
    always(&stage, "findPointRecord", FaultKind::Status500Before);
    let doubtful = stage.says("阿杰", "/奖励 @小明 90 周赛");
    stage.hears_of(doubtful, "结果待确认").await;
    let over = stage.says("阿杰", "/奖励 @小红 20 周赛");
    let answer = stage.hears(over).await;
    assert!(answer.contains("今天已用 90 / 100，还剩 10"), "{answer}");
    stage.sandbox.faults().clear();
    stage.hears_of(doubtful, "✅").await;
    let rest = stage.says("阿杰", "/奖励 @小红 10 周赛");
    stage.hears_of(rest, "✅").await;
    squared(stage, &[90, 10]).await;
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

/// Puts a change of `points` into the mall under the id of a message that has not arrived yet.
async fn occupy(
    stage: &Stage,
    message: guildpoints::model::MessageId,
    nickname: &str,
    points: i64,
) {
    use guildpoints::model::BotId;
    use guildpoints::model::Cause;
    use guildpoints::model::OpId;
    use guildpoints::points::sign::Parts;
    use guildpoints::support::secret::Secret;

    let member = stage.user(nickname);
    let cause = Cause::Message {
        message,
        line: 0,
        member,
    };
    let op = OpId::of(BotId(stage.sandbox.bot()), &cause);
    let body = format!(
        r#"{{"bizId":"{op}","fbLongId":{member},"point":{points},"remark":"别的","guildId":{}}}"#,
        stage.guild
    );
    let key = stage.sandbox.app_key();
    let timestamp = stage.sandbox.now_ms().to_string();
    let signature = Parts {
        app_key: &key,
        nonce: "occupied",
        timestamp: &timestamp,
        authorization: None,
        query: &[],
        body: Some(&body),
    }
    .signature(&Secret::new(stage.sandbox.app_secret()));
    let address = format!(
        "{}/api/core/open/modifyUserPoint",
        stage.sandbox.addresses().mall_url
    );
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client
        .post(address)
        .header("Content-Type", "application/json")
        .header("AppKey", key)
        .header("Nonce", "occupied")
        .header("Timestamp", timestamp)
        .header("Signature", signature)
        .body(body)
        .send()
        .await
        .unwrap();
    let answer = answer.text().await.unwrap();
    assert!(answer.contains(r#""code":0"#), "{answer}");
}

//! Every fault of the mall on every request of a change or a question (points-backends, 5.4).
//!
//! The rows of a table run at once, each with a sandbox and a bot of its own: they wait for
//! time-outs far more than they work.

use futures_util::StreamExt;
use futures_util::stream;
use guildpoints::sandbox::fault::Delivery;
use guildpoints::sandbox::fault::FaultKind;
use guildpoints::sandbox::fault::Malformed;
use guildpoints::sandbox::fault::Moment;
use guildpoints::sandbox::fault::OddCode;
use guildpoints::sandbox::fault::RetryAfter;

use crate::books::asked;
use crate::books::first_shown;
use crate::books::probed;
use crate::books::sendings;
use crate::books::squared;
use crate::stage::Settings;
use crate::stage::Stage;

/// Stages at work at once.
pub const AT_ONCE: usize = 8;

/// How an answer of the mall is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// For what it says.
    AtItsWord,
    /// As no news of the outcome.
    AsNoNews,
    /// As a wish for patience.
    AsPatience,
}

impl Taken {
    /// A stage on which a request is given up soon only where that is what the row waits for.
    pub async fn stage(self) -> Stage {
        let timeout = match self {
            Self::AsNoNews => "1s",
            Self::AtItsWord | Self::AsPatience => "20s",
        };
        let times = "signature_window = \"1s\"\nlook_up_after = \"200ms\"\n";
        Stage::with(Settings {
            mall: Some(format!("timeout = \"{timeout}\"\n{times}")),
            ..Settings::default()
        })
        .await
    }
}

use Taken::AsNoNews;

use Taken::AsPatience;

use Taken::AtItsWord;

/// Longer than any time-out; what waits so long never lands.
const LATE: u64 = 60_000;

/// Every kind of points-backends, 5.4, in every form; what only batches meet is theirs.
pub fn every_fault() -> Vec<(FaultKind, Taken)> {
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
        let mut stage = taken.stage().await;
        stage.fault("modifyUserPoint", fault.clone());
        let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
        let last = stage.hears_of(rewarded, "✅").await;
        assert!(
            last.contains("+666 → 3,140 · 天梯第一名"),
            "{fault:?}: {last}"
        );
        let first = first_shown(&stage, rewarded);
        match taken {
            // But for the probe at the start.
            AtItsWord => assert!(
                asked(&stage.sandbox, "findPointRecord").len() <= 1,
                "{fault:?}"
            ),
            AsNoNews => assert!(first.contains("结果待确认"), "{fault:?}: {first}"),
            AsPatience => assert!(first.contains("排队中"), "{fault:?}: {first}"),
        }
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
        let mut stage = taken.stage().await;
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
        let mut stage = taken.stage().await;
        stage.fault("getUserPoint", fault.clone());
        let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
        let answer = stage.hears_of(rewarded, "✅").await;
        let unread = answer.starts_with("✅ 小明 +666 → 余额暂未读到 ·");
        // A slow machine may not get to read it in time either.
        let read = taken == AtItsWord && answer.starts_with("✅ 小明 +666 → 3,140 ·");
        assert!(unread || read, "{fault:?}: {answer}");
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

//! Every fault of points-backends 5.4 on every request to Swan of a change, a question or a search.

use futures_util::StreamExt;
use futures_util::stream;
use guildpoints::journal::Counts;
use guildpoints::sandbox::fault::Delivery;
use guildpoints::sandbox::fault::FaultKind;
use guildpoints::sandbox::fault::Malformed;
use guildpoints::sandbox::fault::Moment;
use guildpoints::sandbox::fault::OddCode;
use guildpoints::sandbox::fault::RetryAfter;
use guildpoints::sandbox::swan::RepeatedId;
use guildpoints::sandbox::swan::SwanShapes;

use crate::books::first_shown;
use crate::swan::AT_ONCE;
use crate::swan::over;
use crate::swan::sendings;
use crate::swan::set;
use crate::swan::stage;

/// How a change ends that met a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    /// As done, at once.
    Done,
    /// As done, once the ledger has shown it.
    Found,
    /// As done, after waiting.
    Queued,
    /// As refused, once the ledger has not shown it for long enough.
    Refused,
    /// With a moderator.
    Unresolved,
}

fn every_fault() -> Vec<(FaultKind, Ends)> {
    use Ends::Done;
    use Ends::Found;
    use Ends::Queued;
    use Ends::Refused;
    use Ends::Unresolved;
    let malformed = |when, form| FaultKind::MalformedJson { when, form };
    let rate = |retry_after| (FaultKind::Rate429 { retry_after }, Queued);
    let code = |when| FaultKind::AnswerCode { code: 777, when };
    vec![
        (FaultKind::DropBefore, Unresolved),
        (FaultKind::DropAfter, Found),
        (FaultKind::DelayBefore { ms: 50 }, Done),
        (FaultKind::DelayBefore { ms: 3_000 }, Found),
        (FaultKind::DelayAfter { ms: 50 }, Done),
        (FaultKind::DelayAfter { ms: 3_000 }, Found),
        (FaultKind::Status500Before, Unresolved),
        (FaultKind::Status500After, Found),
        (malformed(Moment::Before, Malformed::Cut), Unresolved),
        (malformed(Moment::After, Malformed::Cut), Found),
        (malformed(Moment::Before, Malformed::NotUtf8), Unresolved),
        (malformed(Moment::After, Malformed::NotUtf8), Found),
        (
            FaultKind::Html200 {
                when: Moment::Before,
            },
            Unresolved,
        ),
        (
            FaultKind::Html200 {
                when: Moment::After,
            },
            Found,
        ),
        rate(RetryAfter::Absent),
        rate(RetryAfter::Seconds(1)),
        rate(RetryAfter::Date(1)),
        (code(Moment::Before), Refused),
        (code(Moment::After), Found),
        (
            FaultKind::OddCode {
                form: OddCode::Missing,
            },
            Done,
        ),
        (FaultKind::IdsAsFloat, Done),
        (FaultKind::PointsAsString, Done),
        (FaultKind::ExtraAndReorderedFields, Done),
        (
            FaultKind::DuplicateRequest {
                sees: Delivery::First,
            },
            Done,
        ),
        (
            FaultKind::DuplicateRequest {
                sees: Delivery::Second,
            },
            Found,
        ),
        (FaultKind::ClockSkew { ms: 3_600_000 }, Done),
        (FaultKind::ClockSkew { ms: -3_600_000 }, Done),
        (FaultKind::Redirect302 { location: None }, Unresolved),
        (FaultKind::SlowBody, Found),
    ]
}

#[tokio::test]
async fn every_fault_of_a_change_ends_in_the_right_state() {
    let stories = every_fault().into_iter().map(|(fault, ends)| async move {
        let mut stage = set("").await;
        // The transport may deliver a request twice; what Swan does with that is Swan's.
        let repeated_id = RepeatedId::Conflict;
        let shapes = SwanShapes {
            repeated_id,
            ..SwanShapes::default()
        };
        stage.sandbox.swan().set_shapes(shapes);
        stage.start().await;
        stage.fault("swan.add", fault.clone());
        let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
        let (end, paid): (&str, &[i64]) = match ends {
            Ends::Done | Ends::Found | Ends::Queued => ("✅", &[666]),
            Ends::Refused => ("❌", &[]),
            Ends::Unresolved => ("⚠️", &[]),
        };
        stage.hears_of(rewarded, end).await;
        let first = first_shown(&stage, rewarded);
        match ends {
            Ends::Done => {}
            Ends::Queued => assert!(first.contains("排队中"), "{fault:?}: {first}"),
            Ends::Found | Ends::Refused | Ends::Unresolved => {
                assert!(first.contains("结果待确认"), "{fault:?}: {first}");
            }
        }
        // Only what was turned away goes out a second time; a duplicate is the transport's.
        let twice = matches!(fault, FaultKind::DuplicateRequest { .. }) || ends == Ends::Queued;
        let sent = if twice { 2 } else { 1 };
        // One whose answer waits is listed when that has left.
        stage
            .until("every sending is over", |sandbox| {
                let requests = sandbox.swan().requests().into_iter();
                requests
                    .filter(|asked| asked.endpoint == "swan.add")
                    .count()
                    >= sent
            })
            .await;
        assert_eq!(sendings(&stage), sent, "{fault:?}");
        assert_eq!(stage.answers(rewarded).len(), 1, "{fault:?}");
        let told = match fault {
            FaultKind::Redirect302 { .. } => "a redirect, which is never followed",
            FaultKind::Html200 { .. } => "a web page instead of an answer",
            FaultKind::Rate429 { .. } => "it asks for fewer requests (429)",
            _ => "",
        };
        assert!(stage.log().contains(told), "{fault:?}:\n{}", stage.log());
        let left = over(stage, paid).await;
        let open = u64::from(ends == Ends::Unresolved);
        assert_eq!(left.unresolved, open, "{fault:?}");
        assert_eq!(
            (left.queued, left.unconfirmed, left.held),
            (0, 0, 0),
            "{fault:?}"
        );
    });
    stream::iter(stories)
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<()>>()
        .await;
}

#[tokio::test]
async fn every_fault_of_a_question_is_told_and_over_with_the_next() {
    let stories = every_fault().into_iter().map(|(fault, _)| async move {
        let mut stage = stage("").await;
        stage.fault("swan.balance", fault.clone());
        let first = stage.says("小明", "/积分");
        let told = stage.hears(first).await;
        assert!(!told.contains(" 0 "), "{fault:?}: {told}");
        let next = stage.says("小明", "/积分");
        let told = stage.hears_of(next, "340").await;
        assert!(!told.contains("retail"), "{fault:?}: {told}");
        assert_eq!(over(stage, &[]).await, Counts::default(), "{fault:?}");
    });
    stream::iter(stories)
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<()>>()
        .await;
}

#[tokio::test]
async fn every_fault_of_a_search_decides_nothing() {
    let stories = every_fault().into_iter().map(|(fault, _)| async move {
        let mut stage = stage("").await;
        stage.fault("swan.add", FaultKind::DropAfter);
        stage.fault("swan.ledger", fault.clone());
        let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
        stage.hears_of(rewarded, "✅").await;
        assert_eq!(sendings(&stage), 1, "{fault:?}");
        assert_eq!(over(stage, &[666]).await, Counts::default(), "{fault:?}");
    });
    stream::iter(stories)
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<()>>()
        .await;
}

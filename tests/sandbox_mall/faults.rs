//! Each fault: what its caller gets, what takes effect, and that the hit is recorded.

use std::time::Duration;

use guildpoints::sandbox::fault::Delivery;
use guildpoints::sandbox::fault::FaultKind;
use guildpoints::sandbox::fault::FaultRule;
use guildpoints::sandbox::fault::Malformed;
use guildpoints::sandbox::fault::Moment;
use guildpoints::sandbox::fault::OddCode;
use guildpoints::sandbox::fault::RetryAfter;

use crate::stage::ANN;
use crate::stage::BOB;
use crate::stage::GUILD;
use crate::stage::NOW;
use crate::stage::Reply;
use crate::stage::Stage;

/// Adds 10 to Ann's 100 under a fault, and checks that it was hit.
async fn spoiled(kind: FaultKind) -> (Stage, Reply) {
    let stage = Stage::new().await;
    let faults = stage.mall.faults();
    faults.set(FaultRule::once("modifyUserPoint", kind.clone()));
    let reply = stage.change("b", GUILD, ANN, 10).send().await;
    assert_eq!(
        stage.mall.faults().hits(),
        [("modifyUserPoint".to_owned(), kind.clone())]
    );
    assert!(
        stage
            .mall
            .requests()
            .iter()
            .all(|r| r.fault == Some(kind.clone()))
    );
    (stage, reply)
}

/// The caller's way out of any of them: look up, send the same id again, count one effect.
async fn settles(stage: &Stage) {
    stage.find("b").send().await;
    stage.change("b", GUILD, ANN, 10).send().await;
    assert_eq!((stage.ann(), stage.effects("b")), (110, 1));
}

#[tokio::test]
async fn drops() {
    for (kind, ann) in [(FaultKind::DropBefore, 100), (FaultKind::DropAfter, 110)] {
        let (stage, reply) = spoiled(kind).await;
        assert!(reply.closed());
        assert_eq!(stage.ann(), ann);
        assert_eq!(stage.mall.requests()[0].status, None);
        settles(&stage).await;
    }
}

#[tokio::test]
async fn status_500() {
    for (kind, ann) in [
        (FaultKind::Status500Before, 100),
        (FaultKind::Status500After, 110),
    ] {
        let (stage, reply) = spoiled(kind).await;
        assert_eq!(reply.verdict(), (500, 500));
        assert_eq!(stage.ann(), ann);
        settles(&stage).await;
    }
}

#[tokio::test]
async fn malformed_json() {
    for when in [Moment::Before, Moment::After] {
        for form in [Malformed::Cut, Malformed::NotUtf8] {
            let (stage, reply) = spoiled(FaultKind::MalformedJson { when, form }).await;
            assert_eq!(reply.status, 200);
            assert!(serde_json::from_slice::<serde_json::Value>(&reply.bytes).is_err());
            let utf8 = std::str::from_utf8(&reply.bytes).is_ok();
            assert_eq!(utf8, form == Malformed::Cut);
            assert_eq!(stage.ann() == 110, when == Moment::After);
            settles(&stage).await;
        }
    }
}

#[tokio::test]
async fn html_200() {
    for (when, ann) in [(Moment::Before, 100), (Moment::After, 110)] {
        let (stage, reply) = spoiled(FaultKind::Html200 { when }).await;
        assert_eq!(reply.status, 200);
        assert!(reply.header("content-type").starts_with("text/html"));
        assert_eq!(stage.ann(), ann);
        settles(&stage).await;
    }
}

#[tokio::test]
async fn rate_429() {
    for (retry_after, header) in [
        (RetryAfter::Absent, ""),
        (RetryAfter::Seconds(3), "3"),
        (RetryAfter::Date(60), "Tue, 14 Nov 2023 22:14:20 GMT"),
        (RetryAfter::Absurd, "999999"),
    ] {
        let (stage, reply) = spoiled(FaultKind::Rate429 { retry_after }).await;
        assert_eq!(reply.verdict(), (429, 429));
        assert_eq!(reply.header("retry-after"), header);
        assert_eq!(stage.ann(), 100);
        settles(&stage).await;
    }
}

#[tokio::test]
async fn odd_code() {
    for (form, start) in [
        (OddCode::String, r#"{"code":"0","msg""#),
        (OddCode::Missing, r#"{"msg""#),
        (OddCode::Null, r#"{"code":null,"msg""#),
    ] {
        let (stage, reply) = spoiled(FaultKind::OddCode { form }).await;
        assert!(reply.text().starts_with(start), "{}", reply.text());
        assert!(reply.text().contains(r#""code":0,"message""#));
        settles(&stage).await;
    }
}

#[tokio::test]
async fn ids_as_float_and_points_as_string() {
    let (stage, reply) = spoiled(FaultKind::IdsAsFloat).await;
    let rounded = r#""fbLongId":2.2345678901234566e+17,"#;
    assert!(reply.text().contains(rounded), "{}", reply.text());
    for kind in [FaultKind::IdsAsFloat, FaultKind::PointsAsString] {
        stage.mall.faults().set(FaultRule::once("*", kind));
    }
    let floats = stage.balance(GUILD, ANN).send().await.json();
    assert!(floats["data"]["userId"].is_f64());
    let strings = stage.balance(GUILD, ANN).send().await.json();
    assert_eq!(strings["data"]["point"], "110");
    settles(&stage).await;
}

#[tokio::test]
async fn extra_and_reordered_fields() {
    let (stage, reply) = spoiled(FaultKind::ExtraAndReorderedFields).await;
    let text = reply.text();
    assert!(text.find("data") < text.find("msg"), "{text}");
    let json = reply.json();
    assert_eq!(
        (&json["code"], &json["data"]["code"]),
        (&0.into(), &0.into())
    );
    assert_eq!(json["data"]["fbLongId"], ANN);
    settles(&stage).await;
}

#[tokio::test]
async fn duplicate_request_is_really_processed_twice() {
    for (sees, verdict) in [(Delivery::First, (200, 0)), (Delivery::Second, (401, 401))] {
        let (stage, reply) = spoiled(FaultKind::DuplicateRequest { sees }).await;
        assert_eq!(reply.verdict(), verdict);
        let mut codes: Vec<_> = stage.mall.requests().iter().map(|r| r.code).collect();
        codes.sort_unstable();
        assert_eq!(codes, [Some(0), Some(401)]);
        assert_eq!(stage.ann(), 110);
        settles(&stage).await;
    }
}

#[tokio::test]
async fn clock_skew_moves_the_window_and_the_date() {
    let (stage, reply) = spoiled(FaultKind::ClockSkew { ms: 3_600_000 }).await;
    assert_eq!(reply.verdict(), (401, 401));
    assert_eq!(reply.header("date"), "Tue, 14 Nov 2023 23:13:20 GMT");
    assert_eq!(stage.ann(), 100);
    let kind = FaultKind::ClockSkew { ms: -3_600_000 };
    let rule = FaultRule::once("modifyUserPoint", kind);
    stage.mall.faults().set(rule);
    let mut call = stage.change("b", GUILD, ANN, 10);
    call.timestamp = (NOW - 3_600_000).to_string();
    assert_eq!(call.send().await.verdict(), (200, 0));
    settles(&stage).await;
}

#[tokio::test]
async fn batch_results_are_too_few_or_too_many() {
    for (kind, length) in [
        (FaultKind::BatchTruncate { n: 1 }, 1),
        (FaultKind::BatchTruncate { n: 9 }, 0),
        (FaultKind::BatchExtra { n: 3 }, 5),
    ] {
        let stage = Stage::new().await;
        stage.mall.faults().set(FaultRule::once("*", kind));
        let call = stage.batch(&[("b-1", ANN, 10), ("b-2", BOB, 10)]);
        let json = call.send().await.json();
        assert_eq!(json["code"], 0);
        assert_eq!(json["data"].as_array().unwrap().len(), length);
        assert_eq!(stage.mall.records().len(), 2);
        assert_eq!(stage.ann(), 110);
    }
}

#[tokio::test]
async fn redirect_302_leads_elsewhere_without_effect() {
    for location in [None, Some("http://127.0.0.1:9/else".to_owned())] {
        let named = location.clone();
        let (stage, reply) = spoiled(FaultKind::Redirect302 { location }).await;
        assert_eq!(reply.status, 302);
        let expected = named.unwrap_or_else(|| "https://elsewhere.invalid/login".to_owned());
        assert_eq!(reply.header("location"), expected);
        assert_eq!(stage.ann(), 100);
        settles(&stage).await;
    }
}

#[tokio::test]
async fn slow_body_starts_at_once_and_does_not_end() {
    let stage = Stage::new().await;
    let faults = stage.mall.faults();
    faults.set(FaultRule::once("*", FaultKind::SlowBody));
    let call = stage.change("b", GUILD, ANN, 10).signed();
    let mut response = call.try_send().await.unwrap();
    assert_eq!((response.status().as_u16(), stage.ann()), (200, 110));
    let first = response.chunk().await.unwrap().unwrap();
    assert_eq!(first.as_ref(), b"{");
    // The rest would take minutes; the mall's end cuts it off.
    stage.mall.stop().await;
    let rest = tokio::time::timeout(Duration::from_secs(10), response.bytes()).await;
    let read = rest.unwrap().map_or(0, |bytes| bytes.len());
    assert!(read < 60, "{read}");
    settles(&stage).await;
}

#[tokio::test]
async fn a_fault_meets_only_its_endpoint_and_its_turn() {
    let stage = Stage::new().await;
    stage.mall.faults().set(FaultRule {
        endpoint: "findPointRecord".to_owned(),
        skip: 1,
        count: Some(1),
        kind: FaultKind::Status500Before,
    });
    assert_eq!(stage.change("b", GUILD, ANN, 1).send().await.status, 200);
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(stage.find("b").send().await.status);
    }
    assert_eq!(statuses, [200, 500, 200]);
    assert_eq!(stage.mall.faults().list()[0].hits, 1);
}

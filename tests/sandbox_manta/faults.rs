//! Each fault: what its caller gets, and that the hit is recorded.

use std::time::Duration;

use guildpoints::sandbox::fault::Delivery;
use guildpoints::sandbox::fault::FaultKind;
use guildpoints::sandbox::fault::FaultRule;
use guildpoints::sandbox::fault::Malformed;
use guildpoints::sandbox::fault::Moment;
use guildpoints::sandbox::fault::OddCode;
use guildpoints::sandbox::fault::RetryAfter;
use serde_json::Value;
use serde_json::json;

use crate::stage::ANN;
use crate::stage::BOB;
use crate::stage::Stage;
use crate::stage::verdict;
use crate::wire::Reply;

/// Asks for two clients under a fault, and checks that it was hit.
async fn spoiled(kind: FaultKind) -> (Stage, Reply) {
    let stage = Stage::new().await;
    let rule = FaultRule::once("manta.points", kind.clone());
    stage.manta.faults().set(rule);
    let reply = stage.points(json!({"clientIds": [ANN, BOB]})).await;
    let hits = stage.manta.faults().hits();
    assert_eq!(hits, [("manta.points".to_owned(), kind.clone())]);
    let noted = stage.manta.requests();
    assert!(
        noted
            .iter()
            .all(|request| request.fault == Some(kind.clone()))
    );
    let again = stage.points(json!({"clientIds": [ANN, BOB]})).await;
    assert_eq!(again.json()["points"].as_array().unwrap().len(), 2);
    (stage, reply)
}

#[tokio::test]
async fn no_answer_or_none_to_be_read() {
    for kind in [FaultKind::DropBefore, FaultKind::DropAfter] {
        assert!(spoiled(kind).await.1.closed());
    }
    for kind in [FaultKind::Status500Before, FaultKind::Status500After] {
        assert_eq!(verdict(&spoiled(kind).await.1), (500, None));
    }
    for when in [Moment::Before, Moment::After] {
        for form in [Malformed::Cut, Malformed::NotUtf8] {
            let (_, reply) = spoiled(FaultKind::MalformedJson { when, form }).await;
            assert_eq!(reply.status, 200);
            assert!(serde_json::from_slice::<Value>(&reply.bytes).is_err());
        }
        let (_, reply) = spoiled(FaultKind::Html200 { when }).await;
        assert_eq!(reply.status, 200);
        assert!(reply.header("content-type").starts_with("text/html"));
        let (_, reply) = spoiled(FaultKind::AnswerCode { code: 36_000, when }).await;
        assert_eq!(verdict(&reply), (200, Some(36_000)));
    }
    let (_, reply) = spoiled(FaultKind::Redirect302 { location: None }).await;
    assert_eq!(reply.status, 302);
    assert_eq!(reply.header("location"), "https://elsewhere.invalid/login");
}

#[tokio::test]
async fn too_many() {
    for (retry_after, header) in [
        (RetryAfter::Absent, ""),
        (RetryAfter::Seconds(3), "3"),
        (RetryAfter::Date(60), "Tue, 14 Nov 2023 22:14:20 GMT"),
        (RetryAfter::Absurd, "999999"),
    ] {
        let (_, reply) = spoiled(FaultKind::Rate429 { retry_after }).await;
        assert_eq!(verdict(&reply), (429, None));
        assert_eq!(reply.header("retry-after"), header);
    }
}

#[tokio::test]
async fn odd_forms() {
    let (_, reply) = spoiled(FaultKind::PointsAsString).await;
    assert_eq!(reply.json()["points"][0]["points"], "150");
    let (_, reply) = spoiled(FaultKind::ExtraAndReorderedFields).await;
    assert!(reply.text().find("points") < reply.text().find("success"));
    assert_eq!(reply.json()["points"][0]["points"], 150);
    for (kind, length) in [
        (FaultKind::BatchTruncate { n: 1 }, 1),
        (FaultKind::BatchExtra { n: 2 }, 4),
    ] {
        let (_, reply) = spoiled(kind).await;
        assert_eq!(reply.json()["points"].as_array().unwrap().len(), length);
    }
    for (form, expected) in [
        (OddCode::String, Some(json!("110000"))),
        (OddCode::Missing, None),
        (OddCode::Null, Some(Value::Null)),
    ] {
        let stage = Stage::new().await;
        let kind = FaultKind::OddCode { form };
        stage.manta.faults().set(FaultRule::once("manta.*", kind));
        let refusal = stage.points(json!({})).await.json();
        assert_eq!(refusal["errResponse"].get("code"), expected.as_ref());
        assert_eq!(refusal["success"], false);
    }
}

#[tokio::test]
async fn a_wrong_clock_ends_a_token_early() {
    let ms = 31 * 86_400_000;
    let (_, reply) = spoiled(FaultKind::ClockSkew { ms }).await;
    assert_eq!(verdict(&reply), (401, Some(1004)));
}

#[tokio::test]
async fn a_refresh_delivered_twice_is_refused_the_second_time() {
    for (sees, status) in [(Delivery::First, 200), (Delivery::Second, 401)] {
        let stage = Stage::new().await;
        let kind = FaultKind::DuplicateRequest { sees };
        stage
            .manta
            .faults()
            .set(FaultRule::once("manta.token", kind));
        let reply = stage.refresh().await;
        assert_eq!(reply.status, status);
        let codes: Vec<_> = stage.manta.requests().iter().map(|r| r.code).collect();
        assert!(
            codes.contains(&None) && codes.contains(&Some(120_000)),
            "{codes:?}"
        );
    }
}

#[tokio::test]
async fn a_slow_or_late_answer_ends_with_the_service() {
    for kind in [
        FaultKind::DelayBefore { ms: 3_600_000 },
        FaultKind::DelayAfter { ms: 3_600_000 },
        FaultKind::SlowBody,
    ] {
        let stage = Stage::new().await;
        stage.manta.faults().set(FaultRule::once("*", kind));
        let mut changes = stage.manta.changes();
        let body = json!({"secret": stage.manta.secret(), "clientIds": [ANN]});
        let sent = tokio::spawn(stage.asking("/openapi/client/point", &body).send());
        while stage.manta.traffic().arrived == 0 {
            changes.recv().await.ok();
        }
        stage.manta.stop().await;
        let answered = tokio::time::timeout(Duration::from_secs(10), sent).await;
        drop(answered.expect("an answer, or none, when the service ends"));
    }
    for kind in [
        FaultKind::DelayBefore { ms: 20 },
        FaultKind::DelayAfter { ms: 20 },
    ] {
        assert_eq!(spoiled(kind).await.1.status, 200);
    }
}

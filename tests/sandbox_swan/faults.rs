//! Each fault: what its caller gets, what takes effect, and that the hit is recorded.

use std::time::Duration;

use guildpoints::sandbox::fault::Chance;
use guildpoints::sandbox::fault::Delivery;
use guildpoints::sandbox::fault::FaultKind;
use guildpoints::sandbox::fault::FaultRule;
use guildpoints::sandbox::fault::Malformed;
use guildpoints::sandbox::fault::Moment;
use guildpoints::sandbox::fault::OddCode;
use guildpoints::sandbox::fault::RetryAfter;
use guildpoints::sandbox::swan::RepeatedId;
use serde_json::Value;
use serde_json::json;

use crate::stage::ANN;
use crate::stage::NOBODY;
use crate::stage::NOW;
use crate::stage::Stage;
use crate::stage::verdict;
use crate::wire::Reply;

/// Adds 10 to Ann's 100 under a fault, and checks that it was hit.
async fn spoiled(kind: FaultKind) -> (Stage, Reply) {
    let stage = Stage::new().await;
    stage
        .swan
        .faults()
        .set(FaultRule::once("swan.add", kind.clone()));
    let reply = stage.add("t-1", ANN, 10).await;
    let hits = stage.swan.faults().hits();
    assert_eq!(hits, [("swan.add".to_owned(), kind.clone())]);
    let noted = stage.swan.requests();
    assert!(
        noted
            .iter()
            .all(|request| request.fault == Some(kind.clone()))
    );
    stage.balances_are_sums_of_ledgers();
    // The way out of it: the ledger tells, by the id, what became of the change.
    let ledger = stage.ledger(ANN, "").await.json();
    let found = ledger["transaction"].as_array().unwrap().iter();
    let found = found.filter(|entry| entry["detailId"] == "t-1").count();
    assert_eq!(found, stage.swan.effects("t-1"));
    (stage, reply)
}

#[tokio::test]
async fn drops_and_500() {
    for (kind, status, ann) in [
        (FaultKind::DropBefore, None, 100),
        (FaultKind::DropAfter, None, 110),
        (FaultKind::Status500Before, Some(500), 100),
        (FaultKind::Status500After, Some(500), 110),
    ] {
        let (stage, reply) = spoiled(kind).await;
        assert_eq!(reply.closed(), status.is_none());
        assert_eq!(stage.swan.requests()[0].status, status);
        assert_eq!(stage.ann(), ann);
    }
}

#[tokio::test]
async fn answers_that_are_none() {
    for (when, ann) in [(Moment::Before, 100), (Moment::After, 110)] {
        for form in [Malformed::Cut, Malformed::NotUtf8] {
            let (stage, reply) = spoiled(FaultKind::MalformedJson { when, form }).await;
            assert_eq!(reply.status, 200);
            assert!(serde_json::from_slice::<Value>(&reply.bytes).is_err());
            assert_eq!(stage.ann(), ann);
        }
        let (stage, reply) = spoiled(FaultKind::Html200 { when }).await;
        assert_eq!(reply.status, 200);
        assert!(reply.header("content-type").starts_with("text/html"));
        assert_eq!(stage.ann(), ann);
    }
    let (stage, reply) = spoiled(FaultKind::Redirect302 { location: None }).await;
    assert_eq!(reply.status, 302);
    assert_eq!(reply.header("location"), "https://elsewhere.invalid/login");
    assert_eq!(stage.ann(), 100);
}

#[tokio::test]
async fn too_many() {
    for (retry_after, header) in [
        (RetryAfter::Absent, ""),
        (RetryAfter::Seconds(3), "3"),
        (RetryAfter::Date(60), "Tue, 14 Nov 2023 22:14:20 GMT"),
        (RetryAfter::Absurd, "999999"),
    ] {
        let (stage, reply) = spoiled(FaultKind::Rate429 { retry_after }).await;
        assert_eq!(verdict(&reply).0, 429);
        assert_eq!(reply.header("retry-after"), header);
        assert_eq!(stage.ann(), 100);
    }
}

#[tokio::test]
async fn codes_in_odd_forms() {
    for (form, expected) in [
        (OddCode::String, Some(json!("SWAN_USER_NOT_FOUND"))),
        (OddCode::Missing, None),
        (OddCode::Null, Some(Value::Null)),
    ] {
        let stage = Stage::new().await;
        let kind = FaultKind::OddCode { form };
        stage.swan.faults().set(FaultRule::once("swan.*", kind));
        let reply = stage.balance(NOBODY).await.json();
        assert_eq!(reply.get("errcode"), expected.as_ref());
        let noted = stage.swan.requests().pop().unwrap();
        assert_eq!(
            noted.errcode,
            Some("SWAN_USER_NOT_FOUND"),
            "as it was meant"
        );
    }
    for (when, ann) in [(Moment::Before, 100), (Moment::After, 110)] {
        let (stage, reply) = spoiled(FaultKind::AnswerCode { code: 1, when }).await;
        assert_eq!(verdict(&reply), (200, "1".to_owned()));
        assert_eq!(stage.ann(), ann);
    }
}

#[tokio::test]
async fn fields_in_odd_forms() {
    let stage = Stage::new().await;
    stage.add("t-1", ANN, 10).await;
    let faults = stage.swan.faults();
    let once = |kind| faults.set(FaultRule::once("swan.*", kind));
    once(FaultKind::PointsAsString);
    assert_eq!(stage.balance(ANN).await.json()["balance"], "110");
    once(FaultKind::PointsAsString);
    let mine = stage.mine(ANN, "").await.json();
    assert_eq!(mine["transaction"]["content"][0]["points"], "10");
    once(FaultKind::IdsAsFloat);
    let mine = stage.mine(ANN, "").await.json();
    assert!(mine["transaction"]["content"][0]["detailId"].is_f64());
    assert_eq!(mine["transaction"]["content"][0]["userId"], ANN);
    once(FaultKind::ExtraAndReorderedFields);
    let text = stage.balance(ANN).await.text();
    assert!(text.find("updatedAt") < text.find("userId"), "{text}");
    for (kind, length) in [
        (FaultKind::BatchTruncate { n: 1 }, 2),
        (FaultKind::BatchExtra { n: 2 }, 5),
    ] {
        once(kind.clone());
        let page = stage.ledger(ANN, "").await.json();
        assert_eq!(page["transaction"].as_array().unwrap().len(), length);
        once(kind);
        let mine = stage.mine(ANN, "").await.json();
        let content = mine["transaction"]["content"].as_array().unwrap();
        assert_eq!(content.len(), length);
    }
}

#[tokio::test]
async fn a_request_delivered_twice_is_applied_twice_here() {
    for (repeated, sees, status, ann) in [
        (RepeatedId::Again, Delivery::Second, 200, 120),
        (RepeatedId::Silent, Delivery::Second, 200, 110),
        (RepeatedId::Conflict, Delivery::First, 200, 110),
        (RepeatedId::Conflict, Delivery::Second, 409, 110),
    ] {
        let stage = Stage::shaped(|shapes| shapes.repeated_id = repeated).await;
        let kind = FaultKind::DuplicateRequest { sees };
        stage.swan.faults().set(FaultRule::once("swan.add", kind));
        let reply = stage.add("t-1", ANN, 10).await;
        assert_eq!(reply.status, status, "{repeated:?} {sees:?}");
        assert_eq!(stage.ann(), ann, "{repeated:?} {sees:?}");
        assert_eq!(stage.swan.requests().len(), 2);
    }
}

#[tokio::test]
async fn a_wrong_clock_dates_entries_wrongly() {
    let (stage, reply) = spoiled(FaultKind::ClockSkew { ms: 3_600_000 }).await;
    assert_eq!(reply.header("date"), "Tue, 14 Nov 2023 23:13:20 GMT");
    assert_eq!(stage.swan.ledger(ANN)[0].time_ms, NOW + 3_600_000);
}

#[tokio::test]
async fn a_delayed_change_is_applied_though_its_sender_has_gone() {
    let stage = Stage::new().await;
    let kind = FaultKind::DelayBefore { ms: 1_500 };
    stage.swan.faults().set(FaultRule::once("swan.add", kind));
    let mut changes = stage.swan.changes();
    let sent = tokio::spawn(Reply::to(stage.adding("t-1", ANN, 10)));
    while stage.swan.traffic().under_way == 0 {
        changes.recv().await.unwrap();
    }
    sent.abort();
    assert_eq!(stage.ledger(ANN, "").await.json()["total"], 2, "not yet");
    while stage.swan.effects("t-1") == 0 {
        let ring = tokio::time::timeout(Duration::from_secs(20), changes.recv()).await;
        drop(ring.expect("the change never came"));
    }
    assert_eq!(stage.ann(), 110);
}

#[tokio::test]
async fn a_late_or_slow_answer_has_been_applied_and_ends_with_the_service() {
    for kind in [FaultKind::DelayAfter { ms: 3_600_000 }, FaultKind::SlowBody] {
        let stage = Stage::new().await;
        stage.swan.faults().set(FaultRule::once("swan.add", kind));
        let mut changes = stage.swan.changes();
        let sent = tokio::spawn(stage.adding("t-1", ANN, 10).send());
        while stage.swan.effects("t-1") == 0 {
            changes.recv().await.ok();
            tokio::task::yield_now().await;
        }
        stage.swan.stop().await;
        let answered = tokio::time::timeout(Duration::from_secs(10), sent).await;
        drop(answered.expect("an answer, or none, when the service ends"));
        assert_eq!(stage.ann(), 110);
    }
}

#[tokio::test]
async fn faults_are_set_by_endpoint_turn_and_die() {
    let stage = Stage::new().await;
    let faults = stage.swan.faults();
    faults.set(FaultRule {
        endpoint: "swan.ledger".to_owned(),
        skip: 1,
        count: Some(1),
        kind: FaultKind::Status500Before,
    });
    assert_eq!(stage.add("t-1", ANN, 1).await.status, 200);
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(stage.ledger(ANN, "").await.status);
    }
    assert_eq!(statuses, [200, 500, 200]);
    faults.clear();
    let run = async || {
        let rule = FaultRule::always("swan.balance", FaultKind::Status500Before);
        let (probability, seed) = (0.5, 7);
        faults.set_by_chance(rule, Chance { probability, seed });
        let mut hits = Vec::new();
        for _ in 0..16 {
            hits.push(stage.balance(ANN).await.status == 500);
        }
        faults.clear();
        hits
    };
    let first = run().await;
    assert_eq!(first, run().await);
    assert!(first.contains(&true) && first.contains(&false));
}

//! Faults on the Bot API: what the client meets and what has happened all the same.

use guildpoints::sandbox::fault::FaultKind;
use guildpoints::sandbox::fault::FaultRule;
use guildpoints::sandbox::fault::Malformed;
use guildpoints::sandbox::fault::Moment;
use guildpoints::sandbox::fault::RetryAfter;
use serde_json::Value;
use serde_json::json;

use crate::stage::PATIENCE;
use crate::stage::Stage;

/// Sends once under a fault; the status and body, or nothing when the connection broke.
async fn send_under(stage: &Stage, kind: FaultKind) -> Option<(u16, Vec<u8>)> {
    stage
        .sandbox
        .faults()
        .set(FaultRule::once("sendMessage", kind));
    let body = json!({"chat_id": stage.channel.number(), "text": "x"});
    let response = stage
        .http
        .post(stage.address("sendMessage"))
        .json(&body)
        .send()
        .await
        .ok()?;
    let status = response.status().as_u16();
    Some((status, response.bytes().await.ok()?.to_vec()))
}

#[tokio::test]
async fn each_fault_leaves_exactly_the_effect_it_names() {
    let stage = Stage::new().await;
    let mut said = 0;
    for (kind, status, effect) in [
        (FaultKind::DropBefore, None, 0),
        (FaultKind::DropAfter, None, 1),
        (FaultKind::DelayBefore { ms: 1 }, Some(200), 1),
        (FaultKind::DelayAfter { ms: 1 }, Some(200), 1),
        (FaultKind::Status500Before, Some(500), 0),
        (FaultKind::Status500After, Some(500), 1),
        (
            FaultKind::Html200 {
                when: Moment::Before,
            },
            Some(200),
            0,
        ),
        (
            FaultKind::Html200 {
                when: Moment::After,
            },
            Some(200),
            1,
        ),
        (
            FaultKind::MalformedJson {
                when: Moment::Before,
                form: Malformed::NotUtf8,
            },
            Some(200),
            0,
        ),
        (
            FaultKind::Rate429 {
                retry_after: RetryAfter::Absurd,
            },
            Some(429),
            0,
        ),
        (
            FaultKind::Redirect302 {
                location: Some(format!("{}/elsewhere", stage.base)),
            },
            Some(404),
            0,
        ),
    ] {
        let met = send_under(&stage, kind.clone()).await;
        assert_eq!(met.map(|(status, _)| status), status, "{kind:?}");
        said += effect;
        assert_eq!(
            stage.sandbox.messages(stage.channel).len(),
            said,
            "{kind:?}"
        );
    }
    let cut = FaultKind::MalformedJson {
        when: Moment::After,
        form: Malformed::Cut,
    };
    let (_, body) = send_under(&stage, cut).await.unwrap();
    assert!(serde_json::from_slice::<Value>(&body).is_err());
    assert_eq!(stage.sandbox.faults().hits().len(), 12);
    // The next call is not spoiled.
    assert_eq!(
        stage
            .result(
                "sendMessage",
                json!({"chat_id": stage.channel.number(), "text": "x"})
            )
            .await["entities"],
        json!([])
    );
    stage.sandbox.stop().await;
}

#[tokio::test]
async fn a_late_send_happens_although_its_sender_has_left() {
    let stage = Stage::new().await;
    stage.sandbox.faults().set(FaultRule::once(
        "sendMessage",
        FaultKind::DelayBefore { ms: 1_500 },
    ));
    let body = json!({"chat_id": stage.channel.number(), "text": "late"});
    let impatient = stage.http.post(stage.address("sendMessage")).json(&body);
    let gone = impatient
        .timeout(std::time::Duration::from_millis(500))
        .send()
        .await;
    assert!(gone.unwrap_err().is_timeout());
    let channel = stage.channel;
    let late = stage
        .sandbox
        .until(PATIENCE, |sandbox| sandbox.messages(channel).pop())
        .await
        .unwrap();
    assert_eq!(late.text(), "late");
    stage.sandbox.stop().await;
}

#[tokio::test]
async fn ten_thousand_and_two_comes_with_a_fault_as_well() {
    let stage = Stage::new().await;
    let (_, body) = send_under(
        &stage,
        FaultKind::Rate429 {
            retry_after: RetryAfter::Seconds(3),
        },
    )
    .await
    .unwrap();
    let answer: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(answer["error_code"], 10002);
    stage.sandbox.stop().await;
}

#[tokio::test]
async fn the_mall_stands_on_the_same_listener_and_shares_the_faults() {
    let stage = Stage::new().await;
    let base = &stage.sandbox.addresses().mall_url;
    let ask = || {
        stage
            .http
            .get(format!(
                "{base}/api/core/open/getUserPoint?guildId=1&userId=1"
            ))
            .send()
    };
    assert_eq!(ask().await.unwrap().status(), 401);
    let rule = FaultRule::once("getUserPoint", FaultKind::DropBefore);
    stage.sandbox.faults().set(rule);
    assert!(ask().await.is_err());
    assert_eq!(ask().await.unwrap().status(), 401);
    stage.sandbox.stop().await;
}

//! Requests that take their time, and outlive whoever sent them.

use std::time::Duration;

use guildpoints::sandbox::fault::FaultKind;
use guildpoints::sandbox::fault::FaultRule;

use crate::stage::ANN;
use crate::stage::GUILD;
use crate::stage::Signed;
use crate::stage::Stage;

/// Sends a request whose sender gives up as soon as the fault has been met.
async fn abandon(stage: &Stage, call: Signed) {
    let before = stage.mall.faults().hits().len();
    let mut changes = stage.mall.changes();
    let sent = tokio::spawn(call.try_send());
    while stage.mall.faults().hits().len() == before {
        changes.recv().await.unwrap();
    }
    sent.abort();
    assert!(sent.await.unwrap_err().is_cancelled());
}

/// Waits until this many requests have been worked on.
async fn worked_on(stage: &Stage, count: usize) {
    let mut changes = stage.mall.changes();
    while stage.mall.requests().len() < count {
        let ring = tokio::time::timeout(Duration::from_secs(20), changes.recv()).await;
        drop(ring.expect("a request that should have come late never came"));
    }
}

async fn delayed(kind: FaultKind) -> Stage {
    let stage = Stage::new().await;
    let rule = FaultRule::once("modifyUserPoint", kind);
    stage.mall.faults().set(rule);
    stage
}

#[tokio::test]
async fn delay_before_applies_late_though_its_sender_has_gone() {
    let stage = delayed(FaultKind::DelayBefore { ms: 1000 }).await;
    abandon(&stage, stage.change("b", GUILD, ANN, 10).signed()).await;
    assert_eq!(stage.ann(), 100);
    worked_on(&stage, 1).await;
    assert_eq!((stage.ann(), stage.effects("b")), (110, 1));
    let again = stage.change("b", GUILD, ANN, 10).send().await;
    assert_eq!(again.verdict(), (200, 60006));
}

#[tokio::test]
async fn a_late_original_and_its_resending_apply_once_together() {
    let stage = delayed(FaultKind::DelayBefore { ms: 2500 }).await;
    abandon(&stage, stage.change("b", GUILD, ANN, 10).signed()).await;
    assert!(stage.find("b").send().await.json()["data"].is_null());
    let again = stage.change("b", GUILD, ANN, 10).send().await;
    assert_eq!(again.verdict(), (200, 0));
    worked_on(&stage, 3).await;
    assert_eq!(stage.mall.requests()[2].code, Some(60006));
    assert_eq!((stage.ann(), stage.effects("b")), (110, 1));
}

#[tokio::test]
async fn a_request_stuck_longer_than_its_window_is_dead() {
    let stage = delayed(FaultKind::DelayBefore { ms: 1000 }).await;
    abandon(&stage, stage.change("b", GUILD, ANN, 10).signed()).await;
    stage.clock.advance(600_001);
    worked_on(&stage, 1).await;
    assert_eq!(stage.mall.requests()[0].status, Some(401));
    assert_eq!(stage.ann(), 100);
}

#[tokio::test]
async fn delay_after_has_applied_before_it_waits() {
    let stage = delayed(FaultKind::DelayAfter { ms: 3_600_000 }).await;
    abandon(&stage, stage.change("b", GUILD, ANN, 10).signed()).await;
    while stage.ann() == 100 {
        tokio::task::yield_now().await;
    }
    // An hour is not waited for: the mall's end lets go of the request.
    stage.mall.stop().await;
    assert_eq!(stage.effects("b"), 1);
    assert_eq!(stage.mall.requests()[0].status, None);
}

#[tokio::test]
async fn a_short_delay_is_only_a_delay() {
    for kind in [
        FaultKind::DelayBefore { ms: 20 },
        FaultKind::DelayAfter { ms: 20 },
    ] {
        let stage = delayed(kind).await;
        let reply = stage.change("b", GUILD, ANN, 10).send().await;
        assert_eq!(reply.verdict(), (200, 0));
        assert_eq!(stage.ann(), 110);
    }
}

#[tokio::test]
async fn the_end_of_the_mall_loses_what_had_not_arrived() {
    let stage = delayed(FaultKind::DelayBefore { ms: 3_600_000 }).await;
    let call = stage.change("b", GUILD, ANN, 10).signed();
    abandon(&stage, call).await;
    stage.mall.stop().await;
    assert_eq!((stage.ann(), stage.mall.requests()[0].status), (100, None));
}

//! Posts that do not come through, or of which nobody hears.

use std::time::Duration;
use std::time::Instant;

use guildpoints::journal::ScheduleFields;
use guildpoints::journal::ScheduleTrouble;
use guildpoints::journal::SlotState;
use guildpoints::model::ChannelId;
use guildpoints::sandbox::fault::FaultKind;
use guildpoints::sandbox::fault::FaultRule;
use serde_json::json;

use super::HOUR;
use super::LOOKED;
use super::SECOND;
use super::house::House;
use super::house::NAME;

/// Looks for what nobody heard of, until all is decided.
async fn looked(house: &House) {
    for _ in 0..4 {
        house.rounds().await;
        house.passes(LOOKED);
    }
    house.rounds().await;
}

#[tokio::test]
async fn a_post_whose_answer_is_lost_is_found_and_not_doubled() {
    let mut house = House::on_friday().await;
    house.start().await;
    for fault in [
        FaultKind::DropAfter,
        FaultKind::Status500After,
        FaultKind::DropBefore,
    ] {
        let before = house.boards().len();
        house.stage.fault("sendMessage", fault);
        house.goes_to(&house.monday(9, 0));
        looked(&house).await;
        house.sees(before + 1).await;
        assert_eq!(house.slots().await[0].state, SlotState::Posted);
    }
    // The second look is for what arrives late: nothing is sent before.
    house
        .stage
        .fault("sendMessage", FaultKind::DelayBefore { ms: 3_000 });
    house.stage.fault("message/getList", FaultKind::DropAfter);
    house.goes_to(&house.monday(9, 0));
    looked(&house).await;
    house.sees(4).await;
    assert_eq!(house.kept().await.failing, None);
    assert_eq!(house.whispered("夜雨"), [] as [String; 0]);
    house.finish().await;
}

#[tokio::test]
async fn what_cannot_be_looked_up_is_not_sent_again_and_somebody_is_told_once() {
    let mut house = House::on_friday().await;
    house.start().await;
    house
        .stage
        .sandbox
        .set_settings(&json!({"history_open": false}));
    house.stage.fault("sendMessage", FaultKind::DropBefore);
    house.goes_to(&house.monday(9, 0));
    looked(&house).await;
    assert_eq!(house.boards(), [] as [String; 0]);
    assert_eq!(house.slots().await[0].state, SlotState::Doubtful);
    let told = house.whispered("夜雨");
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(
        told[0].contains(NAME) && told[0].contains("不会再发一次"),
        "{told:#?}"
    );
    house.stop().await;
    house.start().await;
    house.passes(HOUR);
    house.rounds().await;
    let failing = house
        .kept()
        .await
        .failing
        .expect("it does not come through");
    assert_eq!(
        (failing.why, failing.told),
        (ScheduleTrouble::InDoubt, true)
    );
    assert_eq!(house.whispered("夜雨").len(), 1);
    // The next one comes as if nothing had been.
    house.goes_to(&house.monday(9, 0));
    house.sees(1).await;
    assert_eq!(house.kept().await.failing, None);
    house.finish().await;
}

#[tokio::test]
async fn a_board_without_a_channel_is_told_of_once_and_comes_when_it_has_one() {
    let mut house = House::on_friday().await;
    let lost = ScheduleFields {
        channel: ChannelId::new(7_777_777_777_777_777),
        ..house.weekly()
    };
    house.keeps(lost).await;
    house.start().await;
    house.goes_to(&house.monday(9, 0));
    let since_ms = house.clock.now_ms();
    for _ in 0..8 {
        house.rounds().await;
        house.passes(Duration::from_secs(900));
    }
    let failing = house
        .kept()
        .await
        .failing
        .expect("it does not come through");
    assert_eq!(
        (failing.why, failing.told),
        (ScheduleTrouble::NoChannel, true)
    );
    assert!(
        (0..60_000).contains(&(failing.since_ms - since_ms)),
        "{failing:?}"
    );
    let told = house.whispered("夜雨");
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(
        told[0].contains("频道不存在") && told[0].contains("09:00"),
        "{told:#?}"
    );
    let slot = house.slots().await.remove(0);
    assert!(
        slot.state == SlotState::Claimed && slot.tries > 2,
        "{slot:?}"
    );
    // Its time goes by.
    house.passes(6 * HOUR);
    house.rounds().await;
    assert_eq!(house.slots().await[0].state, SlotState::Failed);
    house.goes_to(&house.monday(9, 0));
    house.rounds().await;
    assert_eq!(house.whispered("夜雨").len(), 1, "once is enough");
    // With another channel the one that waits comes at once, and late if it is late by then.
    house.stop().await;
    house.passes(HOUR);
    let (guild, channel) = (house.stage.guild, house.stage.channel);
    let moved = format!(
        "update schedules set channel = {channel} where guild = {guild} and name = '{NAME}'"
    );
    house.stage.change_store(&moved).await;
    house.start().await;
    let boards = house.sees(1).await;
    assert!(boards[0].contains("补发"), "{}", boards[0]);
    assert_eq!(house.kept().await.failing, None);
    house.finish().await;
}

#[tokio::test]
async fn what_is_certainly_not_sent_is_sent_later() {
    let mut house = House::on_friday().await;
    house.start().await;
    // 10002: nothing goes out, not even to the administrator.
    house
        .stage
        .sandbox
        .set_settings(&json!({"whitelisted": false}));
    house.goes_to(&house.monday(9, 0));
    house
        .stage
        .until("sending is refused", |sandbox| {
            sandbox.calls("sendMessage") > 0
        })
        .await;
    // Sending is tried a few times first, with pauses that grow by chance.
    let begun = Instant::now();
    let failing = loop {
        if let Some(failing) = house.kept().await.failing {
            break failing;
        }
        assert!(begun.elapsed() < 60 * SECOND, "it comes through");
        house.rounds().await;
    };
    assert_eq!(
        (failing.why, failing.told),
        (ScheduleTrouble::NotListed, false)
    );
    house
        .stage
        .sandbox
        .set_settings(&json!({"whitelisted": true}));
    house.passes(HOUR);
    let boards = house.sees(1).await;
    assert!(boards[0].contains("补发"), "{}", boards[0]);
    assert_eq!(house.kept().await.failing, None);
    assert_eq!(house.whispered("夜雨"), [] as [String; 0]);
    // A server that only fails is not told of while it is worth trying.
    house.stage.sandbox.faults().set(FaultRule {
        endpoint: "sendMessage".to_owned(),
        skip: 0,
        count: Some(2),
        kind: FaultKind::Rate429 {
            retry_after: Default::default(),
        },
    });
    house.goes_to(&house.monday(9, 0));
    house.sees(2).await;
    house.finish().await;
}

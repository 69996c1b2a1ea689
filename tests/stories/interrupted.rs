//! Interrupted while asking, while being pressed, and while a payment is under way.

use futures_util::StreamExt;
use futures_util::stream;
use guildpoints::sandbox::fault::FaultKind;

use crate::books::first_shown;
use crate::books::probed;
use crate::books::squared;
use crate::crash::AFTER;
use crate::crash::AT_ONCE;
use crate::crash::BEFORE;
use crate::crash::CHANGE;
use crate::crash::EDIT;
use crate::crash::LOOK_UP;
use crate::crash::REWARD;
use crate::crash::SAY;
use crate::crash::set;
use crate::stage::Said;
use crate::stage::Settings;
use crate::stage::Stage;

/// A stage on which a reward of 666 is asked about first.
async fn asking() -> Stage {
    Stage::with(Settings {
        reward: "confirm_over = 100".to_owned(),
        ..Settings::default()
    })
    .await
}

/// Presses the confirm button as the moderator.
fn confirm(stage: &Stage, said: Said) -> String {
    let (message, data) = stage.button(said, "确认");
    stage.sandbox.press(stage.user("阿杰"), message, &data)
}

/// Waits until a press was answered with this.
async fn toasted(stage: &Stage, callback: &str, part: &str) {
    stage
        .until("the press is answered", |sandbox| {
            let callbacks = sandbox.callbacks();
            let answered = callbacks.iter().find(|known| known.id == callback);
            answered.is_some_and(|known| known.answers.iter().any(|text| text.contains(part)))
        })
        .await;
}

#[tokio::test]
async fn a_question_written_and_not_said_is_asked_when_the_frame_comes_again() {
    let mut stage = asking().await;
    set(&stage, &[(SAY, 0, BEFORE)]);
    let said = stage.says("阿杰", REWARD);
    stage
        .until("it waits", |sandbox| sandbox.faults().hits().len() == 1)
        .await;
    stage.kill().await;
    stage.start().await;
    stage.sandbox.redelivers(said.0);
    stage.hears_of(said, "确认吗").await;
    confirm(&stage, said);
    stage.hears_of(said, "✅").await;
    assert_eq!(stage.answers(said).len(), 1);
    squared(stage, &[666]).await;
}

#[tokio::test]
async fn a_question_said_and_not_noted_takes_the_press_all_the_same() {
    let mut stage = asking().await;
    set(&stage, &[(SAY, 0, AFTER)]);
    let said = stage.says("阿杰", REWARD);
    stage.hears_of(said, "确认吗").await;
    stage.kill().await;
    stage.start().await;
    confirm(&stage, said);
    stage.hears_of(said, "✅").await;
    assert_eq!(stage.answers(said).len(), 1);
    squared(stage, &[666]).await;
}

#[tokio::test]
async fn a_press_the_process_died_under_counts_once() {
    // Before the change is written (whose roles are looked up), after it was paid, before the edit.
    let kills = [
        ("getChatMember", BEFORE, true),
        (CHANGE, BEFORE, false),
        (CHANGE, AFTER, false),
        (EDIT, BEFORE, false),
        (EDIT, AFTER, false),
    ];
    let stories = kills.into_iter().map(|(endpoint, kind, again)| async move {
        let mut stage = asking().await;
        let said = stage.says("阿杰", REWARD);
        stage.hears_of(said, "确认吗").await;
        set(&stage, &[(endpoint, 0, kind)]);
        confirm(&stage, said);
        stage
            .until("it waits", |sandbox| sandbox.faults().hits().len() == 1)
            .await;
        stage.kill().await;
        stage.start().await;
        if again {
            confirm(&stage, said);
        }
        stage.hears_of(said, "✅").await;
        // The old button is gone; whoever still has it on screen is told that it was used.
        let message = stage.sandbox.answers_to(said.0)[0].id;
        let data = format!("gp:ok:{}", said.0);
        let press = stage.sandbox.press(stage.user("阿杰"), message, &data);
        toasted(&stage, &press, "已经用过").await;
        stage.sandbox.redelivers(said.0);
        assert_eq!(stage.answers(said).len(), 1, "{endpoint}");
        squared(stage, &[666]).await;
    });
    stream::iter(stories)
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<()>>()
        .await;
}

#[tokio::test]
async fn a_press_before_our_own_call_has_come_back_counts() {
    let mut stage = asking().await;
    // Everybody sees the question, and we do not know yet that it stands.
    stage.fault(SAY, FaultKind::DelayAfter { ms: 700 });
    let said = stage.says("阿杰", REWARD);
    stage.hears_of(said, "确认吗").await;
    let press = confirm(&stage, said);
    stage.hears_of(said, "✅").await;
    toasted(&stage, &press, "收到").await;
    assert_eq!(stage.answers(said).len(), 1);
    squared(stage, &[666]).await;
}

#[tokio::test]
async fn stopped_in_the_middle_of_a_payment_it_waits_for_the_answer() {
    let mut stage = Stage::new().await;
    stage.fault(CHANGE, FaultKind::DelayAfter { ms: 500 });
    let rewarded = stage.says("阿杰", REWARD);
    stage
        .until("the mall has paid", |sandbox| {
            !sandbox.mall().records().is_empty()
        })
        .await;
    let status = stage.stop().await;
    assert_eq!(status.code(), Some(0), "{}", stage.log());
    assert!(stage.hears(rewarded).await.starts_with('✅'));
    squared(stage, &[666]).await;
}

#[tokio::test]
async fn stopped_with_a_change_in_doubt_it_says_so_and_the_next_process_ends_it() {
    let stops = [
        // The answer hangs.
        vec![(CHANGE, 0, AFTER)],
        // Lost, and the look-up hangs.
        vec![(CHANGE, 0, FaultKind::DropBefore), (LOOK_UP, 0, BEFORE)],
        // The repetition hangs.
        vec![(CHANGE, 0, FaultKind::DropBefore), (CHANGE, 1, AFTER)],
    ];
    let stories = stops.into_iter().map(|faults| async move {
        let mut stage = Stage::new().await;
        probed(&stage).await;
        set(&stage, &faults);
        let rewarded = stage.says("阿杰", REWARD);
        stage
            .until("it hangs", |sandbox| {
                sandbox.faults().hits().len() == faults.len()
            })
            .await;
        let status = stage.stop().await;
        assert_eq!(status.code(), Some(0), "{}", stage.log());
        let first = first_shown(&stage, rewarded);
        assert!(first.contains("结果待确认"), "{first}");
        stage.start().await;
        stage.hears_of(rewarded, "✅").await;
        assert_eq!(stage.answers(rewarded).len(), 1);
        squared(stage, &[666]).await;
    });
    stream::iter(stories)
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<()>>()
        .await;
}

//! Money with patience and limits: queues, repeated frames, many at once, and the daily quota.

use guildpoints::sandbox::SayOptions;
use guildpoints::sandbox::fault::FaultKind;
use guildpoints::sandbox::fault::FaultRule;
use guildpoints::sandbox::fault::RetryAfter;

use crate::books::all_but_settled;
use crate::books::always;
use crate::books::first_shown;
use crate::books::receipt;
use crate::books::sendings;
use crate::books::squared;
use crate::stage::Settings;
use crate::stage::Stage;
use crate::stage::receipt_in;

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

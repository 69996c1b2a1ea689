//! Several members in one call, under every fault and every shape of the mall that calls can meet.
//!
//! Results carry no id and may come in any order, so what they prove is matched or looked up line by
//! line. Source: points-backends, 1.8, 5.1 and 5.4.

use std::collections::BTreeMap;

use futures_util::StreamExt;
use futures_util::stream;
use guildpoints::journal::Counts;
use guildpoints::sandbox::fault::FaultKind;
use guildpoints::sandbox::mall::BatchOrder;
use guildpoints::sandbox::mall::ErrorShape;
use guildpoints::sandbox::mall::Shapes;

use crate::books::left_to_do;
use crate::books::probed;
use crate::faults::AT_ONCE;
use crate::faults::Taken;
use crate::faults::every_fault;
use crate::stage::Said;
use crate::stage::Settings;
use crate::stage::Stage;

/// Asks and presses the button.
async fn confirmed(stage: &mut Stage, order: &str) -> Said {
    let said = stage.says("阿杰", order);
    stage.hears_of(said, "确认吗").await;
    let (message, data) = stage.button(said, "确认");
    stage.sandbox.press(stage.user("阿杰"), message, &data);
    said
}

/// What the mall booked, by member; two changes of one member would be a second effect.
fn booked(stage: &Stage) -> BTreeMap<u64, i64> {
    let records = stage.sandbox.mall().records();
    let by_member: BTreeMap<u64, i64> = records.iter().map(|r| (r.user, r.points)).collect();
    assert_eq!(by_member.len(), records.len(), "{records:?}");
    by_member
}

/// Ends a story: everything is settled and told.
async fn over(mut stage: Stage) {
    let status = stage.stop().await;
    assert!(status.success(), "{status}\n{}", stage.log());
    assert_eq!(left_to_do(&stage).await, Counts::default());
    stage.finish().await;
}

#[tokio::test]
async fn every_fault_of_a_batch_pays_each_line_once() {
    let only_batches = [
        FaultKind::BatchTruncate { n: 1 },
        FaultKind::BatchTruncate { n: 3 },
        FaultKind::BatchExtra { n: 1 },
    ]
    .map(|fault| (fault, Taken::AsNoNews));
    let rows = every_fault().into_iter().chain(only_batches);
    let stories = rows.map(|(fault, taken)| async move {
        let mut stage = taken.stage().await;
        probed(&stage).await;
        stage.fault("batchModifyUserPoint", fault.clone());
        let said = confirmed(&mut stage, "/奖励 @小明 @小红 @星海 100 周赛").await;
        let last = stage.hears_of(said, "已到账 3").await;
        assert!(last.contains("待定 0，未到账 0"), "{fault:?}: {last}");
        let alone = stage.sandbox.mall().requests().into_iter();
        let alone = alone.filter(|request| request.endpoint == "modifyUserPoint");
        if taken == Taken::AtItsWord {
            assert_eq!(alone.count(), 0, "{fault:?}: one call did it all");
        }
        assert_eq!(booked(&stage).len(), 3, "{fault:?}");
        assert_eq!(stage.answers(said).len(), 1, "{fault:?}");
        over(stage).await;
    });
    stream::iter(stories)
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<()>>()
        .await;
}

#[tokio::test]
async fn whatever_the_order_of_results_each_line_says_what_was_booked() {
    let orders = [BatchOrder::List, BatchOrder::Reversed, BatchOrder::Shuffled];
    let errors = [ErrorShape::Outer, ErrorShape::Inner, ErrorShape::Both];
    let rows = orders.into_iter().flat_map(|batch_order| {
        let with = |(error_shape, batch_atomic)| Shapes {
            batch_order,
            error_shape,
            batch_atomic,
            failed_uses_bizid: batch_atomic,
            post_status_201: error_shape == ErrorShape::Both,
            batch_single_object: true,
            ..Shapes::default()
        };
        let atomic = errors.into_iter().map(|error| (error, true));
        let each = errors.into_iter().map(|error| (error, false));
        atomic.chain(each).map(with).collect::<Vec<_>>()
    });
    let stories = rows.map(|shapes| async move {
        let mut stage = Stage::without_bot(Settings::default()).await;
        stage.sandbox.mall().set_shapes(shapes.clone());
        stage.start().await;
        // 小红 has 120: she cannot pay, the others can.
        let said = confirmed(&mut stage, "/扣分 @小明 @小红 @星海 200 违规").await;
        let last = stage.hears_of(said, "待定 0").await;
        assert!(last.contains("❌ 小红"), "{shapes:?}: {last}");
        let by_member = booked(&stage);
        for member in ["小明", "星海"] {
            let paid = by_member.contains_key(&stage.user(member).number());
            assert_eq!(paid, !shapes.batch_atomic, "{shapes:?}");
            let told = last.contains(&format!("✅ {member}"));
            assert_eq!(told, paid, "{shapes:?}: {last}");
        }
        assert!(!by_member.contains_key(&stage.user("小红").number()));
        over(stage).await;
    });
    stream::iter(stories)
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<()>>()
        .await;
}

#[tokio::test]
async fn without_look_up_a_lost_batch_is_left_to_a_moderator_line_by_line() {
    let mut stage = Stage::without_bot(Settings::default()).await;
    stage.sandbox.mall().set_shapes(Shapes {
        find_point_record: false,
        ..Shapes::default()
    });
    stage.start().await;
    stage.fault("batchModifyUserPoint", FaultKind::DropAfter);
    let said = confirmed(&mut stage, "/奖励 @小明 @小红 100 周赛").await;
    stage.hears_of(said, "待定 2").await;
    stage
        .until("both were looked up in vain", |sandbox| {
            let looks = sandbox.mall().requests().into_iter();
            looks.filter(|look| look.status == Some(404)).count() >= 2
        })
        .await;
    // Neither a restart nor the frame once more sends anything again.
    stage.restart().await;
    stage.sandbox.redelivers(said.0);
    let other = stage.says("阿杰", "/奖励 @星海 5 早到");
    stage.hears_of(other, "✅").await;
    assert_eq!(booked(&stage).len(), 3);
    let last = stage
        .hears_until(said, |text| text.matches("需要管理人员核对").count() == 2)
        .await;
    assert!(
        last.contains("待定 2") && last.contains("⚠️ 小明") && last.contains("⚠️ 小红"),
        "{last}"
    );
    assert_eq!(stage.answers(said).len(), 1);
    let status = stage.stop().await;
    assert!(status.success(), "{status}");
    assert_eq!(left_to_do(&stage).await.unresolved, 2);
    stage.finish().await;
}

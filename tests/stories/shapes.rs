//! The main stories under every behaviour the mall's document leaves open.
//!
//! Each shape is a world of its own; whatever the mall chooses, what people are told is what it
//! booked. Source: points-backends, 5.1.

use futures_util::StreamExt;
use futures_util::stream;
use guildpoints::sandbox::fault::FaultKind;
use guildpoints::sandbox::mall::BatchOrder;
use guildpoints::sandbox::mall::EmptyRecord;
use guildpoints::sandbox::mall::ErrorShape;
use guildpoints::sandbox::mall::LengthUnit;
use guildpoints::sandbox::mall::Shapes;
use guildpoints::sandbox::mall::UnknownUserCode;

use crate::books::first_shown;
use crate::books::left_to_do;
use crate::books::logged;
use crate::books::probed;
use crate::books::receipt;
use crate::books::sendings;
use crate::books::squared;
use crate::stage::Settings;
use crate::stage::Stage;
use crate::stage::receipt_in;

/// Stages at work at once.
const AT_ONCE: usize = 8;
/// No request is given up because the machine is slow.
const PATIENT: &str = "timeout = \"20s\"\nsignature_window = \"1s\"\nlook_up_after = \"200ms\"\n";

/// Every choice by itself, and those together that meet in one answer.
fn every_shape() -> Vec<(&'static str, Shapes)> {
    let with = |name, change: &dyn Fn(&mut Shapes)| {
        let mut shapes = Shapes::default();
        change(&mut shapes);
        (name, shapes)
    };
    let empty = |form| move |shapes: &mut Shapes| shapes.empty_record = form;
    vec![
        ("as documented", Shapes::default()),
        with("pages for wrong paths", &|s| s.not_found_html = true),
        with("strict headers", &|s| s.strict_headers = true),
        with("code points", &|s| s.length_unit = LengthUnit::Codepoint),
        with("bytes", &|s| s.length_unit = LengthUnit::Utf8),
        with("inner errors", &|s| s.error_shape = ErrorShape::Inner),
        with("errors twice", &|s| s.error_shape = ErrorShape::Both),
        with("50000", &|s| {
            s.unknown_user_code = UnknownUserCode::NoSuchUser;
        }),
        with("50000 inside", &|s| {
            s.unknown_user_code = UnknownUserCode::NoSuchUser;
            s.error_shape = ErrorShape::Inner;
        }),
        with("no account is null", &|s| s.unknown_balance_null = true),
        with("refusals use ids up", &|s| s.failed_uses_bizid = true),
        with("batches", &|s| {
            s.batch_atomic = true;
            s.batch_order = BatchOrder::Shuffled;
            s.batch_single_object = true;
        }),
        with("201", &|s| s.post_status_201 = true),
        with("201 with inner errors", &|s| {
            s.post_status_201 = true;
            s.error_shape = ErrorShape::Inner;
        }),
        with("unused is {}", &empty(EmptyRecord::Object)),
        with("unused is absent", &empty(EmptyRecord::Absent)),
        with("unused is \"\"", &empty(EmptyRecord::Text)),
        with("unused is []", &empty(EmptyRecord::List)),
    ]
}

async fn stage_with(shapes: &Shapes) -> Stage {
    let mut stage = Stage::without_bot(Settings {
        mall: Some(PATIENT.to_owned()),
        ..Settings::default()
    })
    .await;
    stage.sandbox.mall().set_shapes(shapes.clone());
    stage.start().await;
    probed(&stage).await;
    stage
}

#[tokio::test]
async fn what_people_are_told_is_what_was_booked() {
    let stories = every_shape().into_iter().map(|(name, shapes)| async move {
        let mut stage = stage_with(&shapes).await;
        let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
        let answer = stage.hears_of(rewarded, "✅").await;
        assert!(
            answer.starts_with("✅ 小明 +666 → 3,140"),
            "{name}: {answer}"
        );

        let deducted = stage.says("夜雨", "/扣分 @小红 20 迟到");
        let answer = stage.hears_of(deducted, "✅").await;
        assert!(
            answer.starts_with("✅ 已扣除 小红 -20 → 100"),
            "{name}: {answer}"
        );
        let code = receipt_in(&answer);
        let told = receipt(&mut stage, "夜雨", &code).await;
        assert!(told.contains("已扣除"), "{name}: {told}");

        let too_much = stage.says("夜雨", "/扣分 @小红 500 迟到");
        let answer = stage.hears_of(too_much, "❌").await;
        let shown = "❌ 小红 现有 100 积分，要扣 500，没有扣除";
        assert!(answer.starts_with(shown), "{name}: {answer}");

        let welcome = stage.says("阿杰", "/奖励 @小白 5 欢迎");
        let answer = stage.hears_of(welcome, "已拒绝").await;
        let known = shapes.unknown_user_code == UnknownUserCode::NoSuchUser;
        let (code, why) = match known {
            true => ("50000", "未找到这位成员的积分账户"),
            false => ("60005", "没有改动任何积分"),
        };
        assert!(
            answer.contains(code) && answer.contains(why),
            "{name}: {answer}"
        );
        // 50000 is clear; 60005 has to be looked up first.
        let looks = crate::books::asked(&stage.sandbox, "findPointRecord").len();
        assert_eq!(
            looks,
            if known { 1 } else { 2 },
            "{name}: the probe and this"
        );

        let asked = stage.says("小白", "/积分");
        let answer = stage.hears(asked).await;
        assert!(answer.contains("未找到你的积分账户"), "{name}: {answer}");
        let asked = stage.says("小红", "/积分");
        let answer = stage.hears(asked).await;
        assert!(answer.contains("你现在有 100 积分"), "{name}: {answer}");
        squared(stage, &[666, -20]).await;
    });
    run(stories).await;
}

#[tokio::test]
async fn what_is_lost_ends_right() {
    let rows = every_shape().into_iter().flat_map(|(name, shapes)| {
        [
            (name, shapes.clone(), FaultKind::DropBefore, 2),
            (name, shapes, FaultKind::DropAfter, 1),
        ]
    });
    let stories = rows.map(|(name, shapes, lost, sent)| async move {
        let mut stage = stage_with(&shapes).await;
        stage.fault("modifyUserPoint", lost.clone());
        let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
        stage.hears_of(rewarded, "✅").await;
        let first = first_shown(&stage, rewarded);
        assert!(first.contains("结果待确认"), "{name}, {lost:?}: {first}");
        assert_eq!(sendings(&stage), sent, "{name}, {lost:?}");
        squared(stage, &[666]).await;
    });
    run(stories).await;
}

#[tokio::test]
async fn a_switch_that_is_off_is_named_wherever_the_code_stands() {
    for error_shape in [ErrorShape::Outer, ErrorShape::Inner, ErrorShape::Both] {
        let mut stage = stage_with(&Shapes {
            error_shape,
            ..Shapes::default()
        })
        .await;
        let guild = stage.guild.number();
        stage.sandbox.mall().switch(guild, false);
        let rewarded = stage.says("阿杰", "/奖励 @小明 5 早到");
        let answer = stage.hears_of(rewarded, "已拒绝").await;
        assert!(
            answer.contains("❌") && answer.contains("「第三方机器人」"),
            "{error_shape:?}: {answer}"
        );
        stage.sandbox.mall().switch(guild, true);
        let rewarded = stage.says("阿杰", "/奖励 @小明 5 早到");
        stage.hears_of(rewarded, "✅").await;
        squared(stage, &[5]).await;
    }
}

#[tokio::test]
async fn a_reason_too_long_for_the_mall_is_a_refusal_and_our_own_words_never_are() {
    // 40 characters are within every limit we know of but 120 bytes.
    let long = "好".repeat(40);
    let mut stage = stage_with(&Shapes {
        length_unit: LengthUnit::Utf8,
        ..Shapes::default()
    })
    .await;
    let rewarded = stage.says("阿杰", &format!("/奖励 @小明 5 {long}"));
    let answer = stage.hears_of(rewarded, "已拒绝").await;
    assert!(answer.contains("没有改动任何积分"), "{answer}");
    let rewarded = stage.says("阿杰", "/奖励 @小明 5");
    stage.hears_of(rewarded, "✅").await;
    squared(stage, &[5]).await;
}

#[tokio::test]
async fn an_older_mall_pays_what_is_clear_and_leaves_what_is_lost_to_a_moderator() {
    // There a repeated id is applied again, so nothing at all may go out twice.
    for (not_found_html, unresolved) in [(false, true), (true, false)] {
        let mut stage = Stage::without_bot(Settings {
            mall: Some(PATIENT.to_owned()),
            ..Settings::default()
        })
        .await;
        stage.sandbox.mall().set_shapes(Shapes {
            find_point_record: false,
            not_found_html,
            ..Shapes::default()
        });
        stage.start().await;
        let rewarded = stage.says("阿杰", "/奖励 @小明 5 早到");
        let answer = stage.hears_of(rewarded, "✅").await;
        assert!(answer.starts_with("✅ 小明 +5 → 2,479"), "{answer}");
        let too_much = stage.says("阿杰", "/扣分 @小红 500 迟到");
        let answer = stage.hears_of(too_much, "❌").await;
        assert!(answer.contains("没有扣除"), "{answer}");

        stage.fault("modifyUserPoint", FaultKind::DropAfter);
        let lost = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
        let first = stage.hears_of(lost, "结果待确认").await;
        let mut last = first.clone();
        if unresolved {
            logged(&stage, "a change could not be settled").await;
            // The same message names what can be done now.
            last = stage.hears_of(lost, "未能自动确认").await;
            let code = receipt_in(&first);
            let told = format!("guildpoints journal settle {code}");
            assert!(
                last.contains(&told) && last.contains("请不要重发"),
                "{last}"
            );
        } else {
            // A page at the look-up's address proves neither that it is missing nor that it works.
            stage
                .until("it is looked up in vain, three times", |sandbox| {
                    crate::books::asked(sandbox, "findPointRecord").len() >= 3
                })
                .await;
        }
        let told = receipt(&mut stage, "阿杰", &receipt_in(&first)).await;
        let by_hand = told.contains("需要管理人员核对");
        assert!(told.contains("待确认") && by_hand == unresolved, "{told}");
        assert_eq!(stage.answers(lost), [last]);
        assert_eq!(sendings(&stage), 3, "each went out once");
        stage.stop().await;
        let left = left_to_do(&stage).await;
        assert_eq!(left.unresolved + left.unconfirmed, 1);
        let booked: Vec<i64> = stage.paid().iter().map(|(points, _)| *points).collect();
        assert_eq!(booked, [5, 666]);
        stage.finish().await;
    }
}

async fn run<S>(stories: impl Iterator<Item = S>)
where
    S: std::future::Future<Output = ()>,
{
    stream::iter(stories)
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<()>>()
        .await;
}

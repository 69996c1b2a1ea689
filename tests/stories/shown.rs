//! Boards that stand in the chat already: who leaves the boards is taken off them too.

use std::time::Duration;
use std::time::Instant;

use guildpoints::model::MessageId;
use guildpoints::sandbox::fault::FaultKind;

use crate::boards::rewarded;
use crate::boards::rows;
use crate::boards::seen;
use crate::boards::stage;
use crate::stage::Said;
use crate::stage::Stage;
use crate::stage::text_of;

/// What was promised.
const SOON: Duration = Duration::from_secs(60);

async fn with_points(stage: &mut Stage) {
    for (who, points) in [("小明", 30), ("小红", 20), ("小白", 10)] {
        rewarded(stage, who, points).await;
    }
}

/// A board that somebody asks for, with the message it was asked for with.
async fn board(stage: &mut Stage, who: &str, text: &str) -> (Said, String) {
    let said = stage.says(who, text);
    let board = stage.hears(said).await;
    (said, board)
}

#[tokio::test]
async fn who_leaves_the_boards_is_taken_off_those_that_stand_there() {
    let mut stage = stage().await;
    with_points(&mut stage).await;
    let (top, before) = board(&mut stage, "小明", "/排行榜 总榜").await;
    assert_eq!(rows(&before)[1], "🥈 小红 · 20", "{before}");
    let (rank, _) = board(&mut stage, "小白", "/我的排名 本周").await;
    let (days, _) = board(&mut stage, "小白", "/top 7d").await;
    let (theirs, _) = board(&mut stage, "小明", "/top month @小红").await;
    let (beyond, other) = board(&mut stage, "小白", "/top all page 999").await;
    let (whispered, _) = {
        let said = stage.whispers("小明", "/top all");
        let board = stage.hears(said).await;
        (said, board)
    };
    let begun = Instant::now();
    seen(&mut stage, "小红", "/隐私 board off").await;
    let now = stage.hears_of(top, "未显示 1 人").await;
    assert_eq!(rows(&now), ["🥇 小明 · 30", "🥈 小白 · 10"], "{now}");
    assert!(now.contains("👤 小明：第 1 名 · 30 积分"), "{now}");
    assert!(!now.contains("小红"), "{now}");
    let now = stage.hears_of(rank, "👉 2. 小白 · 10").await;
    assert!(
        !now.contains("小红") && now.contains("未显示 1 人"),
        "{now}"
    );
    stage.hears_of(days, "未显示 1 人").await;
    stage.hears_of(whispered, "未显示 1 人").await;
    let now = stage.hears_of(theirs, "👤 小红：不在榜上").await;
    assert!(!now.contains("🥈 小红") && rows(&now).len() == 2, "{now}");
    assert!(begun.elapsed() < SOON);
    // A page without their row is left alone, and so is everything when they come back.
    assert_eq!(stage.answers(beyond), [other]);
    seen(&mut stage, "小红", "/隐私 board on").await;
    let again = seen(&mut stage, "小明", "/排行榜 总榜").await;
    assert_eq!(rows(&again)[1], "🥈 小红 · 20", "{again}");
    assert!(!stage.answers(top)[0].contains("小红"));
    stage.finish().await;
}

#[tokio::test]
async fn what_could_not_be_written_anew_is_after_a_restart_too() {
    let mut stage = stage().await;
    with_points(&mut stage).await;
    let (top, _) = board(&mut stage, "小明", "/排行榜 总榜").await;
    stage.fault("editMessageText", FaultKind::Status500Before);
    seen(&mut stage, "小红", "/隐私 board off").await;
    stage
        .logged("a board could not be written anew yet", 1)
        .await;
    stage.hears_of(top, "未显示 1 人").await;
    // The process ends before it has begun.
    let (top, _) = board(&mut stage, "小白", "/排行榜 总榜").await;
    stage.stop().await;
    let hidden = format!(
        "insert into hidden (guild, member, reason, since_ms) values ({}, {}, 'left', 1)",
        stage.guild,
        stage.user("小明").number()
    );
    stage.change_store(&hidden).await;
    for statement in [
        "update earned set shown = 0 where points = 30".to_owned(),
        "update earned_levels set members = members - 1 where bucket = 30 >> cast(level as int)"
            .to_owned(),
        format!(
            "update shown_boards set due_ms = 1 where command = {}",
            top.0.number()
        ),
    ] {
        stage.change_store(&statement).await;
    }
    stage.start().await;
    let now = stage.hears_until(top, |text| !text.contains("小明")).await;
    assert_eq!(rows(&now), ["🥇 小白 · 10"], "{now}");
    // A board that is gone is forgotten.
    let (gone, _) = board(&mut stage, "小白", "/排行榜 本月").await;
    stage.stop().await;
    stage
        .change_store(&format!(
            "update shown_boards set message = message + 1, due_ms = 1 where command = {}",
            gone.0.number()
        ))
        .await;
    stage.start().await;
    stage.logged("does not stand there any more", 1).await;
    stage.finish().await;
}

#[tokio::test]
async fn a_page_that_was_turned_keeps_whose_row_stands_at_the_foot() {
    let mut stage = stage().await;
    for number in 1..=12 {
        let nickname = format!("选手{number}");
        stage.sandbox.joins(stage.guild, &nickname);
        // All the same, and names of nothing but marks.
        rewarded(&mut stage, &nickname, 7).await;
    }
    stage.sandbox.joins(stage.guild, "\u{301}\u{301}\u{301}");
    rewarded(&mut stage, "\u{301}\u{301}\u{301}", 7).await;
    let (said, first) = board(&mut stage, "小明", "/top all @选手3 page 1").await;
    assert!(first.contains("👤 选手3：第 1 名 · 7 积分"), "{first}");
    stage.presses("小明", said, "下一页").await;
    let second = stage.hears_of(said, "第 2 / 2 页").await;
    assert!(second.contains("👤 选手3：第 1 名 · 7 积分"), "{second}");
    assert_eq!(rows(&second).len(), 3, "{second}");
    assert!(rows(&second).iter().all(|row| row.starts_with("🥇 ")));
    // The page that stands there is written anew, not the one before.
    let last = rows(&second)[0].split(' ').nth(1).unwrap().to_owned();
    seen(&mut stage, &last, "/隐私 board off").await;
    let now = stage.hears_of(said, "未显示 1 人").await;
    assert!(now.contains("第 2 / 2 页") && !now.contains(&last), "{now}");
    // Who has left is no reason to keep the pages shut.
    let gone = stage.user("选手3");
    assert!(stage.sandbox.leaves(stage.guild, gone));
    stage
        .hears_until(said, |text| !text.contains("选手3：第"))
        .await;
    stage.presses("小明", said, "上一页").await;
    stage.hears_of(said, "第 1 / 2 页").await;
    stage.finish().await;
}

/// What the bot has posted without being asked.
fn posted(stage: &mut Stage) -> Vec<(MessageId, String)> {
    let said = stage.said_in(stage.channel).into_iter();
    let own = said.filter(|(_, answers, _)| answers.is_none());
    own.map(|(id, _, text)| (id, text)).collect()
}

#[tokio::test]
async fn a_post_is_compared_with_the_one_before_and_made_anew() {
    let mut stage = stage().await;
    with_points(&mut stage).await;
    let added = seen(&mut stage, "夜雨", "/定时 添加 榜 21：30 总榜 前5").await;
    assert!(added.starts_with("✅"), "{added}");
    // The one before: 小白 stood first, 小明 second, and 小红 was not there.
    stage.stop().await;
    let guild = stage.guild;
    let mut statements = vec![format!(
        "insert into board_slots (guild, schedule, slot_ms, counted) values ({guild}, '榜', 1, 'all')"
    )];
    for (who, points) in [("小白", 9), ("小明", 8)] {
        statements.push(format!(
            "insert into board_places (guild, schedule, slot_ms, member, points) \
             values ({guild}, '榜', 1, {}, {points})",
            stage.user(who).number()
        ));
    }
    for statement in &statements {
        stage.change_store(statement).await;
    }
    stage.start().await;
    seen(&mut stage, "夜雨", "/定时 立即 榜").await;
    let (bot, channel) = (stage.sandbox.bot(), stage.channel);
    let own = move |sandbox: &guildpoints::sandbox::Running| {
        let messages = sandbox.messages(channel).into_iter();
        messages
            .filter(|it| it.author.id == bot && it.reply_to.is_none())
            .map(|it| text_of(&it))
            .collect::<Vec<_>>()
    };
    stage
        .until("a board is posted", |sandbox| !own(sandbox).is_empty())
        .await;
    let (id, post) = posted(&mut stage).remove(0);
    for part in ["▲1", "▼2", "新", "小红"] {
        assert!(post.contains(part), "{part}: {post}");
    }
    seen(&mut stage, "小红", "/隐私 board off").await;
    stage
        .until("the post is made anew", |sandbox| {
            own(sandbox).iter().all(|text| !text.contains("小红"))
        })
        .await;
    let all = posted(&mut stage);
    let [(same, post)] = all.as_slice() else {
        panic!("one post: {all:?}")
    };
    assert_eq!(*same, id, "the same message");
    for part in ["▲1", "▼1", "小白", "小明"] {
        assert!(post.contains(part), "{part}: {post}");
    }
    stage.finish().await;
}

//! What becomes of the post before.

use guildpoints::journal::ScheduleFields;
use guildpoints::sandbox::Running;
use guildpoints::sandbox::fault::FaultKind;
use guildpoints::sandbox::fault::Moment;

use super::LOOKED;
use super::house::House;

async fn with_mode(mode: &str) -> House {
    let house = House::on_friday().await;
    let fields = ScheduleFields {
        mode: mode.to_owned(),
        ..house.weekly()
    };
    house.keeps(fields).await;
    house
}

#[tokio::test]
async fn one_post_is_edited_and_comes_anew_where_it_is_gone() {
    let mut house = with_mode("edit").await;
    house.start().await;
    let said = house.stage.says("阿杰", "/奖励 @小红 50 天梯");
    house.stage.hears_of(said, "✅").await;
    house.goes_to(&house.monday(9, 0));
    let boards = house.sees(1).await;
    assert!(boards[0].contains("小红 · 50"), "{}", boards[0]);
    let channel = house.stage.channel;
    let first = house.boards_in(channel)[0].0;
    // Somebody deletes it: the next is a new one, and that is edited from then on.
    house.deletes(first).await;
    house.goes_to(&house.monday(9, 0));
    house.sees(1).await;
    let second = house.boards_in(channel)[0].0;
    assert_ne!(second, first);
    // Also when nobody hears of the edit.
    let edits = |count: u32| {
        move |sandbox: &Running| sandbox.message(second).is_some_and(|it| it.edits >= count)
    };
    let said = house.stage.says("阿杰", "/奖励 @小明 70 天梯");
    house.stage.hears_of(said, "✅").await;
    house.stage.fault("editMessageText", FaultKind::DropBefore);
    house.goes_to(&house.monday(9, 0));
    house.rounds().await;
    assert!(!edits(1)(&house.stage.sandbox));
    house.passes(LOOKED);
    house.stage.until("the board is edited", edits(1)).await;
    let boards = house.sees(1).await;
    assert!(boards[0].contains("🥇 · 小明 · 新 · 70"), "{}", boards[0]);
    house.goes_to(&house.monday(9, 0));
    house
        .stage
        .until("the board is edited again", edits(2))
        .await;
    house.sees(1).await;
    assert_eq!(house.boards_in(channel)[0].0, second);
    assert_eq!(house.kept().await.failing, None);
    house.finish().await;
}

#[tokio::test]
async fn the_new_post_replaces_the_old_one_if_it_can() {
    let mut house = with_mode("replace").await;
    house.start().await;
    house.goes_to(&house.monday(9, 0));
    house.sees(1).await;
    let channel = house.stage.channel;
    let first = house.boards_in(channel)[0].0;
    house.runs_now().await;
    house
        .stage
        .until("the new board stands alone", |sandbox| {
            sandbox.message(first).is_some_and(|it| it.deleted)
        })
        .await;
    house.sees(1).await;
    let second = house.boards_in(channel)[0].0;
    assert_ne!(second, first);
    // One that cannot be deleted for a moment goes a little later.
    house.stage.fault("deleteMessage", FaultKind::DropBefore);
    house.goes_to(&house.monday(9, 0));
    house.sees(2).await;
    house.passes(LOOKED * 2);
    house.sees(1).await;
    // That one may not be deleted at all is no failure of the new one.
    house.stage.fault(
        "deleteMessage",
        FaultKind::AnswerCode {
            code: 1012,
            when: Moment::Before,
        },
    );
    house.goes_to(&house.monday(9, 0));
    house.sees(2).await;
    let slots = house.slots().await;
    assert_eq!(slots[0].clears, None, "{:?}", slots[0]);
    assert_eq!(house.kept().await.failing, None);
    house.finish().await;
}

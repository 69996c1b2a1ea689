//! Boards that post themselves: once for each moment, late if need be, never twice.

mod balances;
mod house;
mod modes;
mod photos;
mod trouble;

use std::time::Duration;

use guildpoints::journal::SlotState;
use guildpoints::sandbox::fault::FaultKind;
use jiff::ToSpan;
use jiff::Zoned;
use jiff::civil::Weekday;

use house::House;
use house::next;
use house::shown;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);

/// Longer than the pauses before a post is looked for in the channel.
const LOOKED: Duration = Duration::from_secs(31);

/// The line of a late board.
fn late(board: &str) -> Option<&str> {
    board.lines().find(|line| line.starts_with('⏰'))
}

fn states(slots: &[guildpoints::journal::Slot]) -> Vec<(String, SlotState)> {
    let slots = slots.iter();
    slots
        .map(|slot| (shown(slot.key.slot_ms, "Asia/Shanghai"), slot.state))
        .collect()
}

#[tokio::test]
async fn on_monday_at_nine_the_board_of_last_week_appears_once() {
    let mut house = House::on_friday().await;
    house.start().await;
    for (who, points) in [("小明", 30), ("小红", 50)] {
        let said = house
            .stage
            .says("阿杰", &format!("/奖励 @{who} {points} 天梯"));
        house.stage.hears_of(said, "✅").await;
    }
    house.goes_to(&house.monday(8, 59));
    // Points of the new week are not on the board of the last.
    let said = house.stage.says("阿杰", "/奖励 @小明 1000 天梯");
    house.stage.hears_of(said, "✅").await;
    house.rounds().await;
    assert_eq!(house.boards(), [] as [String; 0]);
    let monday = house.now();
    house.passes(60 * SECOND);
    let boards = house.sees(1).await;
    let lines: Vec<&str> = boards[0].lines().collect();
    assert!(lines[0].starts_with("上周获得积分榜"), "{}", lines[0]);
    assert_eq!(lines[1..3], ["🥇 · 小红 · 50", "🥈 · 小明 · 30"]);
    let day = |days: i64| monday.datetime().date().checked_add(days.days()).unwrap();
    let dates = format!("{} 至 {}", day(-7), day(-1));
    assert!(lines[3].contains(&dates), "{}", boards[0]);
    assert_eq!(late(&boards[0]), None);
    // Nor do a restart, an hour, or a look at the running week bring it again.
    house.stop().await;
    house.start().await;
    house.passes(HOUR);
    assert_eq!(house.sees(1).await, boards);
    assert_eq!(
        states(&house.slots().await),
        [("Mon 09:00".to_owned(), SlotState::Posted)]
    );
    // The week after there is another.
    house.goes_to(&house.monday(9, 0));
    let boards = house.sees(2).await;
    assert!(
        boards[1].contains("🥇 · 小明 · ▲1 · 1,000"),
        "{}",
        boards[1]
    );
    house.finish().await;
}

#[tokio::test]
async fn a_restart_around_the_moment_changes_nothing() {
    let mut house = House::on_friday().await;
    house.start().await;
    // Right before.
    house.goes_to(&house.monday(8, 59));
    house.kill().await;
    house.passes(65 * SECOND);
    house.start().await;
    let boards = house.sees(1).await;
    assert_eq!(late(&boards[0]), None, "five seconds are not late");
    // Right after it was posted.
    house.kill().await;
    house.start().await;
    house.rounds().await;
    assert_eq!(house.boards().len(), 1);
    // Between sending and hearing that it stands there.
    house.goes_to(&house.monday(8, 59));
    house
        .stage
        .fault("sendMessage", FaultKind::DelayAfter { ms: 20_000 });
    house.passes(60 * SECOND);
    house.sees(2).await;
    house.kill().await;
    house.passes(LOOKED);
    house.start().await;
    house.passes(LOOKED);
    house.sees(2).await;
    house.passes(LOOKED);
    house.sees(2).await;
    assert_eq!(house.slots().await[0].state, SlotState::Posted);
    // Between noting that it is sent and sending it: two looks, and then it is sent.
    house.goes_to(&house.monday(8, 59));
    house.stage.fault("sendMessage", FaultKind::DropBefore);
    let hits = house.stage.sandbox.faults().hits().len();
    house.passes(60 * SECOND);
    house
        .stage
        .until("the post is lost", |sandbox| {
            sandbox.faults().hits().len() > hits
        })
        .await;
    house.kill().await;
    house.start().await;
    house.passes(LOOKED);
    house.rounds().await;
    assert_eq!(house.boards().len(), 2, "one look is not enough");
    house.passes(LOOKED);
    house.sees(3).await;
    house.finish().await;
}

#[tokio::test]
async fn an_hour_of_downtime_makes_it_late_and_a_day_skips_it() {
    let mut house = House::on_friday().await;
    house.start().await;
    house.stop().await;
    house.goes_to(&house.monday(10, 0));
    house.start().await;
    let boards = house.sees(1).await;
    let marked = late(&boards[0]).unwrap_or_else(|| panic!("{}", boards[0]));
    assert!(
        marked.contains("补发") && marked.ends_with("09:00 发布"),
        "{marked}"
    );
    // Later than `catch_up`: that one is skipped, with a row, and of two only the last may be late.
    house.stop().await;
    house.goes_to(&house.monday(1, 0));
    house.goes_to(&house.monday(15, 1));
    house.start().await;
    house.rounds().await;
    assert_eq!(house.sees(1).await, boards);
    house.stop().await;
    house.goes_to(&house.monday(1, 0));
    house.goes_to(&house.monday(14, 59));
    house.start().await;
    let boards = house.sees(2).await;
    assert!(late(&boards[1]).is_some(), "{}", boards[1]);
    let nine = "Mon 09:00".to_owned();
    assert_eq!(
        states(&house.slots().await),
        [
            (nine.clone(), SlotState::Posted),
            (nine.clone(), SlotState::Skipped),
            (nine, SlotState::Posted)
        ]
    );
    house.finish().await;
}

/// The last Sunday of a month, when clocks in Europe change.
fn last_sunday(now: &Zoned, month: i8) -> Zoned {
    let mut sunday = next(now, Weekday::Sunday, 1, 0);
    loop {
        let after = next(&sunday, Weekday::Sunday, 1, 0);
        if sunday.month() == month && after.month() != month {
            return sunday;
        }
        sunday = after;
    }
}

#[tokio::test]
async fn a_day_with_a_change_of_the_clock_has_its_board_once() {
    // 02:30 does not exist on the one day and comes twice on the other.
    for (month, hours) in [(3, 23), (10, 25)] {
        let mut house = House::at("Europe/Berlin", |now| last_sunday(now, month)).await;
        let daily = guildpoints::journal::ScheduleFields {
            at: "02:30".to_owned(),
            counted: "day".to_owned(),
            ..house.weekly()
        };
        house.keeps(daily).await;
        house.start().await;
        let midnight = house.now();
        for hour in 1..=4 {
            house.passes(HOUR);
            house.rounds().await;
            let boards = house.boards();
            assert!(boards.len() <= 1, "{month} after {hour} h: {boards:#?}");
        }
        let boards = house.sees(1).await;
        let saturday = midnight.datetime().date().yesterday().unwrap();
        assert!(boards[0].contains(&saturday.to_string()), "{}", boards[0]);
        // The day that had 23 or 25 hours is the next one's.
        house.passes(HOUR * (hours - 1));
        let boards = house.sees(2).await;
        let sunday = midnight.datetime().date().to_string();
        assert!(boards[1].contains(&sunday), "{}", boards[1]);
        house.finish().await;
    }
}

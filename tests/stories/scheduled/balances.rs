//! Boards of balances that post themselves: what is known then, and how old it is.

use std::time::Duration;
use std::time::Instant;

use guildpoints::journal::ScheduleFields;
use guildpoints::journal::SlotState;
use guildpoints::sandbox::fault::FaultKind;
use guildpoints::sandbox::fault::FaultRule;
use jiff::Zoned;
use jiff::civil::Weekday;

use super::HOUR;
use super::LOOKED;
use super::house::House;
use super::house::next;
use crate::balances::rows;
use crate::boards::seen;
use crate::stage::Settings;

/// What is waited for at most.
const PATIENCE: Duration = Duration::from_secs(60);

/// Friday noon in a guild of the mall, with a board of balances for Mondays at nine.
async fn on_friday(guild: &str) -> House {
    let settings = Settings {
        guild: guild.to_owned(),
        ..Settings::default()
    };
    let friday = |now: &Zoned| next(now, Weekday::Friday, 12, 0);
    let house = House::with(settings, "Asia/Shanghai", friday).await;
    let board = ScheduleFields {
        counted: "balance".to_owned(),
        rows: 4,
        ..house.weekly()
    };
    house.keeps(board).await;
    house
}

/// Waits until the board that is asked for begins with that row.
async fn until_first(house: &mut House, row: &str) -> String {
    let begun = Instant::now();
    loop {
        // Privately: in the channel stand the posts.
        let said = house.stage.whispers("小明", "/top balance");
        let board = house.stage.hears(said).await;
        if rows(&board).first() == Some(&row) {
            return board;
        }
        assert!(begun.elapsed() < PATIENCE, "never {row}: {board}");
    }
}

/// The line of a board that says since when.
fn oldest(board: &str) -> &str {
    let mut after = board.split("最早的余额读于 ").skip(1);
    let after = after.next().unwrap_or_else(|| panic!("no age: {board}"));
    after.get(.."2026-03-01 09:00".len()).expect("a moment")
}

#[tokio::test]
async fn the_board_of_balances_comes_on_time_and_says_how_old_it_is() {
    let mut house = on_friday("sweep = true\n").await;
    house.start().await;
    let asked = until_first(&mut house, "🥇 星海 · 8,888").await;
    let swept = house.now().strftime("%F").to_string();
    assert!(
        oldest(&asked).starts_with(&format!("{swept} 12:0")),
        "{asked}"
    );
    // On Monday the mall answers nobody, and what it has by then is not made up.
    let guild = house.stage.guild.number();
    let (ming, hong) = (house.stage.user("小明"), house.stage.user("小红"));
    let down = FaultRule::always("getUserPoint", FaultKind::Status500Before);
    house.stage.sandbox.faults().set(down);
    let mall = house.stage.sandbox.mall();
    mall.set_balance(guild, hong.number(), 99_999);
    house.goes_to(&house.monday(9, 0));
    let boards = house.sees(1).await;
    let lines: Vec<&str> = boards[0].lines().collect();
    assert!(lines[0].starts_with("积分余额榜"), "{}", boards[0]);
    assert_eq!(
        lines[1..5],
        [
            "🥇 · 星海 · 8,888",
            "🥈 · 小明 · 2,474",
            "🥉 · 夜雨 · 1,000",
            "4. · 小红 · 120"
        ],
        "{boards:#?}"
    );
    assert_eq!(oldest(&boards[0]), oldest(&asked), "{}", boards[0]);
    assert_eq!(house.slots().await[0].state, SlotState::Posted);
    // The leap of the clock has cut the connection.
    house
        .stage
        .until("the bot is connected again", |sandbox| {
            sandbox.bots_connected() > 0
        })
        .await;
    // Who leaves the boards is taken off it, in the same message.
    let channel = house.stage.channel;
    let message = house.boards_in(channel)[0].0;
    seen(&mut house.stage, "夜雨", "/隐私 board off").await;
    house
        .stage
        .until("the board is edited", |sandbox| {
            sandbox.message(message).is_some_and(|it| it.edits == 1)
        })
        .await;
    let boards = house.sees(1).await;
    assert!(!boards[0].contains("夜雨"), "{}", boards[0]);
    assert_eq!(oldest(&boards[0]), oldest(&asked), "{}", boards[0]);
    // A week later it has what was read since, and says so; an hour late as well.
    house.stop().await;
    house.stage.sandbox.faults().clear();
    house
        .stage
        .sandbox
        .mall()
        .set_balance(guild, ming.number(), 60_000);
    house.goes_to(&house.monday(8, 50));
    house.start().await;
    until_first(&mut house, "🥇 小红 · 99,999").await;
    house.stop().await;
    let monday = house.now().strftime("%F").to_string();
    house.passes(HOUR + LOOKED);
    house.start().await;
    let boards = house.sees(2).await;
    let lines: Vec<&str> = boards[1].lines().collect();
    assert!(boards[1].contains("补发"), "{}", boards[1]);
    let first = lines.iter().find(|line| line.starts_with("🥇"));
    assert_eq!(first, Some(&"🥇 · 小红 · ▲2 · 99,999"), "{}", boards[1]);
    let second = lines.iter().find(|line| line.starts_with("🥈"));
    assert_eq!(second, Some(&"🥈 · 小明 · 60,000"), "{}", boards[1]);
    assert!(oldest(&boards[1]).starts_with(&monday), "{}", boards[1]);
    house.finish().await;
}

#[tokio::test]
async fn without_sweeps_the_board_of_balances_comes_empty_and_says_why() {
    let mut house = on_friday("").await;
    house.start().await;
    house.goes_to(&house.monday(9, 0));
    let boards = house.sees(1).await;
    assert!(
        boards[0].contains("本服务器只在有人查询积分时记下余额") && !boards[0].contains("最早"),
        "{}",
        boards[0]
    );
    house.finish().await;
}

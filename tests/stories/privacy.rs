//! Who does not want to be on boards is not, from the next one on.

use crate::boards::rewarded;
use crate::boards::rows;
use crate::boards::seen;
use crate::boards::stage;
use crate::stage::Settings;
use crate::stage::Stage;

#[tokio::test]
async fn who_asks_to_be_left_out_is_left_out_at_once_and_counted() {
    let mut stage = stage().await;
    for (who, points) in [("小明", 30), ("小红", 20), ("小白", 10)] {
        rewarded(&mut stage, who, points).await;
    }
    let now = seen(&mut stage, "小红", "/隐私").await;
    assert!(now.starts_with("🏆 你现在会出现在排行榜上。"), "{now}");
    let off = seen(&mut stage, "小红", "/隐私 board off").await;
    assert!(
        off.starts_with("🙈 已设置为不上榜：之后查询的排行榜不再显示你")
            && off.ends_with("恢复请发送 /隐私 `board on`"),
        "{off}"
    );
    let without = ["🥇 小明 · 30", "🥈 小白 · 10"];
    for period in ["今日", "本周", "总榜", "7d"] {
        let board = seen(&mut stage, "小明", &format!("/排行榜 {period}")).await;
        assert_eq!(rows(&board), without, "{period}");
        assert!(board.ends_with("未显示 1 人"), "{board}");
    }
    let own = seen(&mut stage, "小红", "/排行榜 总榜").await;
    assert_eq!(rows(&own), without);
    assert!(
        own.contains("\n👤 你已选择不上榜，发送 /隐私 `board on` 可以恢复\n"),
        "{own}"
    );
    let rank = seen(&mut stage, "小红", "/rank all").await;
    assert!(
        rank.contains("👤 你已选择不上榜") && !rank.contains(" · 20"),
        "{rank}"
    );
    // Nobody else learns whether there is anything to hide.
    let asked = seen(&mut stage, "小明", "/top all @小红").await;
    let nothing = seen(&mut stage, "小明", "/top all @夜雨").await;
    let foot = |board: &str| board.lines().rev().nth(1).unwrap_or_default().to_owned();
    assert_eq!(
        foot(&asked),
        "👤 小红：不在榜上（没有获得积分，或者不参加排行）"
    );
    assert_eq!(foot(&nothing), foot(&asked).replace("小红", "夜雨"));
    let neighbour = seen(&mut stage, "小白", "/rank all").await;
    assert!(
        neighbour.contains("👉 2. 小白 · 10 · 距上一名还差 20"),
        "{neighbour}"
    );

    // It stays so after a restart, and while points come in.
    stage.restart().await;
    rewarded(&mut stage, "小红", 100).await;
    let board = seen(&mut stage, "小明", "/top day").await;
    assert_eq!(rows(&board), without, "{board}");
    let now = seen(&mut stage, "小红", "/privacy").await;
    assert!(now.starts_with("🙈 你现在不上榜。"), "{now}");
    let on = seen(&mut stage, "小红", "/隐私 排行榜 开").await;
    assert!(on.starts_with("🏆 已设置为上榜"), "{on}");
    let board = seen(&mut stage, "小明", "/top day").await;
    assert_eq!(rows(&board)[0], "🥇 小红 · 120", "{board}");
    assert!(board.ends_with("未显示 0 人"), "{board}");
    let wrong = seen(&mut stage, "小红", "/隐私 也许").await;
    assert!(wrong.starts_with("没看懂“也许”。用法：\n/隐私"), "{wrong}");
    stage.finish().await;
}

#[tokio::test]
async fn a_board_of_nobody_but_those_left_out_says_so_in_english_too() {
    let mut stage = Stage::unhurried(Settings {
        guild: "language = \"en-US\"\n".to_owned(),
        points: Some("ledger"),
        ..Settings::default()
    })
    .await;
    rewarded(&mut stage, "小明", 30).await;
    let off = seen(&mut stage, "小明", "/privacy board off").await;
    assert!(
        off.starts_with("🙈 You are off the boards: boards asked for from now on"),
        "{off}"
    );
    let board = seen(&mut stage, "小明", "/top").await;
    let lines: Vec<&str> = board.lines().collect();
    assert_eq!(
        lines[1..3],
        [
            "There is nobody to show for that time.",
            "👤 You have chosen not to be on boards; /privacy `board on` brings you back",
        ]
    );
    assert!(lines[3].ends_with(" · 1 not shown"), "{board}");
    stage.finish().await;
}

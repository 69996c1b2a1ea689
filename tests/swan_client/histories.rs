//! What came and went, page by page.

use guildpoints::model::refusal::PointsRefusal;
use guildpoints::points::Direction;
use guildpoints::points::History;
use guildpoints::points::HistoryWanted;
use guildpoints::points::PointsBackend;
use serde_json::Value;
use serde_json::json;

use crate::scripted::Says;
use crate::world::ANNS;
use crate::world::BEN;
use crate::world::World;

/// Entries `newest` down to `oldest`; even ones take.
fn rows(newest: u64, oldest: u64) -> Vec<Value> {
    (oldest..=newest)
        .rev()
        .map(|id| {
            let points = if id % 2 == 0 { -1 } else { 1 } * id as i64;
            json!({"id": id, "points": points, "createdAt": 1719886400000_i64 + id as i64,
                "info": format!("第{id}")})
        })
        .collect()
}

fn page(rows: Vec<Value>, total: usize) -> Says {
    Says::json(json!({"transaction": {"content": rows, "total": total}}))
}

fn wanted(page: u32, size: usize, direction: Direction) -> HistoryWanted {
    HistoryWanted {
        page,
        size,
        direction,
    }
}

async fn ids(world: &World, wanted: HistoryWanted) -> (Vec<i64>, bool) {
    let page = world.history(wanted).await.unwrap();
    (
        page.rows.iter().map(|row| row.points.abs()).collect(),
        page.more,
    )
}

#[tokio::test]
async fn pages_are_cut_here_whatever_size_comes() {
    let world = World::new().await;
    let both = Direction::Both;
    // Asked for twenty, it gives three at a time.
    for (number, expected, pages) in [
        (0, (vec![8, 7, 6, 5, 4], true), 2),
        (1, (vec![3, 2, 1], false), 3),
        (2, (vec![], false), 3),
    ] {
        for rows in [rows(8, 6), rows(5, 3), rows(2, 1)].into_iter().take(pages) {
            world.says(page(rows, 8));
        }
        assert_eq!(ids(&world, wanted(number, 5, both)).await, expected);
    }
    let heard = world.server.heard();
    assert!(heard.iter().all(|one| one.path == "/points/transaction"));
    assert!(
        heard
            .iter()
            .all(|one| one.consumer() == ANNS && one.query["size"] == "20")
    );
    world.server.is_content();
}

#[tokio::test]
async fn an_entry_that_moved_on_is_shown_once() {
    let world = World::new().await;
    world.says(page(rows(6, 4), 6));
    world.says(page(rows(4, 3), 7));
    world.says(page(rows(2, 1), 7));
    world.says(page(Vec::new(), 7));
    let all = ids(&world, wanted(0, 20, Direction::Both)).await;
    assert_eq!(all, (vec![6, 5, 4, 3, 2, 1], false));
    world.server.is_content();
}

#[tokio::test]
async fn entries_without_an_id_are_told_apart_by_what_they_are() {
    let world = World::new().await;
    let row = |detail: Value, at: i64, points: i64| json!({"detailId": detail, "createAt": at, "points": points});
    // On one page equal rows are two entries; on the next an equal one is the same.
    world.says(page(
        vec![
            row(json!(1), 9, 5),
            row(json!(1), 9, 5),
            row(json!("1"), 8, 6),
        ],
        9,
    ));
    world.says(page(
        vec![
            row(json!("1"), 8, 6),
            row(json!(1), 8, 7),
            row(json!(2), 8, 6),
        ],
        9,
    ));
    world.says(page(Vec::new(), 9));
    let all = ids(&world, wanted(0, 20, Direction::Both)).await;
    assert_eq!(all, (vec![5, 5, 6, 7, 6], false));
}

#[tokio::test]
async fn a_direction_is_picked_out_and_says_whether_more_follows() {
    let world = World::new().await;
    world.says(page(rows(9, 1), 9));
    let ins = ids(&world, wanted(0, 3, Direction::In)).await;
    assert_eq!(ins, (vec![9, 7, 5], true));
    world.says(page(rows(9, 1), 9));
    let ins = ids(&world, wanted(1, 3, Direction::In)).await;
    assert_eq!(ins, (vec![3, 1], false));
    world.says(page(rows(9, 1), 9));
    let outs = ids(&world, wanted(0, 4, Direction::Out)).await;
    assert_eq!(outs, (vec![8, 6, 4, 2], false));
    world.server.is_content();
}

#[tokio::test]
async fn an_end_of_the_walk_is_no_end_of_the_ledger() {
    let world = World::new().await;
    // Nothing was ever taken, in as many pages as are read.
    for id in 0..25_u64 {
        let row = json!({"id": id, "points": 1});
        world.says(page(vec![row], 1_000));
    }
    let refused = world
        .history(wanted(0, 5, Direction::Out))
        .await
        .unwrap_err()
        .refused;
    assert_eq!(refused.meaning, PointsRefusal::Unavailable);
    world.server.is_content();
}

#[tokio::test]
async fn a_row_tells_what_for_and_which_change_of_ours_it_is() {
    let world = World::new().await;
    let entry = world.entry().await;
    let op = entry.op.clone();
    world.says(page(
        vec![
            json!({"points": "5", "createdAt": 7, "createAt": 6, "detailId": 3,
                "info": format!("周赛第一 [{op}]")}),
            json!({"points": -2, "createAt": 5, "detailId": op.as_str(), "info": "兑换"}),
            json!({"points": 1, "info": "来自 @retail_5:corp.example"}),
        ],
        3,
    ));
    let page = world.history(wanted(0, 20, Direction::Both)).await.unwrap();
    let told: Vec<_> = page
        .rows
        .iter()
        .map(|row| (row.points, row.what.as_str(), row.at_ms, row.op.clone()))
        .collect();
    let expected = [
        (5, "周赛第一", Some(7), Some(op.clone())),
        (-2, "兑换", Some(5), Some(op)),
        (1, "来自 <account>", None, None),
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_history_that_cannot_be_read_is_no_empty_one() {
    let world = World::new().await;
    for (says, meaning) in [
        (Says::raw(404, ""), PointsRefusal::NoAccount),
        (Says::raw(500, ""), PointsRefusal::Unavailable),
        (Says::json(json!({})), PointsRefusal::Unavailable),
        (
            Says::json(json!({"transaction": null, "total": 0})),
            PointsRefusal::Unavailable,
        ),
        (
            Says::raw(200, "{\"transaction\": [\"points\": \"2\"]}"),
            PointsRefusal::Unavailable,
        ),
    ] {
        world.says(says);
        let refused = world
            .history(wanted(0, 5, Direction::Both))
            .await
            .unwrap_err()
            .refused;
        assert_eq!(refused.meaning, meaning);
    }
    let history: &dyn History = world.linked.history().unwrap();
    let all = wanted(0, 5, Direction::Both);
    let refused = history.page(BEN, &all).await.unwrap_err().refused;
    assert_eq!(refused.meaning, PointsRefusal::NotLinked);
    world.server.is_content();
}

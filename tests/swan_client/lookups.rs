//! Finding a change again in the ledger.

use guildpoints::journal::Receipt;
use guildpoints::points::FoundBy;
use guildpoints::points::LookupError;
use guildpoints::points::PointsBackend;
use guildpoints::points::Record;
use serde_json::Value;
use serde_json::json;

use crate::scripted::Says;
use crate::world::ANN;
use crate::world::ANNS;
use crate::world::World;

const OTHERS: &str = "@retail_9:corp.example";

fn ours(entry: &Receipt) -> Record {
    Record::Found {
        member: Some(ANN),
        amount: Some(entry.amount),
    }
}

const IMPOSTOR: Record = Record::Found {
    member: None,
    amount: None,
};

fn row(id: u64, points: i64, detail: Value, info: &str) -> Value {
    json!({"id": id, "userId": ANNS, "points": points, "detailId": detail,
        "createdAt": 1719886400000_i64 + id as i64, "type": "FanbookReward", "info": info})
}

fn page(rows: &[Value], total: usize) -> Says {
    Says::json(json!({"transaction": rows, "total": total}))
}

#[tokio::test]
async fn the_newest_entries_since_shortly_before_the_sending_are_searched() {
    let world = World::new().await;
    assert_eq!(world.linked.lookup().unwrap().by(), FoundBy::History);
    let entry = world.entry().await;
    let now_ms = world.clock.now_ms();
    // An empty page ends the search, whatever the total claims.
    world.says(page(&[], 7));
    assert_eq!(world.lookup(&entry).await, Ok(Record::Unused));
    let heard = world.server.heard().remove(0);
    assert_eq!(heard.path, "/points/transaction");
    assert_eq!(heard.consumer(), ANNS);
    assert_eq!(heard.query["page"], "0");
    let since: i64 = heard.query["startTime"].parse().unwrap();
    assert_eq!(since, entry.progress.last_sent_ms - 5 * 60 * 1_000);
    assert!((now_ms - since) >= 5 * 60 * 1_000);
    assert!(!heard.query.contains_key("endTime"));
    world.server.is_content();
}

#[tokio::test]
async fn of_several_sendings_the_first_counts() {
    let world = World::new().await;
    let mut entry = world.entry().await;
    entry.progress.sends = 2;
    entry.progress.last_sent_ms += 600_000;
    world.says(page(&[], 0));
    assert_eq!(world.lookup(&entry).await, Ok(Record::Unused));
    let heard = world.server.heard().remove(0);
    let since: i64 = heard.query["startTime"].parse().unwrap();
    assert!(since <= entry.written_ms - 5 * 60 * 1_000);
}

#[tokio::test]
async fn a_change_is_found_by_its_id_or_by_its_mark() {
    let world = World::new().await;
    let entry = world.entry().await;
    let op = entry.op.as_str();
    let marked = format!("周赛 [{op}]");
    let text = "每日签到";
    let unnamed = json!({"points": "5", "detailId": 9, "info": marked});
    for (rows, found) in [
        (vec![row(1, 5, json!(op), text)], ours(&entry)),
        (
            vec![row(2, 8, json!(7), text), row(1, 5, json!(6), &marked)],
            ours(&entry),
        ),
        (vec![unnamed], ours(&entry)),
        // The id is ours and the rest is not: that has to be looked at by a person.
        (vec![row(1, 6, json!(op), text)], IMPOSTOR),
        // Somebody's text alone proves nothing where anything else differs.
        (vec![row(1, 6, json!(7), &marked)], Record::Unused),
        (vec![row(1, -5, json!(7), &marked)], Record::Unused),
        (vec![row(1, 5, json!(7), text)], Record::Unused),
        (
            vec![row(1, 5, json!("gp-1-2-3-4"), &marked)],
            Record::Unused,
        ),
    ] {
        world.says(page(&rows, rows.len()));
        assert_eq!(world.lookup(&entry).await, Ok(found), "{rows:?}");
    }
    let mut others = row(1, 5, json!(7), &marked);
    others["userId"] = json!(OTHERS);
    world.says(page(&[others.clone()], 1));
    assert_eq!(world.lookup(&entry).await, Ok(Record::Unused));
    others["detailId"] = json!(op);
    world.says(page(&[others], 1));
    assert_eq!(world.lookup(&entry).await, Ok(IMPOSTOR));
    world.server.is_content();
}

#[tokio::test]
async fn the_search_goes_on_until_nothing_new_can_come() {
    let world = World::new().await;
    let entry = world.entry().await;
    let recent = world.clock.now_ms();
    let fresh = |id: u64| {
        let mut row = row(id, 1, json!(id), "x");
        row["createdAt"] = json!(recent + id as i64);
        row
    };
    // Somebody else's entry pushes everything one down between two pages: 2 is met twice, and the
    // total, which grows with it, is reached only with the last one.
    world.says(page(&[fresh(3), fresh(2)], 4));
    world.says(page(&[fresh(2), fresh(1)], 5));
    let mut last = row(0, 5, json!(entry.op.as_str()), "x");
    last["createdAt"] = json!(recent);
    world.says(page(&[last], 5));
    assert_eq!(world.lookup(&entry).await, Ok(ours(&entry)));
    let pages: Vec<String> = world
        .server
        .heard()
        .iter()
        .map(|heard| heard.query["page"].clone())
        .collect();
    assert_eq!(pages, ["0", "1", "2"]);
    // Without a total only an empty page is the end.
    world.says(Says::json(json!({"content": [fresh(3)]})));
    world.says(Says::json(json!({"content": []})));
    assert_eq!(world.lookup(&entry).await, Ok(Record::Unused));
    // Whoever ignores `startTime` comes to what is too old to be ours.
    world.says(Says::json(json!({"content": [row(1, 1, json!(1), "x")]})));
    assert_eq!(world.lookup(&entry).await, Ok(Record::Unused));
    world.server.is_content();
}

#[tokio::test]
async fn a_search_that_was_not_finished_says_nothing() {
    let world = World::new().await;
    let entry = world.entry().await;
    let nothing = |found: &Result<Record, LookupError>| {
        matches!(found, Err(LookupError::NoInformation { .. }))
    };
    for says in [
        Says::raw(500, ""),
        Says::raw(404, ""),
        Says::raw(429, ""),
        Says::raw(200, "[]"),
        Says::json(json!({})),
        Says::json(json!({"transaction": [{"points": "many"}]})),
        Says::HangsUp,
    ] {
        let shown = format!("{says:?}");
        world.says(says);
        let found = world.lookup(&entry).await;
        assert!(nothing(&found), "{shown}: {found:?}");
    }
    // Halfway through, too.
    let mut recent = row(1, 1, json!(1), "x");
    recent["createdAt"] = json!(world.clock.now_ms());
    world.says(page(&[recent.clone()], 9));
    world.says(Says::raw(500, ""));
    assert!(nothing(&world.lookup(&entry).await));
    for status in [401, 403] {
        world.says(Says::raw(status, ""));
        let found = world.lookup(&entry).await;
        assert!(
            matches!(found, Err(LookupError::AccessRefused { code: Some(code), .. }) if code == i64::from(status))
        );
    }
    // An endless ledger is left at some point, without saying that nothing is in it.
    let before = world.server.heard().len();
    for id in 0..100_u64 {
        recent["id"] = json!(id);
        world.says(page(&[recent.clone()], 1_000));
    }
    assert!(nothing(&world.lookup(&entry).await));
    assert!(world.server.heard().len() - before < 50);
}

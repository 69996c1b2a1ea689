//! The control paths: what a page reads and may change.

use serde_json::json;

use crate::stage::ANN;
use crate::stage::BOB;
use crate::stage::KEY;
use crate::stage::LIN;
use crate::stage::NOW;
use crate::stage::Stage;

#[tokio::test]
async fn the_page_reads_everything_but_the_gateways_key() {
    let stage = Stage::new().await;
    stage.add("t-1", ANN, 10).await;
    let page = stage.control("GET", "/sandbox/swan", "").await;
    assert!(!page.text().contains(KEY));
    let page = page.json();
    let ids: Vec<&str> = page["users"]
        .as_array()
        .unwrap()
        .iter()
        .map(|u| u["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, [ANN, BOB, LIN]);
    assert_eq!(
        (&page["users"][0]["balance"], &page["entries"]),
        (&json!(110), &json!(4))
    );
    assert_eq!(
        page["ledger"][0],
        json!({"id": 4, "user": ANN, "kind": "FANBOOK_REWARD", "points": 10,
            "info": "签到 [t-1]", "transaction_id": "t-1", "time_ms": NOW})
    );
    assert_eq!(page["rules"], json!([{"type": "VIEW_STUDIO", "points": 5}]));
    let request = &page["requests"][0];
    assert_eq!(request["endpoint"], "swan.add");
    assert_eq!(
        (&request["status"], &request["applied"]),
        (&json!(200), &json!(1))
    );
    assert_eq!(
        (&request["caller"], &request["method"]),
        (&json!(ANN), &json!("POST"))
    );
    assert_eq!(
        page["traffic"],
        json!({"arrived": 1, "under_way": 0, "peak": 1})
    );
    assert_eq!(page["shapes"]["repeated_id"], "again");
    assert_eq!(page["shapes"]["created"], "documented");
    assert_eq!(page["faults"], json!([]));
    let short = stage
        .control("GET", "/sandbox/swan?ledger=1", "")
        .await
        .json();
    assert_eq!(short["ledger"], json!([page["ledger"][0]]));
    assert_eq!(short["entries"], 4);
}

#[tokio::test]
async fn the_page_changes_what_it_shows_and_watchers_hear_it() {
    let stage = Stage::new().await;
    let mut changes = stage.swan.changes();
    for (path, body, pointer, expected) in [
        (
            "balance",
            json!({"user": ANN, "points": 3}),
            "/users/0/balance",
            json!(3),
        ),
        (
            "add",
            json!({"user": ANN, "points": -2, "info": "补"}),
            "/users/0/balance",
            json!(1),
        ),
        (
            "add",
            json!({"user": "@staff_new:d", "points": 4}),
            "/users/3/balance",
            json!(4),
        ),
        (
            "rule",
            json!({"type": "A", "points": 9}),
            "/rules/0",
            json!({"type": "A", "points": 9}),
        ),
        (
            "rule",
            json!({"type": "A", "points": null}),
            "/rules/0/type",
            json!("VIEW_STUDIO"),
        ),
        (
            "shapes",
            json!({"ledger": "malformed"}),
            "/shapes/ledger",
            json!("malformed"),
        ),
        (
            "shapes",
            json!({"created": "createAt"}),
            "/shapes/ledger",
            json!("malformed"),
        ),
        (
            "shapes",
            json!({"detail_id": "transactionId"}),
            "/shapes/created",
            json!("createAt"),
        ),
    ] {
        let path = format!("/sandbox/swan/{path}");
        let reply = stage.control("POST", &path, &body.to_string()).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        assert_eq!(reply.json().pointer(pointer), Some(&expected), "{path}");
        changes.try_recv().unwrap();
    }
    stage.balances_are_sums_of_ledgers();
}

#[tokio::test]
async fn wrong_control_requests_are_refused_with_a_sentence() {
    let stage = Stage::new().await;
    let before = stage.swan.users();
    for (path, body) in [
        ("balance", json!({"user": "ann", "points": 3})),
        ("balance", json!({"user": ANN, "points": -1})),
        ("balance", json!({"user": ANN})),
        ("add", json!({"user": ANN, "points": -101})),
        ("add", json!({"user": ANN, "points": i64::MAX})),
        ("add", json!({"user": ANN, "points": 1, "note": "?"})),
        ("rule", json!({"type": " ", "points": 1})),
        ("rule", json!({"type": "A", "points": i64::MAX})),
        ("shapes", json!({"shape": 1})),
        ("shapes", json!({"ledger": "void"})),
    ] {
        let path = format!("/sandbox/swan/{path}");
        let reply = stage.control("POST", &path, &body.to_string()).await;
        assert_eq!(reply.status, 400, "{path} {body}");
        assert!(reply.json()["error"].is_string(), "{}", reply.text());
    }
    let form = stage
        .http
        .post(format!("{}/sandbox/swan/balance", stage.address));
    let form = form.body(json!({"user": ANN, "points": 3}).to_string());
    assert_eq!(form.send().await.unwrap().status(), 415);
    assert_eq!(stage.swan.users(), before);
}

//! The control paths: what a page reads and may change.

use serde_json::json;

use crate::stage::ANN;
use crate::stage::ANN_LINE;
use crate::stage::BOB;
use crate::stage::BOT;
use crate::stage::Stage;

#[tokio::test]
async fn the_page_reads_everything_but_tokens_and_secrets() {
    let stage = Stage::new().await;
    stage.points(json!({"clientIds": [ANN]})).await;
    let page = stage.control("GET", "/sandbox/manta", "").await;
    for hidden in [stage.manta.token(), stage.manta.secret()] {
        assert!(!page.text().contains(&hidden));
    }
    let page = page.json();
    let bot = &page["bots"][0];
    assert_eq!(
        (&bot["id"], &bot["own"], &bot["plan_open"]),
        (&json!(BOT), &json!(true), &json!(true))
    );
    assert_eq!(bot["expires_ms"], stage.manta.expires_ms());
    assert_eq!(
        bot["clients"][1],
        json!({"id": ANN, "platform": "line", "platform_client_id": ANN_LINE,
            "customer_id": "223456789012345677", "points": 150})
    );
    assert_eq!(page["bots"][1]["own"], false);
    assert_eq!(page["requests"][0]["endpoint"], "manta.points");
    assert_eq!(page["requests"][0]["caller"], BOT);
    assert_eq!(
        page["traffic"],
        json!({"arrived": 1, "under_way": 0, "peak": 1})
    );
    assert_eq!(page["shapes"]["rate_per_minute"], json!(null));
}

#[tokio::test]
async fn the_page_changes_what_it_shows_and_watchers_hear_it() {
    let stage = Stage::new().await;
    let mut changes = stage.manta.changes();
    let token = stage.manta.token();
    for (path, body, pointer, expected) in [
        (
            "points",
            json!({"client": ANN, "points": 3}),
            "/bots/0/clients/1/points",
            json!(3),
        ),
        (
            "add",
            json!({"client": ANN, "points": -2}),
            "/bots/0/clients/1/points",
            json!(1),
        ),
        (
            "client",
            json!({"id": "New", "platform": "liveChat", "platform_client_id": "L1", "points": 5}),
            "/bots/0/clients/1/platform",
            json!("liveChat"),
        ),
        (
            "gone",
            json!({"client": BOB}),
            "/bots/0/clients/0/id",
            json!("New"),
        ),
        (
            "plan",
            json!({"open": false}),
            "/bots/0/plan_open",
            json!(false),
        ),
        ("renew", json!({}), "/bots/0/own", json!(true)),
        (
            "shapes",
            json!({"rate_per_minute": 60}),
            "/shapes/rate_per_minute",
            json!(60),
        ),
        (
            "shapes",
            json!({"rate_burst": 5}),
            "/shapes/rate_per_minute",
            json!(60),
        ),
        (
            "shapes",
            json!({"rate_per_minute": null}),
            "/shapes/rate_burst",
            json!(5),
        ),
    ] {
        let path = format!("/sandbox/manta/{path}");
        let reply = stage.control("POST", &path, &body.to_string()).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        assert_eq!(reply.json().pointer(pointer), Some(&expected), "{path}");
        assert!(!reply.text().contains(&stage.manta.secret()), "{path}");
        changes.try_recv().unwrap();
    }
    assert_ne!(stage.manta.token(), token);
}

#[tokio::test]
async fn wrong_control_requests_are_refused_with_a_sentence() {
    let stage = Stage::new().await;
    let before = stage.manta.clients();
    for (path, body, status) in [
        ("points", json!({"client": "Nobody", "points": 3}), 404),
        ("points", json!({"client": ANN, "points": -1}), 400),
        ("points", json!({"client": ANN}), 400),
        ("add", json!({"client": "Nobody", "points": 3}), 404),
        ("add", json!({"client": ANN, "points": -151}), 400),
        ("add", json!({"client": ANN, "points": i64::MAX}), 400),
        ("gone", json!({"client": "Nobody"}), 404),
        (
            "client",
            json!({"id": "N", "platform": "Line", "platform_client_id": "L", "points": 0}),
            400,
        ),
        (
            "client",
            json!({"id": " ", "platform": "line", "platform_client_id": "L", "points": 0}),
            400,
        ),
        ("plan", json!({"open": "yes"}), 400),
        ("shapes", json!({"shape": 1}), 400),
        ("shapes", json!({"rate_per_minute": 0}), 400),
        ("shapes", json!({"rate_burst": 0}), 400),
    ] {
        let path = format!("/sandbox/manta/{path}");
        let reply = stage.control("POST", &path, &body.to_string()).await;
        assert_eq!(reply.status, status, "{path} {body}");
        assert!(reply.json()["error"].is_string(), "{}", reply.text());
    }
    let form = stage
        .http
        .post(format!("{}/sandbox/manta/renew", stage.address));
    assert_eq!(form.body("{}").send().await.unwrap().status(), 415);
    assert_eq!(stage.manta.clients(), before);
    assert!(stage.manta.plan_open());
}

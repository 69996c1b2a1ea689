//! The control paths: what a page reads and may change.

use serde_json::Value;
use serde_json::json;

use crate::stage::ANN;
use crate::stage::BOB;
use crate::stage::GUILD;
use crate::stage::SECRET;
use crate::stage::Stage;

#[tokio::test]
async fn the_page_reads_ids_as_strings_and_no_secrets() {
    let stage = Stage::new().await;
    stage.change("b", GUILD, ANN, 10).send().await;
    let page = stage.control("GET", "/sandbox/mall", "").await;
    assert!(!page.text().contains(SECRET));
    let page = page.json();
    assert_eq!(
        page["guilds"][0],
        json!({"id": GUILD.to_string(), "on": true, "balances": [
            {"user": ANN.to_string(), "points": 110},
            {"user": BOB.to_string(), "points": 50},
        ]})
    );
    assert_eq!(
        page["records"],
        json!([{"biz_id": "b", "guild": GUILD.to_string(), "user": ANN.to_string(),
            "points": 10, "remark": "签到", "time_ms": 1_700_000_000_000_i64}])
    );
    let request = &page["requests"][0];
    assert_eq!(request["endpoint"], "modifyUserPoint");
    assert_eq!(
        (&request["status"], &request["code"]),
        (&json!(200), &json!(0))
    );
    assert_eq!(request["applied"], 1);
    assert_eq!(
        (&request["arrival"], &request["most_under_way"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(
        page["traffic"],
        json!({"arrived": 1, "under_way": 0, "peak": 1})
    );
    assert_eq!(page["shapes"]["error_shape"], "outer");
    assert_eq!(page["shapes"]["unknown_user_code"], "60005");
    assert_eq!(page["banned"], false);
    assert_eq!(page["faults"], json!([]));

    stage.change("c", GUILD, ANN, 10).send().await;
    let page = stage.control("GET", "/sandbox/mall?records=1", "").await;
    assert_eq!(page.json()["records"][0]["biz_id"], "c");
    assert_eq!(page.json()["records"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_page_changes_what_it_shows_and_watchers_hear_it() {
    let stage = Stage::new().await;
    let mut changes = stage.mall.changes();
    for (path, body, pointer, expected) in [
        (
            "/sandbox/mall/switch",
            json!({"guild": GUILD.to_string(), "on": false}),
            "/guilds/0/on",
            json!(false),
        ),
        (
            "/sandbox/mall/balance",
            json!({"guild": GUILD.to_string(), "user": "9007199254740993", "points": 3}),
            "/guilds/0/balances/0",
            json!({"user": "9007199254740993", "points": 3}),
        ),
        (
            "/sandbox/mall/shapes",
            json!({"empty_record": "absent"}),
            "/shapes/empty_record",
            json!("absent"),
        ),
        (
            "/sandbox/mall/shapes",
            json!({"batch_atomic": true}),
            "/shapes/empty_record",
            json!("absent"),
        ),
        (
            "/sandbox/mall/banned",
            json!({"banned": true}),
            "/banned",
            json!(true),
        ),
    ] {
        let reply = stage.control("POST", path, &body.to_string()).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        assert_eq!(reply.json().pointer(pointer), Some(&expected), "{path}");
        changes.try_recv().unwrap();
    }
    assert!(stage.mall.banned());
    assert!(stage.mall.shapes().batch_atomic);
}

#[tokio::test]
async fn faults_are_set_listed_and_cleared() {
    let stage = Stage::new().await;
    let rule = r#"{"endpoint":"modifyUserPoint","skip":0,"count":1,"kind":{"kind":"drop_after"}}"#;
    let list = stage.control("POST", "/sandbox/faults", rule).await.json();
    assert_eq!(
        list,
        json!([{"endpoint": "modifyUserPoint", "skip": 0, "count": 1,
            "kind": {"kind": "drop_after"}, "hits": 0}])
    );
    assert!(stage.change("b", GUILD, ANN, 10).send().await.closed());
    let list = stage.control("GET", "/sandbox/faults", "").await.json();
    assert_eq!(list[0]["hits"], 1);

    let chance = r#"{"endpoint":"*","kind":{"kind":"status_500_before"},
        "chance":{"probability":1.0,"seed":4}}"#;
    stage.control("POST", "/sandbox/faults", chance).await;
    assert_eq!(stage.find("b").send().await.status, 500);
    let list = stage.control("DELETE", "/sandbox/faults", "").await.json();
    assert_eq!(list, json!([]));
    assert_eq!(stage.find("b").send().await.status, 200);
}

#[tokio::test]
async fn wrong_control_requests_are_refused_with_a_sentence() {
    let stage = Stage::new().await;
    for (path, body, status) in [
        ("/sandbox/mall/switch", r#"{"guild":"7","on":true}"#, 404),
        ("/sandbox/mall/switch", r#"{"guild":"x","on":true}"#, 400),
        ("/sandbox/mall/switch", r#"{"on":true}"#, 400),
        ("/sandbox/mall/switch", "", 400),
        ("/sandbox/mall/shapes", r#"{"shape":1}"#, 400),
        ("/sandbox/mall/shapes", r#"{"empty_record":"void"}"#, 400),
        ("/sandbox/mall/banned", r#"{"banned":"yes"}"#, 400),
        (
            "/sandbox/faults",
            r#"{"endpoint":"*","kind":{"kind":"drop"}}"#,
            400,
        ),
        (
            "/sandbox/faults",
            r#"{"endpoint":"*","kind":{"kind":"drop_after"},"chance":{"probability":2}}"#,
            400,
        ),
    ] {
        let reply = stage.control("POST", path, body).await;
        assert_eq!(reply.status, status, "{path} {body}");
        assert!(reply.json()["error"].is_string(), "{}", reply.text());
    }
    let balance = format!(r#"{{"guild":"{GUILD}","user":"1","points":-1}}"#);
    let reply = stage.control("POST", "/sandbox/mall/balance", &balance);
    assert_eq!(reply.await.status, 400);

    let form = stage
        .http
        .post(format!("{}/sandbox/mall/banned", stage.address))
        .body(r#"{"banned":true}"#)
        .send()
        .await
        .unwrap();
    assert_eq!(form.status(), 415);
    let refusal: Value = serde_json::from_str(&form.text().await.unwrap()).unwrap();
    assert!(refusal["error"].is_string());
    assert!(!stage.mall.banned());
}

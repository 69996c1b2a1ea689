//! The checks, each by its answer, and that an earlier one wins.

use guildpoints::sandbox::swan::CALLER;
use reqwest::RequestBuilder;
use serde_json::Value;
use serde_json::json;

use crate::stage::ANN;
use crate::stage::HEADER;
use crate::stage::KEY;
use crate::stage::LIN;
use crate::stage::NOBODY;
use crate::stage::Stage;
use crate::stage::change;
use crate::stage::verdict;
use crate::wire::Reply;

/// The request is refused so, and nothing happens.
async fn refused(stage: &Stage, request: RequestBuilder, status: u16, errcode: &str) -> Reply {
    let before = stage.swan.entries();
    let reply = Reply::to(request).await;
    assert_eq!(
        verdict(&reply),
        (status, errcode.to_owned()),
        "{}",
        reply.text()
    );
    assert!(reply.json()["error"].is_string() && reply.json()["traceid"].is_string());
    assert_eq!(stage.swan.entries(), before);
    let noted = stage.swan.requests().pop().unwrap();
    assert_eq!((noted.status, noted.errcode), (Some(status), Some(errcode)));
    reply
}

#[tokio::test]
async fn an_unknown_path_and_a_wrong_method_come_first() {
    let stage = Stage::new().await;
    for path in [
        "/point",
        "/points/",
        "//points",
        "/Points",
        "/points/report/x",
    ] {
        // Without any header: later checks would have refused it otherwise.
        refused(&stage, stage.bare("GET", path), 404, "FC_NOT_FOUND").await;
    }
    for (method, path, allowed) in [
        ("PUT", "/points", "GET, POST"),
        ("POST", "/points/transaction", "GET"),
        ("POST", "/points/transaction/mine", "GET"),
        ("GET", "/points/report", "POST"),
    ] {
        let code = "FC_METHOD_NOT_ALLOWED";
        let reply = refused(&stage, stage.bare(method, path), 405, code).await;
        assert_eq!(reply.header("allow"), allowed, "{path}");
    }
}

#[tokio::test]
async fn the_gateway_wants_its_header_before_anything_else_is_looked_at() {
    let stage = Stage::new().await;
    let code = "FC_UNAUTHORIZED";
    let without = stage.bare("GET", "/points").header(CALLER, "nobody");
    let reply = refused(&stage, without, 401, code).await;
    assert!(reply.text().contains("gateway"), "{}", reply.text());
    for wrong in ["", "di4uep1ed5i5m48zhrcM", "di4uep1ed5i5m48zhrcm "] {
        let request = stage
            .bare("GET", "/points")
            .header(HEADER, format!("{wrong}x"));
        refused(&stage, request, 401, code).await;
    }
    let twice = stage.get(ANN, "/points").header(HEADER, KEY);
    refused(&stage, twice, 401, code).await;

    let mut open = crate::stage::seed();
    open.gateway = None;
    let stage = Stage::with(open, crate::stage::NOW, None).await;
    let request = stage.bare("GET", "/points").header(CALLER, ANN);
    assert_eq!(Reply::to(request).await.status, 200);
}

#[tokio::test]
async fn the_caller_is_a_bare_user_id_that_stands_once() {
    let stage = Stage::new().await;
    let code = "FC_UNAUTHORIZED";
    let request = |user: Option<&str>| {
        let request = stage.bare("POST", "/points").header(HEADER, KEY);
        let request = match user {
            Some(user) => request.header(CALLER, user),
            None => request,
        };
        // Not even JSON: that is a later check.
        request.body("nonsense")
    };
    refused(&stage, request(None), 401, code).await;
    let long = format!("@{}:d", "x".repeat(260));
    for wrong in [
        "retail_20871:corp.example",
        "@retail_20871",
        "@:corp.example",
        "@retail_20871:",
        "@a:b:c",
        "@retail 20871:corp.example",
        "\"@retail_20871:corp.example\"",
        long.as_str(),
    ] {
        refused(&stage, request(Some(wrong)), 401, code).await;
    }
    let twice = request(Some(ANN)).header(CALLER, ANN);
    refused(&stage, twice, 401, code).await;
}

#[tokio::test]
async fn quotation_marks_are_taken_off_where_that_is_chosen() {
    let stage = Stage::shaped(|shapes| shapes.accept_quoted = true).await;
    let quoted = format!("\"{ANN}\"");
    let reply = Reply::to(stage.get(&quoted, "/points")).await;
    assert_eq!(reply.json()["userId"], ANN);
    assert_eq!(stage.balance(ANN).await.status, 200);
    let half = format!("\"{ANN}");
    let request = stage.get(&half, "/points");
    refused(&stage, request, 401, "FC_UNAUTHORIZED").await;
}

#[tokio::test]
async fn every_field_is_demanded_and_named() {
    let stage = Stage::new().await;
    let spoil = |field: &str, value: Value| {
        let mut body = change("t-1", ANN, 10);
        body[field] = value;
        body
    };
    let long = format!("@{}:corp.example", "x".repeat(255));
    for (field, values) in [
        (
            "transactionId",
            vec![Value::Null, json!(""), json!(" "), json!(7)],
        ),
        (
            "userId",
            vec![Value::Null, json!("ann"), json!(7), json!(long)],
        ),
        (
            "point",
            vec![
                Value::Null,
                json!("10"),
                json!(1.0),
                json!(0),
                json!(2_147_483_648_i64),
            ],
        ),
        ("type", vec![Value::Null, json!(""), json!(20)]),
        ("info", vec![Value::Null, json!(1)]),
    ] {
        for value in values {
            let request = stage.post(ANN, "/points", &spoil(field, value.clone()));
            let reply = refused(&stage, request, 400, "FC_BAD_JSON").await;
            assert!(reply.text().contains(field), "{value}: {}", reply.text());
        }
    }
    for field in ["type", "userId", "staffId", "operationId"] {
        let mut event = json!({"type": "V", "userId": ANN, "staffId": LIN, "operationId": "o"});
        event.as_object_mut().unwrap().remove(field);
        let request = stage.post(LIN, "/points/report", &event);
        let reply = refused(&stage, request, 400, "FC_BAD_JSON").await;
        assert!(reply.text().contains(field), "{}", reply.text());
    }
    for body in ["", "[]", "{", "\u{feff}{}"] {
        let request = stage.post(ANN, "/points", &Value::Null).body(body);
        refused(&stage, request, 400, "FC_BAD_JSON").await;
    }
    for query in [
        "?page=-1",
        "?page=x",
        "?size=0",
        "?size=101",
        "?size=-1",
        "?page=1&page=2",
        "?startTime=now",
        "?endTime=1.5",
    ] {
        let path = format!("/points/transaction{query}");
        // Of somebody unknown: that is a later check.
        let request = stage.get(NOBODY, &path);
        refused(&stage, request, 400, "FC_BAD_JSON").await;
    }
}

#[tokio::test]
async fn a_content_type_is_demanded_only_where_that_is_chosen() {
    let request = |stage: &Stage| {
        let request = stage.bare("GET", "/points").header(HEADER, KEY);
        request.header(CALLER, ANN)
    };
    let stage = Stage::new().await;
    assert_eq!(Reply::to(request(&stage)).await.status, 200);
    let stage = Stage::shaped(|shapes| shapes.strict_headers = true).await;
    refused(&stage, request(&stage), 415, "FC_BAD_JSON").await;
    let typed = request(&stage).header("content-type", "application/json; charset=utf-8");
    assert_eq!(Reply::to(typed).await.status, 200);
}

#[tokio::test]
async fn nobody_unknown_has_points_or_gets_any() {
    let stage = Stage::new().await;
    let code = "SWAN_USER_NOT_FOUND";
    for path in ["/points", "/points/transaction", "/points/transaction/mine"] {
        refused(&stage, stage.get(NOBODY, path), 404, code).await;
    }
    refused(&stage, stage.adding("t-1", NOBODY, 10), 404, code).await;
    for (user, staff) in [(NOBODY, LIN), (ANN, NOBODY)] {
        let event =
            json!({"type": "VIEW_STUDIO", "userId": user, "staffId": staff, "operationId": "o"});
        let request = stage.post(LIN, "/points/report", &event);
        refused(&stage, request, 404, code).await;
    }
}

#[tokio::test]
async fn a_service_account_may_ask_for_somebody_else() {
    let stage = Stage::new().await;
    let request = stage.post(LIN, "/points", &change("t-1", ANN, 10));
    assert_eq!(Reply::to(request).await.text(), "{}");
    assert_eq!((stage.ann(), stage.swan.balance(LIN)), (110, Some(0)));
    let noted = stage.swan.requests().pop().unwrap();
    assert_eq!(noted.caller.as_deref(), Some(LIN));
    assert_eq!((noted.endpoint.as_str(), noted.applied), ("swan.add", 1));
}

#[tokio::test]
async fn what_was_asked_is_remembered_without_the_gateways_key() {
    let stage = Stage::new().await;
    let mut body = change("t-1", ANN, 10);
    body["info"] = json!(format!("oops {KEY}"));
    assert_eq!(
        Reply::to(stage.post(ANN, "/points", &body)).await.status,
        200
    );
    let noted = stage.swan.requests().pop().unwrap();
    assert!(noted.request.contains("oops ***"), "{}", noted.request);
    let page = stage.control("GET", "/sandbox/swan", "").await.json();
    assert!(!page["requests"].to_string().contains(KEY), "{page}");
}

//! The checks, each by its answer, and that an earlier one wins.

use reqwest::RequestBuilder;
use serde_json::Value;
use serde_json::json;

use crate::stage::ANN;
use crate::stage::BOT;
use crate::stage::OTHER_BOT;
use crate::stage::Stage;
use crate::stage::seed;
use crate::stage::verdict;
use crate::wire::Reply;

const POINTS: &str = "/openapi/client/point";
const ALL: [&str; 3] = [POINTS, "/openapi/clients", "/openapi/token"];

/// The request is refused so, and the pair is the same as before.
async fn refused(stage: &Stage, request: RequestBuilder, status: u16, code: Option<i64>) -> Reply {
    let before = stage.manta.token();
    let reply = Reply::to(request).await;
    assert_eq!(verdict(&reply), (status, code), "{}", reply.text());
    assert_eq!(stage.manta.token(), before);
    let noted = stage.manta.requests().pop().unwrap();
    assert_eq!((noted.status, noted.code), (Some(status), code));
    reply
}

#[tokio::test]
async fn an_unknown_path_and_a_wrong_method_come_first() {
    let stage = Stage::new().await;
    for path in [
        "/openapi/client/points",
        "/openapi/client/Qw3eRt7Yu",
        "/openapi/token/",
        "//openapi/token",
    ] {
        refused(&stage, stage.bare("POST", path), 404, None).await;
    }
    for path in ALL {
        let reply = refused(&stage, stage.bare("GET", path), 405, None).await;
        assert_eq!(reply.header("allow"), "POST");
    }
}

#[tokio::test]
async fn a_token_is_demanded_before_the_bot() {
    let stage = Stage::new().await;
    let good = stage.manta.token();
    let mut forged: Vec<&str> = good.split('.').collect();
    forged[2] = "bm8";
    for path in ALL {
        let request = || stage.bare("POST", path);
        refused(&stage, request(), 401, Some(1004)).await;
        for header in [
            good.clone(),
            format!("bearer {good}"),
            format!("Bearer  {good}"),
            "Bearer a.b".to_owned(),
            "Bearer a.b.c".to_owned(),
            format!("Bearer {}", forged.join(".")),
        ] {
            let request = request().header("authorization", header);
            refused(&stage, request, 401, Some(1004)).await;
        }
        let twice = request().bearer_auth(&good).bearer_auth(&good);
        refused(&stage, twice, 401, Some(1004)).await;
    }
}

#[tokio::test]
async fn a_token_lives_thirty_days_of_the_sandboxs_clock() {
    let stage = Stage::new().await;
    let ask = json!({"clientIds": [ANN]});
    assert_eq!(
        stage.manta.expires_ms(),
        crate::stage::NOW + 30 * 86_400_000
    );
    stage.clock.advance(30 * 86_400_000 - 1);
    assert_eq!(stage.points(ask.clone()).await.status, 200);
    stage.clock.advance(1);
    assert_eq!(verdict(&stage.points(ask).await), (401, Some(1004)));
    assert_eq!(
        verdict(&stage.ask("/openapi/clients", json!({})).await),
        (401, Some(1004))
    );
    // What it is still good for.
    assert_eq!(stage.refresh().await.status, 200);
}

#[tokio::test]
async fn the_bot_is_named_in_the_query_before_the_body_is_read() {
    let stage = Stage::new().await;
    for path in ALL {
        let request = || {
            stage
                .bare("POST", path)
                .bearer_auth(stage.manta.token())
                .body("nonsense")
        };
        refused(&stage, request(), 400, Some(110_000)).await;
        let blank = request().query(&[("botId", " ")]);
        refused(&stage, blank, 400, Some(110_000)).await;
        let twice = request().query(&[("botId", BOT), ("botId", BOT)]);
        refused(&stage, twice, 400, Some(110_000)).await;
        let unknown = request().query(&[("botId", "nobody")]);
        refused(&stage, unknown, 404, Some(5001)).await;
    }
    // Unescaped, the plus in it is a blank and the bot another one.
    let raw = stage.bare("POST", &format!("{POINTS}?botId={BOT}"));
    let raw = raw.bearer_auth(stage.manta.token());
    refused(&stage, raw, 404, Some(5001)).await;
}

#[tokio::test]
async fn the_body_holds_the_secret_and_the_pair_fits_bot_and_plan() {
    let stage = Stage::new().await;
    for path in ALL {
        for body in ["", "[]", "{", "\"secret\""] {
            let request = stage.asking(path, &Value::Null).body(body);
            refused(&stage, request, 400, Some(110_000)).await;
        }
        for body in [json!({}), json!({"secret": null}), json!({"secret": 7})] {
            refused(&stage, stage.asking(path, &body), 400, Some(110_000)).await;
        }
        let wrong = json!({"secret": "wrong"});
        refused(&stage, stage.asking(path, &wrong), 403, Some(1002)).await;
        // Another bot's token, with the right secret of this one.
        let body = json!({"secret": stage.manta.secret()});
        let foreign = stage
            .bare("POST", path)
            .bearer_auth(stage.manta.token_of(OTHER_BOT))
            .query(&[("botId", BOT)])
            .body(body.to_string());
        refused(&stage, foreign, 403, Some(1002)).await;
        stage.manta.set_plan(false);
        refused(&stage, stage.asking(path, &body), 403, Some(1002)).await;
        stage.manta.set_plan(true);
    }
    assert_eq!(stage.points(json!({"clientIds": [ANN]})).await.status, 200);
}

#[tokio::test]
async fn lists_are_checked_last() {
    let stage = Stage::new().await;
    let many: Vec<String> = (0..101).map(|at| format!("c{at}")).collect();
    for (body, field) in [
        (json!({}), "clientIds"),
        (json!({"clientIds": []}), "clientIds"),
        (json!({"clientIds": many}), "clientIds"),
        (json!({"clientIds": ANN}), "clientIds"),
        (json!({"clientIds": [ANN, ""]}), "clientIds"),
        (json!({"clientIds": [7]}), "clientIds"),
        (
            json!({"clientIds": [ANN], "platform": "line"}),
            "platformClientIds",
        ),
        (json!({"platformClientIds": ["U1"]}), "platform"),
        (
            json!({"platform": "line", "platformClientIds": []}),
            "platformClientIds",
        ),
        (
            json!({"platform": "line", "platformClientIds": many}),
            "platformClientIds",
        ),
        (
            json!({"platform": "livechat", "platformClientIds": ["U1"]}),
            "platform",
        ),
        (
            json!({"platform": 1, "platformClientIds": ["U1"]}),
            "platform",
        ),
    ] {
        let reply = stage.points(body.clone()).await;
        assert_eq!(verdict(&reply), (400, Some(110_000)), "{body}");
        assert!(reply.text().contains(field), "{body}: {}", reply.text());
    }
    for query in [
        [("limit", "0")],
        [("limit", "101")],
        [("offset", "x")],
        [("platform", "Line")],
    ] {
        let body = json!({"secret": stage.manta.secret()});
        let request = stage.asking("/openapi/clients", &body).query(&query);
        refused(&stage, request, 400, Some(110_000)).await;
    }
}

#[tokio::test]
async fn refusals_name_the_bot_or_say_200_where_that_is_chosen() {
    let ask = json!({});
    let stage = Stage::shaped(|shapes| shapes.bot_id_in_errors = true).await;
    assert_eq!(
        stage.points(ask.clone()).await.json()["errResponse"]["botId"],
        BOT
    );
    let stage = Stage::shaped(|shapes| shapes.refusal_status_200 = true).await;
    let reply = stage.points(ask).await;
    assert_eq!(verdict(&reply), (200, Some(110_000)));
    assert_eq!(reply.json()["errResponse"].get("botId"), None);
}

#[tokio::test]
async fn nothing_that_is_remembered_holds_a_token_or_a_secret() {
    let stage = Stage::new().await;
    let (token, secret) = (stage.manta.token(), stage.manta.secret());
    stage.points(json!({"clientIds": [ANN, token]})).await;
    let wrong = json!({"secret": "a-wrong-one"});
    Reply::to(stage.asking(POINTS, &wrong)).await;
    let broken = stage
        .asking(POINTS, &Value::Null)
        .body(format!("{{{secret}"));
    Reply::to(broken).await;
    stage.refresh().await;
    let noted = stage.manta.requests();
    assert!(noted[0].request.contains(ANN), "{}", noted[0].request);
    assert_eq!(noted[0].caller.as_deref(), Some(BOT));
    let page = stage.control("GET", "/sandbox/manta", "").await.text();
    for (what, text) in [("requests", format!("{noted:?}")), ("page", page)] {
        for hidden in [&token, &secret, &stage.manta.token(), &stage.manta.secret()] {
            assert!(!text.contains(hidden.as_str()), "{what}");
        }
        assert!(!text.contains("a-wrong-one"), "{what}");
    }
}

#[tokio::test]
async fn a_seeded_pair_is_another_in_every_world() {
    let (one, other) = (Stage::new().await, Stage::with(seed(), None).await);
    assert_ne!(one.manta.token(), other.manta.token());
    assert_ne!(one.manta.secret(), other.manta.secret());
}

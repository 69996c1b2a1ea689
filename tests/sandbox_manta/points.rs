//! What is answered about clients, under every choice.

use guildpoints::sandbox::manta::NoPoints;
use guildpoints::sandbox::manta::PLATFORMS;
use guildpoints::sandbox::manta::PointOrder;
use guildpoints::sandbox::manta::RetryHint;
use guildpoints::sandbox::manta::UnknownIds;
use serde_json::Value;
use serde_json::json;

use crate::stage::ANN;
use crate::stage::ANN_LINE;
use crate::stage::BOB;
use crate::stage::BOB_FACEBOOK;
use crate::stage::Stage;
use crate::stage::client;
use crate::stage::verdict;
use crate::wire::Reply;

#[tokio::test]
async fn points_are_told_as_documented_encoded_ids_first() {
    let stage = Stage::new().await;
    let body =
        json!({"platform": "line", "platformClientIds": [ANN_LINE], "clientIds": [BOB, ANN]});
    let reply = stage.points(body).await;
    assert_eq!(reply.status, 200);
    assert_eq!(
        reply.text(),
        format!(
            r#"{{"success":true,"message":"Get client points successfully","points":[{{"platform":"facebook","clientId":"{BOB}","points":0}},{{"platform":"line","clientId":"{ANN}","points":150}},{{"platform":"line","platformClientId":"{ANN_LINE}","points":150}}]}}"#
        )
    );
    assert_eq!(
        reply.header("content-type"),
        "application/json;charset=UTF-8"
    );
    // Wider than a float can hold.
    stage.manta.set_balance(ANN, 9_007_199_254_740_993);
    let text = stage.points(json!({"clientIds": [ANN]})).await.text();
    assert!(text.contains(r#""points":9007199254740993"#), "{text}");
}

#[tokio::test]
async fn the_unknown_are_left_out_and_the_repeated_answered_once() {
    let stage = Stage::new().await;
    // A known id, but of another platform, another bot, or another kind.
    let body = json!({"clientIds": ["Nobody", ANN, "Elsewhere", ANN_LINE, ANN],
        "platform": "line", "platformClientIds": [BOB_FACEBOOK, ANN]});
    let points = stage.points(body).await.json()["points"].clone();
    assert_eq!(
        points,
        json!([{"platform": "line", "clientId": ANN, "points": 150}])
    );
    let none = stage.points(json!({"clientIds": ["Nobody"]})).await.text();
    assert!(none.ends_with(r#","points":[]}"#), "{none}");

    let stage = Stage::shaped(|shapes| shapes.no_points = NoPoints::Absent).await;
    let none = stage.points(json!({"clientIds": ["Nobody"]})).await.json();
    assert_eq!((&none["success"], none.get("points")), (&json!(true), None));
    assert!(stage.points(json!({"clientIds": [ANN]})).await.json()["points"].is_array());

    let stage = Stage::shaped(|shapes| shapes.unknown_ids = UnknownIds::Refused).await;
    let reply = stage.points(json!({"clientIds": [ANN, "Nobody"]})).await;
    assert_eq!(verdict(&reply), (404, Some(37_011)));
    assert_eq!(stage.points(json!({"clientIds": [ANN]})).await.status, 200);
}

#[tokio::test]
async fn a_hundred_and_a_hundred_fit_and_may_come_in_any_order() {
    let stage = Stage::new().await;
    let ids: Vec<String> = (0..100).map(|at| format!("c{at:03}")).collect();
    let lines: Vec<String> = (0..100).map(|at| format!("U{at:03}")).collect();
    for at in 0..100_i64 {
        let index = usize::try_from(at).unwrap();
        stage
            .manta
            .put_client(client(&ids[index], "whatsapp", &lines[index], at));
    }
    let body = json!({"clientIds": ids, "platform": "whatsapp", "platformClientIds": lines});
    let order = |reply: &Value| -> Vec<String> {
        let points = reply["points"].as_array().unwrap().iter();
        let id = |one: &Value| one.get("clientId").or(one.get("platformClientId")).cloned();
        points
            .map(|one| id(one).unwrap().as_str().unwrap().to_owned())
            .collect()
    };
    let asked = stage.points(body.clone()).await.json();
    let expected: Vec<String> = ids.iter().chain(&lines).cloned().collect();
    assert_eq!(order(&asked), expected);

    let mut shapes = stage.manta.shapes();
    shapes.point_order = PointOrder::Shuffled;
    stage.manta.set_shapes(shapes);
    let shuffled = stage.points(body).await.json();
    assert_ne!(order(&shuffled), expected);
    let sorted = |reply: &Value| {
        let mut texts: Vec<String> = reply["points"]
            .as_array()
            .unwrap()
            .iter()
            .map(Value::to_string)
            .collect();
        texts.sort();
        texts
    };
    assert_eq!(sorted(&shuffled), sorted(&asked));
}

#[tokio::test]
async fn every_platform_has_clients() {
    let stage = Stage::new().await;
    for (at, platform) in (1..).zip(PLATFORMS) {
        stage
            .manta
            .put_client(client(&format!("p-{platform}"), platform, "same-id", at));
    }
    for (at, platform) in (1..).zip(PLATFORMS) {
        let body = json!({"platform": platform, "platformClientIds": ["same-id"]});
        let points = stage.points(body).await.json()["points"].clone();
        assert_eq!(
            points,
            json!([{"platform": platform, "platformClientId": "same-id", "points": at}])
        );
    }
}

#[tokio::test]
async fn the_list_tells_platform_and_platform_id_and_nothing_personal() {
    let stage = Stage::new().await;
    let list = async |query: &[(&str, &str)]| {
        let body = json!({"secret": stage.manta.secret()});
        let request = stage.asking("/openapi/clients", &body).query(query);
        Reply::to(request).await.json()["clientList"].clone()
    };
    let ann = json!({"platform": "line", "clientId": ANN_LINE, "customerId": "223456789012345677"});
    let bob = json!({"platform": "facebook", "clientId": BOB_FACEBOOK});
    assert_eq!(list(&[]).await, json!({"list": [bob, ann]}));
    assert_eq!(
        list(&[("customerId", "223456789012345677")]).await,
        json!({"list": [ann]})
    );
    assert_eq!(list(&[("customerId", "nobody")]).await, json!({"list": []}));
    assert_eq!(
        list(&[("platform", "facebook")]).await,
        json!({"list": [bob]})
    );
    assert_eq!(
        list(&[("limit", "1")]).await,
        json!({"list": [bob], "next": "1"})
    );
    assert_eq!(
        list(&[("limit", "1"), ("next", "1")]).await,
        json!({"list": [ann]})
    );
    assert_eq!(list(&[("offset", "1")]).await, json!({"list": [ann]}));
    for at in 0..12 {
        stage
            .manta
            .put_client(client(&format!("c{at}"), "line", &format!("U{at}"), 0));
    }
    assert_eq!(list(&[]).await["list"].as_array().unwrap().len(), 10);
}

#[tokio::test]
async fn too_many_requests_are_told_when_to_come_again() {
    for (retry_after, header) in [
        (RetryHint::Absent, ""),
        (RetryHint::Seconds, "2"),
        (RetryHint::Date, "Tue, 14 Nov 2023 22:13:22 GMT"),
    ] {
        let stage = Stage::shaped(|shapes| {
            shapes.rate_per_minute = Some(30);
            shapes.rate_burst = 2;
            shapes.retry_after = retry_after;
        })
        .await;
        let ask = || stage.points(json!({"clientIds": [ANN]}));
        // Who is not let in takes no permit.
        let stranger = stage.asking("/openapi/client/point", &json!({"secret": "wrong"}));
        assert_eq!(Reply::to(stranger).await.status, 403);
        assert_eq!([ask().await.status, ask().await.status], [200, 200]);
        let reply = ask().await;
        assert_eq!(verdict(&reply), (429, None));
        assert_eq!(reply.header("retry-after"), header);
        stage.clock.advance(1_999);
        assert_eq!(ask().await.status, 429);
        stage.clock.advance(1);
        assert_eq!(ask().await.status, 200);
        assert_eq!(ask().await.status, 429);
    }
}

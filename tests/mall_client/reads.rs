//! Balances.

use guildpoints::journal::Refused;
use guildpoints::model::refusal::PointsRefusal;
use guildpoints::points::PointsBackend;
use serde_json::json;

use crate::scripted::Says;
use crate::world::ANN;
use crate::world::World;

fn meaning(read: Result<i64, guildpoints::points::ReadError>) -> (PointsRefusal, Option<i64>) {
    let Refused { meaning, code, .. } = read.unwrap_err().refused;
    (meaning, code)
}

#[tokio::test]
async fn ids_arrive_exact_and_the_balance_is_read() {
    let world = World::new().await;
    let says = json!({"code": 0, "msg": "SUCCESS", "data": {"guildId": "412345678901234563", "userId": "223456789012345677", "point": 1280}});
    let before = world.clock.now_ms();
    world.says(Says::json(says));
    let read = world.guild.balance(ANN).await.unwrap();
    assert_eq!(read.points, 1280);
    assert!(read.read_ms >= before);
    let heard = world.server.heard().remove(0);
    assert_eq!(heard.path, "getUserPoint");
    assert_eq!(heard.query["guildId"], "412345678901234563");
    assert_eq!(heard.query["userId"], "223456789012345677");
    assert_eq!(heard.query.len(), 2);
    world.server.is_content();
}

#[tokio::test]
async fn odd_but_documented_shapes_are_read() {
    let world = World::new().await;
    for (says, points) in [
        (json!({"code": "0", "data": {"point": "1280"}}), 1280),
        (json!({"data": {"x": [], "point": -3}, "code": 0}), -3),
        (
            json!({"code": 0, "data": {"point": 2147483647_i64, "userId": 2.2345678901234568e17}}),
            2_147_483_647,
        ),
        (
            json!({"code": 0, "data": {"point": 9007199254740993_i64}}),
            9_007_199_254_740_993,
        ),
    ] {
        assert_eq!(
            world.balance(Says::status(201, says)).await.unwrap(),
            points
        );
    }
}

#[tokio::test]
async fn no_account_and_no_readable_balance_are_never_0_points() {
    let world = World::new().await;
    for nobody in [
        json!({"code": 0, "data": null}),
        json!({"code": 0}),
        json!({"code": 50000, "msg": "用户不存在", "data": {"point": 0}}),
    ] {
        let (meaning, _) = meaning(world.balance(Says::json(nobody)).await);
        assert_eq!(meaning, PointsRefusal::NoAccount);
    }
    for unreadable in [
        json!({"code": 0, "data": {}}),
        json!({"code": 0, "data": {"point": null}}),
        json!({"code": 0, "data": {"point": 12.0}}),
        json!({"code": 0, "data": {"point": "many"}}),
        json!({"code": 0, "data": []}),
        json!({"code": 0, "data": 1280}),
        json!({"code": null, "data": {"point": 5}}),
        json!({"data": {"point": 5}}),
        json!([]),
    ] {
        let (meaning, _) = meaning(world.balance(Says::json(unreadable)).await);
        assert_eq!(meaning, PointsRefusal::Unavailable);
    }
}

#[tokio::test]
async fn every_code_says_who_can_help() {
    let world = World::new().await;
    for (code, expected) in [
        (1018, PointsRefusal::NoAccess),
        (50000, PointsRefusal::NoAccount),
        (60000, PointsRefusal::NoAccess),
        (60001, PointsRefusal::NotEnabledHere),
        (60002, PointsRefusal::Unavailable),
        (60003, PointsRefusal::Unavailable),
        (60004, PointsRefusal::NoAccess),
        (60005, PointsRefusal::Unavailable),
        (4711, PointsRefusal::Unavailable),
    ] {
        let says = json!({"code": code, "message": "商城说明", "data": null});
        let error = world.balance(Says::json(says)).await.unwrap_err();
        assert_eq!(error.refused.meaning, expected, "{code}");
        assert_eq!(error.refused.code, Some(code));
        assert_eq!(error.refused.text, "商城说明");
    }
    world.server.is_content();
}

#[tokio::test]
async fn every_status_says_who_can_help() {
    let world = World::new().await;
    for (status, expected) in [
        (302, PointsRefusal::Unavailable),
        (400, PointsRefusal::Unavailable),
        (401, PointsRefusal::Connection),
        (403, PointsRefusal::NoAccess),
        (404, PointsRefusal::NoAccess),
        (429, PointsRefusal::TooFast),
        (500, PointsRefusal::Unavailable),
        (503, PointsRefusal::Unavailable),
    ] {
        let says = Says::status(status, json!({"code": 0, "data": {"point": 5}}));
        let (meaning, code) = meaning(world.balance(says).await);
        assert_eq!((meaning, code), (expected, Some(status.into())));
    }
    let page = Says::typed(200, "text/html", "<!doctype html><title>商城</title>");
    let (meaning, _) = meaning(world.balance(page).await);
    assert_eq!(meaning, PointsRefusal::Unavailable);
    assert!(world.trouble().contains("base_url"), "{}", world.trouble());
}

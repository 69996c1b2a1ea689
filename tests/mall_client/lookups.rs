//! Look-ups, the probe, and what they prove of an id sent twice.

use guildpoints::model::Amount;
use guildpoints::model::OpId;
use guildpoints::points::LookupError;
use guildpoints::points::PointsBackend;
use guildpoints::points::Record;
use guildpoints::points::Repeats;
use serde_json::json;

use crate::scripted::Says;
use crate::world::ANN;
use crate::world::BEN;
use crate::world::World;

fn op() -> OpId {
    OpId::kept("gp-0nq8m3vz1r5k0-0r2h7w9d4t6xc-0-0p6j1y8f3b5sg".to_owned())
}

fn empty() -> Says {
    Says::json(json!({"code": 0, "data": null, "msg": ""}))
}

fn repeats(world: &World) -> Repeats {
    world.guild.adjust().unwrap().repeats()
}

#[tokio::test]
async fn a_record_is_handed_over_for_the_caller_to_compare() {
    let world = World::new().await;
    let op = op();
    for (member, point, expected) in [
        (
            json!(223456789012345677_u64),
            json!(-150),
            (Some(ANN), Some(-150)),
        ),
        (
            json!("223456789012345679"),
            json!("150"),
            (Some(BEN), Some(150)),
        ),
        (json!(2.2345678901234568e17), json!(7), (None, Some(7))),
        (json!(null), json!(0), (None, None)),
    ] {
        let says = json!({"code": 0, "data": {"bizId": op.as_str(), "fbLongId": member, "point": point, "remark": "兑换"}, "msg": ""});
        let (member, amount) = expected;
        let amount = amount.map(|points| Amount::new(points).unwrap());
        assert_eq!(
            world.lookup(&op, Says::json(says)).await,
            Ok(Record::Found { member, amount })
        );
    }
    let heard = world.server.heard().remove(0);
    assert_eq!(heard.path, "findPointRecord");
    assert_eq!(heard.query["bizId"], op.as_str());
    world.server.is_content();
}

#[tokio::test]
async fn every_form_of_empty_is_unused() {
    let world = World::new().await;
    for says in [
        json!({"code": 0}),
        json!({"code": 0, "data": null}),
        json!({"code": 0, "data": {}}),
        json!({"code": 0, "data": []}),
        json!({"code": 0, "data": ""}),
        json!({"code": "0", "data": {"remark": null}}),
    ] {
        assert_eq!(
            world.lookup(&op(), Says::json(says)).await,
            Ok(Record::Unused)
        );
    }
}

#[tokio::test]
async fn whatever_else_comes_is_no_information_or_no_access() {
    let world = World::new().await;
    for (says, code) in [
        (Says::json(json!({"code": 60000, "msg": "m"})), 60000),
        (Says::json(json!({"code": 60004, "msg": "m"})), 60004),
        (Says::status(403, json!({"message": "m"})), 403),
    ] {
        let refused = LookupError::AccessRefused {
            code: Some(code),
            text: "m".to_owned(),
        };
        assert_eq!(world.lookup(&op(), says).await, Err(refused));
    }
    assert!(matches!(
        world.lookup(&op(), Says::status(401, json!({}))).await,
        Err(LookupError::AccessRefused {
            code: Some(401),
            ..
        })
    ));
    for says in [
        Says::json(json!({"code": 1018})),
        Says::json(json!({"code": 60001})),
        Says::json(json!({"code": 60005, "data": {"bizId": op().as_str()}})),
        Says::json(json!({"data": null})),
        Says::json(json!({"code": 0, "data": {"bizId": "someone-elses", "point": 5}})),
        Says::typed(200, "text/html", "<html>"),
        Says::typed(429, "text/plain", ""),
        Says::status(500, json!({"code": 0, "data": null})),
        Says::status(302, json!({"code": 0, "data": null})),
        Says::HangsUp,
    ] {
        let shown = format!("{says:?}");
        assert!(
            matches!(
                world.lookup(&op(), says).await,
                Err(LookupError::NoInformation { .. })
            ),
            "{shown}"
        );
    }
    assert_eq!(repeats(&world), Repeats::Unpromised);
    world.server.is_content();
}

#[tokio::test]
async fn an_id_the_signing_rules_leave_open_is_never_asked_for() {
    let world = World::new().await;
    for id in ["", "a b", "a&b=c", "活动", "a%20b"] {
        let entry = world.entry(&OpId::kept(id.to_owned())).await;
        let found = world.guild.lookup().unwrap().lookup(&entry).await;
        assert!(
            matches!(found, Err(LookupError::NoInformation { .. })),
            "{id}"
        );
    }
    assert!(world.server.heard().is_empty());
}

#[tokio::test]
async fn repeats_are_dropped_only_once_a_look_up_has_worked() {
    let world = World::new().await;
    assert_eq!(repeats(&world), Repeats::Unpromised);
    for says in [
        Says::status(500, json!({})),
        Says::json(json!({"code": 60005})),
        Says::status(401, json!({})),
        Says::HangsUp,
    ] {
        world.says(says);
        world.guild.probe().await.unwrap_err();
        assert_eq!(repeats(&world), Repeats::Unpromised);
    }
    world.says(empty());
    world.guild.probe().await.unwrap();
    assert_eq!(repeats(&world), Repeats::Dropped);
    // A later failure of another kind takes nothing back.
    world.says(Says::status(500, json!({})));
    world.mall.probe().await.unwrap_err();
    assert_eq!(repeats(&world), Repeats::Dropped);

    let probes = world.server.heard();
    let ids: std::collections::HashSet<_> = probes.iter().map(|p| &p.query["bizId"]).collect();
    assert_eq!(
        ids.len(),
        probes.len(),
        "a probe asks for a new id each time"
    );
    world.server.is_content();
}

#[tokio::test]
async fn any_successful_look_up_proves_it_too() {
    let world = World::new().await;
    world.lookup(&op(), empty()).await.unwrap();
    assert_eq!(repeats(&world), Repeats::Dropped);
}

#[tokio::test]
async fn a_record_under_a_random_id_proves_nothing() {
    let world = World::new().await;
    world.says(Says::json(
        json!({"code": 0, "data": {"bizId": "always-me", "point": 5}}),
    ));
    world.mall.probe().await.unwrap_err();
    assert_eq!(repeats(&world), Repeats::Unpromised);
}

#[tokio::test]
async fn a_deployment_without_look_ups_promises_nothing_for_ever() {
    let world = World::new().await;
    world.says(Says::typed(404, "text/plain", "no such path"));
    assert_eq!(world.mall.probe().await, Err(LookupError::Missing));
    assert!(world.trouble().contains("findPointRecord"));
    world.says(empty());
    world.mall.probe().await.unwrap();
    assert_eq!(repeats(&world), Repeats::Unpromised);
    assert_eq!(world.lookup(&op(), empty()).await, Ok(Record::Unused));
    assert_eq!(repeats(&world), Repeats::Unpromised);
}

#[tokio::test]
async fn a_look_up_that_goes_missing_later_takes_the_promise_back() {
    let world = World::new().await;
    world.lookup(&op(), empty()).await.unwrap();
    let gone = Says::typed(404, "text/plain", "");
    assert_eq!(world.lookup(&op(), gone).await, Err(LookupError::Missing));
    assert_eq!(repeats(&world), Repeats::Unpromised);
}

//! Many changes in one call. The rules of matching have tests of their own beside them.

use guildpoints::journal::Ticket;
use guildpoints::model::UserId;
use guildpoints::model::refusal::PointsRefusal;
use guildpoints::points::DoubtKind;
use guildpoints::points::PointsBackend;
use guildpoints::points::Verdict;
use guildpoints::points::mall::Authorisation;
use serde_json::Value;
use serde_json::json;

use crate::scripted::Says;
use crate::world::ANN;
use crate::world::BEN;
use crate::world::World;

async fn pair(world: &World) -> Vec<Ticket> {
    vec![world.ticket(ANN, 300).await, world.ticket(BEN, -200).await]
}

#[tokio::test]
async fn entries_go_out_in_order_and_results_come_back_by_member() {
    let world = World::new().await;
    let tickets = pair(&world).await;
    world.says(Says::json(json!({"code": 0, "msg": "SUCCESS", "data": [
        {"guildId": 412345678901234563_u64, "fbLongId": 223456789012345679_u64, "code": 30001, "message": "用户积分不足"},
        {"guildId": 412345678901234563_u64, "fbLongId": 223456789012345677_u64, "code": 0, "message": ""},
    ]})));
    let verdicts = world.adjust_many(&tickets).await;
    assert_eq!(verdicts[0], Verdict::Applied);
    let Verdict::Refused(refused) = &verdicts[1] else {
        panic!("{verdicts:?}");
    };
    assert_eq!(refused.meaning, PointsRefusal::Insufficient);
    assert_eq!(refused.text, "用户积分不足");

    let heard = world.server.heard().remove(0);
    assert_eq!(heard.path, "batchModifyUserPoint");
    let body: Value = serde_json::from_str(&heard.body).unwrap();
    let entry = |ticket: &Ticket, member: u64, point: i64| {
        json!({
            "bizId": ticket.op().as_str(),
            "fbLongId": member,
            "point": point,
            "remark": "周赛 \"第一\" & 名次=1",
        })
    };
    assert_eq!(
        body,
        json!({"guildId": 412345678901234563_u64, "pointList": [
            entry(&tickets[0], 223456789012345677, 300),
            entry(&tickets[1], 223456789012345679, -200),
        ]})
    );
    world.server.is_content();
}

#[tokio::test]
async fn what_befalls_the_request_befalls_every_entry() {
    let world = World::new().await;
    for (says, kind) in [
        (Says::HangsUp, DoubtKind::Lost),
        (Says::status(500, json!({})), DoubtKind::Lost),
        (Says::status(401, json!({})), DoubtKind::AccessRefused),
        (Says::status(403, json!({})), DoubtKind::AccessRefused),
        (
            Says::status(429, json!({})),
            DoubtKind::TooFast { retry_after: None },
        ),
        (Says::json(json!({"code": 60005})), DoubtKind::Lost),
        (Says::json(json!({"code": 0, "data": []})), DoubtKind::Lost),
    ] {
        world.says(says);
        let verdicts = world.adjust_many(&pair(&world).await).await;
        assert_eq!(verdicts.len(), 2);
        for verdict in verdicts {
            let Verdict::Unknown(doubt) = verdict else {
                panic!("{verdict:?}");
            };
            assert_eq!(doubt.kind, kind);
        }
    }
    world.says(Says::status(404, json!({})));
    let verdicts = world.adjust_many(&pair(&world).await).await;
    assert!(verdicts.iter().all(|v| matches!(v, Verdict::Refused(_))));
    world.server.is_content();
}

#[tokio::test]
async fn a_switch_that_is_off_refuses_all_and_is_remembered() {
    let world = World::new().await;
    world.says(Says::json(
        json!({"code": 60001, "msg": "未开启", "data": null}),
    ));
    for verdict in world.adjust_many(&pair(&world).await).await {
        let Verdict::Refused(refused) = verdict else {
            panic!("{verdict:?}");
        };
        assert_eq!(refused.meaning, PointsRefusal::NotEnabledHere);
    }
    assert!(matches!(
        world.guild.authorisation(),
        Authorisation::Off { .. }
    ));
}

#[tokio::test]
async fn what_could_not_be_matched_is_never_sent() {
    let world = World::new().await;
    assert!(world.adjust_many(&[]).await.is_empty());
    let twice = [world.ticket(ANN, 1).await, world.ticket(ANN, 2).await];
    let verdicts = world.adjust_many(&twice).await;
    assert_eq!(verdicts.len(), 2);
    assert!(verdicts.iter().all(|v| matches!(v, Verdict::NotSent(_))));

    let most = world.guild.batch().unwrap().most();
    assert_eq!(most, 100);
    let mut many = Vec::new();
    for member in 1..=most as u64 + 1 {
        many.push(world.ticket(UserId::new(member), 1).await);
    }
    let verdicts = world.adjust_many(&many).await;
    assert_eq!(verdicts.len(), 101);
    assert!(verdicts.iter().all(|v| matches!(v, Verdict::NotSent(_))));
    assert!(world.server.heard().is_empty());

    let last = many.pop().unwrap();
    let results: Vec<Value> = many
        .iter()
        .rev()
        .map(|ticket| json!({"fbLongId": ticket.receipt().member.number(), "code": 0}))
        .collect();
    world.says(Says::json(json!({"code": 0, "data": results})));
    let verdicts = world.adjust_many(&many).await;
    assert!(verdicts.iter().all(|v| *v == Verdict::Applied));
    drop(last);
    world.server.is_content();
}

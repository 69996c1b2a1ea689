//! What is asked for, and whom an answer is about.

use guildpoints::model::UserId;
use guildpoints::model::refusal::PointsRefusal;
use guildpoints::points::PointsBackend;
use guildpoints::points::manta::Bound;
use serde_json::json;

use crate::scripted::Says;
use crate::server::SECRET;
use crate::server::TOKEN;
use crate::world::ANN;
use crate::world::ANNS;
use crate::world::BEN;
use crate::world::World;
use crate::world::meaning;

#[tokio::test]
async fn one_question_is_as_documented_and_its_balance_is_read() {
    let world = World::new().await;
    world.server.has("encoded", ANNS, 150);
    let before = world.clock.now_ms();
    let read = world.balance(ANN).await.unwrap();
    assert_eq!(read.points, 150);
    assert!(read.read_ms >= before && read.read_ms <= world.clock.now_ms());
    let heard = world.server.heard().remove(0);
    assert_eq!(heard.path, "/openapi/client/point");
    assert_eq!(heard.headers["authorization"], format!("Bearer {TOKEN}"));
    assert_eq!(heard.json(), json!({"secret": SECRET, "clientIds": [ANNS]}));
    world.server.is_content();
}

#[tokio::test]
async fn an_account_of_a_platform_is_asked_for_by_its_platform() {
    let world = World::new().await;
    world.tie(BEN, "livechat", "U00aa11bb22cc33dd").await;
    world.server.has("liveChat", "U00aa11bb22cc33dd", 200);
    assert_eq!(world.balance(BEN).await.unwrap().points, 200);
    let body = json!({"secret": SECRET, "platform": "liveChat", "platformClientIds": ["U00aa11bb22cc33dd"]});
    assert_eq!(world.server.heard()[0].json(), body);
    world.server.is_content();
}

#[tokio::test]
async fn many_are_asked_for_in_hundreds_and_each_gets_their_own() {
    let world = World::new().await;
    let mut members = world.crowd("encoded", 230).await;
    members.extend(world.crowd("line", 150).await);
    members.extend(world.crowd("whatsapp", 20).await);
    let read = world.linked.many().unwrap().balances(&members).await;
    let expected = (0..230).chain(0..150).chain(0..20);
    for (read, points) in read.iter().zip(expected) {
        assert_eq!(read.as_ref().unwrap().points, points);
    }
    assert_eq!(read.len(), 400);
    // Three lists of platforms; the encoded ones ride along.
    assert_eq!(world.calls(), 3);
    assert!(world.server.most_present() <= 2);
    world.server.is_content();
}

#[tokio::test]
async fn the_101st_needs_another_request() {
    let world = World::new().await;
    let members = world.crowd("line", 101).await;
    let read = world.linked.many().unwrap().balances(&members).await;
    assert!(read.iter().all(Result::is_ok));
    let mut sizes: Vec<usize> = world.server.heard().iter().map(|h| h.asks_for()).collect();
    sizes.sort();
    assert_eq!(sizes, [1, 100]);
    world.server.is_content();
}

#[tokio::test]
async fn a_member_named_twice_is_asked_for_once() {
    let world = World::new().await;
    world.server.has("encoded", ANNS, 5);
    let read = world
        .linked
        .many()
        .unwrap()
        .balances(&[ANN, ANN, ANN])
        .await;
    assert!(read.iter().all(|read| read.as_ref().unwrap().points == 5));
    assert_eq!(world.server.heard()[0].asks_for(), 1);
    world.server.is_content();
}

#[tokio::test]
async fn nobody_is_asked_for_who_is_not_linked() {
    let world = World::new().await;
    world.server.has("encoded", ANNS, 5);
    let not_linked = (PointsRefusal::NotLinked, None);
    assert_eq!(meaning(world.balance(BEN).await), not_linked);
    let read = world.linked.many().unwrap().balances(&[BEN, ANN]).await;
    assert_eq!(meaning(read[0].clone()), not_linked);
    assert_eq!(read[1].as_ref().unwrap().points, 5);
    let nobody = world.linked.many().unwrap().balances(&[]).await;
    assert!(nobody.is_empty());
    assert_eq!(world.calls(), 1);
    world.server.is_content();
}

#[tokio::test]
async fn an_account_that_could_spoil_a_list_is_never_sent() {
    let world = World::new().await;
    let odd = [("telegram", "x"), ("line", " "), ("encoded", "a\nb")];
    for (member, (kind, id)) in (1..).zip(odd) {
        world.tie(UserId::new(member), kind, id).await;
        let read = world.balance(UserId::new(member)).await;
        assert_eq!(meaning(read), (PointsRefusal::NoAccount, None));
    }
    assert_eq!(world.calls(), 0);
}

#[tokio::test]
async fn whoever_is_left_out_is_not_found_and_never_has_0_points() {
    let world = World::new().await;
    for nobody in [
        json!({"success": true, "points": []}),
        json!({"success": true, "message": "Get client points successfully"}),
        json!({"success": true, "points": null}),
        json!({"success": true, "points": [{"platform": "line", "clientId": "else", "points": 9}]}),
        // The same letters, but the platform's id.
        json!({"success": true, "points": [{"platform": "line", "platformClientId": ANNS, "points": 9}]}),
    ] {
        let read = world.anns(Says::json(nobody)).await;
        assert_eq!(meaning(read), (PointsRefusal::NoAccount, None));
    }
    for unreadable in [
        json!({"success": true, "points": [{"platform": "line", "clientId": ANNS}]}),
        json!({"success": true, "points": [{"platform": "line", "clientId": ANNS, "points": 1.5}]}),
        json!({"success": true, "points": [{"platform": "line", "points": 7}]}),
        json!({"success": true, "points": {"clientId": ANNS, "points": 7}}),
        json!({"success": true, "points": [7]}),
    ] {
        let read = world.anns(Says::json(unreadable)).await;
        assert_eq!(meaning(read), (PointsRefusal::Unavailable, None));
    }
    world.server.is_content();
}

#[tokio::test]
async fn odd_but_readable_answers_are_read() {
    let world = World::new().await;
    for (points, read) in [
        (json!("1280"), 1280),
        (json!(-3), -3),
        (json!(9_007_199_254_740_993_i64), 9_007_199_254_740_993),
        (json!(i64::MAX), i64::MAX),
        (json!(0), 0),
    ] {
        // Another time, or the balance before would be shown.
        world.clock.advance(std::time::Duration::from_secs(31));
        let entry = json!({"x": [], "points": points, "clientId": ANNS, "platform": "LINE"});
        let says = json!({"points": [entry], "extra": {}, "success": true});
        assert_eq!(world.anns(Says::status(201, says)).await.unwrap(), read);
    }
    world.server.is_content();
}

#[tokio::test]
async fn a_client_bound_to_the_member_is_asked_for_once_where_the_operator_says_so() {
    let world = World::with(|settings| settings.bound = Bound::ByLongId).await;
    world.server.has("line", "U1", 9);
    let client = json!({"platform": "line", "clientId": "U1", "name": "B", "customerId": "x"});
    let says = json!({"success": true, "clientList": {"list": [client]}});
    world.says(Says::json(says));
    assert_eq!(world.balance(BEN).await.unwrap().points, 9);
    world.clock.advance(std::time::Duration::from_secs(31));
    assert_eq!(world.balance(BEN).await.unwrap().points, 9);
    let heard = world.server.heard();
    let paths: Vec<&str> = heard.iter().map(|heard| heard.path.as_str()).collect();
    let points = "/openapi/client/point";
    assert_eq!(paths, ["/openapi/clients", points, points]);
    let (_, query) = heard[0].raw_query.split_once('&').unwrap();
    assert_eq!(query, format!("customerId={BEN}&limit=2"));
    // A proved link goes before it.
    world.server.has("encoded", ANNS, 5);
    assert_eq!(world.balance(ANN).await.unwrap().points, 5);
    assert_eq!(world.calls(), 4);
    world.server.is_content();
}

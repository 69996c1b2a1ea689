//! Questions asked at the same moment, and balances that were read a moment ago.

use std::time::Duration;

use guildpoints::model::refusal::PointsRefusal;
use guildpoints::points::PointsBackend;

use crate::scripted::Says;
use crate::world::ANN;
use crate::world::ANNS;
use crate::world::World;
use crate::world::meaning;

#[tokio::test]
async fn who_asks_while_a_list_is_under_way_goes_with_the_next() {
    let world = World::new().await;
    world.server.has("encoded", ANNS, 1);
    let mut members = world.crowd("encoded", 60).await;
    members.extend(world.crowd("line", 70).await);
    world.says(Says::ByItself.at_the_gate());
    let first = world.balance(ANN);
    let rest = async {
        world.server.arrivals(1).await;
        let rest = world.all_at_once(&members);
        let open = async {
            // Whoever asks has read their link by the time that others have been polled often.
            for _ in 0..200 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            world.server.gate.add_permits(1);
        };
        tokio::join!(rest, open).0
    };
    let (first, rest) = tokio::join!(first, rest);
    assert_eq!(first.unwrap().points, 1);
    let expected = (0..60).chain(0..70);
    for (read, points) in rest.into_iter().zip(expected) {
        assert_eq!(read.unwrap().points, points);
    }
    let sizes: Vec<usize> = world.server.heard().iter().map(|h| h.asks_for()).collect();
    assert_eq!(sizes, [1, 130]);
    world.server.is_content();
}

#[tokio::test]
async fn a_full_list_does_not_wait_for_the_one_before() {
    let world = World::new().await;
    let members = world.crowd("line", 250).await;
    world.says(Says::Nothing);
    let alone = world.balance(ANN);
    let rest = async {
        world.server.arrivals(1).await;
        // The two full ones answer although the first never does; the third waits for it.
        let full = world.all_at_once(&members);
        tokio::select! {
            _ = full => panic!("the list that is not full went beside another"),
            () = world.server.arrivals(3) => {}
        }
    };
    tokio::select! {
        _ = alone => panic!("it was never answered"),
        () = rest => {}
    }
    let sizes: Vec<usize> = world.server.heard().iter().map(|h| h.asks_for()).collect();
    assert_eq!(sizes, [1, 100, 100]);
    world.server.is_content();
}

#[tokio::test]
async fn a_crowd_costs_a_request_for_each_hundred_and_one_more() {
    let world = World::new().await;
    let members = world.crowd("line", 1_000).await;
    let read = world.all_at_once(&members).await;
    for (read, points) in read.into_iter().zip(0..) {
        assert_eq!(read.unwrap().points, points);
    }
    assert!((10..=12).contains(&world.calls()), "{}", world.calls());
    assert!(world.server.most_present() <= 4);
    world.server.is_content();
}

#[tokio::test]
async fn the_same_account_is_asked_for_once() {
    let world = World::new().await;
    world.server.has("encoded", ANNS, 5);
    let read = world.all_at_once(&[ANN; 40]).await;
    assert!(read.into_iter().all(|read| read.unwrap().points == 5));
    assert_eq!(world.calls(), 1);
    world.server.is_content();
}

#[tokio::test]
async fn a_failing_list_fails_its_own_members_only() {
    let world = World::new().await;
    let members = world.crowd("line", 30).await;
    world.server.has("encoded", ANNS, 5);
    world.says(Says::refusal(400, 4711, "no").at_the_gate());
    let first = world.balance(ANN);
    let rest = async {
        world.server.arrivals(1).await;
        let open = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            world.server.gate.add_permits(1);
        };
        tokio::join!(world.all_at_once(&members), open).0
    };
    let (first, rest) = tokio::join!(first, rest);
    assert_eq!(meaning(first), (PointsRefusal::Unavailable, Some(4711)));
    assert!(rest.iter().all(Result::is_ok));
    world.server.is_content();
}

#[tokio::test]
async fn who_stops_waiting_takes_nobody_along() {
    let world = World::new().await;
    world.server.has("encoded", ANNS, 1);
    let members = world.crowd("line", 2).await;
    world.says(Says::ByItself.at_the_gate());
    {
        let gone = world.balance(members[0]);
        let stays = world.balance(ANN);
        let mut stays = std::pin::pin!(stays);
        tokio::select! {
            _ = gone => panic!("answered before the gate opened"),
            _ = &mut stays => panic!("answered before the gate opened"),
            () = world.server.arrivals(1) => {}
        }
        // `gone` is dropped here: it may have been the one that drove the list.
        world.server.gate.add_permits(1);
        assert_eq!(stays.await.unwrap().points, 1);
    }
    // And a list that nobody waits for any more is in nobody's way.
    world.says(Says::Nothing);
    let before = world.calls();
    {
        let gone = world.balance(members[1]);
        tokio::select! {
            _ = gone => panic!("never answered"),
            () = world.server.arrivals(before + 1) => {}
        }
    }
    assert_eq!(world.balance(members[1]).await.unwrap().points, 1);
    world.server.is_content();
}

#[tokio::test]
async fn a_balance_is_shown_for_30_seconds_with_the_time_it_was_read() {
    let world = World::new().await;
    world.server.has("encoded", ANNS, 5);
    let first = world.balance(ANN).await.unwrap();
    world.server.has("encoded", ANNS, 6);
    world.clock.advance(Duration::from_secs(29));
    let again = world.balance(ANN).await.unwrap();
    assert_eq!(again, first);
    let many = world.linked.many().unwrap().balances(&[ANN]).await;
    assert_eq!(many[0].as_ref().unwrap(), &first);
    assert_eq!(world.calls(), 1);
    world.clock.advance(Duration::from_secs(1));
    let later = world.balance(ANN).await.unwrap();
    assert_eq!(later.points, 6);
    assert!(later.read_ms >= first.read_ms + 30_000);
    assert_eq!(world.calls(), 2);
    world.server.is_content();
}

#[tokio::test]
async fn a_refusal_is_not_kept() {
    let world = World::new().await;
    assert_eq!(
        meaning(world.balance(ANN).await).0,
        PointsRefusal::NoAccount
    );
    world.server.has("encoded", ANNS, 5);
    assert_eq!(world.balance(ANN).await.unwrap().points, 5);
    world.server.is_content();
}

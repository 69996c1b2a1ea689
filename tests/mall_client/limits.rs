//! Requests under way at once, and the deadline.

use std::sync::Arc;
use std::time::Duration;

use guildpoints::model::GuildId;
use guildpoints::model::refusal::PointsRefusal;
use guildpoints::points::PointsBackend;
use guildpoints::points::Verdict;
use guildpoints::support::tenure::Moment;
use guildpoints::support::tenure::Tenure;
use serde_json::json;

use crate::scripted::Says;
use crate::world::ANN;
use crate::world::GUILD;
use crate::world::World;

fn balance() -> Says {
    Says::json(json!({"code": 0, "data": {"point": 1}}))
}

#[tokio::test]
async fn no_more_requests_are_under_way_than_allowed() {
    let world = World::with(|settings| settings.in_flight = 2).await;
    let mut asking = Vec::new();
    for _ in 0..6 {
        world.says(balance().at_the_gate());
        let guild = Arc::clone(&world.guild);
        asking.push(tokio::spawn(async move { guild.balance(ANN).await }));
    }
    for arrived in 2..=6 {
        world.server.arrivals(arrived).await;
        world.server.gate.add_permits(1);
    }
    world.server.gate.add_permits(1);
    for read in asking {
        assert_eq!(read.await.unwrap().unwrap().points, 1);
    }
    assert_eq!(world.server.most_present(), 2);
    world.server.is_content();
}

#[tokio::test]
async fn a_guild_that_floods_leaves_a_slot_to_the_others() {
    let world = World::with(|settings| settings.in_flight = 4).await;
    let quiet = GuildId::new(GUILD.number() + 1);
    let mut handles = world.mall.handles([GUILD, quiet].into_iter());
    let (flooding, quiet) = (
        handles.remove(&GUILD).unwrap(),
        handles.remove(&quiet).unwrap(),
    );
    let mut asking = Vec::new();
    for _ in 0..8 {
        let guild = Arc::clone(&flooding);
        asking.push(tokio::spawn(async move { guild.balance(ANN).await }));
    }
    for _ in 0..3 {
        world.says(balance().at_the_gate());
    }
    world.says(balance());
    world.server.arrivals(3).await;
    // All that the flood may have is under way and hangs; eight would fill every slot.
    let answer = tokio::time::timeout(Duration::from_secs(10), quiet.balance(ANN)).await;
    assert_eq!(
        answer
            .expect("the quiet guild waits for nobody")
            .unwrap()
            .points,
        1
    );
    for _ in 0..5 {
        world.says(balance());
    }
    world.server.gate.add_permits(3);
    for read in asking {
        assert_eq!(read.await.unwrap().unwrap().points, 1);
    }
    world.server.is_content();
}

#[tokio::test]
async fn waiting_for_a_slot_is_not_counted_against_the_deadline() {
    let world = World::with(|settings| {
        settings.in_flight = 1;
        settings.timeout = Duration::from_secs(2);
    })
    .await;
    // The first uses its whole deadline up while the second waits for the only slot.
    world.says(Says::Nothing);
    world.says(balance());
    let (first, second) = tokio::join!(world.guild.balance(ANN), world.guild.balance(ANN));
    assert_eq!(
        first.unwrap_err().refused.meaning,
        PointsRefusal::Unavailable
    );
    assert_eq!(second.unwrap().points, 1);
    world.server.is_content();
}

#[tokio::test]
async fn a_dropped_request_gives_its_slot_back() {
    let world = World::with(|settings| settings.in_flight = 1).await;
    world.says(Says::Nothing);
    let guild = Arc::clone(&world.guild);
    let asking = tokio::spawn(async move { guild.balance(ANN).await });
    world.server.arrivals(1).await;
    asking.abort();
    assert!(asking.await.unwrap_err().is_cancelled());
    assert_eq!(world.balance(balance()).await.unwrap(), 1);
}

#[tokio::test]
async fn whoever_lost_the_bot_sends_no_payment_that_waited_for_its_turn() {
    let world = World::with(|settings| settings.in_flight = 1).await;
    let tenure = Tenure::lasting(Moment::now(), Duration::from_secs(3_600));
    let mall = world.mall.under(tenure.clone());
    let guild = mall.handles([GUILD].into_iter()).remove(&GUILD).unwrap();
    world.says(balance().at_the_gate());
    let first = Arc::clone(&guild);
    let first = tokio::spawn(async move { first.balance(ANN).await });
    world.server.arrivals(1).await;
    let ticket = world.ticket(ANN, 5).await;
    let second = Arc::clone(&guild);
    let second = tokio::spawn(async move { second.adjust().unwrap().adjust(&ticket).await });
    tokio::task::yield_now().await;
    tenure.end();
    // What was under way is given up; what waited is known not to have left.
    assert!(first.await.unwrap().is_err());
    let verdict = second.await.unwrap();
    assert!(matches!(verdict, Verdict::NotSent(_)), "{verdict:?}");
    assert_eq!(world.server.heard().len(), 1);
    world.server.gate.add_permits(1);
}

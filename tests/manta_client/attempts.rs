//! What is tried again, how often, and for how long.

use std::time::Duration;

use guildpoints::model::refusal::PointsRefusal;
use guildpoints::points::manta::MantaSettings;
use guildpoints::support::tenure::Moment;
use guildpoints::support::tenure::Tenure;
use serde_json::json;
use tokio::time::Instant;

use crate::scripted::Says;
use crate::world::ANN;
use crate::world::ANNS;
use crate::world::BEN;
use crate::world::World;
use crate::world::meaning;

fn too_fast(wait: &str) -> Says {
    let says = Says::status(429, json!({"message": "Rate limit exceeded"}));
    match wait {
        "" => says,
        wait => says.with("Retry-After", wait),
    }
}

#[tokio::test]
async fn a_read_is_tried_again_after_trouble_of_the_service_three_times_in_all() {
    let world = World::new().await;
    world.server.has("encoded", ANNS, 7);
    for trouble in [
        Says::status(500, json!({"message": "Internal server error"})),
        Says::typed(502, "text/html", "<html>"),
        Says::HangsUp,
        Says::Breaks("{\"success\":true"),
        too_fast("0"),
    ] {
        let before = world.calls();
        world.clock.advance(Duration::from_secs(31));
        world.says(trouble);
        assert_eq!(world.balance(ANN).await.unwrap().points, 7);
        assert_eq!(world.calls() - before, 2);
        assert_eq!(world.trouble(), "");
    }
    let before = world.calls();
    world.clock.advance(Duration::from_secs(31));
    for _ in 0..3 {
        world.says(Says::status(503, json!({})));
    }
    assert_eq!(
        meaning(world.balance(ANN).await),
        (PointsRefusal::Unavailable, Some(503))
    );
    assert_eq!(world.calls() - before, 3);
    world.server.is_content();
}

#[tokio::test]
async fn a_service_that_keeps_refusing_is_asked_three_times() {
    let world = World::new().await;
    for _ in 0..3 {
        world.says(too_fast("0"));
    }
    assert_eq!(
        meaning(world.balance(ANN).await),
        (PointsRefusal::TooFast, Some(429))
    );
    assert_eq!(world.calls(), 3);
    world.server.is_content();
}

#[tokio::test]
async fn a_stated_wait_is_kept() {
    let world = World::new().await;
    world.server.has("encoded", ANNS, 7);
    world.says(too_fast("1"));
    let begun = Instant::now();
    assert_eq!(world.balance(ANN).await.unwrap().points, 7);
    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert_eq!(world.calls(), 2);
    world.server.is_content();
}

#[tokio::test]
async fn a_wait_past_the_deadline_is_answered_at_once_and_kept_for_everybody() {
    for wait in [
        "3600",
        "99999999999999999999",
        "Sun, 06 Nov 2094 08:49:37 GMT",
    ] {
        let world = World::new().await;
        world.tie(BEN, "line", "U1").await;
        world.says(too_fast(wait));
        assert_eq!(
            meaning(world.balance(ANN).await),
            (PointsRefusal::TooFast, Some(429))
        );
        // Nobody asks before it is over.
        assert_eq!(
            meaning(world.balance(BEN).await),
            (PointsRefusal::TooFast, Some(429))
        );
        assert_eq!(world.calls(), 1);
        assert!(world.trouble().contains("429"), "{}", world.trouble());
        world.server.is_content();
    }
}

#[tokio::test]
async fn a_wait_may_be_given_as_a_moment_of_their_clock() {
    let world = World::new().await;
    world.server.has("encoded", ANNS, 7);
    let says = too_fast("Sun, 06 Nov 1994 08:49:38 GMT");
    world.says(says.with("Date", "Sun, 06 Nov 1994 08:49:37 GMT"));
    let begun = Instant::now();
    assert_eq!(world.balance(ANN).await.unwrap().points, 7);
    assert!(begun.elapsed() >= Duration::from_secs(1));
    world.server.is_content();
}

#[tokio::test]
async fn the_deadline_of_a_request_covers_its_body_and_that_of_the_question_the_tries() {
    let short = |settings: &mut MantaSettings| {
        settings.timeout = Duration::from_millis(300);
    };
    for silence in [Says::Dawdles, Says::Nothing] {
        let world = World::with(short).await;
        for _ in 0..2 {
            world.says(silence.clone());
        }
        let (refusal, _) = meaning(world.balance(ANN).await);
        assert_eq!(refusal, PointsRefusal::Unavailable);
        // Twice the time of a request is the time of a question: no third one begins.
        assert!(world.calls() <= 2);
        assert!(world.trouble().contains("in time"), "{}", world.trouble());
    }
}

#[tokio::test]
async fn nobody_listening_is_told_as_such() {
    let world = World::with(|settings| {
        settings.base_url = "http://127.0.0.1:9/api".to_owned();
        settings.timeout = Duration::from_millis(400);
    });
    let world = world.await;
    let error = world.balance(ANN).await.unwrap_err();
    assert_eq!(error.refused.meaning, PointsRefusal::Unavailable);
    assert!(
        world.trouble().contains("no connection to MantaGO"),
        "{}",
        world.trouble()
    );
    // The address holds the id of the bot.
    assert!(!world.trouble().contains("botId") && !error.refused.text.contains("botId"));
}

#[tokio::test]
async fn after_the_end_of_the_tenure_nothing_is_sent() {
    let world = World::new().await;
    let tenure = Tenure::lasting(Moment::now(), Duration::from_secs(60));
    tenure.end();
    assert!(world.manta.under(tenure).renew().await.is_err());
    assert_eq!(world.calls(), 0);
}

//! Renewing the pair.

use std::time::Duration;

use guildpoints::model::refusal::PointsRefusal;
use guildpoints::points::manta::Keeper;
use guildpoints::points::manta::RenewError;
use serde_json::json;

use crate::pair::Files;
use crate::scripted::Says;
use crate::server::SECRET;
use crate::server::TOKEN;
use crate::world::ANN;
use crate::world::ANNS;
use crate::world::World;

fn renewed() -> Says {
    Says::json(json!({
        "success": true,
        "message": "ok",
        "apiToken": "new.token.value",
        "apiSecret": "new-secret",
    }))
}

#[tokio::test]
async fn a_new_pair_is_asked_for_with_the_old_one_and_used_by_who_runs() {
    let files = Files::new();
    let world = files.world().await;
    let keeper = Keeper::of(&files.kept("token", ""), &files.kept("secret", "")).unwrap();
    world.says(renewed());
    keeper.prove().unwrap();
    let pair = world.manta.renew().await.unwrap();
    keeper.keep(&pair).unwrap();
    let heard = world.server.heard().remove(0);
    assert_eq!(heard.path, "/openapi/token");
    assert_eq!(heard.headers["authorization"], format!("Bearer {TOKEN}"));
    assert_eq!(heard.json(), json!({"secret": SECRET}));
    assert_eq!(
        std::fs::read_to_string(files.path("token")).unwrap(),
        "new.token.value\n"
    );
    // The bot that runs takes it from there.
    world.server.has("encoded", ANNS, 5);
    world.server.lets_in("new.token.value", "new-secret");
    assert_eq!(world.balance(ANN).await.unwrap().points, 5);
    assert_eq!(world.calls(), 2);
    world.server.is_content();
}

#[tokio::test]
async fn a_refusal_leaves_the_pair_as_it_was() {
    let world = World::new().await;
    for (status, code) in [(401, 1004), (403, 1002), (404, 5001), (401, 120_000)] {
        world.says(Says::refusal(status, code, "no"));
        let Err(RenewError::Refused(refused)) = world.manta.renew().await else {
            panic!("{code} is a refusal");
        };
        assert_eq!(
            (refused.meaning, refused.code),
            (PointsRefusal::NoAccess, Some(code))
        );
    }
    world.says(Says::status(429, json!({})).with("Retry-After", "0"));
    assert!(matches!(
        world.manta.renew().await,
        Err(RenewError::Refused(_))
    ));
    // Each was one request.
    assert_eq!(world.calls(), 5);
    world.server.is_content();
}

#[tokio::test]
async fn a_reply_that_is_lost_is_told_as_lost_and_never_asked_for_again() {
    let world = World::new().await;
    for lost in [
        Says::HangsUp,
        Says::Breaks("{\"success\":true,\"apiToken\":\"new.tok"),
        Says::status(500, json!({})),
        Says::typed(200, "text/html", "<html>"),
        Says::json(json!({"success": true, "apiToken": "new.token.value"})),
        Says::json(json!({"success": true, "apiToken": "", "apiSecret": "x"})),
        Says::json(json!({"success": true, "apiToken": 5, "apiSecret": "x"})),
        Says::status(302, json!({"success": true})).with("Location", "/elsewhere"),
    ] {
        let before = world.calls();
        world.says(lost);
        let error = world.manta.renew().await.unwrap_err();
        assert!(matches!(error, RenewError::Lost(_)), "{error:?}");
        assert!(
            !format!("{error:?} {error}").contains("new.tok"),
            "{error:?}"
        );
        assert_eq!(world.calls() - before, 1);
    }
    world.server.is_content();
}

#[tokio::test]
async fn what_never_left_has_renewed_nothing() {
    let world = World::with(|settings| {
        settings.base_url = "http://127.0.0.1:9/api".to_owned();
        settings.timeout = Duration::from_secs(1);
    });
    let error = world.await.manta.renew().await.unwrap_err();
    assert!(matches!(error, RenewError::NotSent(_)), "{error:?}");
}

//! The refreshing of the pair, and what survives a restart.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use guildpoints::sandbox::fault::FaultKind;
use guildpoints::sandbox::fault::FaultRule;
use guildpoints::sandbox::manta::PointOrder;
use reqwest::RequestBuilder;
use serde_json::Value;
use serde_json::json;

use crate::stage::ANN;
use crate::stage::BOB;
use crate::stage::BOT;
use crate::stage::NOW;
use crate::stage::Stage;
use crate::stage::client;
use crate::stage::seed;
use crate::stage::verdict;
use crate::wire::Reply;

fn with(stage: &Stage, path: &str, token: &str, secret: &str) -> RequestBuilder {
    let body = json!({"secret": secret, "clientIds": [ANN]});
    let request = stage.bare("POST", path).bearer_auth(token);
    request.query(&[("botId", BOT)]).body(body.to_string())
}

const POINTS: &str = "/openapi/client/point";

#[tokio::test]
async fn a_token_has_three_parts_and_tells_when_it_ends() {
    let stage = Stage::new().await;
    let token = stage.manta.token();
    let parts: Vec<Vec<u8>> = token
        .split('.')
        .map(|part| URL_SAFE_NO_PAD.decode(part).unwrap())
        .collect();
    assert_eq!(parts.len(), 3);
    let claims: Value = serde_json::from_slice(&parts[1]).unwrap();
    assert_eq!(claims["exp"], NOW / 1000 + 30 * 86_400);
    let head: Value = serde_json::from_slice(&parts[0]).unwrap();
    assert_eq!((&head["typ"], parts[2].is_empty()), (&json!("JWT"), false));
}

#[tokio::test]
async fn a_refresh_kills_the_old_pair_at_once() {
    let stage = Stage::new().await;
    let (token, secret) = (stage.manta.token(), stage.manta.secret());
    stage.clock.advance(40 * 86_400_000);
    let reply = stage.refresh().await.json();
    assert_eq!(reply["success"], true);
    let (new_token, new_secret) = (stage.manta.token(), stage.manta.secret());
    assert_eq!(
        (&reply["apiToken"], &reply["apiSecret"]),
        (&json!(new_token), &json!(new_secret))
    );
    assert!(token != new_token && secret != new_secret);
    assert_eq!(stage.manta.expires_ms(), NOW + 70 * 86_400_000);
    for path in [POINTS, "/openapi/clients", "/openapi/token"] {
        let dead = Reply::to(with(&stage, path, &token, &secret)).await;
        assert_eq!(verdict(&dead), (401, Some(120_000)), "{path}");
        let mixed = Reply::to(with(&stage, path, &token, &new_secret)).await;
        assert_eq!(verdict(&mixed), (401, Some(120_000)), "{path}");
        let mixed = Reply::to(with(&stage, path, &new_token, &secret)).await;
        assert_eq!(verdict(&mixed), (403, Some(1002)), "{path}");
    }
    let fresh = Reply::to(with(&stage, POINTS, &new_token, &new_secret)).await;
    assert_eq!(fresh.status, 200);
}

#[tokio::test]
async fn a_lost_reply_to_a_refresh_locks_everybody_out() {
    let stage = Stage::new().await;
    let (token, secret) = (stage.manta.token(), stage.manta.secret());
    let rule = FaultRule::once("manta.token", FaultKind::DropAfter);
    stage.manta.faults().set(rule);
    assert!(stage.refresh().await.closed());
    let dead = Reply::to(with(&stage, "/openapi/token", &token, &secret)).await;
    assert_eq!(verdict(&dead), (401, Some(120_000)));
    // Until somebody looks into the console.
    assert_eq!(stage.points(json!({"clientIds": [ANN]})).await.status, 200);
}

#[tokio::test]
async fn the_console_kills_the_pair_too() {
    let stage = Stage::new().await;
    let (token, secret) = (stage.manta.token(), stage.manta.secret());
    stage.manta.renew();
    let dead = Reply::to(with(&stage, POINTS, &token, &secret)).await;
    assert_eq!(verdict(&dead), (401, Some(120_000)));
}

#[tokio::test]
async fn a_restart_finds_the_pair_the_clients_and_the_dead_tokens() {
    let room = tempfile::tempdir().unwrap();
    let file = room.path().join("sandbox.json.manta");
    let first = Stage::with(seed(), Some(file.clone())).await;
    let (old_token, old_secret) = (first.manta.token(), first.manta.secret());
    first.refresh().await;
    first.manta.set_balance(ANN, 7);
    first.manta.remove_client(BOB);
    first
        .manta
        .put_client(client("Zx8cVb2Nm", "liveChat", "L1", 3));
    first.manta.set_plan(false);
    first.manta.set_plan(true);
    let mut shapes = first.manta.shapes();
    shapes.point_order = PointOrder::Shuffled;
    first.manta.set_shapes(shapes.clone());

    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "the file holds the pair");
    }
    // Twice, because the second start reads what the first one had shortened.
    for _ in 0..2 {
        let again = Stage::with(seed(), Some(file.clone())).await;
        assert_eq!(again.manta.token(), first.manta.token());
        assert_eq!(again.manta.secret(), first.manta.secret());
        assert_eq!(again.manta.clients(), first.manta.clients());
        assert_eq!(again.manta.shapes(), shapes);
        assert_eq!(again.manta.balance(ANN), Some(7));
        assert_eq!(again.points(json!({"clientIds": [ANN]})).await.status, 200);
        let dead = Reply::to(with(&again, POINTS, &old_token, &old_secret)).await;
        assert_eq!(verdict(&dead), (401, Some(120_000)));
    }
}

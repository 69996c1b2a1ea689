//! The sandbox's clock: how it is moved and shown, what lives through it, what is kept of it.

use guildpoints::sandbox::ZONE;
use jiff::Timestamp;
use jiff::civil::Weekday;
use serde_json::Value;
use serde_json::json;
use tokio::time::timeout;

use crate::stage::PATIENCE;
use crate::stage::Stage;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

async fn shown(stage: &Stage) -> Value {
    let address = format!("{}/sandbox/clock", stage.base);
    let response = stage.http.get(address).send().await.unwrap();
    response.json().await.unwrap()
}

/// What a move that is refused is answered.
async fn refusal(stage: &Stage, body: Value) -> String {
    let address = format!("{}/sandbox/clock", stage.base);
    let response = stage.http.post(address).json(&body).send().await.unwrap();
    assert_eq!(response.status(), 400, "{body}");
    let told: Value = response.json().await.unwrap();
    told["error"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn it_goes_to_a_weekday_of_the_zone_it_names() {
    let stage = Stage::new().await;
    let before_ms = stage.sandbox.now_ms();
    let told = stage
        .control("/sandbox/clock", json!({"next": "monday 08:59"}))
        .await;
    assert_eq!(told["zone"], ZONE);
    let now_ms = told["now_ms"].as_i64().unwrap();
    let now = Timestamp::from_millisecond(now_ms)
        .unwrap()
        .in_tz(ZONE)
        .unwrap();
    assert_eq!(
        (now.weekday(), now.hour(), now.minute()),
        (Weekday::Monday, 8, 59)
    );
    assert!((0..8 * DAY_MS).contains(&(now_ms - before_ms)));
    let again = stage
        .control("/sandbox/clock", json!({"next": "monday 08:59"}))
        .await;
    let week = again["now_ms"].as_i64().unwrap() - now_ms;
    assert!((7 * DAY_MS - 60_000..=7 * DAY_MS).contains(&week), "{week}");
    let clock = shown(&stage).await;
    assert_eq!(clock["shift_ms"], again["shift_ms"]);
    assert!(clock["now_ms"].as_i64() >= again["now_ms"].as_i64());
    stage.sandbox.stop().await;
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_the_reason_and_moves_nothing() {
    let stage = Stage::new().await;
    for (body, part) in [
        (json!({}), "either"),
        (json!({"advance_ms": 1, "next": "monday 08:59"}), "either"),
        (json!({"next": "someday"}), "`someday`"),
        (json!({"next": "monday 25:00"}), "weekday and a time"),
        (json!({"advance_ms": "1"}), "does not fit"),
        (json!({"advance": 1}), "advance"),
        (json!({"advance_ms": 80 * 366 * DAY_MS}), "2099"),
        (json!({"advance_ms": i64::MAX}), "2099"),
        (json!({"advance_ms": i64::MIN}), "2020"),
    ] {
        let told = refusal(&stage, body.clone()).await;
        assert!(told.contains(part), "{body}: {told}");
    }
    assert_eq!(shown(&stage).await["shift_ms"], 0);
    stage.sandbox.stop().await;
}

#[tokio::test]
async fn bots_live_through_a_leap_and_are_cut_where_they_were_silent() {
    let stage = Stage::new().await;
    let token = stage.user_token().await;
    let mut bot = stage.bot_with(&token).await;
    stage
        .control("/sandbox/clock", json!({"advance_ms": 30 * DAY_MS}))
        .await;
    let said = stage
        .sandbox
        .says(stage.ming, stage.channel, "still there?");
    assert_eq!(bot.hears().await["data"]["message_id"], said.to_string());
    assert_eq!(bot.ping().await["action"], "pong");
    // The token was pinged for all the while: it opens another line.
    stage.bot_with(&token).await;
    stage
        .control(
            "/sandbox/clock",
            json!({"advance_ms": HOUR_MS, "silent": true}),
        )
        .await;
    assert!(bot.frame().await.is_none());
    stage.sandbox.stop().await;
}

#[tokio::test]
async fn a_page_is_told_the_new_time() {
    let stage = Stage::new().await;
    let address = format!("{}/sandbox/events?as={}", stage.base, stage.ming);
    let mut events = stage.http.get(address).send().await.unwrap();
    stage
        .control("/sandbox/clock", json!({"advance_ms": HOUR_MS}))
        .await;
    let mut heard = String::new();
    while !heard.contains("\n\n") {
        let chunk = timeout(PATIENCE, events.chunk())
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        heard.push_str(&String::from_utf8_lossy(&chunk));
    }
    assert!(heard.starts_with("event: clock\n"), "{heard}");
    assert!(
        heard.contains(&format!("\"shift_ms\":{HOUR_MS}")),
        "{heard}"
    );
    stage.sandbox.stop().await;
}

#[tokio::test]
async fn a_world_that_is_kept_stays_in_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("world.jsonl");
    let stage = Stage::kept_in(file.clone()).await;
    stage.sandbox.leap(9 * DAY_MS);
    stage.sandbox.leap(HOUR_MS);
    let said = stage.sandbox.says(stage.ming, stage.channel, "later");
    let now_ms = stage.sandbox.now_ms();
    // Not stopped but dropped: nothing may depend on a farewell.
    drop(stage);

    // Twice, because the second start reads what the first has written anew.
    drop(Stage::kept_in(file.clone()).await);
    let stage = Stage::kept_in(file).await;
    assert_eq!(shown(&stage).await["shift_ms"], 9 * DAY_MS + HOUR_MS);
    assert!(stage.sandbox.now_ms() >= now_ms);
    let next = stage.sandbox.says(stage.ming, stage.channel, "later still");
    assert!(next > said && next.minted_ms() >= now_ms);
    stage.sandbox.stop().await;
}

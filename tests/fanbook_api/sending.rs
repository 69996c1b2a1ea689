//! What becomes of a message.

use std::time::Duration;

use guildpoints::fanbook::api::ApiError;
use guildpoints::fanbook::api::ApiTimes;
use guildpoints::fanbook::api::Pace;
use guildpoints::fanbook::api::Say;
use guildpoints::fanbook::api::SayError;
use guildpoints::model::ChannelId;
use guildpoints::model::MessageId;
use guildpoints::support::clock::Clock;
use guildpoints::support::pulse::Pulses;
use guildpoints::support::pulse::edge;
use guildpoints::support::tenure::Moment;
use guildpoints::support::tenure::Tenure;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::platform::Answer;
use crate::platform::CHANNEL;
use crate::platform::GUILD;
use crate::platform::MESSAGE;
use crate::platform::Platform;
use crate::platform::TOKEN;
use crate::platform::client;
use crate::platform::ill;
use crate::platform::plain;
use crate::platform::printed;
use crate::platform::sent;

#[tokio::test]
async fn each_refusal_of_a_message_names_what_may_be_done_next() {
    let platform = Platform::start().await;
    let named = |error: SayError| match error {
        SayError::NotSent(_) => "not sent",
        SayError::Unknown(_) => "unknown",
        SayError::TooFast(_) => "too fast",
        SayError::NotWhitelisted => "not whitelisted",
        SayError::Gone => "gone",
        SayError::Forbidden => "forbidden",
        SayError::Closed => "closed",
        SayError::TooLong => "too long",
        SayError::Rejected(_) => "rejected",
        SayError::NotOwner => "not the owner",
    };
    let status = |status, body: &str| Answer::Say(status, body.to_owned());
    for (answer, wanted) in [
        (ill(1_008), "gone"),
        (ill(1_011), "gone"),
        (ill(1_021), "gone"),
        (ill(1_012), "forbidden"),
        (ill(1_037), "closed"),
        (ill(1_038), "closed"),
        (ill(5_104), "too long"),
        (ill(1_001), "rejected"),
        (ill(5_105), "rejected"),
        (status(400, ""), "rejected"),
        (status(302, ""), "rejected"),
        (status(500, ""), "unknown"),
        (status(502, "<html>"), "unknown"),
        (status(200, "garbage"), "unknown"),
        (status(200, r#"{"ok":true,"result":true}"#), "unknown"),
        (status(400, r#"{"ok":false,"err_code":1021}"#), "gone"),
        (Answer::Never, "unknown"),
        (Answer::Break, "unknown"),
    ] {
        platform.answers([answer]);
        let error = platform.says("好").await.unwrap_err();
        assert!(!printed(&error).contains(TOKEN), "{error:?}");
        assert_eq!(named(error), wanted);
        // None of these is tried again.
        assert_eq!(platform.calls().len(), 1);
    }
}

#[tokio::test]
async fn too_fast_is_tried_again_and_then_diagnosed() {
    let platform = Platform::start().await;
    platform.answers([ill(10_002), ill(10_002), ill(10_002), sent(5)]);
    assert_eq!(platform.says("好").await.unwrap(), MessageId::new(5));
    assert!(platform.pulses.of(edge::SENDING).beats());

    platform.answers((0..4).map(|_| ill(10_002)));
    let error = platform.says("好").await.unwrap_err();
    assert!(matches!(error, SayError::NotWhitelisted));
    assert_eq!(platform.calls().len(), 8);
    let trouble = platform.pulses.of(edge::SENDING).trouble.unwrap();
    assert!(trouble.what.contains("whitelist"), "{}", trouble.what);

    // Known to be shut out: one try each, until one gets through.
    platform.answers([ill(10_002)]);
    assert!(
        platform
            .api
            .edit(CHANNEL, MESSAGE, "好", &[])
            .await
            .is_err()
    );
    platform.answers([sent(6)]);
    platform.says("好").await.unwrap();
    assert!(platform.pulses.of(edge::SENDING).beats());
    platform.answers([ill(10_002), sent(7)]);
    platform.says("好").await.unwrap();
}

#[tokio::test]
async fn whoever_lost_the_bot_sends_nothing_and_gives_up_what_was_under_way() {
    let platform = Platform::start().await;
    let tenure = Tenure::lasting(Moment::now(), Duration::from_secs(3_600));
    let api = platform.api.under(tenure.clone());
    platform.answers([sent(1)]);
    api.say(plain("好")).await.unwrap();

    platform.answers([Answer::Never]);
    let waiting = tokio::spawn({
        let api = api.clone();
        async move { api.say(plain("好")).await }
    });
    platform.arrivals(2).await;
    tenure.end();
    let error = waiting.await.unwrap().unwrap_err();
    assert!(matches!(error, SayError::Unknown(_)), "{error:?}");
    for error in [
        api.say(plain("好")).await.unwrap_err(),
        api.edit(CHANNEL, MESSAGE, "好", &[]).await.unwrap_err(),
        api.delete(CHANNEL, MESSAGE).await.unwrap_err(),
    ] {
        assert!(matches!(error, SayError::NotOwner), "{error:?}");
    }
    assert!(matches!(api.me().await, Err(ApiError::NotOwner)));
    assert_eq!(platform.calls().len(), 2);
    // That says nothing about the other side.
    assert!(platform.pulses.of(edge::SENDING).beats());
}

#[tokio::test]
async fn what_was_never_sent_is_safe_to_repeat() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let pulses = Pulses::new(Clock::system());
    let times = ApiTimes {
        first_retry: Duration::from_millis(1),
        ..ApiTimes::default()
    };
    let api = client(&address, TOKEN, 1e12, 1e12, times, &pulses).unwrap();
    let error = api.say(plain("好")).await.unwrap_err();
    assert!(matches!(error, SayError::NotSent(_)));
    let other = api.me().await.unwrap_err();
    assert!(matches!(other, ApiError::NotSent(_)));
    let trouble = pulses.of(edge::API).trouble.unwrap().what;
    for shown in [printed(&error), printed(&other), trouble] {
        assert!(
            !shown.contains(TOKEN) && !shown.contains("/api/bot"),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn texts_that_are_long_or_look_like_objects_are_fitted() {
    let platform = Platform::start().await;
    platform.answers([sent(1), sent(2)]);
    let long = "一行字\n".repeat(2_000);
    platform.says(&long).await.unwrap();
    platform
        .says("{\"type\":\"messageCard\",\"data\":\"{}\"}")
        .await
        .unwrap();
    let calls = platform.calls();
    let text = calls[0].1["text"].as_str().unwrap();
    assert!(text.ends_with("一行字\n…") && text.chars().count() <= 4_000);
    assert_eq!(calls[1].1["parse_mode"], "Fanbook");
    let content: Value = serde_json::from_str(calls[1].1["text"].as_str().unwrap()).unwrap();
    assert_eq!(content["type"], "text");
    assert_eq!(
        content["text"],
        "{\"type\":\"messageCard\",\"data\":\"{}\"}"
    );
}

#[tokio::test]
async fn a_send_without_a_permit_is_given_up_unsent() {
    let platform = Platform::start_with(0.001, 1e12, Duration::from_millis(20)).await;
    platform.answers([sent(1), sent(2)]);
    platform.says("好").await.unwrap();
    let error = platform.says("好").await.unwrap_err();
    assert!(matches!(error, SayError::TooFast(Pace::Ours)));
    // Another channel has a pace of its own.
    let elsewhere = Say {
        to: ChannelId::new(5),
        ..plain("好")
    };
    platform.api.say(elsewhere).await.unwrap();
    assert_eq!(platform.calls().len(), 2);

    let platform = Platform::start_with(1e12, 0.001, Duration::from_millis(20)).await;
    platform.answers([sent(1)]);
    platform.says("好").await.unwrap();
    let error = platform.api.roles(GUILD).await.unwrap_err();
    assert!(matches!(error, ApiError::TooFast(Pace::Ours)));
    assert_eq!(platform.calls().len(), 1);
}

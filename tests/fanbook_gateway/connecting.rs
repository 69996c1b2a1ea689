//! Getting in, and getting in again.

use futures_util::SinkExt as _;
use guildpoints::fanbook::Event;
use guildpoints::support::pulse::edge;
use guildpoints::support::tenure::Moment;
use guildpoints::support::tenure::Tenure;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use crate::platform::BOT;
use crate::platform::PATIENCE;
use crate::platform::Platform;
use crate::platform::TIMES;
use crate::platform::binary;
use crate::platform::connected;
use crate::platform::next;
use crate::platform::next_text;
use crate::platform::press;
use crate::platform::push;

#[tokio::test]
async fn it_says_who_it_is_and_brings_events_from_both_kinds_of_frames() {
    let (platform, mut gateway) = Platform::start().await;
    let script = async {
        let (mut socket, query) = platform.greet().await;
        socket.send(Message::Ping(Vec::new().into())).await.unwrap();
        socket.send(binary(&push(1, "/a"))).await.unwrap();
        socket.send(Message::text(push(2, "/b"))).await.unwrap();
        socket.send(Message::text(press("c"))).await.unwrap();
        (socket, query)
    };
    let ((_socket, query), ()) = tokio::join!(script, connected(&mut gateway));
    let head = format!("/websocket?id=user-token-1&dId=bot{BOT}&v=1.6.60&x-super-properties=");
    assert!(query.starts_with(&head), "{query}");
    assert_eq!(next_text(&mut gateway).await, "1 /a");
    assert_eq!(next_text(&mut gateway).await, "2 /b");
    assert!(matches!(next(&mut gateway).await, Some(Event::Press(press)) if press.callback == "c"));
    assert!(platform.pulses.of(edge::GATEWAY).beats());
}

#[tokio::test]
async fn repetitions_are_dropped_also_after_a_reconnect_with_the_same_token() {
    let (platform, mut gateway) = Platform::start().await;
    let (socket, ()) = tokio::join!(platform.greet(), connected(&mut gateway));
    let (mut socket, _) = socket;
    for frame in [
        push(1, "/a"),
        push(1, "/a"),
        press("c"),
        press("c"),
        push(2, "/b"),
    ] {
        socket.send(binary(&frame)).await.unwrap();
    }
    assert_eq!(next_text(&mut gateway).await, "1 /a");
    assert!(matches!(next(&mut gateway).await, Some(Event::Press(_))));
    assert_eq!(next_text(&mut gateway).await, "2 /b");
    drop(socket);
    assert_eq!(next(&mut gateway).await, Some(Event::Disconnected));
    assert!(!platform.pulses.of(edge::GATEWAY).beats());
    let ((mut socket, query), ()) = tokio::join!(platform.greet(), connected(&mut gateway));
    for frame in [push(2, "/b"), push(1, "/a"), press("c"), push(3, "/c")] {
        socket.send(binary(&frame)).await.unwrap();
    }
    assert_eq!(next_text(&mut gateway).await, "3 /c");
    assert!(query.contains("id=user-token-1&"), "{query}");
    assert_eq!(platform.times_asked(), 1);
}

#[tokio::test]
async fn a_refused_token_costs_one_getme() {
    for status in ["502 Bad Gateway", "401 Unauthorized", "403 Forbidden"] {
        let (platform, mut gateway) = Platform::start().await;
        let script = async {
            platform.refuse(status).await;
            platform.greet().await
        };
        let ((_socket, query), ()) = tokio::join!(script, connected(&mut gateway));
        assert!(query.contains("id=user-token-2&"), "{query}");
        assert_eq!(platform.times_asked(), 2);
    }
}

#[tokio::test]
async fn other_refusals_keep_the_token() {
    let (platform, mut gateway) = Platform::start().await;
    let script = async {
        platform.refuse("503 Service Unavailable").await;
        drop(platform.knock().await);
        platform.greet().await
    };
    let ((_socket, query), ()) = tokio::join!(script, connected(&mut gateway));
    assert!(query.contains("id=user-token-1&"), "{query}");
    assert_eq!(platform.times_asked(), 1);
}

#[tokio::test]
async fn hanging_up_before_the_greeting_costs_one_getme() {
    let (platform, mut gateway) = Platform::start().await;
    let script = async {
        let (mut socket, _) = platform.admit().await;
        socket.close(None).await.unwrap();
        platform.greet().await
    };
    let ((_socket, query), ()) = tokio::join!(script, connected(&mut gateway));
    assert!(query.contains("id=user-token-2&"), "{query}");
    assert_eq!(platform.times_asked(), 2);
}

#[tokio::test]
async fn no_token_shows_in_what_operators_see() {
    let (platform, mut gateway) = Platform::start().await;
    let script = async {
        platform.refuse("502 Bad Gateway").await;
        platform.refuse("302 Found").await;
        platform.knock().await
    };
    let waiting = timeout(PATIENCE, async {
        tokio::select! {
            stream = script => stream,
            event = gateway.next() => panic!("no event was due, got {event:?}"),
        }
    });
    let _stream = waiting.await.unwrap();
    let trouble = platform.pulses.of(edge::GATEWAY).trouble.unwrap();
    for shown in [trouble.what, format!("{gateway:?}")] {
        assert!(
            !shown.contains("user-token") && !shown.contains("bot-token"),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn whoever_lost_the_bot_does_not_connect() {
    let tenure = Tenure::lasting(Moment::now(), PATIENCE);
    let (platform, mut gateway) = Platform::start_under(tenure.clone(), TIMES).await;
    // The one that greets it is the one whose loss it sees.
    let (socket, ()) = tokio::join!(platform.greet(), connected(&mut gateway));
    tenure.end();
    drop(socket);
    assert!(matches!(
        next(&mut gateway).await,
        Some(Event::Disconnected)
    ));
    // It tries, in its own mind, many times over before somebody says that it may stop.
    let stop = platform.stop.clone();
    let mut knocked = std::pin::pin!(platform.knock());
    let tries = async {
        while !platform
            .pulses
            .of(edge::GATEWAY)
            .trouble
            .is_some_and(|seen| seen.what.contains("own the bot"))
        {
            tokio::task::yield_now().await;
        }
        stop.cancel();
    };
    let ended = async { tokio::join!(tries, gateway.next()).1 };
    tokio::select! {
        _ = &mut knocked => panic!("it connected"),
        ended = ended => assert!(ended.is_none()),
    }
}

//! Staying connected, and ending.

use std::time::Duration;

use futures_util::SinkExt as _;
use futures_util::StreamExt as _;
use guildpoints::fanbook::Event;
use guildpoints::fanbook::gateway::GatewayTimes;
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use crate::platform::PATIENCE;
use crate::platform::PONG;
use crate::platform::Platform;
use crate::platform::binary;
use crate::platform::connected;
use crate::platform::next;
use crate::platform::next_text;
use crate::platform::push;

#[tokio::test]
async fn heartbeats_are_sent_and_any_answer_keeps_the_connection() {
    let (platform, mut gateway) = Platform::start_with(GatewayTimes {
        ping_every: Duration::from_millis(20),
        first_retry: Duration::from_millis(2),
        ..GatewayTimes::default()
    })
    .await;
    let script = async {
        let (mut socket, _) = platform.greet().await;
        for _ in 0..3 {
            let ping = timeout(PATIENCE, socket.next())
                .await
                .unwrap()
                .unwrap()
                .unwrap();
            assert_eq!(ping, Message::text(r#"{"type":"ping"}"#));
            socket.send(binary(PONG)).await.unwrap();
        }
        socket.send(binary(&push(1, "/a"))).await.unwrap();
        socket
    };
    let events = async {
        connected(&mut gateway).await;
        next_text(&mut gateway).await
    };
    let (_socket, text) = tokio::join!(script, events);
    assert_eq!(text, "1 /a");
}

#[tokio::test]
async fn silence_is_death() {
    let (platform, mut gateway) = Platform::start_with(GatewayTimes {
        silence: Duration::from_millis(50),
        first_retry: Duration::from_millis(2),
        ..GatewayTimes::default()
    })
    .await;
    let script = async {
        let (silent, _) = platform.greet().await;
        let (again, _) = platform.greet().await;
        (silent, again)
    };
    let events = async {
        connected(&mut gateway).await;
        assert_eq!(next(&mut gateway).await, Some(Event::Disconnected));
        connected(&mut gateway).await;
    };
    tokio::join!(script, events);
}

#[tokio::test]
async fn broken_frames_are_counted_and_skipped_on_the_same_connection() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let _counted = metrics::set_default_local_recorder(&recorder);
    let (platform, mut gateway) = Platform::start().await;
    let script = async {
        let (mut socket, _) = platform.greet().await;
        let deep = format!(r#"{{"action":"push","data":{}"#, "[".repeat(10_000));
        for frame in [
            "",
            "{",
            "null",
            r#"{"action":5}"#,
            r#"{"action":"push"}"#,
            &deep,
        ] {
            socket.send(binary(frame)).await.unwrap();
        }
        socket
            .send(Message::binary(vec![0xff, 0xfe]))
            .await
            .unwrap();
        socket
            .send(binary(r#"{"action":"novelty","data":7}"#))
            .await
            .unwrap();
        socket.send(binary(&push(1, "/a"))).await.unwrap();
        socket
    };
    let (_socket, ()) = tokio::join!(script, connected(&mut gateway));
    assert_eq!(
        next(&mut gateway).await,
        Some(Event::Other("novelty".to_owned()))
    );
    assert_eq!(next_text(&mut gateway).await, "1 /a");
    let metrics = recorder.handle().render();
    for (kind, count) in [("broken", 7), ("other", 1), ("connect", 1), ("message", 1)] {
        let line = format!("guildpoints_frames_total{{kind=\"{kind}\"}} {count}\n");
        assert!(metrics.contains(&line), "{metrics}");
    }
}

#[tokio::test]
async fn an_oversized_frame_is_survived_by_a_new_connection() {
    let (platform, mut gateway) = Platform::start().await;
    let script = async {
        let (mut socket, _) = platform.greet().await;
        // The client hangs up in the middle, so that sending may fail.
        let _ = socket
            .send(Message::binary(vec![b' '; 17 * 1024 * 1024]))
            .await;
        let (mut socket, query) = platform.greet().await;
        socket.send(binary(&push(1, "/a"))).await.unwrap();
        (socket, query)
    };
    let events = async {
        connected(&mut gateway).await;
        assert_eq!(next(&mut gateway).await, Some(Event::Disconnected));
        connected(&mut gateway).await;
        next_text(&mut gateway).await
    };
    let ((_socket, query), text) = tokio::join!(script, events);
    assert_eq!(text, "1 /a");
    assert!(query.contains("id=user-token-1&"), "{query}");
}

#[tokio::test]
async fn a_flood_of_talk_hides_no_command_and_stops_no_heartbeat() {
    let (platform, mut gateway) = Platform::start_with(GatewayTimes {
        ping_every: Duration::from_millis(5),
        ..GatewayTimes::default()
    })
    .await;
    let script = async {
        let (socket, _) = platform.greet().await;
        let (mut sending, mut hearing) = socket.split();
        let flood = async {
            for number in 0..40_000 {
                let text = if number % 10_000 == 9_999 {
                    "/points"
                } else {
                    "你好"
                };
                sending.feed(binary(&push(number + 1, text))).await.unwrap();
            }
            sending.flush().await.unwrap();
        };
        let (heard, ()) = tokio::join!(hearing.next(), flood);
        (heard.unwrap().unwrap(), sending, hearing)
    };
    let events = async {
        connected(&mut gateway).await;
        for number in [10_000, 20_000, 30_000, 40_000] {
            assert_eq!(next_text(&mut gateway).await, format!("{number} /points"));
        }
        // Reads on, so that a heartbeat that is still due goes out.
        timeout(Duration::from_millis(50), gateway.next())
            .await
            .ok();
    };
    let ((heard, ..), ()) = tokio::join!(script, events);
    assert_eq!(heard, Message::text(r#"{"type":"ping"}"#));
}

#[tokio::test]
async fn stopping_ends_it_in_every_state() {
    // Never connected.
    let (platform, mut gateway) = Platform::start().await;
    platform.stop.cancel();
    assert_eq!(next(&mut gateway).await, None);
    assert_eq!(next(&mut gateway).await, None);

    // Waiting for an upgrade that never comes.
    let (platform, mut gateway) = Platform::start().await;
    let script = async {
        let stream = platform.knock().await;
        platform.stop.cancel();
        stream
    };
    let (_stream, event) = tokio::join!(script, next(&mut gateway));
    assert_eq!(event, None);

    // Waiting to try again.
    let (platform, mut gateway) = Platform::start_with(GatewayTimes {
        first_retry: Duration::from_secs(600),
        longest_retry: Duration::from_secs(1_200),
        ..GatewayTimes::default()
    })
    .await;
    let script = async {
        platform.refuse("500 Internal Server Error").await;
        platform.stop.cancel();
    };
    let ((), event) = tokio::join!(script, next(&mut gateway));
    assert_eq!(event, None);

    // Connected: the other side hears a goodbye.
    let (platform, mut gateway) = Platform::start().await;
    let (socket, ()) = tokio::join!(platform.greet(), connected(&mut gateway));
    platform.stop.cancel();
    assert_eq!(next(&mut gateway).await, None);
    let (mut socket, _) = socket;
    let goodbye = timeout(PATIENCE, socket.next()).await.unwrap();
    assert!(
        matches!(goodbye, Some(Ok(Message::Close(_)))),
        "{goodbye:?}"
    );
}

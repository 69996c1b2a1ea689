//! The gateway client over real sockets, against a platform that misbehaves on demand.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::routing::any;
use futures_util::SinkExt as _;
use futures_util::StreamExt as _;
use guildpoints::fanbook::Event;
use guildpoints::fanbook::api::ApiSettings;
use guildpoints::fanbook::api::ApiTimes;
use guildpoints::fanbook::api::BotApi;
use guildpoints::fanbook::gateway::Gateway;
use guildpoints::fanbook::gateway::GatewaySettings;
use guildpoints::fanbook::gateway::GatewayTimes;
use guildpoints::support::clock::Clock;
use guildpoints::support::pulse::Pulses;
use guildpoints::support::pulse::edge;
use guildpoints::support::secret::Secret;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::accept_hdr_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::Request;
use tokio_tungstenite::tungstenite::handshake::server::Response;
use tokio_util::sync::CancellationToken;

const BOT: &str = "775011379970068480";
const CONNECT: &str = r#"{"action":"connect","data":{"client_id":"0a0b"}}"#;
const PONG: &str = r#"{"action":"pong","data":{"time":1772366400}}"#;

/// Longer than anything here takes; only a failing test waits it out.
const PATIENCE: Duration = Duration::from_secs(20);

struct Platform {
    listener: TcpListener,
    times_asked: Arc<AtomicUsize>,
    pulses: Pulses,
    stop: CancellationToken,
}

type Socket = WebSocketStream<TcpStream>;

impl Platform {
    /// A platform whose getMe mints `user-token-1`, `user-token-2` and so on.
    async fn start() -> (Self, Gateway) {
        Self::start_with(GatewayTimes {
            ping_every: Duration::from_secs(600),
            silence: Duration::from_secs(600),
            connect: PATIENCE,
            write: PATIENCE,
            first_retry: Duration::from_millis(2),
            longest_retry: Duration::from_millis(8),
            steady: Duration::ZERO,
        })
        .await
    }

    async fn start_with(times: GatewayTimes) -> (Self, Gateway) {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let times_asked = Arc::new(AtomicUsize::new(0));
        let asked = times_asked.clone();
        let router = Router::new().route(
            "/api/bot/bot-token/getMe",
            any(async move || {
                let number = asked.fetch_add(1, Ordering::SeqCst) + 1;
                format!(
                    r#"{{"ok":true,"result":{{"id":{BOT},"first_name":"积分小助手","user_token":"user-token-{number}"}}}}"#
                )
            }),
        );
        let api_listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let api_url = format!("http://{}", api_listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(api_listener, router).await });
        let pulses = Pulses::new(Clock::system());
        let api = BotApi::with_times(
            ApiSettings {
                api_url,
                token: Secret::new("bot-token"),
                send_per_channel_per_second: 1e12,
                api_per_second: 1e12,
            },
            ApiTimes {
                first_retry: Duration::from_millis(1),
                ..ApiTimes::default()
            },
            pulses.clone(),
        )
        .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let settings = GatewaySettings {
            gateway_url: format!("ws://{}/websocket", listener.local_addr().unwrap()),
        };
        let stop = CancellationToken::new();
        let gateway = Gateway::new(settings, api, pulses.clone(), stop.clone()).with_times(times);
        let platform = Self {
            listener,
            times_asked,
            pulses,
            stop,
        };
        (platform, gateway)
    }

    async fn knock(&self) -> TcpStream {
        let (stream, _) = timeout(PATIENCE, self.listener.accept())
            .await
            .expect("the gateway did not connect")
            .unwrap();
        stream
    }

    /// Lets the next connection in; its query comes along.
    async fn admit(&self) -> (Socket, String) {
        let mut query = String::new();
        let socket = accept_hdr_async(
            self.knock().await,
            |request: &Request, response: Response| {
                query = request.uri().to_string();
                assert!(request.headers().get("sec-websocket-extensions").is_none());
                Ok(response)
            },
        )
        .await
        .unwrap();
        (socket, query)
    }

    /// Lets the next connection in and greets it.
    async fn greet(&self) -> (Socket, String) {
        let (mut socket, query) = self.admit().await;
        socket.send(binary(CONNECT)).await.unwrap();
        (socket, query)
    }

    /// Refuses the next connection before the upgrade.
    async fn refuse(&self, status: &str) {
        let mut stream = self.knock().await;
        let mut request = [0; 4096];
        assert!(stream.read(&mut request).await.unwrap() > 0);
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        stream.write_all(answer.as_bytes()).await.unwrap();
    }

    fn times_asked(&self) -> usize {
        self.times_asked.load(Ordering::SeqCst)
    }
}

fn binary(frame: &str) -> Message {
    Message::binary(frame.as_bytes().to_vec())
}

fn push(message: u64, text: &str) -> String {
    format!(
        concat!(
            r#"{{"action":"push","data":{{"content":"{{\"type\":\"text\",\"text\":\"{text}\"}}","#,
            r#""time":1772366400123,"user_id":"7","channel_id":"8","message_id":"{message}","#,
            r#""guild_id":"9","author":{{"nickname":"a","bot":false}}}}}}"#
        ),
        text = text,
        message = message,
    )
}

fn press(callback: &str) -> String {
    format!(
        concat!(
            r#"{{"action":"miniPush","data":{{"channel_id":"8","content":"{{\"callback_query\":"#,
            r#"{{\"id\":\"{callback}\",\"from\":{{\"id\":7}},\"inline_message_id\":\"5\"}}}}"}}}}"#
        ),
        callback = callback,
    )
}

async fn next(gateway: &mut Gateway) -> Option<Event> {
    timeout(PATIENCE, gateway.next())
        .await
        .expect("the gateway brought nothing")
}

async fn next_text(gateway: &mut Gateway) -> String {
    match next(gateway).await {
        Some(Event::Message(message)) => format!("{} {}", message.message, message.text),
        other => panic!("expected a message, got {other:?}"),
    }
}

async fn connected(gateway: &mut Gateway) {
    assert_eq!(next(gateway).await, Some(Event::Connected));
}

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
async fn broken_frames_are_skipped_on_the_same_connection() {
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

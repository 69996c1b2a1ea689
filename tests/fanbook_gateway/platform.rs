//! The platform the tests connect to: getMe, a door, and frames of the test's choice.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::routing::any;
use futures_util::SinkExt as _;
use guildpoints::fanbook::Event;
use guildpoints::fanbook::api::ApiSettings;
use guildpoints::fanbook::api::ApiTimes;
use guildpoints::fanbook::api::BotApi;
use guildpoints::fanbook::gateway::Gateway;
use guildpoints::fanbook::gateway::GatewaySettings;
use guildpoints::fanbook::gateway::GatewayTimes;
use guildpoints::support::clock::Clock;
use guildpoints::support::pulse::Pulses;
use guildpoints::support::secret::Secret;
use guildpoints::support::tenure::Tenure;
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

pub const BOT: &str = "775011379970068480";
pub const CONNECT: &str = r#"{"action":"connect","data":{"client_id":"0a0b"}}"#;
pub const PONG: &str = r#"{"action":"pong","data":{"time":1772366400}}"#;

/// Longer than anything here takes; only a failing test waits it out.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub struct Platform {
    pub listener: TcpListener,
    pub times_asked: Arc<AtomicUsize>,
    pub pulses: Pulses,
    pub stop: CancellationToken,
}

/// Patient with the other side, quick to try again.
pub const TIMES: GatewayTimes = GatewayTimes {
    ping_every: Duration::from_secs(600),
    silence: Duration::from_secs(600),
    connect: PATIENCE,
    write: PATIENCE,
    first_retry: Duration::from_millis(2),
    longest_retry: Duration::from_millis(8),
    steady: Duration::ZERO,
};

pub type Socket = WebSocketStream<TcpStream>;

impl Platform {
    /// A platform whose getMe mints `user-token-1`, `user-token-2` and so on.
    pub async fn start() -> (Self, Gateway) {
        Self::start_with(TIMES).await
    }

    pub async fn start_with(times: GatewayTimes) -> (Self, Gateway) {
        Self::start_under(Tenure::unlimited(), times).await
    }

    pub async fn start_under(tenure: Tenure, times: GatewayTimes) -> (Self, Gateway) {
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
        let api = api.under(tenure);
        let gateway = Gateway::new(settings, api, pulses.clone(), stop.clone()).with_times(times);
        let platform = Self {
            listener,
            times_asked,
            pulses,
            stop,
        };
        (platform, gateway)
    }

    pub async fn knock(&self) -> TcpStream {
        let (stream, _) = timeout(PATIENCE, self.listener.accept())
            .await
            .expect("the gateway did not connect")
            .unwrap();
        stream
    }

    /// Lets the next connection in; its query comes along.
    #[expect(
        clippy::result_large_err,
        reason = "the shape of the library's callback"
    )]
    pub async fn admit(&self) -> (Socket, String) {
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
    pub async fn greet(&self) -> (Socket, String) {
        let (mut socket, query) = self.admit().await;
        socket.send(binary(CONNECT)).await.unwrap();
        (socket, query)
    }

    /// Refuses the next connection before the upgrade.
    pub async fn refuse(&self, status: &str) {
        let mut stream = self.knock().await;
        let mut request = [0; 4096];
        assert!(stream.read(&mut request).await.unwrap() > 0);
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        stream.write_all(answer.as_bytes()).await.unwrap();
    }

    pub fn times_asked(&self) -> usize {
        self.times_asked.load(Ordering::SeqCst)
    }
}

pub fn binary(frame: &str) -> Message {
    Message::binary(frame.as_bytes().to_vec())
}

pub fn push(message: u64, text: &str) -> String {
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

pub fn press(callback: &str) -> String {
    format!(
        concat!(
            r#"{{"action":"miniPush","data":{{"channel_id":"8","content":"{{\"callback_query\":"#,
            r#"{{\"id\":\"{callback}\",\"from\":{{\"id\":7}},\"inline_message_id\":\"5\"}}}}"}}}}"#
        ),
        callback = callback,
    )
}

pub async fn next(gateway: &mut Gateway) -> Option<Event> {
    timeout(PATIENCE, gateway.next())
        .await
        .expect("the gateway brought nothing")
}

pub async fn next_text(gateway: &mut Gateway) -> String {
    match next(gateway).await {
        Some(Event::Message(message)) => format!("{} {}", message.message, message.text),
        other => panic!("expected a message, got {other:?}"),
    }
}

pub async fn connected(gateway: &mut Gateway) {
    assert_eq!(next(gateway).await, Some(Event::Connected));
}

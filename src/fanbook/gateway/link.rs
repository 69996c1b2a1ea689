//! One connection, from upgrade to loss.
//!
//! Invariant: talk is told apart where it is read, and the clock, the timer and the counters are
//! touched once per stretch of waiting frames, not once per frame, so that a flood is read at the
//! socket's own pace; heartbeats keep their time in a flood too.

use std::error::Error as _;
use std::future::Future as _;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;

use futures_util::SinkExt as _;
use futures_util::StreamExt as _;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio::time::Sleep;
use tokio::time::sleep_until;
use tokio::time::timeout;
use tokio_tungstenite::MaybeTlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::connect_async_with_config;
use tokio_tungstenite::tungstenite::Bytes;
use tokio_tungstenite::tungstenite::Error as SocketError;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::fanbook::api::ApiError;
use crate::fanbook::gateway::GatewayTimes;
use crate::fanbook::gateway::sieve::Sieve;
use crate::support::secret::Secret;

/// A larger frame ends the connection. The platform's largest text has 150,000 bytes.
const LARGEST_FRAME: usize = 16 * 1024 * 1024;

/// Frames taken in one go before the clock and the stop token are looked at.
const STRETCH: u32 = 256;

/// The heartbeat; websocket pings do not count as one. Source: fanbook-platform, 2.2.
const PING: &str = r#"{"type":"ping"}"#;

/// Why there is no connection. Holds no address and no token.
#[derive(Debug, thiserror::Error)]
pub(super) enum Lost {
    #[error("`gateway_url` is not a ws or wss address")]
    Address,
    #[error("getMe brought no gateway token")]
    Token(#[source] ApiError),
    #[error("the upgrade was refused with HTTP {0}")]
    Refused(u16),
    #[error("connecting took too long")]
    Slow,
    #[error("the gateway closed the connection")]
    Closed,
    #[error("nothing was heard for too long")]
    Silent,
    #[error("a heartbeat could not be sent in time")]
    Stuck,
    #[error("a frame was larger than {LARGEST_FRAME} bytes")]
    Oversized,
    #[error("the connection broke")]
    Broken(#[source] SocketError),
}

impl Lost {
    /// Whether a token that has run out is refused like this. Source: fanbook-platform, 7 question 7.
    pub(super) fn refuses_the_token(&self) -> bool {
        matches!(self, Lost::Refused(401 | 403 | 502))
    }

    /// The whole chain in one line.
    pub(super) fn words(&self) -> String {
        let mut words = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            words.push_str(": ");
            words.push_str(&error.to_string());
            cause = error.source();
        }
        words
    }
}

/// What came of waiting.
#[derive(Debug)]
pub(super) enum Step {
    /// A frame with something in it.
    Frame(Bytes),
    /// Nothing but talk in one go, or time to look around: come back.
    Pause,
    /// The connection is gone.
    Lost(Lost),
}

#[derive(Debug)]
pub(super) struct Link {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// When the platform's greeting came.
    pub(super) greeted: Option<Instant>,
    /// As of the last look at the clock.
    last_frame: Instant,
    /// Frames since the last look at the clock.
    stretch: u32,
    ping_at: Instant,
    /// Rings at the next of heartbeat and death, or before: set anew only when it has rung, since
    /// setting a timer for each frame costs more than the frame.
    alarm: Pin<Box<Sleep>>,
}

impl Link {
    pub(super) async fn open(address: &Secret, times: &GatewayTimes) -> Result<Self, Lost> {
        let config = WebSocketConfig::default()
            .max_message_size(Some(LARGEST_FRAME))
            .max_frame_size(Some(LARGEST_FRAME));
        let no_delay = true;
        let opened = connect_async_with_config(address.expose(), Some(config), no_delay).await;
        let (socket, _) = opened.map_err(lost_by)?;
        let now = Instant::now();
        Ok(Self {
            socket,
            greeted: None,
            last_frame: now,
            stretch: 0,
            ping_at: now + times.ping_every,
            alarm: Box::pin(sleep_until(now + times.ping_every.min(times.silence))),
        })
    }

    /// The next frame that is no talk, or another reason to look up. Losing this future loses no
    /// frame.
    pub(super) async fn step(&mut self, times: &GatewayTimes, sieve: &mut Sieve) -> Step {
        if let Some(arrival) = poll_fn(|context| self.poll_arrival(context, sieve)).await {
            return arrived(arrival);
        }
        let now = Instant::now();
        self.note_stretch(now);
        let silent_at = self.last_frame + times.silence;
        if now >= silent_at {
            return Step::Lost(Lost::Silent);
        }
        if now >= self.ping_at {
            self.ping_at = now + times.ping_every;
            return self.ping(times.write).await;
        }
        // Both moments only ever move away, so an alarm that has not rung yet is never too late.
        if self.alarm.deadline() <= now {
            self.alarm.as_mut().reset(silent_at.min(self.ping_at));
        }
        Step::Pause
    }

    /// What arrived and is no talk; none when it is time to look around.
    fn poll_arrival(
        &mut self,
        context: &mut Context<'_>,
        sieve: &mut Sieve,
    ) -> Poll<Option<Option<Result<Message, SocketError>>>> {
        while self.stretch < STRETCH {
            let Poll::Ready(arrival) = self.socket.poll_next_unpin(context) else {
                sieve.note();
                self.note_stretch(Instant::now());
                return self.alarm.as_mut().poll(context).map(|()| None);
            };
            self.stretch += 1;
            match arrival {
                Some(Ok(Message::Binary(frame))) if sieve.takes(&frame) => {}
                Some(Ok(Message::Text(frame))) if sieve.takes(frame.as_bytes()) => {}
                arrival => return Poll::Ready(Some(arrival)),
            }
        }
        sieve.note();
        Poll::Ready(None)
    }

    /// Any frame is a sign of life, talk too.
    fn note_stretch(&mut self, now: Instant) {
        if self.stretch > 0 {
            self.last_frame = now;
            self.stretch = 0;
        }
    }

    /// Says goodbye, but waits for nobody.
    pub(super) async fn close(mut self, within: Duration) {
        if let Ok(Err(error)) = timeout(within, self.socket.close(None)).await {
            tracing::debug!(%error, "the gateway was gone before the goodbye");
        }
    }

    async fn ping(&mut self, within: Duration) -> Step {
        match timeout(within, self.socket.send(Message::text(PING))).await {
            Ok(Ok(())) => Step::Pause,
            Ok(Err(error)) => Step::Lost(lost_by(error)),
            Err(_) => Step::Lost(Lost::Stuck),
        }
    }
}

fn arrived(arrival: Option<Result<Message, SocketError>>) -> Step {
    match arrival {
        Some(Ok(Message::Binary(frame))) => Step::Frame(frame),
        Some(Ok(Message::Text(frame))) => Step::Frame(frame.into()),
        Some(Ok(Message::Close(_))) | None => Step::Lost(Lost::Closed),
        // Pings are answered by the socket itself; as frames they were a sign of life.
        Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Step::Pause,
        Some(Err(error)) => Step::Lost(lost_by(error)),
    }
}

/// The socket's error without anything that could carry the address or a message.
fn lost_by(error: SocketError) -> Lost {
    match error {
        SocketError::Http(response) => Lost::Refused(response.status().as_u16()),
        SocketError::Capacity(_) => Lost::Oversized,
        SocketError::ConnectionClosed | SocketError::AlreadyClosed => Lost::Closed,
        SocketError::Url(_) | SocketError::HttpFormat(_) => Lost::Address,
        error => Lost::Broken(error),
    }
}

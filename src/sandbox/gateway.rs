//! The imitated gateway: one websocket for each connected bot.
//!
//! A bad `id` is answered with 502 on the handshake, the first frame is `connect`, pings of the
//! client's own kind keep a line and its token alive, and silence of 70 s cuts it. Everything else
//! a client sends is ignored, and so is every other query parameter. There is no resume and no
//! replay. Source: fanbook-platform, 2 and 8.

use std::time::Duration;

use axum::Router;
use axum::extract::RawQuery;
use axum::extract::State;
use axum::extract::WebSocketUpgrade;
use axum::extract::ws::Message as Frame;
use axum::extract::ws::WebSocket;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::any;
use futures_util::SinkExt;
use serde_json::Value;
use tokio::time::sleep;
use tokio::time::timeout;

use super::exchange::LineEnd;
use super::frames;
use super::platform::Platform;

/// The path that is always the gateway; `/` is too when the request asks for an upgrade.
pub const PATH: &str = "/websocket";

/// Silence after which a line is cut, in milliseconds. Source: fanbook-platform, 2.2.
const SILENCE_MS: i64 = 70_000;

/// How long the closing frame may take on a line whose bot does not read.
const FAREWELL: Duration = Duration::from_millis(200);

/// The gateway's path.
pub fn routes(platform: Platform) -> Router {
    Router::new().route(PATH, any(receive)).with_state(platform)
}

/// A frame as this platform sends it: binary, unless text is selected.
pub fn encoded(text: String, as_text: bool) -> Frame {
    if as_text {
        Frame::text(text)
    } else {
        Frame::binary(text)
    }
}

async fn receive(
    State(platform): State<Platform>,
    RawQuery(query): RawQuery,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    let query = query.unwrap_or_default();
    let token = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("id="))
        .unwrap_or_default()
        .to_owned();
    let now_ms = platform.now_ms();
    let welcome = {
        let state = platform.state();
        !state.exchange.is_refusing() && state.token_lives(&token, now_ms)
    };
    if !welcome || platform.stopping().is_cancelled() {
        return (StatusCode::BAD_GATEWAY, "502 Bad Gateway").into_response();
    }
    let counted = platform.tasks().token();
    upgrade.on_upgrade(move |socket| async move {
        serve(&platform, socket, token).await;
        drop(counted);
    })
}

async fn serve(platform: &Platform, mut socket: WebSocket, token: String) {
    let mut end = {
        let mut state = platform.state();
        // Any number does; bots make nothing of it.
        let client = u64::try_from(platform.now_ms()).unwrap_or_default() & 0xffff_ffff;
        let first = encoded(frames::connect(client), state.settings.text_frames);
        let end = state.exchange.open(platform.stopping(), first);
        state.touch();
        end
    };
    talk(platform, &mut socket, &mut end, token).await;
    {
        let mut state = platform.state();
        state.exchange.close(end.number);
        state.touch();
    }
    if platform.stopping().is_cancelled() {
        // Whether the farewell arrives does not matter: the socket closes either way.
        drop(timeout(FAREWELL, socket.send(Frame::Close(None))).await);
    }
}

/// Carries frames until either side has had enough.
///
/// Each future of the `select!` may be lost: receiving from the queue and from the socket take
/// nothing out unless they finish, the others are only reasons to look again.
async fn talk(platform: &Platform, socket: &mut WebSocket, end: &mut LineEnd, token: String) {
    let mut clock_moved = platform.clock_moved();
    let mut lived_ms = *clock_moved.borrow_and_update();
    let mut last_ping_ms = platform.now_ms();
    loop {
        let moved_ms = *clock_moved.borrow_and_update();
        last_ping_ms += moved_ms - lived_ms;
        lived_ms = moved_ms;
        let left_ms = last_ping_ms + SILENCE_MS - platform.now_ms();
        let Some(left_ms) = u64::try_from(left_ms).ok().filter(|left_ms| *left_ms > 0) else {
            return;
        };
        tokio::select! {
            () = end.cut.cancelled() => return,
            frame = end.frames.recv() => {
                let Some(frame) = frame else { return };
                tokio::select! {
                    () = end.cut.cancelled() => return,
                    sent = socket.send(frame) => if sent.is_err() { return },
                }
            }
            received = socket.recv() => match received {
                Some(Ok(frame)) if is_ping(&frame) => {
                    last_ping_ms = platform.now_ms();
                    let mut state = platform.state();
                    state.prolong_token(token.clone(), last_ping_ms);
                    let pong = encoded(frames::pong(last_ping_ms), state.settings.text_frames);
                    state.exchange.answer(end.number, pong);
                }
                Some(Ok(Frame::Close(_))) => {
                    // The answer lies ready; clients that say farewell wait for it.
                    drop(timeout(FAREWELL, socket.flush()).await);
                    return;
                }
                Some(Err(_)) | None => return,
                Some(Ok(_)) => {}
            },
            moved = clock_moved.changed() => if moved.is_err() { return },
            () = sleep(Duration::from_millis(left_ms)) => {}
        }
    }
}

/// The client's own kind of ping; those of the websocket protocol do not count.
fn is_ping(frame: &Frame) -> bool {
    let bytes = match frame {
        Frame::Text(text) => text.as_bytes(),
        Frame::Binary(bytes) => bytes,
        Frame::Ping(_) | Frame::Pong(_) | Frame::Close(_) => return false,
    };
    serde_json::from_slice::<Value>(bytes).is_ok_and(|frame| frame["type"] == "ping")
}

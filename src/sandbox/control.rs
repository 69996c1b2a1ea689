//! The control paths: what the pages and tests in other languages use to see and move the world.
//!
//! ```text
//! GET  /sandbox/state                         people, places, commands, switches
//! GET  /sandbox/messages?channel=ID&as=USER   what that user sees, oldest first, the last 200
//! GET  /sandbox/events?as=USER                server-sent events
//! POST /sandbox/say       {"user","channel","text","reply_to","shape","deliveries"}
//! POST /sandbox/press     {"user","message","data"}
//! POST /sandbox/roles     {"guild","user","roles"}
//! POST /sandbox/member    {"guild","nickname"}
//! POST /sandbox/nick      {"guild","user","guild_nick"}
//! POST /sandbox/inject    {"frame","opcode"}
//! POST /sandbox/gateway   {"act"}
//! POST /sandbox/platform  any of the switches
//! GET  /sandbox/clock                         the time, how far it was moved, the zone it is shown in
//! POST /sandbox/clock     {"advance_ms"} or {"next":"monday 08:59"}; with "silent":true bots were silent
//! ```
//!
//! Ids are strings, times are milliseconds since 1970, refusals are `{"error":"a sentence"}`, with a
//! `"word"` for those that a page says in its own language. A channel may be `dm`, the user's private
//! chat with the bot. No secret is ever part of an answer.

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::Query;
use axum::extract::State;
use axum::extract::ws::Message as Frame;
use axum::http::StatusCode;
use axum::middleware;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::get;
use axum::routing::post;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::json;

use super::clock::WeekTime;
use super::events;
use super::exchange::GatewayAct;
use super::guard;
use super::mall::MallWorld;
use super::manta::MantaWorld;
use super::platform::Meanwhile;
use super::platform::Platform;
use super::state_view;
use super::swan::SwanWorld;
use super::verbs::NotSaid;
use super::verbs::SayOptions;
use super::verbs::Shape;
use crate::model::ids::ChannelId;
use crate::model::ids::GuildId;
use crate::model::ids::MessageId;
use crate::model::ids::RoleId;
use crate::model::ids::UserId;

/// Messages in one answer.
const SHOWN: usize = 200;

/// What the control paths work on.
#[derive(Clone)]
pub struct Desk {
    /// The imitated platform.
    pub platform: Platform,
    /// The imitated mall.
    pub mall: MallWorld,
    /// The imitated Swan.
    pub swan: SwanWorld,
    /// The imitated Manta.
    pub manta: MantaWorld,
}

/// All control paths, those of the points systems among them, behind the guard against foreign pages.
pub fn routes(desk: Desk) -> Router {
    let systems = desk
        .mall
        .control()
        .merge(desk.swan.control())
        .merge(desk.manta.control());
    Router::new()
        .route("/sandbox/state", get(state))
        .route("/sandbox/messages", get(messages))
        .route("/sandbox/events", get(events::stream))
        .route("/sandbox/say", post(say))
        .route("/sandbox/press", post(press))
        .route("/sandbox/roles", post(roles))
        .route("/sandbox/member", post(member))
        .route("/sandbox/nick", post(nick))
        .route("/sandbox/inject", post(inject))
        .route("/sandbox/gateway", post(gateway))
        .route("/sandbox/platform", post(settings))
        .route("/sandbox/clock", get(time).post(clock))
        .with_state(desk)
        .merge(systems)
        .layer(middleware::from_fn(guard::only_own_pages))
}

/// A refusal as a plain sentence, with the word by which a page says it where people meet it there.
struct Trouble {
    sentence: String,
    word: Option<&'static str>,
}

impl From<String> for Trouble {
    fn from(sentence: String) -> Self {
        Self {
            sentence,
            word: None,
        }
    }
}

impl From<NotSaid> for Trouble {
    fn from(why: NotSaid) -> Self {
        Self {
            sentence: why.to_string(),
            word: Some(why.word()),
        }
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let mut body = json!({ "error": self.sentence });
        if let Some(word) = self.word {
            body["word"] = word.into();
        }
        (StatusCode::BAD_REQUEST, Json(body)).into_response()
    }
}

type Answer = Result<Json<Value>, Trouble>;

/// A channel's id, or `dm`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Where {
    Channel(ChannelId),
    Word(String),
}

#[derive(Deserialize)]
struct MessagesAsked {
    channel: String,
    #[serde(rename = "as")]
    user: UserId,
}

#[derive(Deserialize)]
struct Say {
    user: UserId,
    channel: Where,
    text: String,
    #[serde(default)]
    reply_to: Option<MessageId>,
    #[serde(default)]
    shape: Shape,
    #[serde(default = "once")]
    deliveries: u32,
}

#[derive(Deserialize)]
struct Press {
    user: UserId,
    message: MessageId,
    data: String,
}

#[derive(Deserialize)]
struct Roles {
    guild: GuildId,
    user: UserId,
    roles: Vec<RoleId>,
}

#[derive(Deserialize)]
struct NewMember {
    guild: GuildId,
    nickname: String,
}

#[derive(Deserialize)]
struct Nick {
    guild: GuildId,
    user: UserId,
    guild_nick: Option<String>,
}

#[derive(Deserialize)]
struct Inject {
    frame: String,
    #[serde(default)]
    opcode: Opcode,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Opcode {
    #[default]
    Binary,
    Text,
}

#[derive(Deserialize)]
struct Gateway {
    act: GatewayAct,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Clock {
    advance_ms: Option<i64>,
    next: Option<String>,
    #[serde(default)]
    silent: bool,
}

async fn state(State(desk): State<Desk>) -> Json<Value> {
    Json(state_view::whole(&desk.platform))
}

async fn messages(State(desk): State<Desk>, Query(asked): Query<MessagesAsked>) -> Answer {
    let channel = match asked.channel.parse() {
        Ok(channel) => Where::Channel(channel),
        Err(_) => Where::Word(asked.channel),
    };
    let channel = desk.channel(channel, asked.user)?;
    let messages = desk.platform.seen_messages(asked.user, channel, SHOWN);
    Ok(Json(json!({ "messages": messages })))
}

async fn say(State(desk): State<Desk>, body: Bytes) -> Answer {
    let say: Say = read(&body)?;
    let channel = desk.channel(say.channel, say.user)?;
    let options = SayOptions {
        reply_to: say.reply_to,
        shape: say.shape,
        deliveries: say.deliveries,
        ..SayOptions::default()
    };
    let id = desk.platform.say(say.user, channel, &say.text, options)?;
    Ok(Json(json!({ "message_id": id.to_string() })))
}

async fn press(State(desk): State<Desk>, body: Bytes) -> Answer {
    let press: Press = read(&body)?;
    let id = desk
        .platform
        .press(press.user, press.message, &press.data)?;
    Ok(Json(json!({ "callback_id": id })))
}

async fn roles(State(desk): State<Desk>, body: Bytes) -> Answer {
    let roles: Roles = read(&body)?;
    desk.platform
        .set_roles(roles.guild, roles.user, roles.roles)?;
    Ok(Json(json!({})))
}

async fn member(State(desk): State<Desk>, body: Bytes) -> Answer {
    let new: NewMember = read(&body)?;
    let user = desk.platform.join(new.guild, &new.nickname)?;
    let state = desk.platform.state();
    Ok(Json(state_view::member(&state, new.guild, user)))
}

async fn nick(State(desk): State<Desk>, body: Bytes) -> Answer {
    let nick: Nick = read(&body)?;
    desk.platform
        .set_nick(nick.guild, nick.user, nick.guild_nick)?;
    Ok(Json(json!({})))
}

async fn inject(State(desk): State<Desk>, body: Bytes) -> Answer {
    let inject: Inject = read(&body)?;
    let frame = match inject.opcode {
        Opcode::Binary => Frame::binary(inject.frame),
        Opcode::Text => Frame::text(inject.frame),
    };
    let sockets = desk.platform.state().exchange.send_to_all(&frame);
    Ok(Json(json!({ "sockets": sockets })))
}

async fn gateway(State(desk): State<Desk>, body: Bytes) -> Answer {
    let gateway: Gateway = read(&body)?;
    desk.platform.gateway(gateway.act);
    Ok(Json(json!({})))
}

async fn settings(State(desk): State<Desk>, body: Bytes) -> Answer {
    let keys: Value = read(&body)?;
    let settings = desk.platform.set_settings(&keys)?;
    Ok(Json(json!(settings)))
}

async fn time(State(desk): State<Desk>) -> Json<Value> {
    Json(state_view::clock(&desk.platform))
}

async fn clock(State(desk): State<Desk>, body: Bytes) -> Answer {
    let clock: Clock = read(&body)?;
    let bots = match clock.silent {
        true => Meanwhile::Silent,
        false => Meanwhile::Awake,
    };
    let ms = match (clock.advance_ms, clock.next) {
        (Some(ms), None) => ms,
        (None, Some(text)) => {
            let now_ms = desk.platform.now_ms();
            let next = WeekTime::read(&text).and_then(|next| next.after_today(now_ms));
            let next = next.ok_or_else(|| {
                format!("`next` must be a weekday and a time such as `monday 08:59`, not `{text}`")
            })?;
            next - now_ms
        }
        _ => return Err("send either `advance_ms` or `next`".to_owned().into()),
    };
    desk.platform.advance(ms, bots)?;
    Ok(Json(state_view::clock(&desk.platform)))
}

impl Desk {
    fn channel(&self, channel: Where, user: UserId) -> Result<ChannelId, Trouble> {
        match channel {
            Where::Channel(channel) => Ok(channel),
            Where::Word(word) if word == "dm" => Ok(self.platform.private_chat(user)?),
            Where::Word(word) => Err(format!("`{word}` is neither a channel nor `dm`").into()),
        }
    }
}

fn once() -> u32 {
    1
}

fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Trouble> {
    serde_json::from_slice(body).map_err(|error| format!("the body does not fit: {error}").into())
}

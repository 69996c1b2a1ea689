//! The platform the tests call: it answers what the test says and remembers what was asked.

use std::collections::VecDeque;
use std::error::Error;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::header;
use axum::response::IntoResponse as _;
use axum::response::Response;
use guildpoints::fanbook::api::ApiSettings;
use guildpoints::fanbook::api::ApiTimes;
use guildpoints::fanbook::api::BotApi;
use guildpoints::fanbook::api::BuildError;
use guildpoints::fanbook::api::Say;
use guildpoints::fanbook::api::SayError;
use guildpoints::model::ChannelId;
use guildpoints::model::GuildId;
use guildpoints::model::MessageId;
use guildpoints::model::RoleId;
use guildpoints::model::UserId;
use guildpoints::support::clock::Clock;
use guildpoints::support::pulse::Pulses;
use guildpoints::support::secret::Secret;
use serde_json::Value;
use serde_json::json;
use tokio::net::TcpListener;

pub const TOKEN: &str = "0123456789abcdef-bot-token";
pub const GUILD: GuildId = GuildId::new(779_205_683_970_084_864);
pub const CHANNEL: ChannelId = ChannelId::new(779_205_684_095_913_986);
pub const MESSAGE: MessageId = MessageId::new(868_822_861_471_551_488);
pub const USER: UserId = UserId::new(737_262_643_970_064_384);
pub const ROLE: RoleId = RoleId::new(783_399_987_970_084_864);

/// What the platform answers to one request.
pub enum Answer {
    Say(u16, String),
    /// No answer within the client's time.
    Never,
    /// Half an answer, then the connection breaks.
    Break,
}

#[derive(Clone, Default)]
pub struct Script {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    calls: Arc<Mutex<Vec<(String, Value)>>>,
}

pub struct Platform {
    pub script: Script,
    pub pulses: Pulses,
    pub api: BotApi,
}

impl Platform {
    pub async fn start() -> Self {
        Self::start_with(1e12, 1e12, Duration::from_secs(20)).await
    }

    pub async fn start_with(per_channel: f64, overall: f64, permit: Duration) -> Self {
        let script = Script::default();
        let router = Router::new().fallback(answer).with_state(script.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let pulses = Pulses::new(Clock::system());
        let times = ApiTimes {
            request: Duration::from_millis(1_500),
            connect: Duration::from_secs(5),
            permit,
            first_retry: Duration::from_millis(1),
        };
        let api = client(&address, TOKEN, per_channel, overall, times, &pulses).unwrap();
        Self {
            script,
            pulses,
            api,
        }
    }

    pub fn answers(&self, answers: impl IntoIterator<Item = Answer>) {
        self.script.answers.lock().unwrap().extend(answers);
    }

    pub fn answers_well(&self, result: Value) {
        self.answers([well(result)]);
    }

    /// Waits until so many requests have arrived, answered or not.
    pub async fn arrivals(&self, count: usize) {
        while self.script.calls.lock().unwrap().len() < count {
            tokio::task::yield_now().await;
        }
    }

    /// The calls since the last time, as method and body.
    pub fn calls(&self) -> Vec<(String, Value)> {
        assert!(self.script.answers.lock().unwrap().is_empty());
        std::mem::take(&mut self.script.calls.lock().unwrap())
    }

    pub async fn says(&self, text: &str) -> Result<MessageId, SayError> {
        self.api.say(plain(text)).await
    }
}

pub fn client(
    address: &str,
    token: &str,
    per_channel: f64,
    overall: f64,
    times: ApiTimes,
    pulses: &Pulses,
) -> Result<BotApi, BuildError> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let settings = ApiSettings {
        api_url: address.to_owned(),
        token: Secret::new(token),
        send_per_channel_per_second: per_channel,
        api_per_second: overall,
    };
    BotApi::with_times(settings, times, pulses.clone())
}

pub async fn answer(
    State(script): State<Script>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let prefix = format!("/api/bot/{TOKEN}/");
    let call = uri.path().strip_prefix(&prefix).expect("the token's path");
    let body = if body.is_empty() {
        assert_eq!(method, Method::GET);
        Value::Null
    } else {
        assert_eq!(method, Method::POST);
        assert_eq!(headers[header::CONTENT_TYPE], "application/json");
        serde_json::from_slice(&body).unwrap()
    };
    script.calls.lock().unwrap().push((call.to_owned(), body));
    let answer = script.answers.lock().unwrap().pop_front();
    match answer.expect("more calls than the test foresaw") {
        Answer::Say(status, body) => (
            StatusCode::from_u16(status).unwrap(),
            [(header::CONTENT_TYPE, "text/plain; charset=utf-8")],
            [(header::LOCATION, "/elsewhere")],
            body,
        )
            .into_response(),
        Answer::Never => std::future::pending().await,
        Answer::Break => {
            let broken = futures_util::stream::iter([
                Ok(Bytes::from_static(b"{\"ok\":true,")),
                Err(std::io::Error::other("cut")),
            ]);
            axum::body::Body::from_stream(broken).into_response()
        }
    }
}

pub fn well(result: Value) -> Answer {
    Answer::Say(200, json!({ "ok": true, "result": result }).to_string())
}

pub fn ill(code: i64) -> Answer {
    let body = json!({ "ok": false, "error_code": code, "description": "as it is" });
    Answer::Say(200, body.to_string())
}

pub fn sent(id: u64) -> Answer {
    well(json!({ "message_id": id, "date": 1, "text": "{}" }))
}

pub fn plain(text: &str) -> Say<'_> {
    Say {
        to: CHANNEL,
        text,
        quoting: None,
        buttons: &[],
        notify: &[],
    }
}

/// Everything an error can be made to print.
pub fn printed(error: &(dyn Error + 'static)) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    if let Some(source) = error.source() {
        text.push_str(&printed(source));
    }
    text
}

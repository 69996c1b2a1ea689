//! A mall behind a socket, and a caller that can get everything wrong on purpose.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::http::StatusCode;
use axum::middleware;
use axum::response::Response;
use guildpoints::sandbox::clock::SandboxClock;
use guildpoints::sandbox::fault::CloseConnection;
use guildpoints::sandbox::mall::BASE;
use guildpoints::sandbox::mall::MallGuild;
use guildpoints::sandbox::mall::MallSeed;
use guildpoints::sandbox::mall::MallWorld;
use md5::Digest;
use md5::Md5;
use serde_json::Value;

pub const NOW: i64 = 1_700_000_000_000;
pub const KEY: &str = "esdx8ol13uelo6enblwh";
pub const SECRET: &str = "di4uep1ed5i5m48zhrcm";
// None of these ids survives a 64-bit float.
pub const GUILD: u64 = 412_345_678_901_234_563;
pub const OTHER_GUILD: u64 = 412_345_678_901_234_567;
pub const CLOSED_GUILD: u64 = 412_345_678_901_234_571;
pub const ANN: u64 = 223_456_789_012_345_677;
pub const BOB: u64 = 223_456_789_012_345_679;
pub const NOBODY: u64 = 223_456_789_012_345_681;

/// The stage's server cannot close a socket silently, so it says this status instead.
const CLOSED: u16 = 599;

pub struct Stage {
    pub mall: MallWorld,
    pub clock: SandboxClock,
    pub address: String,
    pub http: reqwest::Client,
    nonces: Arc<AtomicU64>,
}

pub fn seed() -> MallSeed {
    let balances = vec![(ANN, 100), (BOB, 50)];
    let guild = |id, on| MallGuild {
        id,
        on,
        balances: balances.clone(),
    };
    MallSeed {
        app_key: KEY.to_owned(),
        app_secret: SECRET.to_owned(),
        guilds: vec![
            guild(GUILD, true),
            guild(OTHER_GUILD, true),
            guild(CLOSED_GUILD, false),
        ],
    }
}

impl Stage {
    pub async fn new() -> Self {
        Self::with(seed(), NOW, None).await
    }

    pub async fn with(seed: MallSeed, now_ms: i64, file: Option<PathBuf>) -> Self {
        // Several tests of one process install it; the first one wins.
        drop(rustls::crypto::ring::default_provider().install_default());
        let clock = SandboxClock::standing_at(now_ms);
        let mall = MallWorld::start(seed, clock.clone(), file).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let routes = mall
            .routes()
            .merge(mall.control())
            .layer(middleware::map_response(show_closing));
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(20))
            .build()
            .unwrap();
        Self {
            mall,
            clock,
            address,
            http,
            nonces: Arc::default(),
        }
    }

    pub fn call(&self, method: &str, endpoint: &str) -> Call {
        let nonce = self.nonces.fetch_add(1, Ordering::Relaxed);
        Call {
            http: self.http.clone(),
            method: method.parse().unwrap(),
            url: format!("{}{BASE}/api/core/open/{endpoint}", self.address),
            query: Vec::new(),
            body: None,
            key: KEY.to_owned(),
            secret: SECRET.to_owned(),
            nonce: format!("nonce-{nonce}"),
            timestamp: self.clock.now_ms().to_string(),
            authorization: None,
            language: Some("zh_CN".to_owned()),
            media: Some("application/json".to_owned()),
        }
    }

    pub fn get(&self, endpoint: &str, query: &[(&str, &str)]) -> Call {
        let mut call = self.call("GET", endpoint);
        let owned = |(name, value): &(&str, &str)| (name.to_string(), value.to_string());
        call.query = query.iter().map(owned).collect();
        call
    }

    pub fn post(&self, endpoint: &str, body: &str) -> Call {
        let mut call = self.call("POST", endpoint);
        call.body = Some(body.as_bytes().to_vec());
        call
    }

    pub fn balance(&self, guild: u64, user: u64) -> Call {
        let (guild, user) = (guild.to_string(), user.to_string());
        self.get("getUserPoint", &[("guildId", &guild), ("userId", &user)])
    }

    pub fn change(&self, biz_id: &str, guild: u64, user: u64, points: i64) -> Call {
        let operation = operation(biz_id, user, points);
        let body = format!(r#"{{"guildId":{guild},{operation}}}"#);
        self.post("modifyUserPoint", &body)
    }

    pub fn batch(&self, operations: &[(&str, u64, i64)]) -> Call {
        let list: Vec<String> = operations
            .iter()
            .map(|(biz_id, user, points)| format!("{{{}}}", operation(biz_id, *user, *points)))
            .collect();
        let list = list.join(",");
        let body = format!(r#"{{"guildId":{GUILD},"pointList":[{list}]}}"#);
        self.post("batchModifyUserPoint", &body)
    }

    pub fn find(&self, biz_id: &str) -> Call {
        self.get("findPointRecord", &[("bizId", biz_id)])
    }

    pub fn ann(&self) -> i64 {
        self.mall.balance(GUILD, ANN).unwrap()
    }

    /// How often an id took effect.
    pub fn effects(&self, biz_id: &str) -> usize {
        let records = self.mall.records();
        records.iter().filter(|r| r.biz_id == biz_id).count()
    }

    pub async fn control(&self, method: &str, path: &str, body: &str) -> Reply {
        let request = self
            .http
            .request(method.parse().unwrap(), format!("{}{path}", self.address))
            .header("content-type", "application/json")
            .body(body.to_owned());
        Reply::of(request.send().await.unwrap()).await
    }
}

fn operation(biz_id: &str, user: u64, points: i64) -> String {
    format!(r#""bizId":"{biz_id}","fbLongId":{user},"point":{points},"remark":"签到"#) + "\""
}

async fn show_closing(mut response: Response) -> Response {
    if response.extensions().get::<CloseConnection>().is_some() {
        *response.status_mut() = StatusCode::from_u16(CLOSED).unwrap();
    }
    response
}

/// A request before it is signed.
#[derive(Clone)]
pub struct Call {
    http: reqwest::Client,
    pub method: reqwest::Method,
    pub url: String,
    pub query: Vec<(String, String)>,
    pub body: Option<Vec<u8>>,
    pub key: String,
    pub secret: String,
    pub nonce: String,
    pub timestamp: String,
    pub authorization: Option<String>,
    pub language: Option<String>,
    pub media: Option<String>,
}

impl Call {
    pub async fn send(self) -> Reply {
        self.signed().send().await
    }

    pub fn signed(self) -> Signed {
        let mut pairs: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        for (name, value) in &self.query {
            pairs.insert(name.clone(), value.clone().into_bytes());
        }
        let mut headers = vec![
            ("AppKey".to_owned(), self.key.clone()),
            ("Nonce".to_owned(), self.nonce.clone()),
            ("Timestamp".to_owned(), self.timestamp.clone()),
        ];
        if let Some(token) = &self.authorization {
            headers.push(("Authorization".to_owned(), token.clone()));
        }
        for (name, value) in &headers {
            pairs.insert(name.clone(), value.clone().into_bytes());
        }
        if let Some(body) = &self.body {
            pairs.insert("requestBody".to_owned(), body.clone());
        }
        let mut text = self.secret.clone().into_bytes();
        for (name, value) in pairs {
            text.extend(format!("&{name}=").bytes());
            text.extend(value);
        }
        text.extend(format!("&{}", self.secret).bytes());
        let hex: String = Md5::digest(&text)
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        headers.push(("Signature".to_owned(), hex));
        headers.extend(self.media.clone().map(|m| ("Content-Type".to_owned(), m)));
        headers.extend(
            self.language
                .clone()
                .map(|l| ("Accept-Language".to_owned(), l)),
        );
        Signed {
            call: self,
            headers,
        }
    }
}

/// A signed request; whatever is changed now is changed behind the signer's back.
#[derive(Clone)]
pub struct Signed {
    pub call: Call,
    pub headers: Vec<(String, String)>,
}

impl Signed {
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(found, _)| found != name);
        self
    }

    pub fn with(self, name: &str, value: &str) -> Self {
        self.without(name).and(name, value)
    }

    pub fn and(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn header(&self, name: &str) -> String {
        let found = self.headers.iter().find(|(found, _)| found == name);
        found.unwrap().1.clone()
    }

    pub async fn send(self) -> Reply {
        Reply::of(self.try_send().await.unwrap()).await
    }

    pub async fn try_send(self) -> reqwest::Result<reqwest::Response> {
        let call = self.call;
        let mut request = call.http.request(call.method, &call.url);
        if !call.query.is_empty() {
            request = request.query(&call.query);
        }
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        if let Some(body) = call.body {
            request = request.body(body);
        }
        request.send().await
    }
}

pub struct Reply {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub bytes: Vec<u8>,
}

impl Reply {
    pub async fn of(response: reqwest::Response) -> Self {
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            bytes: response.bytes().await.unwrap().to_vec(),
        }
    }

    pub fn closed(&self) -> bool {
        self.status == CLOSED
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.bytes.clone()).unwrap()
    }

    pub fn json(&self) -> Value {
        let text = self.text();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    pub fn code(&self) -> i64 {
        self.json()["code"].as_i64().unwrap()
    }

    /// The status and the outer code.
    pub fn verdict(&self) -> (u16, i64) {
        (self.status, self.code())
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }
}

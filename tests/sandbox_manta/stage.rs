//! A Manta behind a socket with two bots, and a caller that can get everything wrong on purpose.

use std::path::PathBuf;

use guildpoints::sandbox::clock::SandboxClock;
use guildpoints::sandbox::fault::Faults;
use guildpoints::sandbox::manta::BASE;
use guildpoints::sandbox::manta::MantaBot;
use guildpoints::sandbox::manta::MantaClient;
use guildpoints::sandbox::manta::MantaSeed;
use guildpoints::sandbox::manta::MantaShapes;
use guildpoints::sandbox::manta::MantaWorld;
use reqwest::RequestBuilder;
use serde_json::Value;
use serde_json::json;

use crate::wire;
use crate::wire::Reply;

pub const NOW: i64 = 1_700_000_000_000;
/// Every character that a query must escape.
pub const BOT: &str = "gB3+xQ9/kZ7mVw2t==";
pub const OTHER_BOT: &str = "other";
pub const ANN: &str = "Qw3eRt7Yu";
pub const ANN_LINE: &str = "U00aa11bb22cc33dd";
pub const BOB: &str = "As5dFg9Hj";
pub const BOB_FACEBOOK: &str = "1028";

pub struct Stage {
    pub manta: MantaWorld,
    pub clock: SandboxClock,
    pub address: String,
    pub http: reqwest::Client,
}

pub fn client(id: &str, platform: &str, platform_client_id: &str, points: i64) -> MantaClient {
    MantaClient {
        id: id.to_owned(),
        platform: platform.to_owned(),
        platform_client_id: platform_client_id.to_owned(),
        customer_id: None,
        points,
    }
}

pub fn seed() -> MantaSeed {
    let mut ann = client(ANN, "line", ANN_LINE, 150);
    ann.customer_id = Some("223456789012345677".to_owned());
    MantaSeed {
        bots: vec![
            MantaBot {
                id: BOT.to_owned(),
                plan_open: true,
                clients: vec![ann, client(BOB, "facebook", BOB_FACEBOOK, 0)],
            },
            MantaBot {
                id: OTHER_BOT.to_owned(),
                plan_open: true,
                clients: vec![client("Elsewhere", "line", "U9", 9)],
            },
        ],
    }
}

impl Stage {
    pub async fn new() -> Self {
        Self::with(seed(), None).await
    }

    /// With one choice made otherwise.
    pub async fn shaped(change: impl FnOnce(&mut MantaShapes)) -> Self {
        let stage = Self::new().await;
        let mut shapes = stage.manta.shapes();
        change(&mut shapes);
        stage.manta.set_shapes(shapes);
        stage
    }

    pub async fn with(seed: MantaSeed, file: Option<PathBuf>) -> Self {
        let clock = SandboxClock::standing_at(NOW);
        let manta = MantaWorld::start(seed, clock.clone(), Faults::default(), file).unwrap();
        let address = wire::serve(manta.routes().merge(manta.control())).await;
        Self {
            manta,
            clock,
            address,
            http: wire::client(),
        }
    }

    /// A request without token and query.
    pub fn bare(&self, method: &str, path: &str) -> RequestBuilder {
        let url = format!("{}{BASE}{path}", self.address);
        self.http.request(method.parse().unwrap(), url)
    }

    /// A request that is all right but for its body.
    pub fn asking(&self, path: &str, body: &Value) -> RequestBuilder {
        self.bare("POST", path)
            .bearer_auth(self.manta.token())
            .query(&[("botId", BOT)])
            .body(body.to_string())
    }

    /// The same with the secret in its body.
    pub async fn ask(&self, path: &str, mut body: Value) -> Reply {
        body["secret"] = json!(self.manta.secret());
        Reply::to(self.asking(path, &body)).await
    }

    pub async fn points(&self, body: Value) -> Reply {
        self.ask("/openapi/client/point", body).await
    }

    pub async fn refresh(&self) -> Reply {
        self.ask("/openapi/token", json!({})).await
    }

    pub async fn control(&self, method: &str, path: &str, body: &str) -> Reply {
        wire::order(&self.address, method, path, body).await
    }
}

/// The status and the code, where there is one.
pub fn verdict(reply: &Reply) -> (u16, Option<i64>) {
    let json = reply.json();
    assert_eq!(json["success"], false, "{json}");
    assert!(json["errResponse"]["message"].is_string(), "{json}");
    (reply.status, json["errResponse"]["code"].as_i64())
}

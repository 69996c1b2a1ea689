//! A Swan behind a socket, and a caller that can get everything wrong on purpose.

use std::path::PathBuf;

use guildpoints::sandbox::clock::SandboxClock;
use guildpoints::sandbox::fault::Faults;
use guildpoints::sandbox::swan::BASE;
use guildpoints::sandbox::swan::CALLER;
use guildpoints::sandbox::swan::SwanOpening;
use guildpoints::sandbox::swan::SwanSeed;
use guildpoints::sandbox::swan::SwanShapes;
use guildpoints::sandbox::swan::SwanWorld;
use reqwest::RequestBuilder;
use serde_json::Value;
use serde_json::json;

use crate::wire;
use crate::wire::Reply;

pub const NOW: i64 = 1_700_000_000_000;
pub const DAY: i64 = 86_400_000;
pub const HEADER: &str = "X-Gateway-Key";
pub const KEY: &str = "di4uep1ed5i5m48zhrcm";
pub const ANN: &str = "@retail_20871:corp.example";
pub const BOB: &str = "@retail_20872:corp.example";
pub const LIN: &str = "@staff_lin:corp.example";
pub const NOBODY: &str = "@retail_1:corp.example";

pub struct Stage {
    pub swan: SwanWorld,
    pub clock: SandboxClock,
    pub address: String,
    pub http: reqwest::Client,
}

pub fn seed() -> SwanSeed {
    let opening = |id: &str, history: &[(i64, &str)]| SwanOpening {
        id: id.to_owned(),
        history: history
            .iter()
            .map(|(points, info)| (*points, (*info).to_owned()))
            .collect(),
    };
    SwanSeed {
        gateway: Some((HEADER.to_owned(), KEY.to_owned())),
        users: vec![
            opening(ANN, &[(60, "开卡礼"), (40, "签到")]),
            opening(BOB, &[(50, "开卡礼")]),
            opening(LIN, &[]),
        ],
        rules: vec![("VIEW_STUDIO".to_owned(), 5)],
    }
}

impl Stage {
    pub async fn new() -> Self {
        Self::with(seed(), NOW, None).await
    }

    /// With one choice made otherwise.
    pub async fn shaped(change: impl FnOnce(&mut SwanShapes)) -> Self {
        let stage = Self::new().await;
        let mut shapes = stage.swan.shapes();
        change(&mut shapes);
        stage.swan.set_shapes(shapes);
        stage
    }

    pub async fn with(seed: SwanSeed, now_ms: i64, file: Option<PathBuf>) -> Self {
        let clock = SandboxClock::standing_at(now_ms);
        let swan = SwanWorld::start(seed, clock.clone(), Faults::default(), file).unwrap();
        let address = wire::serve(swan.routes().merge(swan.control())).await;
        Self {
            swan,
            clock,
            address,
            http: wire::client(),
        }
    }

    pub fn url(&self, path: &str) -> String {
        let address = &self.address;
        format!("{address}{BASE}/api/v1/open/swan/integral{path}")
    }

    /// A request without any header.
    pub fn bare(&self, method: &str, path: &str) -> RequestBuilder {
        self.http.request(method.parse().unwrap(), self.url(path))
    }

    pub fn get(&self, user: &str, path: &str) -> RequestBuilder {
        self.bare("GET", path)
            .header(HEADER, KEY)
            .header(CALLER, user)
            .header("content-type", "application/json")
    }

    pub fn post(&self, user: &str, path: &str, body: &Value) -> RequestBuilder {
        self.bare("POST", path)
            .header(HEADER, KEY)
            .header(CALLER, user)
            .header("content-type", "application/json")
            .body(body.to_string())
    }

    pub async fn balance(&self, user: &str) -> Reply {
        Reply::to(self.get(user, "/points")).await
    }

    pub async fn ledger(&self, user: &str, query: &str) -> Reply {
        Reply::to(self.get(user, &format!("/points/transaction{query}"))).await
    }

    pub async fn mine(&self, user: &str, query: &str) -> Reply {
        Reply::to(self.get(user, &format!("/points/transaction/mine{query}"))).await
    }

    pub async fn add(&self, id: &str, user: &str, point: i64) -> Reply {
        Reply::to(self.adding(id, user, point)).await
    }

    pub fn adding(&self, id: &str, user: &str, point: i64) -> RequestBuilder {
        self.post(user, "/points", &change(id, user, point))
    }

    pub async fn report(&self, kind: &str, operation_id: &str) -> Reply {
        let event =
            json!({"type": kind, "userId": ANN, "staffId": LIN, "operationId": operation_id});
        Reply::to(self.post(LIN, "/points/report", &event)).await
    }

    pub async fn control(&self, method: &str, path: &str, body: &str) -> Reply {
        wire::order(&self.address, method, path, body).await
    }

    pub fn ann(&self) -> i64 {
        self.swan.balance(ANN).unwrap()
    }

    /// The one promise of the books.
    pub fn balances_are_sums_of_ledgers(&self) {
        for user in self.swan.users() {
            let sum: i64 = self.swan.ledger(&user.id).iter().map(|e| e.points).sum();
            assert_eq!(user.balance, sum, "{}", user.id);
        }
    }
}

pub fn change(id: &str, user: &str, point: i64) -> Value {
    json!({"transactionId": id, "userId": user, "point": point, "type": "FANBOOK_REWARD", "info": format!("签到 [{id}]")})
}

/// The status and the code.
pub fn verdict(reply: &Reply) -> (u16, String) {
    let code = &reply.json()["errcode"];
    (reply.status, code.as_str().unwrap_or_default().to_owned())
}

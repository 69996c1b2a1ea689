//! A service as the script has it, or else as its books have it, and what it complains of: what is not as
//! documented.

use std::collections::HashMap;
use std::collections::HashSet;

use serde_json::Value;
use serde_json::json;

use crate::scripted;
use crate::scripted::Complaints;
use crate::scripted::Heard;
use crate::scripted::Role;
use crate::scripted::Says;

pub const BOT_ID: &str = "b0t/Id+=&x";
pub const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJib3QiOjF9.tok3nsignature";
pub const SECRET: &str = "s3cr3t-k3y-value";
const PLATFORMS: [&str; 5] = ["line", "facebook", "instagram", "liveChat", "whatsapp"];

pub type Server = scripted::Server<Service>;

#[derive(Default)]
pub struct Service {
    /// Points by platform (empty: encoded) and id.
    books: HashMap<(String, String), i64>,
    pair: Option<(String, String)>,
}

impl Server {
    /// Writes points into the books; `kind` as in links.
    pub fn has(&self, kind: &str, id: &str, points: i64) {
        let platform = if kind == "encoded" { "" } else { kind };
        let key = (platform.to_owned(), id.to_owned());
        self.role(|service| {
            service.books.insert(key, points);
        });
    }

    /// Lets in this pair only; refuses others as renewed.
    pub fn lets_in(&self, token: &str, secret: &str) {
        let pair = (token.to_owned(), secret.to_owned());
        self.role(|service| service.pair = Some(pair));
    }
}

impl Says {
    /// A refusal in the documented form.
    pub fn refusal(status: u16, code: i64, message: &str) -> Self {
        let told = json!({"message": message, "code": code, "botId": "b"});
        Self::status(status, json!({"success": false, "errResponse": told}))
    }
}

impl Heard {
    /// The ids of one list, in its order.
    fn ids(&self, name: &str) -> Vec<String> {
        let body = self.json();
        let ids = body.get(name).and_then(Value::as_array);
        let ids = ids.into_iter().flatten().filter_map(Value::as_str);
        ids.map(str::to_owned).collect()
    }

    /// How many accounts are asked for.
    pub fn asks_for(&self) -> usize {
        self.ids("clientIds").len() + self.ids("platformClientIds").len()
    }
}

impl Role for Service {
    const BASE: &'static str = "/some/api";
    const ROOT: &'static str = "";
    const JSON: Option<&'static str> = Some("application/json");

    fn complaints(&mut self, heard: &Heard) -> Vec<String> {
        let mut complaints = Complaints::of(heard);
        complaints.expect(heard.method == "POST", "method");
        complaints.expect(
            heard.header("content-type") == "application/json",
            "content type",
        );
        let has_token = heard.header("authorization").starts_with("Bearer ");
        complaints.expect(has_token, "no token");
        complaints.expect_absent(&["cookie", "proxy-authorization", "referer"]);
        let query = &heard.raw_query;
        let (bot, further) = query.split_once('&').unwrap_or((query, ""));
        complaints.expect(bot == "botId=b0t%2FId%2B%3D%26x", "the bot's id");
        let may_have_more = heard.path == "/openapi/clients";
        complaints.expect(further.is_empty() || may_have_more, "a query");
        let body = heard.json();
        complaints.expect(body["secret"].is_string(), "no secret");
        match heard.path.as_str() {
            "/openapi/client/point" => asks_as_documented(heard, &body, &mut complaints),
            "/openapi/clients" | "/openapi/token" => {
                let fields = body.as_object().map_or(0, serde_json::Map::len);
                complaints.expect(fields == 1, "more than the secret");
            }
            _ => complaints.expect(false, "path"),
        }
        complaints.found()
    }

    /// What the books say, in no order of the question, as nothing promises one.
    fn answer(&self, heard: &Heard) -> Says {
        let body = heard.json();
        if let Some((token, secret)) = &self.pair
            && (heard.header("authorization") != format!("Bearer {token}")
                || body["secret"] != **secret)
        {
            return Says::refusal(401, 120_000, "token has been refreshed");
        }
        let platform = body["platform"].as_str().unwrap_or("line");
        let mut points = Vec::new();
        for id in heard.ids("platformClientIds").into_iter().rev() {
            if let Some(known) = self.books.get(&(platform.to_owned(), id.clone())) {
                points.push(json!({"platform": platform, "platformClientId": id, "points": known}));
            }
        }
        for id in heard.ids("clientIds").into_iter().rev() {
            if let Some(known) = self.books.get(&(String::new(), id.clone())) {
                points.push(json!({"platform": "line", "clientId": id, "points": known}));
            }
        }
        let message = "Get client points successfully";
        Says::json(json!({"success": true, "message": message, "points": points}))
    }
}

fn asks_as_documented(heard: &Heard, body: &Value, complaints: &mut Complaints<'_>) {
    for name in ["clientIds", "platformClientIds"] {
        let ids = heard.ids(name);
        let different: HashSet<&String> = ids.iter().collect();
        complaints.expect(different.len() == ids.len(), "an id stands in a list twice");
        complaints.expect(ids.len() <= 100, "too many ids");
        complaints.expect(body.get(name).is_none() || !ids.is_empty(), "an empty list");
    }
    complaints.expect(heard.asks_for() > 0, "nobody is asked for");
    let platform = body.get("platform").and_then(Value::as_str);
    let belongs = platform.is_some() == body.get("platformClientIds").is_some();
    complaints.expect(belongs, "a platform and its ids belong together");
    let known = platform.is_none_or(|name| PLATFORMS.contains(&name));
    complaints.expect(known, "no such platform");
}

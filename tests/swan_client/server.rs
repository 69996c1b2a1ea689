//! An installation as the script has it, and what it complains of: what is not as documented.

use crate::scripted;
use crate::scripted::Complaints;
use crate::scripted::Heard;
use crate::scripted::Role;

pub const GATE_HEADER: &str = "x-gate-key";
pub const GATE_KEY: &str = "p8r2v6y0b4e9h3j7m1qs";

pub type Server = scripted::Server<Installation>;

#[derive(Default)]
pub struct Installation;

impl Heard {
    /// Whoever asks.
    pub fn consumer(&self) -> &str {
        self.header("x-consumer-custom-id")
    }
}

impl Role for Installation {
    const BASE: &'static str = "/gate/7";
    const ROOT: &'static str = "/api/v1/open/swan/integral";
    const JSON: Option<&'static str> = None;

    fn complaints(&mut self, heard: &Heard) -> Vec<String> {
        let mut complaints = Complaints::of(heard);
        complaints.expect(
            heard.header("content-type") == "application/json",
            "content type",
        );
        complaints.expect(heard.header(GATE_HEADER) == GATE_KEY, "the gate's key");
        let who = heard.consumer();
        complaints.expect(who.starts_with('@') && !who.contains('"'), "who asks");
        complaints.expect_absent(&["authorization", "cookie", "proxy-authorization", "referer"]);
        let digits =
            |value: &String| !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
        let documented =
            |name: &String| ["startTime", "endTime", "page", "size"].contains(&name.as_str());
        match (heard.method.as_str(), heard.path.as_str()) {
            ("GET", "/points") => {
                complaints.expect(heard.body.is_empty(), "a body");
                complaints.expect(heard.query.is_empty(), "a query");
            }
            ("GET", "/points/transaction" | "/points/transaction/mine") => {
                complaints.expect(heard.body.is_empty(), "a body");
                let known = heard.query.keys().all(documented);
                complaints.expect(known, "an undocumented query");
                let numbers = heard.query.values().all(digits);
                complaints.expect(numbers, "a query that is no number");
            }
            ("POST", path @ ("/points" | "/points/report")) => {
                complaints.expect(heard.query.is_empty(), "a query");
                let wanted: &[&str] = match path {
                    "/points" => &["info", "point", "transactionId", "type", "userId"],
                    _ => &["operationId", "staffId", "type", "userId"],
                };
                let body = heard.json();
                let fields = body.as_object().into_iter().flat_map(|it| it.keys());
                let mut fields: Vec<&str> = fields.map(String::as_str).collect();
                fields.sort_unstable();
                complaints.expect(fields == wanted, "the fields of the body");
            }
            _ => complaints.expect(false, "method or path"),
        }
        complaints.found()
    }
}

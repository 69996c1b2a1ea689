//! The mall as the script has it, and what it complains of: what is not as documented, a signature that is
//! not that of the request, a nonce that comes twice.

use std::collections::HashSet;

use md5::Digest;
use md5::Md5;

use crate::scripted;
use crate::scripted::Complaints;
use crate::scripted::Heard;
use crate::scripted::Role;

pub const APP_KEY: &str = "ga5nd1wk9tc3xf7zl2ub";
pub const SECRET: &str = "p8r2v6y0b4e9h3j7m1qs";
pub const BASE_PATH: &str = "/mp/77/88/shop-manage-pc";

pub type Server = scripted::Server<Mall>;

#[derive(Default)]
pub struct Mall {
    nonces: HashSet<String>,
}

impl Role for Mall {
    const BASE: &'static str = BASE_PATH;
    const ROOT: &'static str = "/api/core/open/";
    const JSON: Option<&'static str> = Some("application/json");

    fn complaints(&mut self, heard: &Heard) -> Vec<String> {
        let fresh = self.nonces.insert(heard.header("nonce").to_owned());
        let mut complaints = Complaints::of(heard);
        complaints.expect(
            heard.header("content-type") == "application/json",
            "content type",
        );
        complaints.expect(heard.header("accept-language") == "zh_CN", "language");
        complaints.expect(heard.header("appkey") == APP_KEY, "app key");
        complaints.expect(heard.header("timestamp").len() == 13, "timestamp");
        complaints.expect(heard.header("nonce").len() == 36, "nonce");
        complaints.expect(fresh, "a nonce came twice");
        complaints.expect_absent(&["authorization", "cookie", "proxy-authorization", "referer"]);
        let unreserved = |c: char| c.is_ascii_alphanumeric() || "-._~=&".contains(c);
        let query = &heard.raw_query;
        complaints.expect(query.chars().all(unreserved), "reserved characters");
        match (heard.method.as_str(), heard.path.as_str()) {
            ("GET", "getUserPoint" | "findPointRecord") => {
                complaints.expect(heard.body.is_empty(), "a body");
                complaints.expect(!query.is_empty(), "no query");
            }
            ("POST", "modifyUserPoint" | "batchModifyUserPoint") => {
                complaints.expect(!heard.body.is_empty(), "no body");
                complaints.expect(query.is_empty(), "a query");
            }
            _ => complaints.expect(false, "method or path"),
        }
        complaints.expect(heard.header("signature") == signature(heard), "signature");
        complaints.found()
    }
}

/// The signature that belongs to a request, made as the mall's documents say.
fn signature(heard: &Heard) -> String {
    let mut pairs = heard.query.clone();
    for (name, header) in [
        ("AppKey", "appkey"),
        ("Nonce", "nonce"),
        ("Timestamp", "timestamp"),
    ] {
        pairs.insert(name.to_owned(), heard.header(header).to_owned());
    }
    if !heard.body.is_empty() {
        pairs.insert("requestBody".to_owned(), heard.body.clone());
    }
    let mut chain = vec![SECRET.to_owned()];
    chain.extend(pairs.iter().map(|(name, value)| format!("{name}={value}")));
    chain.push(SECRET.to_owned());
    let sum = Md5::digest(chain.join("&"));
    sum.iter().map(|byte| format!("{byte:02x}")).collect()
}

//! What a request asks for, read strictly.
//!
//! ```text
//! every request          ?botId=TEXT and {"secret":TEXT, ...}
//! /openapi/client/point  "clientIds":[ID...]                                     1 to 100 of them
//!                        "platform":PLATFORM,"platformClientIds":[ID...]         both or neither
//! /openapi/clients       ?customerId=TEXT&platform=PLATFORM&limit=1..100&offset=0..&next=TEXT
//! ID, TEXT               a string that is not blank
//! PLATFORM               line | facebook | instagram | liveChat | whatsapp
//! ```
//!
//! Fields not named here are ignored; every refusal names the field. Source: points-backends, 3.2
//! and 3.3.

use serde_json::Map;
use serde_json::Value;

use crate::sandbox::service::query_pairs;

/// The platforms there are, spelled as the document does. Source: points-backends, 3.2.
pub const PLATFORMS: [&str; 5] = ["line", "facebook", "instagram", "liveChat", "whatsapp"];

/// Most ids of one kind in a request.
const MOST: usize = 100;
/// Clients in a list that was not asked to be of another size. Source: points-backends, 3.3.
const LISTED: usize = 10;

/// Whose points are asked for.
#[derive(Debug)]
pub struct PointsAsked {
    /// By encoded id.
    pub clients: Vec<String>,
    /// By the id of a platform: which one, and the ids.
    pub platform: Option<(String, Vec<String>)>,
}

/// Which clients are asked for.
pub struct ClientsAsked {
    /// Bound to this id of the operator's.
    pub customer_id: Option<String>,
    /// Of this platform.
    pub platform: Option<String>,
    /// How many.
    pub limit: usize,
    /// How many are passed over.
    pub offset: usize,
}

/// The body's fields; `None` if it is no JSON object.
pub fn body(bytes: &[u8]) -> Option<Map<String, Value>> {
    let text = std::str::from_utf8(bytes).ok()?;
    match serde_json::from_str(text).ok()? {
        Value::Object(fields) => Some(fields),
        _ => None,
    }
}

/// The body with its secret blotted out; `None` if it is no JSON object.
pub fn without_secret(bytes: &[u8]) -> Option<String> {
    let mut fields = body(bytes)?;
    if let Some(secret) = fields.get_mut("secret") {
        *secret = Value::from("***");
    }
    Some(Value::Object(fields).to_string())
}

/// The value of a name in a query that stands exactly once and is not blank.
pub fn query(raw: &str, name: &str) -> Option<String> {
    let pairs = query_pairs(raw);
    let mut found = pairs.into_iter().filter(|(key, _)| key == name.as_bytes());
    match (found.next(), found.next()) {
        (Some((_, value)), None) => {
            let text = String::from_utf8(value).ok()?;
            (!text.trim().is_empty()).then_some(text)
        }
        _ => None,
    }
}

/// Whose points a body asks for.
pub fn points(fields: &Map<String, Value>) -> Result<PointsAsked, String> {
    let clients = ids(fields, "clientIds")?;
    let platform = match fields.get("platform") {
        None => None,
        Some(Value::String(platform)) => Some(known(platform)?.to_owned()),
        Some(_) => return Err("platform: a string is needed".to_owned()),
    };
    let of_platform = ids(fields, "platformClientIds")?;
    let platform = match (platform, of_platform) {
        (Some(platform), Some(ids)) => Some((platform, ids)),
        (None, None) => None,
        _ => return Err("platform and platformClientIds: only together".to_owned()),
    };
    if clients.is_none() && platform.is_none() {
        return Err("clientIds or platform with platformClientIds: is missing".to_owned());
    }
    Ok(PointsAsked {
        clients: clients.unwrap_or_default(),
        platform,
    })
}

/// Which clients a query asks for.
pub fn clients(raw: &str) -> Result<ClientsAsked, String> {
    let whole = |name: &str, otherwise: usize| match query(raw, name) {
        None => Ok(otherwise),
        Some(text) => text
            .parse::<usize>()
            .map_err(|_| format!("{name}: a whole number is needed")),
    };
    let limit = whole("limit", LISTED)?;
    if !(1..=MOST).contains(&limit) {
        return Err(format!("limit: must be from 1 to {MOST}"));
    }
    let platform = query(raw, "platform");
    if let Some(platform) = &platform {
        known(platform)?;
    }
    let offset = whole("offset", 0)?;
    Ok(ClientsAsked {
        customer_id: query(raw, "customerId"),
        platform,
        limit,
        // What `next` said was where the following page begins.
        offset: whole("next", offset)?,
    })
}

fn known(platform: &str) -> Result<&str, String> {
    if PLATFORMS.contains(&platform) {
        return Ok(platform);
    }
    Err(format!("platform: must be one of {}", PLATFORMS.join(", ")))
}

fn ids(fields: &Map<String, Value>, name: &str) -> Result<Option<Vec<String>>, String> {
    let list = match fields.get(name) {
        None => return Ok(None),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(format!("{name}: an array is needed")),
    };
    if !(1..=MOST).contains(&list.len()) {
        return Err(format!(
            "{name}: 1 to {MOST} ids are allowed, not {}",
            list.len()
        ));
    }
    list.iter()
        .map(|id| match id {
            Value::String(id) if !id.trim().is_empty() => Ok(id.clone()),
            _ => Err(format!("{name}: strings that are not blank are needed")),
        })
        .collect::<Result<_, _>>()
        .map(Some)
}

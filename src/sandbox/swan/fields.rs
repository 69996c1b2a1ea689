//! Check 4: what a request asks for, read strictly.
//!
//! ```text
//! GET  /points                    nothing
//! GET  /points/transaction/mine   ?startTime=MS&endTime=MS&page=N&size=N, each of them optional
//! GET  /points/transaction        the same
//! POST /points                    {"transactionId":TEXT,"userId":USER,"point":INT,"type":TEXT,"info":STRING}
//! POST /points/report             {"type":TEXT,"userId":USER,"staffId":USER,"operationId":TEXT}
//! USER  @localpart:domain
//! INT   a whole number within an int32, not quoted, not 0
//! TEXT  a string that is not blank
//! N     from 0; a size is from 1 to 100
//! ```
//!
//! Fields not named here are ignored. Every refusal names the field. Source: points-backends, 2.3.

use serde_json::Map;
use serde_json::Value;

use crate::sandbox::service::query_pairs;

/// Entries on a page that was not asked to be of another size. Source: points-backends, 2.3.2.
const SIZE: usize = 20;
/// Most entries on a page.
const MOST: usize = 100;
/// Longest user id, in bytes. Source: points-backends, 2.2.
const USER_LIMIT: usize = 255;

/// Which part of the ledger is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageAsked {
    /// The page, from 0.
    pub page: usize,
    /// Entries a page.
    pub size: usize,
    /// No entries before this moment.
    pub start_ms: Option<i64>,
    /// No entries after this moment.
    pub end_ms: Option<i64>,
}

/// One change that somebody asks for.
#[derive(Clone, Debug)]
pub struct Change {
    /// The caller's id of it.
    pub transaction_id: String,
    /// Whose points.
    pub user: String,
    /// The number sent, whatever its sign comes to mean.
    pub point: i64,
    /// Its type.
    pub kind: String,
    /// The text shown in the ledger.
    pub info: String,
}

/// One event that somebody tells of.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its type.
    pub kind: String,
    /// Who did it.
    pub user: String,
    /// Their adviser.
    pub staff: String,
    /// The caller's id of it.
    pub operation_id: String,
}

/// Whether a text has the form of a user id. Source: points-backends, 2.2.
pub fn is_user(text: &str) -> bool {
    let Some((local, domain)) = text.strip_prefix('@').and_then(|rest| rest.split_once(':')) else {
        return false;
    };
    !local.is_empty()
        && !domain.is_empty()
        && !domain.contains(':')
        && text.len() <= USER_LIMIT
        && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}

/// The part of the ledger a query asks for.
pub fn page(query: &str) -> Result<PageAsked, String> {
    let whole = |name: &str| -> Result<Option<i64>, String> {
        let pairs = query_pairs(query);
        let mut found = pairs.iter().filter(|(key, _)| key == name.as_bytes());
        let Some((_, value)) = found.next() else {
            return Ok(None);
        };
        if found.next().is_some() {
            return Err(format!("{name}: stands more than once"));
        }
        std::str::from_utf8(value)
            .ok()
            .and_then(|text| text.parse().ok())
            .map(Some)
            .ok_or_else(|| format!("{name}: a whole number is needed"))
    };
    let page = whole("page")?.unwrap_or(0);
    let size = match whole("size")? {
        Some(size) => usize::try_from(size).unwrap_or(0),
        None => SIZE,
    };
    if !(1..=MOST).contains(&size) {
        return Err(format!("size: must be from 1 to {MOST}"));
    }
    Ok(PageAsked {
        page: usize::try_from(page).map_err(|_| "page: must not be negative".to_owned())?,
        size,
        start_ms: whole("startTime")?,
        end_ms: whole("endTime")?,
    })
}

/// The change a body asks for.
pub fn change(body: &[u8]) -> Result<Change, String> {
    let fields = object(body)?;
    Ok(Change {
        transaction_id: text(&fields, "transactionId")?,
        user: user(&fields, "userId")?,
        point: fields
            .get("point")
            // A float, also a whole one, is no i64 to serde_json; neither is a string.
            .and_then(Value::as_i64)
            .filter(|point| *point != 0 && i32::try_from(*point).is_ok())
            .ok_or("point: an integer without 0 is needed")?,
        kind: text(&fields, "type")?,
        info: match fields.get("info") {
            Some(Value::String(info)) => info.clone(),
            _ => return Err("info: a string is needed".to_owned()),
        },
    })
}

/// The event a body tells of.
pub fn event(body: &[u8]) -> Result<Event, String> {
    let fields = object(body)?;
    Ok(Event {
        kind: text(&fields, "type")?,
        user: user(&fields, "userId")?,
        staff: user(&fields, "staffId")?,
        operation_id: text(&fields, "operationId")?,
    })
}

fn object(body: &[u8]) -> Result<Map<String, Value>, String> {
    let text = std::str::from_utf8(body).map_err(|_| "body: not UTF-8".to_owned())?;
    match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err("body: a JSON object is needed".to_owned()),
        Err(error) => Err(format!("body: not JSON: {error}")),
    }
}

fn text(fields: &Map<String, Value>, name: &str) -> Result<String, String> {
    match fields.get(name) {
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(text.clone()),
        _ => Err(format!("{name}: a string that is not blank is needed")),
    }
}

fn user(fields: &Map<String, Value>, name: &str) -> Result<String, String> {
    text(fields, name).and_then(|id| {
        if is_user(&id) {
            Ok(id)
        } else {
            Err(format!("{name}: must have the form @localpart:domain"))
        }
    })
}

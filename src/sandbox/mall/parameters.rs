//! Check 11: what a request asks for, read strictly.
//!
//! ```text
//! getUserPoint          ?guildId=ID&userId=ID
//! findPointRecord       ?bizId=TEXT
//! modifyUserPoint       {"guildId":ID, OPERATION}
//! batchModifyUserPoint  {"guildId":ID, "pointList":[{OPERATION}, 1 to 1000 of them]}
//! OPERATION             "bizId":TEXT, "fbLongId":ID, "point":POINT, "remark":TEXT
//! ID                    integer from 1 to 2^63 - 1, in a body neither quoted nor a float
//! POINT                 integer from -9999 to 9999 without 0
//! TEXT                  not blank, shorter than 100
//! ```
//!
//! Fields not named here are ignored. Every refusal names the field. Source: points-backends, 5.1.

use serde_json::Map;
use serde_json::Value;

use super::shapes::LengthUnit;
use crate::sandbox::service::Pair;

/// Texts are shorter than this, in the unit of choice.
const LENGTH_LIMIT: usize = 100;
/// Most entries of a batch.
const BATCH_LIMIT: usize = 1000;
/// Largest amount of one operation, either way.
const AMOUNT_LIMIT: i64 = 9999;

/// One change that somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// The caller's id of it, unique for ever.
    pub biz_id: String,
    /// The server.
    pub guild: u64,
    /// The member.
    pub user: u64,
    /// What to add; negative takes away; never 0.
    pub points: i64,
    /// The caller's words.
    pub remark: String,
}

/// The member whose balance is asked for.
pub fn balance_query(query: &[Pair]) -> Result<(u64, u64), String> {
    Ok((query_id(query, "guildId")?, query_id(query, "userId")?))
}

/// The `bizId` that is looked up.
pub fn record_query(query: &[Pair], unit: LengthUnit) -> Result<String, String> {
    let biz_id = query_text(query, "bizId")?;
    check_text(&biz_id, "bizId", unit)?;
    Ok(biz_id)
}

/// The one operation of a body.
pub fn single_body(body: &[u8], unit: LengthUnit) -> Result<Operation, String> {
    let fields = object(body)?;
    let guild = id(&fields, "", "guildId")?;
    operation(&fields, "", guild, unit)
}

/// The server and operations of a body.
pub fn batch_body(body: &[u8], unit: LengthUnit) -> Result<(u64, Vec<Operation>), String> {
    let fields = object(body)?;
    let guild = id(&fields, "", "guildId")?;
    let Some(Value::Array(entries)) = fields.get("pointList") else {
        return Err("pointList: an array is needed".to_owned());
    };
    if entries.is_empty() || entries.len() > BATCH_LIMIT {
        return Err(format!(
            "pointList: 1 to {BATCH_LIMIT} entries are allowed, not {}",
            entries.len()
        ));
    }
    let operations = entries
        .iter()
        .enumerate()
        .map(|(at, entry)| match entry {
            Value::Object(fields) => operation(fields, &format!("pointList[{at}]."), guild, unit),
            _ => Err(format!("pointList[{at}]: an object is needed")),
        })
        .collect::<Result<_, _>>()?;
    Ok((guild, operations))
}

fn object(body: &[u8]) -> Result<Map<String, Value>, String> {
    let text = std::str::from_utf8(body).map_err(|_| "body: not UTF-8".to_owned())?;
    match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err("body: a JSON object is needed".to_owned()),
        Err(error) => Err(format!("body: not JSON: {error}")),
    }
}

fn operation(
    fields: &Map<String, Value>,
    path: &str,
    guild: u64,
    unit: LengthUnit,
) -> Result<Operation, String> {
    Ok(Operation {
        biz_id: text(fields, path, "bizId", unit)?,
        guild,
        user: id(fields, path, "fbLongId")?,
        points: amount(fields, path)?,
        remark: text(fields, path, "remark", unit)?,
    })
}

fn id(fields: &Map<String, Value>, path: &str, name: &str) -> Result<u64, String> {
    fields
        .get(name)
        // A float, also a whole one, is no i64 to serde_json; neither is a string.
        .and_then(Value::as_i64)
        .and_then(|id| u64::try_from(id).ok())
        .filter(|id| *id > 0)
        .ok_or_else(|| format!("{path}{name}: an integer above 0 is needed"))
}

fn amount(fields: &Map<String, Value>, path: &str) -> Result<i64, String> {
    fields
        .get("point")
        .and_then(Value::as_i64)
        .filter(|points| *points != 0 && (-AMOUNT_LIMIT..=AMOUNT_LIMIT).contains(points))
        .ok_or_else(|| {
            format!(
                "{path}point: an integer from -{AMOUNT_LIMIT} to {AMOUNT_LIMIT} without 0 is needed"
            )
        })
}

fn text(
    fields: &Map<String, Value>,
    path: &str,
    name: &str,
    unit: LengthUnit,
) -> Result<String, String> {
    let Some(Value::String(text)) = fields.get(name) else {
        return Err(format!("{path}{name}: a string is needed"));
    };
    check_text(text, &format!("{path}{name}"), unit)?;
    Ok(text.clone())
}

fn check_text(text: &str, name: &str, unit: LengthUnit) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err(format!("{name}: must not be blank"));
    }
    let length = unit.length(text);
    if length >= LENGTH_LIMIT {
        return Err(format!(
            "{name}: must be shorter than {LENGTH_LIMIT}, is {length}"
        ));
    }
    Ok(())
}

fn query_id(query: &[Pair], name: &str) -> Result<u64, String> {
    let digits = query_text(query, name)?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("{name}: an integer above 0 is needed"));
    }
    digits
        .parse::<i64>()
        .ok()
        .and_then(|id| u64::try_from(id).ok())
        .filter(|id| *id > 0)
        .ok_or_else(|| format!("{name}: an integer above 0 is needed"))
}

/// The value of a name that stands exactly once: which of two would count is not documented.
fn query_text(query: &[Pair], name: &str) -> Result<String, String> {
    let mut values = query
        .iter()
        .filter(|(found, _)| found == name.as_bytes())
        .map(|(_, value)| value);
    match (values.next(), values.next()) {
        (Some(value), None) => {
            String::from_utf8(value.clone()).map_err(|_| format!("{name}: not UTF-8"))
        }
        (None, _) => Err(format!("{name}: is missing")),
        (Some(_), Some(_)) => Err(format!("{name}: stands more than once")),
    }
}

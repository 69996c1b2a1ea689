//! What an answer means for the accounts that were asked for.
//!
//! Source: points-backends, 3.2 and 3.4. Codes are MantaGO's own: the mall uses 60001 for something
//! else, so this table is nobody else's.

use std::collections::HashMap;

use serde_json::Map;
use serde_json::Value;

use super::answer::Answer;
use super::answer::Refusal;
use super::list::Kind;
use super::list::List;
use crate::journal::Refused;
use crate::model::refusal::PointsRefusal;
use crate::points::mall::value::integer;

/// Codes of MantaGO (source: points-backends, 3.4).
pub(super) mod code {
    /// Wrong token or secret, or a plan without the Open API.
    pub const DENIED: i64 = 1_002;
    /// The token is invalid or expired.
    pub const TOKEN: i64 = 1_004;
    /// No such bot.
    pub const NO_SUCH_BOT: i64 = 5_001;
    /// A client could not be found.
    pub const NO_CLIENT: i64 = 37_011;
    /// Something is missing in the body.
    pub const INCOMPLETE: i64 = 110_000;
    /// The pair was renewed, and this is the old one.
    pub const RENEWED: i64 = 120_000;
}

/// What was found of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Its points.
    Points(i64),
    /// The answer leaves it out.
    Missing,
    /// The answer names it, or may name it, in a way that cannot be read.
    Unreadable,
}

/// What a refusal means to people.
pub(super) fn refusal(refusal: &Refusal) -> PointsRefusal {
    match refusal.code {
        Some(code::NO_CLIENT) => return PointsRefusal::NoAccount,
        Some(code::TOKEN | code::DENIED | code::NO_SUCH_BOT | code::INCOMPLETE | code::RENEWED) => {
            return PointsRefusal::NoAccess;
        }
        // Of other codes the status says more.
        _ => {}
    }
    match refusal.status {
        401 | 403 | 404 => PointsRefusal::NoAccess,
        429 => PointsRefusal::TooFast,
        _ => PointsRefusal::Unavailable,
    }
}

/// Whether a pair that was put in place meanwhile may help.
pub(super) fn concerns_pair(refusal: &Refusal) -> bool {
    match refusal.code {
        Some(code::TOKEN | code::DENIED | code::RENEWED) => true,
        Some(code::NO_SUCH_BOT | code::NO_CLIENT | code::INCOMPLETE) => false,
        _ => matches!(refusal.status, 401 | 403),
    }
}

/// Why nothing was learnt; `None` where the answer is a success.
pub(super) fn refused(answer: &Answer) -> Option<Refused> {
    Some(match answer {
        Answer::Well(_) => return None,
        Answer::Refused(refused) => Refused {
            meaning: refusal(refused),
            code: Some(refused.code.unwrap_or(i64::from(refused.status))),
            text: refused.text.clone(),
        },
        Answer::Unclear { status, seen } => Refused {
            meaning: PointsRefusal::Unavailable,
            code: status.map(i64::from),
            text: seen.clone(),
        },
        Answer::NotSent { seen } => Refused {
            meaning: PointsRefusal::Unavailable,
            code: None,
            text: seen.clone(),
        },
    })
}

/// What a success says of every account of `list`, in the order of its accounts.
pub(super) fn found(fields: &Map<String, Value>, list: &List) -> Vec<Found> {
    let count = list.len();
    let entries = match fields.get("points") {
        None | Some(Value::Null) => {
            tracing::warn!("a success of MantaGO without `points`: it is taken as an empty list");
            return vec![Found::Missing; count];
        }
        Some(Value::Array(entries)) => entries,
        Some(_) => {
            tracing::warn!("a success of MantaGO whose `points` is no list");
            return vec![Found::Unreadable; count];
        }
    };
    let (platform, _) = list.on_platform();
    let mut said: HashMap<(Kind, String), Found> = HashMap::with_capacity(entries.len());
    let mut nameless = 0_usize;
    for entry in entries {
        let names = entry.as_object().map(|entry| names(entry, platform));
        match (entry.as_object(), names) {
            (Some(entry), Some(names)) if !names.is_empty() => {
                let points = entry.get("points").and_then(integer);
                let found = points.map_or(Found::Unreadable, Found::Points);
                for (kind, id) in names {
                    let known = said.entry((kind, id)).or_insert_with(|| found.clone());
                    // Twice with different points: nobody can tell which counts.
                    if *known != found {
                        *known = Found::Unreadable;
                    }
                }
            }
            _ => nameless += 1,
        }
    }
    if nameless > 0 {
        tracing::warn!(
            nameless,
            "entries of MantaGO that name nobody who can be read"
        );
    }
    // Whoever is left out may be the one that could not be read.
    let left_out = match nameless {
        0 => Found::Missing,
        _ => Found::Unreadable,
    };
    list.accounts()
        .map(|(kind, account)| {
            let said = said.remove(&(kind, account.id().to_owned()));
            said.unwrap_or_else(|| left_out.clone())
        })
        .collect()
}

/// Whom an entry is about, by every id it names. One of another platform than was asked for is nobody
/// who was asked for, whatever its id.
fn names(entry: &Map<String, Value>, platform: &'static str) -> Vec<(Kind, String)> {
    let encoded = entry.get("clientId").and_then(id);
    let on_platform = entry.get("platformClientId").and_then(id);
    let kind = match entry.get("platform").and_then(Value::as_str) {
        // Not said: a request asks for one platform only.
        None => Kind::On(platform),
        Some(said) if said.eq_ignore_ascii_case(platform) => Kind::On(platform),
        Some(_) => Kind::On(""),
    };
    let encoded = encoded.map(|id| (Kind::Encoded, id));
    let on_platform = on_platform.map(|id| (kind, id));
    encoded.into_iter().chain(on_platform).collect()
}

/// An id is text; digits of some platforms may come as a number. A float is none.
fn id(value: &Value) -> Option<String> {
    match value {
        Value::String(id) if !id.is_empty() => Some(id.clone()),
        Value::Number(number) => {
            let digits = number.as_u64().map(|digits| digits.to_string());
            digits.or_else(|| number.as_i64().map(|digits| digits.to_string()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;

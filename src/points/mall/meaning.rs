//! What an answer of the mall means for points.
//!
//! Source: points-backends, 1.5 to 1.8. Codes are the mall's own: other systems use the same numbers
//! for other things, so this table is nobody else's.

use std::collections::HashMap;

use serde_json::Map;
use serde_json::Value;

use super::answer::Answer;
use super::answer::Envelope;
use super::value::id;
use super::value::integer;
use super::value::is_empty;
use super::value::text;
use crate::journal::Refused;
use crate::model::Amount;
use crate::model::OpId;
use crate::model::UserId;
use crate::model::refusal::PointsRefusal;
use crate::points::Doubt;
use crate::points::DoubtKind;
use crate::points::LookupError;
use crate::points::Record;
use crate::points::Verdict;

/// Codes of the mall (source: points-backends, 1.6).
pub(super) mod code {
    /// Done.
    pub const SUCCESS: i64 = 0;
    /// Illegal guild id.
    pub const NO_SUCH_GUILD: i64 = 1_018;
    /// The points do not suffice; the published title says "adding" even for a deduction.
    pub const INSUFFICIENT: i64 = 30_001;
    /// No such user, not in that guild, or never used the mall.
    pub const NO_ACCOUNT: i64 = 50_000;
    /// The app is banned everywhere.
    pub const BANNED: i64 = 60_000;
    /// The app is not switched on in this guild.
    pub const NOT_ENABLED: i64 = 60_001;
    /// No such app, or its parameters are wrong.
    pub const NO_SUCH_APP: i64 = 60_004;
    /// The bizId was used before.
    pub const USED_BEFORE: i64 = 60_006;
}

/// The verdict on one change.
pub(super) fn change(answer: Answer) -> Verdict {
    match answer {
        Answer::Envelope(envelope) => single(envelope),
        other => without_envelope(other),
    }
}

/// The verdicts on the changes of a batch, in the order in which `members` were sent.
///
/// `members` must all differ. Source: points-backends, 1.8.
pub(super) fn changes(answer: Answer, members: &[UserId]) -> Vec<Verdict> {
    let verdict = match answer {
        Answer::Envelope(envelope) if envelope.code == code::SUCCESS => {
            return matched(&envelope.data, members)
                .unwrap_or_else(|seen| vec![lost(None, seen.to_owned()); members.len()]);
        }
        Answer::Envelope(envelope) => match envelope.code {
            code::BANNED | code::NOT_ENABLED | code::NO_SUCH_APP | code::NO_SUCH_GUILD
                if envelope.is_bare() =>
            {
                by_code(envelope.code, envelope.text)
            }
            // Said of the batch as a whole: what it means for one entry only a look-up can tell.
            code => lost(Some(code), envelope.text),
        },
        other => without_envelope(other),
    };
    vec![verdict; members.len()]
}

/// The balance in points.
pub(super) fn balance(answer: Answer) -> Result<i64, Refused> {
    let refused = |meaning, code: Option<i64>, text: String| Refused {
        meaning,
        code,
        text,
    };
    match answer {
        Answer::Envelope(Envelope { code, text, data }) => {
            let meaning = match code {
                code::SUCCESS if data.is_null() => PointsRefusal::NoAccount,
                code::SUCCESS => {
                    return data.get("point").and_then(integer).ok_or_else(|| {
                        let seen = "an answer without a readable `point`".to_owned();
                        refused(PointsRefusal::Unavailable, None, seen)
                    });
                }
                code::NOT_ENABLED => PointsRefusal::NotEnabledHere,
                code::NO_ACCOUNT => PointsRefusal::NoAccount,
                code::BANNED | code::NO_SUCH_APP | code::NO_SUCH_GUILD => PointsRefusal::NoAccess,
                _ => PointsRefusal::Unavailable,
            };
            Err(refused(meaning, Some(code), text))
        }
        Answer::AccessRefused { status: 401, text } => {
            Err(refused(PointsRefusal::Connection, Some(401), text))
        }
        Answer::AccessRefused { status, text } => Err(refused(
            PointsRefusal::NoAccess,
            Some(i64::from(status)),
            text,
        )),
        Answer::Missing { text } => Err(refused(PointsRefusal::NoAccess, Some(404), text)),
        Answer::TooFast { text, .. } => Err(refused(PointsRefusal::TooFast, Some(429), text)),
        Answer::Unclear { status, seen } => Err(refused(
            PointsRefusal::Unavailable,
            status.map(i64::from),
            seen,
        )),
        Answer::NotSent { seen } => Err(refused(PointsRefusal::Unavailable, None, seen)),
    }
}

/// What the mall has under `op`.
pub(super) fn record(answer: Answer, op: &OpId) -> Result<Record, LookupError> {
    let nothing = |text: String| Err(LookupError::NoInformation { text });
    match answer {
        Answer::Envelope(Envelope { code, text, data }) => match code {
            code::SUCCESS => found(&data, op),
            code::BANNED | code::NO_SUCH_APP => Err(LookupError::AccessRefused {
                code: Some(code),
                text,
            }),
            code => nothing(format!("code {code}: {text}")),
        },
        Answer::AccessRefused { status, text } => Err(LookupError::AccessRefused {
            code: Some(i64::from(status)),
            text,
        }),
        Answer::Missing { .. } => Err(LookupError::Missing),
        Answer::TooFast { text, .. } => nothing(format!("status 429: {text}")),
        Answer::Unclear { seen, .. } | Answer::NotSent { seen } => nothing(seen),
    }
}

fn found(data: &Value, op: &OpId) -> Result<Record, LookupError> {
    let nothing = |text: &str| {
        Err(LookupError::NoInformation {
            text: text.to_owned(),
        })
    };
    let fields = match data {
        data if is_empty(data) => return Ok(Record::Unused),
        Value::Object(fields) => fields,
        _ => return nothing("a record that is no JSON object"),
    };
    match fields.get("bizId").filter(|id| !is_empty(id)) {
        None => Ok(Record::Unused),
        // Someone else's record under our id says nothing about ours.
        Some(id) if id.as_str() != Some(op.as_str()) => nothing("a record under another id"),
        Some(_) => match fields.get("point").and_then(integer) {
            // A number that is no amount is another change; no number at all is no news.
            Some(points) => Ok(Record::Found {
                member: fields.get("fbLongId").and_then(id).map(UserId::new),
                amount: Amount::new(points).ok(),
            }),
            None => nothing("a record without a readable `point`"),
        },
    }
}

/// The verdict of a whole answer on one change: both codes have to be 0.
fn single(envelope: Envelope) -> Verdict {
    if envelope.code != code::SUCCESS {
        if let Some(inner) = envelope.data.get("code").and_then(integer)
            && inner != code::SUCCESS
            && inner != envelope.code
        {
            tracing::warn!(
                outer = envelope.code,
                inner,
                "the mall gave two codes for one change; the outer one counts"
            );
        }
        return by_code(envelope.code, envelope.text);
    }
    match &envelope.data {
        Value::Null => Verdict::Applied,
        Value::Object(fields) => inner(fields, Some(code::SUCCESS)),
        _ => lost(None, "an answer whose `data` is no JSON object".to_owned()),
    }
}

/// The verdict of an inner code; `absent` is the code its absence counts as, if any.
fn inner(fields: &Map<String, Value>, absent: Option<i64>) -> Verdict {
    match fields.get("code").map_or(absent, integer) {
        Some(code) => by_code(code, text(fields)),
        None => lost(None, "an answer without a usable inner `code`".to_owned()),
    }
}

fn by_code(code: i64, text: String) -> Verdict {
    let meaning = match code {
        code::SUCCESS => return Verdict::Applied,
        code::INSUFFICIENT => PointsRefusal::Insufficient,
        code::NO_ACCOUNT => PointsRefusal::NoAccount,
        code::NOT_ENABLED => PointsRefusal::NotEnabledHere,
        code::BANNED | code::NO_SUCH_APP | code::NO_SUCH_GUILD => PointsRefusal::NoAccess,
        code::USED_BEFORE => return doubt(DoubtKind::Duplicate, Some(code), text),
        // 60005 mixes "does not exist" with "internal error"; of the others nothing is known.
        _ => return doubt(DoubtKind::Declined, Some(code), text),
    };
    Verdict::Refused(Refused {
        meaning,
        code: Some(code),
        text,
    })
}

fn without_envelope(answer: Answer) -> Verdict {
    match answer {
        Answer::Envelope(envelope) => by_code(envelope.code, envelope.text),
        Answer::AccessRefused { status, text } => {
            doubt(DoubtKind::AccessRefused, Some(i64::from(status)), text)
        }
        Answer::Missing { text } => Verdict::Refused(Refused {
            meaning: PointsRefusal::NoAccess,
            code: Some(404),
            text,
        }),
        Answer::TooFast { retry_after, text } => {
            doubt(DoubtKind::TooFast { retry_after }, Some(429), text)
        }
        Answer::Unclear { status, seen } => lost(status.map(i64::from), seen),
        Answer::NotSent { seen } => Verdict::NotSent(seen),
    }
}

fn lost(code: Option<i64>, text: String) -> Verdict {
    doubt(DoubtKind::Lost, code, text)
}

fn doubt(kind: DoubtKind, code: Option<i64>, text: String) -> Verdict {
    Verdict::Unknown(Doubt { kind, code, text })
}

/// Matches the results of a batch with its entries: by member, since results carry no id.
fn matched(data: &Value, members: &[UserId]) -> Result<Vec<Verdict>, &'static str> {
    // The published table says one object, the published example is an array.
    let items = match data {
        Value::Array(items) => items.as_slice(),
        Value::Object(_) => std::slice::from_ref(data),
        _ => return Err("a batch answer without results"),
    };
    if items.len() != members.len() {
        return Err("another number of results than of entries");
    }
    let items: Vec<&Map<String, Value>> = items
        .iter()
        .map(Value::as_object)
        .collect::<Option<_>>()
        .ok_or("a result that is no JSON object")?;
    // Absence is no success here: the outer code speaks of the batch, not of this entry.
    let verdict = |fields: &Map<String, Value>| inner(fields, None);

    let ids: Option<Vec<UserId>> = items
        .iter()
        .map(|fields| fields.get("fbLongId").and_then(id).map(UserId::new))
        .collect();
    let Some(ids) = ids else {
        let codes: Vec<_> = items
            .iter()
            .map(|fields| fields.get("code").and_then(integer))
            .collect();
        let all_equal = codes.iter().all(|code| code.is_some() && *code == codes[0]);
        return if all_equal {
            Ok(items.into_iter().map(verdict).collect())
        } else {
            Err("results whose ids cannot be read")
        };
    };
    let mut by_member: HashMap<UserId, &Map<String, Value>> = ids.into_iter().zip(items).collect();
    members
        .iter()
        .map(|member| by_member.remove(member).map(verdict))
        .collect::<Option<_>>()
        .ok_or("results for other members than were asked for")
}

#[cfg(test)]
mod tests;

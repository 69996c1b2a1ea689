//! How a fault changes an answer that was right. Source: points-backends, 5.4.

use super::answer::Answer;
use super::answer::AnswerBody;
use super::answer::Json;
use crate::sandbox::fault::FaultKind;
use crate::sandbox::fault::Malformed;
use crate::sandbox::fault::OddCode;

/// Names under which ids stand in answers; those that are no numbers stay as they are.
const ID_FIELDS: [&str; 5] = ["guildId", "fbLongId", "userId", "id", "detailId"];
/// Names under which balances and amounts stand.
const POINT_FIELDS: [&str; 3] = ["point", "points", "balance"];
/// Names under which result codes stand.
const CODE_FIELDS: [&str; 2] = ["code", "errcode"];
/// Names under which a list of results can stand.
const RESULT_FIELDS: [&str; 4] = ["data", "points", "transaction", "content"];

/// Changes the fields of an answer as the fault wants; other faults leave it alone.
pub fn fields(answer: &mut Answer, fault: &FaultKind) {
    let AnswerBody::Json(envelope) = &mut answer.body else {
        return;
    };
    match fault {
        FaultKind::OddCode { form } => odd_code(envelope, *form),
        FaultKind::IdsAsFloat => each_field(envelope, &mut |name, value| {
            if ID_FIELDS.contains(&name) {
                float(value);
            }
        }),
        FaultKind::PointsAsString => each_field(envelope, &mut |name, value| {
            if let (true, Json::Number(points)) = (POINT_FIELDS.contains(&name), &*value) {
                *value = Json::text(points.to_string());
            }
        }),
        FaultKind::ExtraAndReorderedFields => extra_and_reordered(envelope),
        FaultKind::BatchTruncate { n } => {
            if let Some(results) = batch_results(envelope) {
                results.truncate(results.len().saturating_sub(*n));
            }
        }
        FaultKind::BatchExtra { n } => {
            if let Some(results) = batch_results(envelope)
                && let Some(last) = results.last().cloned()
            {
                results.extend(std::iter::repeat_n(last, *n));
            }
        }
        _ => {}
    }
}

/// The bytes of a body that is no JSON any more.
pub fn broken(mut body: Vec<u8>, form: Malformed) -> Vec<u8> {
    let middle = body.len() / 2;
    match form {
        Malformed::Cut => body.truncate(middle),
        Malformed::NotUtf8 => body.insert(middle, 0xff),
    }
    body
}

/// The mall has its code on top, Manta one level below, and only when it refuses.
fn odd_code(envelope: &mut Json, form: OddCode) {
    let Json::Object(fields) = envelope else {
        return;
    };
    let on_top = fields.iter().any(|(name, _)| CODE_FIELDS.contains(name));
    if !on_top {
        for (name, value) in fields {
            if *name == "errResponse" {
                odd_code(value, form);
            }
        }
        return;
    }
    if form == OddCode::Missing {
        fields.retain(|(name, _)| !CODE_FIELDS.contains(name));
        return;
    }
    for (_, value) in fields
        .iter_mut()
        .filter(|(name, _)| CODE_FIELDS.contains(name))
    {
        *value = match (form, &*value) {
            (OddCode::String, Json::Number(code)) => Json::text(code.to_string()),
            (OddCode::String, Json::Text(code)) => Json::text(code),
            _ => Json::Null,
        };
    }
}

/// Visits every field at every depth.
fn each_field(json: &mut Json, visit: &mut impl FnMut(&str, &mut Json)) {
    match json {
        Json::Object(fields) => {
            for (name, value) in fields {
                visit(name, value);
                each_field(value, visit);
            }
        }
        Json::List(items) => {
            for item in items {
                each_field(item, visit);
            }
        }
        _ => {}
    }
}

/// What a careless server does to an id: its last digits are gone.
fn float(value: &mut Json) {
    let exact = match &*value {
        Json::Number(id) => Some(*id),
        Json::Text(id) => id.parse().ok(),
        _ => None,
    };
    if let Some(exact) = exact {
        *value = Json::Float(exact as f64);
    }
}

fn extra_and_reordered(json: &mut Json) {
    match json {
        Json::Object(fields) => {
            for (_, value) in fields.iter_mut() {
                extra_and_reordered(value);
            }
            // An empty object means "unused" in a look-up and must stay empty.
            if !fields.is_empty() {
                fields.reverse();
                fields.insert(0, ("traceId", Json::text("0f3c")));
                let nested = Json::Object(vec![("code", Json::Number(7)), ("list", Json::Null)]);
                fields.push(("extra", nested));
            }
        }
        Json::List(items) => items.iter_mut().for_each(extra_and_reordered),
        _ => {}
    }
}

/// The first list of results; Swan's stands in an object of the same name.
fn batch_results(envelope: &mut Json) -> Option<&mut Vec<Json>> {
    let Json::Object(fields) = envelope else {
        return None;
    };
    fields
        .iter_mut()
        .filter(|(name, _)| RESULT_FIELDS.contains(name))
        .find_map(|(_, value)| match value {
            Json::List(results) => Some(results),
            nested => batch_results(nested),
        })
}

//! Values of the mall's JSON, read without ever rounding.
//!
//! Source: points-backends, 1.4. Ids are strings in one reply and numbers in the others; a float is
//! no id, no code and no amount.

use serde_json::Map;
use serde_json::Value;

/// Whether `value` is one of the forms of "empty": null, `{}`, `[]`, `""`.
pub(super) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(fields) => fields.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::String(text) => text.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// An integer given as a number or in decimal digits; a float is none.
pub(super) fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(digits) if !digits.starts_with('+') => digits.parse().ok(),
        _ => None,
    }
}

/// An id given as a number or in decimal digits; a float is none.
pub(super) fn id(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(digits) if !digits.starts_with('+') => digits.parse().ok(),
        _ => None,
    }
}

/// The first of the fields for a text that says anything, made fit for one line of a log.
pub(super) fn text(fields: &Map<String, Value>) -> String {
    let said = TEXTS
        .iter()
        .filter_map(|name| fields.get(*name)?.as_str())
        .map(str::trim)
        .find(|text| !text.is_empty())
        .unwrap_or_default();
    said.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(LONGEST_TEXT)
        .collect()
}

/// The names a text goes by, outside and inside, here and at the gateway (points-backends, 1.4).
const TEXTS: [&str; 4] = ["msg", "message", "desc", "error"];

/// Longest text taken over, in characters: enough for staff, too little to flood a chat or a log.
const LONGEST_TEXT: usize = 200;

/// Blots the secrets out of every text in `value`: a gateway may print the string it would have signed; that must not reach a log or a chat.
pub(super) fn blot(value: &mut Value, secrets: &[&str]) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                match field {
                    Value::String(text) if TEXTS.contains(&name.as_str()) => {
                        for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
                            *text = text.replace(secret, "<secret>");
                        }
                    }
                    field => blot(field, secrets),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| blot(item, secrets)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ids_are_exact_or_unusable() {
        assert_eq!(id(&json!(223456789012345677_u64)), Some(223456789012345677));
        assert_eq!(id(&json!("223456789012345677")), Some(223456789012345677));
        assert_eq!(id(&json!(u64::MAX)), Some(u64::MAX));
        for unusable in [
            "2.2345678901234568e17",
            "123.0",
            "-1",
            "\"12a\"",
            "\"\"",
            "null",
        ] {
            let value: Value = serde_json::from_str(unusable).unwrap();
            assert_eq!(id(&value), None, "{unusable}");
        }
    }
}

//! Values of the mall's JSON, read without ever rounding.
//!
//! Source: points-backends, 1.4. Ids are strings in one reply and numbers in the others; a float is
//! no id, no code and no amount.

use std::fmt;

use serde::Deserialize;
use serde::Deserializer;
use serde::de;
use serde_json::Map;
use serde_json::Value;

/// The JSON of a whole body; `None` where it is none, or where an object says something twice.
///
/// Two codes under one name are no answer: readers differ in which of them they believe.
pub(in crate::points) fn whole(body: &[u8]) -> Option<Value> {
    let Exact(value) = serde_json::from_slice(body).ok()?;
    Some(value)
}

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
pub(in crate::points) fn integer(value: &Value) -> Option<i64> {
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
pub(in crate::points) fn text(fields: &Map<String, Value>) -> String {
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
pub(in crate::points) fn blot(value: &mut Value, secrets: &[&str]) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                match field {
                    Value::String(text) if TEXTS.contains(&name.as_str()) => {
                        for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
                            // Nearly every text is shorter than a secret.
                            if text.len() >= secret.len() {
                                *text = text.replace(secret, "<secret>");
                            }
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

/// A value made of what was written and nothing else. `Value`'s own reading keeps the last of two equal
/// names, and takes an object with a certain private name for JSON packed in a string: by either, an
/// answer without a plain `code` could come out as a success.
struct Exact(Value);

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ExactVisitor).map(Self)
    }
}

struct ExactVisitor;

impl<'de> de::Visitor<'de> for ExactVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON that says nothing twice")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(truth.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Exact(item)) = list.next_element()? {
            items.push(item);
        }
        Ok(items.into())
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some((name, Exact(field))) = object.next_entry::<String, Exact>()? {
            if fields.insert(name, field).is_some() {
                return Err(de::Error::custom("a name stands twice"));
            }
        }
        Ok(fields.into())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_body_is_read_as_it_stands_or_not_at_all() {
        let body = r#"{"a":[null,true,-1,18446744073709551615,0.5,"x"],"b":{"a":{}}}"#;
        let ordinary: Value = serde_json::from_str(body).unwrap();
        assert_eq!(whole(body.as_bytes()), Some(ordinary));
        for twice in [r#"{"code":1,"code":0}"#, r#"[{"a":{"b":1,"\u0062":1}}]"#] {
            assert_eq!(whole(twice.as_bytes()), None, "{twice}");
        }
        // A name that JSON libraries use among themselves is a name like any other.
        let packed = whole(br#"{"$serde_json::private::RawValue":"0"}"#).unwrap();
        assert_eq!(packed["$serde_json::private::RawValue"], "0");
        assert_eq!(integer(&packed), None);
        assert_eq!(whole("[".repeat(100_000).as_bytes()), None);
    }

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

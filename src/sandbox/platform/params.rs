//! Parameters of a Bot API call, from a query, a JSON body, a form or a multipart form.
//!
//! The label of the body is not trusted, since a client in use labels JSON as a form. Ids may be
//! numbers or strings except where the real server is known to insist, or where the strict switch
//! is on; in forms everything is text. Source: fanbook-platform, 1.1, 1.4 and 8.

use serde_json::Map;
use serde_json::Value;

use super::refusal::Refusal;

/// How an id is documented to arrive.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Documented {
    /// As a JSON number.
    Number,
    /// As a JSON string.
    Text,
}

/// The parameters of one call.
pub struct Params {
    values: Map<String, Value>,
    /// Everything arrived as text.
    is_form: bool,
    /// Ids must have their documented type.
    strict: bool,
}

impl Params {
    /// Reads a body, whatever it calls itself, on top of the query.
    pub fn read(
        query: &str,
        content_type: &str,
        body: &[u8],
        strict: bool,
    ) -> Result<Self, Refusal> {
        let mut values = pairs(query.as_bytes());
        let mut is_form = true;
        // Some clients write `null` where there is nothing to say.
        let trimmed = Some(body.trim_ascii())
            .filter(|text| *text != b"null")
            .unwrap_or_default();
        if trimmed.first() == Some(&b'{') {
            let Value::Object(object) =
                serde_json::from_slice(trimmed).map_err(|_| Refusal::body())?
            else {
                return Err(Refusal::body());
            };
            is_form = object.is_empty();
            values.extend(object);
        } else if let Some(boundary) = boundary(content_type) {
            values.extend(multipart(body, boundary));
        } else if content_type.contains("json") && !trimmed.is_empty() {
            return Err(Refusal::body());
        } else {
            values.extend(pairs(trimmed));
        }
        Ok(Self {
            values,
            is_form,
            strict,
        })
    }

    /// A value as it came; null counts as absent.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.values.get(name).filter(|value| !value.is_null())
    }

    /// A text; absent if empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.value(name)?.as_str().filter(|text| !text.is_empty())
    }

    /// A value with structure, which forms and some clients send as JSON text.
    pub fn structure(&self, name: &str) -> Option<Value> {
        match self.value(name)? {
            Value::String(text) => serde_json::from_str(text).ok(),
            value => Some(value.clone()),
        }
    }

    /// A yes or no; absent is no.
    pub fn flag(&self, name: &str) -> bool {
        match self.value(name) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::Number(number)) => number.as_u64() == Some(1),
            Some(Value::String(text)) => matches!(text.as_str(), "true" | "1"),
            _ => false,
        }
    }

    /// A count, as a number or as digits.
    pub fn count(&self, name: &str) -> Option<u64> {
        let value = self.value(name)?;
        value.as_u64().or_else(|| digits(value.as_str()?))
    }

    /// An id that is documented as a number; absent or 0 is none.
    pub fn number(&self, name: &str) -> Result<Option<u64>, Refusal> {
        self.id(name, Documented::Number, self.strict)
    }

    /// An id that is documented as a number and must be there.
    pub fn need_number(&self, name: &str) -> Result<u64, Refusal> {
        self.number(name)?.ok_or_else(|| Refusal::parameter(name))
    }

    /// An id that the real server refuses unless it is a number.
    pub fn need_strict_number(&self, name: &str) -> Result<u64, Refusal> {
        self.id(name, Documented::Number, true)?
            .ok_or_else(|| Refusal::parameter(name))
    }

    /// An id that is documented as a string; absent or empty is none.
    pub fn string(&self, name: &str) -> Result<Option<u64>, Refusal> {
        self.id(name, Documented::Text, self.strict)
    }

    /// An id that is documented as a string and must be there.
    pub fn need_string(&self, name: &str) -> Result<u64, Refusal> {
        self.string(name)?.ok_or_else(|| Refusal::parameter(name))
    }

    /// A list of ids, numbers or strings; absent is none.
    pub fn ids(&self, name: &str) -> Result<Option<Vec<u64>>, Refusal> {
        let Some(value) = self.structure(name) else {
            return Ok(None);
        };
        let list = value.as_array().ok_or_else(|| Refusal::parameter(name))?;
        list.iter()
            .map(|item| read_id(item).ok_or_else(|| Refusal::parameter(name)))
            .collect::<Result<_, _>>()
            .map(Some)
    }

    fn id(&self, name: &str, documented: Documented, strict: bool) -> Result<Option<u64>, Refusal> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        if value.as_str() == Some("") {
            return Ok(None);
        }
        let arrived = if value.is_string() {
            Documented::Text
        } else {
            Documented::Number
        };
        if strict && !self.is_form && arrived != documented {
            return Err(Refusal::body());
        }
        let id = read_id(value).ok_or_else(|| Refusal::parameter(name))?;
        Ok(Some(id).filter(|id| *id != 0))
    }
}

/// An id as a number or as a string of digits.
pub fn read_id(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| digits(value.as_str()?))
}

fn digits(text: &str) -> Option<u64> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())?
}

/// Pairs of a query or a form.
fn pairs(text: &[u8]) -> Map<String, Value> {
    let mut values = Map::new();
    for pair in text
        .split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
    {
        let at = pair
            .iter()
            .position(|byte| *byte == b'=')
            .unwrap_or(pair.len());
        let value = pair.get(at + 1..).unwrap_or_default();
        values.insert(unescaped(&pair[..at]), Value::String(unescaped(value)));
    }
    values
}

fn unescaped(text: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = (byte == b'%')
            .then(|| after.get(..2))
            .flatten()
            .and_then(hex_byte);
        match (byte, escaped) {
            (_, Some(decoded)) => {
                bytes.push(decoded);
                rest = &after[2..];
                continue;
            }
            (b'+', None) => bytes.push(b' '),
            (_, None) => bytes.push(byte),
        }
        rest = after;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex_byte(digits: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(digits[0])? * 16 + digit(digits[1])?).ok()
}

fn boundary(content_type: &str) -> Option<&str> {
    let (kind, rest) = content_type.split_once("boundary=")?;
    kind.trim_start()
        .starts_with("multipart/form-data")
        .then(|| rest.split(';').next().unwrap_or_default().trim_matches('"'))
}

/// The named text parts of a multipart body; parts with anything else are ignored, as unknown
/// fields are.
fn multipart(body: &[u8], boundary: &str) -> Map<String, Value> {
    let text = String::from_utf8_lossy(body);
    let mut values = Map::new();
    for part in text.split(&format!("--{boundary}")) {
        let Some((head, value)) = part.split_once("\r\n\r\n") else {
            continue;
        };
        let Some((_, rest)) = head.split_once(" name=\"") else {
            continue;
        };
        if let Some((name, _)) = rest.split_once('"') {
            let value = value.strip_suffix("\r\n").unwrap_or(value);
            values.insert(name.to_owned(), Value::String(value.to_owned()));
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content_type: &str, body: &str, strict: bool) -> Params {
        Params::read("", content_type, body.as_bytes(), strict).unwrap()
    }

    #[test]
    fn json_labelled_as_a_form_is_still_json() {
        let params = read(
            "application/x-www-form-urlencoded",
            r#"{"channel_id":"779205684095913987","size":3}"#,
            false,
        );
        assert_eq!(
            params.need_string("channel_id"),
            Ok(779_205_684_095_913_987)
        );
        assert_eq!(params.count("size"), Some(3));
    }

    #[test]
    fn forms_carry_numbers_as_text_even_where_numbers_are_demanded() {
        let params = read(
            "",
            "guild_id=779205684095913987&query=%E5%B0%8F+%2B&x=100%",
            true,
        );
        assert_eq!(
            params.need_strict_number("guild_id"),
            Ok(779_205_684_095_913_987)
        );
        assert_eq!(params.text("query"), Some("小 +"));
        assert_eq!(params.text("x"), Some("100%"));
        let params = read(
            "multipart/form-data; boundary=xx",
            "--xx\r\nContent-Disposition: form-data; name=\"guild_id\"\r\n\r\n42\r\n--xx--\r\n",
            false,
        );
        assert_eq!(params.need_number("guild_id"), Ok(42));
    }

    #[test]
    fn a_string_id_is_refused_where_the_server_insists() {
        let params = read(
            "application/json",
            r#"{"guild_id":"42","user_id":43}"#,
            false,
        );
        assert_eq!(params.need_strict_number("guild_id"), Err(Refusal::body()));
        assert_eq!(params.need_number("guild_id"), Ok(42));
        assert_eq!(params.need_string("user_id"), Ok(43));
        let strict = read(
            "application/json",
            r#"{"guild_id":"42","user_id":43}"#,
            true,
        );
        assert_eq!(strict.need_number("guild_id"), Err(Refusal::body()));
        assert_eq!(strict.need_string("user_id"), Err(Refusal::body()));
        assert!(
            read("", r#"{"chat_id":7.5}"#, false)
                .number("chat_id")
                .is_err()
        );
    }
}

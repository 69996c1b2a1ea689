//! What a bot sends, turned into the content object that is kept.
//!
//! Plain text becomes a text object; a JSON object of a known kind is taken as content, with or
//! without `parse_mode`, as the real server does. Source: fanbook-platform, 4.1, 4.4 and 4.5.

use serde_json::Value;

use super::refusal::Refusal;

/// The longest text, in bytes. Source: fanbook-platform, 4.1.
const LONGEST: usize = 150_000;

/// Kinds of content a bot may send.
const KINDS: &[&str] = &[
    "text",
    "richText",
    "image",
    "video",
    "voice",
    "messageCard",
    "task",
    "leaderboard",
    "team",
];

/// A content object ready to be kept.
#[derive(Debug, PartialEq, Eq)]
pub struct Content {
    /// The object as JSON text.
    pub json: String,
    /// The hint about it, for texts.
    pub content_type: Option<i64>,
}

impl Content {
    /// Plain text.
    pub fn plain(text: &str, content_type: i64) -> Self {
        let quoted = Value::from(text);
        Self {
            json: format!(r#"{{"type":"text","contentType":{content_type},"text":{quoted}}}"#),
            content_type: Some(content_type),
        }
    }

    /// What `text` and `parse_mode` of a send or an edit mean.
    pub fn sent(text: &str, parse_mode: Option<&str>) -> Result<Self, Refusal> {
        if text.is_empty() {
            return Err(Refusal::parameter("text"));
        }
        if text.len() > LONGEST {
            return Err(Refusal::too_long());
        }
        let object = serde_json::from_str::<Value>(text)
            .ok()
            .filter(Value::is_object);
        match (object, parse_mode) {
            (Some(object), Some("Fanbook")) => Self::structured(text, &object),
            (None, Some("Fanbook")) => Err(Refusal::content()),
            (Some(object), _) if is_known(&object) => Self::structured(text, &object),
            (Some(_) | None, _) => Ok(Self::plain(text, 0)),
        }
    }

    fn structured(text: &str, object: &Value) -> Result<Self, Refusal> {
        if !object["type"].is_string() {
            return Err(Refusal::content());
        }
        if !is_known(object) {
            return Err(Refusal::kind());
        }
        let is_json = |value: &Value| {
            value
                .as_str()
                .is_some_and(|inner| serde_json::from_str::<Value>(inner).is_ok())
        };
        let sound = match object["type"].as_str() {
            Some("text") => object["text"].is_string(),
            Some("richText") => is_json(&object["v2"]) || is_json(&object["document"]),
            Some("messageCard") => is_json(&object["data"]),
            _ => true,
        };
        if !sound {
            return Err(Refusal::content());
        }
        let is_text = object["type"] == "text";
        Ok(Self {
            json: text.to_owned(),
            content_type: is_text.then(|| object["contentType"].as_i64().unwrap_or_default()),
        })
    }
}

fn is_known(object: &Value) -> bool {
    object["type"]
        .as_str()
        .is_some_and(|kind| KINDS.contains(&kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_kept_as_documented() {
        let content = Content::sent("积分：\"120\"", None).unwrap();
        assert_eq!(
            content.json,
            r#"{"type":"text","contentType":0,"text":"积分：\"120\""}"#
        );
        // An object that is no content stays text.
        assert!(
            Content::sent("{\"a\":1}", None)
                .unwrap()
                .json
                .contains("contentType")
        );
    }

    #[test]
    fn content_without_a_parse_mode_is_still_content() {
        let text = r#"{"type":"text","text":"x"}"#;
        assert_eq!(Content::sent(text, None).unwrap().json, text);
        assert_eq!(Content::sent(text, Some("Fanbook")).unwrap().json, text);
    }

    #[test]
    fn each_way_of_being_wrong_has_its_code() {
        let code = |text: &str, mode| Content::sent(text, mode).unwrap_err().code;
        assert_eq!(code("", None), 1001);
        assert_eq!(code(&"x".repeat(150_001), None), 5104);
        assert_eq!(code("hello", Some("Fanbook")), 5103);
        assert_eq!(code(r#"{"type":"circle"}"#, Some("Fanbook")), 5105);
        assert_eq!(code(r#"{"type":"messageCard","data":"{"}"#, None), 5103);
        assert_eq!(code(r#"{"type":"richText","v":2}"#, Some("Fanbook")), 5103);
    }
}

//! What a bot sends, turned into the content object that is kept.
//!
//! Plain text becomes a text object; a JSON object of a known kind is taken as content, with or
//! without `parse_mode`, as the real server does. Source: fanbook-platform, 4.1, 4.4 and 4.5.

use serde_json::Value;
use serde_json::json;

use super::refusal::Refusal;
use super::widgets;

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

/// Which message cards pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cards {
    /// Any tree of objects.
    Any,
    /// Those made of widgets that have been seen in use.
    Seen,
}

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

    /// A picture that lies at an address, with its size in pixels, 0 if that is not known.
    ///
    /// Source: fanbook-platform, 4.3 and 4.9.
    pub fn picture(address: &str, width: u64, height: u64) -> Result<Self, Refusal> {
        let web = ["http://", "https://"].map(|scheme| address.strip_prefix(scheme));
        let named = web.into_iter().flatten().any(|rest| {
            let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
            !host.is_empty() && !host.contains(char::is_whitespace)
        });
        if !named {
            return Err(Refusal::parameter("photo"));
        }
        if address.len() > LONGEST {
            return Err(Refusal::too_long());
        }
        let json = json!({"type": "image", "url": address, "width": width, "height": height});
        Ok(Self {
            json: json.to_string(),
            content_type: None,
        })
    }

    /// What `text` and `parse_mode` of a send or an edit mean; `cards` says which cards pass.
    pub fn sent(text: &str, parse_mode: Option<&str>, cards: Cards) -> Result<Self, Refusal> {
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
            (Some(object), Some("Fanbook")) => Self::structured(text, &object, cards),
            (None, Some("Fanbook")) => Err(Refusal::content()),
            (Some(object), _) if is_known(&object) => Self::structured(text, &object, cards),
            (Some(_) | None, _) => Ok(Self::plain(text, 0)),
        }
    }

    /// Whether an edit can make or change such a message: text, rich text and cards, but no picture.
    ///
    /// Source: fanbook-platform, 4.2.
    pub fn is_editable(json: &str) -> bool {
        let object: Value = serde_json::from_str(json).unwrap_or_default();
        let kind = object["type"].as_str().unwrap_or_default();
        !matches!(kind, "image" | "video" | "voice")
    }

    fn structured(text: &str, object: &Value, cards: Cards) -> Result<Self, Refusal> {
        if !object["type"].is_string() {
            return Err(Refusal::content());
        }
        if !is_known(object) {
            return Err(Refusal::kind());
        }
        let inner = |value: &Value| serde_json::from_str::<Value>(value.as_str()?).ok();
        let sound = match object["type"].as_str() {
            Some("text") => object["text"].is_string(),
            Some("richText") => {
                inner(&object["v2"]).is_some_and(|delta| is_delta(&delta))
                    || inner(&object["document"]).is_some()
            }
            Some("messageCard") => {
                let data = inner(&object["data"]).filter(Value::is_object);
                data.is_some_and(|data| cards == Cards::Any || widgets::is_seen(&data))
            }
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

/// A list of inserts, bare or as `ops`. Source: fanbook-platform, 4.4.
fn is_delta(delta: &Value) -> bool {
    let items = delta.get("ops").unwrap_or(delta).as_array();
    items.is_some_and(|items| {
        items.iter().all(|item| {
            let insert = &item["insert"];
            insert.is_string() || insert.is_object()
        })
    })
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
        let content = Content::sent("积分：\"120\"", None, Cards::Any).unwrap();
        assert_eq!(
            content.json,
            r#"{"type":"text","contentType":0,"text":"积分：\"120\""}"#
        );
        // An object that is no content stays text.
        assert!(
            Content::sent("{\"a\":1}", None, Cards::Any)
                .unwrap()
                .json
                .contains("contentType")
        );
    }

    #[test]
    fn content_without_a_parse_mode_is_still_content() {
        let text = r#"{"type":"text","text":"x"}"#;
        for mode in [None, Some("Fanbook")] {
            assert_eq!(Content::sent(text, mode, Cards::Any).unwrap().json, text);
        }
    }

    #[test]
    fn each_way_of_being_wrong_has_its_code() {
        let code = |text: &str, mode| Content::sent(text, mode, Cards::Any).unwrap_err().code;
        assert_eq!(code("", None), 1001);
        assert_eq!(code(&"x".repeat(150_001), None), 5104);
        assert_eq!(code("hello", Some("Fanbook")), 5103);
        assert_eq!(code(r#"{"type":"circle"}"#, Some("Fanbook")), 5105);
        assert_eq!(code(r#"{"type":"messageCard","data":"{"}"#, None), 5103);
        assert_eq!(code(r#"{"type":"messageCard","data":"5"}"#, None), 5103);
        assert_eq!(code(r#"{"type":"messageCard","data":{}}"#, None), 5103);
        assert_eq!(code(r#"{"type":"richText","v":2}"#, Some("Fanbook")), 5103);
        assert_eq!(
            code(r#"{"type":"richText","v2":"[{\"a\":1}]"}"#, None),
            5103
        );
    }

    #[test]
    fn a_picture_is_an_address_of_the_web() {
        let code = |address: &str| Content::picture(address, 0, 0).map_err(|refused| refused.code);
        for address in [
            "",
            "/a.png",
            "ftp://x/a.png",
            "https://",
            "https:///a",
            "data:image/png,",
        ] {
            assert_eq!(code(address), Err(Refusal::parameter("").code), "{address}");
        }
        let long = format!("https://example.org/{}", "x".repeat(LONGEST));
        assert_eq!(code(&long), Err(5104));
        let picture = Content::picture("http://127.0.0.1:8482/a.png", 640, 360).unwrap();
        let json: Value = serde_json::from_str(&picture.json).unwrap();
        assert_eq!(
            json,
            json!({"type": "image", "url": "http://127.0.0.1:8482/a.png", "width": 640, "height": 360})
        );
        assert!(!Content::is_editable(&picture.json));
        assert!(Content::is_editable(&Content::plain("x", 0).json));
    }
}

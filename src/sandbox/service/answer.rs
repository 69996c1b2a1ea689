//! Answers, and a JSON tree that keeps the order of fields.
//!
//! The tree is our own because answers must come exactly as documented and then be spoiled in
//! documented ways, both of which need fields in a chosen order.

use axum::http::HeaderName;
use axum::http::StatusCode;
use serde::Serialize;
use serde::Serializer;
use serde::ser::SerializeMap;

/// A JSON value whose objects keep the order of their fields.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer.
    Number(i64),
    /// A float; ids become one only where a fault asks for it.
    Float(f64),
    /// A string.
    Text(String),
    /// An object.
    Object(Vec<(&'static str, Json)>),
    /// An array.
    List(Vec<Json>),
}

impl Json {
    /// An id as a number: ids fit a signed 64-bit integer.
    pub fn id(raw: u64) -> Self {
        Self::Number(i64::try_from(raw).unwrap_or(i64::MAX))
    }

    /// A string.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// As it goes over the wire.
    pub fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("the tree has only string keys and finite floats")
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(yes) => serializer.serialize_bool(*yes),
            Self::Number(number) => serializer.serialize_i64(*number),
            Self::Float(number) => serializer.serialize_f64(*number),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => serializer.collect_seq(items),
            Self::Object(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (name, value) in fields {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

/// An answer before a fault may spoil it.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// What follows it.
    pub body: AnswerBody,
    /// Headers that only some answers have.
    pub headers: Vec<(HeaderName, String)>,
    /// Operations that took effect.
    pub applied: usize,
    /// The result code, where the system has numbers for them.
    pub code: Option<i64>,
    /// The result code, where the system has words for them.
    pub errcode: Option<&'static str>,
    /// What the system says with it.
    pub words: Box<str>,
}

/// The body of an answer.
#[derive(Clone, Debug)]
pub enum AnswerBody {
    /// JSON.
    Json(Json),
    /// What is labelled as JSON and may be none.
    Almost(String),
    /// Plain text; nothing at all if it is empty.
    Text(String),
    /// The system's web page.
    Page,
}

impl Answer {
    /// A body with a status; what it means is for the caller to add.
    pub fn new(status: StatusCode, body: AnswerBody) -> Self {
        Self {
            status,
            body,
            headers: Vec::new(),
            applied: 0,
            code: None,
            errcode: None,
            words: Box::default(),
        }
    }

    /// The web page with status 200.
    pub fn page() -> Self {
        Self::new(StatusCode::OK, AnswerBody::Page)
    }

    /// With one more header.
    pub fn with(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

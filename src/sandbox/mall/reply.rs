//! The mall's answers: its envelope, its codes, and a JSON tree that keeps the order of fields.
//!
//! The tree is our own because answers must come exactly as documented and then be spoiled in
//! documented ways, both of which need fields in a chosen order.

use axum::http::StatusCode;
use serde::Serialize;
use serde::Serializer;
use serde::ser::SerializeMap;

/// A JSON value whose objects keep the order of their fields.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`.
    Null,
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
    /// An id as a number: the mall's ids fit a signed 64-bit integer.
    pub fn id(raw: u64) -> Self {
        Self::Number(i64::try_from(raw).unwrap_or(i64::MAX))
    }

    /// A string.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
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

/// A refusal with status 200, by the mall's own code. Source: points-backends, 1.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// The number.
    pub number: i64,
    /// What the mall says with it.
    pub words: &'static str,
}

/// No such server.
pub const ILLEGAL_GUILD: Code = code(1018, "非法的fanbook服务器id");
/// The balance does not suffice.
pub const TOO_FEW_POINTS: Code = code(30001, "用户积分不足");
/// No account.
pub const NO_SUCH_USER: Code = code(50000, "用户不存在或不在该服务器或未使用过积分商城");
/// The app is banned everywhere.
pub const APP_BANNED: Code = code(60000, "应用已被禁用");
/// The app is off in this server.
pub const APP_NOT_ENABLED: Code = code(60001, "该服务器未启用此应用");
/// The `AppKey` is unknown.
pub const NO_SUCH_APP: Code = code(60004, "应用不存在或应用参数错误");
/// "Does not exist, or internal error".
pub const MODIFYING_FAILED: Code = code(60005, "修改积分失败");
/// The `bizId` has been used.
pub const BIZ_ID_USED: Code = code(60006, "bizId已被使用");

const fn code(number: i64, words: &'static str) -> Code {
    Code { number, words }
}

/// An answer before a fault may spoil it.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// What follows it.
    pub body: AnswerBody,
    /// The methods of the path, on 405 only.
    pub allow: Option<&'static str>,
    /// Operations that took effect.
    pub applied: usize,
}

/// The body of an answer.
#[derive(Clone, Debug)]
pub enum AnswerBody {
    /// The mall's envelope.
    Envelope(Json),
    /// The admin page.
    Page,
}

impl Answer {
    /// Code 0 with `data`.
    pub fn success(data: Json) -> Self {
        let fields = vec![
            ("code", Json::Number(0)),
            ("msg", Json::text("SUCCESS")),
            ("data", data),
        ];
        Self::envelope(StatusCode::OK, fields)
    }

    /// Code 0 of a look-up, whose `msg` is empty and stands last; `None` leaves `data` out.
    pub fn looked_up(data: Option<Json>) -> Self {
        let mut fields = vec![("code", Json::Number(0))];
        fields.extend(data.map(|data| ("data", data)));
        fields.push(("msg", Json::text("")));
        Self::envelope(StatusCode::OK, fields)
    }

    /// Status 200 with a code of the mall.
    pub fn refused(code: Code) -> Self {
        Self::failed(StatusCode::OK, code.number, code.words)
    }

    /// The same, with `data` telling it again.
    pub fn refused_with(code: Code, data: Json) -> Self {
        let fields = vec![
            ("code", Json::Number(code.number)),
            ("msg", Json::text(code.words)),
            ("data", data),
        ];
        Self::envelope(StatusCode::OK, fields)
    }

    /// A refusal by status, whose code is the status again.
    pub fn status(status: StatusCode, words: &str) -> Self {
        Self::failed(status, i64::from(status.as_u16()), words)
    }

    /// The admin page with status 200.
    pub fn page() -> Self {
        Self {
            status: StatusCode::OK,
            body: AnswerBody::Page,
            allow: None,
            applied: 0,
        }
    }

    /// Any code with `data` null.
    pub fn failed(status: StatusCode, code: i64, words: &str) -> Self {
        let fields = vec![
            ("code", Json::Number(code)),
            ("msg", Json::text(words)),
            ("data", Json::Null),
        ];
        Self::envelope(status, fields)
    }

    /// The outer code, if the answer is an envelope that has one.
    pub fn code(&self) -> Option<i64> {
        match self.field("code")? {
            Json::Number(code) => Some(*code),
            _ => None,
        }
    }

    /// The outer words, empty if there are none.
    pub fn words(&self) -> &str {
        match self.field("msg") {
            Some(Json::Text(words)) => words,
            _ => "",
        }
    }

    fn envelope(status: StatusCode, fields: Vec<(&'static str, Json)>) -> Self {
        Self {
            status,
            body: AnswerBody::Envelope(Json::Object(fields)),
            allow: None,
            applied: 0,
        }
    }

    fn field(&self, wanted: &str) -> Option<&Json> {
        let AnswerBody::Envelope(Json::Object(fields)) = &self.body else {
            return None;
        };
        let (_, value) = fields.iter().find(|(name, _)| *name == wanted)?;
        Some(value)
    }
}

//! The mall's answers: its envelope and its codes.

use axum::http::StatusCode;

use crate::sandbox::service::Answer;
use crate::sandbox::service::AnswerBody;
use crate::sandbox::service::Json;

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

/// Code 0 with `data`.
pub fn success(data: Json) -> Answer {
    let fields = vec![
        ("code", Json::Number(0)),
        ("msg", Json::text("SUCCESS")),
        ("data", data),
    ];
    envelope(StatusCode::OK, 0, "SUCCESS", fields)
}

/// Code 0 of a look-up, whose `msg` is empty and stands last; `None` leaves `data` out.
pub fn looked_up(data: Option<Json>) -> Answer {
    let mut fields = vec![("code", Json::Number(0))];
    fields.extend(data.map(|data| ("data", data)));
    fields.push(("msg", Json::text("")));
    envelope(StatusCode::OK, 0, "", fields)
}

/// Status 200 with a code of the mall.
pub fn refused(code: Code) -> Answer {
    failed(StatusCode::OK, code.number, code.words)
}

/// The same, with `data` telling it again.
pub fn refused_with(code: Code, data: Json) -> Answer {
    let fields = vec![
        ("code", Json::Number(code.number)),
        ("msg", Json::text(code.words)),
        ("data", data),
    ];
    envelope(StatusCode::OK, code.number, code.words, fields)
}

/// A refusal by status, whose code is the status again.
pub fn status(status: StatusCode, words: &str) -> Answer {
    failed(status, i64::from(status.as_u16()), words)
}

/// Any code with `data` null.
pub fn failed(status: StatusCode, code: i64, words: &str) -> Answer {
    let fields = vec![
        ("code", Json::Number(code)),
        ("msg", Json::text(words)),
        ("data", Json::Null),
    ];
    envelope(status, code, words, fields)
}

fn envelope(
    status: StatusCode,
    code: i64,
    words: &str,
    fields: Vec<(&'static str, Json)>,
) -> Answer {
    Answer {
        code: Some(code),
        words: words.into(),
        ..Answer::new(status, AnswerBody::Json(Json::Object(fields)))
    }
}

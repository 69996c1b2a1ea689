//! Manta's answers. Source: points-backends, 3.2 and 3.4.

use axum::http::StatusCode;

use crate::sandbox::service::Answer;
use crate::sandbox::service::AnswerBody;
use crate::sandbox::service::Json;

/// The token is missing, broken, unknown or expired.
pub const TOKEN_INVALID: i64 = 1004;
/// Wrong secret, another bot's token, or a plan without the open API.
pub const PERMISSION_DENIED: i64 = 1002;
/// No bot of this id.
pub const NO_SUCH_BOT: i64 = 5001;
/// A client could not be found.
pub const NO_SUCH_CLIENT: i64 = 37_011;
/// Something is missing or of a wrong form.
pub const VARIABLES_MISSING: i64 = 110_000;
/// The pair was replaced.
pub const PAIR_REPLACED: i64 = 120_000;

/// Status 200 with fields behind the two of every success.
pub fn success(message: &str, more: Vec<(&'static str, Json)>) -> Answer {
    let mut fields = vec![
        ("success", Json::Bool(true)),
        ("message", Json::text(message)),
    ];
    fields.extend(more);
    Answer {
        words: message.into(),
        ..Answer::new(StatusCode::OK, AnswerBody::Json(Json::Object(fields)))
    }
}

/// A refusal; some have no code, and only some name the bot.
pub fn failed(status: StatusCode, code: Option<i64>, words: &str, bot: Option<&str>) -> Answer {
    let mut inner = vec![("message", Json::text(words))];
    inner.extend(code.map(|code| ("code", Json::Number(code))));
    inner.extend(bot.map(|bot| ("botId", Json::text(bot))));
    let fields = vec![
        ("success", Json::Bool(false)),
        ("errResponse", Json::Object(inner)),
    ];
    Answer {
        code,
        words: words.into(),
        ..Answer::new(status, AnswerBody::Json(Json::Object(fields)))
    }
}

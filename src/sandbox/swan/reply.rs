//! Swan's answers and the forms a refusal can have. Source: points-backends, 2.4.

use axum::http::StatusCode;

use super::shapes::ErrorForm;
use crate::sandbox::service::Answer;
use crate::sandbox::service::AnswerBody;
use crate::sandbox::service::Json;

/// Status 200 with what was asked for.
pub fn success(body: Json) -> Answer {
    Answer::new(StatusCode::OK, AnswerBody::Json(body))
}

/// Status 200 with a page of the ledger that is no JSON.
pub fn almost(text: String) -> Answer {
    Answer::new(StatusCode::OK, AnswerBody::Almost(text))
}

/// A refusal in one of its forms; the code is remembered whichever it is.
pub fn refused(form: ErrorForm, status: StatusCode, errcode: &'static str, words: &str) -> Answer {
    let json = || {
        AnswerBody::Json(Json::Object(vec![
            ("errcode", Json::text(errcode)),
            ("error", Json::text(words)),
            ("traceid", Json::text("5f0c2b1e9a474c83")),
        ]))
    };
    let (status, body) = match form {
        ErrorForm::Json => (status, json()),
        ErrorForm::Status200 => (StatusCode::OK, json()),
        ErrorForm::Text => (status, AnswerBody::Text(words.to_owned())),
        ErrorForm::Empty => (status, AnswerBody::Text(String::new())),
    };
    Answer {
        errcode: Some(errcode),
        words: words.into(),
        ..Answer::new(status, body)
    }
}

/// Status 200 with any code, which Swan writes as text.
pub fn odd(code: i64) -> Answer {
    let body = Json::Object(vec![
        ("errcode", Json::text(code.to_string())),
        ("error", Json::text("内部错误")),
        ("traceid", Json::text("5f0c2b1e9a474c83")),
    ]);
    Answer {
        code: Some(code),
        words: "内部错误".into(),
        ..success(body)
    }
}

//! What the control paths of all imitated systems do alike: reading orders and refusing them.

use axum::Json;
use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

/// A refusal of a control request: its status and a sentence.
#[derive(Debug)]
pub struct Refused(pub StatusCode, pub String);

impl Refused {
    /// The order makes no sense.
    pub fn wrong(sentence: impl Into<String>) -> Self {
        Self(StatusCode::BAD_REQUEST, sentence.into())
    }

    /// What the order is about does not exist.
    pub fn unknown(sentence: impl Into<String>) -> Self {
        Self(StatusCode::NOT_FOUND, sentence.into())
    }

    fn unread(error: &serde_json::Error) -> Self {
        Self::wrong(format!("The request was not understood: {error}."))
    }
}

impl From<std::io::Error> for Refused {
    fn from(error: std::io::Error) -> Self {
        Self(
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("The file of the books cannot be written: {error}."),
        )
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}

/// JSON only, and said to be JSON: a web page elsewhere cannot send that without being asked first.
pub fn read<T: DeserializeOwned>(headers: &HeaderMap, body: &Bytes) -> Result<T, Refused> {
    let media = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .unwrap_or("");
    if !media.trim().eq_ignore_ascii_case("application/json") {
        return Err(Refused(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Send `Content-Type: application/json`.".to_owned(),
        ));
    }
    serde_json::from_slice(body).map_err(|error| Refused::unread(&error))
}

/// Choices with the given keys replaced.
pub fn merged<T: Serialize + DeserializeOwned>(
    now: &T,
    chosen: Map<String, Value>,
) -> Result<T, Refused> {
    let mut all = serde_json::to_value(now).map_err(|error| Refused::unread(&error))?;
    if let Value::Object(all) = &mut all {
        all.extend(chosen);
    }
    serde_json::from_value(all).map_err(|error| Refused::unread(&error))
}

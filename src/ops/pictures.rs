//! Pictures of boards, for whoever was shown their address.
//!
//! Invariant: an address that is no picture's, one whose time is over and one that was made up are
//! answered alike.

use axum::extract::Path;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::response::Response;

use super::routes::Shown;
use crate::journal::KeptPicture;
use crate::journal::PictureToken;

/// The folder of pictures.
pub(super) const PICTURES: &str = "/boards";

/// A day: a picture never changes, but it may be taken away.
const CACHED: &str = "public, max-age=86400, immutable";

/// A drawing that is opened by itself may load and run nothing.
const ALONE: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/// `GET /boards/{name}`.
pub(super) async fn picture(State(shown): State<Shown>, Path(name): Path<String>) -> Response {
    let Some((token, form)) = read(&name) else {
        return absent();
    };
    match shown.ops.journal.picture(&token).await {
        Ok(Some(picture)) => served(picture, form),
        Ok(None) => absent(),
        Err(error) => {
            // The journal has noted the trouble with its own edge.
            tracing::debug!(%error, "a picture could not be read");
            let headers = [(CACHE_CONTROL, "no-store")];
            (
                StatusCode::SERVICE_UNAVAILABLE,
                headers,
                "try again later\n",
            )
                .into_response()
        }
    }
}

#[derive(Clone, Copy)]
enum Form {
    Png,
    Svg,
}

fn read(name: &str) -> Option<(PictureToken, Form)> {
    let (token, form) = match name.rsplit_once('.')? {
        (token, "png") => (token, Form::Png),
        (token, "svg") => (token, Form::Svg),
        _ => return None,
    };
    Some((token.parse().ok()?, form))
}

fn served(picture: KeptPicture, form: Form) -> Response {
    let (kind, body) = match form {
        Form::Png => ("image/png", picture.png),
        Form::Svg => ("image/svg+xml", picture.svg.into_bytes()),
    };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
        (CACHE_CONTROL, HeaderValue::from_static(CACHED)),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(ALONE)),
    ];
    (headers, body).into_response()
}

fn absent() -> Response {
    let headers = [(CACHE_CONTROL, "no-store")];
    (StatusCode::NOT_FOUND, headers, "there is no such picture\n").into_response()
}

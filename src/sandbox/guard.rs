//! Keeps web pages of other sites away from the control paths.
//!
//! A browser on this machine would carry their requests here. Asking for JSON makes it ask first,
//! which is never granted; a loopback `Host` stops names that were made to point here; an `Origin`
//! other than the own page is refused outright. Programs send no `Origin` and pass.

use std::net::IpAddr;

use axum::Json;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::header;
use axum::http::uri::Authority;
use axum::middleware::Next;
use axum::response::IntoResponse;
use axum::response::Response;
use serde_json::json;

/// Lets a request through if it can only come from an own page or from a program.
pub async fn only_own_pages(request: Request, next: Next) -> Response {
    match refusal(request.method(), request.headers()) {
        Some((status, sentence)) => (status, Json(json!({ "error": sentence }))).into_response(),
        None => next.run(request).await,
    }
}

fn refusal(method: &Method, headers: &HeaderMap) -> Option<(StatusCode, &'static str)> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(header::HOST).unwrap_or_default();
    if !is_loopback(host) {
        return Some((
            StatusCode::FORBIDDEN,
            "the sandbox answers only under a loopback name or address",
        ));
    }
    if headers.contains_key(header::ORIGIN)
        && text(header::ORIGIN) != Some(&format!("http://{host}"))
    {
        return Some((
            StatusCode::FORBIDDEN,
            "only the sandbox's own pages may do this",
        ));
    }
    let kind = text(header::CONTENT_TYPE).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if method == Method::POST && !kind.eq_ignore_ascii_case("application/json") {
        return Some((
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "send `Content-Type: application/json`",
        ));
    }
    None
}

fn is_loopback(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else {
        return false;
    };
    let name = authority.host();
    name.eq_ignore_ascii_case("localhost")
        || name
            .trim_start_matches('[')
            .trim_end_matches(']')
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;
    use axum::http::HeaderValue;

    use super::*;

    fn status(method: Method, headers: &[(HeaderName, &'static str)]) -> Option<u16> {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)))
            .collect();
        refusal(&method, &headers).map(|(status, _)| status.as_u16())
    }

    #[test]
    fn foreign_pages_and_names_are_kept_out() {
        let json = (header::CONTENT_TYPE, "application/json; charset=utf-8");
        let own = (header::HOST, "127.0.0.1:4000");
        assert_eq!(status(Method::POST, &[own.clone(), json.clone()]), None);
        assert_eq!(status(Method::POST, std::slice::from_ref(&own)), Some(415));
        assert_eq!(status(Method::POST, std::slice::from_ref(&json)), Some(403));
        assert_eq!(
            status(Method::GET, &[(header::HOST, "evil.example")]),
            Some(403)
        );
        assert_eq!(
            status(Method::GET, &[(header::HOST, "localhost.evil.example")]),
            Some(403)
        );
        for host in ["localhost:1", "[::1]:8480", "127.0.0.1"] {
            assert_eq!(status(Method::GET, &[(header::HOST, host)]), None, "{host}");
        }
        let page = |origin| [own.clone(), json.clone(), (header::ORIGIN, origin)];
        assert_eq!(status(Method::POST, &page("http://127.0.0.1:4000")), None);
        assert_eq!(
            status(Method::POST, &page("http://127.0.0.1:4001")),
            Some(403)
        );
        assert_eq!(status(Method::POST, &page("null")), Some(403));
    }
}

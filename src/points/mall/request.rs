//! Requests as they go over the wire (source: points-backends, 1.2.1 and 1.5).
//!
//! Invariants: a question has a query and no body, a change has a body and no query; what stands in a
//! query are unreserved characters only, for which raw and encoded readings of the signing rules
//! agree; there is never an `Authorization`.

use reqwest::Method;
use reqwest::Request;
use reqwest::Url;
use reqwest::header::ACCEPT_LANGUAGE;
use reqwest::header::CONTENT_TYPE;
use reqwest::header::HeaderMap;
use reqwest::header::HeaderName;
use reqwest::header::HeaderValue;

/// The mall's endpoints (source: points-backends, 1.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Endpoint {
    /// Balance of one user in one guild.
    GetUserPoint,
    /// One change.
    ModifyUserPoint,
    /// Many changes in one guild.
    BatchModifyUserPoint,
    /// One change by its id.
    FindPointRecord,
}

/// The addresses of all endpoints: reading one costs more than signing a request, so each is read
/// once.
pub(super) struct Addresses([Url; 4]);

impl Addresses {
    /// Addresses under `base`, which has passed `is_local` and has no final slash.
    pub(super) fn under(base: &str) -> Result<Self, &'static str> {
        // Joined as text: a URL join would drop the path the base ends in.
        let read = |endpoint: Endpoint| {
            Url::parse(&format!("{base}{}", endpoint.path())).map_err(|_| "is no address")
        };
        Ok(Self([
            read(Endpoint::GetUserPoint)?,
            read(Endpoint::ModifyUserPoint)?,
            read(Endpoint::BatchModifyUserPoint)?,
            read(Endpoint::FindPointRecord)?,
        ]))
    }

    fn of(&self, endpoint: Endpoint) -> &Url {
        let [balance, change, batch, record] = &self.0;
        match endpoint {
            Endpoint::GetUserPoint => balance,
            Endpoint::ModifyUserPoint => change,
            Endpoint::BatchModifyUserPoint => batch,
            Endpoint::FindPointRecord => record,
        }
    }
}

/// What is asked. A question has a query, a change has a body, nothing has both.
pub(super) enum Ask {
    /// GET.
    Query(Endpoint, Vec<(String, String)>),
    /// POST.
    Body(Endpoint, String),
}

/// What makes one attempt different from the next, and proves who asks.
pub(super) struct Stamps<'a> {
    /// The issued key, marked as sensitive.
    pub app_key: HeaderValue,
    /// New for each attempt.
    pub nonce: &'a str,
    /// Milliseconds since 1970, in digits.
    pub timestamp: &'a str,
    /// Over exactly what is sent.
    pub signature: &'a str,
}

impl Endpoint {
    fn path(self) -> &'static str {
        match self {
            Self::GetUserPoint => "/api/core/open/getUserPoint",
            Self::ModifyUserPoint => "/api/core/open/modifyUserPoint",
            Self::BatchModifyUserPoint => "/api/core/open/batchModifyUserPoint",
            Self::FindPointRecord => "/api/core/open/findPointRecord",
        }
    }

    /// The last part of the path, as a label.
    pub(super) fn name(self) -> &'static str {
        self.path().rsplit('/').next().unwrap_or_default()
    }
}

impl Ask {
    /// The request.
    pub(super) fn into_request(self, addresses: &Addresses, stamps: Stamps<'_>) -> Request {
        let mut address = addresses.of(self.endpoint()).clone();
        if let Self::Query(_, pairs) = &self {
            let mut query = String::with_capacity(64);
            for (name, value) in pairs {
                if !query.is_empty() {
                    query.push('&');
                }
                query.push_str(name);
                query.push('=');
                query.push_str(value);
            }
            // Unreserved characters only, so that nothing is encoded and what is signed is sent.
            address.set_query(Some(&query));
        }
        let (method, body) = match self {
            Self::Query(..) => (Method::GET, None),
            Self::Body(_, body) => (Method::POST, Some(body.into())),
        };

        let mut request = Request::new(method, address);
        *request.body_mut() = body;
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static("zh_CN"));
        headers.insert(HeaderName::from_static("appkey"), stamps.app_key);
        plain_header(headers, "nonce", stamps.nonce);
        plain_header(headers, "timestamp", stamps.timestamp);
        plain_header(headers, "signature", stamps.signature);
        request
    }

    /// Where it goes.
    pub(super) fn endpoint(&self) -> Endpoint {
        match self {
            Self::Query(endpoint, _) | Self::Body(endpoint, _) => *endpoint,
        }
    }

    /// The query, as it is signed.
    pub(super) fn query(&self) -> &[(String, String)] {
        match self {
            Self::Query(_, query) => query,
            Self::Body(..) => &[],
        }
    }

    /// The body, as it is signed.
    pub(super) fn body(&self) -> Option<&str> {
        match self {
            Self::Query(..) => None,
            Self::Body(_, body) => Some(body),
        }
    }
}

/// Whether the mall at `base` is on this machine, where a proxy of the environment has no business.
pub(in crate::points) fn is_local(base: &str) -> Result<bool, &'static str> {
    let url = Url::parse(base).map_err(|_| "is no address")?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err("has to begin with `https://`");
    }
    if !url.username().is_empty() || url.password().is_some() {
        // It would become an `Authorization` header, which takes part in the signature.
        return Err("may not hold a user name or password");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("may not hold `?` or `#`");
    }
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let loopback = host
        .parse::<std::net::IpAddr>()
        .is_ok_and(|ip| ip.is_loopback());
    Ok(loopback || host == "localhost")
}

fn plain_header(headers: &mut HeaderMap, name: &'static str, value: &str) {
    let mut value = HeaderValue::from_str(value).expect("digits, hyphens and hexadecimal only");
    value.set_sensitive(true);
    headers.insert(HeaderName::from_static(name), value);
}

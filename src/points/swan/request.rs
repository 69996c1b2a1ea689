//! Requests as they go over the wire (source: points-backends, 2.1 and 2.3).
//!
//! Invariants: whoever asks stands in `X-Consumer-Custom-ID`, without quotation marks; a question has
//! no body, a change has no query; what is documented as copied from another page is never sent.

use reqwest::Method;
use reqwest::Request;
use reqwest::Url;
use reqwest::header::CONTENT_LENGTH;
use reqwest::header::CONTENT_TYPE;
use reqwest::header::HOST;
use reqwest::header::HeaderMap;
use reqwest::header::HeaderName;
use reqwest::header::HeaderValue;
use reqwest::header::TRANSFER_ENCODING;
use serde::Serialize;

use super::client::SwanError;
use crate::support::secret::Secret;

/// Who asks. Behind a gateway this header is the identity (points-backends, 2.1).
pub(super) const CONSUMER: HeaderName = HeaderName::from_static("x-consumer-custom-id");

/// Where all paths begin. Source: points-backends, 2.1.
const ROOT: &str = "/api/v1/open/swan/integral";

/// The endpoints (source: points-backends, 2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Endpoint {
    /// The balance of whoever asks.
    Balance,
    /// The same and the newest of the ledger.
    Statement,
    /// A page of the ledger of whoever asks.
    Ledger,
    /// One change.
    Change,
    /// One event.
    Report,
}

/// The addresses of all endpoints, each read once.
pub(super) struct Addresses([Url; 5]);

impl Addresses {
    /// Addresses under `base`, which has no final slash.
    pub(super) fn under(base: &str) -> Result<Self, &'static str> {
        // Joined as text: a URL join would drop a path the base may end in.
        let read = |endpoint: Endpoint| {
            let address = format!("{base}{ROOT}{}", endpoint.path());
            Url::parse(&address).map_err(|_| "is no address")
        };
        Ok(Self([
            read(Endpoint::Balance)?,
            read(Endpoint::Statement)?,
            read(Endpoint::Ledger)?,
            read(Endpoint::Change)?,
            read(Endpoint::Report)?,
        ]))
    }

    fn of(&self, endpoint: Endpoint) -> &Url {
        let [balance, statement, ledger, change, report] = &self.0;
        match endpoint {
            Endpoint::Balance => balance,
            Endpoint::Statement => statement,
            Endpoint::Ledger => ledger,
            Endpoint::Change => change,
            Endpoint::Report => report,
        }
    }
}

/// What is asked.
pub(super) enum Ask {
    /// The balance.
    Balance,
    /// The balance and a page of the ledger.
    Statement(Stretch),
    /// A page of the ledger.
    Ledger(Stretch),
    /// A change, as JSON.
    Change(String),
    /// An event, as JSON.
    Report(String),
}

/// Which part of a ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Which page, from 0.
    pub page: u32,
    /// Nothing older than this, in milliseconds since 1970.
    pub since_ms: Option<i64>,
    /// Nothing newer than this, in milliseconds since 1970.
    pub until_ms: Option<i64>,
}

/// Entries asked for with a page: the documented default (source: points-backends, 2.3.2).
pub const PAGE_SIZE: u32 = 20;

/// A change in the words of Swan (source: points-backends, 2.3.4). There is no default for any field.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Change<'a> {
    pub transaction_id: &'a str,
    pub user_id: &'a str,
    pub point: i32,
    #[serde(rename = "type")]
    pub kind: &'a str,
    pub info: &'a str,
}

/// An event in the words of Swan (source: points-backends, 2.3.5).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report<'a> {
    #[serde(rename = "type")]
    pub event: &'a str,
    pub user_id: &'a str,
    pub staff_id: &'a str,
    pub operation_id: &'a str,
}

impl Endpoint {
    fn path(self) -> &'static str {
        match self {
            Self::Balance | Self::Change => "/points",
            Self::Statement => "/points/transaction/mine",
            Self::Ledger => "/points/transaction",
            Self::Report => "/points/report",
        }
    }

    /// Its name as a label.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Balance => "balance",
            Self::Statement => "statement",
            Self::Ledger => "ledger",
            Self::Change => "change",
            Self::Report => "report",
        }
    }
}

impl Stretch {
    /// A page of everything there is.
    pub fn page(page: u32) -> Self {
        Self {
            page,
            since_ms: None,
            until_ms: None,
        }
    }

    fn query(self) -> String {
        let mut query = format!("page={}&size={PAGE_SIZE}", self.page);
        for (name, ms) in [("startTime", self.since_ms), ("endTime", self.until_ms)] {
            if let Some(ms) = ms {
                query.push_str(&format!("&{name}={ms}"));
            }
        }
        query
    }
}

impl Ask {
    /// Where it goes.
    pub(super) fn endpoint(&self) -> Endpoint {
        match self {
            Self::Balance => Endpoint::Balance,
            Self::Statement(_) => Endpoint::Statement,
            Self::Ledger(_) => Endpoint::Ledger,
            Self::Change(_) => Endpoint::Change,
            Self::Report(_) => Endpoint::Report,
        }
    }

    /// The request, in the name of `consumer`, with the headers the operator wants on every one.
    pub(super) fn into_request(
        self,
        addresses: &Addresses,
        consumer: HeaderValue,
        fixed: &HeaderMap,
    ) -> Request {
        let mut address = addresses.of(self.endpoint()).clone();
        let (method, body) = match self {
            Self::Balance => (Method::GET, None),
            Self::Statement(stretch) | Self::Ledger(stretch) => {
                // Digits only, so nothing needs encoding.
                address.set_query(Some(&stretch.query()));
                (Method::GET, None)
            }
            Self::Change(body) | Self::Report(body) => (Method::POST, Some(body.into())),
        };
        let mut request = Request::new(method, address);
        *request.body_mut() = body;
        let headers = request.headers_mut();
        headers.extend(fixed.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CONSUMER, consumer);
        request
    }
}

/// The body as it is sent.
pub(super) fn written(body: &impl Serialize) -> String {
    serde_json::to_string(body).expect("numbers and text always become JSON")
}

/// The headers the operator wants on every request, marked as sensitive.
pub(super) fn fixed_headers(headers: &[(String, Secret)]) -> Result<HeaderMap, SwanError> {
    let mut fixed = HeaderMap::new();
    for (name, value) in headers {
        let unfit = || SwanError::Header(name.clone());
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unfit())?;
        let ours = [
            CONSUMER,
            CONTENT_TYPE,
            CONTENT_LENGTH,
            HOST,
            TRANSFER_ENCODING,
        ];
        if ours.contains(&header) {
            return Err(SwanError::FixedHeader(name.clone()));
        }
        let mut value = HeaderValue::from_str(value.expose()).map_err(|_| unfit())?;
        value.set_sensitive(true);
        if fixed.insert(header, value).is_some() {
            return Err(unfit());
        }
    }
    Ok(fixed)
}

//! Asking for a new pair: the one request that changes something over there.
//!
//! Invariants: it is sent once. From its first byte on the old pair may be dead, so a reply that is lost
//! is told as lost and never tried again: a second request would be signed with a dead pair.
//!
//! Source: points-backends, 3.1.

use std::time::Duration;

use serde_json::Map;
use serde_json::Value;

use super::answer::Answer;
use super::client::Manta;
use super::meaning;
use super::pair::Pair;
use super::request;
use super::request::Endpoint;
use crate::journal::Refused;
use crate::support::secret::Secret;

/// A reply may take so long at least: the pair is lost with it.
const LIMIT: Duration = Duration::from_secs(30);

/// Why there is no new pair, by what to do next.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenewError {
    /// No byte left; the old pair is as it was.
    #[error("{0}")]
    NotSent(String),
    /// The service said no; the old pair is as it was.
    #[error("{code:?} {text}", code = .0.code, text = .0.text)]
    Refused(Refused),
    /// The old pair may be dead and the new one is nobody's.
    #[error("{0}")]
    Lost(String),
}

impl Manta {
    /// Asks for a new pair with the one in its place, expired or not.
    ///
    /// Dropping the future after its first poll may lose both pairs.
    pub async fn renew(&self) -> Result<Pair, RenewError> {
        let pair = self.inner.keys.anew().await;
        let body = request::bare(pair.secret());
        let limit = LIMIT.max(self.inner.timeout);
        let answer = self.send(Endpoint::Token, &pair, body, limit).await;
        let refused = meaning::refused(&answer);
        match (answer, refused) {
            (Answer::Well(fields), _) => new_pair(&fields),
            (Answer::NotSent { seen }, _) => Err(RenewError::NotSent(seen)),
            (Answer::Refused(_), Some(refused)) => Err(RenewError::Refused(refused)),
            (Answer::Unclear { seen, .. }, _) => Err(RenewError::Lost(seen)),
            (Answer::Refused(refusal), None) => Err(RenewError::Lost(refusal.text)),
        }
    }
}

fn new_pair(fields: &Map<String, Value>) -> Result<Pair, RenewError> {
    let lost = || RenewError::Lost("a success without a usable pair".to_owned());
    let value = |name: &str| {
        let value = fields.get(name)?.as_str()?.trim();
        (!value.is_empty()).then(|| Secret::new(value))
    };
    match (value("apiToken"), value("apiSecret")) {
        (Some(token), Some(secret)) => Pair::new(token, secret).map_err(|_| lost()),
        _ => Err(lost()),
    }
}

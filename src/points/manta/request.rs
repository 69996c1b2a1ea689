//! What is asked, in the words of the service.
//!
//! Source: points-backends, 3.1 to 3.3. Every body holds the secret, so no body is ever printed.

use reqwest::Url;
use serde::Serialize;

use super::list::List;
use crate::model::Account;
use crate::support::secret::Secret;

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Endpoint {
    /// Balances by lists of ids.
    Points,
    /// A new pair.
    Token,
}

impl Endpoint {
    /// Its name, for logs and metrics.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Points => "client/point",
            Self::Token => "token",
        }
    }
}

/// The addresses of one bot over there; its id stands in each.
pub(super) struct Addresses {
    points: Url,
    token: Url,
}

impl Addresses {
    /// Addresses under `base`, which has no final slash.
    pub(super) fn under(base: &str, bot_id: &str) -> Result<Self, &'static str> {
        // Joined as text: a URL join would drop the path the base ends in.
        let read = |endpoint: Endpoint| -> Result<Url, &'static str> {
            let address = format!("{base}/openapi/{}", endpoint.name());
            let mut address = Url::parse(&address).map_err(|_| "is no address")?;
            address.query_pairs_mut().append_pair("botId", bot_id);
            Ok(address)
        };
        Ok(Self {
            points: read(Endpoint::Points)?,
            token: read(Endpoint::Token)?,
        })
    }

    /// The address of one endpoint.
    pub(super) fn of(&self, endpoint: Endpoint) -> Url {
        match endpoint {
            Endpoint::Points => self.points.clone(),
            Endpoint::Token => self.token.clone(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PointsBody<'a> {
    secret: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    client_ids: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    platform_client_ids: Vec<&'a str>,
}

/// The body that asks for the points of a list.
pub(super) fn points(secret: &Secret, list: &List) -> String {
    let (platform, on_platform) = list.on_platform();
    written(&PointsBody {
        secret: secret.expose(),
        client_ids: ids(list.encoded()),
        platform: (!on_platform.is_empty()).then_some(platform),
        platform_client_ids: ids(on_platform),
    })
}

/// The body that says no more than who asks.
pub(super) fn bare(secret: &Secret) -> String {
    written(&PointsBody {
        secret: secret.expose(),
        client_ids: Vec::new(),
        platform: None,
        platform_client_ids: Vec::new(),
    })
}

fn ids(accounts: &[Account]) -> Vec<&str> {
    accounts.iter().map(Account::id).collect()
}

fn written(body: &impl Serialize) -> String {
    serde_json::to_string(body).expect("text always becomes JSON")
}

//! What is asked, in the words of the service.
//!
//! Source: points-backends, 3.1 to 3.3. Every body holds the secret, so no body is ever printed.

use reqwest::Url;
use serde::Serialize;

use super::list::List;
use crate::model::Account;
use crate::model::UserId;
use crate::support::secret::Secret;

/// What is asked.
#[derive(Clone, Copy)]
pub(super) enum Question<'a> {
    /// The points of a list.
    Points(&'a List),
    /// Which clients the operator has bound to a member.
    BoundTo(UserId),
    /// A new pair.
    NewPair,
}

impl Question<'_> {
    /// Its name, for logs and metrics.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Points(_) => "client/point",
            Self::BoundTo(_) => "clients",
            Self::NewPair => "token",
        }
    }

    /// The body, which proves who asks.
    pub(super) fn body(self, secret: &Secret) -> String {
        let empty = List::default();
        let list = match self {
            Self::Points(list) => list,
            Self::BoundTo(_) | Self::NewPair => &empty,
        };
        let (platform, on_platform) = list.on_platform();
        let body = Body {
            secret: secret.expose(),
            client_ids: ids(list.encoded()),
            platform: (!on_platform.is_empty()).then_some(platform),
            platform_client_ids: ids(on_platform),
        };
        serde_json::to_string(&body).expect("text always becomes JSON")
    }
}

/// The addresses of one bot over there; its id stands in each.
pub(super) struct Addresses {
    points: Url,
    clients: Url,
    token: Url,
}

impl Addresses {
    /// Addresses under `base`, which has no final slash.
    pub(super) fn under(base: &str, bot_id: &str) -> Result<Self, &'static str> {
        // Joined as text: a URL join would drop the path the base ends in.
        let read = |path: &str| -> Result<Url, &'static str> {
            let address = format!("{base}/openapi/{path}");
            let mut address = Url::parse(&address).map_err(|_| "is no address")?;
            address.query_pairs_mut().append_pair("botId", bot_id);
            Ok(address)
        };
        Ok(Self {
            points: read("client/point")?,
            clients: read("clients")?,
            token: read("token")?,
        })
    }

    /// Where a question goes.
    pub(super) fn of(&self, question: Question<'_>) -> Url {
        match question {
            Question::Points(_) => self.points.clone(),
            Question::NewPair => self.token.clone(),
            Question::BoundTo(member) => {
                let mut address = self.clients.clone();
                address
                    .query_pairs_mut()
                    .append_pair("customerId", &member.to_string())
                    .append_pair("limit", SEVERAL);
                address
            }
        }
    }
}

/// Enough clients to see that there are several (points-backends, 4.4).
const SEVERAL: &str = "2";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    secret: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    client_ids: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    platform_client_ids: Vec<&'a str>,
}

fn ids(accounts: &[Account]) -> Vec<&str> {
    accounts.iter().map(Account::id).collect()
}

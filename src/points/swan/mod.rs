//! Swan integral over HTTP (source: points-backends, 2).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::journal::BalanceRead;
use crate::journal::Refused;
use crate::model::Account;
use crate::model::System;
use crate::model::UserId;
use crate::model::refusal::PointsRefusal;
use crate::points::Links;
use crate::points::PointsBackend;
use crate::points::ReadError;
use crate::points::Repeats;
use crate::points::Taking;
use crate::support::clock::Clock;
use crate::support::pulse::Pulses;
use crate::support::secret::Secret;
use crate::support::tenure::Tenure;

/// One `[swan.NAME]`.
#[derive(Clone, Debug)]
pub struct SwanSettings {
    /// `{API_HOST}`, without a final slash.
    pub base_url: String,
    /// What the gateway in front of it wants: fixed headers, by name.
    pub headers: Vec<(String, Secret)>,
    /// Whether points can be taken, as a negative change.
    pub deduct: Taking,
    /// What the operator has found out about `transactionId` (points-backends, 2.5).
    pub transaction_id: Repeats,
    /// The `type` sent with a change.
    pub change_type: String,
    /// In whose name changes are made; `None`: in that of the account they are for.
    pub acts_as: Option<String>,
    /// One deadline for a whole request, connecting included.
    pub timeout: Duration,
}

/// The client of one installation. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Swan {
    inner: Arc<Inner>,
    /// No request begins after its end.
    tenure: Tenure,
}

/// Why the settings make no client.
#[derive(Debug, thiserror::Error)]
pub enum SwanError {
    /// The HTTP library does not start.
    #[error("the HTTP client could not be made")]
    Client(#[source] reqwest::Error),
}

struct Inner {
    system: System,
    settings: SwanSettings,
    clock: Clock,
    pulses: Pulses,
}

/// An installation as the guilds of the settings see it: who is who there is looked up in `links`.
pub struct LinkedSwan {
    swan: Swan,
    links: Links,
}

impl Swan {
    /// Makes the client of `[swan.NAME]`; nothing is sent yet.
    pub fn new(
        name: &str,
        settings: SwanSettings,
        clock: Clock,
        pulses: Pulses,
    ) -> Result<Self, SwanError> {
        Ok(Self {
            inner: Arc::new(Inner {
                system: System::swan(name),
                settings,
                clock,
                pulses,
            }),
            tenure: Tenure::unlimited(),
        })
    }

    /// The same client, bound to a tenure: after its end no request begins.
    pub fn under(&self, tenure: Tenure) -> Self {
        Self {
            inner: self.inner.clone(),
            tenure,
        }
    }

    /// The handle through which it is called.
    pub fn linked(&self, links: Links) -> LinkedSwan {
        LinkedSwan {
            swan: self.clone(),
            links,
        }
    }
}

impl PointsBackend for LinkedSwan {
    fn system(&self) -> &System {
        &self.swan.inner.system
    }

    fn balance(&self, member: UserId) -> BoxFuture<'_, Result<BalanceRead, ReadError>> {
        let _ = (
            &self.swan.tenure,
            &self.swan.inner.settings,
            &self.swan.inner.clock,
            &self.swan.inner.pulses,
        );
        Box::pin(async move {
            self.links.account(self.system(), member).await?;
            Err(ReadError {
                refused: Refused {
                    meaning: PointsRefusal::Unavailable,
                    code: None,
                    text: String::new(),
                },
            })
        })
    }

    fn account(&self, member: UserId) -> BoxFuture<'_, Result<Option<Account>, ReadError>> {
        Box::pin(async move { self.links.account(self.system(), member).await.map(Some) })
    }
}

impl fmt::Debug for LinkedSwan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinkedSwan")
            .field("system", self.system())
            .finish_non_exhaustive()
    }
}

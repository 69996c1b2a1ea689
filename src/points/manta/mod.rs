//! MantaGO's points over HTTP, read-only (source: points-backends, 3).

use std::fmt;
use std::path::PathBuf;
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
use crate::support::clock::Clock;
use crate::support::pulse::Pulses;
use crate::support::secret::Secret;
use crate::support::tenure::Tenure;

/// One `[manta.NAME]`.
#[derive(Clone, Debug)]
pub struct MantaSettings {
    /// Ends in `/api`, without a final slash.
    pub base_url: String,
    /// The encrypted id of the bot over there.
    pub bot_id: String,
    /// The API token, a JWT.
    pub token: KeptSecret,
    /// The secret key of every body.
    pub secret: KeptSecret,
    /// One deadline for a whole request, connecting included.
    pub timeout: Duration,
}

/// A secret that may be kept in a file of its own, which may be written anew while the bot runs.
#[derive(Clone, Debug)]
pub struct KeptSecret {
    /// As it was at the start.
    pub value: Secret,
    /// The file it is kept in, if it is.
    pub file: Option<PathBuf>,
}

/// The client of one bot over there. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Manta {
    inner: Arc<Inner>,
    /// No request begins after its end.
    tenure: Tenure,
}

/// Why the settings make no client.
#[derive(Debug, thiserror::Error)]
pub enum MantaError {
    /// The HTTP library does not start.
    #[error("the HTTP client could not be made")]
    Client(#[source] reqwest::Error),
}

struct Inner {
    system: System,
    settings: MantaSettings,
    clock: Clock,
    pulses: Pulses,
}

/// A bot over there as the guilds of the settings see it: who is who there is looked up in `links`.
pub struct LinkedManta {
    manta: Manta,
    links: Links,
}

impl Manta {
    /// Makes the client of `[manta.NAME]`; nothing is sent yet.
    pub fn new(
        name: &str,
        settings: MantaSettings,
        clock: Clock,
        pulses: Pulses,
    ) -> Result<Self, MantaError> {
        Ok(Self {
            inner: Arc::new(Inner {
                system: System::manta(name),
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
    pub fn linked(&self, links: Links) -> LinkedManta {
        LinkedManta {
            manta: self.clone(),
            links,
        }
    }
}

impl PointsBackend for LinkedManta {
    fn system(&self) -> &System {
        &self.manta.inner.system
    }

    fn balance(&self, member: UserId) -> BoxFuture<'_, Result<BalanceRead, ReadError>> {
        let _ = (
            &self.manta.tenure,
            &self.manta.inner.settings,
            &self.manta.inner.clock,
            &self.manta.inner.pulses,
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

impl fmt::Debug for LinkedManta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinkedManta")
            .field("system", self.system())
            .finish_non_exhaustive()
    }
}

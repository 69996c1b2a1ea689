//! The Bot API client.
//!
//! Invariants: one call is one request, no redirect is followed, and reqwest repeats nothing by
//! itself. Ids go out as numbers or strings exactly as each method wants them (fanbook-platform,
//! 1.4). The body is read first whatever the HTTP status. The token is part of the address, so no
//! error carries an address. A send is repeated only when it is certain that nothing was sent; a
//! reading call also when no answer came. Every request waits for a permit before it leaves, and is
//! given up unsent when the tenure it is under has ended by then.
//! Deliberately absent: a cache (its ages are the trade's business).
//!
//! Metrics: `guildpoints_api_calls_total{method, outcome}` counts requests, outcome `ok` or the
//! name of the error; `guildpoints_api_call_seconds{method}` is how long they took, permits aside.

mod addresses;
mod answers;
mod call;
mod channels;
mod counts;
mod errors;
mod history;
mod own;
mod permits;
mod post;
mod read;
mod send;

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use reqwest::Client;
use reqwest::Url;
use reqwest::redirect;

use crate::fanbook::api::addresses::Addresses;
use crate::fanbook::api::counts::Counts;
use crate::fanbook::api::permits::Permits;
use crate::support::pulse::Pulses;
use crate::support::retry::Backoff;
use crate::support::seal::Seal;
use crate::support::secret::Secret;
use crate::support::tenure::Tenure;

pub use crate::fanbook::wire::OwnContent;
pub use answers::GuildFacts;
pub use answers::Me;
pub use answers::Member;
pub use answers::MemberRole;
pub use answers::MessageAuthor;
pub use answers::Role;
pub use channels::ChannelKind;
pub use channels::GuildChannel;
pub use channels::postable;
pub use errors::ApiError;
pub use errors::NoAnswer;
pub use errors::Pace;
pub use errors::Rejection;
pub use errors::SayError;
pub use post::Photo;
pub use post::Structured;
pub use send::Button;
pub use send::LONGEST_SAID;
pub use send::Say;

/// `[bot]` and the part of `[limits]` that concerns the Bot API.
#[derive(Clone, Debug)]
pub struct ApiSettings {
    /// Without a final slash: `{api_url}/api/bot/{token}/{method}`.
    pub api_url: String,
    /// The bot token.
    pub token: Secret,
    /// Messages a second into one channel.
    pub send_per_channel_per_second: f64,
    /// Requests a second in all.
    pub api_per_second: f64,
}

/// How long the client waits for what; tests shorten it.
#[derive(Clone, Copy, Debug)]
pub struct ApiTimes {
    /// A whole request, from connecting to the last byte. Default 10 s: other clients use 3 to 12 s.
    pub request: Duration,
    /// Connecting alone. Default 5 s.
    pub connect: Duration,
    /// Waiting for a permit; after that the call gives up unsent. Default 30 s: an answer that old
    /// helps nobody in chat, and what must be said is said again from the journal.
    pub permit: Duration,
    /// The first delay before trying again; doubles, with as much again by chance. Default 1 s.
    pub first_retry: Duration,
}

impl Default for ApiTimes {
    fn default() -> Self {
        Self {
            request: Duration::from_secs(10),
            connect: Duration::from_secs(5),
            permit: Duration::from_secs(30),
            first_retry: Duration::from_secs(1),
        }
    }
}

/// Why no client could be made of the settings.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// `api_url` is no address.
    #[error("`api_url` is not an http or https address")]
    Address,
    /// The token is empty or holds characters no token has. The token is not shown.
    #[error("the bot token is empty or holds characters that cannot be part of an address")]
    Token,
    /// A rate is not above zero.
    #[error("`send_per_channel_per_second` and `api_per_second` must be above 0")]
    Rate,
    /// The HTTP client could not be set up.
    #[error("the HTTP client could not be set up")]
    Client(#[source] reqwest::Error),
}

/// The Bot API of one bot. Cheap to clone; clones share connections and limits.
#[derive(Clone, Debug)]
pub struct BotApi {
    inner: Arc<Inner>,
    /// No request begins after its end.
    tenure: Tenure,
}

#[derive(Debug)]
struct Inner {
    client: Client,
    addresses: Addresses,
    token: Secret,
    permits: Permits,
    counts: Counts,
    pulses: Pulses,
    times: ApiTimes,
    /// Set when sending failed with 10002 to the end: from then on one try, until one succeeds.
    shut_out: AtomicBool,
    latest_me: Mutex<Option<Me>>,
}

impl BotApi {
    /// A client with the usual times. Makes no request.
    pub fn new(settings: ApiSettings, pulses: Pulses) -> Result<Self, BuildError> {
        Self::with_times(settings, ApiTimes::default(), pulses)
    }

    /// A client with times of one's own.
    pub fn with_times(
        settings: ApiSettings,
        times: ApiTimes,
        pulses: Pulses,
    ) -> Result<Self, BuildError> {
        let token = settings.token.expose();
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte);
        if token.is_empty() || !token.bytes().all(is_plain) {
            return Err(BuildError::Token);
        }
        let address = settings.api_url.trim_end_matches('/');
        let url = Url::parse(address).map_err(|_| BuildError::Address)?;
        let is_bare = url.query().is_none() && url.fragment().is_none();
        if !matches!(url.scheme(), "http" | "https") || !is_bare {
            return Err(BuildError::Address);
        }
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .timeout(times.request)
            .connect_timeout(times.connect)
            .user_agent(concat!("guildpoints/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| BuildError::Client(error.without_url()))?;
        let base = Url::parse(&format!("{address}/api/bot/{token}/"));
        let base = base.map_err(|_| BuildError::Address)?;
        let permits = Permits::new(
            settings.send_per_channel_per_second,
            settings.api_per_second,
        )
        .ok_or(BuildError::Rate)?;
        Ok(Self {
            inner: Arc::new(Inner {
                client,
                addresses: Addresses::under(base),
                token: settings.token,
                permits,
                counts: Counts::default(),
                pulses,
                times,
                shut_out: AtomicBool::new(false),
                latest_me: Mutex::default(),
            }),
            tenure: Tenure::unlimited(),
        })
    }

    /// The same client, bound to a tenure: after its end no request and no connection begins.
    pub fn under(&self, tenure: Tenure) -> Self {
        Self {
            inner: self.inner.clone(),
            tenure,
        }
    }

    /// A seal that follows from the bot's token, so that it is the same after a restart.
    pub fn seal(&self, purpose: &str) -> Seal {
        Seal::of(&self.inner.token, purpose)
    }

    /// The tenure it is bound to.
    pub(in crate::fanbook) fn tenure(&self) -> &Tenure {
        &self.tenure
    }

    /// What the last successful [`BotApi::me`] said, if there was one.
    ///
    /// Each getMe mints a new gateway token, so whoever only wants to know asks here.
    pub fn latest_me(&self) -> Option<Me> {
        self.inner
            .latest_me
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn retries(&self, times: usize) -> Backoff {
        Backoff {
            first: self.inner.times.first_retry,
            most: self.inner.times.first_retry * 8,
            times: Some(times),
        }
    }
}

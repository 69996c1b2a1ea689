//! One request to the service and its answer.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use reqwest::Response;
use reqwest::header::AUTHORIZATION;
use reqwest::header::CONTENT_TYPE;
use reqwest::header::DATE;
use reqwest::header::HeaderName;
use reqwest::header::HeaderValue;
use reqwest::header::RETRY_AFTER;
use reqwest::redirect::Policy;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::MantaSettings;
use super::answer::Answer;
use super::answer::LARGEST_BODY;
use super::answer::Reply;
use super::gather::Gather;
use super::linked::LinkedManta;
use super::pair::Keys;
use super::pair::Pair;
use super::pause::Pause;
use super::request::Addresses;
use super::request::Endpoint;
use super::token::TokenState;
use super::watch::Watch;
use crate::model::System;
use crate::points::Links;
use crate::points::mall::date;
use crate::points::mall::request::is_local;
use crate::support::clock::Clock;
use crate::support::pulse::Pulses;
use crate::support::tenure::Tenure;

/// How often it is looked how long the token lasts, and whether its file has changed.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// The client of one bot over there. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Manta {
    pub(super) inner: Arc<Inner>,
    /// No request begins after its end.
    tenure: Tenure,
}

/// Why the settings make no client.
#[derive(Debug, thiserror::Error)]
pub enum MantaError {
    /// The address cannot be used. It is not shown, since it may hold a password.
    #[error("`base_url` {0}")]
    BaseUrl(&'static str),
    /// The token or the secret cannot be sent.
    #[error("`{0}` is empty or holds characters that cannot be sent")]
    Pair(&'static str),
    /// The HTTP library does not start.
    #[error("the HTTP client could not be made")]
    Client(#[source] reqwest::Error),
}

pub(super) struct Inner {
    pub(super) system: System,
    pub(super) clock: Clock,
    pub(super) keys: Keys,
    pub(super) pause: Pause,
    pub(super) watch: Watch,
    pub(super) timeout: Duration,
    http: Client,
    addresses: Addresses,
}

impl Manta {
    /// Makes the client of `[manta.NAME]`; nothing is sent yet.
    ///
    /// The process must have installed its TLS provider before, or the HTTP library panics.
    pub fn new(
        name: &str,
        settings: MantaSettings,
        clock: Clock,
        pulses: Pulses,
    ) -> Result<Self, MantaError> {
        let base = settings.base_url.trim_end_matches('/');
        let local = is_local(base).map_err(MantaError::BaseUrl)?;
        let addresses = Addresses::under(base, &settings.bot_id).map_err(MantaError::BaseUrl)?;
        let keys = Keys::new(&settings.token, &settings.secret).map_err(MantaError::Pair)?;
        let mut http = Client::builder()
            .user_agent(concat!("guildpoints/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .timeout(settings.timeout)
            // Shorter than the whole, so that a service that cannot be reached is known as such.
            .connect_timeout(settings.timeout * 3 / 5);
        if local {
            http = http.no_proxy();
        }
        let http = http
            .build()
            .map_err(|error| MantaError::Client(error.without_url()))?;
        let system = System::manta(name);
        Ok(Self {
            inner: Arc::new(Inner {
                watch: Watch::new(system.clone(), pulses),
                pause: Pause::default(),
                timeout: settings.timeout,
                system,
                clock,
                keys,
                http,
                addresses,
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

    /// The handle through which it is called. One for all guilds, so that what is asked at the same
    /// moment is asked together.
    pub fn linked(&self, links: Links) -> LinkedManta {
        LinkedManta::new(Gather::new(self.clone()), links)
    }

    /// Which it is.
    pub fn system(&self) -> &System {
        &self.inner.system
    }

    /// How the token stands that is in its place now.
    pub async fn token_state(&self) -> TokenState {
        let pair = self.inner.keys.current().await;
        pair.stands(self.inner.clock.now_ms())
    }

    /// Watches how long the token lasts until `stop`, asked or not: metric, pulse, and a warning a day
    /// when its end is near.
    pub async fn watch_token(self, stop: CancellationToken) {
        loop {
            let looked = stop.run_until_cancelled(self.inner.keys.current()).await;
            let Some(pair) = looked else {
                return;
            };
            let now_ms = self.inner.clock.now_ms();
            self.inner.watch.lasts(&pair, now_ms);
            let pause = tokio::time::sleep(LOOK_EVERY);
            if stop.run_until_cancelled(pause).await.is_none() {
                return;
            }
        }
    }

    /// Sends one request, once, and reads what comes back; it is given up after `limit`.
    ///
    /// `body` is made of the same pair.
    pub(super) async fn send(
        &self,
        endpoint: Endpoint,
        pair: &Pair,
        body: String,
        limit: Duration,
    ) -> Answer {
        let inner = &self.inner;
        if !self.tenure.holds() {
            let seen = "this process does not own the bot any more".to_owned();
            return Answer::NotSent { seen };
        }
        let started = Instant::now();
        let request = inner
            .http
            .post(inner.addresses.of(endpoint))
            .timeout(limit)
            .header(AUTHORIZATION, pair.bearer())
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(body);
        let answer = match self.tenure.during(request.send()).await {
            None => Answer::Unclear {
                status: None,
                seen: "this process stopped being the bot's owner before the answer came"
                    .to_owned(),
            },
            Some(Err(error)) => inner.failed(error, pair),
            Some(Ok(response)) => {
                let reply = inner.reply(response, pair).await;
                let secrets = [pair.token().expose(), pair.secret().expose()];
                Answer::of(reply, &secrets)
            }
        };
        inner.watch.answered(endpoint, &answer, started.elapsed());
        answer
    }
}

impl fmt::Debug for Manta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manta")
            .field("system", &self.inner.system)
            .finish_non_exhaustive()
    }
}

impl Inner {
    async fn reply(&self, mut response: Response, pair: &Pair) -> Reply {
        let status = response.status().as_u16();
        // Their clock where they show it: a wait may be given as a moment of it.
        let theirs = header(&response, &DATE).and_then(|value| date::http_date(&value));
        let now_ms = theirs.unwrap_or_else(|| self.clock.now_ms());
        let retry_after =
            header(&response, &RETRY_AFTER).and_then(|value| date::retry_after(&value, now_ms));
        let mut body = Vec::new();
        let body = loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > LARGEST_BODY => {
                    break Err("an answer larger than 1 MiB".to_owned());
                }
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break Ok(body),
                Err(error) => break Err(self.seen(error, pair)),
            }
        };
        Reply {
            status,
            retry_after,
            body,
        }
    }

    fn failed(&self, error: reqwest::Error, pair: &Pair) -> Answer {
        if error.is_connect() {
            let seen = format!("no connection to MantaGO: {}", self.seen(error, pair));
            return Answer::NotSent { seen };
        }
        Answer::Unclear {
            status: None,
            seen: self.seen(error, pair),
        }
    }

    /// What an error of the HTTP library says, its causes included and the address not.
    fn seen(&self, error: reqwest::Error, pair: &Pair) -> String {
        if error.is_timeout() && !error.is_connect() {
            return "no whole answer in time".to_owned();
        }
        let chain = format!("{:#}", anyhow::Error::new(error.without_url()));
        pair.secret().blot(&pair.token().blot(&chain))
    }
}

fn header(response: &Response, name: &HeaderName) -> Option<String> {
    Some(response.headers().get(name)?.to_str().ok()?.to_owned())
}

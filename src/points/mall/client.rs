//! One signed request to the mall and its answer.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use reqwest::Client;
use reqwest::Response;
use reqwest::header::DATE;
use reqwest::header::HeaderName;
use reqwest::header::HeaderValue;
use reqwest::header::RETRY_AFTER;
use reqwest::redirect::Policy;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use uuid::Uuid;

use super::MallSettings;
use super::answer::Answer;
use super::answer::LARGEST_BODY;
use super::answer::Reply;
use super::date;
use super::guild::GuildMall;
use super::meaning;
use super::request::Addresses;
use super::request::Ask;
use super::request::Endpoint;
use super::request::Stamps;
use super::request::is_local;
use super::watch::Watch;
use crate::model::GuildId;
use crate::model::OpId;
use crate::points::LookupError;
use crate::points::Record;
use crate::points::Repeats;
use crate::points::sign::Parts;
use crate::support::clock::Clock;
use crate::support::pulse::Pulses;
use crate::support::secret::Secret;

/// The client of one mall with one app key. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Mall {
    inner: Arc<Inner>,
}

/// Why the settings make no client.
#[derive(Debug, thiserror::Error)]
pub enum MallError {
    /// The address cannot be used. It is not shown, since it may hold a password.
    #[error("`base_url` {0}")]
    BaseUrl(&'static str),
    /// A key cannot be sent or signed.
    #[error("`{0}` is empty or holds blanks or characters that cannot be sent")]
    Key(&'static str),
    /// No request could ever be sent.
    #[error("the number of requests under way at once has to be at least 1")]
    InFlight,
    /// The HTTP library does not start.
    #[error("the HTTP client could not be made")]
    Client(#[source] reqwest::Error),
}

struct Inner {
    http: Client,
    addresses: Addresses,
    app_key: Secret,
    app_secret: Secret,
    key_header: HeaderValue,
    timeout: Duration,
    permits: Semaphore,
    in_flight: usize,
    clock: Clock,
    watch: Watch,
}

impl Mall {
    /// Makes the client; nothing is sent yet.
    ///
    /// The process must have installed its TLS provider before, or the HTTP library panics.
    pub fn new(settings: MallSettings, clock: Clock, pulses: Pulses) -> Result<Self, MallError> {
        // Endpoints begin with a slash, and a doubled slash is another path.
        let base = settings.base_url.trim_end_matches('/');
        let local = is_local(base).map_err(MallError::BaseUrl)?;
        let addresses = Addresses::under(base).map_err(MallError::BaseUrl)?;
        check_key("app_secret", &settings.app_secret)?;
        check_key("app_key", &settings.app_key)?;
        if settings.in_flight == 0 || settings.in_flight > Semaphore::MAX_PERMITS {
            return Err(MallError::InFlight);
        }
        let mut key_header = HeaderValue::from_str(settings.app_key.expose())
            .map_err(|_| MallError::Key("app_key"))?;
        key_header.set_sensitive(true);

        let mut http = Client::builder()
            .user_agent(concat!("guildpoints/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .timeout(settings.timeout)
            // Shorter than the whole, so that a mall that cannot be reached is known as "not sent":
            // once the deadline of the whole passes, nobody can tell any more.
            .connect_timeout(settings.timeout * 3 / 5);
        if local {
            http = http.no_proxy();
        }
        let http = http
            .build()
            .map_err(|error| MallError::Client(error.without_url()))?;

        Ok(Self {
            inner: Arc::new(Inner {
                http,
                addresses,
                app_key: settings.app_key,
                app_secret: settings.app_secret,
                key_header,
                timeout: settings.timeout,
                permits: Semaphore::new(settings.in_flight),
                in_flight: settings.in_flight,
                watch: Watch::new(pulses),
                clock,
            }),
        })
    }

    /// The handles of the guilds of the settings. Called once, so that there is one memory a guild.
    ///
    /// Where there are several guilds, none may hold all requests under way: a guild that floods
    /// waits for its own, and another's question finds a free one.
    pub fn handles(
        &self,
        guilds: impl Iterator<Item = GuildId>,
    ) -> HashMap<GuildId, Arc<GuildMall>> {
        let guilds: Vec<GuildId> = guilds.collect();
        let all = self.inner.in_flight;
        let share = match guilds.as_slice() {
            [] | [_] => all,
            _ => (all - all.div_ceil(4)).max(1),
        };
        let handle = |guild| (guild, Arc::new(GuildMall::new(self.clone(), guild, share)));
        guilds.into_iter().map(handle).collect()
    }

    /// Asks for the record of an id nobody has, which shows whether the deployment has look-ups.
    ///
    /// Until this or another look-up has succeeded, nothing is promised of an id sent twice
    /// (source: points-backends, 1.7, rule 8).
    pub async fn probe(&self) -> Result<(), LookupError> {
        let random = OpId::kept(format!("gp-probe-{}", Uuid::new_v4().simple()));
        let found = match self.record(&random).await {
            Ok(Record::Found { .. }) => Err(LookupError::NoInformation {
                text: "a record under an id nobody has used".to_owned(),
            }),
            other => other,
        };
        self.inner.watch.looked_up(&found);
        found.map(|_unused| ())
    }

    /// The mall's clock minus ours, from its last answer with a `Date`; exact to a second or two.
    pub fn clock_difference(&self) -> Option<SignedDuration> {
        self.inner.watch.clock_difference()
    }

    /// What is known of an id sent twice, deployment-wide.
    pub(super) fn repeats(&self) -> Repeats {
        self.inner.watch.repeats()
    }

    /// The present, in milliseconds since 1970.
    pub(super) fn now_ms(&self) -> i64 {
        self.inner.clock.now_ms()
    }

    /// What the mall has under `op`, in whatever guild.
    pub(super) async fn find(&self, op: &OpId) -> Result<Record, LookupError> {
        let found = self.record(op).await;
        self.inner.watch.looked_up(&found);
        found
    }

    async fn record(&self, op: &OpId) -> Result<Record, LookupError> {
        let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
        if op.as_str().is_empty() || !op.as_str().bytes().all(unreserved) {
            // Raw and encoded readings of the signing rules would differ: never send such a value.
            return Err(LookupError::NoInformation {
                text: "an id with characters the signing rules leave open".to_owned(),
            });
        }
        let query = vec![("bizId".to_owned(), op.to_string())];
        let answer = self
            .send(Ask::Query(Endpoint::FindPointRecord, query))
            .await;
        meaning::record(answer, op)
    }

    /// Sends one request, once, and reads what comes back.
    ///
    /// Dropping the future after its first poll leaves the outcome of a change unknown.
    pub(super) async fn send(&self, ask: Ask) -> Answer {
        let inner = &self.inner;
        // Before anything is signed: the time spent waiting here is not the request's.
        let _permit = inner
            .permits
            .acquire()
            .await
            .expect("the semaphore is never closed");
        let _counted = inner.watch.under_way();
        let started = Instant::now();
        let endpoint = ask.endpoint();

        let nonce = Uuid::new_v4().to_string();
        let timestamp = inner.clock.now_ms().to_string();
        let signature = Parts {
            app_key: inner.app_key.expose(),
            nonce: &nonce,
            timestamp: &timestamp,
            authorization: None,
            query: ask.query(),
            body: ask.body(),
        }
        .signature(&inner.app_secret);
        let request = ask.into_request(
            &inner.addresses,
            Stamps {
                app_key: inner.key_header.clone(),
                nonce: &nonce,
                timestamp: &timestamp,
                signature: &signature,
            },
        );

        let answer = match inner.http.execute(request).await {
            Err(error) => inner.failed(error),
            Ok(response) => {
                let date = header(&response, &DATE).and_then(|value| date::http_date(&value));
                if let Some(theirs) = date {
                    inner.watch.saw_date(theirs, inner.clock.now_ms());
                }
                let reply = inner.reply(response, date).await;
                let secrets = [
                    inner.app_secret.expose(),
                    inner.app_key.expose(),
                    signature.as_str(),
                ];
                inner.watch.with_clock(Answer::of(reply, &secrets))
            }
        };
        inner.watch.answered(endpoint, &answer, started.elapsed());
        answer
    }
}

impl fmt::Debug for Mall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mall").finish_non_exhaustive()
    }
}

impl Inner {
    async fn reply(&self, mut response: Response, date_ms: Option<i64>) -> Reply {
        let now_ms = date_ms.unwrap_or_else(|| self.clock.now_ms());
        let retry_after =
            header(&response, &RETRY_AFTER).and_then(|value| date::retry_after(&value, now_ms));
        let status = response.status().as_u16();
        let mut body = Vec::new();
        let body = loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > LARGEST_BODY => {
                    break Err("an answer larger than 1 MiB".to_owned());
                }
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break Ok(body),
                Err(error) => break Err(self.seen(error)),
            }
        };
        Reply {
            status,
            retry_after,
            body,
        }
    }

    fn failed(&self, error: reqwest::Error) -> Answer {
        if error.is_connect() {
            let seen = format!("no connection to the mall: {}", self.seen(error));
            return Answer::NotSent { seen };
        }
        Answer::Unclear {
            status: None,
            seen: self.seen(error),
        }
    }

    /// What an error of the HTTP library says, its causes included and the address not.
    fn seen(&self, error: reqwest::Error) -> String {
        if error.is_timeout() && !error.is_connect() {
            return format!("no whole answer within {:?}", self.timeout);
        }
        let chain = format!("{:#}", anyhow::Error::new(error.without_url()));
        self.app_secret.blot(&chain)
    }
}

/// Blanks around a value are lost on the wire, so that the signature would not fit.
fn check_key(name: &'static str, key: &Secret) -> Result<(), MallError> {
    let key = key.expose();
    if key.is_empty() || !key.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(MallError::Key(name));
    }
    Ok(())
}

fn header(response: &Response, name: &HeaderName) -> Option<String> {
    Some(response.headers().get(name)?.to_str().ok()?.to_owned())
}

//! One request to an installation and its answer.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use reqwest::Response;
use reqwest::header::DATE;
use reqwest::header::HeaderMap;
use reqwest::header::HeaderName;
use reqwest::header::HeaderValue;
use reqwest::header::RETRY_AFTER;
use reqwest::redirect::Policy;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::SwanSettings;
use super::account::Blots;
use super::account::is_account_id;
use super::answer::Answer;
use super::answer::LARGEST_BODY;
use super::answer::Reply;
use super::ledger::LedgerPage;
use super::ledger::Statement;
use super::linked::LinkedSwan;
use super::meaning;
use super::request::Addresses;
use super::request::Ask;
use super::request::Change;
use super::request::Report;
use super::request::Stretch;
use super::request::fixed_headers;
use super::request::written;
use super::watch::Watch;
use crate::journal::Refused;
use crate::model::Account;
use crate::model::Amount;
use crate::model::OpId;
use crate::model::System;
use crate::model::refusal::PointsRefusal;
use crate::points::Links;
use crate::points::ReadError;
use crate::points::Verdict;
use crate::points::mall::date;
use crate::points::mall::request::is_local;
use crate::support::clock::Clock;
use crate::support::pulse::Pulses;
use crate::support::tenure::Tenure;

/// Requests under way at once. Nothing is documented; this leaves a small installation its breath.
pub const IN_FLIGHT: usize = 16;

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
    /// The address cannot be used. It is not shown, since it may hold a password.
    #[error("`base_url` {0}")]
    BaseUrl(&'static str),
    /// A header cannot be sent. Its value is not shown.
    #[error("the header `{0}` cannot be sent: its name or value has characters no header can have")]
    Header(String),
    /// A header that is not the operator's to set.
    #[error("the header `{0}` is set for each request and cannot be fixed")]
    FixedHeader(String),
    /// The service account has not the form of an account.
    #[error("`acts_as` has not the form `@name:domain`")]
    ActsAs,
    /// A change without a type is none.
    #[error("`change_type` is empty")]
    ChangeType,
    /// The HTTP library does not start.
    #[error("the HTTP client could not be made")]
    Client(#[source] reqwest::Error),
}

struct Inner {
    system: System,
    http: Client,
    addresses: Addresses,
    fixed: HeaderMap,
    settings: SwanSettings,
    permits: Semaphore,
    clock: Clock,
    watch: Watch,
}

impl Swan {
    /// Makes the client of `[swan.NAME]`; nothing is sent yet.
    ///
    /// The process must have installed its TLS provider before, or the HTTP library panics.
    pub fn new(
        name: &str,
        settings: SwanSettings,
        clock: Clock,
        pulses: Pulses,
    ) -> Result<Self, SwanError> {
        let base = settings.base_url.trim_end_matches('/');
        let local = is_local(base).map_err(SwanError::BaseUrl)?;
        let addresses = Addresses::under(base).map_err(SwanError::BaseUrl)?;
        let fixed = fixed_headers(&settings.headers)?;
        if settings
            .acts_as
            .as_deref()
            .is_some_and(|id| !is_account_id(id))
        {
            return Err(SwanError::ActsAs);
        }
        if settings.change_type.trim().is_empty() {
            return Err(SwanError::ChangeType);
        }
        let mut http = Client::builder()
            .user_agent(concat!("guildpoints/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .timeout(settings.timeout)
            // Shorter than the whole, so that what cannot be reached is known as "not sent": once the
            // deadline of the whole passes, nobody can tell any more.
            .connect_timeout(settings.timeout * 3 / 5);
        if local {
            http = http.no_proxy();
        }
        let http = http
            .build()
            .map_err(|error| SwanError::Client(error.without_url()))?;
        let system = System::swan(name);
        Ok(Self {
            inner: Arc::new(Inner {
                http,
                addresses,
                fixed,
                permits: Semaphore::new(IN_FLIGHT),
                watch: Watch::new(system.clone(), pulses),
                system,
                settings,
                clock,
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
        LinkedSwan::new(self.clone(), links)
    }

    /// Which installation it is, as the settings name it.
    pub fn system(&self) -> &System {
        &self.inner.system
    }

    /// The balance of an account that was proved, in points.
    pub async fn balance(&self, account: &Account) -> Result<i64, ReadError> {
        let answer = self.ask(account, Ask::Balance).await?;
        meaning::balance(answer, account)
    }

    /// The balance of an account that was proved, and a part of its ledger, newest first.
    ///
    /// Upstream advises against it (points-backends, 2.3.2); commands ask for one or the other.
    pub async fn statement(
        &self,
        account: &Account,
        stretch: Stretch,
    ) -> Result<Statement, ReadError> {
        let answer = self.ask(account, Ask::Statement(stretch)).await?;
        meaning::statement(answer, account)
    }

    /// A part of the ledger of an account that was proved, newest first.
    pub async fn ledger(
        &self,
        account: &Account,
        stretch: Stretch,
    ) -> Result<LedgerPage, ReadError> {
        let answer = self.ask(account, Ask::Ledger(stretch)).await?;
        meaning::page(answer)
    }

    /// Reports, once, that `account` did what the console calls `event`, seen by `staff`.
    ///
    /// Both accounts were proved. Applied means that the report was taken, not that points were
    /// granted: the answer does not say. The installation drops a repeated `operation`, so after any
    /// doubt the same report may be sent again (points-backends, 2.3.5).
    pub async fn report(
        &self,
        account: &Account,
        staff: &Account,
        event: &str,
        operation: &str,
    ) -> Verdict {
        if !is_account_id(staff.id()) {
            return Verdict::Refused(no_account());
        }
        if event.trim().is_empty() || operation.trim().is_empty() {
            return Verdict::Refused(Refused {
                meaning: PointsRefusal::Declined,
                code: None,
                text: "a report needs an event and an id".to_owned(),
            });
        }
        let body = written(&Report {
            event,
            user_id: account.id(),
            staff_id: staff.id(),
            operation_id: operation,
        });
        self.change_as_set_up(account, &[staff.id()], Ask::Report(body))
            .await
    }

    /// Sends one change, once.
    pub(super) async fn change(
        &self,
        account: &Account,
        op: &OpId,
        amount: Amount,
        info: &str,
    ) -> Verdict {
        let body = written(&Change {
            transaction_id: op.as_str(),
            user_id: account.id(),
            point: amount.points(),
            kind: &self.inner.settings.change_type,
            info,
        });
        self.change_as_set_up(account, &[], Ask::Change(body)).await
    }

    /// The settings it was made from.
    pub(super) fn settings(&self) -> &SwanSettings {
        &self.inner.settings
    }

    /// The present, in milliseconds since 1970.
    pub(super) fn now_ms(&self) -> i64 {
        self.inner.clock.now_ms()
    }

    /// A change in the name of whoever the settings say: the service account, or whom it is for.
    async fn change_as_set_up(&self, account: &Account, others: &[&str], ask: Ask) -> Verdict {
        if !is_account_id(account.id()) {
            return Verdict::Refused(no_account());
        }
        let consumer = match &self.inner.settings.acts_as {
            Some(service) => service.as_str(),
            None => account.id(),
        };
        let mut about = vec![account.id()];
        about.extend(others);
        meaning::change(self.send(consumer, &about, ask).await)
    }

    /// A question in the name of whom it is about: the header alone decides whose answer comes.
    async fn ask(&self, account: &Account, ask: Ask) -> Result<Answer, ReadError> {
        match is_account_id(account.id()) {
            true => Ok(self.send(account.id(), &[], ask).await),
            false => Err(ReadError {
                refused: no_account(),
            }),
        }
    }

    /// Sends one request, once, and reads what comes back. `consumer` has the form of an account.
    ///
    /// Dropping the future after its first poll leaves the outcome of a change unknown.
    async fn send(&self, consumer: &str, about: &[&str], ask: Ask) -> Answer {
        let inner = &self.inner;
        // The time spent waiting here is not the request's.
        let _permit = inner
            .permits
            .acquire()
            .await
            .expect("the semaphore is never closed");
        // Asked after the wait, right before the first byte: a process may have slept until here.
        if !self.tenure.holds() {
            let seen = "this process does not own the bot any more".to_owned();
            return Answer::NotSent { seen };
        }
        let Ok(mut who) = HeaderValue::from_bytes(consumer.as_bytes()) else {
            let seen = "an account that no header can carry".to_owned();
            return Answer::NotSent { seen };
        };
        who.set_sensitive(true);
        let _counted = inner.watch.under_way();
        let started = Instant::now();
        let endpoint = ask.endpoint();
        let request = ask.into_request(&inner.addresses, who, &inner.fixed);

        let mut accounts = vec![consumer];
        accounts.extend(about);
        let blots = Blots::new(&inner.settings.headers, &accounts);
        let answer = match self.tenure.during(inner.http.execute(request)).await {
            // A part of it may have left; the owner looks it up.
            None => {
                return Answer::Unclear {
                    status: None,
                    seen: "this process stopped being the bot's owner before the answer came"
                        .to_owned(),
                };
            }
            Some(Err(error)) => inner.failed(error, &blots),
            Some(Ok(response)) => Answer::of(inner.reply(response, &blots).await, &blots),
        };
        inner.watch.answered(endpoint, &answer, started.elapsed());
        answer
    }
}

impl fmt::Debug for Swan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Swan")
            .field("system", &self.inner.system)
            .finish_non_exhaustive()
    }
}

impl Inner {
    async fn reply(&self, mut response: Response, blots: &Blots<'_>) -> Reply {
        let now_ms = header(&response, &DATE)
            .and_then(|value| date::http_date(&value))
            .unwrap_or_else(|| self.clock.now_ms());
        let retry_after: Option<Duration> =
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
                Err(error) => break Err(self.seen(error, blots)),
            }
        };
        Reply {
            status,
            retry_after,
            body,
        }
    }

    fn failed(&self, error: reqwest::Error, blots: &Blots<'_>) -> Answer {
        if error.is_connect() {
            let seen = format!("no connection: {}", self.seen(error, blots));
            return Answer::NotSent { seen };
        }
        Answer::Unclear {
            status: None,
            seen: self.seen(error, blots),
        }
    }

    /// What an error of the HTTP library says, its causes included and the address not.
    fn seen(&self, error: reqwest::Error, blots: &Blots<'_>) -> String {
        if error.is_timeout() && !error.is_connect() {
            return format!("no whole answer within {:?}", self.settings.timeout);
        }
        blots.clean(&format!("{:#}", anyhow::Error::new(error.without_url())))
    }
}

/// What somebody gets whose account nobody has proved, or under an id that is none.
pub(super) fn no_account() -> Refused {
    Refused {
        meaning: PointsRefusal::NotLinked,
        code: None,
        text: "the account's id has not the form `@name:domain`".to_owned(),
    }
}

fn header(response: &Response, name: &HeaderName) -> Option<String> {
    Some(response.headers().get(name)?.to_str().ok()?.to_owned())
}

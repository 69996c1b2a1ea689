//! The Swan points service in miniature: five endpoints, users with a ledger, and the ways they can
//! fail.
//!
//! Strict where Swan's document is strict, selectable ([`SwanShapes`]) where it is silent, and
//! written from the document alone. A balance is the sum of its user's ledger, always: a correction
//! is an entry too. With a file, whatever anybody has been told is on disk before the answer
//! leaves. Deliberately absent: a look-up by id and a batch, which Swan does not have.
//! Source: points-backends, 2 and 5.2.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::any;
use tokio::sync::broadcast;

use super::clock::SandboxClock;
use super::fault::Faults;
use super::service::Answer;
use super::service::Arrived;
use super::service::FactFile;
use super::service::Json;
use super::service::Noted;
use super::service::Office;
use super::service::Processed;
use super::service::Request;
use super::service::Service;
use super::service::Traffic;
use super::service::take;

mod books;
mod calls;
mod control;
mod desk;
mod fields;
mod reply;
mod shapes;

pub use books::SwanEntry;
pub use books::SwanUser;
pub use desk::CALLER;
pub use shapes::CreatedField;
pub use shapes::Deduct;
pub use shapes::DetailId;
pub use shapes::ErrorForm;
pub use shapes::LedgerForm;
pub use shapes::PointsForm;
pub use shapes::RepeatedId;
pub use shapes::SwanShapes;

use books::BALANCE_LIMIT;
use books::Books;
use books::Fact;
use desk::Endpoint;

/// Where the service stands on the sandbox's listener; Swan's own paths follow it.
pub const BASE: &str = "/swan";

/// The type of an entry that a control path or a test makes.
const CORRECTION: &str = "CORRECTION";
/// A day, in milliseconds: the seeded history has an entry a day.
const DAY_MS: i64 = 86_400_000;

/// A running Swan service. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct SwanWorld {
    inner: Arc<Inner>,
}

/// What a Swan service starts with.
#[derive(Clone, Debug, Default)]
pub struct SwanSeed {
    /// The header, name and value, that the gateway in front demands; none lets everybody in.
    pub gateway: Option<(String, String)>,
    /// Its users.
    pub users: Vec<SwanOpening>,
    /// What an event is worth, by its type.
    pub rules: Vec<(String, i64)>,
}

/// A user and how they came by their points.
#[derive(Clone, Debug)]
pub struct SwanOpening {
    /// Their id, `@localpart:domain`.
    pub id: String,
    /// Points and words of their entries, oldest first, one a day until yesterday.
    pub history: Vec<(i64, String)>,
}

impl SwanWorld {
    /// Opens the service; what an existing file says replaces what the seed says of users it knows.
    ///
    /// The fault list is shared with whoever else holds it.
    pub fn start(
        seed: SwanSeed,
        clock: SandboxClock,
        faults: Faults,
        file: Option<PathBuf>,
    ) -> io::Result<Self> {
        let mut books = Books::default();
        if let Some(path) = &file
            && let Some(facts) = FactFile::read(path)?
        {
            books.recall(facts);
        } else {
            for (kind, points) in seed.rules {
                books.tell(Fact::Rule {
                    kind,
                    points: Some(points),
                })?;
            }
        }
        open(&mut books, seed.users, clock.now_ms())?;
        if let Some(path) = &file {
            let file = FactFile::replace(path, &books.facts())?;
            books.keep_in(file);
        }
        Ok(Self {
            inner: Arc::new(Inner {
                books: Mutex::new(books),
                gateway: seed.gateway,
                office: Office::sharing(clock, faults),
            }),
        })
    }

    /// The imitated paths, everything under `/swan/`.
    pub fn routes(&self) -> Router {
        Router::new()
            .route("/swan/{*rest}", any(take::<Self>))
            .with_state(self.clone())
    }

    /// The control paths, `/sandbox/swan...`; the server guards them.
    pub fn control(&self) -> Router {
        control::routes(self)
    }

    /// The troubles set for this service and whoever shares the list with it.
    pub fn faults(&self) -> &Faults {
        &self.inner.office.faults
    }

    /// The header, name and value, that the gateway demands.
    pub fn gateway(&self) -> Option<(String, String)> {
        self.inner.gateway.clone()
    }

    /// The users by id.
    pub fn users(&self) -> Vec<SwanUser> {
        self.books().users()
    }

    /// A user's points; `None` for an unknown one.
    pub fn balance(&self, user: &str) -> Option<i64> {
        self.books().balance(user)
    }

    /// A user's entries, newest first.
    pub fn ledger(&self, user: &str) -> Vec<SwanEntry> {
        self.books().ledger(user)
    }

    /// Everything that took effect for anybody, oldest first.
    pub fn entries(&self) -> Vec<SwanEntry> {
        self.books().entries().to_vec()
    }

    /// How often a `transactionId` or `operationId` took effect.
    pub fn effects(&self, transaction_id: &str) -> usize {
        let books = self.books();
        let entries = books.entries().iter();
        entries
            .filter(|entry| entry.transaction_id == transaction_id)
            .count()
    }

    /// Brings a user to this many points by an entry for the difference; a new user is made.
    pub fn set_balance(&self, user: &str, points: i64) {
        self.heard(self.try_set_balance(user, points));
    }

    /// Enters points that nobody on the wire asked for; a new user is made.
    pub fn add(&self, user: &str, points: i64, info: &str) {
        self.heard(self.try_add(user, points, info));
    }

    /// What events are worth, by their type.
    pub fn rules(&self) -> Vec<(String, i64)> {
        self.books().rules()
    }

    /// Makes an event of this type worth so many points; `None` makes it unknown.
    pub fn set_rule(&self, kind: &str, points: Option<i64>) {
        let kind = kind.to_owned();
        self.heard(self.try_tell(vec![Fact::Rule { kind, points }]));
    }

    /// The choices in force.
    pub fn shapes(&self) -> SwanShapes {
        self.books().shapes().clone()
    }

    /// Changes the choices for all later requests.
    pub fn set_shapes(&self, shapes: SwanShapes) {
        self.heard(self.try_tell(vec![Fact::Shapes(shapes)]));
    }

    /// Rings after each change of anything a page shows; a missed ring is harmless.
    pub fn changes(&self) -> broadcast::Receiver<()> {
        self.inner.office.changes()
    }

    /// The last 1000 requests in the order of their answers, without secrets.
    pub fn requests(&self) -> Vec<Request> {
        self.inner.office.requests.list()
    }

    /// How many requests have come, are under way, and were under way at most.
    pub fn traffic(&self) -> Traffic {
        self.inner.office.requests.traffic()
    }

    /// Lets go of delayed requests and waits until none is at work.
    pub async fn stop(&self) {
        self.inner.office.stop().await;
    }

    fn try_set_balance(&self, user: &str, points: i64) -> io::Result<()> {
        self.enter(user, |_| points, "沙盒更正")
    }

    fn try_add(&self, user: &str, points: i64, info: &str) -> io::Result<()> {
        self.enter(user, |balance| balance.saturating_add(points), info)
    }

    /// Brings a user from the balance they have to another one, within what a balance can be.
    fn enter(&self, user: &str, to: impl FnOnce(i64) -> i64, info: &str) -> io::Result<()> {
        let now_ms = self.inner.office.clock.now_ms();
        let mut books = self.books();
        let balance = books.balance(user).unwrap_or(0);
        let points = to(balance).clamp(0, BALANCE_LIMIT) - balance;
        let mut facts = Vec::new();
        if books.balance(user).is_none() {
            facts.push(Fact::User {
                id: user.to_owned(),
                created_ms: now_ms,
            });
        }
        if points != 0 {
            let entry = books.entry(user, CORRECTION, points, info, "", now_ms);
            facts.push(Fact::Entered(entry));
        }
        for fact in facts {
            books.tell(fact)?;
        }
        drop(books);
        self.inner.office.ring();
        Ok(())
    }

    fn try_tell(&self, facts: Vec<Fact>) -> io::Result<()> {
        let mut books = self.books();
        for fact in facts {
            books.tell(fact)?;
        }
        drop(books);
        self.inner.office.ring();
        Ok(())
    }

    fn heard(&self, told: io::Result<()>) {
        if let Err(error) = told {
            tracing::error!(%error, "Swan's file cannot be written; the change was not made");
        }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.inner
            .books
            .lock()
            .expect("nothing that holds the books can panic")
    }
}

struct Inner {
    books: Mutex<Books>,
    gateway: Option<(String, String)>,
    office: Office,
}

impl Service for SwanWorld {
    const NAME: &'static str = "swan";
    const PAGE: &'static str =
        "<!DOCTYPE html><html><head><title>登录</title></head><body>统一登录</body></html>";

    fn office(&self) -> &Office {
        &self.inner.office
    }

    fn endpoint(arrived: &Arrived) -> Option<&'static str> {
        Endpoint::of(&arrived.path, &arrived.method).map(Endpoint::name)
    }

    fn process(&self, arrived: &Arrived, now_ms: i64) -> io::Result<Processed> {
        let mut books = self.books();
        let gateway = self.inner.gateway.as_ref();
        let answer = desk::answer(&mut books, gateway, arrived, now_ms)?;
        let file = books.file().map(FactFile::handle);
        Ok(Processed { answer, file })
    }

    fn noted(&self, arrived: &Arrived) -> Noted {
        // The gateway's credentials have no business outside their header, but a caller may err.
        let request = match &self.inner.gateway {
            Some((_, secret)) => arrived.asked().replace(secret, "***"),
            None => arrived.asked(),
        };
        let caller = arrived.headers.get(CALLER);
        let caller = caller.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        Noted { request, caller }
    }

    fn failed(status: StatusCode, words: &str) -> Answer {
        reply::refused(ErrorForm::Json, status, "FC_UNKNOWN", words)
    }

    fn other_code(code: i64) -> Answer {
        reply::odd(code)
    }

    fn nothing() -> Answer {
        reply::success(Json::Object(Vec::new()))
    }
}

/// Opens the accounts that are not there yet; their histories go on side by side.
fn open(books: &mut Books, openings: Vec<SwanOpening>, now_ms: i64) -> io::Result<()> {
    let mut history = Vec::new();
    for opening in openings {
        if books.balance(&opening.id).is_some() {
            continue;
        }
        let days = i64::try_from(opening.history.len()).unwrap_or(i64::MAX);
        let begin_ms = now_ms.saturating_sub(days.saturating_mul(DAY_MS));
        books.tell(Fact::User {
            id: opening.id.clone(),
            created_ms: begin_ms,
        })?;
        for (day, (points, info)) in (0..).zip(opening.history) {
            history.push((begin_ms + day * DAY_MS, opening.id.clone(), points, info));
        }
    }
    history.sort_by_key(|(at_ms, ..)| *at_ms);
    for (at_ms, user, points, info) in history {
        let entry = books.entry(&user, "RETAIL_LIKE", points, &info, "", at_ms);
        books.tell(Fact::Entered(entry))?;
    }
    Ok(())
}

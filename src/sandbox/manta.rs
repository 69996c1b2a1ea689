//! The Manta service in miniature: balances by the hundred, a list of clients, and the refreshing of
//! its credentials.
//!
//! Strict where Manta's document is strict, selectable ([`MantaShapes`]) where it is silent, and
//! written from the document alone. There is no endpoint that changes points: that is for whoever
//! plays with the sandbox. A refresh kills the old pair at once. With a file, the pair and the
//! clients survive the process. Deliberately absent: profiles, which hold personal data.
//! Source: points-backends, 3 and 5.3.

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
use super::service::Noted;
use super::service::Office;
use super::service::Processed;
use super::service::Request;
use super::service::Service;
use super::service::Traffic;
use super::service::take;

mod books;
mod bucket;
mod calls;
mod control;
mod desk;
mod fields;
mod pass;
mod reply;
mod shapes;

pub use books::MantaClient;
pub use fields::PLATFORMS;
pub use shapes::MantaShapes;
pub use shapes::NoPoints;
pub use shapes::PointOrder;
pub use shapes::RetryHint;
pub use shapes::UnknownIds;

use books::Books;
use books::Fact;
use desk::Endpoint;

/// Where the service stands on the sandbox's listener; Manta's own paths follow it.
pub const BASE: &str = "/manta";

/// A running Manta service. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct MantaWorld {
    inner: Arc<Inner>,
}

/// What a Manta service starts with: its bots, at least one.
#[derive(Clone, Debug)]
pub struct MantaSeed {
    /// The bots; the first is the one that verbs without a bot's id are about.
    pub bots: Vec<MantaBot>,
}

/// A bot of the service.
#[derive(Clone, Debug)]
pub struct MantaBot {
    /// Its "encrypted" id.
    pub id: String,
    /// Whether its plan includes the open API.
    pub plan_open: bool,
    /// Its clients.
    pub clients: Vec<MantaClient>,
}

impl MantaWorld {
    /// Opens the service; what an existing file says replaces what the seed says of bots it knows.
    ///
    /// Token and secret of a bot are drawn anew unless a file has them. The fault list is shared
    /// with whoever else holds it.
    ///
    /// # Panics
    ///
    /// If the seed has no bot.
    pub fn start(
        seed: MantaSeed,
        clock: SandboxClock,
        faults: Faults,
        file: Option<PathBuf>,
    ) -> io::Result<Self> {
        let own = seed.bots.first().expect("a seed has a bot").id.clone();
        let mut books = Books::default();
        if let Some(path) = &file
            && let Some(facts) = FactFile::read(path)?
        {
            books.recall(facts);
        }
        for bot in seed.bots {
            if books.bot(&bot.id).is_some() {
                continue;
            }
            books.tell(Fact::Bot {
                id: bot.id.clone(),
                plan_open: bot.plan_open,
            })?;
            books.tell(Fact::Pair {
                bot: bot.id.clone(),
                pair: pass::draw(&bot.id, clock.now_ms()),
            })?;
            for client in bot.clients {
                let bot = bot.id.clone();
                books.tell(Fact::Client { bot, client })?;
            }
        }
        if let Some(path) = &file {
            let file = FactFile::replace(path, &books.facts())?;
            books.keep_in(file);
        }
        Ok(Self {
            inner: Arc::new(Inner {
                books: Mutex::new(books),
                own,
                office: Office::sharing(clock, faults),
            }),
        })
    }

    /// The imitated paths, everything under `/manta/`.
    pub fn routes(&self) -> Router {
        Router::new()
            .route("/manta/{*rest}", any(take::<Self>))
            .with_state(self.clone())
    }

    /// The control paths, `/sandbox/manta...`; the server guards them.
    pub fn control(&self) -> Router {
        control::routes(self)
    }

    /// The troubles set for this service and whoever shares the list with it.
    pub fn faults(&self) -> &Faults {
        &self.inner.office.faults
    }

    /// The id of the first bot.
    pub fn bot_id(&self) -> String {
        self.inner.own.clone()
    }

    /// The token of the first bot that works now.
    pub fn token(&self) -> String {
        self.token_of(&self.inner.own)
    }

    /// The secret of the first bot that works now.
    pub fn secret(&self) -> String {
        self.books().pair(&self.inner.own).secret.clone()
    }

    /// The token of any bot.
    ///
    /// # Panics
    ///
    /// If there is no such bot.
    pub fn token_of(&self, bot: &str) -> String {
        self.books().pair(bot).token.clone()
    }

    /// When the first bot's token expires, in milliseconds since 1970.
    pub fn expires_ms(&self) -> i64 {
        self.books().pair(&self.inner.own).expires_ms
    }

    /// The clients of the first bot, in the order of their encoded ids.
    pub fn clients(&self) -> Vec<MantaClient> {
        self.books().clients(&self.inner.own)
    }

    /// The points of a client of the first bot, by encoded id.
    pub fn balance(&self, client: &str) -> Option<i64> {
        let books = self.books();
        Some(books.bot(&self.inner.own)?.clients.get(client)?.points)
    }

    /// Gives a client of the first bot this many points; nothing happens where there is no such one.
    pub fn set_balance(&self, client: &str, points: i64) {
        self.heard(self.try_points(client, |_| points).map(drop));
    }

    /// Adds points to a client of the first bot; nothing happens where there is no such one.
    pub fn add(&self, client: &str, points: i64) {
        let more = |balance: i64| balance.saturating_add(points);
        self.heard(self.try_points(client, more).map(drop));
    }

    /// Makes or replaces a client of the first bot.
    pub fn put_client(&self, client: MantaClient) {
        let bot = self.inner.own.clone();
        self.heard(self.try_tell(Fact::Client { bot, client }));
    }

    /// Takes a client of the first bot away.
    pub fn remove_client(&self, client: &str) {
        let bot = self.inner.own.clone();
        let client = client.to_owned();
        self.heard(self.try_tell(Fact::Gone { bot, client }));
    }

    /// Whether the first bot's plan includes the open API.
    pub fn plan_open(&self) -> bool {
        let books = self.books();
        books.bot(&self.inner.own).is_some_and(|bot| bot.plan_open)
    }

    /// Lets the first bot's plan include the open API, or not.
    pub fn set_plan(&self, plan_open: bool) {
        self.heard(self.try_plan(plan_open));
    }

    /// Somebody presses "refresh" in the console: the pair is another one at once.
    pub fn renew(&self) {
        self.heard(self.try_renew());
    }

    /// The choices in force.
    pub fn shapes(&self) -> MantaShapes {
        self.books().shapes().clone()
    }

    /// Changes the choices for all later requests.
    pub fn set_shapes(&self, shapes: MantaShapes) {
        self.heard(self.try_tell(Fact::Shapes(shapes)));
    }

    /// Rings after each change of anything a page shows; a missed ring is harmless.
    pub fn changes(&self) -> broadcast::Receiver<()> {
        self.inner.office.changes()
    }

    /// The last 1000 requests in the order of their answers, without tokens and secrets.
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

    /// Changes a client's points; says whether there is such a client.
    fn try_points(&self, client: &str, to: impl FnOnce(i64) -> i64) -> io::Result<bool> {
        let mut books = self.books();
        let found = books.bot(&self.inner.own);
        let Some(client) = found.and_then(|bot| bot.clients.get(client)) else {
            return Ok(false);
        };
        let client = MantaClient {
            points: to(client.points),
            ..client.clone()
        };
        let bot = self.inner.own.clone();
        books.tell(Fact::Client { bot, client })?;
        drop(books);
        self.inner.office.ring();
        Ok(true)
    }

    fn try_plan(&self, plan_open: bool) -> io::Result<()> {
        let id = self.inner.own.clone();
        self.try_tell(Fact::Bot { id, plan_open })
    }

    fn try_renew(&self) -> io::Result<()> {
        let bot = self.inner.own.clone();
        let pair = pass::draw(&bot, self.inner.office.clock.now_ms());
        self.try_tell(Fact::Pair { bot, pair })
    }

    fn try_tell(&self, fact: Fact) -> io::Result<()> {
        self.books().tell(fact)?;
        self.inner.office.ring();
        Ok(())
    }

    fn heard(&self, told: io::Result<()>) {
        if let Err(error) = told {
            tracing::error!(%error, "Manta's file cannot be written; the change was not made");
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
    own: String,
    office: Office,
}

impl Service for MantaWorld {
    const NAME: &'static str = "manta";
    const PAGE: &'static str =
        "<!DOCTYPE html><html><head><title>MantaGO</title></head><body>MantaGO</body></html>";

    fn office(&self) -> &Office {
        &self.inner.office
    }

    fn endpoint(arrived: &Arrived) -> Option<&'static str> {
        Endpoint::of(&arrived.path).map(Endpoint::name)
    }

    fn process(&self, arrived: &Arrived, now_ms: i64) -> io::Result<Processed> {
        let mut books = self.books();
        let answer = desk::answer(&mut books, arrived, now_ms)?;
        let file = books.file().map(FactFile::handle);
        Ok(Processed { answer, file })
    }

    fn noted(&self, arrived: &Arrived) -> Noted {
        let shown = fields::without_secret(arrived.bytes());
        let request = shown.unwrap_or_else(|| arrived.asked());
        Noted {
            request: self.books().without_secrets(request),
            caller: fields::query(&arrived.query, "botId"),
        }
    }

    fn failed(status: StatusCode, words: &str) -> Answer {
        reply::failed(status, None, words, None)
    }

    fn other_code(code: i64) -> Answer {
        reply::failed(StatusCode::OK, Some(code), "内部错误", None)
    }

    fn nothing() -> Answer {
        reply::success("Get client points successfully", Vec::new())
    }
}

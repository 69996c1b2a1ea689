//! The points mall in miniature: four signed endpoints, books, and the ways they can fail.
//!
//! Strict where the mall's document is strict, selectable ([`Shapes`]) where it is silent, and
//! written from the document alone: nothing here comes from the bot's own client, for a fake built
//! from the client's code proves nothing. With a file, whatever anybody has been told is on disk
//! before the answer leaves. Deliberately absent: rate limits (a fault says 429) and any guard
//! over who may call, which lies with the server that mounts the routes.
//! Source: points-backends, 5.1 and 5.4.

use std::collections::HashSet;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::any;
use serde::Deserialize;
use serde::Serialize;
use tokio::sync::broadcast;

use crate::sandbox::clock::SandboxClock;
use crate::sandbox::fault::Faults;
use crate::sandbox::service::Answer;
use crate::sandbox::service::Arrived;
use crate::sandbox::service::FactFile;
use crate::sandbox::service::Json;
use crate::sandbox::service::Noted;
use crate::sandbox::service::Office;
use crate::sandbox::service::Processed;
use crate::sandbox::service::Service;
use crate::sandbox::service::take;

pub use crate::sandbox::service::Request as MallRequest;
pub use crate::sandbox::service::Traffic;

mod bank;
mod calls;
mod control;
mod desk;
mod digits;
mod facts;
mod nonces;
mod parameters;
mod reply;
mod shapes;
mod signature;

pub use desk::BASE;
pub use shapes::BatchOrder;
pub use shapes::EmptyRecord;
pub use shapes::ErrorShape;
pub use shapes::LengthUnit;
pub use shapes::Shapes;
pub use shapes::UnknownUserCode;

use bank::App;
use bank::Bank;
use desk::Endpoint;
use facts::Fact;

/// A running mall. Cheap to clone; all clones are one mall.
#[derive(Clone)]
pub struct MallWorld {
    inner: Arc<Inner>,
}

/// What a mall starts with.
#[derive(Clone, Debug)]
pub struct MallSeed {
    /// The key of the one app it knows at first.
    pub app_key: String,
    /// What that app signs with.
    pub app_secret: String,
    /// Its servers.
    pub guilds: Vec<MallGuild>,
}

/// A server of the mall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MallGuild {
    /// Its id.
    pub id: u64,
    /// Whether its admin has switched the app on.
    pub on: bool,
    /// Members with an account and their points.
    pub balances: Vec<(u64, i64)>,
}

/// Another app that may call the same mall.
#[derive(Clone, Debug)]
pub struct MallApp {
    /// Its key.
    pub key: String,
    /// What it signs with.
    pub secret: String,
    /// The servers in which it is switched on.
    pub on: Vec<u64>,
}

/// A change that took effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MallRecord {
    /// The caller's id of it.
    pub biz_id: String,
    /// The server.
    #[serde(with = "digits")]
    pub guild: u64,
    /// The member.
    #[serde(with = "digits")]
    pub user: u64,
    /// What was added; negative was taken away.
    pub points: i64,
    /// The caller's words.
    pub remark: String,
    /// When, in milliseconds since 1970 by the sandbox's clock.
    pub time_ms: i64,
}

impl MallWorld {
    /// Opens the mall; what an existing file says of a server replaces what the seed says of it.
    pub fn start(seed: MallSeed, clock: SandboxClock, file: Option<PathBuf>) -> io::Result<Self> {
        let mut bank = Bank::new(seed.app_key, seed.app_secret, &seed.guilds);
        if let Some(path) = file {
            if let Some(facts) = FactFile::read(&path)? {
                bank.recall(facts);
            }
            let file = FactFile::replace(&path, &bank.facts())?;
            bank.keep_in(file);
        }
        Ok(Self {
            inner: Arc::new(Inner {
                bank: Mutex::new(bank),
                office: Office::new(clock),
            }),
        })
    }

    /// The imitated paths, everything under `/mp/`.
    pub fn routes(&self) -> Router {
        // The mall also answers for the wrong paths there.
        Router::new()
            .route("/mp", any(take::<Self>))
            .route("/mp/", any(take::<Self>))
            .route("/mp/{*rest}", any(take::<Self>))
            .with_state(self.clone())
    }

    /// The control paths, `/sandbox/mall...` and `/sandbox/faults`; the server guards them.
    pub fn control(&self) -> Router {
        control::routes(self)
    }

    /// The troubles set for this mall and whoever shares the list with it.
    pub fn faults(&self) -> &Faults {
        &self.inner.office.faults
    }

    /// A member's points; `None` without an account or for an unknown server.
    pub fn balance(&self, guild: u64, user: u64) -> Option<i64> {
        self.bank().balance(guild, user)
    }

    /// Gives a member an account with this many points, 0 to 2147483647; a new server is made, off.
    pub fn set_balance(&self, guild: u64, user: u64, points: i64) {
        let mut facts = Vec::new();
        if !self.bank().knows(guild) {
            facts.push(Fact::Guild {
                id: guild,
                on: false,
            });
        }
        facts.push(Fact::Balance {
            guild,
            user,
            points,
        });
        self.tell(facts);
    }

    /// Switches the app on or off in a server; a new server is made.
    pub fn switch(&self, guild: u64, on: bool) {
        self.tell(vec![Fact::Guild { id: guild, on }]);
    }

    /// Everything that took effect, oldest first.
    pub fn records(&self) -> Vec<MallRecord> {
        self.bank().records().to_vec()
    }

    /// The servers, by id.
    pub fn guilds(&self) -> Vec<MallGuild> {
        self.bank().guilds()
    }

    /// The choices in force.
    pub fn shapes(&self) -> Shapes {
        self.bank().shapes().clone()
    }

    /// Changes the choices for all later requests.
    pub fn set_shapes(&self, shapes: Shapes) {
        self.tell(vec![Fact::Shapes(shapes)]);
    }

    /// Whether the app is banned everywhere.
    pub fn banned(&self) -> bool {
        self.bank().own().banned
    }

    /// Bans the app everywhere, or lets it back in.
    pub fn set_banned(&self, banned: bool) {
        self.tell(vec![Fact::Banned(banned)]);
    }

    /// Lets a second app in; it is not kept in the file, but what it changes is.
    pub fn add_app(&self, app: MallApp) {
        let known = App {
            secret: app.secret,
            banned: false,
            on: HashSet::from_iter(app.on),
        };
        self.bank().apps.insert(app.key, known);
    }

    /// Rings after each change of anything a page shows; a missed ring is harmless.
    pub fn changes(&self) -> broadcast::Receiver<()> {
        self.inner.office.changes()
    }

    /// The last 1000 requests in the order of their answers, without secrets and signatures.
    pub fn requests(&self) -> Vec<MallRequest> {
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

    /// Makes changes that nobody on the wire asked for.
    fn try_tell(&self, facts: Vec<Fact>) -> io::Result<()> {
        let mut bank = self.bank();
        for fact in facts {
            bank.tell(fact)?;
        }
        drop(bank);
        self.inner.office.ring();
        Ok(())
    }

    fn tell(&self, facts: Vec<Fact>) {
        if let Err(error) = self.try_tell(facts) {
            tracing::error!(%error, "the mall's file cannot be written; the change was not made");
        }
    }

    fn bank(&self) -> MutexGuard<'_, Bank> {
        self.inner
            .bank
            .lock()
            .expect("nothing that holds the books can panic")
    }
}

struct Inner {
    bank: Mutex<Bank>,
    office: Office,
}

impl Service for MallWorld {
    const NAME: &'static str = "mall";
    const PAGE: &'static str = "<!DOCTYPE html><html><head><title>积分商城</title></head><body>积分商城管理后台</body></html>";

    fn office(&self) -> &Office {
        &self.inner.office
    }

    fn endpoint(arrived: &Arrived) -> Option<&'static str> {
        Endpoint::of(&arrived.path).map(Endpoint::name)
    }

    fn process(&self, arrived: &Arrived, now_ms: i64) -> io::Result<Processed> {
        let mut bank = self.bank();
        let answer = desk::answer(&mut bank, arrived, now_ms)?;
        let file = bank.file().map(FactFile::handle);
        Ok(Processed { answer, file })
    }

    fn noted(&self, arrived: &Arrived) -> Noted {
        Noted {
            request: self.bank().without_secrets(arrived.asked()),
            caller: None,
        }
    }

    fn failed(status: StatusCode, words: &str) -> Answer {
        reply::status(status, words)
    }

    fn other_code(code: i64) -> Answer {
        reply::failed(StatusCode::OK, code, "内部错误")
    }

    fn nothing() -> Answer {
        reply::success(Json::Null)
    }
}

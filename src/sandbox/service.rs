//! What the imitated points systems have in common: taking requests in, letting faults at them,
//! remembering them, and keeping books in a file.
//!
//! A system brings its checks and its books ([`Service`]); everything between the socket and those
//! is here and the same for all, so that a fault means the same everywhere. Deliberately absent:
//! what any one system says, and any guard over who may call, which lies with the server that
//! mounts the routes.

mod answer;
mod control;
mod fact_file;
mod query;
mod requests;
mod serve;
mod spoil;

use std::fs::File;
use std::io;
use std::sync::Arc;

use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::http::Method;
use axum::http::StatusCode;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::answer::Answer;
pub use self::answer::AnswerBody;
pub use self::answer::Json;
pub use self::control::Refused;
pub use self::control::merged;
pub use self::control::read;
pub use self::fact_file::FactFile;
pub use self::query::Pair;
pub use self::query::query_pairs;
pub use self::requests::Noted;
pub use self::requests::Request;
pub use self::requests::RequestLog;
pub use self::requests::Traffic;
pub use self::serve::http_date;
pub use self::serve::take;

use super::clock::SandboxClock;
use super::fault::Faults;

/// Changes that may be waiting to be noticed; whoever is slower just looks again.
const CHANGES_WAITING: usize = 64;

/// One imitated points system, as the wire needs it.
pub trait Service: Clone + Send + Sync + 'static {
    /// What it is called in logs.
    const NAME: &'static str;
    /// The web page that stands where an answer should, HTML.
    const PAGE: &'static str;

    /// Where its requests are taken in.
    fn office(&self) -> &Office;

    /// The name by which faults call the endpoint of a request; `None` if it has none.
    fn endpoint(arrived: &Arrived) -> Option<&'static str>;

    /// All checks and the change, in one critical section; an error means that the file could not
    /// be written and nothing was changed.
    fn process(&self, arrived: &Arrived, now_ms: i64) -> io::Result<Processed>;

    /// What is remembered of a request, without secrets.
    fn noted(&self, arrived: &Arrived) -> Noted;

    /// A refusal that is no business of the system's, in its own form.
    fn failed(status: StatusCode, words: &str) -> Answer;

    /// A refusal with any result code.
    fn other_code(code: i64) -> Answer;

    /// A success without content.
    fn nothing() -> Answer;
}

/// An answer, and the file that must reach the disk before it may leave.
pub struct Processed {
    /// The answer.
    pub answer: Answer,
    /// The file, if the books are kept in one.
    pub file: Option<Arc<File>>,
}

/// A request as it came over the wire.
#[derive(Clone, Debug)]
pub struct Arrived {
    /// The method.
    pub method: Method,
    /// The path, not decoded.
    pub path: String,
    /// What follows the question mark, not decoded.
    pub query: String,
    /// All headers.
    pub headers: HeaderMap,
    /// The body; `None` if it is longer than 1 MiB.
    pub body: Option<Bytes>,
}

/// Where the requests of one system are taken in.
pub struct Office {
    /// What has come.
    pub requests: RequestLog,
    /// The sandbox's time.
    pub clock: SandboxClock,
    /// Troubles, shared by all imitated services.
    pub faults: Faults,
    /// Requests at work, also those whose sender has left.
    tasks: TaskTracker,
    stop: CancellationToken,
    changed: broadcast::Sender<()>,
}

impl Office {
    /// An office with a fault list of its own, which rings here.
    pub fn new(clock: SandboxClock) -> Self {
        let (changed, _) = broadcast::channel(CHANGES_WAITING);
        let faults = Faults::telling(changed.clone());
        Self::opened(clock, faults, changed)
    }

    /// An office that shares the fault list of others.
    pub fn sharing(clock: SandboxClock, faults: Faults) -> Self {
        let (changed, _) = broadcast::channel(CHANGES_WAITING);
        Self::opened(clock, faults, changed)
    }

    /// Rings after each change of anything a page shows; a missed ring is harmless.
    pub fn changes(&self) -> broadcast::Receiver<()> {
        self.changed.subscribe()
    }

    /// Tells the watchers to look again.
    pub fn ring(&self) {
        // An error means that nobody is watching, which is fine.
        drop(self.changed.send(()));
    }

    /// Lets go of delayed requests and waits until none is at work.
    pub async fn stop(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    fn opened(clock: SandboxClock, faults: Faults, changed: broadcast::Sender<()>) -> Self {
        Self {
            requests: RequestLog::default(),
            clock,
            faults,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            changed,
        }
    }
}

impl Arrived {
    /// The body as it came; empty if there was none or too much of it.
    pub fn bytes(&self) -> &[u8] {
        self.body.as_deref().unwrap_or_default()
    }

    /// What the request asks for, as far as it may be written down: the body, or the query.
    pub fn asked(&self) -> String {
        if self.bytes().is_empty() {
            self.query.clone()
        } else {
            String::from_utf8_lossy(self.bytes()).into_owned()
        }
    }

    /// The media type it says it has, without parameters; empty if it says none.
    pub fn media(&self) -> &str {
        self.headers
            .get(axum::http::header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .unwrap_or("")
            .trim()
    }
}

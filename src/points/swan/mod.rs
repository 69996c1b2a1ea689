//! Swan integral over HTTP (source: points-backends, 2).
//!
//! `client` sends one `request`, `answer` is what came back, `ledger` reads entries, `meaning` says what
//! it means for points, `walk` goes through pages, `mark` finds changes of ours in them, `watch` keeps
//! what it shows about the installation, `linked` is the handle through which guilds reach it, `account`
//! is about ids, `read` reads answers that nobody asked for.
//!
//! Invariants:
//! - One call is one attempt: no redirect, no retry. A history and a look-up are several questions.
//! - `X-Consumer-Custom-ID`, which is an identity over there, comes from a proved account, from the
//!   account a change was written for, or from the settings; never from anything a member types.
//! - Only a failure to connect is "not sent". A change is refused only where nothing can have been
//!   carried out; whatever is less clear is unknown. A question without a readable answer is
//!   unavailable, never 0 points and never an empty page.
//! - Secrets, addresses and ids of accounts appear in no log line, error, pulse or metric; bodies and
//!   headers are never logged.
//!
//! Metrics, by the name of the installation and without ids:
//! - `guildpoints_swan_requests_total{system,endpoint,outcome}`: requests by what came of them;
//! - `guildpoints_swan_request_seconds{system,endpoint}`: duration, waiting for a free slot excluded;
//! - `guildpoints_swan_in_flight{system}`: requests under way.
//!
//! Deliberately absent: retries and what follows a doubt (`points` and its sweeps), who may
//! (`permissions`), and repairing answers that are no JSON.

use std::fmt;
use std::time::Duration;

use crate::points::Repeats;
use crate::points::Taking;
use crate::support::secret::Secret;

mod account;
mod answer;
mod client;
mod counts;
mod ledger;
mod linked;
mod mark;
mod meaning;
pub mod read;
mod request;
mod walk;
mod watch;

pub use account::is_account_id;
pub use client::IN_FLIGHT;
pub use client::Swan;
pub use client::SwanError;
pub use ledger::LedgerEntry;
pub use ledger::LedgerPage;
pub use ledger::Statement;
pub use linked::LinkedSwan;
pub use request::PAGE_SIZE;
pub use request::Stretch;

/// One `[swan.NAME]`.
#[derive(Clone)]
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

impl fmt::Debug for SwanSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SwanSettings")
            .field("headers", &self.headers)
            .field("deduct", &self.deduct)
            .field("transaction_id", &self.transaction_id)
            .field("change_type", &self.change_type)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

//! MantaGO's points over HTTP, read-only (source: points-backends, 3).
//!
//! `client` sends one `request`, `answer` is what came back, `meaning` is what that means for the
//! accounts that were asked for. `asking` repeats a question where that may help, `gather` puts
//! questions asked at the same moment into one list, `linked` is the handle through which everybody
//! else asks. `pair` keeps the token and the secret, `token` reads when the token expires, `watch` what
//! answers show of the service. `renew` asks for a new pair and `keeping` puts it in its place.
//! `bound` finds the account that the operator has bound to a member over there.
//!
//! Invariants:
//! - One request is one attempt: no redirect, no retry, one deadline for the whole. Only `asking`
//!   repeats one, which is safe since nothing here changes points, and never past the deadline of the
//!   question.
//! - Answers are matched by id, never by position. An account that an answer leaves out is not found;
//!   it is never 0 points, and where a part of the answer could not be read it is not even that.
//! - An id stands in a list once, a list has at most 100 of each form, and no empty list is sent.
//! - A list that fails fails its own members only.
//! - Token, secret, bodies and addresses appear in no log line, error, metric or pulse.
//! - The pair is renewed by an operator's hand alone: renewing kills the old one.
//!
//! Metrics, none with ids as labels:
//! - `guildpoints_manta_requests_total{endpoint,outcome}`: requests by what came of them;
//! - `guildpoints_manta_request_seconds{endpoint}`: duration;
//! - `guildpoints_manta_accounts_total`: accounts asked for in lists;
//! - `guildpoints_manta_token_left_seconds{system}`: time until the token expires.
//!
//! Deliberately absent: changes and a history, which MantaGO does not have; profiles, which hold what
//! a points bot has no business with.

use std::time::Duration;

mod answer;
mod asking;
mod bound;
mod client;
mod gather;
mod keeping;
mod linked;
mod list;
mod meaning;
mod pair;
mod pause;
mod renew;
mod request;
mod token;
mod watch;

pub use bound::Bound;
pub use client::Manta;
pub use client::MantaError;
pub use gather::AT_ONCE as LISTS_AT_ONCE;
pub use keeping::KeepError;
pub use keeping::Keeper;
pub use keeping::Unkept;
pub use linked::LinkedManta;
pub use list::KINDS;
pub use list::MOST;
pub use pair::KeptSecret;
pub use pair::Pair;
pub use renew::RenewError;
pub use token::TokenState;

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
    /// Whether clients are bound to members over there.
    pub bound: Bound,
    /// One deadline for a whole request, connecting included.
    pub timeout: Duration,
}

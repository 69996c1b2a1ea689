//! The Fanbook points mall over signed HTTP (source: points-backends, 1).
//!
//! `client` sends one `request`, `answer` is what came back, `meaning` is what that means for points,
//! `watch` what it shows about the mall, `guild` is the handle through which everybody else reaches
//! it, `remark` makes a reason fit to be stored over there, `read` reads answers that nobody asked for.
//!
//! Invariants:
//! - A call is possible only through a handle made for a guild of the settings.
//! - One call is one attempt: fresh nonce and time, the id of the ticket, no redirect, no retry. The
//!   HTTP library may move a request to another connection only while not a byte of it was written.
//! - The bytes that are signed are the bytes that are sent.
//! - Only a failure to connect is "not sent". Whatever else is unclear is unknown for a change and
//!   unavailable for a question; it is never a refusal and never 0 points.
//! - Secrets, signatures and addresses appear in no log line, error or pulse.
//!
//! Metrics, none with ids as labels:
//! - `guildpoints_mall_requests_total{endpoint,outcome}`: requests by what came of them;
//! - `guildpoints_mall_request_seconds{endpoint}`: duration, waiting for a free slot excluded;
//! - `guildpoints_mall_in_flight`: requests under way;
//! - `guildpoints_mall_clock_difference_seconds`: the mall's clock minus ours.
//!
//! Deliberately absent: retries, look-ups after a doubt and waiting (`points` and its sweeps), and
//! who may (`permissions`).

use std::time::Duration;

use crate::support::secret::Secret;

mod answer;
mod client;
mod counts;
pub(in crate::points) mod date;
mod guild;
mod meaning;
pub mod read;
mod remark;
pub(in crate::points) mod request;
pub(in crate::points) mod value;
mod watch;

pub use client::Mall;
pub use client::MallError;
pub use guild::Authorisation;
pub use guild::GuildMall;
pub use remark::REMARK_CAP;
pub use remark::RemarkTooLong;
pub use remark::remark;

/// `[mall]` and the part of `[limits]` that concerns it.
#[derive(Clone, Debug)]
pub struct MallSettings {
    /// Ends in a path, without a final slash.
    pub base_url: String,
    /// The issued key.
    pub app_key: Secret,
    /// The issued secret.
    pub app_secret: Secret,
    /// One deadline for a whole request, connecting included.
    pub timeout: Duration,
    /// Requests under way at once.
    pub in_flight: usize,
    /// How long the mall believes a signed request: nothing sent can land later than this.
    pub signature_window: Duration,
    /// How long after an unknown outcome it is first looked up.
    pub look_up_after: Duration,
}

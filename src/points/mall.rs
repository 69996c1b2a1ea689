//! The Fanbook points mall.

use std::time::Duration;

use crate::support::secret::Secret;

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
}

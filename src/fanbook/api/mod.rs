//! The Bot API client.

use crate::support::secret::Secret;

/// `[bot]` and the part of `[limits]` that concerns the Bot API.
#[derive(Clone, Debug)]
pub struct ApiSettings {
    /// Without a final slash: `{api_url}/api/bot/{token}/{method}`.
    pub api_url: String,
    /// The bot token.
    pub token: Secret,
    /// Messages a second into one channel.
    pub send_per_channel_per_second: f64,
    /// Requests a second in all.
    pub api_per_second: f64,
}

//! Being operated: health, readiness, metrics.

use std::net::SocketAddr;

use crate::support::secret::Secret;

/// `[http]`.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// Where /health, /ready and /metrics are served.
    pub listen: SocketAddr,
    /// Reserved for board pictures.
    pub public_url: Option<String>,
    /// Reserved for the dashboard.
    pub admin_token: Option<Secret>,
}

//! Being operated: health, readiness, metrics.

use std::net::SocketAddr;

/// `[http]`.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// Where /health, /ready and /metrics are served.
    pub listen: SocketAddr,
}

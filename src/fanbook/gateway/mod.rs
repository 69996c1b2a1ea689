//! The websocket that brings events.

/// Where the gateway is.
#[derive(Clone, Debug)]
pub struct GatewaySettings {
    /// `wss://host/websocket`.
    pub gateway_url: String,
}

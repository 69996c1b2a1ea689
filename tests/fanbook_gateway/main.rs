//! The gateway client over real sockets, against a platform that misbehaves on demand.

mod connecting;
mod living;
mod platform;

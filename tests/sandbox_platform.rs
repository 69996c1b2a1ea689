//! The imitated platform, met by plain clients over real sockets: what a bot, a page or a test in
//! another language gets to see. The bot's own code is deliberately not used.

#[path = "sandbox_platform/stage.rs"]
mod stage;

#[path = "sandbox_platform/contents.rs"]
mod contents;
#[path = "sandbox_platform/control.rs"]
mod control;
#[path = "sandbox_platform/gateway.rs"]
mod gateway;
#[path = "sandbox_platform/guilds.rs"]
mod guilds;
#[path = "sandbox_platform/sending.rs"]
mod sending;
#[path = "sandbox_platform/time.rs"]
mod time;
#[path = "sandbox_platform/trouble.rs"]
mod trouble;

//! The Bot API client over real sockets, against a platform that answers what the test says.

mod platform;
mod posting;
mod reading;
mod sending;

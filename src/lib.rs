//! A points bot for Fanbook guilds: members ask for their points, moderators reward, and each
//! change takes effect exactly once or is honestly called unknown.
//!
//! The rooms stand below in reading order. ARCHITECTURE.md has the drawing, the path of one
//! command and the invariants; `tests/rooms.rs` holds the rooms to what they may import.

#![forbid(unsafe_code)]

pub mod model;
pub mod support;

pub mod fanbook;

pub mod guilds;
pub mod permissions;
pub mod words;

pub mod journal;
pub mod points;

pub mod boards;

pub mod commands;
pub mod dispatch;

pub mod schedule;

pub mod ops;

pub mod sandbox;

pub mod app;
pub mod cli;
pub mod config;

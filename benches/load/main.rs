//! The budgets of a whole bot, measured and printed as a table: `cargo bench --bench load`.
//!
//! Gateway, mall and chat are tiny servers in this process, on loopback; the bot is the real program
//! in a process of its own with its limits out of the way; what it is held against runs in the same
//! minute in a third process. Numbers after `--` choose budgets: `cargo bench --bench load -- 3 4`.
//! Source: performance.

mod bare;
mod bot;
mod commits;
mod failover;
mod floods;
#[path = "../parts/frames.rs"]
mod frames;
mod gateway;
mod http;
#[path = "../parts/intents.rs"]
mod intents;
mod missed;
#[path = "../../tests/support/postgres.rs"]
mod postgres;
mod runs;
mod several;
mod table;
#[path = "../parts/upgrade.rs"]
mod upgrade;
mod world;

use std::io;

use crate::runs::Scale;
use crate::table::Line;
use crate::table::Target;

/// Enough for figures that stand still within a few per cent on a quiet machine.
const SCALE: Scale = Scale {
    rounds: 5,
    blocks: 9_000,
    balances: 8_000,
    paced: 600,
    commits: 300,
};

#[tokio::main]
async fn main() -> io::Result<()> {
    let installed = rustls::crypto::ring::default_provider().install_default();
    installed.map_err(|_| io::Error::other("somebody has installed a TLS provider"))?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["read", address] => bare::read(address).await,
        ["calls", address, folder] => bare::calls(address, folder).await,
        _ => measure(&arguments).await,
    }
}

async fn measure(arguments: &[String]) -> io::Result<()> {
    // cargo adds `--bench`.
    let chosen: Vec<&String> = arguments
        .iter()
        .filter(|word| !word.starts_with('-'))
        .collect();
    let is_wanted = |budget: &str| chosen.is_empty() || chosen.iter().any(|word| *word == budget);
    let mut lines = Vec::new();
    let mut faults = 0;
    if is_wanted("1") {
        floods::without_commands(&SCALE, &mut lines).await?;
    }
    if is_wanted("2") || is_wanted("8") {
        faults += floods::with_commands(&SCALE, &mut lines).await?;
    }
    if is_wanted("3") {
        faults += runs::balances(&SCALE, &mut lines).await?;
    }
    if is_wanted("4") {
        faults += runs::latency(&SCALE, &mut lines).await?;
    }
    if is_wanted("catch-up") {
        faults += missed::catch_up(&SCALE, &mut lines).await?;
    }
    if is_wanted("systems") {
        faults += several::systems(&SCALE, &mut lines).await?;
    }
    if is_wanted("fail-over") {
        faults += failover::owner_killed(&SCALE, &mut lines).await?;
    }
    if is_wanted("5") {
        commits::on_sqlite(&SCALE, &mut lines).await?;
        commits::on_postgres(&SCALE, &mut lines).await?;
    }
    lines.push(Line {
        budget: "9 lost, doubled, wrong, unauthorised".to_owned(),
        bound: String::new(),
        measured: format!("{faults} in all of the above"),
        ratio: faults as f64,
        target: Target::AtMost(0.0),
    });
    if is_wanted("10") {
        runs::starts(&SCALE, &mut lines).await?;
    }
    table::print(&lines);
    Ok(())
}

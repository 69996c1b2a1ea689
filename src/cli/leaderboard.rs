//! `guildpoints leaderboard`: a board at the terminal, read beside whoever works on the journal.
//!
//! Names are those the journal saw last: nobody is asked.

use std::collections::HashMap;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use jiff::tz::TimeZone;

use super::UNUSABLE;
use super::settings;
use super::table::harmless_line;
use super::table::table;
use crate::app;
use crate::boards::BOARD_COLUMNS;
use crate::boards::FONT_PACKAGE;
use crate::boards::Known;
use crate::boards::Painter;
use crate::boards::Sheet;
use crate::boards::board_counts;
use crate::boards::board_head;
use crate::boards::board_without_rows;
use crate::commands::Registry;
use crate::config::Config;
use crate::guilds::GuildSettings;
use crate::journal::Journal;
use crate::journal::JournalError;
use crate::journal::Order;
use crate::journal::Selection;
use crate::model::GuildId;
use crate::model::Policy;
use crate::model::UserId;
use crate::model::period::Counted;
use crate::model::period::Period;
use crate::points::BOARD_ROWS;
use crate::points::BalancesOf;
use crate::points::BoardPage;
use crate::points::balance_page;
use crate::points::board_page;
use crate::support::clock::Clock;
use crate::support::pulse::Pulses;
use crate::words::Reply;
use crate::words::Words;

/// What `leaderboard` takes.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The settings file
    #[arg(long, value_name = "FILE", default_value = "bot.toml")]
    config: PathBuf,
    /// Of which guild; may be left out where the settings have one
    #[arg(long, value_name = "ID")]
    guild: Option<GuildId>,
    /// What is counted: day, week, month, all, 7d, 2026-03-01..2026-03-31, or balance
    #[arg(long, value_name = "PERIOD", default_value_t = Counted::Earned(Period::Week))]
    period: Counted,
    /// Which page of ten, from 1
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u32).range(1..))]
    page: u32,
    /// Writes the page as a picture into this file too; one that is there is replaced
    #[arg(long, value_name = "FILE")]
    png: Option<PathBuf>,
}

/// Prints a page of a board.
pub(super) async fn leaderboard(arguments: Arguments) -> ExitCode {
    let config = match settings::load(&arguments.config) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let Some(guild) = guild(&config, arguments.guild) else {
        let ids = config.guilds.iter().map(|guild| guild.policy.guild);
        let ids: Vec<String> = ids.map(|id| id.to_string()).collect();
        eprintln!("--guild: expected one of {}", ids.join(", "));
        return ExitCode::from(UNUSABLE);
    };
    match print(&config, guild, &arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The guild that is meant.
fn guild(config: &Config, named: Option<GuildId>) -> Option<&GuildSettings> {
    let mut guilds = config.guilds.iter();
    match named {
        Some(named) => guilds.find(|guild| guild.policy.guild == named),
        None => guilds.next().filter(|_| guilds.next().is_none()),
    }
}

async fn print(
    config: &Config,
    guild: &GuildSettings,
    arguments: &Arguments,
) -> anyhow::Result<()> {
    let policy = &guild.policy;
    let words = app::texts(&Registry::new(), config.commands_dir.as_deref())?;
    let clock = Clock::system();
    let pulses = Pulses::new(clock.clone());
    let journal = Journal::open_to_read(&config.store, clock.clone(), pulses).await?;
    let read = read(&journal, guild, arguments, clock.now_ms()).await;
    journal.close().await;
    let (board, names) = read?;
    let zone = &policy.zone;
    println!("{}", said(&words, policy, zone, &board_head(&board)));
    if let Some(why) = board_without_rows(&board) {
        println!("{}", said(&words, policy, zone, &why));
    }
    let columns = BOARD_COLUMNS.map(|word| words.plain(word, policy.language));
    let mut rows = table(columns.iter().map(String::as_str));
    for ranked in &board.rows {
        let name = match names.get(&ranked.member) {
            Some(Known::Person(name)) => harmless_line(name),
            _ => ranked.member.to_string(),
        };
        rows.add_row([ranked.place.to_string(), name, ranked.points.to_string()]);
    }
    if !board.rows.is_empty() {
        println!("{rows}");
    }
    println!("{}", said(&words, policy, zone, &board_counts(&board)));
    let Some(file) = &arguments.png else {
        return Ok(());
    };
    let sheet = Sheet::of(&board, &names, &words, policy.language, zone);
    let font_dirs = config.http.as_ref().map(|http| http.font_dirs.as_slice());
    let painter = Painter::new(font_dirs.unwrap_or_default()).with_context(|| {
        format!(
            "no picture: no font here can write Chinese; install the package `{FONT_PACKAGE}`, or \
             name a folder with such a font in [http] font_dirs"
        )
    })?;
    let picture = painter.paint(sheet).await?;
    write(file, &picture.png)
}

/// Puts a file in its place whole, or not at all.
fn write(file: &Path, content: &[u8]) -> anyhow::Result<()> {
    let mut partial = file.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let written = std::fs::write(&partial, content).and_then(|()| std::fs::rename(&partial, file));
    if written.is_err() {
        // What is left of it is of no use; that it could not be written is what counts.
        let _gone = std::fs::remove_file(&partial);
    }
    written.with_context(|| format!("`{}` cannot be written", file.display()))
}

async fn read(
    journal: &Journal,
    guild: &GuildSettings,
    arguments: &Arguments,
    now_ms: i64,
) -> Result<(BoardPage, HashMap<UserId, Known>), JournalError> {
    let policy = &guild.policy;
    let page = arguments.page - 1;
    let board = match arguments.period {
        Counted::Earned(period) => {
            let calendar = (policy.guild, &policy.zone);
            board_page(journal, calendar, period, page, now_ms).await?
        }
        Counted::Balance => {
            let balances = BalancesOf::new(guild.points.clone(), guild.sweep);
            balance_page(journal, policy.guild, balances, (page, BOARD_ROWS), now_ms).await?
        }
    };
    let mut names = HashMap::with_capacity(board.rows.len());
    for ranked in &board.rows {
        let name = name(journal, policy.guild, ranked.member).await?;
        names.extend(name.map(|name| (ranked.member, Known::Person(name))));
    }
    Ok((board, names))
}

/// The name under which a member was last seen.
async fn name(
    journal: &Journal,
    guild: GuildId,
    member: UserId,
) -> Result<Option<String>, JournalError> {
    let theirs = Selection {
        guild: Some(guild),
        member: Some(member),
        ..Selection::default()
    };
    let newest = journal.entries(&theirs, Order::NewestFirst, 1).await?;
    let name = newest.into_iter().next().map(|entry| entry.member_name);
    Ok(name.filter(|name| !name.trim().is_empty()))
}

fn said(words: &Words, policy: &Policy, zone: &TimeZone, reply: &Reply) -> String {
    words.render(reply, policy.language, zone).text
}

//! `guildpoints check`: asks everybody the settings name, and says what is wrong and how to mend it.
//!
//! Invariants: no points move, nothing is said in chat, no secret is printed. It opens the store the
//! way `run` would, so a fresh one is made and an older one brought up to date.
//!
//! A probe that needs what another could not get is shown as skipped, never as fine.

mod channels;
mod mall;
mod manta;
mod pictures;
mod platform;
mod report;
mod store;
mod texts;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::settings;
use crate::app;
use crate::cli::catalogue::fill;
use crate::cli::check::report::Mark;
use crate::cli::check::report::Report;
use crate::cli::check::texts::Texts;
use crate::commands::Registry;
use crate::config::Advice;
use crate::config::Config;
use crate::fanbook::api::BotApi;
use crate::model::SystemKind;
use crate::support::clock::Clock;
use crate::support::pulse::Pulses;

/// What `check` takes.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The settings file
    #[arg(long, value_name = "FILE", default_value = "bot.toml")]
    config: PathBuf,
}

/// Runs every probe and prints the table; fails if anything must be mended.
pub(super) async fn check(arguments: Arguments) -> ExitCode {
    let config = match settings::load(&arguments.config) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let texts = Texts::of(config.language);
    let mut report = Report::default();
    probe(&config, &texts, &mut report).await;
    println!("{}", report.table(&texts));
    match report.is_sound() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

async fn probe(config: &Config, texts: &Texts, report: &mut Report) {
    about_settings(config, texts, report);
    about_commands(config, texts, report);
    pictures::fonts(config, texts, report);

    let clock = Clock::system();
    let pulses = Pulses::new(clock.clone());
    let api = match BotApi::new(config.api.clone(), pulses.clone()) {
        Ok(api) => api,
        Err(error) => {
            report.bad(&texts.token, format!("{error}"), &texts.token_fix);
            return;
        }
    };
    let me = platform::token(&api, texts, report).await;
    match &me {
        Some(me) => {
            store::probe(config, me.id, &clock, texts, report).await;
            platform::gateway(config, &api, &pulses, texts, report).await;
        }
        None => {
            report.add(Mark::Odd, &texts.store, &texts.skipped, "");
            report.add(Mark::Odd, &texts.gateway, &texts.skipped, "");
        }
    }
    manta::probe(config, &clock, texts, report).await;
    let mall = mall::client(config, clock, pulses, texts, report);
    if let Some(mall) = &mall {
        mall::service(mall, texts, report).await;
    }
    let handles = mall.map(|mall| {
        let ids = config.guilds.iter().map(|guild| guild.policy.guild);
        mall.handles(ids)
    });
    for guild in &config.guilds {
        let facts = match &me {
            Some(me) => platform::guild(&api, me, &guild.policy, texts, report).await,
            None => None,
        };
        if let (Some(me), Some(_)) = (&me, &facts) {
            channels::probe(&api, me, guild, texts, report).await;
        }
        // Anybody's balance will do: without an account the answer still shows the switch.
        let asked = facts
            .map(|facts| facts.owner)
            .or(me.as_ref().map(|me| me.id));
        let mut systems = std::iter::once(&guild.points).chain(&guild.also);
        let uses_mall = systems.any(|system| system.kind() == SystemKind::Mall);
        let handle = handles
            .as_ref()
            .and_then(|handles| handles.get(&guild.policy.guild))
            .filter(|_| uses_mall);
        if let (Some(handle), Some(asked)) = (handle, asked) {
            mall::switch(handle, asked, &guild.policy, texts, report).await;
        }
    }
}

fn about_settings(config: &Config, texts: &Texts, report: &mut Report) {
    let seen = fill(
        &texts.settings_seen,
        &[("guilds", &config.guilds.len().to_string())],
    );
    report.good(&texts.settings, seen);
    for advice in &config.advice {
        let fix = match advice {
            Advice::InTheClear { .. } => &texts.advice_fix,
            Advice::Unswept { .. } => &texts.unswept_fix,
        };
        report.add(Mark::Odd, &texts.settings, advice.to_string(), fix);
    }
    for key in &config.reserved {
        let what = fill(&texts.reserved, &[("key", key)]);
        report.add(Mark::Odd, what, &texts.reserved_seen, &texts.reserved_fix);
    }
}

fn about_commands(config: &Config, texts: &Texts, report: &mut Report) {
    match app::texts(&Registry::new(), config.commands_dir.as_deref()) {
        Ok(words) => {
            let count = words.definitions().len().to_string();
            report.good(
                &texts.commands,
                fill(&texts.commands_seen, &[("count", &count)]),
            );
        }
        Err(error) => report.bad(&texts.commands, format!("{error:#}"), &texts.commands_fix),
    }
}

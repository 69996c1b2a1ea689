//! `manta refresh`: a new pair for one bot over there, by an operator's hand alone.
//!
//! It refuses before it calls wherever a new pair could not be kept. What happens when the process dies
//! in between stands in `points::manta`'s keeper; a pair that an earlier run could not put into its
//! place is put there first, without a call.

use std::io;
use std::io::Write;
use std::process::ExitCode;

use clap::Args;
use jiff::Timestamp;

use super::texts::Texts;
use crate::cli::UNUSABLE;
use crate::cli::catalogue::fill;
use crate::cli::stop;
use crate::cli::table::harmless_line;
use crate::config::Config;
use crate::points::manta::KeepError;
use crate::points::manta::Keeper;
use crate::points::manta::Manta;
use crate::points::manta::Pair;
use crate::points::manta::RenewError;
use crate::points::manta::TokenState;
use crate::points::manta::Unkept;
use crate::support::clock::Clock;
use crate::support::pulse::Pulses;

/// What `refresh` takes.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The bot, as in [manta.NAME]
    #[arg(value_name = "NAME")]
    name: String,
    /// Do it without asking first
    #[arg(long)]
    yes: bool,
}

/// How the settings name a file.
const FILE_FORM: &str = "{ file = \"…\" }";

/// Renews one pair.
pub(super) async fn refresh(config: &Config, texts: &Texts, arguments: Arguments) -> ExitCode {
    let name = arguments.name.as_str();
    let Some(settings) = config.mantas.get(name) else {
        let known: Vec<&str> = config.mantas.keys().map(String::as_str).collect();
        let holes = [
            ("name", &*harmless_line(name)),
            ("known", &*known.join(", ")),
        ];
        eprintln!("{}", fill(&texts.no_such_bot, &holes));
        return ExitCode::from(UNUSABLE);
    };
    let keeper = match Keeper::of(&settings.token, &settings.secret) {
        Ok(keeper) => keeper,
        Err(error) => return refused(texts, name, &error),
    };
    let unfinished = keeper.unfinished().display().to_string();
    let holes = [("name", name), ("file", &*unfinished)];
    let clock = Clock::system();
    match keeper.left_over() {
        Ok(None) => {}
        Ok(Some(pair)) => {
            println!("{}", fill(&texts.finishing, &holes));
            return placed(texts, name, &keeper, &pair, keeper.finish(&pair), &clock);
        }
        Err(error) => {
            eprintln!("{}", fill(&texts.left_over_broken, &holes));
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    }
    let pulses = Pulses::new(clock.clone());
    let manta = match Manta::new(name, settings.clone(), clock.clone(), pulses) {
        Ok(manta) => manta,
        Err(error) => {
            eprintln!("[manta.{name}] {error}");
            return ExitCode::from(UNUSABLE);
        }
    };
    println!("{}", fill(&texts.about_to, &holes));
    if !arguments.yes && !agreed(&texts.go_on) {
        println!("{}", texts.not_agreed);
        return ExitCode::FAILURE;
    }
    if let Err(error) = keeper.prove() {
        return refused(texts, name, &error);
    }
    // A signal between the answer and the files would cost the pair: the first one changes nothing.
    let signals = stop::on_signals();
    if let Err(error) = &signals {
        tracing::debug!(%error, "signals cannot be listened to");
    }
    match manta.renew().await {
        Ok(pair) => placed(texts, name, &keeper, &pair, keeper.keep(&pair), &clock),
        Err(error) => {
            keeper.give_up();
            let (text, seen) = match &error {
                RenewError::NotSent(seen) => (&texts.not_sent, seen.clone()),
                RenewError::Refused(refused) => {
                    let code = refused.code.map(|code| code.to_string());
                    let code = code.unwrap_or_default();
                    (&texts.refused, format!("{code} {}", refused.text))
                }
                RenewError::Lost(seen) => (&texts.lost, seen.clone()),
            };
            let holes = [("name", name), ("seen", &*harmless_line(seen.trim()))];
            eprintln!("{}", fill(text, &holes));
            ExitCode::FAILURE
        }
    }
}

/// Says where the new pair is.
fn placed(
    texts: &Texts,
    name: &str,
    keeper: &Keeper,
    pair: &Pair,
    kept: Result<(), KeepError>,
    clock: &Clock,
) -> ExitCode {
    match kept {
        Ok(()) => {
            let until = match pair.stands(clock.now_ms()) {
                TokenState::Good { until_ms } | TokenState::Ending { until_ms } => {
                    let until = Timestamp::from_millisecond(until_ms);
                    let until = until.map(|until| format!("{until:.0}")).unwrap_or_default();
                    fill(&texts.until, &[("until", &until)])
                }
                TokenState::Unreadable | TokenState::Over { .. } => String::new(),
            };
            let holes = [("name", name), ("until", &*until)];
            println!("{}", fill(&texts.done, &holes));
            ExitCode::SUCCESS
        }
        Err(error) => {
            let file = error.file.display().to_string();
            let unfinished = keeper.unfinished().display().to_string();
            let text = match error.unfinished {
                Some(_) => &texts.not_placed,
                None => &texts.not_kept,
            };
            let why = error.source.to_string();
            let holes = [
                ("name", name),
                ("file", &*file),
                ("unfinished", &*unfinished),
                ("why", &*why),
            ];
            eprintln!("{}", fill(text, &holes));
            ExitCode::FAILURE
        }
    }
}

fn refused(texts: &Texts, name: &str, error: &Unkept) -> ExitCode {
    let told = match error {
        Unkept::NotInAFile(key) => {
            let holes = [("name", name), ("key", key), ("form", FILE_FORM)];
            fill(&texts.not_in_a_file, &holes)
        }
        Unkept::OneFile => fill(&texts.one_file, &[("name", name)]),
        Unkept::LeftOver(file) => {
            let file = file.display().to_string();
            fill(&texts.left_over_broken, &[("name", name), ("file", &file)])
        }
        Unkept::NotWritable { file, source } => {
            let (file, why) = (file.display().to_string(), source.to_string());
            fill(&texts.not_writable, &[("file", &file), ("why", &why)])
        }
    };
    eprintln!("{told}");
    ExitCode::FAILURE
}

/// Whether somebody says yes; where nobody is there to answer, nobody does.
fn agreed(question: &str) -> bool {
    print!("{question} ");
    let _shown = io::stdout().flush();
    let mut answer = String::new();
    if io::stdin().read_line(&mut answer).is_err() {
        return false;
    }
    let answer = answer.trim().to_lowercase();
    ["y", "yes", "是", "好"].contains(&answer.as_str())
}

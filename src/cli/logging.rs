//! Log lines on standard error.
//!
//! Invariants:
//! - No address with a token in is logged: the libraries that would are held at warnings or off,
//!   whatever filter an operator sets.
//! - A line is a line: control characters and marks that turn the direction of text, as a member's
//!   name may have them, are written as escapes.

use std::fmt;
use std::fmt::Write;

use clap::Args;
use clap::ValueEnum;
use tracing::Metadata;
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::filter::FilterExt;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::format::debug_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// How the process logs.
#[derive(Args, Clone, Debug)]
#[group(skip)] // two groups of one name, ours and the subcommand's, would clash
pub(super) struct Arguments {
    /// The form of log lines
    #[arg(long, value_name = "FORM", value_enum, default_value_t = Form::Pretty)]
    log: Form,
    /// What is logged, for example `debug` or `guildpoints::points=debug,info`
    #[arg(long, value_name = "FILTER", env = "GUILDPOINTS_LOG", default_value = "info", value_parser = filter)]
    log_filter: String,
}

/// The forms of log lines.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Form {
    /// For people
    Pretty,
    /// One JSON object a line
    Json,
}

/// Libraries that know addresses with tokens or names of members, and how much of them may be heard at
/// most.
const LID: [(&str, LevelFilter); 11] = [
    ("h2", LevelFilter::WARN),
    ("hyper", LevelFilter::WARN),
    ("hyper_util", LevelFilter::WARN),
    ("reqwest", LevelFilter::WARN),
    ("rustls", LevelFilter::WARN),
    ("sqlx", LevelFilter::WARN),
    ("tokio_tungstenite", LevelFilter::OFF),
    ("tower", LevelFilter::WARN),
    ("tower_http", LevelFilter::WARN),
    ("tungstenite", LevelFilter::OFF),
    // A line for each character of a name that a font cannot shape.
    ("usvg", LevelFilter::ERROR),
];

/// Begins to log. Where something in this process logs already, that goes on.
pub(super) fn start(arguments: &Arguments) {
    let filter = EnvFilter::new(&arguments.log_filter);
    let filter = filter.and(lid());
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let registry = tracing_subscriber::registry();
    let started = match arguments.log {
        Form::Json => registry
            .with(layer.json().flatten_event(true).with_filter(filter))
            .try_init(),
        Form::Pretty => {
            let fields = debug_fn(|writer, field, value| match field.name() {
                "message" => write!(writer, "{}", Escaped(value)),
                name => write!(writer, "{name}={}", Escaped(value)),
            });
            registry
                .with(
                    layer
                        .with_target(false)
                        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
                        .fmt_fields(fields.delimited(" "))
                        .with_filter(filter),
                )
                .try_init()
        }
    };
    if let Err(error) = started {
        eprintln!("logs go where they went before: {error}");
    }
}

fn lid<S: Subscriber>() -> impl tracing_subscriber::layer::Filter<S> + use<S> {
    let targets = Targets::new()
        .with_default(LevelFilter::TRACE)
        .with_targets(LID);
    let under = filter_fn(move |metadata: &Metadata<'_>| {
        targets.would_enable(metadata.target(), metadata.level())
    });
    // A filter without a hint hides the operator's: every trace record of every library, several for
    // each frame of a flood, would then be built before it is thrown away.
    under.with_max_level_hint(LevelFilter::TRACE)
}

fn filter(text: &str) -> Result<String, String> {
    match EnvFilter::try_new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// What a value's `Debug` writes, on one line and in one direction.
struct Escaped<'a>(&'a dyn fmt::Debug);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaping(f), "{:?}", self.0)
    }
}

/// Writes on, with escapes for what could forge a line.
struct Escaping<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            let forges = character.is_control()
                || matches!(character, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            match forges {
                true => write!(self.0, "{}", character.escape_default())?,
                false => self.0.write_char(character)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_forge_a_line_or_turn_it_round() {
        let shown = Escaped(&format_args!("小明\n2026 ERROR \u{1b}[31m\u{202e}x")).to_string();
        assert_eq!(shown, "小明\\n2026 ERROR \\u{1b}[31m\\u{202e}x");
    }

    #[test]
    fn a_filter_is_judged_before_anything_starts() {
        assert!(filter("guildpoints::points=debug,info").is_ok());
        assert!(filter("guildpoints=loud").is_err());
    }
}

//! Settings files: what `Config::parse` makes of any text.
//!
//! A comment `#env NAME=VALUE` lays a variable over the file. Secrets of the corpus have [`SECRET`] in
//! them.
//!
//! Holds: no panic; what is refused is told, with every place inside the file; a secret is shown
//! neither in the list of faults, nor in the drawing, nor in `Debug`, wherever in the file it stands:
//! as a secret's literal, under a misspelt key, in a comment, in a line that is no TOML.

use std::ops::Range;
use std::path::Path;

use guildpoints::config::Config;
use guildpoints::config::ConfigErrors;
use guildpoints::config::EXAMPLE;
use guildpoints::config::Environment;
use guildpoints::config::PREFIX;
use guildpoints::config::Place;
use toml::de::DeTable;
use toml::de::DeValue;

/// The mark of a secret.
pub const SECRET: &str = "s3cr3t";

/// Keys whose values are secrets, or hold some.
const SECRET_KEYS: [&str; 6] = [
    "token",
    "app_key",
    "app_secret",
    "secret",
    "admin_token",
    "headers",
];

/// Reads `input` as the text of a settings file.
pub fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let (table, broken) = DeTable::parse_recoverable(text);
    let mut public = Public::default();
    if broken.is_empty() {
        public.read(table.get_ref(), Keys::Ours);
    }
    let variables: Vec<_> = text.lines().filter_map(variable).collect();
    if public.reads_files || variables.iter().any(|(_, value)| value.contains("file")) {
        // An input may name any file of this machine, one without an end among them.
        return;
    }
    let environment = Environment::from_iter(variables.iter().copied());
    let is_public = public.is_shown(text) || variables.iter().any(is_shown);
    let config = Config::parse(text, "bot.toml", Path::new("nowhere"), &environment);
    let shown = match &config {
        Ok(config) => vec![format!("{config:?}")],
        Err(errors) => {
            told(text, errors);
            vec![errors.draw(), errors.to_string(), format!("{errors:?}")]
        }
    };
    for shown in shown {
        assert!(!shown.is_empty());
        assert!(is_public || !shown.contains(SECRET), "{shown}");
    }
}

fn told(text: &str, errors: &ConfigErrors) {
    assert!(!errors.faults().is_empty(), "refused without a fault");
    let lines = text.matches('\n').count() + 1;
    for fault in errors.faults() {
        assert!(!fault.message.is_empty());
        if let Place::Line { line, column } = fault.place {
            assert!((1..=lines).contains(&line), "line {line} of {lines}");
            assert!(column >= 1);
        }
    }
}

/// A variable from its comment.
fn variable(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.strip_prefix("#env ")?.split_once('=')?;
    (!name.is_empty()).then_some((name, value))
}

/// Whether a variable says the mark where it may be repeated: in its name, or as an override of
/// something that is no secret.
fn is_shown((name, value): &(&str, &str)) -> bool {
    let is_mark = |text: &str| text.to_lowercase().contains(SECRET);
    let key = name.strip_prefix(PREFIX).map(|path| {
        let last = path.rsplit("__").next().unwrap_or_default();
        last.to_lowercase()
    });
    let is_secret = key.is_none_or(|key| SECRET_KEYS.contains(&key.as_str()));
    is_mark(name) || (is_mark(value) && !is_secret)
}

/// Where a file says what may be repeated: keys, and values that are no secrets.
#[derive(Default)]
struct Public {
    spans: Vec<Range<usize>>,
    reads_files: bool,
}

/// Whose choice the keys of a table are.
#[derive(Clone, Copy)]
enum Keys {
    Ours,
    Theirs,
}

impl Public {
    fn read(&mut self, table: &DeTable<'_>, keys: Keys) {
        for (key, value) in table {
            let name: &str = key.get_ref();
            self.spans.push(key.span());
            self.reads_files |= name == "file";
            // Under a key that nobody has heard of may stand anything.
            let is_known = matches!(keys, Keys::Theirs) || EXAMPLE.contains(name);
            let below = match name {
                "presets" | "swan" | "manta" => Keys::Theirs,
                _ => Keys::Ours,
            };
            let is_secret = SECRET_KEYS.contains(&name) || !is_known;
            self.value(value.get_ref(), value.span(), below, is_secret);
        }
    }

    fn value(&mut self, value: &DeValue<'_>, span: Range<usize>, keys: Keys, is_secret: bool) {
        match value {
            DeValue::Table(table) if is_secret => {
                self.spans.extend(table.keys().map(|key| key.span()));
                self.reads_files |= table.keys().any(|key| key.get_ref() == "file");
            }
            DeValue::Table(table) => self.read(table, keys),
            DeValue::Array(list) => {
                for item in list {
                    self.value(item.get_ref(), item.span(), keys, is_secret);
                }
            }
            _ if is_secret => {}
            _ => self.spans.push(span),
        }
    }

    fn is_shown(&self, text: &str) -> bool {
        self.spans
            .iter()
            .any(|span| text[span.clone()].to_lowercase().contains(SECRET))
    }
}

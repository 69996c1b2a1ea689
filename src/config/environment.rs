//! What the process was started with, taken once: secrets by name, and overrides of single settings.

use std::collections::BTreeMap;
use std::fmt;

/// What an override's name begins with: `GUILDPOINTS__BOT__API_URL`.
pub const PREFIX: &str = "GUILDPOINTS__";

/// The variables the settings may refer to. Its `Debug` shows no value.
#[derive(Clone, Default)]
pub struct Environment {
    /// `None` stands for a value that is not UTF-8, so that it is not taken for an unset one.
    variables: BTreeMap<String, Option<String>>,
}

/// What is known of a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variable<'a> {
    /// It is not set.
    Unset,
    /// It is set to something that is no text.
    NotText,
    /// Its value.
    Text(&'a str),
}

impl Environment {
    /// The variables of this process.
    pub fn of_process() -> Self {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok())))
            .collect();
        Self { variables }
    }

    /// What is known of the variable `name`.
    pub fn variable(&self, name: &str) -> Variable<'_> {
        match self.variables.get(name) {
            None => Variable::Unset,
            Some(None) => Variable::NotText,
            Some(Some(text)) => Variable::Text(text),
        }
    }

    /// The overrides, as name, path of keys in lower case and value; outer ones and lower list
    /// places first, so that lists grow from the front.
    pub(super) fn overrides(&self) -> Vec<Override<'_>> {
        let mut overrides: Vec<_> = self
            .variables
            .iter()
            .filter_map(|(name, value)| {
                let path = name.strip_prefix(PREFIX)?;
                Some(Override {
                    name,
                    path: path.split("__").map(str::to_lowercase).collect(),
                    value: value.as_deref(),
                })
            })
            .collect();
        overrides.sort_by_cached_key(|one| {
            one.path
                .iter()
                .map(|part| (part.parse::<usize>().ok(), part.clone()))
                .collect::<Vec<_>>()
        });
        overrides
    }
}

/// One setting that comes from a variable.
pub(super) struct Override<'a> {
    pub(super) name: &'a str,
    pub(super) path: Vec<String>,
    /// `None` where the value is no text.
    pub(super) value: Option<&'a str>,
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Self {
        let variables = variables
            .into_iter()
            .map(|(name, value)| (name.into(), Some(value.into())))
            .collect();
        Self { variables }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

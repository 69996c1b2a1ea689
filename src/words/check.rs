//! Finds what is wrong with a set of texts, all of it at once.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::time::Duration;

use jiff::SignedDuration;
use toml::Table;
use toml::Value;

use crate::model::Language;
use crate::words::catalogue::Definition;
use crate::words::catalogue::Finding;
use crate::words::catalogue::Source;
use crate::words::is_command;
use crate::words::reply::Word;
use crate::words::template::Template;

/// Keys every command has beside the sentences its code speaks.
const ABOUT: [&str; 2] = ["summary", "usage"];

/// A command's keys, whichever file they come from.
pub(super) struct Merged {
    pub(super) file: String,
    pub(super) is_the_operators: bool,
    table: Table,
}

#[derive(Default)]
pub(super) struct Check {
    pub(super) findings: Vec<Finding>,
}

impl Check {
    pub(super) fn find(&mut self, file: &str, key: impl Into<String>, what: impl Into<String>) {
        self.findings.push(Finding {
            file: file.to_owned(),
            key: key.into(),
            what: what.into(),
        });
    }

    pub(super) fn merge(
        &mut self,
        embedded: &[Source],
        overrides: &[Source],
    ) -> BTreeMap<String, Merged> {
        let mut tables: BTreeMap<String, Merged> = BTreeMap::new();
        for source in embedded {
            if let Some(table) = self.read(source) {
                let file = source.file.clone();
                let merged = Merged {
                    file,
                    is_the_operators: false,
                    table,
                };
                tables.insert(source.scope.clone(), merged);
            }
        }
        for source in overrides {
            let Some(table) = self.read(source) else {
                continue;
            };
            let known: Vec<String> = tables.keys().cloned().collect();
            match tables.get_mut(&source.scope) {
                Some(merged) => {
                    merged.file = source.file.clone();
                    merged.is_the_operators = true;
                    lay_over(&mut merged.table, table);
                }
                None => {
                    let hint = nearest(&source.scope, known.iter().map(String::as_str));
                    self.find(
                        &source.file,
                        &source.scope,
                        format!("there is no such command{hint}"),
                    );
                }
            }
        }
        tables
    }

    fn read(&mut self, source: &Source) -> Option<Table> {
        match source.text.parse::<Table>() {
            Ok(table) => Some(table),
            Err(error) => {
                let before = error.span().map_or(0, |span| span.start);
                let before = source.text.get(..before).unwrap_or_default();
                let line = before.matches('\n').count() + 1;
                let what = format!("{}: the file must be TOML", error.message());
                self.find(&source.file, format!("line {line}"), what);
                None
            }
        }
    }

    /// Takes the sentences of one language out of the table.
    pub(super) fn sentences(
        &mut self,
        scope: &str,
        merged: &mut Merged,
        language: Language,
        spoken: &[&'static Word],
        sentences: &mut HashMap<(String, String, Language), Template>,
    ) {
        let tag = language.tag();
        let file = merged.file.clone();
        let mut table = match merged.table.remove(tag) {
            Some(Value::Table(table)) => table,
            Some(_) => {
                self.find(&file, tag, "a table of sentences belongs here");
                return;
            }
            None => Table::new(),
        };
        let about = ABOUT
            .iter()
            .filter(|_| is_command(scope))
            .map(|&key| (key, &[] as &[&str]));
        let words = spoken.iter().filter(|word| word.scope == scope);
        let wanted: BTreeMap<&str, &[&str]> = words
            .map(|word| (word.key, word.holes))
            .chain(about)
            .collect();
        for (&key, &holes) in &wanted {
            let at = format!("{tag}.{key}");
            let Some(Value::String(sentence)) = table.remove(key) else {
                self.find(&file, at, "this sentence is missing: add it as a string");
                continue;
            };
            match Template::parse(&sentence) {
                Ok(template) => {
                    for hole in template.holes().filter(|hole| !holes.contains(hole)) {
                        let hint = nearest(hole, holes.iter().copied());
                        self.find(
                            &file,
                            at.clone(),
                            format!("the hole `{{{hole}}}` is never filled{hint}"),
                        );
                    }
                    sentences.insert((scope.to_owned(), key.to_owned(), language), template);
                }
                Err(what) => self.find(&file, at, what),
            }
        }
        for key in table.keys() {
            let hint = nearest(key, wanted.keys().copied());
            self.find(
                &file,
                format!("{tag}.{key}"),
                format!("nothing says this sentence{hint}"),
            );
        }
    }

    /// Takes names, right and cooldown out of the table.
    pub(super) fn definition(
        &mut self,
        scope: &str,
        merged: &mut Merged,
        rights: &[&str],
    ) -> Definition {
        let file = merged.file.clone();
        let names = match merged.table.remove("names") {
            Some(Value::Array(names)) => names
                .iter()
                .filter_map(|name| name.as_str())
                .map(|name| name.trim().trim_start_matches('/').to_lowercase())
                .filter(|name| !name.is_empty() && !name.contains(char::is_whitespace))
                .collect(),
            _ => Vec::new(),
        };
        if names.is_empty() {
            self.find(
                &file,
                "names",
                "at least one name is needed: names = [\"reward\", \"奖励\"]",
            );
        }
        // What is wrong is noted and reading goes on, so that one fault does not hide another.
        let right = match merged.table.remove("right") {
            Some(Value::String(right)) => {
                if !rights.contains(&right.as_str()) {
                    let hint = nearest(&right, rights.iter().copied());
                    self.find(&file, "right", format!("there is no right `{right}`{hint}"));
                }
                right
            }
            _ => {
                self.find(
                    &file,
                    "right",
                    format!("a right is needed, one of: {}", rights.join(", ")),
                );
                String::new()
            }
        };
        let cooldown = match merged.table.remove("cooldown") {
            None => Some(Duration::ZERO),
            Some(Value::String(text)) => text
                .parse::<SignedDuration>()
                .ok()
                .and_then(|duration| Duration::try_from(duration).ok()),
            Some(_) => None,
        };
        if cooldown.is_none() {
            self.find(&file, "cooldown", "a time such as \"2s\" belongs here");
        }
        Definition {
            scope: scope.to_owned(),
            names,
            right,
            cooldown: cooldown.unwrap_or_default(),
        }
    }

    pub(super) fn surplus(&mut self, scope: &str, merged: &Merged) {
        let known: &[&str] = if !is_command(scope) {
            &["zh-CN", "en-US"]
        } else {
            &["names", "right", "cooldown", "zh-CN", "en-US"]
        };
        for key in merged.table.keys() {
            let hint = nearest(key, known.iter().copied());
            self.find(&merged.file, key, format!("unknown key{hint}"));
        }
    }
}

fn lay_over(below: &mut Table, above: Table) {
    for (key, value) in above {
        match (below.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => lay_over(below, above),
            (_, value) => {
                below.insert(key, value);
            }
        }
    }
}

/// `, did you mean ...?`, where something is near enough.
fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> String {
    known
        .map(|candidate| (strsim::jaro_winkler(candidate, word), candidate))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| format!(": `{candidate}` is near"))
        .unwrap_or_default()
}

//! Reading the tree key by key: what is missing, unknown, of the wrong kind or out of range becomes
//! a finding, and reading goes on, so that the operator sees everything at once.

use std::ops::Range;
use std::path::Path;

use crate::config::advice::Advice;
use crate::config::environment::Environment;
use crate::config::faults::Finding;
use crate::config::names;
use crate::config::tree::Entry;
use crate::config::tree::Node;
use crate::config::tree::Origin;
use crate::config::tree::Table;
use crate::config::tree::Value;

/// Collects what is found while the sections are read.
pub(super) struct Reader<'a> {
    pub(super) environment: &'a Environment,
    /// What relative paths count from.
    pub(super) folder: &'a Path,
    pub(super) findings: Vec<Finding>,
    /// Settings that are accepted without effect, as paths of keys.
    pub(super) reserved: Vec<String>,
    /// What is allowed and still unwise, in sentences for operators.
    pub(super) advice: Vec<Advice>,
    /// Stretches of the file that a drawing may show.
    pub(super) harmless: Vec<Range<usize>>,
}

/// A table of the settings, possibly absent.
pub(super) struct Section<'n> {
    /// Its path of keys, empty at the top.
    pub(super) path: String,
    pub(super) origin: Origin,
    table: Option<&'n Table>,
}

/// Why a value cannot be taken.
pub(super) struct Complaint {
    pub(super) message: String,
    pub(super) suggestion: Option<String>,
    pub(super) help: Option<String>,
}

impl Complaint {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            suggestion: None,
            help: None,
        }
    }

    pub(super) fn suggesting(mut self, suggestion: Option<impl Into<String>>) -> Self {
        self.suggestion = suggestion.map(Into::into);
        self
    }

    pub(super) fn helping(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl<'n> Section<'n> {
    pub(super) fn top(table: &'n Table) -> Self {
        Self {
            path: String::new(),
            origin: Origin::Whole,
            table: Some(table),
        }
    }

    pub(super) fn is_present(&self) -> bool {
        self.table.is_some()
    }

    pub(super) fn key_path(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    pub(super) fn node(&self, key: &str) -> Option<&'n Node> {
        self.table?.get(key).map(|entry| &entry.node)
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (&'n String, &'n Entry)> + use<'n> {
        self.table.into_iter().flatten()
    }
}

impl Reader<'_> {
    /// Notes a finding about the setting at `path`.
    pub(super) fn find(&mut self, path: &str, origin: &Origin, complaint: Complaint) {
        self.findings.push(Finding {
            key: path.to_owned(),
            origin: origin.clone(),
            message: complaint.message,
            suggestion: complaint.suggestion,
            help: complaint.help,
        });
    }

    /// Notes that the setting at `path` has no effect in this version.
    pub(super) fn reserve(&mut self, path: impl Into<String>) {
        self.reserved.push(path.into());
    }

    /// The table under `key`, its keys checked against `known`.
    pub(super) fn section<'n>(
        &mut self,
        parent: &Section<'n>,
        key: &str,
        known: &[&str],
    ) -> Section<'n> {
        let section = self.table(parent, key);
        self.check_keys(&section, known);
        section
    }

    /// The table under `key`, whose keys are the operator's own.
    pub(super) fn table<'n>(&mut self, parent: &Section<'n>, key: &str) -> Section<'n> {
        let path = parent.key_path(key);
        match parent.node(key) {
            None => Section {
                path,
                origin: Origin::Whole,
                table: None,
            },
            Some(node) => self.open(node, path),
        }
    }

    /// The tables of the list under `key`, as in `[[guild]]`.
    pub(super) fn tables<'n>(
        &mut self,
        parent: &Section<'n>,
        key: &str,
        known: &[&str],
    ) -> Vec<Section<'n>> {
        let path = parent.key_path(key);
        let Some(node) = parent.node(key) else {
            return Vec::new();
        };
        let Value::List(list) = &node.value else {
            let header = path.rsplit('.').next().unwrap_or(&path);
            let complaint = Complaint::new(format!(
                "`{path}` is a list of tables, found {}",
                node.kind()
            ))
            .helping(format!("write its header in two brackets: `[[{header}]]`"));
            self.find(&path, &node.origin, complaint);
            return Vec::new();
        };
        list.iter()
            .enumerate()
            .map(|(place, node)| {
                let section = self.open(node, format!("{path}.{place}"));
                self.check_keys(&section, known);
                section
            })
            .collect()
    }

    /// `node` as a table at `path`.
    pub(super) fn open<'n>(&mut self, node: &'n Node, path: String) -> Section<'n> {
        let table = match &node.value {
            Value::Table(table) => Some(table),
            _ => {
                let complaint =
                    Complaint::new(format!("`{path}` is a table, found {}", node.kind()));
                self.find(&path, &node.origin, complaint);
                None
            }
        };
        Section {
            path,
            origin: node.origin.clone(),
            table,
        }
    }

    /// Finds the keys of `section` that nobody reads.
    pub(super) fn check_keys(&mut self, section: &Section<'_>, known: &[&str]) {
        for (key, entry) in section.entries() {
            self.show(&entry.key);
            if known.contains(&key.as_str()) {
                continue;
            }
            let place = match section.path.as_str() {
                "" => "at the top of the file".to_owned(),
                path => format!("in `{path}`"),
            };
            let mut complaint = Complaint::new(format!("unknown key `{key}` {place}"));
            let lowered = key.to_lowercase();
            let homes = names::homes(&lowered);
            complaint = if homes.is_empty() || known.contains(&lowered.as_str()) {
                complaint
                    .suggesting(names::nearest(&lowered, known.iter().copied()))
                    .helping(format!("known here: {}", known.join(", ")))
            } else {
                complaint.helping(format!("`{lowered}` belongs to {}", homes.join(" or ")))
            };
            self.find(&section.key_path(key), &entry.key, complaint);
        }
    }

    /// The value under `key` in the form `form` reads; `None` where it is absent or faulty.
    pub(super) fn read<T>(
        &mut self,
        section: &Section<'_>,
        key: &str,
        form: impl Fn(&Node) -> Result<T, Complaint>,
    ) -> Option<T> {
        let node = section.node(key)?;
        self.take(&section.key_path(key), node, form)
    }

    /// As `read`, and an absent value is a fault.
    pub(super) fn require<T>(
        &mut self,
        section: &Section<'_>,
        key: &str,
        form: impl Fn(&Node) -> Result<T, Complaint>,
    ) -> Option<T> {
        if section.node(key).is_none() {
            self.missing(section, key);
        }
        self.read(section, key, form)
    }

    /// The list under `key`, each item in the form `form` reads; empty where it is absent.
    pub(super) fn list<T>(
        &mut self,
        section: &Section<'_>,
        key: &str,
        form: impl Fn(&Node) -> Result<T, Complaint>,
    ) -> Vec<T> {
        let path = section.key_path(key);
        let Some(node) = section.node(key) else {
            return Vec::new();
        };
        let Value::List(items) = &node.value else {
            let complaint = Complaint::new(format!("`{path}` is a list, found {}", node.kind()))
                .helping(format!("put brackets around it: `{key} = [ … ]`"));
            self.find(&path, &node.origin, complaint);
            return Vec::new();
        };
        items
            .iter()
            .enumerate()
            .filter_map(|(place, item)| self.take(&format!("{path}.{place}"), item, &form))
            .collect()
    }

    /// `node` in the form `form` reads.
    pub(super) fn take<T>(
        &mut self,
        path: &str,
        node: &Node,
        form: impl Fn(&Node) -> Result<T, Complaint>,
    ) -> Option<T> {
        if !node.text().is_some_and(might_carry_a_secret) {
            self.show(&node.origin);
        }
        match form(node) {
            Ok(value) => Some(value),
            Err(mut complaint) => {
                complaint.message = format!("`{path}`: {}", complaint.message);
                self.find(path, &node.origin, complaint);
                None
            }
        }
    }

    /// Finds that `key` is missing.
    pub(super) fn missing(&mut self, section: &Section<'_>, key: &str) {
        let path = section.key_path(key);
        let complaint = Complaint::new(format!("`{path}` is missing"));
        self.find(&path, &section.origin, complaint);
    }

    fn show(&mut self, origin: &Origin) {
        if let Origin::File(span) = origin {
            self.harmless.push(span.clone());
        }
    }
}

/// Whether a harmless setting may have a token in it: an address with a user, a query or a path
/// segment as long as the platform's tokens.
fn might_carry_a_secret(text: &str) -> bool {
    text.contains(['@', '?']) || text.split('/').any(|segment| segment.len() >= 40)
}

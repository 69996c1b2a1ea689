//! The settings as a tree in which every value knows where it was written: a stretch of the file or
//! a variable. Overrides are laid over the file here, so that nothing above asks which of the two a
//! value came from.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::DeTable;
use toml::de::DeValue;

use crate::config::environment::Environment;
use crate::config::faults::Finding;

/// Where something was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// Nowhere in particular: it is missing from the whole.
    Whole,
    /// A stretch of the file, in bytes.
    File(Range<usize>),
    /// An override, by the variable's name.
    Variable(String),
}

/// A value and where it was written.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) origin: Origin,
    /// The text of a variable as it stands, for places that want text: a token made of digits is
    /// still a token.
    pub(super) raw: Option<String>,
}

/// A value of TOML.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(String),
    /// `None` where it is beyond 128 bits.
    Integer(Option<i128>),
    Float(f64),
    Boolean(bool),
    Datetime,
    List(Vec<Node>),
    Table(Table),
}

/// Keys and what stands under them.
pub(super) type Table = BTreeMap<String, Entry>;

/// A key's place and its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: Origin,
    pub(super) node: Node,
}

impl Node {
    /// What kind of value it is, in the words of TOML.
    pub(super) fn kind(&self) -> &'static str {
        match self.value {
            Value::Text(_) => "a string",
            Value::Integer(_) => "a whole number",
            Value::Float(_) => "a number with a fraction",
            Value::Boolean(_) => "true or false",
            Value::Datetime => "a date or time",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }

    /// The text, where it is text or a variable whose value can be taken as such.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            Value::List(_) | Value::Table(_) => None,
            _ => self.raw.as_deref(),
        }
    }
}

/// The tree of a parsed file.
pub(super) fn from_file(table: &DeTable<'_>) -> Table {
    table
        .iter()
        .map(|(key, value)| {
            let entry = Entry {
                key: Origin::File(key.span()),
                node: node(value, &Origin::File),
            };
            (key.get_ref().to_string(), entry)
        })
        .collect()
}

fn node(value: &Spanned<DeValue<'_>>, origin: &dyn Fn(Range<usize>) -> Origin) -> Node {
    let kept = match value.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => {
            let digits = number.as_str().replace('_', "");
            Value::Integer(i128::from_str_radix(&digits, number.radix()).ok())
        }
        // What a float cannot hold becomes no number, which no range contains.
        DeValue::Float(number) => {
            Value::Float(number.as_str().replace('_', "").parse().unwrap_or(f64::NAN))
        }
        DeValue::Boolean(truth) => Value::Boolean(*truth),
        DeValue::Datetime(_) => Value::Datetime,
        DeValue::Array(list) => Value::List(list.iter().map(|item| node(item, origin)).collect()),
        DeValue::Table(table) => Value::Table(
            table
                .iter()
                .map(|(key, value)| {
                    let entry = Entry {
                        key: origin(key.span()),
                        node: node(value, origin),
                    };
                    (key.get_ref().to_string(), entry)
                })
                .collect(),
        ),
    };
    Node {
        value: kept,
        origin: origin(value.span()),
        raw: None,
    }
}

/// Lays the overrides over `table`; what cannot be laid is a finding that names the variable.
pub(super) fn overlay(table: &mut Table, environment: &Environment) -> Vec<Finding> {
    let mut findings = Vec::new();
    for one in environment.overrides() {
        let laid = match one.value {
            _ if one.path.iter().any(String::is_empty) => Err("its name is no path of keys"),
            None => Err("its value is not UTF-8"),
            Some(value) => lay(table, &one.path, variable(value, one.name), one.name),
        };
        if let Err(why) = laid {
            findings.push(Finding {
                key: one.path.join("."),
                origin: Origin::Variable(one.name.to_owned()),
                message: format!("the variable cannot be used: {why}"),
                suggestion: None,
                help: Some(
                    "an override is written GUILDPOINTS__SECTION__KEY; a list counts from 0 without gaps: GUILDPOINTS__GUILD__0__POINTS".to_owned(),
                ),
            });
        }
    }
    findings
}

/// A variable's value: TOML where it can be read as such, else the text itself.
fn variable(value: &str, name: &str) -> Node {
    let origin = |_: Range<usize>| Origin::Variable(name.to_owned());
    let mut parsed = match DeValue::parse(value) {
        Ok(parsed) => node(&parsed, &origin),
        Err(_) => Node {
            value: Value::Text(value.to_owned()),
            origin: origin(0..0),
            raw: None,
        },
    };
    parsed.raw = Some(value.to_owned());
    parsed
}

const NOT_A_TABLE: &str = "it goes below a value that is no table";
const NOT_A_LIST: &str = "it goes below a list, whose places are numbers";
const GAP: &str = "it leaves a gap in a list";

fn lay(table: &mut Table, path: &[String], value: Node, name: &str) -> Result<(), &'static str> {
    let Some((first, rest)) = path.split_first() else {
        return Err(NOT_A_TABLE);
    };
    // Variables have no small letters by custom, keys of one's own may have capitals.
    let key = table
        .keys()
        .find(|key| key.to_lowercase() == *first)
        .unwrap_or(first)
        .clone();
    if rest.is_empty() {
        let entry = Entry {
            key: value.origin.clone(),
            node: value,
        };
        table.insert(key, entry);
        return Ok(());
    }
    let entry = table.entry(key).or_insert_with(|| Entry {
        key: Origin::Variable(name.to_owned()),
        node: container(&rest[0], name),
    });
    descend(&mut entry.node, rest, value, name)
}

fn descend(node: &mut Node, path: &[String], value: Node, name: &str) -> Result<(), &'static str> {
    match &mut node.value {
        Value::Table(table) => lay(table, path, value, name),
        Value::List(list) => {
            let place: usize = path[0].parse().map_err(|_| NOT_A_LIST)?;
            if place > list.len() {
                return Err(GAP);
            }
            let rest = &path[1..];
            if rest.is_empty() {
                list.splice(place..(place + 1).min(list.len()), [value]);
                return Ok(());
            }
            if place == list.len() {
                list.push(container(&rest[0], name));
            }
            descend(&mut list[place], rest, value, name)
        }
        _ => Err(NOT_A_TABLE),
    }
}

/// What has to stand above the key `next`: a list where it is a number.
fn container(next: &str, name: &str) -> Node {
    let value = match next.parse::<usize>() {
        Ok(_) => Value::List(Vec::new()),
        Err(_) => Value::Table(Table::new()),
    };
    Node {
        value,
        origin: Origin::Variable(name.to_owned()),
        raw: None,
    }
}

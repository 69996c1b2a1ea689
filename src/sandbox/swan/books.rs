//! Swan's books: users, their ledger, the rules for events, and the one section that changes them.
//!
//! Invariants: a balance is the sum of its user's entries; no `operationId` has effect twice; no
//! balance leaves 0..=2147483647; with a file, the line is written before the change is made. The
//! caller holds a lock around it all.

use std::collections::BTreeMap;
use std::collections::HashSet;
use std::io;

use serde::Deserialize;
use serde::Serialize;

use super::shapes::SwanShapes;
use crate::sandbox::service::FactFile;

/// The largest balance; an invention of the sandbox.
pub const BALANCE_LIMIT: i64 = i32::MAX as i64;

/// An entry of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwanEntry {
    /// The service's own number of it, from 1.
    pub id: i64,
    /// Whose points it changes.
    pub user: String,
    /// Its type.
    pub kind: String,
    /// What was added; negative was taken away.
    pub points: i64,
    /// The text shown with it.
    pub info: String,
    /// The caller's `transactionId` or `operationId`; empty where nobody on the wire asked for it.
    pub transaction_id: String,
    /// When, in milliseconds since 1970 by the sandbox's clock.
    pub time_ms: i64,
}

/// A user as pages and tests see them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SwanUser {
    /// The id, `@localpart:domain`.
    pub id: String,
    /// The points.
    pub balance: i64,
    /// When the account was opened, in milliseconds since 1970.
    pub created_ms: i64,
    /// When it changed last, in milliseconds since 1970.
    pub updated_ms: i64,
}

/// One line of the file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// A user exists.
    User {
        /// Their id.
        id: String,
        /// Since when.
        created_ms: i64,
    },
    /// Points moved.
    Entered(SwanEntry),
    /// An event was reported, with effect or without.
    Reported {
        /// The caller's id of it.
        operation_id: String,
        /// Its effect.
        entry: Option<SwanEntry>,
    },
    /// An event of a type is worth so many points; `None` makes the type unknown.
    Rule {
        /// The type.
        kind: String,
        /// Its worth.
        points: Option<i64>,
    },
    /// The choices in force.
    Shapes(SwanShapes),
}

/// The whole state of the service.
#[derive(Default)]
pub struct Books {
    users: BTreeMap<String, Account>,
    entries: Vec<SwanEntry>,
    /// Every `transactionId` that took effect.
    used: HashSet<String>,
    reported: HashSet<String>,
    rules: BTreeMap<String, i64>,
    shapes: SwanShapes,
    file: Option<FactFile>,
}

struct Account {
    balance: i64,
    created_ms: i64,
    updated_ms: i64,
}

impl Books {
    /// Takes in what a file says.
    pub fn recall(&mut self, facts: Vec<Fact>) {
        for fact in facts {
            self.take(fact);
        }
    }

    /// The fewest facts that tell the whole state.
    pub fn facts(&self) -> Vec<Fact> {
        let mut facts = vec![Fact::Shapes(self.shapes.clone())];
        facts.extend(self.rules.iter().map(|(kind, points)| Fact::Rule {
            kind: kind.clone(),
            points: Some(*points),
        }));
        facts.extend(self.users.iter().map(|(id, account)| Fact::User {
            id: id.clone(),
            created_ms: account.created_ms,
        }));
        facts.extend(self.entries.iter().cloned().map(Fact::Entered));
        facts.extend(self.reported.iter().map(|operation_id| Fact::Reported {
            operation_id: operation_id.clone(),
            entry: None,
        }));
        facts
    }

    /// Writes every later change into this file first.
    pub fn keep_in(&mut self, file: FactFile) {
        self.file = Some(file);
    }

    /// The file, if there is one.
    pub fn file(&self) -> Option<&FactFile> {
        self.file.as_ref()
    }

    /// Makes a change, in the file first.
    pub fn tell(&mut self, fact: Fact) -> io::Result<()> {
        if let Some(file) = &mut self.file {
            file.append(&fact)?;
        }
        self.take(fact);
        Ok(())
    }

    /// An entry that is next in turn, not yet made.
    pub fn entry(
        &self,
        user: &str,
        kind: &str,
        points: i64,
        info: &str,
        transaction_id: &str,
        time_ms: i64,
    ) -> SwanEntry {
        SwanEntry {
            id: self.entries.last().map_or(1, |last| last.id + 1),
            user: user.to_owned(),
            kind: kind.to_owned(),
            points,
            info: info.to_owned(),
            transaction_id: transaction_id.to_owned(),
            time_ms,
        }
    }

    /// The users by id.
    pub fn users(&self) -> Vec<SwanUser> {
        self.users
            .iter()
            .map(|(id, account)| SwanUser {
                id: id.clone(),
                balance: account.balance,
                created_ms: account.created_ms,
                updated_ms: account.updated_ms,
            })
            .collect()
    }

    /// One user.
    pub fn user(&self, id: &str) -> Option<SwanUser> {
        let account = self.users.get(id)?;
        Some(SwanUser {
            id: id.to_owned(),
            balance: account.balance,
            created_ms: account.created_ms,
            updated_ms: account.updated_ms,
        })
    }

    /// A user's points.
    pub fn balance(&self, user: &str) -> Option<i64> {
        self.users.get(user).map(|account| account.balance)
    }

    /// A user's entries, newest first.
    pub fn ledger(&self, user: &str) -> Vec<SwanEntry> {
        let own = self.entries.iter().rev().filter(|entry| entry.user == user);
        own.cloned().collect()
    }

    /// All entries, oldest first.
    pub fn entries(&self) -> &[SwanEntry] {
        &self.entries
    }

    /// Whether a `transactionId` took effect already.
    pub fn is_used(&self, transaction_id: &str) -> bool {
        self.used.contains(transaction_id)
    }

    /// Whether an `operationId` was reported already.
    pub fn is_reported(&self, operation_id: &str) -> bool {
        self.reported.contains(operation_id)
    }

    /// What an event of this type is worth.
    pub fn rule(&self, kind: &str) -> Option<i64> {
        self.rules.get(kind).copied()
    }

    /// All rules, by type.
    pub fn rules(&self) -> Vec<(String, i64)> {
        let rules = self.rules.iter();
        rules
            .map(|(kind, points)| (kind.clone(), *points))
            .collect()
    }

    /// The choices in force.
    pub fn shapes(&self) -> &SwanShapes {
        &self.shapes
    }

    fn take(&mut self, fact: Fact) {
        match fact {
            Fact::User { id, created_ms } => {
                self.users.entry(id).or_insert(Account {
                    balance: 0,
                    created_ms,
                    updated_ms: created_ms,
                });
            }
            Fact::Entered(entry) => self.enter(entry),
            Fact::Reported {
                operation_id,
                entry,
            } => {
                self.reported.insert(operation_id);
                if let Some(entry) = entry {
                    self.enter(entry);
                }
            }
            Fact::Rule {
                kind,
                points: Some(points),
            } => {
                self.rules.insert(kind, points);
            }
            Fact::Rule { kind, points: None } => {
                self.rules.remove(&kind);
            }
            Fact::Shapes(shapes) => self.shapes = shapes,
        }
    }

    fn enter(&mut self, entry: SwanEntry) {
        if let Some(account) = self.users.get_mut(&entry.user) {
            account.balance += entry.points;
            account.updated_ms = entry.time_ms;
        }
        if !entry.transaction_id.is_empty() {
            self.used.insert(entry.transaction_id.clone());
        }
        self.entries.push(entry);
    }
}

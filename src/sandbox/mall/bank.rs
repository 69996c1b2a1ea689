//! The mall's books: apps, servers, balances, records, and the one section that changes them.
//!
//! Invariants: a balance and its record change together or not at all; with the look-up on, no
//! `bizId` takes effect twice, whichever app sends it; no balance leaves 0..=2147483647; with a
//! file, the line is written before the change is made. The caller holds a lock around it all.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::HashSet;
use std::io;

use super::MallGuild;
use super::MallRecord;
use super::facts::Fact;
use super::nonces::Nonces;
use super::parameters::Operation;
use super::reply::BIZ_ID_USED;
use super::reply::Code;
use super::reply::MODIFYING_FAILED;
use super::reply::NO_SUCH_USER;
use super::reply::TOO_FEW_POINTS;
use super::shapes::Shapes;
use super::shapes::UnknownUserCode;
use crate::sandbox::fault::Die;
use crate::sandbox::service::FactFile;

/// The largest balance, an int32. Source: points-backends, 1.4.
pub const BALANCE_LIMIT: i64 = i32::MAX as i64;

/// The whole state of the mall.
pub struct Bank {
    /// By `AppKey`.
    pub apps: HashMap<String, App>,
    /// Nonces seen within the window.
    pub nonces: Nonces,
    /// Where chance is asked for: the order of a shuffled batch.
    pub die: Die,
    own: String,
    guilds: BTreeMap<u64, BTreeMap<u64, i64>>,
    records: Vec<MallRecord>,
    /// The first record of each `bizId`.
    found_at: HashMap<String, usize>,
    /// Ids used up by refused operations.
    burnt: HashSet<String>,
    shapes: Shapes,
    file: Option<FactFile>,
}

/// An app that may call the mall.
#[derive(Clone, Debug, Default)]
pub struct App {
    /// What it signs with.
    pub secret: String,
    /// Banned everywhere by the mall's developers.
    pub banned: bool,
    /// The servers in which it is switched on.
    pub on: HashSet<u64>,
}

/// What became of one operation.
pub type Outcome = Result<(), Code>;

impl Bank {
    /// Books with one app and these servers, kept in memory only.
    pub fn new(app_key: String, app_secret: String, guilds: &[MallGuild]) -> Self {
        let app = App {
            secret: app_secret,
            ..App::default()
        };
        let mut bank = Self {
            apps: HashMap::from([(app_key.clone(), app)]),
            nonces: Nonces::default(),
            die: Die::new(0),
            own: app_key,
            guilds: BTreeMap::new(),
            records: Vec::new(),
            found_at: HashMap::new(),
            burnt: HashSet::new(),
            shapes: Shapes::default(),
            file: None,
        };
        for guild in guilds {
            bank.set_switch(guild.id, guild.on);
            for (user, points) in &guild.balances {
                bank.put_balance(guild.id, *user, *points);
            }
        }
        bank
    }

    /// Lets facts from a file replace what the seed said of the same servers.
    pub fn recall(&mut self, facts: Vec<Fact>) {
        for fact in &facts {
            if let Fact::Guild { id, .. } = fact {
                self.guilds.remove(id);
            }
        }
        for fact in facts {
            self.take(fact);
        }
    }

    /// The fewest facts that tell the whole state.
    pub fn facts(&self) -> Vec<Fact> {
        let mut facts = vec![
            Fact::Banned(self.own().banned),
            Fact::Shapes(self.shapes.clone()),
        ];
        for (id, balances) in &self.guilds {
            let (id, on) = (*id, self.own().on.contains(id));
            facts.push(Fact::Guild { id, on });
            facts.extend(balances.iter().map(|(user, points)| Fact::Balance {
                guild: id,
                user: *user,
                points: *points,
            }));
        }
        facts.extend(self.records.iter().cloned().map(Fact::Kept));
        facts.push(Fact::Applied {
            records: Vec::new(),
            burnt: self.burnt.iter().cloned().collect(),
        });
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

    /// The app of the seed.
    pub fn own(&self) -> &App {
        self.apps
            .get(&self.own)
            .expect("the seed's app is never taken away")
    }

    /// The servers in order of their ids, as the seed's app sees them.
    pub fn guilds(&self) -> Vec<MallGuild> {
        let on = &self.own().on;
        self.guilds
            .iter()
            .map(|(id, balances)| MallGuild {
                id: *id,
                on: on.contains(id),
                balances: balances.iter().map(|(user, has)| (*user, *has)).collect(),
            })
            .collect()
    }

    /// Whether the mall has this server.
    pub fn knows(&self, guild: u64) -> bool {
        self.guilds.contains_key(&guild)
    }

    /// A member's balance; `None` without an account.
    pub fn balance(&self, guild: u64, user: u64) -> Option<i64> {
        self.guilds.get(&guild)?.get(&user).copied()
    }

    /// Everything that took effect, oldest first.
    pub fn records(&self) -> &[MallRecord] {
        &self.records
    }

    /// The record of an id.
    pub fn find(&self, biz_id: &str) -> Option<&MallRecord> {
        self.records.get(*self.found_at.get(biz_id)?)
    }

    /// The choices in force.
    pub fn shapes(&self) -> &Shapes {
        &self.shapes
    }

    /// Check 13 and what follows it, for the operations of one request in their order.
    pub fn change(&mut self, operations: &[Operation], now_ms: i64) -> io::Result<Vec<Outcome>> {
        let mut draft = Draft::default();
        let mut outcomes: Vec<Outcome> = operations
            .iter()
            .map(|operation| self.try_one(&mut draft, operation))
            .collect();
        if self.shapes.batch_atomic && outcomes.iter().any(Result::is_err) {
            // Which code the undone ones carry is not documented; this one promises least.
            for outcome in &mut outcomes {
                *outcome = outcome.and(Err(MODIFYING_FAILED));
            }
        }
        let mut records = Vec::new();
        let mut burnt = Vec::new();
        for (operation, outcome) in operations.iter().zip(&outcomes) {
            match outcome {
                Ok(()) => records.push(operation.record(now_ms)),
                Err(code) if self.shapes.failed_uses_bizid && *code != BIZ_ID_USED => {
                    burnt.push(operation.biz_id.clone());
                }
                Err(_) => {}
            }
        }
        if !records.is_empty() || !burnt.is_empty() {
            self.tell(Fact::Applied { records, burnt })?;
        }
        Ok(outcomes)
    }

    /// The text with the secrets of all apps blotted out, should a caller have sent one.
    pub fn without_secrets(&self, text: String) -> String {
        let secrets = self.apps.values().map(|app| app.secret.as_str());
        secrets
            .filter(|secret| !secret.is_empty() && text.contains(secret))
            .fold(text.clone(), |text, secret| text.replace(secret, "***"))
    }

    fn try_one(&self, draft: &mut Draft, operation: &Operation) -> Outcome {
        // Without the look-up the deployment is older than code 60006 and applies again.
        let remembers = self.shapes.find_point_record;
        if remembers && (self.is_used(&operation.biz_id) || draft.used.contains(&operation.biz_id))
        {
            return Err(BIZ_ID_USED);
        }
        let outcome = self.weigh(draft, operation);
        if outcome.is_ok() || self.shapes.failed_uses_bizid {
            draft.used.insert(operation.biz_id.clone());
        }
        outcome
    }

    fn weigh(&self, draft: &mut Draft, operation: &Operation) -> Outcome {
        let account = (operation.guild, operation.user);
        let balance = draft
            .balances
            .get(&account)
            .copied()
            .or_else(|| self.balance(operation.guild, operation.user));
        let Some(balance) = balance else {
            return Err(match self.shapes.unknown_user_code {
                UnknownUserCode::ModifyingFailed => MODIFYING_FAILED,
                UnknownUserCode::NoSuchUser => NO_SUCH_USER,
            });
        };
        let after = balance + operation.points;
        if after < 0 {
            return Err(TOO_FEW_POINTS);
        }
        if after > BALANCE_LIMIT {
            return Err(MODIFYING_FAILED);
        }
        draft.balances.insert(account, after);
        Ok(())
    }

    fn is_used(&self, biz_id: &str) -> bool {
        self.found_at.contains_key(biz_id) || self.burnt.contains(biz_id)
    }

    fn take(&mut self, fact: Fact) {
        match fact {
            Fact::Guild { id, on } => self.set_switch(id, on),
            Fact::Balance {
                guild,
                user,
                points,
            } => self.put_balance(guild, user, points),
            Fact::Banned(banned) => self.own_mut().banned = banned,
            Fact::Shapes(shapes) => self.shapes = shapes,
            Fact::Kept(record) => self.enter(record),
            Fact::Applied { records, burnt } => {
                for record in records {
                    let before = self.balance(record.guild, record.user).unwrap_or(0);
                    self.put_balance(record.guild, record.user, before + record.points);
                    self.enter(record);
                }
                self.burnt.extend(burnt);
            }
        }
    }

    fn enter(&mut self, record: MallRecord) {
        self.found_at
            .entry(record.biz_id.clone())
            .or_insert(self.records.len());
        self.records.push(record);
    }

    fn set_switch(&mut self, guild: u64, on: bool) {
        self.guilds.entry(guild).or_default();
        let switched_on = &mut self.own_mut().on;
        if on {
            switched_on.insert(guild);
        } else {
            switched_on.remove(&guild);
        }
    }

    fn put_balance(&mut self, guild: u64, user: u64, points: i64) {
        self.guilds
            .entry(guild)
            .or_default()
            .insert(user, points.clamp(0, BALANCE_LIMIT));
    }

    fn own_mut(&mut self) -> &mut App {
        self.apps
            .get_mut(&self.own)
            .expect("the seed's app is never taken away")
    }
}

/// What a request would change, until all of its operations have been weighed.
#[derive(Default)]
struct Draft {
    balances: HashMap<(u64, u64), i64>,
    used: HashSet<String>,
}

impl Operation {
    fn record(&self, time_ms: i64) -> MallRecord {
        MallRecord {
            biz_id: self.biz_id.clone(),
            guild: self.guild,
            user: self.user,
            points: self.points,
            remark: self.remark.clone(),
            time_ms,
        }
    }
}

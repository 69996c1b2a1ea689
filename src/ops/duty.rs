//! What this process is to the bot, for those who look at it.
//!
//! Metrics: `guildpoints_owner` is 1 for the owner and 0 for a standby;
//! `guildpoints_role_changes_total{role}` counts how often a process became which, its start as a
//! standby not counted.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use crate::support::clock::Clock;

/// What a process is to the bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It waits until nobody owns the bot.
    Standby,
    /// It alone works for the bot.
    Owner {
        /// Its fencing number, above that of every owner before it.
        fence: i64,
    },
}

/// The present role. Cheap to clone; clones share it.
#[derive(Clone, Debug)]
pub struct Duty {
    clock: Clock,
    held: Arc<Mutex<(Role, i64)>>,
}

impl Role {
    /// Its name in answers and labels.
    pub fn name(self) -> &'static str {
        match self {
            Role::Standby => "standby",
            Role::Owner { .. } => "owner",
        }
    }
}

impl Duty {
    /// A standby, as every process begins.
    pub fn new(clock: Clock) -> Self {
        metrics::gauge!("guildpoints_owner").set(0.0);
        let held = Arc::new(Mutex::new((Role::Standby, clock.now_ms())));
        Self { clock, held }
    }

    /// This process has become the owner.
    pub fn owns(&self, fence: i64) {
        self.becomes(Role::Owner { fence });
        metrics::gauge!("guildpoints_owner").set(1.0);
    }

    /// This process has stood down.
    pub fn stands_by(&self) {
        self.becomes(Role::Standby);
        metrics::gauge!("guildpoints_owner").set(0.0);
    }

    /// The role, and since when in milliseconds since 1970.
    pub fn now(&self) -> (Role, i64) {
        *self.lock()
    }

    fn becomes(&self, role: Role) {
        metrics::counter!("guildpoints_role_changes_total", "role" => role.name()).increment(1);
        *self.lock() = (role, self.clock.now_ms());
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, (Role, i64)> {
        // The value is replaced whole, so a panic elsewhere leaves it fit for use.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

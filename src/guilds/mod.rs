//! The guilds the operator has set up, and what holds in each.
//!
//! Invariant: a guild that is not here gets no call to any points system.

mod board;
mod schedules;

use std::collections::HashMap;
use std::sync::Arc;

pub use board::BoardSchedule;
pub use board::DEFAULT_CATCH_UP;
pub use board::DEFAULT_ROWS;
pub use board::LONGEST_NAME;
pub use board::MOST_ROWS;
pub use board::NoMode;
pub use board::PostMode;
pub use board::is_same_name;
pub use schedules::Added;
pub use schedules::Changed;
pub use schedules::Found;
pub use schedules::MOST_SCHEDULES;
pub use schedules::Scheduled;
pub use schedules::Schedules;

pub use crate::journal::Failing;
pub use crate::journal::KeptSchedule;
pub use crate::journal::ScheduleDeed;
pub use crate::journal::ScheduleSource;
pub use crate::journal::ScheduleTrouble;

use crate::model::GuildId;
use crate::model::Policy;
use crate::model::RoleId;
use crate::model::System;

/// One `[[guild]]` of the settings.
#[derive(Clone, Debug)]
pub struct GuildSettings {
    /// What holds there.
    pub policy: Policy,
    /// The points system rewards go to.
    pub points: System,
    /// Further systems whose balances are shown to members with an account there, none twice.
    pub also: Vec<System>,
    /// Whether the balances of all known members are read now and then, for boards of balances.
    pub sweep: bool,
    /// Members with one of these roles are on no board.
    pub unranked_roles: Vec<RoleId>,
    /// Leaderboards that post themselves, each under a name of its own.
    pub boards: Vec<BoardSchedule>,
}

/// The guilds by id.
#[derive(Clone, Debug, Default)]
pub struct Guilds {
    policies: Arc<HashMap<GuildId, Arc<Policy>>>,
    unranked: Arc<HashMap<GuildId, Vec<RoleId>>>,
}

impl Guilds {
    /// The guilds of the settings.
    pub fn new<'a>(guilds: impl IntoIterator<Item = &'a GuildSettings>) -> Self {
        let mut policies = HashMap::new();
        let mut unranked = HashMap::new();
        for guild in guilds {
            let id = guild.policy.guild;
            policies.insert(id, Arc::new(guild.policy.clone()));
            unranked.insert(id, guild.unranked_roles.clone());
        }
        Self {
            policies: Arc::new(policies),
            unranked: Arc::new(unranked),
        }
    }

    /// Whether somebody with these roles is left out of the boards of `guild`.
    pub fn leaves_out(&self, guild: GuildId, roles: impl IntoIterator<Item = RoleId>) -> bool {
        let unranked = self.unranked.get(&guild).map_or(&[][..], Vec::as_slice);
        roles.into_iter().any(|role| unranked.contains(&role))
    }

    /// What holds in `guild`; `None` where the operator has not set it up.
    pub fn policy(&self, guild: GuildId) -> Option<Arc<Policy>> {
        self.policies.get(&guild).cloned()
    }

    /// The one guild there is, if there is exactly one.
    pub fn only(&self) -> Option<Arc<Policy>> {
        let mut all = self.policies.values();
        match (all.next(), all.next()) {
            (Some(only), None) => Some(only.clone()),
            _ => None,
        }
    }

    /// All of them, by id.
    pub fn all(&self) -> Vec<Arc<Policy>> {
        let mut all: Vec<_> = self.policies.values().cloned().collect();
        all.sort_by_key(|policy| policy.guild);
        all
    }
}

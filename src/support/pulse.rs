//! Signs of life: each edge notes its last success and its present trouble; `/check`, readiness and
//! metrics read them.
//!
//! Invariant: what is noted is fit for an operator's eyes, so no secret and no member's words.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use crate::support::clock::Clock;

/// The pulses of one process. Cheap to clone; clones share what is noted.
#[derive(Clone, Debug, Default)]
pub struct Pulses {
    clock: Clock,
    noted: Arc<Mutex<BTreeMap<String, Pulse>>>,
}

/// What is known of one edge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pulse {
    /// When it last did what it is for, in milliseconds since 1970.
    pub last_success_ms: Option<i64>,
    /// What is wrong now; `None` when the last attempt went well.
    pub trouble: Option<Trouble>,
}

/// What is wrong with an edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Since when, in milliseconds since 1970.
    pub since_ms: i64,
    /// What was seen, in words for an operator.
    pub what: String,
}

impl Pulse {
    /// Whether the last attempt went well.
    pub fn beats(&self) -> bool {
        self.last_success_ms.is_some() && self.trouble.is_none()
    }
}

impl Pulses {
    /// No pulse noted yet.
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            noted: Arc::default(),
        }
    }

    /// `edge` did what it is for.
    pub fn well(&self, edge: &str) {
        let now = self.clock.now_ms();
        self.change(edge, |pulse| {
            pulse.last_success_ms = Some(now);
            pulse.trouble = None;
        });
    }

    /// `edge` could not do what it is for. The first sighting of a trouble keeps its time.
    pub fn trouble(&self, edge: &str, what: impl Into<String>) {
        let now = self.clock.now_ms();
        let what = what.into();
        self.change(edge, |pulse| {
            let since_ms = pulse
                .trouble
                .as_ref()
                .map_or(now, |trouble| trouble.since_ms);
            pulse.trouble = Some(Trouble { since_ms, what });
        });
    }

    /// Nothing is known of `edge` any more: this process has given it up.
    pub fn forget(&self, edge: &str) {
        self.lock().remove(edge);
    }

    /// What is known of `edge`.
    pub fn of(&self, edge: &str) -> Pulse {
        self.lock().get(edge).cloned().unwrap_or_default()
    }

    /// Every edge that was ever noted, by name.
    pub fn all(&self) -> BTreeMap<String, Pulse> {
        self.lock().clone()
    }

    fn change(&self, edge: &str, change: impl FnOnce(&mut Pulse)) {
        change(self.lock().entry(edge.to_owned()).or_default());
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Pulse>> {
        // A panic while noting leaves a whole pulse behind, so the map stays fit for use.
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Names of the edges, so that writer and reader agree.
pub mod edge {
    /// The websocket.
    pub const GATEWAY: &str = "gateway";
    /// Reading calls of the Bot API.
    pub const API: &str = "api";
    /// Sending into chat.
    pub const SENDING: &str = "sending";
    /// The journal's store.
    pub const STORE: &str = "store";
    /// The points mall as a whole.
    pub const MALL: &str = "mall";

    /// Reading what was missed in chat, in all channels.
    pub const HISTORY: &str = "history";

    /// The same in the channels of one guild. Its name and trouble hold ids, so it is shown in that
    /// guild alone.
    pub fn history_of(guild: u64) -> String {
        format!("{HISTORY}{OF}{guild}")
    }

    /// The token with which a points system is called, where it expires.
    pub fn token_of(system: &str) -> String {
        format!("{system}.token")
    }

    /// Boards that post themselves, in all guilds.
    pub const SCHEDULES: &str = "schedules";

    /// The same in one guild.
    pub fn schedules_of(guild: u64) -> String {
        format!("{SCHEDULES}{OF}{guild}")
    }

    /// Whether an edge concerns one guild alone.
    pub fn is_of_one_guild(name: &str) -> bool {
        name.contains(OF)
    }

    const OF: char = ':';
}

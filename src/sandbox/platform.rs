//! The imitated platform as its servers share it: one world behind one lock, a clock, faults.
//!
//! The lock is held for one verb at a time and never across an await.

pub mod api;
mod chats;
mod content;
mod credits;
mod guilds;
mod history;
mod members;
mod params;
mod refusal;
mod roles;
mod sending;
mod shapes;
mod trouble;
mod widgets;

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::CommandHint;
use super::clock::SandboxClock;
use super::fault::Faults;
use super::state::State;

/// What bots did in the time that a move of the clock leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meanwhile {
    /// They pinged as always: lines and tokens live on.
    Awake,
    /// Nothing: lines are cut and tokens die of age.
    Silent,
}

/// The imitated platform; cheap to clone, all clones are one.
#[derive(Clone)]
pub struct Platform {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    clock: SandboxClock,
    /// How much of the clock's moves its bots have lived through, in milliseconds.
    clock_moved: watch::Sender<i64>,
    faults: Faults,
    commands: Vec<CommandHint>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Platform {
    /// A platform on a world, with the commands its bot declares.
    pub fn new(
        state: State,
        clock: SandboxClock,
        faults: Faults,
        commands: Vec<CommandHint>,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                state: Mutex::new(state),
                clock,
                clock_moved: watch::Sender::new(0),
                faults,
                commands,
                stop: CancellationToken::new(),
                tasks: TaskTracker::new(),
            }),
        }
    }

    /// The world, for one verb.
    pub fn state(&self) -> MutexGuard<'_, State> {
        // A verb that panicked was a bug in the imitation; what it left is still a world.
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Milliseconds since 1970 by the sandbox's clock.
    pub fn now_ms(&self) -> i64 {
        self.shared.clock.now_ms()
    }

    /// The sandbox's clock.
    pub fn clock(&self) -> &SandboxClock {
        &self.shared.clock
    }

    /// Moves the sandbox's clock, in milliseconds, and wakes who waits for it; says the new time.
    ///
    /// The sentence tells why it cannot be moved so far.
    pub fn advance(&self, ms: i64, bots: Meanwhile) -> Result<i64, String> {
        let mut state = self.state();
        if !self.shared.clock.can_advance(ms) {
            return Err("the clock can be moved within the years 2020 to 2099".to_owned());
        }
        if bots == Meanwhile::Awake {
            state.tokens_leap(self.now_ms(), ms);
            // Before the clock, so that no line is cut in between; a line looks again after the next.
            self.shared.clock_moved.send_modify(|lived| *lived += ms);
        }
        self.shared.clock.advance(ms);
        self.shared.clock_moved.send_modify(|_| {});
        state.note_shift(self.shared.clock.shift_ms());
        Ok(self.now_ms())
    }

    /// Changes whenever the clock is moved: how much of it all lines have lived through, in
    /// milliseconds.
    pub fn clock_moved(&self) -> watch::Receiver<i64> {
        self.shared.clock_moved.subscribe()
    }

    /// The rules for trouble, shared with the imitated mall.
    pub fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    /// What the driven bot can do, as declared in its console.
    pub fn commands(&self) -> &[CommandHint] {
        &self.shared.commands
    }

    /// Cancelled when the sandbox ends.
    pub fn stopping(&self) -> &CancellationToken {
        &self.shared.stop
    }

    /// All tasks of the sandbox.
    pub fn tasks(&self) -> &TaskTracker {
        &self.shared.tasks
    }
}

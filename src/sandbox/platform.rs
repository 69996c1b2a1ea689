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
use super::state::Note;
use super::state::State;

/// The imitated platform; cheap to clone, all clones are one.
#[derive(Clone)]
pub struct Platform {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    clock: SandboxClock,
    clock_moved: watch::Sender<()>,
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
                clock_moved: watch::Sender::new(()),
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

    /// Moves the sandbox's clock, in milliseconds, and wakes who waits for it; says the new time.
    pub fn advance(&self, ms: i64) -> i64 {
        self.shared.clock.advance(ms);
        self.shared.clock_moved.send_replace(());
        self.state().note(Note::Clock);
        self.now_ms()
    }

    /// Changes whenever the clock is moved.
    pub fn clock_moved(&self) -> watch::Receiver<()> {
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

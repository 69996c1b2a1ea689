//! Boards that post themselves: what is due, when it is sent, and what became of it.
//!
//! Invariants:
//! - A slot is posted at most once: it is claimed by a row of its own, that a sending begins is on disk
//!   before its first byte, and what may have arrived is looked for in the channel before anything is
//!   sent again. Where that cannot be read it is not sent again.
//! - A slot that was missed by no more than `catch_up` is made good and says that it is late; of several
//!   only the last. Time is the house's: it may leap, and a slot it has passed does not come twice.
//! - One guild's slots are worked on one after another, those of different guilds beside each other.
//!
//! Deliberately absent: who may set one up (`commands`), and what a board looks like (`boards`).
//!
//! Metrics: `guildpoints_scheduled_posts_total{outcome}` counts slots by their end: `posted`, `late`,
//! `skipped`, `failed`, `doubtful`; `guildpoints_schedules_failing` is how many do not come through now.

mod chat;
mod claiming;
mod due;
mod ending;
mod form;
mod looking;
mod making;
mod moving;
mod posting;
mod shown;
mod telling;

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::time::Instant;
use tokio::time::sleep;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use chat::Chat;
pub use chat::Own;
pub(crate) use chat::OwnChat;
pub use due::Outlook;
pub use due::outlook;
pub use form::Forms;
pub use form::Post;
pub use form::Remade;
pub(crate) use making::BoardForms;
pub(crate) use making::Pictures;
pub use shown::Rewritten;

use crate::guilds::Guilds;
use crate::journal::Journal;
use crate::journal::JournalError;
use crate::journal::KeptSchedule;
use crate::journal::ScheduleFields;
use crate::journal::Slot;
use crate::model::GuildId;
use crate::support::clock::Clock;
use crate::support::pulse::Pulses;
use crate::support::pulse::edge;
use crate::support::tenure::Tenure;
use crate::words::Words;

/// Guilds whose slots are worked on at once.
const GUILDS_AT_ONCE: usize = 8;
/// Slots looked at in one round.
const SLOTS_A_ROUND: usize = 200;
/// How long a post that is under way may take to end when the house stops.
const LEAVE: Duration = Duration::from_millis(1_500);

/// How long things take.
#[derive(Clone, Copy, Debug)]
pub struct ScheduleTimes {
    /// Pause between two looks at what is due.
    pub round: Duration,
    /// How late something may be without being called late: a look, a busy second.
    pub grace: Duration,
    /// After which it is looked for in the channel, when nobody answered. Longer than any request lives.
    pub look_after: Duration,
    /// The pause before it is looked for again: what is on its way has arrived by then.
    pub look_again: Duration,
    /// The first pause before something that certainly was not sent is sent again; doubles.
    pub retry_first: Duration,
    /// The longest.
    pub retry_most: Duration,
}

impl Default for ScheduleTimes {
    fn default() -> Self {
        Self {
            round: Duration::from_secs(1),
            grace: Duration::from_secs(60),
            look_after: Duration::from_secs(20),
            look_again: Duration::from_secs(30),
            retry_first: Duration::from_secs(15),
            retry_most: Duration::from_secs(600),
        }
    }
}

/// Everything a scheduler works with.
pub struct Parts {
    /// The way into chat.
    pub chat: Arc<dyn Chat>,
    /// What a board looks like.
    pub forms: Arc<dyn Forms>,
    /// The memory.
    pub journal: Journal,
    /// The guilds of the settings.
    pub guilds: Guilds,
    /// All texts, checked.
    pub words: Arc<Words>,
    /// Signs of life.
    pub pulses: Pulses,
    /// The time.
    pub clock: Clock,
    /// Nothing is sent after its end.
    pub tenure: Tenure,
    /// The boards that the operator has set up, of every guild of the settings.
    pub of_file: Vec<(GuildId, Vec<ScheduleFields>)>,
    /// How long things take.
    pub times: ScheduleTimes,
}

/// Posts boards when they are due. Cheap to clone.
#[derive(Clone)]
pub struct Scheduler {
    parts: Arc<Parts>,
    /// Guilds of which a slot is being worked on.
    at_work: Arc<Mutex<BTreeSet<GuildId>>>,
    tasks: TaskTracker,
    /// When somebody may be told again of a schedule, where the last try failed.
    tell_again: Arc<Mutex<HashMap<(GuildId, String), Again>>>,
}

/// A pause before the next try, and how long it was.
#[derive(Clone, Copy, Debug)]
struct Again {
    at: Instant,
    after: Duration,
}

impl Scheduler {
    /// A scheduler that does nothing yet.
    pub fn new(parts: Parts) -> Self {
        Self {
            parts: Arc::new(parts),
            at_work: Arc::default(),
            tasks: TaskTracker::new(),
            tell_again: Arc::default(),
        }
    }

    /// Works until `stop`. What is under way then has a moment to end; what does not is looked for by
    /// whoever goes on.
    pub async fn run(self, stop: CancellationToken) {
        let leaving = CancellationToken::new();
        let (mut worked, mut kept) = (true, false);
        loop {
            let round = async {
                if !kept {
                    self.keep_file().await?;
                    self.note_missing().await?;
                    kept = true;
                }
                self.round(&leaving).await
            };
            match stop.run_until_cancelled(round).await {
                None => break,
                Some(Ok(())) => worked = true,
                Some(Err(error)) => {
                    if worked {
                        tracing::warn!(%error, "what is due could not be looked up or noted; it is tried again");
                    }
                    worked = false;
                }
            }
            let pause = sleep(self.parts.times.round);
            if stop.run_until_cancelled(pause).await.is_none() {
                break;
            }
        }
        // Whoever goes on says how it stands.
        self.parts.pulses.forget(edge::SCHEDULES);
        self.tasks.close();
        if timeout(LEAVE, self.tasks.wait()).await.is_err() {
            leaving.cancel();
            self.tasks.wait().await;
        }
    }

    /// Makes the schedules of the file be those of the settings.
    async fn keep_file(&self) -> Result<(), JournalError> {
        for (guild, all) in &self.parts.of_file {
            let journal = &self.parts.journal;
            journal.keep_file_schedules(*guild, all.clone()).await?;
        }
        Ok(())
    }

    /// One look: claims what is due, and begins work on what is open.
    async fn round(&self, leaving: &CancellationToken) -> Result<(), JournalError> {
        let schedules = self.parts.journal.schedules(None).await?;
        for schedule in &schedules {
            self.claim(schedule).await?;
        }
        self.show_failing(&schedules);
        let now_ms = self.parts.clock.now_ms();
        let open = self.parts.journal.open_slots(now_ms, SLOTS_A_ROUND).await?;
        let mut by_guild: Vec<(GuildId, Vec<Slot>)> = Vec::new();
        for slot in open {
            match by_guild.iter_mut().find(|(of, _)| *of == slot.key.guild) {
                Some((_, slots)) => slots.push(slot),
                None => by_guild.push((slot.key.guild, vec![slot])),
            }
        }
        let untold = schedules.into_iter().filter(is_untold);
        for schedule in untold {
            let guild = schedule.fields.guild;
            if !by_guild.iter().any(|(of, _)| *of == guild) && self.may_tell(&schedule) {
                self.begin(guild, leaving, |it| async move { it.tell(schedule).await });
            }
        }
        for (guild, slots) in by_guild {
            self.begin(guild, leaving, |it| async move {
                for slot in slots {
                    it.carry_on(slot).await?;
                }
                Ok(())
            });
        }
        Ok(())
    }

    /// Begins work for a guild, unless there is some under way.
    fn begin<F>(
        &self,
        guild: GuildId,
        leaving: &CancellationToken,
        work: impl FnOnce(Self) -> F + Send + 'static,
    ) where
        F: Future<Output = Result<(), JournalError>> + Send + 'static,
    {
        let Some(place) = AtWork::take(&self.at_work, guild) else {
            return;
        };
        let (it, leaving) = (self.clone(), leaving.clone());
        self.tasks.spawn(async move {
            let _place = place;
            let tenure = it.parts.tenure.clone();
            let work = tenure.during(work(it));
            if let Some(Some(Err(error))) = leaving.run_until_cancelled(work).await {
                tracing::warn!(%guild, %error, "what became of a scheduled board could not be noted; it is looked up");
            }
        });
    }
}

/// The right to work for a guild.
struct AtWork {
    all: Arc<Mutex<BTreeSet<GuildId>>>,
    guild: GuildId,
}

impl AtWork {
    fn take(all: &Arc<Mutex<BTreeSet<GuildId>>>, guild: GuildId) -> Option<Self> {
        let mut taken = all.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.len() >= GUILDS_AT_ONCE || !taken.insert(guild) {
            return None;
        }
        drop(taken);
        Some(Self {
            all: Arc::clone(all),
            guild,
        })
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        let mut taken = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        taken.remove(&self.guild);
    }
}

fn is_untold(schedule: &KeptSchedule) -> bool {
    schedule.failing.as_ref().is_some_and(|it| !it.told)
}

/// A length of time in milliseconds.
fn millis(length: Duration) -> i64 {
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX)
}

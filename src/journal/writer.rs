//! The one writer: takes what has queued and commits it as one transaction, as a task or, where its
//! pen blocks, on a thread of its own.
//!
//! Invariants: nobody is answered before the commit that carries their write; one write that the
//! database refuses fails alone, since its group is rolled back and each write is tried by itself.
//! There is no timer: while one commit runs, the next group gathers. Writes of a group have no
//! order among each other, because nobody who waits for an answer has two of them in it. A group
//! whose writes may all reach the disk soon is not synced, for about a second at most.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use metrics::Counter;
use metrics::Histogram;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::journal::batch::Batch;
use crate::journal::batch::Questions;
use crate::journal::codes::Codes;
use crate::journal::entry::Durability;
use crate::journal::error::JournalError;
use crate::journal::group::Answers;
use crate::journal::group::Group;
use crate::journal::group::Write;
use crate::journal::group::collected;
use crate::journal::group::written;
use crate::journal::owner::Stamp;
use crate::journal::rules;
use crate::journal::rules::Ledger;
use crate::journal::store::Pen;
use crate::journal::store::Store;
use crate::journal::store::Workplace;
use crate::journal::store::whole;
use crate::journal::window::Windows;
use crate::support::clock::Clock;
use crate::support::pulse::Pulses;
use crate::support::pulse::edge;
use crate::support::retry::Backoff;

/// Writes that may queue before a caller has to wait for room.
pub(super) const QUEUE: usize = 1_024;

/// Most writes in one transaction, so that the first of a flood is not kept waiting by the last.
const GROUP: usize = 256;

/// So long without a write counts as idle; then the store is tidied. What is to be on disk soon
/// waits no longer for somebody else's commit either.
const IDLE: Duration = Duration::from_secs(1);

/// Pauses before a transaction that broke off is done again.
const AGAIN: Backoff = Backoff {
    first: Duration::from_millis(5),
    most: Duration::from_millis(200),
    times: Some(8),
};

/// After so long no further try is begun.
const PATIENCE: Duration = Duration::from_secs(4);

/// A write, and under which term it is made; `None` where a lock file guards the store, or an
/// operator does a single thing to it.
pub(super) type Stamped = (Option<Arc<Stamp>>, Write);

/// The task's belongings.
pub(super) struct Writer {
    /// Its hand on the store.
    pub pen: Box<dyn Pen>,
    /// The reading side, closed before the pen.
    pub store: Arc<dyn Store>,
    /// The boards in memory.
    pub windows: Arc<Windows>,
    /// The source of time.
    pub clock: Clock,
    /// Where trouble is noted.
    pub pulses: Pulses,
    /// What is to be written.
    pub queue: mpsc::Receiver<Stamped>,
    /// When to take no more and finish.
    pub stop: CancellationToken,
    /// Whether the last write that needed room found none.
    pub full: bool,
    /// Since when something written has not been synced.
    pub unsynced: Option<Instant>,
    /// Transactions that were committed.
    pub commits: Counter,
    /// Those of them that waited for the disk.
    pub synced: Counter,
    /// Writes that shared one.
    pub group_size: Histogram,
}

impl Writer {
    /// Begins to write where its pen has to, as one of `tasks`.
    pub fn start(self, tasks: &TaskTracker) -> Result<(), JournalError> {
        match self.pen.workplace() {
            Workplace::Task => drop(tasks.spawn(self.run())),
            Workplace::Thread => {
                let task = tasks.token();
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_time()
                    .build();
                let runtime = runtime.context("prepare the journal's thread");
                let runtime = runtime.map_err(JournalError::Database)?;
                let thread = std::thread::Builder::new().name("journal".to_owned());
                let started = thread.spawn(move || {
                    runtime.block_on(self.run());
                    drop(task);
                });
                let started = started.context("start the journal's thread");
                started.map_err(JournalError::Database)?;
            }
        }
        Ok(())
    }

    /// Writes until told to stop or until nobody is left to ask, finishes what has queued, and
    /// closes the store.
    async fn run(mut self) {
        // Opening a store leaves it as untidy as a write does.
        let mut untidy = true;
        let mut left_over: Option<Stamped> = None;
        loop {
            // Losing `recv` loses no write: one that was not handed over stays queued.
            let first = tokio::select! {
                () = self.stop.cancelled(), if !self.queue.is_closed() => {
                    self.queue.close();
                    continue;
                }
                first = async { left_over.take() }, if left_over.is_some() => first,
                first = self.queue.recv(), if left_over.is_none() => first,
                () = tokio::time::sleep(IDLE), if untidy => {
                    self.pen.tidy().await;
                    self.unsynced = None;
                    untidy = false;
                    continue;
                }
            };
            let Some((stamp, first)) = first else { break };
            let mut group = Group {
                stamp,
                ..Group::default()
            };
            group.push(first);
            while group.len() < GROUP
                && let Ok((stamp, next)) = self.queue.try_recv()
            {
                // One number is checked for a whole transaction.
                if stamp != group.stamp {
                    left_over = Some((stamp, next));
                    break;
                }
                group.push(next);
            }
            self.write(group).await;
            untidy = true;
        }
        self.store.close().await;
        self.pen.close().await;
    }

    async fn write(&mut self, group: Group) {
        self.group_size.record(group.len() as f64);
        match self.attempt(&group).await {
            Ok(answers) => group.answer(answers),
            Err(error) if group.len() == 1 => group.fail(error),
            Err(error) if error.shared().is_some() => {
                // The store's fault, not one write's: another try for each would only take longer.
                for single in group.singles() {
                    single.fail(error.shared().unwrap_or(JournalError::Closing));
                }
            }
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    writes = group.len(),
                    "a group of writes failed, each is tried by itself"
                );
                for single in group.singles() {
                    match self.attempt(&single).await {
                        Ok(answers) => single.answer(answers),
                        Err(error) => single.fail(error),
                    }
                }
            }
        }
    }

    /// Writes a group as one transaction, again and from its start where that broke off before it was
    /// committed.
    async fn attempt(&mut self, group: &Group) -> Result<Answers, JournalError> {
        let ends = Instant::now() + PATIENCE;
        let mut delays = AGAIN.delays();
        let result = loop {
            match self.transact(group).await {
                Err(JournalError::Interrupted(why)) if Instant::now() < ends => {
                    self.pen.abandon().await;
                    let Some(delay) = delays.next() else {
                        break Err(JournalError::Interrupted(why));
                    };
                    tracing::debug!(why, "a transaction broke off and is done again");
                    tokio::time::sleep(delay).await;
                }
                result => break result,
            }
        };
        match result {
            Ok(answers) => {
                self.commits.increment(1);
                // Rows that only change find room in a full store.
                self.full &= !group.takes_room();
                if !self.full {
                    self.pulses.well(edge::STORE);
                }
                Ok(answers)
            }
            Err(error) => {
                self.full |= matches!(error, JournalError::Full);
                if !matches!(error, JournalError::NotOwner) {
                    self.pulses.trouble(edge::STORE, whole(&error));
                }
                self.pen.abandon().await;
                Err(error)
            }
        }
    }

    async fn transact(&mut self, group: &Group) -> Result<Answers, JournalError> {
        let mut answers = Answers::default();
        let mut batch = Batch::default();
        if group.must_look() {
            let mut ledger = self.look(group).await?;
            // First, so that nothing is opened beside it that it was to stop.
            answers.freezes = collected(&group.freezes, |freeze| Ok(ledger.freeze(freeze)));
            answers.thaws = collected(&group.thaws, |thaw| Ok(ledger.thaw(thaw)));
            answers.asks = collected(&group.asks, |ask| Ok(ledger.ask(ask)));
            answers.opens = collected(&group.opens, |opening| ledger.open(opening));
            answers.open_alls = collected(&group.open_alls, |openings| ledger.open_all(openings));
            answers.cancels = collected(&group.cancels, |&message| ledger.cancel(message));
            answers.decides = collected(&group.decides, |wish| Ok(ledger.decide(wish)));
            batch = ledger.batch;
        }
        batch.stamp.clone_from(&group.stamp);
        // Those of the group come first: their outcomes are its answers, in this order.
        let decided = std::mem::replace(&mut batch.changes, written(&group.changes));
        batch.changes.extend(decided);
        batch.notes = written(&group.notes);
        batch.sides = written(&group.sides);
        batch.durability = self.durability(group);
        let outcome = self.pen.carry_out(&batch).await?;
        self.windows.written(&batch, &outcome.changes);
        self.unsynced = match batch.durability {
            Durability::Now => {
                self.synced.increment(1);
                None
            }
            Durability::Soon => self.unsynced.or_else(|| Some(Instant::now())),
        };
        answers.changes = outcome.changes;
        answers.notes = outcome.notes;
        answers.sides = outcome.sides;
        Ok(answers)
    }

    /// How durable the commit of a group has to be: as much as any of its writes asks for, and from
    /// time to time anyway.
    fn durability(&self, group: &Group) -> Durability {
        let waited = self.unsynced.map(|since| since.elapsed());
        match group.must_look() || group.asks_for_now() || waited > Some(IDLE) {
            true => Durability::Now,
            false => Durability::Soon,
        }
    }

    /// Learns what the group's rules need, codes included.
    async fn look(&mut self, group: &Group) -> Result<Ledger, JournalError> {
        let openings = || {
            let several = group.open_alls.iter().flat_map(|pending| &pending.write);
            group
                .opens
                .iter()
                .map(|pending| &*pending.write)
                .chain(several)
        };
        let messages = group.asks.iter().map(|pending| pending.write.message);
        let cancelled = group.cancels.iter().map(|pending| pending.write);
        let mut questions = rules::questions(openings(), messages.chain(cancelled));
        questions.stamp.clone_from(&group.stamp);
        for pending in &group.decides {
            questions.commands.push(pending.write.message);
        }
        let decided = group.decides.iter().map(|pending| pending.write.guild);
        let frozen = group
            .freezes
            .iter()
            .map(|pending| pending.write.freeze.guild);
        let thawed = group.thaws.iter().map(|pending| pending.write.freeze.guild);
        for guild in decided.chain(frozen).chain(thawed) {
            if !questions.guilds.contains(&guild) {
                questions.guilds.push(guild);
            }
        }
        let mut found = self.pen.look(&questions).await?;
        let known: HashSet<_> = found.entries.iter().map(|entry| entry.cause).collect();
        let fresh = openings().filter(|opening| !known.contains(&opening.intent.cause));
        let mut codes = Codes::new(fresh, std::mem::take(&mut found.codes));
        loop {
            let wanted = codes.wanted();
            if wanted.is_empty() {
                break;
            }
            let more = Questions {
                codes: wanted,
                stamp: group.stamp.clone(),
                ..Questions::default()
            };
            codes.learn(self.pen.look(&more).await?.codes);
        }
        Ok(Ledger::new(self.clock.now_ms(), &questions, found, codes))
    }
}

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
use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::journal::entry::Asked;
use crate::journal::entry::Confirmation;
use crate::journal::entry::ConfirmationState;
use crate::journal::entry::Durability;
use crate::journal::entry::Opened;
use crate::journal::entry::OpenedAll;
use crate::journal::entry::Receipt;
use crate::journal::error::JournalError;
use crate::journal::rules;
use crate::journal::rules::Codes;
use crate::journal::rules::Ledger;
use crate::journal::rules::Opening;
use crate::journal::store::Batch;
use crate::journal::store::EntryChange;
use crate::journal::store::Note;
use crate::journal::store::Pen;
use crate::journal::store::Questions;
use crate::journal::store::Store;
use crate::journal::store::Workplace;
use crate::journal::store::whole;
use crate::model::MessageId;
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

/// A write and whom to answer.
#[derive(Debug)]
pub(super) struct Pending<W, A> {
    /// What is wanted.
    pub write: W,
    /// When it has to have reached the disk.
    pub durability: Durability,
    /// Where the answer goes; a caller who went away loses the answer, not the write.
    pub reply: oneshot::Sender<Result<A, JournalError>>,
}

/// Any write, as queued.
#[derive(Debug)]
pub(super) enum Write {
    /// Open an entry.
    Open(Pending<Box<Opening>, Opened>),
    /// Open several entries of one command, all or none.
    OpenAll(Pending<Vec<Opening>, OpenedAll>),
    /// Ask for a confirmation.
    Ask(Pending<Confirmation, Asked>),
    /// Call a confirmation off.
    Cancel(Pending<MessageId, ConfirmationState>),
    /// Change an entry.
    Change(Pending<EntryChange, Option<Receipt>>),
    /// Note something.
    Note(Pending<Note, Option<u32>>),
}

/// The task's belongings.
pub(super) struct Writer {
    /// Its hand on the store.
    pub pen: Box<dyn Pen>,
    /// The reading side, closed before the pen.
    pub store: Arc<dyn Store>,
    /// The source of time.
    pub clock: Clock,
    /// Where trouble is noted.
    pub pulses: Pulses,
    /// What is to be written.
    pub queue: mpsc::Receiver<Write>,
    /// When to take no more and finish.
    pub stop: CancellationToken,
    /// Whether the last write that needed room found none.
    pub full: bool,
    /// Since when something written has not been synced.
    pub unsynced: Option<Instant>,
    /// Transactions that were committed.
    pub commits: Counter,
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
        let mut untidy = false;
        loop {
            // Losing `recv` loses no write: one that was not handed over stays queued.
            let first = tokio::select! {
                () = self.stop.cancelled(), if !self.queue.is_closed() => {
                    self.queue.close();
                    continue;
                }
                first = self.queue.recv() => first,
                () = tokio::time::sleep(IDLE), if untidy => {
                    self.pen.tidy().await;
                    self.unsynced = None;
                    untidy = false;
                    continue;
                }
            };
            let Some(first) = first else { break };
            let mut group = Group::default();
            group.push(first);
            while group.len() < GROUP
                && let Ok(next) = self.queue.try_recv()
            {
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
                self.pulses.trouble(edge::STORE, whole(&error));
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
            answers.asks = collected(&group.asks, |ask| Ok(ledger.ask(ask)));
            answers.opens = collected(&group.opens, |opening| ledger.open(opening));
            answers.open_alls = collected(&group.open_alls, |openings| ledger.open_all(openings));
            answers.cancels = collected(&group.cancels, |&message| ledger.cancel(message));
            batch = ledger.batch;
        }
        batch.changes = written(&group.changes);
        batch.notes = written(&group.notes);
        batch.durability = self.durability(group);
        let outcome = self.pen.carry_out(&batch).await?;
        self.unsynced = match batch.durability {
            Durability::Now => None,
            Durability::Soon => self.unsynced.or_else(|| Some(Instant::now())),
        };
        answers.changes = outcome.changes;
        answers.notes = outcome.notes;
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
        let questions = rules::questions(openings(), messages.chain(cancelled));
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
                ..Questions::default()
            };
            codes.learn(self.pen.look(&more).await?.codes);
        }
        Ok(Ledger::new(self.clock.now_ms(), &questions, found, codes))
    }
}

/// Writes that go into one transaction, by kind.
#[derive(Default)]
struct Group {
    opens: Vec<Pending<Box<Opening>, Opened>>,
    open_alls: Vec<Pending<Vec<Opening>, OpenedAll>>,
    asks: Vec<Pending<Confirmation, Asked>>,
    cancels: Vec<Pending<MessageId, ConfirmationState>>,
    changes: Vec<Pending<EntryChange, Option<Receipt>>>,
    notes: Vec<Pending<Note, Option<u32>>>,
}

/// The answers to a group, each list in the order of its writes.
#[derive(Default)]
struct Answers {
    opens: Vec<Result<Opened, JournalError>>,
    open_alls: Vec<Result<OpenedAll, JournalError>>,
    asks: Vec<Result<Asked, JournalError>>,
    cancels: Vec<Result<ConfirmationState, JournalError>>,
    changes: Vec<Option<Receipt>>,
    notes: Vec<Option<u32>>,
}

impl Group {
    fn push(&mut self, write: Write) {
        match write {
            Write::Open(pending) => self.opens.push(pending),
            Write::OpenAll(pending) => self.open_alls.push(pending),
            Write::Ask(pending) => self.asks.push(pending),
            Write::Cancel(pending) => self.cancels.push(pending),
            Write::Change(pending) => self.changes.push(pending),
            Write::Note(pending) => self.notes.push(pending),
        }
    }

    fn len(&self) -> usize {
        self.opens.len()
            + self.open_alls.len()
            + self.asks.len()
            + self.cancels.len()
            + self.changes.len()
            + self.notes.len()
    }

    /// Whether it adds rows, or proves that it could.
    fn takes_room(&self) -> bool {
        let proves = |pending: &Pending<Note, _>| matches!(pending.write, Note::Probe { .. });
        !self.opens.is_empty() || !self.asks.is_empty() || self.notes.iter().any(proves)
    }

    /// Whether anything in it is decided by rules; the rest carries its condition with it.
    fn must_look(&self) -> bool {
        let opens = self.opens.len() + self.open_alls.len();
        opens + self.asks.len() + self.cancels.len() > 0
    }

    /// Whether any of the writes that carry their condition with them has to be on disk at once.
    fn asks_for_now(&self) -> bool {
        let changes = self.changes.iter().map(|pending| pending.durability);
        let notes = self.notes.iter().map(|pending| pending.durability);
        changes.chain(notes).any(|wanted| wanted == Durability::Now)
    }

    fn singles(self) -> impl Iterator<Item = Group> {
        let opens = self.opens.into_iter().map(Write::Open);
        let open_alls = self.open_alls.into_iter().map(Write::OpenAll);
        let asks = self.asks.into_iter().map(Write::Ask);
        let cancels = self.cancels.into_iter().map(Write::Cancel);
        let changes = self.changes.into_iter().map(Write::Change);
        let notes = self.notes.into_iter().map(Write::Note);
        let decided = opens.chain(open_alls).chain(asks).chain(cancels);
        let writes = decided.chain(changes).chain(notes);
        writes.map(|write| {
            let mut single = Group::default();
            single.push(write);
            single
        })
    }

    fn answer(self, answers: Answers) {
        answer_each(self.opens, answers.opens);
        answer_each(self.open_alls, answers.open_alls);
        answer_each(self.asks, answers.asks);
        answer_each(self.cancels, answers.cancels);
        answer_each(self.changes, answers.changes.into_iter().map(Ok));
        answer_each(self.notes, answers.notes.into_iter().map(Ok));
    }

    /// Tells the only member of the group.
    fn fail(self, error: JournalError) {
        let mut error = Some(error).into_iter();
        answer_each(self.opens, error.by_ref().map(Err));
        answer_each(self.open_alls, error.by_ref().map(Err));
        answer_each(self.asks, error.by_ref().map(Err));
        answer_each(self.cancels, error.by_ref().map(Err));
        answer_each(self.changes, error.by_ref().map(Err));
        answer_each(self.notes, error.by_ref().map(Err));
    }
}

fn answer_each<W, A>(
    pending: Vec<Pending<W, A>>,
    answers: impl IntoIterator<Item = Result<A, JournalError>>,
) {
    for (pending, answer) in pending.into_iter().zip(answers) {
        if pending.reply.send(answer).is_err() {
            // What was written stands; the sweeps find it.
            tracing::debug!("the asker of a write has gone");
        }
    }
}

fn collected<W, A>(
    pending: &[Pending<W, A>],
    decide: impl FnMut(&W) -> Result<A, JournalError>,
) -> Vec<Result<A, JournalError>> {
    let mut decide = decide;
    pending
        .iter()
        .map(|pending| decide(&pending.write))
        .collect()
}

fn written<W: Clone, A>(pending: &[Pending<W, A>]) -> Vec<W> {
    pending
        .iter()
        .map(|pending| pending.write.clone())
        .collect()
}

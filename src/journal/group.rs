//! Writes that share a transaction, and their answers.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::journal::batch::EntryChange;
use crate::journal::batch::Note;
use crate::journal::confirming::Confirmation;
use crate::journal::confirming::ConfirmationState;
use crate::journal::entry::Durability;
use crate::journal::entry::Receipt;
use crate::journal::error::JournalError;
use crate::journal::freezing::Stop;
use crate::journal::outcome::Asked;
use crate::journal::outcome::Decided;
use crate::journal::outcome::Froze;
use crate::journal::outcome::Opened;
use crate::journal::outcome::OpenedAll;
use crate::journal::outcome::Thawed;
use crate::journal::owner::Stamp;
use crate::journal::rules::Opening;
use crate::journal::ruling::Wish;
use crate::journal::sides::Side;
use crate::journal::sides::SideDone;
use crate::model::MessageId;

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
    /// Decide about a command that waits for approval.
    Decide(Pending<Wish, Decided>),
    /// Stop all giving in a guild.
    Freeze(Pending<Stop, Froze>),
    /// Let it go on.
    Thaw(Pending<Stop, Thawed>),
    /// Change an entry.
    Change(Pending<EntryChange, Option<Receipt>>),
    /// Note something.
    Note(Pending<Note, Option<u32>>),
    /// Write beside the entries.
    Side(Pending<Side, SideDone>),
}

/// Writes that go into one transaction, by kind.
#[derive(Default)]
pub(super) struct Group {
    /// Under which term all of them are made.
    pub stamp: Option<Arc<Stamp>>,
    /// Entries to open.
    pub opens: Vec<Pending<Box<Opening>, Opened>>,
    /// Several entries of a command to open.
    pub open_alls: Vec<Pending<Vec<Opening>, OpenedAll>>,
    /// Confirmations to ask for.
    pub asks: Vec<Pending<Confirmation, Asked>>,
    /// Confirmations to call off.
    pub cancels: Vec<Pending<MessageId, ConfirmationState>>,
    /// Commands to decide about.
    pub decides: Vec<Pending<Wish, Decided>>,
    /// Guilds in which giving stops.
    pub freezes: Vec<Pending<Stop, Froze>>,
    /// Guilds in which it goes on.
    pub thaws: Vec<Pending<Stop, Thawed>>,
    /// Entries to change.
    pub changes: Vec<Pending<EntryChange, Option<Receipt>>>,
    /// What is to be noted.
    pub notes: Vec<Pending<Note, Option<u32>>>,
    /// What is written beside the entries.
    pub sides: Vec<Pending<Side, SideDone>>,
}

/// The answers to a group, each list in the order of its writes.
#[derive(Default)]
pub(super) struct Answers {
    /// Entries to open.
    pub opens: Vec<Result<Opened, JournalError>>,
    /// Several entries of a command to open.
    pub open_alls: Vec<Result<OpenedAll, JournalError>>,
    /// Confirmations to ask for.
    pub asks: Vec<Result<Asked, JournalError>>,
    /// Confirmations to call off.
    pub cancels: Vec<Result<ConfirmationState, JournalError>>,
    /// Commands to decide about.
    pub decides: Vec<Result<Decided, JournalError>>,
    /// Guilds in which giving stops.
    pub freezes: Vec<Result<Froze, JournalError>>,
    /// Guilds in which it goes on.
    pub thaws: Vec<Result<Thawed, JournalError>>,
    /// Entries to change.
    pub changes: Vec<Option<Receipt>>,
    /// What is to be noted.
    pub notes: Vec<Option<u32>>,
    /// What is written beside the entries.
    pub sides: Vec<SideDone>,
}

impl Group {
    /// Takes a write in.
    pub fn push(&mut self, write: Write) {
        match write {
            Write::Open(pending) => self.opens.push(pending),
            Write::OpenAll(pending) => self.open_alls.push(pending),
            Write::Ask(pending) => self.asks.push(pending),
            Write::Cancel(pending) => self.cancels.push(pending),
            Write::Decide(pending) => self.decides.push(pending),
            Write::Freeze(pending) => self.freezes.push(pending),
            Write::Thaw(pending) => self.thaws.push(pending),
            Write::Change(pending) => self.changes.push(pending),
            Write::Note(pending) => self.notes.push(pending),
            Write::Side(pending) => self.sides.push(pending),
        }
    }

    /// How many writes there are.
    pub fn len(&self) -> usize {
        self.decided() + self.changes.len() + self.notes.len() + self.sides.len()
    }

    /// How many of them are decided by rules.
    fn decided(&self) -> usize {
        self.opens.len()
            + self.open_alls.len()
            + self.asks.len()
            + self.cancels.len()
            + self.decides.len()
            + self.freezes.len()
            + self.thaws.len()
    }

    /// Whether it adds rows, or proves that it could.
    pub fn takes_room(&self) -> bool {
        let proves = |pending: &Pending<Note, _>| matches!(pending.write, Note::Probe { .. });
        !self.opens.is_empty()
            || !self.asks.is_empty()
            || !self.sides.is_empty()
            || self.notes.iter().any(proves)
    }

    /// Whether anything in it is decided by rules; the rest carries its condition with it.
    pub fn must_look(&self) -> bool {
        self.decided() > 0
    }

    /// Whether any of the writes that carry their condition with them has to be on disk at once.
    pub fn asks_for_now(&self) -> bool {
        let changes = self.changes.iter().map(|pending| pending.durability);
        let notes = self.notes.iter().map(|pending| pending.durability);
        let sides = self.sides.iter().map(|pending| pending.durability);
        changes
            .chain(notes)
            .chain(sides)
            .any(|wanted| wanted == Durability::Now)
    }

    /// Each of its writes as a group of its own.
    pub fn singles(self) -> impl Iterator<Item = Group> {
        let stamp = self.stamp;
        let opens = self.opens.into_iter().map(Write::Open);
        let open_alls = self.open_alls.into_iter().map(Write::OpenAll);
        let asks = self.asks.into_iter().map(Write::Ask);
        let cancels = self.cancels.into_iter().map(Write::Cancel);
        let changes = self.changes.into_iter().map(Write::Change);
        let notes = self.notes.into_iter().map(Write::Note);
        let sides = self.sides.into_iter().map(Write::Side);
        let decides = self.decides.into_iter().map(Write::Decide);
        let freezes = self.freezes.into_iter().map(Write::Freeze);
        let thaws = self.thaws.into_iter().map(Write::Thaw);
        let decided = freezes.chain(thaws).chain(opens).chain(open_alls);
        let decided = decided.chain(asks).chain(cancels).chain(decides);
        let writes = decided.chain(changes).chain(notes).chain(sides);
        writes.map(move |write| {
            let mut single = Group {
                stamp: stamp.clone(),
                ..Group::default()
            };
            single.push(write);
            single
        })
    }

    /// Answers everybody.
    pub fn answer(self, answers: Answers) {
        answer_each(self.opens, answers.opens);
        answer_each(self.open_alls, answers.open_alls);
        answer_each(self.asks, answers.asks);
        answer_each(self.cancels, answers.cancels);
        answer_each(self.decides, answers.decides);
        answer_each(self.freezes, answers.freezes);
        answer_each(self.thaws, answers.thaws);
        answer_each(self.changes, answers.changes.into_iter().map(Ok));
        answer_each(self.notes, answers.notes.into_iter().map(Ok));
        answer_each(self.sides, answers.sides.into_iter().map(Ok));
    }

    /// Tells the only member of the group.
    pub fn fail(self, error: JournalError) {
        let mut error = Some(error).into_iter();
        answer_each(self.opens, error.by_ref().map(Err));
        answer_each(self.open_alls, error.by_ref().map(Err));
        answer_each(self.asks, error.by_ref().map(Err));
        answer_each(self.cancels, error.by_ref().map(Err));
        answer_each(self.decides, error.by_ref().map(Err));
        answer_each(self.freezes, error.by_ref().map(Err));
        answer_each(self.thaws, error.by_ref().map(Err));
        answer_each(self.changes, error.by_ref().map(Err));
        answer_each(self.notes, error.by_ref().map(Err));
        answer_each(self.sides, error.by_ref().map(Err));
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

/// What `decide` says of each write.
pub(super) fn collected<W, A>(
    pending: &[Pending<W, A>],
    decide: impl FnMut(&W) -> Result<A, JournalError>,
) -> Vec<Result<A, JournalError>> {
    let mut decide = decide;
    pending
        .iter()
        .map(|pending| decide(&pending.write))
        .collect()
}

/// The writes themselves.
pub(super) fn written<W: Clone, A>(pending: &[Pending<W, A>]) -> Vec<W> {
    pending
        .iter()
        .map(|pending| pending.write.clone())
        .collect()
}

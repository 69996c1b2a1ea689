//! What a database has to offer to be the journal's store, without a word of SQL.
//!
//! Invariants: a `Store` reads committed data only; a `Pen` is the one writer and moves in whole
//! transactions. Rules of the trade (caps, codes, confirmations) are decided above, from what the
//! pen finds; an engine only looks, writes what it is told, and says which rows it met.

use std::path::Path;

use futures_util::future::BoxFuture;

use crate::journal::balances::BalanceStore;
use crate::journal::batch::Batch;
use crate::journal::batch::Found;
use crate::journal::batch::Outcome;
use crate::journal::batch::Questions;
use crate::journal::boards::BoardStore;
use crate::journal::books::BookStore;
use crate::journal::channels::Handled;
use crate::journal::confirming::Confirmation;
use crate::journal::desk::Unsound;
use crate::journal::entry::Counts;
use crate::journal::entry::Receipt;
use crate::journal::entry::Span;
use crate::journal::error::JournalError;
use crate::journal::links::LinkStore;
use crate::journal::pictures::PictureStore;
use crate::journal::record::RecordStore;
use crate::journal::reports::ReportStore;
use crate::journal::schedules::ScheduleStore;
use crate::journal::selection::Order;
use crate::journal::selection::Selection;
use crate::journal::shown::ShownStore;
use crate::journal::sides::SideStore;
use crate::model::BotId;
use crate::model::Cause;
use crate::model::Freeze;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::ReceiptCode;
use crate::model::UserId;

/// What a store answers.
pub(super) type Answer<'a, T> = BoxFuture<'a, Result<T, JournalError>>;

/// The reading side, for many at once.
pub(super) trait Store:
    SideStore
    + BoardStore
    + ShownStore
    + BalanceStore
    + LinkStore
    + BookStore
    + RecordStore
    + ReportStore
    + PictureStore
    + ScheduleStore
    + Send
    + Sync
    + 'static
{
    /// The entry with that code.
    fn find<'a>(&'a self, code: &'a ReceiptCode) -> Answer<'a, Option<Receipt>>;
    /// The entry of that cause.
    fn of_cause<'a>(&'a self, cause: &'a Cause) -> Answer<'a, Option<Receipt>>;
    /// The entries of that chat message, by line and member.
    fn of_message(&self, message: MessageId) -> Answer<'_, Vec<Receipt>>;
    /// Entries that are not settled and due for a look, oldest first.
    fn unsettled(&self, due_ms: i64, limit: usize) -> Answer<'_, Vec<Receipt>>;
    /// Settled entries whose end was not told and is due, oldest first.
    fn untold(&self, due_ms: i64, limit: usize) -> Answer<'_, Vec<Receipt>>;
    /// Open entries of which nothing was said and whose telling is due, oldest first.
    fn unspoken(&self, due_ms: i64, limit: usize) -> Answer<'_, Vec<Receipt>>;
    /// What counts towards a quota.
    fn given(&self, quota: Quota) -> Answer<'_, i64>;
    /// How many entries wait.
    fn counts(&self) -> Answer<'_, Counts>;
    /// The confirmation that message asked for, as written.
    fn asked(&self, message: MessageId) -> Answer<'_, Option<Confirmation>>;
    /// That giving is stopped in that guild, while it is.
    fn freeze(&self, guild: GuildId) -> Answer<'_, Option<Freeze>>;
    /// The guild's entries that wait for approval, oldest first.
    fn waiting(&self, guild: GuildId, limit: usize) -> Answer<'_, Vec<Receipt>>;
    /// Entries of all guilds whose time to be approved is over, oldest first.
    fn unapproved(&self, due_ms: i64, limit: usize) -> Answer<'_, Vec<Receipt>>;
    /// The newest entry that giver asked for in that guild with a message before that one.
    fn last_given(
        &self,
        guild: GuildId,
        giver: UserId,
        before: MessageId,
    ) -> Answer<'_, Option<Receipt>>;
    /// The channels with the latest `since`, at most so many, and their handled commands.
    fn handled(&self, limit: usize) -> Answer<'_, Handled>;
    /// Entries of a selection, in that order.
    fn entries<'a>(
        &'a self,
        selection: &'a Selection,
        order: Order,
        limit: usize,
    ) -> Answer<'a, Vec<Receipt>>;
    /// What is wrong in ways only the engine can see.
    fn unsound(&self, limit: usize) -> Answer<'_, Unsound>;
    /// A consistent copy of the whole store in a new file.
    fn copy_to<'a>(&'a self, file: &'a Path) -> Answer<'a, ()>;
    /// Ends all reading; later questions get `Closing`.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// The one writer's side.
///
/// `look` begins a transaction, `carry_out` ends it (and begins it too where nobody looked). After
/// an error the transaction's fate is open until `abandon`, which ends it without a trace.
pub(super) trait Pen: Send + 'static {
    /// Where its writer has to work.
    fn workplace(&self) -> Workplace {
        Workplace::Task
    }
    /// Begins a transaction as a writer, if none is open, and answers the questions in it.
    fn look<'a>(&'a mut self, questions: &'a Questions) -> Answer<'a, Found>;
    /// Writes the batch and commits it, as durably as the batch says.
    fn carry_out<'a>(&'a mut self, batch: &'a Batch) -> Answer<'a, Outcome>;
    /// Undoes whatever the open transaction has done.
    fn abandon(&mut self) -> BoxFuture<'_, ()>;
    /// Tidies up while nobody waits; what was to be on disk `Soon` is now.
    fn tidy(&mut self) -> BoxFuture<'_, ()>;
    /// Ends writing and lets go of the store.
    fn close(self: Box<Self>) -> BoxFuture<'static, ()>;
}

/// Where a writer works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Workplace {
    /// Among the other tasks: its pen waits without blocking.
    Task,
    /// On a thread of its own: its pen blocks.
    Thread,
}

/// What a giver gave in a guild within a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Quota {
    /// The guild.
    pub guild: GuildId,
    /// The giver.
    pub giver: UserId,
    /// The day.
    pub day: Span,
}

/// How a store is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// For the bot: made if need be, brought up to date, and nobody else's meanwhile.
    Own(BotId),
    /// For reading what is there, whoever works on it.
    Read,
    /// For writing what is safe beside whoever works on it.
    Beside,
    /// For putting another in its place.
    Restore,
}

/// Text as every engine can keep it: PostgreSQL has no NUL in text, and SQLite's functions end
/// there.
pub(super) fn storable(text: String) -> String {
    if text.contains('\0') {
        text.replace('\0', "\u{FFFD}")
    } else {
        text
    }
}

/// What went wrong with all its causes, for an operator.
pub(super) fn whole(error: &JournalError) -> String {
    let mut whole = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        whole.push_str(": ");
        whole.push_str(&error.to_string());
        cause = error.source();
    }
    whole
}

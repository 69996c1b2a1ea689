//! The memory of the house: every change of points before it happens, what came of it, and what was
//! said about it.
//!
//! Invariants:
//! - An intent is on disk, with its id and the time of sending, before anybody holds its `Ticket`.
//! - A cause has one row for ever; a second opening of it gets the row, never a ticket.
//! - Caps are counted in the transaction that writes the intent, so two givers cannot share what is
//!   left of a quota.
//! - A settled entry never changes its verdict, and of two bearers of tickets for one entry only one
//!   can note another sending or a refusal.
//! - One process at a time works for the bot, its owner (`owner`); in PostgreSQL writers come one after
//!   another. Readers see committed data only.
//!
//! A write whose future is dropped may still happen: the entry is then open and found by `unsettled`.
//!
//! Metrics: `guildpoints_journal_commits_total` counts transactions that were committed,
//! `guildpoints_journal_synced_total` those of them that waited for the disk,
//! `guildpoints_journal_group_size` is a histogram of how many writes shared one.
//!
//! Deliberately absent: calls to a points system, sentences for people, and SQL outside `sqlite`,
//! `postgres` and the statements both understand (`selecting`, `window`, `balance_texts` and the like).

mod audit;
mod auditing;
mod balance_texts;
mod balances;
mod batch;
mod boards;
mod books;
mod bounds;
mod channels;
mod codes;
mod confirming;
mod desk;
mod entry;
mod error;
mod freezing;
mod group;
mod kept;
mod link_code;
mod link_rules;
mod linking;
mod links;
mod missummed;
mod opening;
mod order;
mod outcome;
mod owner;
mod pictures;
mod postgres;
mod ranking;
mod record;
mod redeeming;
mod report_rules;
mod reports;
mod rules;
mod ruling;
mod schedule_rules;
mod schedules;
mod scheduling;
mod selecting;
mod selection;
mod settling;
mod shown;
mod shown_kept;
mod sides;
mod slot_rules;
mod sqlite;
mod store;
mod telling;
mod window;
mod writer;

use std::sync::Arc;

use metrics::counter;
use metrics::histogram;
use tokio::sync::mpsc;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use audit::Breach;
pub use audit::breaches;
pub use auditing::Audited;
pub use auditing::BookFault;
pub use balances::Balances;
pub use balances::Found;
pub use balances::Swept;
pub use boards::Board;
pub use boards::BoardSize;
pub use boards::Hidden;
pub use boards::OnBoards;
pub use boards::Ranked;
pub use books::Booked;
pub use books::MOST as MOST_BOOKED;
pub use books::Posted;
pub use books::Way;
pub use channels::ChannelMark;
pub use channels::Handled;
pub use channels::MOST_CHANNELS;
pub use confirming::CONFIRMATION_LIFE;
pub use confirming::Confirmation;
pub use confirming::ConfirmationState;
pub use desk::Unsound;
pub use entry::*;
pub use error::JournalError;
pub use link_code::CODE_LENGTH;
pub use link_code::LinkCode;
pub use links::Claim;
pub use links::ClaimDecision;
pub use links::ClaimRuled;
pub use links::ClaimVerdict;
pub use links::Claimed;
pub use links::Deed;
pub use links::DeedKind;
pub use links::Exposed;
pub use links::Imported;
pub use links::Issued;
pub use links::LINK_LIFE_MS;
pub use links::Link;
pub use links::LinkFilter;
pub use links::Proof;
pub use links::Redeemed;
pub use links::Tied;
pub use links::WRONG_CODES;
pub use links::WRONG_CODES_MS;
pub use outcome::*;
pub use owner::*;
pub use pictures::KeptPicture;
pub use pictures::NoToken;
pub use pictures::PICTURE_LIFE_MS;
pub use pictures::PictureToken;
pub use record::RecordWanted;
pub use record::Sign;
pub use reports::EventReport;
pub use reports::ReportIntent;
pub use reports::ReportOpened;
pub use reports::ReportState;
pub use reports::ReportTicket;
pub use schedules::DueSlot;
pub use schedules::Failing;
pub use schedules::KeptSchedule;
pub use schedules::MOST_SKIPPED;
pub use schedules::ScheduleChanged;
pub use schedules::ScheduleDeed;
pub use schedules::ScheduleFields;
pub use schedules::ScheduleSource;
pub use schedules::ScheduleTrouble;
pub use schedules::Sending;
pub use schedules::Slot;
pub use schedules::SlotBy;
pub use schedules::SlotKey;
pub use schedules::SlotState;
pub use schedules::Unsent;
pub use selection::*;
pub use shown::BoardForm;
pub use shown::Moving;
pub use shown::OwedBoard;
pub use shown::ShownBoard;
pub use shown::ShownKind;
pub use shown::SlotBefore;
pub use sides::KnownBalance;

use crate::journal::batch::EntryChange;
use crate::journal::batch::Note;
use crate::journal::group::Pending;
use crate::journal::group::Write;
use crate::journal::owner::Lease;
use crate::journal::owner::Mark;
use crate::journal::store::Access;
use crate::journal::store::Answer;
use crate::journal::store::Quota;
use crate::journal::store::Store;
use crate::journal::store::whole;
use crate::journal::window::Windows;
use crate::journal::writer::QUEUE;
use crate::journal::writer::Stamped;
use crate::journal::writer::Writer;
use crate::model::BotId;
use crate::model::Cause;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::ReceiptCode;
use crate::model::UserId;
use crate::support::clock::Clock;
use crate::support::pulse::Pulses;
use crate::support::pulse::edge;

/// The journal of one bot. Cheap to clone; clones share one writer.
///
/// When the last clone is dropped without `close`, what has queued is still written.
#[derive(Clone)]
pub struct Journal {
    shared: Arc<Shared>,
    /// The term it writes under; see `Term::journal`.
    mark: Option<Mark>,
}

struct Shared {
    bot: BotId,
    clock: Clock,
    pulses: Pulses,
    store: Arc<dyn Store>,
    windows: Arc<Windows>,
    /// `None`: a lock file is the lease.
    lease: Option<Arc<dyn Lease>>,
    queue: mpsc::Sender<Stamped>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Journal {
    /// Opens the store, or creates it, and brings it up to date.
    ///
    /// Refuses a store that another process works on, that a newer program wrote, or that holds
    /// another bot's journal. `?mode=ro` looks at a store without the right to it: nothing is
    /// created, migrated or locked, and every write is `ReadOnly`.
    pub async fn open_store(
        settings: &StoreSettings,
        bot: BotId,
        clock: Clock,
        pulses: Pulses,
    ) -> Result<Self, JournalError> {
        Self::begin(settings, Access::Own(bot), clock, pulses).await
    }

    async fn begin(
        settings: &StoreSettings,
        access: Access,
        clock: Clock,
        pulses: Pulses,
    ) -> Result<Self, JournalError> {
        let opened = match postgres::is_meant(&settings.url) {
            true => postgres::open(&settings.url, access)
                .await
                .map(|(bot, store, pen, lease)| (bot, store, pen, Some(lease))),
            false => sqlite::open(&settings.url, access)
                .await
                .map(|(bot, store, pen)| (bot, store, pen, None)),
        };
        let (bot, store, pen, lease) = noted(&pulses, opened)?;
        // Opening has proved it; readiness need not wait for the first command.
        pulses.well(edge::STORE);
        let windows = Arc::new(Windows::default());
        let (queue, requests) = mpsc::channel(QUEUE);
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        let writer = Writer {
            pen,
            store: Arc::clone(&store),
            windows: Arc::clone(&windows),
            clock: clock.clone(),
            pulses: pulses.clone(),
            queue: requests,
            stop: stop.clone(),
            full: false,
            unsynced: None,
            commits: counter!("guildpoints_journal_commits_total"),
            synced: counter!("guildpoints_journal_synced_total"),
            group_size: histogram!("guildpoints_journal_group_size"),
        };
        writer.start(&tasks)?;
        Ok(Self {
            shared: Arc::new(Shared {
                bot,
                clock,
                pulses,
                store,
                windows,
                lease,
                queue,
                stop,
                tasks,
            }),
            mark: None,
        })
    }

    /// The entry people know by `code`.
    pub async fn find(&self, code: &ReceiptCode) -> Result<Option<Receipt>, JournalError> {
        self.read(self.shared.store.find(code)).await
    }

    /// The entry of a cause.
    pub async fn of_cause(&self, cause: &Cause) -> Result<Option<Receipt>, JournalError> {
        self.read(self.shared.store.of_cause(cause)).await
    }

    /// The entries of a chat message, by line and member.
    pub async fn of_message(&self, message: MessageId) -> Result<Vec<Receipt>, JournalError> {
        self.read(self.shared.store.of_message(message)).await
    }

    /// What `giver` has given and taken in `guild` within `day`: absolute, open entries included,
    /// refused ones not.
    pub async fn given(
        &self,
        guild: GuildId,
        giver: UserId,
        day: Span,
    ) -> Result<i64, JournalError> {
        let quota = Quota { guild, giver, day };
        self.read(self.shared.store.given(quota)).await
    }

    /// How many entries wait, and for what.
    pub async fn counts(&self) -> Result<Counts, JournalError> {
        self.read(self.shared.store.counts()).await
    }

    /// Proves that the store can be written, by writing something harmless.
    pub async fn writable(&self) -> Result<(), JournalError> {
        let now_ms = self.shared.clock.now_ms();
        self.note(Note::Probe { now_ms }).await?;
        Ok(())
    }

    /// Finishes what has queued, tidies the store and lets go of it. Later calls get `Closing`.
    pub async fn close(&self) {
        self.shared.stop.cancel();
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
    }

    async fn change(&self, change: EntryChange) -> Result<Receipt, JournalError> {
        self.change_by(Durability::Now, change).await
    }

    async fn change_by(
        &self,
        durability: Durability,
        change: EntryChange,
    ) -> Result<Receipt, JournalError> {
        let changed = self.write_by(durability, change, Write::Change).await?;
        changed.ok_or(JournalError::Changed)
    }

    async fn note(&self, note: Note) -> Result<u32, JournalError> {
        self.note_by(Durability::Now, note).await
    }

    async fn note_by(&self, durability: Durability, note: Note) -> Result<u32, JournalError> {
        let noted = self.write_by(durability, note, Write::Note).await?;
        noted.ok_or(JournalError::Changed)
    }

    async fn write<W, A>(
        &self,
        write: W,
        kind: impl FnOnce(Pending<W, A>) -> Write,
    ) -> Result<A, JournalError> {
        self.write_by(Durability::Now, write, kind).await
    }

    async fn write_by<W, A>(
        &self,
        durability: Durability,
        write: W,
        kind: impl FnOnce(Pending<W, A>) -> Write,
    ) -> Result<A, JournalError> {
        if self.mark.as_ref().is_some_and(|mark| !mark.tenure.holds()) {
            return Err(JournalError::NotOwner);
        }
        let (reply, answer) = oneshot::channel();
        let stamp = self.mark.as_ref().map(|mark| Arc::clone(&mark.stamp));
        let request = kind(Pending {
            write,
            durability,
            reply,
        });
        let queued = self.shared.queue.send((stamp, request)).await;
        queued.map_err(|_| JournalError::Closing)?;
        // Without an answer the writer has ended before this write's turn.
        answer.await.map_err(|_| JournalError::Closing)?
    }

    async fn read<T>(&self, answer: Answer<'_, T>) -> Result<T, JournalError> {
        noted(&self.shared.pulses, answer.await)
    }
}

/// Notes what concerns the store itself, and passes the result on.
fn noted<T>(pulses: &Pulses, result: Result<T, JournalError>) -> Result<T, JournalError> {
    if let Err(error) = &result
        && !matches!(error, JournalError::Closing)
    {
        pulses.trouble(edge::STORE, whole(error));
    }
    result
}

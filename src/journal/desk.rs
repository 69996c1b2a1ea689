//! What an operator does with the journal: read it, decide what was left to a person, copy it.
//!
//! Opening it for that takes neither the store's lock nor its lease, so the bot goes on meanwhile.
//! Why deciding beside a bot at work is safe: it is one short transaction of its own; it holds only
//! where the entry is not settled and stands exactly as whoever decides has seen it, state and number
//! of sendings; and each further sending by the bot is noted first, on the same condition. So of
//! "decided" and "sent again" one comes first in the database and the other gets `Changed`. Nothing is
//! sent from here.

use std::path::Path;
use std::path::PathBuf;

use crate::journal::Journal;
use crate::journal::batch::EntryChange;
use crate::journal::entry::Receipt;
use crate::journal::entry::Refused;
use crate::journal::entry::Settlement;
use crate::journal::entry::StoreSettings;
use crate::journal::error::JournalError;
use crate::journal::postgres;
use crate::journal::selection::ByHand;
use crate::journal::selection::Finding;
use crate::journal::selection::Order;
use crate::journal::selection::Selection;
use crate::journal::selection::SettledBy;
use crate::journal::sqlite;
use crate::journal::store::Access;
use crate::journal::store::storable;
use crate::model::BotId;
use crate::model::ReceiptCode;
use crate::model::refusal::PointsRefusal;
use crate::support::clock::Clock;
use crate::support::pulse::Pulses;

impl Journal {
    /// Opens a store that exists for reading, whoever works on it; every write is `ReadOnly`.
    pub async fn open_to_read(
        settings: &StoreSettings,
        clock: Clock,
        pulses: Pulses,
    ) -> Result<Self, JournalError> {
        Self::begin(settings, Access::Read, clock, pulses).await
    }

    /// Opens a store that exists for what is safe beside the bot at work on it: `settle_by_hand`.
    pub async fn open_beside(
        settings: &StoreSettings,
        clock: Clock,
        pulses: Pulses,
    ) -> Result<Self, JournalError> {
        Self::begin(settings, Access::Beside, clock, pulses).await
    }

    /// Whose journal it is.
    pub fn bot(&self) -> BotId {
        self.shared.bot
    }

    /// At most `limit` entries of a selection, in that order.
    pub async fn entries(
        &self,
        selection: &Selection,
        order: Order,
        limit: usize,
    ) -> Result<Vec<Receipt>, JournalError> {
        let store = &self.shared.store;
        self.read(store.entries(selection, order, limit)).await
    }

    /// Ends an entry by what a person found out, only if it still stands as `seen`; else `Changed`.
    ///
    /// Whether they may is for `settleable_by_hand` to say.
    pub async fn settle_by_hand(
        &self,
        seen: &Receipt,
        decision: ByHand,
    ) -> Result<Receipt, JournalError> {
        let decided = SettledBy {
            by: storable(decision.by),
            why: storable(decision.why),
        };
        let settlement = match decision.finding {
            Finding::Applied => Settlement::Done,
            Finding::Refused => Settlement::Refused(Refused {
                meaning: PointsRefusal::ByHand,
                code: None,
                text: decided.why.clone(),
            }),
        };
        let change = EntryChange::ByHand {
            cause: seen.cause,
            sends: seen.progress.sends,
            state: seen.state,
            settlement,
            decided,
            now_ms: self.shared.clock.now_ms(),
        };
        self.change(change).await
    }

    /// Entries whose bookkeeping is not as their state wants it, and what the database says of its
    /// own soundness; at most `limit` of each.
    pub async fn unsound(&self, limit: usize) -> Result<Unsound, JournalError> {
        self.read(self.shared.store.unsound(limit)).await
    }

    /// Puts a copy in the place of the store, which must be nobody's at that moment; answers where
    /// the old one is kept.
    pub async fn restore(
        settings: &StoreSettings,
        file: &Path,
    ) -> Result<Option<PathBuf>, JournalError> {
        match postgres::is_meant(&settings.url) {
            true => Err(postgres::own_tools()),
            false => sqlite::restore(&settings.url, file).await,
        }
    }

    /// Writes a consistent copy of the store to `file`, which must not exist; nobody waits for it.
    pub async fn copy_to(&self, file: &Path) -> Result<(), JournalError> {
        self.read(self.shared.store.copy_to(file)).await
    }
}

/// What only the database itself can tell of what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unsound {
    /// Entries that take another sum of their giver's quota than they should.
    pub miscounted: Vec<ReceiptCode>,
    /// What the database finds damaged, in its own words.
    pub damaged: Vec<String>,
}

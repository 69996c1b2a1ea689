//! What the bot itself has changed for a member, newest first, in pages.
//!
//! Why not through a selection: this is read by members, so it has to be cheap however long the journal
//! is. Settled entries come from an index of their own, which is written when an entry is settled and
//! not when its intent is, and the few open ones from the index that has those alone.

use crate::journal::Journal;
use crate::journal::entry::Receipt;
use crate::journal::error::JournalError;
use crate::journal::store::Answer;
use crate::model::GuildId;
use crate::model::UserId;

/// A stretch of a member's entries, as asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordWanted {
    /// The guild.
    pub guild: GuildId,
    /// Whose points.
    pub member: UserId,
    /// In which system, as named in the settings.
    pub system: String,
    /// Which entries.
    pub sign: Sign,
    /// How many newer ones are left out.
    pub skip: usize,
    /// How many at most.
    pub limit: usize,
}

/// Which entries, by the sign of their amount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sign {
    /// All.
    #[default]
    Either,
    /// Those that add.
    Plus,
    /// Those that take.
    Minus,
}

impl Sign {
    /// The smallest and the largest amount it stands for.
    pub(super) fn bounds(self) -> (i64, i64) {
        match self {
            Sign::Either => (i64::MIN, i64::MAX),
            Sign::Plus => (1, i64::MAX),
            Sign::Minus => (i64::MIN, -1),
        }
    }
}

/// The reading side of it.
pub(super) trait RecordStore {
    /// The entries wanted, what was written last first.
    fn record<'a>(&'a self, wanted: &'a RecordWanted) -> Answer<'a, Vec<Receipt>>;
}

/// The entries of a member, settled or not, each kind through its own index: guild, member, system,
/// smallest and largest amount, limit, how many are left out.
///
/// The signs keep the second half from the index of givers, where a guild has everything it ever did;
/// `next_look_ms` is a time, so asking for it leaves nothing out and names the index that is meant.
pub(super) const RECORD: &str = "
    select * from entries
    where settled_ms is not null and guild = $1 and member = $2 and system = $3
      and amount between $4 and $5
    union all
    select * from entries
    where settled_ms is null and next_look_ms >= 0 and +guild = $1 and +member = $2 and system = $3
      and amount between $4 and $5
    order by written_ms desc, message desc, kind desc, line
    limit $6 offset $7";

impl Journal {
    /// A stretch of what the bot has changed for a member, what was written last first.
    pub async fn record(&self, wanted: &RecordWanted) -> Result<Vec<Receipt>, JournalError> {
        self.read(self.shared.store.record(wanted)).await
    }
}

//! Why the journal could not do what it was asked.

use crate::model::GuildId;
use crate::model::UserId;

/// Why the journal could not do what it was asked. Nothing was written, except where it says so.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// No room left on the disk or within a file-size limit.
    #[error("the store is full")]
    Full,
    /// The store may not be written.
    #[error("the store is read-only")]
    ReadOnly,
    /// The store was made by a newer version of this program.
    #[error(
        "the store has migration {found}, this program knows up to {known}: use the newer guildpoints that wrote it"
    )]
    Newer {
        /// The store's newest migration.
        found: i64,
        /// The newest one this program has.
        known: i64,
    },
    /// The store holds another bot's journal.
    #[error(
        "the store belongs to bot {found}, this is bot {expected}: name another store in [store] url"
    )]
    OtherBot {
        /// Whose it is.
        found: UserId,
        /// Who asks.
        expected: UserId,
    },
    /// Another process works on the store.
    #[error("another guildpoints works on this store (lock file `{path}`): stop it first")]
    InUse {
        /// The lock file.
        path: String,
    },
    /// The address of the store cannot be used.
    #[error("the store address cannot be used: {0}")]
    Address(String),
    /// The journal is closing.
    #[error("the journal is closing")]
    Closing,
    /// An entry or confirmation is not in the state the caller believed, or is not there at all.
    #[error("the entry has changed meanwhile")]
    Changed,
    /// Giving is stopped in the guild, and nothing of the entry has left yet.
    #[error("giving is stopped in this guild")]
    Frozen,
    /// The grant holds in another guild than the one whose points would move.
    #[error("the grant holds in guild {granted}, the points would move in guild {intended}")]
    OtherGuild {
        /// Where the grant holds.
        granted: GuildId,
        /// Where the points would move.
        intended: GuildId,
    },
    /// The store cannot be reached, or does not answer in time.
    #[error("the store cannot be reached: {0}")]
    Away(String),
    /// A transaction broke off before it was committed and may go through another time.
    #[error("writing was interrupted: {0}")]
    Interrupted(String),
    /// The store went away in the middle of a commit: whether it was written will be seen later.
    #[error("the store went away while it wrote, and whether it did is not known yet")]
    Unsure,
    /// A migration of the store has begun and was never ended.
    #[error(
        "migration {number} of the store is only half applied: restore the last backup, or name an empty database in [store] url"
    )]
    HalfApplied {
        /// The migration.
        number: i64,
    },
    /// Anything else the database says.
    #[error("the store failed")]
    Database(#[source] anyhow::Error),
}

impl JournalError {
    /// The same for everybody who wrote in the transaction, where it concerns the store and not what
    /// was written.
    pub(super) fn shared(&self) -> Option<Self> {
        match self {
            Self::Away(why) => Some(Self::Away(why.clone())),
            Self::Interrupted(why) => Some(Self::Interrupted(why.clone())),
            Self::Unsure => Some(Self::Unsure),
            _ => None,
        }
    }
}

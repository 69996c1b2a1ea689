//! How far the commands of each channel are handled, for what is missed while nobody listens.
//!
//! Invariant: `since` of a channel only grows, and of the commands above it all that are handled are
//! noted, so whoever reads a channel's history from `since` on meets nothing twice.

use crate::journal::Journal;
use crate::journal::batch::Note;
use crate::journal::entry::Durability;
use crate::journal::error::JournalError;
use crate::model::ChannelId;
use crate::model::GuildId;
use crate::model::MessageId;

/// Channels that are remembered at once; each costs a request after every absence.
pub const MOST_CHANNELS: usize = 500;

/// A channel in which commands were seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelMark {
    /// The channel or private chat.
    pub channel: ChannelId,
    /// Its guild; none for a private chat.
    pub guild: Option<GuildId>,
    /// Every command up to here is handled or left alone for good.
    pub since: MessageId,
    /// When reading its history was first refused, in milliseconds since 1970, if it still is.
    pub closed_ms: Option<i64>,
}

/// What is known of channels and of the commands in them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Handled {
    /// The channels.
    pub channels: Vec<ChannelMark>,
    /// Handled commands above their channel's `since`.
    pub commands: Vec<(ChannelId, MessageId)>,
}

impl Journal {
    /// The channels used last, at most [`MOST_CHANNELS`], and their handled commands.
    pub async fn handled(&self) -> Result<Handled, JournalError> {
        self.read(self.shared.store.handled(MOST_CHANNELS)).await
    }

    /// Notes how far channels are handled, in one transaction. A `since` below the known one leaves
    /// that as it is. It survives the process at once and a power cut soon: what such a cut takes of
    /// it is read again, and changes of points are known by their own rows.
    pub async fn note_handled(&self, handled: Handled) -> Result<(), JournalError> {
        let note = Note::Handled(handled);
        self.note_by(Durability::Soon, note).await.map(drop)
    }

    /// Forgets channels that are handled up to `before` at most: nobody has used them since.
    pub async fn forget_channels(&self, before: MessageId) -> Result<(), JournalError> {
        let note = Note::ForgetChannels { before };
        self.note_by(Durability::Soon, note).await.map(drop)
    }
}

//! What was said of a command, and what is still to be said.

use crate::journal::Journal;
use crate::journal::batch::Note;
use crate::journal::entry::Durability;
use crate::journal::entry::Receipt;
use crate::journal::entry::Shown;
use crate::journal::entry::Told;
use crate::journal::error::JournalError;
use crate::model::Cause;
use crate::model::MessageId;

impl Journal {
    /// Notes what was said of the command behind `cause`: `shown` is how the message shows each of
    /// its entries.
    ///
    /// An entry that stands otherwise by now is still to be told, which is seen in the transaction
    /// that writes the note: its end, that a moderator decides, and that it waits no longer. A later
    /// note replaces an earlier one, also `Final` by `Interim`: which of two replies stands is then
    /// unknown, and saying the end again is the safe side. For the same reason it is on disk soon and
    /// not at once: what a power cut takes of it is said again.
    pub async fn told(
        &self,
        cause: &Cause,
        said: MessageId,
        told: Told,
        shown: &[Shown],
    ) -> Result<(), JournalError> {
        let note = Note::Told {
            cause: *cause,
            said: Some(said),
            told,
            shown: shown.to_vec(),
        };
        self.note_by(Durability::Soon, note).await.map(drop)
    }

    /// At most `limit` settled entries whose end was not told and whose telling is due by `due_ms`,
    /// oldest first.
    ///
    /// Telling is due from the moment of settling on. A teller that leaves the lane time to speak
    /// asks for what was due some seconds ago.
    pub async fn untold(&self, due_ms: i64, limit: usize) -> Result<Vec<Receipt>, JournalError> {
        self.read(self.shared.store.untold(due_ms, limit)).await
    }

    /// The same for open entries of which nothing was said, or not that a moderator decides; telling
    /// that is due from writing on.
    pub async fn unspoken(&self, due_ms: i64, limit: usize) -> Result<Vec<Receipt>, JournalError> {
        self.read(self.shared.store.unspoken(due_ms, limit)).await
    }

    /// Puts telling off until `next_ms`; answers how often that has happened.
    pub async fn tell_later(&self, cause: &Cause, next_ms: i64) -> Result<u32, JournalError> {
        let cause = *cause;
        self.note(Note::TellLater { cause, next_ms }).await
    }

    /// Notes that the command behind `cause` cannot be answered any more.
    pub async fn undeliverable(&self, cause: &Cause) -> Result<(), JournalError> {
        let note = Note::Told {
            cause: *cause,
            said: None,
            told: Told::Undeliverable,
            shown: Vec::new(),
        };
        self.note_by(Durability::Now, note).await.map(drop)
    }
}

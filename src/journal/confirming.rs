//! Commands that wait for their caller's button.

use crate::journal::Journal;
use crate::journal::entry::Confirmation;
use crate::journal::entry::ConfirmationState;
use crate::journal::error::JournalError;
use crate::journal::group::Write;
use crate::journal::outcome::Asked;
use crate::journal::store::Note;
use crate::journal::store::storable;
use crate::model::MessageId;

impl Journal {
    /// Writes a confirmation that waits for its button, once for its message.
    pub async fn ask(&self, confirmation: Confirmation) -> Result<Asked, JournalError> {
        let confirmation = Confirmation {
            proposal: storable(confirmation.proposal),
            ..confirmation
        };
        self.write(confirmation, Write::Ask).await
    }

    /// The confirmation `message` asked for, as it stands now.
    pub async fn asked(&self, message: MessageId) -> Result<Option<Confirmation>, JournalError> {
        let asked = self.read(self.shared.store.asked(message)).await?;
        Ok(asked.map(|confirmation| confirmation.at(self.shared.clock.now_ms())))
    }

    /// Notes which message of ours carries the button.
    pub async fn asked_said(
        &self,
        message: MessageId,
        said: MessageId,
    ) -> Result<(), JournalError> {
        self.note(Note::AskedSaid { message, said }).await?;
        Ok(())
    }

    /// Calls a confirmation off; answers `Cancelled`, or what it was already.
    pub async fn cancel(&self, message: MessageId) -> Result<ConfirmationState, JournalError> {
        self.write(message, Write::Cancel).await
    }
}

//! Commands that wait for their caller's button.

use std::time::Duration;

use crate::journal::Journal;
use crate::journal::batch::Note;
use crate::journal::error::JournalError;
use crate::journal::group::Write;
use crate::journal::outcome::Asked;
use crate::journal::store::storable;
use crate::model::ChannelId;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::UserId;

/// A command that waits for its caller's button. Its id is the message with the command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmation {
    /// The message with the command: one message asks at most once.
    pub message: MessageId,
    /// The guild.
    pub guild: GuildId,
    /// The channel.
    pub channel: ChannelId,
    /// The only one whose press counts.
    pub caller: UserId,
    /// What will be done, in a form only `commands` reads (JSON).
    pub proposal: String,
    /// When the button stops working, in milliseconds since 1970.
    pub expires_ms: i64,
    /// Our message with the button, once it was said.
    pub said: Option<MessageId>,
    /// How it stands.
    pub state: ConfirmationState,
}

impl Confirmation {
    /// The confirmation as it stands at `now_ms`: one that still waits has expired when its time is
    /// over.
    pub fn at(mut self, now_ms: i64) -> Self {
        if self.state == ConfirmationState::Asked && now_ms >= self.expires_ms {
            self.state = ConfirmationState::Expired;
        }
        self
    }
}

/// How a confirmation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfirmationState {
    /// Waiting for the button.
    Asked,
    /// Its intent was written.
    Used,
    /// The caller called it off.
    Cancelled,
    /// Its time ran out.
    Expired,
}

/// How long a confirm button works.
pub const CONFIRMATION_LIFE: Duration = Duration::from_secs(600);

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

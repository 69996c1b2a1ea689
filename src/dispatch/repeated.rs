//! Whether a command was here before.
//!
//! The marks drop what they remember. What they do not is known by what it left behind: rows, a
//! question, an answer in the chat.

use crate::commands::right_of;
use crate::dispatch::Dispatcher;
use crate::dispatch::heeding::Heeded;
use crate::dispatch::marks::Arrival;
use crate::journal::ConfirmationState;
use crate::journal::JournalError;
use crate::permissions::Right;
use crate::words::Definition;

/// The command whose messages may have left a report.
const REPORT: &str = "report";

impl Dispatcher {
    /// Whether this message changed points before, asks already, or has its answer: its frame arrives
    /// again, perhaps with other words or another member in it.
    pub(super) async fn comes_again(
        &self,
        heeded: &Heeded,
        definition: &Definition,
    ) -> Result<bool, JournalError> {
        let incoming = heeded.incoming();
        let changes = matches!(right_of(definition), Right::Give | Right::Take);
        if changes && incoming.guild.is_some() {
            if !self.journal.of_message(incoming.message).await?.is_empty() {
                return Ok(true);
            }
            if let Some(asked) = self.journal.asked(incoming.message).await? {
                // One that was written down and then not asked, because the process died, is asked.
                return Ok(asked.said.is_some() || asked.state != ConfirmationState::Asked);
            }
        }
        if definition.scope == REPORT && self.journal.report_of(incoming.message).await?.is_some() {
            return Ok(true);
        }
        Ok(self.has_its_answer(heeded).await)
    }

    /// Whether an answer to this message stands in the chat. Asked only of a frame that comes late, or
    /// from before this process began: no other can be a repetition that nobody remembers. What is
    /// read in the history is compared with the answers there.
    async fn has_its_answer(&self, heeded: &Heeded) -> bool {
        let incoming = heeded.incoming();
        let is_old = heeded.is_late() || incoming.message.minted_ms() < self.started_ms;
        if heeded.arrival != Arrival::Live || !is_old {
            return false;
        }
        let (channel, message) = (incoming.channel, incoming.message);
        let stands = self.voice.said_already(channel, message, &[]).await;
        if stands.is_some() {
            tracing::info!(%message, "a command that has its answer came again");
        }
        stands.is_some()
    }
}

//! Approving changes that wait, and stopping all giving.
//!
//! Invariants: what was approved is sent like what never had to wait, by ticket; what nobody decides
//! about in time is refused by a sweep, which tells as every settlement does.

use tokio::time::Instant;

use crate::journal::Decided;
use crate::journal::Froze;
use crate::journal::JournalError;
use crate::journal::Receipt;
use crate::journal::Thawed;
use crate::model::Freeze;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::decision::NotRuled;
use crate::model::decision::Ruling;
use crate::permissions::Granted;
use crate::points::ChangeError;
use crate::points::Points;

/// What became of a decision about a command that waits for approval.
#[derive(Debug)]
pub enum Ruled {
    /// Its changes are sent; how each stands when the answer budget is used up.
    Approved(Vec<Receipt>),
    /// Its changes are refused.
    Refused(Vec<Receipt>),
    /// The decision does not count.
    Not(NotRuled),
    /// Giving is stopped in the guild; it goes on waiting.
    Frozen(Freeze),
}

/// Commands whose time to be approved is over, taken from the journal in one sweep.
const A_SWEEP: usize = 64;

impl Points {
    /// Decides about the command behind `receipt`: all its changes or none.
    pub async fn decide(
        &self,
        granted: &Granted,
        receipt: &Receipt,
        ruling: Ruling,
    ) -> Result<Ruled, ChangeError> {
        let deadline = Instant::now() + self.inner.times.answer_budget;
        let backend = self.system_of(receipt).ok_or(ChangeError::NoSystem)?;
        let journal = &self.inner.journal;
        let look_after = self.inner.times.request_limit;
        let decided = journal.decide(granted, receipt, ruling, look_after).await?;
        let code = receipt.code.clone();
        Ok(match decided {
            Decided::Approved(tickets) => {
                tracing::info!(receipt = %code, people = tickets.len(), by = %granted.by(), "approved");
                self.send_queued(backend, tickets, deadline).await;
                let (message, _, _) = receipt.cause.parts();
                Ruled::Approved(self.inner.journal.of_message(message).await?)
            }
            Decided::Refused(receipts) => {
                tracing::info!(receipt = %code, people = receipts.len(), by = %granted.by(), "not approved");
                self.inner.settled.notify_one();
                Ruled::Refused(receipts)
            }
            Decided::Not(why) => Ruled::Not(why),
            Decided::Frozen(freeze) => Ruled::Frozen(freeze),
            Decided::Nothing => Ruled::Not(NotRuled::NotWaiting { code }),
        })
    }

    /// Refuses what nobody has decided about in time.
    pub(super) async fn expire_approvals(&self) -> Result<(), JournalError> {
        let journal = &self.inner.journal;
        let due = journal
            .unapproved(self.inner.clock.now_ms(), A_SWEEP)
            .await?;
        for receipt in due {
            // The others of a command end with its first, so for them nothing is left to do.
            let ended = journal.expire(&receipt).await?;
            if !ended.is_empty() {
                tracing::info!(receipt = %receipt.code, people = ended.len(), "nobody approved it in time");
                self.inner.settled.notify_one();
            }
        }
        Ok(())
    }

    /// At most `limit` changes of a guild that wait for approval, oldest first.
    pub async fn waiting(
        &self,
        guild: GuildId,
        limit: usize,
    ) -> Result<Vec<Receipt>, JournalError> {
        self.inner.journal.waiting(guild, limit).await
    }

    /// That giving is stopped in a guild, while it is.
    pub async fn frozen(&self, guild: GuildId) -> Result<Option<Freeze>, JournalError> {
        self.inner.journal.frozen(guild).await
    }

    /// Stops all giving in the guild of `granted`; `message` is the one with the command.
    pub async fn freeze(
        &self,
        granted: &Granted,
        message: MessageId,
        reason: Option<String>,
    ) -> Result<Froze, JournalError> {
        let froze = self.inner.journal.freeze(granted, message, reason).await?;
        if let Froze::Now(_) = froze {
            tracing::warn!(by = %granted.by(), "giving was stopped");
        }
        Ok(froze)
    }

    /// Lets giving go on; what was queued meanwhile is sent when its next look is due.
    pub async fn thaw(
        &self,
        granted: &Granted,
        message: MessageId,
    ) -> Result<Thawed, JournalError> {
        let thawed = self.inner.journal.thaw(granted, message).await?;
        if let Thawed::Now(_) = thawed {
            tracing::warn!(by = %granted.by(), "giving goes on");
        }
        Ok(thawed)
    }
}

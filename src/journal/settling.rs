//! What becomes of an entry after it was opened: sent again, kept open, ended.

use crate::journal::Journal;
use crate::journal::batch::EntryChange;
use crate::journal::batch::Sending;
use crate::journal::entry::BalanceRead;
use crate::journal::entry::Durability;
use crate::journal::entry::Progress;
use crate::journal::entry::Receipt;
use crate::journal::entry::Refused;
use crate::journal::entry::Settlement;
use crate::journal::entry::State;
use crate::journal::entry::Ticket;
use crate::journal::error::JournalError;
use crate::journal::store::storable;
use crate::model::ReceiptCode;

impl Journal {
    /// Notes another sending before it happens. `Changed` means: somebody else is at it, do not
    /// send.
    ///
    /// The entry is `Unconfirmed` from here on; one that is `Held` stays so.
    pub async fn resend(&self, ticket: &mut Ticket, next_look_ms: i64) -> Result<(), JournalError> {
        self.sending(ticket, next_look_ms, Sending::Again).await
    }

    /// The same for an entry of which certainly nothing has left yet: while giving is stopped in its
    /// guild, what adds points is not sent. `Frozen` says so, and nothing was noted.
    pub async fn send_first(
        &self,
        ticket: &mut Ticket,
        next_look_ms: i64,
    ) -> Result<(), JournalError> {
        let noted = self.sending(ticket, next_look_ms, Sending::First).await;
        let Err(JournalError::Changed) = noted else {
            return noted;
        };
        let stopped =
            !ticket.receipt.amount.takes() && self.frozen(ticket.receipt.guild).await?.is_some();
        Err(match stopped {
            true => JournalError::Frozen,
            false => JournalError::Changed,
        })
    }

    async fn sending(
        &self,
        ticket: &mut Ticket,
        next_look_ms: i64,
        sending: Sending,
    ) -> Result<(), JournalError> {
        let change = EntryChange::Resend {
            cause: ticket.receipt.cause,
            sends: ticket.receipt.progress.sends,
            sending,
            now_ms: self.shared.clock.now_ms(),
            next_look_ms,
        };
        *ticket.receipt = self.change(change).await?;
        Ok(())
    }

    /// Leaves an entry open, with what was learnt of it. A final state is `Changed`, and so is
    /// waiting for approval, which only opening begins.
    ///
    /// That it is left to a moderator is to be told, whatever was told before. Of `progress`, `sends` and `last_sent_ms` stay as `open` and `resend` have noted them.
    pub async fn keep(
        &self,
        ticket: Ticket,
        state: State,
        progress: Progress,
    ) -> Result<Receipt, JournalError> {
        if state.is_final() || state == State::Waiting {
            return Err(JournalError::Changed);
        }
        let change = EntryChange::Keep {
            cause: ticket.receipt.cause,
            sends: ticket.receipt.progress.sends,
            state,
            progress: Progress {
                heard: storable(progress.heard),
                ..progress
            },
            now_ms: self.shared.clock.now_ms(),
        };
        self.change(change).await
    }

    /// Ends an entry, once; a second time is `Changed`.
    ///
    /// A refusal is `Changed` too when somebody has noted another sending since the ticket was
    /// minted: that sending may still land.
    pub async fn settle(
        &self,
        ticket: Ticket,
        settlement: Settlement,
    ) -> Result<Receipt, JournalError> {
        self.end(Durability::Now, ticket, settlement).await
    }

    /// Ends an entry as done, once; a second time is `Changed`.
    ///
    /// `Soon` is for a points system that can be asked again: what a power cut takes of it leaves
    /// the entry unconfirmed, to be looked up once more. There is no such choice for a refusal: one
    /// that was told and then lost would be sent again, and might succeed.
    pub async fn settle_done(
        &self,
        ticket: Ticket,
        durability: Durability,
    ) -> Result<Receipt, JournalError> {
        self.end(durability, ticket, Settlement::Done).await
    }

    async fn end(
        &self,
        durability: Durability,
        ticket: Ticket,
        settlement: Settlement,
    ) -> Result<Receipt, JournalError> {
        let settlement = match settlement {
            Settlement::Done => Settlement::Done,
            Settlement::Refused(refused) => Settlement::Refused(Refused {
                text: storable(refused.text),
                ..refused
            }),
        };
        let change = EntryChange::Settle {
            cause: ticket.receipt.cause,
            sends: ticket.receipt.progress.sends,
            looks: ticket.receipt.progress.looks,
            settlement,
            now_ms: self.shared.clock.now_ms(),
        };
        self.change_by(durability, change).await
    }

    /// Keeps a balance that was read for an entry; on disk soon, since it can be read again.
    pub async fn note_balance(
        &self,
        code: &ReceiptCode,
        balance: BalanceRead,
    ) -> Result<(), JournalError> {
        let code = code.clone();
        let change = EntryChange::Balance { code, balance };
        self.change_by(Durability::Soon, change).await?;
        Ok(())
    }

    /// Tickets for at most `limit` entries that are not settled and due by `due_ms`, oldest first.
    ///
    /// For `reconcile` alone: it is the second bearer of each.
    pub async fn unsettled(&self, due_ms: i64, limit: usize) -> Result<Vec<Ticket>, JournalError> {
        let receipts = self
            .read(self.shared.store.unsettled(due_ms, limit))
            .await?;
        let tickets = receipts.into_iter().map(|receipt| Ticket {
            receipt: Box::new(receipt),
        });
        Ok(tickets.collect())
    }
}

//! Balances as commands read them, and as the answer to a change shows them.
//!
//! Invariant: a balance that cannot be read or noted changes nothing about an outcome.

use crate::journal::BalanceRead;
use crate::journal::Receipt;
use crate::journal::Refused;
use crate::model::GuildId;
use crate::model::SystemKind;
use crate::model::UserId;
use crate::model::refusal::PointsRefusal;
use crate::points::Points;
use crate::points::ReadError;

impl Points {
    /// A member's balance where the guild's rewards go.
    pub async fn balance(&self, guild: GuildId, member: UserId) -> Result<BalanceRead, ReadError> {
        let Some(systems) = self.inner.systems.get(&guild) else {
            return Err(no_backend());
        };
        let read = systems.rewards.balance(member).await?;
        self.note_read(guild, systems.rewards.system(), member, read);
        Ok(read)
    }

    /// A member's balance in the guild's system of that sort, where it uses one.
    pub async fn balance_in(
        &self,
        guild: GuildId,
        kind: SystemKind,
        member: UserId,
    ) -> Option<Result<BalanceRead, ReadError>> {
        let mut all = self.inner.systems.get(&guild)?.all();
        let backend = all.find(|backend| backend.system().kind() == kind)?;
        Some(backend.balance(member).await)
    }

    /// The balance that a change of this entry shows, in the system it was made in.
    pub(super) async fn balance_of(&self, entry: &Receipt) -> Result<BalanceRead, ReadError> {
        let Some(backend) = self.system_of(entry) else {
            return Err(no_backend());
        };
        let read = backend.balance(entry.member).await?;
        self.note_read(entry.guild, backend.system(), entry.member, read);
        Ok(read)
    }

    /// The receipt with the balance read that its answer shows, where none was noted yet: after a
    /// change that is done, and where the balance did not suffice.
    ///
    /// A balance that cannot be read is left out: the outcome is the same.
    pub async fn with_balance(&self, mut receipt: Receipt) -> Receipt {
        let refusal = receipt.refusal.as_ref().map(|refused| refused.meaning);
        let shown = receipt.state.took_effect() || refusal == Some(PointsRefusal::Insufficient);
        if receipt.balance.is_some() || !shown {
            return receipt;
        }
        let Ok(balance) = self.balance_of(&receipt).await else {
            return receipt;
        };
        receipt.balance = Some(balance);
        if let Err(error) = self
            .inner
            .journal
            .note_balance(&receipt.code, balance)
            .await
        {
            tracing::warn!(receipt = %receipt.code, %error, "the balance after a change could not be noted");
        }
        receipt
    }

    /// Keeps the balance that was read for an entry, while its answer is already on its way.
    pub(super) fn note_balance(&self, receipt: &Receipt) {
        let (journal, code) = (self.inner.journal.clone(), receipt.code.clone());
        let Some(balance) = receipt.balance else {
            return;
        };
        self.inner.tasks.spawn(async move {
            if let Err(error) = journal.note_balance(&code, balance).await {
                tracing::warn!(receipt = %code, %error, "the balance after a change could not be noted");
            }
        });
    }
}

fn no_backend() -> ReadError {
    ReadError {
        refused: Refused {
            meaning: PointsRefusal::NoAccess,
            code: None,
            text: "no points system is set up for this guild".to_owned(),
        },
    }
}

//! Stopping all giving in a guild, and letting it go on.
//!
//! Invariants: whoever opens after a stop was written does not open, which is decided inside the
//! transaction that writes it; of two commands the one that was typed later decides, in whatever order
//! they arrive.

use crate::journal::Journal;
use crate::journal::batch::FreezeChange;
use crate::journal::batch::FreezeStands;
use crate::journal::error::JournalError;
use crate::journal::group::Write;
use crate::journal::outcome::Froze;
use crate::journal::outcome::Thawed;
use crate::journal::rules::Ledger;
use crate::journal::store::storable;
use crate::model::Freeze;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::permissions::Granted;
use crate::permissions::Right;

/// A wish to stop all giving in a guild, or to let it go on.
#[derive(Clone, Debug)]
pub(super) struct Stop {
    /// Where, who and why.
    pub freeze: Freeze,
    /// The message with the command.
    pub message: MessageId,
}

impl Ledger {
    /// Stops all giving in a guild.
    pub fn freeze(&mut self, wish: &Stop) -> Froze {
        let guild = wish.freeze.guild;
        if self.is_stale(wish) {
            return Froze::Stale;
        }
        if let Some(before) = self.freeze_of(guild) {
            return Froze::Before(before.clone());
        }
        let freeze = Freeze {
            since_ms: self.now_ms,
            ..wish.freeze.clone()
        };
        self.stand(wish, Some(freeze.clone()));
        self.batch.freezes.push(FreezeChange::Begin {
            freeze: freeze.clone(),
            message: wish.message,
        });
        Froze::Now(freeze)
    }

    /// Lets giving go on.
    pub fn thaw(&mut self, wish: &Stop) -> Thawed {
        if self.is_stale(wish) {
            return Thawed::Stale;
        }
        let guild = wish.freeze.guild;
        let Some(before) = self.freeze_of(guild).cloned() else {
            return Thawed::NotFrozen;
        };
        self.stand(wish, None);
        self.batch.freezes.push(FreezeChange::End {
            guild,
            message: wish.message,
            by: wish.freeze.by,
            now_ms: self.now_ms,
        });
        Thawed::Now(before)
    }

    /// Whether this message or one after it has decided already: message ids grow with time.
    fn is_stale(&self, wish: &Stop) -> bool {
        let stands = self.freezes.get(&wish.freeze.guild);
        stands.is_some_and(|stands| wish.message <= stands.message)
    }

    fn stand(&mut self, wish: &Stop, freeze: Option<Freeze>) {
        let stands = FreezeStands {
            guild: wish.freeze.guild,
            message: wish.message,
            freeze,
        };
        self.freezes.insert(stands.guild, stands);
    }
}

impl Journal {
    /// That giving is stopped in a guild, while it is.
    pub async fn frozen(&self, guild: GuildId) -> Result<Option<Freeze>, JournalError> {
        self.read(self.shared.store.freeze(guild)).await
    }

    /// Stops all giving in the guild of `granted`, from the moment this returns and over restarts.
    ///
    /// `message` is the one with the command: delivered again, it stops nothing a second time.
    pub async fn freeze(
        &self,
        granted: &Granted,
        message: MessageId,
        reason: Option<String>,
    ) -> Result<Froze, JournalError> {
        let stop = stop(granted, message, reason)?;
        self.write(stop, Write::Freeze).await
    }

    /// Lets giving go on.
    pub async fn thaw(
        &self,
        granted: &Granted,
        message: MessageId,
    ) -> Result<Thawed, JournalError> {
        let stop = stop(granted, message, None)?;
        self.write(stop, Write::Thaw).await
    }
}

fn stop(
    granted: &Granted,
    message: MessageId,
    reason: Option<String>,
) -> Result<Stop, JournalError> {
    if !granted.covers(Right::Freeze) {
        return Err(JournalError::Changed);
    }
    let freeze = Freeze {
        guild: granted.guild(),
        by: granted.by(),
        reason: reason.map(storable),
        since_ms: 0,
    };
    Ok(Stop { freeze, message })
}

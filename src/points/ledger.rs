//! The ledger in the bot's own store, for guilds without a points service.

use futures_util::future::BoxFuture;

use crate::journal::BalanceRead;
use crate::journal::Journal;
use crate::journal::Refused;
use crate::model::GuildId;
use crate::model::System;
use crate::model::UserId;
use crate::model::refusal::PointsRefusal;
use crate::points::PointsBackend;
use crate::points::ReadError;

/// The ledger of one guild.
pub struct GuildLedger {
    system: System,
    guild: GuildId,
    journal: Journal,
}

impl GuildLedger {
    /// The ledger of `guild`, kept in the store of `journal`.
    pub fn new(guild: GuildId, journal: Journal) -> Self {
        Self {
            system: System::ledger(),
            guild,
            journal,
        }
    }
}

impl PointsBackend for GuildLedger {
    fn system(&self) -> &System {
        &self.system
    }

    fn balance(&self, member: UserId) -> BoxFuture<'_, Result<BalanceRead, ReadError>> {
        let _ = (self.guild, &self.journal, member);
        Box::pin(async move {
            Err(ReadError {
                refused: Refused {
                    meaning: PointsRefusal::Unavailable,
                    code: None,
                    text: String::new(),
                },
            })
        })
    }
}

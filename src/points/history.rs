//! What came and went: the system's own history, or where it keeps none, what the bot has changed.
//!
//! Invariant: the two are never mixed, and whoever asks learns which it is. A system that can tell only
//! balances has neither: the bot cannot have changed anything there.

use futures_util::future::join_all;

use crate::journal::JournalError;
use crate::journal::Receipt;
use crate::journal::RecordWanted;
use crate::journal::Sign;
use crate::model::Ability;
use crate::model::GuildId;
use crate::model::OpId;
use crate::model::ReceiptCode;
use crate::model::System;
use crate::model::SystemKind;
use crate::model::UserId;
use crate::points::Direction;
use crate::points::HistoryRow;
use crate::points::HistoryWanted;
use crate::points::Points;
use crate::points::ReadError;

/// A page of what came and went, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// As the system itself tells it.
    There {
        /// Its rows, each with the receipt where it is a change the bot made.
        rows: Vec<(HistoryRow, Option<ReceiptCode>)>,
        /// Whether there is a page after it.
        more: bool,
    },
    /// What the bot has changed, by its own journal.
    Here {
        /// The changes, however they ended.
        receipts: Vec<Receipt>,
        /// Whether there is a page after it.
        more: bool,
    },
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The guild has no such system.
    #[error("the guild has no such points system")]
    NoSystem,
    /// There is nothing that could be shown of it.
    #[error("the points system has no history")]
    Lacks(SystemKind),
    /// The system did not tell.
    #[error("the history could not be read: {0:?}")]
    Unread(ReadError),
    /// The journal could not be read.
    #[error("the journal could not be read")]
    Journal(#[from] JournalError),
}

impl HistoryError {
    /// What is missing where something is.
    pub const LACKING: Ability = Ability::History;
}

/// Candidates of a code that are tried: the later ones exist only where hashes collided.
const CANDIDATES: u32 = 3;

impl Points {
    /// A page of what came and went for a member in one of the guild's systems; `None` is the one that
    /// rewards go to.
    pub async fn history(
        &self,
        guild: GuildId,
        system: Option<&System>,
        member: UserId,
        wanted: &HistoryWanted,
    ) -> Result<(System, Changed), HistoryError> {
        let systems = self.inner.systems.get(&guild);
        let systems = systems.ok_or(HistoryError::NoSystem)?;
        let backend = match system {
            None => &systems.rewards,
            Some(system) => {
                let mut all = systems.all();
                let found = all.find(|backend| backend.system() == system);
                found.ok_or(HistoryError::NoSystem)?
            }
        };
        let system = backend.system().clone();
        let changed = match (backend.history(), system.kind()) {
            (Some(history), _) => {
                let page = history.page(member, wanted).await;
                let page = page.map_err(HistoryError::Unread)?;
                let codes = page.rows.iter().map(|row| self.code_of(row.op.as_ref()));
                let codes = join_all(codes).await;
                Changed::There {
                    rows: page.rows.into_iter().zip(codes).collect(),
                    more: page.more,
                }
            }
            (None, SystemKind::Mall) => self.changed_here(guild, &system, member, wanted).await?,
            (None, kind) => return Err(HistoryError::Lacks(kind)),
        };
        Ok((system, changed))
    }

    async fn changed_here(
        &self,
        guild: GuildId,
        system: &System,
        member: UserId,
        wanted: &HistoryWanted,
    ) -> Result<Changed, JournalError> {
        let page = usize::try_from(wanted.page).unwrap_or(usize::MAX);
        let record = RecordWanted {
            guild,
            member,
            system: system.name().to_owned(),
            sign: match wanted.direction {
                Direction::Both => Sign::Either,
                Direction::In => Sign::Plus,
                Direction::Out => Sign::Minus,
            },
            skip: page.saturating_mul(wanted.size),
            limit: wanted.size.saturating_add(1),
        };
        let mut receipts = self.inner.journal.record(&record).await?;
        let more = receipts.len() > wanted.size;
        receipts.truncate(wanted.size);
        Ok(Changed::Here { receipts, more })
    }

    /// The receipt of a change the bot made, as far as the journal has it. The row is shown without it
    /// where it cannot be read: it is the service's row.
    async fn code_of(&self, op: Option<&OpId>) -> Option<ReceiptCode> {
        let op = op?;
        for attempt in 0..CANDIDATES {
            let code = ReceiptCode::candidate(op, attempt);
            match self.inner.journal.find(&code).await {
                Ok(Some(receipt)) if receipt.op == *op => return Some(code),
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "the receipt of a row could not be looked up");
                    return None;
                }
            }
        }
        None
    }
}

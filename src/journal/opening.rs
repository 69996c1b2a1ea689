//! Writing down what is to happen, before it happens.
//!
//! Invariants: what is opened has the id of its cause and the caps of whoever grants it; a grant for one guild
//! opens nothing in another.

use std::time::Duration;

use crate::journal::Intent;
use crate::journal::Journal;
use crate::journal::JournalError;
use crate::journal::Opened;
use crate::journal::OpenedAll;
use crate::journal::Span;
use crate::journal::group::Write;
use crate::journal::rules::Opening;
use crate::journal::store::storable;
use crate::model::OpId;
use crate::permissions::Granted;

impl Journal {
    /// Writes an intent within the bounds of `granted`, once for its cause.
    ///
    /// The row says that it was sent now and is to be looked after in `look_after`, so its bearer
    /// may send at once. `day` is the day of the guild's zone that the quota is counted in. A
    /// confirmation is used up in the same transaction; one that is not the giver's is `Changed`.
    pub async fn open(
        &self,
        granted: &Granted,
        day: Span,
        look_after: Duration,
        intent: Intent,
    ) -> Result<Opened, JournalError> {
        let opening = self.opening(granted, day, look_after, intent)?;
        self.write(Box::new(opening), Write::Open).await
    }

    /// Writes several intents of one command in one transaction, all or none, as queued.
    ///
    /// The caps hold for the whole. Before each is sent, `resend` has to note it.
    pub async fn open_all(
        &self,
        granted: &Granted,
        day: Span,
        look_after: Duration,
        intents: Vec<Intent>,
    ) -> Result<OpenedAll, JournalError> {
        let openings = intents
            .into_iter()
            .map(|intent| self.opening(granted, day, look_after, intent))
            .collect::<Result<Vec<_>, _>>()?;
        self.write(openings, Write::OpenAll).await
    }

    fn opening(
        &self,
        granted: &Granted,
        day: Span,
        look_after: Duration,
        intent: Intent,
    ) -> Result<Opening, JournalError> {
        if granted.guild() != intent.guild {
            return Err(JournalError::OtherGuild {
                granted: granted.guild(),
                intended: intent.guild,
            });
        }
        Ok(Opening {
            op: OpId::of(self.shared.bot, &intent.cause),
            giver: granted.by(),
            caps: granted.caps(),
            day,
            look_after_ms: i64::try_from(look_after.as_millis()).unwrap_or(i64::MAX),
            intent: Intent {
                system: storable(intent.system),
                member_name: storable(intent.member_name),
                reason: intent.reason.map(storable),
                remark: storable(intent.remark),
                ..intent
            },
        })
    }
}

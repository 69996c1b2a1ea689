//! Posts that stand in a channel: kept in mind, and written anew when somebody on them leaves the
//! boards.

use crate::fanbook::api::SayError;
use crate::journal::BoardForm;
use crate::journal::JournalError;
use crate::journal::OwedBoard;
use crate::journal::ShownKind;
use crate::journal::Slot;
use crate::journal::SlotBy;
use crate::model::MessageId;
use crate::points::Due;
use crate::points::Stands;
use crate::schedule::Scheduler;
use crate::schedule::claiming::board;
use crate::schedule::form::Standing;

/// So long before it was sent a board may have been read: names are asked for in between.
const READ_BEFORE_MS: i64 = 30_000;

/// What came of writing a post anew.
#[derive(Debug)]
pub enum Rewritten {
    /// It says what it should.
    Written,
    /// It cannot be made to any more, and why.
    Gone(String),
    /// The chat refused it or could not be reached.
    Failed(SayError),
}

impl Scheduler {
    /// Notes that a slot's board stands in the channel.
    pub(super) async fn note_shown(
        &self,
        slot: &Slot,
        message: MessageId,
    ) -> Result<(), JournalError> {
        let (parts, key) = (&self.parts, &slot.key);
        let schedule = parts.journal.schedule(key.guild, &key.name).await?;
        let board = schedule.and_then(|schedule| board(&schedule.fields));
        let (Some(board), Some(policy)) = (board, parts.guilds.policy(key.guild)) else {
            return Ok(());
        };
        let standing = Standing {
            due: Due {
                slot_ms: key.slot_ms,
                late: slot.late,
            },
            stands: Stands {
                guild: key.guild,
                channel: slot.channel,
                message,
                form: BoardForm::Text,
                picture: None,
                kind: ShownKind::Post {
                    schedule: key.name.clone(),
                    rows: board.rows,
                    late: slot.late,
                    compared: key.by == SlotBy::Time,
                },
                made_ms: slot.sent_ms.map(|sent_ms| sent_ms - READ_BEFORE_MS),
            },
        };
        parts.forms.stands(&policy, &board, standing).await
    }

    /// Writes a post anew, in the form it has: the board of its moment, as it is now.
    pub async fn show_anew(&self, owed: &OwedBoard) -> Result<Rewritten, JournalError> {
        let (parts, shown) = (&self.parts, &owed.shown);
        let Some(policy) = parts.guilds.policy(shown.guild) else {
            return Ok(Rewritten::Gone("its guild is not set up any more".to_owned()));
        };
        let anew = parts.forms.anew(&policy, shown).await?;
        let Some((post, page)) = anew else {
            return Ok(Rewritten::Gone("what it counts is not kept any more".to_owned()));
        };
        let edited = parts.chat.edit(shown.channel, shown.message, &post);
        if let Err(error) = edited.await {
            return Ok(Rewritten::Failed(error));
        }
        parts.forms.stands_anew(owed, &page).await?;
        Ok(Rewritten::Written)
    }
}

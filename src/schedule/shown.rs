//! Posts that stand in a channel: kept in mind, and written anew when somebody on them leaves the
//! boards.

use crate::fanbook::api::SayError;
use crate::guilds::BoardSchedule;
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
use crate::schedule::form::Post;

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
    /// Notes that a slot's board stands in the channel. It does, whatever becomes of this note.
    pub(super) async fn note_shown(&self, slot: &Slot, message: MessageId) {
        if let Err(error) = self.try_to_note(slot, message).await {
            tracing::warn!(guild = %slot.key.guild, schedule = slot.key.name, %error, "that a scheduled board is shown could not be noted; who leaves the boards stays on it");
        }
    }

    async fn try_to_note(&self, slot: &Slot, message: MessageId) -> Result<(), JournalError> {
        let (parts, key) = (&self.parts, &slot.key);
        let schedule = parts.journal.schedule(key.guild, &key.name).await?;
        let board = schedule.and_then(|schedule| BoardSchedule::read(&schedule.fields));
        let (Some(board), Some(policy)) = (board, parts.guilds.policy(key.guild)) else {
            return Ok(());
        };
        let due = Due {
            slot_ms: key.slot_ms,
            late: slot.late,
        };
        let sent = slot.sent.as_deref().map(Post::of_kept);
        let stands = Stands {
            guild: key.guild,
            channel: slot.channel,
            message,
            form: sent.as_ref().map_or(BoardForm::Text, Post::board_form),
            picture: sent.as_ref().and_then(Post::picture),
            kind: ShownKind::Post {
                schedule: key.name.clone(),
                rows: board.rows,
                late: slot.late,
                compared: key.by == SlotBy::Time,
            },
            made_ms: slot.sent_ms.map(|sent_ms| sent_ms - READ_BEFORE_MS),
        };
        parts.forms.stands(&policy, &board, due, stands).await
    }

    /// Makes a post anew in the form it has: the board of its moment, as it is now. A photo cannot be
    /// edited: it is deleted and posted once more. Where it may not be deleted, as after three minutes
    /// without the right to, it stays, and its picture cannot be fetched from here any more.
    pub async fn show_anew(&self, owed: &OwedBoard) -> Result<Rewritten, JournalError> {
        let (parts, shown) = (&self.parts, &owed.shown);
        let Some(policy) = parts.guilds.policy(shown.guild) else {
            let why = "its guild is not set up any more".to_owned();
            return Ok(Rewritten::Gone(why));
        };
        let Some(remade) = parts.forms.anew(&policy, shown).await? else {
            let why = "what it counts is not kept any more".to_owned();
            return Ok(Rewritten::Gone(why));
        };
        let (channel, message) = (shown.channel, shown.message);
        let stands = match shown.form {
            BoardForm::Photo => match parts.chat.delete(channel, message).await {
                Ok(()) => parts.chat.post(channel, &remade.post).await,
                // So is one that is not there refused.
                Err(error @ SayError::Forbidden) => match parts.chat.stands(channel, message).await
                {
                    Ok(true) => {
                        tracing::warn!(guild = %shown.guild, %message, "a picture with somebody who left the boards may not be deleted; it stays without its file");
                        parts.chat.post(channel, &remade.post).await
                    }
                    Ok(false) => return Ok(Rewritten::Gone(error.to_string())),
                    Err(_) => Err(error),
                },
                Err(error) => Err(error),
            },
            _ => {
                let edited = parts.chat.edit(channel, message, &remade.post).await;
                edited.map(|()| message)
            }
        };
        match stands {
            Ok(message) => {
                parts.forms.stands_anew(owed, &remade, message).await?;
                Ok(Rewritten::Written)
            }
            // It may stand there, and twice is worse than not noted.
            Err(SayError::Unknown(_)) if shown.form == BoardForm::Photo => {
                let why = "whether it was posted once more is not known".to_owned();
                Ok(Rewritten::Gone(why))
            }
            Err(error) => Ok(Rewritten::Failed(error)),
        }
    }
}

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

/// Why a board cannot be made anew.
pub(super) const NOT_KEPT: &str = "it is no post of a schedule";

/// What came of writing a post anew.
#[derive(Debug)]
pub enum Rewritten {
    /// It says what it should.
    Written,
    /// It cannot be made to any more, and why.
    Gone(String),
    /// It could not be now, and why.
    NotNow(String),
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

    /// Notes the latest posts that were noted as posted and, since a crash came between, not as shown.
    pub(super) async fn note_missing(&self) -> Result<(), JournalError> {
        let journal = &self.parts.journal;
        for schedule in journal.schedules(None).await? {
            let fields = &schedule.fields;
            let last = journal.last_posted(fields.guild, &fields.name).await?;
            let Some((message, slot)) = last.and_then(|slot| Some((slot.message?, slot))) else {
                continue;
            };
            let shown = journal.shown_board(slot.channel, message).await?;
            // One post may have shown the board of an earlier moment.
            if shown.is_none_or(|owed| owed.shown.at_ms != slot.key.slot_ms) {
                self.note_shown(&slot, message).await;
            }
        }
        Ok(())
    }

    /// Makes a post anew in the form it has: the board of its moment, as it is now. A photo cannot be
    /// edited, so it is posted once more (`moving`).
    pub async fn show_anew(&self, owed: &OwedBoard) -> Result<Rewritten, JournalError> {
        let (parts, shown) = (&self.parts, &owed.shown);
        let Some(policy) = parts.guilds.policy(shown.guild) else {
            let why = "its guild is not set up any more".to_owned();
            return Ok(Rewritten::Gone(why));
        };
        if shown.form == BoardForm::Photo {
            return self.post_anew(owed, &policy).await;
        }
        let Some(remade) = parts.forms.anew(&policy, shown).await? else {
            return Ok(Rewritten::Gone(NOT_KEPT.to_owned()));
        };
        let (channel, message) = (shown.channel, shown.message);
        match parts.chat.edit(channel, message, &remade.post).await {
            Ok(()) => {
                parts.forms.stands_anew(owed, &remade, message).await?;
                Ok(Rewritten::Written)
            }
            Err(error) => {
                // What it may show by now is left until the next try.
                if !matches!(error, SayError::Unknown(_)) {
                    self.drop_picture(remade.post.picture().as_deref()).await?;
                }
                Ok(Rewritten::Failed(error))
            }
        }
    }
}

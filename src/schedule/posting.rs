//! From a claimed slot to a post.
//!
//! Invariant: what is not certainly unsent stays `posting`, and only a search of the channel leads out
//! of that (`looking`).

use std::time::Duration;

use crate::fanbook::api::Pace;
use crate::fanbook::api::SayError;
use crate::guilds::BoardSchedule;
use crate::guilds::PostMode;
use crate::journal::JournalError;
use crate::journal::ScheduleTrouble;
use crate::journal::Sending;
use crate::journal::Slot;
use crate::journal::SlotBy;
use crate::journal::SlotState;
use crate::journal::Unsent;
use crate::model::MessageId;
use crate::points::Due;
use crate::schedule::Scheduler;
use crate::schedule::claiming::ended;
use crate::schedule::form::Post;
use crate::schedule::millis;

/// How long deleting an older post is tried.
const CLEARED_WITHIN: Duration = Duration::from_secs(3_600);
/// The pause between two tries of it.
const CLEAR_AGAIN: Duration = Duration::from_secs(60);

/// What sending came to.
enum Heard {
    /// It stands there.
    Stands(MessageId),
    /// Nobody knows.
    Unknown,
    /// It is another's business now.
    Lost,
    /// The post cannot be edited.
    NotEdited(String),
    /// The platform does not take it for what it is.
    Refused(String),
    /// Nothing was sent, and why, where that is not for the time alone to mend.
    Unsent(Option<ScheduleTrouble>, String),
}

/// Whether there are forms of the board that were not tried.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Others {
    Left,
    None,
}

/// What is to be done after a sending.
enum Next {
    /// Nothing now.
    Done,
    /// It is sent in its next form.
    OtherForm(Slot),
    /// It is posted anew instead of being edited.
    Anew(Slot),
}

impl Scheduler {
    /// Does what is to be done about a slot now.
    pub(super) async fn carry_on(&self, slot: Slot) -> Result<(), JournalError> {
        match slot.state {
            SlotState::Claimed => self.post(slot).await,
            SlotState::Posting => match (slot.edits, &slot.sent) {
                (Some(_), Some(sent)) => {
                    let post = Post::of_kept(sent);
                    self.edit_again(slot, &post).await
                }
                _ => self.look(slot).await,
            },
            _ => self.clear(slot).await,
        }
    }

    /// Posts a slot of which nothing has arrived.
    pub(super) async fn post(&self, slot: Slot) -> Result<(), JournalError> {
        let parts = &self.parts;
        // An earlier try has not arrived, so nobody sees its picture.
        self.drop_picture_of(slot.sent.as_deref()).await?;
        let (guild, name) = (slot.key.guild, slot.key.name.clone());
        let schedule = parts.journal.schedule(guild, &name).await?;
        let schedule = schedule.filter(|schedule| !schedule.removed);
        let by_time = slot.key.by == SlotBy::Time;
        let policy = parts.guilds.policy(guild);
        let (Some(schedule), Some(policy)) = (schedule, policy) else {
            return self.skip(&slot, "its schedule is gone").await;
        };
        if by_time && schedule.paused {
            return self.skip(&slot, "its schedule is paused").await;
        }
        if by_time && self.is_overtaken(&slot).await? {
            return self.skip(&slot, "the next one is due").await;
        }
        let now_ms = parts.clock.now_ms();
        let Some(board) = BoardSchedule::read(&schedule.fields) else {
            return self
                .give_up(&slot, ScheduleTrouble::Unreadable, String::new())
                .await;
        };
        let last_ms = slot.until_ms.max(slot.made_ms + millis(parts.times.grace));
        if now_ms > last_ms {
            let why = slot.why.clone().unwrap_or_default();
            return self.give_up(&slot, ScheduleTrouble::Unreachable, why).await;
        }
        let due = Due {
            slot_ms: slot.key.slot_ms,
            late: by_time && now_ms - slot.key.slot_ms > millis(parts.times.grace),
        };
        let posts = parts.forms.of(&policy, &board, due).await?;
        let before = self.before(&slot, &board).await?;
        let edits = before.filter(|_| board.mode == PostMode::Edit);
        let after = match edits {
            Some(_) => None,
            None => match parts.chat.newest(board.channel).await {
                Ok(newest) => Some(newest.unwrap_or(MessageId::new(0))),
                // Sending tells what is wrong with the channel.
                Err(error) => {
                    tracing::debug!(%guild, schedule = name, %error, "the history before a scheduled board cannot be read");
                    None
                }
            },
        };
        let clears = before.filter(|_| board.mode == PostMode::Replace);
        let mut slot = slot;
        for (at, post) in posts.iter().enumerate() {
            let sending = Sending {
                sent: post.kept(),
                late: due.late,
                channel: board.channel,
                after,
                edits,
                clears,
                next_ms: parts.clock.now_ms() + millis(parts.times.look_after),
            };
            let drawn = posts.first().and_then(Post::picture);
            let Some(begun) = parts.journal.begin_posting(&slot, sending).await? else {
                // Somebody else has begun, or this process is not the one to begin.
                return self.drop_picture(drawn.as_deref()).await;
            };
            if post.picture() != drawn {
                // The form that shows it is refused.
                self.drop_picture(drawn.as_deref()).await?;
            }
            let others = match at + 1 < posts.len() {
                true => Others::Left,
                false => Others::None,
            };
            slot = match self.send(begun, post, others).await? {
                Next::Done => return Ok(()),
                Next::OtherForm(slot) => slot,
                Next::Anew(slot) => return Box::pin(self.post(slot)).await,
            };
        }
        Ok(())
    }

    /// Takes away the picture of what was not sent.
    pub(super) async fn drop_picture_of(&self, sent: Option<&str>) -> Result<(), JournalError> {
        let picture = sent.and_then(|sent| Post::of_kept(sent).picture());
        self.drop_picture(picture.as_deref()).await
    }

    /// Goes on with an edit of which nobody heard. Editing twice is harmless, unless by then another
    /// board stands there.
    async fn edit_again(&self, slot: Slot, post: &Post) -> Result<(), JournalError> {
        if self.is_overtaken(&slot).await? {
            return self.skip(&slot, "the next one is due").await;
        }
        if self.parts.clock.now_ms() > slot.until_ms {
            let why = "nobody answers".to_owned();
            return self.give_up(&slot, ScheduleTrouble::Unreachable, why).await;
        }
        match self.send(slot, post, Others::None).await? {
            Next::Done | Next::OtherForm(_) => Ok(()),
            Next::Anew(slot) => self.post(slot).await,
        }
    }

    /// The post of the schedule that stands there now, if it can be edited or replaced.
    async fn before(
        &self,
        slot: &Slot,
        board: &BoardSchedule,
    ) -> Result<Option<MessageId>, JournalError> {
        if board.mode == PostMode::Post {
            return Ok(None);
        }
        let last = self
            .parts
            .journal
            .last_posted(slot.key.guild, &slot.key.name);
        let last = last.await?.filter(|last| last.channel == board.channel);
        let message = last.and_then(|last| last.message);
        // One that could not be edited a moment ago cannot be now.
        Ok(message.filter(|message| slot.edits != Some(*message)))
    }

    /// Whether a later moment of the same schedule was claimed.
    async fn is_overtaken(&self, slot: &Slot) -> Result<bool, JournalError> {
        let newer = self
            .parts
            .journal
            .slots(slot.key.guild, &slot.key.name, 5)
            .await?;
        let mut newer = newer.iter().filter(|newer| newer.key.by == SlotBy::Time);
        Ok(newer.any(|newer| newer.key.slot_ms > slot.key.slot_ms))
    }

    /// Sends what was noted as about to be sent, and notes what came of it.
    async fn send(&self, slot: Slot, post: &Post, others: Others) -> Result<Next, JournalError> {
        let (parts, key) = (&self.parts, &slot.key);
        let heard = match slot.edits {
            None => heard(parts.chat.post(slot.channel, post).await),
            Some(message) => {
                let edited = parts.chat.edit(slot.channel, message, post).await;
                match heard(edited.map(|()| message)) {
                    // It may be the message alone that is gone.
                    Heard::Unsent(Some(_), why) => Heard::NotEdited(why),
                    Heard::Refused(why) if others == Others::None => Heard::NotEdited(why),
                    heard => heard,
                }
            }
        };
        let now_ms = parts.clock.now_ms();
        let (trouble, why) = match heard {
            Heard::Stands(message) => {
                self.stands(&slot, message).await?;
                return Ok(Next::Done);
            }
            Heard::Lost => return Ok(Next::Done),
            Heard::Unknown => {
                tracing::warn!(guild = %key.guild, schedule = key.name, slot_ms = key.slot_ms, "whether a scheduled board arrived is not known; it is looked for in the channel");
                let next_ms = now_ms + millis(parts.times.look_after);
                parts.journal.slot_later(&slot, 0, next_ms).await?;
                return Ok(Next::Done);
            }
            Heard::NotEdited(why) => {
                tracing::info!(guild = %key.guild, schedule = key.name, why, "the board cannot be edited; it is posted anew");
                let unsent = parts
                    .journal
                    .slot_not_sent(&slot, Unsent::NotEdited, now_ms, why);
                return Ok(unsent.await?.map_or(Next::Done, Next::Anew));
            }
            Heard::Refused(why) if others == Others::Left => {
                tracing::info!(guild = %key.guild, schedule = key.name, why, "a form of a scheduled board is refused; it is sent in another");
                let unsent = parts
                    .journal
                    .slot_not_sent(&slot, Unsent::NotTaken, now_ms, why);
                return Ok(unsent.await?.map_or(Next::Done, Next::OtherForm));
            }
            Heard::Refused(why) => (Some(ScheduleTrouble::Refused), why),
            Heard::Unsent(trouble, why) => (trouble, why),
        };
        if let Some(trouble) = trouble {
            self.note_failing(key.guild, &key.name, trouble, &why)
                .await?;
        }
        let next_ms = now_ms + self.pause(slot.tries);
        let unsent = parts
            .journal
            .slot_not_sent(&slot, Unsent::NotTaken, next_ms, why);
        unsent.await?;
        Ok(Next::Done)
    }

    /// Notes that a slot stands in the channel.
    pub(super) async fn stands(&self, slot: &Slot, message: MessageId) -> Result<(), JournalError> {
        let posted = self.parts.journal.slot_posted(&slot.key, message).await?;
        let Some(posted) = posted else {
            return Ok(());
        };
        let key = &posted.key;
        ended(match posted.late {
            true => "late",
            false => "posted",
        });
        tracing::info!(guild = %key.guild, schedule = key.name, slot_ms = key.slot_ms, %message, late = posted.late, "a scheduled board is posted");
        self.note_shown(&posted, message).await;
        self.note_well(key.guild, &key.name).await?;
        match posted.clears {
            Some(_) => self.clear(posted).await,
            None => Ok(()),
        }
    }

    /// Deletes the post that was replaced. Where that is refused it stays: the new one stands.
    async fn clear(&self, slot: Slot) -> Result<(), JournalError> {
        let (parts, key) = (&self.parts, &slot.key);
        let Some(old) = slot.clears else {
            return Ok(());
        };
        let now_ms = parts.clock.now_ms();
        let again_ms = match parts.chat.delete(slot.channel, old).await {
            Ok(()) => None,
            Err(error) => {
                let is_passing = matches!(
                    error,
                    SayError::NotSent(_) | SayError::Unknown(_) | SayError::TooFast(_)
                );
                let settled_ms = slot.settled_ms.unwrap_or(now_ms);
                let in_time = now_ms - settled_ms < millis(CLEARED_WITHIN);
                let again = is_passing && in_time;
                if !again {
                    tracing::warn!(guild = %key.guild, schedule = key.name, message = %old, %error, "the board that was replaced cannot be deleted and stays");
                }
                again.then(|| now_ms + millis(CLEAR_AGAIN))
            }
        };
        parts.journal.slot_cleared(key, again_ms).await.map(drop)
    }
}

fn heard(outcome: Result<MessageId, SayError>) -> Heard {
    let error = match outcome {
        Ok(message) => return Heard::Stands(message),
        Err(error) => error,
    };
    let trouble = match &error {
        SayError::Unknown(_) => return Heard::Unknown,
        SayError::NotOwner => return Heard::Lost,
        SayError::NotSent(_) | SayError::TooFast(Pace::Ours | Pace::Platform) => None,
        SayError::NotWhitelisted => Some(ScheduleTrouble::NotListed),
        SayError::Gone => Some(ScheduleTrouble::NoChannel),
        SayError::Forbidden => Some(ScheduleTrouble::NoRight),
        SayError::Closed | SayError::TooLong | SayError::Rejected(_) => {
            return Heard::Refused(error.to_string());
        }
    };
    Heard::Unsent(trouble, error.to_string())
}

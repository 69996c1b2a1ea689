//! Finding out whether a post arrived of which nobody heard.
//!
//! Invariants: it is sent again only after two complete readings of the channel, a pause apart, back to
//! what stood there before it was sent, none of which shows it. Where the channel cannot be read so, it
//! is not sent again and somebody is told.

use crate::fanbook::api::ApiError;
use crate::fanbook::api::NoAnswer;
use crate::journal::JournalError;
use crate::journal::ScheduleTrouble;
use crate::journal::Slot;
use crate::model::MessageId;
use crate::model::ids::SNOWFLAKE_EPOCH_MS;
use crate::schedule::Scheduler;
use crate::schedule::form::Post;
use crate::schedule::millis;

/// Complete readings that have to agree that it is not there.
const READINGS: u32 = 2;
/// How far back is read where nobody knows what stood in the channel before: clocks differ. That finds a
/// post and proves no absence.
pub(super) const BACK_MS: i64 = 3_600_000;

impl Scheduler {
    /// Looks for a slot that may stand in the channel.
    pub(super) async fn look(&self, slot: Slot) -> Result<(), JournalError> {
        let (parts, key) = (&self.parts, &slot.key);
        let post = Post::of_kept(slot.sent.as_deref().unwrap_or_default());
        let after = slot.after.unwrap_or_else(|| {
            let sent_ms = slot.sent_ms.unwrap_or(slot.made_ms);
            first_at(sent_ms - BACK_MS)
        });
        let now_ms = parts.clock.now_ms();
        let own = match parts.chat.own_since(slot.channel, after).await {
            Ok(Some(own)) => own,
            Err(ApiError::NotOwner | ApiError::Unknown(NoAnswer::Abandoned)) => return Ok(()),
            Err(error) if error.is_passing() && now_ms <= slot.until_ms => {
                tracing::info!(guild = %key.guild, schedule = key.name, %error, "whether a scheduled board arrived cannot be seen yet");
                let next_ms = now_ms + self.pause(slot.tries + slot.absent);
                let later = parts.journal.slot_later(&slot, slot.absent, next_ms);
                return later.await.map(drop);
            }
            Ok(None) => {
                let why = "the channel's history cannot be read back to before it was sent";
                let trouble = ScheduleTrouble::InDoubt;
                return self.give_up(&slot, trouble, why.to_owned()).await;
            }
            Err(error) => {
                let trouble = ScheduleTrouble::InDoubt;
                return self.give_up(&slot, trouble, error.to_string()).await;
            }
        };
        for seen in own.iter().filter(|seen| post.is(seen)) {
            // Another slot of the same text has its own post.
            if !parts.journal.is_post(slot.channel, seen.message).await? {
                tracing::info!(guild = %key.guild, schedule = key.name, message = %seen.message, "a scheduled board of which nobody heard stands in its channel");
                return self.stands(&slot, seen.message).await;
            }
        }
        if slot.after.is_none() {
            // How far back to read was a guess of clocks: it may stand before that.
            let why = "what stood in the channel before it was sent is not known";
            let trouble = ScheduleTrouble::InDoubt;
            return self.give_up(&slot, trouble, why.to_owned()).await;
        }
        let absent = slot.absent + 1;
        if absent < READINGS {
            let next_ms = now_ms + millis(parts.times.look_again);
            return parts
                .journal
                .slot_later(&slot, absent, next_ms)
                .await
                .map(drop);
        }
        tracing::info!(guild = %key.guild, schedule = key.name, "a scheduled board of which nobody heard has not arrived");
        self.post(slot).await
    }
}

/// An id below those of all messages from that moment on, in milliseconds since 1970.
pub(super) fn first_at(ms: i64) -> MessageId {
    let since = ms.saturating_sub(SNOWFLAKE_EPOCH_MS).max(0);
    MessageId::new(since.cast_unsigned() << 22)
}

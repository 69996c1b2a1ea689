//! How slots end without a post, and how schedules fail and recover.

use crate::journal::JournalError;
use crate::journal::KeptSchedule;
use crate::journal::ScheduleTrouble;
use crate::journal::Slot;
use crate::journal::SlotState;
use crate::model::GuildId;
use crate::schedule::Scheduler;
use crate::schedule::claiming::ended;
use crate::schedule::millis;

impl Scheduler {
    /// Ends a slot that is not worth posting any more, though nothing went wrong.
    pub(super) async fn skip(&self, slot: &Slot, why: &str) -> Result<(), JournalError> {
        let key = &slot.key;
        tracing::info!(guild = %key.guild, schedule = key.name, slot_ms = key.slot_ms, why, "a scheduled board is skipped");
        ended("skipped");
        let ended = self
            .parts
            .journal
            .end_slot(slot, SlotState::Skipped, why.to_owned());
        ended.await.map(drop)
    }

    /// Ends a slot that could not be posted in its time.
    pub(super) async fn give_up(
        &self,
        slot: &Slot,
        trouble: ScheduleTrouble,
        why: String,
    ) -> Result<(), JournalError> {
        let key = &slot.key;
        tracing::warn!(guild = %key.guild, schedule = key.name, slot_ms = key.slot_ms, why, "a scheduled board could not be posted");
        let schedule = self.parts.journal.schedule(key.guild, &key.name).await?;
        // What the platform said is a better reason than that time ran out.
        let known = schedule.and_then(|schedule: KeptSchedule| schedule.failing);
        if known.is_none() || trouble != ScheduleTrouble::Unreachable {
            self.note_failing(key.guild, &key.name, trouble, &why)
                .await?;
        }
        let (state, outcome) = match trouble {
            ScheduleTrouble::InDoubt => (SlotState::Doubtful, "doubtful"),
            _ => (SlotState::Failed, "failed"),
        };
        ended(outcome);
        self.parts
            .journal
            .end_slot(slot, state, why)
            .await
            .map(drop)
    }

    /// Notes that a schedule does not come through.
    pub(super) async fn note_failing(
        &self,
        guild: GuildId,
        name: &str,
        trouble: ScheduleTrouble,
        why: &str,
    ) -> Result<(), JournalError> {
        let failing = Some((trouble, why.to_owned()));
        let news = self
            .parts
            .journal
            .note_failing(guild, name, failing)
            .await?;
        if news.is_some() {
            tracing::warn!(%guild, schedule = name, ?trouble, why, "a scheduled board does not come through");
        }
        Ok(())
    }

    /// Notes that a schedule comes through.
    pub(super) async fn note_well(&self, guild: GuildId, name: &str) -> Result<(), JournalError> {
        if self
            .parts
            .journal
            .note_failing(guild, name, None)
            .await?
            .is_some()
        {
            tracing::info!(%guild, schedule = name, "a scheduled board comes through again");
        }
        Ok(())
    }

    /// The pause before the next try, in milliseconds.
    pub(super) fn pause(&self, tries: u32) -> i64 {
        let times = &self.parts.times;
        let doublings = tries.saturating_sub(1).min(16);
        let pause = times.retry_first.saturating_mul(1 << doublings);
        millis(pause.min(times.retry_most))
    }
}

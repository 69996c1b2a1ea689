//! Claiming what is due.

use crate::guilds::BoardSchedule;
use crate::journal::JournalError;
use crate::journal::KeptSchedule;
use crate::journal::ScheduleTrouble;
use crate::journal::SlotState;
use crate::schedule::Scheduler;
use crate::schedule::due::outlook;
use crate::schedule::millis;

/// A clock that was set back by more than this makes what was passed due again, in its time.
const LEAP_MS: i64 = 60_000;

impl Scheduler {
    /// Claims what is due of a schedule.
    pub(super) async fn claim(&self, schedule: &KeptSchedule) -> Result<(), JournalError> {
        let (parts, fields) = (&self.parts, &schedule.fields);
        if schedule.paused {
            return Ok(());
        }
        let Some(policy) = parts.guilds.policy(fields.guild) else {
            return Ok(());
        };
        let Some(board) = BoardSchedule::read(fields) else {
            let why = schedule.failing.as_ref().map(|failing| failing.why);
            if why != Some(ScheduleTrouble::Unreadable) {
                self.note_failing(fields.guild, &fields.name, ScheduleTrouble::Unreadable, "")
                    .await?;
            }
            return Ok(());
        };
        let now_ms = parts.clock.now_ms();
        if schedule.since_ms > now_ms.saturating_add(LEAP_MS) {
            // The clock had been ahead. What has a post keeps its row, so nothing comes twice.
            parts
                .journal
                .claim_slots(schedule, now_ms, Vec::new())
                .await?;
            return Ok(());
        }
        let catch_up = board.catch_up.max(parts.times.grace);
        let (zone, since_ms) = (&policy.zone, schedule.since_ms);
        let Some(due) = outlook(&board.at, zone, catch_up, since_ms, now_ms) else {
            return Ok(());
        };
        let claimed = parts
            .journal
            .claim_slots(schedule, due.since_ms, due.slots)
            .await?;
        for slot in claimed {
            let late_ms = now_ms - slot.key.slot_ms;
            let (guild, name) = (fields.guild, &fields.name);
            match slot.state {
                SlotState::Skipped => {
                    ended("skipped");
                    tracing::warn!(%guild, schedule = name, slot_ms = slot.key.slot_ms, late_ms, "a scheduled board was missed and is skipped");
                }
                _ if late_ms > millis(parts.times.grace) => {
                    tracing::info!(%guild, schedule = name, slot_ms = slot.key.slot_ms, late_ms, "a scheduled board was missed and is posted late");
                }
                _ => {}
            }
        }
        if due.more {
            tracing::warn!(guild = %fields.guild, schedule = %fields.name, "more scheduled boards were missed than are listed");
        }
        Ok(())
    }
}

/// Counts a slot that has ended.
pub(super) fn ended(outcome: &'static str) {
    metrics::counter!("guildpoints_scheduled_posts_total", "outcome" => outcome).increment(1);
}

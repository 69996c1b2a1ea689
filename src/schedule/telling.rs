//! Telling a guild's administrator, once, that a board does not come through.

use std::sync::PoisonError;
use std::time::Duration;

use tokio::time::Instant;

use crate::boards::FailingBoard;
use crate::boards::failing_notice;
use crate::fanbook::api::SayError;
use crate::journal::Failing;
use crate::journal::JournalError;
use crate::journal::KeptSchedule;
use crate::journal::ScheduleTrouble;
use crate::model::GuildId;
use crate::model::Policy;
use crate::schedule::Again;
use crate::schedule::Scheduler;
use crate::schedule::form::Post;
use crate::support::pulse::edge;

/// The first pause after nobody could be told; doubles.
const TELL_AGAIN: Duration = Duration::from_secs(30);
/// The longest.
const TELL_AGAIN_MOST: Duration = Duration::from_secs(3_600);

impl Scheduler {
    /// Whether it is time to try to tell somebody of a schedule.
    pub(super) fn may_tell(&self, schedule: &KeptSchedule) -> bool {
        let again = self.tell_again.lock();
        let again = again.unwrap_or_else(PoisonError::into_inner);
        let fields = &schedule.fields;
        let again = again.get(&(fields.guild, fields.name.clone()));
        again.is_none_or(|again| again.at <= Instant::now())
    }

    /// Tells the guild's administrator why a schedule does not come through.
    pub(super) async fn tell(&self, schedule: KeptSchedule) -> Result<(), JournalError> {
        let (parts, fields) = (&self.parts, &schedule.fields);
        let Some(failing) = &schedule.failing else {
            return Ok(());
        };
        let key = (fields.guild, fields.name.clone());
        let Some(policy) = parts.guilds.policy(fields.guild) else {
            return Ok(());
        };
        let is_told = self.tell_somebody(&policy, &schedule, failing).await;
        if is_told {
            self.lock().remove(&key);
            let told = parts
                .journal
                .note_failing_told(fields.guild, &fields.name, failing.why);
            return told.await;
        }
        let mut all = self.lock();
        let after = all.get(&key).map_or(TELL_AGAIN, |again| again.after * 2);
        let after = after.min(TELL_AGAIN_MOST);
        let at = Instant::now() + after;
        all.insert(key, Again { at, after });
        Ok(())
    }

    /// Tells the first who can be told: an administrator, the owner, or the channel itself.
    async fn tell_somebody(
        &self,
        policy: &Policy,
        schedule: &KeptSchedule,
        failing: &Failing,
    ) -> bool {
        let (parts, fields) = (&self.parts, &schedule.fields);
        let notice = failing_notice(FailingBoard {
            name: &fields.name,
            channel: fields.channel,
            since_ms: failing.since_ms,
            why: failing.why,
            detail: &failing.detail,
        });
        let text = parts.words.render(&notice, policy.language, &policy.zone);
        let text = text.text;
        let mut people = policy.admins.clone();
        match parts.chat.owner(policy.guild).await {
            Ok(owner) if !people.contains(&owner) => people.push(owner),
            Ok(_) => {}
            Err(error) => {
                tracing::info!(guild = %policy.guild, %error, "who owns a guild could not be read");
            }
        }
        for member in people {
            match parts.chat.whisper(member, &text).await {
                Ok(_) => return true,
                // It may stand there, and once is what was promised.
                Err(SayError::Unknown(_)) => return true,
                Err(error) => {
                    tracing::info!(guild = %policy.guild, %member, %error, "an administrator cannot be told in private");
                }
            }
        }
        let speaks_there = matches!(
            failing.why,
            ScheduleTrouble::InDoubt | ScheduleTrouble::Unreadable | ScheduleTrouble::Unreachable
        );
        speaks_there
            && matches!(
                parts.chat.post(fields.channel, &Post::text(text)).await,
                Ok(_) | Err(SayError::Unknown(_))
            )
    }

    /// Shows which schedules do not come through, where `/ready`, `/health` and metrics look.
    pub(super) fn show_failing(&self, schedules: &[KeptSchedule]) {
        let failing = schedules.iter().filter(|it| it.failing.is_some());
        let failing: Vec<&KeptSchedule> = failing.collect();
        metrics::gauge!("guildpoints_schedules_failing").set(failing.len() as f64);
        let pulses = &self.parts.pulses;
        match failing.len() {
            0 => pulses.well(edge::SCHEDULES),
            count => pulses.trouble(
                edge::SCHEDULES,
                format!(
                    "{count} scheduled boards do not come through; the log and `/check` name them"
                ),
            ),
        }
        let mut guilds: Vec<GuildId> = schedules.iter().map(|it| it.fields.guild).collect();
        guilds.dedup();
        for guild in guilds {
            let names = failing.iter().filter(|it| it.fields.guild == guild);
            let names: Vec<&str> = names.map(|it| it.fields.name.as_str()).collect();
            let edge = edge::schedules_of(guild.number());
            match names.as_slice() {
                [] => pulses.well(&edge),
                names => pulses.trouble(&edge, format!("not posted: {}", names.join(", "))),
            }
        }
    }

    fn lock(
        &self,
    ) -> std::sync::MutexGuard<'_, std::collections::HashMap<(GuildId, String), Again>> {
        self.tell_again
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

//! What the journal does for boards that post themselves.

use crate::journal::Journal;
use crate::journal::entry::Durability;
use crate::journal::error::JournalError;
use crate::journal::schedule_rules::ScheduleChange;
use crate::journal::schedule_rules::ScheduleWrite;
use crate::journal::schedules::DueSlot;
use crate::journal::schedules::KeptSchedule;
use crate::journal::schedules::ScheduleChanged;
use crate::journal::schedules::ScheduleDeed;
use crate::journal::schedules::ScheduleDone;
use crate::journal::schedules::ScheduleFields;
use crate::journal::schedules::ScheduleSource;
use crate::journal::schedules::ScheduleTrouble;
use crate::journal::schedules::Sending;
use crate::journal::schedules::Slot;
use crate::journal::schedules::SlotKey;
use crate::journal::schedules::SlotState;
use crate::journal::schedules::Unsent;
use crate::journal::sides::Side;
use crate::journal::sides::SideDone;
use crate::journal::slot_rules::SlotChange;
use crate::journal::store::storable;
use crate::model::ChannelId;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::UserId;

impl Journal {
    /// The schedules that are not removed, of one guild or of all, by guild and name.
    pub async fn schedules(
        &self,
        guild: Option<GuildId>,
    ) -> Result<Vec<KeptSchedule>, JournalError> {
        self.read(self.shared.store.schedules(guild)).await
    }

    /// The schedule of that name, also one that was removed.
    pub async fn schedule(
        &self,
        guild: GuildId,
        name: &str,
    ) -> Result<Option<KeptSchedule>, JournalError> {
        self.read(self.shared.store.schedule(guild, name)).await
    }

    /// Keeps a schedule; its slots begin now.
    ///
    /// One of the file takes the place of any other, and where only that it is there was said anew it
    /// stays as it was (paused, handled up to a moment); one of the chat stands back behind any.
    pub async fn save_schedule(
        &self,
        fields: ScheduleFields,
        source: ScheduleSource,
        by: Option<UserId>,
    ) -> Result<ScheduleChanged, JournalError> {
        let fields = ScheduleFields {
            name: storable(fields.name),
            at: storable(fields.at),
            counted: storable(fields.counted),
            mode: storable(fields.mode),
            ..fields
        };
        let now_ms = self.shared.clock.now_ms();
        let change = ScheduleChange::Save {
            fields,
            source,
            by,
            now_ms,
        };
        self.change_schedule(change).await
    }

    /// Pauses, resumes or removes a schedule. What is the file's goes only with `by` `None`.
    pub async fn do_with_schedule(
        &self,
        guild: GuildId,
        name: &str,
        deed: ScheduleDeed,
        by: Option<UserId>,
    ) -> Result<ScheduleChanged, JournalError> {
        let change = ScheduleChange::Do {
            guild,
            name: name.to_owned(),
            deed,
            by,
            now_ms: self.shared.clock.now_ms(),
        };
        self.change_schedule(change).await
    }

    /// Makes the schedules of the file in a guild be these.
    pub async fn keep_file_schedules(
        &self,
        guild: GuildId,
        all: Vec<ScheduleFields>,
    ) -> Result<(), JournalError> {
        for kept in self.schedules(Some(guild)).await? {
            let stays = all.iter().any(|fields| fields.name == kept.fields.name);
            if kept.source == ScheduleSource::File && !stays {
                let remove = ScheduleDeed::Remove;
                self.do_with_schedule(guild, &kept.fields.name, remove, None)
                    .await?;
            }
        }
        for fields in all {
            self.save_schedule(fields, ScheduleSource::File, None)
                .await?;
        }
        Ok(())
    }

    /// Makes a schedule due that was asked for at `slot_ms` (milliseconds since 1970), also while it is
    /// paused; `None` where there is none of that name, or that was done before: asking again for the
    /// same moment changes nothing.
    pub async fn run_schedule(
        &self,
        guild: GuildId,
        name: &str,
        slot_ms: i64,
        by: Option<UserId>,
    ) -> Result<Option<Slot>, JournalError> {
        let now_ms = self.shared.clock.now_ms();
        let change = ScheduleChange::Run {
            guild,
            name: name.to_owned(),
            slot_ms,
            by,
            now_ms,
        };
        let (_, _, mut claimed) = self.schedule_written(change).await?;
        Ok(claimed.pop())
    }

    /// Claims slots of a schedule as it was read, and moves on to `since_ms`: those that were claimed.
    /// None of them where it was changed meanwhile, or each was claimed before.
    pub async fn claim_slots(
        &self,
        read: &KeptSchedule,
        since_ms: i64,
        slots: Vec<DueSlot>,
    ) -> Result<Vec<Slot>, JournalError> {
        let change = ScheduleChange::Claim {
            guild: read.fields.guild,
            name: read.fields.name.clone(),
            revision: read.revision,
            from_ms: read.since_ms,
            since_ms,
            slots,
            now_ms: self.shared.clock.now_ms(),
        };
        let (_, _, claimed) = self.schedule_written(change).await?;
        Ok(claimed)
    }

    /// Notes that posts of a schedule do not come through, or that they do again (`None`). Why it does
    /// not is news only where it is another reason; the schedule, if this was news.
    pub async fn note_failing(
        &self,
        guild: GuildId,
        name: &str,
        failing: Option<(ScheduleTrouble, String)>,
    ) -> Result<Option<KeptSchedule>, JournalError> {
        let change = ScheduleChange::Failing {
            guild,
            name: name.to_owned(),
            failing: failing.map(|(why, detail)| (why, storable(detail))),
            now_ms: self.shared.clock.now_ms(),
        };
        let (schedule, changed, _) = self.schedule_written(change).await?;
        Ok(schedule.filter(|_| changed))
    }

    /// Notes that the guild's administrator was told why it does not work.
    pub async fn note_failing_told(
        &self,
        guild: GuildId,
        name: &str,
        why: ScheduleTrouble,
    ) -> Result<(), JournalError> {
        let name = name.to_owned();
        let change = ScheduleChange::Told { guild, name, why };
        self.schedule_written(change).await.map(drop)
    }

    /// Slots something is to be done about by then, oldest first.
    pub async fn open_slots(&self, due_ms: i64, limit: usize) -> Result<Vec<Slot>, JournalError> {
        self.read(self.shared.store.open_slots(due_ms, limit)).await
    }

    /// The newest slots of a schedule, newest first.
    pub async fn slots(
        &self,
        guild: GuildId,
        name: &str,
        limit: usize,
    ) -> Result<Vec<Slot>, JournalError> {
        self.read(self.shared.store.slots(guild, name, limit)).await
    }

    /// The slot of a schedule that was posted last.
    pub async fn last_posted(
        &self,
        guild: GuildId,
        name: &str,
    ) -> Result<Option<Slot>, JournalError> {
        self.read(self.shared.store.last_posted(guild, name)).await
    }

    /// Whether that message is known to be the post of a slot.
    pub async fn is_post(
        &self,
        channel: ChannelId,
        message: MessageId,
    ) -> Result<bool, JournalError> {
        self.read(self.shared.store.is_post(channel, message)).await
    }

    /// Notes that a sending is about to begin; only if nobody else has noted one since it was read so.
    pub async fn begin_posting(
        &self,
        slot: &Slot,
        sending: Sending,
    ) -> Result<Option<Slot>, JournalError> {
        let change = SlotChange::Begin {
            tries: slot.tries,
            sending: Sending {
                sent: storable(sending.sent),
                ..sending
            },
            now_ms: self.shared.clock.now_ms(),
        };
        self.change_slot(&slot.key, change).await
    }

    /// Notes that it stands in the channel.
    pub async fn slot_posted(
        &self,
        key: &SlotKey,
        message: MessageId,
    ) -> Result<Option<Slot>, JournalError> {
        let now_ms = self.shared.clock.now_ms();
        self.change_slot(key, SlotChange::Posted { message, now_ms })
            .await
    }

    /// Notes that nothing of it has arrived, so that it may be sent anew from `next_ms` on.
    pub async fn slot_not_sent(
        &self,
        slot: &Slot,
        unsent: Unsent,
        next_ms: i64,
        why: String,
    ) -> Result<Option<Slot>, JournalError> {
        let change = SlotChange::NotSent {
            tries: slot.tries,
            unsent,
            next_ms,
            why: storable(why),
        };
        self.change_slot(&slot.key, change).await
    }

    /// Notes when to go on with it, and how many complete readings of the history did not show it.
    pub async fn slot_later(
        &self,
        slot: &Slot,
        absent: u32,
        next_ms: i64,
    ) -> Result<Option<Slot>, JournalError> {
        let change = SlotChange::Later {
            tries: slot.tries,
            absent,
            next_ms,
        };
        self.change_slot(&slot.key, change).await
    }

    /// Ends a slot that was not posted, or of which nobody can tell.
    pub async fn end_slot(
        &self,
        slot: &Slot,
        state: SlotState,
        why: String,
    ) -> Result<Option<Slot>, JournalError> {
        let change = SlotChange::End {
            tries: slot.tries,
            state,
            why: storable(why),
            now_ms: self.shared.clock.now_ms(),
        };
        self.change_slot(&slot.key, change).await
    }

    /// Notes that the older post is deleted or forgotten (`None`), or when to try again.
    pub async fn slot_cleared(
        &self,
        key: &SlotKey,
        again_ms: Option<i64>,
    ) -> Result<Option<Slot>, JournalError> {
        self.change_slot(key, SlotChange::Cleared { again_ms })
            .await
    }

    async fn change_schedule(
        &self,
        change: ScheduleChange,
    ) -> Result<ScheduleChanged, JournalError> {
        Ok(match self.schedule_written(change).await? {
            (None, ..) => ScheduleChanged::Missing,
            (Some(schedule), true, _) => ScheduleChanged::Done(schedule),
            (Some(schedule), false, _) if schedule.removed => ScheduleChanged::Missing,
            (Some(schedule), false, _) => ScheduleChanged::Stands(schedule),
        })
    }

    async fn schedule_written(
        &self,
        change: ScheduleChange,
    ) -> Result<(Option<KeptSchedule>, bool, Vec<Slot>), JournalError> {
        match self.schedule_write(ScheduleWrite::Schedule(change)).await? {
            ScheduleDone::Schedule {
                schedule,
                changed,
                claimed,
            } => Ok((schedule, changed, claimed)),
            ScheduleDone::Slot(_) => Err(JournalError::Changed),
        }
    }

    async fn change_slot(
        &self,
        key: &SlotKey,
        change: SlotChange,
    ) -> Result<Option<Slot>, JournalError> {
        let write = ScheduleWrite::Slot(key.clone(), change);
        match self.schedule_write(write).await? {
            ScheduleDone::Slot(slot) => Ok(slot),
            ScheduleDone::Schedule { .. } => Err(JournalError::Changed),
        }
    }

    async fn schedule_write(&self, write: ScheduleWrite) -> Result<ScheduleDone, JournalError> {
        let side = Side::Schedule(Box::new(write));
        match self.beside(Durability::Now, side).await? {
            SideDone::Schedule(done) => Ok(*done),
            _ => Err(JournalError::Changed),
        }
    }
}

//! What may be written about boards that post themselves, and how it is kept: the same for every engine.

use crate::journal::schedules::DueSlot;
use crate::journal::schedules::Failing;
use crate::journal::schedules::KeptSchedule;
use crate::journal::schedules::ScheduleDeed;
use crate::journal::schedules::ScheduleFields;
use crate::journal::schedules::ScheduleSource;
use crate::journal::schedules::ScheduleTrouble;
use crate::journal::schedules::Slot;
use crate::journal::schedules::SlotBy;
use crate::journal::schedules::SlotKey;
use crate::journal::schedules::SlotState;
use crate::journal::slot_rules::SlotChange;
use crate::model::GuildId;
use crate::model::UserId;

/// A write about schedules.
#[derive(Clone, Debug)]
pub(super) enum ScheduleWrite {
    /// It concerns a schedule, and slots it claims.
    Schedule(ScheduleChange),
    /// It concerns a slot there is.
    Slot(SlotKey, SlotChange),
}

/// A write that concerns a schedule.
#[derive(Clone, Debug)]
pub(super) enum ScheduleChange {
    /// It is to be kept.
    Save {
        fields: ScheduleFields,
        source: ScheduleSource,
        by: Option<UserId>,
        now_ms: i64,
    },
    /// Somebody does something with it.
    Do {
        guild: GuildId,
        name: String,
        deed: ScheduleDeed,
        by: Option<UserId>,
        now_ms: i64,
    },
    /// It is to be due now.
    Run {
        guild: GuildId,
        name: String,
        slot_ms: i64,
        by: Option<UserId>,
        now_ms: i64,
    },
    /// Slots are due, if it is as it was read.
    Claim {
        guild: GuildId,
        name: String,
        revision: i64,
        from_ms: i64,
        since_ms: i64,
        slots: Vec<DueSlot>,
        now_ms: i64,
    },
    /// It does not work, or works again.
    Failing {
        guild: GuildId,
        name: String,
        failing: Option<(ScheduleTrouble, String)>,
        now_ms: i64,
    },
    /// Somebody was told why it does not.
    Told {
        guild: GuildId,
        name: String,
        why: ScheduleTrouble,
    },
}

/// What a change of a schedule writes.
#[derive(Clone, Debug)]
pub(super) struct Changed {
    /// The schedule.
    pub schedule: KeptSchedule,
    /// Slots to be claimed, each only where it has no row, or one that was skipped.
    pub slots: Vec<Slot>,
}

impl ScheduleChange {
    /// Which schedule it is about.
    pub(super) fn of(&self) -> (GuildId, &str) {
        match self {
            Self::Save { fields, .. } => (fields.guild, &fields.name),
            Self::Do { guild, name, .. }
            | Self::Run { guild, name, .. }
            | Self::Claim { guild, name, .. }
            | Self::Failing { guild, name, .. }
            | Self::Told { guild, name, .. } => (*guild, name),
        }
    }

    /// What is to be written, seeing what is there; `None` where the rules leave it as it is.
    pub(super) fn on(&self, found: Option<&KeptSchedule>) -> Option<Changed> {
        if let Self::Save { source, .. } = self {
            let schedule = self.saved(*source, found)?;
            return Some(Changed {
                schedule,
                slots: Vec::new(),
            });
        }
        let found = found.filter(|found| !found.removed)?;
        let mut schedule = found.clone();
        let mut slots = Vec::new();
        match self {
            Self::Save { .. } => return None,
            Self::Do {
                deed, by, now_ms, ..
            } => {
                match deed {
                    ScheduleDeed::Pause if !found.paused => schedule.paused = true,
                    ScheduleDeed::Resume if found.paused => {
                        schedule.paused = false;
                        schedule.since_ms = *now_ms;
                    }
                    ScheduleDeed::Remove
                        if by.is_none() || found.source == ScheduleSource::Chat =>
                    {
                        schedule.removed = true;
                        schedule.failing = None;
                    }
                    _ => return None,
                }
                schedule.changed_by = *by;
                schedule.changed_ms = *now_ms;
                schedule.revision += 1;
            }
            Self::Run {
                slot_ms,
                by,
                now_ms,
                ..
            } => {
                let catch_up = i64::try_from(found.fields.catch_up.as_millis());
                let due = DueSlot {
                    slot_ms: *slot_ms,
                    until_ms: Some(now_ms.saturating_add(catch_up.unwrap_or(i64::MAX))),
                };
                slots.push(claimed(found, due, SlotBy::Hand, *by, *now_ms));
            }
            Self::Claim {
                revision,
                from_ms,
                since_ms,
                slots: due,
                now_ms,
                ..
            } => {
                let as_read = found.revision == *revision && found.since_ms == *from_ms;
                if !as_read || found.paused {
                    return None;
                }
                schedule.since_ms = *since_ms;
                let due = due.iter();
                slots.extend(due.map(|due| claimed(found, *due, SlotBy::Time, None, *now_ms)));
            }
            Self::Failing {
                failing, now_ms, ..
            } => {
                let why = found.failing.as_ref().map(|failing| failing.why);
                if why == failing.as_ref().map(|(why, _)| *why) {
                    return None;
                }
                let since_ms = found.failing.as_ref().map_or(*now_ms, |it| it.since_ms);
                schedule.failing = failing.clone().map(|(why, detail)| Failing {
                    since_ms,
                    why,
                    detail,
                    told: false,
                });
            }
            Self::Told { why, .. } => {
                let failing = schedule.failing.as_mut()?;
                if failing.why != *why || failing.told {
                    return None;
                }
                failing.told = true;
            }
        }
        Some(Changed { schedule, slots })
    }

    fn saved(&self, source: ScheduleSource, found: Option<&KeptSchedule>) -> Option<KeptSchedule> {
        let Self::Save {
            fields, by, now_ms, ..
        } = self
        else {
            return None;
        };
        let mut schedule = KeptSchedule {
            fields: fields.clone(),
            source,
            paused: false,
            removed: false,
            made_by: *by,
            made_ms: *now_ms,
            changed_by: *by,
            changed_ms: *now_ms,
            revision: found.map_or(0, |found| found.revision) + 1,
            since_ms: *now_ms,
            failing: None,
        };
        let Some(found) = found.filter(|found| !found.removed) else {
            return Some(schedule);
        };
        if source == ScheduleSource::Chat
            || (found.source == source && found.fields == schedule.fields)
        {
            return None;
        }
        if found.source == source {
            schedule.paused = found.paused;
            schedule.made_ms = found.made_ms;
            // Moments it would have had under another rule were announced to nobody.
            if found.fields.at == schedule.fields.at {
                schedule.since_ms = found.since_ms;
            }
        }
        Some(schedule)
    }
}

fn claimed(
    schedule: &KeptSchedule,
    due: DueSlot,
    by: SlotBy,
    asked_by: Option<UserId>,
    now_ms: i64,
) -> Slot {
    let skipped = due.until_ms.is_none();
    Slot {
        key: SlotKey {
            guild: schedule.fields.guild,
            name: schedule.fields.name.clone(),
            slot_ms: due.slot_ms,
            by,
        },
        asked_by,
        state: match skipped {
            true => SlotState::Skipped,
            false => SlotState::Claimed,
        },
        made_ms: now_ms,
        until_ms: due.until_ms.unwrap_or(now_ms),
        next_ms: now_ms,
        tries: 0,
        late: false,
        channel: schedule.fields.channel,
        sent: None,
        sent_ms: None,
        after: None,
        edits: None,
        absent: 0,
        message: None,
        clears: None,
        settled_ms: skipped.then_some(now_ms),
        why: None,
    }
}

/// How sources are kept.
pub(super) const SOURCES: [(&str, ScheduleSource); 2] = [
    ("file", ScheduleSource::File),
    ("chat", ScheduleSource::Chat),
];

/// How troubles are kept.
pub(super) const TROUBLES: [(&str, ScheduleTrouble); 7] = [
    ("no_channel", ScheduleTrouble::NoChannel),
    ("no_right", ScheduleTrouble::NoRight),
    ("not_listed", ScheduleTrouble::NotListed),
    ("refused", ScheduleTrouble::Refused),
    ("unreachable", ScheduleTrouble::Unreachable),
    ("in_doubt", ScheduleTrouble::InDoubt),
    ("unreadable", ScheduleTrouble::Unreadable),
];

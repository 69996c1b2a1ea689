//! Boards that post themselves, in SQLite.

use std::time::Duration;

use rusqlite::Connection;
use rusqlite::Row;
use rusqlite::params;

use crate::journal::error::JournalError;
use crate::journal::kept::kept;
use crate::journal::kept::word;
use crate::journal::schedule_rules::SOURCES;
use crate::journal::schedule_rules::ScheduleWrite;
use crate::journal::schedule_rules::TROUBLES;
use crate::journal::schedules::Failing;
use crate::journal::schedules::KeptSchedule;
use crate::journal::schedules::ScheduleDone;
use crate::journal::schedules::ScheduleFields;
use crate::journal::schedules::ScheduleStore;
use crate::journal::schedules::Slot;
use crate::journal::schedules::SlotBy;
use crate::journal::schedules::SlotKey;
use crate::journal::slot_rules::SLOT_STATES;
use crate::journal::sqlite::mapped;
use crate::journal::sqlite::rows;
use crate::journal::sqlite::rows::get;
use crate::journal::sqlite::rows::named;
use crate::journal::sqlite::rows::small;
use crate::journal::sqlite::shelf::Shelf;
use crate::journal::sqlite::sides::execute;
use crate::journal::store::Answer;
use crate::model::ChannelId;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::UserId;

/// Writes one within the open transaction.
pub(super) fn write(
    connection: &Connection,
    write: &ScheduleWrite,
) -> Result<ScheduleDone, JournalError> {
    match write {
        ScheduleWrite::Schedule(change) => {
            let (guild, name) = change.of();
            let found = find(connection, guild, name)?;
            let Some(changed) = change.on(found.as_ref()) else {
                return Ok(ScheduleDone::Schedule {
                    schedule: found,
                    changed: false,
                    claimed: Vec::new(),
                });
            };
            put(connection, &changed.schedule)?;
            let mut claimed = Vec::new();
            for slot in changed.slots {
                if claim(connection, &slot)? {
                    claimed.push(slot);
                }
            }
            Ok(ScheduleDone::Schedule {
                schedule: Some(changed.schedule),
                changed: true,
                claimed,
            })
        }
        ScheduleWrite::Slot(key, change) => {
            let found = rows::first(
                connection,
                "select * from slots where guild = ? and name = ? and slot_ms = ? and by_hand = ?",
                params![
                    kept(key.guild.number()),
                    key.name,
                    key.slot_ms,
                    by_hand(key.by)
                ],
                slot,
            )?;
            let slot = found.as_ref().and_then(|found| change.on(found));
            if let Some(slot) = &slot {
                change_slot(connection, slot)?;
            }
            Ok(ScheduleDone::Slot(slot))
        }
    }
}

fn find(
    connection: &Connection,
    guild: GuildId,
    name: &str,
) -> Result<Option<KeptSchedule>, JournalError> {
    rows::first(
        connection,
        "select * from schedules where guild = ? and name = ?",
        params![kept(guild.number()), name],
        schedule,
    )
}

fn put(connection: &Connection, schedule: &KeptSchedule) -> Result<(), JournalError> {
    let (fields, failing) = (&schedule.fields, schedule.failing.as_ref());
    execute(
        connection,
        "insert into schedules (guild, name, source, channel, at, counted, rows, mode, catch_up_ms,
             paused, removed, made_by, made_ms, changed_by, changed_ms, revision, since_ms,
             failing_since_ms, failing, failing_detail, failing_told)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         on conflict (guild, name) do update
         set source = excluded.source, channel = excluded.channel, at = excluded.at,
             counted = excluded.counted, rows = excluded.rows, mode = excluded.mode,
             catch_up_ms = excluded.catch_up_ms, paused = excluded.paused,
             removed = excluded.removed, made_by = excluded.made_by, made_ms = excluded.made_ms,
             changed_by = excluded.changed_by, changed_ms = excluded.changed_ms,
             revision = excluded.revision, since_ms = excluded.since_ms,
             failing_since_ms = excluded.failing_since_ms, failing = excluded.failing,
             failing_detail = excluded.failing_detail, failing_told = excluded.failing_told",
        params![
            kept(fields.guild.number()),
            fields.name,
            word(&SOURCES, schedule.source),
            kept(fields.channel.number()),
            fields.at,
            fields.counted,
            i64::from(fields.rows),
            fields.mode,
            i64::try_from(fields.catch_up.as_millis()).unwrap_or(i64::MAX),
            i64::from(schedule.paused),
            i64::from(schedule.removed),
            schedule.made_by.map(|id| kept(id.number())),
            schedule.made_ms,
            schedule.changed_by.map(|id| kept(id.number())),
            schedule.changed_ms,
            schedule.revision,
            schedule.since_ms,
            failing.map(|failing| failing.since_ms),
            failing.map(|failing| word(&TROUBLES, failing.why)),
            failing.map(|failing| failing.detail.as_str()),
            i64::from(failing.is_some_and(|failing| failing.told)),
        ],
    )
}

/// Writes a new slot; whether there was none, or one that was skipped.
fn claim(connection: &Connection, slot: &Slot) -> Result<bool, JournalError> {
    let mut statement = connection
        .prepare_cached(
            "insert into slots (guild, name, slot_ms, by_hand, asked_by, state, made_ms, until_ms,
                 next_ms, tries, late, channel, absent, settled_ms)
             values (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, 0, ?)
             on conflict (guild, name, slot_ms, by_hand) do update
             set state = excluded.state, made_ms = excluded.made_ms,
                 until_ms = excluded.until_ms, next_ms = excluded.next_ms,
                 channel = excluded.channel, settled_ms = excluded.settled_ms
             where slots.state = 'skipped'",
        )
        .map_err(mapped)?;
    let written = statement
        .execute(params![
            kept(slot.key.guild.number()),
            slot.key.name,
            slot.key.slot_ms,
            by_hand(slot.key.by),
            slot.asked_by.map(|id| kept(id.number())),
            word(&SLOT_STATES, slot.state),
            slot.made_ms,
            slot.until_ms,
            slot.next_ms,
            kept(slot.channel.number()),
            slot.settled_ms,
        ])
        .map_err(mapped)?;
    Ok(written > 0)
}

fn change_slot(connection: &Connection, slot: &Slot) -> Result<(), JournalError> {
    let message = |id: Option<MessageId>| id.map(|id| kept(id.number()));
    execute(
        connection,
        "update slots
         set state = ?, next_ms = ?, tries = ?, late = ?, channel = ?, sent = ?, sent_ms = ?,
             after = ?, edits = ?, absent = ?, message = ?, clears = ?, settled_ms = ?, why = ?
         where guild = ? and name = ? and slot_ms = ? and by_hand = ?",
        params![
            word(&SLOT_STATES, slot.state),
            slot.next_ms,
            i64::from(slot.tries),
            i64::from(slot.late),
            kept(slot.channel.number()),
            slot.sent,
            slot.sent_ms,
            message(slot.after),
            message(slot.edits),
            i64::from(slot.absent),
            message(slot.message),
            message(slot.clears),
            slot.settled_ms,
            slot.why,
            kept(slot.key.guild.number()),
            slot.key.name,
            slot.key.slot_ms,
            by_hand(slot.key.by),
        ],
    )
}

impl ScheduleStore for Shelf {
    fn schedules(&self, guild: Option<GuildId>) -> Answer<'_, Vec<KeptSchedule>> {
        Box::pin(self.readers.glance(move |connection| {
            rows::all(
                connection,
                "select * from schedules where removed = 0 and (?1 is null or guild = ?1)
                 order by guild, name",
                params![guild.map(|guild| kept(guild.number()))],
                schedule,
            )
        }))
    }

    fn schedule<'a>(&'a self, guild: GuildId, name: &'a str) -> Answer<'a, Option<KeptSchedule>> {
        let name = name.to_owned();
        Box::pin(
            self.readers
                .glance(move |connection| find(connection, guild, &name)),
        )
    }

    fn open_slots(&self, due_ms: i64, limit: usize) -> Answer<'_, Vec<Slot>> {
        Box::pin(self.readers.glance(move |connection| {
            rows::all(
                connection,
                "select * from slots
                 where (state in ('claimed', 'posting') or clears is not null) and next_ms <= ?
                 order by next_ms, guild, name limit ?",
                params![due_ms, i64::try_from(limit).unwrap_or(i64::MAX)],
                slot,
            )
        }))
    }

    fn slots<'a>(&'a self, guild: GuildId, name: &'a str, limit: usize) -> Answer<'a, Vec<Slot>> {
        let name = name.to_owned();
        Box::pin(self.readers.glance(move |connection| {
            rows::all(
                connection,
                "select * from slots where guild = ? and name = ?
                 order by slot_ms desc, by_hand limit ?",
                params![
                    kept(guild.number()),
                    name,
                    i64::try_from(limit).unwrap_or(i64::MAX)
                ],
                slot,
            )
        }))
    }

    fn last_posted<'a>(&'a self, guild: GuildId, name: &'a str) -> Answer<'a, Option<Slot>> {
        let name = name.to_owned();
        Box::pin(self.readers.glance(move |connection| {
            rows::first(
                connection,
                "select * from slots where guild = ? and name = ? and state = 'posted'
                 order by settled_ms desc, slot_ms desc limit 1",
                params![kept(guild.number()), name],
                slot,
            )
        }))
    }

    fn is_post(&self, channel: ChannelId, message: MessageId) -> Answer<'_, bool> {
        Box::pin(self.readers.glance(move |connection| {
            let found = rows::first(
                connection,
                "select 1 as found from slots where channel = ? and message = ?",
                params![kept(channel.number()), kept(message.number())],
                |row| get::<i64>(row, "found"),
            )?;
            Ok(found.is_some())
        }))
    }
}

fn by_hand(by: SlotBy) -> i64 {
    i64::from(by == SlotBy::Hand)
}

fn schedule(row: &Row<'_>) -> Result<KeptSchedule, JournalError> {
    let id = |column| get::<i64>(row, column).map(i64::cast_unsigned);
    let user = |column| {
        let id: Option<i64> = get(row, column)?;
        Ok::<_, JournalError>(id.map(|id| UserId::new(id.cast_unsigned())))
    };
    let source: String = get(row, "source")?;
    let failing = match get::<Option<String>>(row, "failing")? {
        None => None,
        Some(why) => Some(Failing {
            since_ms: get(row, "failing_since_ms")?,
            why: named(&TROUBLES, &why)?,
            detail: get::<Option<String>>(row, "failing_detail")?.unwrap_or_default(),
            told: get::<i64>(row, "failing_told")? != 0,
        }),
    };
    let catch_up: i64 = get(row, "catch_up_ms")?;
    Ok(KeptSchedule {
        fields: ScheduleFields {
            guild: GuildId::new(id("guild")?),
            name: get(row, "name")?,
            channel: ChannelId::new(id("channel")?),
            at: get(row, "at")?,
            counted: get(row, "counted")?,
            rows: u8::try_from(small(row, "rows")?).unwrap_or(u8::MAX),
            mode: get(row, "mode")?,
            catch_up: Duration::from_millis(catch_up.cast_unsigned()),
        },
        source: named(&SOURCES, &source)?,
        paused: get::<i64>(row, "paused")? != 0,
        removed: get::<i64>(row, "removed")? != 0,
        made_by: user("made_by")?,
        made_ms: get(row, "made_ms")?,
        changed_by: user("changed_by")?,
        changed_ms: get(row, "changed_ms")?,
        revision: get(row, "revision")?,
        since_ms: get(row, "since_ms")?,
        failing,
    })
}

fn slot(row: &Row<'_>) -> Result<Slot, JournalError> {
    let id = |column| get::<i64>(row, column).map(i64::cast_unsigned);
    let message = |column| {
        let id: Option<i64> = get(row, column)?;
        Ok::<_, JournalError>(id.map(|id| MessageId::new(id.cast_unsigned())))
    };
    let (asked_by, state): (Option<i64>, String) = (get(row, "asked_by")?, get(row, "state")?);
    Ok(Slot {
        key: SlotKey {
            guild: GuildId::new(id("guild")?),
            name: get(row, "name")?,
            slot_ms: get(row, "slot_ms")?,
            by: match get::<i64>(row, "by_hand")? {
                0 => SlotBy::Time,
                _ => SlotBy::Hand,
            },
        },
        asked_by: asked_by.map(|id| UserId::new(id.cast_unsigned())),
        state: named(&SLOT_STATES, &state)?,
        made_ms: get(row, "made_ms")?,
        until_ms: get(row, "until_ms")?,
        next_ms: get(row, "next_ms")?,
        tries: small(row, "tries")?,
        late: get::<i64>(row, "late")? != 0,
        channel: ChannelId::new(id("channel")?),
        sent: get(row, "sent")?,
        sent_ms: get(row, "sent_ms")?,
        after: message("after")?,
        edits: message("edits")?,
        absent: small(row, "absent")?,
        message: message("message")?,
        clears: message("clears")?,
        settled_ms: get(row, "settled_ms")?,
        why: get(row, "why")?,
    })
}

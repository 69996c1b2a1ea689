//! Boards that post themselves, in PostgreSQL.

use std::time::Duration;

use sqlx::PgConnection;
use sqlx::postgres::PgRow;

use crate::journal::error::JournalError;
use crate::journal::kept::kept;
use crate::journal::kept::word;
use crate::journal::postgres::rows::get;
use crate::journal::postgres::rows::named;
use crate::journal::postgres::rows::small;
use crate::journal::postgres::shelf::Shelf;
use crate::journal::postgres::sides::fetch;
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
use crate::journal::store::Answer;
use crate::model::ChannelId;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::UserId;

/// Writes one within the open transaction.
pub(super) async fn write(
    connection: &mut PgConnection,
    write: &ScheduleWrite,
) -> Result<ScheduleDone, JournalError> {
    match write {
        ScheduleWrite::Schedule(change) => {
            let (guild, name) = change.of();
            let query = sqlx::query("select * from schedules where guild = $1 and name = $2")
                .bind(kept(guild.number()))
                .bind(name);
            let rows = fetch(connection, query).await?;
            let found = rows.first().map(schedule).transpose()?;
            let Some(changed) = change.on(found.as_ref()) else {
                return Ok(ScheduleDone::Schedule {
                    schedule: found,
                    changed: false,
                    claimed: Vec::new(),
                });
            };
            put(connection, &changed.schedule).await?;
            let mut claimed = Vec::new();
            for slot in changed.slots {
                if claim(connection, &slot).await? {
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
            let query = sqlx::query(
                "select * from slots
                 where guild = $1 and name = $2 and slot_ms = $3 and by_hand = $4",
            )
            .bind(kept(key.guild.number()))
            .bind(&key.name)
            .bind(key.slot_ms)
            .bind(by_hand(key.by));
            let rows = fetch(connection, query).await?;
            let found = rows.first().map(slot).transpose()?;
            let slot = found.as_ref().and_then(|found| change.on(found));
            if let Some(slot) = &slot {
                change_slot(connection, slot).await?;
            }
            Ok(ScheduleDone::Slot(slot))
        }
    }
}

async fn put(connection: &mut PgConnection, schedule: &KeptSchedule) -> Result<(), JournalError> {
    let (fields, failing) = (&schedule.fields, schedule.failing.as_ref());
    let query = sqlx::query(
        "insert into schedules (guild, name, source, channel, at, counted, rows, mode, catch_up_ms,
             paused, removed, made_by, made_ms, changed_by, changed_ms, revision, since_ms,
             failing_since_ms, failing, failing_detail, failing_told)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
             $19, $20, $21)
         on conflict (guild, name) do update
         set source = excluded.source, channel = excluded.channel, at = excluded.at,
             counted = excluded.counted, rows = excluded.rows, mode = excluded.mode,
             catch_up_ms = excluded.catch_up_ms, paused = excluded.paused,
             removed = excluded.removed, made_by = excluded.made_by, made_ms = excluded.made_ms,
             changed_by = excluded.changed_by, changed_ms = excluded.changed_ms,
             revision = excluded.revision, since_ms = excluded.since_ms,
             failing_since_ms = excluded.failing_since_ms, failing = excluded.failing,
             failing_detail = excluded.failing_detail, failing_told = excluded.failing_told",
    )
    .bind(kept(fields.guild.number()))
    .bind(&fields.name)
    .bind(word(&SOURCES, schedule.source))
    .bind(kept(fields.channel.number()))
    .bind(&fields.at)
    .bind(&fields.counted)
    .bind(i64::from(fields.rows))
    .bind(&fields.mode)
    .bind(i64::try_from(fields.catch_up.as_millis()).unwrap_or(i64::MAX))
    .bind(i64::from(schedule.paused))
    .bind(i64::from(schedule.removed))
    .bind(schedule.made_by.map(|id| kept(id.number())))
    .bind(schedule.made_ms)
    .bind(schedule.changed_by.map(|id| kept(id.number())))
    .bind(schedule.changed_ms)
    .bind(schedule.revision)
    .bind(schedule.since_ms)
    .bind(failing.map(|failing| failing.since_ms))
    .bind(failing.map(|failing| word(&TROUBLES, failing.why)))
    .bind(failing.map(|failing| failing.detail.as_str()))
    .bind(i64::from(failing.is_some_and(|failing| failing.told)));
    fetch(connection, query).await.map(drop)
}

/// Writes a new slot; whether there was none, or one that was skipped.
async fn claim(connection: &mut PgConnection, slot: &Slot) -> Result<bool, JournalError> {
    let query = sqlx::query(
        "insert into slots (guild, name, slot_ms, by_hand, asked_by, state, made_ms, until_ms,
             next_ms, tries, late, channel, absent, settled_ms)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0, $10, 0, $11)
         on conflict (guild, name, slot_ms, by_hand) do update
         set state = excluded.state, made_ms = excluded.made_ms, until_ms = excluded.until_ms,
             next_ms = excluded.next_ms, channel = excluded.channel,
             settled_ms = excluded.settled_ms
         where slots.state = 'skipped'
         returning slot_ms",
    )
    .bind(kept(slot.key.guild.number()))
    .bind(&slot.key.name)
    .bind(slot.key.slot_ms)
    .bind(by_hand(slot.key.by))
    .bind(slot.asked_by.map(|id| kept(id.number())))
    .bind(word(&SLOT_STATES, slot.state))
    .bind(slot.made_ms)
    .bind(slot.until_ms)
    .bind(slot.next_ms)
    .bind(kept(slot.channel.number()))
    .bind(slot.settled_ms);
    Ok(!fetch(connection, query).await?.is_empty())
}

async fn change_slot(connection: &mut PgConnection, slot: &Slot) -> Result<(), JournalError> {
    let message = |id: Option<MessageId>| id.map(|id| kept(id.number()));
    let query = sqlx::query(
        "update slots
         set state = $1, next_ms = $2, tries = $3, late = $4, channel = $5, sent = $6,
             sent_ms = $7, after = $8, edits = $9, absent = $10, message = $11, clears = $12,
             settled_ms = $13, why = $14
         where guild = $15 and name = $16 and slot_ms = $17 and by_hand = $18",
    )
    .bind(word(&SLOT_STATES, slot.state))
    .bind(slot.next_ms)
    .bind(i64::from(slot.tries))
    .bind(i64::from(slot.late))
    .bind(kept(slot.channel.number()))
    .bind(&slot.sent)
    .bind(slot.sent_ms)
    .bind(message(slot.after))
    .bind(message(slot.edits))
    .bind(i64::from(slot.absent))
    .bind(message(slot.message))
    .bind(message(slot.clears))
    .bind(slot.settled_ms)
    .bind(&slot.why)
    .bind(kept(slot.key.guild.number()))
    .bind(&slot.key.name)
    .bind(slot.key.slot_ms)
    .bind(by_hand(slot.key.by));
    fetch(connection, query).await.map(drop)
}

impl ScheduleStore for Shelf {
    fn schedules(&self, guild: Option<GuildId>) -> Answer<'_, Vec<KeptSchedule>> {
        Box::pin(async move {
            let query = || {
                sqlx::query(
                    "select * from schedules
                     where removed = 0 and (cast($1 as bigint) is null or guild = $1)
                     order by guild, name",
                )
                .bind(guild.map(|guild| kept(guild.number())))
            };
            self.rows(query).await?.iter().map(schedule).collect()
        })
    }

    fn schedule<'a>(&'a self, guild: GuildId, name: &'a str) -> Answer<'a, Option<KeptSchedule>> {
        Box::pin(async move {
            let query = || {
                sqlx::query("select * from schedules where guild = $1 and name = $2")
                    .bind(kept(guild.number()))
                    .bind(name)
            };
            self.row(query).await?.as_ref().map(schedule).transpose()
        })
    }

    fn open_slots(&self, due_ms: i64, limit: usize) -> Answer<'_, Vec<Slot>> {
        Box::pin(async move {
            let query = || {
                sqlx::query(
                    "select * from slots
                     where (state in ('claimed', 'posting') or clears is not null)
                       and next_ms <= $1
                     order by next_ms, guild, name limit $2",
                )
                .bind(due_ms)
                .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            };
            self.rows(query).await?.iter().map(slot).collect()
        })
    }

    fn slots<'a>(&'a self, guild: GuildId, name: &'a str, limit: usize) -> Answer<'a, Vec<Slot>> {
        Box::pin(async move {
            let query = || {
                sqlx::query(
                    "select * from slots where guild = $1 and name = $2
                     order by slot_ms desc, by_hand limit $3",
                )
                .bind(kept(guild.number()))
                .bind(name)
                .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            };
            self.rows(query).await?.iter().map(slot).collect()
        })
    }

    fn last_posted<'a>(&'a self, guild: GuildId, name: &'a str) -> Answer<'a, Option<Slot>> {
        Box::pin(async move {
            let query = || {
                sqlx::query(
                    "select * from slots where guild = $1 and name = $2 and state = 'posted'
                     order by settled_ms desc, slot_ms desc limit 1",
                )
                .bind(kept(guild.number()))
                .bind(name)
            };
            self.row(query).await?.as_ref().map(slot).transpose()
        })
    }

    fn is_post(&self, channel: ChannelId, message: MessageId) -> Answer<'_, bool> {
        Box::pin(async move {
            let query = || {
                sqlx::query("select slot_ms from slots where channel = $1 and message = $2 limit 1")
                    .bind(kept(channel.number()))
                    .bind(kept(message.number()))
            };
            Ok(self.row(query).await?.is_some())
        })
    }
}

fn by_hand(by: SlotBy) -> i64 {
    i64::from(by == SlotBy::Hand)
}

fn schedule(row: &PgRow) -> Result<KeptSchedule, JournalError> {
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

fn slot(row: &PgRow) -> Result<Slot, JournalError> {
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

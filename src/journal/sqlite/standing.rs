//! Boards that stand in the chat, as they are read from SQLite.

use anyhow::anyhow;
use rusqlite::Row;
use rusqlite::params;

use crate::journal::error::JournalError;
use crate::journal::kept::kept;
use crate::journal::shown::Moving;
use crate::journal::shown::OwedBoard;
use crate::journal::shown::ShownBoard;
use crate::journal::shown::ShownStore;
use crate::journal::shown::SlotBefore;
use crate::journal::shown_kept::FORMS;
use crate::journal::shown_kept::KeptKind;
use crate::journal::sqlite::rows;
use crate::journal::sqlite::rows::get;
use crate::journal::sqlite::rows::named;
use crate::journal::sqlite::rows::small;
use crate::journal::sqlite::shelf::Shelf;
use crate::journal::sqlite::shelf::limited;
use crate::journal::sqlite::sides::member;
use crate::journal::store::Answer;
use crate::model::ChannelId;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::period::Counted;

impl ShownStore for Shelf {
    fn owed_boards(&self, now_ms: i64, limit: usize) -> Answer<'_, Vec<OwedBoard>> {
        Box::pin(self.readers.glance(move |connection| {
            rows::all(
                connection,
                "select * from shown_boards where due_ms <= ?
                 order by schedule is null, shown_ms desc, message limit ?",
                params![now_ms, limited(limit)],
                board,
            )
        }))
    }

    fn shown_board(&self, channel: ChannelId, message: MessageId) -> Answer<'_, Option<OwedBoard>> {
        Box::pin(self.readers.glance(move |connection| {
            rows::first(
                connection,
                "select * from shown_boards where channel = ? and message = ?",
                params![kept(channel.number()), kept(message.number())],
                board,
            )
        }))
    }

    fn slot_before<'a>(
        &'a self,
        guild: GuildId,
        schedule: &'a str,
        slot_ms: i64,
    ) -> Answer<'a, Option<SlotBefore>> {
        let schedule = schedule.to_owned();
        Box::pin(self.readers.read(move |connection| {
            let guild = kept(guild.number());
            let before = rows::first(
                connection,
                "select slot_ms, counted from board_slots
                 where guild = ? and schedule = ? and slot_ms < ? order by slot_ms desc limit 1",
                params![guild, schedule, slot_ms],
                |row| Ok((get::<i64>(row, "slot_ms")?, counted(row)?)),
            )?;
            let Some((slot_ms, counted)) = before else {
                return Ok(None);
            };
            let standings = rows::all(
                connection,
                "select member, points from board_places
                 where guild = ?1 and schedule = ?2 and slot_ms = ?3 and not exists (
                     select 1 from hidden
                     where hidden.guild = ?1 and hidden.member = board_places.member)
                 order by points desc, member",
                params![guild, schedule, slot_ms],
                |row| Ok((member(row, "member")?, get(row, "points")?)),
            )?;
            Ok(Some(SlotBefore { counted, standings }))
        }))
    }
}

fn counted(row: &Row<'_>) -> Result<Counted, JournalError> {
    let text: String = get(row, "counted")?;
    text.parse().map_err(|_| unreadable(&text))
}

fn board(row: &Row<'_>) -> Result<OwedBoard, JournalError> {
    let id = |column| get::<i64>(row, column).map(i64::cast_unsigned);
    let (kind, form): (String, String) = (get(row, "kind")?, get(row, "form")?);
    let schedule: Option<String> = get(row, "schedule")?;
    let kept = KeptKind {
        kind: "",
        command: get(row, "command")?,
        asker: get(row, "asker")?,
        subject: get(row, "subject")?,
        page: get(row, "page")?,
        buttons: get(row, "buttons")?,
        schedule: schedule.as_deref(),
        rows: get(row, "row_count")?,
        late: get(row, "late")?,
        compared: get(row, "compared")?,
    };
    Ok(OwedBoard {
        shown: ShownBoard {
            guild: GuildId::new(id("guild")?),
            channel: ChannelId::new(id("channel")?),
            message: MessageId::new(id("message")?),
            counted: counted(row)?,
            at_ms: get(row, "at_ms")?,
            form: named(&FORMS, &form)?,
            picture: get(row, "picture")?,
            kind: kept.read(&kind).ok_or_else(|| unreadable(&kind))?,
        },
        version: small(row, "version")?,
        tries: small(row, "tries")?,
        moving: moving(row)?,
    })
}

fn moving(row: &Row<'_>) -> Result<Option<Moving>, JournalError> {
    let Some(sent) = get(row, "moving")? else {
        return Ok(None);
    };
    let after: Option<i64> = get(row, "moving_after")?;
    Ok(Some(Moving {
        sent,
        begun_ms: get(row, "moving_ms")?,
        after: after.map(|after| MessageId::new(after.cast_unsigned())),
    }))
}

fn unreadable(what: &str) -> JournalError {
    JournalError::Database(anyhow!(
        "a row of the store cannot be read: a board that stands in the chat is `{what}`"
    ))
}

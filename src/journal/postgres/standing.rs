//! Boards that stand in the chat, as they are read from PostgreSQL.

use anyhow::anyhow;
use sqlx::postgres::PgRow;

use crate::journal::error::JournalError;
use crate::journal::kept::kept;
use crate::journal::postgres::rows::get;
use crate::journal::postgres::rows::id;
use crate::journal::postgres::rows::named;
use crate::journal::postgres::rows::small;
use crate::journal::postgres::shelf::Shelf;
use crate::journal::postgres::shelf::limited;
use crate::journal::postgres::sides::user;
use crate::journal::shown::Moving;
use crate::journal::shown::OwedBoard;
use crate::journal::shown::ShownBoard;
use crate::journal::shown::ShownStore;
use crate::journal::shown::SlotBefore;
use crate::journal::shown_kept::FORMS;
use crate::journal::shown_kept::KeptKind;
use crate::journal::store::Answer;
use crate::model::ChannelId;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::period::Counted;

impl ShownStore for Shelf {
    fn owed_boards(&self, now_ms: i64, limit: usize) -> Answer<'_, Vec<OwedBoard>> {
        Box::pin(async move {
            let query = || {
                sqlx::query(
                    "select * from shown_boards where due_ms <= $1
                     order by schedule is null, shown_ms desc, message limit $2",
                )
                .bind(now_ms)
                .bind(limited(limit))
            };
            self.rows(query).await?.iter().map(board).collect()
        })
    }

    fn shown_board(&self, channel: ChannelId, message: MessageId) -> Answer<'_, Option<OwedBoard>> {
        Box::pin(async move {
            let query = || {
                sqlx::query("select * from shown_boards where channel = $1 and message = $2")
                    .bind(kept(channel.number()))
                    .bind(kept(message.number()))
            };
            self.row(query).await?.as_ref().map(board).transpose()
        })
    }

    fn slot_before<'a>(
        &'a self,
        guild: GuildId,
        schedule: &'a str,
        slot_ms: i64,
    ) -> Answer<'a, Option<SlotBefore>> {
        Box::pin(async move {
            let guild = kept(guild.number());
            let query = || {
                sqlx::query(
                    "select slot_ms, counted from board_slots
                     where guild = $1 and schedule = $2 and slot_ms < $3
                     order by slot_ms desc limit 1",
                )
                .bind(guild)
                .bind(schedule.to_owned())
                .bind(slot_ms)
            };
            let Some(row) = self.row(query).await? else {
                return Ok(None);
            };
            let (slot_ms, counted): (i64, _) = (get(&row, "slot_ms")?, counted(&row)?);
            let query = || {
                sqlx::query(
                    "select member, points from board_places
                     where guild = $1 and schedule = $2 and slot_ms = $3 and not exists (
                         select 1 from hidden
                         where hidden.guild = $1 and hidden.member = board_places.member)
                     order by points desc, member",
                )
                .bind(guild)
                .bind(schedule.to_owned())
                .bind(slot_ms)
            };
            let rows = self.rows(query).await?;
            let standings = rows
                .iter()
                .map(|row| Ok((user(row, "member")?, get(row, "points")?)));
            let standings = standings.collect::<Result<_, JournalError>>()?;
            Ok(Some(SlotBefore { counted, standings }))
        })
    }
}

fn counted(row: &PgRow) -> Result<Counted, JournalError> {
    let text: String = get(row, "counted")?;
    text.parse().map_err(|_| unreadable(&text))
}

fn board(row: &PgRow) -> Result<OwedBoard, JournalError> {
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
            guild: GuildId::new(id(row, "guild")?),
            channel: ChannelId::new(id(row, "channel")?),
            message: MessageId::new(id(row, "message")?),
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

fn moving(row: &PgRow) -> Result<Option<Moving>, JournalError> {
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

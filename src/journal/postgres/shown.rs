//! Boards that stand in the chat, in PostgreSQL.

use sqlx::PgConnection;

use crate::journal::error::JournalError;
use crate::journal::kept::kept;
use crate::journal::kept::word;
use crate::journal::postgres::rows::small;
use crate::journal::postgres::sides::fetch;
use crate::journal::shown::FORGOTTEN_AT_ONCE;
use crate::journal::shown::Moving;
use crate::journal::shown::OVERTAKEN_MS;
use crate::journal::shown::ShownBoard;
use crate::journal::shown::ShownWrite;
use crate::journal::shown_kept::FORMS;
use crate::journal::shown_kept::KeptKind;
use crate::model::ChannelId;
use crate::model::MessageId;
use crate::model::UserId;

/// Writes one within the open transaction.
pub(super) async fn write(
    connection: &mut PgConnection,
    write: &ShownWrite,
) -> Result<(), JournalError> {
    match write {
        ShownWrite::Stands {
            shown,
            named,
            standings,
            made_ms,
            now_ms,
        } => {
            put(connection, shown, *now_ms).await?;
            name(connection, shown, named, *now_ms).await?;
            owe_since(connection, shown, *made_ms, *now_ms).await?;
            match standings {
                Some(standings) => keep(connection, shown, standings).await,
                None => Ok(()),
            }
        }
        ShownWrite::Anew {
            shown,
            named,
            version,
            now_ms,
        } => match anew(connection, shown, *version, *now_ms).await? {
            true => name(connection, shown, named, *now_ms).await,
            false => Ok(()),
        },
        ShownWrite::Later {
            channel,
            message,
            next_ms,
        } => {
            let query = sqlx::query(
                "update shown_boards set due_ms = $1, tries = tries + 1
                 where channel = $2 and message = $3",
            )
            .bind(next_ms)
            .bind(kept(channel.number()))
            .bind(kept(message.number()));
            fetch(connection, query).await.map(drop)
        }
        ShownWrite::Moves {
            shown,
            named,
            moving,
            now_ms,
        } => {
            moves(connection, shown, moving).await?;
            name(connection, shown, named, *now_ms).await
        }
        ShownWrite::Stays { channel, message } => {
            let text =
                "update shown_boards set moving_ms = null where channel = $1 and message = $2";
            let query = sqlx::query(text)
                .bind(kept(channel.number()))
                .bind(kept(message.number()));
            fetch(connection, query).await.map(drop)
        }
        ShownWrite::Moved {
            channel,
            message,
            shown,
            named,
            now_ms,
        } => {
            put(connection, shown, *now_ms).await?;
            match named {
                Some(named) => name(connection, shown, named, *now_ms).await?,
                None => inherit(connection, shown, *message, *now_ms).await?,
            }
            let query =
                sqlx::query("update slots set message = $1 where channel = $2 and message = $3")
                    .bind(kept(shown.message.number()))
                    .bind(kept(channel.number()))
                    .bind(kept(message.number()));
            fetch(connection, query).await?;
            gone(connection, *channel, *message).await
        }
        ShownWrite::Gone { channel, message } => gone(connection, *channel, *message).await,
        ShownWrite::Forget {
            before_ms,
            owed_before_ms,
        } => forget(connection, *before_ms, *owed_before_ms).await,
    }
}

async fn gone(
    connection: &mut PgConnection,
    channel: ChannelId,
    message: MessageId,
) -> Result<(), JournalError> {
    let query = sqlx::query(
        "with gone as (
             delete from shown_boards where channel = $1 and message = $2)
         delete from shown_members where channel = $1 and message = $2",
    )
    .bind(kept(channel.number()))
    .bind(kept(message.number()));
    fetch(connection, query).await.map(drop)
}

/// A member is hidden: the boards of the guild with their row are owed.
pub(super) async fn owe(
    connection: &mut PgConnection,
    (guild, member): (i64, i64),
    now_ms: i64,
) -> Result<(), JournalError> {
    let query = sqlx::query(
        "update shown_boards set due_ms = $1, tries = 0
         where guild = $2 and (channel, message) in (
             select channel, message from shown_members where member = $3)",
    )
    .bind(now_ms)
    .bind(guild)
    .bind(member);
    fetch(connection, query).await.map(drop)
}

async fn put(
    connection: &mut PgConnection,
    shown: &ShownBoard,
    now_ms: i64,
) -> Result<(), JournalError> {
    let kind = KeptKind::of(&shown.kind);
    let query = sqlx::query(
        "insert into shown_boards (channel, message, guild, kind, counted, at_ms, form, picture,
             command, asker, subject, page, buttons, schedule, row_count, late, compared,
             shown_ms, version, tries)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
             1, 0)
         on conflict (channel, message) do update
         set kind = excluded.kind, counted = excluded.counted, at_ms = excluded.at_ms,
             form = excluded.form, picture = excluded.picture, command = excluded.command,
             asker = excluded.asker, subject = excluded.subject, page = excluded.page,
             buttons = excluded.buttons, schedule = excluded.schedule,
             row_count = excluded.row_count, late = excluded.late, compared = excluded.compared,
             shown_ms = excluded.shown_ms,
             version = shown_boards.version + 1, tries = 0,
             due_ms = case when shown_boards.edited_ms > $18 - $19 then $18 end",
    )
    .bind(kept(shown.channel.number()))
    .bind(kept(shown.message.number()))
    .bind(kept(shown.guild.number()))
    .bind(kind.kind)
    .bind(shown.counted.to_string())
    .bind(shown.at_ms)
    .bind(word(&FORMS, shown.form))
    .bind(shown.picture.clone())
    .bind(kind.command)
    .bind(kind.asker)
    .bind(kind.subject)
    .bind(kind.page)
    .bind(kind.buttons)
    .bind(kind.schedule.map(str::to_owned))
    .bind(kind.rows)
    .bind(kind.late)
    .bind(kind.compared)
    .bind(now_ms)
    .bind(OVERTAKEN_MS);
    fetch(connection, query).await.map(drop)
}

/// Whether the note is the one that was replaced.
async fn anew(
    connection: &mut PgConnection,
    shown: &ShownBoard,
    version: u32,
    now_ms: i64,
) -> Result<bool, JournalError> {
    let kind = KeptKind::of(&shown.kind);
    let query = sqlx::query(
        "update shown_boards
         set edited_ms = $1,
             due_ms = case when version = $2 then null else $1 end,
             tries = case when version = $2 then 0 else tries end,
             form = case when version = $2 then $3 else form end,
             picture = case when version = $2 then $4 else picture end,
             page = case when version = $2 then $5 else page end,
             buttons = case when version = $2 then $6 else buttons end
         where channel = $7 and message = $8
         returning version",
    )
    .bind(now_ms)
    .bind(i64::from(version))
    .bind(word(&FORMS, shown.form))
    .bind(shown.picture.clone())
    .bind(kind.page)
    .bind(kind.buttons)
    .bind(kept(shown.channel.number()))
    .bind(kept(shown.message.number()));
    let met = fetch(connection, query).await?;
    let met = met.first().map(|row| small(row, "version")).transpose()?;
    Ok(met == Some(version))
}

/// What stands there is about to be posted once more, with another picture: its own goes.
async fn moves(
    connection: &mut PgConnection,
    shown: &ShownBoard,
    moving: &Moving,
) -> Result<(), JournalError> {
    let place = (kept(shown.channel.number()), kept(shown.message.number()));
    let query = sqlx::query(
        "with gone as (
             delete from pictures where token = (
                 select picture from shown_boards where channel = $5 and message = $6))
         update shown_boards set picture = $1, moving = $2, moving_ms = $3, moving_after = $4
         where channel = $5 and message = $6",
    )
    .bind(shown.picture.clone())
    .bind(moving.sent.clone())
    .bind(moving.begun_ms)
    .bind(moving.after.map(|after| kept(after.number())))
    .bind(place.0)
    .bind(place.1);
    fetch(connection, query).await.map(drop)
}

/// Whose rows it has; where one of them is hidden by now, it is owed.
async fn name(
    connection: &mut PgConnection,
    shown: &ShownBoard,
    members: &[UserId],
    now_ms: i64,
) -> Result<(), JournalError> {
    let place = (kept(shown.channel.number()), kept(shown.message.number()));
    let query = sqlx::query("delete from shown_members where channel = $1 and message = $2")
        .bind(place.0)
        .bind(place.1);
    fetch(connection, query).await?;
    let members = members.iter().map(|member| kept(member.number()));
    let query = sqlx::query(
        "insert into shown_members (channel, message, member)
         select $1, $2, member from unnest($3::bigint[]) as v (member)
         on conflict do nothing",
    )
    .bind(place.0)
    .bind(place.1)
    .bind(members.collect::<Vec<_>>());
    fetch(connection, query).await?;
    owe_hidden(connection, place, now_ms).await
}

/// It has the rows of the message whose place it takes.
async fn inherit(
    connection: &mut PgConnection,
    shown: &ShownBoard,
    before: MessageId,
    now_ms: i64,
) -> Result<(), JournalError> {
    let place = (kept(shown.channel.number()), kept(shown.message.number()));
    let query =
        sqlx::query("update shown_members set message = $1 where channel = $2 and message = $3")
            .bind(place.1)
            .bind(place.0)
            .bind(kept(before.number()));
    fetch(connection, query).await?;
    owe_hidden(connection, place, now_ms).await
}

/// Where somebody it has a row of is hidden by now, it is owed.
async fn owe_hidden(
    connection: &mut PgConnection,
    place: (i64, i64),
    now_ms: i64,
) -> Result<(), JournalError> {
    let query = sqlx::query(
        "update shown_boards set due_ms = $1
         where channel = $2 and message = $3 and exists (
             select 1 from shown_members
             join hidden on hidden.guild = shown_boards.guild
                 and hidden.member = shown_members.member
             where shown_members.channel = $2 and shown_members.message = $3)",
    )
    .bind(now_ms)
    .bind(place.0)
    .bind(place.1);
    fetch(connection, query).await.map(drop)
}

/// A post is owed where anybody was hidden since it was read: what is noted of it was read later.
async fn owe_since(
    connection: &mut PgConnection,
    shown: &ShownBoard,
    made_ms: i64,
    now_ms: i64,
) -> Result<(), JournalError> {
    let query = sqlx::query(
        "update shown_boards set due_ms = $1
         where channel = $2 and message = $3 and kind = 'post' and exists (
             select 1 from hidden
             where hidden.guild = shown_boards.guild and hidden.since_ms >= $4)",
    )
    .bind(now_ms)
    .bind(kept(shown.channel.number()))
    .bind(kept(shown.message.number()))
    .bind(made_ms);
    fetch(connection, query).await.map(drop)
}

/// Keeps who stands first on the post of a schedule.
async fn keep(
    connection: &mut PgConnection,
    shown: &ShownBoard,
    standings: &[(UserId, i64)],
) -> Result<(), JournalError> {
    let Some(schedule) = KeptKind::of(&shown.kind).schedule else {
        return Ok(());
    };
    let guild = kept(shown.guild.number());
    let query = sqlx::query(
        "insert into board_slots (guild, schedule, slot_ms, counted) values ($1, $2, $3, $4)
         on conflict do nothing returning slot_ms",
    )
    .bind(guild)
    .bind(schedule.to_owned())
    .bind(shown.at_ms)
    .bind(shown.counted.to_string());
    if fetch(connection, query).await?.is_empty() {
        // Who stood first when it was posted stays, whenever it is noted again.
        return Ok(());
    }
    let members = standings.iter().map(|(member, _)| kept(member.number()));
    let points = standings.iter().map(|(_, points)| *points);
    let query = sqlx::query(
        "insert into board_places (guild, schedule, slot_ms, member, points)
         select $1, $2, $3, member, points
         from unnest($4::bigint[], $5::bigint[]) as v (member, points)
         on conflict do nothing",
    )
    .bind(guild)
    .bind(schedule.to_owned())
    .bind(shown.at_ms)
    .bind(members.collect::<Vec<_>>())
    .bind(points.collect::<Vec<_>>());
    fetch(connection, query).await.map(drop)
}

async fn forget(
    connection: &mut PgConnection,
    before_ms: i64,
    owed_before_ms: i64,
) -> Result<(), JournalError> {
    let query = sqlx::query(
        "with gone as (
             delete from shown_boards where (channel, message) in (
                 select channel, message from shown_boards as old
                 where shown_ms < $1 and (due_ms is null or shown_ms < $2)
                   and (schedule is null or exists (
                       select 1 from shown_boards as later
                       where later.guild = old.guild and later.schedule = old.schedule
                         and later.at_ms > old.at_ms))
                 order by shown_ms limit $3)
             returning channel, message)
         delete from shown_members using gone
         where shown_members.channel = gone.channel and shown_members.message = gone.message",
    )
    .bind(before_ms)
    .bind(owed_before_ms)
    .bind(FORGOTTEN_AT_ONCE);
    fetch(connection, query).await?;
    // The board before the latest is what the latest is compared with, whenever that is written anew.
    let query = sqlx::query(
        "with gone as (
             delete from board_slots where slot_ms < $1 and (
                 select count(*) from board_slots as later
                 where later.guild = board_slots.guild
                   and later.schedule = board_slots.schedule
                   and later.slot_ms > board_slots.slot_ms) > 1
             returning guild, schedule, slot_ms)
         delete from board_places using gone
         where board_places.guild = gone.guild and board_places.schedule = gone.schedule
           and board_places.slot_ms = gone.slot_ms",
    )
    .bind(owed_before_ms);
    fetch(connection, query).await.map(drop)
}

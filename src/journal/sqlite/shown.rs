//! Boards that stand in the chat, in SQLite.

use rusqlite::Connection;
use rusqlite::params;

use crate::journal::error::JournalError;
use crate::journal::kept::kept;
use crate::journal::kept::word;
use crate::journal::shown::FORGOTTEN_AT_ONCE;
use crate::journal::shown::Moving;
use crate::journal::shown::OVERTAKEN_MS;
use crate::journal::shown::ShownBoard;
use crate::journal::shown::ShownWrite;
use crate::journal::shown_kept::FORMS;
use crate::journal::shown_kept::KeptKind;
use crate::journal::sqlite::rows;
use crate::journal::sqlite::rows::get;
use crate::journal::sqlite::rows::small;
use crate::journal::sqlite::sides::execute;
use crate::model::ChannelId;
use crate::model::MessageId;
use crate::model::UserId;

/// Writes one within the open transaction.
pub(super) fn write(connection: &Connection, write: &ShownWrite) -> Result<(), JournalError> {
    match write {
        ShownWrite::Stands {
            shown,
            named,
            standings,
            made_ms,
            now_ms,
        } => {
            put(connection, shown, *now_ms)?;
            name(connection, shown, named, *now_ms)?;
            owe_since(connection, shown, *made_ms, *now_ms)?;
            match standings {
                Some(standings) => keep(connection, shown, standings),
                None => Ok(()),
            }
        }
        ShownWrite::Anew {
            shown,
            named,
            version,
            now_ms,
        } => match anew(connection, shown, *version, *now_ms)? {
            true => name(connection, shown, named, *now_ms),
            false => Ok(()),
        },
        ShownWrite::Later {
            channel,
            message,
            next_ms,
        } => execute(
            connection,
            "update shown_boards set due_ms = ?, tries = tries + 1
             where channel = ? and message = ?",
            params![next_ms, kept(channel.number()), kept(message.number())],
        ),
        ShownWrite::Moves {
            shown,
            named,
            moving,
            now_ms,
        } => {
            moves(connection, shown, moving)?;
            name(connection, shown, named, *now_ms)
        }
        ShownWrite::Stays { channel, message } => execute(
            connection,
            "update shown_boards set moving_ms = null
             where channel = ? and message = ?",
            params![kept(channel.number()), kept(message.number())],
        ),
        ShownWrite::Moved {
            channel,
            message,
            shown,
            named,
            now_ms,
        } => {
            put(connection, shown, *now_ms)?;
            match named {
                Some(named) => name(connection, shown, named, *now_ms)?,
                None => inherit(connection, shown, *message, *now_ms)?,
            }
            execute(
                connection,
                "update slots set message = ? where channel = ? and message = ?",
                params![
                    kept(shown.message.number()),
                    kept(channel.number()),
                    kept(message.number())
                ],
            )?;
            gone(connection, *channel, *message)
        }
        ShownWrite::Gone { channel, message } => gone(connection, *channel, *message),
        ShownWrite::Forget {
            before_ms,
            owed_before_ms,
        } => forget(connection, *before_ms, *owed_before_ms),
    }
}

fn gone(
    connection: &Connection,
    channel: ChannelId,
    message: MessageId,
) -> Result<(), JournalError> {
    let place = (kept(channel.number()), kept(message.number()));
    let text = "delete from shown_boards where channel = ? and message = ?";
    execute(connection, text, params![place.0, place.1])?;
    let text = "delete from shown_members where channel = ? and message = ?";
    execute(connection, text, params![place.0, place.1])
}

/// A member is hidden: the boards of the guild with their row are owed.
pub(super) fn owe(
    connection: &Connection,
    (guild, member): (i64, i64),
    now_ms: i64,
) -> Result<(), JournalError> {
    execute(
        connection,
        "update shown_boards set due_ms = ?1, tries = 0
         where guild = ?2 and (channel, message) in (
             select channel, message from shown_members where member = ?3)",
        params![now_ms, guild, member],
    )
}

fn put(connection: &Connection, shown: &ShownBoard, now_ms: i64) -> Result<(), JournalError> {
    let kind = KeptKind::of(&shown.kind);
    execute(
        connection,
        "insert into shown_boards (channel, message, guild, kind, counted, at_ms, form, picture,
             command, asker, subject, page, buttons, schedule, row_count, late, compared,
             shown_ms, version, tries)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,
             1, 0)
         on conflict (channel, message) do update
         set kind = excluded.kind, counted = excluded.counted, at_ms = excluded.at_ms,
             form = excluded.form, picture = excluded.picture, command = excluded.command,
             asker = excluded.asker, subject = excluded.subject, page = excluded.page,
             buttons = excluded.buttons, schedule = excluded.schedule,
             row_count = excluded.row_count, late = excluded.late, compared = excluded.compared,
             shown_ms = excluded.shown_ms,
             version = shown_boards.version + 1, tries = 0,
             due_ms = case when shown_boards.edited_ms > ?18 - ?19 then ?18 end",
        params![
            kept(shown.channel.number()),
            kept(shown.message.number()),
            kept(shown.guild.number()),
            kind.kind,
            shown.counted.to_string(),
            shown.at_ms,
            word(&FORMS, shown.form),
            shown.picture,
            kind.command,
            kind.asker,
            kind.subject,
            kind.page,
            kind.buttons,
            kind.schedule,
            kind.rows,
            kind.late,
            kind.compared,
            now_ms,
            OVERTAKEN_MS,
        ],
    )
}

/// What stands there is about to be posted once more, with another picture: its own goes.
fn moves(connection: &Connection, shown: &ShownBoard, moving: &Moving) -> Result<(), JournalError> {
    let place = (kept(shown.channel.number()), kept(shown.message.number()));
    execute(
        connection,
        "delete from pictures where token = (
             select picture from shown_boards where channel = ? and message = ?)",
        params![place.0, place.1],
    )?;
    execute(
        connection,
        "update shown_boards set picture = ?, moving = ?, moving_ms = ?, moving_after = ?
         where channel = ? and message = ?",
        params![
            shown.picture,
            moving.sent,
            moving.begun_ms,
            moving.after.map(|after| kept(after.number())),
            place.0,
            place.1
        ],
    )
}

/// Whether the note is the one that was replaced.
fn anew(
    connection: &Connection,
    shown: &ShownBoard,
    version: u32,
    now_ms: i64,
) -> Result<bool, JournalError> {
    let kind = KeptKind::of(&shown.kind);
    let met = rows::first(
        connection,
        "update shown_boards
         set edited_ms = ?1,
             due_ms = case when version = ?2 then null else ?1 end,
             tries = case when version = ?2 then 0 else tries end,
             form = case when version = ?2 then ?3 else form end,
             picture = case when version = ?2 then ?4 else picture end,
             page = case when version = ?2 then ?5 else page end,
             buttons = case when version = ?2 then ?6 else buttons end
         where channel = ?7 and message = ?8
         returning version",
        params![
            now_ms,
            version,
            word(&FORMS, shown.form),
            shown.picture,
            kind.page,
            kind.buttons,
            kept(shown.channel.number()),
            kept(shown.message.number()),
        ],
        |row| small(row, "version"),
    )?;
    Ok(met == Some(version))
}

/// Whose rows it has; where one of them is hidden by now, it is owed.
fn name(
    connection: &Connection,
    shown: &ShownBoard,
    members: &[UserId],
    now_ms: i64,
) -> Result<(), JournalError> {
    let place = (kept(shown.channel.number()), kept(shown.message.number()));
    let text = "delete from shown_members where channel = ? and message = ?";
    execute(connection, text, params![place.0, place.1])?;
    for member in members {
        execute(
            connection,
            "insert into shown_members (channel, message, member) values (?, ?, ?)
             on conflict do nothing",
            params![place.0, place.1, kept(member.number())],
        )?;
    }
    owe_hidden(connection, place, now_ms)
}

/// It has the rows of the message whose place it takes.
fn inherit(
    connection: &Connection,
    shown: &ShownBoard,
    before: MessageId,
    now_ms: i64,
) -> Result<(), JournalError> {
    let place = (kept(shown.channel.number()), kept(shown.message.number()));
    execute(
        connection,
        "update shown_members set message = ? where channel = ? and message = ?",
        params![place.1, place.0, kept(before.number())],
    )?;
    owe_hidden(connection, place, now_ms)
}

/// Where somebody it has a row of is hidden by now, it is owed.
fn owe_hidden(connection: &Connection, place: (i64, i64), now_ms: i64) -> Result<(), JournalError> {
    execute(
        connection,
        "update shown_boards set due_ms = ?1
         where channel = ?2 and message = ?3 and exists (
             select 1 from shown_members
             join hidden on hidden.guild = shown_boards.guild
                 and hidden.member = shown_members.member
             where shown_members.channel = ?2 and shown_members.message = ?3)",
        params![now_ms, place.0, place.1],
    )
}

/// A post is owed where anybody was hidden since it was read: what is noted of it was read later.
fn owe_since(
    connection: &Connection,
    shown: &ShownBoard,
    made_ms: i64,
    now_ms: i64,
) -> Result<(), JournalError> {
    execute(
        connection,
        "update shown_boards set due_ms = ?1
         where channel = ?2 and message = ?3 and kind = 'post' and exists (
             select 1 from hidden
             where hidden.guild = shown_boards.guild and hidden.since_ms >= ?4)",
        params![
            now_ms,
            kept(shown.channel.number()),
            kept(shown.message.number()),
            made_ms
        ],
    )
}

/// Keeps who stands first on the post of a schedule.
fn keep(
    connection: &Connection,
    shown: &ShownBoard,
    standings: &[(UserId, i64)],
) -> Result<(), JournalError> {
    let Some(schedule) = KeptKind::of(&shown.kind).schedule else {
        return Ok(());
    };
    let guild = kept(shown.guild.number());
    let fresh = rows::first(
        connection,
        "insert into board_slots (guild, schedule, slot_ms, counted) values (?, ?, ?, ?)
         on conflict do nothing returning slot_ms",
        params![guild, schedule, shown.at_ms, shown.counted.to_string()],
        |row| get::<i64>(row, "slot_ms"),
    )?;
    if fresh.is_none() {
        // Who stood first when it was posted stays, whenever it is noted again.
        return Ok(());
    }
    for (member, points) in standings {
        execute(
            connection,
            "insert into board_places (guild, schedule, slot_ms, member, points)
             values (?, ?, ?, ?, ?) on conflict do nothing",
            params![guild, schedule, shown.at_ms, kept(member.number()), points],
        )?;
    }
    Ok(())
}

fn forget(
    connection: &Connection,
    before_ms: i64,
    owed_before_ms: i64,
) -> Result<(), JournalError> {
    let gone = rows::all(
        connection,
        "delete from shown_boards where (channel, message) in (
             select channel, message from shown_boards as old
             where shown_ms < ?1 and (due_ms is null or shown_ms < ?2)
               and (schedule is null or exists (
                   select 1 from shown_boards as later
                   where later.guild = old.guild and later.schedule = old.schedule
                     and later.at_ms > old.at_ms))
             order by shown_ms limit ?3)
         returning channel, message",
        params![before_ms, owed_before_ms, FORGOTTEN_AT_ONCE],
        |row| Ok((get::<i64>(row, "channel")?, get::<i64>(row, "message")?)),
    )?;
    for (channel, message) in gone {
        let text = "delete from shown_members where channel = ? and message = ?";
        execute(connection, text, params![channel, message])?;
    }
    // The board before the latest is what the latest is compared with, whenever that is written anew.
    let gone = rows::all(
        connection,
        "delete from board_slots where slot_ms < ?1 and (
             select count(*) from board_slots as later
             where later.guild = board_slots.guild and later.schedule = board_slots.schedule
               and later.slot_ms > board_slots.slot_ms) > 1
         returning guild, schedule, slot_ms",
        params![owed_before_ms],
        |row| {
            let schedule: String = get(row, "schedule")?;
            Ok((
                get::<i64>(row, "guild")?,
                schedule,
                get::<i64>(row, "slot_ms")?,
            ))
        },
    )?;
    for (guild, schedule, slot_ms) in gone {
        execute(
            connection,
            "delete from board_places where guild = ? and schedule = ? and slot_ms = ?",
            params![guild, schedule, slot_ms],
        )?;
    }
    Ok(())
}

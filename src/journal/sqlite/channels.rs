//! Channels and the commands handled in them.

use rusqlite::Connection;
use rusqlite::Row;
use rusqlite::params;

use crate::journal::channels::ChannelMark;
use crate::journal::channels::Handled;
use crate::journal::error::JournalError;
use crate::journal::kept::kept;
use crate::journal::sqlite::rows;
use crate::journal::sqlite::rows::get;
use crate::journal::sqlite::sides::execute;
use crate::model::ChannelId;
use crate::model::GuildId;
use crate::model::MessageId;

/// The channels handled furthest, at most so many, and the commands noted.
pub(super) fn handled(connection: &Connection, limit: i64) -> Result<Handled, JournalError> {
    Ok(Handled {
        channels: rows::all(
            connection,
            "select * from channels order by since desc limit ?",
            params![limit],
            channel,
        )?,
        commands: rows::all(connection, "select * from handled", [], command)?,
    })
}

/// Notes how far channels are handled.
pub(super) fn note(
    connection: &Connection,
    handled: &Handled,
) -> Result<Option<u32>, JournalError> {
    for mark in &handled.channels {
        let (id, since) = (kept(mark.channel.number()), kept(mark.since.number()));
        execute(
            connection,
            "insert into channels (channel, guild, since, closed_ms) values (?, ?, ?, ?)
             on conflict (channel) do update
             set guild = excluded.guild, since = max(channels.since, excluded.since),
                 closed_ms = excluded.closed_ms",
            params![
                id,
                mark.guild.map(|guild| kept(guild.number())),
                since,
                mark.closed_ms
            ],
        )?;
        execute(
            connection,
            "delete from handled where channel = ? and message <= ?",
            params![id, since],
        )?;
    }
    for (channel, message) in &handled.commands {
        execute(
            connection,
            "insert into handled (channel, message) values (?, ?) on conflict do nothing",
            params![kept(channel.number()), kept(message.number())],
        )?;
    }
    Ok(Some(0))
}

/// Forgets channels handled up to `before` at most.
pub(super) fn forget(
    connection: &Connection,
    before: MessageId,
) -> Result<Option<u32>, JournalError> {
    for text in [
        "delete from handled where message <= ?",
        "delete from channels where since <= ?",
    ] {
        execute(connection, text, params![kept(before.number())])?;
    }
    Ok(Some(0))
}

fn channel(row: &Row<'_>) -> Result<ChannelMark, JournalError> {
    let guild: Option<i64> = get(row, "guild")?;
    Ok(ChannelMark {
        channel: ChannelId::new(id(row, "channel")?),
        guild: guild.map(|guild| GuildId::new(guild.cast_unsigned())),
        since: MessageId::new(id(row, "since")?),
        closed_ms: get(row, "closed_ms")?,
    })
}

fn command(row: &Row<'_>) -> Result<(ChannelId, MessageId), JournalError> {
    let channel = ChannelId::new(id(row, "channel")?);
    Ok((channel, MessageId::new(id(row, "message")?)))
}

fn id(row: &Row<'_>, column: &str) -> Result<u64, JournalError> {
    get(row, column).map(i64::cast_unsigned)
}

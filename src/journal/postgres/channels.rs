//! Channels and the commands handled in them.

use std::collections::HashMap;

use sqlx::postgres::PgRow;

use crate::journal::channels::ChannelMark;
use crate::journal::channels::Handled;
use crate::journal::error::JournalError;
use crate::journal::kept::kept;
use crate::journal::postgres::rows::id;
use crate::journal::postgres::script::Cell;
use crate::journal::postgres::script::Key;
use crate::journal::postgres::script::Step;
use crate::model::ChannelId;
use crate::model::GuildId;
use crate::model::MessageId;

/// Channels, those handled furthest first.
pub(super) const CHANNELS: &str = "select * from channels order by since desc limit $1";

/// Commands that were noted.
pub(super) const COMMANDS: &str = "select * from handled";

/// Notes how far channels are handled.
const NOTE: &str = "
    insert into channels (channel, guild, since, closed_ms)
    select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
    on conflict (channel) do update
    set guild = excluded.guild, since = greatest(channels.since, excluded.since),
        closed_ms = excluded.closed_ms
    returning cast(0 as bigint) as kind, cast(0 as bigint) as message, cast(0 as bigint) as line,
        cast(0 as bigint) as member, cast(0 as bigint) as tries";

/// Drops notes that a channel's mark says as well.
const DROP: &str = "
    delete from handled
    using unnest($1::bigint[], $2::bigint[]) as v (channel, since)
    where handled.channel = v.channel and handled.message <= v.since";

/// Notes handled commands.
const HANDLED: &str = "
    insert into handled (channel, message)
    select * from unnest($1::bigint[], $2::bigint[]) on conflict do nothing";

/// Forgets notes of long ago.
const FORGET_HANDLED: &str = "
    delete from handled using unnest($1::bigint[]) as v (since) where handled.message <= v.since";

/// Forgets channels of long ago.
const FORGET_CHANNELS: &str = "
    delete from channels using unnest($1::bigint[]) as v (since) where channels.since <= v.since";

/// Says that forgetting came to its turn.
const FORGOTTEN: &str = "
    select cast(0 as bigint) as kind, cast(0 as bigint) as message, cast(0 as bigint) as line,
        cast(0 as bigint) as member, cast(0 as bigint) as tries
    from unnest($1::bigint[])";

/// The statements that note how far channels are handled; the last carries the note.
pub(super) fn note(index: usize, handled: &Handled) -> Vec<Step> {
    let marks = handled.channels.iter();
    let drops = marks.clone().map(|mark| {
        let since = kept(mark.since.number());
        vec![Cell::from(kept(mark.channel.number())), Cell::from(since)]
    });
    let commands = handled
        .commands
        .iter()
        .map(|(channel, message)| vec![Cell::from(kept(channel.number())), Cell::from(*message)]);
    let marks = marks.map(|mark| {
        vec![
            Cell::from(kept(mark.channel.number())),
            Cell::from(mark.guild.map(|guild| kept(guild.number()))),
            Cell::from(mark.since),
            Cell::from(mark.closed_ms),
        ]
    });
    let plain = [
        (DROP, drops.collect::<Vec<_>>()),
        (HANDLED, commands.collect()),
    ];
    let plain = plain.into_iter().filter(|(_, rows)| !rows.is_empty());
    let mut steps: Vec<Step> = plain
        .map(|(text, rows)| Step::new(text, rows, HashMap::new()))
        .collect();
    steps.push(Step::new(NOTE, marks.collect(), carrying(index)));
    steps
}

/// The statements that forget what is handled up to `before`; the last carries the note.
pub(super) fn forget(index: usize, before: MessageId) -> Vec<Step> {
    let row = || vec![vec![Cell::from(before)]];
    vec![
        Step::new(FORGET_HANDLED, row(), HashMap::new()),
        Step::new(FORGET_CHANNELS, row(), HashMap::new()),
        Step::new(FORGOTTEN, row(), carrying(index)),
    ]
}

/// A channel's row.
pub(super) fn channel(row: &PgRow) -> Result<ChannelMark, JournalError> {
    let guild: Option<i64> = super::rows::get(row, "guild")?;
    Ok(ChannelMark {
        channel: ChannelId::new(id(row, "channel")?),
        guild: guild.map(|guild| GuildId::new(guild.cast_unsigned())),
        since: MessageId::new(id(row, "since")?),
        closed_ms: super::rows::get(row, "closed_ms")?,
    })
}

/// A noted command.
pub(super) fn command(row: &PgRow) -> Result<(ChannelId, MessageId), JournalError> {
    let channel = ChannelId::new(id(row, "channel")?);
    Ok((channel, MessageId::new(id(row, "message")?)))
}

fn carrying(index: usize) -> HashMap<Key, usize> {
    HashMap::from([(Key::Note(0, 0, 0, 0), index)])
}

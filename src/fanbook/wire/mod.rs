//! Frames as the platform spells them, decoded into events.
//!
//! Invariants: a frame is decoded once, here; what comes out is owned, so nothing pins the read
//! buffer; no frame makes it panic, however broken or deep; a field that cannot be read never
//! widens what somebody may do. Messages of bots, the bot's own among them, come out as
//! [`Event::Other`].
//! Deliberately absent: edits, deletions and role changes, which no documented frame announces.
//! Source: fanbook-platform, 2.2 to 2.4, 3.3 and 4.6.

mod history;
mod idle;
pub(in crate::fanbook) mod lenient;
mod own;
mod press;
mod push;

use std::borrow::Cow;

use serde::Deserialize;

use crate::fanbook::wire::lenient::Raw;
use crate::model::GuildId;
use crate::model::UserId;
use crate::model::incoming::Incoming;
use crate::model::incoming::Press;

pub use history::OwnAnswer;
pub use history::Page;
pub use history::page;
pub use idle::is_idle;
pub use own::OwnContent;
pub use own::OwnMessage;
pub use own::OwnPage;
pub use own::own_messages;

/// What the platform tells the bot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A person wrote a text message.
    Message(Incoming),
    /// A person pressed a button under a message.
    Press(Press),
    /// Somebody joined a guild.
    Joined {
        /// The guild.
        guild: GuildId,
        /// Who joined.
        user: UserId,
    },
    /// Somebody left a guild.
    Left {
        /// The guild.
        guild: GuildId,
        /// Who left.
        user: UserId,
    },
    /// Anything the bot has no use for: pictures, reactions, messages of bots, unknown actions.
    Other(
        /// The frame's action.
        String,
    ),
    /// The platform greeted a new connection; from here on messages arrive.
    Connected,
    /// The connection is gone; messages sent from now on are missed until [`Event::Connected`].
    Disconnected,
}

/// A frame that makes no sense. Says which part, never what stood there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the frame's {0} cannot be read")]
pub struct Unreadable(
    /// The part that could not be read.
    pub &'static str,
);

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    action: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    data: Raw<'a>,
}

#[derive(Deserialize)]
struct GuildNotice<'a> {
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    guild_id: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    user_id: Raw<'a>,
}

/// Decodes one frame as heard by `bot`.
pub fn decode(frame: &[u8], bot: UserId) -> Result<Event, Unreadable> {
    let envelope: Envelope<'_> =
        serde_json::from_slice(frame).map_err(|_| Unreadable("envelope"))?;
    let event = match &*envelope.action {
        "connect" => Some(Event::Connected),
        "push" => push::read(envelope.data, bot)?.map(Event::Message),
        "miniPush" => press::read(envelope.data, bot)?.map(Event::Press),
        "guildNotice" => notice(envelope.data)?,
        _ => None,
    };
    Ok(event.unwrap_or_else(|| Event::Other(envelope.action.into_owned())))
}

fn notice(data: Raw<'_>) -> Result<Option<Event>, Unreadable> {
    let notice: GuildNotice<'_> = lenient::object(data).ok_or(Unreadable("notice"))?;
    let joined = match &*notice.method {
        "userJoin" => true,
        "userQuit" => false,
        _ => return Ok(None),
    };
    let guild = lenient::id(notice.guild_id)
        .some()
        .map(GuildId::new)
        .ok_or(Unreadable("guild"))?;
    let user = lenient::id(notice.user_id)
        .some()
        .map(UserId::new)
        .ok_or(Unreadable("member"))?;
    Ok(Some(if joined {
        Event::Joined { guild, user }
    } else {
        Event::Left { guild, user }
    }))
}

#[cfg(test)]
mod tests;

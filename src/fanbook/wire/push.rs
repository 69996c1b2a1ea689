//! `push`: a message of a channel or a private chat.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::fanbook::text::may_begin;
use crate::fanbook::wire::Unreadable;
use crate::fanbook::wire::lenient;
use crate::fanbook::wire::lenient::Id;
use crate::fanbook::wire::lenient::Raw;
use crate::model::ChannelId;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::RoleId;
use crate::model::UserId;
use crate::model::incoming::Author;
use crate::model::incoming::Incoming;

/// Times below this are seconds, others milliseconds. Source: fanbook-platform, 7 question 2.
const LEAST_MILLISECONDS: i64 = 100_000_000_000;

#[derive(Deserialize)]
struct Push<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    content: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    time: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    user_id: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    channel_id: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    message_id: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    guild_id: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    quote_l1: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    quote_l2: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    mentions: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    member: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    author: Raw<'a>,
}

#[derive(Deserialize)]
struct Content<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    text: Raw<'a>,
}

#[derive(Default, Deserialize)]
struct Writer<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    nickname: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    username: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    bot: Raw<'a>,
}

#[derive(Deserialize)]
struct Membership<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    nick: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    roles: Raw<'a>,
}

#[derive(Deserialize)]
struct Mention<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    user_id: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    nickname: Raw<'a>,
}

/// The text message of a person; none if it is anything else.
pub(super) fn read(data: Raw<'_>, bot: UserId) -> Result<Option<Incoming>, Unreadable> {
    read_in(data, bot, None)
}

/// The same from the history of `channel`, whose items may leave the channel out; none also for talk,
/// which no call to the bot can begin like.
pub(super) fn read_item(
    data: Raw<'_>,
    bot: UserId,
    channel: ChannelId,
) -> Result<Option<Incoming>, Unreadable> {
    let incoming = read_in(data, bot, Some(channel))?;
    if incoming
        .as_ref()
        .is_some_and(|incoming| incoming.channel != channel)
    {
        return Err(Unreadable("channel"));
    }
    Ok(incoming)
}

fn read_in(
    data: Raw<'_>,
    bot: UserId,
    asked: Option<ChannelId>,
) -> Result<Option<Incoming>, Unreadable> {
    let push: Push<'_> = lenient::object(data).ok_or(Unreadable("message"))?;
    let writer: Writer<'_> = lenient::object(push.author).unwrap_or_default();
    let author = lenient::id(push.user_id).some().map(UserId::new);
    if lenient::is_true(writer.bot) || author == Some(bot) {
        return Ok(None);
    }
    let Some(text) = text_of(push.content)? else {
        return Ok(None);
    };
    // Frames of talk are told apart before they come here; most of a history is talk as well.
    if asked.is_some() && !text.chars().next().is_some_and(may_begin) {
        return Ok(None);
    }
    let author = author.ok_or(Unreadable("author"))?;
    let message = lenient::id(push.message_id)
        .some()
        .map(MessageId::new)
        .ok_or(Unreadable("message id"))?;
    let channel = match lenient::id(push.channel_id) {
        Id::Some(channel) => Some(ChannelId::new(channel)),
        Id::None => asked,
        Id::Unreadable => None,
    };
    let channel = channel.ok_or(Unreadable("channel"))?;
    let guild = match lenient::id(push.guild_id) {
        Id::Some(guild) => Some(GuildId::new(guild)),
        Id::None => None,
        // Taken for a private chat it would be judged by other rules.
        Id::Unreadable => return Err(Unreadable("guild")),
    };
    let membership: Option<Membership<'_>> = lenient::object(push.member);
    let name = [
        membership.as_ref().and_then(|member| member.nick),
        writer.nickname,
        writer.username,
    ]
    .into_iter()
    .find_map(lenient::string)
    .unwrap_or_default();
    Ok(Some(Incoming {
        message,
        guild,
        channel,
        author: Author {
            id: author,
            name,
            short_id: lenient::string(writer.username).filter(|id| lenient::is_short_id(id)),
            roles: guild.and_then(|_| roles(push.member, membership.as_ref())),
        },
        text,
        mentions: mentions(push.mentions),
        replying_to: answered(push.quote_l1, push.quote_l2),
        sent_ms: sent_ms(push.time, message),
    }))
}

/// The message a reply answers, if it is one: the second level is the one directly answered, the first
/// the thread's beginning. Source: fanbook-platform, 3.3.
pub(super) fn answered(first: Raw<'_>, second: Raw<'_>) -> Option<MessageId> {
    let quotes = [second, first].into_iter();
    let mut known = quotes.filter_map(|quote| lenient::id(quote).some());
    known.next().map(MessageId::new)
}

/// The text of a `text` message; none if the content is of another kind.
pub(super) fn text_of(content: Raw<'_>) -> Result<Option<String>, Unreadable> {
    let raw = content.ok_or(Unreadable("content"))?.get();
    // Content is JSON inside a string; should the platform ever send it bare, read that too.
    let inner: Cow<'_, str> = match serde_json::from_str::<String>(raw) {
        Ok(inner) => Cow::Owned(inner),
        Err(_) => Cow::Borrowed(raw),
    };
    let content: Content<'_> = serde_json::from_str(&inner).map_err(|_| Unreadable("content"))?;
    if content.kind != "text" {
        return Ok(None);
    }
    Ok(content
        .text
        .and_then(|text| serde_json::from_str(text.get()).ok()))
}

/// Roles of the sender: `null` is a visitor without any, silence is not known.
///
/// A role that cannot be read is left out: fewer roles never grant more.
fn roles(member: Raw<'_>, membership: Option<&Membership<'_>>) -> Option<Vec<RoleId>> {
    if member.map(RawValue::get) == Some("null") {
        return Some(Vec::new());
    }
    let roles = membership?.roles?;
    if roles.get() == "null" {
        return Some(Vec::new());
    }
    let roles = lenient::list(Some(roles))?.into_iter();
    let roles = roles.filter_map(|role| lenient::id(Some(role)).some().map(RoleId::new));
    Some(trim(roles.collect()))
}

fn mentions(field: Raw<'_>) -> Vec<(UserId, String)> {
    let mentions = lenient::list(field).unwrap_or_default().into_iter();
    let mentions = mentions.filter_map(|raw| {
        let mention: Mention<'_> = lenient::object(Some(raw))?;
        let user = lenient::id(mention.user_id).some()?;
        let name = lenient::string(mention.nickname).unwrap_or_default();
        Some((UserId::new(user), name))
    });
    trim(mentions.collect())
}

/// Without room to grow: thousands of these may wait at once, and a vector begins with room for
/// four.
fn trim<T>(mut list: Vec<T>) -> Vec<T> {
    list.shrink_to_fit();
    list
}

fn sent_ms(time: Raw<'_>, message: MessageId) -> i64 {
    match lenient::integer(time) {
        Some(time @ 1..LEAST_MILLISECONDS) => time * 1_000,
        Some(time) if time > 0 => time,
        _ => message.minted_ms(),
    }
}

//! Gateway frames as the platform words them.
//!
//! Keys stand in the documented order and the text is compact, because some clients cut frames by
//! offset. Ids are strings here, everywhere but inside a callback. Source: fanbook-platform, 2.2-2.4.

use serde::Serialize;
use serde_json::json;

use super::id_text;
use super::message::Message;
use super::settings::PlatformSettings;
use super::world::World;
use crate::model::ids::ChannelId;
use crate::model::ids::GuildId;
use crate::model::ids::MessageId;
use crate::model::ids::RoleId;
use crate::model::ids::UserId;

/// How the `member` of a guild message looks in its frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MemberShape {
    /// With nickname and roles.
    #[default]
    Full,
    /// The key is there and null, as for visitors.
    Null,
    /// No such key, as in private chats.
    Absent,
}

/// A message as frames and the message history show it.
#[derive(Serialize)]
pub struct MessageItem<'a> {
    content: &'a str,
    time: i64,
    #[serde(serialize_with = "id_text::one")]
    user_id: UserId,
    #[serde(serialize_with = "id_text::one")]
    channel_id: ChannelId,
    #[serde(serialize_with = "id_text::one")]
    message_id: MessageId,
    #[serde(serialize_with = "id_text::maybe")]
    quote_l1: Option<MessageId>,
    #[serde(serialize_with = "id_text::maybe")]
    quote_l2: Option<MessageId>,
    #[serde(serialize_with = "id_text::maybe")]
    guild_id: Option<GuildId>,
    channel_type: u8,
    status: u8,
    nonce: String,
    ctype: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mentions: Vec<Mention<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<Option<MemberItem<'a>>>,
    author: Author<'a>,
    desc: &'a str,
}

#[derive(Serialize)]
struct Mention<'a> {
    nickname: &'a str,
    #[serde(serialize_with = "id_text::one")]
    user_id: UserId,
}

#[derive(Serialize)]
struct MemberItem<'a> {
    nick: Option<&'a str>,
    #[serde(serialize_with = "id_text::many")]
    roles: &'a [RoleId],
    guild_card: [(); 0],
    assist_level: u8,
}

#[derive(Serialize)]
struct Author<'a> {
    nickname: &'a str,
    username: &'a str,
    avatar: &'a str,
    avatar_nft: Option<()>,
    bot: bool,
}

#[derive(Serialize)]
struct Push<'a> {
    action: &'static str,
    data: MessageItem<'a>,
    ack: i8,
    seq: Option<()>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<bool>,
}

impl<'a> MessageItem<'a> {
    /// A message with its `member` in the given shape and its mentions.
    pub fn of(
        world: &'a World,
        settings: &PlatformSettings,
        message: &'a Message,
        shape: MemberShape,
    ) -> Self {
        let author = world.users.get(&message.author);
        let guild = message.guild.and_then(|id| world.guild(id));
        let member = guild.and_then(|guild| guild.members.get(&message.author));
        let desc = if message.guild.is_none() || settings.desc_in_guilds {
            message.desc.as_str()
        } else {
            ""
        };
        Self {
            content: &message.content,
            time: if settings.time_in_seconds {
                message.time_ms / 1_000
            } else {
                message.time_ms
            },
            user_id: message.author,
            channel_id: message.channel,
            message_id: message.id,
            quote_l1: message.quote_l1,
            quote_l2: message.quote_l2,
            guild_id: message.guild,
            channel_type: if guild.is_some() { 0 } else { 3 },
            status: 0,
            nonce: (message.id.number() ^ 1).to_string(),
            ctype: message.content_type,
            mentions: message
                .mentions
                .iter()
                .map(|id| Mention {
                    nickname: world
                        .users
                        .get(id)
                        .map_or("", |user| user.nickname.as_str()),
                    user_id: *id,
                })
                .collect(),
            member: match shape {
                _ if guild.is_none() => None,
                MemberShape::Absent => None,
                MemberShape::Null => Some(None),
                MemberShape::Full => Some(member.map(|member| MemberItem {
                    nick: member.guild_nick.as_deref(),
                    roles: &member.roles,
                    guild_card: [],
                    assist_level: 0,
                })),
            },
            author: Author {
                nickname: author.map_or("", |user| user.nickname.as_str()),
                username: author.map_or("", |user| user.short_id.as_str()),
                avatar: "",
                avatar_nft: None,
                bot: author.is_some_and(|user| user.bot),
            },
            desc,
        }
    }

    /// The same without what the message history leaves out.
    pub fn bare(mut self) -> Self {
        self.member = None;
        self.mentions.clear();
        self
    }
}

/// A new message.
pub fn push(
    world: &World,
    settings: &PlatformSettings,
    message: &Message,
    shape: MemberShape,
) -> String {
    text(&Push {
        action: "push",
        data: MessageItem::of(world, settings, message, shape),
        ack: -1,
        seq: None,
        status: settings.push_status.then_some(true),
    })
}

/// The first frame of a connection.
pub fn connect(client: u64) -> String {
    format!(r#"{{"action":"connect","data":{{"client_id":"0a0504670c1f{client:08x}"}}}}"#)
}

/// The answer to a ping; the time is in seconds here.
pub fn pong(now_ms: i64) -> String {
    format!(
        r#"{{"action":"pong","data":{{"time":{}}}}}"#,
        now_ms / 1_000
    )
}

/// A press on a button of a keyboard.
pub struct Press<'a> {
    /// The callback's id.
    pub callback: &'a str,
    /// Number of the update.
    pub update: u64,
    /// Who pressed.
    pub user: UserId,
    /// Their nickname.
    pub name: &'a str,
    /// Where.
    pub channel: ChannelId,
    /// The message with the keyboard.
    pub message: MessageId,
    /// The id of the press's own frame, which is not the message's.
    pub frame: MessageId,
    /// What the button says to the bot.
    pub data: &'a str,
}

/// A press on a button, as the platform tells it.
pub fn mini_push(press: &Press<'_>) -> String {
    let content = json!({
        "type": "update",
        "update_id": press.update,
        "callback_query": {
            "id": press.callback,
            "from": {
                "id": press.user.number(),
                "is_bot": false,
                "first_name": press.name,
            },
            "inline_message_id": press.message.to_string(),
            "data": press.data,
        },
    });
    json!({
        "action": "miniPush",
        "data": {
            "channel_id": press.channel.to_string(),
            "user_id": press.user.to_string(),
            "message_id": press.frame.to_string(),
            "content": content.to_string(),
        },
    })
    .to_string()
}

/// Somebody joined or left: `userJoin` or `userQuit`.
pub fn guild_notice(method: &str, guild: GuildId, user: UserId) -> String {
    json!({
        "action": "guildNotice",
        "data": {
            "method": method,
            "guild_id": guild.to_string(),
            "user_id": user.to_string(),
        },
    })
    .to_string()
}

/// A reaction to a message; such frames have neither author nor member nor nonce.
pub fn reaction(
    message: &Message,
    user: UserId,
    emoji: &str,
    frame: MessageId,
    now_ms: i64,
) -> String {
    let name: String = emoji.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let content = json!({
        "type": "reaction",
        "action": "add",
        "id": message.id.to_string(),
        "emoji": {"name": name, "avatar": null, "count": 1},
        "text": "",
    });
    json!({
        "action": "push",
        "data": {
            "content": content.to_string(),
            "time": now_ms,
            "user_id": user.to_string(),
            "channel_id": message.channel.to_string(),
            "message_id": frame.to_string(),
            "guild_id": message.guild.map(|id| id.to_string()),
            "channel_type": if message.guild.is_some() { 0 } else { 3 },
            "status": 0,
        },
        "ack": -1,
        "seq": null,
    })
    .to_string()
}

fn text<T: Serialize>(frame: &T) -> String {
    serde_json::to_string(frame).expect("plain fields always serialise")
}

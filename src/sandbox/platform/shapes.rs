//! JSON shapes of Bot API answers, ids as the documents have them.
//!
//! Shapes of the telegram-like methods write ids as numbers; those of the path-like methods as
//! strings. Keys stand in the documented order. Source: fanbook-platform, 1.4 and 4.

use serde::Serialize;
use serde_json::Value;

use crate::model::ids::ChannelId;
use crate::model::ids::UserId;
use crate::sandbox::message::Message;
use crate::sandbox::state::Place;
use crate::sandbox::state::State;
use crate::sandbox::world::Guild;
use crate::sandbox::world::Role;

/// An account, ids as numbers.
#[derive(Serialize)]
pub struct UserShape {
    id: u64,
    is_bot: bool,
    first_name: String,
    username: String,
    avatar: &'static str,
}

/// A chat, ids as numbers; a private chat has guild 0.
#[derive(Serialize)]
pub struct ChatShape {
    id: u64,
    guild_id: u64,
    r#type: &'static str,
    channel_type: u8,
}

/// A message, ids as numbers, its date in milliseconds.
#[derive(Serialize)]
pub struct MessageShape {
    message_id: u64,
    date: i64,
    chat: ChatShape,
    from: UserShape,
    reply_to_message: Option<Box<MessageShape>>,
    text: String,
    entities: [(); 0],
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_markup: Option<Value>,
}

/// A member, ids as numbers, its roles as objects.
#[derive(Serialize)]
pub struct MemberShape {
    user: UserShape,
    status: &'static str,
    roles: Vec<RoleShape>,
}

/// A role of a member, ids as numbers.
#[derive(Serialize)]
pub struct RoleShape {
    id: u64,
    name: String,
    position: i64,
    permissions: u64,
    color: u32,
}

/// A role of a guild, ids as numbers.
#[derive(Serialize)]
pub struct GuildRoleShape {
    #[serde(flatten)]
    role: RoleShape,
    member_count: usize,
    managed: bool,
    mentionable: bool,
    tag: Option<TagShape>,
}

#[derive(Serialize)]
struct TagShape {
    bot_id: u64,
}

/// An account.
pub fn user(state: &State, id: UserId) -> UserShape {
    let user = state.world.users.get(&id);
    UserShape {
        id: id.number(),
        is_bot: user.is_some_and(|user| user.bot),
        first_name: user.map(|user| user.nickname.clone()).unwrap_or_default(),
        username: user.map(|user| user.short_id.clone()).unwrap_or_default(),
        avatar: "",
    }
}

/// A chat of either kind.
pub fn chat(state: &State, id: ChannelId) -> ChatShape {
    match state.place(id) {
        Some(Place::Guild(guild, channel)) => ChatShape {
            id: id.number(),
            guild_id: guild.id.number(),
            r#type: "channel",
            channel_type: channel.kind,
        },
        Some(Place::Private(_)) | None => private_chat(id),
    }
}

/// A private chat.
pub fn private_chat(id: ChannelId) -> ChatShape {
    ChatShape {
        id: id.number(),
        guild_id: 0,
        r#type: "private",
        channel_type: 3,
    }
}

/// A message, with the one it answers but not what that one answers.
pub fn message(state: &State, message: &Message) -> MessageShape {
    let mut shape = bare_message(state, message);
    shape.reply_to_message = message
        .answers()
        .and_then(|id| state.message(id))
        .map(|answered| Box::new(bare_message(state, answered)));
    shape
}

fn bare_message(state: &State, message: &Message) -> MessageShape {
    MessageShape {
        message_id: message.id.number(),
        date: message.time_ms,
        chat: chat(state, message.channel),
        from: user(state, message.author),
        reply_to_message: None,
        text: message.content.clone(),
        entities: [],
        reply_markup: message.reply_markup.clone(),
    }
}

/// A member of a guild.
pub fn member(state: &State, guild: &Guild, id: UserId) -> MemberShape {
    MemberShape {
        user: user(state, id),
        // Nothing else is ever seen, not even for owners.
        status: "member",
        roles: guild.roles_of(id).into_iter().map(role).collect(),
    }
}

/// A role as members carry it.
pub fn role(role: &Role) -> RoleShape {
    RoleShape {
        id: role.id.number(),
        name: role.name.clone(),
        position: role.position,
        permissions: role.permissions,
        color: role.color,
    }
}

/// A role as guilds list it.
pub fn guild_role(guild: &Guild, listed: &Role) -> GuildRoleShape {
    let holders = guild
        .members
        .values()
        .filter(|member| member.roles.contains(&listed.id));
    GuildRoleShape {
        role: role(listed),
        member_count: holders.count(),
        managed: listed.bot.is_some(),
        mentionable: true,
        tag: listed.bot.map(|bot| TagShape {
            bot_id: bot.number(),
        }),
    }
}

/// The role everyone has, where the guild lists it.
pub fn everyone_role(guild: &Guild) -> GuildRoleShape {
    GuildRoleShape {
        role: RoleShape {
            id: guild.id.number(),
            name: "@everyone".to_owned(),
            position: 0,
            permissions: guild.permissions,
            color: 0,
        },
        member_count: guild.members.len(),
        managed: false,
        mentionable: true,
        tag: None,
    }
}

/// A shape as JSON text.
pub fn json<T: Serialize>(shape: &T) -> String {
    serde_json::to_string(shape).expect("plain fields always serialise")
}

//! The world as the pages see it: no secrets, ids and masks as strings.

use serde_json::Value;
use serde_json::json;

use super::clock::ZONE;
use super::platform::Platform;
use super::state::State;
use super::world::Channel;
use super::world::Guild;
use super::world::Role;
use crate::model::ids::GuildId;
use crate::model::ids::UserId;

/// Everything a page needs to start.
pub fn whole(platform: &Platform) -> Value {
    let state = platform.state();
    let world = &state.world;
    let guilds: Vec<Value> = world
        .guilds
        .iter()
        .map(|place| guild(&state, place))
        .collect();
    json!({
        "page_language": world.language,
        "bot": {"id": world.bot.to_string(), "name": world.bot_user().nickname},
        "bots_connected": state.exchange.connected(),
        "clock": clock(platform),
        "guilds": guilds,
        "commands": platform.commands(),
        "settings": state.settings,
    })
}

/// The time: milliseconds since 1970, how far it has been moved, and the zone it is shown in.
pub fn clock(platform: &Platform) -> Value {
    let clock = platform.clock();
    json!({"now_ms": clock.now_ms(), "shift_ms": clock.shift_ms(), "zone": ZONE})
}

/// One member, null if there is no such member.
pub fn member(state: &State, guild: GuildId, user: UserId) -> Value {
    let found = state
        .world
        .guild(guild)
        .and_then(|guild| guild.members.get(&user));
    let (Some(member), Some(account)) = (found, state.world.users.get(&user)) else {
        return Value::Null;
    };
    let roles: Vec<String> = member.roles.iter().map(ToString::to_string).collect();
    json!({
        "id": user.to_string(),
        "short_id": account.short_id,
        "nickname": account.nickname,
        "guild_nick": member.guild_nick,
        "roles": roles,
        "bot": account.bot,
        "note_zh": member.note_zh,
        "note_en": member.note_en,
    })
}

fn guild(state: &State, guild: &Guild) -> Value {
    let members: Vec<Value> = guild
        .members
        .keys()
        .map(|user| member(state, guild.id, *user))
        .collect();
    json!({
        "id": guild.id.to_string(),
        "name": guild.name,
        "owner_id": guild.owner.to_string(),
        "channels": guild.channels.iter().map(channel).collect::<Vec<_>>(),
        "roles": guild.roles.iter().map(role).collect::<Vec<_>>(),
        "members": members,
    })
}

fn channel(channel: &Channel) -> Value {
    json!({"id": channel.id.to_string(), "name": channel.name})
}

fn role(role: &Role) -> Value {
    json!({
        "id": role.id.to_string(),
        "name": role.name,
        // A mask has 64 bits, more than a browser's number holds.
        "permissions": role.permissions.to_string(),
        "position": role.position,
    })
}

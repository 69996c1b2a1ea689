//! A guild and its channels, ids as strings. Source: fanbook-platform, 4.11 and 4.13.

use serde_json::Value;
use serde_json::json;

use super::api::Call;
use super::api::Reply;
use super::refusal::Refusal;
use crate::sandbox::permission;
use crate::sandbox::world::About;
use crate::sandbox::world::Channel;
use crate::sandbox::world::Guild;
use crate::sandbox::world::Role;

/// `guild`.
pub fn guild(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let guild = call.guild(call.params.need_string("guild_id")?)?;
    let answer = json!({
        "guild_id": guild.id.to_string(),
        "name": guild.name,
        "icon": "",
        "banner": "",
        "description": "",
        "owner_id": guild.owner.to_string(),
        "system_channel_id": guild.channels.first().map(|channel| channel.id.to_string()),
        "userRoles": [],
        "channels": seen_channels(call, guild),
        "roles": guild.roles.iter().map(role).collect::<Vec<_>>(),
        "emojis": [],
        "permissions": guild.permissions,
        "memberNum": guild.members.len(),
    });
    Ok(Reply::Result(answer.to_string()))
}

/// `channel/list`: the channels the bot sees.
pub fn channel_list(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let guild = call.guild(call.params.need_string("guild_id")?)?;
    Ok(Reply::Result(
        Value::from(seen_channels(call, guild)).to_string(),
    ))
}

/// `guild/emoji`: none.
pub fn emoji(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    call.guild(call.params.need_string("guild_id")?)?;
    Ok(Reply::Result("[]".to_owned()))
}

/// The channels the bot sees.
fn seen_channels(call: &Call<'_>, guild: &Guild) -> Vec<Value> {
    let bot = call.state.world.bot;
    guild
        .channels
        .iter()
        .filter(|place| permission::in_channel(guild, place, bot) & permission::VIEW_CHANNEL != 0)
        .map(|place| channel(guild, place))
        .collect()
}

fn channel(guild: &Guild, channel: &Channel) -> Value {
    let overwrites: Vec<Value> = channel
        .overwrites
        .iter()
        .map(|overwrite| {
            json!({
                "id": overwrite.id.to_string(),
                "action_type": match overwrite.about {
                    About::Role => "role",
                    About::User => "user",
                },
                "allows": overwrite.allows,
                "deny": overwrite.deny,
            })
        })
        .collect();
    json!({
        "channel_id": channel.id.to_string(),
        "guild_id": guild.id.to_string(),
        "name": channel.name,
        "type": channel.kind,
        "icon": "",
        "topic": "",
        "owner_id": guild.owner.to_string(),
        "user_limit": 0,
        "permission_overwrites": overwrites,
    })
}

fn role(role: &Role) -> Value {
    json!({
        "id": role.id.to_string(),
        "name": role.name,
        "permissions": role.permissions,
        "hoist": false,
        "color": role.color,
        "position": role.position,
    })
}

//! Members: one, many, by short id, by name. Source: fanbook-platform, 4.8 and 4.13.

use std::collections::HashSet;

use serde_json::Value;
use serde_json::json;

use super::api::Call;
use super::api::Reply;
use super::refusal::Refusal;
use super::shapes;
use crate::model::ids::ChannelId;
use crate::model::ids::GuildId;
use crate::model::ids::RoleId;
use crate::model::ids::UserId;
use crate::sandbox::permission;
use crate::sandbox::state::Place;
use crate::sandbox::world::Guild;

/// The most members in one answer.
const PAGE: u64 = 1_000;

/// The most short ids in one search. Source: fanbook-platform, 4.8.
const SHORT_IDS: usize = 100;

/// `getChatMember`.
pub fn get_chat_member(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let user = UserId::new(call.params.need_number("user_id")?);
    let guild = guild_or_chat(call)?;
    if !guild.members.contains_key(&user) {
        return Err(Refusal::member());
    }
    Ok(Reply::Result(shapes::json(&shapes::member(
        call.state, guild, user,
    ))))
}

/// `getGuildMembers`, in the order of ids.
pub fn get_guild_members(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let guild = call.guild(call.params.need_number("guild_id")?)?;
    let after = call.params.number("after")?.unwrap_or_default();
    let limit = call.params.count("limit").unwrap_or(100).min(PAGE);
    let page = guild
        .members
        .keys()
        .copied()
        .filter(|user| user.number() > after);
    Ok(members(call, guild, page, limit))
}

/// `getRoleMembers`, in the order of ids.
pub fn get_role_members(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let guild = call.guild(call.params.need_number("guild_id")?)?;
    let role = RoleId::new(call.params.need_number("role_id")?);
    let after = call.params.number("last_id")?.unwrap_or_default();
    let size = call.params.count("size").unwrap_or(50).min(PAGE);
    if role.number() != guild.id.number() && guild.role(role).is_none() {
        return Err(Refusal::parameter("role_id"));
    }
    let page = guild
        .members
        .values()
        .filter(|member| role.number() == guild.id.number() || member.roles.contains(&role))
        .map(|member| member.user)
        .filter(|user| user.number() > after);
    Ok(members(call, guild, page, size))
}

/// Exact look-up by short ids; the guild's id must be a number.
pub fn search_by_short_id(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let guild = call.guild(call.params.need_strict_number("guild_id")?)?;
    let wrong = || Refusal::parameter("username");
    let names = call.params.structure("username").ok_or_else(wrong)?;
    let names = names.as_array().ok_or_else(wrong)?;
    if names.len() > SHORT_IDS {
        return Err(wrong());
    }
    let names: Option<HashSet<&str>> = names.iter().map(Value::as_str).collect();
    let names = names.ok_or_else(Refusal::body)?;
    let found = guild.members.keys().copied().filter(|user| {
        let account = call.state.world.users.get(user);
        account.is_some_and(|account| names.contains(account.short_id.as_str()))
    });
    Ok(members(call, guild, found, PAGE))
}

/// Match by nickname or guild nickname; the guild's id must be a number.
pub fn search(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let guild = call.guild(call.params.need_strict_number("guild_id")?)?;
    // A client in use writes the key of the search by short ids here; its words are as good.
    let query = call
        .params
        .text("query")
        .or_else(|| call.params.text("username"))
        .ok_or_else(|| Refusal::parameter("query"))?;
    let found = guild.members.values().filter(|member| {
        let nick = member.guild_nick.as_deref();
        let name = call
            .state
            .world
            .users
            .get(&member.user)
            .map(|user| user.nickname.as_str());
        nick.is_some_and(|nick| nick.contains(query))
            || name.is_some_and(|name| name.contains(query))
    });
    Ok(members(call, guild, found.map(|member| member.user), PAGE))
}

/// The member list of a channel by ranges; the header of the group is item 0, ends are inclusive.
pub fn list_members(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let guild = call.guild(call.params.need_string("guild_id")?)?;
    let channel = ChannelId::new(call.params.need_string("channel_id")?);
    let place = guild.channel(channel).ok_or_else(Refusal::channel)?;
    let (user_key, group_key) = if call.state.settings.lower_case_member_keys {
        ("user", "group")
    } else {
        ("User", "Group")
    };
    let visible: Vec<UserId> = guild
        .members
        .keys()
        .copied()
        .filter(|user| permission::in_channel(guild, place, *user) & permission::VIEW_CHANNEL != 0)
        .collect();
    let group = json!({"id": "online", "name": "在线", "count": visible.len()});
    let header = json!({ group_key: group });
    let rows = visible
        .iter()
        .map(|user| json!({ user_key: row(call, guild, *user) }));
    let items: Vec<Value> = std::iter::once(header).chain(rows).collect();
    let wrong = || Refusal::parameter("ranges");
    let ranges = call.params.structure("ranges").ok_or_else(wrong)?;
    let mut ops = Vec::new();
    for range in ranges.as_array().ok_or_else(wrong)? {
        let bound = |key: &str| range[key].as_u64().and_then(|at| usize::try_from(at).ok());
        let (start, end) = bound("start").zip(bound("end")).ok_or_else(wrong)?;
        let page = items
            .iter()
            .skip(start)
            .take((end + 1).saturating_sub(start));
        ops.push(json!({
            "range": [start, end],
            "op": "SYNC",
            "items": page.collect::<Vec<_>>(),
        }));
    }
    let count = visible.len();
    let answer = json!({
        "ops": ops,
        "groups": [group],
        "member_count": count,
        "online_count": count,
        "guild_count": guild.members.len(),
        "item_count": items.len(),
    });
    Ok(Reply::Result(answer.to_string()))
}

/// `guild/existsMember`.
pub fn exists(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let guild = call.guild(call.params.need_string("guild_id")?)?;
    let user = UserId::new(call.params.need_string("member_id")?);
    let exists = guild.members.contains_key(&user);
    Ok(Reply::Result(json!({ "exists": exists }).to_string()))
}

/// A bare number.
pub fn count(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let guild = call.guild(call.params.need_number("guild_id")?)?;
    Ok(Reply::Result(guild.members.len().to_string()))
}

/// `v2/checkUserGuilds`.
pub fn check_user_guilds(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let user = UserId::new(call.params.need_string("user_id")?);
    let guilds = call
        .params
        .ids("guilds")?
        .ok_or_else(|| Refusal::parameter("guilds"))?;
    let found: Vec<String> = guilds
        .into_iter()
        .map(GuildId::new)
        .filter_map(|id| call.state.world.guild(id))
        .filter(|guild| guild.members.contains_key(&user))
        .map(|guild| guild.id.to_string())
        .collect();
    Ok(Reply::Result(shapes::json(&found)))
}

/// `kickChatMember`.
pub fn kick(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let user = UserId::new(call.params.need_number("user_id")?);
    let guild = guild_or_chat(call)?;
    let bot = call.state.world.bot;
    if !guild.members.contains_key(&user) {
        return Err(Refusal::member());
    }
    if permission::rank(guild, user) >= permission::rank(guild, bot) {
        return Err(Refusal::permission());
    }
    let id = guild.id;
    call.demand(id, permission::KICK_MEMBERS)?;
    call.state.leave(id, user);
    Ok(Reply::done())
}

/// `robot/setGuildNick`, for the bot itself.
pub fn set_guild_nick(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    // The documentation prints the key with a capital letter.
    let id = match call.params.string("guild_Id")? {
        Some(id) => id,
        None => call.params.need_string("guild_id")?,
    };
    let guild = call.guild(id)?.id;
    let bot = call.state.world.bot;
    if call.params.need_string("bot_id")? != bot.number() {
        return Err(Refusal::permission());
    }
    let nickname = call.params.text("nickname").map(str::to_owned);
    call.state
        .change_member(guild, bot, |member| member.guild_nick = nickname);
    Ok(Reply::done())
}

/// The guild named by `guild_id`, or by the channel in `chat_id`.
fn guild_or_chat<'a>(call: &'a Call<'_>) -> Result<&'a Guild, Refusal> {
    match call.params.number("guild_id")? {
        Some(guild) => call.guild(guild),
        None => guild_of_chat(call),
    }
}

/// The guild of the channel in `chat_id`; some clients put a guild there.
pub fn guild_of_chat<'a>(call: &'a Call<'_>) -> Result<&'a Guild, Refusal> {
    let chat = call.params.need_number("chat_id")?;
    match call.state.place(ChannelId::new(chat)) {
        Some(Place::Guild(guild, _)) => call.guild(guild.id.number()),
        Some(Place::Private(_)) => Err(Refusal::guild()),
        None => call.guild(chat),
    }
}

fn members(
    call: &Call<'_>,
    guild: &Guild,
    users: impl Iterator<Item = UserId>,
    limit: u64,
) -> Reply {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let shapes: Vec<_> = users
        .take(limit)
        .map(|user| shapes::member(call.state, guild, user))
        .collect();
    Reply::Result(shapes::json(&shapes))
}

fn row(call: &Call<'_>, guild: &Guild, id: UserId) -> Value {
    let user = call.state.world.users.get(&id);
    let roles: Vec<Value> = guild
        .roles_of(id)
        .into_iter()
        .map(|role| json!({"id": role.id.to_string(), "name": role.name}))
        .collect();
    json!({
        "user_id": id.to_string(),
        "username": user.map(|user| user.short_id.as_str()),
        "nickname": user.map(|user| user.nickname.as_str()),
        "avatar": "",
        "roles": roles,
        "bot": user.is_some_and(|user| user.bot),
    })
}

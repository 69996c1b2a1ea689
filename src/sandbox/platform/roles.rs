//! Roles: listing, making, handing out. Source: fanbook-platform, 4.10.

use super::api::Call;
use super::api::Reply;
use super::refusal::Refusal;
use super::shapes;
use crate::model::ids::GuildId;
use crate::model::ids::RoleId;
use crate::model::ids::UserId;
use crate::sandbox::permission;
use crate::sandbox::state::Note;
use crate::sandbox::world::Role;

/// `getGuildRoles`.
pub fn get_guild_roles(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let guild = call.guild(call.params.need_number("guild_id")?)?;
    let after = call.params.number("last_id")?.unwrap_or_default();
    let everyone = call.state.settings.everyone_role && guild.id.number() > after;
    let shapes: Vec<_> = everyone
        .then(|| shapes::everyone_role(guild))
        .into_iter()
        .chain(
            guild
                .roles
                .iter()
                .filter(|role| role.id.number() > after)
                .map(|role| shapes::guild_role(guild, role)),
        )
        .collect();
    Ok(Reply::Result(shapes::json(&shapes)))
}

/// Replaces the whole list.
pub fn set_member_roles(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let (guild, user, asked) = handing_out(call)?;
    call.state.set_roles(guild, user, asked);
    Ok(Reply::done())
}

/// Adds to the list or takes from it.
pub fn change_member_roles(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let (guild, user, asked) = handing_out(call)?;
    let add = match call.params.text("operation") {
        Some("add") => true,
        Some("del") => false,
        _ => return Err(Refusal::parameter("operation")),
    };
    call.state.change_member(guild, user, |member| {
        member.roles.retain(|role| !asked.contains(role));
        if add {
            member.roles.extend(&asked);
        }
    });
    Ok(Reply::done())
}

/// `guild/role` PUT.
pub fn create(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let guild = managed_guild(call)?;
    let name = call
        .params
        .text("name")
        .ok_or_else(|| Refusal::parameter("name"))?;
    let mut role = Role {
        id: RoleId::new(0),
        name: name.to_owned(),
        position: 1,
        color: 0,
        permissions: 0,
        bot: None,
    };
    take_fields(call, &mut role);
    role.id = RoleId::new(call.state.fresh_id(call.now_ms));
    let made = shapes::json(&shapes::role(&role));
    if let Some(guild) = call.state.world.guild_mut(guild) {
        guild.roles.push(role);
    }
    changed(call);
    Ok(Reply::Result(made))
}

/// `v2/guild/role` PATCH.
pub fn edit(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let (guild, id) = managed_role(call)?;
    let found = call
        .state
        .world
        .guild(guild)
        .and_then(|guild| guild.role(id))
        .cloned();
    let mut role = found.ok_or_else(|| Refusal::parameter("id"))?;
    take_fields(call, &mut role);
    let made = shapes::json(&shapes::role(&role));
    if let Some(guild) = call.state.world.guild_mut(guild) {
        guild.roles.retain(|other| other.id != id);
        guild.roles.push(role);
    }
    changed(call);
    Ok(Reply::Result(made))
}

/// `guild/role` DELETE.
pub fn delete(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let (guild, id) = managed_role(call)?;
    if let Some(guild) = call.state.world.guild_mut(guild) {
        guild.roles.retain(|other| other.id != id);
        for member in guild.members.values_mut() {
            member.roles.retain(|role| *role != id);
        }
    }
    changed(call);
    Ok(Reply::done())
}

/// Whom to give which roles where, if the bot may.
fn handing_out(call: &Call<'_>) -> Result<(GuildId, UserId, Vec<RoleId>), Refusal> {
    let guild = call.guild(call.params.need_number("guild_id")?)?;
    let user = UserId::new(call.params.need_number("user_id")?);
    let wrong = || Refusal::parameter("roles");
    let asked = call.params.ids("roles")?.ok_or_else(wrong)?;
    let asked: Vec<RoleId> = asked.into_iter().map(RoleId::new).collect();
    if !guild.members.contains_key(&user) {
        return Err(Refusal::member());
    }
    call.demand(guild.id, permission::MANAGE_ROLES)?;
    let rank = permission::rank(guild, call.state.world.bot);
    let held: Vec<RoleId> = guild.roles_of(user).iter().map(|role| role.id).collect();
    for id in &asked {
        let role = guild.role(*id).ok_or_else(wrong)?;
        // What is held already is not handed out.
        if role.position >= rank && !held.contains(id) {
            return Err(Refusal::permission());
        }
    }
    Ok((guild.id, user, asked))
}

fn managed_guild(call: &Call<'_>) -> Result<GuildId, Refusal> {
    let guild = call.guild(call.params.need_string("guild_id")?)?.id;
    call.demand(guild, permission::MANAGE_ROLES)?;
    Ok(guild)
}

/// A role the bot may change: one it outranks.
fn managed_role(call: &Call<'_>) -> Result<(GuildId, RoleId), Refusal> {
    let id = managed_guild(call)?;
    let guild = call.guild(id.number())?;
    let role = RoleId::new(call.params.need_string("id")?);
    let found = guild.role(role).ok_or_else(|| Refusal::parameter("id"))?;
    if found.position >= permission::rank(guild, call.state.world.bot) {
        return Err(Refusal::permission());
    }
    Ok((id, role))
}

fn take_fields(call: &Call<'_>, role: &mut Role) {
    let params = &call.params;
    if let Some(name) = params.text("name") {
        role.name = name.to_owned();
    }
    if let Some(color) = params
        .count("color")
        .and_then(|color| u32::try_from(color).ok())
    {
        role.color = color;
    }
    if let Some(position) = params
        .count("position")
        .and_then(|at| i64::try_from(at).ok())
    {
        role.position = position;
    }
    if let Some(permissions) = params.count("permissions") {
        role.permissions = permissions;
    }
}

fn changed(call: &mut Call<'_>) {
    call.state.keep_world();
    call.state.note(Note::World);
}

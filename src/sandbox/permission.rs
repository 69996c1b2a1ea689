//! Permission bits and who may do what where, by the platform's (partly inferred) rules.
//!
//! Source: fanbook-platform, 5. The order in which overwrites of a channel apply is not documented;
//! here: everyone, then roles together, then the user.

use super::world::About;
use super::world::Channel;
use super::world::Guild;
use crate::model::ids::UserId;

/// Everything.
pub const ADMINISTRATOR: u64 = 0x8;
/// Remove members.
pub const KICK_MEMBERS: u64 = 0x2;
/// Put reactions on messages.
pub const ADD_REACTIONS: u64 = 0x40;
/// See a channel.
pub const VIEW_CHANNEL: u64 = 0x400;
/// Speak in a channel.
pub const SEND_MESSAGES: u64 = 0x800;
/// Delete others' messages and pin.
pub const MANAGE_MESSAGES: u64 = 0x2000;
/// Read what was said before.
pub const READ_MESSAGE_HISTORY: u64 = 0x10000;
/// Make, change and hand out roles.
pub const MANAGE_ROLES: u64 = 0x1000_0000;

/// What a member may do anywhere in the guild: every bit for the owner and administrators, none for
/// strangers.
pub fn in_guild(guild: &Guild, user: UserId) -> u64 {
    if !guild.members.contains_key(&user) {
        return 0;
    }
    if guild.owner == user {
        return u64::MAX;
    }
    let mask = guild
        .roles
        .iter()
        .filter(|role| role.id.number() == guild.id.number())
        .chain(guild.roles_of(user))
        .fold(guild.permissions, |mask, role| mask | role.permissions);
    if mask & ADMINISTRATOR != 0 {
        u64::MAX
    } else {
        mask
    }
}

/// What a member may do in one channel.
pub fn in_channel(guild: &Guild, channel: &Channel, user: UserId) -> u64 {
    let base = in_guild(guild, user);
    if base == u64::MAX || base == 0 {
        return base;
    }
    let apply = |mask: u64, (allows, deny): (u64, u64)| (mask & !deny) | allows;
    let sum = |about: About, matches: &dyn Fn(u64) -> bool| {
        channel
            .overwrites
            .iter()
            .filter(|overwrite| overwrite.about == about && matches(overwrite.id))
            .fold((0, 0), |(allows, deny), overwrite| {
                (allows | overwrite.allows, deny | overwrite.deny)
            })
    };
    let held: Vec<u64> = guild
        .roles_of(user)
        .iter()
        .map(|role| role.id.number())
        .collect();
    let everyone = guild.id.number();
    let mask = apply(base, sum(About::Role, &|id| id == everyone));
    let mask = apply(mask, sum(About::Role, &|id| held.contains(&id)));
    apply(mask, sum(About::User, &|id| id == user.number()))
}

/// The highest rank a member has; the owner outranks every role.
pub fn rank(guild: &Guild, user: UserId) -> i64 {
    if guild.owner == user {
        return i64::MAX;
    }
    guild
        .roles_of(user)
        .iter()
        .map(|role| role.position)
        .max()
        .unwrap_or_default()
}

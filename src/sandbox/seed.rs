//! The little world a sandbox starts with: a guild with staff, members and a difficult nickname,
//! and a second guild that the bot sits in without being set up for it.
//!
//! Ids are the same in every fresh world, so that a note taken yesterday still fits; the secrets
//! are drawn anew.

use std::collections::BTreeMap;

use super::permission;
use super::snowflake;
use super::world::About;
use super::world::Channel;
use super::world::Guild;
use super::world::Member;
use super::world::Overwrite;
use super::world::Role;
use super::world::User;
use super::world::World;
use super::world::random_hex;
use super::world::swan_key;
use crate::model::ids::ChannelId;
use crate::model::ids::GuildId;
use crate::model::ids::RoleId;
use crate::model::ids::UserId;

/// When the first guild was made: 2024-03-01, long before any message.
const FOUNDED_MS: i64 = 1_709_251_200_123;

/// What members may do without any role.
const EVERYONE: u64 = permission::VIEW_CHANNEL
    | permission::SEND_MESSAGES
    | permission::READ_MESSAGE_HISTORY
    | permission::ADD_REACTIONS;

impl World {
    /// The guild 天梯 with its people, and a second guild that is not the bot's business.
    pub fn seeded() -> Self {
        let cast = Cast::new();
        let users = cast.users();
        let ladder = ladder(&cast);
        let elsewhere = elsewhere(&cast);
        Self {
            language: "zh-CN".to_owned(),
            bot_token: random_hex(96),
            app_key: random_hex(16),
            app_secret: random_hex(32),
            swan_key: swan_key(),
            bot: cast.bot,
            users,
            guilds: vec![ladder, elsewhere],
        }
    }
}

/// The accounts by name.
pub struct Cast {
    /// 星海, who owns the guild.
    pub owner: UserId,
    /// 阿杰, a moderator.
    pub moderator: UserId,
    /// 夜雨, an administrator.
    pub administrator: UserId,
    /// 小明, a member.
    pub ming: UserId,
    /// 小红, a member.
    pub hong: UserId,
    tricky: UserId,
    newcomer: UserId,
    bot: UserId,
    other_bot: UserId,
    other_owner: UserId,
}

impl Cast {
    /// The same ids in every world.
    pub fn new() -> Self {
        let day = |days: i64, sequence| {
            UserId::new(snowflake::at(FOUNDED_MS - days * 86_400_017, sequence))
        };
        Self {
            owner: day(700, 3),
            moderator: day(610, 7),
            administrator: day(590, 11),
            ming: day(365, 13),
            hong: day(364, 17),
            tricky: day(200, 19),
            newcomer: day(1, 23),
            bot: day(90, 29),
            other_bot: day(80, 31),
            other_owner: day(500, 37),
        }
    }

    fn users(&self) -> BTreeMap<UserId, User> {
        // A role mention, a broken piece of markup, an emoji and a right-to-left override.
        let tricky = format!("${{@&{}}}🎉\u{202e}ליה${{@!", ladder_id());
        [
            (self.owner, "1034567", "星海"),
            (self.moderator, "2345671", "阿杰"),
            (self.administrator, "2456783", "夜雨"),
            (self.ming, "2791234", "小明"),
            (self.hong, "2801357", "小红"),
            (self.tricky, "3141592", tricky.as_str()),
            (self.newcomer, "7654321", "小白"),
            (self.bot, "1255193", "积分小助手"),
            (self.other_bot, "1299001", "点歌机"),
            (self.other_owner, "1987654", "云长"),
        ]
        .into_iter()
        .map(|(id, short_id, nickname)| {
            let user = User {
                id,
                short_id: short_id.to_owned(),
                nickname: nickname.to_owned(),
                bot: id == self.bot || id == self.other_bot,
            };
            (id, user)
        })
        .collect()
    }
}

fn ladder_id() -> GuildId {
    GuildId::new(snowflake::at(FOUNDED_MS, 1))
}

/// The configured guild.
fn ladder(cast: &Cast) -> Guild {
    let id = ladder_id();
    // Made by the platform itself 7 ms after the guild, held by the owner, proof of nothing.
    let made_with_guild = role(FOUNDED_MS + 7, 2, "成员身份", 1, 0, None);
    let moderators = role(
        FOUNDED_MS + 60_000,
        41,
        "版主",
        5,
        permission::MANAGE_MESSAGES,
        None,
    );
    let admins = role(
        FOUNDED_MS + 61_000,
        43,
        "管理员",
        8,
        permission::ADMINISTRATOR,
        None,
    );
    let veterans = role(FOUNDED_MS + 62_000, 47, "老玩家", 2, 0, None);
    let bot_mask = EVERYONE | permission::MANAGE_MESSAGES | permission::MANAGE_ROLES;
    let bots = role(
        FOUNDED_MS + 63_000,
        53,
        "积分小助手",
        6,
        bot_mask,
        Some(cast.bot),
    );
    let members = [
        (
            cast.owner,
            vec![made_with_guild.id],
            "服务器主人",
            "guild owner",
        ),
        (cast.moderator, vec![moderators.id], "版主", "moderator"),
        (
            cast.administrator,
            vec![admins.id],
            "管理员",
            "administrator",
        ),
        (cast.ming, vec![veterans.id], "成员", "member"),
        (cast.hong, vec![], "成员", "member"),
        (
            cast.tricky,
            vec![],
            "成员，昵称很难缠",
            "member with a difficult nickname",
        ),
        (
            cast.newcomer,
            vec![],
            "成员，没有积分账户",
            "member without a mall account",
        ),
        (cast.bot, vec![bots.id], "本机器人", "the bot"),
        (cast.other_bot, vec![], "另一个机器人", "another bot"),
    ];
    let staff_only = vec![
        overwrite(id.number(), 0, permission::VIEW_CHANNEL),
        overwrite(moderators.id.number(), permission::VIEW_CHANNEL, 0),
        overwrite(bots.id.number(), permission::VIEW_CHANNEL, 0),
    ];
    let read_only = vec![
        overwrite(id.number(), 0, permission::SEND_MESSAGES),
        overwrite(moderators.id.number(), permission::SEND_MESSAGES, 0),
        overwrite(bots.id.number(), permission::SEND_MESSAGES, 0),
    ];
    Guild {
        id,
        name: "天梯".to_owned(),
        owner: cast.owner,
        permissions: EVERYONE,
        admin_roles: vec![admins.id],
        moderator_roles: vec![moderators.id],
        channels: vec![
            channel(FOUNDED_MS + 11, 59, "综合", vec![]),
            channel(FOUNDED_MS + 12, 61, "排行榜", read_only),
            channel(FOUNDED_MS + 13, 67, "管理频道", staff_only),
        ],
        roles: vec![made_with_guild, moderators, admins, veterans, bots],
        members: members.into_iter().map(member).collect(),
        mall_on: true,
        balances: vec![
            (cast.owner.number(), 8_888),
            (cast.moderator.number(), 50),
            (cast.administrator.number(), 1_000),
            (cast.ming.number(), 2_474),
            (cast.hong.number(), 120),
            (cast.tricky.number(), 7),
        ],
    }
}

/// A guild the bot was added to but not set up for.
fn elsewhere(cast: &Cast) -> Guild {
    let founded = FOUNDED_MS + 30 * 86_400_000;
    let members = [
        (cast.other_owner, vec![], "服务器主人", "guild owner"),
        (cast.ming, vec![], "成员", "member"),
        (cast.bot, vec![], "本机器人", "the bot"),
    ];
    Guild {
        id: GuildId::new(snowflake::at(founded, 71)),
        name: "云端".to_owned(),
        owner: cast.other_owner,
        permissions: EVERYONE,
        roles: vec![],
        channels: vec![channel(founded + 11, 73, "大厅", vec![])],
        members: members.into_iter().map(member).collect(),
        admin_roles: vec![],
        moderator_roles: vec![],
        mall_on: false,
        balances: vec![],
    }
}

fn role(ms: i64, sequence: u64, name: &str, position: i64, mask: u64, bot: Option<UserId>) -> Role {
    Role {
        id: RoleId::new(snowflake::at(ms, sequence)),
        name: name.to_owned(),
        position,
        color: 3_447_003,
        permissions: mask,
        bot,
    }
}

fn channel(ms: i64, sequence: u64, name: &str, overwrites: Vec<Overwrite>) -> Channel {
    Channel {
        id: ChannelId::new(snowflake::at(ms, sequence)),
        name: name.to_owned(),
        kind: 0,
        overwrites,
    }
}

fn overwrite(id: u64, allows: u64, deny: u64) -> Overwrite {
    Overwrite {
        id,
        about: About::Role,
        allows,
        deny,
    }
}

fn member(row: (UserId, Vec<RoleId>, &str, &str)) -> (UserId, Member) {
    let (user, roles, note_zh, note_en) = row;
    let member = Member {
        user,
        guild_nick: None,
        roles,
        note_zh: note_zh.to_owned(),
        note_en: note_en.to_owned(),
    };
    (user, member)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_would_be_damaged_by_a_float() {
        let world = World::seeded();
        let ids = world
            .users
            .keys()
            .map(|id| id.number())
            .chain(world.guilds.iter().map(|guild| guild.id.number()))
            .chain(
                world
                    .guilds
                    .iter()
                    .flat_map(|g| g.roles.iter().map(|r| r.id.number())),
            )
            .chain(
                world
                    .guilds
                    .iter()
                    .flat_map(|g| g.channels.iter().map(|c| c.id.number())),
            );
        for id in ids {
            assert_ne!(id as f64 as u64, id, "{id}");
        }
    }

    #[test]
    fn short_ids_have_seven_digits_and_secrets_their_documented_length() {
        let world = World::seeded();
        assert!(world.users.values().all(|user| user.short_id.len() == 7));
        assert_eq!(world.bot_token.len(), 96);
        assert_ne!(world.bot_token, World::seeded().bot_token);
    }

    #[test]
    fn the_bot_sees_the_staff_channel_and_plain_members_do_not() {
        let world = World::seeded();
        let guild = &world.guilds[0];
        let cast = Cast::new();
        let may =
            |user, channel: usize| permission::in_channel(guild, &guild.channels[channel], user);
        assert_ne!(may(cast.bot, 2) & permission::VIEW_CHANNEL, 0);
        assert_eq!(may(cast.ming, 2) & permission::VIEW_CHANNEL, 0);
        assert_ne!(may(cast.administrator, 2) & permission::VIEW_CHANNEL, 0);
        assert_eq!(may(cast.ming, 1) & permission::SEND_MESSAGES, 0);
    }
}

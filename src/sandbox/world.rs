//! The people and places of the imitated platform, as plain data: users, guilds, roles, channels.
//!
//! A `World` is the seed of a sandbox and what is kept of it on disk; messages, sockets and tokens
//! that come and go live in `state`. Bit masks and who outranks whom are in `permission`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;
use uuid::Uuid;

use super::id_text;
use super::mall::MallGuild;
use super::mall::MallSeed;
use crate::model::ids::ChannelId;
use crate::model::ids::GuildId;
use crate::model::ids::RoleId;
use crate::model::ids::UserId;

/// Everything that exists before anybody speaks.
#[derive(Clone, Serialize, Deserialize)]
pub struct World {
    /// The language the pages open in, `zh-CN` or `en-US`.
    pub language: String,
    /// The token of the driven bot, 96 lower-case hex digits.
    pub bot_token: String,
    /// The points mall's AppKey.
    pub app_key: String,
    /// The points mall's AppSecret.
    pub app_secret: String,
    /// What the gateway in front of the imitated Swan demands; a world kept before there was one
    /// draws it now.
    #[serde(default = "swan_key")]
    pub swan_key: String,
    /// The driven bot; one of `users`.
    #[serde(serialize_with = "id_text::one")]
    pub bot: UserId,
    /// All accounts, bots among them.
    #[serde(with = "by_user")]
    pub users: BTreeMap<UserId, User>,
    /// All guilds; the first is the one the driven bot is configured for.
    pub guilds: Vec<Guild>,
}

/// An account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct User {
    /// The long id.
    #[serde(serialize_with = "id_text::one")]
    pub id: UserId,
    /// The short id people see ("Fanbook #"), digits.
    pub short_id: String,
    /// The name chosen by its owner; untrusted text.
    pub nickname: String,
    /// Whether it is a bot.
    pub bot: bool,
}

/// A guild.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Guild {
    /// Its id, which also stands for the role everyone has.
    #[serde(serialize_with = "id_text::one")]
    pub id: GuildId,
    /// Its name.
    pub name: String,
    /// Who owns it; may hold no role at all.
    #[serde(serialize_with = "id_text::one")]
    pub owner: UserId,
    /// The mask everybody has.
    pub permissions: u64,
    /// Its roles, in no particular order.
    pub roles: Vec<Role>,
    /// Its channels, in the order shown.
    pub channels: Vec<Channel>,
    /// Its members.
    #[serde(with = "by_user")]
    pub members: BTreeMap<UserId, Member>,
    /// The roles a bot's settings would name as administrators.
    #[serde(serialize_with = "id_text::many")]
    pub admin_roles: Vec<RoleId>,
    /// The roles a bot's settings would name as moderators.
    #[serde(serialize_with = "id_text::many")]
    pub moderator_roles: Vec<RoleId>,
    /// Whether the guild has switched the points application on.
    pub mall_on: bool,
    /// Points of those who have an account in the mall, at the start.
    pub balances: Vec<(u64, i64)>,
}

/// A role of a guild.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Role {
    /// Its id.
    #[serde(serialize_with = "id_text::one")]
    pub id: RoleId,
    /// Its name.
    pub name: String,
    /// Its rank: higher outranks lower.
    pub position: i64,
    /// Its colour, RGB.
    pub color: u32,
    /// Its permission mask.
    pub permissions: u64,
    /// The bot it was made for, if it is a bot's own role.
    #[serde(serialize_with = "id_text::maybe")]
    pub bot: Option<UserId>,
}

/// A channel of a guild.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Channel {
    /// Its id.
    #[serde(serialize_with = "id_text::one")]
    pub id: ChannelId,
    /// Its name.
    pub name: String,
    /// Its kind: 0 text, 1 voice, 4 category and so on. Source: fanbook-platform, 4.11.
    pub kind: u8,
    /// What it grants or denies on top of the guild's masks.
    pub overwrites: Vec<Overwrite>,
}

/// What a channel grants or denies to one role or one user.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Overwrite {
    /// Whom it is about: a role, a user, or the guild's id for everyone.
    pub id: u64,
    /// Whether `id` names a role or a user.
    pub about: About,
    /// Bits granted.
    pub allows: u64,
    /// Bits taken.
    pub deny: u64,
}

/// Whether an overwrite names a role or a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// A role, or everyone by the guild's id.
    Role,
    /// One user.
    User,
}

/// An account's place in a guild.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Member {
    /// Who it is.
    #[serde(serialize_with = "id_text::one")]
    pub user: UserId,
    /// The name used in this guild, if another.
    pub guild_nick: Option<String>,
    /// Roles held; the role everyone has is not listed.
    #[serde(serialize_with = "id_text::many")]
    pub roles: Vec<RoleId>,
    /// A word for the pages about who this is, Chinese.
    pub note_zh: String,
    /// The same in English.
    pub note_en: String,
}

impl World {
    /// The guild of that id.
    pub fn guild(&self, id: GuildId) -> Option<&Guild> {
        self.guilds.iter().find(|guild| guild.id == id)
    }

    /// The guild of that id, to change it.
    pub fn guild_mut(&mut self, id: GuildId) -> Option<&mut Guild> {
        self.guilds.iter_mut().find(|guild| guild.id == id)
    }

    /// The guild a channel belongs to, and the channel; none for private chats.
    pub fn channel(&self, id: ChannelId) -> Option<(&Guild, &Channel)> {
        self.guilds
            .iter()
            .find_map(|guild| Some((guild, guild.channel(id)?)))
    }

    /// The driven bot's own account.
    pub fn bot_user(&self) -> &User {
        &self.users[&self.bot]
    }

    /// What the imitated points mall starts with.
    pub fn mall_seed(&self) -> MallSeed {
        MallSeed {
            app_key: self.app_key.clone(),
            app_secret: self.app_secret.clone(),
            guilds: self
                .guilds
                .iter()
                .map(|guild| MallGuild {
                    id: guild.id.number(),
                    on: guild.mall_on,
                    balances: guild.balances.clone(),
                })
                .collect(),
        }
    }
}

impl Guild {
    /// The channel of that id.
    pub fn channel(&self, id: ChannelId) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.id == id)
    }

    /// The role of that id.
    pub fn role(&self, id: RoleId) -> Option<&Role> {
        self.roles.iter().find(|role| role.id == id)
    }

    /// The roles a member holds, leaving out those that no longer exist.
    pub fn roles_of(&self, user: UserId) -> Vec<&Role> {
        self.members
            .get(&user)
            .map(|member| {
                member
                    .roles
                    .iter()
                    .filter_map(|id| self.role(*id))
                    .collect()
            })
            .unwrap_or_default()
    }
}

/// Random lower-case hex digits, as many as asked for.
pub fn random_hex(digits: usize) -> String {
    let mut text = String::with_capacity(digits + 32);
    while text.len() < digits {
        text.push_str(&Uuid::new_v4().simple().to_string());
    }
    text.truncate(digits);
    text
}

/// A fresh key for the gateway in front of the imitated Swan.
pub fn swan_key() -> String {
    random_hex(32)
}

/// Something kept by the user it is about.
pub trait ByUser {
    /// That user.
    fn user(&self) -> UserId;
}

impl ByUser for User {
    fn user(&self) -> UserId {
        self.id
    }
}

impl ByUser for Member {
    fn user(&self) -> UserId {
        self.user
    }
}

/// Maps from user to something that names the user: written as a list.
mod by_user {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde::Deserializer;
    use serde::Serialize;
    use serde::Serializer;

    use super::ByUser;
    use super::UserId;

    pub fn serialize<T: Serialize, S: Serializer>(
        map: &BTreeMap<UserId, T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map.values())
    }

    pub fn deserialize<'de, T, D>(deserializer: D) -> Result<BTreeMap<UserId, T>, D::Error>
    where
        T: ByUser + Deserialize<'de>,
        D: Deserializer<'de>,
    {
        let list = Vec::<T>::deserialize(deserializer)?;
        Ok(list.into_iter().map(|item| (item.user(), item)).collect())
    }
}

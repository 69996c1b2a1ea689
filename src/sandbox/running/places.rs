//! Who and where: what a test or the command line needs to know of a running world.

use serde::Serialize;

use super::Addresses;
use super::Running;
use crate::model::ids::ChannelId;
use crate::model::ids::GuildId;
use crate::model::ids::RoleId;
use crate::model::ids::UserId;
use crate::sandbox::SeededAccount;
use crate::sandbox::accounts;
use crate::sandbox::id_text;

/// A member as the command line lists them.
#[derive(Clone, Debug, Serialize)]
pub struct MemberView {
    /// The long id.
    #[serde(serialize_with = "id_text::one")]
    pub id: UserId,
    /// The short id.
    pub short_id: String,
    /// The nickname; untrusted text.
    pub nickname: String,
    /// Whether it is a bot.
    pub bot: bool,
    /// Roles held.
    #[serde(serialize_with = "id_text::many")]
    pub roles: Vec<RoleId>,
    /// Points in the mall, none without an account there.
    pub points: Option<i64>,
    /// Who this is, in English.
    pub note_en: String,
    /// Who this is, in Chinese.
    pub note_zh: String,
}

impl Running {
    /// Where it is found.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// The driven bot's token, 96 hex digits.
    pub fn bot_token(&self) -> String {
        self.platform.state().world.bot_token.clone()
    }

    /// The mall's AppKey.
    pub fn app_key(&self) -> String {
        self.platform.state().world.app_key.clone()
    }

    /// The mall's AppSecret.
    pub fn app_secret(&self) -> String {
        self.platform.state().world.app_secret.clone()
    }

    /// Which member of the seeded world has which account with Swan and Manta.
    pub fn accounts(&self) -> Vec<SeededAccount> {
        accounts::accounts(&self.platform.state().world)
    }

    /// The driven bot.
    pub fn bot(&self) -> UserId {
        self.platform.state().world.bot
    }

    /// The guild the bot is meant for, the first of the world.
    pub fn guild_id(&self) -> GuildId {
        self.platform.state().world.guilds[0].id
    }

    /// The first channel of that guild.
    pub fn channel_id(&self) -> ChannelId {
        self.platform.state().world.guilds[0].channels[0].id
    }

    /// All guilds, the bot's first.
    pub fn guilds(&self) -> Vec<GuildId> {
        self.platform
            .state()
            .world
            .guilds
            .iter()
            .map(|guild| guild.id)
            .collect()
    }

    /// The channels of a guild with their names, in the order shown.
    pub fn channels(&self, guild: GuildId) -> Vec<(ChannelId, String)> {
        let state = self.platform.state();
        let channels = state.world.guild(guild).map(|guild| guild.channels.iter());
        channels
            .into_iter()
            .flatten()
            .map(|channel| (channel.id, channel.name.clone()))
            .collect()
    }

    /// The members of a guild.
    pub fn members(&self, guild: GuildId) -> Vec<MemberView> {
        let state = self.platform.state();
        let members = state.world.guild(guild).map(|guild| guild.members.values());
        members
            .into_iter()
            .flatten()
            .filter_map(|member| {
                let user = state.world.users.get(&member.user)?;
                Some(MemberView {
                    id: user.id,
                    short_id: user.short_id.clone(),
                    nickname: user.nickname.clone(),
                    bot: user.bot,
                    roles: member.roles.clone(),
                    points: self.mall.balance(guild.number(), user.id.number()),
                    note_en: member.note_en.clone(),
                    note_zh: member.note_zh.clone(),
                })
            })
            .collect()
    }

    /// The first user of that nickname.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn user(&self, nickname: &str) -> UserId {
        let state = self.platform.state();
        let found = state
            .world
            .users
            .values()
            .find(|user| user.nickname == nickname);
        found
            .unwrap_or_else(|| panic!("there is no user `{nickname}`"))
            .id
    }

    /// The owner of the bot's guild.
    pub fn owner(&self) -> UserId {
        self.platform.state().world.guilds[0].owner
    }

    /// The roles of the bot's guild that its settings would name as administrators.
    pub fn admin_roles(&self) -> Vec<RoleId> {
        self.platform.state().world.guilds[0].admin_roles.clone()
    }

    /// The roles of the bot's guild that its settings would name as moderators.
    pub fn moderator_roles(&self) -> Vec<RoleId> {
        self.platform.state().world.guilds[0]
            .moderator_roles
            .clone()
    }
}

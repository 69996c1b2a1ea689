//! Who somebody is in a guild: owner and roles, read from the platform and remembered a while.
//!
//! No event announces a changed role, so what is remembered is refreshed after some minutes and when
//! a role turns up that is not known yet. When refreshing fails the old copy serves; when there is
//! none, nothing is known, and unknown means no. Source: fanbook-platform, 5.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use dashmap::DashMap;
use moka::future::Cache;
use tokio::time::Instant;

use crate::fanbook::api::BotApi;
use crate::fanbook::api::Member as ApiMember;
use crate::fanbook::api::MemberRole;
use crate::fanbook::api::Role;
use crate::model::GuildId;
use crate::model::Policy;
use crate::model::RoleId;
use crate::model::UserId;
use crate::permissions::Actor;
use crate::permissions::HeldRole;

/// How long roles and owner of a guild are believed.
const GUILD_FRESH: Duration = Duration::from_secs(180);
/// An unknown role refreshes a guild at most this often.
const UNKNOWN_ROLE_REFRESH: Duration = Duration::from_secs(10);
/// How long one member's own record is believed: a burst of commands asks once.
const MEMBER_FRESH: Duration = Duration::from_secs(10);
/// Members remembered at once.
const MEMBERS: u64 = 10_000;

/// What is remembered of a guild.
#[derive(Debug)]
struct GuildView {
    owner: Option<UserId>,
    roles: Option<HashMap<RoleId, RoleView>>,
    read: Instant,
}

#[derive(Clone, Debug)]
struct RoleView {
    name: String,
    permissions: Option<u64>,
}

/// Owners, roles and members of all guilds, as far as they were asked about.
pub(super) struct Standings {
    api: BotApi,
    asker: UserId,
    guilds: DashMap<GuildId, Arc<GuildView>>,
    reading: Cache<GuildId, Arc<GuildView>>,
    members: Cache<(GuildId, UserId), Option<Arc<ApiMember>>>,
}

impl Standings {
    /// Nothing is remembered yet. `asker` is the bot, which some calls want named.
    pub(super) fn new(api: BotApi, asker: UserId) -> Self {
        Self {
            api,
            asker,
            guilds: DashMap::new(),
            // Joins callers that miss at the same moment; the age is judged in `guild`.
            reading: Cache::builder()
                .time_to_live(Duration::from_secs(1))
                .build(),
            members: Cache::builder()
                .max_capacity(MEMBERS)
                .time_to_live(MEMBER_FRESH)
                .build(),
        }
    }

    /// Everything known of `user` in the guild of `policy`, with the roles their message showed.
    pub(super) async fn actor(
        &self,
        policy: &Policy,
        user: UserId,
        shown: Option<&[RoleId]>,
    ) -> Actor {
        if policy.admins.contains(&user) {
            return Actor {
                user,
                roles: None,
                owner: None,
            };
        }
        let view = self.guild(policy.guild, shown.unwrap_or_default()).await;
        match shown {
            Some(roles) => Actor {
                user,
                roles: Some(roles.iter().map(|role| held(*role, &view)).collect()),
                owner: view.owner,
            },
            None => self.confirmed(policy, user).await,
        }
    }

    /// The same, with the roles the platform has on record right now.
    pub(super) async fn confirmed(&self, policy: &Policy, user: UserId) -> Actor {
        let view = self.guild(policy.guild, &[]).await;
        let roles = match self.member(policy.guild, user).await {
            Ok(Some(member)) => member.roles.as_ref().map(|roles| {
                let record = |role: &MemberRole| HeldRole {
                    id: role.id,
                    permissions: role
                        .permissions
                        .or_else(|| held(role.id, &view).permissions),
                };
                roles.iter().map(record).collect()
            }),
            Ok(None) | Err(()) => None,
        };
        Actor {
            user,
            roles,
            owner: view.owner,
        }
    }

    /// A member's record. `Ok(None)`: not in the guild. `Err`: it could not be read.
    pub(super) async fn member(
        &self,
        guild: GuildId,
        user: UserId,
    ) -> Result<Option<Arc<ApiMember>>, ()> {
        let api = self.api.clone();
        let reading = async move {
            let member = api.member(guild, user).await;
            member.map(|member| member.map(Arc::new))
        };
        let read = self.members.try_get_with((guild, user), reading);
        read.await.map_err(|error| {
            tracing::warn!(%guild, member = %user, %error, "a member's record could not be read");
        })
    }

    /// The names of those of `roles` that are known.
    pub(super) async fn role_names(&self, guild: GuildId, roles: &[RoleId]) -> Vec<String> {
        let view = self.guild(guild, &[]).await;
        let Some(known) = &view.roles else {
            return Vec::new();
        };
        roles
            .iter()
            .filter_map(|role| known.get(role))
            .map(|role| role.name.clone())
            .collect()
    }

    async fn guild(&self, guild: GuildId, shown: &[RoleId]) -> Arc<GuildView> {
        let remembered = self.guilds.get(&guild).map(|view| view.clone());
        if let Some(view) = remembered {
            let age = view.read.elapsed();
            let complete = view.owner.is_some() && view.roles.is_some();
            let knows = |role: &RoleId| {
                view.roles
                    .as_ref()
                    .is_some_and(|roles| roles.contains_key(role))
            };
            let good = age < GUILD_FRESH && complete && shown.iter().all(knows);
            if good || age < UNKNOWN_ROLE_REFRESH {
                return view;
            }
        }
        let old = self.guilds.get(&guild).map(|view| view.clone());
        let reading = read_guild(self.api.clone(), self.asker, guild, old);
        let read = self.reading.get_with(guild, reading).await;
        self.guilds.insert(guild, read.clone());
        read
    }
}

/// Reads owner and roles; what cannot be read keeps its old value.
async fn read_guild(
    api: BotApi,
    asker: UserId,
    guild: GuildId,
    old: Option<Arc<GuildView>>,
) -> Arc<GuildView> {
    let (facts, roles) = tokio::join!(api.guild(guild, asker), api.roles(guild));
    let owner = facts.map(|facts| facts.owner).map_err(|error| {
        tracing::warn!(%guild, %error, "the guild's owner could not be read");
    });
    let roles = roles.map(known_roles).map_err(|error| {
        tracing::warn!(%guild, %error, "the guild's roles could not be read");
    });
    let old = old.as_deref();
    Arc::new(GuildView {
        owner: owner.ok().or(old.and_then(|old| old.owner)),
        roles: roles.ok().or_else(|| old.and_then(|old| old.roles.clone())),
        read: Instant::now(),
    })
}

fn known_roles(roles: Vec<Role>) -> HashMap<RoleId, RoleView> {
    roles
        .into_iter()
        .map(|role| {
            let view = RoleView {
                name: role.name,
                permissions: role.permissions,
            };
            (role.id, view)
        })
        .collect()
}

fn held(role: RoleId, view: &GuildView) -> HeldRole {
    let known = view.roles.as_ref().and_then(|roles| roles.get(&role));
    HeldRole {
        id: role,
        permissions: known.and_then(|role| role.permissions),
    }
}

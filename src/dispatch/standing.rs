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
use crate::permissions::Standing;
use crate::permissions::standing;

/// How long roles and owner of a guild are believed.
const GUILD_FRESH: Duration = Duration::from_secs(180);
/// An unknown role refreshes a guild at most this often.
const UNKNOWN_ROLE_REFRESH: Duration = Duration::from_secs(10);
/// What could not be read of a guild is asked for again after this long.
const RETRY_AFTER: Duration = Duration::from_secs(10);
/// How long one member's own record is believed: a burst of commands asks once.
const MEMBER_FRESH: Duration = Duration::from_secs(10);
/// Members remembered at once.
const MEMBERS: u64 = 10_000;

/// What is remembered of a guild.
#[derive(Debug)]
struct GuildView {
    owner: Option<UserId>,
    /// What it is called. Untrusted text.
    name: Option<String>,
    roles: Option<HashMap<RoleId, RoleView>>,
    read: Instant,
    /// When an unknown role last made us read it before its time.
    hurried: Option<Instant>,
}

/// A member's record: none where they are not in the guild, an error where it cannot be read.
type Record = Result<Option<Arc<ApiMember>>, ()>;

/// Whether something was read just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Age {
    Fresh,
    Remembered,
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
            // Joins callers that miss at the same moment; holds nothing beyond it.
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
            None => self.confirmed(policy, user, None).await,
        }
    }

    /// The same, with the roles the platform has on record right now.
    ///
    /// A record read a moment ago may say no, so that a flood of refused commands asks once. It never
    /// says yes, nor does it count where the message has shown other roles since.
    pub(super) async fn confirmed(
        &self,
        policy: &Policy,
        user: UserId,
        shown: Option<&[RoleId]>,
    ) -> Actor {
        let view = self.guild(policy.guild, &[]).await;
        let (record, age) = self.record(policy.guild, user).await;
        let actor = on_record(user, &record, &view);
        let may_more = standing(&actor, policy).is_some_and(|stands| stands > Standing::Member);
        if age == Age::Fresh || !(may_more || shown.is_some_and(|roles| !holds(&actor, roles))) {
            return actor;
        }
        self.forget(policy.guild, user).await;
        let (record, _) = self.record(policy.guild, user).await;
        on_record(user, &record, &view)
    }

    /// A member's record. `Ok(None)`: not in the guild. `Err`: it could not be read.
    pub(super) async fn member(&self, guild: GuildId, user: UserId) -> Record {
        self.record(guild, user).await.0
    }

    /// Forgets a member's record, after they came or went.
    pub(super) async fn forget(&self, guild: GuildId, user: UserId) {
        self.members.invalidate(&(guild, user)).await;
    }

    async fn record(&self, guild: GuildId, user: UserId) -> (Record, Age) {
        // Boxed, or every command would carry the room for it: few of them ask.
        Box::pin(self.look_up(guild, user)).await
    }

    async fn look_up(&self, guild: GuildId, user: UserId) -> (Record, Age) {
        let api = self.api.clone();
        let reading = async move {
            let member = api.member(guild, user).await;
            member.map(|member| member.map(Arc::new))
        };
        let entry = self.members.entry((guild, user));
        match entry.or_try_insert_with(reading).await {
            Ok(entry) if entry.is_fresh() => (Ok(entry.into_value()), Age::Fresh),
            Ok(entry) => (Ok(entry.into_value()), Age::Remembered),
            Err(error) => {
                tracing::warn!(%guild, member = %user, %error, "a member's record could not be read");
                (Err(()), Age::Fresh)
            }
        }
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

    /// What a guild is called, as far as that is known. Untrusted text.
    pub(super) async fn title(&self, guild: GuildId) -> Option<String> {
        self.guild(guild, &[]).await.name.clone()
    }

    async fn guild(&self, guild: GuildId, shown: &[RoleId]) -> Arc<GuildView> {
        let old = self.guilds.get(&guild).map(|view| view.clone());
        if let Some(view) = &old
            && view.serves(shown)
        {
            return view.clone();
        }
        // Boxed for the same reason as a member's record.
        Box::pin(self.read_anew(guild, old)).await
    }

    async fn read_anew(&self, guild: GuildId, old: Option<Arc<GuildView>>) -> Arc<GuildView> {
        let reading = read_guild(self.api.clone(), self.asker, guild, old);
        let read = self.reading.get_with(guild, reading).await;
        self.reading.invalidate(&guild).await;
        self.guilds.insert(guild, read.clone());
        read
    }
}

impl GuildView {
    /// Whether it is good enough for somebody with these roles.
    fn serves(&self, shown: &[RoleId]) -> bool {
        let age = self.read.elapsed();
        let (Some(roles), true) = (&self.roles, self.owner.is_some()) else {
            // Something could not be read: not asked for again with every message.
            return age < RETRY_AFTER;
        };
        if shown.iter().all(|role| roles.contains_key(role)) {
            return age < GUILD_FRESH;
        }
        let hurried = |since: Instant| since.elapsed() < UNKNOWN_ROLE_REFRESH;
        age < GUILD_FRESH && self.hurried.is_some_and(hurried)
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
    let facts = facts.map_err(|error| {
        tracing::warn!(%guild, %error, "the guild's owner could not be read");
    });
    let facts = facts.ok();
    let roles = roles.map(known_roles).map_err(|error| {
        tracing::warn!(%guild, %error, "the guild's roles could not be read");
    });
    let old = old.as_deref();
    Arc::new(GuildView {
        owner: facts
            .as_ref()
            .map(|facts| facts.owner)
            .or(old.and_then(|old| old.owner)),
        name: facts
            .map(|facts| facts.name)
            .filter(|name| !name.is_empty())
            .or_else(|| old.and_then(|old| old.name.clone())),
        roles: roles.ok().or_else(|| old.and_then(|old| old.roles.clone())),
        read: Instant::now(),
        // Read again while still young: only an unknown role or something unread makes us.
        hurried: old
            .filter(|old| old.read.elapsed() < GUILD_FRESH)
            .map(|_| Instant::now()),
    })
}

/// What the record says of somebody.
fn on_record(user: UserId, record: &Record, view: &GuildView) -> Actor {
    let member = record.as_ref().ok().and_then(Option::as_ref);
    let roles = member.and_then(|member| member.roles.as_ref());
    let held = |role: &MemberRole| HeldRole {
        id: role.id,
        permissions: role.permissions.or_else(|| held(role.id, view).permissions),
    };
    Actor {
        user,
        roles: roles.map(|roles| roles.iter().map(held).collect()),
        owner: view.owner,
    }
}

/// Whether somebody holds exactly these roles.
fn holds(actor: &Actor, roles: &[RoleId]) -> bool {
    let held = actor.roles.as_deref().unwrap_or_default();
    held.len() == roles.len() && held.iter().all(|role| roles.contains(&role.id))
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

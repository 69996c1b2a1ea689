//! The shapes in which answers come, and what is kept of them.
//!
//! Users come under `user`, `User` or bare; ids as numbers or strings; names under several keys
//! (fanbook-platform, 4.1, 4.8 and 4.10). What is missing stays missing: no answer is completed by
//! a guess, and a permission mask that cannot be read is not known rather than empty.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::fanbook::wire::lenient;
use crate::fanbook::wire::lenient::Raw;
use crate::model::ChannelId;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::RoleId;
use crate::model::UserId;
use crate::support::secret::Secret;

/// The bot itself, from getMe.
#[derive(Clone, Debug)]
pub struct Me {
    /// The bot's own id.
    pub id: UserId,
    /// The bot's name. Untrusted text.
    pub name: String,
    /// What opens the gateway; valid for 24 h, and as long as heartbeats go on.
    pub user_token: Secret,
    /// The person the bot belongs to, where the answer names one.
    pub owner: Option<UserId>,
}

/// Who wrote a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageAuthor {
    /// The long id.
    pub id: UserId,
    /// The name. Untrusted text.
    pub name: String,
    /// Whether a bot wrote it.
    pub is_bot: bool,
}

/// A role of a guild.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// The role.
    pub id: RoleId,
    /// Its name. Untrusted text.
    pub name: String,
    /// Its permission bits; `None` where the answer had none that can be read.
    pub permissions: Option<u64>,
    /// Its rank: higher stands above lower.
    pub position: i64,
}

/// What is asked of a guild.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuildFacts {
    /// Its name. Untrusted text.
    pub name: String,
    /// Its owner.
    pub owner: UserId,
}

/// A member of a guild.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The long id.
    pub id: UserId,
    /// The name. Untrusted text.
    pub name: String,
    /// The short id ("Fanbook #"), where the answer had one.
    pub short_id: Option<String>,
    /// Whether it is a bot.
    pub is_bot: bool,
    /// The roles held; `None` where the answer said nothing of them, which is not the same as none.
    pub roles: Option<Vec<MemberRole>>,
}

impl Member {
    /// The ids of the roles held, as far as the answer named them.
    pub fn role_ids(&self) -> impl Iterator<Item = RoleId> {
        self.roles.iter().flatten().map(|role| role.id)
    }
}

/// A role somebody holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberRole {
    /// The role.
    pub id: RoleId,
    /// Its name. Untrusted text.
    pub name: String,
    /// Its permission bits; `None` where the answer had none that can be read.
    pub permissions: Option<u64>,
}

#[derive(Deserialize)]
struct Person<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    id: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    user_id: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    is_bot: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    bot: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    first_name: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    nickname: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    username: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    user_token: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    owner_id: Raw<'a>,
}

impl Person<'_> {
    fn id(&self) -> Option<UserId> {
        [self.id, self.user_id]
            .into_iter()
            .find_map(|field| lenient::id(field).some())
            .map(UserId::new)
    }

    fn name(&self) -> String {
        [self.first_name, self.nickname, self.username]
            .into_iter()
            .find_map(lenient::string)
            .unwrap_or_default()
    }

    fn is_bot(&self) -> bool {
        lenient::is_true(self.is_bot) || lenient::is_true(self.bot)
    }
}

#[derive(Deserialize)]
struct Membership<'a> {
    #[serde(borrow, default, alias = "User", deserialize_with = "lenient::present")]
    user: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    status: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    roles: Raw<'a>,
}

#[derive(Deserialize)]
struct RoleEntry<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    id: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    name: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    permissions: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    position: Raw<'a>,
}

#[derive(Deserialize)]
struct Identified<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    id: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    message_id: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    from: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    author: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    user_id: Raw<'a>,
}

#[derive(Deserialize)]
struct Guild<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    guild_id: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    name: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    owner_id: Raw<'a>,
}

pub(super) fn me(payload: &RawValue) -> Option<Me> {
    let person: Person<'_> = lenient::object(Some(payload))?;
    Some(Me {
        id: person.id()?,
        name: person.name(),
        user_token: Secret::new(lenient::string(person.user_token)?),
        owner: lenient::id(person.owner_id).some().map(UserId::new),
    })
}

pub(super) fn sent_message(payload: &RawValue) -> Option<MessageId> {
    let sent: Identified<'_> = lenient::object(Some(payload))?;
    lenient::id(sent.message_id).some().map(MessageId::new)
}

pub(super) fn private_chat(payload: &RawValue) -> Option<ChannelId> {
    let chat: Identified<'_> = lenient::object(Some(payload))?;
    lenient::id(chat.id).some().map(ChannelId::new)
}

pub(super) fn message_author(payload: &RawValue) -> Option<MessageAuthor> {
    let message: Identified<'_> = lenient::object(Some(payload))?;
    let person: Person<'_> = lenient::object(message.from.or(message.author))?;
    // Where the author stands as in frames, its id stands beside it.
    let beside = || lenient::id(message.user_id).some().map(UserId::new);
    Some(MessageAuthor {
        id: person.id().or_else(beside)?,
        name: person.name(),
        is_bot: person.is_bot(),
    })
}

pub(super) fn guild(payload: &RawValue, asked: GuildId) -> Option<GuildFacts> {
    let guild: Guild<'_> = lenient::object(Some(payload))?;
    if let Some(answered) = lenient::id(guild.guild_id).some()
        && answered != asked.number()
    {
        return None;
    }
    Some(GuildFacts {
        name: lenient::string(guild.name).unwrap_or_default(),
        owner: UserId::new(lenient::id(guild.owner_id).some()?),
    })
}

/// The roles of a page. One that cannot be read is left out: it then grants nothing.
pub(super) fn roles(payload: &RawValue) -> Option<Vec<Role>> {
    let entries = lenient::list(Some(payload))?;
    Some(
        entries
            .into_iter()
            .filter_map(|raw| {
                let entry: RoleEntry<'_> = lenient::object(Some(raw))?;
                Some(Role {
                    id: RoleId::new(lenient::id(entry.id).some()?),
                    name: lenient::string(entry.name).unwrap_or_default(),
                    permissions: lenient::mask(entry.permissions),
                    position: lenient::integer(entry.position).unwrap_or_default(),
                })
            })
            .collect(),
    )
}

/// The members of a list; one that cannot be read, or has left, is left out. Null is an empty list.
pub(super) fn members(payload: &RawValue) -> Option<Vec<Member>> {
    if payload.get() == "null" {
        return Some(Vec::new());
    }
    let entries = lenient::list(Some(payload))?;
    Some(
        entries
            .into_iter()
            .filter_map(member)
            .filter_map(Standing::present)
            .collect(),
    )
}

/// Whether an answer about a member shows them in the guild.
pub(super) enum Standing {
    Present(Member),
    Absent,
}

impl Standing {
    pub(super) fn present(self) -> Option<Member> {
        match self {
            Standing::Present(member) => Some(member),
            Standing::Absent => None,
        }
    }
}

pub(super) fn member(payload: &RawValue) -> Option<Standing> {
    let membership: Membership<'_> = lenient::object(Some(payload))?;
    let status = lenient::string(membership.status);
    if matches!(status.as_deref(), Some("left" | "kicked")) {
        return Some(Standing::Absent);
    }
    let person: Person<'_> = lenient::object(membership.user.or(Some(payload)))?;
    Some(Standing::Present(Member {
        id: person.id()?,
        name: person.name(),
        short_id: lenient::string(person.username).filter(|id| lenient::is_short_id(id)),
        is_bot: person.is_bot(),
        roles: held_roles(membership.roles),
    }))
}

/// Roles come as objects; bare ids are read too, and then say nothing of permissions.
fn held_roles(field: Raw<'_>) -> Option<Vec<MemberRole>> {
    let held = lenient::list(field)?.into_iter().filter_map(|raw| {
        if let Some(id) = lenient::id(Some(raw)).some() {
            return Some(MemberRole {
                id: RoleId::new(id),
                name: String::new(),
                permissions: None,
            });
        }
        let entry: RoleEntry<'_> = lenient::object(Some(raw))?;
        Some(MemberRole {
            id: RoleId::new(lenient::id(entry.id).some()?),
            name: lenient::string(entry.name).unwrap_or_default(),
            permissions: lenient::mask(entry.permissions),
        })
    });
    Some(held.collect())
}

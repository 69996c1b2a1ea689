//! Reading calls: who the bot is, who others are, what they may.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::PoisonError;

use futures_util::future::BoxFuture;
use serde::Serialize;

use crate::fanbook::api::BotApi;
use crate::fanbook::api::answers;
use crate::fanbook::api::answers::GuildFacts;
use crate::fanbook::api::answers::Me;
use crate::fanbook::api::answers::Member;
use crate::fanbook::api::answers::MessageAuthor;
use crate::fanbook::api::answers::Role;
use crate::fanbook::api::answers::Standing;
use crate::fanbook::api::call::Body;
use crate::fanbook::api::errors::ApiError;
use crate::fanbook::api::errors::NoAnswer;
use crate::model::ChannelId;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::RoleId;
use crate::model::UserId;

/// Members asked for at a time, the platform's own default (fanbook-platform, 4.8).
const PAGE: usize = 50;

/// Members of a guild asked for at a time.
const LISTED: usize = 100;

/// Pages read before giving up on a list that never ends.
const MOST_PAGES: usize = 400;

/// Short ids one search takes (fanbook-platform, 4.8).
const SHORT_IDS_AT_ONCE: usize = 100;

/// Ids as numbers.
#[derive(Serialize)]
struct ChatMessage {
    chat_id: u64,
    message_id: u64,
}

/// Ids as numbers.
#[derive(Serialize)]
struct GuildRoles {
    guild_id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_id: Option<u64>,
}

/// Ids as numbers.
#[derive(Serialize)]
struct RoleMembers {
    guild_id: u64,
    role_id: u64,
    size: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_id: Option<u64>,
}

/// Ids as numbers.
#[derive(Serialize)]
struct GuildMembers {
    guild_id: u64,
    limit: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<u64>,
}

/// Ids as strings: one of the path-like methods.
#[derive(Serialize)]
struct GuildOf {
    guild_id: String,
    user_id: String,
}

/// Ids as numbers.
#[derive(Serialize)]
struct ChatMember {
    guild_id: u64,
    user_id: u64,
}

/// The guild as a number, short ids as strings.
#[derive(Serialize)]
struct ByShortId<'a> {
    guild_id: u64,
    username: &'a [String],
}

/// The guild as a number.
#[derive(Serialize)]
struct ByName<'a> {
    guild_id: u64,
    query: &'a str,
}

/// The id as a number.
#[derive(Serialize)]
struct PrivateChat {
    user_id: u64,
}

/// Everything as strings: one of the path-like methods.
#[derive(Serialize)]
struct AnswerCallback<'a> {
    callback_id: &'a str,
    text: &'a str,
    user_id: String,
    channel_id: String,
}

/// One page of a list. Boxed: an async closure's future is not known to be `Send` (a limit of the
/// compiler), and every call ends up in a spawned task.
type Page<'a, T> = BoxFuture<'a, Result<Vec<T>, ApiError>>;

impl BotApi {
    /// Who the bot is, with a fresh token for the gateway. Once per start and per renewal.
    pub async fn me(&self) -> Result<Me, ApiError> {
        let payload = self.read("getMe", Body::<()>::None).await?;
        let me = answers::me(&payload).ok_or_else(|| unreadable("bot"))?;
        *self
            .inner
            .latest_me
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(me.clone());
        Ok(me)
    }

    /// Who wrote a message.
    pub async fn message(
        &self,
        channel: ChannelId,
        message: MessageId,
    ) -> Result<MessageAuthor, ApiError> {
        let body = ChatMessage {
            chat_id: channel.number(),
            message_id: message.number(),
        };
        let payload = self.read("getMessage", Body::Json(&body)).await?;
        answers::message_author(&payload).ok_or_else(|| unreadable("author"))
    }

    /// All roles of a guild.
    pub async fn roles(&self, guild: GuildId) -> Result<Vec<Role>, ApiError> {
        self.pages(
            usize::MAX,
            |role: &Role| role.id.number(),
            |last_id| {
                let body = GuildRoles {
                    guild_id: guild.number(),
                    last_id,
                };
                Box::pin(async move {
                    let payload = self.read("getGuildRoles", Body::Json(&body)).await?;
                    answers::roles(&payload).ok_or_else(|| unreadable("roles"))
                })
            },
        )
        .await
    }

    /// Members who hold a role: all of them, or the first few more than `most`.
    pub async fn role_members(
        &self,
        guild: GuildId,
        role: RoleId,
        most: usize,
    ) -> Result<Vec<Member>, ApiError> {
        self.pages(
            most,
            |member: &Member| member.id.number(),
            |last_id| {
                let body = RoleMembers {
                    guild_id: guild.number(),
                    role_id: role.number(),
                    size: PAGE,
                    last_id,
                };
                Box::pin(async move {
                    let payload = self.read("getRoleMembers", Body::Json(&body)).await?;
                    answers::members(&payload).ok_or_else(|| unreadable("members"))
                })
            },
        )
        .await
    }

    /// Members of a guild in the order of ids, those after `after`; an empty page is the last.
    ///
    /// A page may be shorter than another: what cannot be read of one is left out (fanbook-platform,
    /// 4.8).
    pub async fn guild_members(
        &self,
        guild: GuildId,
        after: Option<UserId>,
    ) -> Result<Vec<Member>, ApiError> {
        let body = GuildMembers {
            guild_id: guild.number(),
            limit: LISTED,
            after: after.map(UserId::number),
        };
        let payload = self.read("getGuildMembers", Body::Json(&body)).await?;
        answers::members(&payload).ok_or_else(|| unreadable("members"))
    }

    /// A guild's name and owner. `asker` is a formality of the method; the bot's own id will do.
    pub async fn guild(&self, guild: GuildId, asker: UserId) -> Result<GuildFacts, ApiError> {
        let body = GuildOf {
            guild_id: guild.to_string(),
            user_id: asker.to_string(),
        };
        let payload = self.read("guild", Body::Json(&body)).await?;
        answers::guild(&payload, guild).ok_or_else(|| unreadable("guild"))
    }

    /// A member with their roles; `None` if the person is not in the guild.
    pub async fn member(&self, guild: GuildId, user: UserId) -> Result<Option<Member>, ApiError> {
        let body = ChatMember {
            guild_id: guild.number(),
            user_id: user.number(),
        };
        let payload = match self.read("getChatMember", Body::Json(&body)).await {
            Ok(payload) => payload,
            Err(ApiError::NoSuchMember) => return Ok(None),
            Err(error) => return Err(error),
        };
        match answers::member(&payload) {
            Some(Standing::Absent) => Ok(None),
            Some(Standing::Present(member)) if member.id == user => Ok(Some(member)),
            // Rights and points hang on this answer: another member's will not do.
            Some(Standing::Present(_)) | None => Err(unreadable("member")),
        }
    }

    /// The members with exactly these short ids, in no promised order; unknown ones are missing.
    pub async fn find_by_short_id(
        &self,
        guild: GuildId,
        short_ids: &[String],
    ) -> Result<Vec<Member>, ApiError> {
        let mut found = Vec::new();
        for short_ids in short_ids.chunks(SHORT_IDS_AT_ONCE) {
            let body = ByShortId {
                guild_id: guild.number(),
                username: short_ids,
            };
            let payload = self
                .read("searchGuildMemberByName", Body::Json(&body))
                .await?;
            let members = answers::members(&payload).ok_or_else(|| unreadable("members"))?;
            // Should the search ever be less exact than documented, nobody else gets the points.
            found.extend(members.into_iter().filter(|member| {
                let short_id = member.short_id.as_ref();
                short_id.is_some_and(|short_id| short_ids.contains(short_id))
            }));
        }
        Ok(found)
    }

    /// The members whose nickname or guild nickname matches, as the platform understands it.
    pub async fn find_by_name(&self, guild: GuildId, query: &str) -> Result<Vec<Member>, ApiError> {
        let body = ByName {
            guild_id: guild.number(),
            query,
        };
        let payload = self.read("searchGuildMember", Body::Json(&body)).await?;
        answers::members(&payload).ok_or_else(|| unreadable("members"))
    }

    /// The private chat with a member. Needs a guild both are in.
    pub async fn private_chat(&self, user: UserId) -> Result<ChannelId, ApiError> {
        let body = PrivateChat {
            user_id: user.number(),
        };
        let payload = self.read("getPrivateChat", Body::Json(&body)).await?;
        answers::private_chat(&payload).ok_or_else(|| unreadable("chat"))
    }

    /// Stops the spinner of a pressed button and shows `text` to who pressed it.
    ///
    /// Repeated like a reading call: answering one press twice changes nothing.
    pub async fn answer_press(
        &self,
        callback: &str,
        text: &str,
        user: UserId,
        channel: ChannelId,
    ) -> Result<(), ApiError> {
        let body = AnswerCallback {
            callback_id: callback,
            text,
            user_id: user.to_string(),
            channel_id: channel.to_string(),
        };
        self.read("v2/answerCallback", Body::Json(&body)).await?;
        Ok(())
    }

    /// Everything of a list that is continued from the last id seen.
    ///
    /// Whether and by how many the platform pages is not documented for every list: a short page,
    /// or one that brings nothing new, is the last. Beyond `most` nobody wants to know more.
    async fn pages<'a, T, Id: Eq + Hash + Copy>(
        &'a self,
        most: usize,
        id_of: impl Fn(&T) -> Id,
        page_after: impl Fn(Option<Id>) -> Page<'a, T>,
    ) -> Result<Vec<T>, ApiError> {
        let mut all = Vec::new();
        let mut seen = HashSet::new();
        let mut last = None;
        for _ in 0..MOST_PAGES {
            let page = page_after(last).await?;
            let length = page.len();
            last = page.last().map(&id_of);
            let before = all.len();
            all.extend(page.into_iter().filter(|item| seen.insert(id_of(item))));
            if length < PAGE || all.len() == before || all.len() > most {
                return Ok(all);
            }
        }
        Err(unreadable("end of the list"))
    }
}

fn unreadable(part: &'static str) -> ApiError {
    ApiError::Unknown(NoAnswer::Unreadable(part))
}

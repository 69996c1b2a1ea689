//! The Bot API's front door: paths, tokens, envelopes, and which method is where.
//!
//! Answers are labelled as plain text unless selected otherwise, refusals come in the body.
//! Source: fanbook-platform, 1.1, 6 and 8.

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::extract::RawQuery;
use axum::extract::State as Shared;
use axum::http::HeaderMap;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::any;

use super::Platform;
use super::chats;
use super::credits;
use super::guilds;
use super::history;
use super::members;
use super::params::Params;
use super::refusal::Refusal;
use super::roles;
use super::sending;
use super::trouble;
use crate::model::ids::ChannelId;
use crate::model::ids::GuildId;
use crate::model::ids::UserId;
use crate::sandbox::CommandHint;
use crate::sandbox::permission;
use crate::sandbox::settings::ErrorKey;
use crate::sandbox::settings::PlatformSettings;
use crate::sandbox::state::ApiCall;
use crate::sandbox::state::Place;
use crate::sandbox::state::State;
use crate::sandbox::world::Guild;

/// A request as it came.
#[derive(Clone)]
pub struct Incoming {
    /// The token of the path, without the old prefix.
    pub token: String,
    /// The method's name.
    pub name: String,
    /// The HTTP method.
    pub http: Method,
    /// The query, still escaped.
    pub query: String,
    /// The body's label.
    pub content_type: String,
    /// The body.
    pub body: Bytes,
}

/// One call at work.
pub struct Call<'a> {
    /// The world.
    pub state: &'a mut State,
    /// What was asked.
    pub params: Params,
    /// Milliseconds since 1970.
    pub now_ms: i64,
    /// The bot's declared commands.
    pub commands: &'a [CommandHint],
}

/// What a method answers.
pub enum Reply {
    /// JSON for `result`.
    Result(String),
    /// The whole body, where a method has an envelope of its own.
    Whole(String),
}

/// What a method does.
type Answer = Result<Reply, Refusal>;

/// The imitated paths.
pub fn routes(platform: Platform) -> Router {
    Router::new()
        .route("/api/bot/{token}/{*method}", any(receive))
        .with_state(platform)
}

async fn receive(
    Shared(platform): Shared<Platform>,
    Path((token, name)): Path<(String, String)>,
    http: Method,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let incoming = Incoming {
        // Old code writes the literal `bot` before the token.
        token: token.strip_prefix("bot").unwrap_or(&token).to_owned(),
        name,
        http,
        query: query.unwrap_or_default(),
        content_type: content_type.to_ascii_lowercase(),
        body,
    };
    trouble::answer(platform, incoming).await
}

impl Platform {
    /// Does what a request asks and words the answer.
    pub fn call(&self, incoming: &Incoming) -> Response {
        let now_ms = self.now_ms();
        let mut state = self.state();
        let settings = state.settings.clone();
        let answer = answer(&mut state, incoming, now_ms, self.commands());
        let (status, code, body) = match answer {
            Ok(Reply::Result(result)) => (200, None, format!(r#"{{"ok":true,"result":{result}}}"#)),
            Ok(Reply::Whole(body)) => (200, None, body),
            Err(refusal) => (
                refusal.status.unwrap_or(settings.refusal_status),
                Some(refusal.code),
                refused(&refusal, settings.error_key),
            ),
        };
        state.called(ApiCall {
            method: incoming.name.clone(),
            time_ms: now_ms,
            status,
            code,
        });
        drop(state);
        labelled(status, body, &settings)
    }
}

/// A body as the API labels it.
pub fn labelled(status: u16, body: String, settings: &PlatformSettings) -> Response {
    let kind = if settings.json_content_type {
        "application/json"
    } else {
        "text/plain; charset=utf-8"
    };
    let status = StatusCode::from_u16(status).expect("statuses are chosen from valid ones");
    (status, [(header::CONTENT_TYPE, kind)], body).into_response()
}

/// A refusal as a body.
pub fn refused(refusal: &Refusal, key: ErrorKey) -> String {
    let key = match key {
        ErrorKey::ErrorCode => "error_code",
        ErrorKey::ErrCode => "err_code",
        ErrorKey::Code => "code",
    };
    let description = serde_json::Value::from(refusal.description.as_str());
    format!(
        r#"{{"ok":false,"{key}":{code},"description":{description}}}"#,
        code = refusal.code
    )
}

fn answer(state: &mut State, incoming: &Incoming, now_ms: i64, commands: &[CommandHint]) -> Answer {
    if incoming.token != state.world.bot_token {
        return Err(Refusal::token());
    }
    let handler = handler(&incoming.name, &incoming.http).ok_or_else(Refusal::method)?;
    let params = Params::read(
        &incoming.query,
        &incoming.content_type,
        &incoming.body,
        state.settings.strict_ids,
    )?;
    let mut call = Call {
        state,
        params,
        now_ms,
        commands,
    };
    handler(&mut call)
}

/// Which method is where; names are case-sensitive.
fn handler(name: &str, http: &Method) -> Option<fn(&mut Call<'_>) -> Answer> {
    let handler: fn(&mut Call<'_>) -> Answer = match name {
        "getMe" => chats::get_me,
        "getPrivateChat" => chats::get_private_chat,
        "getMyCommands" => chats::get_my_commands,
        "v2/answerCallback" => chats::answer_callback,
        "v2/cardNotify" => chats::card_notify,
        "sendNotication" => chats::notify,
        "getUpdates" | "v2/getUpdates" => chats::get_updates,
        "sendMessage" => sending::send_message,
        "sendPhoto" => sending::send_photo,
        "editMessageText" => sending::edit_message_text,
        "editMessageReplyMarkup" => sending::edit_message_reply_markup,
        "deleteMessage" => sending::delete_message,
        "getMessage" => sending::get_message,
        "pinChatMessage" => sending::pin_chat_message,
        "unpinChatMessage" => sending::unpin_chat_message,
        "sendReaction" => sending::send_reaction,
        "getChatMember" => members::get_chat_member,
        "getGuildMembers" => members::get_guild_members,
        "v2/guild/members" | "guild/members" => members::list_members,
        "getRoleMembers" => members::get_role_members,
        "searchGuildMemberByName" => members::search_by_short_id,
        "searchGuildMember" => members::search,
        "guild/existsMember" => members::exists,
        "getGuildMembersCount" => members::count,
        "v2/checkUserGuilds" => members::check_user_guilds,
        "kickChatMember" => members::kick,
        "robot/setGuildNick" => members::set_guild_nick,
        "message/getList" => history::get_list,
        "guild" => guilds::guild,
        "guild/emoji" => guilds::emoji,
        "channel/list" => guilds::channel_list,
        "getGuildRoles" => roles::get_guild_roles,
        "setMemberRoles" => roles::set_member_roles,
        "v2/setMemberRoles" => roles::change_member_roles,
        "guild/role" if http == Method::PUT => roles::create,
        "guild/role" if http == Method::DELETE => roles::delete,
        "v2/guild/role" if http == Method::PATCH => roles::edit,
        "guild/credit" | "v2/guild/credit" if http == Method::PUT => credits::set,
        "guild/credit" | "v2/guild/credit" if http == Method::DELETE => credits::delete,
        "getGuildCredit" => credits::get,
        _ => return None,
    };
    Some(handler)
}

impl Call<'_> {
    /// The guild of that id, if the bot is in it.
    pub fn guild(&self, id: u64) -> Result<&Guild, Refusal> {
        let guild = self
            .state
            .world
            .guild(GuildId::new(id))
            .ok_or_else(Refusal::guild)?;
        if guild.members.contains_key(&self.state.world.bot) {
            Ok(guild)
        } else {
            Err(Refusal::stranger())
        }
    }

    /// The channel of that id, if it exists and the bot has these rights there.
    pub fn channel(&self, id: u64, rights: u64) -> Result<ChannelId, Refusal> {
        let channel = ChannelId::new(id);
        if let Place::Guild(guild, _) = self.state.place(channel).ok_or_else(Refusal::channel)?
            && !guild.members.contains_key(&self.state.world.bot)
        {
            return Err(Refusal::stranger());
        }
        let rights = rights | permission::VIEW_CHANNEL;
        if self.state.may(self.state.world.bot, channel) & rights == rights {
            Ok(channel)
        } else {
            Err(Refusal::permission())
        }
    }

    /// The account a numeric parameter names.
    pub fn user(&self, id: u64) -> Result<UserId, Refusal> {
        let user = UserId::new(id);
        if self.state.world.users.contains_key(&user) {
            Ok(user)
        } else {
            Err(Refusal::account())
        }
    }

    /// Refuses unless the bot has these rights in the guild.
    pub fn demand(&self, guild: GuildId, rights: u64) -> Result<(), Refusal> {
        let place = self.guild(guild.number())?;
        if permission::in_guild(place, self.state.world.bot) & rights == rights {
            Ok(())
        } else {
            Err(Refusal::permission())
        }
    }
}

impl Reply {
    /// `true`.
    pub fn done() -> Self {
        Self::Result("true".to_owned())
    }
}

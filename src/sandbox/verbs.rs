//! What people do, as pages and tests ask for it: say, press, change roles and names.
//!
//! The same verbs serve the control paths and the test handle. They check what a client of the
//! platform could do at all; a refusal is a plain sentence.

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

use super::exchange::GatewayAct;
use super::frames::MemberShape;
use super::message::MessageView;
use super::permission;
use super::platform::Platform;
use super::settings::PlatformSettings;
use super::state::Draft;
use super::state::Note;
use super::state::State;
use super::world::Guild;
use crate::model::ids::ChannelId;
use crate::model::ids::GuildId;
use crate::model::ids::MessageId;
use crate::model::ids::RoleId;
use crate::model::ids::UserId;

/// The largest number of deliveries of one message.
const MOST_DELIVERIES: u32 = 10;

/// How a message arrives, besides its text.
#[derive(Clone, Debug)]
pub struct SayOptions {
    /// The message it answers.
    pub reply_to: Option<MessageId>,
    /// Which of the documented shapes it has.
    pub shape: Shape,
    /// How often its frame is delivered, 0 to 10; 0 leaves it to the history.
    pub deliveries: u32,
    /// How its frame shows the author's membership.
    pub member: MemberShape,
    /// A whole content object instead of a text.
    pub content: Option<Value>,
    /// When it was said, if not now; in milliseconds since 1970.
    pub time_ms: Option<i64>,
}

/// The shapes in which a text can arrive. Source: fanbook-platform, 3.2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// Typed, with or without a mention.
    #[default]
    Typed,
    /// Chosen from the client's command list.
    Registered,
    /// Chosen from the list, with parameters inside the braces.
    RegisteredArgs,
    /// A mention and words.
    MentionOnly,
    /// Missed by every socket: only the history has it.
    History,
}

/// Why somebody cannot say something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSaid {
    /// There is no such channel.
    #[error("there is no channel {0}")]
    NoChannel(
        /// What was named.
        ChannelId,
    ),
    /// They do not see it, or only read there.
    #[error("user {user} may not speak in channel {channel}")]
    MayNot {
        /// Who.
        user: UserId,
        /// Where.
        channel: ChannelId,
    },
    /// More deliveries than are made.
    #[error("`deliveries` must be from 0 to {MOST_DELIVERIES}")]
    Deliveries,
}

impl NotSaid {
    /// The word by which pages say it in the reader's language.
    pub fn word(self) -> &'static str {
        match self {
            Self::NoChannel(_) => "no_channel",
            Self::MayNot { .. } => "may_not_speak",
            Self::Deliveries => "deliveries",
        }
    }
}

impl Default for SayOptions {
    fn default() -> Self {
        Self {
            reply_to: None,
            shape: Shape::Typed,
            deliveries: 1,
            member: MemberShape::Full,
            content: None,
            time_ms: None,
        }
    }
}

impl Platform {
    /// A user says something; the sentence tells why they cannot.
    pub fn say(
        &self,
        user: UserId,
        channel: ChannelId,
        text: &str,
        options: SayOptions,
    ) -> Result<MessageId, NotSaid> {
        let now_ms = self.now_ms();
        let mut state = self.state();
        if state.place(channel).is_none() {
            return Err(NotSaid::NoChannel(channel));
        }
        let rights = permission::VIEW_CHANNEL | permission::SEND_MESSAGES;
        if state.may(user, channel) & rights != rights {
            return Err(NotSaid::MayNot { user, channel });
        }
        if options.deliveries > MOST_DELIVERIES {
            return Err(NotSaid::Deliveries);
        }
        let mentions = mentioned(&state, text);
        let content_type = options.shape.content_type(!mentions.is_empty());
        let mut draft = Draft::new(channel, user, text_content(text, content_type));
        draft.content_type = Some(content_type);
        draft.desc = text.to_owned();
        if let Some(content) = options.content {
            draft.content = content.to_string();
            draft.content_type = content["contentType"].as_i64();
        }
        draft.mentions = mentions;
        draft.answers = options.reply_to;
        draft.member = options.member;
        draft.time_ms = options.time_ms;
        draft.deliveries = match options.shape {
            Shape::History => 0,
            _ => options.deliveries,
        };
        Ok(state.post(draft, now_ms))
    }

    /// The platform repeats the frame of a message it delivered before.
    pub fn redeliver(&self, message: MessageId) -> Result<(), String> {
        if self.state().deliver_again(message) {
            Ok(())
        } else {
            Err(format!("there is no message {message}"))
        }
    }

    /// A user changes what they said. No frame tells of it: none is documented (fanbook-platform, 2.4).
    pub fn edit(&self, message: MessageId, text: &str) -> Result<(), String> {
        let now_ms = self.now_ms();
        let content = text_content(text, 0);
        let edited = self.state().change(message, |message| {
            message.content = content;
            message.desc = text.to_owned();
            message.edited_ms = Some(now_ms);
            message.edits += 1;
        });
        match edited {
            true => Ok(()),
            false => Err(format!("there is no message {message}")),
        }
    }

    /// A user presses a button; the data need not be on any, since clients can send what they like.
    pub fn press(&self, user: UserId, message: MessageId, data: &str) -> Result<String, String> {
        let now_ms = self.now_ms();
        let mut state = self.state();
        let seen = state
            .message(message)
            .is_some_and(|found| !found.deleted && state.sees_message(user, found));
        if !seen {
            return Err(format!("user {user} sees no message {message}"));
        }
        state
            .press(user, message, data, now_ms)
            .ok_or_else(|| format!("there is no user {user}"))
    }

    /// The private chat between a user and the bot, opened if there is none.
    pub fn private_chat(&self, user: UserId) -> Result<ChannelId, String> {
        let now_ms = self.now_ms();
        let mut state = self.state();
        if !state.world.users.contains_key(&user) || user == state.world.bot {
            return Err(format!(
                "user {user} cannot have a private chat with the bot"
            ));
        }
        Ok(state.private_chat(user, now_ms))
    }

    /// The last messages of a channel that a user may see, oldest first.
    pub fn seen_messages(&self, user: UserId, channel: ChannelId, last: usize) -> Vec<MessageView> {
        let state = self.state();
        let mut seen: Vec<MessageView> = state
            .messages_in(channel)
            .rev()
            .filter(|message| state.sees_message(user, message))
            .take(last)
            .map(|message| state.view(message))
            .collect();
        seen.reverse();
        seen
    }

    /// All messages of a channel, ephemeral and deleted ones among them, oldest first.
    pub fn all_messages(&self, channel: ChannelId) -> Vec<MessageView> {
        let state = self.state();
        state
            .messages_in(channel)
            .map(|message| state.view(message))
            .collect()
    }

    /// Replaces a member's roles without telling any bot.
    pub fn set_roles(
        &self,
        guild: GuildId,
        user: UserId,
        roles: Vec<RoleId>,
    ) -> Result<(), String> {
        let mut state = self.state();
        let place = state
            .world
            .guild(guild)
            .ok_or_else(|| format!("there is no guild {guild}"))?;
        if let Some(unknown) = roles.iter().find(|role| place.role(**role).is_none()) {
            return Err(format!("guild {guild} has no role {unknown}"));
        }
        if state.set_roles(guild, user, roles) {
            Ok(())
        } else {
            Err(format!("user {user} is not in guild {guild}"))
        }
    }

    /// Gives a member another name in a guild, or takes it away, without telling any bot.
    pub fn set_nick(
        &self,
        guild: GuildId,
        user: UserId,
        nick: Option<String>,
    ) -> Result<(), String> {
        let mut state = self.state();
        if state.change_member(guild, user, |member| member.guild_nick = nick) {
            Ok(())
        } else {
            Err(format!("user {user} is not in guild {guild}"))
        }
    }

    /// Changes anything about a guild without telling any bot.
    pub fn change_guild(
        &self,
        guild: GuildId,
        change: impl FnOnce(&mut Guild),
    ) -> Result<(), String> {
        let mut state = self.state();
        let place = state
            .world
            .guild_mut(guild)
            .ok_or_else(|| format!("there is no guild {guild}"))?;
        change(place);
        state.keep_world();
        state.note(Note::World);
        Ok(())
    }

    /// A new account joins a guild.
    pub fn join(&self, guild: GuildId, nickname: &str) -> Result<UserId, String> {
        let now_ms = self.now_ms();
        let mut state = self.state();
        if state.world.guild(guild).is_none() {
            return Err(format!("there is no guild {guild}"));
        }
        if nickname.trim().is_empty() || nickname.chars().count() > 64 {
            return Err("`nickname` must have 1 to 64 characters".to_owned());
        }
        Ok(state.join(guild, nickname, now_ms))
    }

    /// Changes switches key by key.
    pub fn set_settings(&self, keys: &Value) -> Result<PlatformSettings, String> {
        let mut state = self.state();
        let settings = state.settings.changed(keys)?;
        state.settings = settings.clone();
        state.note(Note::World);
        Ok(settings)
    }

    /// Does something to the gateway as a whole.
    pub fn gateway(&self, act: GatewayAct) {
        let mut state = self.state();
        state.exchange.act(act);
        state.touch();
    }
}

impl Shape {
    /// The hint a client of the platform sends with such a text.
    fn content_type(self, mentions_somebody: bool) -> i64 {
        match self {
            Self::Registered => 67,
            Self::RegisteredArgs => 3,
            Self::MentionOnly => 1,
            Self::Typed | Self::History => i64::from(mentions_somebody),
        }
    }
}

/// A user's text as clients of the platform word it: the text first, unlike the bot's own.
fn text_content(text: &str, content_type: i64) -> String {
    let text = Value::from(text);
    format!(r#"{{"type":"text","text":{text},"contentType":{content_type}}}"#)
}

/// Known users named by markup, once each, in order.
fn mentioned(state: &State, text: &str) -> Vec<UserId> {
    let mut users = Vec::new();
    for rest in text.split("${@!").skip(1) {
        let named = rest
            .split_once('}')
            .and_then(|(digits, _)| digits.parse().ok())
            .map(UserId::new);
        if let Some(user) = named
            && state.world.users.contains_key(&user)
            && !users.contains(&user)
        {
            users.push(user);
        }
    }
    users
}

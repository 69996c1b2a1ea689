//! Messages as the imitation keeps them, and as pages and tests see them.
//!
//! The content is kept as the exact text that was stored, because clients give it back byte for
//! byte; views parse it.

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

use super::id_text;
use crate::model::ids::ChannelId;
use crate::model::ids::GuildId;
use crate::model::ids::MessageId;
use crate::model::ids::UserId;

/// A message as kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Message {
    /// Its id; ids sort by time.
    #[serde(serialize_with = "id_text::one")]
    pub id: MessageId,
    /// Where it stands: a guild's channel or a private chat.
    #[serde(serialize_with = "id_text::one")]
    pub channel: ChannelId,
    /// The guild, none for private chats.
    #[serde(serialize_with = "id_text::maybe")]
    pub guild: Option<GuildId>,
    /// Who wrote it.
    #[serde(serialize_with = "id_text::one")]
    pub author: UserId,
    /// When, in milliseconds since 1970.
    pub time_ms: i64,
    /// When it was last edited, if ever.
    pub edited_ms: Option<i64>,
    /// How often it was edited.
    pub edits: u32,
    /// Whether it was taken back; kept so that nothing can be edited back to life.
    pub deleted: bool,
    /// The content object as JSON text.
    pub content: String,
    /// The preview text sent with it.
    pub desc: String,
    /// The platform's hint about the content, for texts.
    pub content_type: Option<i64>,
    /// The first message of the thread it answers.
    #[serde(serialize_with = "id_text::maybe")]
    pub quote_l1: Option<MessageId>,
    /// The message answered, where that is itself an answer.
    #[serde(serialize_with = "id_text::maybe")]
    pub quote_l2: Option<MessageId>,
    /// Members mentioned.
    #[serde(serialize_with = "id_text::many")]
    pub mentions: Vec<UserId>,
    /// Roles notified; as numbers, because everyone is among them under the guild's id.
    #[serde(default)]
    pub mention_roles: Vec<u64>,
    /// The keyboard under it, as sent.
    pub reply_markup: Option<Value>,
    /// Who can see it.
    pub audience: Audience,
    /// Whether it is pinned.
    pub pinned: bool,
    /// Whether reactions are forbidden.
    pub unreactive: bool,
    /// Reactions: who, and which.
    pub reactions: Vec<(u64, String)>,
}

/// Who can see a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Everyone who sees the channel.
    Channel,
    /// Its author and those it mentions.
    Mentioned,
    /// Ephemeral: these users, nobody later, no history.
    Only(#[serde(serialize_with = "id_text::many")] Vec<UserId>),
    /// Ephemeral: whoever is there now, no history.
    Present,
}

impl Message {
    /// Whether it is gone on reload: not in the history, not editable, not to be reacted to.
    pub fn is_ephemeral(&self) -> bool {
        matches!(self.audience, Audience::Only(_) | Audience::Present)
    }

    /// Whether it is for this user among those who see the channel.
    pub fn is_for(&self, user: UserId) -> bool {
        match &self.audience {
            Audience::Channel | Audience::Present => true,
            Audience::Mentioned => self.author == user || self.mentions.contains(&user),
            Audience::Only(users) => self.author == user || users.contains(&user),
        }
    }

    /// The message it directly answers.
    pub fn answers(&self) -> Option<MessageId> {
        self.quote_l2.or(self.quote_l1)
    }
}

/// A message as pages and tests see it.
#[derive(Clone, Debug, Serialize)]
pub struct MessageView {
    /// Its id.
    #[serde(serialize_with = "id_text::one")]
    pub id: MessageId,
    /// Where it stands.
    #[serde(rename = "channel_id", serialize_with = "id_text::one")]
    pub channel: ChannelId,
    /// The guild, none for private chats.
    #[serde(rename = "guild_id", serialize_with = "id_text::maybe")]
    pub guild: Option<GuildId>,
    /// Who wrote it.
    pub author: AuthorView,
    /// When, in milliseconds since 1970.
    pub time_ms: i64,
    /// When it was last edited, if ever.
    pub edited_ms: Option<i64>,
    /// How often it was edited.
    pub edits: u32,
    /// Whether it was taken back.
    pub deleted: bool,
    /// The content object.
    pub content: Value,
    /// The preview text sent with it.
    pub desc: String,
    /// The message it directly answers.
    #[serde(serialize_with = "id_text::maybe")]
    pub reply_to: Option<MessageId>,
    /// Rows of buttons.
    pub buttons: Vec<Vec<ButtonView>>,
    /// Whether only some see it, and only now.
    pub ephemeral: bool,
    /// Members mentioned so that they are notified.
    #[serde(serialize_with = "id_text::many")]
    pub mentions: Vec<UserId>,
    /// Roles mentioned so that they are notified.
    pub mention_roles: Vec<String>,
    /// Whether it is pinned.
    pub pinned: bool,
    /// Reactions as emoji names, oldest first.
    pub reactions: Vec<String>,
}

/// Who wrote a message.
#[derive(Clone, Debug, Serialize)]
pub struct AuthorView {
    /// The long id.
    #[serde(serialize_with = "id_text::one")]
    pub id: UserId,
    /// The guild nickname or the nickname; untrusted text.
    pub name: String,
    /// Whether it is a bot.
    pub bot: bool,
}

/// One button of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ButtonView {
    /// What stands on it.
    pub text: String,
    /// What a press sends to the bot.
    pub callback_data: Option<String>,
    /// What a press opens.
    pub url: Option<String>,
}

impl MessageView {
    /// Puts what was kept together with who wrote it.
    pub fn of(message: &Message, author: AuthorView) -> Self {
        Self {
            id: message.id,
            channel: message.channel,
            guild: message.guild,
            author,
            time_ms: message.time_ms,
            edited_ms: message.edited_ms,
            edits: message.edits,
            deleted: message.deleted,
            content: serde_json::from_str(&message.content)
                .unwrap_or_else(|_| Value::String(message.content.clone())),
            desc: message.desc.clone(),
            reply_to: message.answers(),
            buttons: message
                .reply_markup
                .as_ref()
                .map(buttons)
                .unwrap_or_default(),
            ephemeral: message.is_ephemeral(),
            mentions: message.mentions.clone(),
            mention_roles: message.mention_roles.iter().map(u64::to_string).collect(),
            pinned: message.pinned,
            reactions: message
                .reactions
                .iter()
                .map(|(_, name)| name.clone())
                .collect(),
        }
    }

    /// What can be read in it: the text, a rich text's title and runs, or the preview text.
    pub fn text(&self) -> String {
        match self.content["type"].as_str() {
            Some("text") => self.content["text"].as_str().unwrap_or_default().to_owned(),
            Some("richText") => rich_text(&self.content),
            _ => self.desc.clone(),
        }
    }

    /// The callback data of the button with that inscription.
    pub fn button(&self, text: &str) -> Option<&str> {
        self.buttons
            .iter()
            .flatten()
            .find(|button| button.text == text)?
            .callback_data
            .as_deref()
    }
}

fn rich_text(content: &Value) -> String {
    let title = content["title"].as_str().unwrap_or_default();
    let delta = content["v2"].as_str().or(content["document"].as_str());
    let runs: Vec<Value> = delta
        .and_then(|delta| serde_json::from_str(delta).ok())
        .unwrap_or_default();
    let body: String = runs
        .iter()
        .filter_map(|run| run["insert"].as_str())
        .collect();
    if title.is_empty() {
        body
    } else {
        format!("{title}\n{body}")
    }
}

fn buttons(markup: &Value) -> Vec<Vec<ButtonView>> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    markup["inline_keyboard"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|row| {
            row.as_array()
                .into_iter()
                .flatten()
                .map(|button| ButtonView {
                    text: text(&button["text"]).unwrap_or_default(),
                    callback_data: text(&button["callback_data"]),
                    url: text(&button["url"]).or_else(|| text(&button["app_id"])),
                })
                .collect()
        })
        .filter(|row: &Vec<ButtonView>| !row.is_empty())
        .collect()
}

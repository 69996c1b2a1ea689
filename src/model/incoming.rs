//! What reaches the bot from chat, already decoded.

use crate::model::ids::ChannelId;
use crate::model::ids::GuildId;
use crate::model::ids::MessageId;
use crate::model::ids::RoleId;
use crate::model::ids::UserId;

/// A text message of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// Its id; the same id is the same message however often it arrives.
    pub message: MessageId,
    /// The guild, or none in a private chat.
    pub guild: Option<GuildId>,
    /// The channel or private chat to answer in.
    pub channel: ChannelId,
    /// Who wrote it.
    pub author: Author,
    /// The text with the platform's markup, exactly as sent.
    pub text: String,
    /// Members mentioned and the names they were shown under; order and completeness not promised.
    pub mentions: Vec<(UserId, String)>,
    /// The message this one answers, if it is a reply.
    pub replying_to: Option<MessageId>,
    /// When it was sent, in milliseconds since 1970.
    pub sent_ms: i64,
}

/// Who wrote a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// The long id.
    pub id: UserId,
    /// The name to show: the guild nickname, else the nickname. Untrusted text.
    pub name: String,
    /// The short id ("Fanbook #"), where the frame had one.
    pub short_id: Option<String>,
    /// Roles as of the moment of sending; `None` where the frame said nothing of a member (private
    /// chats, old history), which is not the same as none.
    pub roles: Option<Vec<RoleId>>,
}

/// A pressed button of an inline keyboard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Press {
    /// Id of the press, to be given back so that the button stops spinning.
    pub callback: String,
    /// The channel of the message with the button.
    pub channel: ChannelId,
    /// The message with the button.
    pub message: MessageId,
    /// Who pressed.
    pub presser: UserId,
    /// The presser's name. Untrusted text.
    pub name: String,
    /// What the button carries. It comes from the client and must not be trusted.
    pub data: String,
}

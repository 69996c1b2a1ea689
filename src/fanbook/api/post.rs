//! Messages of other kinds than text: cards, rich text, photos.
//!
//! Invariants are those of texts: at most once unless it is certain that an attempt did nothing, and no
//! role is notified. What is sent as structured here is an object of ours; a text that only looks like
//! one goes through `say`, which keeps it a text.

use serde::Serialize;

use crate::fanbook::api::BotApi;
use crate::fanbook::api::errors::SayError;
use crate::fanbook::api::send::standing;
use crate::model::ChannelId;
use crate::model::MessageId;

/// How the platform is told that `text` is a content object. Source: fanbook-platform, 4.1.
const STRUCTURED: &str = "Fanbook";

/// A message with a content object, as a card or rich text has.
#[derive(Clone, Copy, Debug)]
pub struct Structured<'a> {
    /// The content object, as JSON; what others wrote in it must have been made harmless.
    pub json: &'a str,
    /// What stands for it in lists of chats, and where its kind cannot be shown.
    pub desc: &'a str,
}

/// A photo, fetched by the platform or its clients from where it lies. It can never be edited.
#[derive(Clone, Copy, Debug)]
pub struct Photo<'a> {
    /// Where it lies: http or https.
    pub url: &'a str,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
}

/// Ids as numbers.
#[derive(Serialize)]
struct SendStructured<'a> {
    chat_id: u64,
    text: &'a str,
    desc: &'a str,
    parse_mode: &'static str,
    mention_roles: [String; 0],
}

/// Ids as numbers.
#[derive(Serialize)]
struct EditStructured<'a> {
    chat_id: u64,
    message_id: u64,
    text: &'a str,
    parse_mode: &'static str,
}

/// The id as a number. Source: fanbook-platform, 4.3.
#[derive(Serialize)]
struct SendPhoto<'a> {
    chat_id: u64,
    photo: PhotoAt<'a>,
    width: u32,
    height: u32,
}

#[derive(Serialize)]
struct PhotoAt<'a> {
    /// With a capital letter.
    #[serde(rename = "Url")]
    url: &'a str,
}

impl BotApi {
    /// Sends a card or rich text.
    pub async fn post(
        &self,
        to: ChannelId,
        content: Structured<'_>,
    ) -> Result<MessageId, SayError> {
        let body = SendStructured {
            chat_id: to.number(),
            text: content.json,
            desc: content.desc,
            parse_mode: STRUCTURED,
            mention_roles: [],
        };
        let payload = self.send("sendMessage", to, &body).await?;
        standing(&payload)
    }

    /// Sends a photo.
    pub async fn post_photo(&self, to: ChannelId, photo: Photo<'_>) -> Result<MessageId, SayError> {
        let body = SendPhoto {
            chat_id: to.number(),
            photo: PhotoAt { url: photo.url },
            width: photo.width,
            height: photo.height,
        };
        let payload = self.send("sendPhoto", to, &body).await?;
        standing(&payload)
    }

    /// Makes one of the bot's own messages a card or rich text, whatever of these or text it was; a photo
    /// is refused.
    ///
    /// Editing twice is harmless, so the caller may repeat an [`SayError::Unknown`].
    pub async fn edit_post(
        &self,
        channel: ChannelId,
        message: MessageId,
        content: Structured<'_>,
    ) -> Result<(), SayError> {
        let body = EditStructured {
            chat_id: channel.number(),
            message_id: message.number(),
            text: content.json,
            parse_mode: STRUCTURED,
        };
        self.send("editMessageText", channel, &body).await?;
        Ok(())
    }
}

//! What a scheduler asks of the chat.

use futures_util::future::BoxFuture;

use crate::boards::Content;
use crate::boards::Form;
use crate::fanbook::api::ApiError;
use crate::fanbook::api::BotApi;
use crate::fanbook::api::OwnContent;
use crate::fanbook::api::Photo;
use crate::fanbook::api::Rejection;
use crate::fanbook::api::Say;
use crate::fanbook::api::SayError;
use crate::fanbook::api::Structured;
use crate::model::ChannelId;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::UserId;
use crate::schedule::form::Post;

/// Pages of a channel's history read in search of a post: as many as of commands that were missed.
const PAGES_BACK: usize = 400;

/// What the bot has said in a channel; `None` where nobody can tell whether that is all.
pub type Own = Option<Vec<OwnContent>>;

/// The chat, as far as posts need it.
pub trait Chat: Send + Sync {
    /// The newest message of a channel.
    fn newest(&self, channel: ChannelId) -> BoxFuture<'_, Result<Option<MessageId>, ApiError>>;
    /// Everything the bot has said there since `after`.
    fn own_since(
        &self,
        channel: ChannelId,
        after: MessageId,
    ) -> BoxFuture<'_, Result<Own, ApiError>>;
    /// Sends a post.
    fn post<'a>(
        &'a self,
        channel: ChannelId,
        post: &'a Post,
    ) -> BoxFuture<'a, Result<MessageId, SayError>>;
    /// Makes a post of the bot's own this one.
    fn edit<'a>(
        &'a self,
        channel: ChannelId,
        message: MessageId,
        post: &'a Post,
    ) -> BoxFuture<'a, Result<(), SayError>>;
    /// Deletes a post of the bot's own.
    fn delete(&self, channel: ChannelId, message: MessageId)
    -> BoxFuture<'_, Result<(), SayError>>;
    /// Whether a message stands there.
    fn stands(
        &self,
        channel: ChannelId,
        message: MessageId,
    ) -> BoxFuture<'_, Result<bool, ApiError>>;
    /// Says something to a member alone.
    fn whisper<'a>(
        &'a self,
        to: UserId,
        text: &'a str,
    ) -> BoxFuture<'a, Result<MessageId, SayError>>;
    /// Who owns a guild.
    fn owner(&self, guild: GuildId) -> BoxFuture<'_, Result<UserId, ApiError>>;
}

/// The bot's own way into chat.
pub(crate) struct OwnChat {
    pub api: BotApi,
    pub bot: UserId,
}

impl Chat for OwnChat {
    fn newest(&self, channel: ChannelId) -> BoxFuture<'_, Result<Option<MessageId>, ApiError>> {
        Box::pin(async move {
            let page = self.api.history(channel, None, self.bot).await?;
            Ok(page.newest)
        })
    }

    fn own_since(
        &self,
        channel: ChannelId,
        after: MessageId,
    ) -> BoxFuture<'_, Result<Own, ApiError>> {
        Box::pin(self.api.own_since(channel, after, self.bot, PAGES_BACK))
    }

    fn post<'a>(
        &'a self,
        channel: ChannelId,
        post: &'a Post,
    ) -> BoxFuture<'a, Result<MessageId, SayError>> {
        Box::pin(async move {
            match &post.form {
                Form::Text(text) => say(&self.api, channel, text).await,
                Form::Card(content) | Form::Pictured(content) => {
                    self.api.post(channel, structured(content)).await
                }
                Form::Photo(picture) => {
                    let photo = Photo {
                        url: &picture.url,
                        width: picture.width,
                        height: picture.height,
                    };
                    self.api.post_photo(channel, photo).await
                }
            }
        })
    }

    fn edit<'a>(
        &'a self,
        channel: ChannelId,
        message: MessageId,
        post: &'a Post,
    ) -> BoxFuture<'a, Result<(), SayError>> {
        Box::pin(async move {
            match &post.form {
                Form::Text(text) => self.api.edit(channel, message, text, &[]).await,
                Form::Card(content) | Form::Pictured(content) => {
                    let content = structured(content);
                    self.api.edit_post(channel, message, content).await
                }
                // Nothing becomes a photo: the next form is tried.
                Form::Photo(_) => Err(SayError::Rejected(Rejection {
                    code: None,
                    status: 200,
                    said: "nothing can be edited into a photo".to_owned(),
                })),
            }
        })
    }

    fn delete(
        &self,
        channel: ChannelId,
        message: MessageId,
    ) -> BoxFuture<'_, Result<(), SayError>> {
        Box::pin(self.api.delete(channel, message))
    }

    fn stands(
        &self,
        channel: ChannelId,
        message: MessageId,
    ) -> BoxFuture<'_, Result<bool, ApiError>> {
        Box::pin(async move {
            match self.api.message(channel, message).await {
                Ok(_) => Ok(true),
                Err(ApiError::Gone | ApiError::Rejected(_)) => Ok(false),
                Err(error) => Err(error),
            }
        })
    }

    fn whisper<'a>(
        &'a self,
        to: UserId,
        text: &'a str,
    ) -> BoxFuture<'a, Result<MessageId, SayError>> {
        Box::pin(async move {
            let chat = self.api.private_chat(to).await?;
            say(&self.api, chat, text).await
        })
    }

    fn owner(&self, guild: GuildId) -> BoxFuture<'_, Result<UserId, ApiError>> {
        Box::pin(async move { Ok(self.api.guild(guild, self.bot).await?.owner) })
    }
}

fn structured(content: &Content) -> Structured<'_> {
    Structured {
        json: &content.json,
        desc: &content.desc,
    }
}

async fn say(api: &BotApi, to: ChannelId, text: &str) -> Result<MessageId, SayError> {
    api.say(Say {
        to,
        text,
        quoting: None,
        buttons: &[],
        notify: &[],
    })
    .await
}

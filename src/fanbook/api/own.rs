//! What the bot itself has said in a channel.

use crate::fanbook::api::BotApi;
use crate::fanbook::api::errors::ApiError;
use crate::fanbook::api::errors::NoAnswer;
use crate::fanbook::wire;
use crate::fanbook::wire::OwnContent;
use crate::fanbook::wire::OwnMessage;
use crate::model::ChannelId;
use crate::model::MessageId;
use crate::model::UserId;

impl BotApi {
    /// The bot's own messages in a channel that are newer than `after`, the newest first, as far as
    /// they stand on the last `pages` pages of its history.
    pub async fn own_messages(
        &self,
        channel: ChannelId,
        after: MessageId,
        bot: UserId,
        pages: usize,
    ) -> Result<Vec<OwnMessage>, ApiError> {
        let mut found = Vec::new();
        let mut before: Option<MessageId> = None;
        for _ in 0..pages {
            let payload = self.page_below(channel, before).await?;
            let page = wire::own_messages(&payload, bot)
                .ok_or(ApiError::Unknown(NoAnswer::Unreadable("list of messages")))?;
            let newer = page.own.into_iter().filter(|own| own.message > after);
            found.extend(newer);
            match page.oldest {
                // A page that does not reach further back would be asked for again and again.
                Some(oldest) if oldest > after && before.is_none_or(|before| oldest < before) => {
                    before = Some(oldest);
                }
                _ => break,
            }
        }
        found.sort_unstable_by_key(|own| std::cmp::Reverse(own.message));
        found.dedup_by_key(|own| own.message);
        Ok(found)
    }

    /// Everything the bot has said in a channel since `after`, of any kind; `None` where that is more
    /// than `pages` pages ago, or where something on them cannot be read.
    pub async fn own_since(
        &self,
        channel: ChannelId,
        after: MessageId,
        bot: UserId,
        pages: usize,
    ) -> Result<Option<Vec<OwnContent>>, ApiError> {
        let mut found = Vec::new();
        let mut before: Option<MessageId> = None;
        for _ in 0..pages {
            let payload = self.page_below(channel, before).await?;
            let page = wire::own_messages(&payload, bot)
                .ok_or(ApiError::Unknown(NoAnswer::Unreadable("list of messages")))?;
            if page.is_torn {
                return Ok(None);
            }
            let newer = page.contents.into_iter();
            found.extend(newer.filter(|own| own.message > after));
            match page.oldest {
                Some(oldest) if oldest > after && before.is_none_or(|before| oldest < before) => {
                    before = Some(oldest);
                }
                // What was asked for as older and is not says nothing about what is.
                Some(oldest) if before.is_some_and(|before| oldest > before) => return Ok(None),
                _ => return Ok(Some(found)),
            }
        }
        Ok(None)
    }
}

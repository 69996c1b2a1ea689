//! What the bot itself has said in a channel.

use serde::Serialize;

use crate::fanbook::api::BotApi;
use crate::fanbook::api::call::Body;
use crate::fanbook::api::errors::ApiError;
use crate::fanbook::api::errors::NoAnswer;
use crate::fanbook::wire;
use crate::fanbook::wire::OwnMessage;
use crate::model::ChannelId;
use crate::model::MessageId;
use crate::model::UserId;

/// Messages asked for at a time; other lists come by fifty unless asked otherwise (fanbook-platform,
/// 4.8).
const PAGE: usize = 50;

/// Ids as strings: one of the path-like methods.
#[derive(Serialize)]
struct List {
    channel_id: String,
    size: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    behavior: Option<&'static str>,
}

impl BotApi {
    /// The bot's own messages in a channel that are newer than `after`, the newest first, as far as
    /// they stand on the last `pages` pages of its history.
    ///
    /// Read from the end towards the beginning, because that is the method's documented way; what
    /// `after` begins at is not (fanbook-platform, 7 question 11).
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
            let body = List {
                channel_id: channel.to_string(),
                size: PAGE,
                message_id: before.map(|message| message.to_string()),
                behavior: before.map(|_| "before"),
            };
            let payload = self.read("message/getList", Body::Json(&body)).await?;
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
}

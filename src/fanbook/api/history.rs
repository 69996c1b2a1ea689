//! What was said in a channel.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::fanbook::api::BotApi;
use crate::fanbook::api::call::Body;
use crate::fanbook::api::errors::ApiError;
use crate::fanbook::api::errors::NoAnswer;
use crate::fanbook::wire;
use crate::fanbook::wire::Page;
use crate::model::ChannelId;
use crate::model::MessageId;
use crate::model::UserId;

/// Messages asked for at a time. The largest page the platform gives is not documented; other lists
/// come by fifty unless asked otherwise (fanbook-platform, 4.8), so nobody refuses that.
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
    /// The newest messages of a channel, or the newest of those below `before`.
    ///
    /// Read from the end towards the beginning, because that is the method's documented way and
    /// needs no id but those it has shown. Which end of a long history `after` begins at, and
    /// whether it takes an id of no message, is not documented (fanbook-platform, 7 question 11).
    pub async fn history(
        &self,
        channel: ChannelId,
        before: Option<MessageId>,
        bot: UserId,
    ) -> Result<Page, ApiError> {
        let payload = self.page_below(channel, before).await?;
        wire::page(&payload, channel, bot)
            .ok_or(ApiError::Unknown(NoAnswer::Unreadable("list of messages")))
    }

    /// One page as it came.
    pub(super) async fn page_below(
        &self,
        channel: ChannelId,
        before: Option<MessageId>,
    ) -> Result<Box<RawValue>, ApiError> {
        let body = List {
            channel_id: channel.to_string(),
            size: PAGE,
            message_id: before.map(|message| message.to_string()),
            behavior: before.map(|_| "before"),
        };
        self.read("message/getList", Body::Json(&body)).await
    }
}

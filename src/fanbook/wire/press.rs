//! `miniPush`: a pressed button of an inline keyboard.

use std::borrow::Cow;

use serde::Deserialize;

use crate::fanbook::wire::Unreadable;
use crate::fanbook::wire::lenient;
use crate::fanbook::wire::lenient::Raw;
use crate::model::ChannelId;
use crate::model::MessageId;
use crate::model::UserId;
use crate::model::incoming::Press;

#[derive(Deserialize)]
struct MiniPush<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    channel_id: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    content: Raw<'a>,
}

#[derive(Deserialize)]
struct Update<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    callback_query: Raw<'a>,
}

#[derive(Deserialize)]
struct Callback<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    id: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    from: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    inline_message_id: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    message: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    data: Raw<'a>,
}

#[derive(Deserialize)]
struct Presser<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    id: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    is_bot: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    first_name: Raw<'a>,
}

#[derive(Default, Deserialize)]
struct Pressed<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    message_id: Raw<'a>,
}

/// The press of a person; none if the frame is anything else.
pub(super) fn read(data: Raw<'_>, bot: UserId) -> Result<Option<Press>, Unreadable> {
    let push: MiniPush<'_> = lenient::object(data).ok_or(Unreadable("press"))?;
    let raw = push.content.ok_or(Unreadable("content"))?.get();
    let inner: Cow<'_, str> = match serde_json::from_str::<String>(raw) {
        Ok(inner) => Cow::Owned(inner),
        Err(_) => Cow::Borrowed(raw),
    };
    let update: Update<'_> = serde_json::from_str(&inner).map_err(|_| Unreadable("content"))?;
    if update.callback_query.is_none() {
        return Ok(None);
    }
    let callback: Callback<'_> =
        lenient::object(update.callback_query).ok_or(Unreadable("callback"))?;
    // The frame's own `user_id` and `message_id` are not those of the press (fanbook-platform, 4.6).
    let from: Presser<'_> = lenient::object(callback.from).ok_or(Unreadable("presser"))?;
    let presser = lenient::id(from.id)
        .some()
        .map(UserId::new)
        .ok_or(Unreadable("presser"))?;
    if lenient::is_true(from.is_bot) || presser == bot {
        return Ok(None);
    }
    let pressed: Pressed<'_> = lenient::object(callback.message).unwrap_or_default();
    let message = [callback.inline_message_id, pressed.message_id]
        .into_iter()
        .find_map(|field| lenient::id(field).some())
        .map(MessageId::new)
        .ok_or(Unreadable("message id"))?;
    let channel = lenient::id(push.channel_id)
        .some()
        .map(ChannelId::new)
        .ok_or(Unreadable("channel"))?;
    Ok(Some(Press {
        callback: lenient::string(callback.id).ok_or(Unreadable("callback id"))?,
        channel,
        message,
        presser,
        name: lenient::string(from.first_name).unwrap_or_default(),
        data: lenient::string(callback.data).unwrap_or_default(),
    }))
}

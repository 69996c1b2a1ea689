//! Sending, editing, taking back, pinning, reacting. Source: fanbook-platform, 4.1-4.3 and 4.6.

use serde_json::Value;

use super::api::Call;
use super::api::Reply;
use super::content::Cards;
use super::content::Content;
use super::params::read_id;
use super::refusal::Refusal;
use super::shapes;
use crate::model::ids::ChannelId;
use crate::model::ids::MessageId;
use crate::model::ids::UserId;
use crate::sandbox::message::Audience;
use crate::sandbox::message::Message;
use crate::sandbox::permission;
use crate::sandbox::settings::EditAnswer;
use crate::sandbox::state::Draft;
use crate::sandbox::state::Place;

/// How long a bot may take back its own message, in milliseconds.
const OWN_DELETE_MS: i64 = 180_000;

/// `sendMessage`.
pub fn send_message(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let channel = sendable(call)?;
    let text = call
        .params
        .text("text")
        .ok_or_else(|| Refusal::parameter("text"))?;
    let content = Content::sent(text, call.params.text("parse_mode"), cards(call))?;
    let draft = draft(call, channel, content)?;
    Ok(posted(call, draft))
}

/// `sendPhoto`.
pub fn send_photo(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let channel = sendable(call)?;
    let photo = call.params.structure("photo").unwrap_or_default();
    // The capital letter is the documented spelling.
    let url = photo["Url"]
        .as_str()
        .ok_or_else(|| Refusal::parameter("photo"))?;
    let size = |name: &str| call.params.count(name).unwrap_or_default();
    let content = Content::picture(url, size("width"), size("height"))?;
    let draft = draft(call, channel, content)?;
    Ok(posted(call, draft))
}

/// `editMessageText`; a picture is neither changed nor made by it.
pub fn edit_message_text(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = own_message(call)?;
    let text = call
        .params
        .text("text")
        .ok_or_else(|| Refusal::parameter("text"))?;
    let content = Content::sent(text, call.params.text("parse_mode"), cards(call))?;
    let old = call.state.message(id).map(|message| &message.content);
    if !Content::is_editable(&content.json) || !old.is_some_and(|old| Content::is_editable(old)) {
        return Err(Refusal::kind());
    }
    let markup = markup(call)?;
    let now_ms = call.now_ms;
    call.state.change(id, |message| {
        message.content = content.json;
        message.content_type = content.content_type;
        message.edited_ms = Some(now_ms);
        message.edits += 1;
        // An edit that says nothing about the keyboard leaves it.
        if markup.is_some() {
            message.reply_markup = markup;
        }
    });
    Ok(edited(call, id))
}

/// `editMessageReplyMarkup`.
pub fn edit_message_reply_markup(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = own_message(call)?;
    let markup = markup(call)?;
    let now_ms = call.now_ms;
    call.state.change(id, |message| {
        message.reply_markup = markup;
        message.edited_ms = Some(now_ms);
        message.edits += 1;
    });
    Ok(edited(call, id))
}

/// `deleteMessage`: own ones for three minutes, others' by right and rank; false if it is not there.
pub fn delete_message(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let channel = call.channel(call.params.need_number("chat_id")?, 0)?;
    let id = MessageId::new(call.params.need_number("message_id")?);
    let Some(message) = standing(call, channel, id) else {
        return Ok(Reply::Result("false".to_owned()));
    };
    let bot = call.state.world.bot;
    let young = call.now_ms - message.time_ms <= OWN_DELETE_MS;
    let author = message.author;
    let outranks = match call.state.place(channel) {
        Some(Place::Guild(guild, place)) => {
            permission::in_channel(guild, place, bot) & permission::MANAGE_MESSAGES != 0
                && (author == bot
                    || permission::rank(guild, author) < permission::rank(guild, bot)
                    || permission::in_guild(guild, bot) & permission::ADMINISTRATOR != 0)
        }
        Some(Place::Private(_)) | None => false,
    };
    if !(author == bot && young || outranks) {
        return Err(Refusal::permission());
    }
    call.state.change(id, |message| message.deleted = true);
    Ok(Reply::done())
}

/// `getMessage`.
pub fn get_message(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let channel = call.channel(call.params.need_number("chat_id")?, 0)?;
    let id = MessageId::new(call.params.need_number("message_id")?);
    let message = standing(call, channel, id).ok_or_else(Refusal::message)?;
    Ok(Reply::Result(shapes::json(&shapes::message(
        call.state, message,
    ))))
}

/// `pinChatMessage`.
pub fn pin_chat_message(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    pin(call, true)
}

/// `unpinChatMessage`.
pub fn unpin_chat_message(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    pin(call, false)
}

/// `sendReaction`.
pub fn send_reaction(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let rights = permission::ADD_REACTIONS;
    let channel = call.channel(call.params.need_string("channel_id")?, rights)?;
    let id = MessageId::new(call.params.need_string("message_id")?);
    let emoji = call
        .params
        .text("emoji")
        .or_else(|| call.params.text("avatar"))
        .ok_or_else(|| Refusal::parameter("emoji"))?
        .to_owned();
    let message = standing(call, channel, id).ok_or_else(Refusal::message)?;
    if message.unreactive {
        return Err(Refusal::permission());
    }
    let bot = call.state.world.bot;
    call.state.react(id, bot, &emoji, call.now_ms);
    Ok(Reply::done())
}

/// The chat of a send, if the bot may send there now.
fn sendable(call: &mut Call<'_>) -> Result<ChannelId, Refusal> {
    let channel = call.channel(
        call.params.need_number("chat_id")?,
        permission::SEND_MESSAGES,
    )?;
    if !call.state.settings.whitelisted {
        let status = call.state.settings.not_whitelisted_status;
        return Err(Refusal::too_fast().with_status(status));
    }
    if let Some(Place::Private(user)) = call.state.place(channel) {
        let settings = &call.state.settings;
        if settings.private_closed.contains(&user) {
            return Err(Refusal::private_closed());
        }
        if settings.bot_blocked.contains(&user) {
            return Err(Refusal::bot_blocked());
        }
    }
    if call.state.may_send(call.now_ms) {
        Ok(channel)
    } else {
        Err(Refusal::too_fast())
    }
}

/// Which message cards pass under the switches in force.
fn cards(call: &Call<'_>) -> Cards {
    match call.state.settings.strict_cards {
        true => Cards::Seen,
        false => Cards::Any,
    }
}

fn draft(call: &Call<'_>, channel: ChannelId, content: Content) -> Result<Draft, Refusal> {
    let params = &call.params;
    let mentions = params.ids("mentions")?.unwrap_or_default();
    let mut draft = Draft::new(channel, call.state.world.bot, content.json);
    draft.content_type = content.content_type;
    draft.desc = params.text("desc").unwrap_or_default().to_owned();
    draft.answers = params.number("reply_to_message_id")?.map(MessageId::new);
    draft.mentions = mentions.into_iter().map(UserId::new).collect();
    draft.mention_roles = params.ids("mention_roles")?.unwrap_or_default();
    draft.reply_markup = markup(call)?;
    draft.unreactive = params.flag("unreactive");
    draft.audience = if params.flag("ephemeral") {
        audience(call)?
    } else if params.flag("selective") {
        Audience::Mentioned
    } else {
        Audience::Channel
    };
    Ok(draft)
}

/// The users of an ephemeral message, as strings or numbers, or `all`.
fn audience(call: &Call<'_>) -> Result<Audience, Refusal> {
    let wrong = || Refusal::parameter("users");
    let users = call.params.structure("users").ok_or_else(wrong)?;
    let users = users
        .as_array()
        .filter(|users| !users.is_empty())
        .ok_or_else(wrong)?;
    if users.iter().any(|user| user == "all") {
        return Ok(Audience::Present);
    }
    let ids: Option<Vec<u64>> = users.iter().map(read_id).collect();
    let ids = ids.ok_or_else(wrong)?;
    Ok(Audience::Only(ids.into_iter().map(UserId::new).collect()))
}

/// The keyboard asked for; none if the call says nothing about one.
fn markup(call: &Call<'_>) -> Result<Option<Value>, Refusal> {
    let wrong = || Refusal::parameter("reply_markup");
    if call.params.value("reply_markup").is_none() {
        return Ok(None);
    }
    let markup = call.params.structure("reply_markup").ok_or_else(wrong)?;
    let rows = match &markup["inline_keyboard"] {
        Value::Null if markup.is_object() => &[],
        Value::Array(rows) => rows.as_slice(),
        _ => return Err(wrong()),
    };
    for row in rows {
        for button in row.as_array().ok_or_else(wrong)? {
            if button["text"].as_str().is_none_or(str::is_empty) {
                return Err(wrong());
            }
        }
    }
    Ok(Some(markup))
}

fn posted(call: &mut Call<'_>, draft: Draft) -> Reply {
    let id = call.state.post(draft, call.now_ms);
    shown(call, id)
}

fn shown(call: &Call<'_>, id: MessageId) -> Reply {
    match call.state.message(id) {
        Some(message) => Reply::Result(shapes::json(&shapes::message(call.state, message))),
        None => Reply::done(),
    }
}

fn edited(call: &Call<'_>, id: MessageId) -> Reply {
    match call.state.settings.edit_answer {
        EditAnswer::Message => shown(call, id),
        EditAnswer::True => Reply::done(),
    }
}

/// The message a call names, if it stands in that channel.
fn standing<'a>(call: &'a Call<'_>, channel: ChannelId, id: MessageId) -> Option<&'a Message> {
    call.state
        .message(id)
        .filter(|message| message.channel == channel && !message.deleted && !message.is_ephemeral())
}

/// The message an edit names, if it is the bot's own and still there.
fn own_message(call: &Call<'_>) -> Result<MessageId, Refusal> {
    let channel = call.channel(call.params.need_number("chat_id")?, 0)?;
    let id = MessageId::new(call.params.need_number("message_id")?);
    let message = standing(call, channel, id).ok_or_else(Refusal::message)?;
    if message.author == call.state.world.bot {
        Ok(id)
    } else {
        Err(Refusal::permission())
    }
}

fn pin(call: &mut Call<'_>, pinned: bool) -> Result<Reply, Refusal> {
    let rights = permission::MANAGE_MESSAGES;
    let channel = call.channel(call.params.need_number("chat_id")?, rights)?;
    let id = MessageId::new(call.params.need_number("message_id")?);
    standing(call, channel, id).ok_or_else(Refusal::message)?;
    call.state.change(id, |message| message.pinned = pinned);
    Ok(Reply::done())
}

//! Saying, editing and deleting.
//!
//! Invariants: a message goes out at most once unless it is certain that an attempt did not; roles
//! are never notified; a text that looks like a content object is sent as the text it is.

use std::borrow::Cow;
use std::sync::atomic::Ordering;

use serde::Serialize;
use serde_json::value::RawValue;
use tokio::time::sleep;
use tokio::time::timeout;

use crate::fanbook::api::BotApi;
use crate::fanbook::api::answers;
use crate::fanbook::api::call::Body;
use crate::fanbook::api::errors::ApiError;
use crate::fanbook::api::errors::NoAnswer;
use crate::fanbook::api::errors::Pace;
use crate::fanbook::api::errors::SayError;
use crate::fanbook::text;
use crate::model::ChannelId;
use crate::model::MessageId;
use crate::model::UserId;
use crate::support::pulse::edge;

/// The longest text that is sent whole, in characters. Source: fanbook-platform, 4.1.
pub const LONGEST_SAID: usize = 4_000;

/// The longest preview, in characters.
const LONGEST_PREVIEW: usize = 100;

/// Tries of a send after the first, where the first certainly sent nothing.
const SENDING_RETRIES: usize = 3;

/// A message to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Say<'a> {
    /// The channel or private chat.
    pub to: ChannelId,
    /// The text; what others wrote in it must have gone through [`text::neutral`].
    pub text: &'a str,
    /// The message it answers.
    pub quoting: Option<MessageId>,
    /// Rows of buttons; none draws no keyboard.
    pub buttons: &'a [Vec<Button>],
    /// Members whose mention in the text is to notify them.
    pub notify: &'a [UserId],
}

/// A button under a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Button {
    /// What stands on it.
    pub label: String,
    /// What comes back when it is pressed. Members can forge it.
    pub data: String,
}

/// Ids of chat and messages as numbers, those of mentions as strings.
#[derive(Serialize)]
struct SendMessage<'a> {
    chat_id: u64,
    text: Cow<'a, str>,
    desc: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parse_mode: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to_message_id: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mentions: Vec<String>,
    mention_roles: [String; 0],
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_markup: Option<Keyboard<'a>>,
}

/// Ids as numbers.
#[derive(Serialize)]
struct EditMessage<'a> {
    chat_id: u64,
    message_id: u64,
    text: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parse_mode: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_markup: Option<Keyboard<'a>>,
}

/// Ids as numbers.
#[derive(Serialize)]
struct DeleteMessage {
    chat_id: u64,
    message_id: u64,
}

#[derive(Serialize)]
struct Keyboard<'a> {
    inline_keyboard: Vec<Vec<Key<'a>>>,
}

#[derive(Serialize)]
struct Key<'a> {
    text: &'a str,
    callback_data: &'a str,
}

#[derive(Serialize)]
struct TextContent<'a> {
    r#type: &'static str,
    text: &'a str,
    #[serde(rename = "contentType")]
    content_type: u8,
}

impl BotApi {
    /// Sends a message. A text above [`LONGEST_SAID`] is cut at the end of a line.
    pub async fn say(&self, say: Say<'_>) -> Result<MessageId, SayError> {
        let cut = fitting(say.text);
        let desc = preview(&cut);
        let (text, parse_mode) = as_plain_text(cut);
        let body = SendMessage {
            chat_id: say.to.number(),
            text,
            desc,
            parse_mode,
            reply_to_message_id: say.quoting.map(MessageId::number),
            mentions: say.notify.iter().map(UserId::to_string).collect(),
            mention_roles: [],
            reply_markup: keyboard(say.buttons),
        };
        let payload = self.send("sendMessage", say.to, &body).await?;
        standing(&payload)
    }

    /// Replaces the text and the buttons of one of the bot's own messages.
    ///
    /// Editing twice is harmless, so the caller may repeat an [`SayError::Unknown`].
    pub async fn edit(
        &self,
        channel: ChannelId,
        message: MessageId,
        text: &str,
        buttons: &[Vec<Button>],
    ) -> Result<(), SayError> {
        self.replace(channel, message, text, keyboard(buttons))
            .await
    }

    /// Replaces the text of one of the bot's own messages and takes its buttons away.
    ///
    /// An edit that says nothing of a keyboard may leave it, so this names an empty one. Elsewhere
    /// that draws a frame around nothing (fanbook-platform, 4.6), so it is for messages with buttons
    /// alone.
    pub async fn edit_away_buttons(
        &self,
        channel: ChannelId,
        message: MessageId,
        text: &str,
    ) -> Result<(), SayError> {
        let none = Keyboard {
            inline_keyboard: Vec::new(),
        };
        self.replace(channel, message, text, Some(none)).await
    }

    async fn replace(
        &self,
        channel: ChannelId,
        message: MessageId,
        text: &str,
        reply_markup: Option<Keyboard<'_>>,
    ) -> Result<(), SayError> {
        let (text, parse_mode) = as_plain_text(fitting(text));
        let body = EditMessage {
            chat_id: channel.number(),
            message_id: message.number(),
            text,
            parse_mode,
            reply_markup,
        };
        // Some answer with the message, some with `true` (fanbook-platform, 4.2): ok is enough.
        self.send("editMessageText", channel, &body).await?;
        Ok(())
    }

    /// Deletes a message: the bot's own within three minutes, others with the right to.
    pub async fn delete(&self, channel: ChannelId, message: MessageId) -> Result<(), SayError> {
        let body = DeleteMessage {
            chat_id: channel.number(),
            message_id: message.number(),
        };
        let payload = self.call("deleteMessage", &Body::Json(&body)).await?;
        if payload.get() == "false" {
            return Err(SayError::Forbidden);
        }
        Ok(())
    }

    /// Sends, and again where it is certain that nothing was sent.
    pub(super) async fn send<B: Serialize + Sync>(
        &self,
        method: &'static str,
        channel: ChannelId,
        body: &B,
    ) -> Result<Box<RawValue>, SayError> {
        let shut_out = self.inner.shut_out.load(Ordering::Relaxed);
        let retries = if shut_out { 0 } else { SENDING_RETRIES };
        let mut delays = self.retries(retries).delays();
        let outcome = loop {
            match self.send_once(method, channel, body).await {
                Err(ApiError::NotSent(_) | ApiError::TooFast(Pace::Platform))
                    if let Some(delay) = delays.next() =>
                {
                    sleep(delay).await;
                }
                outcome => break outcome,
            }
        };
        self.note_sending(&outcome);
        outcome.map_err(|error| match error {
            ApiError::TooFast(Pace::Platform) => SayError::NotWhitelisted,
            error => error.into(),
        })
    }

    async fn send_once<B: Serialize + Sync>(
        &self,
        method: &'static str,
        channel: ChannelId,
        body: &B,
    ) -> Result<Box<RawValue>, ApiError> {
        let permits = &self.inner.permits;
        if !permits.channel_now(channel) {
            let permit = permits.channel(channel);
            if timeout(self.inner.times.permit, permit).await.is_err() {
                return Err(ApiError::TooFast(Pace::Ours));
            }
        }
        self.call(method, &Body::Json(body)).await
    }

    /// Notes what concerns sending as such; a closed channel or a long text does not.
    fn note_sending(&self, outcome: &Result<Box<RawValue>, ApiError>) {
        let pulses = &self.inner.pulses;
        match outcome {
            Ok(_) => {
                self.inner.shut_out.store(false, Ordering::Relaxed);
                pulses.well(edge::SENDING);
            }
            Err(ApiError::TooFast(Pace::Platform)) => {
                self.inner.shut_out.store(true, Ordering::Relaxed);
                pulses.trouble(
                    edge::SENDING,
                    "Fanbook refuses every message with code 10002: the bot is probably not on \
                     the send whitelist. Ask Fanbook's staff to open sending for this bot; until \
                     then commands are carried out but not answered. If it is listed, lower \
                     `send_per_channel_per_second`",
                );
            }
            Err(ApiError::TooFast(Pace::Ours)) => pulses.trouble(
                edge::SENDING,
                "more is to be said than `send_per_channel_per_second` and `api_per_second` let \
                 through",
            ),
            // It says something about us, not about the other side.
            Err(ApiError::Unknown(NoAnswer::Abandoned)) => {}
            Err(ApiError::NotSent(_) | ApiError::Unknown(_)) => pulses.trouble(
                edge::SENDING,
                "the Bot API cannot be reached or gives no answer. Check the network and `api_url`",
            ),
            Err(ApiError::Rejected(rejection))
                if rejection.status == 400 && rejection.code.is_none() =>
            {
                pulses.trouble(
                    edge::SENDING,
                    "a message was refused with a bare HTTP 400. If none gets through, the bot is \
                     probably not on Fanbook's send whitelist: ask Fanbook's staff to open sending",
                );
            }
            Err(_) => {}
        }
    }
}

/// The id of a message that was sent. Without one it stands there, but nobody can say under which.
pub(super) fn standing(payload: &RawValue) -> Result<MessageId, SayError> {
    answers::sent_message(payload).ok_or(SayError::Unknown(NoAnswer::Unreadable("message id")))
}

/// `text` within [`LONGEST_SAID`], cut at the end of a line if there is one, never inside a markup.
fn fitting(text: &str) -> Cow<'_, str> {
    if text.chars().count() <= LONGEST_SAID {
        return Cow::Borrowed(text);
    }
    let room = LONGEST_SAID - "\n…".chars().count();
    let end = text
        .char_indices()
        .nth(room)
        .map_or(text.len(), |(at, _)| at);
    let head = &text[..end];
    // A line break right behind the room ends a whole line too.
    let whole_lines = if text[end..].starts_with('\n') {
        Some(end)
    } else {
        head.rfind('\n')
    };
    match whole_lines.filter(|&at| at > 0) {
        Some(at) => Cow::Owned(format!("{}\n…", head[..at].trim_end_matches('\n'))),
        None => {
            let torn = head
                .rfind("${")
                .filter(|&at| !head[at..].contains('}'))
                .unwrap_or(end);
            Cow::Owned(format!("{}…", &head[..torn]))
        }
    }
}

/// The platform takes a text that begins with `{` for a content object; then it is wrapped in one.
fn as_plain_text(text: Cow<'_, str>) -> (Cow<'_, str>, Option<&'static str>) {
    if !text.trim_start().starts_with('{') {
        return (text, None);
    }
    let content = TextContent {
        r#type: "text",
        text: &text,
        content_type: 0,
    };
    let wrapped = serde_json::to_string(&content).expect("strings and a number are always JSON");
    (Cow::Owned(wrapped), Some("Fanbook"))
}

/// What stands in lists of chats. A text of mentions alone is its own preview.
fn preview(text: &str) -> String {
    let preview = text::preview(text, LONGEST_PREVIEW);
    if preview.is_empty() {
        return text.chars().take(LONGEST_PREVIEW).collect();
    }
    preview
}

/// An empty keyboard would draw a frame around nothing (fanbook-platform, 4.6).
fn keyboard(buttons: &[Vec<Button>]) -> Option<Keyboard<'_>> {
    let rows: Vec<Vec<Key<'_>>> = buttons
        .iter()
        .filter(|row| !row.is_empty())
        .map(|row| {
            row.iter()
                .map(|button| Key {
                    text: &button.label,
                    callback_data: &button.data,
                })
                .collect()
        })
        .collect();
    (!rows.is_empty()).then_some(Keyboard {
        inline_keyboard: rows,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_at_a_line_end() {
        let short = "字".repeat(LONGEST_SAID);
        assert_eq!(fitting(&short), short);
        let line = format!("{}\n", "字".repeat(99));
        let cut = fitting(&line.repeat(50)).into_owned();
        assert!(cut.ends_with("字\n…") && cut.chars().count() <= LONGEST_SAID);
        assert_eq!(cut.lines().count(), 40);
        assert_eq!(cut.lines().next().unwrap().chars().count(), 99);
    }

    #[test]
    fn one_long_line_is_cut_outside_of_markup() {
        let text = format!("{}${{@!737262643970064384}}", "a".repeat(LONGEST_SAID - 5));
        let cut = fitting(&text).into_owned();
        assert!(cut.ends_with("a…"), "{}", &cut[cut.len() - 40..]);
        let cut = fitting(&"字".repeat(9_000)).into_owned();
        assert_eq!(cut.chars().count(), LONGEST_SAID - 1);
    }

    #[test]
    fn a_text_like_an_object_is_wrapped() {
        let (text, mode) = as_plain_text(Cow::Borrowed(" {\"type\":\"messageCard\"}"));
        assert_eq!(mode, Some("Fanbook"));
        let content: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(content["text"], " {\"type\":\"messageCard\"}");
        assert_eq!(as_plain_text(Cow::Borrowed("积分 {")).1, None);
    }
}

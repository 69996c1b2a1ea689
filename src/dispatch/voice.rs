//! Replies to text, text to chat.

use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::fanbook::api::BotApi;
use crate::fanbook::api::Button;
use crate::fanbook::api::Say;
use crate::fanbook::api::SayError;
use crate::model::ChannelId;
use crate::model::Language;
use crate::model::MessageId;
use crate::model::ReceiptCode;
use crate::model::UserId;
use crate::points::ReplyAddress;
use crate::words::Rendered;
use crate::words::Reply;
use crate::words::Words;

/// The bot's voice: all texts and the way into chat.
#[derive(Clone)]
pub(super) struct Voice {
    pub(super) words: Arc<Words>,
    api: BotApi,
    bot: UserId,
}

/// What stands where something is to be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beneath {
    /// Text alone, or nothing.
    Text,
    /// Something with buttons, which have no use any more.
    Buttons,
}

/// How far back a channel's history is searched for an answer that was said and not noted, in pages
/// of fifty.
const PAGES_BACK: usize = 8;

/// Buttons in a row: every question has two answers.
const A_ROW: usize = 2;

/// In which language and zone something is said.
#[derive(Clone, Debug)]
pub(super) struct Tongue {
    pub language: Language,
    pub zone: TimeZone,
}

impl Voice {
    pub(super) fn new(words: Arc<Words>, api: BotApi, bot: UserId) -> Self {
        Self { words, api, bot }
    }

    /// Says `reply` at its place: over our own message that stands there, or as a new one.
    pub(super) async fn say(
        &self,
        at: ReplyAddress,
        tongue: &Tongue,
        reply: &Reply,
    ) -> Result<MessageId, SayError> {
        self.say_over(at, Beneath::Text, tongue, reply).await
    }

    /// The same where it is known what stands there.
    pub(super) async fn say_over(
        &self,
        at: ReplyAddress,
        beneath: Beneath,
        tongue: &Tongue,
        reply: &Reply,
    ) -> Result<MessageId, SayError> {
        let rendered = self.words.render(reply, tongue.language, &tongue.zone);
        let buttons = buttons(&rendered);
        if let Some(said) = at.said {
            let edit = self.edit(at.channel, said, beneath, &rendered.text, &buttons);
            // Boxed, so that the many that say something new do not carry the room for it.
            match Box::pin(edit).await {
                Ok(()) => return Ok(said),
                // The message is gone or cannot be edited: say it anew.
                Err(SayError::Gone | SayError::Rejected(_)) => {}
                Err(error) => return Err(error),
            }
        }
        self.api
            .say(Say {
                to: at.channel,
                text: &rendered.text,
                quoting: at.quoting,
                buttons: &buttons,
                notify: &[],
            })
            .await
    }
}

impl Voice {
    /// Writes `reply` over our own message that stands there, and nothing where that does not work.
    pub(super) async fn write_over(
        &self,
        channel: ChannelId,
        said: MessageId,
        beneath: Beneath,
        tongue: &Tongue,
        reply: &Reply,
    ) -> Result<(), SayError> {
        let rendered = self.words.render(reply, tongue.language, &tongue.zone);
        let buttons = buttons(&rendered);
        self.edit(channel, said, beneath, &rendered.text, &buttons)
            .await
    }

    async fn edit(
        &self,
        channel: ChannelId,
        said: MessageId,
        beneath: Beneath,
        text: &str,
        buttons: &[Vec<Button>],
    ) -> Result<(), SayError> {
        if beneath == Beneath::Buttons && buttons.is_empty() {
            match self.api.edit_away_buttons(channel, said, text).await {
                // Buttons that stay are better than a text that does not come.
                Err(SayError::Rejected(_)) => {}
                outcome => return outcome,
            }
        }
        self.api.edit(channel, said, text, buttons).await
    }

    /// Looks for a message of ours that answers `command` and that nobody noted: one that names one
    /// of `codes`, or where there are none, any.
    ///
    /// `None` also where the channel's history cannot be read, or does not reach so far: then it is
    /// said again, since being told twice is better than not at all.
    pub(super) async fn said_already(
        &self,
        channel: ChannelId,
        command: MessageId,
        codes: &[ReceiptCode],
    ) -> Option<MessageId> {
        let own = self
            .api
            .own_messages(channel, command, self.bot, PAGES_BACK)
            .await;
        let own = match own {
            Ok(own) => own,
            Err(error) => {
                tracing::info!(%error, "whether an answer stands already cannot be seen; it is said again");
                return None;
            }
        };
        let names_one =
            |text: &str| codes.is_empty() || codes.iter().any(|code| text.contains(code.as_str()));
        let answers = own
            .iter()
            .filter(|own| own.quotes.contains(&command) && names_one(&own.text));
        // The newest: an older one was given up for it.
        answers.map(|own| own.message).max()
    }
}

fn buttons(rendered: &Rendered) -> Vec<Vec<Button>> {
    if rendered.buttons.is_empty() {
        // An empty keyboard draws a frame (fanbook-platform, 4.6).
        return Vec::new();
    }
    let button = |(label, data): &(String, String)| Button {
        label: label.clone(),
        data: data.clone(),
    };
    let rows = rendered.buttons.chunks(A_ROW);
    rows.map(|row| row.iter().map(button).collect()).collect()
}

//! Replies to text, text to chat.

use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::fanbook::api::BotApi;
use crate::fanbook::api::Button;
use crate::fanbook::api::Say;
use crate::fanbook::api::SayError;
use crate::model::Language;
use crate::model::MessageId;
use crate::points::ReplyAddress;
use crate::words::Rendered;
use crate::words::Reply;
use crate::words::Words;

/// The bot's voice: all texts and the way into chat.
#[derive(Clone)]
pub(super) struct Voice {
    pub(super) words: Arc<Words>,
    api: BotApi,
}

/// In which language and zone something is said.
#[derive(Clone, Debug)]
pub(super) struct Tongue {
    pub language: Language,
    pub zone: TimeZone,
}

impl Voice {
    pub(super) fn new(words: Arc<Words>, api: BotApi) -> Self {
        Self { words, api }
    }

    /// Says `reply` at its place: over our own message that stands there, or as a new one.
    pub(super) async fn say(
        &self,
        at: ReplyAddress,
        tongue: &Tongue,
        reply: &Reply,
    ) -> Result<MessageId, SayError> {
        let rendered = self.words.render(reply, tongue.language, &tongue.zone);
        let buttons = buttons(&rendered);
        if let Some(said) = at.said {
            let edit = self.api.edit(at.channel, said, &rendered.text, &buttons);
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

/// Buttons in a row: every question has two answers.
const A_ROW: usize = 2;

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

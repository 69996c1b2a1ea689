//! Which messages are commands of ours, and carrying one out.
//!
//! Invariant: a command is heeded once, whether its frame or the history brings it; it counts as
//! handled from the end of its work on, however that ended.

use std::sync::Arc;

use tracing::Instrument as _;

use crate::dispatch::BUSY;
use crate::dispatch::Dispatcher;
use crate::dispatch::lane;
use crate::dispatch::marks::Arrival;
use crate::dispatch::marks::Entered;
use crate::fanbook::text;
use crate::fanbook::text::Heard;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::incoming::Incoming;
use crate::words::Reply;

/// A message that is worth a lane. What it says is read again when its turn comes: that costs a
/// microsecond then, while the parts of thousands of waiting messages would cost megabytes.
///
/// It is known as handled when it is gone after its work has begun.
pub struct Heeded {
    pub(super) incoming: Incoming,
    pub(super) arrival: Arrival,
    /// An answer of ours that stands in the chat and still waits for something.
    pub(super) said: Option<MessageId>,
    entered: Entered,
}

impl Heeded {
    /// Whose lane it belongs to.
    pub fn lane(&self) -> lane::Key {
        (self.incoming.guild, self.incoming.author.id)
    }

    /// Whether its frame came late enough to be one that comes again.
    pub(super) fn is_late(&self) -> bool {
        self.entered.is_late()
    }

    /// The message, for spans.
    pub fn incoming(&self) -> &Incoming {
        &self.incoming
    }
}

impl Dispatcher {
    /// Whether a message is worth a lane; quick, for the reader of the gateway. A command that was
    /// heeded before, or is handled, is not.
    pub fn heed(&self, incoming: Incoming) -> Option<Heeded> {
        let now_ms = self.clock.now_ms();
        self.marks.arrived(incoming.message, now_ms);
        if !self.is_ours(&incoming) {
            return None;
        }
        let entered = self.marks.enter(&incoming, Arrival::Live, now_ms)?;
        Some(Heeded {
            incoming,
            arrival: Arrival::Live,
            said: None,
            entered,
        })
    }

    /// The same for what was found in the history of a channel of `guild`. Roles in it may be those
    /// of then: whoever asks is judged by the platform's present record. Its answer is written over
    /// `said`, where that stands in the chat without being the last word.
    pub(super) fn missed(
        &self,
        mut incoming: Incoming,
        guild: Option<GuildId>,
        said: Option<MessageId>,
    ) -> Option<Heeded> {
        if incoming.guild.is_some() && incoming.guild != guild {
            return None;
        }
        incoming.guild = guild;
        incoming.author.roles = None;
        let now_ms = self.clock.now_ms();
        let entered = self.marks.enter(&incoming, Arrival::Missed, now_ms)?;
        Some(Heeded {
            incoming,
            arrival: Arrival::Missed,
            said,
            entered,
        })
    }

    /// Whether a message says anything to us.
    pub(super) fn is_ours(&self, incoming: &Incoming) -> bool {
        match &text::hear(&incoming.text, self.bot) {
            Heard::Command(invocation) => {
                let known = self.voice.words.named(&invocation.word).is_some();
                known
                    || (invocation.bot_mentioned
                        && self.voice.words.nearest(&invocation.word).is_some())
            }
            Heard::Near { word } => {
                self.voice.words.named(word).is_some() || self.voice.words.nearest(word).is_some()
            }
            Heard::Nothing => false,
        }
    }

    /// Answers one command in its span.
    pub async fn carry_out(self: Arc<Self>, heeded: Arc<Heeded>) {
        heeded.entered.begin();
        let incoming = heeded.incoming();
        let span = tracing::info_span!(
            "command",
            guild = incoming.guild.map(tracing::field::display),
            channel = %incoming.channel,
            message = %incoming.message,
            user = %incoming.author.id,
            command = tracing::field::Empty,
        );
        self.handle(&heeded).instrument(span).await;
    }

    async fn handle(&self, heeded: &Arc<Heeded>) {
        let incoming = &heeded.incoming;
        match &text::hear(&incoming.text, self.bot) {
            Heard::Command(invocation) => match self.voice.words.named(&invocation.word) {
                Some(definition) => self.command(heeded, invocation, definition).await,
                None => self.suggest(incoming, &invocation.word).await,
            },
            Heard::Near { word } => self.suggest(incoming, word).await,
            Heard::Nothing => {}
        }
    }

    /// Says politely that there is too much to do; the command was not carried out and is not.
    pub async fn busy(&self, heeded: &Heeded) {
        heeded.entered.begin();
        self.answer(&heeded.incoming, &Reply::new(&BUSY)).await;
    }

    /// Says nothing to a command: too much is being turned away already, or it has its answer.
    pub fn pass_over(&self, heeded: &Heeded) {
        heeded.entered.begin();
    }
}

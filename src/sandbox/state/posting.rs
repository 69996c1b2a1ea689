//! Saying, editing and taking back.

use serde_json::Value;

use super::Note;
use super::State;
use crate::model::ids::ChannelId;
use crate::model::ids::GuildId;
use crate::model::ids::MessageId;
use crate::model::ids::UserId;
use crate::sandbox::frames;
use crate::sandbox::frames::MemberShape;
use crate::sandbox::gateway;
use crate::sandbox::message::Audience;
use crate::sandbox::message::Message;
use crate::sandbox::snowflake;
use crate::sandbox::store::Record;

/// A message about to be said.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Where.
    pub channel: ChannelId,
    /// By whom.
    pub author: UserId,
    /// The content object as JSON text.
    pub content: String,
    /// The preview text.
    pub desc: String,
    /// The hint about the content.
    pub content_type: Option<i64>,
    /// The message it answers.
    pub answers: Option<MessageId>,
    /// Members mentioned.
    pub mentions: Vec<UserId>,
    /// Roles notified.
    pub mention_roles: Vec<u64>,
    /// The keyboard under it.
    pub reply_markup: Option<Value>,
    /// Who sees it.
    pub audience: Audience,
    /// Whether reactions are forbidden.
    pub unreactive: bool,
    /// When it was said, if not now; in milliseconds since 1970.
    pub time_ms: Option<i64>,
    /// How often its frame is delivered; 0 leaves it to the history.
    pub deliveries: u32,
    /// How its frame shows the author's membership.
    pub member: MemberShape,
}

impl Draft {
    /// A message for everyone in a channel, delivered once.
    pub fn new(channel: ChannelId, author: UserId, content: String) -> Self {
        Self {
            channel,
            author,
            content,
            desc: String::new(),
            content_type: None,
            answers: None,
            mentions: Vec::new(),
            mention_roles: Vec::new(),
            reply_markup: None,
            audience: Audience::Channel,
            unreactive: false,
            time_ms: None,
            deliveries: 1,
            member: MemberShape::Full,
        }
    }
}

impl State {
    /// Says something: keeps it, sends its frame to the bots, tells pages.
    ///
    /// The channel must exist; what the author may do there is the caller's business.
    pub fn post(&mut self, draft: Draft, now_ms: i64) -> MessageId {
        let id = match draft.time_ms {
            None => MessageId::new(self.fresh_id(now_ms)),
            Some(time_ms) => self.id_in_the_past(time_ms),
        };
        let (quote_l1, quote_l2) = self.quotes(draft.answers);
        let message = Message {
            id,
            channel: draft.channel,
            guild: self.guild_of(draft.channel),
            author: draft.author,
            time_ms: draft.time_ms.unwrap_or(now_ms),
            edited_ms: None,
            edits: 0,
            deleted: false,
            content: draft.content,
            desc: draft.desc,
            content_type: draft.content_type,
            quote_l1,
            quote_l2,
            mentions: draft.mentions,
            mention_roles: draft.mention_roles,
            reply_markup: draft.reply_markup,
            audience: draft.audience,
            pinned: false,
            unreactive: draft.unreactive,
            reactions: Vec::new(),
        };
        if !message.is_ephemeral() {
            self.keep(&Record::Message(Box::new(message.clone())));
            self.deliver(&message, draft.member, draft.deliveries);
        }
        self.insert(message);
        self.note(Note::Message(id));
        id
    }

    /// Changes a message; false if there is no such message.
    pub fn change(&mut self, id: MessageId, change: impl FnOnce(&mut Message)) -> bool {
        let Some(message) = self.messages.get_mut(&id) else {
            return false;
        };
        let was_there = !message.deleted;
        change(message);
        let copy = message.clone();
        if !copy.is_ephemeral() {
            self.keep(&Record::Message(Box::new(copy.clone())));
        }
        self.note(if was_there && copy.deleted {
            Note::Delete(id)
        } else {
            Note::Edit(id)
        });
        true
    }

    /// Sends the frame of an old message to the bots once more; false if there is no such message.
    pub fn deliver_again(&mut self, id: MessageId) -> bool {
        let Some(message) = self.messages.get(&id).cloned() else {
            return false;
        };
        self.deliver(&message, MemberShape::Full, 1);
        true
    }

    fn deliver(&mut self, message: &Message, member: MemberShape, deliveries: u32) {
        if !self.sees(self.world.bot, message.channel) {
            return;
        }
        let text = frames::push(&self.world, &self.settings, message, member);
        let frame = gateway::encoded(text, self.settings.text_frames);
        for _ in 0..deliveries * self.settings.deliveries {
            self.exchange.push(frame.clone());
        }
    }

    fn guild_of(&self, channel: ChannelId) -> Option<GuildId> {
        self.world.channel(channel).map(|(guild, _)| guild.id)
    }

    /// An id of that instant that nobody has yet.
    fn id_in_the_past(&self, time_ms: i64) -> MessageId {
        (1..)
            .map(|sequence| {
                MessageId::new(snowflake::at(time_ms + (sequence >> 12) as i64, sequence))
            })
            .find(|id| !self.messages.contains_key(id))
            .expect("the numbers do not end")
    }

    /// The quotes of an answer. Source: fanbook-platform, 3.3 point 8.
    fn quotes(&self, answers: Option<MessageId>) -> (Option<MessageId>, Option<MessageId>) {
        let Some(answered) = answers else {
            return (None, None);
        };
        match self.message(answered).and_then(|message| message.quote_l1) {
            Some(first) => (Some(first), Some(answered)),
            None => (Some(answered), None),
        }
    }
}

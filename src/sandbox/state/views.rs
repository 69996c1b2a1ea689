//! Who sees what, and how it looks to them.

use super::Place;
use super::State;
use crate::model::ids::ChannelId;
use crate::model::ids::MessageId;
use crate::model::ids::UserId;
use crate::sandbox::message::AuthorView;
use crate::sandbox::message::Message;
use crate::sandbox::message::MessageView;
use crate::sandbox::permission;

impl State {
    /// What a user may do in a channel, as a mask; both parties of a private chat may do everything.
    pub fn may(&self, user: UserId, channel: ChannelId) -> u64 {
        match self.place(channel) {
            Some(Place::Guild(guild, channel)) => permission::in_channel(guild, channel, user),
            Some(Place::Private(with)) if user == with || user == self.world.bot => u64::MAX,
            Some(Place::Private(_)) | None => 0,
        }
    }

    /// Whether a user sees a channel.
    pub fn sees(&self, user: UserId, channel: ChannelId) -> bool {
        self.may(user, channel) & permission::VIEW_CHANNEL != 0
    }

    /// Whether a user sees a message.
    pub fn sees_message(&self, user: UserId, message: &Message) -> bool {
        message.is_for(user) && self.sees(user, message.channel)
    }

    /// How a user is called in a channel's guild.
    pub fn name_in(&self, user: UserId, channel: ChannelId) -> String {
        let nick = match self.place(channel) {
            Some(Place::Guild(guild, _)) => guild
                .members
                .get(&user)
                .and_then(|member| member.guild_nick.clone()),
            Some(Place::Private(_)) | None => None,
        };
        nick.or_else(|| Some(self.world.users.get(&user)?.nickname.clone()))
            .unwrap_or_default()
    }

    /// A message as pages and tests see it.
    pub fn view(&self, message: &Message) -> MessageView {
        let author = AuthorView {
            id: message.author,
            name: self.name_in(message.author, message.channel),
            bot: self
                .world
                .users
                .get(&message.author)
                .is_some_and(|user| user.bot),
        };
        MessageView::of(message, author)
    }

    /// The messages of a channel from oldest to newest.
    pub fn messages_in(&self, channel: ChannelId) -> impl DoubleEndedIterator<Item = &Message> {
        self.by_channel
            .get(&channel)
            .into_iter()
            .flatten()
            .filter_map(|id| self.messages.get(id))
    }

    /// Messages of a channel's history newest first: not ephemeral, not taken back, from `before`
    /// down or from `after` up, at most `size`.
    pub fn history(&self, channel: ChannelId, from: HistoryFrom, size: usize) -> Vec<&Message> {
        let kept = |message: &&Message| !message.is_ephemeral() && !message.deleted;
        let all = self.messages_in(channel).filter(kept);
        match from {
            HistoryFrom::Newest => all.rev().take(size).collect(),
            HistoryFrom::Before(id) => all
                .rev()
                .filter(|message| message.id < id)
                .take(size)
                .collect(),
            HistoryFrom::After(id) => {
                let mut page: Vec<&Message> =
                    all.filter(|message| message.id > id).take(size).collect();
                page.reverse();
                page
            }
        }
    }
}

/// Where a page of history begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistoryFrom {
    /// At the latest message.
    Newest,
    /// Below this one.
    Before(MessageId),
    /// Above this one.
    After(MessageId),
}

//! The imitated platform as one value: the world, what was said in it, tokens, and who listens.
//!
//! It is held behind one lock by `platform`, so each verb here happens at one instant; nothing in
//! it waits. Whatever must outlive the process goes through `keep` before the verb returns.

mod ages;
mod doings;
mod posting;
pub mod views;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::collections::VecDeque;
use std::io;
use std::path::Path;

use serde_json::Value;
use tokio::sync::broadcast;
use tokio::sync::watch;

pub use self::doings::Callback;
pub use self::posting::Draft;

use super::exchange::Exchange;
use super::message::Message;
use super::settings::PlatformSettings;
use super::snowflake::Mint;
use super::store::Record;
use super::store::Store;
use super::world::Channel;
use super::world::Guild;
use super::world::World;
use crate::model::ids::ChannelId;
use crate::model::ids::GuildId;
use crate::model::ids::MessageId;
use crate::model::ids::UserId;

/// Messages kept in each channel; older ones are forgotten so that a sandbox can run for weeks.
const KEPT_PER_CHANNEL: usize = 20_000;

/// Callbacks and Bot API calls remembered for tests.
const REMEMBERED: usize = 10_000;

/// Notes that may wait for one slow page before it has to reload.
const NOTES_WAITING: usize = 1_024;

/// Everything the imitation knows.
pub struct State {
    /// People and places.
    pub world: World,
    /// Switches.
    pub settings: PlatformSettings,
    /// Lines to connected bots.
    pub exchange: Exchange,
    /// Badges of members, by card.
    pub credits: BTreeMap<(GuildId, UserId), BTreeMap<String, Value>>,
    /// Presses on buttons, oldest first.
    pub callbacks: VecDeque<Callback>,
    /// Bot API calls, by method.
    pub calls: HashMap<String, u64>,
    /// The latest Bot API calls, oldest first.
    pub recent_calls: VecDeque<ApiCall>,
    mint: Mint,
    messages: HashMap<MessageId, Message>,
    by_channel: HashMap<ChannelId, BTreeSet<MessageId>>,
    private_chats: HashMap<UserId, ChannelId>,
    private_with: HashMap<ChannelId, UserId>,
    tokens: HashMap<String, i64>,
    sent: VecDeque<i64>,
    shift_ms: i64,
    updates: u64,
    store: Option<Store>,
    notes: broadcast::Sender<Note>,
    version: watch::Sender<u64>,
}

/// Something that a page or a test may want to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// A new message.
    Message(MessageId),
    /// A changed message.
    Edit(MessageId),
    /// A message taken back.
    Delete(MessageId),
    /// The bot answered a press on a button.
    Callback {
        /// Who pressed.
        user: UserId,
        /// Which press.
        callback: String,
        /// What the bot said.
        text: String,
    },
    /// People, places or switches changed.
    World,
    /// The clock was moved.
    Clock,
}

/// One Bot API call, as tests look at them; the token is not part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiCall {
    /// The method.
    pub method: String,
    /// When, in milliseconds since 1970.
    pub time_ms: i64,
    /// The HTTP status answered.
    pub status: u16,
    /// The refusal's code, if it was refused.
    pub code: Option<i64>,
}

/// Where a channel is.
#[derive(Clone, Copy)]
pub enum Place<'a> {
    /// In a guild.
    Guild(&'a Guild, &'a Channel),
    /// Between the bot and this user.
    Private(UserId),
}

impl State {
    /// The world as given, or as it was left in the file if that exists.
    pub fn open(world: World, file: Option<&Path>) -> io::Result<Self> {
        let mut state = Self {
            world,
            settings: PlatformSettings::default(),
            exchange: Exchange::default(),
            credits: BTreeMap::new(),
            callbacks: VecDeque::new(),
            calls: HashMap::new(),
            recent_calls: VecDeque::new(),
            mint: Mint::default(),
            messages: HashMap::new(),
            by_channel: HashMap::new(),
            private_chats: HashMap::new(),
            private_with: HashMap::new(),
            tokens: HashMap::new(),
            sent: VecDeque::new(),
            shift_ms: 0,
            updates: 0,
            store: None,
            notes: broadcast::Sender::new(NOTES_WAITING),
            version: watch::Sender::new(0),
        };
        if let Some(path) = file {
            for record in Store::read(path)? {
                state.take_in(record);
            }
            state.store = Some(Store::rewrite(path, state.records().iter())?);
        }
        Ok(state)
    }

    /// Notes from now on.
    pub fn notes(&self) -> broadcast::Receiver<Note> {
        self.notes.subscribe()
    }

    /// A number that grows with everything that happens.
    pub fn version(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// Tells pages and tests that something happened.
    pub fn note(&mut self, note: Note) {
        // An error means that no page is open, which is fine.
        drop(self.notes.send(note));
        self.touch();
    }

    /// Tells waiting tests that something happened which no page shows.
    pub fn touch(&mut self) {
        self.version.send_modify(|version| *version += 1);
    }

    /// A fresh id.
    pub fn fresh_id(&mut self, now_ms: i64) -> u64 {
        self.mint.next(now_ms)
    }

    /// Writes a record to the file, if there is one.
    pub fn keep(&mut self, record: &Record) {
        if let Some(store) = &mut self.store
            && let Err(error) = store.append(record)
        {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the sandbox cannot write its file; what happens now is lost on restart"
            );
        }
    }

    /// Writes the whole world to the file, after a change that has no smaller record.
    pub fn keep_world(&mut self) {
        if self.store.is_some() {
            self.keep(&Record::World(Box::new(self.world.clone())));
        }
    }

    /// Where a channel is; none if there is no such channel.
    pub fn place(&self, channel: ChannelId) -> Option<Place<'_>> {
        if let Some((guild, channel)) = self.world.channel(channel) {
            return Some(Place::Guild(guild, channel));
        }
        self.private_with.get(&channel).copied().map(Place::Private)
    }

    /// A message by id.
    pub fn message(&self, id: MessageId) -> Option<&Message> {
        self.messages.get(&id)
    }

    /// The private chat with a user, opened if there is none.
    pub fn private_chat(&mut self, user: UserId, now_ms: i64) -> ChannelId {
        if let Some(channel) = self.private_chats.get(&user) {
            return *channel;
        }
        let channel = ChannelId::new(self.fresh_id(now_ms));
        let record = Record::PrivateChat { user, channel };
        self.keep(&record);
        self.take_in(record);
        channel
    }

    /// Counts a send against the limit per second; false means too fast.
    pub fn may_send(&mut self, now_ms: i64) -> bool {
        let Some(limit) = self.settings.send_per_second else {
            return true;
        };
        self.sent.retain(|sent_ms| now_ms - sent_ms < 1_000);
        if self.sent.len() >= limit as usize {
            return false;
        }
        self.sent.push_back(now_ms);
        true
    }

    /// Remembers a Bot API call.
    pub fn called(&mut self, call: ApiCall) {
        *self.calls.entry(call.method.clone()).or_default() += 1;
        remember(&mut self.recent_calls, call);
        self.touch();
    }

    fn take_in(&mut self, record: Record) {
        match record {
            Record::World(world) => self.world = *world,
            Record::User(user) => {
                self.mint.after(user.id.number());
                self.world.users.insert(user.id, user);
            }
            Record::Member { guild, member } => {
                if let Some(guild) = self.world.guild_mut(guild) {
                    guild.members.insert(member.user, member);
                }
            }
            Record::Gone { guild, user } => {
                if let Some(guild) = self.world.guild_mut(guild) {
                    guild.members.remove(&user);
                }
            }
            Record::PrivateChat { user, channel } => {
                self.mint.after(channel.number());
                self.private_chats.insert(user, channel);
                self.private_with.insert(channel, user);
            }
            Record::Token { token, expires_ms } => {
                self.tokens.insert(token, expires_ms);
            }
            Record::Clock { shift_ms } => self.shift_ms = shift_ms,
            Record::Message(message) => self.insert(*message),
            Record::Credit {
                guild,
                user,
                card,
                content,
            } => {
                let cards = self.credits.entry((guild, user)).or_default();
                match content {
                    Some(content) => cards.insert(card, content),
                    None => cards.remove(&card),
                };
            }
        }
    }

    fn insert(&mut self, message: Message) {
        self.mint.after(message.id.number());
        let ids = self.by_channel.entry(message.channel).or_default();
        ids.insert(message.id);
        if ids.len() > KEPT_PER_CHANNEL
            && let Some(oldest) = ids.pop_first()
        {
            self.messages.remove(&oldest);
        }
        self.messages.insert(message.id, message);
    }

    /// Everything worth keeping, in an order in which it can be taken in again.
    fn records(&self) -> Vec<Record> {
        let world = Record::World(Box::new(self.world.clone()));
        let chats = self
            .private_chats
            .iter()
            .map(|(&user, &channel)| Record::PrivateChat { user, channel });
        let tokens = self
            .tokens
            .iter()
            .map(|(token, &expires_ms)| Record::Token {
                token: token.clone(),
                expires_ms,
            });
        let credits = self.credits.iter().flat_map(|(&(guild, user), cards)| {
            cards.iter().map(move |(card, content)| Record::Credit {
                guild,
                user,
                card: card.clone(),
                content: Some(content.clone()),
            })
        });
        let messages = self
            .by_channel
            .values()
            .flatten()
            .filter_map(|id| self.messages.get(id))
            .filter(|message| !message.is_ephemeral())
            .map(|message| Record::Message(Box::new(message.clone())));
        let clock = Record::Clock {
            shift_ms: self.shift_ms,
        };
        [world, clock]
            .into_iter()
            .chain(chats)
            .chain(tokens)
            .chain(credits)
            .chain(messages)
            .collect()
    }
}

/// Adds to a memory that forgets its oldest.
fn remember<T>(memory: &mut VecDeque<T>, item: T) {
    if memory.len() == REMEMBERED {
        memory.pop_front();
    }
    memory.push_back(item);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sends_are_counted_within_any_one_second() {
        let mut state = State::open(World::seeded(), None).unwrap();
        assert!(state.may_send(0));
        state.settings.send_per_second = Some(2);
        assert_eq!(
            [0, 400, 999, 1_000, 1_399, 1_400].map(|now_ms| state.may_send(now_ms)),
            [true, true, false, true, false, true]
        );
    }
}

//! A running sandbox as tests and the command line hold it.
//!
//! Verbs that a test asks for and that cannot happen (an unknown channel, a user who may not speak)
//! panic with the reason: they are mistakes of the test. Waiting is on `until`, which looks again
//! after everything that happens.

mod places;

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use axum::extract::ws::Message as Frame;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::error::Elapsed;
use tokio::time::timeout;

pub use self::places::MemberView;

use super::control::Desk;
use super::exchange::GatewayAct;
use super::fault::Faults;
use super::mall::MallWorld;
use super::manta::MantaWorld;
use super::message::MessageView;
use super::platform::Meanwhile;
use super::platform::Platform;
use super::settings::PlatformSettings;
use super::state::ApiCall;
use super::state::Callback;
use super::swan::SwanWorld;
use super::verbs::SayOptions;
use super::world::Guild;
use crate::model::ids::ChannelId;
use crate::model::ids::GuildId;
use crate::model::ids::MessageId;
use crate::model::ids::RoleId;
use crate::model::ids::UserId;

/// Where a sandbox is found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Addresses {
    /// The chat page.
    pub page: String,
    /// What `api_url` of a bot's settings would say.
    pub api_url: String,
    /// What `gateway_url` would say.
    pub gateway_url: String,
    /// What the mall's `base_url` would say.
    pub mall_url: String,
    /// What the `base_url` of a Swan service would say.
    pub swan_url: String,
    /// What the `base_url` of a Manta service would say.
    pub manta_url: String,
}

/// A running sandbox; it ends with `stop`, or abruptly when dropped.
pub struct Running {
    platform: Platform,
    mall: MallWorld,
    swan: SwanWorld,
    manta: MantaWorld,
    addresses: Addresses,
}

impl Running {
    pub(super) fn new(desk: Desk, addresses: Addresses) -> Self {
        Self {
            platform: desk.platform,
            mall: desk.mall,
            swan: desk.swan,
            manta: desk.manta,
            addresses,
        }
    }

    /// The imitated mall.
    pub fn mall(&self) -> &MallWorld {
        &self.mall
    }

    /// The imitated Swan.
    pub fn swan(&self) -> &SwanWorld {
        &self.swan
    }

    /// The imitated Manta.
    pub fn manta(&self) -> &MantaWorld {
        &self.manta
    }

    /// The rules for trouble, for the Bot API and all points systems alike.
    pub fn faults(&self) -> &Faults {
        self.platform.faults()
    }

    /// A user says something in a channel.
    ///
    /// # Panics
    ///
    /// If they cannot.
    pub fn says(&self, user: UserId, channel: ChannelId, text: &str) -> MessageId {
        self.says_with(user, channel, text, SayOptions::default())
    }

    /// A user says something in a given manner.
    ///
    /// # Panics
    ///
    /// If they cannot.
    pub fn says_with(
        &self,
        user: UserId,
        channel: ChannelId,
        text: &str,
        options: SayOptions,
    ) -> MessageId {
        possible(self.platform.say(user, channel, text, options))
    }

    /// The platform repeats the frame of a message, to whatever bot is connected now.
    ///
    /// # Panics
    ///
    /// If there is no such message.
    pub fn redelivers(&self, message: MessageId) {
        possible(self.platform.redeliver(message));
    }

    /// A user changes what they said before.
    ///
    /// # Panics
    ///
    /// If there is no such message.
    pub fn edits(&self, message: MessageId, text: &str) {
        possible(self.platform.edit(message, text));
    }

    /// A user writes to the bot privately.
    ///
    /// # Panics
    ///
    /// If there is no such user.
    pub fn dm(&self, user: UserId, text: &str) -> MessageId {
        self.says(user, self.private_chat(user), text)
    }

    /// The private chat between a user and the bot.
    ///
    /// # Panics
    ///
    /// If there is no such user.
    pub fn private_chat(&self, user: UserId) -> ChannelId {
        possible(self.platform.private_chat(user))
    }

    /// A user presses a button; answers the callback's id.
    ///
    /// # Panics
    ///
    /// If they do not see the message.
    pub fn press(&self, user: UserId, message: MessageId, data: &str) -> String {
        possible(self.platform.press(user, message, data))
    }

    /// All messages of a channel, ephemeral and deleted ones among them, oldest first.
    pub fn messages(&self, channel: ChannelId) -> Vec<MessageView> {
        self.platform.all_messages(channel)
    }

    /// What a user sees of a channel, oldest first.
    pub fn messages_seen_by(&self, user: UserId, channel: ChannelId) -> Vec<MessageView> {
        self.platform.seen_messages(user, channel, usize::MAX)
    }

    /// One message.
    pub fn message(&self, id: MessageId) -> Option<MessageView> {
        let state = self.platform.state();
        state.message(id).map(|message| state.view(message))
    }

    /// The bot's messages that answer this one, oldest first.
    pub fn answers_to(&self, asked: MessageId) -> Vec<MessageView> {
        let Some(channel) = self.message(asked).map(|message| message.channel) else {
            return Vec::new();
        };
        let bot = self.bot();
        self.messages(channel)
            .into_iter()
            .filter(|message| message.author.id == bot && message.reply_to == Some(asked))
            .collect()
    }

    /// Presses on buttons and what the bot answered, oldest first.
    pub fn callbacks(&self) -> Vec<Callback> {
        self.platform.state().callbacks.iter().cloned().collect()
    }

    /// How often a Bot API method was called, refused calls among them.
    pub fn calls(&self, method: &str) -> u64 {
        self.platform
            .state()
            .calls
            .get(method)
            .copied()
            .unwrap_or_default()
    }

    /// The latest Bot API calls, oldest first.
    pub fn recent_calls(&self) -> Vec<ApiCall> {
        self.platform.state().recent_calls.iter().cloned().collect()
    }

    /// Replaces a member's roles without telling the bot.
    ///
    /// # Panics
    ///
    /// If there is no such member or role.
    pub fn set_roles(&self, guild: GuildId, user: UserId, roles: Vec<RoleId>) {
        possible(self.platform.set_roles(guild, user, roles));
    }

    /// Gives a member another name in a guild, or takes it away.
    ///
    /// # Panics
    ///
    /// If there is no such member.
    pub fn set_nick(&self, guild: GuildId, user: UserId, nick: Option<&str>) {
        possible(self.platform.set_nick(guild, user, nick.map(str::to_owned)));
    }

    /// Changes anything about a guild (a role's mask, a channel's overwrites, its owner) without
    /// telling the bot.
    ///
    /// # Panics
    ///
    /// If there is no such guild.
    pub fn change_guild(&self, guild: GuildId, change: impl FnOnce(&mut Guild)) {
        possible(self.platform.change_guild(guild, change));
    }

    /// A new account joins a guild.
    ///
    /// # Panics
    ///
    /// If there is no such guild, or the nickname is empty or too long.
    pub fn joins(&self, guild: GuildId, nickname: &str) -> UserId {
        possible(self.platform.join(guild, nickname))
    }

    /// A member leaves a guild; false if they were not there.
    pub fn leaves(&self, guild: GuildId, user: UserId) -> bool {
        self.platform.state().leave(guild, user)
    }

    /// Somebody who has an account comes back into a guild, without roles; false if they are there.
    pub fn returns(&self, guild: GuildId, user: UserId) -> bool {
        let now_ms = self.now_ms();
        self.platform.state().rejoin(guild, user, now_ms)
    }

    /// How many gateway connections there are.
    pub fn bots_connected(&self) -> usize {
        self.platform.state().exchange.connected()
    }

    /// The switches in force.
    pub fn settings(&self) -> PlatformSettings {
        self.platform.state().settings.clone()
    }

    /// Changes switches, as `set_settings(json!({"whitelisted": false}))`.
    ///
    /// # Panics
    ///
    /// If a key is unknown or a value does not fit.
    pub fn set_settings(&self, keys: &Value) {
        possible(self.platform.set_settings(keys));
    }

    /// Does something to the gateway as a whole.
    pub fn gateway(&self, act: GatewayAct) {
        self.platform.gateway(act);
    }

    /// Sends a raw frame to every connected bot, binary; says how many there were.
    pub fn inject(&self, frame: &str) -> usize {
        let frame = Frame::binary(frame.to_owned());
        self.platform.state().exchange.send_to_all(&frame)
    }

    /// Milliseconds since 1970 by the sandbox's clock.
    pub fn now_ms(&self) -> i64 {
        self.platform.now_ms()
    }

    /// Moves the sandbox's clock, in milliseconds.
    ///
    /// Bots were silent meanwhile: a line that has not pinged for long is cut.
    ///
    /// # Panics
    ///
    /// If it would leave the years 2020 to 2099.
    pub fn advance(&self, ms: i64) {
        possible(self.platform.advance(ms, Meanwhile::Silent));
    }

    /// Moves the sandbox's clock in milliseconds as the pages do: bots live through it.
    ///
    /// # Panics
    ///
    /// If it would leave the years 2020 to 2099.
    pub fn leap(&self, ms: i64) {
        possible(self.platform.advance(ms, Meanwhile::Awake));
    }

    /// How far the clock has been moved, in milliseconds: what a bot's own clock takes to be moved in
    /// the same instant.
    pub fn clock_shift(&self) -> Arc<AtomicI64> {
        self.platform.clock().shift()
    }

    /// A number that grows with everything that happens: messages, edits, calls, connections.
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.platform.state().version()
    }

    /// Waits until a look at the sandbox finds what it looks for; looks again after everything that
    /// happens, in the points systems too.
    pub async fn until<T>(
        &self,
        patience: Duration,
        mut look: impl FnMut(&Self) -> Option<T>,
    ) -> Result<T, Elapsed> {
        let mut changed = self.changed();
        let mut mall_changed = self.mall.changes();
        let mut swan_changed = self.swan.changes();
        let mut manta_changed = self.manta.changes();
        timeout(patience, async {
            loop {
                if let Some(found) = look(self) {
                    return found;
                }
                // Losing any of the futures is safe, the loop looks at the state itself.
                tokio::select! {
                    // The sender lives as long as the platform, which `self` holds.
                    _ = changed.changed() => {}
                    _ = mall_changed.recv() => {}
                    _ = swan_changed.recv() => {}
                    _ = manta_changed.recv() => {}
                }
            }
        })
        .await
    }

    /// Waits until a bot is connected to the gateway.
    pub async fn connected(&self, patience: Duration) -> Result<(), Elapsed> {
        self.until(patience, |sandbox| {
            (sandbox.bots_connected() > 0).then_some(())
        })
        .await
    }

    /// Ends every connection, socket and stream, and waits until all of it has ended.
    pub async fn stop(self) {
        self.platform.stopping().cancel();
        self.platform.tasks().close();
        self.mall.stop().await;
        self.swan.stop().await;
        self.manta.stop().await;
        self.platform.tasks().wait().await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.platform.stopping().cancel();
    }
}

fn possible<T, E: Display>(outcome: Result<T, E>) -> T {
    outcome.unwrap_or_else(|why| panic!("{why}"))
}

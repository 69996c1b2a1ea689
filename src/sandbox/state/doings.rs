//! What people do besides talking: pressing buttons, joining, leaving, changing roles and names.

use serde_json::json;

use super::Draft;
use super::Note;
use super::State;
use super::remember;
use crate::model::ids::GuildId;
use crate::model::ids::MessageId;
use crate::model::ids::RoleId;
use crate::model::ids::UserId;
use crate::sandbox::frames;
use crate::sandbox::frames::Press;
use crate::sandbox::gateway;
use crate::sandbox::message::Message;
use crate::sandbox::store::Record;
use crate::sandbox::world::Member;
use crate::sandbox::world::User;

/// A press on a button and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback {
    /// Its id.
    pub id: String,
    /// Who pressed.
    pub user: UserId,
    /// The message with the keyboard.
    pub message: MessageId,
    /// What the button says to the bot.
    pub data: String,
    /// What the bot answered, in order; empty while the button still turns.
    pub answers: Vec<String>,
}

impl State {
    /// Presses a button; the data need not be on any button, since clients can send what they like.
    pub fn press(
        &mut self,
        user: UserId,
        message: MessageId,
        data: &str,
        now_ms: i64,
    ) -> Option<String> {
        let channel = self.message(message)?.channel;
        let id = self.fresh_id(now_ms).to_string();
        let frame = MessageId::new(self.fresh_id(now_ms));
        self.updates += 1;
        let text = frames::mini_push(&Press {
            callback: &id,
            update: self.updates,
            user,
            name: &self.world.users.get(&user)?.nickname,
            channel,
            message,
            frame,
            data,
        });
        let callback = Callback {
            id: id.clone(),
            user,
            message,
            data: data.to_owned(),
            answers: Vec::new(),
        };
        remember(&mut self.callbacks, callback);
        self.push_times(text);
        self.touch();
        Some(id)
    }

    /// Notes the bot's answer to a press; false if there was no such press.
    pub fn answer_press(&mut self, id: &str, text: &str) -> bool {
        let Some(callback) = self.callbacks.iter_mut().find(|callback| callback.id == id) else {
            return false;
        };
        callback.answers.push(text.to_owned());
        let note = Note::Callback {
            user: callback.user,
            callback: callback.id.clone(),
            text: text.to_owned(),
        };
        self.note(note);
        true
    }

    /// A new account joins a guild; the guild must exist.
    pub fn join(&mut self, guild: GuildId, nickname: &str, now_ms: i64) -> UserId {
        let id = UserId::new(self.fresh_id(now_ms));
        let user = User {
            id,
            // Short ids are dealt out in order, above those of the seed.
            short_id: (8_000_001 + self.world.users.len()).to_string(),
            nickname: nickname.to_owned(),
            bot: false,
        };
        self.keep(&Record::User(user.clone()));
        self.world.users.insert(id, user);
        let member = Member {
            user: id,
            guild_nick: None,
            roles: Vec::new(),
            note_zh: "新成员".to_owned(),
            note_en: "new member".to_owned(),
        };
        self.keep_member(guild, member);
        self.tell_of_join(guild, id, now_ms);
        self.note(Note::World);
        id
    }

    /// Somebody who has an account enters a guild; false if there is no such account or guild, or they
    /// are there.
    pub fn rejoin(&mut self, guild: GuildId, user: UserId, now_ms: i64) -> bool {
        let place = self.world.guild(guild);
        let away = place.is_some_and(|place| !place.members.contains_key(&user));
        if !away || !self.world.users.contains_key(&user) {
            return false;
        }
        let member = Member {
            user,
            guild_nick: None,
            roles: Vec::new(),
            note_zh: "回来的成员".to_owned(),
            note_en: "member who came back".to_owned(),
        };
        self.keep_member(guild, member);
        self.tell_of_join(guild, user, now_ms);
        self.note(Note::World);
        true
    }

    /// Somebody leaves or is removed; false if they were not there.
    pub fn leave(&mut self, guild: GuildId, user: UserId) -> bool {
        let Some(place) = self.world.guild_mut(guild) else {
            return false;
        };
        if place.members.remove(&user).is_none() {
            return false;
        }
        self.keep(&Record::Gone { guild, user });
        if self.bot_is_in(guild) {
            self.push_times(frames::guild_notice("userQuit", guild, user));
        }
        self.note(Note::World);
        true
    }

    /// Changes a member without telling any bot; false if there is no such member.
    pub fn change_member(
        &mut self,
        guild: GuildId,
        user: UserId,
        change: impl FnOnce(&mut Member),
    ) -> bool {
        let member = self
            .world
            .guild(guild)
            .and_then(|place| place.members.get(&user));
        let Some(mut member) = member.cloned() else {
            return false;
        };
        change(&mut member);
        self.keep_member(guild, member);
        self.note(Note::World);
        true
    }

    /// Replaces a member's roles; announced to nobody.
    pub fn set_roles(&mut self, guild: GuildId, user: UserId, roles: Vec<RoleId>) -> bool {
        self.change_member(guild, user, |member| member.roles = roles)
    }

    /// Puts a reaction under a message.
    pub fn react(&mut self, id: MessageId, user: UserId, emoji: &str, now_ms: i64) -> bool {
        let put = |message: &mut Message| message.reactions.push((user.number(), emoji.to_owned()));
        if !self.change(id, put) {
            return false;
        }
        let frame = MessageId::new(self.fresh_id(now_ms));
        if let Some(message) = self.message(id)
            && self.sees(self.world.bot, message.channel)
        {
            let text = frames::reaction(message, user, emoji, frame, now_ms);
            self.push_times(text);
        }
        true
    }

    fn bot_is_in(&self, guild: GuildId) -> bool {
        self.world
            .guild(guild)
            .is_some_and(|guild| guild.members.contains_key(&self.world.bot))
    }

    fn keep_member(&mut self, guild: GuildId, member: Member) {
        let record = Record::Member { guild, member };
        self.keep(&record);
        self.take_in(record);
    }

    /// The notice of the guild, and the system message in its first channel.
    fn tell_of_join(&mut self, guild: GuildId, user: UserId, now_ms: i64) {
        if self.bot_is_in(guild) {
            self.push_times(frames::guild_notice("userJoin", guild, user));
        }
        let Some(place) = self.world.guild(guild) else {
            return;
        };
        let Some(channel) = place.channels.first().map(|channel| channel.id) else {
            return;
        };
        let content = json!({
            "type": "newJoin",
            "user_id": user.to_string(),
            "message_id": user.to_string(),
            "index": place.members.len(),
        });
        self.post(Draft::new(channel, user, content.to_string()), now_ms);
    }

    fn push_times(&mut self, text: String) {
        let frame = gateway::encoded(text, self.settings.text_frames);
        for _ in 0..self.settings.deliveries {
            self.exchange.push(frame.clone());
        }
    }
}

//! A channel in which answers are lost, posts arrive late and reading fails, and boards that say which moment
//! they are of.

use std::collections::VecDeque;
use std::sync::Mutex;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use guildpoints::fanbook::api::ApiError;
use guildpoints::fanbook::api::NoAnswer;
use guildpoints::fanbook::api::OwnContent;
use guildpoints::fanbook::api::Pace;
use guildpoints::fanbook::api::SayError;
use guildpoints::guilds::BoardSchedule;
use guildpoints::journal::JournalError;
use guildpoints::journal::OwedBoard;
use guildpoints::journal::ShownBoard;
use guildpoints::model::ChannelId;
use guildpoints::model::GuildId;
use guildpoints::model::MessageId;
use guildpoints::model::Policy;
use guildpoints::model::UserId;
use guildpoints::points::Due;
use guildpoints::points::Stands;
use guildpoints::schedule::Chat;
use guildpoints::schedule::Forms;
use guildpoints::schedule::Own;
use guildpoints::schedule::Post;
use guildpoints::schedule::Remade;
use guildpoints::support::clock::Clock;

/// What becomes of a sending.
#[derive(Clone, Copy, Debug)]
pub enum Fate {
    /// It stands there and nobody hears of it.
    AnswerLost,
    /// It does not, and nobody hears of that.
    Lost,
    /// It arrives a while after nobody heard of it.
    Late,
    /// It certainly did not leave.
    NotSent,
    /// It is refused.
    Refused,
    /// Nobody answers until the bot dies; whether it stands there.
    Hangs(bool),
}

/// The channel.
#[derive(Default)]
pub struct Channel {
    pub standing: Vec<(MessageId, String)>,
    /// What arrives later: when, and what.
    pub coming: Vec<(i64, String)>,
    pub fates: VecDeque<Fate>,
    pub blind: u8,
}

impl Channel {
    fn arrive(&mut self, now_ms: i64) {
        let (here, coming) = self.coming.drain(..).partition(|(ms, _)| *ms <= now_ms);
        self.coming = coming;
        let here: Vec<(i64, String)> = here;
        for (_, text) in here {
            self.stand(text);
        }
    }

    fn stand(&mut self, text: String) -> MessageId {
        let id = MessageId::new(9_007_199_254_740_993 + self.standing.len() as u64);
        self.standing.push((id, text));
        id
    }
}

pub struct World {
    pub channel: Mutex<Channel>,
    pub clock: Clock,
}

impl World {
    fn read(&self) -> Result<Vec<(MessageId, String)>, ApiError> {
        let mut channel = self.channel.lock().unwrap();
        channel.arrive(self.clock.now_ms());
        if channel.blind > 0 {
            channel.blind -= 1;
            return Err(ApiError::Unknown(NoAnswer::Server(502)));
        }
        Ok(channel.standing.clone())
    }

    async fn post(&self, text: String) -> Result<MessageId, SayError> {
        let fate = {
            let mut channel = self.channel.lock().unwrap();
            let now_ms = self.clock.now_ms();
            channel.arrive(now_ms);
            let fate = channel.fates.pop_front();
            match fate {
                None => return Ok(channel.stand(text)),
                Some(Fate::AnswerLost | Fate::Hangs(true)) => drop(channel.stand(text)),
                Some(Fate::Late) => channel.coming.push((now_ms + 15_000, text)),
                Some(Fate::Lost | Fate::NotSent | Fate::Refused | Fate::Hangs(false)) => {}
            }
            fate
        };
        match fate {
            Some(Fate::Hangs(_)) => std::future::pending().await,
            Some(Fate::NotSent) => Err(SayError::TooFast(Pace::Ours)),
            Some(Fate::Refused) => Err(SayError::Gone),
            _ => Err(SayError::Unknown(NoAnswer::Server(500))),
        }
    }
}

impl Chat for World {
    fn newest(&self, _: ChannelId) -> BoxFuture<'_, Result<Option<MessageId>, ApiError>> {
        async { Ok(self.read()?.last().map(|(id, _)| *id)) }.boxed()
    }

    fn own_since(&self, _: ChannelId, after: MessageId) -> BoxFuture<'_, Result<Own, ApiError>> {
        let own = |(message, text): (MessageId, String)| OwnContent {
            message,
            text: Some(text),
            content: String::new(),
        };
        async move {
            let seen = self.read()?.into_iter().filter(|(id, _)| *id > after);
            Ok(Some(seen.map(own).collect()))
        }
        .boxed()
    }

    fn post<'a>(
        &'a self,
        _: ChannelId,
        post: &'a Post,
    ) -> BoxFuture<'a, Result<MessageId, SayError>> {
        self.post(post.kept()).boxed()
    }

    fn edit<'a>(
        &'a self,
        _: ChannelId,
        _: MessageId,
        _: &'a Post,
    ) -> BoxFuture<'a, Result<(), SayError>> {
        async { Err(SayError::Forbidden) }.boxed()
    }

    fn delete(&self, _: ChannelId, _: MessageId) -> BoxFuture<'_, Result<(), SayError>> {
        async { Err(SayError::Forbidden) }.boxed()
    }

    fn stands(&self, _: ChannelId, message: MessageId) -> BoxFuture<'_, Result<bool, ApiError>> {
        async move { Ok(self.read()?.iter().any(|(id, _)| *id == message)) }.boxed()
    }

    fn whisper<'a>(&'a self, _: UserId, _: &'a str) -> BoxFuture<'a, Result<MessageId, SayError>> {
        async { Ok(MessageId::new(1)) }.boxed()
    }

    fn owner(&self, _: GuildId) -> BoxFuture<'_, Result<UserId, ApiError>> {
        async { Ok(UserId::new(1)) }.boxed()
    }
}

/// A board that says which moment it is of.
pub struct Plain;

impl Forms for Plain {
    fn of<'a>(
        &'a self,
        _: &'a Policy,
        _: &'a BoardSchedule,
        due: Due,
    ) -> BoxFuture<'a, Result<Vec<Post>, JournalError>> {
        let post = Post::text(due.slot_ms.to_string());
        async { Ok(vec![post]) }.boxed()
    }

    // Nobody leaves these boards.
    fn stands<'a>(
        &'a self,
        _: &'a Policy,
        _: &'a BoardSchedule,
        _: Due,
        _: Stands,
    ) -> BoxFuture<'a, Result<(), JournalError>> {
        async { Ok(()) }.boxed()
    }

    fn anew<'a>(
        &'a self,
        _: &'a Policy,
        _: &'a ShownBoard,
    ) -> BoxFuture<'a, Result<Option<Remade>, JournalError>> {
        async { Ok(None) }.boxed()
    }

    fn stands_anew<'a>(
        &'a self,
        _: &'a OwedBoard,
        _: &'a Remade,
        _: MessageId,
    ) -> BoxFuture<'a, Result<(), JournalError>> {
        async { Ok(()) }.boxed()
    }
}

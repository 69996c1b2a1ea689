//! Answers of which something is missing: said at once, edited as the rest comes.
//!
//! Invariants: it goes on outside the lane, so that nobody's next command waits for a slow points
//! system; there is a bound on how many do; each ends by itself, or at a stop, with a last word that
//! waits for nothing. Until then the command does not count as handled: what a killed process leaves
//! unfinished the next one finds in the channel's history, asks once more, and writes over what stands
//! there. Deliberately absent: anything kept, for a question changes nothing.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use crate::commands::Rest;
use crate::commands::Stage;
use crate::commands::waiting_line;
use crate::dispatch::Dispatcher;
use crate::dispatch::Heeded;
use crate::fanbook::api::SayError;
use crate::fanbook::text;
use crate::fanbook::text::Heard;
use crate::model::GuildId;
use crate::model::Policy;
use crate::model::incoming::Incoming;
use crate::points::ReplyAddress;
use crate::words::Reply;

/// Answers followed at once; beyond that what is missing is told as missing at once. A slow system and
/// a full guild (64 lanes at work) make some 500 in the time one is followed.
const AT_ONCE: usize = 512;

/// The command that is answered so.
const QUESTION: &str = "points";

/// Pauses before a last word that could not be said is tried again: nobody else says it.
const AGAIN: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(4)];

/// What is being followed. Cheap to clone.
#[derive(Clone)]
pub(super) struct Following {
    tasks: TaskTracker,
    stopping: CancellationToken,
    room: Arc<Semaphore>,
}

impl Default for Following {
    fn default() -> Self {
        Self {
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
            room: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }
}

impl Dispatcher {
    /// Says what is there, and follows what is not.
    pub(super) async fn tell_part(
        &self,
        guild: Option<GuildId>,
        address: ReplyAddress,
        reply: &Reply,
        rest: Box<Rest>,
        heeded: Arc<Heeded>,
    ) {
        let room = self.following.room.clone().try_acquire_owned();
        let (Ok(room), false) = (room, self.following.stopping.is_cancelled()) else {
            return self.say(guild, address, &rest.given_up()).await;
        };
        match self.voice.say(address, &self.tongue(guild), reply).await {
            Ok(said) => {
                let address = ReplyAddress {
                    said: Some(said),
                    ..address
                };
                let followed = self.clone().follow(guild, address, rest);
                let followed = async move {
                    followed.await;
                    drop((room, heeded));
                };
                self.following.tasks.spawn(followed.in_current_span());
            }
            // Whether it stands in the chat is not known, so there is nothing that could be edited.
            Err(error) => lost(&error),
        }
    }

    /// The lines by which an answer in a guild says that something of it is to come; for a private chat
    /// those of all guilds.
    pub(super) fn waiting_lines(&self, guild: Option<GuildId>) -> HashSet<String> {
        let policies = match guild {
            Some(guild) => self.guilds.policy(guild).into_iter().collect(),
            None => self.guilds.all(),
        };
        let of_guild = |policy: Arc<Policy>| {
            let systems = self.points.systems(policy.guild).into_iter();
            systems.map(move |system| {
                let line = waiting_line(&system);
                let words = &self.voice.words;
                words.render(&line, policy.language, &policy.zone).text
            })
        };
        policies.into_iter().flat_map(of_guild).collect()
    }

    /// Whether a command whose answer waits for something is still the question that was answered: a
    /// message can be edited, and nothing but a question is carried out again.
    pub(super) fn may_go_on(&self, incoming: &Incoming) -> bool {
        match &text::hear(&incoming.text, self.bot) {
            Heard::Command(invocation) => {
                let named = self.voice.words.named(&invocation.word);
                named.is_some_and(|definition| definition.scope == QUESTION)
            }
            Heard::Near { .. } | Heard::Nothing => false,
        }
    }

    /// Ends what is followed: each says its last word now.
    pub async fn stop_following(&self) {
        self.following.stopping.cancel();
        self.following.tasks.close();
        self.following.tasks.wait().await;
    }

    async fn follow(self, guild: Option<GuildId>, mut at: ReplyAddress, mut rest: Box<Rest>) {
        let stopping = self.following.stopping.clone();
        loop {
            let (reply, stage) = match stopping.run_until_cancelled(rest.more()).await {
                Some(()) => rest.as_it_stands(),
                None => (rest.given_up(), Stage::Final),
            };
            let mut said = self.voice.say(at, &self.tongue(guild), &reply).await;
            if stage == Stage::Final {
                for pause in AGAIN {
                    if said.is_ok() {
                        break;
                    }
                    stopping
                        .run_until_cancelled(tokio::time::sleep(pause))
                        .await;
                    said = self.voice.say(at, &self.tongue(guild), &reply).await;
                }
            }
            match said {
                Ok(said) => at.said = Some(said),
                Err(error) => lost(&error),
            }
            if stage == Stage::Final {
                return;
            }
        }
    }
}

fn lost(error: &SayError) {
    metrics::counter!("guildpoints_answers_lost_total").increment(1);
    tracing::warn!(%error, "an answer could not be said");
}

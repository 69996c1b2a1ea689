//! Reading the history of channels.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use tokio::time::sleep;

use crate::dispatch::Heeded;
use crate::dispatch::catch_up::CatchUp;
use crate::dispatch::catch_up::HOLD;
use crate::dispatch::catch_up::READ_AT_ONCE;
use crate::dispatch::marks::Gap;
use crate::dispatch::marks::first_at;
use crate::fanbook::api::ApiError;
use crate::fanbook::wire::Page;
use crate::model::ChannelId;
use crate::model::MessageId;
use crate::model::incoming::Incoming;
use crate::support::pulse::edge;
use crate::support::retry::Backoff;

/// Pages read of one channel: 20,000 messages, more than people write within `catch_up`.
const MOST_PAGES: usize = 400;
/// Repetitions of requests without an answer, beside the client's own, in one reading of all
/// channels: when nothing answers, the next greeting is the better time.
const PATIENCE: usize = 12;
/// Waits before those of one request.
const AGAIN: Backoff = Backoff {
    first: Duration::from_secs(2),
    most: Duration::from_secs(16),
    times: Some(3),
};
/// Waits before it is asked again what former processes have handled.
const LEARN_AGAIN: Backoff = Backoff {
    first: Duration::from_millis(500),
    most: Duration::from_secs(5),
    times: None,
};

/// What one reading of all channels has left.
struct Reading {
    /// Nothing from before this is handled.
    oldest: MessageId,
    /// The count of cuts it belongs to.
    cuts: u64,
    patience: AtomicUsize,
}

/// What was found in a channel.
#[derive(Default)]
struct Found {
    newest: Option<MessageId>,
    commands: Vec<Incoming>,
    /// What the bot has answered. The newest is read first, so the answer to a command that was found
    /// was found as well.
    answered: HashMap<MessageId, Answered>,
    /// Why there is not more.
    failed: Option<ApiError>,
}

/// How far a command is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answered {
    /// There is nothing more to say.
    Whole,
    /// This message of the bot's own still waits for something.
    Part(MessageId),
}

impl Answered {
    /// What two answers to the same command come to.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Part(one), Self::Part(other)) => Self::Part(one.max(other)),
            _ => Self::Whole,
        }
    }
}

impl CatchUp {
    /// Reads every channel of which a stretch was missed.
    pub(super) async fn read_everything(&self) {
        let in_time = async {
            sleep(HOLD).await;
            self.let_everything_go().await;
        };
        tokio::join!(self.read_gaps(), in_time);
    }

    async fn read_gaps(&self) {
        let dispatcher = &self.inner.dispatcher;
        self.learn_at_last().await;
        let (cuts, gaps) = dispatcher.marks.gaps();
        if self.inner.age.is_zero() {
            for gap in gaps {
                dispatcher.marks.caught_up(gap.channel, None, cuts);
            }
            return;
        }
        dispatcher.cooldown.forget_missed();
        let age_ms = i64::try_from(self.inner.age.as_millis()).unwrap_or(i64::MAX);
        let oldest = dispatcher.clock.now_ms().saturating_sub(age_ms);
        let reading = Arc::new(Reading {
            oldest: first_at(oldest),
            cuts,
            patience: AtomicUsize::new(PATIENCE),
        });
        let channels = gaps
            .into_iter()
            .map(|gap| self.clone().read_channel(gap, Arc::clone(&reading)));
        let channels: Vec<_> = channels.collect();
        stream::iter(channels)
            .buffer_unordered(READ_AT_ONCE)
            .collect::<()>()
            .await;
    }

    /// Learns what former processes have handled, for as long as it takes: without it nobody knows
    /// which channels to read, and the next greeting may be weeks away.
    async fn learn_at_last(&self) {
        let mut is_told = false;
        for delay in LEARN_AGAIN.delays() {
            let Err(error) = self.learn().await else {
                return;
            };
            if self.inner.dispatcher.marks.is_learnt() {
                tracing::warn!(%error, "what is handled could not be read; going by what this process knows");
                return;
            }
            if !std::mem::replace(&mut is_told, true) {
                tracing::warn!(%error, "what is handled could not be read; until it can, nothing that was missed is read");
            }
            sleep(delay).await;
        }
    }

    async fn read_channel(self, gap: Gap, reading: Arc<Reading>) {
        let dispatcher = &self.inner.dispatcher;
        let from = gap.resume.max(reading.oldest);
        let mut found = self.find(gap, from, &reading).await;
        self.tell_of(gap, found.failed.as_ref());
        found.commands.sort_by_key(|incoming| incoming.message);
        let missed: Vec<Arc<Heeded>> = found
            .commands
            .into_iter()
            .filter_map(|incoming| {
                let said = match found.answered.get(&incoming.message) {
                    None => None,
                    Some(Answered::Part(said)) if dispatcher.may_go_on(&incoming) => Some(*said),
                    Some(_) => {
                        let heeded = dispatcher.missed(incoming, gap.guild, None)?;
                        dispatcher.pass_over(&heeded);
                        return None;
                    }
                };
                dispatcher.missed(incoming, gap.guild, said)
            })
            .map(Arc::new)
            .collect();
        // No wait between entering and here: a channel counts as read with its commands entered. One
        // that was not read to the end is still missing, for the next greeting.
        if found.failed.is_none() {
            dispatcher
                .marks
                .caught_up(gap.channel, found.newest, reading.cuts);
        }
        if !missed.is_empty() {
            tracing::info!(channel = %gap.channel, commands = missed.len(), "catching up");
        }
        let tasks = self.inner.tasks.clone();
        tasks.spawn(self.hand_over(gap.channel, missed));
    }

    /// Reads a channel from its end down to `from`.
    async fn find(&self, gap: Gap, from: MessageId, reading: &Reading) -> Found {
        let channel = gap.channel;
        let waiting = self.inner.dispatcher.waiting_lines(gap.guild);
        let mut found = Found::default();
        let mut before = None;
        for _ in 0..MOST_PAGES {
            let page = match self.page(channel, before, reading).await {
                Ok(page) => page,
                Err(error) => {
                    found.failed = Some(error);
                    return found;
                }
            };
            found.newest = found.newest.max(page.newest);
            for answer in page.answers {
                let text = answer.text.unwrap_or_default();
                let answered = match text.lines().any(|line| waiting.contains(line)) {
                    true => Answered::Part(answer.message),
                    false => Answered::Whole,
                };
                let known = found.answered.entry(answer.command).or_insert(answered);
                *known = known.and(answered);
            }
            let dispatcher = &self.inner.dispatcher;
            let missed = page.messages.into_iter().filter(|it| it.message > from);
            let commands = missed.filter(|incoming| dispatcher.is_ours(incoming));
            found.commands.extend(commands);
            let Some(oldest) = page.oldest else {
                return found;
            };
            // A page that brings nothing older is the last, whatever the platform means by it.
            if oldest <= from || before.is_some_and(|before| oldest >= before) {
                return found;
            }
            before = Some(oldest);
        }
        tracing::warn!(%channel, pages = MOST_PAGES, "more was said in a channel than is read again; the oldest commands of it are left alone");
        found
    }

    /// One page, asked for again where no answer came.
    async fn page(
        &self,
        channel: ChannelId,
        before: Option<MessageId>,
        reading: &Reading,
    ) -> Result<Page, ApiError> {
        let dispatcher = &self.inner.dispatcher;
        let mut delays = AGAIN.delays();
        loop {
            let page = dispatcher
                .api
                .history(channel, before, dispatcher.bot)
                .await;
            match page {
                Err(error) if error.is_passing() => {
                    let patience = reading.patience.fetch_update(
                        Ordering::Relaxed,
                        Ordering::Relaxed,
                        |left| left.checked_sub(1),
                    );
                    let Some(delay) = delays.next().filter(|_| patience.is_ok()) else {
                        return Err(error);
                    };
                    sleep(delay).await;
                }
                page => return page,
            }
        }
    }

    /// Tells what reading a channel came to, where that is news.
    fn tell_of(&self, gap: Gap, failed: Option<&ApiError>) {
        let dispatcher = &self.inner.dispatcher;
        match failed {
            Some(error) if error.is_passing() => {
                tracing::warn!(channel = %gap.channel, %error, "the history of a channel gave no answer; what was missed there stays unanswered");
                return;
            }
            Some(error) => {
                let now_ms = dispatcher.clock.now_ms();
                if dispatcher.marks.note_closed(gap.channel, Some(now_ms)) {
                    tracing::warn!(channel = %gap.channel, guild = gap.guild.map(tracing::field::display), %error, "the history of a channel cannot be read: what is missed there stays unanswered. Said once; `/check` goes on showing it");
                }
            }
            None => {
                if dispatcher.marks.note_closed(gap.channel, None) {
                    tracing::info!(channel = %gap.channel, "the history of a channel can be read again");
                }
                let closed = dispatcher.marks.closed();
                if closed.is_empty() {
                    dispatcher.pulses.well(edge::HISTORY);
                }
                if let Some(guild) = gap.guild
                    && !closed.iter().any(|(of, _)| *of == gap.guild)
                {
                    let edge = edge::history_of(guild.number());
                    dispatcher.pulses.well(&edge);
                }
            }
        }
        self.tell_of_closed();
    }

    /// Shows which channels cannot be read, where `/check`, `/health` and metrics look.
    pub(super) fn tell_of_closed(&self) {
        let dispatcher = &self.inner.dispatcher;
        let closed = dispatcher.marks.closed();
        metrics::gauge!("guildpoints_channels_unreadable").set(closed.len() as f64);
        if closed.is_empty() {
            return;
        }
        let what = format!(
            "the history of {} channels cannot be read; the log and `/check` name them. What is typed \
             there while the bot is away stays unanswered",
            closed.len()
        );
        dispatcher.pulses.trouble(edge::HISTORY, what);
        let mut guilds: BTreeMap<_, Vec<String>> = BTreeMap::new();
        for (guild, channel) in closed {
            // A private chat is nobody's business but its own.
            if let Some(guild) = guild {
                guilds.entry(guild).or_default().push(channel.to_string());
            }
        }
        for (guild, channels) in guilds {
            let what = format!(
                "the history cannot be read in: {}. What is typed there while the bot is away stays \
                 unanswered; give the bot the permission to read the history",
                channels.join(", ")
            );
            let edge = edge::history_of(guild.number());
            dispatcher.pulses.trouble(&edge, what);
        }
    }
}

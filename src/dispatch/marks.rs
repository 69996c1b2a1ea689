//! Which commands are handled, channel by channel: what tells the missed from the repeated.
//!
//! For each channel in which commands were seen there is one id, `since`: everything up to it is
//! handled. Of the commands above it, those at work (`open`) and those handled (`done`) are known one
//! by one. `since` trails the channel's mark (the last id up to which everything is handled) by a
//! minute, because frames may be late or out of order; it never goes back, never passes a command
//! that is open, and never passes a stretch that was missed and not read yet (`resume`).
//!
//! Invariants: a command is entered once, whether its frame or the history brings it first; what is
//! noted on disk is handled, and nothing is noted before what stands there is learnt: a channel that
//! looks new until then may have a stretch that was missed; nothing here waits. Deliberately absent:
//! reading history, and time: ids are the platform's own clock.

mod channel;

use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use tokio::sync::Notify;

use crate::dispatch::marks::channel::Channel;
use crate::dispatch::marks::channel::earlier;
use crate::journal::ChannelMark;
use crate::journal::Handled;
use crate::model::ChannelId;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::incoming::Incoming;

/// Channels remembered by a running process; each is some hundred bytes.
const MOST_KEPT: usize = 5_000;
/// An id from further in the future is no id of this platform, and would end all catching up.
const FUTURE_MS: i64 = 3_600_000;

/// How a command came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// By its frame.
    Live,
    /// From the history.
    Missed,
}

pub(super) use channel::first_at;

/// What is known of all channels.
#[derive(Default)]
pub(super) struct Marks {
    state: Mutex<State>,
    /// The newest message of this connection: everything older has arrived, in every channel.
    alive: AtomicU64,
    changed: Notify,
}

#[derive(Default)]
struct State {
    channels: HashMap<ChannelId, Channel>,
    /// Channels with something to be noted on disk.
    dirty: HashSet<ChannelId>,
    /// How often the connection was lost: what was begun before the last time proves nothing.
    cuts: u64,
    /// Whether it is known what former processes have noted.
    is_learnt: bool,
}

/// A channel that is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gap {
    pub channel: ChannelId,
    pub guild: Option<GuildId>,
    /// What lies above this may have been missed.
    pub resume: MessageId,
}

/// A command that was entered. Dropping it ends the command if its work has begun; one whose work
/// never begins stays open, for the next process to find.
pub(super) struct Entered {
    marks: Arc<Marks>,
    channel: ChannelId,
    message: MessageId,
    begun: AtomicBool,
    is_late: bool,
}

impl Entered {
    /// Whether its frame came when everything as old had long been handled: it may come again.
    pub(super) fn is_late(&self) -> bool {
        self.is_late
    }

    /// From here on it counts as handled once it ends, however it ends.
    pub(super) fn begin(&self) {
        self.begun.store(true, Ordering::Relaxed);
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        if self.begun.load(Ordering::Relaxed) {
            self.marks.leave(self.channel, self.message);
        }
    }
}

impl Marks {
    /// A message has arrived by its frame: what is older has arrived too.
    pub(super) fn arrived(&self, message: MessageId, now_ms: i64) {
        if message.minted_ms() < now_ms + FUTURE_MS {
            self.alive.fetch_max(message.number(), Ordering::Relaxed);
        }
    }

    /// Enters a command; none where it was entered before or its channel is handled beyond it.
    ///
    /// A frame that is older than everything remembered is let through as a late one: whether it comes
    /// again is for somebody else to find out.
    pub(super) fn enter(
        self: &Arc<Self>,
        incoming: &Incoming,
        arrival: Arrival,
        now_ms: i64,
    ) -> Option<Entered> {
        let message = incoming.message;
        let mut entered = Entered {
            marks: Arc::clone(self),
            channel: incoming.channel,
            message,
            begun: AtomicBool::new(false),
            is_late: false,
        };
        if message.minted_ms() >= now_ms + FUTURE_MS {
            return Some(entered);
        }
        let mut state = self.state();
        let State {
            channels,
            dirty,
            is_learnt,
            ..
        } = &mut *state;
        let channel = channels.entry(incoming.channel).or_insert_with(|| {
            // What was said before anybody used the bot here is not ours.
            let since = MessageId::new(message.number().saturating_sub(1));
            dirty.insert(incoming.channel);
            self.changed.notify_one();
            let mut channel = Channel::new(incoming.guild, since);
            // Perhaps somebody did, and what is noted of it is not known yet.
            channel.resume = (!*is_learnt).then_some(since);
            channel
        });
        if message <= channel.since {
            entered.is_late = true;
            return (arrival == Arrival::Live).then_some(entered);
        }
        if channel.done.contains(&message) || !channel.open.insert(message) {
            return None;
        }
        channel.newest = channel.newest.max(message);
        Some(entered)
    }

    fn leave(&self, channel: ChannelId, message: MessageId) {
        let mut state = self.state();
        let Some(known) = state.channels.get_mut(&channel) else {
            return;
        };
        if known.open.remove(&message) {
            known.done.insert(message);
            known.unsaved.push(message);
            known.advance();
            state.dirty.insert(channel);
            self.changed.notify_one();
        }
    }

    /// The connection is lost: what is said from here on is missed.
    pub(super) fn cut(&self) {
        let alive = earlier(MessageId::new(self.alive.load(Ordering::Relaxed)));
        let mut state = self.state();
        state.cuts += 1;
        for channel in state.channels.values_mut() {
            let from = channel.since.max(alive);
            channel.resume.get_or_insert(from);
        }
    }

    /// Adds what a former process has noted.
    pub(super) fn learn(&self, handled: Handled) {
        let mut state = self.state();
        let is_first = !std::mem::replace(&mut state.is_learnt, true);
        for mark in handled.channels {
            let known = state.channels.entry(mark.channel).or_insert_with(|| {
                let mut channel = Channel::new(mark.guild, mark.since);
                channel.resume = Some(mark.since);
                channel
            });
            if is_first {
                // Until now it went by its first live command; what was missed lies before that.
                known.since = mark.since;
                known.resume = Some(mark.since);
            }
            known.since = known.since.max(mark.since);
            known.newest = known.newest.max(mark.since);
            known.closed_ms = known.closed_ms.or(mark.closed_ms);
        }
        for (channel, message) in handled.commands {
            if let Some(known) = state.channels.get_mut(&channel)
                && message > known.since
                && !known.open.contains(&message)
            {
                known.done.insert(message);
                known.newest = known.newest.max(message);
            }
        }
        if is_first && !state.dirty.is_empty() {
            self.changed.notify_one();
        }
    }

    /// Whether it is known what former processes have noted.
    pub(super) fn is_learnt(&self) -> bool {
        self.state().is_learnt
    }

    /// The stretches that were missed, those of the channels used last first, and the count of cuts
    /// they belong to.
    pub(super) fn gaps(&self) -> (u64, Vec<Gap>) {
        let state = self.state();
        let missed = state.channels.iter().filter_map(|(id, channel)| {
            let gap = Gap {
                channel: *id,
                guild: channel.guild,
                resume: channel.resume?.max(channel.since),
            };
            Some((channel.newest, gap))
        });
        let mut missed: Vec<(MessageId, Gap)> = missed.collect();
        missed.sort_by_key(|(newest, _)| std::cmp::Reverse(*newest));
        let gaps = missed.into_iter().map(|(_, gap)| gap).collect();
        (state.cuts, gaps)
    }

    /// A channel was read up to `newest`, or is not to be read; every command found there is entered.
    /// Says nothing where the connection was lost again since `cuts`.
    pub(super) fn caught_up(&self, channel: ChannelId, newest: Option<MessageId>, cuts: u64) {
        let mut state = self.state();
        if state.cuts != cuts {
            return;
        }
        let Some(known) = state.channels.get_mut(&channel) else {
            return;
        };
        known.resume = None;
        known.newest = known.newest.max(newest.unwrap_or(known.newest));
        known.advance();
        state.dirty.insert(channel);
        self.changed.notify_one();
    }

    /// Notes whether a channel's history may be read; true where that is news.
    pub(super) fn note_closed(&self, channel: ChannelId, closed_ms: Option<i64>) -> bool {
        let mut state = self.state();
        let Some(known) = state.channels.get_mut(&channel) else {
            return false;
        };
        if known.closed_ms.is_some() == closed_ms.is_some() {
            return false;
        }
        known.closed_ms = closed_ms;
        state.dirty.insert(channel);
        self.changed.notify_one();
        true
    }

    /// The channels whose history may not be read, with their guilds.
    pub(super) fn closed(&self) -> Vec<(Option<GuildId>, ChannelId)> {
        let state = self.state();
        let closed = state.channels.iter();
        let closed = closed.filter(|(_, channel)| channel.closed_ms.is_some());
        let mut closed: Vec<_> = closed.map(|(id, known)| (known.guild, *id)).collect();
        closed.sort_unstable();
        closed
    }

    /// Waits until there is something to be noted on disk. Losing this future loses nothing but its
    /// turn.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Takes what is to be noted on disk; nothing before that is learnt.
    pub(super) fn take(&self) -> Option<Handled> {
        let mut state = self.state();
        if !state.is_learnt {
            return None;
        }
        let dirty = std::mem::take(&mut state.dirty);
        let mut handled = Handled::default();
        for id in dirty {
            let Some(known) = state.channels.get_mut(&id) else {
                continue;
            };
            let fresh = std::mem::take(&mut known.unsaved).into_iter();
            let fresh = fresh.filter(|message| *message > known.since);
            handled.commands.extend(fresh.map(|message| (id, message)));
            handled.channels.push(ChannelMark {
                channel: id,
                guild: known.guild,
                since: known.since,
                closed_ms: known.closed_ms,
            });
        }
        (!handled.channels.is_empty()).then_some(handled)
    }

    /// Gives back what could not be noted.
    pub(super) fn put_back(&self, handled: Handled) {
        let mut state = self.state();
        for (channel, message) in handled.commands {
            if let Some(known) = state.channels.get_mut(&channel) {
                known.unsaved.push(message);
            }
        }
        for mark in handled.channels {
            state.dirty.insert(mark.channel);
        }
    }

    /// The end of a connection that was never lost: quiet channels are handled as far as the newest
    /// message of any channel, so the next process has less to read.
    pub(super) fn end(&self) {
        let alive = MessageId::new(self.alive.load(Ordering::Relaxed));
        let mut state = self.state();
        let State {
            channels, dirty, ..
        } = &mut *state;
        for (id, channel) in channels {
            if channel.resume.is_none() && channel.open.is_empty() {
                channel.newest = channel.newest.max(alive);
                channel.advance();
                dirty.insert(*id);
            }
        }
    }

    /// Forgets the channels used longest ago where there are very many; disk still knows them.
    pub(super) fn forget(&self) {
        let mut state = self.state();
        if state.channels.len() <= MOST_KEPT {
            return;
        }
        let mut ages: Vec<MessageId> = state.channels.values().map(|known| known.newest).collect();
        ages.sort_unstable();
        let oldest_kept = ages[ages.len() - MOST_KEPT];
        let State {
            channels, dirty, ..
        } = &mut *state;
        channels.retain(|id, known| {
            known.newest >= oldest_kept || !known.open.is_empty() || dirty.contains(id)
        });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;

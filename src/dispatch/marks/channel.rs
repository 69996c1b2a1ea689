//! What is known of one channel.

use std::collections::BTreeSet;

use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::ids::SNOWFLAKE_EPOCH_MS;

/// A minute before the mark is read again: frames that were late or out of order lie there.
const READ_AGAIN_MS: i64 = 60_000;
/// Handled commands remembered for one channel. More within a minute are a flood; then the stretch
/// that is read again becomes shorter instead of the memory larger.
pub(super) const MOST_DONE: usize = 2_000;

/// A channel in which commands were seen.
pub(super) struct Channel {
    pub guild: Option<GuildId>,
    pub since: MessageId,
    /// The newest command entered, or message read.
    pub newest: MessageId,
    pub open: BTreeSet<MessageId>,
    pub done: BTreeSet<MessageId>,
    /// Those of `done` that are not on disk.
    pub unsaved: Vec<MessageId>,
    /// Where a stretch begins that was missed and is not read yet.
    pub resume: Option<MessageId>,
    pub closed_ms: Option<i64>,
}

impl Channel {
    /// A channel handled up to `since`, of which nothing was missed.
    pub fn new(guild: Option<GuildId>, since: MessageId) -> Self {
        Self {
            guild,
            since,
            newest: since,
            open: BTreeSet::new(),
            done: BTreeSet::new(),
            unsaved: Vec::new(),
            resume: None,
            closed_ms: None,
        }
    }

    /// Moves `since` on as far as it may go, and forgets what lies below it.
    pub fn advance(&mut self) {
        if self.resume.is_none() {
            let mark = match self.open.first() {
                Some(open) => MessageId::new(open.number().saturating_sub(1)),
                None => self.newest,
            };
            self.since = self.since.max(earlier(mark));
        }
        while self.done.len() > MOST_DONE
            && let Some(oldest) = self.done.pop_first()
        {
            self.since = self.since.max(oldest);
        }
        while self.done.first().is_some_and(|first| *first <= self.since) {
            self.done.pop_first();
        }
        if self.unsaved.len() > MOST_DONE {
            let since = self.since;
            self.unsaved.retain(|message| *message > since);
        }
    }
}

/// The first id that could have been minted at `ms`, in milliseconds since 1970.
pub(in crate::dispatch) fn first_at(ms: i64) -> MessageId {
    let since = u64::try_from(ms.saturating_sub(SNOWFLAKE_EPOCH_MS)).unwrap_or_default();
    MessageId::new(since << 22)
}

/// The id a minute before.
pub(super) fn earlier(message: MessageId) -> MessageId {
    first_at(message.minted_ms() - READ_AGAIN_MS)
}

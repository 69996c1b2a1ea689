//! Writes boards that stand in the chat anew, after somebody on them has left the boards.
//!
//! Invariants: what is owed is in the journal, so it outlives this process; each board is tried until it
//! says what it should or does not stand there any more. Few at once: those who wait for an answer come
//! first. Of many owed boards the posts of schedules come first, then the newest.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::dispatch::Anew;
use crate::dispatch::Dispatcher;
use crate::journal::Journal;
use crate::journal::JournalError;
use crate::journal::OwedBoard;
use crate::journal::ShownKind;
use crate::schedule::Rewritten;
use crate::schedule::Scheduler;
use crate::support::clock::Clock;

/// Pause between two looks at what is owed; a minute is what was promised.
const EVERY: Duration = Duration::from_secs(1);
/// Boards taken from the journal at once.
const A_LOOK: usize = 32;
/// Boards written at once: the channels' pace is for answers.
const AT_ONCE: usize = 2;
/// The first wait after a board could not be written; doubles.
const FIRST_WAIT_MS: i64 = 2_000;
/// No wait is longer than this.
const LONGEST_WAIT_MS: i64 = 300_000;
/// How long an answer is remembered: the chat has moved on by then.
const REMEMBERED_MS: i64 = 24 * 3_600_000;
/// How often what is older is forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(600);

/// What writing boards anew takes.
pub(super) struct Anewing {
    pub dispatcher: Arc<Dispatcher>,
    pub scheduler: Scheduler,
    pub journal: Journal,
    pub clock: Clock,
}

impl Anewing {
    /// Works until stopped.
    pub(super) async fn run(self, stop: CancellationToken) {
        let mut forgotten: Option<Instant> = None;
        let mut worked = true;
        loop {
            self.journal.forget_boards();
            if forgotten.is_none_or(|at| at.elapsed() >= FORGET_EVERY) {
                forgotten = Some(Instant::now());
                let now_ms = self.clock.now_ms();
                let (before, owed_before) = (now_ms - REMEMBERED_MS, now_ms - 2 * REMEMBERED_MS);
                let forget = self.journal.forget_shown(before, owed_before);
                match stop.run_until_cancelled(forget).await {
                    None => return,
                    Some(Ok(())) => {}
                    Some(Err(error)) => {
                        tracing::warn!(%error, "which boards were shown long ago could not be forgotten yet");
                    }
                }
            }
            match stop.run_until_cancelled(self.look()).await {
                None => return,
                Some(Ok(())) => worked = true,
                Some(Err(error)) => {
                    if worked {
                        tracing::warn!(%error, "which boards are to be written anew cannot be read or noted; it is tried again");
                    }
                    worked = false;
                }
            }
            let pause = tokio::time::sleep(EVERY);
            if stop.run_until_cancelled(pause).await.is_none() {
                return;
            }
        }
    }

    /// Writes what is owed now.
    async fn look(&self) -> Result<(), JournalError> {
        loop {
            let owed = self.journal.owed_boards(A_LOOK).await?;
            let full = owed.len() == A_LOOK;
            let mut written = stream::iter(owed)
                .map(|owed| self.write(owed))
                .buffer_unordered(AT_ONCE);
            while let Some(written) = written.next().await {
                written?;
            }
            if !full {
                return Ok(());
            }
        }
    }

    async fn write(&self, owed: OwedBoard) -> Result<(), JournalError> {
        let shown = &owed.shown;
        let (guild, message) = (shown.guild, shown.message);
        let anew = match &shown.kind {
            ShownKind::Post { .. } => match self.scheduler.show_anew(&owed).await? {
                Rewritten::Written => Anew::Written,
                Rewritten::Gone(why) => Anew::Gone(why),
                Rewritten::NotNow(why) => Anew::NotNow(why),
                Rewritten::Failed(error) => Anew::failed(&error),
            },
            ShownKind::Page { .. } | ShownKind::Place { .. } => {
                self.dispatcher.show_anew(&owed).await?
            }
        };
        match anew {
            Anew::Written => {
                tracing::info!(%guild, %message, "a board was written anew without who left it");
                Ok(())
            }
            Anew::Gone(why) => {
                tracing::info!(%guild, %message, why, "a board that was to be written anew does not stand there any more");
                self.journal.shown_gone(shown.channel, message).await
            }
            Anew::NotNow(why) => {
                let wait = FIRST_WAIT_MS << owed.tries.min(8);
                let wait = wait.min(LONGEST_WAIT_MS);
                tracing::warn!(%guild, %message, why, tries = owed.tries + 1, "a board could not be written anew yet");
                let next_ms = self.clock.now_ms() + wait;
                self.journal.show_later(&owed, next_ms).await
            }
        }
    }
}

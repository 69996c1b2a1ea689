//! Says what was settled but never said, and that something is open where not even that was said.
//!
//! Replies are told at least once and, as far as the platform allows, once: a message of ours that
//! stands already is edited. What a lane is about to say is left to the lane.

use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::commands::change_reply;
use crate::dispatch::Dispatcher;
use crate::dispatch::voice::Beneath;
use crate::fanbook::api::SayError;
use crate::journal::JournalError;
use crate::journal::Receipt;
use crate::journal::Shown;
use crate::journal::State;
use crate::journal::Told;
use crate::model::Cause;
use crate::model::MessageId;
use crate::model::ReceiptCode;
use crate::points::ReplyAddress;
use crate::support::outage::Outage;

/// How often the journal is asked for what was never said, beside the moments something settles.
const SWEEP_EVERY: Duration = Duration::from_millis(1_000);
/// Replies taken from the journal in one sweep.
pub(super) const A_SWEEP: usize = 64;
/// Pause between two looks at a list of which something is still open.
const PROGRESS_EVERY_MS: i64 = 2_000;
/// A lane has told how its change stands by then (product: 2 s).
pub(super) const ACKNOWLEDGED_AFTER_MS: i64 = 2_000;
/// First wait after an outcome could not be told.
pub(super) const SHORTEST_WAIT_MS: i64 = 2_000;
/// No wait is longer than this.
pub(super) const LONGEST_WAIT_MS: i64 = 600_000;
/// After this long the chat has moved on; the receipt stays readable.
pub(super) const GIVE_UP_AFTER_MS: i64 = 24 * 3_600_000;

impl Dispatcher {
    /// Tells until stopped.
    pub async fn tell(&self, stop: CancellationToken) {
        let mut sweep = tokio::time::interval(SWEEP_EVERY);
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut outage = Outage::of("what is still to be told");
        loop {
            // Losing any of these loses nothing: the next sweep reads everything from the journal.
            let told = tokio::select! {
                () = stop.cancelled() => return,
                () = self.points.something_settled() => self.tell_what_is_due().await,
                _ = sweep.tick() => self.tell_everything().await,
            };
            outage.note(&told);
        }
    }

    /// Tells once everything that is settled and due.
    pub async fn tell_what_is_due(&self) -> Result<(), JournalError> {
        let due = self.journal.untold(self.clock.now_ms(), A_SWEEP).await?;
        self.tell_each(due).await;
        self.tell_reports().await
    }

    /// The same, and that a change is open where its giver has not heard even that: the process died
    /// first, or the chat could not be reached.
    async fn tell_everything(&self) -> Result<(), JournalError> {
        let lanes_had_their_turn = self.clock.now_ms() - ACKNOWLEDGED_AFTER_MS;
        let open = self.journal.unspoken(lanes_had_their_turn, A_SWEEP).await?;
        self.tell_each(open).await;
        self.tell_what_is_due().await
    }

    async fn tell_each(&self, due: Vec<Receipt>) {
        let mut telling = tokio::task::JoinSet::new();
        for receipt in due {
            let Some(turn) = self.telling.begin(receipt.told_under()) else {
                continue;
            };
            let dispatcher = self.clone();
            telling.spawn(async move {
                dispatcher.tell_one(&receipt.cause).await;
                drop(turn);
            });
        }
        while let Some(told) = telling.join_next().await {
            if let Err(panic) = told {
                tracing::error!(%panic, "telling an outcome ended abnormally");
            }
        }
    }

    /// Tells one outcome; the turn for it must have begun.
    async fn tell_one(&self, cause: &Cause) {
        // Read anew within the turn: whoever had it before may have said it meanwhile.
        let receipt = match self.journal.of_cause(cause).await {
            Ok(Some(receipt)) if is_owed(&receipt) => receipt,
            Ok(_) => return,
            Err(error) => {
                tracing::error!(%error, "an outcome that is to be told cannot be read");
                return;
            }
        };
        let code = receipt.code.clone();
        let noted = match self.told_together(cause).await {
            Ok(all) if all.len() > 1 && all.iter().any(is_moving) => {
                self.tell_progress(receipt, &all).await
            }
            Ok(all) => self.tell_stand(receipt, all).await,
            Err(error) => Err(error),
        };
        if let Err(error) = noted {
            tracing::error!(receipt = %code, %error, "it could not be noted that an outcome was told");
        }
    }

    /// All changes that are told in one message with that one: a command's, or one undo.
    async fn told_together(&self, cause: &Cause) -> Result<Vec<Receipt>, JournalError> {
        match cause {
            Cause::Message { message, .. } => self.journal.of_message(*message).await,
            Cause::Undo { .. } => {
                let undo = self.journal.of_cause(cause).await?;
                Ok(undo.into_iter().collect())
            }
        }
    }

    /// How everything told together stands: the last word on what has ended, and that the rest is
    /// left to people, unless its one change is open.
    async fn tell_stand(
        &self,
        receipt: Receipt,
        mut all: Vec<Receipt>,
    ) -> Result<(), JournalError> {
        let told = match all.iter().any(|entry| entry.state.is_final()) {
            true => Told::Final,
            false => Told::Interim,
        };
        let (at, beneath) = self.place(&receipt, &all).await;
        if let [_] = all.as_slice() {
            all = vec![self.points.with_balance(receipt.clone()).await];
        }
        let tongue = self.tongue(Some(receipt.guild));
        match self
            .voice
            .say_over(at, beneath, &tongue, &change_reply(&all))
            .await
        {
            Ok(said) => {
                tracing::info!(receipt = %receipt.code, state = ?receipt.state, changes = all.len(), "outcome told");
                self.telling.forget_progress(receipt.told_under());
                self.note_stand(&receipt.cause, &all, said, told).await
            }
            Err(error) if is_hopeless(&error) => {
                tracing::warn!(receipt = %receipt.code, %error, "an outcome cannot be told; its receipt stays readable");
                self.journal.undeliverable(&receipt.cause).await
            }
            Err(error) => {
                self.telling.note_unknown(&receipt.cause, &error);
                self.tell_later(&receipt, &error).await
            }
        }
    }

    /// Notes what was said of what is told together. What stands otherwise by then stays owed.
    async fn note_stand(
        &self,
        cause: &Cause,
        all: &[Receipt],
        said: MessageId,
        told: Told,
    ) -> Result<(), JournalError> {
        let shown: Vec<Shown> = all.iter().map(Receipt::shown).collect();
        let noted = self.journal.told(cause, said, told, &shown).await;
        match noted {
            Ok(_) => self.telling.no_doubt(cause),
            Err(_) => self.telling.doubt(cause),
        }
        noted
    }

    /// Where the answer belongs and what stands there: where it may have been said without being
    /// noted, before this process or by a request that got no answer, the chat is looked at first.
    async fn place(&self, receipt: &Receipt, all: &[Receipt]) -> (ReplyAddress, Beneath) {
        let message = receipt.told_under();
        let mut at = receipt.reply;
        let may_stand =
            receipt.written_ms < self.started_ms || self.telling.is_doubtful(&receipt.cause);
        if at.said.is_none() && may_stand {
            let codes: Vec<ReceiptCode> = all.iter().map(|entry| entry.code.clone()).collect();
            at.said = self.voice.said_already(at.channel, message, &codes).await;
            if let Some(said) = at.said {
                tracing::info!(receipt = %receipt.code, %said, "an answer that was not noted stands already");
            }
        }
        // It waited with the buttons that decide, or was done with the one that undoes.
        let had_buttons = |entry: &Receipt| entry.approval.is_some() || entry.undone > 0;
        let beneath = match at.said.is_some() && all.iter().any(had_buttons) {
            true => Beneath::Buttons,
            false => self.beneath(message, at).await,
        };
        (at, beneath)
    }

    /// What stands where the answer to `message` is to be said, as far as it may be a question.
    pub(super) async fn beneath(&self, message: MessageId, at: ReplyAddress) -> Beneath {
        if at.said.is_none() {
            return Beneath::Text;
        }
        match self.journal.asked(message).await {
            Ok(Some(_)) => Beneath::Buttons,
            // At worst its buttons stay, and answer that they have no use any more.
            Ok(None) | Err(_) => Beneath::Text,
        }
    }

    /// Some of several changes are settled: the list is brought up to date where it would read
    /// differently, and looked at again soon.
    async fn tell_progress(&self, receipt: Receipt, all: &[Receipt]) -> Result<(), JournalError> {
        let message = receipt.told_under();
        let states: Vec<State> = all.iter().map(|entry| entry.state).collect();
        if self.telling.progress(message) != Some(states.clone()) {
            let tongue = self.tongue(Some(receipt.guild));
            let (at, beneath) = self.place(&receipt, all).await;
            match self
                .voice
                .say_over(at, beneath, &tongue, &change_reply(all))
                .await
            {
                Ok(said) => {
                    self.note_stand(&receipt.cause, all, said, Told::Interim)
                        .await?;
                    self.telling.note_progress(message, states);
                }
                Err(error) => {
                    self.telling.note_unknown(&receipt.cause, &error);
                    tracing::warn!(receipt = %receipt.code, %error, "progress could not be told")
                }
            }
        }
        let next = self.clock.now_ms() + PROGRESS_EVERY_MS;
        self.journal.tell_later(&receipt.cause, next).await?;
        Ok(())
    }

    /// Puts it off for half as long as it has been waiting, so that the waits double; for a day.
    async fn tell_later(&self, receipt: &Receipt, error: &SayError) -> Result<(), JournalError> {
        let now = self.clock.now_ms();
        let since = receipt.settled_ms.unwrap_or(receipt.written_ms);
        let age = (now - since).max(0);
        if age >= GIVE_UP_AFTER_MS {
            return self.journal.undeliverable(&receipt.cause).await;
        }
        let wait = (age / 2).clamp(SHORTEST_WAIT_MS, LONGEST_WAIT_MS);
        let tries = self.journal.tell_later(&receipt.cause, now + wait).await?;
        tracing::warn!(receipt = %receipt.code, tries, %error, "an outcome could not be told yet");
        Ok(())
    }
}

/// Whether the giver knows less than there is to tell.
fn is_owed(receipt: &Receipt) -> bool {
    match receipt.told {
        Told::Nothing => true,
        Told::Interim => receipt.state.is_final(),
        Told::Final | Told::Undeliverable => false,
    }
}

/// Whether it will still change by itself.
fn is_moving(entry: &Receipt) -> bool {
    let left_to_people = matches!(entry.state, State::Waiting | State::Unresolved);
    !entry.state.is_final() && !left_to_people
}

/// Whether no later try can succeed.
pub(super) fn is_hopeless(error: &SayError) -> bool {
    matches!(error, SayError::Gone | SayError::Closed)
}

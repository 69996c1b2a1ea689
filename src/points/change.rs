//! The first sending of a change, within the answer budget.

use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::journal::ConfirmationState;
use crate::journal::Durability;
use crate::journal::JournalError;
use crate::journal::Opened;
use crate::journal::Over;
use crate::journal::Receipt;
use crate::journal::Settlement;
use crate::journal::State;
use crate::journal::Ticket;
use crate::model::Ability;
use crate::model::Amount;
use crate::model::Freeze;
use crate::model::GuildId;
use crate::model::Policy;
use crate::model::System;
use crate::model::UserId;
use crate::permissions::Granted;
use crate::points::Adjust;
use crate::points::AtWork;
use crate::points::DoubtKind;
use crate::points::Order;
use crate::points::Points;
use crate::points::PointsBackend;
use crate::points::ReadError;
use crate::points::Repeats;
use crate::points::Taking;
use crate::points::Verdict;
use crate::points::heard::Heard;

/// What became of an order within the answer budget.
#[derive(Debug)]
pub enum Change {
    /// The points system has confirmed it.
    Done(Receipt),
    /// It was not carried out.
    Refused(Receipt),
    /// Not settled yet; it settles by itself, and the reply is edited then.
    Pending(Receipt),
    /// The same message asked before; nothing happens again.
    Known(Receipt),
    /// A cap does not allow it; nothing was written.
    Over(Over),
    /// Giving is stopped in the guild; nothing was written.
    Frozen(Freeze),
    /// The confirmation does not count any more; nothing was written.
    ConfirmationSpent(ConfirmationState),
}

/// Why an order could not even be written down. Nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// No points system is set up for the guild.
    #[error("no points system is set up for this guild")]
    NoSystem,
    /// The guild's points system cannot do that.
    #[error("the points system `{system}` lacks an ability: {ability:?}")]
    Lacks {
        /// What it cannot do.
        ability: Ability,
        /// Which it is.
        system: System,
    },
    /// The account of this member could not be told.
    #[error("whose account is meant could not be told: {:?}", .error.refused.meaning)]
    Account {
        /// Whose.
        member: UserId,
        /// Why not.
        error: ReadError,
    },
    /// The reason is longer than the points system takes, in UTF-16 units.
    #[error("the reason has {length} units, at most {cap} fit")]
    ReasonTooLong {
        /// Its length.
        length: usize,
        /// The limit.
        cap: usize,
    },
    /// The journal refused; nothing was sent.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// A connection that cannot be made is tried this often before the entry is queued.
const QUICK_ATTEMPTS: u32 = 3;

impl Points {
    /// The guild's points system, which can change points by amounts of this sign.
    pub(super) fn backend(
        &self,
        guild: GuildId,
        amounts: impl IntoIterator<Item = Amount>,
    ) -> Result<&Arc<dyn PointsBackend>, ChangeError> {
        let systems = self.inner.systems.get(&guild);
        let backend = &systems.ok_or(ChangeError::NoSystem)?.rewards;
        let system = backend.system().clone();
        let Some(adjust) = backend.adjust() else {
            let ability = Ability::Change;
            return Err(ChangeError::Lacks { ability, system });
        };
        let takes = amounts.into_iter().any(Amount::takes);
        if takes && adjust.taking() == Taking::NotEnabled {
            let ability = Ability::Take;
            return Err(ChangeError::Lacks { ability, system });
        }
        Ok(backend)
    }

    /// Writes the change down, sends it, and says what is known when the answer budget is used up.
    ///
    /// What outlives the budget goes on by itself: the sending ends in the journal, `reconcile`
    /// settles it and the teller says so.
    pub async fn change(
        &self,
        granted: &Granted,
        policy: &Policy,
        order: Order,
    ) -> Result<Change, ChangeError> {
        let deadline = Instant::now() + self.inner.times.answer_budget;
        let backend = self.backend(policy.guild, [order.amount])?;
        let intent = order
            .intent(policy.guild, self.day(policy), &**backend)
            .await?;
        let look_after = self.inner.times.request_limit;
        let opened = self
            .inner
            .journal
            .open(granted, self.today(policy), look_after, intent)
            .await?;
        Ok(match opened {
            Opened::Fresh(ticket) => self.send_fresh(ticket, deadline).await,
            Opened::Waiting(receipt) => {
                tracing::info!(receipt = %receipt.code, op = %receipt.op, "a change waits for approval");
                Change::Pending(*receipt)
            }
            // Only an undo can be not undoable, and it is the change it meets that is known.
            Opened::Known(receipt) | Opened::NotUndoable(Some(receipt)) => Change::Known(*receipt),
            Opened::NotUndoable(None) => return Err(JournalError::Changed.into()),
            Opened::Over(over) => Change::Over(over),
            Opened::Frozen(freeze) => Change::Frozen(freeze),
            Opened::ConfirmationSpent(state) => Change::ConfirmationSpent(state),
        })
    }

    /// Sends a fresh ticket and says what is known at `deadline`.
    pub(super) async fn send_fresh(&self, ticket: Ticket, deadline: Instant) -> Change {
        let written = ticket.receipt().clone();
        tracing::info!(receipt = %written.code, op = %written.op, amount = written.amount.points(), "change written");
        let Some(at_work) = self.take(ticket.op()) else {
            // Only the sweep could have it already, and then it carries the change out.
            return Change::Pending(written);
        };
        let (applied, carried_out) = oneshot::channel();
        let balance = async {
            carried_out.await.ok()?;
            self.balance_of(&written).await.ok()
        };
        // The balance is read while the outcome is written down; each is worth waiting for alone.
        let (settled, balance) = tokio::join!(
            self.sent(ticket, at_work, applied, deadline),
            tokio::time::timeout_at(deadline, balance)
        );
        let Some(mut settled) = settled else {
            return Change::Pending(written);
        };
        match settled.state {
            State::Refused => {
                let without = settled.clone();
                let read = tokio::time::timeout_at(deadline, self.with_balance(settled)).await;
                Change::Refused(read.unwrap_or(without))
            }
            state if state.took_effect() => {
                settled.balance = balance.ok().flatten();
                self.note_balance(&settled);
                Change::Done(settled)
            }
            _ => Change::Pending(settled),
        }
    }

    /// What came of the first sending by the `deadline`; `None` where that is not known yet.
    ///
    /// The teller is called only where nobody waits for it here any more.
    async fn sent(
        &self,
        ticket: Ticket,
        at_work: AtWork,
        applied: oneshot::Sender<()>,
        deadline: Instant,
    ) -> Option<Receipt> {
        let code = ticket.receipt().code.clone();
        let (result, mut waiting) = oneshot::channel();
        let points = self.clone();
        self.inner.tasks.spawn(async move {
            let receipt = points.first_sending(ticket, at_work, applied).await;
            let is_final = receipt
                .as_ref()
                .is_some_and(|receipt| receipt.state.is_final());
            let late = result.send(receipt).is_err();
            if is_final && late {
                points.inner.settled.notify_one();
            }
        });
        match tokio::time::timeout_at(deadline, &mut waiting).await {
            Ok(Ok(sent)) => sent,
            Ok(Err(_ended)) => {
                tracing::error!(receipt = %code, "sending a change ended abnormally; it will be looked up");
                None
            }
            Err(_) => {
                waiting.close();
                // It may have come between the deadline and the closing.
                waiting.try_recv().ok().flatten()
            }
        }
    }

    /// Sends a fresh ticket. `None`: the journal could not note the outcome, so it stays open.
    async fn first_sending(
        &self,
        mut ticket: Ticket,
        at_work: AtWork,
        applied: oneshot::Sender<()>,
    ) -> Option<Receipt> {
        let code = ticket.receipt().code.clone();
        let outcome = self.send_quickly(&mut ticket).await;
        if let Ok(Verdict::Applied) = outcome {
            // Nobody listens any more when the answer budget is used up.
            let _listened = applied.send(());
        }
        let noted = match outcome {
            Ok(verdict) => self.note_first(ticket, verdict).await,
            Err(error) => Err(error),
        };
        drop(at_work);
        match noted {
            Ok(receipt) => {
                if !receipt.state.is_final() {
                    self.inner.due.notify_one();
                }
                Some(receipt)
            }
            Err(error) => {
                tracing::error!(receipt = %code, %error, "the outcome of a change could not be noted; it will be looked up");
                None
            }
        }
    }

    /// Sends until a byte has left or the quick attempts are used up.
    async fn send_quickly(&self, ticket: &mut Ticket) -> Result<Verdict, JournalError> {
        let mut attempt = 1;
        loop {
            let verdict = match self.adjust_of(ticket) {
                Some(adjust) => adjust.adjust(ticket).await,
                None => Verdict::NotSent("the points system is not set up any more".to_owned()),
            };
            if !matches!(verdict, Verdict::NotSent(_)) || attempt == QUICK_ATTEMPTS {
                return Ok(verdict);
            }
            tokio::time::sleep(std::time::Duration::from_millis(100 << attempt)).await;
            attempt += 1;
            let next_look = self.inner.clock.now_ms() + millis(self.inner.times.request_limit);
            match self.inner.journal.send_first(ticket, next_look).await {
                Ok(()) => {}
                // Nothing has left, so it waits until giving goes on.
                Err(JournalError::Frozen) => return Ok(verdict),
                Err(error) => return Err(error),
            }
        }
    }

    pub(super) async fn note_first(
        &self,
        ticket: Ticket,
        verdict: Verdict,
    ) -> Result<Receipt, JournalError> {
        let journal = &self.inner.journal;
        let now = self.inner.clock.now_ms();
        let times = &self.inner.times;
        let mut progress = ticket.receipt().progress.clone();
        let mut heard = Heard {
            sends: progress.sends,
            ..Heard::default()
        };
        let (state, wait) = match verdict {
            Verdict::Applied => return self.settle_done(ticket).await,
            // Nothing of this id was sent before, so a clear refusal can be believed.
            Verdict::Refused(refused) => {
                return journal.settle(ticket, Settlement::Refused(refused)).await;
            }
            Verdict::NotSent(why) => {
                heard.not_sent(&why);
                (State::Queued, times.look_up_wait(0))
            }
            Verdict::Unknown(doubt) => {
                heard.doubt(&doubt, now);
                match doubt.kind {
                    DoubtKind::TooFast { retry_after } => {
                        (State::Queued, retry_after.unwrap_or(times.look_up_wait(0)))
                    }
                    _ => (State::Unconfirmed, times.look_up_wait(0)),
                }
            }
        };
        tracing::warn!(receipt = %ticket.receipt().code, code = heard.code, why = ?heard.text, ?state, "outcome not known yet");
        progress.heard = heard.kept();
        progress.next_look_ms = now + millis(wait);
        progress.in_doubt_since_ms = Some(now);
        journal.keep(ticket, state, progress).await
    }

    /// Notes that the points system has confirmed it.
    ///
    /// Where it can be asked again and drops what comes twice, a power cut may take the note: the
    /// entry is then unconfirmed, and the look-up finds what was carried out.
    pub(super) async fn settle_done(&self, ticket: Ticket) -> Result<Receipt, JournalError> {
        let backend = self.backend_of(&ticket);
        let can_be_asked = backend.is_some_and(|backend| backend.lookup().is_some());
        let adjust = backend.and_then(|backend| backend.adjust());
        let drops_repeats = adjust.is_some_and(|adjust| adjust.repeats() == Repeats::Dropped);
        let durability = match can_be_asked && drops_repeats {
            true => Durability::Soon,
            false => Durability::Now,
        };
        self.inner.journal.settle_done(ticket, durability).await
    }

    pub(super) fn adjust_of(&self, ticket: &Ticket) -> Option<&dyn Adjust> {
        self.backend_of(ticket)?.adjust()
    }

    /// The points system the ticket was written for, if the guild still has it.
    pub(super) fn backend_of(&self, ticket: &Ticket) -> Option<&dyn PointsBackend> {
        self.system_of(ticket.receipt()).map(|backend| &**backend)
    }
}

/// A duration as the journal keeps times, in milliseconds.
pub(super) fn millis(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4)
}

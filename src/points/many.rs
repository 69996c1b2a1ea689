//! Several changes of one command: all written first, then sent in as few calls as possible.
//!
//! Invariants: every row is on disk, as queued, in one transaction before the first byte leaves; a
//! request carries a member at most once, since results name the member and not the id; what a
//! crash interrupts is finished by `reconcile`, entry by entry. Where a look-up can only search a
//! history, one outcome that is not known stops the others. Source: points-backends, 1.8 and 2.5.

use std::sync::Arc;

use futures_util::future::join_all;
use futures_util::future::try_join_all;
use tokio::time::Instant;

use crate::journal::Intent;
use crate::journal::JournalError;
use crate::journal::OpenedAll;
use crate::journal::Ticket;
use crate::model::Freeze;
use crate::model::MessageId;
use crate::model::Policy;
use crate::permissions::Granted;
use crate::points::AtWork;
use crate::points::ChangeError;
use crate::points::ConfirmationState;
use crate::points::Order;
use crate::points::Over;
use crate::points::Points;
use crate::points::PointsBackend;
use crate::points::Receipt;
use crate::points::Verdict;
use crate::points::by_history::goes_one_by_one;
use crate::points::change::millis;

/// What became of several orders within the answer budget.
#[derive(Debug)]
pub enum Changes {
    /// They are written; how each stands now, in the order of the message.
    Written(Vec<Receipt>),
    /// The same message asked before; nothing happens again.
    Known,
    /// A cap does not allow them as a whole; nothing was written.
    Over(Over),
    /// Giving is stopped in the guild; nothing was written.
    Frozen(Freeze),
    /// The confirmation does not count any more; nothing was written.
    ConfirmationSpent(ConfirmationState),
}

/// A ticket with the mark that this task works on it.
type Held = (Ticket, AtWork);

impl Points {
    /// Writes all changes of one message down, sends them, and says how each stands when the answer
    /// budget is used up.
    pub async fn change_all(
        &self,
        granted: &Granted,
        policy: &Policy,
        message: MessageId,
        orders: Vec<Order>,
    ) -> Result<Changes, ChangeError> {
        let deadline = Instant::now() + self.inner.times.answer_budget;
        let day_number = self.day(policy);
        let amounts = orders.iter().map(|order| order.amount);
        let backend = self.backend(policy.guild, amounts)?;
        let intents = orders
            .into_iter()
            .map(|order| order.intent(policy.guild, day_number, &**backend));
        let intents: Vec<Intent> = try_join_all(intents).await?;
        let look_after = self.inner.times.request_limit;
        let day = self.today(policy);
        let journal = &self.inner.journal;
        let tickets = match journal.open_all(granted, day, look_after, intents).await? {
            OpenedAll::Fresh(tickets) => tickets,
            OpenedAll::Known(_) => return Ok(Changes::Known),
            OpenedAll::Waiting(receipts) => {
                tracing::info!(people = receipts.len(), "changes wait for approval");
                return Ok(Changes::Written(receipts));
            }
            OpenedAll::Over(over) => return Ok(Changes::Over(over)),
            OpenedAll::Frozen(freeze) => return Ok(Changes::Frozen(freeze)),
            OpenedAll::ConfirmationSpent(state) => return Ok(Changes::ConfirmationSpent(state)),
        };
        tracing::info!(people = tickets.len(), "changes written");
        self.send_queued(backend, tickets, deadline).await;
        Ok(Changes::Written(
            self.inner.journal.of_message(message).await?,
        ))
    }

    /// Sends what was written as queued, and waits for it until `deadline`.
    pub(super) async fn send_queued(
        &self,
        backend: &Arc<dyn PointsBackend>,
        tickets: Vec<Ticket>,
        deadline: Instant,
    ) {
        let held: Vec<Held> = tickets
            .into_iter()
            .filter_map(|ticket| self.take(ticket.op()).map(|at_work| (ticket, at_work)))
            .collect();
        let (points, backend) = (self.clone(), backend.clone());
        let sending = self
            .inner
            .tasks
            .spawn(async move { points.send_all(&*backend, held).await });
        if let Ok(Err(panic)) = tokio::time::timeout_at(deadline, sending).await {
            tracing::error!(%panic, "sending several changes ended abnormally; they will be looked up");
        }
    }

    async fn send_all(&self, backend: &dyn PointsBackend, mut held: Vec<Held>) {
        let most = backend.batch().map_or(1, |batch| batch.most()).max(1);
        while !held.is_empty() {
            let rest = held.split_off(held.len().min(most));
            let portion = std::mem::replace(&mut held, rest);
            let settled = self.send_portion(backend, portion).await;
            if !settled && !held.is_empty() && goes_one_by_one(backend) {
                // What is left stays queued; `by_history` lets it go on.
                tracing::warn!(
                    left = held.len(),
                    "an outcome is not known yet; the others wait"
                );
                return;
            }
        }
    }

    /// Notes that each is sent now, sends them together, notes what came of each. Whether all of them
    /// came to a clear end.
    async fn send_portion(&self, backend: &dyn PointsBackend, portion: Vec<Held>) -> bool {
        let asked = portion.len();
        let next_look = self.inner.clock.now_ms() + millis(self.inner.times.request_limit);
        let noting = portion.into_iter().map(|(mut ticket, at_work)| async move {
            match self.inner.journal.send_first(&mut ticket, next_look).await {
                Ok(()) => Some((ticket, at_work)),
                Err(JournalError::Frozen) => {
                    tracing::info!(receipt = %ticket.receipt().code, "giving was stopped before this was sent; it waits");
                    None
                }
                Err(error) => {
                    // Not noted, so not sent: the sweep takes it up when it is due.
                    tracing::error!(receipt = %ticket.receipt().code, %error, "a sending could not be noted");
                    None
                }
            }
        });
        let noted = join_all(noting).await.into_iter().flatten();
        let (tickets, marks): (Vec<Ticket>, Vec<AtWork>) = noted.unzip();
        let verdicts = match backend.batch() {
            Some(batch) if tickets.len() > 1 => batch.adjust_many(&tickets).await,
            _ => join_all(tickets.iter().map(|ticket| self.send_one(ticket))).await,
        };
        let noting = tickets.into_iter().zip(verdicts).map(|(ticket, verdict)| async move {
            let code = ticket.receipt().code.clone();
            let noted: Result<Receipt, JournalError> = self.note_first(ticket, verdict).await;
            if let Err(error) = &noted {
                tracing::error!(receipt = %code, %error, "the outcome of a change could not be noted; it will be looked up");
            }
            noted.is_ok_and(|receipt| receipt.state.is_final())
        });
        let ended = join_all(noting).await;
        drop(marks);
        self.inner.settled.notify_one();
        self.inner.due.notify_one();
        ended.len() == asked && ended.into_iter().all(|ended| ended)
    }

    async fn send_one(&self, ticket: &Ticket) -> Verdict {
        match self.adjust_of(ticket) {
            Some(adjust) => adjust.adjust(ticket).await,
            None => Verdict::NotSent("the points system is not set up any more".to_owned()),
        }
    }
}

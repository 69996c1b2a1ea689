//! Settles what is in doubt, by looking at state on a schedule.
//!
//! For each open entry that is due: look its id up, and then
//!
//! | found | last heard | next |
//! | --- | --- | --- |
//! | our change | - | done |
//! | another's change | - | unresolved, a moderator decides |
//! | unused | lost, or nothing (a crash) | send the same id again |
//! | unused | access refused | send once more; refused again: refused |
//! | unused | declined | refused |
//! | unused | id used before | unresolved: both cannot be true, a moderator decides |
//! | unused | too fast, not sent | send |
//! | unused | a refusal is held | refused once nothing sent can be alive |
//! | access refused, three times in a row | access refused | refused |
//! | no information | - | stay |
//! | no look-up at all | - | unresolved, nothing is sent twice |
//!
//! That is for look-ups by id. Where a look-up searches a history, "unused" only means "not shown", and
//! `by_history` says what follows.
//!
//! Every "refused" here is held back while an earlier sending may still land: a late first attempt
//! can take effect after a second one was refused. A sending the process died under counts as lost.
//! Source: points-backends, 1.7.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::journal::JournalError;
use crate::journal::Progress;
use crate::journal::Receipt;
use crate::journal::Refused;
use crate::journal::Settlement;
use crate::journal::State;
use crate::journal::Ticket;
use crate::model::refusal::PointsRefusal;
use crate::points::DoubtKind;
use crate::points::FoundBy;
use crate::points::LookupError;
use crate::points::Points;
use crate::points::Record;
use crate::points::Refusals;
use crate::points::Repeats;
use crate::points::Verdict;
use crate::points::by_history::InTheWay;
use crate::points::change::millis;
use crate::points::heard::Heard;
use crate::points::heard::Last;
use crate::support::outage::Outage;

/// Entries taken from the journal in one sweep.
const A_SWEEP: usize = 64;

/// Look-ups refused in a row after which the access as a whole is taken for broken.
///
/// A request that was delivered twice is answered 401 although it was carried out, and the same can
/// befall its look-up; one such pair must not pass for a refusal. Wrong keys and clocks stay wrong.
const NO_ACCIDENT: u32 = 3;

/// What is to be done with an entry after a look-up.
pub(super) enum Step {
    Done,
    Refuse(Refused),
    Send,
    Stay(State),
}

impl Points {
    /// Sweeps until stopped.
    pub async fn reconcile(self, stop: CancellationToken) {
        let mut outage = Outage::of("what is open in the journal");
        loop {
            outage.note(&self.sweep_everything().await);
            // Losing any of these loses nothing: the next sweep reads everything from the journal.
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.inner.due.notified() => {}
                () = tokio::time::sleep(self.inner.times.sweep_every) => {}
            }
        }
    }

    /// One look at all that is open; what cannot be read of one kind keeps no other from being looked at.
    async fn sweep_everything(&self) -> Result<(), JournalError> {
        let changes = self.sweep().await;
        let reports = self.sweep_reports().await;
        let approvals = self.expire_approvals().await;
        changes.and(reports).and(approvals)
    }

    /// Begins a look at everything that is due and that no task has in hand.
    ///
    /// It does not wait for the looks, so a points system that hangs delays no other's.
    async fn sweep(&self) -> Result<(), JournalError> {
        let due = self
            .inner
            .journal
            .unsettled(self.inner.clock.now_ms(), A_SWEEP)
            .await?;
        for ticket in due {
            let Some(at_work) = self.take(ticket.op()) else {
                continue;
            };
            let points = self.clone();
            self.inner.tasks.spawn(async move {
                let _permit = points.inner.looking.acquire().await;
                let code = ticket.receipt().code.clone();
                match points.look_after(ticket).await {
                    Ok(receipt) if receipt.state.is_final() => {
                        tracing::info!(receipt = %code, state = ?receipt.state, "change settled");
                        points.inner.settled.notify_one();
                    }
                    Ok(receipt) => tracing::debug!(receipt = %code, state = ?receipt.state, "still open"),
                    Err(error) => tracing::error!(receipt = %code, %error, "an open change could not be noted"),
                }
                drop(at_work);
            });
        }
        Ok(())
    }

    async fn look_after(&self, mut ticket: Ticket) -> Result<Receipt, JournalError> {
        let mut heard = Heard::read(&ticket.receipt().progress.heard);
        let mut progress = ticket.receipt().progress.clone();
        let now = self.inner.clock.now_ms();
        heard.after_crash(progress.sends, now);
        progress.in_doubt_since_ms.get_or_insert(now);
        let step = if heard.nothing_left() {
            // Nothing ever left, so there is nothing to look up.
            Step::Send
        } else {
            ticket.looked();
            progress.looks = ticket.receipt().progress.looks;
            self.after_look_up(&ticket, &progress, &mut heard).await
        };
        match step {
            Step::Done => self.settle_done(ticket).await,
            Step::Refuse(refused) => self.refuse(ticket, progress, heard, refused, now).await,
            Step::Stay(state) => self.stay(ticket, progress, heard, state, None).await,
            Step::Send => match self.in_the_way(&ticket, &heard).await? {
                None => self.send_again(ticket, progress, heard, now).await,
                Some(InTheWay::Doubt(wait)) => {
                    let wait = Some(wait);
                    self.stay(ticket, progress, heard, State::Queued, wait)
                        .await
                }
                Some(InTheWay::Queue(wait)) => self.hold(ticket, progress, heard, wait).await,
            },
        }
    }

    async fn after_look_up(&self, ticket: &Ticket, progress: &Progress, heard: &mut Heard) -> Step {
        let backend = self.backend_of(ticket);
        let Some(lookup) = backend.and_then(|backend| backend.lookup()) else {
            heard.text = "the points system offers no look-up".to_owned();
            return Step::Stay(State::Unresolved);
        };
        let found = lookup.lookup(ticket.receipt()).await;
        heard.looks_refused = match found {
            Err(LookupError::AccessRefused { .. }) => heard.looks_refused + 1,
            _ => 0,
        };
        match found {
            Ok(Record::Found { member, amount }) => {
                let receipt = ticket.receipt();
                if member.is_none_or(|member| member == receipt.member)
                    && amount == Some(receipt.amount)
                {
                    return Step::Done;
                }
                tracing::error!(
                    receipt = %receipt.code, op = %receipt.op, ?member, ?amount,
                    "the points system has another change under this id; decide by hand"
                );
                heard.last = Last::Conflict;
                "the points system has another change under this id".clone_into(&mut heard.text);
                Step::Stay(State::Unresolved)
            }
            Ok(Record::Unused) if lookup.by() == FoundBy::History => {
                self.not_shown(ticket, progress, heard)
            }
            Ok(Record::Unused) => self.unused(heard),
            Err(LookupError::Missing) => {
                heard.text = "this deployment has no look-up by id".to_owned();
                Step::Stay(State::Unresolved)
            }
            // While a sending may have landed, that nothing can be looked up proves nothing.
            Err(LookupError::AccessRefused { code, text })
                if heard.last == Last::AccessRefused
                    && heard.lost_ms.is_none()
                    && heard.looks_refused >= NO_ACCIDENT =>
            {
                heard.code = code.or(heard.code);
                heard.text = text;
                Step::Refuse(heard.refusal(PointsRefusal::Connection))
            }
            Err(LookupError::AccessRefused { .. } | LookupError::NoInformation { .. }) => {
                Step::Stay(State::Unconfirmed)
            }
        }
    }

    /// The id is unused as of now: what that means depends on what was heard.
    fn unused(&self, heard: &mut Heard) -> Step {
        if let Some(held) = heard.held.clone() {
            return Step::Refuse(held.into());
        }
        match heard.last {
            Last::Nothing | Last::Lost | Last::TooFast | Last::NotSent => Step::Send,
            Last::AccessRefused if !heard.access_repeated => {
                heard.access_repeated = true;
                Step::Send
            }
            Last::AccessRefused => Step::Refuse(heard.refusal(PointsRefusal::Connection)),
            Last::Declined => Step::Refuse(heard.refusal(PointsRefusal::Declined)),
            Last::Duplicate => {
                "the id was used before, yet the look-up finds nothing under it"
                    .clone_into(&mut heard.text);
                Step::Stay(State::Unresolved)
            }
            Last::Conflict => Step::Stay(State::Unresolved),
        }
    }

    async fn send_again(
        &self,
        mut ticket: Ticket,
        mut progress: Progress,
        mut heard: Heard,
        looked_ms: i64,
    ) -> Result<Receipt, JournalError> {
        let Some(adjust) = self.adjust_of(&ticket) else {
            return self
                .stay(ticket, progress, heard, State::Unresolved, None)
                .await;
        };
        let safe = heard.nothing_left() || self.was_turned_away(&ticket, &heard);
        if adjust.repeats() == Repeats::Unpromised && !safe {
            // Without a proven look-up a second sending might pay twice.
            return self
                .stay(ticket, progress, heard, State::Unconfirmed, None)
                .await;
        }
        let now = self.inner.clock.now_ms();
        let next_look = now + millis(self.inner.times.request_limit);
        let journal = &self.inner.journal;
        let noted = match heard.nothing_left() {
            true => journal.send_first(&mut ticket, next_look).await,
            false => journal.resend(&mut ticket, next_look).await,
        };
        match noted {
            Ok(()) => {}
            Err(JournalError::Frozen) => {
                let wait = self.inner.times.look_up_wait(1);
                return self.hold(ticket, progress, heard, wait).await;
            }
            Err(error) => return Err(error),
        }
        let sent = ticket.receipt().progress.clone();
        progress.sends = sent.sends;
        progress.last_sent_ms = sent.last_sent_ms;
        heard.sends = sent.sends;
        match adjust.adjust(&ticket).await {
            Verdict::Applied => self.settle_done(ticket).await,
            Verdict::Refused(refused) => {
                self.refuse(ticket, progress, heard, refused, looked_ms)
                    .await
            }
            Verdict::NotSent(why) => {
                heard.not_sent(&why);
                self.stay(ticket, progress, heard, State::Queued, None)
                    .await
            }
            Verdict::Unknown(doubt) => {
                heard.doubt(&doubt, self.inner.clock.now_ms());
                let (state, wait) = match doubt.kind {
                    DoubtKind::TooFast { retry_after } => (State::Queued, retry_after),
                    _ => (State::Unconfirmed, None),
                };
                self.stay(ticket, progress, heard, state, wait).await
            }
        }
    }

    /// Leaves what was never carried out queued while giving is stopped or it is not its turn; its
    /// patience begins anew after that.
    async fn hold(
        &self,
        ticket: Ticket,
        mut progress: Progress,
        heard: Heard,
        wait: Duration,
    ) -> Result<Receipt, JournalError> {
        progress.next_look_ms = self.inner.clock.now_ms() + millis(wait);
        progress.in_doubt_since_ms = None;
        progress.heard = heard.kept();
        self.inner
            .journal
            .keep(ticket, State::Queued, progress)
            .await
    }

    /// Settles as refused, or holds the refusal while a sending may still land.
    ///
    /// `looked_ms` is when the look-up that found nothing began: what landed after it was not seen,
    /// so only one that began after everything sent was dead lets go of a refusal.
    async fn refuse(
        &self,
        ticket: Ticket,
        mut progress: Progress,
        mut heard: Heard,
        refused: Refused,
        looked_ms: i64,
    ) -> Result<Receipt, JournalError> {
        let now = self.inner.clock.now_ms();
        let quiet = millis(self.inner.times.quiet_period());
        let adjust = self.adjust_of(&ticket);
        let is_final = adjust.is_some_and(|adjust| adjust.refusals() == Refusals::Final);
        let alive_until = heard
            .lost_ms
            .filter(|_| !is_final)
            .map(|lost| lost + quiet)
            .filter(|&until| looked_ms < until);
        let Some(alive_until) = alive_until else {
            return self
                .inner
                .journal
                .settle(ticket, Settlement::Refused(refused))
                .await;
        };
        heard.held = Some(refused.into());
        progress.heard = heard.kept();
        let next = now + millis(self.inner.times.look_up_wait(progress.looks));
        progress.next_look_ms = next.min(alive_until);
        self.inner.journal.keep(ticket, State::Held, progress).await
    }

    /// Leaves the entry open for a later look, after the `wait` that was asked for where one was, or
    /// to a moderator when it has been open too long.
    async fn stay(
        &self,
        ticket: Ticket,
        mut progress: Progress,
        heard: Heard,
        state: State,
        wait: Option<Duration>,
    ) -> Result<Receipt, JournalError> {
        let now = self.inner.clock.now_ms();
        let give_up = millis(self.inner.times.give_up_after);
        let open_for = now - progress.in_doubt_since_ms.unwrap_or(now);
        let mut state = open_state(&heard, state);
        if open_for >= give_up && state == State::Queued {
            // Nothing of it ever took effect, so giving up is a plain refusal.
            let refused = heard.refusal(PointsRefusal::Unavailable);
            return self
                .inner
                .journal
                .settle(ticket, Settlement::Refused(refused))
                .await;
        }
        let give_up_held = give_up + millis(self.inner.times.quiet_period());
        if open_for >= give_up && (state != State::Held || open_for >= give_up_held) {
            state = State::Unresolved;
        }
        progress.next_look_ms = match state {
            // A moderator decides; no sweep takes it up again.
            State::Unresolved => i64::MAX,
            _ => {
                let usual = self.inner.times.look_up_wait(progress.looks.max(1));
                now + millis(wait.unwrap_or(usual))
            }
        };
        progress.heard = heard.kept();
        let kept = self.inner.journal.keep(ticket, state, progress).await?;
        if state == State::Unresolved {
            tracing::error!(receipt = %kept.code, op = %kept.op, why = ?heard.text, "a change could not be settled; a moderator has to decide");
        }
        Ok(kept)
    }
}

/// The state an open entry is in: a held refusal stays held, what may have landed is not queued, and
/// what certainly has not is nothing else.
fn open_state(heard: &Heard, state: State) -> State {
    let nothing_landed =
        heard.nothing_left() || (heard.last == Last::TooFast && heard.lost_ms.is_none());
    match state {
        State::Unresolved => State::Unresolved,
        _ if heard.held.is_some() => State::Held,
        _ if nothing_landed => State::Queued,
        State::Queued => State::Unconfirmed,
        state => state,
    }
}

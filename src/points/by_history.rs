//! What is different where a change can be found only by searching a history.
//!
//! Such a system promises nothing of an id sent twice, unless its operator has found out that it does,
//! and what its history does not show may only not show yet. After a search that went to the end and
//! found nothing:
//!
//! | last heard | repeats unpromised | repeats dropped |
//! | --- | --- | --- |
//! | too fast, and nothing else ever left | send | send |
//! | declined | after 3 searches over 2 minutes: refused | the same |
//! | id used before | after 3 searches over 2 minutes: unresolved | the same |
//! | anything else | after 3 searches over 2 minutes: unresolved | send the same id again |
//! | a refusal is held | refused once nothing sent can be alive | the same |
//!
//! What was declined was answered with a no that could be a mistake; a history that goes on not to show
//! it says the same as the answer. What was lost was answered with nothing, so it stays a riddle.
//!
//! Several changes of one command go one by one, and one whose outcome is not known stops the others:
//! an installation in trouble would leave a moderator as many riddles as there are members. What waits
//! is queued, was never sent, and goes on in its order when the one before it is settled; while that is
//! in doubt for as long as anything is given, what waits is refused, since nothing of it ever happened.
//! Source: points-backends, 2.5.

use std::time::Duration;

use crate::journal::JournalError;
use crate::journal::Progress;
use crate::journal::Receipt;
use crate::journal::State;
use crate::journal::Ticket;
use crate::model::Cause;
use crate::model::refusal::PointsRefusal;
use crate::points::FoundBy;
use crate::points::Points;
use crate::points::PointsBackend;
use crate::points::Repeats;
use crate::points::change::millis;
use crate::points::heard::Heard;
use crate::points::heard::Last;
use crate::points::reconcile::Step;

/// Searches without a find before a moderator decides (source: points-backends, 2.5).
const ENOUGH_SEARCHES: u32 = 3;

/// Why a change that could be sent waits, and for how long until the next look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InTheWay {
    /// Another change of the same command is in doubt.
    Doubt(Duration),
    /// Others of the same command come first.
    Queue(Duration),
}

/// Whether several changes of one command are sent one by one, each after the one before is settled.
pub(super) fn goes_one_by_one(backend: &dyn PointsBackend) -> bool {
    let lookup = backend.lookup();
    lookup.is_some_and(|lookup| lookup.by() == FoundBy::History)
}

impl Points {
    /// What is to be done with a change that a whole history does not show.
    pub(super) fn not_shown(
        &self,
        ticket: &Ticket,
        progress: &Progress,
        heard: &mut Heard,
    ) -> Step {
        heard.looks_empty = heard.looks_empty.saturating_add(1);
        if let Some(held) = heard.held.clone() {
            return Step::Refuse(held.into());
        }
        if self.was_turned_away(ticket, heard) {
            return Step::Send;
        }
        let adjust = self.adjust_of(ticket);
        let drops_repeats = adjust.is_some_and(|adjust| adjust.repeats() == Repeats::Dropped);
        let told = matches!(
            heard.last,
            Last::Duplicate | Last::Conflict | Last::Declined
        );
        if drops_repeats && !told {
            return Step::Send;
        }
        let now = self.inner.clock.now_ms();
        let open_for = now - progress.in_doubt_since_ms.unwrap_or(now);
        let patience = millis(self.inner.times.history_patience());
        if heard.looks_empty < ENOUGH_SEARCHES || open_for < patience {
            return Step::Stay(State::Unconfirmed);
        }
        if heard.last == Last::Declined {
            return Step::Refuse(heard.refusal(PointsRefusal::Declined));
        }
        let searches = heard.looks_empty;
        heard.text = match heard.text.as_str() {
            "" => format!("not in the history after {searches} searches"),
            text => format!("{text}; not in the history after {searches} searches"),
        };
        Step::Stay(State::Unresolved)
    }

    /// Whether everything that was sent was answered with 429, so that sending it once more is not
    /// sending it twice. Only where the history was searched as well does that count.
    pub(super) fn was_turned_away(&self, ticket: &Ticket, heard: &Heard) -> bool {
        let searched = self.backend_of(ticket).is_some_and(goes_one_by_one);
        searched && heard.last == Last::TooFast && heard.lost_ms.is_none()
    }

    /// What stands in the way of sending a change of which nothing has happened so far.
    ///
    /// A change in doubt itself is stopped by nothing: sending it again is what settles it.
    pub(super) async fn in_the_way(
        &self,
        ticket: &Ticket,
        heard: &Heard,
    ) -> Result<Option<InTheWay>, JournalError> {
        let own = ticket.receipt();
        let untouched = heard.nothing_left() || self.was_turned_away(ticket, heard);
        let one_by_one = self.backend_of(ticket).is_some_and(goes_one_by_one);
        let Cause::Message { message, .. } = own.cause else {
            return Ok(None);
        };
        if !untouched || !one_by_one {
            return Ok(None);
        }
        let entries = self.inner.journal.of_message(message).await?;
        let open = |entry: &&Receipt| {
            !entry.state.is_final()
                && entry.code != own.code
                && entry.system == own.system
                && matches!(entry.cause, Cause::Message { .. })
        };
        let open: Vec<&Receipt> = entries.iter().filter(open).collect();
        let times = &self.inner.times;
        let longest = times.look_up_wait(u32::MAX).max(times.sweep_every);
        let in_doubt = open.iter().filter(|entry| {
            matches!(
                entry.state,
                State::Unconfirmed | State::Held | State::Unresolved
            )
        });
        if let Some(next_ms) = in_doubt.map(|entry| entry.progress.next_look_ms).min() {
            let ahead = next_ms.saturating_sub(self.inner.clock.now_ms()).max(0);
            let ahead = Duration::from_millis(ahead.unsigned_abs());
            return Ok(Some(InTheWay::Doubt(
                ahead.clamp(times.sweep_every, longest),
            )));
        }
        let before = open
            .iter()
            .filter(|entry| entry.state == State::Queued)
            .filter(|entry| entry.cause.parts() < own.cause.parts())
            .count();
        let before = u32::try_from(before).unwrap_or(u32::MAX);
        // The further behind, the later it looks again: a long queue is not read over and over.
        let wait = times.sweep_every.saturating_mul(before).min(longest);
        Ok((before > 0).then_some(InTheWay::Queue(wait)))
    }
}

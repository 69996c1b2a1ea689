//! How values are kept, the same in every engine: ids bit for bit in 64 signed bits, everything that
//! has few values as a word.

use crate::journal::confirming::ConfirmationState;
use crate::journal::entry::Approval;
use crate::journal::entry::Decision;
use crate::journal::entry::State;
use crate::journal::entry::Told;
use crate::model::Cause;
use crate::model::UserId;
use crate::model::refusal::PointsRefusal;

/// An id as it is kept.
pub(super) fn kept(id: u64) -> i64 {
    id.cast_signed()
}

/// The parts of a cause as they are kept: kind, message, line, member.
pub(super) fn key(cause: &Cause) -> (i64, i64, i64, i64) {
    let (message, line, member) = cause.parts();
    (
        cause.kind(),
        kept(message.number()),
        i64::from(line),
        kept(member.number()),
    )
}

/// The word a state is kept as; what stands beside it tells the rest.
pub(super) fn state_word(state: State) -> &'static str {
    word(&STATES, state.kept())
}

/// The word for how an entry stands in the eyes of whoever reads of it: that it waits for approval is
/// kept beside its state.
pub(super) fn standing_word(state: State) -> &'static str {
    match state {
        State::Waiting => "waiting",
        state => state_word(state),
    }
}

/// The word an approval is kept as.
pub(super) fn approval_word(approval: &Approval) -> &'static str {
    match &approval.decision {
        None => "asked",
        Some(decision) if decision.approved => "approved",
        Some(_) => "refused",
    }
}

/// What stands beside an entry's state, as kept.
pub(super) struct Beside {
    pub state: State,
    pub undone: i64,
    pub size: i64,
    pub approval: Option<String>,
    pub over: Option<i64>,
    pub until_ms: Option<i64>,
    pub decided_by: Option<i64>,
    pub decided_ms: Option<i64>,
    pub why: Option<String>,
}

impl Beside {
    /// How the entry stands, and the approval it needs or needed.
    pub fn read(self) -> (State, Option<Approval>) {
        let waits = self.approval.as_deref() == Some("asked");
        let state = self.state.beside(waits, self.undone, self.size);
        let approval = self.approval.map(|word| Approval {
            over: self.over.unwrap_or_default(),
            until_ms: self.until_ms.unwrap_or_default(),
            decision: (word != "asked").then(|| Decision {
                approved: word == "approved",
                by: self.decided_by.map(|by| UserId::new(by.cast_unsigned())),
                ms: self.decided_ms.unwrap_or_default(),
                why: self.why,
            }),
        });
        (state, approval)
    }
}

/// The word a telling is kept as.
pub(super) fn told_word(told: Told) -> &'static str {
    word(&TOLD, told)
}

/// The word a refusal's meaning is kept as.
pub(super) fn meaning_word(meaning: PointsRefusal) -> &'static str {
    word(&MEANINGS, meaning)
}

/// The word a confirmation's state is kept as. That its time ran out is seen, not written.
pub(super) fn confirmation_word(state: ConfirmationState) -> &'static str {
    match state {
        ConfirmationState::Asked | ConfirmationState::Expired => "asked",
        ConfirmationState::Used => "used",
        ConfirmationState::Cancelled => "cancelled",
    }
}

/// Words in the store: none may ever get another meaning.
pub(super) const STATES: [(&str, State); 6] = [
    ("queued", State::Queued),
    ("unconfirmed", State::Unconfirmed),
    ("held", State::Held),
    ("unresolved", State::Unresolved),
    ("done", State::Done),
    ("refused", State::Refused),
];

/// How tellings are kept.
pub(super) const TOLD: [(&str, Told); 4] = [
    ("nothing", Told::Nothing),
    ("interim", Told::Interim),
    ("final", Told::Final),
    ("undeliverable", Told::Undeliverable),
];

/// How refusals are kept.
pub(super) const MEANINGS: [(&str, PointsRefusal); 12] = [
    ("not_linked", PointsRefusal::NotLinked),
    ("not_enabled_here", PointsRefusal::NotEnabledHere),
    ("no_access", PointsRefusal::NoAccess),
    ("no_account", PointsRefusal::NoAccount),
    ("insufficient", PointsRefusal::Insufficient),
    ("connection", PointsRefusal::Connection),
    ("too_fast", PointsRefusal::TooFast),
    ("unavailable", PointsRefusal::Unavailable),
    ("declined", PointsRefusal::Declined),
    ("by_hand", PointsRefusal::ByHand),
    ("not_approved", PointsRefusal::NotApproved),
    ("approval_expired", PointsRefusal::ApprovalExpired),
];

/// How confirmations are kept.
pub(super) const CONFIRMATION_STATES: [(&str, ConfirmationState); 3] = [
    ("asked", ConfirmationState::Asked),
    ("used", ConfirmationState::Used),
    ("cancelled", ConfirmationState::Cancelled),
];

/// The value kept as `word`; `None` where no value is.
pub(super) fn named<T: Copy>(words: &[(&str, T)], word: &str) -> Option<T> {
    words
        .iter()
        .find(|(known, _)| *known == word)
        .map(|(_, value)| *value)
}

pub(super) fn word<T: Copy + PartialEq>(words: &[(&'static str, T)], value: T) -> &'static str {
    words
        .iter()
        .find(|(_, known)| *known == value)
        .map(|(word, _)| *word)
        .expect("a test goes through every value and finds its word")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value after `state`, so that no value can be forgotten here.
    fn next_state(state: State) -> Option<State> {
        match state {
            State::Waiting => Some(State::Queued),
            State::Queued => Some(State::Unconfirmed),
            State::Unconfirmed => Some(State::Held),
            State::Held => Some(State::Unresolved),
            State::Unresolved => Some(State::Done),
            State::Done => Some(State::Refused),
            State::Refused => Some(State::Undone),
            State::Undone => Some(State::PartlyUndone),
            State::PartlyUndone => None,
        }
    }

    fn next_told(told: Told) -> Option<Told> {
        match told {
            Told::Nothing => Some(Told::Interim),
            Told::Interim => Some(Told::Final),
            Told::Final => Some(Told::Undeliverable),
            Told::Undeliverable => None,
        }
    }

    fn next_meaning(meaning: PointsRefusal) -> Option<PointsRefusal> {
        match meaning {
            PointsRefusal::NotEnabledHere => Some(PointsRefusal::NoAccess),
            PointsRefusal::NoAccess => Some(PointsRefusal::NoAccount),
            PointsRefusal::NoAccount => Some(PointsRefusal::Insufficient),
            PointsRefusal::Insufficient => Some(PointsRefusal::Connection),
            PointsRefusal::Connection => Some(PointsRefusal::TooFast),
            PointsRefusal::TooFast => Some(PointsRefusal::Unavailable),
            PointsRefusal::Unavailable => Some(PointsRefusal::Declined),
            PointsRefusal::Declined => Some(PointsRefusal::ByHand),
            PointsRefusal::ByHand => Some(PointsRefusal::NotApproved),
            PointsRefusal::NotApproved => Some(PointsRefusal::ApprovalExpired),
            PointsRefusal::ApprovalExpired => Some(PointsRefusal::NotLinked),
            PointsRefusal::NotLinked => None,
        }
    }

    fn all<T: Copy>(first: T, next: fn(T) -> Option<T>) -> impl Iterator<Item = T> {
        std::iter::successors(Some(first), move |value| next(*value))
    }

    #[test]
    fn every_value_has_a_word_that_reads_back() {
        for state in all(State::Waiting, next_state) {
            let kept = named(&STATES, state_word(state)).unwrap();
            let (waits, undone) = match state {
                State::Waiting => (true, 0),
                State::Undone => (false, 7),
                State::PartlyUndone => (false, 3),
                _ => (false, 0),
            };
            assert_eq!(kept.beside(waits, undone, 7), state);
        }
        for told in all(Told::Nothing, next_told) {
            assert_eq!(named(&TOLD, told_word(told)), Some(told));
        }
        for meaning in all(PointsRefusal::NotEnabledHere, next_meaning) {
            assert_eq!(named(&MEANINGS, meaning_word(meaning)), Some(meaning));
        }
        assert!(named(&STATES, "lost").is_none());
    }

    #[test]
    fn ids_are_kept_bit_for_bit() {
        for id in [0, 1, (1 << 53) + 1, i64::MAX.cast_unsigned(), u64::MAX] {
            assert_eq!(kept(id).cast_unsigned(), id);
        }
    }
}

//! How values are kept, the same in every engine: ids bit for bit in 64 signed bits, everything that
//! has few values as a word.

use crate::journal::entry::ConfirmationState;
use crate::journal::entry::State;
use crate::journal::entry::Told;
use crate::model::Cause;
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

/// The word a state is kept as.
pub(super) fn state_word(state: State) -> &'static str {
    word(&STATES, state)
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
pub(super) const MEANINGS: [(&str, PointsRefusal); 9] = [
    ("not_enabled_here", PointsRefusal::NotEnabledHere),
    ("no_access", PointsRefusal::NoAccess),
    ("no_account", PointsRefusal::NoAccount),
    ("insufficient", PointsRefusal::Insufficient),
    ("connection", PointsRefusal::Connection),
    ("too_fast", PointsRefusal::TooFast),
    ("unavailable", PointsRefusal::Unavailable),
    ("declined", PointsRefusal::Declined),
    ("by_hand", PointsRefusal::ByHand),
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

fn word<T: Copy + PartialEq>(words: &[(&'static str, T)], value: T) -> &'static str {
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
            State::Queued => Some(State::Unconfirmed),
            State::Unconfirmed => Some(State::Held),
            State::Held => Some(State::Unresolved),
            State::Unresolved => Some(State::Done),
            State::Done => Some(State::Refused),
            State::Refused => None,
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
            PointsRefusal::ByHand => None,
        }
    }

    fn all<T: Copy>(first: T, next: fn(T) -> Option<T>) -> impl Iterator<Item = T> {
        std::iter::successors(Some(first), move |value| next(*value))
    }

    #[test]
    fn every_value_has_a_word_that_reads_back() {
        for state in all(State::Queued, next_state) {
            assert_eq!(named(&STATES, state_word(state)), Some(state));
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

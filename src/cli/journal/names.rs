//! Stable names for programs: what stands in exports and in `--state`. None may get another meaning.

use crate::journal::Approval;
use crate::journal::State;
use crate::journal::Told;
use crate::model::refusal::PointsRefusal;

/// Every state, in the order of an entry's life.
const STATES: [State; 9] = [
    State::Waiting,
    State::Queued,
    State::Unconfirmed,
    State::Held,
    State::Unresolved,
    State::Done,
    State::Refused,
    State::Undone,
    State::PartlyUndone,
];

/// The name of a state.
pub(super) const fn state(state: State) -> &'static str {
    match state {
        State::Waiting => "waiting",
        State::Queued => "queued",
        State::Unconfirmed => "unconfirmed",
        State::Held => "held",
        State::Unresolved => "unresolved",
        State::Done => "done",
        State::Refused => "refused",
        State::Undone => "undone",
        State::PartlyUndone => "partly_undone",
    }
}

/// The state of that name, for the command line.
pub(super) fn read_state(name: &str) -> Result<State, String> {
    let named = STATES.into_iter().find(|&known| state(known) == name);
    named.ok_or_else(|| format!("expected one of {}", STATES.map(state).join(", ")))
}

/// The name of what was said.
pub(super) const fn told(told: Told) -> &'static str {
    match told {
        Told::Nothing => "nothing",
        Told::Interim => "interim",
        Told::Final => "final",
        Told::Undeliverable => "undeliverable",
    }
}

/// The name of what a second person said.
pub(super) const fn approval(approval: &Approval) -> &'static str {
    match &approval.decision {
        None => "asked",
        Some(decision) if decision.approved => "approved",
        Some(_) => "refused",
    }
}

/// The name of a refusal.
pub(super) const fn refusal(meaning: PointsRefusal) -> &'static str {
    match meaning {
        PointsRefusal::NotEnabledHere => "not_enabled_here",
        PointsRefusal::NoAccess => "no_access",
        PointsRefusal::NoAccount => "no_account",
        PointsRefusal::Insufficient => "insufficient",
        PointsRefusal::Connection => "connection",
        PointsRefusal::TooFast => "too_fast",
        PointsRefusal::Unavailable => "unavailable",
        PointsRefusal::Declined => "declined",
        PointsRefusal::ByHand => "by_hand",
        PointsRefusal::NotApproved => "not_approved",
        PointsRefusal::NotLinked => "not_linked",
        PointsRefusal::ApprovalExpired => "approval_expired",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_reads_back_and_no_other_word_does() {
        for known in STATES {
            assert_eq!(read_state(state(known)), Ok(known));
        }
        let told = read_state("paid").unwrap_err();
        assert!(
            told.contains("waiting, queued, unconfirmed, held"),
            "{told}"
        );
    }
}

//! What the operator's commands say, in both languages. A sentence that is missing in one does not
//! load.

use serde::Deserialize;

use crate::cli::catalogue;
use crate::journal::Breach;
use crate::journal::Receipt;
use crate::journal::State;
use crate::model::Language;
use crate::points::Last;

/// The sentences of one language; holes stand in braces.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::cli) struct Texts {
    pub(super) receipt: String,
    pub(super) written: String,
    pub(super) state: String,
    pub(super) points: String,
    pub(super) member: String,
    pub(super) giver: String,
    pub(super) guild: String,
    pub(super) reason: String,
    pub(super) age: String,
    pub(super) sent_looked: String,
    pub(super) heard: String,
    pub(super) next: String,
    pub(super) nothing: String,
    pub(super) nothing_open: String,
    pub(super) more: String,
    pub(super) unknown: String,
    pub(super) decide_hint: String,
    pub(super) next_in: String,
    pub(super) next_due: String,
    pub(super) next_person: String,
    pub(super) next_approval: String,
    pub(super) held_back: String,
    pub(super) show_head: String,
    pub(super) show_who: String,
    pub(super) show_why: String,
    pub(super) show_ids: String,
    pub(super) show_undoes: String,
    pub(super) step_written: String,
    pub(super) step_waits: String,
    pub(super) step_approved: String,
    pub(super) step_not_approved: String,
    pub(super) step_not_in_time: String,
    pub(super) step_sent: String,
    pub(super) step_heard: String,
    pub(super) step_doubt: String,
    pub(super) step_looked: String,
    pub(super) step_decided: String,
    pub(super) step_done: String,
    pub(super) step_refused: String,
    pub(super) step_undone: String,
    pub(super) step_open: String,
    pub(super) step_balance: String,
    pub(super) told_nothing: String,
    pub(super) told_interim: String,
    pub(super) told_final: String,
    pub(super) told_undeliverable: String,
    pub(super) settle_applied: String,
    pub(super) settle_refused: String,
    pub(super) settled: String,
    pub(super) settle_changed: String,
    pub(super) settle_over: String,
    pub(super) settle_waiting: String,
    pub(super) settle_approval: String,
    pub(super) settle_looked_after: String,
    pub(super) settle_may_land: String,
    pub(super) verified: String,
    pub(super) compared: String,
    pub(super) sound: String,
    pub(super) deviations: String,
    pub(super) breaks: String,
    pub(super) miscounted: String,
    pub(super) missummed: String,
    pub(super) damaged: String,
    pub(super) unrecorded: String,
    pub(super) carried_out: String,
    pub(super) other_record: String,
    pub(super) books: String,
    pub(super) book_unbalanced: String,
    pub(super) book_account: String,
    pub(super) book_halves: String,
    pub(super) book_unposted: String,
    pub(super) book_unexplained: String,
    pub(super) exported: String,
    pub(super) backed_up: String,
    pub(super) backup_server: String,
    pub(super) restored: String,
    pub(super) restored_kept: String,
    pub(super) restore_server: String,
    states: States,
    last: Lasts,
    rules: Rules,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct States {
    waiting: String,
    queued: String,
    unconfirmed: String,
    held: String,
    unresolved: String,
    done: String,
    taken: String,
    refused: String,
    undone: String,
    partly_undone: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lasts {
    nothing: String,
    lost: String,
    access_refused: String,
    declined: String,
    duplicate: String,
    too_fast: String,
    not_sent: String,
    conflict: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    other_id: String,
    other_code: String,
    settled_and_not: String,
    refused_and_not: String,
    never_sent: String,
    sent_unapproved: String,
    undone_too_much: String,
    forgotten: String,
    told_too_soon: String,
    said_nowhere: String,
    by_hand_and_not: String,
    heard_unreadable: String,
}

impl Texts {
    /// The sentences of `language`.
    pub(super) fn of(language: Language) -> Self {
        catalogue::read(include_str!("texts.toml"), language)
    }

    /// How an entry stands.
    pub(super) fn state(&self, entry: &Receipt) -> &str {
        match entry.state {
            State::Waiting => &self.states.waiting,
            State::Queued => &self.states.queued,
            State::Unconfirmed => &self.states.unconfirmed,
            State::Held => &self.states.held,
            State::Unresolved => &self.states.unresolved,
            State::Done if entry.amount.takes() => &self.states.taken,
            State::Done => &self.states.done,
            State::Refused => &self.states.refused,
            State::Undone => &self.states.undone,
            State::PartlyUndone => &self.states.partly_undone,
        }
    }

    /// What a sending came to.
    pub(super) fn heard(&self, last: Last) -> &str {
        match last {
            Last::Nothing => &self.last.nothing,
            Last::Lost => &self.last.lost,
            Last::AccessRefused => &self.last.access_refused,
            Last::Declined => &self.last.declined,
            Last::Duplicate => &self.last.duplicate,
            Last::TooFast => &self.last.too_fast,
            Last::NotSent => &self.last.not_sent,
            Last::Conflict => &self.last.conflict,
        }
    }

    /// A rule of the journal, as it should be.
    pub(super) fn breach(&self, breach: Breach) -> &str {
        match breach {
            Breach::OtherId => &self.rules.other_id,
            Breach::OtherCode => &self.rules.other_code,
            Breach::SettledAndNot => &self.rules.settled_and_not,
            Breach::RefusedAndNot => &self.rules.refused_and_not,
            Breach::NeverSent => &self.rules.never_sent,
            Breach::SentUnapproved => &self.rules.sent_unapproved,
            Breach::UndoneTooMuch => &self.rules.undone_too_much,
            Breach::Forgotten => &self.rules.forgotten,
            Breach::ToldTooSoon => &self.rules.told_too_soon,
            Breach::SaidNowhere => &self.rules.said_nowhere,
            Breach::ByHandAndNot => &self.rules.by_hand_and_not,
            Breach::HeardUnreadable => &self.rules.heard_unreadable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::catalogue::tests::both_languages_agree;

    #[test]
    fn both_languages_say_everything_with_the_same_holes() {
        both_languages_agree::<Texts>(include_str!("texts.toml"));
    }
}

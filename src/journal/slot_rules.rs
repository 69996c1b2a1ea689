//! What may be written about a slot, a moment at which a board is due, and how its states are kept: the
//! same for every engine.
//!
//! Invariants: whoever notes a sending knows of all before it (`tries`), so two schedulers cannot both
//! begin one; a post the platform has shown stays posted.

use crate::journal::schedules::Sending;
use crate::journal::schedules::Slot;
use crate::journal::schedules::SlotState;
use crate::journal::schedules::Unsent;
use crate::model::MessageId;

/// A write that concerns a slot.
#[derive(Clone, Debug)]
pub(super) enum SlotChange {
    /// A sending begins, if nobody else has noted one since.
    Begin {
        tries: u32,
        sending: Sending,
        now_ms: i64,
    },
    /// It stands in the channel.
    Posted { message: MessageId, now_ms: i64 },
    /// Nothing of the sending has arrived.
    NotSent {
        tries: u32,
        unsent: Unsent,
        next_ms: i64,
        why: String,
    },
    /// It is looked after later.
    Later {
        tries: u32,
        absent: u32,
        next_ms: i64,
    },
    /// It ends without a post that is known.
    End {
        tries: u32,
        state: SlotState,
        why: String,
        now_ms: i64,
    },
    /// The older post is gone, or is tried again.
    Cleared { again_ms: Option<i64> },
}

impl SlotChange {
    /// What is to be written, seeing what is there; `None` where the rules leave it as it is.
    pub(super) fn on(&self, found: &Slot) -> Option<Slot> {
        let open = matches!(found.state, SlotState::Claimed | SlotState::Posting);
        let mut slot = found.clone();
        match self {
            Self::Begin {
                tries,
                sending,
                now_ms,
            } if open && found.tries == *tries => {
                slot.state = SlotState::Posting;
                slot.tries += 1;
                slot.sent = Some(sending.sent.clone());
                slot.sent_ms = Some(*now_ms);
                slot.late = sending.late;
                slot.channel = sending.channel;
                slot.after = sending.after;
                slot.edits = sending.edits;
                slot.clears = sending.clears;
                slot.absent = 0;
                slot.next_ms = sending.next_ms;
                slot.why = None;
            }
            // What the platform has shown is true whoever thought otherwise meanwhile.
            Self::Posted { message, now_ms } if found.message.is_none() => {
                slot.state = SlotState::Posted;
                slot.message = Some(*message);
                slot.settled_ms = Some(*now_ms);
                slot.next_ms = *now_ms;
                slot.clears = slot.clears.filter(|old| old != message);
                slot.why = None;
            }
            Self::NotSent {
                tries,
                unsent,
                next_ms,
                why,
            } if found.state == SlotState::Posting && found.tries == *tries => {
                slot.state = SlotState::Claimed;
                slot.next_ms = *next_ms;
                slot.why = Some(why.clone());
                slot.edits = slot.edits.filter(|_| *unsent == Unsent::NotEdited);
                slot.clears = None;
            }
            Self::Later {
                tries,
                absent,
                next_ms,
            } if open && found.tries == *tries => {
                slot.absent = *absent;
                slot.next_ms = *next_ms;
            }
            Self::End {
                tries,
                state,
                why,
                now_ms,
            } if open && found.tries == *tries => {
                slot.state = *state;
                slot.why = Some(why.clone());
                slot.settled_ms = Some(*now_ms);
                slot.clears = None;
            }
            Self::Cleared { again_ms } if found.state == SlotState::Posted => match again_ms {
                None => slot.clears = None,
                Some(again_ms) => slot.next_ms = *again_ms,
            },
            _ => return None,
        }
        Some(slot)
    }
}

/// How states of slots are kept.
pub(super) const SLOT_STATES: [(&str, SlotState); 6] = [
    ("claimed", SlotState::Claimed),
    ("posting", SlotState::Posting),
    ("posted", SlotState::Posted),
    ("skipped", SlotState::Skipped),
    ("doubtful", SlotState::Doubtful),
    ("failed", SlotState::Failed),
];

//! Receipt codes for new entries: for each the first nobody else has.

use std::collections::HashMap;
use std::collections::HashSet;

use crate::journal::error::JournalError;
use crate::journal::rules::Opening;
use crate::model::Cause;
use crate::model::OpId;
use crate::model::ReceiptCode;

/// The codes of a group's new entries: for each the first nobody else has.
pub(super) struct Codes {
    taken: HashSet<ReceiptCode>,
    of: HashMap<Cause, ReceiptCode>,
    attempts: Vec<(Cause, OpId, u32)>,
}

/// Ids differ, so after the three that are prefixes of one hash every further attempt is an
/// independent draw out of 2^40. Running out means that something else is wrong.
pub(super) const MOST_ATTEMPTS: u32 = 32;

impl Codes {
    /// Begins with each entry's first candidate, of which `taken` are known to be gone.
    pub fn new<'a>(
        openings: impl Iterator<Item = &'a Opening>,
        taken: HashSet<ReceiptCode>,
    ) -> Self {
        let mut codes = Self {
            taken,
            of: HashMap::new(),
            attempts: openings
                .map(|opening| (opening.intent.cause, opening.op.clone(), 0))
                .collect(),
        };
        codes.give_out();
        codes
    }

    /// The candidates to ask for next; empty when every entry has its code.
    pub fn wanted(&self) -> Vec<ReceiptCode> {
        self.attempts
            .iter()
            .map(|(_, op, attempt)| ReceiptCode::candidate(op, *attempt))
            .collect()
    }

    /// Goes on after learning which of the wanted are gone.
    pub fn learn(&mut self, taken: HashSet<ReceiptCode>) {
        self.taken.extend(taken);
        self.give_out();
    }

    fn give_out(&mut self) {
        for (cause, op, attempt) in std::mem::take(&mut self.attempts) {
            if self.of.contains_key(&cause) {
                continue;
            }
            let code = ReceiptCode::candidate(&op, attempt);
            if self.taken.insert(code.clone()) {
                self.of.insert(cause, code);
            } else if attempt + 1 < MOST_ATTEMPTS {
                self.attempts.push((cause, op, attempt + 1));
            }
        }
    }

    /// The code of a new entry.
    pub fn take(&mut self, cause: &Cause) -> Result<ReceiptCode, JournalError> {
        self.of.remove(cause).ok_or_else(|| {
            JournalError::Database(anyhow::anyhow!("no receipt code is left for {cause:?}"))
        })
    }
}

//! The journal's rules: decided in memory, inside the transaction that writes the result.
//!
//! Invariant: nothing here waits or touches a database. What a group of writes is decided from was
//! found in its own transaction, and what an earlier write of the group took (a quota's rest, a
//! code, a confirmation) a later one no longer finds.

use std::collections::HashMap;
use std::collections::HashSet;

use crate::journal::batch::Batch;
use crate::journal::batch::Found;
use crate::journal::batch::FreezeStands;
use crate::journal::batch::Questions;
use crate::journal::codes::Codes;
use crate::journal::confirming::Confirmation;
use crate::journal::confirming::ConfirmationState;
use crate::journal::entry::Approval;
use crate::journal::entry::Intent;
use crate::journal::entry::Progress;
use crate::journal::entry::Receipt;
use crate::journal::entry::Span;
use crate::journal::entry::State;
use crate::journal::entry::Ticket;
use crate::journal::entry::Told;
use crate::journal::entry::Undoes;
use crate::journal::error::JournalError;
use crate::journal::outcome::Asked;
use crate::journal::outcome::Opened;
use crate::journal::outcome::OpenedAll;
use crate::journal::store::Quota;
use crate::model::Cause;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::OpId;
use crate::model::ReceiptCode;
use crate::model::UserId;
use crate::permissions::Caps;

/// A wish to open an entry.
#[derive(Debug)]
pub(super) struct Opening {
    /// Its id, which follows from the cause.
    pub op: OpId,
    /// Who gives.
    pub giver: UserId,
    /// What bounds them.
    pub caps: Caps,
    /// The day the quota is counted in.
    pub day: Span,
    /// How long its first bearer has before others look, in milliseconds.
    pub look_after_ms: i64,
    /// What is to be done.
    pub intent: Intent,
}

impl Opening {
    /// The quota it is counted against; `None` where there is none. Undoing takes from no quota.
    pub(super) fn quota(&self) -> Option<Quota> {
        if self.intent.cause.undoes().is_some() {
            return None;
        }
        self.caps.per_day.map(|_| Quota {
            guild: self.intent.guild,
            giver: self.giver,
            day: self.day,
        })
    }
}

/// What must be known before these wishes can be decided.
pub(super) fn questions<'a>(
    openings: impl Iterator<Item = &'a Opening>,
    confirmations: impl Iterator<Item = MessageId>,
) -> Questions {
    let mut questions = Questions {
        confirmations: confirmations.collect(),
        ..Questions::default()
    };
    let mut quotas = HashSet::new();
    let mut guilds = HashSet::new();
    for opening in openings {
        let cause = opening.intent.cause;
        questions.causes.push(cause);
        // What it undoes, and the attempt that has to have been refused before it.
        questions.causes.extend(cause.undoes());
        questions.causes.extend(attempt_before(&cause));
        if !opening.intent.amount.takes() && guilds.insert(opening.intent.guild) {
            questions.guilds.push(opening.intent.guild);
        }
        questions.codes.push(ReceiptCode::candidate(&opening.op, 0));
        questions.confirmations.extend(opening.intent.confirmation);
        if let Some(quota) = opening.quota()
            && quotas.insert(quota)
        {
            questions.quotas.push(quota);
        }
    }
    questions
}

/// The attempt at the same undo before this one.
pub(super) fn attempt_before(cause: &Cause) -> Option<Cause> {
    match cause {
        Cause::Undo { attempt, .. } => cause.undoes()?.undone_by(attempt.checked_sub(1)?),
        Cause::Message { .. } => None,
    }
}

/// What is known inside the transaction, kept up to date as the group is decided.
pub(super) struct Ledger {
    pub(super) now_ms: i64,
    pub(super) entries: HashMap<Cause, Receipt>,
    pub(super) freezes: HashMap<GuildId, FreezeStands>,
    pub(super) given: HashMap<Quota, i64>,
    confirmations: HashMap<MessageId, Confirmation>,
    codes: Codes,
    /// What has been decided to write.
    pub batch: Batch,
}

impl Ledger {
    /// Starts from what was found.
    pub fn new(now_ms: i64, questions: &Questions, found: Found, codes: Codes) -> Self {
        Self {
            now_ms,
            entries: found
                .entries
                .into_iter()
                .map(|receipt| (receipt.cause, receipt))
                .collect(),
            freezes: found
                .freezes
                .into_iter()
                .map(|stands| (stands.guild, stands))
                .collect(),
            given: questions.quotas.iter().copied().zip(found.given).collect(),
            confirmations: found
                .confirmations
                .into_iter()
                .map(|confirmation| (confirmation.message, confirmation))
                .collect(),
            codes,
            batch: Batch::default(),
        }
    }

    /// Decides an opening.
    pub fn open(&mut self, opening: &Opening) -> Result<Opened, JournalError> {
        let intent = &opening.intent;
        if let Some(known) = self.entries.get(&intent.cause) {
            return Ok(Opened::Known(Box::new(known.clone())));
        }
        if let Some(message) = intent.confirmation {
            let state = self.usable(message, opening.giver, intent.guild)?;
            if state != ConfirmationState::Asked {
                return Ok(Opened::ConfirmationSpent(state));
            }
        }
        if let Some(freeze) = self.frozen(intent) {
            return Ok(Opened::Frozen(freeze.clone()));
        }
        let mut undoes = None;
        let mut undone_day = None;
        if let Some(cause) = intent.cause.undoes() {
            match self.entries.get(&cause) {
                Some(undone) if self.is_undoable(undone, intent) => {
                    undone_day = Some(undone.day);
                    undoes = Some(Undoes {
                        code: undone.code.clone(),
                        size: undone.amount.size(),
                    });
                }
                known => return Ok(Opened::NotUndoable(known.cloned().map(Box::new))),
            }
        } else if let Some(over) = self.over(opening) {
            return Ok(Opened::Over(over));
        }
        let approval = self.approval(opening);
        let receipt = self.receipt(opening)?;
        let receipt = Receipt {
            undoes,
            // What is undone counts no longer in the day it was counted in.
            day: undone_day.unwrap_or(receipt.day),
            ..receipt
        };
        if let Some(message) = intent.confirmation {
            self.stands(message, ConfirmationState::Used);
        }
        if let Some(approval) = approval {
            let receipt = waiting(receipt, approval);
            self.write(&receipt);
            return Ok(Opened::Waiting(Box::new(receipt)));
        }
        self.write(&receipt);
        Ok(Opened::Fresh(Ticket {
            receipt: Box::new(receipt),
        }))
    }

    /// Puts a new entry into the batch and counts it against its giver's quotas.
    fn write(&mut self, receipt: &Receipt) {
        for (quota, given) in &mut self.given {
            if quota.guild == receipt.guild
                && quota.giver == receipt.giver
                && (quota.day.from_ms..quota.day.until_ms).contains(&receipt.written_ms)
            {
                *given += receipt.counts();
            }
        }
        self.entries.insert(receipt.cause, receipt.clone());
        self.batch.entries.push(receipt.clone());
    }

    /// Decides several openings of one command: all of them or none.
    ///
    /// The caps hold for the whole: a quota that would run out in the middle refuses everything
    /// before anything is paid.
    pub fn open_all(&mut self, openings: &[Opening]) -> Result<OpenedAll, JournalError> {
        let known = openings
            .iter()
            .filter_map(|opening| self.entries.get(&opening.intent.cause));
        let known: Vec<Receipt> = known.cloned().collect();
        if !known.is_empty() {
            return Ok(OpenedAll::Known(known));
        }
        let Some(first) = openings.first() else {
            return Ok(OpenedAll::Fresh(Vec::new()));
        };
        if let Some(message) = first.intent.confirmation {
            let state = self.usable(message, first.giver, first.intent.guild)?;
            if state != ConfirmationState::Asked {
                return Ok(OpenedAll::ConfirmationSpent(state));
            }
        }
        if let Some(freeze) = openings.iter().find_map(|one| self.frozen(&one.intent)) {
            return Ok(OpenedAll::Frozen(freeze.clone()));
        }
        let mut taken = 0;
        for opening in openings {
            if let Some(over) = self.over_after(opening, taken) {
                return Ok(OpenedAll::Over(over));
            }
            taken += opening.intent.amount.size();
        }
        // One of them above the threshold is enough: the command is approved as a whole.
        let approval = openings.iter().find_map(|opening| self.approval(opening));
        let mut receipts = Vec::with_capacity(openings.len());
        for opening in openings {
            receipts.push(queued(self.receipt(opening)?));
        }
        if let Some(message) = first.intent.confirmation {
            self.stands(message, ConfirmationState::Used);
        }
        if let Some(approval) = approval {
            let wait = |receipt| waiting(receipt, approval.clone());
            let receipts: Vec<Receipt> = receipts.into_iter().map(wait).collect();
            receipts.iter().for_each(|receipt| self.write(receipt));
            return Ok(OpenedAll::Waiting(receipts));
        }
        let write = |receipt| {
            self.write(&receipt);
            Ticket {
                receipt: Box::new(receipt),
            }
        };
        Ok(OpenedAll::Fresh(receipts.into_iter().map(write).collect()))
    }

    /// Decides the asking for a confirmation.
    pub fn ask(&mut self, confirmation: &Confirmation) -> Asked {
        if let Some(known) = self.confirmations.get(&confirmation.message) {
            return Asked::Known(known.clone().at(self.now_ms));
        }
        let fresh = Confirmation {
            state: ConfirmationState::Asked,
            ..confirmation.clone()
        };
        self.batch.asked.push(fresh.clone());
        self.confirmations.insert(fresh.message, fresh);
        Asked::Fresh
    }

    /// Decides the calling off of a confirmation.
    pub fn cancel(&mut self, message: MessageId) -> Result<ConfirmationState, JournalError> {
        let known = self
            .confirmations
            .get(&message)
            .ok_or(JournalError::Changed)?;
        let state = known.clone().at(self.now_ms).state;
        if state != ConfirmationState::Asked {
            return Ok(state);
        }
        self.stands(message, ConfirmationState::Cancelled);
        Ok(ConfirmationState::Cancelled)
    }

    /// How a confirmation stands for `caller`; another's is as good as none.
    fn usable(
        &self,
        message: MessageId,
        caller: UserId,
        guild: GuildId,
    ) -> Result<ConfirmationState, JournalError> {
        let known = self
            .confirmations
            .get(&message)
            .filter(|known| known.caller == caller && known.guild == guild)
            .ok_or(JournalError::Changed)?;
        Ok(known.clone().at(self.now_ms).state)
    }

    fn stands(&mut self, message: MessageId, state: ConfirmationState) {
        if let Some(known) = self.confirmations.get_mut(&message) {
            known.state = state;
        }
        self.batch.confirmed.push((message, state));
    }

    fn receipt(&mut self, opening: &Opening) -> Result<Receipt, JournalError> {
        let intent = &opening.intent;
        Ok(Receipt {
            code: self.codes.take(&intent.cause)?,
            op: opening.op.clone(),
            cause: intent.cause,
            guild: intent.guild,
            system: intent.system.clone(),
            giver: opening.giver,
            member: intent.member,
            member_name: intent.member_name.clone(),
            amount: intent.amount,
            reason: intent.reason.clone(),
            remark: intent.remark.clone(),
            written_ms: self.now_ms,
            // The bearer may send at once, so from here on a sending may be under way.
            state: State::Unconfirmed,
            progress: Progress {
                sends: 1,
                last_sent_ms: self.now_ms,
                looks: 0,
                next_look_ms: self.now_ms.saturating_add(opening.look_after_ms),
                in_doubt_since_ms: None,
                heard: String::new(),
            },
            settled_ms: None,
            refusal: None,
            balance: None,
            reply: intent.reply,
            told: Told::Nothing,
            settled_by: None,
            undoes: None,
            undone: 0,
            approval: None,
            account: intent.account.clone(),
            day: Some(intent.day),
        })
    }
}

/// Written, and nobody may send it before somebody has approved it.
fn waiting(receipt: Receipt, approval: Approval) -> Receipt {
    let receipt = queued(receipt);
    Receipt {
        state: State::Waiting,
        progress: Progress {
            // No sweep takes it up.
            next_look_ms: i64::MAX,
            ..receipt.progress
        },
        approval: Some(approval),
        ..receipt
    }
}

/// One of several: written before any of them is sent, so nothing of it is under way.
fn queued(receipt: Receipt) -> Receipt {
    Receipt {
        state: State::Queued,
        progress: Progress {
            sends: 0,
            ..receipt.progress
        },
        ..receipt
    }
}

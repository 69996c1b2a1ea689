//! What people decide about changes that wait.
//!
//! Invariant: a decision counts once, before its time is over, and never from the giver or a receiver
//! of the change, which is decided inside the transaction that writes it.

use crate::journal::Journal;
use crate::journal::batch::EntryChange;
use crate::journal::entry::Approval;
use crate::journal::entry::Decision;
use crate::journal::entry::Progress;
use crate::journal::entry::Receipt;
use crate::journal::entry::Refused;
use crate::journal::entry::State;
use crate::journal::entry::Ticket;
use crate::journal::entry::Told;
use crate::journal::error::JournalError;
use crate::journal::group::Write;
use crate::journal::outcome::Decided;
use crate::journal::rules::Ledger;
use crate::journal::store::storable;
use crate::model::Cause;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::ReceiptCode;
use crate::model::UserId;
use crate::model::decision::NotRuled;
use crate::model::decision::Ruling;
use crate::model::refusal::PointsRefusal;
use crate::permissions::Granted;
use crate::permissions::Right;

/// A wish to decide about the changes of a command.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    /// The message with the command.
    pub message: MessageId,
    /// Its guild; a command of another is none.
    pub guild: GuildId,
    /// The change that was named.
    pub code: ReceiptCode,
    /// Who decides what; nobody where the time is over.
    pub ruling: Option<(UserId, Ruling)>,
    /// The largest change the decider may make.
    pub per_award: Option<i64>,
    /// How long the bearers of the tickets have before others look, in milliseconds.
    pub look_after_ms: i64,
}

impl Ledger {
    /// Decides about a command that waits for approval: all its changes or none.
    pub fn decide(&mut self, wish: &Wish) -> Decided {
        let rows = self.of_command(wish);
        let Some(first) = rows.first() else {
            return Decided::Nothing;
        };
        let code = wish.code.clone();
        let approval = match &first.approval {
            None => return Decided::Not(NotRuled::NotWaiting { code }),
            Some(Approval {
                decision: Some(decision),
                ..
            }) => return Decided::Not(decided(code, decision)),
            Some(approval) => approval,
        };
        let is_over = self.now_ms >= approval.until_ms;
        let Some((by, ruling)) = &wish.ruling else {
            return match is_over {
                true => self.refuse(rows, None, None),
                false => Decided::Nothing,
            };
        };
        if is_over {
            return Decided::Not(NotRuled::Expired { code });
        }
        if first.giver == *by {
            return Decided::Not(NotRuled::Giver { code });
        }
        if rows.iter().any(|row| row.member == *by) {
            return Decided::Not(NotRuled::Receiver { code });
        }
        match ruling {
            Ruling::Refuse { why } => self.refuse(rows, Some(*by), why.clone()),
            Ruling::Approve => {
                let asked = rows.iter().map(|row| row.amount.size()).max().unwrap_or(0);
                if let Some(cap) = wish.per_award.filter(|&cap| asked > cap) {
                    return Decided::Not(NotRuled::AboveEach { code, asked, cap });
                }
                let gives = rows.iter().any(|row| !row.amount.takes());
                if let Some(freeze) = self.freeze_of(wish.guild).filter(|_| gives) {
                    return Decided::Frozen(freeze.clone());
                }
                self.approve(rows, *by, wish.look_after_ms)
            }
        }
    }

    fn of_command(&self, wish: &Wish) -> Vec<Receipt> {
        let of_it = |receipt: &&Receipt| {
            matches!(receipt.cause, Cause::Message { message, .. } if message == wish.message)
                && receipt.guild == wish.guild
        };
        let mut rows: Vec<Receipt> = self.entries.values().filter(of_it).cloned().collect();
        rows.sort_by_key(|receipt| receipt.cause);
        rows
    }

    fn approve(&mut self, rows: Vec<Receipt>, by: UserId, look_after_ms: i64) -> Decided {
        let decision = Decision {
            approved: true,
            by: Some(by),
            ms: self.now_ms,
            why: None,
        };
        let next_look_ms = self.now_ms.saturating_add(look_after_ms);
        let approved = |receipt: Receipt| Receipt {
            state: State::Queued,
            progress: Progress {
                next_look_ms,
                ..receipt.progress
            },
            // What was said is that it waits, which is no longer so.
            told: Told::Nothing,
            ..receipt
        };
        let rows = self.write_decision(rows, &decision, next_look_ms, None, approved);
        let tickets = rows.into_iter().map(|receipt| Ticket {
            receipt: Box::new(receipt),
        });
        Decided::Approved(tickets.collect())
    }

    fn refuse(&mut self, rows: Vec<Receipt>, by: Option<UserId>, why: Option<String>) -> Decided {
        let refused = Refused {
            meaning: match by {
                Some(_) => PointsRefusal::NotApproved,
                None => PointsRefusal::ApprovalExpired,
            },
            code: None,
            text: String::new(),
        };
        let decision = Decision {
            approved: false,
            by,
            ms: self.now_ms,
            why,
        };
        let now_ms = self.now_ms;
        let ended = refused.clone();
        let end = |receipt: Receipt| Receipt {
            state: State::Refused,
            settled_ms: Some(now_ms),
            refusal: Some(ended.clone()),
            ..receipt
        };
        Decided::Refused(self.write_decision(rows, &decision, i64::MAX, Some(refused), end))
    }

    fn write_decision(
        &mut self,
        rows: Vec<Receipt>,
        decision: &Decision,
        next_look_ms: i64,
        refused: Option<Refused>,
        stands: impl Fn(Receipt) -> Receipt,
    ) -> Vec<Receipt> {
        let rows: Vec<Receipt> = rows
            .into_iter()
            .map(|receipt| {
                let approval = receipt.approval.clone().map(|approval| Approval {
                    decision: Some(decision.clone()),
                    ..approval
                });
                stands(Receipt {
                    approval,
                    ..receipt
                })
            })
            .collect();
        for receipt in &rows {
            self.batch.changes.push(EntryChange::Decide {
                cause: receipt.cause,
                decision: decision.clone(),
                next_look_ms,
                refused: refused.clone(),
            });
            self.entries.insert(receipt.cause, receipt.clone());
        }
        rows
    }
}

fn decided(code: ReceiptCode, decision: &Decision) -> NotRuled {
    match decision.by {
        Some(by) => NotRuled::Decided {
            code,
            approved: decision.approved,
            by,
        },
        None => NotRuled::Expired { code },
    }
}

impl Journal {
    /// Decides about the command behind `receipt`, once; all its changes or none.
    ///
    /// Approved changes are queued, as after `open_all`: before each is sent, `send_first` has to
    /// note it.
    pub async fn decide(
        &self,
        granted: &Granted,
        receipt: &Receipt,
        ruling: Ruling,
        look_after: std::time::Duration,
    ) -> Result<Decided, JournalError> {
        if granted.guild() != receipt.guild {
            return Err(JournalError::OtherGuild {
                granted: granted.guild(),
                intended: receipt.guild,
            });
        }
        if !granted.covers(Right::Approve) {
            return Err(JournalError::Changed);
        }
        let ruling = match ruling {
            Ruling::Refuse { why } => Ruling::Refuse {
                why: why.map(storable),
            },
            Ruling::Approve => Ruling::Approve,
        };
        let (message, _, _) = receipt.cause.parts();
        let wish = Wish {
            message,
            guild: receipt.guild,
            code: receipt.code.clone(),
            ruling: Some((granted.by(), ruling)),
            per_award: granted.caps().per_award,
            look_after_ms: i64::try_from(look_after.as_millis()).unwrap_or(i64::MAX),
        };
        self.write(wish, Write::Decide).await
    }

    /// Refuses what nobody has decided about in time; answers what it ended.
    pub async fn expire(&self, receipt: &Receipt) -> Result<Vec<Receipt>, JournalError> {
        let (message, _, _) = receipt.cause.parts();
        let wish = Wish {
            message,
            guild: receipt.guild,
            code: receipt.code.clone(),
            ruling: None,
            per_award: None,
            look_after_ms: 0,
        };
        match self.write(wish, Write::Decide).await? {
            Decided::Refused(receipts) => Ok(receipts),
            _ => Ok(Vec::new()),
        }
    }

    /// At most `limit` changes of a guild that wait for approval, oldest first.
    pub async fn waiting(
        &self,
        guild: GuildId,
        limit: usize,
    ) -> Result<Vec<Receipt>, JournalError> {
        self.read(self.shared.store.waiting(guild, limit)).await
    }

    /// At most `limit` changes of all guilds whose time to be approved was over at `due_ms`.
    pub async fn unapproved(
        &self,
        due_ms: i64,
        limit: usize,
    ) -> Result<Vec<Receipt>, JournalError> {
        self.read(self.shared.store.unapproved(due_ms, limit)).await
    }

    /// The newest change `giver` asked for in `guild` with a message before `before`.
    pub async fn last_given(
        &self,
        guild: GuildId,
        giver: UserId,
        before: MessageId,
    ) -> Result<Option<Receipt>, JournalError> {
        let last = self.shared.store.last_given(guild, giver, before);
        self.read(last).await
    }
}

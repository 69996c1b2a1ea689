//! What people decide about changes that wait, and about giving as a whole.
//!
//! Invariants: a decision counts once, before its time is over, and never from the giver or a
//! receiver of the change; whoever opens after a stop of giving was written does not open. Both are
//! decided inside the transaction that writes them.

use crate::journal::Journal;
use crate::journal::batch::EntryChange;
use crate::journal::batch::FreezeChange;
use crate::journal::batch::FreezeStands;
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
use crate::journal::outcome::Froze;
use crate::journal::outcome::Thawed;
use crate::journal::rules::Ledger;
use crate::journal::store::storable;
use crate::model::Cause;
use crate::model::Freeze;
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

/// A wish to stop all giving in a guild, or to let it go on.
#[derive(Clone, Debug)]
pub(super) struct Stop {
    /// Where, who and why.
    pub freeze: Freeze,
    /// The message with the command.
    pub message: MessageId,
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

    /// Stops all giving in a guild.
    pub fn freeze(&mut self, wish: &Stop) -> Froze {
        let guild = wish.freeze.guild;
        if self.is_stale(wish) {
            return Froze::Stale;
        }
        if let Some(before) = self.freeze_of(guild) {
            return Froze::Before(before.clone());
        }
        let freeze = Freeze {
            since_ms: self.now_ms,
            ..wish.freeze.clone()
        };
        self.stand(wish, Some(freeze.clone()));
        self.batch.freezes.push(FreezeChange::Begin {
            freeze: freeze.clone(),
            message: wish.message,
        });
        Froze::Now(freeze)
    }

    /// Lets giving go on.
    pub fn thaw(&mut self, wish: &Stop) -> Thawed {
        if self.is_stale(wish) {
            return Thawed::Stale;
        }
        let guild = wish.freeze.guild;
        let Some(before) = self.freeze_of(guild).cloned() else {
            return Thawed::NotFrozen;
        };
        self.stand(wish, None);
        self.batch.freezes.push(FreezeChange::End {
            guild,
            message: wish.message,
            by: wish.freeze.by,
            now_ms: self.now_ms,
        });
        Thawed::Now(before)
    }

    /// Whether this message or one after it has decided already: message ids grow with time.
    fn is_stale(&self, wish: &Stop) -> bool {
        let stands = self.freezes.get(&wish.freeze.guild);
        stands.is_some_and(|stands| wish.message <= stands.message)
    }

    fn stand(&mut self, wish: &Stop, freeze: Option<Freeze>) {
        let stands = FreezeStands {
            guild: wish.freeze.guild,
            message: wish.message,
            freeze,
        };
        self.freezes.insert(stands.guild, stands);
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

    /// That giving is stopped in a guild, while it is.
    pub async fn frozen(&self, guild: GuildId) -> Result<Option<Freeze>, JournalError> {
        self.read(self.shared.store.freeze(guild)).await
    }

    /// Stops all giving in the guild of `granted`, from the moment this returns and over restarts.
    ///
    /// `message` is the one with the command: delivered again, it stops nothing a second time.
    pub async fn freeze(
        &self,
        granted: &Granted,
        message: MessageId,
        reason: Option<String>,
    ) -> Result<Froze, JournalError> {
        let stop = stop(granted, message, reason)?;
        self.write(stop, Write::Freeze).await
    }

    /// Lets giving go on.
    pub async fn thaw(
        &self,
        granted: &Granted,
        message: MessageId,
    ) -> Result<Thawed, JournalError> {
        let stop = stop(granted, message, None)?;
        self.write(stop, Write::Thaw).await
    }
}

fn stop(
    granted: &Granted,
    message: MessageId,
    reason: Option<String>,
) -> Result<Stop, JournalError> {
    if !granted.covers(Right::Freeze) {
        return Err(JournalError::Changed);
    }
    let freeze = Freeze {
        guild: granted.guild(),
        by: granted.by(),
        reason: reason.map(storable),
        since_ms: 0,
    };
    Ok(Stop { freeze, message })
}

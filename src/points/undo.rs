//! Undoing a change: a change of its own that takes back what came, or gives back what went.
//!
//! Invariants: it has a row, an id and a receipt like every change, and the same protocol settles it.
//! Of all attempts to undo one change at most one takes effect: each but the first is opened only
//! after the one before it was refused for certain, which the journal looks at in the transaction
//! that writes it. What was undone for certain counts no longer against its giver's quota of that
//! day, since the giver has it to give again. An undo itself takes from no quota and no cap binds
//! it: no more goes back than came. Taking back goes on while giving is stopped; giving back does not.

use std::time::Duration;

use tokio::time::Instant;

use crate::journal::Intent;
use crate::journal::JournalError;
use crate::journal::Opened;
use crate::journal::Receipt;
use crate::journal::ReplyAddress;
use crate::journal::State;
use crate::model::Amount;
use crate::model::Freeze;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::Policy;
use crate::model::UserId;
use crate::model::decision::Extent;
use crate::model::decision::NotUndone;
use crate::model::op_id::MOST_UNDOS;
use crate::permissions::Granted;
use crate::permissions::MayNotUndo;
use crate::permissions::may_undo;
use crate::points::Change;
use crate::points::ChangeError;
use crate::points::Order;
use crate::points::Points;
use crate::points::ReadError;

/// An undo somebody asks for.
#[derive(Clone, Debug)]
pub struct Undoing {
    /// What is to be undone, as it was found.
    pub of: Receipt,
    /// How much of it.
    pub extent: Extent,
    /// The remark for the points system, in words of the bot's own.
    pub remark: String,
    /// Where the answer belongs.
    pub reply: ReplyAddress,
    /// The message that asks, which may arrive again; `None` for a pressed button.
    pub asked_by: Option<MessageId>,
}

/// What became of an undo within the answer budget.
#[derive(Debug)]
pub enum Undo {
    /// It is written; how it stands now.
    Written(Box<Receipt>),
    /// The same message asked before; nothing happens again.
    Repeated,
    /// It is not done, and nothing was written.
    Not(NotUndone),
    /// Giving is stopped, and this would give points back; nothing was written.
    Frozen(Freeze),
    /// What there is to take back could not be read; nothing was written.
    Unread(ReadError),
}

impl Points {
    /// Takes back, or gives back, what a change moved, as far as `granted` reaches.
    pub async fn undo(
        &self,
        granted: &Granted,
        policy: &Policy,
        undoing: Undoing,
    ) -> Result<Undo, ChangeError> {
        let deadline = Instant::now() + self.inner.times.answer_budget;
        let of = &undoing.of;
        let attempts = self.undos(of).await?;
        let asks = |attempt: &Receipt| attempt.reply.quoting == undoing.asked_by;
        if undoing.asked_by.is_some() && attempts.iter().any(asks) {
            return Ok(Undo::Repeated);
        }
        if let Err(why) = self.undoable(granted, policy, of, &attempts) {
            return Ok(Undo::Not(why));
        }
        let attempt = u8::try_from(attempts.len() + 1).unwrap_or(u8::MAX);
        let Some(cause) = of.cause.undone_by(attempt) else {
            let code = of.code.clone();
            return Ok(Undo::Not(NotUndone::TooOften { code }));
        };
        let amount = match self.amount(of, undoing.extent).await {
            Ok(Some(amount)) => amount,
            Ok(None) => {
                let code = of.code.clone();
                return Ok(Undo::Not(NotUndone::NothingThere { code }));
            }
            Err(error) => return Ok(Undo::Unread(error)),
        };
        let backend = self.backend(policy.guild, [amount])?;
        if backend.system().name() != of.system {
            return Err(ChangeError::NoSystem);
        }
        let order = Order {
            cause,
            member: of.member,
            member_name: of.member_name.clone(),
            amount,
            reason: None,
            fallback_remark: undoing.remark,
            reply: undoing.reply,
            confirmation: None,
        };
        let intent = Intent {
            // Points go back where they went, whoever has which account by now.
            account: of.account.clone(),
            ..order
                .intent(policy.guild, self.day(policy), &**backend)
                .await?
        };
        let look_after = self.inner.times.request_limit;
        let day = self.today(policy);
        let opened = self.inner.journal.open(granted, day, look_after, intent);
        Ok(match opened.await? {
            Opened::Fresh(ticket) => {
                tracing::info!(undoes = %of.code, attempt, "undo written");
                match self.send_fresh(ticket, deadline).await {
                    Change::Done(receipt)
                    | Change::Refused(receipt)
                    | Change::Pending(receipt)
                    | Change::Known(receipt) => Undo::Written(Box::new(receipt)),
                    Change::Over(_) | Change::Frozen(_) | Change::ConfirmationSpent(_) => {
                        return Err(JournalError::Changed.into());
                    }
                }
            }
            // Somebody else was first by a moment.
            Opened::Known(by) => Undo::Not(standing_in_the_way(of, &by)),
            Opened::NotUndoable(_) => {
                let attempts = self.undos(of).await?;
                Undo::Not(match attempts.last() {
                    Some(by) => standing_in_the_way(of, by),
                    None => NotUndone::Open {
                        code: of.code.clone(),
                    },
                })
            }
            Opened::Frozen(freeze) => Undo::Frozen(freeze),
            Opened::Waiting(_) | Opened::Over(_) | Opened::ConfirmationSpent(_) => {
                return Err(JournalError::Changed.into());
            }
        })
    }

    /// The attempts to undo a change so far, in their order.
    pub async fn undos(&self, of: &Receipt) -> Result<Vec<Receipt>, JournalError> {
        let mut found = Vec::new();
        for attempt in 1..=MOST_UNDOS {
            let Some(cause) = of.cause.undone_by(attempt) else {
                break;
            };
            match self.inner.journal.of_cause(&cause).await? {
                Some(receipt) => found.push(receipt),
                None => break,
            }
        }
        Ok(found)
    }

    /// The changes of the last command by which `giver` changed points before the message `before`.
    ///
    /// What it means does not depend on when it is asked, so a message that arrives again means the
    /// same change.
    pub async fn last_given(
        &self,
        guild: GuildId,
        giver: UserId,
        before: MessageId,
    ) -> Result<Vec<Receipt>, JournalError> {
        let journal = &self.inner.journal;
        match journal.last_given(guild, giver, before).await? {
            Some(last) => journal.of_message(last.cause.parts().0).await,
            None => Ok(Vec::new()),
        }
    }

    /// Whether the change may be undone by this person, as it stands.
    fn undoable(
        &self,
        granted: &Granted,
        policy: &Policy,
        of: &Receipt,
        attempts: &[Receipt],
    ) -> Result<(), NotUndone> {
        let code = of.code.clone();
        if of.cause.undoes().is_some() {
            return Err(NotUndone::IsUndo { code });
        }
        // Counted from when the giver could see that it had happened.
        let since = of.settled_ms.unwrap_or(of.written_ms);
        let age = self.inner.clock.now_ms().saturating_sub(since).max(0);
        let age = Duration::from_millis(age.unsigned_abs());
        let window = policy.limits.undo_window;
        let may = may_undo(granted, of.giver, age, window);
        if may == Err(MayNotUndo::Anothers) {
            return Err(NotUndone::NotYours { code });
        }
        if let Some(by) = attempts.last()
            && by.state != State::Refused
        {
            return Err(standing_in_the_way(of, by));
        }
        match of.state {
            State::Done => {}
            State::Waiting => return Err(NotUndone::Waiting { code }),
            State::Refused => return Err(NotUndone::WasRefused { code }),
            _ => return Err(NotUndone::Open { code }),
        }
        may.map_err(|_| NotUndone::TooLate {
            code,
            window_seconds: window.as_secs(),
        })
    }

    /// What is to be moved; `None` where nothing is there.
    async fn amount(&self, of: &Receipt, extent: Extent) -> Result<Option<Amount>, ReadError> {
        let whole = of.amount.negated();
        if extent == Extent::Whole || !whole.takes() {
            return Ok(Some(whole));
        }
        let there = self.balance_of(of).await?.points;
        let taken = there.min(of.amount.size());
        Ok(Amount::new(taken.max(0)).ok().map(Amount::negated))
    }
}

/// What an attempt that was made before means to somebody who asks again.
fn standing_in_the_way(of: &Receipt, by: &Receipt) -> NotUndone {
    let (code, by_code) = (of.code.clone(), by.code.clone());
    match by.state.took_effect() {
        true => NotUndone::Already { code, by: by_code },
        false => NotUndone::UnderWay { code, by: by_code },
    }
}

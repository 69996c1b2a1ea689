//! A command reaches the bot, and the answer is put into the words of `commands`.

use guildpoints::journal::JournalError;
use guildpoints::journal::Receipt;
use guildpoints::journal::State;
use guildpoints::model::Policy;
use guildpoints::model::decision::Extent;
use guildpoints::model::decision::NotRuled;
use guildpoints::model::decision::NotUndone;
use guildpoints::model::decision::Ruling;
use guildpoints::permissions::Right;
use guildpoints::points::Change;
use guildpoints::points::ChangeError;
use guildpoints::points::Changes;
use guildpoints::points::Ruled;
use guildpoints::points::Undo;
use guildpoints::points::Undoing;

use crate::commands::Claim;
use crate::commands::Command;
use crate::commands::Meant;
use crate::commands::What;
use crate::commands::Why;
use crate::door::enter;
use crate::life::Bot;
use crate::people;
use crate::schedule::Luck;

/// Carries a command out; its answer is noted when it comes.
pub async fn deliver(bot: Bot, command: Command, luck: Luck, policy: Policy) {
    let claim = match &command.what {
        What::Change {
            points, is_several, ..
        } => {
            let right = if *points < 0 {
                Right::Take
            } else {
                Right::Give
            };
            let granted = people::granted(command.who, right, &policy);
            let mut orders = command.orders();
            if *is_several {
                let message = people::message(command.number);
                let changes = bot.points.change_all(&granted, &policy, message, orders);
                claimed_all(changes.await)
            } else {
                let change = bot.points.change(&granted, &policy, orders.remove(0));
                claimed(change.await)
            }
        }
        What::Undo(meant) => {
            let undone = undo(&bot, &command, *meant, luck, &policy).await;
            undone.unwrap_or_else(|error| Claim::Failed(error.to_string()))
        }
        What::Decide { of, approves } => {
            let decided = decide(&bot, &command, *of, *approves, &policy).await;
            decided.unwrap_or_else(|error| Claim::Failed(error.to_string()))
        }
    };
    command.hear(&mut enter(&bot.world), claim);
}

async fn undo(
    bot: &Bot,
    command: &Command,
    meant: Meant,
    luck: Luck,
    policy: &Policy,
) -> Result<Claim, ChangeError> {
    let granted = people::granted(command.who, Right::Undo, policy);
    let asks = people::message(command.number);
    let (of, asked_by) = match meant {
        Meant::Code(number, member) => (found(bot, number, member).await?, Some(asks)),
        Meant::Button(number, member) | Meant::Rest(number, member) => {
            (found(bot, number, member).await?, None)
        }
        Meant::Last => {
            let (guild, who) = (people::GUILD, granted.by());
            let last = bot.points.last_given(guild, who, asks).await?;
            let only = <[Receipt; 1]>::try_from(last).ok();
            (only.map(|[only]| only), Some(asks))
        }
    };
    let Some(of) = of else {
        return Ok(other("there is no such change, or several"));
    };
    let label = people::label_of(&of.op);
    enter(&bot.world).more_luck(people::undone(&label), luck);
    let undoing = Undoing {
        extent: match meant {
            Meant::Rest(..) => Extent::WhatIsThere,
            _ => Extent::Whole,
        },
        remark: "undone".to_owned(),
        reply: match asked_by {
            Some(_) => people::place(command.number),
            None => of.reply,
        },
        asked_by,
        of,
    };
    Ok(match bot.points.undo(&granted, policy, undoing).await? {
        Undo::Written(receipt) => stand([&*receipt]),
        Undo::Repeated => Claim::Known,
        Undo::Not(NotUndone::Already { .. }) => Claim::Not(Why::Undone(label)),
        Undo::Not(NotUndone::WasRefused { .. }) => Claim::Not(Why::Refused(label)),
        Undo::Not(why) => other(why),
        Undo::Frozen(_) => Claim::Failed("giving is stopped".to_owned()),
        Undo::Unread(error) => Claim::Failed(format!("{error:?}")),
    })
}

async fn found(bot: &Bot, number: usize, member: usize) -> Result<Option<Receipt>, JournalError> {
    bot.journal.of_cause(&people::cause(number, member)).await
}

async fn decide(
    bot: &Bot,
    command: &Command,
    of: usize,
    approves: bool,
    policy: &Policy,
) -> Result<Claim, ChangeError> {
    let rows = bot.journal.of_message(people::message(of)).await?;
    let Some(first) = rows.first() else {
        return Ok(other("there is no such change"));
    };
    let ruling = match approves {
        true => Ruling::Approve,
        false => Ruling::Refuse { why: None },
    };
    let granted = people::granted(command.who, Right::Approve, policy);
    let ruled = bot.points.decide(&granted, first, ruling).await?;
    Ok(match ruled {
        Ruled::Approved(receipts) | Ruled::Refused(receipts) => stand(&receipts),
        Ruled::Not(NotRuled::Decided { approved, .. }) => Claim::Not(Why::Decided(of, approved)),
        Ruled::Not(NotRuled::Expired { .. }) => Claim::Not(Why::Decided(of, false)),
        Ruled::Not(NotRuled::NotWaiting { .. }) => Claim::Not(Why::NeverWaited(of)),
        Ruled::Not(why) => other(why),
        Ruled::Frozen(_) => Claim::Failed("giving is stopped".to_owned()),
    })
}

fn claimed(change: Result<Change, ChangeError>) -> Claim {
    match change {
        Ok(Change::Done(receipt)) => Claim::Stand(vec![(label(&receipt), State::Done)]),
        Ok(Change::Refused(receipt)) => Claim::Stand(vec![(label(&receipt), State::Refused)]),
        Ok(Change::Pending(receipt)) => {
            let state = match receipt.state.is_final() {
                true => State::Unconfirmed,
                false => receipt.state,
            };
            Claim::Stand(vec![(label(&receipt), state)])
        }
        Ok(Change::Known(_)) => Claim::Known,
        Ok(Change::Over(_)) => Claim::Over,
        Ok(Change::Frozen(_)) => Claim::Failed("giving is stopped".to_owned()),
        Ok(Change::ConfirmationSpent(_)) => Claim::Failed("a confirmation is spent".to_owned()),
        Err(error) => Claim::Failed(error.to_string()),
    }
}

fn claimed_all(changes: Result<Changes, ChangeError>) -> Claim {
    match changes {
        Ok(Changes::Written(receipts)) => stand(&receipts),
        Ok(Changes::Known) => Claim::Known,
        Ok(Changes::Over(_)) => Claim::Over,
        Ok(Changes::Frozen(_)) => Claim::Failed("giving is stopped".to_owned()),
        Ok(Changes::ConfirmationSpent(_)) => Claim::Failed("a confirmation is spent".to_owned()),
        Err(error) => Claim::Failed(error.to_string()),
    }
}

fn stand<'a>(receipts: impl IntoIterator<Item = &'a Receipt>) -> Claim {
    let receipts = receipts.into_iter();
    Claim::Stand(receipts.map(|one| (label(one), one.state)).collect())
}

fn label(receipt: &Receipt) -> String {
    people::label_of(&receipt.op)
}

fn other(why: impl std::fmt::Debug) -> Claim {
    Claim::Not(Why::Other(format!("{why:?}")))
}

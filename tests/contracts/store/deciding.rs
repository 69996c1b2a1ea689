//! What people decide about changes: undoing and approving.

use guildpoints::journal::Decided;
use guildpoints::journal::Intent;
use guildpoints::journal::Journal;
use guildpoints::journal::Opened;
use guildpoints::journal::OpenedAll;
use guildpoints::journal::Receipt;
use guildpoints::journal::Settlement;
use guildpoints::journal::State;
use guildpoints::journal::Told;
use guildpoints::model::Cause;
use guildpoints::model::UserId;
use guildpoints::model::decision::NotRuled;
use guildpoints::model::decision::Ruling;
use guildpoints::model::policy::RewardLimits;
use guildpoints::model::refusal::PointsRefusal;
use tokio::task::JoinSet;

use super::stage::*;

pub(super) const SECOND: UserId = UserId::new(223_456_789_012_345_681);

/// A change that is done.
pub(super) async fn done(journal: &Journal, number: u64, points: i64) -> Receipt {
    let ticket = ticket(journal, number, points).await;
    journal.settle(ticket, Settlement::Done).await.unwrap()
}

async fn stands(journal: &Journal, cause: &Cause) -> Receipt {
    journal.of_cause(cause).await.unwrap().unwrap()
}

async fn given(journal: &Journal) -> i64 {
    journal.given(GUILD, GIVER, EVER).await.unwrap()
}

#[tokio::test]
async fn an_undo_that_is_done_is_counted_on_what_it_undoes() {
    let home = Home::new();
    let journal = home.journal().await;
    let original = done(&journal, 1, 666).await;
    assert_eq!(given(&journal).await, 666);
    let ticket = fresh(open(&journal, undo(1, 1, -666)).await);
    let undoes = ticket.receipt().undoes.clone().unwrap();
    assert_eq!((undoes.code, undoes.size), (original.code.clone(), 666));
    assert_ne!(ticket.op(), &original.op);
    assert_eq!(given(&journal).await, 666, "not before it is certain");
    assert_eq!(stands(&journal, &cause(1)).await.state, State::Done);
    let undone = journal.settle(ticket, Settlement::Done).await.unwrap();
    assert_eq!((undone.state, undone.undone), (State::Done, 0));
    let after = stands(&journal, &cause(1)).await;
    assert_eq!((after.state, after.undone), (State::Undone, 666));
    assert_eq!(given(&journal).await, 0);
    // The entries of a message are those it asked for.
    assert_eq!(journal.of_message(message(1)).await.unwrap().len(), 1);
    match open(&journal, undo(1, 2, -666)).await {
        Opened::NotUndoable(Some(original)) => assert_eq!(original.state, State::Undone),
        other => panic!("{other:?}"),
    }
    assert!(matches!(
        open(&journal, undo(1, 1, -666)).await,
        Opened::Known(_)
    ));
    journal.close().await;
}

#[tokio::test]
async fn a_further_attempt_needs_the_refusal_of_the_one_before() {
    let home = Home::new();
    let journal = home.journal().await;
    done(&journal, 1, 666).await;
    let opened = open(&journal, undo(1, 2, -300)).await;
    assert!(matches!(opened, Opened::NotUndoable(Some(_))), "{opened:?}");
    let first = fresh(open(&journal, undo(1, 1, -666)).await);
    let opened = open(&journal, undo(1, 2, -300)).await;
    assert!(matches!(opened, Opened::NotUndoable(Some(_))), "{opened:?}");
    journal.settle(first, refusal()).await.unwrap();
    for too_much in [-667, 300] {
        let opened = open(&journal, undo(1, 2, too_much)).await;
        assert!(matches!(opened, Opened::NotUndoable(Some(_))), "{opened:?}");
    }
    let mut openings = JoinSet::new();
    for _ in 0..16 {
        let journal = journal.clone();
        openings.spawn(async move { open(&journal, undo(1, 2, -300)).await });
    }
    let opened = openings.join_all().await;
    let mut tickets: Vec<_> = opened
        .into_iter()
        .filter_map(|opened| match opened {
            Opened::Fresh(ticket) => Some(ticket),
            _ => None,
        })
        .collect();
    assert_eq!(tickets.len(), 1);
    let ticket = tickets.pop().unwrap();
    journal.settle(ticket, Settlement::Done).await.unwrap();
    let after = stands(&journal, &cause(1)).await;
    assert_eq!((after.state, after.undone), (State::PartlyUndone, 300));
    assert_eq!(given(&journal).await, 366);
    journal.close().await;
}

#[tokio::test]
async fn what_is_not_done_cannot_be_undone() {
    let home = Home::new();
    let journal = home.journal().await;
    assert!(matches!(
        open(&journal, undo(9, 1, -5)).await,
        Opened::NotUndoable(None)
    ));
    let open_one = ticket(&journal, 1, 666).await;
    let opened = open(&journal, undo(1, 1, -666)).await;
    assert!(matches!(opened, Opened::NotUndoable(Some(_))), "{opened:?}");
    journal.settle(open_one, refusal()).await.unwrap();
    let opened = open(&journal, undo(1, 1, -666)).await;
    assert!(matches!(opened, Opened::NotUndoable(Some(_))), "{opened:?}");
    journal.close().await;
}

#[tokio::test]
async fn each_undo_is_told_by_itself() {
    let home = Home::new();
    let journal = home.journal().await;
    let line = |number: u32, undone: u8| {
        let cause = Cause::Message {
            message: message(1),
            line: number,
            member: MEMBER,
        };
        cause.undone_by(undone).unwrap_or(cause)
    };
    for number in 0..2 {
        let change = Intent {
            cause: line(number, 0),
            ..intent(1, 10)
        };
        let ticket = fresh(open(&journal, change).await);
        journal.settle(ticket, Settlement::Done).await.unwrap();
        let undo = Intent {
            cause: line(number, 1),
            ..intent(1, -10)
        };
        fresh(open(&journal, undo).await);
    }
    say(&journal, &line(0, 1), message(50), Told::Interim)
        .await
        .unwrap();
    journal.tell_later(&line(0, 1), i64::MAX).await.unwrap();
    let (first, second) = (
        stands(&journal, &line(0, 1)).await,
        stands(&journal, &line(1, 1)).await,
    );
    assert_eq!(
        (first.told, first.reply.said),
        (Told::Interim, Some(message(50)))
    );
    assert_eq!((second.told, second.reply.said), (Told::Nothing, None));
    assert_eq!(stands(&journal, &line(0, 0)).await.told, Told::Nothing);
    journal.close().await;
}

fn asking() -> RewardLimits {
    RewardLimits {
        approve_over: Some(40),
        per_day: 150,
        ..RewardLimits::default()
    }
}

pub(super) async fn waiting(journal: &Journal, number: u64, points: i64) -> Receipt {
    let granted = granted_to(GIVER, asking());
    let opened = journal.open(&granted, EVER, LOOK_AFTER, intent(number, points));
    match opened.await.unwrap() {
        Opened::Waiting(receipt) => *receipt,
        other => panic!("{other:?}"),
    }
}

pub(super) async fn rules(
    journal: &Journal,
    by: UserId,
    receipt: &Receipt,
    ruling: Ruling,
) -> Decided {
    let granted = granted_to(by, RewardLimits::default());
    let decided = journal.decide(&granted, receipt, ruling, LOOK_AFTER);
    decided.await.unwrap()
}

#[tokio::test]
async fn what_needs_approval_waits_counts_and_gives_one_ticket() {
    let home = Home::new();
    let journal = home.journal().await;
    let receipt = waiting(&journal, 1, 41).await;
    assert_eq!(receipt.state, State::Waiting);
    assert_eq!(stands(&journal, &cause(1)).await, receipt);
    assert_eq!(given(&journal).await, 41);
    let counts = journal.counts().await.unwrap();
    assert_eq!(
        (counts.waiting, counts.queued, counts.oldest_open_ms),
        (1, 0, None)
    );
    assert!(journal.unsettled(i64::MAX - 1, 9).await.unwrap().is_empty());
    assert_eq!(
        journal.waiting(GUILD, 9).await.unwrap(),
        vec![receipt.clone()]
    );
    for (by, why) in [
        (
            GIVER,
            NotRuled::Giver {
                code: receipt.code.clone(),
            },
        ),
        (
            MEMBER,
            NotRuled::Receiver {
                code: receipt.code.clone(),
            },
        ),
    ] {
        match rules(&journal, by, &receipt, Ruling::Approve).await {
            Decided::Not(refused) => assert_eq!(refused, why),
            other => panic!("{other:?}"),
        }
    }
    let mut deciding = JoinSet::new();
    for _ in 0..16 {
        let (journal, receipt) = (journal.clone(), receipt.clone());
        deciding.spawn(async move { rules(&journal, SECOND, &receipt, Ruling::Approve).await });
    }
    let mut tickets = Vec::new();
    for decided in deciding.join_all().await {
        match decided {
            Decided::Approved(approved) => tickets.extend(approved),
            Decided::Not(NotRuled::Decided { approved, by, .. }) => {
                assert_eq!((approved, by), (true, SECOND));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(tickets.len(), 1);
    let mut ticket = tickets.pop().unwrap();
    assert_eq!(ticket.receipt().state, State::Queued);
    assert_eq!(&stands(&journal, &cause(1)).await, ticket.receipt());
    journal.send_first(&mut ticket, 7).await.unwrap();
    let done = journal.settle(ticket, Settlement::Done).await.unwrap();
    assert_eq!(done.approval.unwrap().decision.unwrap().by, Some(SECOND));
    journal.close().await;
}

#[tokio::test]
async fn what_is_not_approved_ends_and_gives_the_quota_back() {
    let home = Home::new();
    let journal = home.journal().await;
    let receipt = waiting(&journal, 1, 100).await;
    assert!(
        journal.expire(&receipt).await.unwrap().is_empty(),
        "its time is not over"
    );
    let until = receipt.approval.clone().unwrap().until_ms;
    assert!(journal.unapproved(until - 1, 9).await.unwrap().is_empty());
    assert_eq!(journal.unapproved(until, 9).await.unwrap().len(), 1);
    let why = Some("写错了".to_owned());
    match rules(
        &journal,
        SECOND,
        &receipt,
        Ruling::Refuse { why: why.clone() },
    )
    .await
    {
        Decided::Refused(refused) => assert_eq!(refused[0].state, State::Refused),
        other => panic!("{other:?}"),
    }
    let after = stands(&journal, &cause(1)).await;
    assert_eq!(after.state, State::Refused);
    assert_eq!(after.refusal.unwrap().meaning, PointsRefusal::NotApproved);
    assert_eq!(after.approval.unwrap().decision.unwrap().why, why);
    assert_eq!(given(&journal).await, 0);
    let settled = journal.untold(i64::MAX, 9).await.unwrap();
    assert_eq!(settled.len(), 1, "and is to be told");
    journal.close().await;
}

#[tokio::test]
async fn a_command_waits_as_a_whole() {
    let home = Home::new();
    let journal = home.journal().await;
    let members = [11, 12, 13].map(UserId::new);
    let intents = members.map(|member| Intent {
        cause: Cause::Message {
            message: message(1),
            line: 0,
            member,
        },
        member,
        ..intent(1, 41)
    });
    let granted = granted_to(GIVER, asking());
    let opened = journal.open_all(&granted, EVER, LOOK_AFTER, intents.to_vec());
    let receipts = match opened.await.unwrap() {
        OpenedAll::Waiting(receipts) => receipts,
        other => panic!("{other:?}"),
    };
    let decided = rules(&journal, members[1], &receipts[0], Ruling::Approve).await;
    assert!(
        matches!(decided, Decided::Not(NotRuled::Receiver { .. })),
        "{decided:?}"
    );
    match rules(&journal, SECOND, &receipts[2], Ruling::Approve).await {
        Decided::Approved(tickets) => assert_eq!(tickets.len(), 3),
        other => panic!("{other:?}"),
    }
    journal.close().await;
}

#[tokio::test]
async fn the_last_change_is_the_newest_before_a_message() {
    let home = Home::new();
    let journal = home.journal().await;
    for number in [1, 2, 3] {
        done(&journal, number, 5).await;
    }
    let last = async |before| {
        let last = journal.last_given(GUILD, GIVER, message(before)).await;
        last.unwrap().map(|receipt| receipt.cause)
    };
    assert_eq!(last(9).await, Some(cause(3)));
    assert_eq!(last(3).await, Some(cause(2)));
    assert_eq!(last(1).await, None);
    let other = journal.last_given(GUILD, SECOND, message(9)).await.unwrap();
    assert_eq!(other, None);
    journal.close().await;
}

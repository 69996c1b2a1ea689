//! Several changes in one call: each for itself, each once, the verdicts in the order of the tickets.

use guildpoints::journal::Ticket;
use guildpoints::model::refusal::PointsRefusal;
use guildpoints::points::DoubtKind;
use guildpoints::points::Record;
use guildpoints::points::Repeats;
use guildpoints::points::Verdict;

use super::rig::ANN;
use super::rig::BEN;
use super::rig::Batches;
use super::rig::CID;
use super::rig::Find;
use super::rig::Rig;
use super::rig::meaning;

on_each_system! {
    what_does_not_fit_hinders_nobody_else,
    a_batch_sent_twice_takes_effect_once,
}

async fn three(rig: &Rig) -> Vec<Ticket> {
    rig.has(ANN, 5).await;
    rig.has(BEN, 100).await;
    rig.has(CID, 0).await;
    let mut tickets = Vec::new();
    for (member, points) in [(ANN, -6), (BEN, -6), (CID, 7)] {
        tickets.push(rig.ticket(member, points).await);
    }
    tickets
}

async fn balances(rig: &Rig) -> [i64; 3] {
    let mut balances = [0; 3];
    for (balance, member) in balances.iter_mut().zip([ANN, BEN, CID]) {
        *balance = rig.balance(member).await;
    }
    balances
}

async fn what_does_not_fit_hinders_nobody_else(rig: Rig) {
    let Some(batch) = rig.backend.batch() else {
        return;
    };
    assert!(batch.adjust_many(&[]).await.is_empty());
    let tickets = three(&rig).await;
    let verdicts = batch.adjust_many(&tickets).await;
    assert_eq!(verdicts.len(), 3);
    assert_eq!(meaning(&verdicts[0]), PointsRefusal::Insufficient);
    match rig.claims.batch {
        Batches::AllOrNone => {
            assert!(!verdicts.contains(&Verdict::Applied), "{verdicts:?}");
            assert_eq!(balances(&rig).await, [5, 100, 0]);
        }
        _ => {
            assert_eq!(verdicts[1..], [Verdict::Applied, Verdict::Applied]);
            assert_eq!(balances(&rig).await, [5, 94, 7]);
        }
    }
    if let Find::By(_) = rig.claims.find {
        for (ticket, verdict) in tickets.iter().zip(&verdicts) {
            let found = rig.find(ticket.receipt()).await.unwrap();
            let is_there = matches!(found, Record::Found { .. });
            assert_eq!(is_there, *verdict == Verdict::Applied);
        }
    }
}

async fn a_batch_sent_twice_takes_effect_once(rig: Rig) {
    let Some(batch) = rig.backend.batch() else {
        return;
    };
    let promised = rig
        .claims
        .change
        .is_some_and(|(repeats, _)| repeats == Repeats::Dropped);
    if !promised || rig.claims.batch == Batches::AllOrNone {
        return;
    }
    let tickets = &three(&rig).await[1..];
    batch.adjust_many(tickets).await;
    // By itself in between, and in another order.
    rig.send(&tickets[1]).await;
    for verdict in batch.adjust_many(tickets).await {
        match verdict {
            Verdict::Applied => {}
            Verdict::Unknown(doubt) => assert_eq!(doubt.kind, DoubtKind::Duplicate),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(balances(&rig).await, [5, 94, 7]);
}

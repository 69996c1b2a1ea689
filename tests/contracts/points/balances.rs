//! Reading balances: what is there, and that what nobody knows is never told as nothing.

use guildpoints::model::refusal::PointsRefusal;
use guildpoints::points::Direction;
use guildpoints::points::HistoryWanted;
use guildpoints::points::Verdict;

use super::rig::ANN;
use super::rig::BEN;
use super::rig::CID;
use super::rig::NOBODY;
use super::rig::Rig;
use super::rig::Unknown;

on_each_system! {
    a_balance_is_what_is_there,
    a_balance_nobody_knows_is_not_nothing,
    nobody_is_asked_about_without_a_proved_account,
    many_balances_stand_with_their_members,
}

async fn a_balance_is_what_is_there(rig: Rig) {
    rig.has(ANN, 1_280).await;
    rig.has(BEN, 1).await;
    rig.has(BEN, 0).await;
    let before = rig.home.clock.now_ms();
    let read = rig.backend.balance(ANN).await.unwrap();
    assert_eq!(read.points, 1_280);
    assert!((before..=rig.home.clock.now_ms()).contains(&read.read_ms));
    assert_eq!(rig.balance(BEN).await, 0, "nothing left is a balance too");
}

async fn a_balance_nobody_knows_is_not_nothing(rig: Rig) {
    rig.introduced(NOBODY).await;
    let read = rig.backend.balance(NOBODY).await;
    match rig.claims.unknown {
        Unknown::Refused(meaning) => assert_eq!(read.unwrap_err().refused.meaning, meaning),
        // The ledger's own books: where nothing stands there is nothing.
        Unknown::HasNothing => assert_eq!(read.unwrap().points, 0),
    }
}

async fn nobody_is_asked_about_without_a_proved_account(rig: Rig) {
    if !rig.claims.linked {
        return;
    }
    let error = rig.backend.balance(NOBODY).await.unwrap_err();
    assert_eq!(error.refused.meaning, PointsRefusal::NotLinked);
    let error = rig.backend.account(NOBODY).await.unwrap_err();
    assert_eq!(error.refused.meaning, PointsRefusal::NotLinked);
    if let Some(history) = rig.backend.history() {
        let wanted = HistoryWanted {
            page: 0,
            size: 5,
            direction: Direction::Both,
        };
        let error = history.page(NOBODY, &wanted).await.unwrap_err();
        assert_eq!(error.refused.meaning, PointsRefusal::NotLinked);
    }
    if rig.claims.change.is_some() {
        let ticket = rig.ticket(NOBODY, 5).await;
        assert_ne!(rig.send(&ticket).await, Verdict::Applied);
    }
}

async fn many_balances_stand_with_their_members(rig: Rig) {
    let Some(many) = rig.backend.many() else {
        return;
    };
    rig.has(ANN, 1_280).await;
    rig.has(BEN, 7).await;
    rig.has(CID, 0).await;
    rig.introduced(NOBODY).await;
    let read = many.balances(&[CID, NOBODY, ANN, BEN, ANN]).await;
    let read: Vec<_> = read
        .into_iter()
        .map(|read| {
            read.map(|balance| balance.points)
                .map_err(|error| error.refused.meaning)
        })
        .collect();
    let unknown = match rig.claims.unknown {
        Unknown::Refused(meaning) => Err(meaning),
        Unknown::HasNothing => Ok(0),
    };
    assert_eq!(read, [Ok(0), unknown, Ok(1_280), Ok(7), Ok(1_280)]);
    assert!(many.balances(&[]).await.is_empty());
    // More than one call may carry.
    let crowd = vec![ANN; many.most() + 1];
    let read = many.balances(&crowd).await;
    assert_eq!(read.len(), crowd.len());
    assert!(
        read.iter()
            .all(|read| read.as_ref().unwrap().points == 1_280)
    );
}

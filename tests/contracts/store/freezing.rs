//! Stopping all giving: at once, for everybody, until it is let go on.

use guildpoints::journal::Decided;
use guildpoints::journal::Froze;
use guildpoints::journal::JournalError;
use guildpoints::journal::Opened;
use guildpoints::journal::OpenedAll;
use guildpoints::journal::Thawed;
use guildpoints::model::Amount;
use guildpoints::model::decision::Ruling;
use tokio::task::JoinSet;

use super::deciding::SECOND;
use super::deciding::done;
use super::deciding::rules;
use super::deciding::waiting;
use super::stage::*;

#[tokio::test]
async fn a_stop_holds_what_adds_points_and_lets_the_rest_go_on() {
    let home = Home::new();
    let journal = home.journal().await;
    let admin = owning(SECOND);
    let waits = waiting(&journal, 4, 41).await;
    let original = done(&journal, 1, 666).await;
    let mut sent = ticket(&journal, 2, 5).await;
    let queued = journal
        .open_all(&allowed(), EVER, LOOK_AFTER, vec![intent(3, 5)])
        .await
        .unwrap();
    let OpenedAll::Fresh(mut queued) = queued else {
        panic!("{queued:?}")
    };
    let refused = journal.freeze(&allowed(), message(60), None).await;
    assert!(
        matches!(refused, Err(JournalError::Changed)),
        "a moderator may not"
    );
    let reason = Some("查账".to_owned());
    let froze = journal
        .freeze(&admin, message(60), reason.clone())
        .await
        .unwrap();
    let Froze::Now(freeze) = froze else {
        panic!("{froze:?}")
    };
    assert_eq!((freeze.by, &freeze.reason), (SECOND, &reason));
    assert_eq!(journal.frozen(GUILD).await.unwrap(), Some(freeze.clone()));
    match open(&journal, intent(5, 5)).await {
        Opened::Frozen(told) => assert_eq!(told, freeze),
        other => panic!("{other:?}"),
    }
    let decided = rules(&journal, SECOND, &waits, Ruling::Approve).await;
    assert!(matches!(decided, Decided::Frozen(_)), "{decided:?}");
    let held = journal.send_first(&mut queued[0], 7).await;
    assert!(matches!(held, Err(JournalError::Frozen)), "{held:?}");
    // What may have left goes on being settled, and what takes points goes on.
    journal.resend(&mut sent, 7).await.unwrap();
    fresh(open(&journal, intent(6, -5)).await);
    assert_eq!(original.amount, Amount::new(666).unwrap());
    fresh(open(&journal, undo(1, 1, -666)).await);
    let again = journal.freeze(&admin, message(61), None).await.unwrap();
    assert_eq!(again, Froze::Before(freeze.clone()));

    journal.close().await;
    let journal = home.journal().await;
    assert_eq!(journal.frozen(GUILD).await.unwrap(), Some(freeze.clone()));
    let thawed = journal.thaw(&admin, message(62)).await.unwrap();
    assert_eq!(thawed, Thawed::Now(freeze));
    assert_eq!(journal.frozen(GUILD).await.unwrap(), None);
    // A frame that arrives again stops nothing a second time.
    let stale = journal.freeze(&admin, message(60), None).await.unwrap();
    assert_eq!(stale, Froze::Stale);
    assert_eq!(
        journal.thaw(&admin, message(63)).await.unwrap(),
        Thawed::NotFrozen
    );
    journal.send_first(&mut queued[0], 7).await.unwrap();
    let froze = journal.freeze(&admin, message(64), None).await.unwrap();
    assert!(matches!(froze, Froze::Now(_)), "{froze:?}");
    journal.close().await;
}

#[tokio::test]
async fn nothing_is_opened_beside_a_stop_that_was_answered() {
    let home = Home::new();
    let journal = home.journal().await;
    let mut tasks = JoinSet::new();
    for number in 0..64 {
        let journal = journal.clone();
        tasks.spawn(async move {
            let frozen_before = journal.frozen(GUILD).await.unwrap().is_some();
            let opened = open(&journal, intent(number, 1)).await;
            assert!(!(frozen_before && matches!(opened, Opened::Fresh(_))));
        });
    }
    let froze = journal.freeze(&owning(SECOND), message(900), None).await;
    assert!(matches!(froze.unwrap(), Froze::Now(_)));
    let opened = open(&journal, intent(900, 1)).await;
    assert!(matches!(opened, Opened::Frozen(_)), "{opened:?}");
    tasks.join_all().await;
    journal.close().await;
}

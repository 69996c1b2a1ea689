//! From open to settled: once, in order of knowledge, found again when nobody is at it.

use guildpoints::journal::BalanceRead;
use guildpoints::journal::JournalError;
use guildpoints::journal::Progress;
use guildpoints::journal::Refused;
use guildpoints::journal::Settlement;
use guildpoints::journal::State;
use guildpoints::journal::Ticket;
use guildpoints::model::refusal::PointsRefusal;
use tokio::task::JoinSet;

use super::stage::*;

on_each_store! {
    every_state_in_between_is_kept_and_no_final_one,
    another_sending_is_noted_before_it_happens,
    of_two_bearers_one_sends_again_and_the_other_learns_it,
    a_confirmed_success_ends_an_entry_that_was_sent_again_meanwhile,
    of_many_who_settle_at_once_one_does,
    a_settled_entry_says_how_when_and_with_which_balance,
    what_is_due_comes_oldest_first_and_settled_ones_never,
}

fn refused() -> Settlement {
    Settlement::Refused(Refused {
        meaning: PointsRefusal::NotEnabledHere,
        code: Some(-30_001),
        text: "积分功能未开启".to_owned(),
    })
}

/// The second ticket `reconcile` would get for entry `number`.
async fn second_ticket(journal: &guildpoints::journal::Journal, number: u64) -> Ticket {
    let tickets = journal.unsettled(i64::MAX, 100).await.unwrap();
    tickets
        .into_iter()
        .find(|ticket| ticket.receipt().cause == cause(number))
        .unwrap()
}

fn progress(next_look_ms: i64) -> Progress {
    Progress {
        sends: 99,
        last_sent_ms: 99,
        looks: 3,
        next_look_ms,
        in_doubt_since_ms: Some(1_700_000_000_123),
        heard: r#"{"status":504}"#.to_owned(),
    }
}

async fn every_state_in_between_is_kept_and_no_final_one(home: Home) {
    let journal = home.journal().await;
    let mut number = 0;
    for state in [
        State::Queued,
        State::Unconfirmed,
        State::Held,
        State::Unresolved,
    ] {
        number += 1;
        let ticket = ticket(&journal, number, 1).await;
        let sent_ms = ticket.receipt().progress.last_sent_ms;
        let receipt = journal
            .keep(ticket, state, progress(number as i64))
            .await
            .unwrap();
        assert_eq!(receipt.state, state);
        let expected = Progress {
            // The journal's own, not the caller's.
            sends: 1,
            last_sent_ms: sent_ms,
            ..progress(number as i64)
        };
        assert_eq!(receipt.progress, expected);
        let read = journal.of_cause(&cause(number)).await.unwrap();
        assert_eq!(read, Some(receipt));
    }
    let counts = journal.counts().await.unwrap();
    assert_eq!(
        (
            counts.queued,
            counts.unconfirmed,
            counts.held,
            counts.unresolved
        ),
        (1, 1, 1, 1)
    );
    for state in [State::Done, State::Refused] {
        number += 1;
        let ticket = ticket(&journal, number, 1).await;
        let kept = journal.keep(ticket, state, progress(0)).await;
        assert!(matches!(kept, Err(JournalError::Changed)));
    }
    journal.close().await;
}

async fn another_sending_is_noted_before_it_happens(home: Home) {
    let journal = home.journal().await;
    let mut ticket = ticket(&journal, 1, 1).await;
    journal.resend(&mut ticket, 77).await.unwrap();
    let receipt = journal.of_cause(&cause(1)).await.unwrap().unwrap();
    assert_eq!(receipt.progress.sends, 2);
    assert_eq!(receipt.progress.next_look_ms, 77);
    assert_eq!(&receipt, ticket.receipt());

    // A queued one is under way with its sending; a held one keeps what was heard.
    for (kept, then) in [
        (State::Queued, State::Unconfirmed),
        (State::Held, State::Held),
    ] {
        journal.keep(ticket, kept, progress(77)).await.unwrap();
        ticket = second_ticket(&journal, 1).await;
        journal.resend(&mut ticket, 78).await.unwrap();
        assert_eq!(ticket.receipt().state, then);
    }
    journal.close().await;
}

async fn of_two_bearers_one_sends_again_and_the_other_learns_it(home: Home) {
    let journal = home.journal().await;
    let mut lane = ticket(&journal, 1, 1).await;
    let mut sweep = second_ticket(&journal, 1).await;
    journal.resend(&mut sweep, 77).await.unwrap();
    let resent = journal.resend(&mut lane, 78).await;
    assert!(matches!(resent, Err(JournalError::Changed)));
    // Its refusal says nothing about the sweep's sending, so it does not end the entry.
    let settled = journal.settle(lane, refused()).await;
    assert!(matches!(settled, Err(JournalError::Changed)));
    let receipt = journal.settle(sweep, refused()).await.unwrap();
    assert_eq!(receipt.state, State::Refused);
    journal.close().await;
}

async fn a_confirmed_success_ends_an_entry_that_was_sent_again_meanwhile(home: Home) {
    let journal = home.journal().await;
    let lane = ticket(&journal, 1, 1).await;
    let mut sweep = second_ticket(&journal, 1).await;
    journal.resend(&mut sweep, 77).await.unwrap();
    journal.settle(lane, Settlement::Done).await.unwrap();
    let settled = journal.settle(sweep, refused()).await;
    assert!(matches!(settled, Err(JournalError::Changed)));
    let receipt = journal.of_cause(&cause(1)).await.unwrap().unwrap();
    assert_eq!(receipt.state, State::Done);
    assert_eq!(receipt.refusal, None);
    journal.close().await;
}

async fn of_many_who_settle_at_once_one_does(home: Home) {
    let journal = home.journal().await;
    let mut bearers = vec![ticket(&journal, 1, 1).await];
    while bearers.len() < 32 {
        bearers.push(second_ticket(&journal, 1).await);
    }
    let mut settlings = JoinSet::new();
    for (index, bearer) in bearers.into_iter().enumerate() {
        let journal = journal.clone();
        let settlement = if index % 2 == 0 {
            Settlement::Done
        } else {
            refused()
        };
        settlings.spawn(async move { journal.settle(bearer, settlement).await });
    }
    let settled = settlings.join_all().await;
    let mut won = settled.iter().flatten();
    let receipt = won.next().unwrap();
    assert_eq!(won.next(), None);
    let changed = settled
        .iter()
        .filter(|settled| matches!(settled, Err(JournalError::Changed)));
    assert_eq!(changed.count(), 31);
    let read = journal.of_cause(&cause(1)).await.unwrap();
    assert_eq!(read.as_ref(), Some(receipt));
    journal.close().await;
}

async fn a_settled_entry_says_how_when_and_with_which_balance(home: Home) {
    let journal = home.journal().await;
    let before = home.clock.now_ms();
    let done = ticket(&journal, 1, 1).await;
    let done = journal.settle(done, Settlement::Done).await.unwrap();
    assert_eq!(done.state, State::Done);
    assert!(done.settled_ms.unwrap() >= before);
    let balance = BalanceRead {
        points: -2_147_483_648,
        read_ms: before,
    };
    journal.note_balance(&done.code, balance).await.unwrap();
    let read = journal.find(&done.code).await.unwrap().unwrap();
    assert_eq!(read.balance, Some(balance));

    let not_done = ticket(&journal, 2, 1).await;
    let not_done = journal.settle(not_done, refused()).await.unwrap();
    assert_eq!(not_done.state, State::Refused);
    assert_eq!(
        Some(refused()),
        not_done.refusal.clone().map(Settlement::Refused)
    );

    let nobody = guildpoints::model::ReceiptCode::read("222222").unwrap();
    let noted = journal.note_balance(&nobody, balance).await;
    assert!(matches!(noted, Err(JournalError::Changed)));
    journal.close().await;
}

async fn what_is_due_comes_oldest_first_and_settled_ones_never(home: Home) {
    let journal = home.journal().await;
    let due = home.clock.now_ms() + LOOK_AFTER.as_millis() as i64;
    for number in 1..=5 {
        let ticket = ticket(&journal, number, 1).await;
        match number {
            2 => {
                journal.settle(ticket, Settlement::Done).await.unwrap();
            }
            4 => {
                let kept = journal.keep(ticket, State::Unresolved, progress(i64::MAX));
                kept.await.unwrap();
            }
            _ => {}
        }
        home.clock.advance(std::time::Duration::from_millis(1_000));
    }
    let causes = async |due, limit| -> Vec<_> {
        let tickets = journal.unsettled(due, limit).await.unwrap();
        tickets
            .iter()
            .map(|ticket| ticket.receipt().cause)
            .collect()
    };
    assert_eq!(causes(due - 1, 9).await, []);
    assert_eq!(
        causes(due + 60_000, 9).await,
        [cause(1), cause(3), cause(5)]
    );
    assert_eq!(causes(due + 60_000, 2).await, [cause(1), cause(3)]);
    assert_eq!(causes(i64::MAX, 9).await.len(), 4);
    let counts = journal.counts().await.unwrap();
    let oldest = journal.of_cause(&cause(1)).await.unwrap().unwrap();
    assert_eq!(counts.oldest_open_ms, Some(oldest.written_ms));
    assert_eq!((counts.unconfirmed, counts.unresolved), (3, 1));
    journal.close().await;
}

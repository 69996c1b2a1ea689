//! Confirmations: asked once, used once, by their caller, in time.

use std::time::Duration;

use guildpoints::journal::Asked;
use guildpoints::journal::Confirmation;
use guildpoints::journal::ConfirmationState;
use guildpoints::journal::Intent;
use guildpoints::journal::JournalError;
use guildpoints::journal::Opened;
use guildpoints::journal::Over;
use guildpoints::model::GuildId;
use guildpoints::model::policy::RewardLimits;
use tokio::task::JoinSet;

use super::stage::*;

on_each_store! {
    a_message_asks_once,
    of_many_presses_one_opens_an_entry,
    the_same_press_again_meets_the_entry_not_the_spent_button,
    a_cancelled_or_expired_question_opens_nothing,
    anothers_question_and_one_never_asked_open_nothing,
    a_cap_leaves_the_question_open,
}

fn confirmed(number: u64, question: u64) -> Intent {
    Intent {
        confirmation: Some(message(question)),
        ..intent(number, 666)
    }
}

async fn a_message_asks_once(home: Home) {
    let journal = home.journal().await;
    assert_eq!(journal.asked(message(1)).await.unwrap(), None);
    let question = question(&home, 1);
    assert_eq!(journal.ask(question.clone()).await.unwrap(), Asked::Fresh);
    let again = Confirmation {
        proposal: "something else".to_owned(),
        ..question.clone()
    };
    assert_eq!(
        journal.ask(again).await.unwrap(),
        Asked::Known(question.clone())
    );
    journal.asked_said(message(1), message(2)).await.unwrap();
    let asked = journal.asked(message(1)).await.unwrap().unwrap();
    assert_eq!(asked.said, Some(message(2)));
    assert_eq!(asked.proposal, question.proposal);
    let error = journal.asked_said(message(9), message(2)).await;
    assert!(matches!(error, Err(JournalError::Changed)));
    journal.close().await;
}

async fn of_many_presses_one_opens_an_entry(home: Home) {
    let journal = home.journal().await;
    journal.ask(question(&home, 1)).await.unwrap();
    let mut openings = JoinSet::new();
    for number in 0..16 {
        let journal = journal.clone();
        openings.spawn(async move { open(&journal, confirmed(100 + number, 1)).await });
    }
    let opened = openings.join_all().await;
    let fresh = opened
        .iter()
        .filter(|opened| matches!(opened, Opened::Fresh(_)));
    assert_eq!(fresh.count(), 1);
    let spent = opened
        .iter()
        .filter(|opened| matches!(opened, Opened::ConfirmationSpent(ConfirmationState::Used)));
    assert_eq!(spent.count(), 15);
    let asked = journal.asked(message(1)).await.unwrap().unwrap();
    assert_eq!(asked.state, ConfirmationState::Used);
    assert_eq!(
        journal.cancel(message(1)).await.unwrap(),
        ConfirmationState::Used
    );
    journal.close().await;
}

async fn the_same_press_again_meets_the_entry_not_the_spent_button(home: Home) {
    let journal = home.journal().await;
    journal.ask(question(&home, 1)).await.unwrap();
    fresh(open(&journal, confirmed(1, 1)).await);
    assert!(matches!(
        open(&journal, confirmed(1, 1)).await,
        Opened::Known(_)
    ));
    journal.close().await;
}

async fn a_cancelled_or_expired_question_opens_nothing(home: Home) {
    let journal = home.journal().await;
    journal.ask(question(&home, 1)).await.unwrap();
    for _ in 0..2 {
        assert_eq!(
            journal.cancel(message(1)).await.unwrap(),
            ConfirmationState::Cancelled
        );
    }
    assert!(matches!(
        open(&journal, confirmed(1, 1)).await,
        Opened::ConfirmationSpent(ConfirmationState::Cancelled)
    ));

    journal.ask(question(&home, 2)).await.unwrap();
    home.clock.advance(Duration::from_secs(600));
    assert!(matches!(
        open(&journal, confirmed(2, 2)).await,
        Opened::ConfirmationSpent(ConfirmationState::Expired)
    ));
    let asked = journal.asked(message(2)).await.unwrap().unwrap();
    assert_eq!(asked.state, ConfirmationState::Expired);
    assert_eq!(
        journal.cancel(message(2)).await.unwrap(),
        ConfirmationState::Expired
    );
    let Asked::Known(known) = journal.ask(question(&home, 2)).await.unwrap() else {
        panic!("an expired question was asked anew");
    };
    assert_eq!(known.state, ConfirmationState::Expired);
    assert_eq!(journal.counts().await.unwrap().unconfirmed, 0);
    journal.close().await;
}

async fn anothers_question_and_one_never_asked_open_nothing(home: Home) {
    let journal = home.journal().await;
    let anothers = Confirmation {
        caller: MEMBER,
        ..question(&home, 1)
    };
    journal.ask(anothers).await.unwrap();
    let elsewhere = Confirmation {
        guild: GuildId::new(7),
        ..question(&home, 2)
    };
    journal.ask(elsewhere).await.unwrap();
    for number in 1..=3 {
        let opened = try_open(&journal, confirmed(number, number)).await;
        assert!(matches!(opened, Err(JournalError::Changed)), "{opened:?}");
    }
    let asked = journal.asked(message(1)).await.unwrap().unwrap();
    assert_eq!(asked.state, ConfirmationState::Asked);
    assert!(matches!(
        journal.cancel(message(3)).await,
        Err(JournalError::Changed)
    ));
    journal.close().await;
}

async fn a_cap_leaves_the_question_open(home: Home) {
    let journal = home.journal().await;
    journal.ask(question(&home, 1)).await.unwrap();
    let limits = RewardLimits {
        per_award: 5,
        ..RewardLimits::default()
    };
    let granted = granted_to(GIVER, limits);
    let opened = journal
        .open(&granted, EVER, LOOK_AFTER, confirmed(1, 1))
        .await
        .unwrap();
    assert!(matches!(opened, Opened::Over(Over::Each { cap: 5 })));
    let asked = journal.asked(message(1)).await.unwrap().unwrap();
    assert_eq!(asked.state, ConfirmationState::Asked);
    journal.close().await;
}

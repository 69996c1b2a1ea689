//! What was said of an entry, and what still has to be.

use guildpoints::journal::Decided;
use guildpoints::journal::Intent;
use guildpoints::journal::Journal;
use guildpoints::journal::JournalError;
use guildpoints::journal::Opened;
use guildpoints::journal::Refused;
use guildpoints::journal::Settlement;
use guildpoints::journal::Shown;
use guildpoints::journal::State;
use guildpoints::journal::Told;
use guildpoints::model::Cause;
use guildpoints::model::UserId;
use guildpoints::model::decision::Ruling;
use guildpoints::model::policy::RewardLimits;
use guildpoints::model::refusal::PointsRefusal;

use super::stage::*;

on_each_store! {
    only_settled_entries_whose_end_was_not_said_are_untold,
    telling_is_due_from_settling_on_and_can_be_put_off,
    only_open_entries_of_which_nothing_was_said_are_unspoken,
    a_late_word_that_it_is_open_brings_the_end_back,
    entries_of_one_message_share_its_reply,
    what_stands_otherwise_than_it_was_shown_is_still_to_be_told,
    that_it_waits_is_no_news_once_somebody_has_decided,
    nothing_can_be_said_of_what_was_never_written,
}

async fn settled(journal: &Journal, number: u64) {
    let ticket = ticket(journal, number, 1).await;
    journal.settle(ticket, Settlement::Done).await.unwrap();
}

async fn untold(journal: &Journal, due_ms: i64) -> Vec<Cause> {
    let receipts = journal.untold(due_ms, 10).await.unwrap();
    receipts.iter().map(|receipt| receipt.cause).collect()
}

async fn only_settled_entries_whose_end_was_not_said_are_untold(home: Home) {
    let journal = home.journal().await;
    let open = ticket(&journal, 1, 1).await;
    settled(&journal, 2).await;
    home.clock.advance(std::time::Duration::from_millis(5));
    settled(&journal, 3).await;
    settled(&journal, 4).await;
    say(&journal, &cause(1), message(90), Told::Interim)
        .await
        .unwrap();
    say(&journal, &cause(3), message(91), Told::Final)
        .await
        .unwrap();
    journal.undeliverable(&cause(4)).await.unwrap();
    assert_eq!(untold(&journal, i64::MAX).await, [cause(2)]);

    // One that was told as open has to be told how it ended, in the message that stands.
    journal.settle(open, Settlement::Done).await.unwrap();
    assert_eq!(untold(&journal, i64::MAX).await, [cause(1), cause(2)]);
    assert_eq!(journal.counts().await.unwrap().untold, 2);
    let receipt = &journal.untold(i64::MAX, 1).await.unwrap()[0];
    assert_eq!(receipt.reply.said, Some(message(90)));
    assert_eq!(receipt.told, Told::Interim);

    let told = journal.of_cause(&cause(3)).await.unwrap().unwrap();
    assert_eq!(told.told, Told::Final);
    assert_eq!(told.reply.said, Some(message(91)));
    let closed = journal.of_cause(&cause(4)).await.unwrap().unwrap();
    assert_eq!(closed.told, Told::Undeliverable);
    journal.close().await;
}

async fn telling_is_due_from_settling_on_and_can_be_put_off(home: Home) {
    let journal = home.journal().await;
    settled(&journal, 1).await;
    let receipt = journal.of_cause(&cause(1)).await.unwrap().unwrap();
    let settled_ms = receipt.settled_ms.unwrap();
    assert_eq!(untold(&journal, settled_ms - 1).await, []);
    assert_eq!(untold(&journal, settled_ms).await, [cause(1)]);
    for tries in 1..=3 {
        let next_ms = settled_ms + i64::from(tries) * 1_000;
        let noted = journal.tell_later(&cause(1), next_ms).await.unwrap();
        assert_eq!(noted, tries);
        assert_eq!(untold(&journal, next_ms - 1).await, []);
        assert_eq!(untold(&journal, next_ms).await, [cause(1)]);
    }
    journal.close().await;
}

async fn only_open_entries_of_which_nothing_was_said_are_unspoken(home: Home) {
    let journal = home.journal().await;
    let open = ticket(&journal, 1, 1).await;
    let _spoken = ticket(&journal, 2, 1).await;
    say(&journal, &cause(2), message(90), Told::Interim)
        .await
        .unwrap();
    settled(&journal, 3).await;
    let written_ms = open.receipt().written_ms;
    let unspoken = async |due_ms| {
        let receipts = journal.unspoken(due_ms, 10).await.unwrap();
        receipts.iter().map(|r| r.cause).collect::<Vec<_>>()
    };
    assert_eq!(unspoken(written_ms - 1).await, []);
    assert_eq!(unspoken(written_ms).await, [cause(1)]);
    journal.tell_later(&cause(1), written_ms + 9).await.unwrap();
    assert_eq!(unspoken(written_ms + 8).await, []);
    assert_eq!(unspoken(written_ms + 9).await, [cause(1)]);
    journal.settle(open, Settlement::Done).await.unwrap();
    assert_eq!(unspoken(i64::MAX).await, []);
    journal.close().await;
}

async fn a_late_word_that_it_is_open_brings_the_end_back(home: Home) {
    let journal = home.journal().await;
    settled(&journal, 1).await;
    say(&journal, &cause(1), message(90), Told::Final)
        .await
        .unwrap();
    say(&journal, &cause(1), message(91), Told::Interim)
        .await
        .unwrap();
    assert_eq!(untold(&journal, i64::MAX).await, [cause(1)]);
    let receipt = journal.of_cause(&cause(1)).await.unwrap().unwrap();
    assert_eq!(receipt.reply.said, Some(message(91)));
    journal.close().await;
}

async fn entries_of_one_message_share_its_reply(home: Home) {
    let journal = home.journal().await;
    for member in 1..=3 {
        let mut wanted = intent(1, 1);
        wanted.cause = Cause::Message {
            message: message(1),
            line: 0,
            member: UserId::new(member),
        };
        let ticket = fresh(open(&journal, wanted).await);
        journal.settle(ticket, Settlement::Done).await.unwrap();
    }
    settled(&journal, 2).await;
    assert_eq!(untold(&journal, i64::MAX).await.len(), 4);
    say(&journal, &cause(1), message(90), Told::Final)
        .await
        .unwrap();
    assert_eq!(untold(&journal, i64::MAX).await, [cause(2)]);
    journal.close().await;
}

fn shown(member: u64, state: State) -> Shown {
    Shown {
        cause: of(member),
        state,
    }
}

/// The change of one member in a command for several.
fn of(member: u64) -> Cause {
    Cause::Message {
        message: message(1),
        line: 0,
        member: UserId::new(member),
    }
}

async fn what_stands_otherwise_than_it_was_shown_is_still_to_be_told(home: Home) {
    let journal = home.journal().await;
    let mut tickets = Vec::new();
    for member in 1..=5 {
        let wanted = Intent {
            cause: of(member),
            ..intent(1, 1)
        };
        tickets.push(fresh(open(&journal, wanted).await));
    }
    settled(&journal, 2).await;
    // The message is put together: one is done, four are left to a moderator or not confirmed.
    let words = [
        shown(1, State::Done),
        shown(2, State::Unresolved),
        shown(3, State::Unresolved),
        shown(4, State::Unconfirmed),
        shown(5, State::Unconfirmed),
    ];
    // While it is on its way, two of them are settled, one is handed over.
    let mut tickets = tickets.into_iter();
    let mut next = || tickets.next().unwrap();
    for _ in 0..2 {
        journal.settle(next(), Settlement::Done).await.unwrap();
    }
    for state in [State::Unresolved, State::Unresolved] {
        let ticket = next();
        let progress = ticket.receipt().progress.clone();
        journal.keep(ticket, state, progress).await.unwrap();
    }
    let refused = Settlement::Refused(Refused {
        meaning: PointsRefusal::Declined,
        code: None,
        text: String::new(),
    });
    journal.settle(next(), refused).await.unwrap();
    journal
        .told(&of(1), message(90), Told::Final, &words)
        .await
        .unwrap();
    assert_eq!(untold(&journal, i64::MAX).await, [of(2), of(5), cause(2)]);
    let unspoken = journal.unspoken(i64::MAX, 10).await.unwrap();
    let unspoken: Vec<Cause> = unspoken.iter().map(|receipt| receipt.cause).collect();
    assert_eq!(unspoken, [of(4)]);
    for member in 1..=5 {
        let receipt = journal.of_cause(&of(member)).await.unwrap().unwrap();
        assert_eq!(receipt.reply.said, Some(message(90)));
        let told = match member {
            1 => Told::Final,
            4 => Told::Nothing,
            _ => Told::Interim,
        };
        assert_eq!(receipt.told, told, "{member}");
    }
    // Two messages noted in one transaction.
    let now = [shown(1, State::Done), shown(2, State::Done)];
    let (first, second) = (of(1), cause(2));
    let (one, other) = tokio::join!(
        journal.told(&first, message(91), Told::Final, &now),
        say(&journal, &second, message(92), Told::Final),
    );
    one.unwrap();
    other.unwrap();
    assert_eq!(untold(&journal, i64::MAX).await, [of(5)]);
    journal.close().await;
}

async fn that_it_waits_is_no_news_once_somebody_has_decided(home: Home) {
    let journal = home.journal().await;
    let granted = granted_to(
        GIVER,
        RewardLimits {
            approve_over: Some(40),
            ..RewardLimits::default()
        },
    );
    let second = granted_to(UserId::new(9), RewardLimits::default());
    let mut waiting = Vec::new();
    for number in 1..=3 {
        let opened = journal.open(&granted, EVER, LOOK_AFTER, intent(number, 41));
        match opened.await.unwrap() {
            Opened::Waiting(receipt) => waiting.push(*receipt),
            other => panic!("{other:?}"),
        }
    }
    let refuse = Ruling::Refuse { why: None };
    for (receipt, ruling) in waiting.iter().zip([Ruling::Approve, refuse]) {
        let decided = journal.decide(&second, receipt, ruling, LOOK_AFTER).await;
        assert!(
            matches!(decided, Ok(Decided::Approved(_) | Decided::Refused(_))),
            "{decided:?}"
        );
    }
    for receipt in &waiting {
        let shown = [receipt.shown()];
        assert_eq!(shown[0].state, State::Waiting);
        journal
            .told(&receipt.cause, message(90), Told::Interim, &shown)
            .await
            .unwrap();
    }
    let unspoken = journal.unspoken(i64::MAX, 10).await.unwrap();
    let unspoken: Vec<Cause> = unspoken.iter().map(|receipt| receipt.cause).collect();
    assert_eq!(unspoken, [cause(1)], "it is being sent");
    assert_eq!(untold(&journal, i64::MAX).await, [cause(2)], "it has ended");
    journal.close().await;
}

async fn nothing_can_be_said_of_what_was_never_written(home: Home) {
    let journal = home.journal().await;
    let told = say(&journal, &cause(1), message(90), Told::Final).await;
    assert!(matches!(told, Err(JournalError::Changed)));
    let later = journal.tell_later(&cause(1), 5).await;
    assert!(matches!(later, Err(JournalError::Changed)));
    let closed = journal.undeliverable(&cause(1)).await;
    assert!(matches!(closed, Err(JournalError::Changed)));
    journal.close().await;
}

//! What operators ask of a store and decide in it, beside whoever works on it.

use guildpoints::journal::Breach;
use guildpoints::journal::ByHand;
use guildpoints::journal::Finding;
use guildpoints::journal::Insistence;
use guildpoints::journal::Journal;
use guildpoints::journal::JournalError;
use guildpoints::journal::NotByHand;
use guildpoints::journal::Order;
use guildpoints::journal::Progress;
use guildpoints::journal::Receipt;
use guildpoints::journal::Selection;
use guildpoints::journal::Settlement;
use guildpoints::journal::Shown;
use guildpoints::journal::Standing;
use guildpoints::journal::State;
use guildpoints::journal::StoreSettings;
use guildpoints::journal::Told;
use guildpoints::journal::Unsound;
use guildpoints::journal::breaches;
use guildpoints::journal::settleable_by_hand;

use super::stage::*;

on_each_store! {
    a_person_decides_beside_the_owner_and_only_what_they_have_seen,
    who_may_be_decided,
    what_is_handed_over_is_to_be_told_once_more_and_its_end_after_that,
    entries_are_found_by_every_filter_in_every_order_and_in_pages,
    an_entry_as_the_journal_writes_it_breaks_no_rule_and_a_changed_one_does,
}

fn at(home: &Home) -> StoreSettings {
    StoreSettings { url: home.url() }
}

async fn beside(home: &Home) -> Journal {
    let opened = Journal::open_beside(&at(home), home.clock.clone(), home.pulses.clone()).await;
    opened.unwrap()
}

async fn reading(home: &Home) -> Journal {
    let opened = Journal::open_to_read(&at(home), home.clock.clone(), home.pulses.clone()).await;
    opened.unwrap()
}

fn by_hand(finding: Finding) -> ByHand {
    ByHand {
        finding,
        by: "lin@desk".to_owned(),
        why: "seen in the mall".to_owned(),
    }
}

/// An entry that was left to a moderator.
async fn unresolved(journal: &Journal, number: u64) -> Receipt {
    let ticket = ticket(journal, number, 5).await;
    let progress = Progress {
        next_look_ms: i64::MAX,
        ..ticket.receipt().progress.clone()
    };
    let kept = journal.keep(ticket, State::Unresolved, progress).await;
    kept.unwrap()
}

async fn numbers(journal: &Journal, selection: &Selection, order: Order, limit: usize) -> Vec<u64> {
    let entries = journal.entries(selection, order, limit).await.unwrap();
    let first = message(0).number();
    let number = |entry: &Receipt| (entry.cause.parts().0.number() - first) / 2;
    entries.iter().map(number).collect()
}

async fn a_person_decides_beside_the_owner_and_only_what_they_have_seen(home: Home) {
    let owner = home.journal().await;
    let desk = beside(&home).await;
    assert_eq!(desk.bot(), BOT);
    for (number, finding) in [(1, Finding::Applied), (2, Finding::Refused)] {
        let seen = unresolved(&owner, number).await;
        let ended = desk.settle_by_hand(&seen, by_hand(finding)).await.unwrap();
        assert_eq!(ended.state == State::Done, finding == Finding::Applied);
        let kept = owner.of_cause(&cause(number)).await.unwrap().unwrap();
        assert_eq!(kept, ended, "the owner sees it");
        let settled_by = kept.settled_by.unwrap();
        assert_eq!(
            (settled_by.by.as_str(), settled_by.why.as_str()),
            ("lin@desk", "seen in the mall")
        );
        let again = desk.settle_by_hand(&seen, by_hand(finding)).await;
        assert!(matches!(again, Err(JournalError::Changed)), "{again:?}");
    }
    // Sent again since: the decision does not hold.
    let mut sent = ticket(&owner, 3, 5).await;
    let seen = sent.receipt().clone();
    owner.resend(&mut sent, 9).await.unwrap();
    let late = desk.settle_by_hand(&seen, by_hand(Finding::Applied)).await;
    assert!(matches!(late, Err(JournalError::Changed)), "{late:?}");
    // Decided: nothing is sent any more.
    let seen = sent.receipt().clone();
    desk.settle_by_hand(&seen, by_hand(Finding::Applied))
        .await
        .unwrap();
    let sending = owner.resend(&mut sent, 9).await;
    assert!(matches!(sending, Err(JournalError::Changed)), "{sending:?}");
    let settling = owner.settle(sent, Settlement::Done).await;
    assert!(
        matches!(settling, Err(JournalError::Changed)),
        "{settling:?}"
    );
    assert_eq!(owner.unsound(10).await.unwrap(), Unsound::default());
    desk.close().await;
    owner.close().await;
}

async fn who_may_be_decided(home: Home) {
    let journal = home.journal().await;
    let sent_ms = |entry: &Receipt| entry.progress.last_sent_ms;
    let open = ticket(&journal, 1, 5).await.receipt().clone();
    let left = unresolved(&journal, 2).await;
    let may = |entry: &Receipt, finding, insistence, now_ms| {
        settleable_by_hand(entry, finding, insistence, now_ms, 1_000)
    };
    let (applied, refused) = (Finding::Applied, Finding::Refused);
    let (no, yes) = (Insistence::None, Insistence::WhileLookedAfter);
    assert_eq!(may(&left, applied, no, sent_ms(&left)), Ok(()));
    assert_eq!(may(&left, refused, no, sent_ms(&left) + 1_000), Ok(()));
    let until = sent_ms(&left) + 1_000;
    for insistence in [no, yes] {
        assert_eq!(
            may(&left, refused, insistence, until - 1),
            Err(NotByHand::MayStillLand(until))
        );
    }
    assert_eq!(
        may(&open, applied, no, until),
        Err(NotByHand::LookedAfter(State::Unconfirmed))
    );
    assert_eq!(may(&open, applied, yes, until), Ok(()));
    let queued = Receipt {
        state: State::Queued,
        ..open.clone()
    };
    assert_eq!(
        may(&queued, applied, yes, until),
        Err(NotByHand::Waiting(State::Queued))
    );
    let done = journal
        .settle_by_hand(&left, by_hand(applied))
        .await
        .unwrap();
    for finding in [applied, refused] {
        assert_eq!(
            may(&done, finding, yes, i64::MAX),
            Err(NotByHand::Settled(State::Done))
        );
    }
    journal.close().await;
}

async fn what_is_handed_over_is_to_be_told_once_more_and_its_end_after_that(home: Home) {
    let journal = home.journal().await;
    let ticket = ticket(&journal, 1, 5).await;
    say(&journal, &cause(1), message(90), Told::Interim)
        .await
        .unwrap();
    assert_eq!(journal.unspoken(i64::MAX, 10).await.unwrap(), []);
    let progress = ticket.receipt().progress.clone();
    let seen = journal
        .keep(ticket, State::Unresolved, progress)
        .await
        .unwrap();
    assert_eq!(journal.unspoken(i64::MAX, 10).await.unwrap().len(), 1);
    // A late word by somebody who did not know counts for nothing.
    let before = [Shown {
        cause: cause(1),
        state: State::Unconfirmed,
    }];
    journal
        .told(&cause(1), message(90), Told::Interim, &before)
        .await
        .unwrap();
    assert_eq!(journal.unspoken(i64::MAX, 10).await.unwrap().len(), 1);
    say(&journal, &cause(1), message(90), Told::Final)
        .await
        .unwrap();
    assert_eq!(journal.unspoken(i64::MAX, 10).await.unwrap(), []);
    let told = journal.of_cause(&cause(1)).await.unwrap().unwrap().told;
    assert_eq!(
        told,
        Told::Interim,
        "it has no end yet that could have been said"
    );
    // Even where nothing could be said of it, its end is tried.
    journal.undeliverable(&cause(1)).await.unwrap();
    journal
        .settle_by_hand(&seen, by_hand(Finding::Applied))
        .await
        .unwrap();
    let untold = journal.untold(i64::MAX, 10).await.unwrap();
    assert_eq!(untold.len(), 1);
    assert_eq!(untold[0].reply.said, Some(message(90)));
    journal.close().await;
}

async fn entries_are_found_by_every_filter_in_every_order_and_in_pages(home: Home) {
    let journal = home.journal().await;
    for number in 1..=7 {
        let ticket = ticket(&journal, number, 5).await;
        if number % 2 == 0 {
            journal.settle(ticket, Settlement::Done).await.unwrap();
        }
        home.clock.advance(std::time::Duration::from_millis(5));
    }
    let reader = reading(&home).await;
    let all = Selection::default();
    let newest = numbers(&reader, &all, Order::NewestFirst, 3).await;
    assert_eq!(newest, [7, 6, 5]);
    let oldest = numbers(&reader, &all, Order::OldestFirst, 3).await;
    assert_eq!(oldest, [1, 2, 3]);
    let open = Selection {
        standing: Standing::Open,
        ..Selection::default()
    };
    assert_eq!(
        numbers(&reader, &open, Order::OldestFirst, 9).await,
        [1, 3, 5, 7]
    );
    let done = Selection {
        states: vec![State::Done, State::Refused],
        guild: Some(GUILD),
        giver: Some(GIVER),
        ..Selection::default()
    };
    assert_eq!(
        numbers(&reader, &done, Order::NewestFirst, 9).await,
        [6, 4, 2]
    );
    let entries = reader.entries(&all, Order::OldestFirst, 9).await.unwrap();
    let span = Selection {
        since_ms: Some(entries[2].written_ms),
        until_ms: Some(entries[4].written_ms),
        ..Selection::default()
    };
    assert_eq!(numbers(&reader, &span, Order::OldestFirst, 9).await, [3, 4]);
    let nobody = Selection {
        member: Some(GIVER),
        ..Selection::default()
    };
    assert_eq!(
        numbers(&reader, &nobody, Order::OldestFirst, 9).await.len(),
        0
    );
    let mut paged = Vec::new();
    let mut behind = None;
    loop {
        let page = reader.entries(&all, Order::ByKey(behind), 3).await.unwrap();
        let Some(last) = page.last() else { break };
        behind = Some(last.cause);
        paged.extend(page.iter().map(|entry| entry.cause));
        // What is written meanwhile neither shifts nor doubles anything.
        if paged.len() == 3 {
            ticket(&journal, 8, 5).await;
        }
    }
    let wanted: Vec<_> = (1..=8).map(cause).collect();
    assert_eq!(paged, wanted);
    let written = reader
        .settle_by_hand(&entries[0], by_hand(Finding::Applied))
        .await;
    assert!(
        matches!(written, Err(JournalError::ReadOnly)),
        "{written:?}"
    );
    reader.close().await;
    journal.close().await;
}

async fn an_entry_as_the_journal_writes_it_breaks_no_rule_and_a_changed_one_does(home: Home) {
    let journal = home.journal().await;
    let ticket = ticket(&journal, 1, 5).await;
    let open = ticket.receipt().clone();
    let done = journal.settle(ticket, Settlement::Done).await.unwrap();
    for entry in [&open, &done] {
        assert_eq!(breaches(entry, BOT), []);
    }
    let broken = |change: &dyn Fn(&mut Receipt)| {
        let mut entry = done.clone();
        change(&mut entry);
        breaches(&entry, BOT)
    };
    assert_eq!(
        broken(&|entry| entry.settled_ms = None)[..1],
        [Breach::SettledAndNot]
    );
    assert_eq!(
        broken(&|entry| entry.progress.sends = 0),
        [Breach::NeverSent]
    );
    assert_eq!(
        broken(&|entry| entry.state = State::Refused),
        [Breach::RefusedAndNot]
    );
    assert_eq!(
        broken(&|entry| entry.told = Told::Final),
        [Breach::SaidNowhere]
    );
    assert_eq!(
        broken(&|entry| "{".clone_into(&mut entry.progress.heard)),
        [Breach::HeardUnreadable]
    );
    journal.close().await;
}

//! PostgreSQL behind a cable that breaks: nobody waits for ever, nobody gets a ticket for a row that
//! may not be there, and no row is written twice.

use std::time::Duration;

use guildpoints::journal::JournalError;
use guildpoints::journal::Settlement;
use guildpoints::journal::State;
use guildpoints::support::pulse::edge;

use super::stage::*;
use crate::cable::Cable;
use crate::cable::Commit;
use crate::cable::End;
use crate::postgres;

/// Far longer than anything here may wait, and far shorter than for ever.
const BOUND: Duration = Duration::from_secs(40);

/// A store at the end of a cable, and its address without the cable.
struct Behind {
    home: Home,
    cable: End,
    direct: String,
}

async fn behind_a_cable() -> Option<Behind> {
    let Some(server) = postgres::shared() else {
        postgres::skipped("there is no `initdb` (Debian: postgresql)");
        return None;
    };
    let direct = postgres::schema_in(&server.tcp_url("owner")).await;
    let cable = End::to(server.port()).await;
    let through = direct.replace(
        &format!(":{}/", server.port()),
        &format!(":{}/", cable.port()),
    );
    // The cable has to see what passes.
    let home = Home::at(format!("{through}&sslmode=disable"));
    Some(Behind {
        home,
        cable,
        direct,
    })
}

async fn entries(behind: &Behind) -> i64 {
    postgres::number(&behind.direct, "select count(*) from entries").await
}

async fn bounded<T>(work: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(BOUND, work).await;
    done.expect("nobody waits for ever")
}

async fn a_spoilt_commit_is_cleared_up(commit: Commit) {
    let Some(behind) = behind_a_cable().await else {
        return;
    };
    let journal = behind.home.journal().await;
    ticket(&journal, 1, 1).await;
    behind.cable.spoil_commit(commit);
    let ticket = bounded(ticket(&journal, 2, 1)).await;
    assert_eq!(entries(&behind).await, 2);
    let kept = journal.of_cause(&cause(2)).await.unwrap();
    assert_eq!(kept.as_ref(), Some(ticket.receipt()));

    behind.cable.spoil_commit(commit);
    let settled = bounded(journal.settle(ticket, Settlement::Done)).await;
    assert_eq!(settled.unwrap().state, State::Done);
    assert!(behind.home.pulses.of(edge::STORE).beats());
    journal.close().await;
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_counts_once() {
    a_spoilt_commit_is_cleared_up(Commit::Unanswered).await;
}

#[tokio::test]
async fn a_commit_that_never_arrives_is_done_again() {
    a_spoilt_commit_is_cleared_up(Commit::Lost).await;
}

#[tokio::test]
async fn a_commit_that_hangs_half_way_is_waited_for_and_done_again() {
    a_spoilt_commit_is_cleared_up(Commit::Swallowed).await;
}

#[tokio::test]
async fn one_who_stops_in_the_middle_of_a_commit_does_not_hold_up_the_others() {
    let Some(behind) = behind_a_cable().await else {
        return;
    };
    let stopped = behind.home.journal().await;
    let awake = behind.home.journal_at(&behind.direct, BOT).await.unwrap();
    behind.cable.spoil_commit(Commit::Swallowed);
    let (first, second) = bounded(async {
        tokio::join!(try_open(&stopped, intent(1, 1)), async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            try_open(&awake, intent(2, 1)).await
        })
    })
    .await;
    fresh(first.unwrap());
    fresh(second.unwrap());
    assert_eq!(entries(&behind).await, 2);
    stopped.close().await;
    awake.close().await;
}

#[tokio::test]
async fn what_cannot_be_cleared_up_is_said_to_be_unknown_and_found_later() {
    let Some(behind) = behind_a_cable().await else {
        return;
    };
    let journal = behind.home.journal().await;
    behind.cable.spoil_commit(Commit::UnansweredAndCut);
    let opened = bounded(try_open(&journal, intent(1, 1))).await;
    assert!(matches!(opened, Err(JournalError::Unsure)), "{opened:?}");
    assert!(!behind.home.pulses.of(edge::STORE).beats());

    behind.cable.becomes(Cable::Whole);
    bounded(journal.writable()).await.unwrap();
    assert!(behind.home.pulses.of(edge::STORE).beats());
    assert_eq!(entries(&behind).await, 1);
    // Whoever looks after what is open finds it, and nobody else has its ticket.
    let found = journal.unsettled(i64::MAX, 9).await.unwrap();
    assert_eq!(found.len(), 1);
    journal.close().await;
}

async fn nobody_waits_for_ever(broken: Cable) {
    let Some(behind) = behind_a_cable().await else {
        return;
    };
    let journal = behind.home.journal().await;
    ticket(&journal, 1, 1).await;
    behind.cable.becomes(broken);
    let first = cause(1);
    let (opened, again, read) = bounded(async {
        tokio::join!(
            try_open(&journal, intent(2, 1)),
            try_open(&journal, intent(3, 1)),
            journal.of_cause(&first),
        )
    })
    .await;
    for answer in [opened.map(drop), again.map(drop), read.map(drop)] {
        assert!(
            matches!(
                answer,
                Err(JournalError::Away(_) | JournalError::Interrupted(_))
            ),
            "{answer:?}"
        );
    }
    assert!(!behind.home.pulses.of(edge::STORE).beats());

    behind.cable.becomes(Cable::Whole);
    bounded(journal.writable()).await.unwrap();
    assert!(behind.home.pulses.of(edge::STORE).beats());
    assert_eq!(entries(&behind).await, 1);
    ticket(&journal, 2, 1).await;
    assert!(journal.of_cause(&first).await.unwrap().is_some());
    journal.close().await;
}

#[tokio::test]
async fn a_cut_cable_is_noticed_and_so_is_a_mended_one() {
    nobody_waits_for_ever(Cable::Cut).await;
}

#[tokio::test]
async fn a_silent_cable_is_noticed_and_so_is_a_mended_one() {
    nobody_waits_for_ever(Cable::Silent).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_restarts_is_waited_for() {
    let Some(server) = postgres::own_server() else {
        return;
    };
    let home = Home::at(postgres::schema_in(&server.url()).await);
    let journal = home.journal().await;
    ticket(&journal, 1, 1).await;
    let reads = (0..3).map(|_| journal.counts());
    for counts in futures_util::future::join_all(reads).await {
        counts.unwrap();
    }
    // Every connection is broken now, and nobody has noticed.
    server.stop();
    server.go_on();
    let reads = (0..3).map(|_| journal.counts());
    for counts in futures_util::future::join_all(reads).await {
        assert_eq!(counts.unwrap().unconfirmed, 1);
    }
    ticket(&journal, 2, 1).await;

    server.stop();
    let opened = bounded(try_open(&journal, intent(3, 1))).await;
    assert!(matches!(opened, Err(JournalError::Away(_))), "{opened:?}");
    // A write that begins while it is away is answered once it is back.
    let waiting = async { fresh(try_open(&journal, intent(4, 1)).await.unwrap()) };
    let starting = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        tokio::task::block_in_place(|| server.go_on());
    };
    bounded(async { tokio::join!(waiting, starting) }).await;
    journal.close().await;
}

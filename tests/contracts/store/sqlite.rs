//! What SQLite's store does besides: files, locks, full disks, crashes.

use std::process::Command;

use guildpoints::journal::BalanceRead;
use guildpoints::journal::Durability;
use guildpoints::journal::JournalError;
use guildpoints::journal::Opened;
use guildpoints::journal::Settlement;
use guildpoints::journal::State;
use guildpoints::journal::Told;
use guildpoints::model::BotId;
use guildpoints::model::UserId;
use guildpoints::support::pulse::edge;
use rusqlite::Connection;
use tokio::task::JoinSet;

use super::stage::*;

pub(super) const BALANCE: BalanceRead = BalanceRead {
    points: 1_166,
    read_ms: 1_700_000_000_123,
};

/// Carries out an operator's SQL beside the journal.
pub(super) fn operator(home: &Home, statement: &str) {
    let connection = Connection::open(home.file()).unwrap();
    connection.execute_batch(statement).unwrap();
}

async fn refusal(home: &Home, url: &str) -> JournalError {
    home.journal_at(url, BOT).await.err().unwrap()
}

#[tokio::test]
async fn a_store_is_found_again_as_it_was_left() {
    let home = Home::new();
    let journal = home.journal().await;
    let first = ticket(&journal, 1, 1).await;
    journal.ask(question(&home, 2)).await.unwrap();
    journal.close().await;
    assert!(!home.file().with_file_name("journal.db-wal").exists());

    let journal = home.journal().await;
    let found = journal.of_cause(&cause(1)).await.unwrap();
    assert_eq!(found.as_ref(), Some(first.receipt()));
    assert!(journal.asked(message(2)).await.unwrap().is_some());
    journal.close().await;
}

/// Not a test of its own: the process that `what_was_answered_survives_a_crash` lets die.
#[tokio::test]
async fn dies_with_a_store_open() {
    let Ok(url) = std::env::var("JOURNAL_TO_DIE_WITH") else {
        return;
    };
    let home = Home::new();
    let journal = home.journal_at(&url, BOT).await.unwrap();
    for number in 0..20 {
        let ticket = ticket(&journal, number, 1).await;
        match number % 4 {
            0 => drop(journal.settle(ticket, Settlement::Done).await.unwrap()),
            2 => {
                let done = journal.settle_done(ticket, Durability::Soon).await.unwrap();
                journal.note_balance(&done.code, BALANCE).await.unwrap();
                let cause = cause(number);
                let told = say(&journal, &cause, message(90), Told::Final).await;
                told.unwrap();
            }
            _ => {}
        }
    }
    std::process::abort();
}

#[tokio::test]
async fn what_was_answered_survives_a_crash() {
    let home = Home::new();
    let died = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store::sqlite::dies_with_a_store_open"])
        .env("JOURNAL_TO_DIE_WITH", home.url())
        .output()
        .unwrap();
    assert!(!died.status.success(), "it was to be aborted");

    let journal = home.journal().await;
    for number in 0..20 {
        let receipt = journal.of_cause(&cause(number)).await.unwrap().unwrap();
        let expected = match number % 2 {
            0 => State::Done,
            _ => State::Unconfirmed,
        };
        assert_eq!(receipt.state, expected, "{number}");
        let last_words = match number % 4 {
            2 => (Some(BALANCE), Told::Final, Some(message(90))),
            _ => (None, Told::Nothing, None),
        };
        let words = (receipt.balance, receipt.told, receipt.reply.said);
        assert_eq!(words, last_words, "{number}");
    }
    assert_eq!(journal.unsettled(i64::MAX, 99).await.unwrap().len(), 10);
    journal.close().await;
}

#[tokio::test]
async fn a_store_that_is_open_elsewhere_is_refused_until_it_is_closed() {
    let home = Home::new();
    let journal = home.journal().await;
    let error = refusal(&home, &home.url()).await;
    assert!(matches!(error, JournalError::InUse { .. }), "{error}");
    assert!(error.to_string().contains("journal.db.lock"), "{error}");
    // Looking is allowed.
    let looking = format!("{}?mode=ro", home.url());
    let onlooker = home.journal_at(&looking, BOT).await.unwrap();
    ticket(&journal, 1, 1).await;
    assert!(onlooker.of_cause(&cause(1)).await.unwrap().is_some());
    onlooker.close().await;
    journal.close().await;
    home.journal().await.close().await;
}

#[tokio::test]
async fn a_newer_store_and_another_bots_are_refused_and_left_alone() {
    let home = Home::new();
    home.journal().await.close().await;
    let stranger = BotId(UserId::new(9));
    let error = home.journal_at(&home.url(), stranger).await.err().unwrap();
    assert!(matches!(error, JournalError::OtherBot { .. }), "{error}");
    assert!(error.to_string().contains(&BOT.0.to_string()), "{error}");

    operator(
        &home,
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
         values (999, 'later', true, x'00', 0)",
    );
    let before = std::fs::read(home.file()).unwrap();
    let error = refusal(&home, &home.url()).await;
    assert!(
        matches!(error, JournalError::Newer { found: 999, known } if known < 999),
        "{error}"
    );
    assert!(error.to_string().contains("newer guildpoints"), "{error}");
    assert_eq!(std::fs::read(home.file()).unwrap(), before);
}

#[tokio::test]
async fn a_file_of_something_else_is_refused_and_left_alone() {
    let home = Home::new();
    std::fs::write(home.file(), "dear diary, ".repeat(200)).unwrap();
    let error = refusal(&home, &home.url()).await;
    assert!(matches!(error, JournalError::Address(_)), "{error:?}");
    assert!(error.to_string().contains("not a journal"), "{error}");

    std::fs::remove_file(home.file()).unwrap();
    operator(&home, "create table songs (name text)");
    let before = std::fs::read(home.file()).unwrap();
    let error = refusal(&home, &home.url()).await;
    assert!(matches!(error, JournalError::Address(_)), "{error:?}");
    assert_eq!(std::fs::read(home.file()).unwrap(), before);
}

#[tokio::test]
async fn a_full_store_says_so_and_writes_again_once_there_is_room() {
    let home = Home::new();
    let url = format!("{}?max_pages=160", home.url());
    let journal = home.journal_at(&url, BOT).await.unwrap();
    let mut number = 0;
    let error = loop {
        number += 1;
        match try_open(&journal, intent(number, 1)).await {
            Ok(opened) => drop(fresh(opened)),
            Err(error) => break error,
        }
        assert!(number < 5_000, "160 pages hold no 5,000 entries");
    };
    assert!(matches!(error, JournalError::Full), "{error:?}");
    assert_eq!(journal.of_cause(&cause(number)).await.unwrap(), None);
    let trouble = home.pulses.of(edge::STORE).trouble.unwrap();
    assert_eq!(trouble.what, "the store is full");
    // Many at once fail one by one, and what is there stays readable.
    let again = try_open(&journal, intent(number, 1));
    let other = try_open(&journal, intent(number + 1, 1));
    let (again, other) = tokio::join!(again, other);
    assert!(matches!(again, Err(JournalError::Full)), "{again:?}");
    assert!(matches!(other, Err(JournalError::Full)), "{other:?}");
    assert!(journal.of_cause(&cause(1)).await.unwrap().is_some());

    operator(&home, "delete from entries");
    fresh(open(&journal, intent(number, 1)).await);
    assert!(home.pulses.of(edge::STORE).beats());
    journal.close().await;
}

#[tokio::test]
async fn a_store_that_may_only_be_read_is_read_and_says_so() {
    let home = Home::new();
    let journal = home.journal().await;
    let before = ticket(&journal, 1, 1).await;
    journal.close().await;

    let url = format!("{}?mode=ro", home.url());
    let journal = home.journal_at(&url, BOT).await.unwrap();
    let found = journal.of_cause(&cause(1)).await.unwrap();
    assert_eq!(found.as_ref(), Some(before.receipt()));
    assert_eq!(journal.counts().await.unwrap().unconfirmed, 1);
    let opened = try_open(&journal, intent(2, 1)).await;
    assert!(matches!(opened, Err(JournalError::ReadOnly)), "{opened:?}");
    let settled = journal.settle(before, Settlement::Done).await;
    assert!(
        matches!(settled, Err(JournalError::ReadOnly)),
        "{settled:?}"
    );
    assert!(matches!(
        journal.writable().await,
        Err(JournalError::ReadOnly)
    ));
    assert!(home.pulses.of(edge::STORE).trouble.is_some());
    journal.close().await;
}

#[tokio::test]
async fn closing_finishes_what_has_queued_and_refuses_what_comes_later() {
    let home = Home::new();
    let journal = home.journal().await;
    let mut openings = JoinSet::new();
    for number in 0..64 {
        let journal = journal.clone();
        openings.spawn(async move { (number, try_open(&journal, intent(number, 1)).await) });
    }
    tokio::task::yield_now().await;
    journal.close().await;
    journal.close().await;
    let answered = openings.join_all().await;
    assert!(matches!(
        journal.writable().await,
        Err(JournalError::Closing)
    ));
    assert!(matches!(journal.counts().await, Err(JournalError::Closing)));

    let journal = home.journal().await;
    for (number, opened) in answered {
        let written = journal.of_cause(&cause(number)).await.unwrap().is_some();
        match opened {
            Ok(Opened::Fresh(_)) => assert!(written, "{number}"),
            Err(JournalError::Closing) => assert!(!written, "{number}"),
            other => panic!("{other:?}"),
        }
    }
    journal.close().await;
}

#[tokio::test]
async fn a_journal_that_is_dropped_lets_go_of_its_store() {
    let home = Home::new();
    let journal = home.journal().await;
    let first = ticket(&journal, 1, 1).await;
    drop(journal);
    // The writer ends in its own time.
    let journal = loop {
        match home.journal_at(&home.url(), BOT).await {
            Ok(journal) => break journal,
            Err(JournalError::InUse { .. }) => tokio::task::yield_now().await,
            Err(error) => panic!("{error:?}"),
        }
    };
    let found = journal.of_cause(&cause(1)).await.unwrap();
    assert_eq!(found.as_ref(), Some(first.receipt()));
    journal.close().await;
}

#[tokio::test]
async fn writing_is_proved_by_writing() {
    let home = Home::new();
    let journal = home.journal().await;
    journal.writable().await.unwrap();
    assert!(home.pulses.of(edge::STORE).beats());
    operator(
        &home,
        "create trigger stuck before update on house
         begin select raise(abort, 'stuck'); end",
    );
    let stuck = journal.writable().await;
    assert!(matches!(stuck, Err(JournalError::Database(_))), "{stuck:?}");
    assert!(!home.pulses.of(edge::STORE).beats());
    operator(&home, "drop trigger stuck");
    journal.writable().await.unwrap();
    assert!(home.pulses.of(edge::STORE).beats());
    journal.close().await;
}

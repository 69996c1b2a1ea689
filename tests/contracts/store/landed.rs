//! Stores as earlier versions left them: they open, say what they said, and go forward.

use guildpoints::journal::BalanceRead;
use guildpoints::journal::ConfirmationState;
use guildpoints::journal::JournalError;
use guildpoints::journal::Opened;
use guildpoints::journal::Settlement;
use guildpoints::journal::State;
use guildpoints::journal::Told;
use guildpoints::model::refusal::PointsRefusal;
use rusqlite::Connection;

use super::stage::*;

/// Puts a store of the first version, whose migrator was sqlx's, where the journal is.
fn first_version(home: &Home) -> Connection {
    let store = Connection::open(home.file()).unwrap();
    let dump = include_str!("landed/0002.sql");
    store.execute_batch(dump).unwrap();
    store
}

/// The migrations of a store with their checksums and whether they were done.
fn migrations(home: &Home) -> Vec<(i64, String, Vec<u8>, bool)> {
    let store = Connection::open(home.file()).unwrap();
    let text = "select version, description, checksum, success from _sqlx_migrations order by 1";
    let mut statement = store.prepare(text).unwrap();
    let rows = statement.query_map([], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

#[tokio::test]
async fn a_store_of_the_first_version_goes_forward() {
    let home = Home::new();
    drop(first_version(&home));
    let left = migrations(&home);
    assert_eq!(left.len(), 2);

    let journal = home.journal().await;
    let done = journal.of_cause(&cause(1)).await.unwrap().unwrap();
    assert_eq!(done.code.as_str(), "ZLTFVR");
    assert_eq!(
        done.op.as_str(),
        "gp-0egxh5me5hwtf-0080000000003-0-066f0rg1vnwtd"
    );
    assert_eq!((done.state, done.amount.points()), (State::Done, 666));
    assert_eq!(done.member_name, "小明 '; drop table entries");
    let balance = BalanceRead {
        points: 1_166,
        read_ms: 1_795_384_085_428,
    };
    assert_eq!((done.balance, done.told), (Some(balance), Told::Final));
    assert_eq!(done.reply.said, Some(message(101)));
    let refused = journal.of_cause(&cause(2)).await.unwrap().unwrap();
    let refusal = refused.refusal.unwrap();
    assert_eq!(refused.state, State::Refused);
    assert_eq!(refusal.meaning, PointsRefusal::Insufficient);
    assert_eq!((refusal.code, &*refusal.text), (Some(60_003), "积分不足"));
    let held = journal.of_cause(&cause(3)).await.unwrap().unwrap();
    assert_eq!((held.state, held.progress.looks), (State::Held, 2));
    assert_eq!(held.progress.heard, r#"{"last":"lost"}"#);
    let counts = journal.counts().await.unwrap();
    assert_eq!((counts.held, counts.unconfirmed, counts.queued), (1, 1, 1));
    assert_eq!(counts.untold, 1);
    // The refused change gave its points back to the quota.
    let given = journal.given(GUILD, GIVER, EVER).await.unwrap();
    assert_eq!(given, 666 + 7 + 8 + 9);
    let asked = journal.asked(message(6)).await.unwrap().unwrap();
    assert_eq!(asked.said, Some(message(106)));
    let cancelled = journal.asked(message(7)).await.unwrap().unwrap();
    assert_eq!(cancelled.state, ConfirmationState::Cancelled);

    // Its causes and codes are taken, its open entries are settled, new ones are written.
    let again = open(&journal, intent(1, 666)).await;
    assert!(matches!(again, Opened::Known(known) if *known == done));
    for ticket in journal.unsettled(i64::MAX, 9).await.unwrap() {
        journal.settle(ticket, Settlement::Done).await.unwrap();
    }
    ticket(&journal, 8, 1).await;
    journal.close().await;

    let journal = home.journal().await;
    let settled = journal.of_cause(&cause(3)).await.unwrap().unwrap();
    assert_eq!(settled.state, State::Done);
    assert!(journal.of_cause(&cause(8)).await.unwrap().is_some());
    journal.close().await;
    let now = migrations(&home);
    assert_eq!(now[..left.len()], left[..]);
    assert!(now.iter().all(|(.., done)| *done));
}

#[tokio::test]
async fn a_migration_that_was_cut_short_or_edited_is_refused() {
    for (change, sentence) in [
        (
            "update _sqlx_migrations set success = false where version = 2",
            "migration 2 is partially applied",
        ),
        (
            "update _sqlx_migrations set checksum = x'00' where version = 1",
            "migration 1 was previously applied but has been modified",
        ),
        (
            "update _sqlx_migrations set version = 0 where version = 1",
            "migration 0 was previously applied but is missing",
        ),
    ] {
        let home = Home::new();
        first_version(&home).execute_batch(change).unwrap();
        let error = home.journal_at(&home.url(), BOT).await.err().unwrap();
        assert!(matches!(error, JournalError::Database(_)), "{error:?}");
        let whole = format!("{:#}", anyhow::Error::new(error));
        assert!(whole.contains(sentence), "{whole}");
    }
}

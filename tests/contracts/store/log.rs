//! The length of SQLite's write-ahead log.

use std::time::Duration;

use rusqlite::Connection;
use tokio::time::sleep;

use super::stage::*;

/// The log at its full length, in bytes: 2,048 pages of 4 KiB.
const FULL: u64 = 8 * 1024 * 1024;

#[tokio::test]
async fn a_quiet_second_gives_the_log_its_full_length_and_the_store_nothing() {
    let home = Home::new();
    let log = home.file().with_file_name("journal.db-wal");
    let length = || log.metadata().unwrap().len();
    let journal = home.journal().await;
    let before = home.file().metadata().unwrap().len();
    // A second, or longer where the machine is busy.
    let grown = async {
        while length() < FULL {
            sleep(Duration::from_millis(50)).await;
        }
    };
    let grown = tokio::time::timeout(Duration::from_secs(30), grown).await;
    assert!(grown.is_ok(), "the log has {} bytes", length());

    // What was written for it is nowhere, and commits find room in the log.
    let full = length();
    for number in 1..=100 {
        ticket(&journal, number, 1).await;
    }
    assert_eq!(length(), full);
    let connection = Connection::open(home.file()).unwrap();
    let strangers = "select count(*) from confirmations";
    let strangers: i64 = connection
        .query_row(strangers, [], |row| row.get(0))
        .unwrap();
    assert_eq!(strangers, 0);
    drop(connection);
    journal.close().await;
    let after = home.file().metadata().unwrap().len();
    assert!(
        after < before + 1024 * 1024,
        "{before} bytes became {after}"
    );

    let journal = home.journal().await;
    assert!(journal.of_cause(&cause(100)).await.unwrap().is_some());
    journal.close().await;
}

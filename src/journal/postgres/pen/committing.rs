//! The end of a transaction, and finding out what became of one whose end was not answered.

use std::time::Duration;

use futures_util::TryStreamExt as _;
use sqlx::AssertSqlSafe;
use tokio::time::Instant;

use crate::journal::error::JournalError;
use crate::journal::postgres::failures;
use crate::journal::postgres::pen::PostgresPen;
use crate::journal::postgres::pen::Turn;
use crate::journal::postgres::pen::damaged;
use crate::journal::postgres::pen::failed;
use crate::journal::postgres::session::ANSWER;
use crate::journal::postgres::session::within;

/// How long the outcome of a commit is looked for. Longer than a statement may wait for a lock.
const DOUBT: Duration = Duration::from_secs(8);

/// Pause between looks for the outcome of a commit.
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);

/// What became of a commit.
enum Fate {
    Committed,
    Gone,
    /// Others have written too often since.
    Covered,
}

impl PostgresPen {
    /// Commits, after `last` where that is still to be written.
    pub(super) async fn commit(&mut self, last: Option<String>) -> Result<(), JournalError> {
        let Some(turn) = self.turn.take() else {
            return Err(damaged("a commit without a transaction"));
        };
        let connection = self.transaction()?;
        let statements = 1 + usize::from(last.is_some());
        let text = last.map_or_else(|| "commit".to_owned(), |last| format!("{last}; commit"));
        let mut done = 0;
        let ended = async {
            let mut ended = sqlx::raw_sql(AssertSqlSafe(text)).fetch_many(connection);
            while let Some(step) = ended.try_next().await? {
                done += usize::from(step.is_left());
            }
            Ok(())
        };
        let Err(error) = within(ANSWER, ended).await else {
            return Ok(());
        };
        // What the server refuses before it came to the commit is not committed.
        if done + 1 < statements
            && error.as_database_error().is_some()
            && !failures::is_lost(&error)
        {
            return Err(failed(error));
        }
        tracing::warn!(
            error = failures::said(&error),
            "a commit was not answered; looking whether it took place"
        );
        // Dropped, not closed: whether the server still works on it is what the look waits for.
        self.connection = None;
        let ends = Instant::now() + DOUBT;
        loop {
            match self.fate(&turn).await {
                Ok(Fate::Committed) => return Ok(()),
                // What the server says of it holds: no room is no reason to try again.
                Ok(Fate::Gone) => return Err(failed(error)),
                Ok(Fate::Covered) => return Err(JournalError::Unsure),
                Err(error) => {
                    self.connection = None;
                    tracing::debug!(error = failures::said(&error), "not to be learnt yet");
                }
            }
            if Instant::now() >= ends {
                return Err(JournalError::Unsure);
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    }

    /// Waits until the transaction has ended, whatever became of its connection, and looks for its
    /// mark.
    async fn fate(&mut self, turn: &Turn) -> Result<Fate, sqlx::Error> {
        let connection = self.connection().await?;
        let query = sqlx::query_as("select mark, mark_before from pen where one = 1 for update");
        let row: (String, String) = within(ANSWER, query.fetch_one(connection)).await?;
        let (mark, before) = row;
        Ok(match () {
            () if mark == turn.mark || before == turn.mark => Fate::Committed,
            // What came after it stands directly behind what came before it.
            () if mark == turn.before || before == turn.before => Fate::Gone,
            () => Fate::Covered,
        })
    }
}

//! Reading on a connection of the pool.
//!
//! Reading is done again on another connection when the one at hand turns out to be broken, so a
//! restart of the server is noticed only by who reads in the middle of it. A reading that is given
//! up takes its connection with it.

use sqlx::Postgres;
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgRow;

use crate::journal::entry::Receipt;
use crate::journal::error::JournalError;
use crate::journal::postgres::READERS;
use crate::journal::postgres::failures;
use crate::journal::postgres::failures::mapped;
use crate::journal::postgres::rows;
use crate::journal::postgres::rows::get;
use crate::journal::postgres::script::Prepared;
use crate::journal::postgres::session::ANSWER;
use crate::journal::postgres::session::within;
use crate::journal::postgres::shelf::Shelf;

/// A connection out of the pool, which goes back only when its work was ended in order.
struct Loan(Option<PoolConnection<Postgres>>);

impl Drop for Loan {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(connection.detach());
        }
    }
}

impl Shelf {
    pub(super) async fn rows(
        &self,
        query: impl Fn() -> Prepared<'static> + Send,
    ) -> Result<Vec<PgRow>, JournalError> {
        let mut tries = 0;
        loop {
            let mut loan = Loan(Some(self.pool.acquire().await.map_err(mapped)?));
            let connection = loan.0.as_mut().expect("it was lent in the line above");
            match within(ANSWER, query().fetch_all(&mut **connection)).await {
                Ok(rows) => {
                    drop(loan.0.take());
                    return Ok(rows);
                }
                // Every connection of the pool may be broken before a new one is made.
                Err(error) if failures::is_lost(&error) && !is_late(&error) && tries < READERS => {
                    tries += 1;
                }
                Err(error) => {
                    if error.as_database_error().is_some() {
                        drop(loan.0.take());
                    }
                    return Err(mapped(error));
                }
            }
        }
    }

    pub(super) async fn row(
        &self,
        query: impl Fn() -> Prepared<'static> + Send,
    ) -> Result<Option<PgRow>, JournalError> {
        Ok(self.rows(query).await?.into_iter().next())
    }

    /// The `number` of the one row a statement answers with.
    pub(super) async fn number(
        &self,
        query: impl Fn() -> Prepared<'static> + Send,
    ) -> Result<u64, JournalError> {
        let row = self.row(query).await?;
        let number: Option<i64> = row.map(|row| get(&row, "number")).transpose()?;
        Ok(number.unwrap_or_default().max(0).cast_unsigned())
    }

    pub(super) async fn receipts(
        &self,
        query: impl Fn() -> Prepared<'static> + Send,
    ) -> Result<Vec<Receipt>, JournalError> {
        self.rows(query).await?.iter().map(rows::receipt).collect()
    }
}

/// Whether it was our own patience that ended.
fn is_late(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut)
}

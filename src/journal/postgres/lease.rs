//! The row that says who owns the bot.
//!
//! One statement each, on a connection of its own: a renewal never waits for the journal's writes, and
//! one that hangs is given up together with its connection, so that the next begins on a fresh one.
//! Times are read from `clock_timestamp()`, the moment a row is looked at: `now()` would be the moment a
//! statement began that may since have waited for somebody's lock.

use std::time::Duration;

use anyhow::anyhow;
use sqlx::ConnectOptions;
use sqlx::Executor;
use sqlx::Postgres;
use sqlx::Row;
use sqlx::postgres::PgArguments;
use sqlx::postgres::PgConnectOptions;
use sqlx::postgres::PgConnection;
use sqlx::postgres::PgRow;
use sqlx::query::Query;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::journal::error::JournalError;
use crate::journal::owner::Lease;
use crate::journal::owner::Owner;
use crate::journal::owner::Stamp;
use crate::journal::owner::TERM;
use crate::journal::owner::Taken;
use crate::journal::postgres::failures::mapped;
use crate::journal::store::Answer;

/// How long the whole of one attempt may take, connecting included: two of them and the pause between
/// fit between a renewal that fails and the end of the term.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// The server gives a statement up before we do, so that none takes effect after we have gone. In
/// milliseconds.
const LIMITS: &str = "set statement_timeout = 1000; set lock_timeout = 1000";

/// Milliseconds since 1970 on the database's clock.
macro_rules! now_ms {
    () => {
        "cast(extract(epoch from clock_timestamp()) * 1000 as bigint)"
    };
}

/// Free, or given to the same holder before by a statement whose answer was lost.
const TAKE: &str = concat!(
    "insert into owner as held (one, fence, holder, label, since_ms, until_ms)
     values (1, 1, $1, $2, ",
    now_ms!(),
    ", ",
    now_ms!(),
    " + $3)
     on conflict (one) do update
     set fence = held.fence + 1, holder = excluded.holder, label = excluded.label,
         since_ms = excluded.since_ms, until_ms = excluded.until_ms
     where held.until_ms <= ",
    now_ms!(),
    " or held.holder = excluded.holder
     returning fence"
);

const RENEW: &str = concat!(
    "update owner set until_ms = ",
    now_ms!(),
    " + $3 where fence = $1 and holder = $2 returning fence"
);

const RELEASE: &str =
    "update owner set until_ms = 0 where fence = $1 and holder = $2 returning fence";

const OWNER: &str = concat!(
    "select label, fence, since_ms, until_ms - ",
    now_ms!(),
    " as left_ms from owner"
);

/// PostgreSQL's lease.
pub(super) struct PgLease {
    options: PgConnectOptions,
    /// The one connection; taken out while it is used, so that nobody meets a half-read one.
    connection: Mutex<Option<PgConnection>>,
}

impl PgLease {
    /// A lease in the database of `options`. Connects when it is first asked.
    pub fn new(options: PgConnectOptions) -> Self {
        Self {
            options,
            connection: Mutex::new(None),
        }
    }

    async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        let mut connection = self.options.connect().await?;
        connection.execute(LIMITS).await?;
        Ok(connection)
    }

    async fn rows(
        &self,
        query: Query<'_, Postgres, PgArguments>,
    ) -> Result<Vec<PgRow>, JournalError> {
        let attempt = async {
            let mut place = self.connection.lock().await;
            let mut connection = match place.take() {
                Some(connection) => connection,
                None => self.connect().await?,
            };
            let rows = query.fetch_all(&mut connection).await?;
            *place = Some(connection);
            Ok::<_, sqlx::Error>(rows)
        };
        let rows = timeout(PATIENCE, attempt).await;
        let rows = rows.map_err(|_| {
            JournalError::Away(format!("no answer within {PATIENCE:?} to who owns the bot"))
        })?;
        rows.map_err(mapped)
    }

    async fn taken(&self, holder: &str, label: &str) -> Result<Taken, JournalError> {
        let term_ms = i64::try_from(TERM.as_millis()).unwrap_or(i64::MAX);
        let query = sqlx::query(TAKE).bind(holder).bind(label).bind(term_ms);
        if let Some(row) = self.rows(query).await?.first() {
            return Ok(Taken::Ours(column(row, "fence")?));
        }
        let found = self.found().await?;
        let owner = found.ok_or_else(|| {
            JournalError::Database(anyhow!("the row that says who owns the bot is gone"))
        })?;
        Ok(Taken::Others(owner))
    }

    async fn found(&self) -> Result<Option<Owner>, JournalError> {
        let rows = self.rows(sqlx::query(OWNER)).await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let left_ms: i64 = column(row, "left_ms")?;
        Ok(Some(Owner {
            label: column(row, "label")?,
            fence: column(row, "fence")?,
            since_ms: column(row, "since_ms")?,
            left: Duration::from_millis(u64::try_from(left_ms).unwrap_or(0)),
        }))
    }
}

impl Lease for PgLease {
    fn take<'a>(&'a self, holder: &'a str, label: &'a str) -> Answer<'a, Taken> {
        Box::pin(self.taken(holder, label))
    }

    fn renew<'a>(&'a self, stamp: &'a Stamp) -> Answer<'a, bool> {
        let term_ms = i64::try_from(TERM.as_millis()).unwrap_or(i64::MAX);
        let query = sqlx::query(RENEW).bind(stamp.fence).bind(&stamp.holder);
        let query = query.bind(term_ms);
        Box::pin(async move { Ok(!self.rows(query).await?.is_empty()) })
    }

    fn release<'a>(&'a self, stamp: &'a Stamp) -> Answer<'a, ()> {
        let query = sqlx::query(RELEASE).bind(stamp.fence).bind(&stamp.holder);
        Box::pin(async move { self.rows(query).await.map(drop) })
    }

    fn owner(&self) -> Answer<'_, Option<Owner>> {
        Box::pin(self.found())
    }
}

fn column<'r, T>(row: &'r PgRow, name: &str) -> Result<T, JournalError>
where
    T: sqlx::Decode<'r, Postgres> + sqlx::Type<Postgres>,
{
    let value = row.try_get(name);
    value.map_err(|error| JournalError::Database(anyhow!(error).context("read who owns the bot")))
}

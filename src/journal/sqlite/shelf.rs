//! The reading side: a few connections that only read.

use futures_util::future::BoxFuture;
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteRow;

use crate::journal::entry::Confirmation;
use crate::journal::entry::Counts;
use crate::journal::entry::Receipt;
use crate::journal::error::JournalError;
use crate::journal::sqlite::mapped;
use crate::journal::sqlite::rows;
use crate::journal::sqlite::rows::get;
use crate::journal::sqlite::rows::kept;
use crate::journal::store::Answer;
use crate::journal::store::Quota;
use crate::journal::store::Store;
use crate::model::Cause;
use crate::model::MessageId;
use crate::model::ReceiptCode;

/// SQLite's reading side.
pub(super) struct Shelf {
    /// Connections that only read.
    pub pool: SqlitePool,
}

impl Store for Shelf {
    fn find<'a>(&'a self, code: &'a ReceiptCode) -> Answer<'a, Option<Receipt>> {
        let query = sqlx::query("select * from entries where code = $1").bind(code.as_str());
        Box::pin(async move {
            let row = query.fetch_optional(&self.pool).await.map_err(mapped)?;
            row.as_ref().map(rows::receipt).transpose()
        })
    }

    fn of_cause<'a>(&'a self, cause: &'a Cause) -> Answer<'a, Option<Receipt>> {
        let (kind, message, line, member) = rows::key(cause);
        let query = sqlx::query(
            "select * from entries
             where kind = $1 and message = $2 and line = $3 and member = $4",
        );
        let query = query.bind(kind).bind(message).bind(line).bind(member);
        Box::pin(async move {
            let row = query.fetch_optional(&self.pool).await.map_err(mapped)?;
            row.as_ref().map(rows::receipt).transpose()
        })
    }

    fn of_message(&self, message: MessageId) -> Answer<'_, Vec<Receipt>> {
        let query = sqlx::query(
            "select * from entries where kind = 0 and message = $1 order by line, member",
        );
        let query = query.bind(kept(message.number()));
        Box::pin(async move { receipts(query.fetch_all(&self.pool).await) })
    }

    fn unsettled(&self, due_ms: i64, limit: usize) -> Answer<'_, Vec<Receipt>> {
        let query = sqlx::query(
            "select * from entries where settled_ms is null and next_look_ms <= $1
             order by written_ms, message, line, member limit $2",
        );
        let query = query.bind(due_ms).bind(limited(limit));
        Box::pin(async move { receipts(query.fetch_all(&self.pool).await) })
    }

    fn untold(&self, due_ms: i64, limit: usize) -> Answer<'_, Vec<Receipt>> {
        let query = sqlx::query(
            "select * from entries
             where settled_ms is not null and told in ('nothing', 'interim')
               and next_tell_ms <= $1
             order by written_ms, message, line, member limit $2",
        );
        let query = query.bind(due_ms).bind(limited(limit));
        Box::pin(async move { receipts(query.fetch_all(&self.pool).await) })
    }

    fn unspoken(&self, due_ms: i64, limit: usize) -> Answer<'_, Vec<Receipt>> {
        let query = sqlx::query(
            "select * from entries
             where settled_ms is null and told = 'nothing' and next_tell_ms <= $1
             order by written_ms, message, line, member limit $2",
        );
        let query = query.bind(due_ms).bind(limited(limit));
        Box::pin(async move { receipts(query.fetch_all(&self.pool).await) })
    }

    fn given(&self, quota: Quota) -> Answer<'_, i64> {
        let query = sqlx::query(
            "select coalesce(sum(counts), 0) as given from entries
             where guild = $1 and giver = $2 and written_ms >= $3 and written_ms < $4",
        );
        let query = query
            .bind(kept(quota.guild.number()))
            .bind(kept(quota.giver.number()))
            .bind(quota.day.from_ms)
            .bind(quota.day.until_ms);
        Box::pin(async move {
            let row = query.fetch_one(&self.pool).await.map_err(mapped)?;
            get(&row, "given")
        })
    }

    fn counts(&self) -> Answer<'_, Counts> {
        // One statement, so that all figures are of one moment.
        let query = sqlx::query(
            "select state, count(*) as number, min(written_ms) as oldest from entries
             where settled_ms is null group by state
             union all
             select 'untold', count(*), null from entries
             where settled_ms is not null and told in ('nothing', 'interim')
             union all
             select 'undeliverable', count(*), null from entries where told = 'undeliverable'",
        );
        Box::pin(async move {
            let rows = query.fetch_all(&self.pool).await.map_err(mapped)?;
            let mut counts = Counts::default();
            for row in &rows {
                add(&mut counts, row)?;
            }
            Ok(counts)
        })
    }

    fn asked(&self, message: MessageId) -> Answer<'_, Option<Confirmation>> {
        let query = sqlx::query("select * from confirmations where message = $1");
        let query = query.bind(kept(message.number()));
        Box::pin(async move {
            let row = query.fetch_optional(&self.pool).await.map_err(mapped)?;
            row.as_ref().map(rows::confirmation).transpose()
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.pool.close())
    }
}

fn add(counts: &mut Counts, row: &SqliteRow) -> Result<(), JournalError> {
    let number: u64 = get::<i64>(row, "number")?.cast_unsigned();
    match get(row, "state")? {
        "queued" => counts.queued = number,
        "unconfirmed" => counts.unconfirmed = number,
        "held" => counts.held = number,
        "unresolved" => counts.unresolved = number,
        "undeliverable" => counts.undeliverable = number,
        _ => counts.untold = number,
    }
    let oldest: Option<i64> = get(row, "oldest")?;
    counts.oldest_open_ms = [counts.oldest_open_ms, oldest].into_iter().flatten().min();
    Ok(())
}

fn receipts(rows: Result<Vec<SqliteRow>, sqlx::Error>) -> Result<Vec<Receipt>, JournalError> {
    rows.map_err(mapped)?.iter().map(rows::receipt).collect()
}

fn limited(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

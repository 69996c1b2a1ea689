//! The reading side: a few connections that only read.

use std::path::Path;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use sqlx::AssertSqlSafe;
use sqlx::PgPool;
use sqlx::postgres::PgRow;

use crate::journal::channels::Handled;
use crate::journal::confirming::Confirmation;
use crate::journal::desk::Unsound;
use crate::journal::entry::Counts;
use crate::journal::entry::Receipt;
use crate::journal::error::JournalError;
use crate::journal::kept;
use crate::journal::kept::kept;
use crate::journal::postgres::channels;
use crate::journal::postgres::own_tools;
use crate::journal::postgres::rows;
use crate::journal::postgres::rows::get;
use crate::journal::selecting::MISCOUNTED;
use crate::journal::selecting::Tail;
use crate::journal::selection::Order;
use crate::journal::selection::Selection;
use crate::journal::store::Answer;
use crate::journal::store::Quota;
use crate::journal::store::Store;
use crate::model::Cause;
use crate::model::Freeze;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::ReceiptCode;
use crate::model::UserId;

/// PostgreSQL's reading side.
pub(super) struct Shelf {
    /// Connections that only read.
    pub pool: PgPool,
}

impl Store for Shelf {
    fn find<'a>(&'a self, code: &'a ReceiptCode) -> Answer<'a, Option<Receipt>> {
        Box::pin(async move {
            let query = || {
                sqlx::query("select * from entries where code = $1").bind(code.as_str().to_owned())
            };
            self.row(query)
                .await?
                .as_ref()
                .map(rows::receipt)
                .transpose()
        })
    }

    fn of_cause<'a>(&'a self, cause: &'a Cause) -> Answer<'a, Option<Receipt>> {
        let (kind, message, line, member) = kept::key(cause);
        Box::pin(async move {
            let query = || {
                sqlx::query(
                    "select * from entries
                     where kind = $1 and message = $2 and line = $3 and member = $4",
                )
                .bind(kind)
                .bind(message)
                .bind(line)
                .bind(member)
            };
            self.row(query)
                .await?
                .as_ref()
                .map(rows::receipt)
                .transpose()
        })
    }

    fn of_message(&self, message: MessageId) -> Answer<'_, Vec<Receipt>> {
        Box::pin(self.receipts(move || {
            sqlx::query(
                "select * from entries where kind = 0 and message = $1 order by line, member",
            )
            .bind(kept(message.number()))
        }))
    }

    fn unsettled(&self, due_ms: i64, limit: usize) -> Answer<'_, Vec<Receipt>> {
        Box::pin(self.receipts(move || {
            sqlx::query(
                "select * from entries where settled_ms is null and next_look_ms <= $1
                 order by written_ms, message, line, member limit $2",
            )
            .bind(due_ms)
            .bind(limited(limit))
        }))
    }

    fn untold(&self, due_ms: i64, limit: usize) -> Answer<'_, Vec<Receipt>> {
        Box::pin(self.receipts(move || {
            sqlx::query(
                "select * from entries
                 where settled_ms is not null and told in ('nothing', 'interim')
                   and next_tell_ms <= $1
                 order by written_ms, message, line, member limit $2",
            )
            .bind(due_ms)
            .bind(limited(limit))
        }))
    }

    fn unspoken(&self, due_ms: i64, limit: usize) -> Answer<'_, Vec<Receipt>> {
        Box::pin(self.receipts(move || {
            sqlx::query(
                "select * from entries
                 where settled_ms is null and told = 'nothing' and next_tell_ms <= $1
                 order by written_ms, message, line, member limit $2",
            )
            .bind(due_ms)
            .bind(limited(limit))
        }))
    }

    fn given(&self, quota: Quota) -> Answer<'_, i64> {
        Box::pin(async move {
            let query = || {
                sqlx::query(
                    "select cast(coalesce(sum(counts), 0) as bigint) as given from entries
                     where guild = $1 and giver = $2 and written_ms >= $3 and written_ms < $4",
                )
                .bind(kept(quota.guild.number()))
                .bind(kept(quota.giver.number()))
                .bind(quota.day.from_ms)
                .bind(quota.day.until_ms)
            };
            match self.row(query).await? {
                Some(row) => get(&row, "given"),
                None => Ok(0),
            }
        })
    }

    fn counts(&self) -> Answer<'_, Counts> {
        Box::pin(async move {
            // One statement, so that all figures are of one moment.
            let query = || {
                sqlx::query(
                    "select case when approval = 'asked' then 'waiting' else state end as state,
                            count(*) as number, min(written_ms) as oldest from entries
                     where settled_ms is null group by 1
                     union all
                     select 'untold', count(*), cast(null as bigint) from entries
                     where settled_ms is not null and told in ('nothing', 'interim')
                     union all
                     select 'undeliverable', count(*), cast(null as bigint) from entries
                     where told = 'undeliverable'",
                )
            };
            let mut counts = Counts::default();
            for row in &self.rows(query).await? {
                add(&mut counts, row)?;
            }
            Ok(counts)
        })
    }

    fn asked(&self, message: MessageId) -> Answer<'_, Option<Confirmation>> {
        Box::pin(async move {
            let query = || {
                sqlx::query("select * from confirmations where message = $1")
                    .bind(kept(message.number()))
            };
            self.row(query)
                .await?
                .as_ref()
                .map(rows::confirmation)
                .transpose()
        })
    }

    fn freeze(&self, guild: GuildId) -> Answer<'_, Option<Freeze>> {
        Box::pin(async move {
            let query =
                || sqlx::query("select * from freezes where guild = $1").bind(kept(guild.number()));
            let stands = self
                .row(query)
                .await?
                .as_ref()
                .map(rows::freeze)
                .transpose()?;
            Ok(stands.and_then(|stands| stands.freeze))
        })
    }

    fn waiting(&self, guild: GuildId, limit: usize) -> Answer<'_, Vec<Receipt>> {
        Box::pin(self.receipts(move || {
            sqlx::query(
                "select * from entries where approval = 'asked' and guild = $1
                 order by written_ms, message, line, member limit $2",
            )
            .bind(kept(guild.number()))
            .bind(limited(limit))
        }))
    }

    fn unapproved(&self, due_ms: i64, limit: usize) -> Answer<'_, Vec<Receipt>> {
        Box::pin(self.receipts(move || {
            sqlx::query(
                "select * from entries where approval = 'asked' and approval_until_ms <= $1
                 order by written_ms, message, line, member limit $2",
            )
            .bind(due_ms)
            .bind(limited(limit))
        }))
    }

    fn last_given(
        &self,
        guild: GuildId,
        giver: UserId,
        before: MessageId,
    ) -> Answer<'_, Option<Receipt>> {
        Box::pin(async move {
            let query = || {
                sqlx::query(
                    "select * from entries
                     where guild = $1 and giver = $2 and kind = 0 and message < $3
                     order by written_ms desc, message desc limit 1",
                )
                .bind(kept(guild.number()))
                .bind(kept(giver.number()))
                .bind(kept(before.number()))
            };
            self.row(query)
                .await?
                .as_ref()
                .map(rows::receipt)
                .transpose()
        })
    }

    fn handled(&self, limit: usize) -> Answer<'_, Handled> {
        Box::pin(async move {
            let channels = || sqlx::query(channels::CHANNELS).bind(limited(limit));
            let channels = self.rows(channels).await?;
            let commands = self.rows(|| sqlx::query(channels::COMMANDS)).await?;
            Ok(Handled {
                channels: channels
                    .iter()
                    .map(channels::channel)
                    .collect::<Result<_, _>>()?,
                commands: commands
                    .iter()
                    .map(channels::command)
                    .collect::<Result<_, _>>()?,
            })
        })
    }

    fn entries<'a>(
        &'a self,
        selection: &'a Selection,
        order: Order,
        limit: usize,
    ) -> Answer<'a, Vec<Receipt>> {
        let tail = Tail::of(selection, order, limit, kept::state_word, kept::key);
        let text: Arc<str> = format!("select * from entries{}", tail.text).into();
        Box::pin(self.receipts(move || {
            let query = sqlx::query(AssertSqlSafe(Arc::clone(&text)));
            tail.values
                .iter()
                .fold(query, |query, &value| query.bind(value))
        }))
    }

    fn unsound(&self, limit: usize) -> Answer<'_, Unsound> {
        Box::pin(async move {
            let query = || sqlx::query(MISCOUNTED).bind(limited(limit));
            let miscounted = self.rows(query).await?;
            Ok(Unsound {
                miscounted: miscounted
                    .iter()
                    .map(rows::code)
                    .collect::<Result<_, _>>()?,
                // The server watches over its own files.
                damaged: Vec::new(),
            })
        })
    }

    fn copy_to<'a>(&'a self, _file: &'a Path) -> Answer<'a, ()> {
        Box::pin(async { Err(own_tools()) })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.pool.close())
    }
}

fn add(counts: &mut Counts, row: &PgRow) -> Result<(), JournalError> {
    let number: u64 = get::<i64>(row, "number")?.cast_unsigned();
    match get(row, "state")? {
        "waiting" => {
            counts.waiting = number;
            return Ok(());
        }
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

pub(super) fn limited(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

//! The reading side: what is asked of the store, one statement a question.

use std::path::Path;

use futures_util::future::BoxFuture;
use rusqlite::Connection;
use rusqlite::Row;
use rusqlite::params;
use rusqlite::params_from_iter;

use crate::journal::channels::Handled;
use crate::journal::confirming::Confirmation;
use crate::journal::desk::Unsound;
use crate::journal::entry::Counts;
use crate::journal::entry::Receipt;
use crate::journal::error::JournalError;
use crate::journal::kept;
use crate::journal::kept::kept;
use crate::journal::selecting::MISCOUNTED;
use crate::journal::selecting::Tail;
use crate::journal::selection::Order;
use crate::journal::selection::Selection;
use crate::journal::sqlite::channels;
use crate::journal::sqlite::copying;
use crate::journal::sqlite::looking;
use crate::journal::sqlite::readers::Readers;
use crate::journal::sqlite::rows;
use crate::journal::sqlite::rows::get;
use crate::journal::store::Answer;
use crate::journal::store::Quota;
use crate::journal::store::Store;
use crate::model::Cause;
use crate::model::Freeze;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::ReceiptCode;
use crate::model::UserId;

/// SQLite's reading side.
pub(super) struct Shelf {
    /// Connections that only read.
    pub readers: Readers,
}

impl Store for Shelf {
    fn find<'a>(&'a self, code: &'a ReceiptCode) -> Answer<'a, Option<Receipt>> {
        let code = code.clone();
        Box::pin(self.readers.glance(move |connection| {
            let text = "select * from entries where code = ?";
            rows::first(connection, text, params![code.as_str()], rows::receipt)
        }))
    }

    fn of_cause<'a>(&'a self, cause: &'a Cause) -> Answer<'a, Option<Receipt>> {
        let cause = *cause;
        let look = move |connection: &Connection| looking::of_cause(connection, &cause);
        Box::pin(self.readers.glance(look))
    }

    fn of_message(&self, message: MessageId) -> Answer<'_, Vec<Receipt>> {
        let look = move |connection: &Connection| looking::of_message(connection, message);
        Box::pin(self.readers.glance(look))
    }

    fn unsettled(&self, due_ms: i64, limit: usize) -> Answer<'_, Vec<Receipt>> {
        Box::pin(self.readers.read(move |connection| {
            rows::all(
                connection,
                "select * from entries where settled_ms is null and next_look_ms <= ?
                 order by written_ms, message, line, member limit ?",
                params![due_ms, limited(limit)],
                rows::receipt,
            )
        }))
    }

    fn untold(&self, due_ms: i64, limit: usize) -> Answer<'_, Vec<Receipt>> {
        Box::pin(self.readers.read(move |connection| {
            rows::all(
                connection,
                "select * from entries
                 where settled_ms is not null and told in ('nothing', 'interim')
                   and next_tell_ms <= ?
                 order by written_ms, message, line, member limit ?",
                params![due_ms, limited(limit)],
                rows::receipt,
            )
        }))
    }

    fn unspoken(&self, due_ms: i64, limit: usize) -> Answer<'_, Vec<Receipt>> {
        Box::pin(self.readers.read(move |connection| {
            rows::all(
                connection,
                "select * from entries
                 where settled_ms is null and told = 'nothing' and next_tell_ms <= ?
                 order by written_ms, message, line, member limit ?",
                params![due_ms, limited(limit)],
                rows::receipt,
            )
        }))
    }

    fn given(&self, quota: Quota) -> Answer<'_, i64> {
        let look = move |connection: &Connection| looking::given(connection, &quota);
        Box::pin(self.readers.read(look))
    }

    fn counts(&self) -> Answer<'_, Counts> {
        Box::pin(self.readers.read(|connection| {
            // One statement, so that all figures are of one moment.
            let counted = rows::all(
                connection,
                "select case when approval = 'asked' then 'waiting' else state end as state,
                        count(*) as number, min(written_ms) as oldest from entries
                 where settled_ms is null group by 1
                 union all
                 select 'untold', count(*), null from entries
                 where settled_ms is not null and told in ('nothing', 'interim')
                 union all
                 select 'undeliverable', count(*), null from entries
                 where told = 'undeliverable'",
                [],
                counted,
            )?;
            Ok(counted.into_iter().fold(Counts::default(), add))
        }))
    }

    fn asked(&self, message: MessageId) -> Answer<'_, Option<Confirmation>> {
        let look = move |connection: &Connection| looking::asked(connection, message);
        Box::pin(self.readers.glance(look))
    }

    fn freeze(&self, guild: GuildId) -> Answer<'_, Option<Freeze>> {
        Box::pin(self.readers.glance(move |connection| {
            let stands = looking::freeze(connection, guild)?;
            Ok(stands.and_then(|stands| stands.freeze))
        }))
    }

    fn waiting(&self, guild: GuildId, limit: usize) -> Answer<'_, Vec<Receipt>> {
        Box::pin(self.readers.read(move |connection| {
            rows::all(
                connection,
                "select * from entries where approval = 'asked' and guild = ?
                 order by written_ms, message, line, member limit ?",
                params![kept(guild.number()), limited(limit)],
                rows::receipt,
            )
        }))
    }

    fn unapproved(&self, due_ms: i64, limit: usize) -> Answer<'_, Vec<Receipt>> {
        Box::pin(self.readers.read(move |connection| {
            rows::all(
                connection,
                "select * from entries where approval = 'asked' and approval_until_ms <= ?
                 order by written_ms, message, line, member limit ?",
                params![due_ms, limited(limit)],
                rows::receipt,
            )
        }))
    }

    fn last_given(
        &self,
        guild: GuildId,
        giver: UserId,
        before: MessageId,
    ) -> Answer<'_, Option<Receipt>> {
        Box::pin(self.readers.glance(move |connection| {
            rows::first(
                connection,
                "select * from entries
                 where guild = ? and giver = ? and kind = 0 and message < ?
                 order by written_ms desc, message desc limit 1",
                params![
                    kept(guild.number()),
                    kept(giver.number()),
                    kept(before.number())
                ],
                rows::receipt,
            )
        }))
    }

    fn handled(&self, limit: usize) -> Answer<'_, Handled> {
        let look = move |connection: &Connection| channels::handled(connection, limited(limit));
        Box::pin(self.readers.read(look))
    }

    fn entries<'a>(
        &'a self,
        selection: &'a Selection,
        order: Order,
        limit: usize,
    ) -> Answer<'a, Vec<Receipt>> {
        let tail = Tail::of(selection, order, limit, kept::state_word, kept::key);
        Box::pin(self.readers.read(move |connection| {
            let text = format!("select * from entries{}", tail.text);
            let values = params_from_iter(&tail.values);
            rows::all(connection, &text, values, rows::receipt)
        }))
    }

    fn unsound(&self, limit: usize) -> Answer<'_, Unsound> {
        Box::pin(self.readers.read(move |connection| {
            Ok(Unsound {
                miscounted: rows::all(connection, MISCOUNTED, params![limited(limit)], rows::code)?,
                damaged: copying::damage(connection, limit)?,
            })
        }))
    }

    fn copy_to<'a>(&'a self, file: &'a Path) -> Answer<'a, ()> {
        let file = file.to_owned();
        Box::pin(
            self.readers
                .read(move |connection| copying::copy(connection, &file)),
        )
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.readers.close())
    }
}

/// A state, how many are in it, and when the oldest of them was written.
type Counted = (String, u64, Option<i64>);

fn counted(row: &Row<'_>) -> Result<Counted, JournalError> {
    let number: i64 = get(row, "number")?;
    Ok((
        get(row, "state")?,
        number.cast_unsigned(),
        get(row, "oldest")?,
    ))
}

fn add(mut counts: Counts, (state, number, oldest): Counted) -> Counts {
    match state.as_str() {
        "waiting" => {
            counts.waiting = number;
            return counts;
        }
        "queued" => counts.queued = number,
        "unconfirmed" => counts.unconfirmed = number,
        "held" => counts.held = number,
        "unresolved" => counts.unresolved = number,
        "undeliverable" => counts.undeliverable = number,
        _ => counts.untold = number,
    }
    counts.oldest_open_ms = [counts.oldest_open_ms, oldest].into_iter().flatten().min();
    counts
}

pub(super) fn limited(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

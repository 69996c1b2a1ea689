//! The writing side: the one connection that writes.
//!
//! After any error the connection is given up and a new one made when it is needed. SQLite rolls
//! some failed transactions back by itself and leaves others open; a new connection is in a known
//! state either way, so a full disk or a read-only store is over as soon as its cause is.

use std::collections::HashMap;
use std::fs::File;

use futures_util::TryStreamExt;
use futures_util::future::BoxFuture;
use sqlx::AssertSqlSafe;
use sqlx::ConnectOptions;
use sqlx::Connection;
use sqlx::Either;
use sqlx::Executor;
use sqlx::Sqlite;
use sqlx::SqliteConnection;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::sqlite::SqliteRow;

use crate::journal::entry::JournalError;
use crate::journal::entry::Receipt;
use crate::journal::sqlite::mapped;
use crate::journal::sqlite::rows;
use crate::journal::sqlite::rows::get;
use crate::journal::sqlite::rows::kept;
use crate::journal::sqlite::script;
use crate::journal::sqlite::script::Key;
use crate::journal::sqlite::script::Rows;
use crate::journal::sqlite::script::Step;
use crate::journal::sqlite::texts;
use crate::journal::store::Answer;
use crate::journal::store::Batch;
use crate::journal::store::Found;
use crate::journal::store::Outcome;
use crate::journal::store::Pen;
use crate::journal::store::Questions;

/// SQLite's writing side.
pub(super) struct SqlitePen {
    options: SqliteConnectOptions,
    connection: Option<SqliteConnection>,
    /// Whether a transaction is open on the connection.
    begun: bool,
    /// The store is ours for as long as this file is open. `None` where we only read.
    lock: Option<File>,
}

type Prepared<'q> = Query<'q, Sqlite, SqliteArguments>;

impl SqlitePen {
    /// A pen with its first connection.
    pub fn new(
        options: SqliteConnectOptions,
        connection: SqliteConnection,
        lock: Option<File>,
    ) -> Self {
        Self {
            options,
            connection: Some(connection),
            begun: false,
            lock,
        }
    }

    async fn connection(&mut self) -> Result<&mut SqliteConnection, JournalError> {
        if self.connection.is_none() {
            self.begun = false;
            self.connection = Some(self.options.connect().await.map_err(mapped)?);
        }
        Ok(self
            .connection
            .as_mut()
            .expect("the lines above make a connection where there is none"))
    }

    /// The text of a script, with the beginning where none was made yet.
    fn text(&mut self, text: &str, ends: Ends) -> String {
        let begun = std::mem::replace(&mut self.begun, ends == Ends::Later);
        let begin = if begun { "" } else { texts::BEGIN };
        let commit = match ends {
            Ends::Later => "",
            Ends::Here => ";commit",
        };
        format!("{begin}{text}{commit}")
    }

    async fn ask(&mut self, questions: &Questions) -> Result<Found, JournalError> {
        self.connection().await?;
        let first = if self.begun {
            Looks::Entries
        } else {
            Looks::Nothing
        };
        let text = self.text(texts::LOOK, Ends::Later);
        let mut query = sqlx::query(AssertSqlSafe(text));
        for parameter in script::look(questions) {
            query = query.bind(parameter);
        }
        let mut found = Found::default();
        let mut looks = first;
        let mut stream = self.connection().await?.fetch_many(query);
        while let Some(next) = stream.try_next().await.map_err(mapped)? {
            match next {
                Either::Left(_) => looks = looks.next(),
                Either::Right(row) => looks.take(&row, &mut found)?,
            }
        }
        Ok(found)
    }

    async fn write(&mut self, batch: &Batch) -> Result<Outcome, JournalError> {
        let mut outcome = Outcome {
            changes: vec![None; batch.changes.len()],
            notes: vec![None; batch.notes.len()],
        };
        self.connection().await?;
        let steps = script::steps(batch);
        if steps.is_empty() && self.begun {
            self.begun = false;
            let commit = sqlx::query("commit");
            commit
                .execute(self.connection().await?)
                .await
                .map_err(mapped)?;
        }
        let last = steps.len().saturating_sub(1);
        for (index, step) in steps.iter().enumerate() {
            let ends = if index == last {
                Ends::Here
            } else {
                Ends::Later
            };
            match step {
                Step::Insert(entries) => self.insert(entries, ends).await?,
                Step::Rows(step) => self.change(step, ends, &mut outcome).await?,
            }
        }
        Ok(outcome)
    }

    async fn insert(&mut self, entries: &[Receipt], ends: Ends) -> Result<(), JournalError> {
        let text = self.text(&texts::insert(entries.len()), ends);
        let query = entries
            .iter()
            .fold(sqlx::query(AssertSqlSafe(text)), |query, entry| {
                bind(query, entry)
            });
        let connection = self.connection().await?;
        query.execute(connection).await.map_err(mapped)?;
        Ok(())
    }

    async fn change(
        &mut self,
        step: &Rows,
        ends: Ends,
        outcome: &mut Outcome,
    ) -> Result<(), JournalError> {
        let text = self.text(step.text, ends);
        let items = serde_json::Value::from(step.items.clone()).to_string();
        let query = sqlx::query(AssertSqlSafe(text)).bind(items);
        let connection = self.connection().await?;
        for row in &query.fetch_all(connection).await.map_err(mapped)? {
            note(row, &step.carries, outcome)?;
        }
        Ok(())
    }
}

/// Which statement of the look is answering; each ends with a mark of its own.
#[derive(Clone, Copy)]
enum Looks {
    Nothing,
    Entries,
    Codes,
    Given,
    Confirmations,
}

impl Looks {
    fn next(self) -> Self {
        match self {
            Looks::Nothing => Looks::Entries,
            Looks::Entries => Looks::Codes,
            Looks::Codes => Looks::Given,
            Looks::Given | Looks::Confirmations => Looks::Confirmations,
        }
    }

    fn take(self, row: &SqliteRow, found: &mut Found) -> Result<(), JournalError> {
        match self {
            Looks::Nothing => {}
            Looks::Entries => found.entries.push(rows::receipt(row)?),
            Looks::Codes => {
                found.codes.insert(rows::code(row)?);
            }
            Looks::Given => found.given.push(get(row, "given")?),
            Looks::Confirmations => found.confirmations.push(rows::confirmation(row)?),
        }
        Ok(())
    }
}

/// Whether a transaction ends with a script.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    Here,
    Later,
}

impl Pen for SqlitePen {
    fn look<'a>(&'a mut self, questions: &'a Questions) -> Answer<'a, Found> {
        Box::pin(self.ask(questions))
    }

    fn carry_out<'a>(&'a mut self, batch: &'a Batch) -> Answer<'a, Outcome> {
        Box::pin(self.write(batch))
    }

    fn abandon(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.begun = false;
            if let Some(connection) = self.connection.take() {
                // Closing rolls back what is open.
                ended(connection.close().await);
            }
        })
    }

    fn tidy(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            if let Some(connection) = &mut self.connection {
                // What readers still need stays in the log until the next time.
                let query = sqlx::query("pragma wal_checkpoint(passive)");
                ended(query.execute(connection).await);
            }
        })
    }

    fn close(mut self: Box<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            if let Some(mut connection) = self.connection.take() {
                let query = sqlx::query("pragma wal_checkpoint(truncate)");
                ended(query.execute(&mut connection).await);
                ended(connection.close().await);
            }
            // Only now may another process have the store.
            drop(self.lock.take());
        })
    }
}

/// Logs what went wrong where nobody waits for it; the log or the rollback is made up for later.
fn ended<T>(result: Result<T, sqlx::Error>) {
    if let Err(error) = result {
        tracing::debug!(
            error = &error as &dyn std::error::Error,
            "the store could not be tidied"
        );
    }
}

fn bind<'q>(query: Prepared<'q>, entry: &'q Receipt) -> Prepared<'q> {
    let (kind, message, line, member) = rows::key(&entry.cause);
    query
        .bind(kind)
        .bind(message)
        .bind(line)
        .bind(member)
        .bind(entry.op.as_str())
        .bind(entry.code.as_str())
        .bind(kept(entry.guild.number()))
        .bind(&entry.system)
        .bind(kept(entry.giver.number()))
        .bind(&entry.member_name)
        .bind(i64::from(entry.amount.points()))
        .bind(entry.amount.size())
        .bind(&entry.reason)
        .bind(&entry.remark)
        .bind(kept(entry.reply.channel.number()))
        .bind(entry.reply.quoting.map(|message| kept(message.number())))
        .bind(entry.reply.said.map(|message| kept(message.number())))
        .bind(entry.written_ms)
        .bind(rows::state_word(entry.state))
        .bind(i64::from(entry.progress.sends))
        .bind(entry.progress.last_sent_ms)
        .bind(entry.progress.next_look_ms)
        .bind(entry.written_ms)
}

/// Notes which change a row that came back belongs to.
fn note(
    row: &SqliteRow,
    carries: &HashMap<Key, usize>,
    outcome: &mut Outcome,
) -> Result<(), JournalError> {
    match carries.keys().next() {
        None => {}
        Some(Key::Cause(_)) => {
            if let Some(&index) = carries.get(&Key::Cause(rows::cause(row)?)) {
                outcome.changes[index] = Some(rows::receipt(row)?);
            }
        }
        Some(Key::Code(_)) => {
            if let Some(&index) = carries.get(&Key::Code(rows::code(row)?)) {
                outcome.changes[index] = Some(rows::receipt(row)?);
            }
        }
        Some(Key::Message(..)) => {
            let key = Key::Message(get(row, "kind")?, get(row, "message")?);
            if let Some(&index) = carries.get(&key) {
                // A command's entries share what is said of them; the most patient one counts.
                let tries = Some(rows::small(row, "tries")?);
                outcome.notes[index] = outcome.notes[index].max(tries);
            }
        }
    }
    Ok(())
}

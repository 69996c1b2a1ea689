//! The writing side: the one connection that writes.
//!
//! After any error the connection is given up and a new one made when it is needed. SQLite rolls
//! some failed transactions back by itself and leaves others open; a new connection is in a known
//! state either way, so a full disk or a read-only store is over as soon as its cause is.

use std::collections::HashMap;
use std::fs::File;

use futures_util::future::BoxFuture;
use serde_json::Value;
use sqlx::AssertSqlSafe;
use sqlx::ConnectOptions;
use sqlx::Connection;
use sqlx::Sqlite;
use sqlx::SqliteConnection;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::sqlite::SqliteRow;

use crate::journal::entry::Receipt;
use crate::journal::error::JournalError;
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

    /// Begins a transaction where none is open. sqlx's own transactions are not used: they count
    /// their depth and lose count when SQLite rolls back by itself.
    async fn begin(&mut self) -> Result<(), JournalError> {
        self.connection().await?;
        if !self.begun {
            self.execute(sqlx::query(texts::BEGIN)).await?;
            self.begun = true;
        }
        Ok(())
    }

    async fn ask(&mut self, questions: &Questions) -> Result<Found, JournalError> {
        self.begin().await?;
        let mut found = Found::default();
        let mut is_known = false;
        if !questions.causes.is_empty() || !questions.codes.is_empty() {
            let query = sqlx::query(texts::LOOK)
                .bind(script::causes(questions))
                .bind(script::codes(questions))
                .bind(script::quotas(questions));
            found.given = vec![0; questions.quotas.len()];
            for row in &self.fetch(query).await? {
                match get(row, "what")? {
                    "entry" => is_known = true,
                    "code" => {
                        found.codes.insert(rows::code(row)?);
                    }
                    _ => {
                        let place = rows::small(row, "place")? as usize;
                        found.given[place] = get(row, "given")?;
                    }
                }
            }
        }
        // Seldom: a repeated frame, or a press.
        if is_known {
            let query = sqlx::query(texts::KNOWN).bind(script::causes(questions));
            let known = self.fetch(query).await?;
            found.entries = known.iter().map(rows::receipt).collect::<Result<_, _>>()?;
        }
        if !questions.confirmations.is_empty() {
            let query = sqlx::query(texts::ASKED).bind(script::confirmations(questions));
            let asked = self.fetch(query).await?;
            found.confirmations = asked
                .iter()
                .map(rows::confirmation)
                .collect::<Result<_, _>>()?;
        }
        Ok(found)
    }

    async fn write(&mut self, batch: &Batch) -> Result<Outcome, JournalError> {
        let mut outcome = Outcome {
            changes: vec![None; batch.changes.len()],
            notes: vec![None; batch.notes.len()],
        };
        self.begin().await?;
        for step in script::steps(batch) {
            match step {
                Step::Insert(entries) => self.insert(entries).await?,
                Step::Rows(step) => self.change(step, &mut outcome).await?,
            }
        }
        self.execute(sqlx::query(texts::COMMIT)).await?;
        self.begun = false;
        Ok(outcome)
    }

    async fn insert(&mut self, entries: &[Receipt]) -> Result<(), JournalError> {
        let text = AssertSqlSafe(texts::insert(entries.len()));
        self.execute(entries.iter().fold(sqlx::query(text), bind))
            .await
    }

    async fn change(&mut self, step: Rows, outcome: &mut Outcome) -> Result<(), JournalError> {
        let items = Value::from(step.items).to_string();
        for row in &self.fetch(sqlx::query(step.text).bind(items)).await? {
            note(row, &step.carries, outcome)?;
        }
        Ok(())
    }

    async fn execute(&mut self, query: Prepared<'_>) -> Result<(), JournalError> {
        let connection = self.connection().await?;
        query.execute(connection).await.map_err(mapped)?;
        Ok(())
    }

    async fn fetch(&mut self, query: Prepared<'_>) -> Result<Vec<SqliteRow>, JournalError> {
        let connection = self.connection().await?;
        query.fetch_all(connection).await.map_err(mapped)
    }
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

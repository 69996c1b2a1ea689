//! The writing side: one connection, and one transaction at a time over all processes.
//!
//! Invariants:
//! - The first statement of every transaction changes the one row of `pen`. Whoever else wants to
//!   write waits for that row, so what a transaction finds stays true until it commits: sums of
//!   quotas, causes and codes are right whoever else is awake.
//! - A commit without an answer is not an answer. Its mark in `pen` is looked for, waiting for the
//!   row as any writer would: there, it was committed; the mark before it still there, or directly
//!   behind what another has written since, it never will be. Only if that cannot be learnt in time
//!   is the outcome `Unsure`.
//! - After any error the connection is given up, and a new one made when it is needed, so what was
//!   wrong is over as soon as its cause is.

use std::time::Duration;

use anyhow::anyhow;
use futures_util::future::BoxFuture;
use sqlx::AssertSqlSafe;
use sqlx::Executor;
use sqlx::PgConnection;
use sqlx::postgres::PgRow;
use tokio::time::Instant;
use uuid::Uuid;

use crate::journal::boards::gains;
use crate::journal::entry::Durability;
use crate::journal::entry::Receipt;
use crate::journal::error::JournalError;
use crate::journal::kept::kept;
use crate::journal::owner::Stamp;
use crate::journal::postgres::address::Address;
use crate::journal::postgres::address::Mode;
use crate::journal::postgres::boards;
use crate::journal::postgres::failures;
use crate::journal::postgres::failures::mapped;
use crate::journal::postgres::rows;
use crate::journal::postgres::rows::get;
use crate::journal::postgres::script;
use crate::journal::postgres::script::Key;
use crate::journal::postgres::script::Prepared;
use crate::journal::postgres::session;
use crate::journal::postgres::session::ANSWER;
use crate::journal::postgres::session::within;
use crate::journal::postgres::sides;
use crate::journal::postgres::texts;
use crate::journal::store::Answer;
use crate::journal::store::Batch;
use crate::journal::store::Found;
use crate::journal::store::Outcome;
use crate::journal::store::Pen;
use crate::journal::store::Questions;
use crate::model::ReceiptCode;

/// How long a write waits for a server that went away: a restart, not an afternoon.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long the outcome of a commit is looked for. Longer than a statement may wait for a lock.
const DOUBT: Duration = Duration::from_secs(8);

/// Pause between looks for the outcome of a commit.
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);

/// PostgreSQL's writing side.
pub(super) struct PostgresPen {
    address: Address,
    connection: Option<PgConnection>,
    /// The open transaction.
    turn: Option<Turn>,
}

/// A transaction by its mark.
struct Turn {
    mark: String,
    before: String,
}

/// What became of a commit.
enum Fate {
    Committed,
    Gone,
    /// Others have written too often since.
    Covered,
}

impl PostgresPen {
    /// A pen with its first connection.
    pub fn new(address: Address, connection: PgConnection) -> Self {
        Self {
            address,
            connection: Some(connection),
            turn: None,
        }
    }

    async fn connection(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        if self.connection.is_none() {
            let connection = session::connect_within(&self.address, PATIENCE).await?;
            self.connection = Some(connection);
        }
        Ok(self
            .connection
            .as_mut()
            .expect("the lines above make a connection where there is none"))
    }

    /// The connection the open transaction is on, never a new one.
    fn transaction(&mut self) -> Result<&mut PgConnection, JournalError> {
        let connection = self.connection.as_mut();
        connection.ok_or_else(|| damaged("a transaction without a connection"))
    }

    /// Begins a transaction where none is open. A connection that broke while nobody wrote is
    /// replaced without a word.
    async fn begin(
        &mut self,
        durability: Durability,
        stamp: Option<&Stamp>,
    ) -> Result<(), JournalError> {
        if self.address.mode == Mode::Read {
            return Err(JournalError::ReadOnly);
        }
        if self.turn.is_some() {
            return Ok(());
        }
        let was_there = self.connection.is_some();
        let mut turn = self.take_turn(durability, stamp).await;
        if was_there && matches!(turn, Err(JournalError::Interrupted(_))) {
            self.connection = None;
            turn = self.take_turn(durability, stamp).await;
        }
        self.turn = turn?;
        match self.turn {
            Some(_) => Ok(()),
            None => Err(JournalError::NotOwner),
        }
    }

    /// Begins, takes the row of `pen` and looks whether `stamp` is still the owner's; `None` where it
    /// is not. Nobody else becomes the owner before the transaction ends: the row is held against a
    /// change of its key, which is the number, and not against being renewed.
    async fn take_turn(
        &mut self,
        durability: Durability,
        stamp: Option<&Stamp>,
    ) -> Result<Option<Turn>, JournalError> {
        let mark = Uuid::new_v4().simple().to_string();
        let lazily = match durability {
            Durability::Now => "",
            // The server has it on disk within a second, and with the next commit that waits.
            Durability::Soon => "set local synchronous_commit = off;",
        };
        // A number and hexadecimal digits.
        let owner = stamp.map_or_else(String::new, |Stamp { fence, holder }| {
            format!(
                "; select holder from owner where one = 1 and fence = {fence} and holder = '{holder}'
                 for key share"
            )
        });
        // One way to the server for all of it. The mark is hexadecimal digits. The owner's statement is
        // one of its own, so that it sees what was committed while the first one waited.
        let text = format!(
            "begin isolation level read committed; {lazily}
             update pen set mark_before = mark, mark = '{mark}' where one = 1
             returning mark_before{owner}"
        );
        // Whoever waits has waited long enough when no connection can be made.
        let connection = self.connection().await.map_err(mapped)?;
        let rows = sqlx::raw_sql(AssertSqlSafe(text)).fetch_all(connection);
        let rows = within(ANSWER, rows).await.map_err(failed)?;
        let row = rows
            .first()
            .ok_or_else(|| damaged("the store has lost the row its writers meet at"))?;
        let before = get(row, "mark_before")?;
        let is_owner = stamp.is_none() || rows.len() == 2;
        Ok(is_owner.then_some(Turn { mark, before }))
    }

    async fn ask(&mut self, questions: &Questions) -> Result<Found, JournalError> {
        self.begin(Durability::Now, questions.stamp.as_deref())
            .await?;
        let mut found = Found {
            given: vec![0; questions.quotas.len()],
            ..Found::default()
        };
        let mut is_known = false;
        let mut was_frozen = !questions.guilds.is_empty();
        if !questions.causes.is_empty() || !questions.codes.is_empty() {
            was_frozen = false;
            for row in &self.fetch(look(questions)).await? {
                match get(row, "what")? {
                    "entry" => is_known = true,
                    "freeze" => was_frozen = true,
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
            let query = script::with_causes(sqlx::query(texts::KNOWN), &questions.causes);
            let known = self.fetch(query).await?;
            found.entries = known.iter().map(rows::receipt).collect::<Result<_, _>>()?;
        }
        if !questions.commands.is_empty() {
            let messages = questions.commands.iter();
            let messages: Vec<_> = messages.map(|message| kept(message.number())).collect();
            let query = sqlx::query(texts::COMMANDS).bind(messages);
            for row in &self.fetch(query).await? {
                found.entries.push(rows::receipt(row)?);
            }
        }
        if was_frozen {
            let query = sqlx::query(texts::FREEZES).bind(asked_guilds(questions));
            let frozen = self.fetch(query).await?;
            found.freezes = frozen.iter().map(rows::freeze).collect::<Result<_, _>>()?;
        }
        if !questions.confirmations.is_empty() {
            let messages = questions.confirmations.iter();
            let messages: Vec<_> = messages.map(|message| kept(message.number())).collect();
            let query = sqlx::query(texts::ASKED).bind(messages);
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
            sides: Vec::new(),
        };
        self.begin(batch.durability, batch.stamp.as_deref()).await?;
        for mut step in script::steps(batch) {
            let carries = std::mem::take(&mut step.carries);
            for row in &self.fetch(step.prepared()).await? {
                note(row, &carries, &mut outcome)?;
            }
        }
        let gains = gains(batch, &outcome.changes);
        boards::earn(self.transaction()?, &gains).await?;
        if !batch.sides.is_empty() {
            outcome.sides = sides::write_all(self.transaction()?, &batch.sides).await?;
        }
        self.commit().await?;
        Ok(outcome)
    }

    async fn commit(&mut self) -> Result<(), JournalError> {
        let Some(turn) = self.turn.take() else {
            return Err(damaged("a commit without a transaction"));
        };
        let connection = self.transaction()?;
        let Err(error) = within(ANSWER, connection.execute("commit")).await else {
            return Ok(());
        };
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

    async fn fetch(&mut self, query: Prepared<'_>) -> Result<Vec<PgRow>, JournalError> {
        let connection = self.transaction()?;
        within(ANSWER, query.fetch_all(connection))
            .await
            .map_err(failed)
    }
}

impl Pen for PostgresPen {
    fn look<'a>(&'a mut self, questions: &'a Questions) -> Answer<'a, Found> {
        Box::pin(self.ask(questions))
    }

    fn carry_out<'a>(&'a mut self, batch: &'a Batch) -> Answer<'a, Outcome> {
        Box::pin(self.write(batch))
    }

    fn abandon(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.turn = None;
            if let Some(connection) = self.connection.take() {
                session::close(connection).await;
            }
        })
    }

    fn tidy(&mut self) -> BoxFuture<'_, ()> {
        // The server tidies up by itself, and has long written what was to be on disk soon.
        Box::pin(async {})
    }

    fn close(mut self: Box<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async move { self.abandon().await })
    }
}

/// What an error before the commit means: nothing was written, so most of them are worth another
/// transaction.
pub(super) fn failed(error: sqlx::Error) -> JournalError {
    match failures::is_passing(&error) {
        true => JournalError::Interrupted(failures::said(&error)),
        false => mapped(error),
    }
}

fn look(questions: &Questions) -> Prepared<'static> {
    let codes = questions.codes.iter().map(ReceiptCode::as_str);
    let codes: Vec<String> = codes.map(str::to_owned).collect();
    let quotas = || questions.quotas.iter();
    let guilds = quotas().map(|quota| kept(quota.guild.number()));
    let givers = quotas().map(|quota| kept(quota.giver.number()));
    script::with_causes(sqlx::query(texts::LOOK), &questions.causes)
        .bind(codes)
        .bind(
            (0..)
                .zip(quotas())
                .map(|(place, _)| place)
                .collect::<Vec<i64>>(),
        )
        .bind(guilds.collect::<Vec<_>>())
        .bind(givers.collect::<Vec<_>>())
        .bind(quotas().map(|quota| quota.day.from_ms).collect::<Vec<_>>())
        .bind(quotas().map(|quota| quota.day.until_ms).collect::<Vec<_>>())
        .bind(asked_guilds(questions))
}

fn asked_guilds(questions: &Questions) -> Vec<i64> {
    let guilds = questions.guilds.iter();
    guilds.map(|guild| kept(guild.number())).collect()
}

/// Notes which change a row that came back belongs to.
fn note(
    row: &PgRow,
    carries: &std::collections::HashMap<Key, usize>,
    outcome: &mut Outcome,
) -> Result<(), JournalError> {
    let changed = |key: Key, outcome: &mut Outcome| -> Result<(), JournalError> {
        if let Some(&index) = carries.get(&key) {
            let receipt: Receipt = rows::receipt(row)?;
            outcome.changes[index] = Some(receipt);
        }
        Ok(())
    };
    match carries.keys().next() {
        None => {}
        Some(Key::Cause(_)) => changed(Key::Cause(rows::cause(row)?), outcome)?,
        Some(Key::Code(_)) => changed(Key::Code(rows::code(row)?), outcome)?,
        Some(Key::Note(..)) => {
            let (line, member) = (get(row, "line")?, get(row, "member")?);
            let key = Key::Note(get(row, "kind")?, get(row, "message")?, line, member);
            if let Some(&index) = carries.get(&key) {
                // A command's entries share what is said of them; the most patient one counts.
                let tries = Some(rows::small(row, "tries")?);
                outcome.notes[index] = outcome.notes[index].max(tries);
            }
        }
    }
    Ok(())
}

fn damaged(what: &'static str) -> JournalError {
    JournalError::Database(anyhow!(what))
}

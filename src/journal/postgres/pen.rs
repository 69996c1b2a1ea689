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

mod committing;

use std::time::Duration;

use anyhow::anyhow;
use futures_util::future::BoxFuture;
use sqlx::AssertSqlSafe;
use sqlx::PgConnection;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::journal::batch::Batch;
use crate::journal::batch::Found;
use crate::journal::batch::Outcome;
use crate::journal::batch::Questions;
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
use crate::journal::postgres::spoken;
use crate::journal::postgres::texts;
use crate::journal::store::Answer;
use crate::journal::store::Pen;

/// How long a write waits for a server that went away: a restart, not an afternoon.
const PATIENCE: Duration = Duration::from_secs(3);

/// PostgreSQL's writing side.
pub(super) struct PostgresPen {
    address: Address,
    connection: Option<PgConnection>,
    /// Whether that connection knows the statements that are called by name.
    is_prepared: bool,
    /// The open transaction.
    turn: Option<Turn>,
}

/// A transaction by its mark.
struct Turn {
    mark: String,
    before: String,
}

impl PostgresPen {
    /// A pen with its first connection.
    pub fn new(address: Address, connection: PgConnection) -> Self {
        Self {
            address,
            connection: Some(connection),
            is_prepared: false,
            turn: None,
        }
    }

    async fn connection(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        if self.connection.is_none() {
            let connection = session::connect_within(&self.address, PATIENCE).await?;
            self.connection = Some(connection);
            self.is_prepared = false;
        }
        let connection = self.connection.as_mut();
        let connection = connection.expect("the lines above make a connection where there is none");
        if !self.is_prepared {
            within(ANSWER, spoken::prepare(connection)).await?;
            self.is_prepared = true;
        }
        Ok(connection)
    }

    /// The connection the open transaction is on, never a new one.
    fn transaction(&mut self) -> Result<&mut PgConnection, JournalError> {
        let connection = self.connection.as_mut();
        connection.ok_or_else(|| damaged("a transaction without a connection"))
    }

    /// Begins a transaction where none is open, and asks `question` in it. A connection that broke
    /// while nobody wrote is replaced without a word.
    async fn begin(
        &mut self,
        durability: Durability,
        stamp: Option<&Stamp>,
        question: Option<&str>,
    ) -> Result<Vec<PgRow>, JournalError> {
        if self.address.mode == Mode::Read {
            return Err(JournalError::ReadOnly);
        }
        if self.turn.is_some() {
            return match question {
                None => Ok(Vec::new()),
                Some(question) => {
                    let question = sqlx::raw_sql(AssertSqlSafe(question.to_owned()));
                    let answer = question.fetch_all(self.transaction()?);
                    within(ANSWER, answer).await.map_err(failed)
                }
            };
        }
        let was_there = self.connection.is_some();
        let mut taken = self.take_turn(durability, stamp, question).await;
        if was_there && matches!(taken, Err(JournalError::Interrupted(_))) {
            self.connection = None;
            taken = self.take_turn(durability, stamp, question).await;
        }
        let (turn, answer) = taken?.ok_or(JournalError::NotOwner)?;
        self.turn = Some(turn);
        Ok(answer)
    }

    /// Begins, takes the row of `pen`, looks whether `stamp` is still the owner's and asks `question`;
    /// `None` where it is not. Nobody else becomes the owner before the transaction ends: the row is
    /// held against a change of its key, which is the number, and not against being renewed.
    async fn take_turn(
        &mut self,
        durability: Durability,
        stamp: Option<&Stamp>,
        question: Option<&str>,
    ) -> Result<Option<(Turn, Vec<PgRow>)>, JournalError> {
        let mark = Uuid::new_v4().simple().to_string();
        let lazily = match durability {
            Durability::Now => "",
            // The server has it on disk within a second, and with the next commit that waits.
            Durability::Soon => "set local synchronous_commit = off;",
        };
        // A number and hexadecimal digits.
        let owner = stamp.map_or_else(String::new, |Stamp { fence, holder }| {
            format!(
                "; select 'owner' as what from owner
                   where one = 1 and fence = {fence} and holder = '{holder}'
                   for key share"
            )
        });
        let question = question.map_or_else(String::new, |question| format!("; {question}"));
        // One way to the server for all of it. The mark is hexadecimal digits. The owner's statement
        // and the question are statements of their own, so that they see what was committed while the
        // first one waited.
        let text = format!(
            "begin isolation level read committed; {lazily}
             update pen set mark_before = mark, mark = '{mark}' where one = 1
             returning 'pen' as what, mark_before{owner}{question}"
        );
        // Whoever waits has waited long enough when no connection can be made.
        let connection = self.connection().await.map_err(mapped)?;
        let rows = sqlx::raw_sql(AssertSqlSafe(text)).fetch_all(connection);
        let rows = within(ANSWER, rows).await.map_err(failed)?;
        let (mut before, mut is_owner) = (None, stamp.is_none());
        let mut answer = Vec::with_capacity(rows.len());
        for row in rows {
            match get(&row, "what")? {
                "pen" => before = Some(get(&row, "mark_before")?),
                "owner" => is_owner = true,
                _ => answer.push(row),
            }
        }
        let before =
            before.ok_or_else(|| damaged("the store has lost the row its writers meet at"))?;
        Ok(is_owner.then_some((Turn { mark, before }, answer)))
    }

    async fn ask(&mut self, questions: &Questions) -> Result<Found, JournalError> {
        let looks = !questions.causes.is_empty() || !questions.codes.is_empty();
        let look = looks.then(|| spoken::look(questions));
        let stamp = questions.stamp.as_deref();
        let looked = self.begin(Durability::Now, stamp, look.as_deref()).await?;
        let mut found = Found {
            given: vec![0; questions.quotas.len()],
            ..Found::default()
        };
        let mut is_known = false;
        let mut was_frozen = !looks && !questions.guilds.is_empty();
        for row in &looked {
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
        self.begin(batch.durability, batch.stamp.as_deref(), None)
            .await?;
        let mut steps = script::steps(batch);
        // What a single intent writes goes the same way to the server as its commit.
        if let [step] = steps.as_slice()
            && step.is_short()
            && batch.sides.is_empty()
        {
            self.commit(Some(spoken::insert(step.rows()))).await?;
            return Ok(outcome);
        }
        for mut step in steps.drain(..) {
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
        self.commit(None).await?;
        Ok(outcome)
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

//! The writing side: the one connection that writes, and the frame of its transactions.
//!
//! It blocks, so its writer has a thread of its own and a whole group is written without a
//! hand-over. After any error the connection is given up and a new one made when it is needed. SQLite
//! rolls some failed transactions back by itself and leaves others open; a new connection is in a
//! known state either way, so a full disk or a read-only store is over as soon as its cause is.

use std::fs::File;

use futures_util::future::BoxFuture;
use rusqlite::Connection;

use crate::journal::batch::Batch;
use crate::journal::batch::Found;
use crate::journal::batch::Outcome;
use crate::journal::batch::Questions;
use crate::journal::entry::Durability;
use crate::journal::error::JournalError;
use crate::journal::sqlite::connecting::Connecting;
use crate::journal::sqlite::looking;
use crate::journal::sqlite::mapped;
use crate::journal::sqlite::writing;
use crate::journal::store::Answer;
use crate::journal::store::Pen;
use crate::journal::store::Workplace;

/// SQLite's writing side.
pub(super) struct SqlitePen {
    connecting: Connecting,
    connection: Option<Writing>,
    /// The store is ours for as long as this file is open. `None` where we only read.
    lock: Option<File>,
    /// Whether the log was given its full length, or there was no room for it.
    grown: bool,
}

/// The connection that writes, and how it stands.
struct Writing {
    connection: Connection,
    /// Whether a transaction is open.
    begun: bool,
    /// What its commits wait for; `None` before the first.
    durability: Option<Durability>,
}

impl SqlitePen {
    /// A pen with its first connection.
    pub fn new(connecting: Connecting, connection: Connection, lock: Option<File>) -> Self {
        Self {
            connecting,
            connection: Some(Writing::new(connection)),
            lock,
            grown: false,
        }
    }

    /// The connection with a transaction open, begun as one that waits for `durability` if none was.
    fn begun(&mut self, durability: Durability) -> Result<&mut Writing, JournalError> {
        let writing = match self.connection.take() {
            Some(writing) => writing,
            None => Writing::new(self.connecting.write()?),
        };
        let writing = self.connection.insert(writing);
        writing.begin(durability).map_err(mapped)?;
        Ok(writing)
    }

    fn ask(&mut self, questions: &Questions) -> Result<Found, JournalError> {
        // Whatever is decided from what is found is answered for at once.
        let writing = self.begun(Durability::Now)?;
        looking::find(&writing.connection, questions)
    }

    fn write(&mut self, batch: &Batch) -> Result<Outcome, JournalError> {
        let writing = self.begun(batch.durability)?;
        let outcome = writing::write(&writing.connection, batch)?;
        writing.commit().map_err(mapped)?;
        Ok(outcome)
    }
}

impl Writing {
    fn new(connection: Connection) -> Self {
        Self {
            connection,
            begun: false,
            durability: None,
        }
    }

    fn begin(&mut self, durability: Durability) -> rusqlite::Result<()> {
        if self.begun {
            return Ok(());
        }
        // Not possible within a transaction. NORMAL syncs the log when it is folded into the file,
        // FULL at each commit too, and then all of it.
        if self.durability != Some(durability) {
            self.durability = None;
            self.connection.execute_batch(match durability {
                Durability::Now => "pragma synchronous = full",
                Durability::Soon => "pragma synchronous = normal",
            })?;
            self.durability = Some(durability);
        }
        // As a writer: a reader that wants to become one fails at once if another has written.
        let mut begin = self.connection.prepare_cached("begin immediate")?;
        begin.execute([])?;
        drop(begin);
        self.begun = true;
        Ok(())
    }

    fn commit(&mut self) -> rusqlite::Result<()> {
        self.connection.prepare_cached("commit")?.execute([])?;
        self.begun = false;
        Ok(())
    }
}

impl SqlitePen {
    /// Syncs the log and folds it into the file as far as readers let go of it; the rest waits for
    /// the next time.
    fn fold(&mut self, how: &str) {
        let Some(writing) = &self.connection else {
            return;
        };
        // Folding syncs only where there is something to fold.
        if writing.durability == Some(Durability::Soon)
            && let Err(error) = self.connecting.sync_log()
        {
            tracing::warn!(%error, "the store's log could not be synced");
        }
        let folded = writing.connection.query_row(how, [], |_| Ok(()));
        if let Err(error) = folded {
            tracing::debug!(%error, "the store could not be tidied");
        }
    }

    /// Gives the log its full length, once: the first quiet second of the bot that owns the store is
    /// the time for it, and nobody who only looks in waits for it.
    fn grow(&mut self) {
        let (Some(writing), Some(_ours), false) = (&self.connection, &self.lock, self.grown) else {
            return;
        };
        self.grown = true;
        if let Err(error) = self.connecting.grow_log(&writing.connection) {
            tracing::debug!(%error, "the store's log was not given its full length");
        }
    }
}

impl Pen for SqlitePen {
    fn workplace(&self) -> Workplace {
        Workplace::Thread
    }

    fn look<'a>(&'a mut self, questions: &'a Questions) -> Answer<'a, Found> {
        Box::pin(async { self.ask(questions) })
    }

    fn carry_out<'a>(&'a mut self, batch: &'a Batch) -> Answer<'a, Outcome> {
        Box::pin(async { self.write(batch) })
    }

    fn abandon(&mut self) -> BoxFuture<'_, ()> {
        // Closing rolls back what is open.
        Box::pin(async { drop(self.connection.take()) })
    }

    fn tidy(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            let writing = self.connection.as_ref();
            if writing.is_some_and(|writing| writing.durability.is_some()) {
                self.fold("pragma wal_checkpoint(passive)");
            }
            self.grow();
        })
    }

    fn close(mut self: Box<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            // Beside somebody else there is nothing to tidy, and they would have to wait for it.
            if self.lock.is_some() {
                self.fold("pragma wal_checkpoint(truncate)");
            }
            drop(self.connection.take());
            // Only now may another process have the store.
            drop(self.lock.take());
        })
    }
}

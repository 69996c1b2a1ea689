//! A few connections that only read.
//!
//! A look at one entry is some microseconds of memory, less than handing it to another thread and
//! back, so `glance` takes it where it is wanted and never waits for a lock there: should one be in
//! the way, it is taken again on a thread that may wait. Longer readings go there at once.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use anyhow::anyhow;
use rusqlite::Connection;
use rusqlite::ErrorCode;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::Semaphore;

use crate::journal::error::JournalError;
use crate::journal::sqlite::connecting::Connecting;
use crate::journal::sqlite::connecting::PATIENCE;
use crate::journal::sqlite::mapped;

/// Readings at once: sweeps, receipts and pages. More only queue at the same file.
const AT_ONCE: u32 = 4;

/// The reading connections of one file.
pub(super) struct Readers {
    file: Arc<Connections>,
    /// One for each reading under way; closed for good by `close`.
    turns: Arc<Semaphore>,
}

struct Connections {
    connecting: Connecting,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    /// None is open yet.
    pub fn new(connecting: Connecting) -> Self {
        Self {
            file: Arc::new(Connections {
                connecting,
                idle: Mutex::default(),
            }),
            turns: Arc::new(Semaphore::new(AT_ONCE as usize)),
        }
    }

    /// Takes a short look at what an index leads to.
    pub async fn glance<T: Send + 'static>(
        &self,
        look: impl Fn(&Connection) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, JournalError> {
        let reading = self.reading(Duration::ZERO).await?;
        match reading.take(&look) {
            Err(error) if is_busy(&error) => self.read(look).await,
            read => read,
        }
    }

    /// Reads on a thread that may wait.
    pub async fn read<T: Send + 'static>(
        &self,
        look: impl Fn(&Connection) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, JournalError> {
        let reading = self.reading(PATIENCE).await?;
        let read = tokio::task::spawn_blocking(move || reading.take(&look)).await;
        read.map_err(|error| JournalError::Database(anyhow!(error).context("read the store")))?
    }

    /// Ends all reading, after what is under way; later readings get `Closing`.
    pub async fn close(&self) {
        // Where this is lost, the turns go back and whoever closes next begins anew.
        if let Ok(_all) = self.turns.acquire_many(AT_ONCE).await {
            self.turns.close();
            self.file.idle().clear();
        }
    }

    async fn reading(&self, patience: Duration) -> Result<Reading, JournalError> {
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        Ok(Reading {
            file: Arc::clone(&self.file),
            patience,
            _turn: turn.map_err(|_| JournalError::Closing)?,
        })
    }
}

/// One reading; its turn ends with it, wherever that is.
struct Reading {
    file: Arc<Connections>,
    patience: Duration,
    _turn: OwnedSemaphorePermit,
}

impl Reading {
    fn take<T>(
        self,
        look: &impl Fn(&Connection) -> Result<T, JournalError>,
    ) -> Result<T, JournalError> {
        let connection = self.file.idle().pop();
        let connection = match connection {
            Some(connection) => connection,
            None => self.file.connecting.read()?,
        };
        connection.busy_timeout(self.patience).map_err(mapped)?;
        let read = look(&connection)?;
        // One that failed is not used again.
        self.file.idle().push(connection);
        Ok(read)
    }
}

impl Connections {
    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_busy(error: &JournalError) -> bool {
    let JournalError::Database(error) = error else {
        return false;
    };
    let error = error.downcast_ref::<rusqlite::Error>();
    error.and_then(rusqlite::Error::sqlite_error_code) == Some(ErrorCode::DatabaseBusy)
}

//! How the store's file is opened: for a look, for writing, for reading.

use std::fs::File;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::OpenFlags;

use crate::journal::error::JournalError;
use crate::journal::sqlite::address::Address;
use crate::journal::sqlite::address::Mode;
use crate::journal::sqlite::mapped;

/// Pages in the log (8 MiB) at which a commit folds it into the file although nobody is idle.
///
/// A checkpoint is the tail of a large group, so it comes seldom; but a commit into a log that still
/// grows costs more than twice one into a log that is used again, so it does not grow for long.
const LOG_PAGES: u32 = 2_048;

/// What a log of that length takes, in bytes: a page of 4 KiB with its header each, and the last group.
const LOG_BYTES: u64 = (LOG_PAGES as u64 + 128) * 4_120;

/// Pages of the file the writer remembers, in KiB. The index of receipt codes grows at random places,
/// and one it does not remember is read again; with 4 MiB that begins after 100,000 entries, and the
/// memory is only taken by as much as there is.
const REMEMBERED_KIB: i64 = 4_096;

/// How long to wait for somebody else's lock on the file, such as an operator's shell.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// Room for every statement of the house, so that none is ever prepared twice.
const STATEMENTS: usize = 128;

/// Opens connections to one file.
#[derive(Clone, Debug)]
pub(super) struct Connecting {
    path: PathBuf,
    mode: Mode,
    max_pages: Option<u32>,
}

impl Connecting {
    /// For the file at `address`.
    pub fn new(address: &Address) -> Self {
        Self {
            path: address.path.clone(),
            mode: address.mode,
            max_pages: address.max_pages,
        }
    }

    /// A connection that changes nothing by being opened, besides creating an empty file where that
    /// is asked for.
    pub fn look(&self) -> rusqlite::Result<Connection> {
        let access = match self.mode {
            Mode::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
            Mode::Write | Mode::Beside => OpenFlags::SQLITE_OPEN_READ_WRITE,
            Mode::Create => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        };
        // A connection is used by one thread at a time, so it needs no lock of its own.
        let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(PATIENCE)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(connection)
    }

    /// The connection that writes; where nothing may be written, it finds that out by itself.
    pub fn write(&self) -> Result<Connection, JournalError> {
        let connection = self.look().map_err(mapped)?;
        if self.mode == Mode::Read {
            return Ok(connection);
        }
        let log: String = connection
            .query_row("pragma journal_mode = wal", [], |row| row.get(0))
            .map_err(mapped)?;
        if log != "wal" {
            return Err(JournalError::Address(
                "no write-ahead log is possible there: name a file on a local disk".to_owned(),
            ));
        }
        set_remembered(&connection, REMEMBERED_KIB).map_err(mapped)?;
        set(&connection, "wal_autocheckpoint", LOG_PAGES)?;
        if let Some(pages) = self.max_pages {
            set(&connection, "max_page_count", pages)?;
        }
        Ok(connection)
    }

    /// Lets the log grow to its full length before somebody waits for that: until then every commit
    /// also waits for the new length to be noted, which takes as long again.
    ///
    /// What is written for it is rolled back, so nobody ever sees it. Where there is no room, the log
    /// grows as far as it is used.
    pub fn grow_log(&self, connection: &Connection) -> rusqlite::Result<()> {
        let length = std::fs::metadata(self.log()).map_or(0, |log| log.len());
        if length >= LOG_BYTES {
            return Ok(());
        }
        // Pages go into the log before the end where they are not remembered. A row fills a page, and
        // no message has an id below 0.
        set_remembered(connection, 64)?;
        let grown = connection.execute_batch(&format!(
            "begin immediate;
             with recursive pages (page) as
                (select 1 union all select page + 1 from pages where page < {LOG_BYTES} / 4096)
             insert into confirmations
                (message, guild, channel, caller, proposal, expires_ms, said, state)
             select page - {LOG_BYTES}, 0, 0, 0, zeroblob(3900), 0, null, 'cancelled' from pages;
             rollback"
        ));
        // Some errors roll back by themselves.
        let rolled_back = match connection.is_autocommit() {
            true => Ok(()),
            false => connection.execute_batch("rollback"),
        };
        set_remembered(connection, REMEMBERED_KIB)?;
        grown.and(rolled_back)
    }

    /// Syncs the write-ahead log, as far as it is written.
    pub fn sync_log(&self) -> std::io::Result<()> {
        // SQLite keeps no lock on the log itself, so none is lost by closing it here.
        match File::open(self.log()) {
            Ok(log) => log.sync_data(),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Where the log is.
    fn log(&self) -> PathBuf {
        let mut log = self.path.clone().into_os_string();
        log.push("-wal");
        log.into()
    }

    /// A connection that only reads.
    pub fn read(&self) -> Result<Connection, JournalError> {
        let connection = self.look().map_err(mapped)?;
        connection
            .pragma_update(None, "query_only", true)
            .map_err(mapped)?;
        Ok(connection)
    }
}

/// Sets how much of the file a connection remembers, in KiB.
fn set_remembered(connection: &Connection, kib: i64) -> rusqlite::Result<()> {
    connection.pragma_update(None, "cache_size", -kib)
}

/// Sets what answers with the value set.
fn set(connection: &Connection, pragma: &str, value: u32) -> Result<(), JournalError> {
    connection
        .pragma_update_and_check(None, pragma, value, |_| Ok(()))
        .map_err(mapped)
}

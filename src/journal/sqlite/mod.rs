//! The journal's store in one SQLite file.
//!
//! Invariants: one writer connection with a write-ahead log, on a thread of its own; readers on
//! connections of their own; a lock file (`PATH.lock`) held for as long as we write, so that two
//! processes never both believe they own the store. A commit is on disk before it is answered,
//! except where its batch says `Soon`: the log is then synced by the next commit that is, by the
//! next tidying, or by closing. SQLite before 3.51.3 can corrupt a log that is reset, so it is
//! refused.
//!
//! Every statement is a function or method of its own with its text in it (`looking`, `writing`,
//! `shelf`), prepared once for each connection, and its rows are read by the names of their columns
//! (`rows`).
//!
//! Deliberately absent: network file systems (their locks and shared memory do not hold) and
//! databases in memory (two connections are two databases).

mod address;
mod balances;
mod boards;
mod books;
mod channels;
mod connecting;
mod copying;
mod deciding;
mod linking;
mod links;
mod looking;
mod migrations;
mod pen;
mod pictures;
mod probing;
mod ranking;
mod readers;
mod record;
mod reports;
mod rows;
mod saying;
mod schedules;
mod shelf;
mod shown;
mod sides;
mod standing;
mod writing;

use std::fs::File;
use std::fs::TryLockError;
use std::io::ErrorKind;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use anyhow::anyhow;
use rusqlite::Connection;
use rusqlite::ErrorCode;
use rusqlite::OptionalExtension;

use crate::journal::error::JournalError;
use crate::journal::kept::kept;
use crate::journal::sqlite::address::Address;
use crate::journal::sqlite::address::Mode;
use crate::journal::sqlite::connecting::Connecting;
use crate::journal::sqlite::pen::SqlitePen;
use crate::journal::sqlite::readers::Readers;
use crate::journal::sqlite::shelf::Shelf;
use crate::journal::store::Access;
use crate::journal::store::Pen;
use crate::journal::store::Store;
use crate::model::BotId;
use crate::model::UserId;

/// The first release whose write-ahead log cannot be corrupted by a reset, as SQLite writes version
/// 3.51.3. Source: dependencies, 4.
const OLDEST_SQLITE: i32 = 3_051_003;

/// Whose a store is, its reading side and its pen.
type Opened = (BotId, Arc<dyn Store>, Box<dyn Pen>);

/// Opens the store at `url`.
pub(super) async fn open(url: &str, access: Access) -> Result<Opened, JournalError> {
    let address = Address::read(url, access)?;
    // It may have to wait for somebody else's lock.
    let opening = tokio::task::spawn_blocking(move || opened(address, access)).await;
    opening.map_err(|error| JournalError::Database(anyhow!(error).context("open the store")))?
}

/// Puts the copy in `file` in the place of the store at `url`; answers where the old one is kept.
pub(super) async fn restore(url: &str, file: &Path) -> Result<Option<PathBuf>, JournalError> {
    let (url, file) = (url.to_owned(), file.to_owned());
    let restoring = move || {
        check_version()?;
        copying::restore(&url, &file)
    };
    let restored = tokio::task::spawn_blocking(restoring).await;
    restored.map_err(|error| JournalError::Database(anyhow!(error).context("restore the store")))?
}

fn opened(address: Address, access: Access) -> Result<Opened, JournalError> {
    check_version()?;
    let lock = match address.mode {
        Mode::Read | Mode::Beside => None,
        Mode::Write | Mode::Create => Some(lock(&address.lock_path())?),
    };
    let connecting = Connecting::new(&address);
    // Looked at before anything is changed: a store that is not ours stays as it is.
    let first = connecting.look().map_err(|e| unopened(e, &address))?;
    let found = migrations::newest(&first).map_err(|e| unopened(e, &address))?;
    let found = found.ok_or_else(|| not_ours(&address))?;
    migrations::check(found, address.mode)?;
    let connection = match address.mode {
        Mode::Read => first,
        Mode::Beside => connecting.write()?,
        Mode::Write | Mode::Create => {
            drop(first);
            let mut connection = connecting.write()?;
            migrations::run(&mut connection)?;
            if let Access::Own(bot) = access {
                move_in(&connection, bot)?;
            }
            connection
        }
    };
    let owner = owner(&connection)?;
    if let Access::Own(bot) = access
        && owner != bot
    {
        return Err(JournalError::OtherBot {
            found: owner.0,
            expected: bot.0,
        });
    }
    let store = Shelf {
        readers: Readers::new(connecting.clone()),
    };
    let pen = SqlitePen::new(connecting, connection, lock);
    Ok((owner, Arc::new(store), Box::new(pen)))
}

/// What a database error means to the journal.
fn mapped(error: rusqlite::Error) -> JournalError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => JournalError::Full,
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => JournalError::ReadOnly,
        _ => JournalError::Database(anyhow!(error)),
    }
}

fn unopened(error: rusqlite::Error, address: &Address) -> JournalError {
    let path = address.path.display();
    match error.sqlite_error_code() {
        Some(ErrorCode::CannotOpen) => JournalError::Address(format!(
            "`{path}` cannot be opened: check its permissions and those of its folder"
        )),
        Some(ErrorCode::NotADatabase) => not_ours(address),
        _ => mapped(error),
    }
}

fn not_ours(address: &Address) -> JournalError {
    JournalError::Address(format!(
        "`{}` is not a journal of guildpoints: name another file in [store] url",
        address.path.display()
    ))
}

/// Takes the store for this process. Released when the file is closed, also by the process's end.
fn lock(path: &Path) -> Result<File, JournalError> {
    let opened = File::options()
        .create(true)
        .write(true)
        .truncate(false)
        .open(path);
    let file = match opened {
        Ok(file) => file,
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem
            ) =>
        {
            return Err(JournalError::ReadOnly);
        }
        Err(error) if error.kind() == ErrorKind::StorageFull => return Err(JournalError::Full),
        Err(error) => {
            let error = anyhow!(error).context(format!("open the lock file `{}`", path.display()));
            return Err(JournalError::Database(error));
        }
    };
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(JournalError::InUse {
            path: path.display().to_string(),
        }),
        Err(TryLockError::Error(error)) => {
            let error = anyhow!(error).context(format!("lock the file `{}`", path.display()));
            Err(JournalError::Database(error))
        }
    }
}

fn check_version() -> Result<(), JournalError> {
    if rusqlite::version_number() >= OLDEST_SQLITE {
        return Ok(());
    }
    Err(JournalError::Database(anyhow!(
        "SQLite {} may corrupt its log; this program must be built with 3.51.3 or newer",
        rusqlite::version()
    )))
}

/// Notes whose store it is, if it is nobody's yet.
fn move_in(connection: &Connection, bot: BotId) -> Result<(), JournalError> {
    let moved_in = connection.execute(
        "insert into house (one, bot, probed_ms) values (1, ?, 0) on conflict (one) do nothing",
        [kept(bot.0.number())],
    );
    moved_in.map(drop).map_err(mapped)
}

/// Whose store it is.
fn owner(connection: &Connection) -> Result<BotId, JournalError> {
    let owner: Option<i64> = connection
        .query_row("select bot from house", [], |row| row.get("bot"))
        .optional()
        .map_err(mapped)?;
    let owner = owner
        .context("the store does not say whose it is")
        .map_err(JournalError::Database)?;
    Ok(BotId(UserId::new(owner.cast_unsigned())))
}

//! The journal's store in one SQLite file.
//!
//! Invariants: one writer connection with a write-ahead log and `synchronous = full`, since NORMAL
//! may lose the last commits at power loss; readers on connections of their own; a lock file
//! (`PATH.lock`) held for as long as we write, so that two processes never both believe they own the
//! store. SQLite before 3.51.3 can corrupt a log that is reset, so it is refused.
//!
//! Deliberately absent: network file systems (their locks and shared memory do not hold) and
//! databases in memory (two connections are two databases).

mod address;
mod pen;
mod rows;
mod script;
mod shelf;
mod texts;

use std::fs::File;
use std::fs::TryLockError;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use anyhow::anyhow;
use sqlx::ConnectOptions;
use sqlx::Connection;
use sqlx::SqlSafeStr;
use sqlx::SqliteConnection;
use sqlx::migrate::Migration;
use sqlx::migrate::MigrationType;
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::sqlite::SqliteJournalMode;
use sqlx::sqlite::SqlitePoolOptions;
use sqlx::sqlite::SqliteSynchronous;

use crate::journal::error::JournalError;
use crate::journal::sqlite::address::Address;
use crate::journal::sqlite::address::Mode;
use crate::journal::sqlite::pen::SqlitePen;
use crate::journal::sqlite::shelf::Shelf;
use crate::journal::store::Pen;
use crate::journal::store::Store;
use crate::model::BotId;
use crate::model::UserId;

/// The first release whose write-ahead log cannot be corrupted by a reset. Source: dependencies, 4.
const OLDEST_SQLITE: (u32, u32, u32) = (3, 51, 3);

/// Readers at once: sweeps, receipts and pages. More only queue at the same file.
const READERS: u32 = 3;

/// Pages in the log (8 MiB) at which a commit folds it into the file although nobody is idle.
///
/// A checkpoint is the tail of a large group, so it comes seldom; but a commit into a log that still
/// grows costs more than twice one into a log that is used again, so it does not grow for long.
const LOG_PAGES: u32 = 2_048;

/// How long to wait for somebody else's lock on the file, such as an operator's shell.
const PATIENCE: Duration = Duration::from_secs(5);

/// Every migration in order: number, name, text. One that has landed is never edited.
const MIGRATIONS: [(i64, &str, &str); 3] = [
    (
        1,
        "journal",
        include_str!("../../../migrations/sqlite/0001_journal.sql"),
    ),
    (
        2,
        "undeliverable",
        include_str!("../../../migrations/sqlite/0002_undeliverable.sql"),
    ),
    (
        3,
        "owner",
        include_str!("../../../migrations/sqlite/0005_owner.sql"),
    ),
];

/// Opens the store at `url` for `bot`: its reading side and its pen.
pub(super) async fn open(
    url: &str,
    bot: BotId,
) -> Result<(Arc<dyn Store>, Box<dyn Pen>), JournalError> {
    let address = Address::read(url)?;
    let lock = match address.mode {
        Mode::Read => None,
        Mode::Write | Mode::Create => Some(lock(&address.lock_path())?),
    };
    let plain = SqliteConnectOptions::new()
        .filename(&address.path)
        .create_if_missing(address.mode == Mode::Create)
        .read_only(address.mode == Mode::Read)
        .busy_timeout(PATIENCE)
        .thread_name(|number| format!("journal-{number}"))
        .disable_statement_logging();
    // Looked at before anything is changed: a store that is not ours stays as it is.
    let mut first = plain.connect().await.map_err(|e| unopened(e, &address))?;
    check_version(&mut first, &address).await?;
    let found = newest_migration(&mut first, &address).await?;
    check_migration(found, address.mode)?;
    let writing = writing(plain.clone(), &address);
    let mut connection = match address.mode {
        Mode::Read => first,
        Mode::Write | Mode::Create => {
            first.close().await.map_err(mapped)?;
            let mut connection = writing.connect().await.map_err(mapped)?;
            check_log(&mut connection).await?;
            migrate(&mut connection).await?;
            move_in(&mut connection, bot).await?;
            connection
        }
    };
    check_owner(&mut connection, bot).await?;
    let pool = SqlitePoolOptions::new()
        .max_connections(READERS)
        .test_before_acquire(false)
        .connect_lazy_with(plain.pragma("query_only", "on"));
    let pen = SqlitePen::new(writing, connection, lock);
    Ok((Arc::new(Shelf { pool }), Box::new(pen)))
}

/// What a database error means to the journal.
fn mapped(error: sqlx::Error) -> JournalError {
    match (&error, primary_code(&error)) {
        (sqlx::Error::PoolClosed, _) => JournalError::Closing,
        (_, Some(FULL)) => JournalError::Full,
        (_, Some(READ_ONLY | PERMISSION)) => JournalError::ReadOnly,
        _ => JournalError::Database(anyhow!(error)),
    }
}

/// SQLite's primary result codes. Source: sqlite.org/rescode.html.
const PERMISSION: u32 = 3;
const READ_ONLY: u32 = 8;
const FULL: u32 = 13;
const CANNOT_OPEN: u32 = 14;
const NOT_A_DATABASE: u32 = 26;

fn primary_code(error: &sqlx::Error) -> Option<u32> {
    let extended: u32 = error.as_database_error()?.code()?.parse().ok()?;
    // The upper bits say more precisely what the lower eight say.
    Some(extended & 0xff)
}

fn unopened(error: sqlx::Error, address: &Address) -> JournalError {
    let path = address.path.display();
    match primary_code(&error) {
        Some(CANNOT_OPEN) => JournalError::Address(format!(
            "`{path}` cannot be opened: check its permissions and those of its folder"
        )),
        Some(NOT_A_DATABASE) => not_ours(address),
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

fn writing(plain: SqliteConnectOptions, address: &Address) -> SqliteConnectOptions {
    if address.mode == Mode::Read {
        return plain;
    }
    let options = plain
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("wal_autocheckpoint", LOG_PAGES.to_string());
    match address.max_pages {
        Some(pages) => options.pragma("max_page_count", pages.to_string()),
        None => options,
    }
}

async fn check_version(
    connection: &mut SqliteConnection,
    address: &Address,
) -> Result<(), JournalError> {
    // The first statement of a connection reads the file's head.
    let version: String = sqlx::query_scalar("select sqlite_version()")
        .fetch_one(connection)
        .await
        .map_err(|e| unopened(e, address))?;
    let parts: Vec<u32> = version.split('.').flat_map(str::parse).collect();
    match parts.as_slice() {
        &[major, minor, patch, ..] if (major, minor, patch) >= OLDEST_SQLITE => Ok(()),
        _ => Err(JournalError::Database(anyhow!(
            "SQLite {version} may corrupt its log; this program must be built with {}.{}.{} or newer",
            OLDEST_SQLITE.0,
            OLDEST_SQLITE.1,
            OLDEST_SQLITE.2
        ))),
    }
}

/// The newest migration in the file, 0 in an empty one.
async fn newest_migration(
    connection: &mut SqliteConnection,
    address: &Address,
) -> Result<i64, JournalError> {
    let (tables, ours): (i64, i64) = sqlx::query_as(
        "select count(*), count(case name when '_sqlx_migrations' then 1 end) from sqlite_schema",
    )
    .fetch_one(&mut *connection)
    .await
    .map_err(|e| unopened(e, address))?;
    if ours == 0 {
        return match tables {
            0 => Ok(0),
            _ => Err(not_ours(address)),
        };
    }
    sqlx::query_scalar("select coalesce(max(version), 0) from _sqlx_migrations")
        .fetch_one(connection)
        .await
        .map_err(mapped)
}

fn check_migration(found: i64, mode: Mode) -> Result<(), JournalError> {
    let known = MIGRATIONS.len() as i64;
    if found > known {
        return Err(JournalError::Newer { found, known });
    }
    if found < known && mode == Mode::Read {
        return Err(JournalError::Address(format!(
            "the store has migration {found} of {known}: open it once without `mode=ro`"
        )));
    }
    Ok(())
}

async fn check_log(connection: &mut SqliteConnection) -> Result<(), JournalError> {
    let mode: String = sqlx::query_scalar("pragma journal_mode")
        .fetch_one(connection)
        .await
        .map_err(mapped)?;
    match mode.as_str() {
        "wal" => Ok(()),
        _ => Err(JournalError::Address(
            "no write-ahead log is possible there: name a file on a local disk".to_owned(),
        )),
    }
}

fn migrator() -> Migrator {
    let migrations = MIGRATIONS.iter().map(|&(number, name, text)| {
        let text = text.into_sql_str();
        Migration::new(number, name.into(), MigrationType::Simple, text, false)
    });
    Migrator::with_migrations(migrations.collect())
}

async fn migrate(connection: &mut SqliteConnection) -> Result<(), JournalError> {
    let migrated = migrator().run(&mut *connection).await;
    match migrated {
        Ok(()) => Ok(()),
        Err(sqlx::migrate::MigrateError::Execute(error)) => Err(mapped(error)),
        Err(sqlx::migrate::MigrateError::ExecuteMigration(error, _)) => Err(mapped(error)),
        Err(error) => Err(JournalError::Database(
            anyhow!(error).context("bring the store up to date"),
        )),
    }
}

/// Notes whose store it is, if it is nobody's yet.
async fn move_in(connection: &mut SqliteConnection, bot: BotId) -> Result<(), JournalError> {
    let query = sqlx::query(
        "insert into house (one, bot, probed_ms) values (1, $1, 0) on conflict (one) do nothing",
    );
    let query = query.bind(rows::kept(bot.0.number()));
    query.execute(connection).await.map_err(mapped)?;
    Ok(())
}

async fn check_owner(connection: &mut SqliteConnection, bot: BotId) -> Result<(), JournalError> {
    let owner: Option<i64> = sqlx::query_scalar("select bot from house")
        .fetch_optional(connection)
        .await
        .map_err(mapped)?;
    let owner = owner
        .context("the store does not say whose it is")
        .map_err(JournalError::Database)?;
    let found = UserId::new(owner.cast_unsigned());
    if found != bot.0 {
        return Err(JournalError::OtherBot {
            found,
            expected: bot.0,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn what_is_embedded_is_what_lies_in_the_folder() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/sqlite");
        let on_disk: BTreeMap<String, String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().path())
            .map(|path| {
                let name = path.file_name().unwrap().to_str().unwrap().to_owned();
                (name, std::fs::read_to_string(path).unwrap())
            })
            .collect();
        let embedded: BTreeMap<String, String> = MIGRATIONS
            .iter()
            .map(|(number, name, text)| (format!("{number:04}_{name}.sql"), (*text).to_owned()))
            .collect();
        assert_eq!(embedded, on_disk);
        let numbers: Vec<i64> = MIGRATIONS.iter().map(|(number, ..)| *number).collect();
        let expected: Vec<i64> = (1..=MIGRATIONS.len() as i64).collect();
        assert_eq!(numbers, expected, "numbers go up by one from 1");
    }
}

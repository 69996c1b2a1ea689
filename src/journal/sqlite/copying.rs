//! Copies of the store, and going back to one.
//!
//! Invariants: a copy is of one moment and is whole on disk before it gets its name; going back needs
//! the store for itself, puts nothing in its place that would not open for the same bot, and throws
//! nothing away.

use std::ffi::OsString;
use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;
use std::path::PathBuf;

use anyhow::Context;
use anyhow::anyhow;
use rusqlite::Connection;

use crate::journal::error::JournalError;
use crate::journal::sqlite;
use crate::journal::sqlite::address::Address;
use crate::journal::sqlite::address::Mode;
use crate::journal::sqlite::connecting::Connecting;
use crate::journal::sqlite::mapped;
use crate::journal::sqlite::migrations;
use crate::journal::store::Access;

/// What belongs to a database beside its file.
const BESIDE: [&str; 2] = ["-wal", "-shm"];

/// Writes a copy to `file`, which must not exist. `from` sees the store as of one moment.
pub(super) fn copy(from: &Connection, file: &Path) -> Result<(), JournalError> {
    if file.exists() {
        return Err(JournalError::Address(format!(
            "`{}` exists already: name a new file",
            file.display()
        )));
    }
    let partial = named(file, ".partial");
    removed(&partial)?;
    // A copy is a write to SQLite, if not to this file.
    let copied = reading_only(from, false)
        .and_then(|()| into(from, &partial))
        .and_then(|()| put(&partial, file));
    reading_only(from, true)?;
    if copied.is_err() {
        // What is left of it is of no use; that it could not be made is what counts.
        let _gone = std::fs::remove_file(&partial);
    }
    copied
}

fn reading_only(connection: &Connection, only: bool) -> Result<(), JournalError> {
    connection
        .pragma_update(None, "query_only", only)
        .map_err(mapped)
}

/// Puts the copy in `file` in the place of the store at `url`; answers where the old one is kept.
pub(super) fn restore(url: &str, file: &Path) -> Result<Option<PathBuf>, JournalError> {
    let address = Address::read(url, Access::Restore)?;
    if address.mode == Mode::Read {
        return Err(JournalError::ReadOnly);
    }
    let lock = sqlite::lock(&address.lock_path())?;
    let copy = Address {
        path: file.to_owned(),
        mode: Mode::Read,
        max_pages: None,
    };
    if !file.is_file() {
        return Err(JournalError::Address(format!(
            "there is no file `{}`",
            file.display()
        )));
    }
    let from = sound(&copy)?;
    let owner = sqlite::owner(&from)?;
    let store = address.path.as_path();
    if let Some(kept) = current_owner(&address)
        && kept != owner
    {
        return Err(JournalError::OtherBot {
            found: owner.0,
            expected: kept.0,
        });
    }
    let fresh = named(store, ".restoring");
    removed(&fresh)?;
    into(&from, &fresh)?;
    let kept = match store.exists() {
        true => Some(aside(store)?),
        false => None,
    };
    for end in BESIDE {
        // A log without its file would be taken for the new file's.
        removed(&named(store, end))?;
    }
    put(&fresh, store)?;
    drop(lock);
    Ok(kept)
}

/// The copy, opened, if it is a sound journal that this program knows.
fn sound(copy: &Address) -> Result<Connection, JournalError> {
    let connecting = Connecting::new(copy);
    let connection = connecting.look().map_err(|e| sqlite::unopened(e, copy))?;
    let found = migrations::newest(&connection).map_err(|e| sqlite::unopened(e, copy))?;
    match found {
        None | Some(0) => return Err(sqlite::not_ours(copy)),
        // An older one goes forward when the bot opens it.
        Some(found) => migrations::check(found, Mode::Create)?,
    }
    let damage = damage(&connection, 1)?;
    match damage.first() {
        None => Ok(connection),
        Some(what) => Err(JournalError::Database(anyhow!(
            "`{}` is damaged: {what}",
            copy.path.display()
        ))),
    }
}

/// Whose the store is that stands there now; nobody's where it cannot be read, which is a reason to
/// go back to a copy.
fn current_owner(address: &Address) -> Option<crate::model::BotId> {
    if !address.path.exists() {
        return None;
    }
    let reading = Address {
        mode: Mode::Read,
        ..address.clone()
    };
    let connection = Connecting::new(&reading).look().ok()?;
    sqlite::owner(&connection).ok()
}

/// What the database finds wrong with itself, at most `limit` findings.
pub(super) fn damage(connection: &Connection, limit: usize) -> Result<Vec<String>, JournalError> {
    let text = format!("pragma integrity_check({})", limit.max(1));
    let mut statement = connection.prepare(&text).map_err(mapped)?;
    let found = statement.query_map([], |row| row.get::<_, String>(0));
    let found: Vec<String> = found.and_then(Iterator::collect).map_err(mapped)?;
    Ok(found.into_iter().filter(|what| what != "ok").collect())
}

/// A whole copy in a new file, without what was deleted, and on disk.
fn into(from: &Connection, file: &Path) -> Result<(), JournalError> {
    let name = file.to_str().ok_or_else(|| {
        JournalError::Address(format!(
            "`{}` is not UTF-8: name another file",
            file.display()
        ))
    })?;
    from.execute("vacuum into ?", [name])
        .map_err(|error| match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::CannotOpen) => JournalError::Address(format!(
                "`{name}` cannot be written: check its folder and the permissions there"
            )),
            _ => mapped(error),
        })?;
    let synced = File::options().read(true).write(true).open(file);
    synced
        .and_then(|file| file.sync_all())
        .map_err(|error| failed(&error, file))
}

/// Gives a file that is whole its name, for good.
fn put(partial: &Path, file: &Path) -> Result<(), JournalError> {
    std::fs::rename(partial, file).map_err(|error| failed(&error, file))?;
    let folder = match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    // Where a folder cannot be synced (not on every system), the name is as durable as any.
    if let Ok(folder) = File::open(folder)
        && let Err(error) = folder.sync_all()
    {
        tracing::debug!(%error, "a folder could not be synced");
    }
    Ok(())
}

/// Keeps the store that stands at `store` beside it, log included; answers under which name.
fn aside(store: &Path) -> Result<PathBuf, JournalError> {
    let names = (1..).map(|number: u32| named(store, &format!(".before-restore-{number}")));
    let kept = names
        .into_iter()
        .find(|name| !name.exists())
        .context("no name is free")
        .map_err(JournalError::Database)?;
    for end in BESIDE {
        let (from, to) = (named(store, end), named(&kept, end));
        match std::fs::rename(&from, &to) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(&error, &from)),
            _ => {}
        }
    }
    std::fs::rename(store, &kept).map_err(|error| failed(&error, store))?;
    Ok(kept)
}

fn removed(file: &Path) -> Result<(), JournalError> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(failed(&error, file)),
        _ => Ok(()),
    }
}

fn named(file: &Path, end: &str) -> PathBuf {
    let mut name: OsString = file.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

fn failed(error: &std::io::Error, file: &Path) -> JournalError {
    match error.kind() {
        ErrorKind::StorageFull => JournalError::Full,
        ErrorKind::ReadOnlyFilesystem => JournalError::ReadOnly,
        _ => JournalError::Address(format!("`{}`: {error}", file.display())),
    }
}

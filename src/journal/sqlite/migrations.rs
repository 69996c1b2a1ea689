//! The shapes the store went through, and the way from each to the next.
//!
//! What was done is noted in a table that sqlx's migrator made first and would still understand:
//! stores of the first versions go forward like any other. Each step is one transaction together
//! with its note, so a process that dies between two leaves a store that goes on from there.

use std::collections::HashMap;
use std::time::Instant;

use anyhow::anyhow;
use rusqlite::Connection;
use rusqlite::TransactionBehavior;
use rusqlite::params;
use sqlx::SqlSafeStr;
use sqlx::migrate::MigrateError;
use sqlx::migrate::Migration;
use sqlx::migrate::MigrationType;

use crate::journal::error::JournalError;
use crate::journal::sqlite::address::Mode;
use crate::journal::sqlite::mapped;

/// Every migration in order: number, name, text. One that has landed is never edited.
const MIGRATIONS: [(i64, &str, &str); 13] = [
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
        "channels",
        include_str!("../../../migrations/sqlite/0003_channels.sql"),
    ),
    (
        4,
        "decisions",
        include_str!("../../../migrations/sqlite/0004_decisions.sql"),
    ),
    (
        5,
        "owner",
        include_str!("../../../migrations/sqlite/0005_owner.sql"),
    ),
    (
        6,
        "by_hand",
        include_str!("../../../migrations/sqlite/0006_by_hand.sql"),
    ),
    (
        7,
        "systems",
        include_str!("../../../migrations/sqlite/0007_systems.sql"),
    ),
    (
        8,
        "boards",
        include_str!("../../../migrations/sqlite/0008_boards.sql"),
    ),
    (
        9,
        "schedules",
        include_str!("../../../migrations/sqlite/0009_schedules.sql"),
    ),
    (
        10,
        "pictures",
        include_str!("../../../migrations/sqlite/0010_pictures.sql"),
    ),
    (
        11,
        "balances",
        include_str!("../../../migrations/sqlite/0011_balances.sql"),
    ),
    (
        12,
        "shown",
        include_str!("../../../migrations/sqlite/0012_shown.sql"),
    ),
    (
        13,
        "moving",
        include_str!("../../../migrations/sqlite/0013_moving.sql"),
    ),
];

/// The newest of them.
const NEWEST: i64 = MIGRATIONS[MIGRATIONS.len() - 1].0;

/// The newest migration in the file, 0 in an empty one; `None` where the file is somebody else's.
pub(super) fn newest(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    let (tables, ours): (i64, i64) = connection.query_row(
        "select count(*) as tables, count(case name when '_sqlx_migrations' then 1 end) as ours
         from sqlite_schema",
        [],
        |row| Ok((row.get("tables")?, row.get("ours")?)),
    )?;
    match (tables, ours) {
        (0, _) => Ok(Some(0)),
        (_, 0) => Ok(None),
        _ => connection
            .query_row(
                "select coalesce(max(version), 0) as newest from _sqlx_migrations",
                [],
                |row| row.get("newest"),
            )
            .map(Some),
    }
}

/// Refuses a store whose newest migration, `found`, is not one to work with.
pub(super) fn check(found: i64, mode: Mode) -> Result<(), JournalError> {
    let known = NEWEST;
    if found > known {
        return Err(JournalError::Newer { found, known });
    }
    if found < known && matches!(mode, Mode::Read | Mode::Beside) {
        return Err(JournalError::Address(format!(
            "the store has migration {found} of {known}: start the bot once with this version and \
             without `mode=ro`, or run `guildpoints check`"
        )));
    }
    Ok(())
}

/// Brings the store up to date.
pub(super) fn run(connection: &mut Connection) -> Result<(), JournalError> {
    let known = known();
    if newest(connection).map_err(mapped)? == Some(0) {
        begin(connection).map_err(mapped)?;
    }
    let done = done(connection)?;
    let unknown = |number: &i64| known.iter().all(|migration| migration.version != *number);
    if let Some(number) = done.keys().copied().filter(unknown).min() {
        return Err(refused(MigrateError::VersionMissing(number)));
    }
    let edited = known.iter().find(|migration| {
        let then = done.get(&migration.version);
        then.is_some_and(|checksum| *checksum != *migration.checksum)
    });
    if let Some(migration) = edited {
        return Err(refused(MigrateError::VersionMismatch(migration.version)));
    }
    for migration in &known {
        if !done.contains_key(&migration.version) {
            apply(connection, migration).map_err(mapped)?;
        }
    }
    Ok(())
}

/// The migrations with their checksums.
fn known() -> Vec<Migration> {
    let known = MIGRATIONS.iter().map(|&(number, name, text)| {
        let text = text.into_sql_str();
        Migration::new(number, name.into(), MigrationType::Simple, text, false)
    });
    known.collect()
}

fn begin(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "create table if not exists _sqlx_migrations (
            version bigint primary key,
            description text not null,
            installed_on timestamp not null default current_timestamp,
            success boolean not null,
            checksum blob not null,
            execution_time bigint not null
        )",
    )
}

/// What was done, with the checksums of the texts at that time.
fn done(connection: &Connection) -> Result<HashMap<i64, Vec<u8>>, JournalError> {
    let mut statement = connection
        .prepare("select version, checksum, success from _sqlx_migrations order by version")
        .map_err(mapped)?;
    let mut rows = statement.query([]).map_err(mapped)?;
    let mut done = HashMap::new();
    while let Some(row) = rows.next().map_err(mapped)? {
        let version: i64 = row.get("version").map_err(mapped)?;
        if !row.get::<_, bool>("success").map_err(mapped)? {
            return Err(refused(MigrateError::Dirty(version)));
        }
        done.insert(version, row.get("checksum").map_err(mapped)?);
    }
    Ok(done)
}

fn apply(connection: &mut Connection, migration: &Migration) -> rusqlite::Result<()> {
    let began = Instant::now();
    let step = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    step.execute_batch(migration.sql.as_str())?;
    let took = i64::try_from(began.elapsed().as_nanos()).unwrap_or(i64::MAX);
    step.execute(
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
         values (?, ?, true, ?, ?)",
        params![
            migration.version,
            migration.description,
            migration.checksum,
            took
        ],
    )?;
    step.commit()
}

fn refused(error: MigrateError) -> JournalError {
    JournalError::Database(anyhow!(error).context("bring the store up to date"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

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
        assert!(
            numbers.is_sorted_by(|a, b| a < b),
            "numbers go up: {numbers:?}"
        );
    }
}

//! Bringing the store up to date, once whoever else starts at the same moment.
//!
//! Invariants: a migration and the note that it is done are one transaction. Where a database ends a
//! transaction at each change of its tables, a half-applied one is recognised and refused: what is
//! missing of it nobody can know.

use std::time::Duration;

use anyhow::anyhow;
use sqlx::AssertSqlSafe;
use sqlx::Connection;
use sqlx::Executor;
use sqlx::PgConnection;

use crate::journal::error::JournalError;
use crate::journal::postgres::address::Mode;
use crate::journal::postgres::failures;
use crate::journal::postgres::failures::unopened;
use crate::journal::postgres::session::within;

/// Every migration in order: number, name, text. One that has landed is never edited.
const MIGRATIONS: [(i64, &str, &str); 13] = [
    (
        1,
        "journal",
        include_str!("../../../migrations/postgres/0001_journal.sql"),
    ),
    (
        2,
        "undeliverable",
        include_str!("../../../migrations/postgres/0002_undeliverable.sql"),
    ),
    (
        3,
        "channels",
        include_str!("../../../migrations/postgres/0003_channels.sql"),
    ),
    (
        4,
        "decisions",
        include_str!("../../../migrations/postgres/0004_decisions.sql"),
    ),
    (
        5,
        "owner",
        include_str!("../../../migrations/postgres/0005_owner.sql"),
    ),
    (
        6,
        "by_hand",
        include_str!("../../../migrations/postgres/0006_by_hand.sql"),
    ),
    (
        7,
        "systems",
        include_str!("../../../migrations/postgres/0007_systems.sql"),
    ),
    (
        8,
        "boards",
        include_str!("../../../migrations/postgres/0008_boards.sql"),
    ),
    (
        9,
        "schedules",
        include_str!("../../../migrations/postgres/0009_schedules.sql"),
    ),
    (
        10,
        "pictures",
        include_str!("../../../migrations/postgres/0010_pictures.sql"),
    ),
    (
        11,
        "balances",
        include_str!("../../../migrations/postgres/0011_balances.sql"),
    ),
    (
        12,
        "shown",
        include_str!("../../../migrations/postgres/0012_shown.sql"),
    ),
    (
        13,
        "moving",
        include_str!("../../../migrations/postgres/0013_moving.sql"),
    ),
];

/// The newest of them.
const NEWEST: i64 = MIGRATIONS[MIGRATIONS.len() - 1].0;

/// The notes of what was done. Row 0 is the one that is locked meanwhile.
const NOTES: &str = "
    create table if not exists guildpoints_migrations (
        number bigint  not null primary key,
        name   text    not null,
        done   boolean not null
    );
    insert into guildpoints_migrations (number, name, done) values (0, 'turn', true)
    on conflict (number) do nothing";

/// How long one migration may take: an index over years of entries.
const LONG: Duration = Duration::from_secs(1_800);

/// Tries where another process makes the same table at the same moment.
const TRIES: usize = 5;

/// What is known of a database before anything is changed.
pub(super) struct Standing {
    /// The newest migration; 0 in an empty database.
    pub newest: i64,
}

/// Looks at the database, and refuses one that is not ours or not fit.
pub(super) async fn look(
    connection: &mut PgConnection,
    mode: Mode,
) -> Result<Standing, JournalError> {
    let schema: Option<String> = sqlx::query_scalar("select cast(current_schema() as text)")
        .fetch_one(&mut *connection)
        .await
        .map_err(unopened)?;
    let Some(schema) = schema else {
        return Err(refused(
            "no schema of its search_path exists or may be used by the role: `create schema …`, `grant \
             create, usage on schema … to …`, or change `options` in [store] url",
        ));
    };
    let tables: Vec<String> = sqlx::query_scalar(
        "select cast(table_name as text) from information_schema.tables
         where table_schema = $1
           and table_name in ('guildpoints_migrations', 'house', 'entries', 'confirmations',
                              'channels', 'handled', 'freezes')",
    )
    .bind(&schema)
    .fetch_all(&mut *connection)
    .await
    .map_err(unopened)?;
    if !tables.iter().any(|name| name == "guildpoints_migrations") {
        if let Some(table) = tables.first() {
            return Err(refused(&format!(
                "schema `{schema}` has a table `{table}` that is not of guildpoints: name another \
                 database or schema in [store] url"
            )));
        }
        return judged(0, mode);
    }
    let notes: Vec<(i64, bool)> =
        sqlx::query_as("select number, done from guildpoints_migrations order by number")
            .fetch_all(connection)
            .await
            .map_err(unopened)?;
    if let Some((number, _)) = notes.iter().find(|(_, done)| !done) {
        return Err(JournalError::HalfApplied { number: *number });
    }
    let newest = notes.last().map_or(0, |(number, _)| *number);
    // A gap is a migration whose note was lost with part of it, or taken away by hand.
    let noted = |number: i64| notes.iter().any(|(known, _)| *known == number);
    let numbers = MIGRATIONS.iter().map(|(number, ..)| *number);
    let mut earlier = numbers.filter(|&number| number <= newest);
    if let Some(number) = earlier.find(|&number| !noted(number)) {
        return Err(JournalError::HalfApplied { number });
    }
    judged(newest, mode)
}

fn judged(newest: i64, mode: Mode) -> Result<Standing, JournalError> {
    let known = NEWEST;
    if newest > known {
        return Err(JournalError::Newer {
            found: newest,
            known,
        });
    }
    if newest < known && mode == Mode::Read {
        return Err(refused(&format!(
            "the store has migration {newest} of {known}: start the bot once with this version and \
             without `mode=ro`, or run `guildpoints check`"
        )));
    }
    Ok(Standing { newest })
}

/// Carries out what is missing.
pub(super) async fn run(connection: &mut PgConnection) -> Result<(), JournalError> {
    let mut tries = 0;
    while let Err(error) = connection.execute(NOTES).await {
        tries += 1;
        // `if not exists` looks and makes in two steps, and another process may come in between.
        let raced = failures::is_passing(&error) || failures::is_duplicate(&error);
        if !raced || tries == TRIES {
            return Err(unopened(error));
        }
    }
    for (number, name, text) in MIGRATIONS {
        let applied = within(LONG, apply(connection, number, name, text)).await;
        match applied {
            Ok(()) => {}
            Err(error) if failures::is_duplicate(&error) => {
                return Err(JournalError::HalfApplied { number });
            }
            Err(error) => return Err(unopened(error)),
        }
    }
    Ok(())
}

async fn apply(
    connection: &mut PgConnection,
    number: i64,
    name: &str,
    text: &'static str,
) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin().await?;
    let limits = format!(
        "set local statement_timeout = {0}; set local lock_timeout = {0}",
        LONG.as_millis()
    );
    sqlx::raw_sql(AssertSqlSafe(limits))
        .execute(&mut *transaction)
        .await?;
    sqlx::query("select number from guildpoints_migrations where number = 0 for update")
        .execute(&mut *transaction)
        .await?;
    let noted = sqlx::query(
        "insert into guildpoints_migrations (number, name, done) values ($1, $2, false)
         on conflict (number) do nothing",
    );
    let noted = noted.bind(number).bind(name);
    if noted.execute(&mut *transaction).await?.rows_affected() > 0 {
        sqlx::raw_sql(text).execute(&mut *transaction).await?;
        sqlx::query("update guildpoints_migrations set done = true where number = $1")
            .bind(number)
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await
}

fn refused(why: &str) -> JournalError {
    JournalError::Address(why.to_owned())
}

/// Whether every migration is there.
pub(super) fn is_whole(standing: &Standing) -> bool {
    standing.newest == NEWEST
}

/// What a store without its first row means.
pub(super) fn ownerless() -> JournalError {
    JournalError::Database(anyhow!("the store does not say whose it is"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::*;

    fn folder(engine: &str) -> BTreeMap<String, String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
        std::fs::read_dir(folder.join(engine))
            .unwrap()
            .map(|file| file.unwrap().path())
            .map(|path| {
                let name = path.file_name().unwrap().to_str().unwrap().to_owned();
                (name, std::fs::read_to_string(path).unwrap())
            })
            .collect()
    }

    #[test]
    fn what_is_embedded_is_what_lies_in_the_folder() {
        let embedded: BTreeMap<String, String> = MIGRATIONS
            .iter()
            .map(|(number, name, text)| (format!("{number:04}_{name}.sql"), (*text).to_owned()))
            .collect();
        assert_eq!(embedded, folder("postgres"));
        let numbers: Vec<i64> = MIGRATIONS.iter().map(|(number, ..)| *number).collect();
        assert!(
            numbers.is_sorted_by(|a, b| a < b),
            "numbers go up: {numbers:?}"
        );
    }

    /// What the dialects share stands in both folders, letter by letter and in the same files.
    #[test]
    fn both_engines_have_the_same_migrations() {
        let (ours, theirs) = (folder("postgres"), folder("sqlite"));
        assert!(ours.keys().eq(theirs.keys()), "the same files");
        for (name, text) in &theirs {
            assert!(ours[name].starts_with(text), "{name} begins alike");
        }
    }
}

//! The journal's store in a PostgreSQL database, or in one that speaks its language.
//!
//! Invariants: writers of all processes come one after another (see `pen`); nothing waits without a
//! limit (see `session`); what is not ours is looked at and left as it is. Plain SQL: no session
//! locks, no notifications, transactions that may be done again, so that distributed databases
//! which speak the same language stay open.
//!
//! Deliberately absent: several hosts in one address. The address in front of a fail-over is the
//! operator's.

mod address;
mod balances;
mod boards;
mod books;
mod channels;
mod failures;
mod lease;
mod lending;
mod linking;
mod links;
mod migrations;
mod pen;
mod pictures;
mod ranking;
mod record;
mod reports;
mod rows;
mod schedules;
mod script;
mod session;
mod shelf;
mod shown;
mod sides;
mod spoken;
mod standing;
mod texts;

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgConnection;
use sqlx::postgres::PgPoolOptions;

use crate::journal::error::JournalError;
use crate::journal::kept::kept;
use crate::journal::owner::Lease;
use crate::journal::postgres::address::Address;
use crate::journal::postgres::address::Mode;
use crate::journal::postgres::failures::mapped;
use crate::journal::postgres::failures::unopened;
use crate::journal::postgres::lease::PgLease;
use crate::journal::postgres::pen::PostgresPen;
use crate::journal::postgres::shelf::Shelf;
use crate::journal::store::Access;
use crate::journal::store::Pen;
use crate::journal::store::Store;
use crate::model::BotId;
use crate::model::UserId;

/// Connections that read at once: sweeps, receipts and pages. With the one that writes, a bot takes
/// four of the server's.
const READERS: u32 = 3;

/// How long a server that is not there yet is waited for at the start.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a reader waits for a connection.
const READER: Duration = Duration::from_secs(4);

/// After so long without use a reader's connection is given back to the server.
const UNUSED: Duration = Duration::from_secs(300);

/// So old a reader's connection is replaced, so that a fail-over is followed in the end.
const OLD: Duration = Duration::from_secs(1_800);

/// The oldest server, as it counts its versions. Distributed databases that speak the language call
/// themselves this or newer.
const OLDEST: u32 = 130_000;

/// Whether `url` names a store of this kind.
pub(super) fn is_meant(url: &str) -> bool {
    Address::is_meant(url)
}

/// What is to be said where somebody wants to copy the database through us.
pub(super) fn own_tools() -> JournalError {
    JournalError::Address(
        "a PostgreSQL database is copied with `pg_dump` and put back with `pg_restore`".to_owned(),
    )
}

/// Whose a store is, its reading side, its pen, and the row that says who may work for the bot.
type Opened = (BotId, Arc<dyn Store>, Box<dyn Pen>, Arc<dyn Lease>);

/// Opens the store at `url`.
pub(super) async fn open(url: &str, access: Access) -> Result<Opened, JournalError> {
    let mut address = Address::read(url)?;
    if access == Access::Read {
        address.mode = Mode::Read;
    }
    let connected = session::connect_within(&address, PATIENCE).await;
    let mut connection = connected.map_err(unopened)?;
    check_version(&connection)?;
    let looking = match access {
        // Only the bot itself brings a store up to date.
        Access::Read | Access::Beside | Access::Restore => Mode::Read,
        Access::Own(_) => address.mode,
    };
    let standing = migrations::look(&mut connection, looking).await?;
    if let Access::Own(bot) = access
        && standing.newest > 0
        && !is_moving_in(&mut connection).await?
    {
        check_owner(&mut connection, bot).await?;
    }
    if let (Access::Own(bot), Mode::Write) = (access, address.mode) {
        check_writing(&mut connection).await?;
        if !migrations::is_whole(&standing) {
            migrations::run(&mut connection).await?;
        }
        move_in(&mut connection, bot).await?;
    }
    let owner = owner(&mut connection).await?;
    if let Access::Own(bot) = access {
        check_owner(&mut connection, bot).await?;
    }
    let mode = address.mode;
    let pool = PgPoolOptions::new()
        .max_connections(READERS)
        .acquire_timeout(READER)
        .idle_timeout(UNUSED)
        .max_lifetime(OLD)
        .test_before_acquire(false)
        .after_connect(move |connection, _| {
            Box::pin(async move { session::prepare(connection, mode).await })
        })
        .connect_lazy_with(session::options(&address));
    let lease = PgLease::new(session::options(&address));
    let pen = PostgresPen::new(address, connection);
    let shelf = Arc::new(Shelf { pool });
    Ok((owner, shelf, Box::new(pen), Arc::new(lease)))
}

fn check_version(connection: &PgConnection) -> Result<(), JournalError> {
    // Who speaks the language without a version is tried.
    match connection.server_version_num() {
        Some(found) if found < OLDEST => Err(JournalError::Address(format!(
            "the server is PostgreSQL {}, this program needs {} or newer",
            found / 10_000,
            OLDEST / 10_000,
        ))),
        _ => Ok(()),
    }
}

/// Refuses a database that takes no writes before anybody waits for one.
async fn check_writing(connection: &mut PgConnection) -> Result<(), JournalError> {
    let read_only: String = sqlx::query_scalar("select current_setting('transaction_read_only')")
        .fetch_one(connection)
        .await
        .map_err(mapped)?;
    match read_only.as_str() {
        "on" => Err(JournalError::Address(
            "the database takes no writes (a standby, or `default_transaction_read_only`): name the \
             primary in [store] url"
                .to_owned(),
        )),
        _ => Ok(()),
    }
}

/// Whether another process has made the tables and not yet noted whose they are: a store that is in use
/// and has lost that note is none of ours.
async fn is_moving_in(connection: &mut PgConnection) -> Result<bool, JournalError> {
    let query = "select not exists (select 1 from house) and not exists (select 1 from entries)";
    let is_empty = sqlx::query_scalar(query).fetch_one(connection).await;
    is_empty.map_err(unopened)
}

/// Notes whose store it is, if it is nobody's yet.
async fn move_in(connection: &mut PgConnection, bot: BotId) -> Result<(), JournalError> {
    let query = sqlx::query(
        "insert into house (one, bot, probed_ms) values (1, $1, 0) on conflict (one) do nothing",
    );
    let query = query.bind(kept(bot.0.number()));
    query.execute(connection).await.map_err(unopened)?;
    Ok(())
}

/// Whose store it is.
async fn owner(connection: &mut PgConnection) -> Result<BotId, JournalError> {
    let owner: Option<i64> = sqlx::query_scalar("select bot from house")
        .fetch_optional(connection)
        .await
        .map_err(unopened)?;
    let owner = owner.ok_or_else(migrations::ownerless)?;
    Ok(BotId(UserId::new(owner.cast_unsigned())))
}

async fn check_owner(connection: &mut PgConnection, bot: BotId) -> Result<(), JournalError> {
    let found = owner(connection).await?;
    if found != bot {
        return Err(JournalError::OtherBot {
            found: found.0,
            expected: bot.0,
        });
    }
    Ok(())
}

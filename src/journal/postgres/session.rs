//! A connection and the limits of time it lives under.
//!
//! Invariants: nothing here waits without a limit, on the server's side (`set ..._timeout`) and on
//! ours, since a cable that is cut says nothing. A process that was paused in the middle of a
//! transaction is cut off by the server before anybody who waits for its rows gives up.

use std::io;
use std::time::Duration;

use sqlx::AssertSqlSafe;
use sqlx::ConnectOptions;
use sqlx::Connection;
use sqlx::PgConnection;
use sqlx::postgres::PgConnectOptions;
use tokio::time::Instant;

use crate::journal::postgres::address::Address;
use crate::journal::postgres::address::Mode;
use crate::journal::postgres::failures;
use crate::support::retry::Backoff;

/// How long one try to connect may take, the handshake and the password included.
pub(super) const CONNECT: Duration = Duration::from_secs(3);

/// How long the server lets a transaction stand idle: longer than any pause of a process that works,
/// shorter than [`LOCK`].
const IDLE: Duration = Duration::from_secs(3);

/// How long the server lets a statement wait for somebody else's rows.
const LOCK: Duration = Duration::from_secs(4);

/// How long the server works on one statement.
const STATEMENT: Duration = Duration::from_secs(5);

/// How long we wait for the answer to one statement; the server gives up before.
pub(super) const ANSWER: Duration = Duration::from_secs(6);

/// How long a good-bye may take.
const CLOSING: Duration = Duration::from_secs(1);

/// Lets a statement of the writer keep its first plan.
///
/// Its statements take arrays of any length and meet rows by their keys alone. The server would plan
/// each anew whenever it comes, which takes several times as long as carrying it out, since it thinks
/// of ten rows where one plan is to suit all; and it must not think of reading whole tables because
/// they were empty when it first looked. Engines without such settings are left as they are.
const ONE_PLAN: &str = "
    select set_config(wished.name, wished.value, false)
    from (values ('plan_cache_mode', 'force_generic_plan'), ('enable_seqscan', 'off'))
        as wished (name, value)
    where current_setting(wished.name, true) is not null";

/// Pauses between tries to connect.
const TRIES: Backoff = Backoff {
    first: Duration::from_millis(100),
    most: Duration::from_secs(1),
    times: None,
};

/// The options every connection is made with.
pub(super) fn options(address: &Address) -> PgConnectOptions {
    let options = address.options.clone();
    match options.get_application_name() {
        Some(_) => options,
        None => options.application_name("guildpoints"),
    }
}

/// One try to connect.
pub(super) async fn connect(address: &Address) -> Result<PgConnection, sqlx::Error> {
    let options = options(address);
    let connected = async {
        let mut connection = options.connect().await?;
        prepare(&mut connection, address.mode).await?;
        sqlx::raw_sql(ONE_PLAN).execute(&mut connection).await?;
        Ok(connection)
    };
    within(CONNECT, connected).await
}

/// Tries to connect for `patience`, as long as it might help.
pub(super) async fn connect_within(
    address: &Address,
    patience: Duration,
) -> Result<PgConnection, sqlx::Error> {
    let ends = Instant::now() + patience;
    for delay in TRIES.delays() {
        match connect(address).await {
            Err(error) if failures::may_come_back(&error) && Instant::now() + delay < ends => {
                tracing::debug!(
                    error = failures::said(&error),
                    "the store cannot be reached yet"
                );
                tokio::time::sleep(delay).await;
            }
            result => return result,
        }
    }
    unreachable!("delays without a number of times do not end")
}

/// Sets the limits of a new connection.
pub(super) async fn prepare(connection: &mut PgConnection, mode: Mode) -> Result<(), sqlx::Error> {
    let read_only = match mode {
        Mode::Write => "",
        Mode::Read => "set default_transaction_read_only = on;",
    };
    // What was answered has to survive a crash, whatever the role's own setting.
    let text = format!(
        "{read_only}
         set statement_timeout = {};
         set lock_timeout = {};
         set idle_in_transaction_session_timeout = {};
         select set_config('synchronous_commit', 'on', false)
         where current_setting('synchronous_commit') = 'off'",
        STATEMENT.as_millis(),
        LOCK.as_millis(),
        IDLE.as_millis(),
    );
    sqlx::raw_sql(AssertSqlSafe(text))
        .execute(connection)
        .await?;
    Ok(())
}

/// The outcome of a piece of work that may take so long.
///
/// After a time-out the connection it was done on is in no known state and has to be dropped.
pub(super) async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    match tokio::time::timeout(limit, work).await {
        Ok(result) => result,
        Err(_) => Err(sqlx::Error::Io(io::Error::new(
            io::ErrorKind::TimedOut,
            format!("no answer within {} s", limit.as_secs()),
        ))),
    }
}

/// Says good-bye, which also undoes what a transaction has done so far.
pub(super) async fn close(connection: PgConnection) {
    if let Err(error) = within(CLOSING, connection.close()).await {
        tracing::debug!(
            error = failures::said(&error),
            "the store's connection was not closed in order"
        );
    }
}

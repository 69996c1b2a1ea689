//! What PostgreSQL's errors mean to the journal.
//!
//! No message here has an address or a password in it: what the server says names a role or a
//! database at most.

use std::io::ErrorKind;

use anyhow::anyhow;

use crate::journal::error::JournalError;

/// Codes of PostgreSQL. Source: postgresql.org/docs/current/errcodes-appendix.html.
mod code {
    /// The store was read-only when asked to write.
    pub const READ_ONLY: &str = "25006";
    /// Two transactions could not have run one after the other.
    pub const SERIALIZATION: &str = "40001";
    /// Two transactions waited for each other.
    pub const DEADLOCK: &str = "40P01";
    /// Somebody wrote the same key at the same moment.
    pub const UNIQUE: &str = "23505";
    /// The disk is full.
    pub const DISK_FULL: &str = "53100";
    /// No connection is free.
    pub const TOO_MANY: &str = "53300";
    /// A lock was not free in time.
    pub const LOCKED: &str = "55P03";
    /// The time limit of a statement was reached, or an administrator ended it.
    pub const CANCELLED: &str = "57014";
    /// The server ends our connection: shutting down, crashed, starting.
    pub const GOING: [&str; 5] = ["57P01", "57P02", "57P03", "57P05", "25P03"];
    /// The role may not do that.
    pub const NO_RIGHT: &str = "42501";
    /// The role or its password is wrong.
    pub const REFUSED: [&str; 2] = ["28000", "28P01"];
    /// There is no such database.
    pub const NO_DATABASE: &str = "3D000";
    /// A table or column is there already.
    pub const DUPLICATE: [&str; 3] = ["42P07", "42701", "42710"];
}

/// The server's code, where the server said something.
pub(super) fn code_of(error: &sqlx::Error) -> Option<String> {
    let code = error.as_database_error()?.code()?;
    Some(code.into_owned())
}

/// Whether the connection is of no use any more.
pub(super) fn is_lost(error: &sqlx::Error) -> bool {
    match code_of(error) {
        Some(code) => code::GOING.contains(&&*code) || code.starts_with("08"),
        None => matches!(
            error,
            sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::Protocol(_)
                | sqlx::Error::WorkerCrashed
        ),
    }
}

/// Whether a transaction that met this error may be done again from its start: nothing of it was
/// committed, and another time it may go through.
pub(super) fn is_passing(error: &sqlx::Error) -> bool {
    let passing = [code::SERIALIZATION, code::DEADLOCK, code::UNIQUE];
    match code_of(error) {
        Some(code) => passing.contains(&&*code) || is_lost(error),
        None => is_lost(error),
    }
}

/// Whether something a migration makes is there already.
pub(super) fn is_duplicate(error: &sqlx::Error) -> bool {
    code_of(error).is_some_and(|code| code::DUPLICATE.contains(&&*code))
}

/// Whether the two ends do not agree on encryption. What TLS finds wrong comes as invalid data.
fn is_untrusted(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Tls(_) => true,
        sqlx::Error::Io(error) => error.kind() == ErrorKind::InvalidData,
        _ => false,
    }
}

/// Whether a server that cannot be connected to now may be there in a moment.
pub(super) fn may_come_back(error: &sqlx::Error) -> bool {
    match error {
        error if is_untrusted(error) => false,
        // A name nobody knows may be known once the network is up.
        sqlx::Error::Io(error) => !matches!(
            error.kind(),
            ErrorKind::PermissionDenied | ErrorKind::InvalidInput
        ),
        _ => is_lost(error) || code_of(error).is_some_and(|code| code == code::TOO_MANY),
    }
}

/// What an error in the middle of work means.
pub(super) fn mapped(error: sqlx::Error) -> JournalError {
    let Some(code) = code_of(&error) else {
        return match error {
            sqlx::Error::PoolClosed => JournalError::Closing,
            sqlx::Error::PoolTimedOut => {
                JournalError::Away("no connection was free in time".to_owned())
            }
            error if is_lost(&error) => JournalError::Away(said(&error)),
            error => JournalError::Database(anyhow!(error)),
        };
    };
    match &*code {
        code::READ_ONLY => JournalError::ReadOnly,
        code::DISK_FULL => JournalError::Full,
        code::TOO_MANY => JournalError::Away(said(&error)),
        code::LOCKED => {
            JournalError::Away("somebody else holds a lock on its tables for long".to_owned())
        }
        code::CANCELLED => JournalError::Away("it did not answer in time".to_owned()),
        _ if is_lost(&error) => JournalError::Away(said(&error)),
        _ => JournalError::Database(anyhow!(error)),
    }
}

/// What an error at opening means, as a sentence that says what to do.
pub(super) fn unopened(error: sqlx::Error) -> JournalError {
    if is_untrusted(&error) {
        return JournalError::Address(format!(
            "no trusted encrypted connection ({}): check `sslmode` and `sslrootcert`",
            said(&error)
        ));
    }
    let said = said(&error);
    match code_of(&error).as_deref() {
        Some(refused) if code::REFUSED.contains(&refused) => JournalError::Address(format!(
            "the database refuses the role ({said}): check user and password in [store] url, and \
             pg_hba.conf"
        )),
        Some(code::NO_DATABASE) => JournalError::Address(format!(
            "{said}: create it (`createdb`), or name another one in [store] url"
        )),
        Some(code::NO_RIGHT) => JournalError::Address(format!(
            "the role lacks a right ({said}): make it the owner of the database, or `grant create, \
             usage on schema … to …`"
        )),
        _ => mapped(error),
    }
}

/// What went wrong, in the words of the server, the system or TLS.
pub(super) fn said(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(error) => error.message().to_owned(),
        sqlx::Error::Io(error) => error.to_string(),
        sqlx::Error::Tls(error) => error.to_string(),
        sqlx::Error::Protocol(text) => text.clone(),
        other => other.to_string(),
    }
}

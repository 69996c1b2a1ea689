//! Reads a store's address.
//!
//! ```text
//! address = ("postgres" | "postgresql") "://" role [":" password] "@" host [":" port] "/" database
//!           ["?" setting *("&" setting)]
//! ```
//!
//! The settings are those of libpq that are listed below, and `mode=ro`, which only reads. What libpq
//! takes from its environment (`PGPASSWORD`, `PGPASSFILE`, ...) is taken from there too.
//! No message shows an address or the value of a setting, since either may hold a password.

use std::str::FromStr;

use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;

use crate::journal::error::JournalError;

/// Which database and how it may be used.
#[derive(Clone)]
pub(super) struct Address {
    /// How to connect.
    pub options: PgConnectOptions,
    /// What may be done there.
    pub mode: Mode,
}

/// What may be done with the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Read and write, and make what is missing.
    Write,
    /// Read what is there.
    Read,
}

/// Settings that are passed on. Others would be ignored without a word, which is no way to treat a
/// misspelt `sslmode`.
const KNOWN: [&str; 11] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
];

impl Address {
    /// Whether `url` is one for PostgreSQL.
    pub fn is_meant(url: &str) -> bool {
        url.starts_with("postgres:") || url.starts_with("postgresql:")
    }

    /// Reads `url`, or says what to write instead.
    pub fn read(url: &str) -> Result<Self, JournalError> {
        let rest = url
            .split_once("://")
            .map(|(_, rest)| rest)
            .ok_or_else(|| refused(FORM))?;
        let (place, settings) = rest.split_once('?').unwrap_or((rest, ""));
        let mut mode = Mode::Write;
        let mut kept = Vec::new();
        for setting in settings.split('&').filter(|setting| !setting.is_empty()) {
            match setting.split_once('=') {
                Some(("mode", "ro")) => mode = Mode::Read,
                Some(("mode", "rw")) => mode = Mode::Write,
                Some(("user", _)) => return Err(refused(FORM)),
                Some((key, _)) if KNOWN.contains(&key) => kept.push(setting),
                _ => {
                    return Err(refused(format!(
                        "after `?` only `mode=ro` and {} are known",
                        KNOWN.join(", ")
                    )));
                }
            }
        }
        let (role, path) = match place.rsplit_once('@') {
            Some((role, host)) => (role, host.split_once('/').map(|(_, path)| path)),
            None => return Err(refused(FORM)),
        };
        let names_database =
            path.is_some_and(|path| !path.is_empty()) || settings.contains("dbname=");
        if role.is_empty() || role.starts_with(':') || !names_database {
            return Err(refused(FORM));
        }
        let passed_on = match kept.is_empty() {
            true => format!("postgres://{place}"),
            false => format!("postgres://{place}?{}", kept.join("&")),
        };
        // The reason is not passed on: it may quote the address.
        let options = PgConnectOptions::from_str(&passed_on).map_err(|_| {
            refused(format!(
                "it cannot be read; {FORM}, with what is special in a password written as `%XX`"
            ))
        })?;
        Ok(Self {
            options: options.disable_statement_logging(),
            mode,
        })
    }
}

const FORM: &str = "expected `postgres://ROLE:PASSWORD@HOST:PORT/DATABASE`";

fn refused(why: impl Into<String>) -> JournalError {
    JournalError::Address(why.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str) -> String {
        Address::read(url).err().unwrap().to_string()
    }

    #[test]
    fn addresses_are_read_with_their_settings() {
        let address =
            Address::read("postgres://bot:p%40ss@db:6432/points?sslmode=verify-full").unwrap();
        assert_eq!(address.mode, Mode::Write);
        assert_eq!(address.options.get_host(), "db");
        assert_eq!(address.options.get_port(), 6_432);
        assert_eq!(address.options.get_username(), "bot");
        assert_eq!(address.options.get_database(), Some("points"));
        let address =
            Address::read("postgresql://bot@localhost/points?mode=ro&host=/run/postgresql")
                .unwrap();
        assert_eq!(address.mode, Mode::Read);
        assert!(address.options.get_socket().is_some());
    }

    #[test]
    fn refusals_say_what_to_write_and_show_no_password() {
        for url in [
            "postgres:hunter2",
            "postgres://",
            "postgres://db/points",
            "postgres://:hunter2@db/points",
            "postgres://bot:hunter2@db",
            "postgres://bot:hunter2@db/",
            "postgres://db/points?user=bot&password=hunter2",
        ] {
            assert!(refusal(url).contains("ROLE:PASSWORD@HOST"), "{url}");
            assert!(!refusal(url).contains("hunter2"), "{url}");
        }
        for url in [
            "postgres://bot:hunter2@db/points?pasword=hunter2",
            "postgres://bot:hunter2@db/points?mode=hunter2",
            "postgres://bot:hunter2@db/points?target_session_attrs=hunter2",
        ] {
            assert!(refusal(url).contains("sslrootcert"), "{url}");
            assert!(!refusal(url).contains("hunter2"), "{url}");
        }
        for url in [
            "postgres://bot:hunter2@db:notaport/points",
            "postgres://bot:hunter2@db/points?sslmode=hunter2",
            "postgres://bot:hunter2/@db/points",
        ] {
            assert!(!refusal(url).contains("hunter2"), "{url}");
        }
    }
}

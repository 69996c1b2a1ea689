//! PostgreSQL's doors: who is let in, and what those who are not are told. No password is shown.

use guildpoints::journal::JournalError;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use super::stage::*;
use crate::postgres;
use crate::postgres::Server;

const PASSWORD: &str = "hunter2-of-the-database";

/// The shared server with a role that needs a password, and a schema of that role's own.
async fn guarded() -> Option<(&'static Server, String)> {
    let Some(server) = postgres::shared() else {
        postgres::skipped("there is no `initdb` (Debian: postgresql)");
        return None;
    };
    let made = format!(
        "do $$ begin create role locked login password '{PASSWORD}';
         exception when duplicate_object or unique_violation then null; end $$"
    );
    postgres::execute(&server.url(), &made).await;
    let schema = postgres::schema_in(&server.tcp_url("owner")).await;
    let name = schema.rsplit("%3D").next().unwrap().to_owned();
    let granted = format!("grant all on schema {name} to locked");
    postgres::execute(&server.url(), &granted).await;
    Some((server, format!("options=-c%20search_path%3D{name}")))
}

async fn told(url: &str) -> String {
    let home = Home::at(url.to_owned());
    let error = home.journal_at(url, BOT).await.err().unwrap();
    let chain = format!("{error:?} {:#}", anyhow_like(&error));
    assert!(!chain.contains("hunter2"), "{chain}");
    error.to_string()
}

/// The error with all its causes.
fn anyhow_like(error: &JournalError) -> String {
    let mut told = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        told.push_str(&format!(": {error}"));
        cause = error.source();
    }
    told
}

#[tokio::test]
async fn a_password_opens_and_a_wrong_one_is_refused_without_being_shown() {
    let Some((server, options)) = guarded().await else {
        return;
    };
    let url = |password: &str, database: &str| {
        format!(
            "postgres://locked:{password}@127.0.0.1:{}/{database}?{options}",
            server.port()
        )
    };
    let home = Home::at(url(PASSWORD, "postgres"));
    home.journal().await.close().await;
    let wrong = told(&url("hunter2-but-wrong", "postgres")).await;
    assert!(wrong.contains("check user and password"), "{wrong}");
    let missing = told(&url(PASSWORD, "no_such_points")).await;
    assert!(missing.contains("create it"), "{missing}");
    assert!(missing.contains("no_such_points"), "{missing}");
}

#[tokio::test]
async fn a_role_without_rights_is_told_which() {
    let Some((server, options)) = guarded().await else {
        return;
    };
    let name = options.rsplit("%3D").next().unwrap();
    let taken =
        format!("revoke all on schema {name} from locked; grant usage on schema {name} to locked");
    postgres::execute(&server.url(), &taken).await;
    let url = format!(
        "postgres://locked:{PASSWORD}@127.0.0.1:{}/postgres?{options}",
        server.port()
    );
    let told = told(&url).await;
    assert!(told.contains("grant create"), "{told}");
}

#[tokio::test]
async fn a_database_that_takes_no_writes_is_refused_at_the_door() {
    let Some((server, options)) = guarded().await else {
        return;
    };
    let name = options.rsplit("%3D").next().unwrap();
    let reader = format!(
        "create role reader login; grant all on schema {name} to reader;
         alter role reader set default_transaction_read_only = on"
    );
    postgres::execute(&server.url(), &reader).await;
    let url = format!("{}?{options}", server.tcp_url("reader"));
    let told = told(&url).await;
    assert!(told.contains("takes no writes"), "{told}");
    assert!(told.contains("name the primary"), "{told}");
}

#[tokio::test]
async fn a_standby_is_refused_at_the_door() {
    let Some(server) = postgres::own_server() else {
        return;
    };
    // What matters of a standby is that it recovers without end.
    server.stop();
    server.becomes_a_standby();
    server.go_on();
    let told = told(&server.url()).await;
    assert!(told.contains("takes no writes"), "{told}");
}

#[tokio::test]
async fn encryption_is_as_strict_as_the_address_says() {
    let Some((server, options)) = guarded().await else {
        return;
    };
    let authority = server.folder().join("authority.crt");
    if !authority.is_file() {
        return postgres::skipped("there is no `openssl` to make a certificate with");
    }
    let url = |host: &str, name: &str, more: &str| {
        let port = server.port();
        format!("postgres://owner@{host}:{port}/postgres?{options}&application_name={name}&{more}")
    };
    let encrypted = async |name: &str, more: &str| {
        let home = Home::at(url("localhost", name, more));
        let journal = home.journal().await;
        let question = format!(
            "select count(*) from pg_stat_ssl join pg_stat_activity using (pid)
             where ssl and application_name = '{name}'"
        );
        let encrypted = postgres::number(&server.url(), &question).await;
        journal.close().await;
        encrypted
    };
    let signed = format!("sslmode=verify-full&sslrootcert={}", authority.display());
    assert_eq!(encrypted("clear", "sslmode=disable").await, 0);
    assert_eq!(encrypted("prefers", "sslmode=prefer").await, 1);
    assert_eq!(encrypted("requires", "sslmode=require").await, 1);
    assert_eq!(encrypted("verifies", &signed).await, 1);
    // Signed by nobody this machine knows; and signed by somebody, for another host.
    for (host, more) in [
        ("localhost", "sslmode=verify-full"),
        ("127.0.0.1", &*signed),
    ] {
        let told = told(&url(host, "doubts", more)).await;
        assert!(told.contains("no trusted encrypted connection"), "{told}");
        assert!(told.contains("sslrootcert"), "{told}");
    }
}

#[tokio::test]
async fn nobody_at_the_address_is_told_after_some_tries() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let told = told(&format!("postgres://bot:{PASSWORD}@{address}/points")).await;
    assert!(told.contains("cannot be reached"), "{told}");
}

/// A server that lets everybody in, says that it is of an old version and agrees to everything.
async fn an_old_server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut ready = b"R\0\0\0\x08\0\0\0\0".to_vec();
            ready.extend(b"S\0\0\0\x1aserver_version\x009.6.24\0");
            let idle = b"Z\0\0\0\x05I";
            ready.extend(idle);
            let mut heard = [0; 4_096];
            let mut answer = ready;
            while let Ok(1..) = socket.read(&mut heard).await {
                if socket.write_all(&answer).await.is_err() {
                    break;
                }
                answer = b"C\0\0\0\x08SET\0".to_vec();
                answer.extend(idle);
            }
        }
    });
    port
}

#[tokio::test]
async fn a_server_that_is_too_old_is_refused() {
    let port = an_old_server().await;
    let told = told(&format!(
        "postgres://bot@127.0.0.1:{port}/points?sslmode=disable"
    ))
    .await;
    assert!(told.contains("needs 13 or newer"), "{told}");
}

//! A real PostgreSQL for tests: the one `DATABASE_URL` names, or one of our own from the machine's
//! `initdb`, once for each test program.
//!
//! Without either a test is skipped with a word on standard error, and fails where
//! `GUILDPOINTS_TEST_ALL=1` is set. A server of our own lives in a temporary folder behind a socket
//! and a port of this machine; a shell watches our end of a pipe and takes both away when we are
//! gone, however that came about. `DATABASE_URL` should name a scratch database: each test makes a
//! schema of its own in it.

// Every test program that takes this module in uses another part of it.
#![allow(dead_code)]

use std::io::BufRead;
use std::io::BufReader;
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::ChildStdin;
use std::process::ChildStdout;
use std::process::Command;
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use sqlx::AssertSqlSafe;
use sqlx::Connection;
use sqlx::PgConnection;

/// The role that owns the server of our own.
const OWNER: &str = "owner";

/// Whether the server waits for the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disk {
    /// It does, as in operation: for measuring.
    Waited,
    /// It does not: for everything else.
    Trusted,
}

/// A server of our own. It ends with the value, or with the process.
pub struct Server {
    folder: PathBuf,
    port: u16,
    orders: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
    _shell: Child,
}

impl Server {
    /// Starts one; `None` where the machine has no `initdb`.
    pub fn start(disk: Disk) -> Option<Self> {
        let programs = programs()?;
        // The port is free now; somebody may take it before the server does.
        (0..3).find_map(|_| Self::start_at(&programs, free_port(), disk))
    }

    fn start_at(programs: &Path, port: u16, disk: Disk) -> Option<Self> {
        let mut command = shell_as_somebody_else();
        command.arg(SCRIPT).arg("postgres");
        command.arg(programs).arg(port.to_string());
        command.arg(match disk {
            Disk::Waited => "-c synchronous_commit=on",
            Disk::Trusted => "-c fsync=off -c full_page_writes=off -c autovacuum_naptime=5",
        });
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut shell = command.spawn().expect("there is a shell");
        let orders = shell.stdin.take().expect("it is piped");
        let mut words = BufReader::new(shell.stdout.take().expect("it is piped"));
        let mut folder = String::new();
        words.read_line(&mut folder).expect("the shell answers");
        if folder.is_empty() {
            // It has said why on standard error.
            let _ = shell.wait();
            return None;
        }
        Some(Self {
            folder: PathBuf::from(folder.trim_end()),
            port,
            orders: Mutex::new((orders, words)),
            _shell: shell,
        })
    }

    /// Stops the server at once; connections break.
    pub fn stop(&self) {
        self.order("stop");
    }

    /// Starts it again on the same data.
    pub fn go_on(&self) {
        self.order("start");
    }

    /// Makes a server that was stopped one that only follows another; there is none to follow.
    pub fn becomes_a_standby(&self) {
        self.order("standby");
    }

    fn order(&self, word: &str) {
        let mut orders = self.orders.lock().expect("nobody panics with it");
        writeln!(orders.0, "{word}").expect("the shell listens");
        let mut done = String::new();
        orders.1.read_line(&mut done).expect("the shell answers");
        assert_eq!(done.trim_end(), word, "the server did not {word}");
    }

    /// Where it keeps its socket, its log and, for `localhost`, who signed its certificate
    /// (`authority.crt`).
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its first database, over the socket.
    pub fn url(&self) -> String {
        format!(
            "postgres://{OWNER}@localhost:{}/postgres?host={}",
            self.port,
            self.folder.display()
        )
    }

    /// The same over TCP, as `role`: a name, or name and password.
    pub fn tcp_url(&self, role: &str) -> String {
        format!("postgres://{role}@127.0.0.1:{}/postgres", self.port)
    }
}

/// The server all tests of this program share, where there is one.
pub fn shared() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER.get_or_init(|| Server::start(Disk::Trusted)).as_ref()
}

/// A server that a test may stop, or whose settings it may change; skipped where there is no `initdb`.
pub fn own_server() -> Option<Server> {
    let server = Server::start(Disk::Trusted);
    if server.is_none() {
        skipped("there is no `initdb` (Debian: postgresql)");
    }
    server
}

/// The address of an empty schema that no other test uses; `None` after saying that the test is
/// skipped.
pub async fn schema() -> Option<String> {
    let base = match std::env::var("DATABASE_URL") {
        Ok(url) if url.starts_with("postgres") => url,
        _ => match shared() {
            Some(server) => server.url(),
            None => {
                skipped("there is neither `DATABASE_URL` nor `initdb` (Debian: postgresql)");
                return None;
            }
        },
    };
    Some(schema_in(&base).await)
}

/// An empty schema in the database of that address.
pub async fn schema_in(base: &str) -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let name = format!(
        "test_{}_{}",
        std::process::id(),
        NUMBER.fetch_add(1, Ordering::Relaxed)
    );
    execute(
        base,
        &format!("drop schema if exists {name} cascade; create schema {name}"),
    )
    .await;
    let sign = if base.contains('?') { '&' } else { '?' };
    format!("{base}{sign}options=-c%20search_path%3D{name}")
}

/// Carries out an operator's SQL.
pub async fn execute(url: &str, statements: &str) {
    let mut connection = PgConnection::connect(url).await.expect("it can be reached");
    let done = sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).execute(&mut connection);
    done.await.expect("the statements can be carried out");
    connection.close().await.expect("it can be closed");
}

/// Carries out one statement of an operator's; answers how many rows it met.
pub async fn change(url: &str, statement: &str) -> u64 {
    let mut connection = PgConnection::connect(url).await.expect("it can be reached");
    let done = sqlx::query(AssertSqlSafe(statement.to_owned())).execute(&mut connection);
    let met = done.await.expect("it can be carried out").rows_affected();
    connection.close().await.expect("it can be closed");
    met
}

/// One number an operator asks for.
pub async fn number(url: &str, question: &str) -> i64 {
    let mut connection = PgConnection::connect(url).await.expect("it can be reached");
    let asked = sqlx::query_scalar(AssertSqlSafe(question.to_owned()));
    let number = asked.fetch_one(&mut connection).await;
    connection.close().await.expect("it can be closed");
    number.expect("the question has an answer")
}

/// Says that a test is not run, or fails it where all have to be.
pub fn skipped(why: &str) {
    assert!(
        std::env::var("GUILDPOINTS_TEST_ALL").as_deref() != Ok("1"),
        "a test on PostgreSQL cannot run: {why}"
    );
    // The writer of the test harness would keep it to itself.
    let _ = writeln!(
        std::io::stderr(),
        "SKIPPED a test on PostgreSQL: {why}; GUILDPOINTS_TEST_ALL=1 makes this a failure"
    );
}

/// What the script below calls; links to some of them may stand alone on the path.
const NEEDED: [&str; 3] = ["initdb", "postgres", "pg_isready"];

/// The folder of `initdb`.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    // Debian keeps each version apart.
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter();
    let versions = versions.flatten().flatten();
    let mut versions: Vec<_> = versions.map(|version| version.path().join("bin")).collect();
    versions.sort();
    folders.extend(versions.into_iter().rev());
    // A link in the path leads to the folder that has the rest as well.
    folders.into_iter().find_map(|folder| {
        let real = folder.join("initdb").canonicalize().ok()?;
        let folder = real.parent()?.to_owned();
        let has_all = NEEDED.iter().all(|name| folder.join(name).is_file());
        has_all.then_some(folder)
    })
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    listener.local_addr().expect("it has an address").port()
}

/// A shell; the server refuses to run as root, so root hands it to somebody else.
fn shell_as_somebody_else() -> Command {
    let me = Command::new("id").arg("-u").output();
    let is_root = me.is_ok_and(|me| me.stdout.trim_ascii() == b"0");
    if !is_root {
        let mut command = Command::new("sh");
        command.arg("-c");
        return command;
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let user = match users.lines().any(|line| line.starts_with("postgres:")) {
        true => "postgres",
        false => "nobody",
    };
    let mut command = Command::new("runuser");
    command.args(["-u", user, "--", "sh", "-c"]);
    command
}

/// Arguments: the folder of the programs, a port, further settings. First line out: the folder.
/// Lines in: `stop`, `start`; their end is ours.
const SCRIPT: &str = r#"
programs=$1 port=$2 settings=$3
cd /tmp || exit 1
umask 077
folder=$(mktemp -d -t guildpoints-pg.XXXXXX) || exit 1
chmod 755 "$folder"
server=
end() {
    [ -z "$server" ] || kill -INT "$server" 2>/dev/null
    wait
    rm -rf "$folder"
}
trap end EXIT
trap 'exit 1' INT TERM HUP
"$programs/initdb" -D "$folder/data" -U owner -A trust --no-sync -E UTF8 --locale=C.UTF-8 \
    >"$folder/initdb.log" 2>&1 || { cat "$folder/initdb.log" >&2; exit 1; }
cat >"$folder/data/pg_hba.conf" <<END
local all all trust
host all locked 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 trust
END
ssl=off
if command -v openssl >/dev/null; then
    printf 'basicConstraints=CA:FALSE\nsubjectAltName=DNS:localhost\n' >"$folder/names"
    {
        openssl req -new -x509 -days 30 -nodes -newkey rsa:2048 -subj /CN=authority \
            -keyout "$folder/authority.key" -out "$folder/authority.crt" &&
        openssl req -new -nodes -newkey rsa:2048 -subj /CN=localhost \
            -keyout "$folder/server.key" -out "$folder/server.csr" &&
        openssl x509 -req -days 30 -in "$folder/server.csr" -CA "$folder/authority.crt" \
            -CAkey "$folder/authority.key" -CAcreateserial -extfile "$folder/names" \
            -out "$folder/server.crt"
    } >"$folder/openssl.log" 2>&1 && ssl=on
    chmod 644 "$folder"/*.crt
fi
start() {
    # shellcheck disable=SC2086 # settings are several words
    "$programs/postgres" -D "$folder/data" -k "$folder" -p "$port" \
        -c listen_addresses=127.0.0.1 -c max_connections=200 -c shared_buffers=32MB \
        -c unix_socket_permissions=0777 -c ssl=$ssl -c ssl_cert_file="$folder/server.crt" \
        -c ssl_key_file="$folder/server.key" $settings \
        >>"$folder/log" 2>&1 </dev/null &
    server=$!
    looks=0
    until "$programs/pg_isready" -q -h "$folder" -p "$port"; do
        looks=$((looks + 1))
        if [ $looks -gt 1200 ] || ! kill -0 "$server" 2>/dev/null; then
            tail -n 20 "$folder/log" >&2
            exit 1
        fi
        sleep 0.05
    done
}
start
echo "$folder"
while read -r word; do
    case $word in
    stop) kill -INT "$server"; wait "$server"; server= ;;
    start) start ;;
    standby) touch "$folder/data/standby.signal" ;;
    esac
    echo "$word"
done
"#;

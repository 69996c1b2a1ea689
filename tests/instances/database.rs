//! A PostgreSQL server of the test's own.

use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;

use sqlx::ConnectOptions;
use sqlx::Connection;
use sqlx::PgConnection;
use sqlx::postgres::PgConnectOptions;
use tempfile::TempDir;

/// Started with the first test that asks, ended with the last value.
pub struct Database {
    pub address: SocketAddr,
    programs: PathBuf,
    folder: TempDir,
}

/// Where Linux distributions and others put the server's programs, beside the path.
const USUAL: &str = "/usr/lib/postgresql";

impl Database {
    /// A fresh server; `None`, said aloud, where this machine has none.
    pub async fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            let said =
                "no PostgreSQL on this machine (`initdb`): several processes were NOT tested";
            assert!(std::env::var_os("GUILDPOINTS_TEST_ALL").is_none(), "{said}");
            eprintln!("SKIPPED: {said}");
            return None;
        };
        let folder = TempDir::with_prefix("guildpoints-postgres-").expect("a temporary folder");
        let port = {
            let probe = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
            probe.local_addr().expect("a bound port").port()
        };
        let database = Self {
            address: SocketAddr::from(([127, 0, 0, 1], port)),
            programs,
            folder,
        };
        database.bring_up(port);
        Some(database)
    }

    fn bring_up(&self, port: u16) {
        if is_root() {
            // The server refuses to run as root.
            run(Command::new("chown")
                .arg("postgres")
                .arg(self.folder.path()));
        }
        let data = self.data();
        run(self
            .program("initdb")
            .args(["--auth=trust", "--username=postgres", "--no-sync", "-D"])
            .arg(&data));
        // What a process was told is on disk has to be there after the process is killed, not after
        // the machine lost its power.
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
        );
        run(self
            .program("pg_ctl")
            .args(["start", "--wait", "--silent", "-D"])
            .arg(&data)
            .arg("-l")
            .arg(self.folder.path().join("server.log"))
            .args(["-o", &options]));
    }

    /// The address of the store as one sees it who comes in at `door`.
    pub fn url(&self, door: SocketAddr) -> String {
        format!("postgres://postgres@{door}/postgres?sslmode=disable")
    }

    /// A connection past every door.
    pub async fn connect(&self) -> PgConnection {
        let options: PgConnectOptions = self.url(self.address).parse().expect("an address");
        options.connect().await.expect("the server is there")
    }

    /// The rows of a statement that answers with one number each.
    pub async fn numbers(&self, statement: &'static str) -> Vec<i64> {
        let mut connection = self.connect().await;
        let rows = sqlx::query_scalar(statement)
            .fetch_all(&mut connection)
            .await;
        connection
            .close()
            .await
            .expect("a connection can be closed");
        rows.expect("the statement can be carried out")
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn program(&self, name: &str) -> Command {
        let program = self.programs.join(name);
        let mut command = match is_root() {
            true => {
                let mut command = Command::new("runuser");
                command.args(["-u", "postgres", "--"]).arg(program);
                command
            }
            false => Command::new(program),
        };
        // A folder its user may be in.
        command.current_dir("/");
        command
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let stopped = self
            .program("pg_ctl")
            .args(["stop", "--silent", "--mode=immediate", "-D"])
            .arg(self.data())
            .status();
        if !stopped.is_ok_and(|status| status.success()) {
            eprintln!(
                "the server in {} was not stopped",
                self.folder.path().display()
            );
        }
    }
}

fn programs() -> Option<PathBuf> {
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&on_path).collect();
    if let Ok(versions) = std::fs::read_dir(USUAL) {
        folders.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    let has = |folder: &PathBuf, name: &str| folder.join(name).is_file();
    // Links on the path may show one of the programs alone; they stand together behind it.
    let mut real = folders
        .iter()
        .filter(|folder| has(folder, "initdb"))
        .map(|folder| {
            let program = folder.join("initdb").canonicalize();
            let behind = program
                .ok()
                .and_then(|file| file.parent().map(Path::to_owned));
            behind.unwrap_or_else(|| folder.clone())
        });
    real.find(|folder| has(folder, "pg_ctl") && has(folder, "postgres"))
}

fn is_root() -> bool {
    let asked = Command::new("id").arg("-u").output();
    asked.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn run(command: &mut Command) {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
    let status = status.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(status.success(), "{command:?}: {status}");
}

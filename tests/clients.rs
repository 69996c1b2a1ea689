//! Clients of the platform that other people wrote, unmodified, against the sandbox as a program.
//!
//! Each client has a driver in tests/clients that starts from the line of JSON the sandbox prints,
//! prints a line a step and ends with 0 only if everything that came back was right. The clients
//! come from their registries (`.ci/clients`); where one is not installed its test says so and
//! passes, unless `GUILDPOINTS_TEST_ALL=1`.

use std::env;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncBufReadExt;
use tokio::io::AsyncRead;
use tokio::io::AsyncWriteExt;
use tokio::io::BufReader;
use tokio::process::Child;
use tokio::process::Command;
use tokio::time::timeout;

/// Longer than a driver takes on a busy machine; its own waits are far shorter.
const PATIENCE: Duration = Duration::from_secs(120);

/// What every driver must have found right.
const STEPS: [&str; 13] = [
    "getMe",
    "gateway",
    "push",
    "send",
    "edit",
    "history",
    "delete",
    "roles",
    "members",
    "search",
    "credits",
    "private chat",
    "button",
];

/// Variables that would lead a client away from this machine.
const PROXIES: [&str; 6] = [
    "http_proxy",
    "HTTP_PROXY",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
];

/// A client and how it is driven.
struct Client {
    /// The program that runs it.
    program: &'static str,
    /// The variable that tells the program where packages are.
    shelf_variable: &'static str,
    /// The folder of packages among the installed clients.
    shelf: &'static str,
    /// The client's own folder there.
    package: &'static str,
    /// The driver, from the root of the project.
    driver: &'static str,
}

const NODE: Client = Client {
    program: "node",
    shelf_variable: "NODE_PATH",
    shelf: "node_modules",
    package: "fanbook-api-node-sdk",
    driver: "tests/clients/node/drive.cjs",
};

const PYTHON: Client = Client {
    program: "python3",
    shelf_variable: "PYTHONPATH",
    shelf: "python",
    package: "fanbookbotapi",
    driver: "tests/clients/python/drive.py",
};

#[tokio::test]
async fn the_client_for_node_finds_everything_right() {
    drive(&NODE).await;
}

#[tokio::test]
async fn the_client_for_python_finds_everything_right() {
    drive(&PYTHON).await;
}

async fn drive(client: &Client) {
    let Some(shelf) = client.installed().await else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let (sandbox, facts) = sandbox(folder.path()).await;
    let mut command = Command::new(client.program);
    command
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(client.driver))
        .env(client.shelf_variable, shelf)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    for variable in PROXIES {
        command.env_remove(variable);
    }
    let mut driver = command.spawn().unwrap();
    let mut input = driver.stdin.take().unwrap();
    // A driver that did not wait for it says why in what is shown.
    drop(input.write_all(format!("{facts}\n").as_bytes()).await);
    let said = shown(driver.stdout.take().unwrap());
    let complained = shown(driver.stderr.take().unwrap());
    let ended = async { tokio::join!(said, complained, driver.wait()) };
    let (said, _, status) = timeout(PATIENCE, ended)
        .await
        .expect("the driver should have ended, its last step stands above");
    assert_eq!(status.unwrap().code(), Some(0));
    for step in STEPS {
        let right = format!("ok {step}: ");
        assert!(
            said.iter().any(|line| line.starts_with(&right)),
            "the driver left out `{step}`"
        );
    }
    drop(sandbox);
}

impl Client {
    /// Where the client and what it needs are; none, loudly, if it cannot be run here.
    async fn installed(&self) -> Option<PathBuf> {
        let clients = match env::var_os("GUILDPOINTS_TEST_CLIENTS") {
            Some(clients) => PathBuf::from(clients),
            None => Path::new(env!("CARGO_MANIFEST_DIR")).join("target/clients"),
        };
        let shelf = clients.join(self.shelf);
        let missing = if !shelf.join(self.package).is_dir() {
            format!("`{}` is not in {}", self.package, shelf.display())
        } else if !runs(self.program).await {
            format!("`{}` cannot be started", self.program)
        } else {
            return Some(shelf);
        };
        let sentence = format!(
            "{missing}; install it with `.ci/clients`, or name a folder of installed clients in \
             GUILDPOINTS_TEST_CLIENTS"
        );
        assert!(
            env::var_os("GUILDPOINTS_TEST_ALL").is_none_or(|all| all != "1"),
            "{sentence}"
        );
        // Not `eprintln!`, which a passing test keeps to itself.
        let line = format!("SKIPPED: {sentence}\n");
        std::io::stderr().write_all(line.as_bytes()).unwrap();
        None
    }
}

async fn runs(program: &str) -> bool {
    let mut command = Command::new(program);
    command
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().await.is_ok_and(|status| status.success())
}

/// The sandbox as a program of its own, and the line it prints.
async fn sandbox(folder: &Path) -> (Child, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guildpoints"));
    command
        .args(["sandbox", "--serve-only", "--json"])
        .args(["--listen", "127.0.0.1:0"])
        // It is not asked to end in order, so what it leaves behind goes with this folder.
        .envs(["TMPDIR", "TEMP", "TMP"].map(|variable| (variable, folder)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = timeout(PATIENCE, lines.next_line()).await;
    let facts = line.expect("the sandbox should have opened").unwrap();
    (child, facts.expect("the sandbox prints where it is"))
}

/// Shows each line as it comes, so that a test that fails tells how far it got.
async fn shown(output: impl AsyncRead + Unpin) -> Vec<String> {
    let mut lines = BufReader::new(output).lines();
    let mut said = Vec::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        println!("{line}");
        said.push(line);
    }
    said
}

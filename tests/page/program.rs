//! The real program, as one starts it to look at the sandbox.

use std::fs;
use std::fs::File;
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::AsyncBufReadExt;
use tokio::io::BufReader;
use tokio::process::Child;
use tokio::process::Command;

/// A sandbox with its bot, on a free port and in a folder of its own.
pub struct Program {
    facts: Value,
    child: Child,
    folder: TempDir,
}

impl Program {
    /// Starts it and waits until it says where it is, which is when its bot has connected.
    pub async fn start() -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let log = File::create(log_in(&folder)).expect("the log can be made");
        let mut child = Command::new(env!("CARGO_BIN_EXE_guildpoints"))
            .args(["sandbox", "--json", "--listen", "127.0.0.1:0", "--store"])
            .arg(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .expect("the program starts");
        let out = child.stdout.take().expect("its output is piped");
        let line = BufReader::new(out).lines().next_line().await;
        let Ok(Some(line)) = line else {
            panic!("nothing was printed\n{}", read(&folder));
        };
        let facts = serde_json::from_str(&line).expect("one line of JSON");
        Self {
            facts,
            child,
            folder,
        }
    }

    /// The address of a page.
    pub fn address(&self, path: &str) -> String {
        let page = self.facts["page"].as_str().expect("an address");
        format!("{}{path}", page.trim_end_matches('/'))
    }

    /// The seeded guild.
    pub fn guild(&self) -> &str {
        self.facts["guild_id"].as_str().expect("an id as text")
    }

    /// The id of a seeded person.
    pub fn person(&self, nickname: &str) -> &str {
        let members = self.facts["members"].as_array().expect("a list");
        let found = members.iter().find(|one| one["nickname"] == nickname);
        let found = found.unwrap_or_else(|| panic!("there is no {nickname}"));
        found["id"].as_str().expect("an id as text")
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        read(&self.folder)
    }

    /// Asks it to stop, as Ctrl-C does, and wants it to end in order.
    pub async fn stop(mut self) {
        let id = self.child.id().expect("it has not ended");
        let sent = Command::new("kill")
            .args(["-s", "INT", &id.to_string()])
            .status()
            .await;
        assert!(sent.expect("kill can be called").success());
        let ended = self.child.wait().await.expect("the program ends");
        assert!(ended.success(), "{ended}\n{}", self.log());
    }
}

fn log_in(folder: &TempDir) -> PathBuf {
    folder.path().join("log")
}

fn read(folder: &TempDir) -> String {
    fs::read_to_string(log_in(folder)).unwrap_or_default()
}

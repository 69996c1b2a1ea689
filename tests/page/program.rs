//! The real program, as one starts it to look at the sandbox.

use std::fs;
use std::fs::File;
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::Value;
use serde_json::json;
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

    /// The bot sends rich text or a card; answers what names it in an edit.
    pub async fn sends(&self, content: &str) -> Value {
        let body = json!({"chat_id": self.channel(), "text": content, "parse_mode": "Fanbook"});
        self.calls("sendMessage", body).await["message_id"].clone()
    }

    /// The bot edits what it has sent.
    pub async fn edits(&self, message: &Value, content: &str) {
        let body = json!({"chat_id": self.channel(), "message_id": message, "text": content, "parse_mode": "Fanbook"});
        self.calls("editMessageText", body).await;
    }

    /// The bot sends a picture that lies at an address, with its size in pixels.
    pub async fn photo(&self, url: &str, width: u32, height: u32) {
        let body = json!({"chat_id": self.channel(), "photo": {"Url": url}, "width": width, "height": height});
        self.calls("sendPhoto", body).await;
    }

    /// Somebody else gives an order over a control path.
    pub async fn orders(&self, path: &str, body: Value) {
        let answer = self.posts(self.address(path), body).await;
        assert_eq!(answer["error"], Value::Null, "{path}");
    }

    fn channel(&self) -> u64 {
        let text = self.facts["channel_id"].as_str().expect("an id as text");
        text.parse().expect("an id")
    }

    async fn calls(&self, method: &str, body: Value) -> Value {
        let token = self.facts["bot_token"].as_str().expect("a token");
        let path = self.address(&format!("/api/bot/{token}/{method}"));
        let answer = self.posts(path, body).await;
        assert_eq!(answer["ok"], true, "{method}: {answer}");
        answer["result"].clone()
    }

    async fn posts(&self, path: String, body: Value) -> Value {
        let client = reqwest::Client::builder().no_proxy().build();
        let client = client.expect("a client can be built");
        let answer = client.post(path).json(&body).send().await;
        let text = answer.expect("it answers").text().await;
        serde_json::from_str(&text.expect("it ends")).expect("JSON")
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

//! One process of the program, and what may befall it.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;

use regex::Regex;
use serde_json::Value;

use crate::cable::Cable;
use crate::cable::End;

pub struct Instance {
    pub name: &'static str,
    /// Its cable to the database.
    pub cable: End,
    folder: PathBuf,
    child: Option<Child>,
    /// Bytes of the log that earlier processes wrote.
    earlier: usize,
    is_stopped: bool,
    client: reqwest::Client,
}

impl Instance {
    pub fn new(name: &'static str, folder: &Path, cable: End, settings: &str) -> Self {
        let folder = folder.join(name);
        let words = folder.join("words");
        fs::create_dir_all(&words).expect("a folder can be made");
        fs::write(folder.join("bot.toml"), settings).expect("a file can be written");
        for command in ["points", "reward"] {
            fs::write(words.join(format!("{command}.toml")), "cooldown = \"0s\"\n")
                .expect("a file can be written");
        }
        Self {
            name,
            cable,
            folder,
            child: None,
            earlier: 0,
            is_stopped: false,
            client: reqwest::Client::builder()
                .no_proxy()
                .timeout(std::time::Duration::from_secs(2))
                .build()
                .expect("a client can be made"),
        }
    }

    pub fn is_running(&self) -> bool {
        self.child.is_some() && !self.is_stopped
    }

    pub fn start(&mut self) {
        assert!(self.child.is_none(), "{} runs already", self.name);
        self.earlier = self.whole_log().len();
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.join("bot.log"))
            .expect("the log can be opened");
        let child = Command::new(env!("CARGO_BIN_EXE_guildpoints"))
            .args(["run", "--config", "bot.toml"])
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a file handle can be copied"))
            .stderr(log)
            .spawn();
        self.child = Some(child.expect("the program starts"));
    }

    /// As a power cut: nothing of it runs on.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("it runs");
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
        self.is_stopped = false;
    }

    pub fn stop(&mut self) {
        self.signal("STOP");
        self.is_stopped = true;
    }

    pub fn go_on(&mut self) {
        self.signal("CONT");
        self.is_stopped = false;
    }

    /// As an operator ends it. One that had not come as far as serving may end as it likes: it had begun
    /// nothing, and perhaps did not yet listen to signals.
    pub async fn end(&mut self) {
        self.signal("TERM");
        let mut child = self.child.take().expect("it runs");
        let waited = tokio::task::spawn_blocking(move || child.wait().expect("it ends"));
        let status = waited.await.expect("waiting does not panic");
        assert!(
            status.success() || self.address().is_none(),
            "{} ended with {status}\n{}",
            self.name,
            self.log()
        );
    }

    /// As a supervisor starts a program again that ended because it could not open its store; no
    /// other end is forgiven. Answers whether it did.
    pub fn is_started_again(&mut self) -> bool {
        let Some(child) = &mut self.child else {
            return false;
        };
        let Some(status) = child.try_wait().expect("it can be asked after") else {
            return false;
        };
        assert!(
            self.address().is_none() && self.log().contains("the store cannot be reached"),
            "{} ended with {status}\n{}",
            self.name,
            self.log()
        );
        self.child = None;
        self.is_stopped = false;
        self.start();
        true
    }

    pub fn cut(&self, cable: Cable) {
        self.cable.becomes(cable);
    }

    pub fn mend(&self) {
        self.cable.becomes(Cable::Whole);
    }

    /// What `/ready` says, with its HTTP status; `None` while nobody answers.
    pub async fn ready(&self) -> Option<(u16, Value)> {
        let text = self.page("ready").await?;
        Some((text.0, serde_json::from_str(&text.1).ok()?))
    }

    /// What `/health` says.
    pub async fn health(&self) -> Option<Value> {
        serde_json::from_str(&self.page("health").await?.1).ok()
    }

    /// Whether it owns the bot and hears the chat.
    pub async fn serves(&self) -> bool {
        matches!(self.ready().await, Some((200, body)) if body["role"] == "owner")
    }

    /// Requests it has begun, by what `/metrics` counts; those it gave up unsent are none.
    pub async fn requests(&self) -> u64 {
        let (_, text) = self.page("metrics").await.expect("it answers");
        let counted = text.lines().filter(|line| {
            (line.starts_with("guildpoints_api_calls_total{") && !line.contains("not_owner"))
                || line.starts_with("guildpoints_mall_requests_total{")
        });
        let counts = counted.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok());
        counts.sum()
    }

    async fn page(&self, name: &str) -> Option<(u16, String)> {
        if !self.is_running() {
            return None;
        }
        let address = self.address()?;
        let asked = self.client.get(format!("http://{address}/{name}"));
        let answer = asked.send().await.ok()?;
        Some((answer.status().as_u16(), answer.text().await.ok()?))
    }

    /// Where it serves the operator's pages, once it does.
    fn address(&self) -> Option<String> {
        let served = Regex::new(r"serving /health.*address=(\S+)").expect("a pattern");
        Some(served.captures(&self.log())?[1].to_owned())
    }

    fn signal(&self, name: &str) {
        let child = self.child.as_ref().expect("it runs");
        let sent = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(child.id().to_string())
            .status();
        assert!(sent.expect("kill can be called").success());
    }

    /// What the present process wrote.
    pub fn log(&self) -> String {
        self.whole_log().split_off(self.earlier)
    }

    pub fn whole_log(&self) -> String {
        fs::read_to_string(self.folder.join("bot.log")).unwrap_or_default()
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // A failed test must not leave the program behind; it may have ended already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

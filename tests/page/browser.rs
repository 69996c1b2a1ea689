//! Chromium without a window, driven by the chromedriver that belongs to it.

use std::env;
use std::io;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use thirtyfour::ChromiumCapabilities;
use thirtyfour::ChromiumLikeCapabilities;
use thirtyfour::LoggingPrefsLogLevel;
use thirtyfour::WebDriver;
use thirtyfour::error::WebDriverResult;
use thirtyfour::extensions::query::ElementPollerWithTimeout;
use tokio::io::AsyncBufReadExt;
use tokio::io::BufReader;
use tokio::process::Child;
use tokio::process::Command;

/// How long a story waits for something to be seen.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// How often it looks.
pub const BEAT: Duration = Duration::from_millis(40);

/// How often chromedriver is started at most.
const STARTS: u32 = 8;

const CHROMIUM: &[&str] = &["chromium", "chromium-browser", "google-chrome"];
const CHROMEDRIVER: &[&str] = &["chromedriver"];

/// What Chromium is told: no window, nothing fetched by itself, no proxy for a page of this machine.
/// A container's root has no user namespaces and little shared memory.
const FLAGS: &[&str] = &[
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,900",
];

/// A running browser.
pub struct Browser {
    pub driver: WebDriver,
    chromedriver: Child,
}

impl Browser {
    /// Opens one. Where there is none the story is skipped, and said to be.
    pub async fn open() -> Option<Self> {
        let (Some(chromium), Some(chromedriver)) = (found(CHROMIUM), found(CHROMEDRIVER)) else {
            skip();
            return None;
        };
        // In place already where another story of this process came first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (chromedriver, port) = listening(&chromedriver).await;
        let mut wishes = ChromiumCapabilities::new();
        let driver = async {
            // chromedriver knows its browser by the name of the brand, whatever the file is called.
            wishes.as_mut().set("browserName", "chrome")?;
            wishes.set_binary(&chromium.display().to_string())?;
            for flag in FLAGS {
                wishes.add_arg(flag)?;
            }
            wishes.set_browser_log_level(LoggingPrefsLogLevel::All)?;
            WebDriver::builder(format!("http://127.0.0.1:{port}"), wishes)
                .poller(Arc::new(ElementPollerWithTimeout::new(PATIENCE, BEAT)))
                .await
        };
        let driver = driver.await.expect("Chromium starts");
        Some(Self {
            driver,
            chromedriver,
        })
    }

    /// What the console holds since it was last asked: level and message.
    pub async fn console(&self) -> WebDriverResult<Vec<(String, String)>> {
        let entries = self.driver.browser_log().await?;
        Ok(entries
            .into_iter()
            .map(|entry| (entry.level, entry.message))
            .collect())
    }

    /// Closes the browser; chromedriver alone would leave it running.
    pub async fn close(mut self) {
        let closed = self.driver.quit().await;
        self.chromedriver
            .kill()
            .await
            .expect("chromedriver can be ended");
        closed.expect("Chromium closes");
    }
}

/// A chromedriver and the port it listens on. It looks for one that is free for IPv6 and gives up where
/// somebody has it for IPv4, so several may have to be started.
async fn listening(program: &Path) -> (Child, u16) {
    let mut printed = String::new();
    for _ in 0..STARTS {
        let mut chromedriver = Command::new(program)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("chromedriver starts");
        match port(&mut chromedriver).await {
            Ok(port) => return (chromedriver, port),
            Err(said) => printed = said,
        }
    }
    panic!("chromedriver did not say where it listens: {printed}");
}

/// The port chromedriver has chosen, which it prints; else all it has printed before it ended.
async fn port(chromedriver: &mut Child) -> Result<u16, String> {
    let out = chromedriver.stdout.take().expect("its output is piped");
    let mut lines = BufReader::new(out).lines();
    let mut printed = String::new();
    while let Ok(Some(line)) = lines.next_line().await {
        let last = line.trim_end_matches('.').rsplit(' ').next();
        if line.contains("started successfully")
            && let Some(port) = last.and_then(|word| word.parse().ok())
        {
            return Ok(port);
        }
        printed.push_str(&line);
    }
    Err(printed)
}

fn found(names: &[&str]) -> Option<PathBuf> {
    let folders: Vec<PathBuf> = env::split_paths(&env::var_os("PATH")?).collect();
    let mut paths = names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    paths.find(|path| path.is_file())
}

fn skip() {
    const HOW: &str = "the pages are tested in Chromium: install `chromium` and `chromedriver` \
                       (Debian: apt-get install chromium chromium-driver)";
    let all = env::var_os("GUILDPOINTS_TEST_ALL").is_some_and(|value| value == "1");
    assert!(!all, "{HOW}");
    // Not `eprintln!`: what a test that passes prints in that way is held back.
    let line = format!("\nSKIPPED a page test: {HOW}\n");
    let _ = io::stderr().write_all(line.as_bytes());
}

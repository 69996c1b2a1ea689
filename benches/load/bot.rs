//! The bot under test: the real program in a process of its own, and what the kernel says of it.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::process::Child;
use tokio::process::Command;

use crate::frames::GUILD;
use crate::gateway::Gateway;
use crate::http::Server;
use crate::world::MODERATOR;
use crate::world::World;

/// The kernel counts processor time in hundredths of a second on every Linux.
const TICK: Duration = Duration::from_millis(10);

/// A running bot, its gateway and the rest of its world.
pub struct Bot {
    /// The connection it holds.
    pub gateway: Gateway,
    /// From starting the process to the greeting.
    pub start: Duration,
    listener: TcpListener,
    child: Child,
    folder: TempDir,
    _server: Server,
}

impl Bot {
    /// Starts the program in `world` and waits until it is connected.
    pub async fn start(world: Arc<World>) -> io::Result<Self> {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        Self::start_in(folder, world, "", "").await
    }

    /// The same in a folder that may hold a store, with further sections of the settings and further
    /// lines of the guild's.
    pub async fn start_in(
        folder: TempDir,
        world: Arc<World>,
        sections: &str,
        guild: &str,
    ) -> io::Result<Self> {
        let server = Server::start(world).await?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let gateway = listener.local_addr()?.to_string();
        let settings = settings(&server.address, &gateway, "sqlite://guildpoints.db");
        // The guild's section is the last of them.
        let settings = format!("{settings}{guild}{sections}");
        fs::write(folder.path().join("bot.toml"), settings)?;
        let log = fs::File::create(folder.path().join("bot.log"))?;
        let began = Instant::now();
        let child = Command::new(env!("CARGO_BIN_EXE_guildpoints"))
            .args(["run", "--config", "bot.toml"])
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()?;
        let gateway = Gateway::accept(&listener).await?;
        Ok(Self {
            gateway,
            start: began.elapsed(),
            listener,
            child,
            folder,
            _server: server,
        })
    }

    /// Hangs up and waits until the bot is back and greeted.
    pub async fn lets_in_again(&mut self) -> io::Result<()> {
        self.gateway.hang_up().await?;
        self.gateway = Gateway::accept(&self.listener).await?;
        Ok(())
    }

    /// The process.
    pub fn id(&self) -> io::Result<u32> {
        self.child
            .id()
            .ok_or_else(|| io::Error::other("the bot has ended"))
    }

    /// Asks it to stop, waits, and counts the warnings and errors it logged.
    pub async fn stop(mut self) -> io::Result<usize> {
        let id = self.id()?.to_string();
        Command::new("kill").args(["-TERM", &id]).status().await?;
        let status = self.child.wait().await?;
        let log = fs::read_to_string(self.folder.path().join("bot.log"))?;
        if !status.success() {
            return Err(io::Error::other(format!(
                "the bot ended with {status}:\n{log}"
            )));
        }
        let complaints = log
            .lines()
            .filter(|line| line.contains(" WARN ") || line.contains("ERROR "));
        let complaints: Vec<&str> = complaints.collect();
        if let Some(first) = complaints.first() {
            println!(
                "the bot logged {} complaints, first: {first}",
                complaints.len()
            );
        }
        Ok(complaints.len())
    }
}

/// The processor time a process has used, of all its threads.
pub fn processor_time(process: u32) -> io::Result<Duration> {
    let stat = fs::read_to_string(proc_file(process, "stat"))?;
    // The name in brackets may hold blanks; behind it user and system time are the 12th and 13th.
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
    let ticks = fields.split(' ').skip(11).take(2);
    let ticks: u32 = ticks.filter_map(|ticks| ticks.parse::<u32>().ok()).sum();
    Ok(TICK * ticks)
}

/// `VmRSS` or `VmHWM` of a process, in MB of 10^6 bytes.
pub fn memory(process: u32, name: &str) -> io::Result<f64> {
    let status = fs::read_to_string(proc_file(process, "status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kibibytes = line.and_then(|line| line.split_whitespace().next());
    let kibibytes: Option<f64> = kibibytes.and_then(|number| number.parse().ok());
    let kibibytes = kibibytes.ok_or_else(|| io::Error::other("no such line in status"))?;
    Ok(kibibytes * 1_024.0 / 1e6)
}

fn proc_file(process: u32, name: &str) -> PathBuf {
    PathBuf::from(format!("/proc/{process}/{name}"))
}

/// Every limit is out of the way. Source: performance, budgets.
pub fn settings(http: &str, gateway: &str, store: &str) -> String {
    format!(
        "[bot]\ntoken = \"token\"\napi_url = \"http://{http}\"\n\
         gateway_url = \"ws://{gateway}/websocket\"\n\
         [http]\nlisten = \"127.0.0.1:0\"\n\
         [store]\nurl = \"{store}\"\n\
         [limits]\nsend_per_channel_per_second = 1000000\napi_per_second = 1000000\n\
         mall_in_flight = 64\n\
         [mall]\nbase_url = \"http://{http}/mall\"\napp_key = \"key\"\napp_secret = \"secret\"\n\
         [[guild]]\nid = {GUILD}\npoints = \"mall\"\nmoderator_roles = [{MODERATOR}]\n"
    )
}

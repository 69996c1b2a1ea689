//! Fail-over: two processes on one PostgreSQL, the owner is killed, and a command is typed at that
//! moment. Measured until the standby has answered it; the promise is 10 s, however the death falls
//! into the owner's term.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use guildpoints::model::ids::SNOWFLAKE_EPOCH_MS;
use guildpoints::support::clock::Clock;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::process::Child;
use tokio::process::Command;

use crate::bot::settings;
use crate::gateway::Gateway;
use crate::http::Server;
use crate::missed::History;
use crate::postgres;
use crate::runs::Scale;
use crate::runs::faults;
use crate::table::Line;
use crate::table::Target;
use crate::table::median;
use crate::world;
use crate::world::Mix;
use crate::world::World;

/// The promise, in seconds.
const PROMISED: f64 = 10.0;
/// Nothing tells when a process stands by, or when a row is there.
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);
/// So long one of those may take before the run counts as failed.
const PATIENCE: Duration = Duration::from_secs(60);
/// The owner has done that before the second process starts; the second is typed as it dies.
const COMMANDS: usize = 2;

/// One of the two.
struct Instance {
    child: Child,
    log: PathBuf,
    _folder: TempDir,
}

impl Instance {
    fn start(settings: &str) -> io::Result<Self> {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        fs::write(folder.path().join("bot.toml"), settings)?;
        let log = folder.path().join("bot.log");
        let file = fs::File::create(&log)?;
        let child = Command::new(env!("CARGO_BIN_EXE_guildpoints"))
            .args(["run", "--config", "bot.toml"])
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .kill_on_drop(true)
            .spawn()?;
        Ok(Self {
            child,
            log,
            _folder: folder,
        })
    }

    async fn stands_by(&self) -> io::Result<()> {
        let began = Instant::now();
        while !fs::read_to_string(&self.log)?.contains("standing by") {
            pause(began, "a second process standing by").await?;
        }
        Ok(())
    }
}

/// The budget line "fail-over". What counts is the slowest round.
pub async fn owner_killed(scale: &Scale, lines: &mut Vec<Line>) -> io::Result<usize> {
    let Some(database) = postgres::Server::start(postgres::Disk::Waited) else {
        postgres::skipped("there is no `initdb` (Debian: postgresql)");
        return Ok(0);
    };
    let mut took = Vec::new();
    let mut wrong = 0;
    for _ in 0..scale.rounds {
        let store = postgres::schema_in(&database.url()).await;
        let began_ms = Clock::system().now_ms() - SNOWFLAKE_EPOCH_MS;
        let (mut world, mut answers) = World::new(Mix::Balances, COMMANDS);
        world.begin_at(u64::try_from(began_ms).unwrap_or(0) << 22);
        world.history = History::of_commands(&world, COMMANDS);
        let world = Arc::new(world);
        let server = Server::start(Arc::clone(&world)).await?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let gateway = listener.local_addr()?.to_string();
        let settings = settings(&server.address, &gateway, &store);

        let mut owner = Instance::start(&settings)?;
        let mut connection = Gateway::accept(&listener).await?;
        let mut wire = Vec::new();
        world.push(&mut wire, 0);
        connection.send(&wire).await?;
        world::answered(&mut answers, 1).await;
        let noted = Instant::now();
        while postgres::number(&store, "select count(*) from handled").await == 0 {
            pause(noted, "the first command noted as handled").await?;
        }
        let standby = Instance::start(&settings)?;
        standby.stands_by().await?;

        let began = Instant::now();
        owner.child.kill().await?;
        let _connection = Gateway::accept(&listener).await?;
        world::answered(&mut answers, 1).await;
        took.push(began.elapsed().as_secs_f64());
        wrong += faults(&world, COMMANDS, "fail-over");
    }
    let slowest = took.iter().copied().fold(0.0, f64::max);
    lines.push(Line {
        budget: "fail-over, owner killed, to the answer".to_owned(),
        bound: format!("{PROMISED:.0} s promised"),
        measured: format!(
            "{slowest:.1} s at most, {:.1} s in the middle",
            median(&took)
        ),
        ratio: slowest / PROMISED,
        target: Target::AtMost(1.0),
    });
    Ok(wrong)
}

async fn pause(began: Instant, what: &str) -> io::Result<()> {
    if began.elapsed() > PATIENCE {
        return Err(io::Error::other(format!("never seen: {what}")));
    }
    tokio::time::sleep(BETWEEN_LOOKS).await;
    Ok(())
}

//! `guildpoints sandbox`: the bot against an imitation of the platform and the points systems,
//! all on this machine; with `--serve-only` the imitation alone.
//!
//! The bot gets its settings the way everybody does: as a text that is read and judged.

mod bot;

use std::fs::File;
use std::fs::TryLockError;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use serde_json::Value;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::UNUSABLE;
use super::logging;
use super::run;
use super::stop;
use crate::app;
use crate::commands::Registry;
use crate::config::Config;
use crate::config::Environment;
use crate::model::Language;
use crate::sandbox::CommandHint;
use crate::sandbox::Running;
use crate::sandbox::Sandbox;
use crate::sandbox::SandboxOptions;
use crate::sandbox::World;
use crate::support::clock::Clock;

/// What `sandbox` takes.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Serve the imitation only; start a bot of your own against it
    #[arg(long)]
    serve_only: bool,
    /// Where the pages and the imitated services are; an address of this machine only
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8481")]
    listen: SocketAddr,
    /// The points system that rewards go to; /points shows the others as well
    #[arg(long, value_name = "SYSTEM", default_value = "mall")]
    points: bot::Rewards,
    /// Print addresses, keys and members as one line of JSON
    #[arg(long)]
    json: bool,
    /// A folder that keeps the world and the journal across restarts; without it both are forgotten
    #[arg(long, value_name = "FOLDER")]
    store: Option<PathBuf>,
    #[command(flatten)]
    log: logging::Arguments,
}

/// How long the bot may take to connect before the addresses are printed all the same.
const CONNECTING: Duration = Duration::from_secs(20);

/// Runs the sandbox until a signal.
pub(super) async fn sandbox(arguments: Arguments) -> ExitCode {
    if !arguments.listen.ip().is_loopback() {
        eprintln!(
            "error: the sandbox listens on this machine only, not on {}; use for example --listen 127.0.0.1:8481",
            arguments.listen
        );
        return ExitCode::from(UNUSABLE);
    }
    logging::start(&arguments.log);
    run::end(play(&arguments).await)
}

async fn play(arguments: &Arguments) -> anyhow::Result<()> {
    let stop = stop::on_signals().context("signals cannot be listened to")?;
    let listener = TcpListener::bind(arguments.listen).await.with_context(|| {
        format!(
            "cannot listen on {}, perhaps another sandbox runs there; name another with --listen",
            arguments.listen
        )
    })?;
    let folder = Folder::open(arguments)?;
    let options = SandboxOptions {
        world: World::seeded(),
        file: arguments
            .store
            .as_ref()
            .map(|store| store.join("sandbox.json")),
        commands: hints()?,
    };
    let running = Sandbox::start(options, listener)
        .await
        .context("the sandbox cannot be started")?;
    let door = bot::door(arguments.listen).await?;
    let settings = bot::settings(&running, arguments.points, &folder.path, &door)?;
    let ended = match arguments.serve_only {
        true => {
            // The bot of one's own takes it.
            drop(door);
            present(arguments, &running, &settings, &folder)?;
            stop.cancelled().await;
            Ok(())
        }
        false => with_bot(arguments, &running, &settings, door, &folder, stop).await,
    };
    running.stop().await;
    ended
}

async fn with_bot(
    arguments: &Arguments,
    running: &Running,
    settings: &str,
    door: TcpListener,
    folder: &Folder,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let config = Config::parse(
        settings,
        "the sandbox's settings",
        Path::new(""),
        &Environment::default(),
    )?;
    // One shift for both, so that no request is signed on one side of a leap and judged on the other.
    let clock = Clock::shifted_by(running.clock_shift());
    let surroundings = run::Surroundings {
        clock: clock.clone(),
        listener: Some(door),
    };
    let bot = async {
        let ended = run::drive(config, surroundings, stop.clone()).await;
        stop.cancel();
        ended
    };
    let shown = async {
        let connected = running.until(CONNECTING, |running| {
            (running.bots_connected() > 0).then_some(())
        });
        match stop.run_until_cancelled(connected).await {
            Some(connected) => {
                if connected.is_err() {
                    tracing::warn!("the bot has not connected yet");
                }
                bot::link(running, &folder.path, clock).await?;
                present(arguments, running, settings, folder)
            }
            None => Ok(()),
        }
    };
    let (ended, shown) = tokio::join!(bot, shown);
    ended.and(shown)
}

/// Prints where everything is.
fn present(
    arguments: &Arguments,
    running: &Running,
    settings: &str,
    folder: &Folder,
) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let addresses = running.addresses();
    if arguments.json {
        writeln!(out, "{}", facts(running))?;
    } else {
        let page = &addresses.page;
        writeln!(
            out,
            "The sandbox is open: a guild, its members and three points systems, all of it on this machine.\n\n  \
             chat   {page}\n  mall   {page}mall\n  swan   {page}swan\n  manta  {page}manta\n"
        )?;
        if arguments.serve_only {
            writeln!(
                out,
                "No bot runs in it. Save these settings as bot.toml and start one: guildpoints run --config bot.toml\n\n{settings}"
            )?;
        } else {
            writeln!(out, "{}", steps(running))?;
        }
        writeln!(out, "{} Ctrl-C ends it.", keeping(arguments, folder))?;
    }
    out.flush()?;
    Ok(())
}

/// What to try first, with people of this world.
fn steps(running: &Running) -> String {
    let members = running.members(running.guild_id());
    let called = |note: &str| {
        let found = members.iter().find(|member| member.note_en == note);
        found.map_or("somebody", |member| &member.nickname)
    };
    let (member, moderator) = (called("member"), called("moderator"));
    format!(
        "Open the chat and try, each line as the person named:\n\n  \
         {member}  /积分                           how many points do I have?\n  \
         {moderator}  /奖励 @{member} 666 天梯第一名      a moderator gives points\n  \
         {moderator}  /帮助                           everything there is\n\n\
         English works too: /points, /reward, /help. Then press \"mall applies, then hangs up\"\n\
         (商城入账后断线) above the chat and reward again: it is paid once, and the bot says so as soon\n\
         as it is certain. The board of the week comes into #排行榜 on Monday at 9:00: reward two members,\n\
         then set the clock at the top to next Monday (下周一 08:59) and wait a minute.\n"
    )
}

/// What becomes of this world afterwards.
fn keeping(arguments: &Arguments, folder: &Folder) -> String {
    let path = folder.path.display();
    match &arguments.store {
        Some(_) => format!("It is kept in `{path}`."),
        None if arguments.serve_only => {
            "It is forgotten at the end; --store FOLDER keeps one.".to_owned()
        }
        None => {
            format!("It stands in `{path}` and is forgotten at the end; --store FOLDER keeps one.")
        }
    }
}

/// Everything a test in another language needs; ids are strings.
fn facts(running: &Running) -> Value {
    let guild = running.guild_id();
    let texts = |ids: Vec<String>| Value::from(ids);
    let channels: Vec<Value> = running
        .channels(guild)
        .into_iter()
        .map(|(id, name)| json!({"id": id.to_string(), "name": name}))
        .collect();
    let addresses = running.addresses();
    let (swan, manta) = (running.swan(), running.manta());
    json!({
        "page": addresses.page,
        "api_url": addresses.api_url,
        "gateway_url": addresses.gateway_url,
        "mall_url": addresses.mall_url,
        "swan_url": addresses.swan_url,
        "manta_url": addresses.manta_url,
        "bot_token": running.bot_token(),
        "app_key": running.app_key(),
        "app_secret": running.app_secret(),
        "bot_id": running.bot().to_string(),
        "guild_id": guild.to_string(),
        "channel_id": running.channel_id().to_string(),
        "owner_id": running.owner().to_string(),
        "admin_roles": texts(running.admin_roles().iter().map(ToString::to_string).collect()),
        "moderator_roles": texts(running.moderator_roles().iter().map(ToString::to_string).collect()),
        "channels": channels,
        "members": running.members(guild),
        "swan": {
            "gateway": swan.gateway().map(|(name, value)| json!({"header": name, "value": value})),
            "users": swan.users(),
        },
        "manta": {
            "bot_id": manta.bot_id(),
            "token": manta.token(),
            "secret": manta.secret(),
            "clients": manta.clients(),
        },
        "accounts": running.accounts(),
    })
}

/// The bot's commands, for completion on the pages.
fn hints() -> anyhow::Result<Vec<CommandHint>> {
    let words = app::texts(&Registry::new(), None)?;
    let hints = words.definitions().iter().map(|definition| {
        let name = definition.shown(Language::Chinese);
        let name = name.trim_start_matches('/').to_owned();
        let scope = &definition.scope;
        CommandHint {
            aliases: definition
                .names
                .iter()
                .filter(|other| **other != name)
                .cloned()
                .collect(),
            summary_zh: words.summary(scope, Language::Chinese),
            summary_en: words.summary(scope, Language::English),
            usage_zh: words.usage(scope, Language::Chinese),
            usage_en: words.usage(scope, Language::English),
            name,
        }
    });
    Ok(hints.collect())
}

/// Where the sandbox keeps things; one that is not kept goes with the process.
struct Folder {
    path: PathBuf,
    kept: bool,
    /// Ours for as long as this is open: two sandboxes would write over each other's world.
    _lock: Option<File>,
}

impl Folder {
    fn open(arguments: &Arguments) -> anyhow::Result<Self> {
        let folder = match &arguments.store {
            Some(path) => Self {
                path: path.clone(),
                kept: true,
                _lock: Some(lock(path)?),
            },
            // Nothing of ours is kept, and a bot of one's own keeps its journal where it runs.
            None if arguments.serve_only => {
                return Ok(Self {
                    path: PathBuf::new(),
                    kept: true,
                    _lock: None,
                });
            }
            None => {
                let name = format!("guildpoints-sandbox-{}", uuid::Uuid::new_v4().simple());
                let path = std::env::temp_dir().join(name);
                make(&path)?;
                Self {
                    path,
                    kept: false,
                    _lock: None,
                }
            }
        };
        Ok(folder)
    }
}

fn make(folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder `{}`", folder.display()))
}

/// Takes a folder for this process, made where there is none.
fn lock(folder: &Path) -> anyhow::Result<File> {
    make(folder)?;
    let path = folder.join("sandbox.lock");
    let file = File::create(&path)
        .with_context(|| format!("cannot write in the folder `{}`", folder.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => anyhow::bail!(
            "another sandbox works on `{}`: stop it first, or name another folder with --store",
            folder.display()
        ),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock `{}`", path.display()))
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.kept
            && let Err(error) = std::fs::remove_dir_all(&self.path)
        {
            tracing::warn!(%error, folder = %self.path.display(), "the sandbox's folder stays behind");
        }
    }
}

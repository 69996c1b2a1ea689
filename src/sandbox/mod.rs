//! The world in miniature: an imitation of the chat platform and of three points systems (the
//! mall, Swan, Manta), over the real wires and in its own words.
//!
//! One listener on loopback serves everything: the Bot API (`platform`), the gateway, the
//! points systems, the pages a person plays with, and the control paths that pages and tests drive it by. The
//! imitation knows nothing of the bot's own client code, only ids, for a fake built from the
//! client's code proves nothing. It is strict where the real server is known to be strict and
//! selectable where the documents are silent (`settings`). With a file, the world survives the
//! process: tokens, ids and messages are on disk before an answer leaves. Deliberately absent:
//! anything reachable from another machine.

pub mod clock;
pub mod fault;
pub mod mall;
pub mod manta;
pub mod message;
pub mod pages;
pub mod settings;
pub mod swan;
pub mod world;

mod accounts;
mod control;
mod events;
mod exchange;
mod frames;
mod gateway;
mod guard;
mod id_text;
mod permission;
mod platform;
mod running;
mod seed;
mod server;
mod service;
mod snowflake;
mod state;
mod state_view;
mod store;
mod verbs;

use std::io;
use std::path::Path;
use std::path::PathBuf;

use serde::Serialize;
use tokio::net::TcpListener;

pub use self::accounts::SeededAccount;
pub use self::clock::ZONE;
pub use self::exchange::GatewayAct;
pub use self::frames::MemberShape;
pub use self::running::Addresses;
pub use self::running::MemberView;
pub use self::running::Running;
pub use self::service::Request;
pub use self::service::Traffic;
pub use self::state::ApiCall;
pub use self::state::Callback;
pub use self::verbs::SayOptions;
pub use self::verbs::Shape;
pub use self::world::World;

use self::clock::SandboxClock;
use self::control::Desk;
use self::mall::MallWorld;
use self::manta::MantaWorld;
use self::platform::Platform;
use self::state::State;
use self::swan::SwanWorld;

/// What a sandbox starts with.
pub struct SandboxOptions {
    /// The world, where the file does not hold one already.
    pub world: World,
    /// Where the world is kept across restarts; none keeps it in memory. The books of the
    /// points systems stand beside it, in files with `.mall`, `.swan` and `.manta` appended to the
    /// name.
    pub file: Option<PathBuf>,
    /// What the bot can do, for completion on the pages and `getMyCommands`.
    pub commands: Vec<CommandHint>,
}

/// One command of the bot, as pages complete it.
#[derive(Clone, Debug, Serialize)]
pub struct CommandHint {
    /// The name in the page's language.
    pub name: String,
    /// Further names.
    pub aliases: Vec<String>,
    /// What it does, Chinese.
    pub summary_zh: String,
    /// What it does, English.
    pub summary_en: String,
    /// How it is written, Chinese.
    pub usage_zh: String,
    /// How it is written, English.
    pub usage_en: String,
}

/// The door to a running sandbox.
pub struct Sandbox;

impl SandboxOptions {
    /// The seeded world in memory, without commands.
    pub fn in_memory() -> Self {
        Self {
            world: World::seeded(),
            file: None,
            commands: Vec::new(),
        }
    }
}

impl Sandbox {
    /// Serves a world on a listener, which must be on a loopback address.
    pub async fn start(options: SandboxOptions, listener: TcpListener) -> io::Result<Running> {
        let address = listener.local_addr()?;
        if !address.ip().is_loopback() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!(
                    "the sandbox listens on loopback only, not on {}",
                    address.ip()
                ),
            ));
        }
        let clock = SandboxClock::system();
        let state = State::open(options.world, options.file.as_deref())?;
        clock.advance(state.shift_ms());
        let books = |system| options.file.as_deref().map(|file| beside(file, system));
        let mall = MallWorld::start(state.world.mall_seed(), clock.clone(), books("mall"))?;
        let faults = mall.faults().clone();
        let swan = SwanWorld::start(
            accounts::swan_seed(&state.world),
            clock.clone(),
            faults.clone(),
            books("swan"),
        )?;
        let manta = MantaWorld::start(
            accounts::manta_seed(),
            clock.clone(),
            faults.clone(),
            books("manta"),
        )?;
        let platform = Platform::new(state, clock, faults, options.commands);
        let desk = Desk {
            platform,
            mall,
            swan,
            manta,
        };
        let Desk { platform, .. } = &desk;
        let router = pages::routes()
            .merge(platform::api::routes(platform.clone()))
            .merge(gateway::routes(platform.clone()))
            .merge(desk.mall.routes())
            .merge(desk.swan.routes())
            .merge(desk.manta.routes())
            .merge(control::routes(desk.clone()));
        let tasks = platform.tasks();
        let stop = platform.stopping().clone();
        tasks.spawn(server::serve(listener, router, tasks.clone(), stop));
        let addresses = Addresses {
            page: format!("http://{address}/"),
            api_url: format!("http://{address}"),
            gateway_url: format!("ws://{address}{}", gateway::PATH),
            mall_url: format!("http://{address}{}", mall::BASE),
            swan_url: format!("http://{address}{}", swan::BASE),
            manta_url: format!("http://{address}{}", manta::BASE),
        };
        Ok(Running::new(desk, addresses))
    }
}

/// The file of a points system beside the world's.
fn beside(file: &Path, system: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(system);
    PathBuf::from(name)
}

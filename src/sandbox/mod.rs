//! The world in miniature: an imitation of the chat platform and the points mall, over the real
//! wires and in its own words.
//!
//! One listener on loopback serves everything: the Bot API (`platform`), the gateway, the mall,
//! the pages a person plays with, and the control paths that pages and tests drive it by. The
//! imitation knows nothing of the bot's own client code, only ids, for a fake built from the
//! client's code proves nothing. It is strict where the real server is known to be strict and
//! selectable where the documents are silent (`settings`). With a file, the world survives the
//! process: tokens, ids and messages are on disk before an answer leaves. Deliberately absent:
//! anything reachable from another machine.

pub mod clock;
pub mod fault;
pub mod mall;
pub mod message;
pub mod pages;
pub mod settings;
pub mod world;

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

pub use self::exchange::GatewayAct;
pub use self::frames::MemberShape;
pub use self::running::Addresses;
pub use self::running::MemberView;
pub use self::running::Running;
pub use self::state::ApiCall;
pub use self::state::Callback;
pub use self::verbs::SayOptions;
pub use self::verbs::Shape;
pub use self::world::World;

use self::clock::SandboxClock;
use self::control::Desk;
use self::mall::MallWorld;
use self::platform::Platform;
use self::state::State;

/// What a sandbox starts with.
pub struct SandboxOptions {
    /// The world, where the file does not hold one already.
    pub world: World,
    /// Where the world is kept across restarts; none keeps it in memory. The mall's books stand
    /// beside it in a file with `.mall` appended to the name.
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
        let mall_file = options.file.as_deref().map(mall_file);
        let mall = MallWorld::start(state.world.mall_seed(), clock.clone(), mall_file)?;
        let platform = Platform::new(state, clock, mall.faults().clone(), options.commands);
        let desk = Desk {
            platform: platform.clone(),
            mall: mall.clone(),
        };
        let router = pages::routes()
            .merge(platform::api::routes(platform.clone()))
            .merge(gateway::routes(platform.clone()))
            .merge(mall.routes())
            .merge(control::routes(desk));
        let tasks = platform.tasks();
        let stop = platform.stopping().clone();
        tasks.spawn(server::serve(listener, router, tasks.clone(), stop));
        let addresses = Addresses {
            page: format!("http://{address}/"),
            api_url: format!("http://{address}"),
            gateway_url: format!("ws://{address}{}", gateway::PATH),
            mall_url: format!("http://{address}{}", mall::BASE),
        };
        Ok(Running::new(platform, mall, addresses))
    }
}

fn mall_file(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".mall");
    PathBuf::from(name)
}

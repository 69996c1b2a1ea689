//! The bot of the sandbox: its settings, and whose accounts it knows.

use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context;
use clap::ValueEnum;
use serde_json::Value;
use serde_json::json;
use tokio::net::TcpListener;

use crate::journal::Journal;
use crate::journal::Link;
use crate::journal::LinkFilter;
use crate::journal::Proof;
use crate::journal::StoreSettings;
use crate::model::Account;
use crate::model::ChannelId;
use crate::sandbox::Running;
use crate::sandbox::ZONE;
use crate::support::clock::Clock;
use crate::support::pulse::Pulses;

/// The points systems of the sandbox that points can be given in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Rewards {
    /// The points mall
    #[default]
    Mall,
    /// The Swan installation
    Swan,
    /// The ledger in the bot's own store
    Ledger,
}

impl Rewards {
    fn system(self) -> &'static str {
        match self {
            Rewards::Mall => "mall",
            Rewards::Swan => SWAN,
            Rewards::Ledger => "ledger",
        }
    }
}

const SWAN: &str = "swan.hq";
const MANTA: &str = "manta.shop";

/// Takes the address at which the sandbox's bot shows its health and its pictures: the port after the
/// pages', so that pictures of a world that is kept are found again, or any that is free.
pub(super) async fn door(pages: SocketAddr) -> anyhow::Result<TcpListener> {
    // Not the pages' own address where that is one of IPv6, which no content security policy can name.
    let local = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let next = match pages.port() {
        0 => 0,
        port => port.checked_add(1).unwrap_or_default(),
    };
    let bound = match TcpListener::bind(local(next)).await {
        Err(_) if next != 0 => TcpListener::bind(local(0)).await,
        bound => bound,
    };
    bound.context("no port is free for the bot's own pages")
}

/// Settings of a bot for this sandbox. The limits are the sandbox's own, which waits for nobody.
pub(super) fn settings(
    running: &Running,
    rewards: Rewards,
    folder: &Path,
    door: &TcpListener,
) -> anyhow::Result<String> {
    let addresses = running.addresses();
    let numbers = |ids: Vec<u64>| Value::from(ids);
    let points = rewards.system();
    let others = ["mall", SWAN, MANTA, "ledger"];
    let also: Vec<&str> = others.into_iter().filter(|name| *name != points).collect();
    let gateway = running.swan().gateway();
    let headers: serde_json::Map<String, Value> = gateway
        .map(|(name, value)| (name, Value::from(value)))
        .into_iter()
        .collect();
    let listen = door
        .local_addr()
        .context("the address of the bot's own pages is not known")?;
    let (manta, swan) = (running.manta(), &addresses.swan_url);
    let settings = json!({
        "bot": {
            "token": running.bot_token(),
            "api_url": addresses.api_url,
            "gateway_url": addresses.gateway_url,
        },
        "http": { "listen": listen.to_string(), "public_url": format!("http://{listen}") },
        "store": { "url": store(folder) },
        "limits": { "send_per_channel_per_second": 20.0, "api_per_second": 100.0 },
        "mall": {
            "base_url": addresses.mall_url,
            "app_key": running.app_key(),
            "app_secret": running.app_secret(),
        },
        "swan": { "hq": { "base_url": swan, "headers": headers, "deduct": "negative" } },
        "manta": { "shop": {
            "base_url": addresses.manta_url,
            "bot_id": manta.bot_id(),
            "token": manta.token(),
            "secret": manta.secret(),
        } },
        "guild": [{
            "id": running.guild_id().number(),
            "points": points,
            "timezone": ZONE,
            "also": also,
            "admin_roles": numbers(running.admin_roles().iter().map(|role| role.number()).collect()),
            "moderator_roles": numbers(running.moderator_roles().iter().map(|role| role.number()).collect()),
            "reward": { "confirm_over": 1_000, "approve_over": 5_000 },
            "presets": { "bug": { "points": 50, "reason": "反馈问题" } },
            "board": [{
                "name": "周榜",
                "channel": board_channel(running).number(),
                "at": "0 9 * * MON",
                "period": "week",
                "top": 10,
                "mode": "post",
            }],
        }],
    });
    toml::to_string(&settings).context("the sandbox's settings cannot be written")
}

/// Where the week's board is posted: the channel of that name, or the first.
fn board_channel(running: &Running) -> ChannelId {
    let channels = running.channels(running.guild_id());
    let found = channels.iter().find(|(_, name)| name == "排行榜");
    found.map_or_else(|| running.channel_id(), |(id, _)| *id)
}

fn store(folder: &Path) -> String {
    format!("sqlite://{}", folder.join("guildpoints.db").display())
}

/// Ties the accounts of the seeded members to them, as an operator's import would, beside the bot at
/// work. Only in a store that has seen no link yet: one that was kept stays as its people left it.
pub(super) async fn link(running: &Running, folder: &Path, clock: Clock) -> anyhow::Result<()> {
    let settings = StoreSettings { url: store(folder) };
    let pulses = Pulses::new(clock.clone());
    let journal = Journal::open_beside(&settings, clock.clone(), pulses).await?;
    let deeds = journal.link_audit(&LinkFilter::default(), 1).await?;
    if !deeds.is_empty() {
        journal.close().await;
        return Ok(());
    }
    let accounts = running.accounts().into_iter();
    let links = accounts.map(|account| Link {
        system: match account.system {
            "swan" => SWAN.to_owned(),
            _ => MANTA.to_owned(),
        },
        member: account.member,
        account: Account::new(account.kind, account.id),
        proof: Proof::Import,
        verified_by: None,
        verified_ms: clock.now_ms(),
    });
    let imported = journal.import_links(links.collect()).await;
    journal.close().await;
    imported.context("the accounts of the sandbox's members cannot be linked")?;
    Ok(())
}

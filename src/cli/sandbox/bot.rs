//! The bot of the sandbox: its settings, and whose accounts it knows.

use std::path::Path;

use anyhow::Context;
use clap::ValueEnum;
use serde_json::Value;
use serde_json::json;

use crate::journal::Journal;
use crate::journal::Link;
use crate::journal::LinkFilter;
use crate::journal::Proof;
use crate::journal::StoreSettings;
use crate::model::Account;
use crate::sandbox::Running;
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

/// Settings of a bot for this sandbox. The limits are the sandbox's own, which waits for nobody.
pub(super) fn settings(
    running: &Running,
    rewards: Rewards,
    folder: &Path,
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
    let (manta, swan) = (running.manta(), &addresses.swan_url);
    let settings = json!({
        "bot": {
            "token": running.bot_token(),
            "api_url": addresses.api_url,
            "gateway_url": addresses.gateway_url,
        },
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
            "also": also,
            "admin_roles": numbers(running.admin_roles().iter().map(|role| role.number()).collect()),
            "moderator_roles": numbers(running.moderator_roles().iter().map(|role| role.number()).collect()),
            "reward": { "confirm_over": 1_000, "approve_over": 5_000 },
            "presets": { "bug": { "points": 50, "reason": "反馈问题" } },
        }],
    });
    toml::to_string(&settings).context("the sandbox's settings cannot be written")
}

fn store(folder: &Path) -> String {
    format!("sqlite://{}", folder.join("guildpoints.db").display())
}

/// Ties the accounts of the seeded members to them, as an operator's import would, beside the bot at
/// work. Only in a store that has seen no link yet: one that was kept stays as its people left it.
pub(super) async fn link(running: &Running, folder: &Path) -> anyhow::Result<()> {
    let clock = Clock::system();
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

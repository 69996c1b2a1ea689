//! A client, its mall, and a journal that mints tickets.

use std::sync::Arc;
use std::time::Duration;

use guildpoints::journal::Receipt;
use guildpoints::journal::Ticket;
use guildpoints::model::GuildId;
use guildpoints::model::OpId;
use guildpoints::model::UserId;
use guildpoints::points::LookupError;
use guildpoints::points::PointsBackend;
use guildpoints::points::ReadError;
use guildpoints::points::Record;
use guildpoints::points::Verdict;
use guildpoints::points::mall::GuildMall;
use guildpoints::points::mall::Mall;
use guildpoints::points::mall::MallSettings;
use guildpoints::support::clock::Clock;
use guildpoints::support::pulse::Pulse;
use guildpoints::support::pulse::Pulses;
use guildpoints::support::pulse::edge;
use guildpoints::support::secret::Secret;

use crate::minting::Mint;
use crate::minting::Wanted;
use crate::scripted::Says;
use crate::server::APP_KEY;
use crate::server::SECRET;
use crate::server::Server;

pub const GUILD: GuildId = GuildId::new(412_345_678_901_234_563);
pub const OTHER_GUILD: GuildId = GuildId::new(412_345_678_901_234_567);
pub const ANN: UserId = UserId::new(223_456_789_012_345_677);
pub const BEN: UserId = UserId::new(223_456_789_012_345_679);

pub struct World {
    pub server: Arc<Server>,
    pub mall: Mall,
    pub guild: Arc<GuildMall>,
    pub clock: Clock,
    pulses: Pulses,
    mint: Mint,
}

impl World {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut MallSettings)) -> Self {
        // A second installation in one process is refused, which is what we want.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let server = Server::start().await;
        let mut settings = settings(&server.address);
        change(&mut settings);
        let clock = Clock::system();
        let pulses = Pulses::new(clock.clone());
        let mall = Mall::new(settings, clock.clone(), pulses.clone()).unwrap();
        let guild = mall.handles([GUILD].into_iter()).remove(&GUILD).unwrap();
        Self {
            server,
            mall,
            guild,
            mint: Mint::open(&clock, &pulses).await,
            clock,
            pulses,
        }
    }

    pub fn says(&self, next: Says) {
        self.server.says(next);
    }

    pub async fn ticket(&self, member: UserId, points: i64) -> Ticket {
        self.ticket_for(GUILD, "mall", member, points).await
    }

    pub async fn ticket_for(
        &self,
        guild: GuildId,
        system: &str,
        member: UserId,
        points: i64,
    ) -> Ticket {
        let wanted = Wanted {
            guild,
            system,
            member,
            account: None,
            points,
        };
        self.mint.ticket(wanted).await
    }

    /// A change of 5 points for Ann, answered by `says`.
    pub async fn adjusted(&self, says: Says) -> Verdict {
        self.says(says);
        let ticket = self.ticket(ANN, 5).await;
        self.adjust(&ticket).await
    }

    pub async fn adjust(&self, ticket: &Ticket) -> Verdict {
        self.guild.adjust().unwrap().adjust(ticket).await
    }

    pub async fn adjust_many(&self, tickets: &[Ticket]) -> Vec<Verdict> {
        self.guild.batch().unwrap().adjust_many(tickets).await
    }

    /// Ann's balance, answered by `says`.
    pub async fn balance(&self, says: Says) -> Result<i64, ReadError> {
        self.says(says);
        self.guild.balance(ANN).await.map(|read| read.points)
    }

    /// An entry that went out under `op`.
    pub async fn entry(&self, op: &OpId) -> Receipt {
        let mut entry = self.ticket(ANN, 5).await.receipt().clone();
        entry.op = op.clone();
        entry
    }

    /// A look-up of `op`, answered by `says`.
    pub async fn lookup(&self, op: &OpId, says: Says) -> Result<Record, LookupError> {
        let entry = self.entry(op).await;
        self.says(says);
        self.guild.lookup().unwrap().lookup(&entry).await
    }

    pub fn pulse(&self) -> Pulse {
        self.pulses.of(edge::MALL)
    }

    /// What is wrong with the mall, in the operator's words.
    pub fn trouble(&self) -> String {
        self.pulse().trouble.map(|t| t.what).unwrap_or_default()
    }
}

pub fn settings(address: &str) -> MallSettings {
    MallSettings {
        base_url: address.to_owned(),
        app_key: Secret::new(APP_KEY),
        app_secret: Secret::new(SECRET),
        timeout: Duration::from_secs(20),
        in_flight: 8,
        signature_window: Duration::from_secs(600),
        look_up_after: Duration::from_secs(2),
    }
}

//! A client, its installation, and a journal that mints tickets and keeps who is who.

use std::sync::Arc;
use std::time::Duration;

use guildpoints::journal::Link;
use guildpoints::journal::Proof;
use guildpoints::journal::Receipt;
use guildpoints::journal::Ticket;
use guildpoints::model::Account;
use guildpoints::model::GuildId;
use guildpoints::model::UserId;
use guildpoints::points::HistoryPage;
use guildpoints::points::HistoryWanted;
use guildpoints::points::Links;
use guildpoints::points::LookupError;
use guildpoints::points::PointsBackend;
use guildpoints::points::ReadError;
use guildpoints::points::Record;
use guildpoints::points::Repeats;
use guildpoints::points::Taking;
use guildpoints::points::Verdict;
use guildpoints::points::swan::LinkedSwan;
use guildpoints::points::swan::Swan;
use guildpoints::points::swan::SwanSettings;
use guildpoints::support::clock::Clock;
use guildpoints::support::pulse::Pulse;
use guildpoints::support::pulse::Pulses;
use guildpoints::support::secret::Secret;

use crate::minting::Mint;
use crate::minting::Wanted;
use crate::scripted::Says;
use crate::server::GATE_HEADER;
use crate::server::GATE_KEY;
use crate::server::Server;

pub const GUILD: GuildId = GuildId::new(412_345_678_901_234_563);
/// Linked.
pub const ANN: UserId = UserId::new(223_456_789_012_345_677);
/// Not linked.
pub const BEN: UserId = UserId::new(223_456_789_012_345_679);
pub const ANNS: &str = "@retail_20871:corp.example";
pub const STAFF: &str = "@staff_lin:corp.example";
pub const SYSTEM: &str = "swan.hq";

pub struct World {
    pub server: Arc<Server>,
    pub swan: Swan,
    pub linked: LinkedSwan,
    pub clock: Clock,
    pulses: Pulses,
    mint: Mint,
}

impl World {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut SwanSettings)) -> Self {
        // A second installation in one process is refused, which is what we want.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let server = Server::start().await;
        let mut settings = settings(&server.address);
        change(&mut settings);
        let clock = Clock::system();
        let pulses = Pulses::new(clock.clone());
        let swan = Swan::new("hq", settings, clock.clone(), pulses.clone()).unwrap();
        let mint = Mint::open(&clock, &pulses).await;
        let world = Self {
            linked: swan.linked(Links::new(mint.journal.clone())),
            server,
            swan,
            clock,
            pulses,
            mint,
        };
        world.tie(ANN, ANNS).await;
        world
    }

    pub async fn tie(&self, member: UserId, id: &str) {
        let link = Link {
            system: SYSTEM.to_owned(),
            member,
            account: Account::new("retail", id),
            proof: Proof::Import,
            verified_by: None,
            verified_ms: 1,
        };
        self.mint.journal.tie(link).await.unwrap();
    }

    pub fn says(&self, next: Says) {
        self.server.says(next);
    }

    pub async fn ticket(&self, points: i64) -> Ticket {
        self.ticket_for(SYSTEM, Some(anns()), points).await
    }

    pub async fn ticket_for(&self, system: &str, account: Option<Account>, points: i64) -> Ticket {
        let wanted = Wanted {
            guild: GUILD,
            system,
            member: ANN,
            account,
            points,
        };
        self.mint.ticket(wanted).await
    }

    pub async fn adjust(&self, ticket: &Ticket) -> Verdict {
        self.linked.adjust().unwrap().adjust(ticket).await
    }

    /// A change of 5 points for Ann, answered by `says`.
    pub async fn adjusted(&self, says: Says) -> Verdict {
        self.says(says);
        let ticket = self.ticket(5).await;
        self.adjust(&ticket).await
    }

    /// Ann's balance, answered by `says`.
    pub async fn balance(&self, says: Says) -> Result<i64, ReadError> {
        self.says(says);
        self.linked.balance(ANN).await.map(|read| read.points)
    }

    /// An entry of 5 points for Ann that was sent now.
    pub async fn entry(&self) -> Receipt {
        self.ticket(5).await.receipt().clone()
    }

    pub async fn lookup(&self, entry: &Receipt) -> Result<Record, LookupError> {
        self.linked.lookup().unwrap().lookup(entry).await
    }

    pub async fn history(&self, wanted: HistoryWanted) -> Result<HistoryPage, ReadError> {
        self.linked.history().unwrap().page(ANN, &wanted).await
    }

    pub fn pulse(&self) -> Pulse {
        self.pulses.of(SYSTEM)
    }

    /// What is wrong with the installation, in the operator's words.
    pub fn trouble(&self) -> String {
        self.pulse().trouble.map(|t| t.what).unwrap_or_default()
    }
}

pub fn anns() -> Account {
    Account::new("retail", ANNS)
}

pub fn staff() -> Account {
    Account::new("staff", STAFF)
}

pub fn settings(address: &str) -> SwanSettings {
    SwanSettings {
        base_url: address.to_owned(),
        headers: vec![(GATE_HEADER.to_owned(), Secret::new(GATE_KEY))],
        deduct: Taking::Enabled,
        transaction_id: Repeats::Unpromised,
        change_type: "FANBOOK_REWARD".to_owned(),
        acts_as: None,
        timeout: Duration::from_secs(20),
    }
}

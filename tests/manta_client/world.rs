//! A client, its service, and a journal that keeps who is who there.

use std::sync::Arc;
use std::time::Duration;

use guildpoints::journal::BalanceRead;
use guildpoints::journal::Link;
use guildpoints::journal::Proof;
use guildpoints::journal::Tied;
use guildpoints::model::Account;
use guildpoints::model::UserId;
use guildpoints::model::refusal::PointsRefusal;
use guildpoints::points::Links;
use guildpoints::points::PointsBackend;
use guildpoints::points::ReadError;
use guildpoints::points::manta::Bound;
use guildpoints::points::manta::KeptSecret;
use guildpoints::points::manta::LinkedManta;
use guildpoints::points::manta::Manta;
use guildpoints::points::manta::MantaSettings;
use guildpoints::support::clock::Clock;
use guildpoints::support::pulse::Pulses;
use guildpoints::support::secret::Secret;

use crate::minting::Mint;
use crate::scripted::Says;
use crate::server::BOT_ID;
use crate::server::SECRET;
use crate::server::Server;
use crate::server::TOKEN;

pub const ANN: UserId = UserId::new(223_456_789_012_345_677);
pub const BEN: UserId = UserId::new(223_456_789_012_345_679);
pub const ANNS: &str = "Qw3eRt7Yu";

pub struct World {
    pub server: Arc<Server>,
    pub manta: Manta,
    pub linked: Arc<LinkedManta>,
    pub clock: Clock,
    pub pulses: Pulses,
    mint: Mint,
}

impl World {
    /// Ann is linked by an encoded id and has nothing yet.
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut MantaSettings)) -> Self {
        // A second installation in one process is refused, which is what we want.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let server = Server::start().await;
        let mut settings = settings(&server.address);
        change(&mut settings);
        let clock = Clock::system();
        let pulses = Pulses::new(clock.clone());
        let manta = Manta::new("shop", settings, clock.clone(), pulses.clone()).unwrap();
        let mint = Mint::open(&clock, &pulses).await;
        let linked = Arc::new(manta.linked(Links::new(mint.journal.clone())));
        let world = Self {
            server,
            manta,
            linked,
            clock,
            pulses,
            mint,
        };
        world.tie(ANN, "encoded", ANNS).await;
        world
    }

    pub fn says(&self, next: Says) {
        self.server.says(next);
    }

    pub async fn tie(&self, member: UserId, kind: &str, id: &str) {
        let link = Link {
            system: "manta.shop".to_owned(),
            member,
            account: Account::new(kind, id),
            proof: Proof::Import,
            verified_by: None,
            verified_ms: self.clock.now_ms(),
        };
        assert_eq!(self.mint.journal.tie(link).await.unwrap(), Tied::Now);
    }

    /// So many members more with accounts of this kind, each with its number as points.
    pub async fn crowd(&self, kind: &str, count: u64) -> Vec<UserId> {
        let mut members = Vec::new();
        for number in 0..count {
            let place = u64::try_from(kind.len()).unwrap() * 100_000;
            let member = UserId::new(323_456_789_000_000_000 + place + number);
            let id = format!("{kind}-{number}");
            self.tie(member, kind, &id).await;
            self.server.has(kind, &id, i64::try_from(number).unwrap());
            members.push(member);
        }
        members
    }

    pub async fn balance(&self, member: UserId) -> Result<BalanceRead, ReadError> {
        self.linked.balance(member).await
    }

    /// Ann's balance, answered by `says`.
    pub async fn anns(&self, says: Says) -> Result<i64, ReadError> {
        self.says(says);
        self.balance(ANN).await.map(|read| read.points)
    }

    /// Balances of all, asked for at the same moment.
    pub async fn all_at_once(&self, members: &[UserId]) -> Vec<Result<BalanceRead, ReadError>> {
        futures_util::future::join_all(members.iter().map(|member| self.balance(*member))).await
    }

    /// What is wrong with the service, in the operator's words.
    pub fn trouble(&self) -> String {
        self.trouble_of("manta.shop")
    }

    /// What is wrong with the token, in the operator's words.
    pub fn trouble_of(&self, edge: &str) -> String {
        let trouble = self.pulses.of(edge).trouble;
        trouble.map(|trouble| trouble.what).unwrap_or_default()
    }

    /// How often the service was asked.
    pub fn calls(&self) -> usize {
        self.server.heard().len()
    }
}

pub fn settings(address: &str) -> MantaSettings {
    MantaSettings {
        base_url: address.to_owned(),
        bot_id: BOT_ID.to_owned(),
        token: given(TOKEN),
        secret: given(SECRET),
        bound: Bound::No,
        timeout: Duration::from_secs(20),
    }
}

pub fn given(value: &str) -> KeptSecret {
    KeptSecret {
        value: Secret::new(value),
        file: None,
    }
}

/// What it means to people, and the code for staff.
pub fn meaning<T: std::fmt::Debug>(read: Result<T, ReadError>) -> (PointsRefusal, Option<i64>) {
    let refused = read.unwrap_err().refused;
    (refused.meaning, refused.code)
}

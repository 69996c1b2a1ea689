//! A points system with everything the suite needs beside it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use guildpoints::journal::Intent;
use guildpoints::journal::Journal;
use guildpoints::journal::Link;
use guildpoints::journal::Proof;
use guildpoints::journal::Receipt;
use guildpoints::journal::ReplyAddress;
use guildpoints::journal::Ticket;
use guildpoints::journal::Tied;
use guildpoints::model::Account;
use guildpoints::model::Amount;
use guildpoints::model::Cause;
use guildpoints::model::GuildId;
use guildpoints::model::UserId;
use guildpoints::model::policy::RewardLimits;
use guildpoints::model::refusal::PointsRefusal;
use guildpoints::points::FoundBy;
use guildpoints::points::LookupError;
use guildpoints::points::PointsBackend;
use guildpoints::points::Record;
use guildpoints::points::Repeats;
use guildpoints::points::Taking;
use guildpoints::points::Verdict;
use guildpoints::sandbox::Running;
use guildpoints::sandbox::Sandbox;
use guildpoints::sandbox::SandboxOptions;
use tokio::net::TcpListener;

use crate::store::stage::CHANNEL;
use crate::store::stage::EVER;
use crate::store::stage::GIVER;
use crate::store::stage::Home;
use crate::store::stage::LOOK_AFTER;
use crate::store::stage::fresh;
use crate::store::stage::granted;
use crate::store::stage::message;

/// Members the system knows once they were given something.
pub const ANN: UserId = UserId::new(223_456_789_012_345_677);
pub const BEN: UserId = UserId::new(223_456_789_012_345_683);
pub const CID: UserId = UserId::new(223_456_789_012_345_687);
/// A member the system knows nothing of.
pub const NOBODY: UserId = UserId::new(223_456_789_012_345_691);

pub type Doing<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// What a system says it can do.
#[derive(Clone, Debug)]
pub struct Claims {
    pub change: Option<(Repeats, Taking)>,
    pub find: Find,
    pub history: Pages,
    pub batch: Batches,
    pub many: bool,
    /// What is said of a balance nobody knows.
    pub unknown: Unknown,
    /// Whether members are known there by an account that was proved to be theirs.
    pub linked: bool,
    /// Whether it is told when a balance does not suffice.
    pub insufficient: bool,
}

/// How a change is found again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Find {
    Not,
    By(FoundBy),
    /// The ability is there, this deployment is without.
    Missing,
    /// The ability is there, and what comes back cannot be read.
    Unreadable,
}

/// Whether there is a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pages {
    None,
    Read,
    /// The ability is there, and what comes back cannot be read.
    Unreadable,
}

/// Whether several changes go in one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batches {
    None,
    EachForItself,
    AllOrNone,
}

/// What is said of a member the system knows nothing of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    Refused(PointsRefusal),
    HasNothing,
}

/// The other side of a system.
pub trait Place: Send + Sync {
    /// A member has an account with just so many points.
    fn has<'a>(&'a self, rig: &'a Rig, member: UserId, points: i64) -> Doing<'a>;

    /// A member is linked, where members are, to an account nobody has over there.
    fn introduces<'a>(&'a self, _rig: &'a Rig, _member: UserId) -> Doing<'a> {
        Box::pin(std::future::ready(()))
    }
}

pub struct Rig {
    pub backend: Arc<dyn PointsBackend>,
    pub claims: Claims,
    pub guild: GuildId,
    pub journal: Journal,
    place: Box<dyn Place>,
    numbers: AtomicU64,
    /// Gone with the rig.
    pub home: Home,
}

impl Rig {
    pub fn new(
        name: &str,
        home: Home,
        journal: Journal,
        guild: GuildId,
        backend: Arc<dyn PointsBackend>,
        claims: Claims,
        place: Box<dyn Place>,
    ) -> Self {
        // Shown where a case fails.
        println!("{}: {name}", backend.system());
        Self {
            backend,
            claims,
            guild,
            journal,
            place,
            numbers: AtomicU64::new(1),
            home,
        }
    }

    pub async fn has(&self, member: UserId, points: i64) {
        self.place.has(self, member, points).await;
    }

    pub async fn introduced(&self, member: UserId) {
        self.place.introduces(self, member).await;
    }

    /// A ticket for a change that was never sent.
    pub async fn ticket(&self, member: UserId, points: i64) -> Ticket {
        let system = self.backend.system().name();
        self.ticket_for(self.guild, system, member, points).await
    }

    pub async fn ticket_for(
        &self,
        guild: GuildId,
        system: &str,
        member: UserId,
        points: i64,
    ) -> Ticket {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let account = self.backend.account(member).await;
        let intent = Intent {
            cause: Cause::Message {
                message: message(number),
                line: 0,
                member,
            },
            guild,
            system: system.to_owned(),
            member,
            member_name: "小明".to_owned(),
            amount: Amount::new(points).unwrap(),
            reason: None,
            remark: format!("周赛 \"第一\" & {number}"),
            reply: ReplyAddress {
                channel: CHANNEL,
                quoting: None,
                said: None,
            },
            confirmation: None,
            account: account.ok().flatten(),
            day: 0,
        };
        let granted = granted(GIVER, guild, RewardLimits::default());
        let opened = self.journal.open(&granted, EVER, LOOK_AFTER, intent).await;
        fresh(opened.unwrap())
    }

    pub async fn send(&self, ticket: &Ticket) -> Verdict {
        self.backend.adjust().unwrap().adjust(ticket).await
    }

    /// Sends a change that nothing hinders.
    pub async fn applied(&self, member: UserId, points: i64) -> Receipt {
        let ticket = self.ticket(member, points).await;
        assert_eq!(self.send(&ticket).await, Verdict::Applied);
        ticket.receipt().clone()
    }

    pub async fn find(&self, entry: &Receipt) -> Result<Record, LookupError> {
        self.backend.lookup().unwrap().lookup(entry).await
    }

    pub async fn balance(&self, member: UserId) -> i64 {
        self.backend.balance(member).await.unwrap().points
    }
}

/// Ties an account to a member, as an operator's import does.
pub async fn tied(rig: &Rig, member: UserId, account: Account) {
    let link = Link {
        system: rig.backend.system().name().to_owned(),
        member,
        account,
        proof: Proof::Import,
        verified_by: None,
        verified_ms: 1,
    };
    let tied = rig.journal.tie(link).await.unwrap();
    assert!(matches!(tied, Tied::Now | Tied::Already), "{tied:?}");
}

/// A sandbox of one's own.
pub async fn sandbox() -> Running {
    // Another test of this process may have been first, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let sandbox = Sandbox::start(SandboxOptions::in_memory(), listener).await;
    sandbox.unwrap()
}

/// What a refusal means.
pub fn meaning(verdict: &Verdict) -> PointsRefusal {
    match verdict {
        Verdict::Refused(refused) => refused.meaning,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

//! 10,000 members looked up through MantaGO: requests made against the ideal of one for each hundred.
//!
//! Once as one long question, as a board asks, and once as 10,000 members who ask for themselves at the
//! same moment. The service is the imitation, over real sockets; what counts is the ratio.

use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use futures_util::future::join_all;
use guildpoints::journal::Journal;
use guildpoints::journal::Link;
use guildpoints::journal::Proof;
use guildpoints::journal::StoreSettings;
use guildpoints::journal::Tied;
use guildpoints::model::Account;
use guildpoints::model::BotId;
use guildpoints::model::UserId;
use guildpoints::points::Links;
use guildpoints::points::PointsBackend;
use guildpoints::points::manta::Bound;
use guildpoints::points::manta::KeptSecret;
use guildpoints::points::manta::MOST;
use guildpoints::points::manta::Manta;
use guildpoints::points::manta::MantaSettings;
use guildpoints::sandbox::Running;
use guildpoints::sandbox::Sandbox;
use guildpoints::sandbox::SandboxOptions;
use guildpoints::sandbox::manta::MantaClient;
use guildpoints::support::clock::Clock;
use guildpoints::support::pulse::Pulses;
use guildpoints::support::secret::Secret;
use tempfile::TempDir;
use tokio::net::TcpListener;

const MEMBERS: u64 = 10_000;
/// Fewer where only whether it runs is tested.
const TRIED: u64 = 300;

#[tokio::main]
async fn main() {
    // Without `cargo bench` it is a test of itself.
    let whole = std::env::args().any(|argument| argument == "--bench");
    let count = if whole { MEMBERS } else { TRIED };
    rustls::crypto::ring::default_provider()
        .install_default()
        .expect("nobody has installed another");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let sandbox = Sandbox::start(SandboxOptions::in_memory(), listener).await;
    let sandbox = sandbox.expect("the sandbox starts");
    let folder = TempDir::new().expect("a folder");
    let clock = Clock::system();
    let pulses = Pulses::new(clock.clone());
    let store = StoreSettings {
        url: format!("sqlite://{}", folder.path().join("journal.db").display()),
    };
    let bot = BotId(UserId::new(1));
    let journal = Journal::open_store(&store, bot, clock.clone(), pulses.clone()).await;
    let journal = journal.expect("the store opens");
    let members = people(&sandbox, &journal, count).await;
    let manta = Manta::new("shop", settings(&sandbox), clock, pulses).expect("a client");
    let ideal = count.div_ceil(MOST as u64);
    println!("{count} members, ideal: {ideal} requests");

    let linked = manta.linked(Links::new(journal.clone()));
    let before = sandbox.manta().traffic().arrived;
    let began = Instant::now();
    let many = linked.many().expect("it has that ability");
    let read = many.balances(&members).await;
    check(
        read.into_iter()
            .map(|read| read.ok().map(|read| read.points)),
    );
    told("one long question", &sandbox, before, ideal, began);

    // A handle of its own, so that nothing is remembered.
    let linked = Arc::new(manta.linked(Links::new(journal.clone())));
    let before = sandbox.manta().traffic().arrived;
    let began = Instant::now();
    let asking = members.iter().map(|member| {
        let (linked, member) = (linked.clone(), *member);
        tokio::spawn(async move { linked.balance(member).await.ok().map(|read| read.points) })
    });
    let read = join_all(asking).await;
    check(read.into_iter().map(|read| read.expect("no panic")));
    told("each for themselves", &sandbox, before, ideal, began);
    journal.close().await;
    sandbox.stop().await;
}

/// Clients over there with their number as points, and members tied to them.
async fn people(sandbox: &Running, journal: &Journal, count: u64) -> Vec<UserId> {
    let tying = (0..count).map(|number| async move {
        let (id, on_line) = (format!("client{number}"), format!("U{number}"));
        sandbox.manta().put_client(MantaClient {
            id,
            platform: "line".to_owned(),
            platform_client_id: on_line.clone(),
            customer_id: None,
            points: i64::try_from(number).expect("it is small"),
        });
        let member = UserId::new(1_000 + number);
        let link = Link {
            system: "manta.shop".to_owned(),
            member,
            account: Account::new("line", on_line),
            proof: Proof::Import,
            verified_by: None,
            verified_ms: 1,
        };
        let tied = journal.tie(link).await.expect("the store takes it");
        assert_eq!(tied, Tied::Now);
        member
    });
    let tying: Vec<_> = tying.collect();
    let mut members = Vec::new();
    let mut tying = tying.into_iter().peekable();
    while tying.peek().is_some() {
        members.extend(join_all(tying.by_ref().take(500)).await);
    }
    members
}

fn settings(sandbox: &Running) -> MantaSettings {
    let given = |value: String| KeptSecret {
        value: Secret::new(value),
        file: None,
    };
    MantaSettings {
        base_url: sandbox.addresses().manta_url.clone(),
        bot_id: sandbox.manta().bot_id(),
        token: given(sandbox.manta().token()),
        secret: given(sandbox.manta().secret()),
        bound: Bound::No,
        timeout: Duration::from_secs(30),
    }
}

/// Everybody has what is theirs.
fn check(read: impl Iterator<Item = Option<i64>>) {
    for (read, number) in read.zip(0..) {
        assert_eq!(read, Some(number));
    }
}

fn told(how: &str, sandbox: &Running, before: u64, ideal: u64, began: Instant) {
    let requests = sandbox.manta().traffic().arrived - before;
    let ratio = requests as f64 / ideal as f64;
    let took = began.elapsed();
    println!("{how}: {requests} requests, {ratio:.2} times the ideal, in {took:.2?}");
    assert!(
        ratio < 1.5,
        "more than half as many again as there have to be"
    );
}

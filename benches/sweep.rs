//! A sweep of ten thousand balances against the ideal: members × latency ÷ questions at once. Prints the
//! share of that pace which was reached; the budget is 0.97 up to 128 questions and 0.90 at 512.
//!
//! The points system waits for its latency and answers; the store is the journal's own, on the disk of the
//! build. Other arguments than a number of members are ignored.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use futures_util::future::BoxFuture;
use guildpoints::journal::BalanceRead;
use guildpoints::journal::Journal;
use guildpoints::journal::StoreSettings;
use guildpoints::model::BotId;
use guildpoints::model::GuildId;
use guildpoints::model::System;
use guildpoints::model::UserId;
use guildpoints::points::GuildSystems;
use guildpoints::points::Points;
use guildpoints::points::PointsBackend;
use guildpoints::points::PointsTimes;
use guildpoints::points::ReadError;
use guildpoints::support::clock::Clock;
use guildpoints::support::pulse::Pulses;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

const MEMBERS: u64 = 10_000;
const GUILD: GuildId = GuildId::new(412_345_678_901_234_563);
const FIRST_MEMBER: u64 = 737_262_643_970_064_384;
/// Long beside the millisecond to which the runtime's timers are true.
const LATENCY: Duration = Duration::from_millis(100);

struct Slow {
    system: System,
}

impl PointsBackend for Slow {
    fn system(&self) -> &System {
        &self.system
    }

    fn balance(&self, member: UserId) -> BoxFuture<'_, Result<BalanceRead, ReadError>> {
        Box::pin(async move {
            tokio::time::sleep(LATENCY).await;
            Ok(BalanceRead {
                points: (member.number() % 5_000).cast_signed(),
                read_ms: Clock::system().now_ms(),
            })
        })
    }
}

#[tokio::main]
async fn main() {
    let members = std::env::args().find_map(|argument| argument.parse().ok());
    let members: u64 = members.unwrap_or(MEMBERS);
    let folder = tempfile::tempdir_in(Path::new(env!("CARGO_TARGET_TMPDIR")));
    let folder = folder.expect("a folder can be made on the disk of the build");
    println!(
        "{:>8}{:>12}{:>12}{:>12}{:>8}",
        "at once", "members", "ideal ms", "took ms", "share"
    );
    for at_once in [32_u32, 128, 512] {
        let file = folder.path().join(format!("{at_once}.db"));
        let settings = StoreSettings {
            url: format!("sqlite://{}", file.display()),
        };
        let clock = Clock::system();
        let bot = BotId(UserId::new(523_456_789_012_345_679));
        let pulses = Pulses::new(clock.clone());
        let journal = Journal::open_store(&settings, bot, clock.clone(), pulses).await;
        let journal = journal.expect("a new store can be opened");
        let systems = GuildSystems {
            rewards: Arc::new(Slow {
                system: System::mall(),
            }),
            further: Vec::new(),
        };
        let second = Duration::from_secs(1);
        let points = Points::new(
            journal.clone(),
            HashMap::from([(GUILD, systems)]),
            clock,
            PointsTimes::new(second, second, second),
        );
        let all = (0..members).map(|number| UserId::new(FIRST_MEMBER + number));
        let listed = points.enlist(GUILD, all.collect()).await;
        listed.expect("members can be enlisted");
        let begun = points.begin_sweep(GUILD).await;
        begun.expect("a pass can begin");
        let turns = Arc::new(Semaphore::new(at_once as usize));
        let stop = CancellationToken::new();
        let began = Instant::now();
        let read = points.sweep_balances(GUILD, &turns, &stop).await;
        let took = began.elapsed();
        assert_eq!(read.expect("the pass comes to its end"), members);
        let rounds = members.div_ceil(u64::from(at_once));
        let rounds = u32::try_from(rounds).expect("so many members were not asked for");
        let ideal = LATENCY * rounds;
        println!(
            "{at_once:>8}{members:>12}{:>12}{:>12}{:>8.3}",
            ideal.as_millis(),
            took.as_millis(),
            ideal.as_secs_f64() / took.as_secs_f64()
        );
        journal.close().await;
    }
}

//! The moments of scheduled boards over random lives: crashes, clocks that leap, two bots at once,
//! answers that are lost, posts that arrive late, channels that cannot be read.
//!
//! The real scheduler on the real journal posts into a channel modelled here. Whatever happens, no
//! moment has two posts; and one whose bot had peace within `catch_up` has exactly one.

#[path = "slots/channel.rs"]
mod channel;
#[path = "support/postgres.rs"]
mod postgres;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use guildpoints::guilds::GuildSettings;
use guildpoints::guilds::Guilds;
use guildpoints::journal::Journal;
use guildpoints::journal::ScheduleFields;
use guildpoints::journal::ScheduleSource;
use guildpoints::journal::StoreSettings;
use guildpoints::model::BotId;
use guildpoints::model::ChannelId;
use guildpoints::model::GuildId;
use guildpoints::model::Language;
use guildpoints::model::Policy;
use guildpoints::model::System;
use guildpoints::model::UserId;
use guildpoints::model::policy::ManageGuild;
use guildpoints::model::policy::RewardLimits;
use guildpoints::schedule::Parts;
use guildpoints::schedule::ScheduleTimes;
use guildpoints::schedule::Scheduler;
use guildpoints::support::clock::Clock;
use guildpoints::support::pulse::Pulses;
use guildpoints::support::tenure::Moment;
use guildpoints::support::tenure::Tenure;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use proptest::test_runner::Config;
use proptest::test_runner::TestCaseError;
use proptest::test_runner::TestRunner;
use tokio_util::sync::CancellationToken;

use crate::channel::Fate;
use crate::channel::Plain;
use crate::channel::World;

const GUILD: GuildId = GuildId::new(412_345_678_901_234_563);
const CHANNEL: ChannelId = ChannelId::new(612_345_678_901_234_561);
const NAME: &str = "hourly";
const MINUTE_MS: i64 = 60_000;
/// The board is due at every full hour.
const HOUR_MS: i64 = 60 * MINUTE_MS;
const CATCH_UP: Duration = Duration::from_secs(45 * 60);
/// Looks of a scheduler within a step.
const ROUND: Duration = Duration::from_millis(2);
const STEP: Duration = Duration::from_millis(14);

/// Something that happens around a moment.
#[derive(Clone, Debug)]
enum Turn {
    /// Time passes, or a clock is set back, in seconds.
    Pass(i64),
    /// All bots die.
    Crash,
    /// A bot starts, perhaps beside another.
    Start,
    /// What becomes of the next sending.
    Fate(Fate),
    /// The next readings of the channel fail.
    Blind(u8),
    /// A bot just has time.
    Rest,
}

/// Turns around one moment after another, each followed by peace.
type Life = Vec<Vec<Turn>>;

fn lives() -> impl Strategy<Value = Life> {
    let fate = prop_oneof![
        Just(Fate::AnswerLost),
        Just(Fate::Lost),
        Just(Fate::Late),
        Just(Fate::NotSent),
        Just(Fate::Refused),
        any::<bool>().prop_map(Fate::Hangs),
    ];
    let turn = prop_oneof![
        4 => (-600_i64..2_400).prop_map(Turn::Pass),
        1 => (3_600_i64..40_000).prop_map(Turn::Pass),
        3 => (20_i64..40).prop_map(Turn::Pass),
        3 => Just(Turn::Crash),
        4 => Just(Turn::Start),
        4 => fate.prop_map(Turn::Fate),
        1 => (1_u8..4).prop_map(Turn::Blind),
        2 => Just(Turn::Rest),
    ];
    prop::collection::vec(prop::collection::vec(turn, 1..9), 1..4)
}

/// A bot that works, or did.
struct Bot {
    tenure: Tenure,
    stop: CancellationToken,
    run: tokio::task::JoinHandle<()>,
}

struct Play {
    world: Arc<World>,
    shift: Arc<AtomicI64>,
    journal: Journal,
    bots: Vec<Bot>,
}

impl Play {
    async fn begin(url: String) -> Self {
        let shift = Arc::new(AtomicI64::new(0));
        let clock = Clock::shifted_by(shift.clone());
        // Twenty past, whatever time it is.
        let into_hour = clock.now_ms().rem_euclid(HOUR_MS);
        shift.fetch_add(20 * MINUTE_MS - into_hour, Ordering::Relaxed);
        let store = StoreSettings { url };
        let bot = BotId(UserId::new(523_456_789_012_345_679));
        let pulses = Pulses::new(clock.clone());
        let journal = Journal::open_store(&store, bot, clock.clone(), pulses).await;
        let journal = journal.unwrap();
        let fields = ScheduleFields {
            guild: GUILD,
            name: NAME.to_owned(),
            channel: CHANNEL,
            at: "0 * * * *".to_owned(),
            counted: "day".to_owned(),
            rows: 10,
            mode: "post".to_owned(),
            catch_up: CATCH_UP,
        };
        let saved = journal.save_schedule(fields, ScheduleSource::Chat, None);
        saved.await.unwrap();
        let world = World {
            channel: Mutex::default(),
            clock,
        };
        Self {
            world: Arc::new(world),
            shift,
            journal,
            bots: Vec::new(),
        }
    }

    fn start(&mut self) {
        if self.bots.len() > 1 {
            return;
        }
        let policy = Policy {
            guild: GUILD,
            name: None,
            language: Language::Chinese,
            zone: TimeZone::UTC,
            admins: Vec::new(),
            admin_roles: Vec::new(),
            moderator_roles: Vec::new(),
            manage_guild: ManageGuild::MeansNothing,
            limits: RewardLimits::default(),
            presets: BTreeMap::new(),
        };
        let guild = GuildSettings {
            policy,
            points: System::ledger(),
            also: Vec::new(),
            boards: Vec::new(),
            sweep: false,
            unranked_roles: Vec::new(),
        };
        let words = guildpoints::app::texts(&guildpoints::commands::Registry::new(), None);
        let tenure = Tenure::lasting(Moment::now(), Duration::from_secs(3_600));
        let stop = CancellationToken::new();
        let clock = self.world.clock.clone();
        let scheduler = Scheduler::new(Parts {
            chat: self.world.clone(),
            forms: Arc::new(Plain),
            journal: self.journal.clone(),
            guilds: Guilds::new([&guild]),
            words: Arc::new(words.unwrap()),
            pulses: Pulses::new(clock.clone()),
            clock,
            tenure: tenure.clone(),
            of_file: Vec::new(),
            times: ScheduleTimes {
                round: ROUND,
                ..ScheduleTimes::default()
            },
        });
        let run = tokio::spawn(scheduler.run(stop.clone()));
        self.bots.push(Bot { tenure, stop, run });
    }

    /// All bots die where they stand.
    async fn crash(&mut self) {
        for bot in self.bots.drain(..) {
            bot.tenure.end();
            bot.stop.cancel();
            bot.run.await.unwrap();
        }
    }

    async fn pass(&self, seconds: i64) {
        self.shift.fetch_add(seconds * 1_000, Ordering::Relaxed);
        tokio::time::sleep(STEP).await;
    }

    /// Posts by the moment they are of.
    fn posts(&self) -> BTreeMap<i64, usize> {
        let mut posts = BTreeMap::new();
        for (_, text) in &self.world.channel.lock().unwrap().standing {
            *posts.entry(text.parse().unwrap()).or_insert(0) += 1;
        }
        posts
    }

    fn at_most_once(&self, what: &dyn std::fmt::Debug) -> Result<(), TestCaseError> {
        let posts = self.posts();
        let twice = posts.iter().find(|(_, count)| **count > 1);
        prop_assert!(twice.is_none(), "twice after {what:?}: {posts:?}");
        Ok(())
    }

    async fn live(&mut self, life: &Life) -> Result<(), TestCaseError> {
        let began_ms = self.world.clock.now_ms();
        let mut last_ms = began_ms;
        for turns in life {
            for turn in turns {
                match turn {
                    Turn::Pass(seconds) => self.pass(*seconds).await,
                    Turn::Crash => self.crash().await,
                    Turn::Start => self.start(),
                    Turn::Fate(fate) => {
                        let mut channel = self.world.channel.lock().unwrap();
                        channel.fates.push_back(*fate);
                    }
                    Turn::Blind(count) => self.world.channel.lock().unwrap().blind = *count,
                    Turn::Rest => tokio::time::sleep(STEP).await,
                }
                self.at_most_once(turn)?;
                last_ms = last_ms.max(self.world.clock.now_ms());
            }
            // Peace: one bot, an honest channel, and no clock behind what it was.
            self.crash().await;
            {
                let mut channel = self.world.channel.lock().unwrap();
                channel.fates.clear();
                channel.blind = 0;
            }
            let behind_ms = last_ms - self.world.clock.now_ms();
            self.shift.fetch_add(behind_ms.max(0), Ordering::Relaxed);
            let now_ms = self.world.clock.now_ms();
            self.start();
            for _ in 0..24 {
                self.pass(31).await;
            }
            self.at_most_once(&"peace")?;
            let slot_ms = now_ms - now_ms.rem_euclid(HOUR_MS);
            let worth_ms = slot_ms + CATCH_UP.as_millis() as i64;
            let posts = self.posts();
            if slot_ms > began_ms && now_ms + 15 * MINUTE_MS < worth_ms {
                let count = posts.get(&slot_ms);
                let slots = self.journal.slots(GUILD, NAME, 9).await.unwrap();
                prop_assert_eq!(count, Some(&1), "{} of {:?}: {:?}", slot_ms, posts, slots);
            }
            last_ms = last_ms.max(self.world.clock.now_ms());
        }
        self.crash().await;
        Ok(())
    }
}

fn lived(life: &Life, url: Option<String>) -> Result<(), TestCaseError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = format!("sqlite://{}", folder.path().join("journal.db").display());
    runtime.block_on(async {
        let mut play = Play::begin(url.unwrap_or(file)).await;
        let lived = play.live(life).await;
        play.journal.close().await;
        lived
    })
}

#[test]
fn whatever_happens_a_moment_has_one_post() {
    let config = Config {
        cases: 48,
        max_shrink_iters: 60,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = TestRunner::new(config);
    let outcome = runner.run(&lives(), |life| lived(&life, None));
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

#[test]
fn so_it_is_on_postgres() {
    let config = Config {
        cases: 6,
        max_shrink_iters: 0,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = TestRunner::new(config);
    let outcome = runner.run(&lives(), |life| {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        match runtime.block_on(postgres::schema()) {
            Some(url) => lived(&life, Some(url)),
            None => Ok(()),
        }
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

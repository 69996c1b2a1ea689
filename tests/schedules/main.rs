//! The proof of the money protocol by random schedules.
//!
//! Each schedule drives the real `Points` and the real `Journal` on a file, and some of them on a
//! database as well, against a points system
//! modelled here in the test's own words: commands of several people at once, changes that wait for
//! approval or are undone, answers that are lost, late, wrong or repeated, look-ups that fail, crashes
//! at any instant, commands delivered again, nights that pass. When
//! all has come to rest, the mall's books, the journal and what was claimed have to agree (`judge`).
//!
//! - `GUILDPOINTS_SCHEDULES` is how many are played, 300 if it is not set. They are the same ones each
//!   time, and the first are the same however many there are.
//! - `GUILDPOINTS_SCHEDULES_SEED` is a number that chooses others.
//!
//! A million, all cores, nothing but this:
//! `GUILDPOINTS_SCHEDULES=1000000 cargo test --release --test schedules -- --nocapture`.
//!
//! A counterexample is shrunk, told as a story, and kept in `regressions.jsonl`, which is played first
//! ever after. Time is the schedule's own and costs nothing; only the store's threads run in real
//! time, so where exactly a crash meets a write differs from run to run.

mod arriving;
mod claims;
mod commands;
mod delivering;
mod door;
mod judge;
mod life;
mod mall;
mod people;
mod play;
#[path = "../support/postgres.rs"]
mod postgres;
mod schedule;
mod story;

use std::io::Write;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use proptest::test_runner::Config;
use proptest::test_runner::RngAlgorithm;
use proptest::test_runner::TestCaseError;
use proptest::test_runner::TestError;
use proptest::test_runner::TestRng;
use proptest::test_runner::TestRunner;

use crate::play::Played;
use crate::schedule::Schedule;
use crate::story::Tally;

/// Schedules played where nothing else is asked for.
const USUAL: u64 = 300;

/// Schedules from one seed, so that threads can share the work and still play the same ones.
const CHUNK: u64 = 25;

/// One in so many is played on PostgreSQL too: a server in between makes each dearer.
const FEWER: u64 = 40;

/// Attempts to make a counterexample smaller.
const SHRINKINGS: u32 = 600;

/// A kept counterexample is played so often, since real time has a part in it.
const KEPT_TIMES: u32 = 10;

/// Paths that have to be taken in any run of `USUAL` schedules or more; otherwise the schedules have
/// stopped to prove what they are for.
const PATHS: [&str; 44] = [
    "answers: above the quota",
    "answers: decided before",
    "answers: done",
    "answers: not confirmed yet",
    "answers: refused",
    "answers: undone before",
    "answers: waits for approval",
    "approved",
    "balances that did not suffice",
    "batches sent",
    "changes landed after a later sending was answered",
    "changes landed after the bot gave up on them",
    "commands for one",
    "commands for several",
    "crashes",
    "ended: an undo is done",
    "ended: an undo is refused",
    "ended: done",
    "ended: refused",
    "ended: undone",
    "ended: undone in part",
    "ended: unresolved",
    "entries queued",
    "heard: access refused",
    "heard: declined",
    "heard: not sent",
    "heard: nothing",
    "heard: refused",
    "heard: too fast",
    "heard: used before",
    "ids sent again",
    "ids squatted",
    "landings refused by signature",
    "look-ups that failed",
    "look-ups that found the change",
    "not approved",
    "not approved in time",
    "redeliveries known",
    "refusals held",
    "restarts",
    "undos by button",
    "undos by code",
    "undos of the last",
    "undos of what is left",
];

#[test]
fn the_mall_the_journal_and_what_is_claimed_always_agree() {
    let count = number("GUILDPOINTS_SCHEDULES").unwrap_or(USUAL);
    let tally = played_out(count, play::play);
    if count >= USUAL {
        for path in PATHS {
            assert!(tally.contains_key(path), "never taken: {path}");
        }
    }
}

#[test]
fn they_agree_on_postgresql_too() {
    if postgres::shared().is_none() {
        return postgres::skipped("there is no `initdb` (Debian: postgresql)");
    }
    let count = number("GUILDPOINTS_SCHEDULES").unwrap_or(USUAL);
    let tally = played_out((count / FEWER).max(CHUNK), play::play_on_postgres);
    for path in ["crashes", "restarts", "answers: done", "ended: done"] {
        assert!(tally.contains_key(path), "never taken: {path}");
    }
}

/// Plays so many, on all cores; what was met on the way.
fn played_out(count: u64, play: fn(&Schedule) -> Played) -> Tally {
    let seed = number("GUILDPOINTS_SCHEDULES_SEED").unwrap_or(0);
    let run = Run {
        play,
        chunks: count.div_ceil(CHUNK),
        count,
        seed,
        next: AtomicU64::new(0),
        played: AtomicU64::new(0),
        failed_at: AtomicU64::new(u64::MAX),
        tally: Mutex::default(),
        found: Mutex::default(),
    };
    // Each schedule waits for its store's threads now and then.
    let threads = 2 * std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| run.work());
        }
    });
    if let Some(found) = run.found.lock().unwrap().take() {
        panic!("{found}");
    }
    let tally = run.tally.into_inner().unwrap();
    println!(
        "{} schedules, seed {seed}:",
        run.played.load(Ordering::Relaxed)
    );
    for (kind, times) in tally.iter() {
        println!("{times:>9}  {kind}");
    }
    tally
}

#[test]
fn what_went_wrong_once_stays_mended() {
    let kept = std::fs::read_to_string(regressions()).unwrap();
    for line in kept.lines().filter(|line| !line.starts_with('#')) {
        let schedule: Schedule = serde_json::from_str(line).unwrap();
        for _ in 0..KEPT_TIMES {
            let played = play::play(&schedule);
            assert!(
                played.blames.is_empty(),
                "{}",
                told(&schedule, &played.blames, &played.story)
            );
        }
    }
}

struct Run {
    play: fn(&Schedule) -> Played,
    chunks: u64,
    count: u64,
    seed: u64,
    next: AtomicU64,
    played: AtomicU64,
    /// How many had been played when the first went wrong; the rest are attempts to shrink it.
    failed_at: AtomicU64,
    tally: Mutex<Tally>,
    found: Mutex<Option<String>>,
}

impl Run {
    fn work(&self) {
        loop {
            let chunk = self.next.fetch_add(1, Ordering::Relaxed);
            if chunk >= self.chunks || self.found.lock().unwrap().is_some() {
                return;
            }
            let cases = CHUNK.min(self.count - chunk * CHUNK);
            self.play_chunk(chunk, u32::try_from(cases).expect("a chunk is small"));
        }
    }

    fn play_chunk(&self, chunk: u64, cases: u32) {
        let config = Config {
            cases,
            failure_persistence: None,
            max_shrink_iters: SHRINKINGS,
            ..Config::default()
        };
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.seed.to_le_bytes());
        seed[8..16].copy_from_slice(&chunk.to_le_bytes());
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        let mut runner = TestRunner::new_with_rng(config, rng);
        let outcome = runner.run(&schedule::schedules(), |schedule| {
            let played = (self.play)(&schedule);
            let number = self.played.fetch_add(1, Ordering::Relaxed) + 1;
            let mut tally = self.tally.lock().unwrap();
            for (kind, times) in &played.tally {
                *tally.entry(kind).or_default() += times;
            }
            if played.blames.is_empty() {
                return Ok(());
            }
            self.failed_at.fetch_min(number, Ordering::Relaxed);
            let told = told(&schedule, &played.blames, &played.story);
            Err(TestCaseError::fail(told))
        });
        match outcome {
            Ok(()) => {}
            Err(TestError::Fail(story, schedule)) => {
                let mut found = self.found.lock().unwrap();
                if found.is_none() {
                    keep(&schedule);
                    *found = Some(format!(
                        "found by schedule {} or so:\n{story}",
                        self.failed_at.load(Ordering::Relaxed)
                    ));
                }
            }
            Err(TestError::Abort(why)) => panic!("{why}"),
        }
    }
}

/// The counterexample for people.
fn told(schedule: &Schedule, blames: &[String], story: &str) -> String {
    format!(
        "\n{}\n\nHow it came about:\n{story}\n\nThe schedule: {}\n",
        blames.join("\n"),
        serde_json::to_string(schedule).unwrap()
    )
}

/// Adds it to what is played first from now on.
fn keep(schedule: &Schedule) {
    let line = serde_json::to_string(schedule).unwrap();
    let mut file = std::fs::File::options()
        .append(true)
        .open(regressions())
        .unwrap();
    writeln!(file, "{line}").unwrap();
}

fn regressions() -> &'static Path {
    Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/schedules/regressions.jsonl"
    ))
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is no number: {text}")),
    )
}

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use tokio::time::Instant;

use super::*;

/// Answers after a while, or never.
struct Slow {
    system: System,
    after: Option<Duration>,
    says: Heard,
    asked: AtomicUsize,
}

impl PointsBackend for Slow {
    fn system(&self) -> &System {
        &self.system
    }

    fn balance(&self, _member: UserId) -> BoxFuture<'_, Heard> {
        Box::pin(async {
            self.asked.fetch_add(1, Ordering::Relaxed);
            match self.after {
                Some(after) => tokio::time::sleep(after).await,
                None => std::future::pending().await,
            }
            self.says.clone()
        })
    }
}

fn read(points: i64) -> Heard {
    Ok(BalanceRead { points, read_ms: 1 })
}

fn failed(meaning: PointsRefusal) -> Heard {
    Err(ReadError {
        refused: Refused {
            meaning,
            code: None,
            text: String::new(),
        },
    })
}

fn slow(name: &str, after: Option<u64>, says: Heard) -> Arc<Slow> {
    Arc::new(Slow {
        system: System::swan(name),
        after: after.map(Duration::from_millis),
        says,
        asked: AtomicUsize::new(0),
    })
}

/// Systems and a breaker for each.
struct Guild(Vec<(Arc<dyn PointsBackend>, Arc<Breaker>)>);

impl Guild {
    fn of(systems: &[&Arc<Slow>]) -> Self {
        let with_breaker = |system: &&Arc<Slow>| {
            let backend: Arc<dyn PointsBackend> = (*system).clone();
            (backend, Arc::new(Breaker::default()))
        };
        Self(systems.iter().map(with_breaker).collect())
    }

    fn ask(&self) -> Round {
        let pairs = self.0.iter().map(|(backend, breaker)| (backend, breaker));
        Round::begin(pairs, UserId::new(7))
    }
}

fn heard(round: &Round) -> Vec<Option<Heard>> {
    round
        .places
        .iter()
        .map(|(_, heard)| heard.clone())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn all_are_asked_at_once_and_none_waits_for_another() {
    let (quick, late, never) = (
        slow("quick", Some(100), read(1)),
        slow("late", Some(3_000), read(2)),
        slow("never", None, read(3)),
    );
    let mut round = Guild::of(&[&never, &late, &quick]).ask();
    let begun = Instant::now();
    let budget = Duration::from_millis(1_700);
    let whole = tokio::time::timeout(budget, round.all()).await;
    assert!(whole.is_err());
    assert_eq!(heard(&round), [None, None, Some(read(1))]);
    // What was cut off goes on where it was.
    assert!(round.next().await);
    assert_eq!(begun.elapsed(), Duration::from_secs(3));
    assert_eq!(heard(&round), [None, Some(read(2)), Some(read(1))]);
    round.all().await;
    assert_eq!(begun.elapsed(), LONGEST);
    assert_eq!(
        heard(&round)[0]
            .clone()
            .unwrap()
            .unwrap_err()
            .refused
            .meaning,
        PointsRefusal::Unavailable
    );
    assert!(!round.next().await);
}

#[tokio::test(start_paused = true)]
async fn a_system_that_failed_several_times_is_asked_by_one_at_a_time() {
    let broken = slow("broken", Some(1_000), failed(PointsRefusal::Unavailable));
    let fine = slow("fine", Some(10), read(5));
    let guild = Guild::of(&[&broken, &fine]);
    for _ in 0..3 {
        guild.ask().all().await;
    }
    assert_eq!(broken.asked.load(Ordering::Relaxed), 3);
    // All at the same moment: one asks and the others know at once.
    let probing = guild.ask();
    let ten = (0..10).map(|_| guild.ask());
    let mut all: Vec<Round> = std::iter::once(probing).chain(ten).collect();
    futures_util::future::join_all(all.iter_mut().map(Round::all)).await;
    assert_eq!(broken.asked.load(Ordering::Relaxed), 4);
    assert_eq!(fine.asked.load(Ordering::Relaxed), 3 + 11);
    for round in &all {
        assert_eq!(
            heard(round),
            [Some(failed(PointsRefusal::Unavailable)), Some(read(5))]
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_question_that_is_given_up_leaves_the_probe_to_another() {
    let broken = slow("broken", Some(1_000), failed(PointsRefusal::Unavailable));
    let guild = Guild::of(&[&broken]);
    for _ in 0..3 {
        guild.ask().all().await;
    }
    let mut given_up = guild.ask();
    let cut = tokio::time::timeout(Duration::from_millis(1), given_up.all()).await;
    assert!(cut.is_err());
    drop(given_up);
    guild.ask().all().await;
    assert_eq!(broken.asked.load(Ordering::Relaxed), 5);
}

#[test]
fn only_news_is_written() {
    let at = |points, read_ms| BalanceRead { points, read_ms };
    assert!(is_news(at(5, 0), None));
    assert!(is_news(at(5, 10), Some(at(4, 9))));
    assert!(!is_news(at(5, 60_008), Some(at(5, 9))));
    assert!(is_news(at(5, 60_009), Some(at(5, 9))));
    // A clock that was set back.
    assert!(!is_news(at(5, 9), Some(at(5, 60_009))));
}

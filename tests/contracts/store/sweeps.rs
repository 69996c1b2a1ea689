//! Sweeps of balances on each store, against a points system that notes how it is asked.

use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::BoxFuture;
use guildpoints::journal::BalanceRead;
use guildpoints::journal::Balances;
use guildpoints::journal::Journal;
use guildpoints::journal::Refused;
use guildpoints::model::System;
use guildpoints::model::UserId;
use guildpoints::model::refusal::PointsRefusal;
use guildpoints::points::GuildSystems;
use guildpoints::points::Many;
use guildpoints::points::Points;
use guildpoints::points::PointsBackend;
use guildpoints::points::PointsTimes;
use guildpoints::points::ReadError;
use guildpoints::points::SweepError;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::stage::*;

/// A system that takes a moment, and notes how many ask at once and in which order.
struct Noting {
    system: System,
    takes: Duration,
    /// Members of one question; 1 has no lists.
    list: usize,
    now: AtomicUsize,
    most: AtomicUsize,
    asked: Mutex<Vec<UserId>>,
    /// Whom it has an answer of another kind for, so many times.
    wrong: Mutex<HashMap<UserId, (usize, PointsRefusal)>>,
}

impl Noting {
    fn new(list: usize) -> Arc<Self> {
        Arc::new(Self {
            system: System::mall(),
            takes: Duration::from_millis(5),
            list,
            now: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            asked: Mutex::default(),
            wrong: Mutex::default(),
        })
    }

    fn goes_wrong(&self, member: UserId, times: usize, meaning: PointsRefusal) {
        let mut wrong = self.wrong.lock().unwrap();
        wrong.insert(member, (times, meaning));
    }

    fn asked(&self) -> Vec<UserId> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    fn answer(&self, member: UserId) -> Result<BalanceRead, ReadError> {
        self.asked.lock().unwrap().push(member);
        if let Some((times, meaning)) = self.wrong.lock().unwrap().get_mut(&member)
            && *times > 0
        {
            *times -= 1;
            let refused = Refused {
                meaning: *meaning,
                code: None,
                text: String::new(),
            };
            return Err(ReadError { refused });
        }
        Ok(BalanceRead {
            points: (member.number() % 1_000).cast_signed() + 1,
            read_ms: 1,
        })
    }

    async fn answers(&self, members: &[UserId]) -> Vec<Result<BalanceRead, ReadError>> {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        tokio::time::sleep(self.takes).await;
        self.now.fetch_sub(1, Ordering::SeqCst);
        members.iter().map(|member| self.answer(*member)).collect()
    }
}

impl PointsBackend for Noting {
    fn system(&self) -> &System {
        &self.system
    }

    fn balance(&self, member: UserId) -> BoxFuture<'_, Result<BalanceRead, ReadError>> {
        Box::pin(async move { self.answers(&[member]).await.pop().unwrap() })
    }

    fn many(&self) -> Option<&dyn Many> {
        (self.list > 1).then_some(self)
    }
}

impl Many for Noting {
    fn most(&self) -> usize {
        self.list
    }

    fn balances<'a>(
        &'a self,
        members: &'a [UserId],
    ) -> BoxFuture<'a, Vec<Result<BalanceRead, ReadError>>> {
        assert!(members.len() <= self.list);
        Box::pin(self.answers(members))
    }
}

fn points(home: &Home, journal: &Journal, system: &Arc<Noting>) -> Points {
    let systems = GuildSystems {
        rewards: system.clone(),
        further: Vec::new(),
    };
    let second = Duration::from_secs(1);
    let times = PointsTimes::new(second, second, second);
    let systems = HashMap::from([(GUILD, systems)]);
    Points::new(journal.clone(), systems, home.clock.clone(), times).sweeping([GUILD])
}

fn members(count: u64) -> Vec<UserId> {
    (0..count)
        .map(|number| UserId::new(MEMBER.number() + number))
        .collect()
}

fn board() -> Balances {
    Balances {
        guild: GUILD,
        system: System::mall(),
    }
}

async fn shown(journal: &Journal) -> u64 {
    journal.balances_size(&board()).await.unwrap().shown
}

async fn a_pass_reads_everybody_once_within_its_turns(home: Home) {
    let journal = home.journal().await;
    for list in [1, 50] {
        let system = Noting::new(list);
        let points = points(&home, &journal, &system);
        assert!(points.sweep_due(GUILD).await.unwrap().is_some());
        // More than are looked up ahead, so that the listing has to go on.
        let all = members(2_300);
        points.enlist(GUILD, all.clone()).await.unwrap();
        points.begin_sweep(GUILD).await.unwrap();
        assert_eq!(points.sweep_due(GUILD).await.unwrap(), None);
        let turns = Arc::new(Semaphore::new(7));
        let stop = CancellationToken::new();
        let read = points.sweep_balances(GUILD, &turns, &stop).await.unwrap();
        assert_eq!(read, 2_300);
        let asked = system.asked();
        assert_eq!(asked.len(), 2_300, "nobody twice");
        assert_eq!(asked.into_iter().collect::<HashSet<_>>().len(), 2_300);
        assert_eq!(system.most.load(Ordering::SeqCst), 7);
        assert_eq!(turns.available_permits(), 7);
        assert_eq!(shown(&journal).await, 2_300);
        let due = points.sweep_due(GUILD).await.unwrap().unwrap();
        assert!(due > Duration::from_secs(29 * 60), "{due:?}");
    }
    journal.close().await;
}

async fn a_pass_that_was_stopped_goes_on_with_whom_it_has_not_asked(home: Home) {
    let journal = home.journal().await;
    let system = Noting::new(1);
    let all = members(900);
    let turns = Arc::new(Semaphore::new(4));
    {
        let points = points(&home, &journal, &system);
        points.enlist(GUILD, all.clone()).await.unwrap();
        points.begin_sweep(GUILD).await.unwrap();
        let stop = CancellationToken::new();
        let sweep = points.sweep_balances(GUILD, &turns, &stop);
        let some = async {
            while shown(&journal).await < 200 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            stop.cancel();
        };
        let (swept, ()) = tokio::join!(sweep, some);
        assert!(matches!(swept, Err(SweepError::Stopped)));
    }
    assert_eq!(
        turns.available_permits(),
        4,
        "what was under way is dropped"
    );
    journal.close().await;
    let first = system.asked();
    let journal = home.journal().await;
    let kept = shown(&journal).await;
    assert!((200..900).contains(&kept), "{kept}");
    let points = points(&home, &journal, &system);
    assert_eq!(points.sweep_due(GUILD).await.unwrap(), None);
    let stop = CancellationToken::new();
    let read = points.sweep_balances(GUILD, &turns, &stop).await.unwrap();
    assert_eq!(read, 900 - kept, "what was kept is not read again");
    let second: HashSet<UserId> = system.asked().into_iter().collect();
    let together: HashSet<UserId> = first
        .iter()
        .copied()
        .chain(second.iter().copied())
        .collect();
    assert_eq!(together.len(), 900);
    assert_eq!(shown(&journal).await, 900);
    journal.close().await;
}

async fn whoever_was_asked_longest_ago_comes_first(home: Home) {
    let journal = home.journal().await;
    let system = Noting::new(1);
    let points = points(&home, &journal, &system);
    let turns = Arc::new(Semaphore::new(1));
    let stop = CancellationToken::new();
    let all = members(5);
    let sweep = async || {
        points.begin_sweep(GUILD).await.unwrap();
        points.sweep_balances(GUILD, &turns, &stop).await.unwrap();
        system.asked()
    };
    points.enlist(GUILD, all[2..].to_vec()).await.unwrap();
    assert_eq!(sweep().await, all[2..]);
    // The next pass is a moment later, whatever the clock's grain.
    tokio::time::sleep(Duration::from_millis(3)).await;
    points.enlist(GUILD, all.clone()).await.unwrap();
    assert_eq!(sweep().await, all);
    journal.close().await;
}

async fn trouble_is_waited_out_and_nobody_is_left_behind(home: Home) {
    let journal = home.journal().await;
    let system = Noting::new(1);
    let points = points(&home, &journal, &system);
    let all = members(60);
    // One has no account, one fails once, one fails for ever.
    system.goes_wrong(all[3], 9, PointsRefusal::NoAccount);
    system.goes_wrong(all[10], 1, PointsRefusal::TooFast);
    system.goes_wrong(all[20], usize::MAX, PointsRefusal::Unavailable);
    points.enlist(GUILD, all.clone()).await.unwrap();
    points.begin_sweep(GUILD).await.unwrap();
    let turns = Arc::new(Semaphore::new(4));
    let stop = CancellationToken::new();
    let begun = std::time::Instant::now();
    let read = points.sweep_balances(GUILD, &turns, &stop).await.unwrap();
    assert_eq!(read, 58);
    assert!(begun.elapsed() >= Duration::from_secs(2), "it waits");
    let asked = system.asked();
    let times = |member: UserId| asked.iter().filter(|asked| **asked == member).count();
    assert_eq!(times(all[10]), 2);
    assert_eq!(times(all[20]), 2, "its turn is over in this pass");
    assert_eq!(times(all[3]), 1);
    assert_eq!(asked.len(), 62);
    assert_eq!(shown(&journal).await, 58);
    journal.close().await;
}

on_each_store!(
    a_pass_reads_everybody_once_within_its_turns,
    a_pass_that_was_stopped_goes_on_with_whom_it_has_not_asked,
    trouble_is_waited_out_and_nobody_is_left_behind,
    whoever_was_asked_longest_ago_comes_first,
);

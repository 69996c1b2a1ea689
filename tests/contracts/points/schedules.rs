//! Any sequence of changes, repetitions, batches, callers that go away and restarts keeps the books:
//! double entry, once for an id, nobody below nothing, and what was answered is so.

use std::collections::HashMap;
use std::collections::HashSet;
use std::task::Poll;

use futures_util::future::join_all;
use guildpoints::journal::Audited;
use guildpoints::journal::Booked;
use guildpoints::journal::Journal;
use guildpoints::journal::Opened;
use guildpoints::journal::Posted;
use guildpoints::journal::Ticket;
use guildpoints::journal::Way;
use guildpoints::model::Cause;
use guildpoints::model::OpId;
use guildpoints::model::UserId;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::Config;
use proptest::test_runner::TestRunner;

use super::rig::ANN;
use super::rig::BEN;
use super::rig::CID;
use crate::store::stage::GUILD;
use crate::store::stage::Home;
use crate::store::stage::fresh;
use crate::store::stage::intent;
use crate::store::stage::message;
use crate::store::stage::open;

const MEMBERS: [UserId; 3] = [ANN, BEN, CID];

/// What happens next. Places point into what was made so far, round and round.
#[derive(Clone, Debug)]
enum Act {
    Post {
        whose: usize,
        points: i64,
    },
    Again {
        place: usize,
    },
    Batch {
        places: Vec<usize>,
    },
    /// All at the same moment, each in a call of its own.
    Together {
        places: Vec<usize>,
    },
    /// Its caller asks and goes away.
    Abandoned {
        whose: usize,
        points: i64,
    },
    Restart,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let points = || (-30_i64..=30).prop_filter("moves something", |points| *points != 0);
    let places = || vec(0_usize..40, 0..6);
    let act = prop_oneof![
        4 => (0_usize..3, points()).prop_map(|(whose, points)| Act::Post { whose, points }),
        2 => (0_usize..40).prop_map(|place| Act::Again { place }),
        2 => places().prop_map(|places| Act::Batch { places }),
        2 => places().prop_map(|places| Act::Together { places }),
        3 => (0_usize..3, points()).prop_map(|(whose, points)| Act::Abandoned { whose, points }),
        1 => Just(Act::Restart),
    ];
    vec(act, 1..30)
}

#[test]
fn any_schedule_keeps_the_books_on_sqlite() {
    let config = Config {
        cases: 48,
        failure_persistence: None,
        ..Config::default()
    };
    played(config, || async { Some(Home::new()) });
}

#[test]
fn any_schedule_keeps_the_books_on_postgres() {
    let config = Config {
        cases: 12,
        max_shrink_iters: 60,
        failure_persistence: None,
        ..Config::default()
    };
    played(config, Home::on_postgres);
}

fn played<H: Future<Output = Option<Home>>>(config: Config, home: impl Fn() -> H) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut runner = TestRunner::new(config);
    let result = runner.run(&acts(), |acts| {
        runtime.block_on(async {
            if let Some(home) = home().await {
                play(home, acts).await;
            }
        });
        Ok(())
    });
    result.unwrap();
}

#[derive(Default)]
struct Play {
    tickets: Vec<Ticket>,
    /// How often each was answered as posted just now.
    posted: HashMap<OpId, usize>,
    /// What was answered as posted at all.
    confirmed: HashSet<OpId>,
}

impl Play {
    async fn make(&mut self, journal: &Journal, whose: usize, points: i64) -> usize {
        let number = self.tickets.len() as u64 + 1;
        let mut wish = intent(number, points);
        let member = MEMBERS[whose];
        wish.system = "ledger".to_owned();
        wish.member = member;
        wish.cause = Cause::Message {
            message: message(number),
            line: 0,
            member,
        };
        let opened: Opened = open(journal, wish).await;
        self.tickets.push(fresh(opened));
        self.tickets.len() - 1
    }

    fn at(&self, places: &[usize]) -> Vec<usize> {
        let all = self.tickets.len();
        let places = places.iter().filter(|_| all > 0);
        places.map(|place| place % all).collect()
    }

    fn answered(&mut self, place: usize, posted: Posted) {
        let op = self.tickets[place].op().clone();
        match posted {
            Posted::Now => {
                assert!(!self.confirmed.contains(&op), "posted twice: {op}");
                *self.posted.entry(op.clone()).or_default() += 1;
                self.confirmed.insert(op);
            }
            Posted::Already => {
                self.confirmed.insert(op);
            }
            Posted::Insufficient { there } => {
                assert!(!self.confirmed.contains(&op), "refused after it was posted");
                let points = self.tickets[place].receipt().amount.points();
                assert!(there + i64::from(points) < 0, "{there} would do");
            }
            other => panic!("{other:?}"),
        }
    }

    async fn act(&mut self, journal: &Journal, act: &Act) {
        match act {
            Act::Post { whose, points } => {
                let place = self.make(journal, *whose, *points).await;
                let posted = journal.post(&self.tickets[place]).await.unwrap();
                self.answered(place, posted);
            }
            Act::Again { place } => {
                for place in self.at(&[*place]) {
                    let posted = journal.post(&self.tickets[place]).await.unwrap();
                    self.answered(place, posted);
                }
            }
            Act::Batch { places } => {
                // Tickets cannot be copied, so those that stand beside each other go together.
                let (Some(&first), Some(&last)) = (places.iter().min(), places.iter().max()) else {
                    return;
                };
                let end = self.tickets.len().min(last + 1);
                let start = first.min(end);
                let posted = journal.post_all(&self.tickets[start..end]).await.unwrap();
                assert_eq!(posted.len(), end - start);
                for (place, posted) in (start..end).zip(posted) {
                    self.answered(place, posted);
                }
            }
            Act::Together { places } => {
                let places = self.at(places);
                let posts = places
                    .iter()
                    .map(|&place| journal.post(&self.tickets[place]));
                let answers = join_all(posts).await;
                let mut answers: Vec<_> = places
                    .iter()
                    .copied()
                    .zip(answers.into_iter().map(Result::unwrap))
                    .collect();
                // Of several for one id, whichever came first says that it is posted now.
                answers.sort_by_key(|(_, posted)| match posted {
                    Posted::Insufficient { .. } => 0,
                    Posted::Now => 1,
                    _ => 2,
                });
                for (place, posted) in answers {
                    self.answered(place, posted);
                }
            }
            Act::Abandoned { whose, points } => {
                let place = self.make(journal, *whose, *points).await;
                let mut post = Box::pin(journal.post(&self.tickets[place]));
                // Where the writer was quicker than this, its answer counts.
                let answered = futures_util::poll!(post.as_mut());
                drop(post);
                if let Poll::Ready(posted) = answered {
                    self.answered(place, posted.unwrap());
                }
            }
            Act::Restart => {}
        }
    }
}

async fn play(home: Home, acts: Vec<Act>) {
    let mut journal = home.journal().await;
    let mut play = Play::default();
    for act in &acts {
        if matches!(act, Act::Restart) {
            journal.close().await;
            journal = home.journal().await;
        }
        play.act(&journal, act).await;
    }
    journal.close().await;
    let journal = home.journal().await;
    judge(&journal, &play).await;
    journal.close().await;
}

async fn judge(journal: &Journal, play: &Play) {
    let Audited { faults, .. } = journal.audit_books(100).await.unwrap();
    assert_eq!(faults, []);
    assert!(play.posted.values().all(|times| *times == 1));
    let mut seen = HashMap::new();
    let balances = journal.book_balances(GUILD, &MEMBERS).await.unwrap();
    for (member, balance) in MEMBERS.into_iter().zip(balances) {
        let bookings = journal.bookings(GUILD, member, Way::Both, 0, 1_000).await;
        let mut sum = 0;
        for booked in bookings.unwrap().into_iter().rev() {
            sum += booked.points;
            assert!(sum >= 0, "{member} was below nothing");
            assert_eq!(booked.member, member);
            assert!(seen.insert(booked.op.clone(), booked).is_none());
        }
        assert_eq!(sum, balance);
    }
    for op in &play.confirmed {
        assert!(seen.contains_key(op), "{op} was answered as posted");
    }
    for ticket in &play.tickets {
        let entry = ticket.receipt();
        if let Some(Booked { points, member, .. }) = seen.remove(ticket.op()) {
            assert_eq!(points, i64::from(entry.amount.points()));
            assert_eq!(member, entry.member);
        }
    }
    assert!(seen.is_empty(), "nobody asked for {seen:?}");
}

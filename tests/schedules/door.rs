//! The points system as the bot sees it: what it can do, and what its answers mean.
//!
//! The meanings follow points-backends 1.6; what is known of repeats follows rule 8 of 1.7: promised
//! once a look-up has worked, never again once one was answered with 404.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::atomic::AtomicU8;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::BoxFuture;
use guildpoints::journal::BalanceRead;
use guildpoints::journal::Receipt;
use guildpoints::journal::Refused;
use guildpoints::journal::Ticket;
use guildpoints::model::OpId;
use guildpoints::model::System;
use guildpoints::model::UserId;
use guildpoints::model::refusal::PointsRefusal;
use guildpoints::points::Adjust;
use guildpoints::points::Batch;
use guildpoints::points::Doubt;
use guildpoints::points::DoubtKind;
use guildpoints::points::Lookup;
use guildpoints::points::LookupError;
use guildpoints::points::PointsBackend;
use guildpoints::points::ReadError;
use guildpoints::points::Record;
use guildpoints::points::Repeats;
use guildpoints::points::Verdict;

use crate::arriving::is_refusal;
use crate::mall::Entry;
use crate::mall::Mall;
use crate::mall::Said;
use crate::mall::Told;
use crate::people;
use crate::schedule::Deployment;

/// The world, shared by the bot's lives and whoever moves time.
pub type World = Arc<Mutex<Mall>>;

/// Takes the world for a moment; nobody waits while holding it.
pub fn enter(world: &World) -> MutexGuard<'_, Mall> {
    world.lock().unwrap()
}

const UNPROVED: u8 = 0;
const PROVED: u8 = 1;
const MISSING: u8 = 2;

/// The handle of one life of the bot.
pub struct Door {
    system: System,
    world: World,
    deployment: Deployment,
    batch: bool,
    lookups: AtomicU8,
}

impl Door {
    pub fn new(world: World, proved: bool) -> Self {
        let schedule = enter(&world).schedule.clone();
        let known = match schedule.deployment {
            Deployment::Current if proved => PROVED,
            _ => UNPROVED,
        };
        Self {
            system: System::mall(),
            world,
            deployment: schedule.deployment,
            batch: schedule.batch,
            lookups: AtomicU8::new(known),
        }
    }

    async fn send(&self, tickets: &[Ticket]) -> Vec<Verdict> {
        let entries = tickets.iter().map(entry).collect();
        let answer = enter(&self.world).send(entries);
        let said = answer.await.expect("the world outlives the bot");
        said.into_iter().map(verdict).collect()
    }

    async fn send_one(&self, ticket: &Ticket) -> Verdict {
        let answer = enter(&self.world).send(vec![entry(ticket)]);
        let mut said = answer.await.expect("the world outlives the bot");
        verdict(said.remove(0))
    }

    async fn look(&self, op: &OpId) -> Result<Record, LookupError> {
        let answer = enter(&self.world).look_up(&people::label_of(op));
        match answer.await.expect("the world outlives the bot") {
            Told::Record(record) => {
                let known = &self.lookups;
                let proved = known.load(Ordering::Relaxed) != MISSING;
                if proved {
                    known.store(PROVED, Ordering::Relaxed);
                }
                Ok(record)
            }
            Told::Silent => Err(LookupError::NoInformation {
                text: "nothing usable".to_owned(),
            }),
            Told::Access => Err(LookupError::AccessRefused {
                code: Some(401),
                text: "signature".to_owned(),
            }),
            Told::Missing => {
                self.lookups.store(MISSING, Ordering::Relaxed);
                Err(LookupError::Missing)
            }
        }
    }
}

impl PointsBackend for Door {
    fn system(&self) -> &System {
        &self.system
    }

    fn balance(&self, member: UserId) -> BoxFuture<'_, Result<BalanceRead, ReadError>> {
        Box::pin(async move {
            let mut world = enter(&self.world);
            world.story.activity += 1;
            Ok(BalanceRead {
                points: world.books[people::index_of(member)],
                read_ms: world.story.clock_ms(),
            })
        })
    }

    fn adjust(&self) -> Option<&dyn Adjust> {
        Some(self)
    }

    fn lookup(&self) -> Option<&dyn Lookup> {
        (self.deployment != Deployment::Blind).then_some(self)
    }

    fn batch(&self) -> Option<&dyn Batch> {
        self.batch.then_some(self)
    }
}

impl Adjust for Door {
    fn repeats(&self) -> Repeats {
        let proved = self.lookups.load(Ordering::Relaxed) == PROVED;
        match self.deployment {
            Deployment::Current if proved => Repeats::Dropped,
            _ => Repeats::Unpromised,
        }
    }

    fn adjust<'a>(&'a self, ticket: &'a Ticket) -> BoxFuture<'a, Verdict> {
        Box::pin(self.send_one(ticket))
    }
}

impl Lookup for Door {
    fn lookup<'a>(&'a self, entry: &'a Receipt) -> BoxFuture<'a, Result<Record, LookupError>> {
        Box::pin(self.look(&entry.op))
    }
}

impl Batch for Door {
    fn most(&self) -> usize {
        2
    }

    fn adjust_many<'a>(&'a self, tickets: &'a [Ticket]) -> BoxFuture<'a, Vec<Verdict>> {
        Box::pin(self.send(tickets))
    }
}

fn entry(ticket: &Ticket) -> Entry {
    let receipt = ticket.receipt();
    Entry {
        op: people::label_of(ticket.op()),
        member: people::index_of(receipt.member),
        points: i64::from(receipt.amount.points()),
    }
}

fn verdict(said: Said) -> Verdict {
    let doubt = |kind, code, text: &str| {
        Verdict::Unknown(Doubt {
            kind,
            code,
            text: text.to_owned(),
        })
    };
    match said {
        Said::Applied => Verdict::Applied,
        Said::Code(60_006) => doubt(DoubtKind::Duplicate, Some(60_006), "used"),
        Said::Code(code) if is_refusal(code) => Verdict::Refused(Refused {
            meaning: match code {
                30_001 => PointsRefusal::Insufficient,
                50_000 => PointsRefusal::NoAccount,
                60_001 => PointsRefusal::NotEnabledHere,
                _ => PointsRefusal::NoAccess,
            },
            code: Some(code),
            text: "no".to_owned(),
        }),
        Said::Code(code) => doubt(DoubtKind::Declined, Some(code), "declined"),
        Said::Access(status) => doubt(
            DoubtKind::AccessRefused,
            Some(i64::from(status)),
            "signature",
        ),
        Said::TooFast(retry_after) => {
            let retry_after = retry_after.map(|seconds| Duration::from_secs(u64::from(seconds)));
            doubt(DoubtKind::TooFast { retry_after }, Some(429), "too fast")
        }
        Said::Lost(how) => doubt(DoubtKind::Lost, None, &how),
        Said::NoConnection => Verdict::NotSent("no connection".to_owned()),
    }
}

//! One owner at a time: who may work for the bot, and how long that is certain.
//!
//! On PostgreSQL a row says who owns the bot and until when, on the database's clock. Each owner has a
//! fencing number above the last one's; the row is renewed every two seconds and may be taken by
//! anybody once its time has passed. In SQLite the lock file beside the store is the lease: it is held
//! from opening to the end of the process, so the number is always the same and nothing is renewed.
//!
//! Invariants:
//! - An owner considers itself one for a second less than the row says, counted from before the request
//!   that won or renewed it, so it stops beginning things before anybody else can start.
//! - A write under a term carries the number and the holder. Where either is not the row's, the whole
//!   transaction is refused, so what a former owner wakes up with is never written.
//! - A term that has ended stays so; its process stands by and begins a new one with a new number.
//!
//! Deliberately absent: advisory locks and LISTEN, which not every PostgreSQL-compatible database has.

use std::fmt;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use crate::journal::Journal;
use crate::journal::error::JournalError;
use crate::journal::noted;
use crate::journal::store::Answer;
use crate::journal::store::whole;
use crate::support::pulse::edge;
use crate::support::tenure::Moment;
use crate::support::tenure::Tenure;

/// How long the row says that it is taken, from each renewal on, on the database's clock.
///
/// With the waits below a standby has taken over within 7 s of the owner's last sign of life.
pub(super) const TERM: Duration = Duration::from_secs(6);

/// So much earlier than the row says an owner stops: room for clocks that run at different speeds and
/// for the moment between asking whether to begin and beginning.
const MARGIN: Duration = Duration::from_secs(1);

/// How often the row is renewed: one renewal may fail, and the next comes in time.
const RENEW_EVERY: Duration = Duration::from_secs(2);

/// Pause before a renewal that failed is tried again.
const RETRY_EVERY: Duration = Duration::from_millis(300);

/// How often a standby looks whether the row is free; an owner that leaves in order is followed so soon.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The number where a lock file is the lease, which has one holder for as long as it is locked.
const LOCKED: i64 = 1;

/// Whom a write comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    /// The fencing number.
    pub fence: i64,
    /// Which process and which of its terms: different even where a database that lost its last
    /// seconds gives a number twice.
    pub holder: String,
}

/// A row that says who owns the bot.
pub(super) trait Lease: Send + Sync + 'static {
    /// Takes it for `holder` if it is free, or was given to the same holder before.
    fn take<'a>(&'a self, holder: &'a str, label: &'a str) -> Answer<'a, Taken>;
    /// Makes it last `TERM` from now on. `false`: it is somebody else's.
    fn renew<'a>(&'a self, stamp: &'a Stamp) -> Answer<'a, bool>;
    /// Gives it up, if it is still held.
    fn release<'a>(&'a self, stamp: &'a Stamp) -> Answer<'a, ()>;
    /// Whoever has it, or had it last.
    fn owner(&self) -> Answer<'_, Option<Owner>>;
}

/// What came of trying to take a lease.
#[derive(Debug)]
pub(super) enum Taken {
    /// It is ours, with this number.
    Ours(i64),
    /// It is another's.
    Others(Owner),
}

/// Who owns the bot, as the store says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Machine and process, for people.
    pub label: String,
    /// The fencing number.
    pub fence: i64,
    /// Since when, in milliseconds since 1970 on the database's clock.
    pub since_ms: i64,
    /// How long it is its own without another renewal; zero once it has run out or was given up.
    pub left: Duration,
}

/// A term as owner. Everything that works for the bot is built under one.
pub struct Term {
    journal: Journal,
    tenure: Tenure,
    fence: i64,
    held: Option<Held>,
}

/// A lease that has to be renewed.
struct Held {
    lease: Arc<dyn Lease>,
    stamp: Arc<Stamp>,
}

/// Under which term writes are made.
#[derive(Clone)]
pub(super) struct Mark {
    /// What they carry.
    pub stamp: Arc<Stamp>,
    /// After its end they are not even tried.
    pub tenure: Tenure,
}

/// Why a term ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// It could not be renewed in time: the database was out of reach, or this process slept.
    Late,
    /// Another process has taken over.
    TakenOver,
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Lost::Late => {
                "the lease could not be renewed in time: the database was out of reach or this \
                 process stood still"
            }
            Lost::TakenOver => "another process has taken over",
        })
    }
}

impl Journal {
    /// Waits until this process owns the bot. Logs whom it waits for, and notes how the store does.
    ///
    /// `label` says to people which process this is. Losing this future is safe: a lease that was won
    /// at the same moment runs out by itself.
    pub async fn stand_by(&self, label: &str) -> Term {
        // One for the whole wait, so that a lease whose grant was lost on the way is found to be ours.
        let holder = uuid::Uuid::new_v4().simple().to_string();
        let mut last = Seen::Nothing;
        loop {
            let pause = match self.take(&holder, label).await {
                Ok(Taking::Ours(term)) => return term,
                Ok(Taking::Others(owner)) => {
                    let pause = owner.left.min(LOOK_EVERY);
                    last.owner(owner);
                    // Never a busy loop, whatever the database's clock says.
                    pause.max(Duration::from_millis(50))
                }
                Err(error) => {
                    last.trouble(&error);
                    LOOK_EVERY
                }
            };
            sleep(pause).await;
        }
    }

    /// Who owns the bot by the store; `None` where a lock file decides, or nobody ever did.
    pub async fn owner(&self) -> Result<Option<Owner>, JournalError> {
        match &self.shared.lease {
            Some(lease) => self.read(lease.owner()).await,
            None => Ok(None),
        }
    }

    async fn take(&self, holder: &str, label: &str) -> Result<Taking, JournalError> {
        let Some(lease) = &self.shared.lease else {
            return Ok(Taking::Ours(Term {
                journal: self.clone(),
                tenure: Tenure::unlimited(),
                fence: LOCKED,
                held: None,
            }));
        };
        let begun = Moment::now();
        let taken = self.read(lease.take(holder, label)).await?;
        self.shared.pulses.well(edge::STORE);
        let fence = match taken {
            Taken::Ours(fence) => fence,
            Taken::Others(owner) => return Ok(Taking::Others(owner)),
        };
        let stamp = Arc::new(Stamp {
            fence,
            holder: holder.to_owned(),
        });
        let tenure = Tenure::lasting(begun, TERM - MARGIN);
        Ok(Taking::Ours(Term {
            journal: Journal {
                shared: Arc::clone(&self.shared),
                mark: Some(Mark {
                    stamp: Arc::clone(&stamp),
                    tenure: tenure.clone(),
                }),
            },
            tenure,
            fence,
            held: Some(Held {
                lease: Arc::clone(lease),
                stamp,
            }),
        }))
    }
}

enum Taking {
    Ours(Term),
    Others(Owner),
}

impl Term {
    /// The journal as this term's owner: what it writes carries the fencing number.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// How long it is certain that nobody else is the owner.
    pub fn tenure(&self) -> &Tenure {
        &self.tenure
    }

    /// The fencing number.
    pub fn fence(&self) -> i64 {
        self.fence
    }

    /// Renews the lease until it is lost, which ends the tenure. Never returns where nothing has to be
    /// renewed.
    pub async fn keep(&self) -> Lost {
        let Some(held) = &self.held else {
            return std::future::pending().await;
        };
        // Losing a renewal loses nothing: the tenure has ended by then.
        let lost = tokio::select! {
            () = self.tenure.ended() => Lost::Late,
            lost = self.renew(held) => lost,
        };
        self.tenure.end();
        lost
    }

    /// Gives the lease up, so that a standby need not wait for its end. Nothing begins afterwards.
    pub async fn release(&self) {
        self.tenure.end();
        let Some(held) = &self.held else { return };
        if let Err(error) = held.lease.release(&held.stamp).await {
            tracing::warn!(
                error = whole(&error),
                "the lease could not be given up; it runs out by itself"
            );
        }
    }

    async fn renew(&self, held: &Held) -> Lost {
        let mut failing = false;
        loop {
            sleep(if failing { RETRY_EVERY } else { RENEW_EVERY }).await;
            let begun = Moment::now();
            let renewed = held.lease.renew(&held.stamp).await;
            match noted(&self.journal.shared.pulses, renewed) {
                Ok(true) if self.tenure.prolong(begun, TERM - MARGIN) => {
                    if failing {
                        tracing::info!("the lease is renewed again");
                    }
                    failing = false;
                }
                Ok(true) => return Lost::Late,
                Ok(false) => return Lost::TakenOver,
                Err(error) => {
                    if !failing {
                        tracing::warn!(
                            error = whole(&error),
                            "the lease could not be renewed; unless it can be soon, another \
                             process takes over"
                        );
                    }
                    failing = true;
                }
            }
        }
    }
}

impl fmt::Debug for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Term")
            .field("fence", &self.fence)
            .finish_non_exhaustive()
    }
}

/// What a standby has told the log last: each thing is told once.
enum Seen {
    Nothing,
    Owner(i64),
    Trouble,
}

impl Seen {
    fn owner(&mut self, owner: Owner) {
        if !matches!(self, Seen::Owner(fence) if *fence == owner.fence) {
            tracing::info!(
                owner = owner.label,
                fence = owner.fence,
                "standing by: another process owns the bot"
            );
        }
        *self = Seen::Owner(owner.fence);
    }

    fn trouble(&mut self, error: &JournalError) {
        if !matches!(self, Seen::Trouble) {
            tracing::error!(
                error = whole(error),
                "the store does not say who owns the bot; until it does, this process stands by"
            );
        }
        *self = Seen::Trouble;
    }
}

/// This process by name: its machine and its number there.
pub fn here() -> String {
    // Where the system keeps it; the variables are what other systems and shells have.
    let machine = fs::read_to_string("/proc/sys/kernel/hostname")
        .ok()
        .or_else(|| std::env::var("HOSTNAME").ok())
        .or_else(|| std::env::var("COMPUTERNAME").ok())
        .unwrap_or_default();
    let machine: String = machine
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || ".-_".contains(*c))
        .take(64)
        .collect();
    let machine = match machine.as_str() {
        "" => "a machine without a name",
        machine => machine,
    };
    format!("{machine}, process {}", std::process::id())
}

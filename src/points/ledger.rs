//! The ledger in the bot's own store, for guilds without a points service.
//!
//! Invariants: a change is posted with its ticket, in a transaction of its own, like a request to any
//! other system, and settled after it: what a crash parts is put together by the look-up, and posting
//! again changes nothing. (The note that it is done costs no further wait for the disk, so one
//! transaction for both would save nothing.) Trouble with the store is "not sent" only where certainly
//! nothing was written; else it is unknown. A member nobody gave anything has 0 points: these books
//! know everybody there is.
//!
//! Deliberately absent: time-outs. The journal's writer has its own, and its answer is worth waiting
//! for, since the entry could not be settled without it.

use futures_util::future::BoxFuture;

use crate::journal::BalanceRead;
use crate::journal::Booked;
use crate::journal::Journal;
use crate::journal::JournalError;
use crate::journal::MOST_BOOKED;
use crate::journal::Posted;
use crate::journal::Receipt;
use crate::journal::Refused;
use crate::journal::Ticket;
use crate::journal::Way;
use crate::model::Amount;
use crate::model::GuildId;
use crate::model::System;
use crate::model::UserId;
use crate::model::refusal::PointsRefusal;
use crate::points::Adjust;
use crate::points::Batch;
use crate::points::Direction;
use crate::points::Doubt;
use crate::points::DoubtKind;
use crate::points::History;
use crate::points::HistoryPage;
use crate::points::HistoryRow;
use crate::points::HistoryWanted;
use crate::points::Lookup;
use crate::points::LookupError;
use crate::points::Many;
use crate::points::PointsBackend;
use crate::points::ReadError;
use crate::points::Record;
use crate::points::Refusals;
use crate::points::Repeats;
use crate::points::Verdict;
use crate::support::clock::Clock;

/// Changes of one transaction: many enough for a role, few enough for others not to wait.
const MOST_CHANGES: usize = 500;
/// Balances of one question.
const MOST_BALANCES: usize = 1_000;
/// Rows of a page.
const MOST_ROWS: usize = 20;

/// The ledger of one guild.
pub struct GuildLedger {
    system: System,
    guild: GuildId,
    journal: Journal,
    clock: Clock,
}

impl GuildLedger {
    /// The ledger of `guild`, kept in the store of `journal`.
    pub fn new(guild: GuildId, journal: Journal, clock: Clock) -> Self {
        Self {
            system: System::ledger(),
            guild,
            journal,
            clock,
        }
    }

    async fn read(&self, members: &[UserId]) -> Vec<Result<BalanceRead, ReadError>> {
        let read_ms = self.clock.now_ms();
        let balances = self.journal.book_balances(self.guild, members).await;
        match balances {
            Ok(balances) => {
                let read = |points| Ok(BalanceRead { points, read_ms });
                balances.into_iter().map(read).collect()
            }
            Err(error) => {
                let unread = unread(&error);
                members.iter().map(|_| Err(unread.clone())).collect()
            }
        }
    }

    async fn post(&self, tickets: &[Ticket]) -> Vec<Verdict> {
        if tickets.iter().any(|ticket| !self.is_ours(ticket.receipt())) {
            let why = "the ticket is for another guild or points system";
            tracing::error!(why, "a posting was not made");
            return vec![Verdict::NotSent(why.to_owned()); tickets.len()];
        }
        match self.journal.post_all(tickets).await {
            Ok(posted) => posted.into_iter().map(verdict).collect(),
            Err(error) => vec![not_posted(&error); tickets.len()],
        }
    }

    fn is_ours(&self, entry: &Receipt) -> bool {
        entry.guild == self.guild && entry.system == self.system.name()
    }
}

impl PointsBackend for GuildLedger {
    fn system(&self) -> &System {
        &self.system
    }

    fn balance(&self, member: UserId) -> BoxFuture<'_, Result<BalanceRead, ReadError>> {
        Box::pin(async move {
            let mut read = self.read(&[member]).await;
            read.pop().expect("there is an answer for each member")
        })
    }

    fn adjust(&self) -> Option<&dyn Adjust> {
        Some(self)
    }

    fn lookup(&self) -> Option<&dyn Lookup> {
        Some(self)
    }

    fn history(&self) -> Option<&dyn History> {
        Some(self)
    }

    fn batch(&self) -> Option<&dyn Batch> {
        Some(self)
    }

    fn many(&self) -> Option<&dyn Many> {
        Some(self)
    }
}

impl Adjust for GuildLedger {
    fn repeats(&self) -> Repeats {
        Repeats::Dropped
    }

    fn refusals(&self) -> Refusals {
        Refusals::Final
    }

    fn adjust<'a>(&'a self, ticket: &'a Ticket) -> BoxFuture<'a, Verdict> {
        Box::pin(async move {
            let mut verdicts = self.post(std::slice::from_ref(ticket)).await;
            verdicts.pop().expect("there is a verdict for each ticket")
        })
    }
}

impl Batch for GuildLedger {
    fn most(&self) -> usize {
        MOST_CHANGES
    }

    fn adjust_many<'a>(&'a self, tickets: &'a [Ticket]) -> BoxFuture<'a, Vec<Verdict>> {
        Box::pin(self.post(tickets))
    }
}

impl Lookup for GuildLedger {
    fn lookup<'a>(&'a self, entry: &'a Receipt) -> BoxFuture<'a, Result<Record, LookupError>> {
        Box::pin(async move {
            match self.journal.booked(&entry.op).await {
                Ok(Some(booked)) => Ok(Record::Found {
                    member: Some(booked.member),
                    amount: Amount::new(booked.points).ok(),
                }),
                Ok(None) => Ok(Record::Unused),
                Err(error) => Err(LookupError::NoInformation {
                    text: error.to_string(),
                }),
            }
        })
    }
}

impl Many for GuildLedger {
    fn most(&self) -> usize {
        MOST_BALANCES
    }

    fn balances<'a>(
        &'a self,
        members: &'a [UserId],
    ) -> BoxFuture<'a, Vec<Result<BalanceRead, ReadError>>> {
        Box::pin(async move {
            let mut balances = Vec::with_capacity(members.len());
            for members in members.chunks(MOST_BALANCES) {
                balances.extend(self.read(members).await);
            }
            balances
        })
    }
}

impl History for GuildLedger {
    fn page<'a>(
        &'a self,
        member: UserId,
        wanted: &'a HistoryWanted,
    ) -> BoxFuture<'a, Result<HistoryPage, ReadError>> {
        Box::pin(async move {
            let size = wanted.size.clamp(1, MOST_ROWS);
            let way = match wanted.direction {
                Direction::Both => Way::Both,
                Direction::In => Way::In,
                Direction::Out => Way::Out,
            };
            let skipped = u64::from(wanted.page) * size as u64;
            // One more than is shown tells whether there is a page after it.
            let found = self
                .journal
                .bookings(self.guild, member, way, skipped, size + 1);
            let mut found = found.await.map_err(|error| unread(&error))?;
            let more = found.len() > size;
            found.truncate(size);
            Ok(HistoryPage {
                rows: found.into_iter().map(row).collect(),
                more,
            })
        })
    }
}

fn row(booked: Booked) -> HistoryRow {
    HistoryRow {
        points: booked.points,
        what: booked.remark,
        at_ms: Some(booked.posted_ms),
        op: Some(booked.op),
    }
}

fn verdict(posted: Posted) -> Verdict {
    let refused = |meaning, text| {
        Verdict::Refused(Refused {
            meaning,
            code: None,
            text,
        })
    };
    match posted {
        Posted::Now | Posted::Already => Verdict::Applied,
        Posted::Insufficient { there } => {
            refused(PointsRefusal::Insufficient, format!("{there} are there"))
        }
        Posted::TooMuch { there } => refused(
            PointsRefusal::Declined,
            format!("{there} are there, and no balance is above {MOST_BOOKED}"),
        ),
        Posted::Nobody => refused(PointsRefusal::NoAccount, "no member has this id".to_owned()),
        // The look-up tells whose it is; a moderator decides.
        Posted::Conflict => Verdict::Unknown(Doubt {
            kind: DoubtKind::Duplicate,
            code: None,
            text: "another change was posted under this id".to_owned(),
        }),
    }
}

/// What trouble with the store means to a posting.
fn not_posted(error: &JournalError) -> Verdict {
    match error {
        // The transaction was not begun, or has certainly ended without a trace.
        JournalError::Full
        | JournalError::ReadOnly
        | JournalError::NotOwner
        | JournalError::Away(_)
        | JournalError::Interrupted(_) => Verdict::NotSent(error.to_string()),
        _ => Verdict::Unknown(Doubt {
            kind: DoubtKind::Lost,
            code: None,
            text: error.to_string(),
        }),
    }
}

fn unread(error: &JournalError) -> ReadError {
    ReadError {
        refused: Refused {
            meaning: PointsRefusal::Unavailable,
            code: None,
            text: error.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_certainly_was_not_written_was_not_sent() {
        for error in [
            JournalError::Full,
            JournalError::ReadOnly,
            JournalError::NotOwner,
            JournalError::Away("gone".to_owned()),
            JournalError::Interrupted("broken off".to_owned()),
        ] {
            let verdict = not_posted(&error);
            assert!(matches!(verdict, Verdict::NotSent(_)), "{verdict:?}");
        }
        for error in [
            JournalError::Unsure,
            JournalError::Closing,
            JournalError::Changed,
            JournalError::Database(anyhow::anyhow!("the disk failed while it was synced")),
        ] {
            let verdict = not_posted(&error);
            let lost = matches!(&verdict, Verdict::Unknown(doubt) if doubt.kind == DoubtKind::Lost);
            assert!(lost, "{verdict:?}");
        }
    }
}

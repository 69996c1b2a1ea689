//! The books of the built-in ledger: double entry, in the same store as the journal.
//!
//! Invariants:
//! - A change is two postings that add up to nothing: the member's, and the other way round that of
//!   the account points come from and go to, number 0 of each guild. So all accounts of a guild add up
//!   to nothing, and each is the sum of its postings.
//! - A change has the id of its journal entry and is posted once for ever. The same again changes
//!   nothing and is told as such; another change under the id is a conflict and changes nothing.
//! - No member's account goes below 0 or above `MOST`. What does not fit changes nothing, and neither
//!   does it hinder others of the same write.
//! - It is posted with a ticket only, by the one writer under its owner's stamp, and durably. What was
//!   posted before is looked for in the transaction that posts, so a refusal is certain when it is told.
//!
//! Deliberately absent: any other way to change the books, and taking a posting back: an undo is a
//! change of its own.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;

use crate::journal::Journal;
use crate::journal::auditing::Audited;
use crate::journal::entry::Durability;
use crate::journal::entry::Ticket;
use crate::journal::error::JournalError;
use crate::journal::sides::Side;
use crate::journal::sides::SideDone;
use crate::journal::store::Answer;
use crate::model::GuildId;
use crate::model::OpId;
use crate::model::UserId;

/// The largest balance of a member, in points: what the mall holds too, so that a guild can change
/// over. Source: points-backends, 5.1.
pub const MOST: i64 = i32::MAX as i64;

/// The account that points come from and go to. No member has this id.
pub(super) const ISSUER: UserId = UserId::new(0);

/// What became of a change of the books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Posted {
    /// It is posted now.
    Now,
    /// It was posted before, and nothing changed.
    Already,
    /// Another change was posted under its id; nothing changed.
    Conflict,
    /// The balance does not suffice; nothing changed.
    Insufficient {
        /// What is there, in points.
        there: i64,
    },
    /// The balance would be above `MOST`; nothing changed.
    TooMuch {
        /// What is there, in points.
        there: i64,
    },
    /// No member can have that id; nothing changed.
    Nobody,
}

/// A change as the books have it, seen from the member's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booked {
    /// The id of its journal entry.
    pub op: OpId,
    /// The guild.
    pub guild: GuildId,
    /// Whose points.
    pub member: UserId,
    /// By how much; below 0 was taken away.
    pub points: i64,
    /// What for. Untrusted text.
    pub remark: String,
    /// When, in milliseconds since 1970.
    pub posted_ms: i64,
}

/// Which way points went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Way {
    /// Either way.
    #[default]
    Both,
    /// What was added.
    In,
    /// What was taken away.
    Out,
}

/// The reading side.
pub(super) trait BookStore {
    /// The balances of those members who have an account, in any order.
    fn book_balances<'a>(
        &'a self,
        guild: GuildId,
        members: &'a [UserId],
    ) -> Answer<'a, Vec<(UserId, i64)>>;
    /// The change of that id.
    fn booked<'a>(&'a self, op: &'a OpId) -> Answer<'a, Option<Booked>>;
    /// Changes of an account, the last first.
    fn bookings(
        &self,
        guild: GuildId,
        member: UserId,
        way: Way,
        part: Part,
    ) -> Answer<'_, Vec<Booked>>;
    /// What the books come to, with at most so many faults of each sort.
    fn audit_books(&self, limit: usize) -> Answer<'_, Audited>;
}

/// A part of a list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// How many come before it.
    pub skipped: i64,
    /// At most so many are in it.
    pub limit: i64,
}

/// A change to post.
#[derive(Clone, Debug)]
pub(super) struct Posting {
    pub op: OpId,
    pub guild: GuildId,
    pub member: UserId,
    pub points: i64,
    pub remark: String,
    pub posted_ms: i64,
}

impl Journal {
    /// Posts the change of a ticket, once for ever.
    ///
    /// After an error it may have been posted where that is `Unsure` or the store failed in a way of
    /// its own; `booked` tells.
    pub async fn post(&self, ticket: &Ticket) -> Result<Posted, JournalError> {
        let posted = self.post_all(std::slice::from_ref(ticket)).await?;
        posted.into_iter().next().ok_or(JournalError::Changed)
    }

    /// Posts the changes of these tickets in one transaction, in their order and each for itself:
    /// what does not fit is left out. The answers stand in the order of the tickets.
    pub async fn post_all(&self, tickets: &[Ticket]) -> Result<Vec<Posted>, JournalError> {
        let posted_ms = self.shared.clock.now_ms();
        let postings = tickets.iter().map(Ticket::receipt).map(|entry| Posting {
            op: entry.op.clone(),
            guild: entry.guild,
            member: entry.member,
            points: entry.amount.points().into(),
            remark: entry.remark.clone(),
            posted_ms,
        });
        let side = Side::Post(postings.collect());
        match self.beside(Durability::Now, side).await? {
            SideDone::Posted(posted) => Ok(posted),
            _ => Err(JournalError::Changed),
        }
    }

    /// The balances of these members in a guild's books, in their order. Nothing was ever posted for
    /// whoever has no account, so they have 0.
    pub async fn book_balances(
        &self,
        guild: GuildId,
        members: &[UserId],
    ) -> Result<Vec<i64>, JournalError> {
        let found = self.shared.store.book_balances(guild, members);
        let found: HashMap<UserId, i64> = self.read(found).await?.into_iter().collect();
        let balance = |member| found.get(member).copied().unwrap_or(0);
        Ok(members.iter().map(balance).collect())
    }

    /// The change of that id, if it was posted.
    pub async fn booked(&self, op: &OpId) -> Result<Option<Booked>, JournalError> {
        self.read(self.shared.store.booked(op)).await
    }

    /// At most `limit` changes of a member's account after the first `skipped`, the last first, in the
    /// order in which they took effect.
    pub async fn bookings(
        &self,
        guild: GuildId,
        member: UserId,
        way: Way,
        skipped: u64,
        limit: usize,
    ) -> Result<Vec<Booked>, JournalError> {
        let part = Part {
            skipped: i64::try_from(skipped).unwrap_or(i64::MAX),
            limit: i64::try_from(limit).unwrap_or(i64::MAX),
        };
        let found = self.shared.store.bookings(guild, member, way, part);
        self.read(found).await
    }

    /// Goes through the books: every guild adds up to nothing, every account is the sum of its
    /// postings, every change is two halves, and journal and books know the same changes. At most
    /// `limit` faults of each sort are told.
    pub async fn audit_books(&self, limit: usize) -> Result<Audited, JournalError> {
        self.read(self.shared.store.audit_books(limit)).await
    }
}

/// A posting as it is written.
#[derive(Clone, Debug)]
pub(super) struct Line<'a> {
    pub posting: &'a Posting,
    pub account: UserId,
    pub number: i64,
    pub points: i64,
    pub remark: &'a str,
}

/// The books as a transaction finds them, and what it adds. Decides in memory, for every engine.
#[derive(Debug, Default)]
pub(super) struct OpenBooks<'a> {
    /// The changes there are of the ids that are asked about: guild, member, points.
    pub known: HashMap<OpId, (GuildId, UserId, i64)>,
    /// The accounts there are of those that are asked about.
    pub balances: HashMap<(GuildId, UserId), i64>,
    /// The number given out last.
    pub last_number: i64,
    /// What is to be written.
    pub lines: Vec<Line<'a>>,
    touched: BTreeSet<(GuildId, UserId)>,
}

impl<'a> OpenBooks<'a> {
    /// Decides one change.
    pub fn post(&mut self, posting: &'a Posting) -> Posted {
        let Posting { guild, member, .. } = *posting;
        let this = (guild, member, posting.points);
        match self.known.get(&posting.op) {
            Some(known) if *known == this => return Posted::Already,
            Some(_) => return Posted::Conflict,
            None => {}
        }
        if member == ISSUER {
            return Posted::Nobody;
        }
        let (ours, theirs) = ((guild, member), (guild, ISSUER));
        let there = self.balances.get(&ours).copied().unwrap_or(0);
        let issued = self.balances.get(&theirs).copied().unwrap_or(0);
        let balance = there.saturating_add(posting.points);
        if balance < 0 {
            return Posted::Insufficient { there };
        }
        let (true, Some(issued)) = (balance <= MOST, issued.checked_sub(posting.points)) else {
            return Posted::TooMuch { there };
        };
        self.last_number += 1;
        for (account, points, remark) in [
            (member, posting.points, posting.remark.as_str()),
            (ISSUER, -posting.points, ""),
        ] {
            self.lines.push(Line {
                posting,
                account,
                number: self.last_number,
                points,
                remark,
            });
        }
        self.known.insert(posting.op.clone(), this);
        for (account, points) in [(ours, balance), (theirs, issued)] {
            self.balances.insert(account, points);
            self.touched.insert(account);
        }
        Posted::Now
    }

    /// The accounts that have another balance now.
    pub fn changed(&self) -> BTreeMap<(GuildId, UserId), i64> {
        let changed = self.touched.iter();
        let balance = |account| self.balances.get(account).map(|points| (*account, *points));
        changed.filter_map(balance).collect()
    }
}

/// The accounts that these changes touch, each once.
pub(super) fn accounts<'a>(
    postings: impl Iterator<Item = &'a Posting>,
) -> BTreeSet<(GuildId, UserId)> {
    let both = |posting: &Posting| {
        let guild = posting.guild;
        [(guild, posting.member), (guild, ISSUER)]
    };
    postings.flat_map(both).collect()
}

impl Way {
    /// What the points of a change are multiplied with: what comes out below 0 is left out.
    pub(super) fn sign(self) -> i64 {
        match self {
            Way::Both => 0,
            Way::In => 1,
            Way::Out => -1,
        }
    }
}

//! A walk through a ledger, page by page from the newest on.
//!
//! Invariants: pages are counted here, what an answer says of its page and size is not believed; an
//! entry that moved to the next page while we walked is met once; the walk ends at an empty page, at
//! the total, or at a bound, and whoever walks can tell which. Source: points-backends, 2.6.

use std::collections::HashSet;

use super::client::Swan;
use super::ledger::Key;
use super::ledger::LedgerEntry;
use super::request::Stretch;
use crate::model::Account;
use crate::points::ReadError;

/// A walk under way. Each step is one request.
pub(super) struct Walk<'a> {
    swan: &'a Swan,
    account: &'a Account,
    since_ms: Option<i64>,
    /// The page that comes next.
    page: u32,
    most: u32,
    met: HashSet<Key>,
    end: Option<End>,
}

/// Why a walk has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// There is nothing older.
    Whole,
    /// There may be more, but this is far enough.
    Bound,
}

impl<'a> Walk<'a> {
    /// A walk of at most `most` pages through what is not older than `since_ms`.
    pub(super) fn new(
        swan: &'a Swan,
        account: &'a Account,
        since_ms: Option<i64>,
        most: u32,
    ) -> Self {
        Self {
            swan,
            account,
            since_ms,
            page: 0,
            most,
            met: HashSet::new(),
            end: None,
        }
    }

    /// Why it has ended, once it has.
    pub(super) fn end(&self) -> Option<End> {
        self.end
    }

    /// The entries of the next page that were not met before; `None` once it has ended.
    pub(super) async fn step(&mut self) -> Result<Option<Vec<LedgerEntry>>, ReadError> {
        if self.end.is_some() {
            return Ok(None);
        }
        if self.page >= self.most {
            self.end = Some(End::Bound);
            return Ok(None);
        }
        let stretch = Stretch {
            page: self.page,
            since_ms: self.since_ms,
            until_ms: None,
        };
        let page = self.swan.ledger(self.account, stretch).await?;
        self.page += 1;
        if page.entries.is_empty() {
            self.end = Some(End::Whole);
            return Ok(None);
        }
        // Whoever ignores `startTime` goes on with what is too old to matter.
        let too_old = |entry: &LedgerEntry| match (entry.at_ms, self.since_ms) {
            (Some(at), Some(since)) => at < since,
            _ => false,
        };
        let all_too_old = page.entries.iter().all(too_old);
        // What stands twice on one page is two entries; only an earlier page can have shown it before.
        let keys: Vec<Key> = page.entries.iter().map(LedgerEntry::key).collect();
        let fresh: Vec<LedgerEntry> = page
            .entries
            .into_iter()
            .zip(&keys)
            .filter(|(_, key)| !self.met.contains(key))
            .map(|(entry, _)| entry)
            .collect();
        self.met.extend(keys);
        let met = u64::try_from(self.met.len()).unwrap_or(u64::MAX);
        if all_too_old || page.total.is_some_and(|total| met >= total) {
            self.end = Some(End::Whole);
        }
        Ok(Some(fresh))
    }
}

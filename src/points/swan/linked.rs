//! An installation as the guilds of the settings see it: by members, whose accounts were proved.

use std::fmt;

use futures_util::future::BoxFuture;

use super::client::Swan;
use super::client::no_account;
use super::mark;
use super::mark::Kinship;
use super::meaning;
use super::walk::End;
use super::walk::Walk;
use crate::journal::BalanceRead;
use crate::journal::Receipt;
use crate::journal::Refused;
use crate::journal::ReportTicket;
use crate::journal::Ticket;
use crate::model::Account;
use crate::model::System;
use crate::model::UserId;
use crate::model::refusal::PointsRefusal;
use crate::points::Adjust;
use crate::points::Direction;
use crate::points::FoundBy;
use crate::points::History;
use crate::points::HistoryPage;
use crate::points::HistoryRow;
use crate::points::HistoryWanted;
use crate::points::Links;
use crate::points::Lookup;
use crate::points::LookupError;
use crate::points::PointsBackend;
use crate::points::ReadError;
use crate::points::Record;
use crate::points::Repeats;
use crate::points::Report;
use crate::points::Taking;
use crate::points::Verdict;

/// How far before a sending its entry is looked for: clocks differ. Source: points-backends, 2.5.
const BEFORE_SENDING_MS: i64 = 5 * 60 * 1_000;

/// Pages searched for one change: 400 entries of one member within minutes.
const SEARCHED_PAGES: u32 = 20;

/// Pages walked for a history: the newest 500 entries.
const SHOWN_PAGES: u32 = 25;

/// An installation as the guilds of the settings see it: who is who there is looked up in `links`.
pub struct LinkedSwan {
    swan: Swan,
    links: Links,
}

impl LinkedSwan {
    pub(super) fn new(swan: Swan, links: Links) -> Self {
        Self { swan, links }
    }

    /// The installation itself, for what is no ability of every points system.
    pub fn swan(&self) -> &Swan {
        &self.swan
    }

    async fn read_balance(&self, member: UserId) -> Result<BalanceRead, ReadError> {
        let account = self.links.account(self.system(), member).await?;
        let points = self.swan.balance(&account).await?;
        Ok(BalanceRead {
            points,
            read_ms: self.swan.now_ms(),
        })
    }

    async fn change(&self, ticket: &Ticket) -> Verdict {
        let receipt = ticket.receipt();
        if receipt.system != self.system().name() {
            tracing::error!(receipt = %receipt.code, "a ticket reached a points system it is not for");
            return Verdict::NotSent("the ticket is for another points system".to_owned());
        }
        // Whoever the member is by now: the change was written for this account.
        let Some(account) = &receipt.account else {
            return Verdict::Refused(no_account());
        };
        if receipt.amount.takes() && self.taking() == Taking::NotEnabled {
            return Verdict::Refused(Refused {
                meaning: PointsRefusal::Declined,
                code: None,
                text: "taking points is not enabled (`deduct`)".to_owned(),
            });
        }
        let info = mark::marked(&receipt.remark, ticket.op());
        self.swan
            .change(account, ticket.op(), receipt.amount, &info)
            .await
    }

    /// Looks for a change in the ledger of the account it was written for.
    async fn find(&self, entry: &Receipt) -> Result<Record, LookupError> {
        let nothing = |text: &str| {
            Err(LookupError::NoInformation {
                text: text.to_owned(),
            })
        };
        let Some(account) = &entry.account else {
            return nothing("the change was written for no account");
        };
        // Of several sendings only the last is noted; the first cannot have left before this.
        let sent_ms = match entry.progress.sends {
            0 | 1 => entry.progress.last_sent_ms,
            _ => entry.written_ms,
        };
        let since_ms = sent_ms.min(self.swan.now_ms()) - BEFORE_SENDING_MS;
        let mut walk = Walk::new(&self.swan, account, Some(since_ms.max(0)), SEARCHED_PAGES);
        while let Some(entries) = walk.step().await.map_err(meaning::unsearched)? {
            for found in entries {
                match mark::kinship(&found, &entry.op, account, entry.amount) {
                    Kinship::None => {}
                    Kinship::Same => {
                        let set = &self.swan.settings().change_type;
                        if found.kind.is_some() && !found.is_of_type(set) {
                            tracing::info!(receipt = %entry.code, "a change is kept under another type than was sent");
                        }
                        return Ok(Record::Found {
                            member: Some(entry.member),
                            amount: Some(entry.amount),
                        });
                    }
                    Kinship::Impostor => {
                        return Ok(Record::Found {
                            member: None,
                            amount: None,
                        });
                    }
                }
            }
        }
        match walk.end() {
            Some(End::Whole) => Ok(Record::Unused),
            _ => nothing("the ledger has more entries since the sending than are searched"),
        }
    }

    async fn read_page(
        &self,
        member: UserId,
        wanted: &HistoryWanted,
    ) -> Result<HistoryPage, ReadError> {
        let account = self.links.account(self.system(), member).await?;
        let size = wanted.size.max(1);
        let begin = usize::try_from(wanted.page)
            .unwrap_or(usize::MAX)
            .saturating_mul(size);
        let end = begin.saturating_add(size);
        let mut seen = 0_usize;
        let mut rows = Vec::new();
        let mut walk = Walk::new(&self.swan, &account, None, SHOWN_PAGES);
        while let Some(entries) = walk.step().await? {
            for entry in entries {
                let goes_that_way = match wanted.direction {
                    Direction::Both => true,
                    Direction::In => entry.points > 0,
                    Direction::Out => entry.points < 0,
                };
                if !goes_that_way {
                    continue;
                }
                if seen == end {
                    return Ok(HistoryPage { rows, more: true });
                }
                if seen >= begin {
                    let (op, what) = mark::read(&entry);
                    rows.push(HistoryRow {
                        points: entry.points,
                        what,
                        at_ms: entry.at_ms,
                        op,
                    });
                }
                seen += 1;
            }
        }
        if rows.is_empty() && walk.end() != Some(End::Whole) {
            // An empty page would say that there is nothing, and nobody has looked that far.
            return Err(ReadError {
                refused: Refused {
                    meaning: PointsRefusal::Unavailable,
                    code: None,
                    text: "the ledger is not read further back than this".to_owned(),
                },
            });
        }
        Ok(HistoryPage { rows, more: false })
    }
}

impl PointsBackend for LinkedSwan {
    fn system(&self) -> &System {
        self.swan.system()
    }

    fn balance(&self, member: UserId) -> BoxFuture<'_, Result<BalanceRead, ReadError>> {
        Box::pin(self.read_balance(member))
    }

    fn account(&self, member: UserId) -> BoxFuture<'_, Result<Option<Account>, ReadError>> {
        Box::pin(async move { self.links.account(self.system(), member).await.map(Some) })
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

    fn report(&self) -> Option<&dyn Report> {
        Some(self)
    }
}

impl Adjust for LinkedSwan {
    fn repeats(&self) -> Repeats {
        self.swan.settings().transaction_id
    }

    fn taking(&self) -> Taking {
        self.swan.settings().deduct
    }

    fn adjust<'a>(&'a self, ticket: &'a Ticket) -> BoxFuture<'a, Verdict> {
        Box::pin(self.change(ticket))
    }
}

impl Lookup for LinkedSwan {
    fn lookup<'a>(&'a self, entry: &'a Receipt) -> BoxFuture<'a, Result<Record, LookupError>> {
        Box::pin(self.find(entry))
    }

    fn by(&self) -> FoundBy {
        FoundBy::History
    }
}

impl History for LinkedSwan {
    fn page<'a>(
        &'a self,
        member: UserId,
        wanted: &'a HistoryWanted,
    ) -> BoxFuture<'a, Result<HistoryPage, ReadError>> {
        Box::pin(self.read_page(member, wanted))
    }
}

impl Report for LinkedSwan {
    fn report<'a>(&'a self, ticket: &'a ReportTicket) -> BoxFuture<'a, Verdict> {
        Box::pin(async move {
            let report = ticket.report();
            let asked = &report.asked;
            if asked.system != self.system().name() {
                tracing::error!(op = %report.op, "a report reached a points system it is not for");
                return Verdict::NotSent("the report is for another points system".to_owned());
            }
            // Whoever they are by now: the report was written for these accounts.
            let (account, staff) = (&asked.account, &asked.staff);
            let op = report.op.as_str();
            self.swan.report(account, staff, &asked.event, op).await
        })
    }
}

impl fmt::Debug for LinkedSwan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinkedSwan")
            .field("system", self.system())
            .finish_non_exhaustive()
    }
}

//! The mall as one guild sees it: the only way to call it.

use std::collections::HashSet;
use std::fmt;
use std::sync::Mutex;
use std::sync::PoisonError;

use futures_util::future::BoxFuture;
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::sync::SemaphorePermit;

use super::answer::Answer;
use super::client::Mall;
use super::meaning;
use super::meaning::code;
use super::request::Ask;
use super::request::Endpoint;
use crate::journal::BalanceRead;
use crate::journal::Receipt;
use crate::journal::Ticket;
use crate::model::GuildId;
use crate::model::System;
use crate::model::UserId;
use crate::points::Adjust;
use crate::points::Batch;
use crate::points::Lookup;
use crate::points::LookupError;
use crate::points::PointsBackend;
use crate::points::ReadError;
use crate::points::Record;
use crate::points::Repeats;
use crate::points::Verdict;

/// Entries of one batch request; the mall allows 1,000, but a time-out leaves a look-up for each.
///
/// Source: points-backends, 1.8.
const MOST: usize = 100;

/// The mall, for one guild of the settings. Made by `Mall::handles` only.
pub struct GuildMall {
    mall: Mall,
    system: System,
    guild: GuildId,
    /// The guild's share of the requests under way.
    share: Semaphore,
    authorisation: Mutex<Authorisation>,
}

/// What the last answers showed of the switch a guild's administrator has in the mall.
///
/// Times are milliseconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Authorisation {
    /// Nothing was heard that would show it.
    #[default]
    Unknown,
    /// Switched on.
    On {
        /// When an answer last showed it.
        last_success_ms: i64,
    },
    /// Switched off (60001).
    Off {
        /// When that was first heard.
        since_ms: i64,
        /// When it last was on, if it ever was in this process.
        last_success_ms: Option<i64>,
    },
}

/// A change in the words of the mall (source: points-backends, 1.5.2). Fields stand in its order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Modify<'a> {
    #[serde(flatten)]
    entry: Entry<'a>,
    guild_id: u64,
}

/// Many changes in the words of the mall (source: points-backends, 1.5.3).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BatchModify<'a> {
    guild_id: u64,
    point_list: Vec<Entry<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    biz_id: &'a str,
    fb_long_id: u64,
    point: i32,
    remark: &'a str,
}

impl GuildMall {
    pub(super) fn new(mall: Mall, guild: GuildId, share: usize) -> Self {
        Self {
            mall,
            system: System::mall(),
            guild,
            share: Semaphore::new(share),
            authorisation: Mutex::default(),
        }
    }

    /// The guild it speaks for.
    pub fn guild(&self) -> GuildId {
        self.guild
    }

    /// Whether the mall is switched on in this guild, as far as answers have shown.
    pub fn authorisation(&self) -> Authorisation {
        *self.known()
    }

    /// Shows whether the deployment has look-ups; see `Mall::probe`.
    pub async fn probe(&self) -> Result<(), LookupError> {
        self.mall.probe().await
    }

    /// Sends within the guild's share, which is waited for before the common slots, so that what one
    /// guild has waiting stands in no other guild's way.
    async fn send(&self, ask: Ask) -> Answer {
        let _share = self.share().await;
        self.mall.send(ask).await
    }

    async fn share(&self) -> SemaphorePermit<'_> {
        let share = self.share.acquire().await;
        share.expect("the semaphore is never closed")
    }

    async fn read_balance(&self, member: UserId) -> Result<BalanceRead, ReadError> {
        let query = vec![
            ("guildId".to_owned(), self.guild.to_string()),
            ("userId".to_owned(), member.to_string()),
        ];
        let answer = self.send(Ask::Query(Endpoint::GetUserPoint, query)).await;
        let balance = meaning::balance(answer);
        match &balance {
            Ok(_) => self.heard(code::SUCCESS),
            Err(refused) => refused.code.into_iter().for_each(|code| self.heard(code)),
        }
        balance
            .map(|points| BalanceRead {
                points,
                read_ms: self.mall.now_ms(),
            })
            .map_err(|refused| ReadError { refused })
    }

    async fn change(&self, ticket: &Ticket) -> Verdict {
        let entry = match self.entry(ticket) {
            Ok(entry) => entry,
            Err(why) => return Verdict::NotSent(why.to_owned()),
        };
        let body = written(&Modify {
            entry,
            guild_id: self.guild.number(),
        });
        let answer = self.send(Ask::Body(Endpoint::ModifyUserPoint, body)).await;
        let verdict = meaning::change(answer);
        self.heard_of(&verdict);
        verdict
    }

    async fn change_many(&self, tickets: &[Ticket]) -> Vec<Verdict> {
        if tickets.is_empty() {
            return Vec::new();
        }
        let (members, body) = match self.batch_body(tickets) {
            Ok(batch) => batch,
            Err(why) => {
                tracing::error!(why, "a batch was not sent");
                return vec![Verdict::NotSent(why.to_owned()); tickets.len()];
            }
        };
        let answer = self
            .send(Ask::Body(Endpoint::BatchModifyUserPoint, body))
            .await;
        let verdicts = meaning::changes(answer, &members);
        verdicts.iter().for_each(|verdict| self.heard_of(verdict));
        verdicts
    }

    fn batch_body(&self, tickets: &[Ticket]) -> Result<(Vec<UserId>, String), &'static str> {
        if tickets.len() > MOST {
            return Err("more entries than one batch may carry");
        }
        let members: Vec<UserId> = tickets.iter().map(|t| t.receipt().member).collect();
        let different: HashSet<UserId> = members.iter().copied().collect();
        if different.len() != members.len() {
            // Results carry no id, so two entries for one member could not be told apart.
            return Err("two entries of a batch for one member");
        }
        let point_list = tickets
            .iter()
            .map(|ticket| self.entry(ticket))
            .collect::<Result<_, _>>()?;
        let body = written(&BatchModify {
            guild_id: self.guild.number(),
            point_list,
        });
        Ok((members, body))
    }

    /// The entry of a ticket, unless it belongs elsewhere.
    fn entry<'a>(&self, ticket: &'a Ticket) -> Result<Entry<'a>, &'static str> {
        let receipt = ticket.receipt();
        if receipt.guild != self.guild || receipt.system != self.system.name() {
            tracing::error!(receipt = %receipt.code, "a ticket reached a points system it is not for");
            return Err("the ticket is for another guild or points system");
        }
        Ok(Entry {
            biz_id: ticket.op().as_str(),
            fb_long_id: receipt.member.number(),
            point: receipt.amount.points(),
            remark: &receipt.remark,
        })
    }

    fn heard_of(&self, verdict: &Verdict) {
        match verdict {
            Verdict::Applied => self.heard(code::SUCCESS),
            Verdict::Refused(refused) => {
                refused.code.into_iter().for_each(|code| self.heard(code));
            }
            Verdict::NotSent(_) | Verdict::Unknown(_) => {}
        }
    }

    /// Learns from a code. 60006 and the undocumented ones may come before the switch is looked at.
    fn heard(&self, code: i64) {
        let now_ms = self.mall.now_ms();
        let mut known = self.known();
        match code {
            code::SUCCESS | code::INSUFFICIENT | code::NO_ACCOUNT => {
                if matches!(*known, Authorisation::Off { .. }) {
                    tracing::info!(guild = %self.guild, "the mall is switched on again in this guild");
                }
                *known = Authorisation::On {
                    last_success_ms: now_ms,
                };
            }
            code::NOT_ENABLED => {
                let last_success_ms = match *known {
                    Authorisation::Off { .. } => return,
                    Authorisation::On { last_success_ms } => Some(last_success_ms),
                    Authorisation::Unknown => None,
                };
                tracing::warn!(guild = %self.guild, "the mall is not switched on in this guild (60001)");
                *known = Authorisation::Off {
                    since_ms: now_ms,
                    last_success_ms,
                };
            }
            _ => {}
        }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Authorisation> {
        // The value is replaced whole, so a panic elsewhere leaves it fit for use.
        self.authorisation
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl PointsBackend for GuildMall {
    fn system(&self) -> &System {
        &self.system
    }

    fn balance(&self, member: UserId) -> BoxFuture<'_, Result<BalanceRead, ReadError>> {
        Box::pin(self.read_balance(member))
    }

    fn adjust(&self) -> Option<&dyn Adjust> {
        Some(self)
    }

    fn lookup(&self) -> Option<&dyn Lookup> {
        Some(self)
    }

    fn batch(&self) -> Option<&dyn Batch> {
        Some(self)
    }
}

impl Adjust for GuildMall {
    fn repeats(&self) -> Repeats {
        self.mall.repeats()
    }

    fn adjust<'a>(&'a self, ticket: &'a Ticket) -> BoxFuture<'a, Verdict> {
        Box::pin(self.change(ticket))
    }
}

impl Lookup for GuildMall {
    fn lookup<'a>(&'a self, entry: &'a Receipt) -> BoxFuture<'a, Result<Record, LookupError>> {
        Box::pin(async move {
            let _share = self.share().await;
            self.mall.find(&entry.op).await
        })
    }
}

impl Batch for GuildMall {
    fn most(&self) -> usize {
        MOST
    }

    fn adjust_many<'a>(&'a self, tickets: &'a [Ticket]) -> BoxFuture<'a, Vec<Verdict>> {
        Box::pin(self.change_many(tickets))
    }
}

impl fmt::Debug for GuildMall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuildMall")
            .field("guild", &self.guild)
            .field("authorisation", &self.authorisation())
            .finish_non_exhaustive()
    }
}

/// The body as it is signed and sent.
fn written(body: &impl Serialize) -> String {
    serde_json::to_string(body).expect("numbers and text always become JSON")
}

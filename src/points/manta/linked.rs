//! The service as the guilds of the settings see it: who is who there is looked up in the links.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream;
use tokio::time::Instant;

use super::gather::Gather;
use super::gather::askable;
use super::gather::not_asked;
use super::list::Kind;
use super::list::MOST;
use super::list::lists;
use crate::journal::BalanceRead;
use crate::model::Account;
use crate::model::System;
use crate::model::UserId;
use crate::points::Links;
use crate::points::Many;
use crate::points::PointsBackend;
use crate::points::ReadError;

/// Links read at once for a long list of members.
const LINKS_AT_ONCE: usize = 16;
/// Lists of one long question under way at once: members who ask for themselves find room beside it.
const LISTS_AT_ONCE: usize = 2;
/// How long one list of a long question may take with its waits. Nobody sits before a board that is
/// being made, so there is time for three tries.
const LIST_LIMIT: Duration = Duration::from_secs(30);

/// One bot over there, for all guilds that use it. Made by `Manta::linked` only.
pub struct LinkedManta {
    gather: Gather,
    links: Links,
}

impl LinkedManta {
    pub(super) fn new(gather: Gather, links: Links) -> Self {
        Self { gather, links }
    }

    async fn of_all(&self, members: &[UserId]) -> Vec<Result<BalanceRead, ReadError>> {
        let asked: Vec<Result<(Kind, Account), ReadError>> = stream::iter(members.to_vec())
            .map(|member| self.account_of(member))
            .buffered(LINKS_AT_ONCE)
            .collect()
            .await;
        let mut found: HashMap<Account, Result<BalanceRead, ReadError>> = HashMap::new();
        let mut open: Vec<(Kind, &Account)> = Vec::new();
        for (kind, account) in asked.iter().flatten() {
            match self.gather.known(account).await {
                Some(balance) => drop(found.insert(account.clone(), Ok(balance))),
                None => open.push((*kind, account)),
            }
        }
        let mut answers = stream::iter(lists(open))
            .map(|list| self.gather.fetch(list, Instant::now() + LIST_LIMIT))
            .buffer_unordered(LISTS_AT_ONCE);
        while let Some(answered) = answers.next().await {
            found.extend(answered);
        }
        drop(answers);
        let answer = |asked: Result<(Kind, Account), ReadError>| {
            let (_, account) = asked?;
            found
                .get(&account)
                .cloned()
                .unwrap_or_else(|| Err(not_asked()))
        };
        asked.into_iter().map(answer).collect()
    }

    async fn account_of(&self, member: UserId) -> Result<(Kind, Account), ReadError> {
        let account = self.links.account(self.system(), member).await?;
        askable(&account)
    }
}

impl PointsBackend for LinkedManta {
    fn system(&self) -> &System {
        self.gather.manta().system()
    }

    fn balance(&self, member: UserId) -> BoxFuture<'_, Result<BalanceRead, ReadError>> {
        Box::pin(async move {
            let account = self.links.account(self.system(), member).await?;
            self.gather.balance(&account).await
        })
    }

    fn account(&self, member: UserId) -> BoxFuture<'_, Result<Option<Account>, ReadError>> {
        Box::pin(async move { self.links.account(self.system(), member).await.map(Some) })
    }

    fn many(&self) -> Option<&dyn Many> {
        Some(self)
    }
}

impl Many for LinkedManta {
    fn most(&self) -> usize {
        MOST
    }

    fn balances<'a>(
        &'a self,
        members: &'a [UserId],
    ) -> BoxFuture<'a, Vec<Result<BalanceRead, ReadError>>> {
        Box::pin(self.of_all(members))
    }
}

impl fmt::Debug for LinkedManta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinkedManta")
            .field("system", self.system())
            .finish_non_exhaustive()
    }
}

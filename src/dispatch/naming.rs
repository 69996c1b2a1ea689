//! What members are called, for boards.
//!
//! Names are remembered for some minutes and looked up a few at once; whoever waits for an answer waits
//! for them a moment and no longer, and a name that is not there by then is remembered for the next.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream;
use moka::future::Cache;
use tokio::time::Instant;

use crate::boards::Known;
use crate::boards::Names;
use crate::dispatch::Dispatcher;
use crate::model::GuildId;
use crate::model::UserId;

/// How long an answer waits for names: it is due within a second.
const WITHIN: Duration = Duration::from_millis(500);
/// Names looked up at once; the Bot API has other work.
const AT_ONCE: usize = 5;
/// How long a name is believed: nothing tells of a new nickname.
const FRESH: Duration = Duration::from_secs(300);
/// Names remembered at once.
const MOST: u64 = 20_000;

/// The names that were looked up.
#[derive(Clone, Debug)]
pub(super) struct Naming {
    known: Cache<(GuildId, UserId), Known>,
}

impl Default for Naming {
    fn default() -> Self {
        Self {
            known: Cache::builder()
                .max_capacity(MOST)
                .time_to_live(FRESH)
                .build(),
        }
    }
}

impl Naming {
    /// Forgets a name, after its bearer came or went.
    pub(super) async fn forget(&self, guild: GuildId, member: UserId) {
        self.known.invalidate(&(guild, member)).await;
    }
}

impl Names for Dispatcher {
    fn of(&self, guild: GuildId, members: Vec<UserId>) -> BoxFuture<'_, HashMap<UserId, Known>> {
        Box::pin(self.known(guild, members))
    }
}

impl Dispatcher {
    async fn known(&self, guild: GuildId, members: Vec<UserId>) -> HashMap<UserId, Known> {
        let mut found = HashMap::with_capacity(members.len());
        let mut unknown = Vec::new();
        for member in members {
            match self.naming.known.get(&(guild, member)).await {
                Some(known) => drop(found.insert(member, known)),
                None => unknown.push(member),
            }
        }
        let looked = unknown
            .into_iter()
            .map(|member| async move { (member, self.look_up(guild, member).await) });
        let mut looked = stream::iter(looked).buffer_unordered(AT_ONCE);
        let until = Instant::now() + WITHIN;
        while let Ok(Some((member, known))) = tokio::time::timeout_at(until, looked.next()).await {
            if let Some(known) = known {
                found.insert(member, known);
            }
        }
        found
    }

    async fn look_up(&self, guild: GuildId, member: UserId) -> Option<Known> {
        let known = match self.standings.member(guild, member).await {
            Ok(Some(member)) if member.is_bot => Known::Bot,
            Ok(Some(member)) if self.guilds.leaves_out(guild, member.role_ids()) => {
                Known::Unranked(member.name.clone())
            }
            Ok(Some(member)) => Known::Person(member.name.clone()),
            Ok(None) => return Some(Known::Gone),
            Err(()) => return None,
        };
        let key = (guild, member);
        self.naming.known.insert(key, known.clone()).await;
        Some(known)
    }
}

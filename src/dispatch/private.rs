//! Which guild a command is about.
//!
//! Of a private chat the platform does not say. It is the only guild there is, or the only one the asker is in; otherwise
//! they are told which ones it could be. A guild that somebody is not in is never named to them, and
//! what could not be learnt decides nothing.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use tokio::time::Instant;
use tokio::time::timeout_at;

use crate::dispatch::Dispatcher;
use crate::model::Policy;
use crate::model::Refusal;
use crate::model::UserId;
use crate::model::incoming::Incoming;
use crate::permissions::Right;

/// How long an answer waits for all of it.
const WITHIN: Duration = Duration::from_millis(1_000);
/// Guilds asked about at once.
const AT_ONCE: usize = 5;
/// With more guilds than these nobody is looked for in all of them: a whisper must not cost hundreds of
/// requests.
const MOST_GUILDS: usize = 20;
/// Guilds named in an answer.
const MOST_NAMED: usize = 10;

impl Dispatcher {
    /// What holds for a command: its guild's policy, or that of the guild a private chat is about.
    pub(super) async fn policy(
        &self,
        incoming: &Incoming,
        right: Right,
    ) -> Result<Arc<Policy>, Refusal> {
        let Some(guild) = incoming.guild else {
            if needs_a_channel(right) {
                return Err(Refusal::NotInPrivate);
            }
            return Box::pin(self.guild_of_private(incoming.author.id)).await;
        };
        self.guilds
            .policy(guild)
            .ok_or(Refusal::UnknownGuild(Some(guild)))
    }

    /// The guild a private chat with `asker` is about.
    async fn guild_of_private(&self, asker: UserId) -> Result<Arc<Policy>, Refusal> {
        if let Some(only) = self.guilds.only() {
            return Ok(only);
        }
        let all = self.guilds.all();
        let nobody_knows = Refusal::WhichGuild { guilds: Vec::new() };
        if all.len() > MOST_GUILDS {
            return Err(nobody_knows);
        }
        let until = Instant::now() + WITHIN;
        let asked = all.len();
        let looked = all.into_iter().map(|policy| async move {
            let member = self.standings.member(policy.guild, asker).await;
            (policy, member)
        });
        let mut looked = stream::iter(looked).buffer_unordered(AT_ONCE);
        let (mut shared, mut known) = (Vec::new(), 0);
        while let Ok(Some((policy, member))) = timeout_at(until, looked.next()).await {
            let Ok(member) = member else { continue };
            known += 1;
            if member.is_some() {
                shared.push(policy);
            }
        }
        drop(looked);
        match (&*shared, known == asked) {
            ([], true) => Err(Refusal::NoGuild),
            ([only], true) => Ok(only.clone()),
            _ => Err(Refusal::WhichGuild {
                guilds: self.titles(shared, until).await,
            }),
        }
    }

    /// What guilds are called, in the order of the settings; those whose name nobody knows are left out.
    async fn titles(&self, mut guilds: Vec<Arc<Policy>>, until: Instant) -> Vec<String> {
        guilds.sort_by_key(|policy| policy.guild);
        guilds.truncate(MOST_NAMED);
        let titled = guilds.into_iter().map(|policy| async move {
            match &policy.name {
                Some(name) => Some(name.clone()),
                None => {
                    let title = self.standings.title(policy.guild);
                    timeout_at(until, title).await.ok().flatten()
                }
            }
        });
        let titles: Vec<_> = stream::iter(titled).buffered(AT_ONCE).collect().await;
        titles.into_iter().flatten().collect()
    }
}

/// Whether what the right is for concerns a guild so much that it is done in one of its channels.
fn needs_a_channel(right: Right) -> bool {
    match right {
        Right::Give | Right::Take | Right::Undo | Right::Approve | Right::Freeze => true,
        Right::Everyone | Right::View | Right::Schedule | Right::Manage => false,
    }
}

//! Whose balances are swept, and whose roles keep them off boards.
//!
//! A pass begins at most every half hour (`points::SWEEP_EVERY`) with the guild's list of members, bots
//! left out; whoever was seen writing and whom the journal knows is swept as well, so a list that cannot be
//! read costs only those nobody has heard of. A pass that was cut off goes on without listing anew.
//! Invariants: nothing here is waited for; all guilds of a service share its turns, at most half of what it
//! takes at once.

use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::fanbook::api::BotApi;
use crate::fanbook::api::Member;
use crate::guilds::GuildSettings;
use crate::model::GuildId;
use crate::model::RoleId;
use crate::model::System;
use crate::model::SystemKind;
use crate::model::UserId;
use crate::points::Hidden;
use crate::points::OnBoards;
use crate::points::Points;
use crate::points::SWEEP_EVERY;
use crate::points::SweepError;
use crate::points::manta::LISTS_AT_ONCE;
use crate::points::swan::IN_FLIGHT;

/// Pause between two pages of members, which leaves the Bot API to those who wait for answers.
const BREATH: Duration = Duration::from_millis(100);
/// Pause after a pass that the journal ended.
const AGAIN: Duration = Duration::from_secs(30);
/// Writers of a guild that are remembered until the next pass; the list has all others.
const MOST_SEEN: usize = 20_000;
/// Members whose roles are looked at again.
const MOST_LOOKED_AT: usize = 10_000;

/// Who was seen writing or coming, in guilds that sweep. Cheap to clone.
#[derive(Clone)]
pub(super) struct Seen {
    guilds: Arc<HashMap<GuildId, Mutex<HashSet<UserId>>>>,
}

impl Seen {
    fn new(guilds: impl IntoIterator<Item = GuildId>) -> Self {
        let guilds = guilds.into_iter().map(|guild| (guild, Mutex::default()));
        Self {
            guilds: Arc::new(guilds.collect()),
        }
    }

    /// Notes that somebody is a member, without waiting.
    pub(super) fn saw(&self, guild: GuildId, user: UserId) {
        if let Some(seen) = self.guilds.get(&guild) {
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            if seen.len() < MOST_SEEN {
                seen.insert(user);
            }
        }
    }

    fn take(&self, guild: GuildId) -> Vec<UserId> {
        let seen = self.guilds.get(&guild);
        let taken = seen.map(|seen| {
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *seen)
        });
        taken.unwrap_or_default().into_iter().collect()
    }
}

/// The sweeps of all guilds that have switched them on.
pub(super) struct Sweeps {
    /// Who was seen.
    pub(super) seen: Seen,
    guilds: Vec<GuildSweep>,
}

impl Sweeps {
    /// The guilds of the settings that sweep balances which are not in the bot's own books.
    pub(super) fn guilds(settings: &[GuildSettings]) -> impl Iterator<Item = &GuildSettings> {
        let elsewhere = |guild: &&GuildSettings| guild.points.kind() != SystemKind::Ledger;
        settings
            .iter()
            .filter(|guild| guild.sweep)
            .filter(elsewhere)
    }

    /// Puts them together. `mall_in_flight` is what the mall takes at once.
    pub(super) fn new(
        settings: &[GuildSettings],
        points: &Points,
        api: &BotApi,
        mall_in_flight: usize,
    ) -> Self {
        let seen = Seen::new(Self::guilds(settings).map(|guild| guild.policy.guild));
        let mut turns: HashMap<&System, Arc<Semaphore>> = HashMap::new();
        let mut guilds = Vec::new();
        for guild in Self::guilds(settings) {
            let at_once = match guild.points.kind() {
                SystemKind::Mall | SystemKind::Ledger => mall_in_flight,
                SystemKind::Swan => IN_FLIGHT,
                SystemKind::Manta => LISTS_AT_ONCE,
            };
            let turns = turns.entry(&guild.points);
            let turns = turns.or_insert_with(|| Arc::new(Semaphore::new((at_once / 2).max(1))));
            guilds.push(GuildSweep {
                guild: guild.policy.guild,
                unranked: guild.unranked_roles.clone(),
                turns: Arc::clone(turns),
                points: points.clone(),
                api: api.clone(),
                seen: seen.clone(),
            });
        }
        Self { seen, guilds }
    }

    /// One for each guild, to be taken as tasks.
    pub(super) fn take(&mut self) -> Vec<GuildSweep> {
        std::mem::take(&mut self.guilds)
    }
}

/// The sweep of one guild.
pub(super) struct GuildSweep {
    guild: GuildId,
    unranked: Vec<RoleId>,
    turns: Arc<Semaphore>,
    points: Points,
    api: BotApi,
    seen: Seen,
}

impl GuildSweep {
    /// Sweeps pass after pass.
    pub(super) async fn run(self, stop: CancellationToken) {
        loop {
            let pause = match self.pass(&stop).await {
                Ok(pause) => pause,
                Err(SweepError::Stopped) => return,
                Err(error) => {
                    tracing::warn!(guild = %self.guild, %error, "balances could not be swept");
                    AGAIN
                }
            };
            if stop
                .run_until_cancelled(tokio::time::sleep(pause))
                .await
                .is_none()
            {
                return;
            }
        }
    }

    /// One pass, or what is left of one; how long it is until the next.
    async fn pass(&self, stop: &CancellationToken) -> Result<Duration, SweepError> {
        if let Some(pause) = self.points.sweep_due(self.guild).await? {
            if !pause.is_zero() {
                return Ok(pause);
            }
            let listed = stop.run_until_cancelled(self.enlist()).await;
            listed.ok_or(SweepError::Stopped)??;
            self.points.begin_sweep(self.guild).await?;
        }
        let began = Instant::now();
        let read = self
            .points
            .sweep_balances(self.guild, &self.turns, stop)
            .await?;
        let took = began.elapsed().as_secs();
        tracing::info!(guild = %self.guild, read, seconds = took, "balances are swept");
        Ok(Duration::ZERO)
    }

    /// Enlists whoever was seen and whoever the guild's list has.
    async fn enlist(&self) -> Result<(), SweepError> {
        let guild = self.guild;
        self.points.enlist(guild, self.seen.take(guild)).await?;
        let hidden = self
            .points
            .left_out(guild, Hidden::Role, usize::MAX)
            .await?;
        let hidden: HashSet<UserId> = hidden.into_iter().collect();
        let mut after = None;
        loop {
            let page = match self.api.guild_members(guild, after).await {
                Ok(page) => page,
                Err(error) => {
                    tracing::warn!(%guild, %error, "the list of members could not be read; those known are swept");
                    return Ok(());
                }
            };
            let last = page.iter().map(|member| member.id).max();
            if last <= after {
                return Ok(());
            }
            after = last;
            for member in &page {
                self.look_at(member, &hidden).await?;
            }
            let people = page.iter().filter(|member| !member.is_bot);
            let people = people.map(|member| member.id).collect();
            self.points.enlist(guild, people).await?;
            tokio::time::sleep(BREATH).await;
        }
    }

    /// Notes what a listed member's record says about boards.
    async fn look_at(&self, member: &Member, hidden: &HashSet<UserId>) -> Result<(), SweepError> {
        let points = &self.points;
        if member.is_bot {
            points
                .hide(self.guild, member.id, Hidden::Bot, OnBoards::Hidden)
                .await?;
            return Ok(());
        }
        let Some(left_out) = left_out(member, &self.unranked) else {
            return Ok(());
        };
        if left_out != hidden.contains(&member.id) {
            let on_boards = match left_out {
                true => OnBoards::Hidden,
                false => OnBoards::Shown,
            };
            points
                .hide(self.guild, member.id, Hidden::Role, on_boards)
                .await?;
        }
        Ok(())
    }
}

/// Whether a member has a role that is left out; `None` where their record says nothing of roles.
fn left_out(member: &Member, unranked: &[RoleId]) -> Option<bool> {
    let roles = member.roles.as_ref()?;
    Some(roles.iter().any(|role| unranked.contains(&role.id)))
}

/// Brings back to the boards whoever has a left-out role no more, or where it is left out no more.
///
/// Nobody tells of a role that was taken away, and who is on no board is not looked up for one.
pub(super) async fn look_at_roles(
    points: Points,
    api: BotApi,
    guilds: Vec<(GuildId, Vec<RoleId>)>,
    stop: CancellationToken,
) {
    loop {
        for (guild, unranked) in &guilds {
            let looked = look_at_guild(&points, &api, *guild, unranked);
            match stop.run_until_cancelled(looked).await {
                None => return,
                Some(Ok(())) => {}
                Some(Err(error)) => {
                    tracing::warn!(%guild, %error, "roles that are left out of boards could not be looked at");
                }
            }
        }
        if stop
            .run_until_cancelled(tokio::time::sleep(SWEEP_EVERY))
            .await
            .is_none()
        {
            return;
        }
    }
}

async fn look_at_guild(
    points: &Points,
    api: &BotApi,
    guild: GuildId,
    unranked: &[RoleId],
) -> Result<(), SweepError> {
    let hidden = points.left_out(guild, Hidden::Role, MOST_LOOKED_AT).await?;
    for member in hidden {
        let is_back = match unranked {
            [] => true,
            unranked => {
                tokio::time::sleep(BREATH).await;
                match api.member(guild, member).await {
                    Ok(Some(member)) => left_out(&member, unranked) == Some(false),
                    Ok(None) => false,
                    Err(error) => {
                        tracing::warn!(%guild, %member, %error, "a member's roles could not be read");
                        false
                    }
                }
            }
        };
        if is_back {
            points
                .hide(guild, member, Hidden::Role, OnBoards::Shown)
                .await?;
        }
    }
    Ok(())
}

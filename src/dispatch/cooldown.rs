//! How often one member may use one command: a handful at once, then one in the command's time.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::DefaultKeyedRateLimiter;
use governor::Quota;
use governor::RateLimiter;
use governor::clock::Clock as _;
use governor::clock::DefaultClock;

use crate::model::GuildId;
use crate::model::UserId;
use crate::words::Definition;

/// What may be used at once before the pace counts: people send several lines in a row.
const AT_ONCE: NonZeroU32 = NonZeroU32::new(5).expect("five is not zero");

type Key = (Option<GuildId>, UserId);

/// The paces of all commands.
pub(super) struct Cooldown {
    clock: DefaultClock,
    paces: HashMap<String, DefaultKeyedRateLimiter<Key>>,
}

impl Cooldown {
    /// The paces of these commands; one without a cooldown has none.
    pub(super) fn new(definitions: &[Definition]) -> Self {
        let paces = definitions
            .iter()
            .filter_map(|definition| {
                let quota = Quota::with_period(definition.cooldown)?.allow_burst(AT_ONCE);
                Some((definition.scope.clone(), RateLimiter::keyed(quota)))
            })
            .collect();
        Self {
            clock: DefaultClock::default(),
            paces,
        }
    }

    /// Counts one use, or says how long to wait.
    pub(super) fn enter(
        &self,
        scope: &str,
        guild: Option<GuildId>,
        user: UserId,
    ) -> Result<(), Duration> {
        let Some(pace) = self.paces.get(scope) else {
            return Ok(());
        };
        pace.check_key(&(guild, user))
            .map_err(|early| early.wait_time_from(self.clock.now()))
    }

    /// Forgets members whose pace is over; to be called now and then, since the maps only grow.
    pub(super) fn forget(&self) {
        for pace in self.paces.values() {
            pace.retain_recent();
            pace.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handful_is_fine_then_the_pace_counts_for_that_member_alone() {
        let definition = Definition {
            scope: "points".to_owned(),
            names: vec!["points".to_owned()],
            right: "none".to_owned(),
            cooldown: Duration::from_secs(3_600),
        };
        let cooldown = Cooldown::new(&[definition]);
        let (anne, ben) = (UserId::new(1), UserId::new(2));
        for _ in 0..5 {
            cooldown.enter("points", None, anne).unwrap();
        }
        let wait = cooldown.enter("points", None, anne).unwrap_err();
        assert!(wait > Duration::from_secs(3_000), "{wait:?}");
        cooldown.enter("points", None, ben).unwrap();
        cooldown.enter("reward", None, anne).unwrap();
    }
}

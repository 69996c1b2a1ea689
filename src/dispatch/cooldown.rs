//! How often one member may use one command: a handful at once, then one in the command's time.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Mutex;
use std::sync::PoisonError;
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

/// Who: in which guild, if any, and the member.
pub(super) type Key = (Option<GuildId>, UserId);

/// The paces of all commands.
pub(super) struct Cooldown {
    clock: DefaultClock,
    paces: HashMap<String, DefaultKeyedRateLimiter<Key>>,
    /// When the next use of each would be in time, by the times of typing, in milliseconds since
    /// 1970: commands that were missed are counted apart from live ones.
    missed: Mutex<HashMap<(String, Key), i64>>,
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
            missed: Mutex::default(),
        }
    }

    /// Counts one use, or says how long to wait.
    pub(super) fn enter(&self, scope: &str, who: Key) -> Result<(), Duration> {
        let Some(pace) = self.paces.get(scope) else {
            return Ok(());
        };
        pace.check_key(&who)
            .map_err(|early| early.wait_time_from(self.clock.now()))
    }

    /// The same for a command that was missed, as if it had been heard when it was typed.
    pub(super) fn enter_missed(
        &self,
        definition: &Definition,
        who: Key,
        typed_ms: i64,
    ) -> Result<(), Duration> {
        let pace_ms = i64::try_from(definition.cooldown.as_millis()).unwrap_or(i64::MAX);
        let at_once = i64::from(AT_ONCE.get());
        let mut missed = self.missed.lock().unwrap_or_else(PoisonError::into_inner);
        let due = missed
            .entry((definition.scope.clone(), who))
            .or_insert(typed_ms);
        let early_ms = due.saturating_sub(typed_ms) - pace_ms.saturating_mul(at_once - 1);
        if early_ms > 0 {
            return Err(Duration::from_millis(early_ms.unsigned_abs()));
        }
        *due = typed_ms.max(*due).saturating_add(pace_ms);
        Ok(())
    }

    /// Forgets the paces of missed commands; to be called before another stretch is caught up.
    pub(super) fn forget_missed(&self) {
        let mut missed = self.missed.lock().unwrap_or_else(PoisonError::into_inner);
        missed.clear();
        missed.shrink_to_fit();
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
            cooldown.enter("points", (None, anne)).unwrap();
        }
        let wait = cooldown.enter("points", (None, anne)).unwrap_err();
        assert!(wait > Duration::from_secs(3_000), "{wait:?}");
        cooldown.enter("points", (None, ben)).unwrap();
        cooldown.enter("reward", (None, anne)).unwrap();
    }

    #[test]
    fn what_was_missed_keeps_the_pace_it_was_typed_at() {
        let definition = Definition {
            scope: "points".to_owned(),
            names: vec!["points".to_owned()],
            right: "none".to_owned(),
            cooldown: Duration::from_secs(2),
        };
        let cooldown = Cooldown::new(std::slice::from_ref(&definition));
        let who = (None, UserId::new(1));
        let typed = |ms| cooldown.enter_missed(&definition, who, ms);
        // Twenty at leisure, all handled in the same moment.
        for step in 0..20 {
            typed(step * 2_000).unwrap();
        }
        // A handful at once is fine, then the pace counts.
        for _ in 0..5 {
            typed(60_000).unwrap();
        }
        assert_eq!(typed(60_000), Err(Duration::from_secs(2)));
        assert_eq!(typed(61_500), Err(Duration::from_millis(500)));
        typed(62_000).unwrap();
        cooldown.forget_missed();
        cooldown.enter_missed(&definition, who, 0).unwrap();
    }
}

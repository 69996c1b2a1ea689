//! Troubles on the wire, set by a test or a button and met by the imitated services.
//!
//! A rule names an endpoint, how many matching requests pass first, how many it then spoils, and
//! how. Rules are asked in the order they were set and at most one spoils a request. Every hit is
//! recorded, so that a test can tell a passed fault from one that never happened. What a kind does
//! to a request is decided by the imitation that meets it. Source: points-backends, 5.4.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;

use serde::Deserialize;
use serde::Serialize;
use tokio::sync::broadcast;

mod kind;

pub use kind::Delivery;
pub use kind::FaultKind;
pub use kind::Malformed;
pub use kind::Moment;
pub use kind::OddCode;
pub use kind::RetryAfter;

/// Hits that are remembered; a fault without a count must not fill the memory over a night.
const HITS_KEPT: usize = 10_000;

/// The rules in force, shared by all imitated services.
///
/// Cheap to clone; all clones share one list.
#[derive(Clone, Default)]
pub struct Faults {
    board: Arc<Mutex<Board>>,
    changed: Option<broadcast::Sender<()>>,
}

/// Which requests are spoiled, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultRule {
    /// The exact name of an endpoint, as `modifyUserPoint`, `swan.add` or `sendMessage`; a `*` at
    /// the end stands for any rest, as in `manta.*` or `*` alone.
    pub endpoint: String,
    /// Matching requests that pass unharmed first.
    #[serde(default)]
    pub skip: u32,
    /// Requests to spoil after that; `None` goes on until cleared.
    #[serde(default)]
    pub count: Option<u32>,
    /// What happens to them.
    pub kind: FaultKind,
}

/// A seeded die that decides whether a request which a rule could spoil is spoiled.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chance {
    /// From 0 (never) to 1 (always).
    pub probability: f64,
    /// The same seed gives the same run of hits and misses.
    #[serde(default)]
    pub seed: u64,
}

/// A rule with what has become of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FaultState {
    /// The rule as it was set.
    #[serde(flatten)]
    pub rule: FaultRule,
    /// The die, where the rule has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chance: Option<Chance>,
    /// Requests spoiled so far.
    pub hits: u32,
}

/// A response extension that tells the server to close the connection without an answer.
#[derive(Clone, Copy, Debug)]
pub struct CloseConnection;

impl FaultRule {
    /// Spoils the next matching request and no other.
    pub fn once(endpoint: &str, kind: FaultKind) -> Self {
        Self {
            endpoint: endpoint.to_owned(),
            skip: 0,
            count: Some(1),
            kind,
        }
    }

    /// Spoils every matching request until cleared.
    pub fn always(endpoint: &str, kind: FaultKind) -> Self {
        Self {
            count: None,
            ..Self::once(endpoint, kind)
        }
    }
}

impl Faults {
    /// An empty list that tells of each change and hit.
    pub fn telling(changed: broadcast::Sender<()>) -> Self {
        Self {
            board: Arc::default(),
            changed: Some(changed),
        }
    }

    /// Adds a rule behind those in force.
    pub fn set(&self, rule: FaultRule) {
        self.add(rule, None);
    }

    /// Adds a rule that spoils only some of the requests it could, as its die falls.
    pub fn set_by_chance(&self, rule: FaultRule, chance: Chance) {
        self.add(rule, Some(chance));
    }

    /// Takes all rules away; the recorded hits stay.
    pub fn clear(&self) {
        self.board().posted.clear();
        self.tell();
    }

    /// The rules in force and those used up, in the order they were set.
    pub fn list(&self) -> Vec<FaultState> {
        let board = self.board();
        board.posted.iter().map(|p| p.state.clone()).collect()
    }

    /// Counts a request and says how it is spoiled, if it is.
    pub fn hit(&self, endpoint: &str) -> Option<FaultKind> {
        self.hit_by(endpoint, |kind| *kind != FaultKind::CardsRefused)
    }

    /// The same, for a request that only some kinds concern; the others neither count nor spoil it.
    pub fn hit_by(
        &self,
        endpoint: &str,
        concerns: impl Fn(&FaultKind) -> bool,
    ) -> Option<FaultKind> {
        let kind = self.board().hit(endpoint, concerns)?;
        self.tell();
        Some(kind)
    }

    /// The requests spoiled so far, oldest first: endpoint and fault; the last 10,000.
    pub fn hits(&self) -> Vec<(String, FaultKind)> {
        self.board().hits.iter().cloned().collect()
    }

    fn add(&self, rule: FaultRule, chance: Option<Chance>) {
        self.board().posted.push(Posted {
            die: Die::new(chance.map_or(0, |chance| chance.seed)),
            seen: 0,
            state: FaultState {
                rule,
                chance,
                hits: 0,
            },
        });
        self.tell();
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.board
            .lock()
            .expect("nothing that holds the list can panic")
    }

    fn tell(&self) {
        if let Some(changed) = &self.changed {
            // An error means that nobody is watching, which is fine.
            drop(changed.send(()));
        }
    }
}

/// A repeatable source of chance: the same seed gives the same run.
///
/// Its steps are those of SplitMix64, which is public and needs no state but one number.
#[derive(Clone, Debug)]
pub(super) struct Die(u64);

impl Die {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `bound`, which must not be 0.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX);
        usize::try_from(self.roll() % bound).expect("below a bound that was a usize")
    }

    fn fraction(&mut self) -> f64 {
        // 53 bits are what a float holds exactly.
        (self.roll() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[derive(Default)]
struct Board {
    posted: Vec<Posted>,
    hits: VecDeque<(String, FaultKind)>,
}

struct Posted {
    state: FaultState,
    /// Matching requests so far, spoiled or not.
    seen: u32,
    die: Die,
}

impl Board {
    fn hit(&mut self, endpoint: &str, concerns: impl Fn(&FaultKind) -> bool) -> Option<FaultKind> {
        let mut spoiled = None;
        for posted in &mut self.posted {
            if !concerns(&posted.state.rule.kind) {
                continue;
            }
            // Every matching rule counts the request, also when an earlier one spoils it.
            if posted.counts(endpoint) && spoiled.is_none() && posted.strikes() {
                spoiled = Some(posted.state.rule.kind.clone());
            }
        }
        let kind = spoiled?;
        if self.hits.len() == HITS_KEPT {
            self.hits.pop_front();
        }
        self.hits.push_back((endpoint.to_owned(), kind.clone()));
        Some(kind)
    }
}

impl Posted {
    /// Counts the request if it matches; false while it is one of those let through.
    fn counts(&mut self, endpoint: &str) -> bool {
        let rule = &self.state.rule;
        let matches = match rule.endpoint.strip_suffix('*') {
            Some(start) => endpoint.starts_with(start),
            None => rule.endpoint == endpoint,
        };
        if !matches {
            return false;
        }
        self.seen = self.seen.saturating_add(1);
        self.seen > rule.skip
    }

    fn strikes(&mut self) -> bool {
        if self
            .state
            .rule
            .count
            .is_some_and(|count| self.state.hits >= count)
        {
            return false;
        }
        if let Some(chance) = self.state.chance
            && self.die.fraction() >= chance.probability
        {
            return false;
        }
        self.state.hits = self.state.hits.saturating_add(1);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nth_request_is_spoiled_and_only_as_often_as_said() {
        let faults = Faults::default();
        faults.set(FaultRule {
            endpoint: "modifyUserPoint".to_owned(),
            skip: 2,
            count: Some(1),
            kind: FaultKind::DropAfter,
        });
        assert_eq!(faults.hit("modifyUserPoint"), None);
        assert_eq!(faults.hit("getUserPoint"), None);
        assert_eq!(faults.hit("modifyUserPoint"), None);
        assert_eq!(faults.hit("modifyUserPoint"), Some(FaultKind::DropAfter));
        assert_eq!(faults.hit("modifyUserPoint"), None);
        assert_eq!(faults.list()[0].hits, 1);
        faults.clear();
        assert!(faults.list().is_empty());
        assert_eq!(
            faults.hits(),
            [("modifyUserPoint".to_owned(), FaultKind::DropAfter)]
        );
    }

    #[test]
    fn rules_take_turns_in_the_order_they_were_set() {
        let faults = Faults::default();
        faults.set(FaultRule::once("*", FaultKind::DropBefore));
        faults.set(FaultRule::always("a", FaultKind::SlowBody));
        assert_eq!(faults.hit("a"), Some(FaultKind::DropBefore));
        assert_eq!(faults.hit("a"), Some(FaultKind::SlowBody));
        assert_eq!(faults.hit("b"), None);
    }

    #[test]
    fn a_rule_counts_only_what_it_concerns() {
        let faults = Faults::default();
        faults.set(FaultRule::once("sendMessage", FaultKind::CardsRefused));
        assert_eq!(faults.hit("sendMessage"), None);
        assert_eq!(faults.hit_by("sendMessage", |_| false), None);
        assert_eq!(faults.list()[0].hits, 0);
        let hit = faults.hit_by("sendMessage", |_| true);
        assert_eq!(hit, Some(FaultKind::CardsRefused));
        assert_eq!(faults.hit_by("sendMessage", |_| true), None);
    }

    #[test]
    fn a_star_stands_for_any_rest() {
        let faults = Faults::default();
        faults.set(FaultRule::always("swan.*", FaultKind::DropBefore));
        let hit = |endpoint| faults.hit(endpoint).is_some();
        assert!(hit("swan.add") && hit("swan.balance"));
        assert!(!hit("manta.points") && !hit("swan") && !hit("modifyUserPoint"));
    }

    #[test]
    fn a_seed_repeats_its_run() {
        let run = |seed| {
            let faults = Faults::default();
            faults.set_by_chance(
                FaultRule::always("*", FaultKind::DropBefore),
                Chance {
                    probability: 0.5,
                    seed,
                },
            );
            (0..64)
                .map(|_| faults.hit("x").is_some())
                .collect::<Vec<_>>()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
        let hits = run(7).into_iter().filter(|hit| *hit).count();
        assert!((16..48).contains(&hits), "{hits}");
    }
}

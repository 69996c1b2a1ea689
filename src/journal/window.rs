//! Boards of days that are no day, week or month of the calendar, held in memory while somebody looks.
//!
//! Such a board is summed up once, from as few sums as cover its days, and kept for a minute. Invariants:
//! whoever's points changed is read again before the next answer, so a board shows every change that
//! was answered before it was asked for; what another process wrote (a decision by hand) it shows a
//! minute later at the latest. A board costs a scan once, and then the same however large it is.
//!
//! Deliberately absent: anything kept on disk. Sums of running windows would have to be changed with
//! every change of points, and moved on every midnight, for boards that are seldom asked for.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::OnceCell;
use tokio::time::Instant;

use crate::journal::batch::Batch;
use crate::journal::boards::Board;
use crate::journal::boards::BoardSize;
use crate::journal::boards::Sum;
use crate::journal::boards::gains;
use crate::journal::entry::Receipt;
use crate::journal::error::JournalError;
use crate::journal::order::Order;
use crate::journal::order::key;
use crate::journal::sides::Side;
use crate::journal::store::Store;
use crate::model::UserId;
use crate::model::period::Days;
use crate::model::period::Whole;

/// How long a board is believed: another process may have decided something by hand.
const LIFE: Duration = Duration::from_secs(60);
/// Boards held at once.
const MOST: usize = 8;
/// Members on all of them together, some 50 bytes each.
const MOST_MEMBERS: usize = 1_000_000;

/// The boards that are held.
#[derive(Default)]
pub(super) struct Windows {
    held: Mutex<Vec<Held>>,
    /// How many: whoever writes need not take the lock where there is none.
    count: AtomicUsize,
}

struct Held {
    begun: Instant,
    window: Arc<Window>,
}

/// A board that is held.
pub(super) struct Window {
    board: Board,
    pieces: Vec<(Whole, i64)>,
    standing: OnceCell<Mutex<Standing>>,
    /// Whose points changed since they were read, and which change that was.
    touched: Mutex<HashMap<UserId, u64>>,
    changes: AtomicUsize,
}

impl Windows {
    /// The board, up to date.
    pub async fn of(&self, board: Board, store: &dyn Store) -> Result<Arc<Window>, JournalError> {
        let window = self.held_or_new(board);
        let read = window.standing.get_or_try_init(|| async {
            let sums = store.sums(board.guild, window.pieces.clone()).await?;
            let built = tokio::task::spawn_blocking(move || Standing::of(sums)).await;
            let built = built.map_err(|error| {
                JournalError::Database(anyhow::anyhow!(error).context("sum up a board"))
            })?;
            Ok::<_, JournalError>(Mutex::new(built))
        });
        read.await?;
        self.make_room(&window);
        window.catch_up(store).await?;
        Ok(window)
    }

    /// Notes whose sums a batch has changed; to be called once it is committed and before anybody is
    /// answered.
    pub fn written(&self, batch: &Batch, changed: &[Option<Receipt>]) {
        if self.count.load(Ordering::Acquire) == 0 {
            return;
        }
        let mut held = self.held();
        for (guild, whole, day, member) in gains(batch, changed).into_keys() {
            if whole != Whole::Day {
                continue;
            }
            let counts = |board: Board| {
                board.guild == guild && (board.days.first..=board.days.last).contains(&day)
            };
            let of = held.iter().filter(|held| counts(held.window.board));
            of.for_each(|held| held.window.touch(member));
        }
        for side in &batch.sides {
            match side {
                Side::Hide { guild, member, .. } => {
                    let of = held.iter().filter(|held| held.window.board.guild == *guild);
                    of.for_each(|held| held.window.touch(*member));
                }
                // Whose entries they are is not known here, and it happens once.
                Side::Date(_) => held.clear(),
                _ => {}
            }
        }
        self.count.store(held.len(), Ordering::Release);
    }

    /// Lets go of the boards whose time is over.
    pub fn forget_old(&self) {
        if self.count.load(Ordering::Acquire) > 0 {
            let mut held = self.held();
            held.retain(|held| held.begun.elapsed() < LIFE);
            self.count.store(held.len(), Ordering::Release);
        }
    }

    fn held_or_new(&self, board: Board) -> Arc<Window> {
        let mut held = self.held();
        held.retain(|held| held.begun.elapsed() < LIFE);
        let known = held.iter().find(|held| held.window.board == board);
        let window = match known {
            Some(known) => known.window.clone(),
            None => {
                let window = Arc::new(Window {
                    board,
                    pieces: pieces(board.days),
                    standing: OnceCell::new(),
                    touched: Mutex::default(),
                    changes: AtomicUsize::new(0),
                });
                if held.len() >= MOST {
                    held.remove(0);
                }
                held.push(Held {
                    begun: Instant::now(),
                    window: window.clone(),
                });
                window
            }
        };
        self.count.store(held.len(), Ordering::Release);
        window
    }

    /// Lets go of the oldest others where all of them are too large together.
    fn make_room(&self, wanted: &Arc<Window>) {
        let mut held = self.held();
        let members =
            |held: &[Held]| -> usize { held.iter().map(|held| held.window.members()).sum() };
        while members(&held) > MOST_MEMBERS {
            let other = |held: &Held| !Arc::ptr_eq(&held.window, wanted);
            let Some(oldest) = held.iter().position(other) else {
                break;
            };
            held.remove(oldest);
        }
        self.count.store(held.len(), Ordering::Release);
    }

    fn held(&self) -> MutexGuard<'_, Vec<Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Window {
    /// Those shown, from the top, `offset` left out.
    pub fn top(&self, offset: u64, limit: usize) -> Vec<(UserId, i64)> {
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        self.look(|standing| standing.order.slice(offset..offset.saturating_add(limit)))
    }

    /// How many of those shown have more points than that.
    pub fn above(&self, points: i64) -> u64 {
        self.look(|standing| standing.order.above(points) as u64)
    }

    /// What the member has earned, above 0, where they are shown.
    pub fn earned(&self, member: UserId) -> Option<i64> {
        self.look(|standing| standing.shown.get(&member).copied())
    }

    /// Somebody with at most `each` neighbours on either side, and which row of the board, from 1, the
    /// first of them is; nobody where they are not shown.
    pub fn around(&self, member: UserId, each: usize) -> (u64, Vec<(UserId, i64)>) {
        self.look(|standing| {
            let Some(&points) = standing.shown.get(&member) else {
                return (0, Vec::new());
            };
            let at = standing.order.before(key(member, points));
            let first = at.saturating_sub(each);
            (first as u64 + 1, standing.order.slice(first..at + each + 1))
        })
    }

    /// The fewest points that are more than these.
    pub fn next_above(&self, points: i64) -> Option<i64> {
        self.look(|standing| {
            let above = standing.order.above(points);
            let next = above.checked_sub(1)?;
            let next = standing.order.slice(next..above);
            next.first().map(|&(_, points)| points)
        })
    }

    /// How many there are.
    pub fn size(&self) -> BoardSize {
        self.look(|standing| BoardSize {
            shown: standing.shown.len() as u64,
            hidden: standing.hidden.len() as u64,
        })
    }

    fn members(&self) -> usize {
        match self.standing.get() {
            None => 0,
            Some(_) => self.look(|standing| standing.shown.len() + standing.hidden.len()),
        }
    }

    fn touch(&self, member: UserId) {
        let change = self.changes.fetch_add(1, Ordering::Relaxed) as u64;
        self.touched().insert(member, change);
    }

    /// Reads again whose points changed.
    async fn catch_up(&self, store: &dyn Store) -> Result<(), JournalError> {
        let touched = self.touched().clone();
        if touched.is_empty() {
            return Ok(());
        }
        let members: Vec<UserId> = touched.keys().copied().collect();
        let sums = store.sums_of(self.board.guild, self.pieces.clone(), members);
        let sums = sums.await?.into_iter();
        let sums: HashMap<UserId, Sum> = sums.map(|sum| (sum.member, sum)).collect();
        for (member, change) in touched {
            let mut now = self.touched();
            // Somebody else who asked at the same time may have read something newer.
            if now.get(&member) == Some(&change) {
                self.look(|standing| standing.put(member, sums.get(&member)));
                now.remove(&member);
            }
        }
        Ok(())
    }

    /// Looks at it; empty before it was read.
    fn look<T>(&self, look: impl FnOnce(&mut Standing) -> T) -> T {
        match self.standing.get() {
            Some(standing) => look(&mut standing.lock().unwrap_or_else(PoisonError::into_inner)),
            None => look(&mut Standing::default()),
        }
    }

    fn touched(&self) -> MutexGuard<'_, HashMap<UserId, u64>> {
        self.touched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who has how much, in the order of the board.
#[derive(Debug, Default)]
struct Standing {
    shown: HashMap<UserId, i64>,
    hidden: HashMap<UserId, i64>,
    order: Order,
}

impl Standing {
    fn of(sums: Vec<Sum>) -> Self {
        let mut standing = Self::default();
        let mut keys = Vec::with_capacity(sums.len());
        for sum in sums.into_iter().filter(|sum| sum.points > 0) {
            match sum.shown {
                true => {
                    keys.push(key(sum.member, sum.points));
                    standing.shown.insert(sum.member, sum.points);
                }
                false => drop(standing.hidden.insert(sum.member, sum.points)),
            }
        }
        keys.sort_unstable();
        standing.order = Order::of(&keys);
        standing
    }

    fn put(&mut self, member: UserId, sum: Option<&Sum>) {
        if let Some(points) = self.shown.remove(&member) {
            self.order.remove(key(member, points));
        }
        self.hidden.remove(&member);
        match sum.filter(|sum| sum.points > 0) {
            None => {}
            Some(sum) if sum.shown => {
                self.shown.insert(member, sum.points);
                self.order.insert(key(member, sum.points));
            }
            Some(sum) => drop(self.hidden.insert(member, sum.points)),
        }
    }
}

/// The fewest sums that make up the days together: months, weeks and days, each by its key.
fn pieces(days: Days) -> Vec<(Whole, i64)> {
    let (first, last) = (days.first, days.last);
    let length = usize::try_from(last - first + 1).unwrap_or_default();
    // From each day on: how many it takes, and the first of them with the day behind it.
    let mut best: Vec<(usize, Whole, usize)> = vec![(0, Whole::Day, length); length + 1];
    for at in (0..length).rev() {
        let day = first + i64::try_from(at).unwrap_or_default();
        let mut shortest = (1 + best[at + 1].0, Whole::Day, at + 1);
        for whole in [Whole::Week, Whole::Month] {
            if whole.key_of(day) != day {
                continue;
            }
            let longest = at + 31;
            let ends = (at + 1..=longest).find(|&behind| {
                let behind = first + i64::try_from(behind).unwrap_or_default();
                whole.key_of(behind) != day
            });
            if let Some(behind) = ends.filter(|&behind| behind <= length)
                && 1 + best[behind].0 < shortest.0
            {
                shortest = (1 + best[behind].0, whole, behind);
            }
        }
        best[at] = shortest;
    }
    let mut pieces = Vec::new();
    let mut at = 0;
    while at < length {
        let (_, whole, behind) = best[at];
        pieces.push((whole, first + i64::try_from(at).unwrap_or_default()));
        at = behind;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pieces_cover_each_day_once(first in -100_000_i64..100_000, more in 0_i64..366) {
            let days = Days { first, last: first + more, whole: None };
            let found = pieces(days);
            let covered = |day: i64| {
                found.iter().filter(|(whole, key)| whole.key_of(day) == *key).count()
            };
            for day in first - 40..=first + more + 40 {
                let wanted = usize::from((first..=first + more).contains(&day));
                prop_assert_eq!(covered(day), wanted, "day {}", day);
            }
            // A year is eleven months, and on either side at most two weeks between six days and six.
            prop_assert!(found.len() <= 11 + 2 * (6 + 2 + 6), "{} pieces", found.len());
        }
    }
}

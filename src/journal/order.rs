//! Members in the order of a board, in memory: more points first, among equals the smaller id.
//!
//! Keys lie in chunks, so that one is put in without moving all that follow, and the number of a row is
//! found by adding up the lengths of some chunks.

use std::cmp::Reverse;
use std::ops::Range;

use crate::model::UserId;

/// Keys in a chunk.
const CHUNK: usize = 512;

/// A place in the order: points, and among equals the id as the stores keep it.
pub(super) type Key = (Reverse<i64>, i64);

/// The place of somebody with these points.
pub(super) fn key(member: UserId, points: i64) -> Key {
    (Reverse(points), member.number().cast_signed())
}

/// Keys in their order, in chunks, so that one is put in without moving all that follow.
#[derive(Debug, Default)]
pub(super) struct Order {
    chunks: Vec<Vec<Key>>,
}

impl Order {
    /// An order of these, which are sorted.
    pub fn of(keys: &[Key]) -> Self {
        Self {
            chunks: keys.chunks(CHUNK).map(<[Key]>::to_vec).collect(),
        }
    }

    /// How many have more points.
    pub fn above(&self, points: i64) -> usize {
        self.before((Reverse(points), i64::MIN))
    }

    /// How many keys come before that one.
    pub fn before(&self, key: Key) -> usize {
        let chunk = self.chunk_of(key);
        let whole: usize = self.chunks[..chunk].iter().map(Vec::len).sum();
        let within = self.chunks.get(chunk);
        whole + within.map_or(0, |chunk| chunk.partition_point(|one| *one < key))
    }

    /// The rows of that stretch, as far as there are any.
    pub fn slice(&self, range: Range<usize>) -> Vec<(UserId, i64)> {
        let mut rows = Vec::new();
        let mut begin = 0;
        for chunk in &self.chunks {
            let end = begin + chunk.len();
            let from = range.start.clamp(begin, end) - begin;
            let to = range.end.clamp(begin, end) - begin;
            let some = chunk.get(from..to).unwrap_or_default().iter();
            rows.extend(
                some.map(|&(Reverse(points), id)| (UserId::new(id.cast_unsigned()), points)),
            );
            if end >= range.end {
                break;
            }
            begin = end;
        }
        rows
    }

    /// Puts a key in.
    pub fn insert(&mut self, key: Key) {
        let at = self.chunk_of(key).min(self.chunks.len().saturating_sub(1));
        let Some(chunk) = self.chunks.get_mut(at) else {
            self.chunks.push(vec![key]);
            return;
        };
        chunk.insert(chunk.partition_point(|one| *one < key), key);
        if chunk.len() > 2 * CHUNK {
            let rest = chunk.split_off(CHUNK);
            self.chunks.insert(at + 1, rest);
        }
    }

    /// Takes a key out.
    pub fn remove(&mut self, key: Key) {
        let at = self.chunk_of(key);
        let Some(chunk) = self.chunks.get_mut(at) else {
            return;
        };
        if let Ok(found) = chunk.binary_search(&key) {
            chunk.remove(found);
        }
        if chunk.is_empty() {
            self.chunks.remove(at);
        }
    }

    /// The first chunk that ends at the key or behind it.
    fn chunk_of(&self, key: Key) -> usize {
        self.chunks
            .partition_point(|chunk| chunk.last().is_some_and(|last| *last < key))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_that_of_a_sorted_list(
            start in proptest::collection::vec(0_i64..40, 0..1_500),
            changes in proptest::collection::vec((0_u64..1_600, 0_i64..40, any::<bool>()), 0..800),
            asked in 0_i64..41,
            from in 0_usize..1_700,
        ) {
            let mut naive: BTreeSet<Key> =
                (0..).zip(start).map(|(id, points)| key(UserId::new(id), points)).collect();
            let mut order = Order::of(&naive.iter().copied().collect::<Vec<_>>());
            for (id, points, there) in changes {
                let key = key(UserId::new(id), points);
                match there {
                    true if naive.insert(key) => order.insert(key),
                    true => {}
                    false => {
                        naive.remove(&key);
                        order.remove(key);
                    }
                }
            }
            let sorted: Vec<(UserId, i64)> = naive
                .iter()
                .map(|(points, id)| (UserId::new(id.cast_unsigned()), points.0))
                .collect();
            prop_assert_eq!(&order.slice(0..usize::MAX), &sorted);
            let some: Vec<_> = sorted.iter().copied().skip(from).take(7).collect();
            prop_assert_eq!(order.slice(from..from + 7), some);
            let above = sorted.iter().filter(|(_, points)| *points > asked).count();
            prop_assert_eq!(order.above(asked), above);
            for (at, &(member, points)) in sorted.iter().enumerate() {
                prop_assert_eq!(order.before(key(member, points)), at);
            }
        }
    }
}

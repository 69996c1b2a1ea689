//! Mints ids the way the platform does, so that id order is time order.

use crate::model::ids::SNOWFLAKE_EPOCH_MS;

/// The worker number of every id minted here; not zero, so that ids do not end in zero bits and a
/// client that rounds them through a float is found out.
const WORKER: u64 = 5;

/// Hands out ascending ids.
#[derive(Debug, Default)]
pub struct Mint {
    last: u64,
}

impl Mint {
    /// The next id for an instant in milliseconds since 1970; larger than all before, even when the
    /// clock stood still or went back.
    ///
    /// Source: fanbook-platform, 1.4.
    pub fn next(&mut self, now_ms: i64) -> u64 {
        let id = at(now_ms, 1).max(self.last + 1);
        self.last = id;
        id
    }

    /// Makes every later id larger than this one, which was minted by an earlier process.
    pub fn after(&mut self, seen: u64) {
        self.last = self.last.max(seen);
    }
}

/// The id of an instant with a sequence number (12 bits) of the caller's choice.
pub fn at(ms: i64, sequence: u64) -> u64 {
    let since = u64::try_from(ms - SNOWFLAKE_EPOCH_MS).unwrap_or_default();
    (since << 22) | (WORKER << 12) | (sequence & 0xfff)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::MessageId;

    #[test]
    fn ids_ascend_and_tell_their_time() {
        let mut mint = Mint::default();
        let now = 1_772_366_400_123;
        let first = mint.next(now);
        let second = mint.next(now);
        let earlier = mint.next(now - 5_000);
        assert!(first < second && second < earlier);
        assert_eq!(MessageId::new(first).minted_ms(), now);
        assert!(first > 1 << 53);
    }
}

//! The rate limit: a bucket of permits that fills with the sandbox's clock.

/// Permits in thousandths, so that a slow rate loses nothing to rounding.
const WHOLE: i64 = 60_000;

/// The permits there are.
#[derive(Default)]
pub struct Bucket {
    /// In sixty-thousandths of a permit; `None` before the first request.
    filled: Option<Filled>,
}

#[derive(Clone, Copy)]
struct Filled {
    level: i64,
    at_ms: i64,
}

impl Bucket {
    /// Takes a permit, or says in how many milliseconds there will be one.
    pub fn take(&mut self, per_minute: u32, burst: u32, now_ms: i64) -> Result<(), i64> {
        let per_ms = i64::from(per_minute.max(1));
        let brim = i64::from(burst.max(1)) * WHOLE;
        let level = match self.filled {
            None => brim,
            Some(Filled { level, at_ms }) => {
                let passed = now_ms.saturating_sub(at_ms).max(0);
                level
                    .saturating_add(passed.saturating_mul(per_ms))
                    .min(brim)
            }
        };
        let (level, outcome) = if level >= WHOLE {
            (level - WHOLE, Ok(()))
        } else {
            let missing = WHOLE - level;
            (level, Err((missing + per_ms - 1) / per_ms))
        };
        let at_ms = now_ms;
        self.filled = Some(Filled { level, at_ms });
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_one_at_a_time() {
        let mut bucket = Bucket::default();
        let mut take = |now_ms| bucket.take(60, 3, now_ms);
        assert_eq!([take(0), take(0), take(0)], [Ok(()); 3]);
        assert_eq!(take(0), Err(1000));
        assert_eq!(take(400), Err(600));
        assert_eq!(take(1000), Ok(()));
        assert_eq!(take(1000), Err(1000));
        // A long pause fills it to the brim and no further.
        assert_eq!([take(90_000), take(90_000), take(90_000)], [Ok(()); 3]);
        assert_eq!(take(90_000), Err(1000));
    }
}

//! How many points one change moves.

use std::fmt;
use std::num::NonZeroI32;

/// The largest change in either direction, in points.
///
/// Source: points-backends, 1.5.2: −9999..−1 or 1..9999.
pub const LARGEST: i32 = 9_999;

/// A change of points: within ±9,999 and never 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(NonZeroI32);

/// Why a number is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Zero moves nothing.
    #[error("an amount is never 0")]
    Zero,
    /// Beyond what one change may move.
    #[error("an amount lies within ±{LARGEST}")]
    TooLarge,
}

impl Amount {
    /// Makes an amount of `points`, or says why it is none.
    pub fn new(points: i64) -> Result<Self, AmountError> {
        let small = i32::try_from(points).map_err(|_| AmountError::TooLarge)?;
        let amount = NonZeroI32::new(small).ok_or(AmountError::Zero)?;
        if small.unsigned_abs() > LARGEST as u32 {
            return Err(AmountError::TooLarge);
        }
        Ok(Self(amount))
    }

    /// The signed number of points.
    pub const fn points(self) -> i32 {
        self.0.get()
    }

    /// How far the balance moves, without the direction.
    pub const fn size(self) -> i64 {
        self.0.get().unsigned_abs() as i64
    }

    /// The same size in the other direction.
    pub const fn negated(self) -> Self {
        // Within ±9,999 a negation cannot overflow, and the negation of non-zero is non-zero.
        match NonZeroI32::new(-self.0.get()) {
            Some(negated) => Self(negated),
            None => self,
        }
    }

    /// Whether the change takes points away.
    pub const fn takes(self) -> bool {
        self.0.get() < 0
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Amount({:+})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_are_inclusive_and_zero_is_out() {
        assert_eq!(Amount::new(9_999).unwrap().points(), 9_999);
        assert_eq!(Amount::new(-9_999).unwrap().points(), -9_999);
        assert_eq!(Amount::new(0), Err(AmountError::Zero));
        assert_eq!(Amount::new(10_000), Err(AmountError::TooLarge));
        assert_eq!(Amount::new(i64::MIN), Err(AmountError::TooLarge));
        assert_eq!(Amount::new(5).unwrap().negated().points(), -5);
    }
}

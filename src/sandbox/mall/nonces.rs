//! Nonces seen within the replay window, per app. Source: points-backends, 1.3 and 5.1.

use std::collections::HashMap;

/// Forgetting is worth a walk over the table only when it has this many.
const FEWEST_SWEPT: usize = 1024;

/// The nonces that may not come again yet.
#[derive(Default)]
pub struct Nonces {
    /// Last moment of refusal, by app key and nonce.
    until: HashMap<(String, String), i64>,
    /// Size at which the outdated are swept out.
    sweep_at: usize,
}

impl Nonces {
    /// Remembers a nonce until a moment, that moment included; false if it is remembered already.
    pub fn enter(&mut self, app_key: &str, nonce: &str, now_ms: i64, until_ms: i64) -> bool {
        if self.until.len() >= self.sweep_at.max(FEWEST_SWEPT) {
            self.until.retain(|_, until| now_ms <= *until);
            // Twice what is left: a sweep is paid for by the entries since the one before.
            self.sweep_at = self.until.len() * 2;
        }
        let seen = (app_key.to_owned(), nonce.to_owned());
        if self.until.get(&seen).is_some_and(|until| now_ms <= *until) {
            return false;
        }
        self.until.insert(seen, until_ms);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_refused_until_its_last_moment_and_per_app() {
        let mut nonces = Nonces::default();
        assert!(nonces.enter("a", "n", 0, 600));
        assert!(!nonces.enter("a", "n", 600, 1200));
        assert!(nonces.enter("b", "n", 600, 1200));
        assert!(nonces.enter("a", "n", 601, 1201));
    }

    #[test]
    fn the_outdated_are_swept_out() {
        let mut nonces = Nonces::default();
        for at in 0..5000_i64 {
            assert!(nonces.enter("a", &at.to_string(), at, at + 10));
        }
        assert!(nonces.until.len() <= FEWEST_SWEPT, "{}", nonces.until.len());
    }
}

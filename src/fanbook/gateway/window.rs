//! A bounded memory of what has been seen.

use std::collections::HashSet;
use std::collections::VecDeque;
use std::hash::Hash;

/// The last so many different keys, the oldest forgotten first.
#[derive(Debug)]
pub(super) struct Window<K> {
    most: usize,
    keys: HashSet<K>,
    order: VecDeque<K>,
}

impl<K: Clone + Eq + Hash> Window<K> {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            keys: HashSet::new(),
            order: VecDeque::new(),
        }
    }

    /// Notes `key`; false if it is still remembered.
    pub(super) fn enter(&mut self, key: K) -> bool {
        if !self.keys.insert(key.clone()) {
            return false;
        }
        self.order.push_back(key);
        if self.order.len() > self.most
            && let Some(oldest) = self.order.pop_front()
        {
            self.keys.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten_first() {
        let mut window = Window::new(2);
        assert!(window.enter(1) && window.enter(2));
        assert!(!window.enter(1));
        assert!(window.enter(3));
        assert!(window.enter(1));
        assert!(!window.enter(3));
        assert_eq!(window.keys.len(), 2);
    }
}

//! One behaviour suite for each trait, run on each implementation.
//!
//! The store suite (`store/`) is written against the journal's public face and a `Home`, which says
//! where a fresh store is. Another engine is another `Home` and one more line in `homes`.

mod store;

//! How ids leave in the imitation's own JSON: as text, because a browser would round the numbers.
//!
//! The functions are for `#[serde(serialize_with = ...)]`; reading needs nothing, ids read leniently.

use std::fmt::Display;

use serde::Serializer;

/// Writes one id as a string of digits.
pub fn one<T: Display, S: Serializer>(id: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

/// Writes an id as a string of digits, or null.
pub fn maybe<T: Display, S: Serializer>(id: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
    match id {
        Some(id) => serializer.collect_str(id),
        None => serializer.serialize_none(),
    }
}

/// Writes ids as an array of strings.
pub fn many<T: Display, S: Serializer>(ids: &[T], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(ids.iter().map(ToString::to_string))
}

//! Ids on control paths and in the file: strings of digits, because a web page reads them too and
//! JavaScript rounds such numbers.

use serde::Deserializer;
use serde::Serializer;

use crate::model::ids::UserId;

/// Writes an id as a string.
pub fn serialize<S: Serializer>(id: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

/// Reads an id from a string or a whole number.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    // Every kind of id reads alike; which one is taken here does not matter.
    serde::Deserialize::deserialize(deserializer).map(UserId::number)
}

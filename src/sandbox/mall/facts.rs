//! What the mall's file can say, one line each.

use serde::Deserialize;
use serde::Serialize;

use super::MallRecord;
use super::shapes::Shapes;

/// One line of the file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// A server exists, and the app is on or off in it.
    Guild {
        /// The server.
        #[serde(with = "super::digits")]
        id: u64,
        /// The switch.
        on: bool,
    },
    /// A member has this many points.
    Balance {
        /// The server.
        #[serde(with = "super::digits")]
        guild: u64,
        /// The member.
        #[serde(with = "super::digits")]
        user: u64,
        /// Their balance.
        points: i64,
    },
    /// The app is banned or not.
    Banned(bool),
    /// The choices in force.
    Shapes(Shapes),
    /// A record whose effect is already in the balances, written when the file is shortened.
    Kept(MallRecord),
    /// The outcome of one request, all or nothing: its records change balances.
    Applied {
        /// What took effect.
        records: Vec<MallRecord>,
        /// Ids used up by refused operations.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        burnt: Vec<String>,
    },
}

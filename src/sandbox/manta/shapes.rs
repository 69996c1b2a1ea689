//! The choices of the imitation: what Manta's document leaves open. Source: points-backends, 5.3.

use serde::Deserialize;
use serde::Serialize;

/// How Manta behaves where its document is silent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MantaShapes {
    /// What becomes of ids that nobody has.
    pub unknown_ids: UnknownIds,
    /// The order of the entries.
    pub point_order: PointOrder,
    /// How a success without entries looks.
    pub no_points: NoPoints,
    /// Refusals name the bot.
    pub bot_id_in_errors: bool,
    /// Refusals have status 200 and say `success: false` only.
    pub refusal_status_200: bool,
    /// Requests a minute; none is no limit. More than that wait in a bucket of `rate_burst`.
    pub rate_per_minute: Option<u32>,
    /// Requests that may come at once under a limit.
    pub rate_burst: u32,
    /// The header `Retry-After` of a 429.
    pub retry_after: RetryHint,
}

impl Default for MantaShapes {
    fn default() -> Self {
        Self {
            unknown_ids: UnknownIds::default(),
            point_order: PointOrder::default(),
            no_points: NoPoints::default(),
            bot_id_in_errors: false,
            refusal_status_200: false,
            rate_per_minute: None,
            rate_burst: 1,
            retry_after: RetryHint::default(),
        }
    }
}

/// What becomes of ids that nobody has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownIds {
    /// They are left out.
    #[default]
    LeftOut,
    /// One of them refuses the whole request: 404, code 37011.
    Refused,
}

/// Orders in which the entries can stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PointOrder {
    /// As asked, encoded ids first.
    #[default]
    Asked,
    /// Any.
    Shuffled,
}

/// Forms of a success without entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoPoints {
    /// An empty list.
    #[default]
    List,
    /// The field is not there.
    Absent,
}

/// What a 429 says about when to come again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryHint {
    /// Nothing.
    #[default]
    Absent,
    /// The seconds until there is room.
    Seconds,
    /// The date at which there is room.
    Date,
}

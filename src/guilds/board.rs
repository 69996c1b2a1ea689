//! Leaderboards that post themselves: what an operator or an administrator settles about one.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::model::ChannelId;
use crate::model::period::Counted;
use crate::support::cron::Recurrence;

/// The most rows a posted board has; a picture of more cannot be read on a phone.
pub const MOST_ROWS: u8 = 30;

/// A leaderboard that posts itself.
#[derive(Clone, Debug, PartialEq)]
pub struct BoardSchedule {
    /// Its name, one of its kind within the guild.
    pub name: String,
    /// Where it appears.
    pub channel: ChannelId,
    /// When, in the guild's zone.
    pub at: Recurrence,
    /// What it counts: of a day, week or month the last one that had ended.
    pub counted: Counted,
    /// Its rows, 1 to [`MOST_ROWS`].
    pub rows: u8,
    /// What becomes of the post before it.
    pub mode: PostMode,
    /// A moment missed by no more than this is made good, marked as late; an older one is skipped.
    pub catch_up: Duration,
}

/// What becomes of the post before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PostMode {
    /// It stays.
    #[default]
    Post,
    /// It is what changes: there is one post, with the newest board.
    Edit,
    /// It is deleted once the new one stands.
    Replace,
}

/// The text names no mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected post, edit or replace")]
pub struct NoMode;

impl FromStr for PostMode {
    type Err = NoMode;

    fn from_str(text: &str) -> Result<Self, NoMode> {
        match text {
            "post" => Ok(PostMode::Post),
            "edit" => Ok(PostMode::Edit),
            "replace" => Ok(PostMode::Replace),
            _ => Err(NoMode),
        }
    }
}

impl fmt::Display for PostMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PostMode::Post => "post",
            PostMode::Edit => "edit",
            PostMode::Replace => "replace",
        })
    }
}

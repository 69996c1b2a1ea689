//! Leaderboards that post themselves: what an operator or an administrator settles about one.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::journal::ScheduleFields;
use crate::model::ChannelId;
use crate::model::GuildId;
use crate::model::period::Counted;
use crate::support::cron::Recurrence;

/// The most rows a posted board has; a picture of more cannot be read on a phone.
pub const MOST_ROWS: u8 = 30;

/// The rows of a board of which nobody says how many.
pub const DEFAULT_ROWS: u8 = 10;

/// How late a board may come of which nobody says it.
pub const DEFAULT_CATCH_UP: Duration = Duration::from_secs(6 * 3_600);

/// The longest name of a board, in characters.
pub const LONGEST_NAME: usize = 32;

/// Whether two names of boards mean the same one: nobody remembers capitals.
pub fn is_same_name(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

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

impl BoardSchedule {
    /// As the journal keeps it.
    pub fn fields(&self, guild: GuildId) -> ScheduleFields {
        ScheduleFields {
            guild,
            name: self.name.clone(),
            channel: self.channel,
            at: self.at.to_string(),
            counted: self.counted.to_string(),
            rows: self.rows,
            mode: self.mode.to_string(),
            catch_up: self.catch_up,
        }
    }

    /// From what the journal keeps, which another version may have written; `None` where that cannot be
    /// understood.
    pub fn read(fields: &ScheduleFields) -> Option<Self> {
        Some(Self {
            name: fields.name.clone(),
            channel: fields.channel,
            at: fields.at.parse().ok()?,
            counted: fields.counted.parse().ok()?,
            rows: fields.rows.clamp(1, MOST_ROWS),
            mode: fields.mode.parse().ok()?,
            catch_up: fields.catch_up,
        })
    }
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

//! What holds in one guild: languages, zone, who may, how much.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::model::amount::Amount;
use crate::model::ids::GuildId;
use crate::model::ids::RoleId;
use crate::model::ids::UserId;

/// A language the bot speaks in full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// zh-CN, the default.
    #[default]
    Chinese,
    /// en-US.
    English,
}

impl Language {
    /// Both, in the order in which texts are kept.
    pub const ALL: [Language; 2] = [Language::Chinese, Language::English];

    /// The language's tag.
    pub const fn tag(self) -> &'static str {
        match self {
            Language::Chinese => "zh-CN",
            Language::English => "en-US",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(tag: &str) -> Result<Self, Self::Err> {
        Language::ALL
            .into_iter()
            .find(|language| language.tag() == tag)
            .ok_or(UnknownLanguage)
    }
}

/// The tag names no language the bot speaks.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("expected `zh-CN` or `en-US`")]
pub struct UnknownLanguage;

/// Everything that is settled about a guild before a command of its members runs.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The guild.
    pub guild: GuildId,
    /// A name for logs; `None` where the operator gave none.
    pub name: Option<String>,
    /// The language of every answer.
    pub language: Language,
    /// The zone of days, quotas and printed times.
    pub zone: TimeZone,
    /// Members with every right.
    pub admins: Vec<UserId>,
    /// Roles with every right, beside the owner and roles with the ADMINISTRATOR bit.
    pub admin_roles: Vec<RoleId>,
    /// Roles that may give and take within `limits`.
    pub moderator_roles: Vec<RoleId>,
    /// Whether the MANAGE_GUILD bit counts like ADMINISTRATOR.
    pub manage_guild: ManageGuild,
    /// What binds moderators, and when to ask first.
    pub limits: RewardLimits,
    /// Words that stand for an amount and a reason, by the word.
    pub presets: BTreeMap<String, Preset>,
}

/// What the MANAGE_GUILD bit means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ManageGuild {
    /// Nothing, the default.
    #[default]
    MeansNothing,
    /// Its holder is an administrator here.
    IsAdmin,
}

/// The limits of `[guild.reward]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RewardLimits {
    /// Largest single change by a moderator, in points.
    pub per_award: i64,
    /// Sum of a moderator's changes (absolute) in a day of the guild's zone, in points.
    pub per_day: i64,
    /// Above this a second person must approve; `None` is never.
    pub approve_over: Option<i64>,
    /// Above this the caller is asked to confirm; `None` is never for one person.
    pub confirm_over: Option<i64>,
    /// Whether a reward must have a reason (a deduction always must).
    pub reason_required: bool,
    /// Whether a moderator may reward themselves.
    pub self_reward: bool,
    /// How long the giver may undo alone.
    pub undo_window: Duration,
}

impl Default for RewardLimits {
    fn default() -> Self {
        Self {
            per_award: 9_999,
            per_day: 50_000,
            approve_over: None,
            confirm_over: None,
            reason_required: false,
            self_reward: false,
            undo_window: Duration::from_secs(600),
        }
    }
}

/// A reward word: `/reward @member bug`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preset {
    /// What it moves.
    pub amount: Amount,
    /// The reason it stands for.
    pub reason: Option<String>,
}

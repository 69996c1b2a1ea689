//! Boards that post themselves, and the moments at which they were due.
//!
//! Invariants:
//! - A slot is one row for ever: whoever inserts it has claimed it, in the transaction that moves
//!   `since_ms` on. Neither a restart nor another process nor a clock that is set back claims it again.
//! - A claim is made for the schedule as it was read: one that was changed meanwhile claims nothing.
//! - What was posted, skipped or given up never becomes anything else, but that a skipped slot whose
//!   moment comes again (a clock had leapt ahead) is claimed like a new one.
//! - That a sending begins is on disk, with its text, before the first byte leaves.
//!
//! Deliberately absent: what the fields mean (`guilds`), and when a slot is due (`schedule`).

use std::time::Duration;

use crate::journal::store::Answer;
use crate::model::ChannelId;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::UserId;

/// Skipped slots that get a row at once; of more only the newest do.
pub const MOST_SKIPPED: usize = 50;

/// What somebody settles about a schedule, as text where `guilds` reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleFields {
    /// The guild.
    pub guild: GuildId,
    /// Its name, one of its kind within the guild.
    pub name: String,
    /// Where it appears.
    pub channel: ChannelId,
    /// When: a clock time or five fields of cron.
    pub at: String,
    /// What it counts.
    pub counted: String,
    /// Its rows.
    pub rows: u8,
    /// What becomes of the post before it.
    pub mode: String,
    /// How late it may come.
    pub catch_up: Duration,
}

/// Who set a schedule up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScheduleSource {
    /// The operator, in `bot.toml`. It wins.
    File,
    /// An administrator, with `/schedule`.
    Chat,
}

/// A schedule as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptSchedule {
    /// What was settled.
    pub fields: ScheduleFields,
    /// Who did.
    pub source: ScheduleSource,
    /// Whether it waits to be resumed.
    pub paused: bool,
    /// Whether it is gone.
    pub removed: bool,
    /// Which member made it; `None` for the operator.
    pub made_by: Option<UserId>,
    /// When, in milliseconds since 1970.
    pub made_ms: i64,
    /// Which member changed, paused, resumed or removed it last; `None` for the operator.
    pub changed_by: Option<UserId>,
    /// When, in milliseconds since 1970.
    pub changed_ms: i64,
    /// How often it was changed; a claim holds for the one it was read with.
    pub revision: i64,
    /// Up to which moment its slots are handled, in milliseconds since 1970.
    pub since_ms: i64,
    /// That it does not work.
    pub failing: Option<Failing>,
}

/// That posts of a schedule do not come through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// Since when, in milliseconds since 1970.
    pub since_ms: i64,
    /// Why.
    pub why: ScheduleTrouble,
    /// What the platform said, for an operator. Untrusted text.
    pub detail: String,
    /// Whether the guild's administrator was told.
    pub told: bool,
}

/// Why posts of a schedule do not come through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScheduleTrouble {
    /// There is no such channel, or the bot cannot see it.
    NoChannel,
    /// The bot may not write there.
    NoRight,
    /// The bot may send nowhere: it is not on the platform's list.
    NotListed,
    /// It was refused for another reason.
    Refused,
    /// The platform could not be reached for as long as the post was worth sending.
    Unreachable,
    /// Whether a post arrived cannot be found out, so it is not sent again.
    InDoubt,
    /// What is kept of it cannot be understood any more.
    Unreadable,
}

/// What somebody does with a schedule there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScheduleDeed {
    /// Nothing is due until it is resumed.
    Pause,
    /// It is due again, from now on.
    Resume,
    /// It goes. Only by whoever's it is.
    Remove,
}

/// What became of a change somebody wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScheduleChanged {
    /// It is as they wanted.
    Done(KeptSchedule),
    /// Nothing was changed: this one is as they wanted already, or stands in the way.
    Stands(KeptSchedule),
    /// There is none of that name.
    Missing,
}

/// Which slot.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SlotKey {
    /// The guild.
    pub guild: GuildId,
    /// The schedule.
    pub name: String,
    /// When it was due, in milliseconds since 1970.
    pub slot_ms: i64,
    /// Who brought it about.
    pub by: SlotBy,
}

/// What brings a slot about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SlotBy {
    /// Its time had come.
    Time,
    /// Somebody asked for it.
    Hand,
}

/// A moment at which a schedule was due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Which.
    pub key: SlotKey,
    /// Who asked for it, where somebody did.
    pub asked_by: Option<UserId>,
    /// How it stands.
    pub state: SlotState,
    /// When it was claimed, in milliseconds since 1970.
    pub made_ms: i64,
    /// Until when it is worth posting, in milliseconds since 1970.
    pub until_ms: i64,
    /// When to go on with it, in milliseconds since 1970.
    pub next_ms: i64,
    /// Sendings, one that is under way included.
    pub tries: u32,
    /// Whether its post says that it comes late.
    pub late: bool,
    /// Where it appears.
    pub channel: ChannelId,
    /// What was sent, letter by letter.
    pub sent: Option<String>,
    /// When its first byte was about to leave, in milliseconds since 1970.
    pub sent_ms: Option<i64>,
    /// The newest message of the channel before that, 0 where there was none; `None` where it could not
    /// be read.
    pub after: Option<MessageId>,
    /// The post that is edited instead of sending a new one; while nothing is sent, one that can not be.
    pub edits: Option<MessageId>,
    /// Complete readings of the history that did not show it, since it was sent last.
    pub absent: u32,
    /// The post.
    pub message: Option<MessageId>,
    /// An older post that is to be deleted.
    pub clears: Option<MessageId>,
    /// When it ended, in milliseconds since 1970.
    pub settled_ms: Option<i64>,
    /// Why it was not posted, for an operator.
    pub why: Option<String>,
}

/// How a slot stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SlotState {
    /// It is to be posted; nothing of it can have arrived.
    Claimed,
    /// It was sent, or is about to be, and may stand in the channel.
    Posting,
    /// It stands in the channel.
    Posted,
    /// It was missed for too long.
    Skipped,
    /// Whether it stands there cannot be found out; it is not sent again.
    Doubtful,
    /// It was refused until it was too late.
    Failed,
}

/// A slot to be claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueSlot {
    /// When it is due, in milliseconds since 1970.
    pub slot_ms: i64,
    /// Until when it is worth posting; `None`: it is skipped.
    pub until_ms: Option<i64>,
}

/// A sending that is about to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sending {
    /// What is sent, letter by letter.
    pub sent: String,
    /// Whether it says that it comes late.
    pub late: bool,
    /// Where.
    pub channel: ChannelId,
    /// The newest message there, if that could be read.
    pub after: Option<MessageId>,
    /// The post that is edited instead.
    pub edits: Option<MessageId>,
    /// An older post that is to be deleted when this one stands.
    pub clears: Option<MessageId>,
    /// When to look after it if nothing more is written, in milliseconds since 1970.
    pub next_ms: i64,
}

/// Why nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsent {
    /// It did not arrive, or was refused.
    NotTaken,
    /// The post it was to edit cannot be edited: the next try sends a new one.
    NotEdited,
}

/// What became of a write about schedules.
#[derive(Clone, Debug)]
pub(super) enum ScheduleDone {
    /// The schedule as it stands now, whether that changed it, and the slots that were claimed.
    Schedule {
        schedule: Option<KeptSchedule>,
        changed: bool,
        claimed: Vec<Slot>,
    },
    /// The slot as it stands now; `None` where the rules leave it as it is.
    Slot(Option<Slot>),
}

/// The reading side.
pub(super) trait ScheduleStore {
    /// The schedules that are not removed, of one guild or all, by guild and name.
    fn schedules(&self, guild: Option<GuildId>) -> Answer<'_, Vec<KeptSchedule>>;
    /// That schedule, also when it was removed.
    fn schedule<'a>(&'a self, guild: GuildId, name: &'a str) -> Answer<'a, Option<KeptSchedule>>;
    /// Slots something is to be done about and due, oldest first.
    fn open_slots(&self, due_ms: i64, limit: usize) -> Answer<'_, Vec<Slot>>;
    /// The newest slots of a schedule, newest first.
    fn slots<'a>(&'a self, guild: GuildId, name: &'a str, limit: usize) -> Answer<'a, Vec<Slot>>;
    /// The slot of a schedule that was posted last.
    fn last_posted<'a>(&'a self, guild: GuildId, name: &'a str) -> Answer<'a, Option<Slot>>;
    /// Whether that message is the post of a slot.
    fn is_post(&self, channel: ChannelId, message: MessageId) -> Answer<'_, bool>;
}

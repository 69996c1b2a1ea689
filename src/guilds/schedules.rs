//! The boards of a guild that post themselves: what the operator and its administrators settled.
//!
//! Invariant: what `bot.toml` names is the operator's. No administrator changes it, and none of theirs
//! takes its name. Deliberately absent: posting (`schedule`), and who may (`permissions`).

use std::collections::HashMap;
use std::sync::Arc;

use crate::guilds::BoardSchedule;
use crate::guilds::GuildSettings;
use crate::guilds::is_same_name;
use crate::journal::Journal;
use crate::journal::JournalError;
use crate::journal::KeptSchedule;
use crate::journal::ScheduleChanged;
use crate::journal::ScheduleDeed;
use crate::journal::ScheduleSource;
use crate::model::GuildId;
use crate::model::Policy;
use crate::model::UserId;

/// The most boards of a guild that administrators may add: each is a post that people read.
pub const MOST_SCHEDULES: usize = 20;

/// The boards that post themselves. Cheap to clone.
#[derive(Clone)]
pub struct Schedules {
    journal: Journal,
    files: Arc<HashMap<GuildId, Vec<BoardSchedule>>>,
}

/// One of them, as it stands.
#[derive(Clone, Debug)]
pub struct Scheduled {
    /// What is kept of it.
    pub kept: KeptSchedule,
    /// The board; `None` where what is kept cannot be understood, so that it is never due.
    pub board: Option<BoardSchedule>,
    /// When it is due next, in milliseconds since 1970; `None` also while it is paused.
    pub next_ms: Option<i64>,
    /// When it was posted last, in milliseconds since 1970.
    pub posted_ms: Option<i64>,
}

/// What was found of a name.
#[derive(Clone, Debug)]
pub enum Found {
    /// The board.
    One(Box<Scheduled>),
    /// None of that name, and the name that is nearest.
    None(Option<String>),
}

/// What became of a board somebody wanted to add.
#[derive(Clone, Debug)]
pub enum Added {
    /// It is there now, or was, just so.
    Done,
    /// The operator has one of that name.
    OfFile,
    /// An administrator has added another of that name.
    Exists,
    /// There are as many as there may be.
    Full,
}

/// What became of a change somebody wanted.
#[derive(Clone, Debug)]
pub enum Changed {
    /// It is as they wanted.
    Done(Box<KeptSchedule>),
    /// It was so before.
    Stood,
    /// It is the operator's.
    OfFile,
    /// There is none of that name any more.
    Missing,
}

impl Schedules {
    /// Those of the settings, and those the journal keeps.
    pub fn new<'a>(guilds: impl IntoIterator<Item = &'a GuildSettings>, journal: Journal) -> Self {
        let files = guilds
            .into_iter()
            .map(|guild| (guild.policy.guild, guild.boards.clone()))
            .collect();
        Self {
            journal,
            files: Arc::new(files),
        }
    }

    /// All of a guild, by name.
    pub async fn all(&self, policy: &Policy, now_ms: i64) -> Result<Vec<Scheduled>, JournalError> {
        let mut all = Vec::new();
        for kept in self.journal.schedules(Some(policy.guild)).await? {
            let posted = self.journal.last_posted(policy.guild, &kept.fields.name);
            let posted_ms = posted.await?.and_then(|slot| slot.settled_ms);
            let board = BoardSchedule::read(&kept.fields);
            let next = |board: &BoardSchedule| board.at.after(now_ms, &policy.zone);
            let next_ms = match kept.paused {
                true => None,
                false => board.as_ref().and_then(next),
            };
            all.push(Scheduled {
                kept,
                board,
                next_ms,
                posted_ms,
            });
        }
        // Text order differs between engines.
        all.sort_by(|one, other| one.kept.fields.name.cmp(&other.kept.fields.name));
        Ok(all)
    }

    /// The board of that name, whatever its capitals.
    pub async fn find(
        &self,
        policy: &Policy,
        name: &str,
        now_ms: i64,
    ) -> Result<Found, JournalError> {
        let all = self.all(policy, now_ms).await?;
        let near = nearest(name, all.iter().map(|one| one.kept.fields.name.as_str()));
        let near = near.map(str::to_owned);
        let mut same: Vec<Scheduled> = all
            .into_iter()
            .filter(|one| is_same_name(&one.kept.fields.name, name))
            .collect();
        // One of the file and one that was there before it may differ in capitals alone.
        let at = same.iter().position(|one| one.kept.fields.name == name);
        Ok(match same.is_empty() {
            false => Found::One(Box::new(same.swap_remove(at.unwrap_or(0)))),
            true => Found::None(near),
        })
    }

    /// Adds a board for an administrator.
    pub async fn add(
        &self,
        guild: GuildId,
        board: &BoardSchedule,
        by: UserId,
    ) -> Result<Added, JournalError> {
        let of_file = self.of_file(guild);
        if of_file
            .iter()
            .any(|one| is_same_name(&one.name, &board.name))
        {
            return Ok(Added::OfFile);
        }
        let fields = board.fields(guild);
        let kept = self.journal.schedules(Some(guild)).await?;
        let same = kept
            .iter()
            .find(|one| is_same_name(&one.fields.name, &board.name));
        if let Some(same) = same {
            return Ok(match (same.source, same.fields == fields) {
                (ScheduleSource::File, _) => Added::OfFile,
                // The same command once more: it may never have been answered.
                (ScheduleSource::Chat, true) => Added::Done,
                (ScheduleSource::Chat, false) => Added::Exists,
            });
        }
        let theirs = |one: &&KeptSchedule| one.source == ScheduleSource::Chat;
        if kept.iter().filter(theirs).count() >= MOST_SCHEDULES {
            return Ok(Added::Full);
        }
        let source = ScheduleSource::Chat;
        let saved = self.journal.save_schedule(fields, source, Some(by));
        Ok(match saved.await? {
            ScheduleChanged::Done(_) => Added::Done,
            // Somebody else was quicker.
            ScheduleChanged::Stands(_) | ScheduleChanged::Missing => Added::Exists,
        })
    }

    /// Pauses, resumes or removes a board for an administrator.
    pub async fn change(
        &self,
        kept: &KeptSchedule,
        deed: ScheduleDeed,
        by: UserId,
    ) -> Result<Changed, JournalError> {
        let (guild, name) = (kept.fields.guild, &kept.fields.name);
        let of_file = || self.of_file(guild).iter().any(|one| one.name == *name);
        if kept.source == ScheduleSource::File || of_file() {
            return Ok(Changed::OfFile);
        }
        let done = self.journal.do_with_schedule(guild, name, deed, Some(by));
        Ok(match done.await? {
            ScheduleChanged::Done(kept) => Changed::Done(Box::new(kept)),
            ScheduleChanged::Stands(kept) if kept.source == ScheduleSource::File => Changed::OfFile,
            ScheduleChanged::Stands(_) => Changed::Stood,
            ScheduleChanged::Missing => Changed::Missing,
        })
    }

    /// Makes a board due that was asked for at `asked_ms` (milliseconds since 1970), whether or not it is
    /// paused; `false` where it is gone. A command that is carried out again asks for the same moment,
    /// so the board is posted once for it.
    pub async fn run(
        &self,
        kept: &KeptSchedule,
        asked_ms: i64,
        by: UserId,
    ) -> Result<bool, JournalError> {
        let (guild, name) = (kept.fields.guild, &kept.fields.name);
        let slot = self.journal.run_schedule(guild, name, asked_ms, Some(by));
        if slot.await?.is_some() {
            return Ok(true);
        }
        let still = self.journal.schedule(guild, name).await?;
        Ok(still.is_some_and(|kept| !kept.removed))
    }

    /// The boards that `bot.toml` names in the guild.
    fn of_file(&self, guild: GuildId) -> &[BoardSchedule] {
        self.files.get(&guild).map_or(&[], Vec::as_slice)
    }
}

/// The name that is so near that a slip is likely.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    known
        .map(|one| {
            let likeness = strsim::normalized_damerau_levenshtein(&name, &one.to_lowercase());
            (likeness, one)
        })
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .filter(|(likeness, _)| *likeness >= 0.5)
        .map(|(_, one)| one)
}

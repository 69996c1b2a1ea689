//! Boards, read a page at a time: here those of what was earned through the bot.
//!
//! Invariant: whoever shows a page can say from it what was counted, for which days, as of when and how
//! many members are left out. Deliberately absent: names, and sentences.

use std::collections::HashMap;

use jiff::tz::TimeZone;

use crate::journal::Board;
use crate::journal::BoardSize;
use crate::journal::Hidden;
use crate::journal::Journal;
use crate::journal::JournalError;
use crate::journal::OnBoards;
use crate::journal::Ranked;
use crate::model::Cause;
use crate::model::GuildId;
use crate::model::Policy;
use crate::model::UserId;
use crate::model::period::Counted;
use crate::model::period::Days;
use crate::model::period::Period;
use crate::model::period::day_of;
use crate::points::BalancesOf;
use crate::points::Points;

/// Rows of a page.
pub const PAGE: usize = 10;

/// Entries that get their day in one transaction: so few that nobody waits for it.
const DATED_AT_ONCE: usize = 200;

/// A page of a board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardPage {
    /// What it is of.
    pub counted: Counted,
    /// The days that are counted; of balances all of them.
    pub days: Days,
    /// Whether those days are running, or had ended when it was due.
    pub edition: Edition,
    /// Which page, from 0.
    pub page: u32,
    /// How many pages there are, 1 for an empty board.
    pub pages: u64,
    /// The rows; none beyond the last page.
    pub rows: Vec<Ranked>,
    /// How many are on the board, and how many are left out.
    pub size: BoardSize,
    /// When it was read, in milliseconds since 1970.
    pub read_ms: i64,
    /// Of balances: when the one that was read first was read.
    pub oldest_ms: Option<i64>,
    /// Of balances: which they are.
    pub balances: Option<BalancesOf>,
    /// The places of these members on the board before it, of those who had one; `None` where there
    /// was none before.
    pub before: Option<HashMap<UserId, u64>>,
}

/// Which of the boards of one kind it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edition {
    /// The one of now.
    Running,
    /// The one that was due at a moment (milliseconds since 1970), and whether it comes late.
    Due {
        /// The moment.
        slot_ms: i64,
        /// Whether it was missed then.
        late: bool,
    },
}

/// The moment a board is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The moment, in milliseconds since 1970.
    pub slot_ms: i64,
    /// Whether it was missed then.
    pub late: bool,
}

/// Where somebody stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// On the board.
    On {
        /// Place and points.
        own: Ranked,
        /// Points to the next place above; `None` at the top.
        distance: Option<i64>,
    },
    /// They have earned nothing within these days, or no balance of theirs above 0 is known.
    Nothing,
    /// They are left out, and why.
    Off(Vec<Hidden>),
}

/// A page of a board as it is at `now_ms` (milliseconds since 1970), in the calendar of `zone`.
pub async fn board_page(
    journal: &Journal,
    (guild, zone): (GuildId, &TimeZone),
    period: Period,
    page: u32,
    now_ms: i64,
) -> Result<BoardPage, JournalError> {
    let days = period.running(now_ms, zone);
    let board = Board { guild, days };
    let size = journal.board_size(board).await?;
    let rows_a_page = u64::try_from(PAGE).unwrap_or(u64::MAX);
    let pages = size.shown.div_ceil(rows_a_page).max(1);
    let rows = match u64::from(page) < pages {
        true => {
            let offset = u64::from(page) * rows_a_page;
            journal.ranking(board, offset, PAGE).await?
        }
        false => Vec::new(),
    };
    Ok(BoardPage {
        counted: Counted::Earned(period),
        days,
        edition: Edition::Running,
        page,
        pages,
        rows,
        size,
        read_ms: now_ms,
        oldest_ms: None,
        balances: None,
        before: None,
    })
}

impl Points {
    /// A page of a board, from 0.
    pub async fn board(
        &self,
        policy: &Policy,
        counted: impl Into<Counted>,
        page: u32,
    ) -> Result<BoardPage, JournalError> {
        let journal = &self.inner.journal;
        match counted.into() {
            Counted::Earned(period) => {
                let calendar = (policy.guild, &policy.zone);
                let board = board_page(journal, calendar, period, page, self.moment_ms()).await?;
                let read_ms = self.inner.clock.now_ms();
                Ok(BoardPage { read_ms, ..board })
            }
            Counted::Balance => self.balance_board(policy.guild, (page, PAGE)).await,
        }
    }

    /// The first `rows` places of the board that was due at `slot_ms` (milliseconds since 1970): of a
    /// day, week or month the last one that had ended then, however late it is read; of balances those
    /// known now.
    pub async fn board_due(
        &self,
        policy: &Policy,
        counted: Counted,
        due: Due,
        rows: u8,
    ) -> Result<BoardPage, JournalError> {
        let edition = Edition::Due {
            slot_ms: due.slot_ms,
            late: due.late,
        };
        let Counted::Earned(period) = counted else {
            let page = (0, usize::from(rows));
            let board = self.balance_board(policy.guild, page).await?;
            return Ok(BoardPage { edition, ..board });
        };
        let journal = &self.inner.journal;
        let days = period.ended(due.slot_ms, &policy.zone);
        let board = Board {
            guild: policy.guild,
            days,
        };
        let read_ms = self.inner.clock.now_ms();
        let size = journal.board_size(board).await?;
        Ok(BoardPage {
            counted,
            days,
            edition,
            page: 0,
            pages: size.shown.div_ceil(u64::from(rows.max(1))).max(1),
            rows: journal.ranking(board, 0, usize::from(rows)).await?,
            size,
            read_ms,
            oldest_ms: None,
            balances: None,
            before: None,
        })
    }

    /// Where somebody stands.
    pub async fn place(
        &self,
        policy: &Policy,
        counted: impl Into<Counted>,
        member: UserId,
    ) -> Result<Standing, JournalError> {
        let journal = &self.inner.journal;
        if let Some((own, distance)) = self.on_board(policy, counted, member).await? {
            return Ok(Standing::On { own, distance });
        }
        let why = journal.hidden(policy.guild, member).await?;
        Ok(match why.is_empty() {
            true => Standing::Nothing,
            false => Standing::Off(why),
        })
    }

    /// Somebody's place and the points to the next one above, where they are on that board.
    pub async fn on_board(
        &self,
        policy: &Policy,
        counted: impl Into<Counted>,
        member: UserId,
    ) -> Result<Option<(Ranked, Option<i64>)>, JournalError> {
        let journal = &self.inner.journal;
        let (own, above) = match counted.into() {
            Counted::Earned(period) => {
                let board = self.running(policy, period);
                let Some(own) = journal.place(board, member).await? else {
                    return Ok(None);
                };
                (own, journal.next_above(board, own.points).await?)
            }
            Counted::Balance => {
                let Some(of) = self.balances_of(policy.guild) else {
                    return Ok(None);
                };
                let Some(own) = journal.balance_place(&of, member).await? else {
                    return Ok(None);
                };
                (own, journal.next_balance_above(&of, own.points).await?)
            }
        };
        Ok(Some((own, above.map(|points| points - own.points))))
    }

    /// Somebody with at most `each` neighbours on either side, in the order of the board; empty where
    /// they are not on it.
    pub async fn around(
        &self,
        policy: &Policy,
        counted: impl Into<Counted>,
        member: UserId,
        each: usize,
    ) -> Result<Vec<Ranked>, JournalError> {
        let journal = &self.inner.journal;
        match counted.into() {
            Counted::Earned(period) => {
                let board = self.running(policy, period);
                journal.neighbours(board, member, each).await
            }
            Counted::Balance => match self.balances_of(policy.guild) {
                Some(of) => journal.balance_neighbours(&of, member, each).await,
                None => Ok(Vec::new()),
            },
        }
    }

    /// Why somebody is on no board of a guild; empty where they may be.
    pub async fn off_boards(
        &self,
        guild: GuildId,
        member: UserId,
    ) -> Result<Vec<Hidden>, JournalError> {
        self.inner.journal.hidden(guild, member).await
    }

    /// Takes somebody off the boards of a guild for this reason, or lets go of the reason; whether
    /// that changed anything. Boards that are asked for afterwards know.
    pub async fn hide(
        &self,
        guild: GuildId,
        member: UserId,
        why: Hidden,
        on_boards: OnBoards,
    ) -> Result<bool, JournalError> {
        let journal = &self.inner.journal;
        let hidden = journal.hidden(guild, member).await?.contains(&why);
        if hidden == (on_boards == OnBoards::Hidden) {
            return Ok(false);
        }
        journal.hide(guild, member, why, on_boards).await?;
        Ok(true)
    }

    /// Says of some entries from before there were boards in which days they count; how many there
    /// were. Done again it goes on with the next, until there are none.
    ///
    /// An entry counts in the day it was written on, an undo in that of what it undoes.
    pub async fn date_entries(
        &self,
        guild: GuildId,
        zone: &TimeZone,
    ) -> Result<usize, JournalError> {
        let journal = &self.inner.journal;
        let undated = journal.undated(guild, DATED_AT_ONCE).await?;
        let mut days: Vec<(Cause, i64)> = Vec::with_capacity(undated.len());
        for entry in &undated {
            let undone = match entry.cause.undoes() {
                Some(cause) => journal.of_cause(&cause).await?,
                None => None,
            };
            let counted = undone.as_ref().unwrap_or(entry);
            let day = counted.day;
            let day = day.unwrap_or_else(|| day_of(counted.written_ms, zone));
            days.push((entry.cause, day));
        }
        let count = days.len();
        if count > 0 {
            journal.date(days).await?;
        }
        Ok(count)
    }

    /// The same points systems, with boards of the periods that were running at that moment, in
    /// milliseconds since 1970.
    pub fn boards_of(&self, moment_ms: i64) -> Self {
        Self {
            moment_ms: Some(moment_ms),
            ..self.clone()
        }
    }

    /// The moment whose periods are on boards.
    fn moment_ms(&self) -> i64 {
        let moment_ms = self.moment_ms;
        moment_ms.unwrap_or_else(|| self.inner.clock.now_ms())
    }

    fn running(&self, policy: &Policy, period: Period) -> Board {
        Board {
            guild: policy.guild,
            days: period.running(self.moment_ms(), &policy.zone),
        }
    }
}

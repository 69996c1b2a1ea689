//! Boards of balances: those of the system rewards go to, as last read.
//!
//! Invariants: nobody is asked for a board; whoever shows one can say from it whose balances they are
//! and how old the oldest is. What commands read is kept behind their answers and only when it is news,
//! in guilds that have use for it. Deliberately absent: reading many (`sweep`).

use crate::journal::BalanceRead;
use crate::journal::Balances;
use crate::journal::Hidden;
use crate::journal::Journal;
use crate::journal::JournalError;
use crate::journal::KnownBalance;
use crate::model::GuildId;
use crate::model::System;
use crate::model::SystemKind;
use crate::model::UserId;
use crate::model::period::Counted;
use crate::model::period::Days;
use crate::model::period::Whole;
use crate::points::BoardPage;
use crate::points::Edition;
use crate::points::Points;
use crate::points::asking::is_news;

/// Whose balances a board ranks, and how they come to be known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalancesOf {
    /// The system.
    pub system: System,
    /// How.
    pub read: BalancesRead,
}

/// How balances come to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BalancesRead {
    /// They stand in the bot's own books.
    Here,
    /// Those of all members are read now and then.
    Swept,
    /// As somebody asks.
    WhenAsked,
}

impl BalancesOf {
    /// The balances in `system`, where they are swept or not.
    pub fn new(system: System, swept: bool) -> Self {
        let read = match (system.kind(), swept) {
            (SystemKind::Ledger, _) => BalancesRead::Here,
            (_, true) => BalancesRead::Swept,
            (_, false) => BalancesRead::WhenAsked,
        };
        Self { system, read }
    }
}

/// A page of so many rows of a board of balances, as they are known at `now_ms` (milliseconds since
/// 1970).
pub async fn balance_page(
    journal: &Journal,
    guild: GuildId,
    balances: BalancesOf,
    (page, rows): (u32, usize),
    now_ms: i64,
) -> Result<BoardPage, JournalError> {
    let system = balances.system.clone();
    let of = Balances { guild, system };
    let size = journal.balances_size(&of).await?;
    let rows_a_page = u64::try_from(rows.max(1)).unwrap_or(u64::MAX);
    let pages = size.shown.div_ceil(rows_a_page).max(1);
    let offset = u64::from(page) * rows_a_page;
    let ranked = match u64::from(page) < pages {
        true => journal.balance_ranking(&of, offset, rows).await?,
        false => Vec::new(),
    };
    Ok(BoardPage {
        counted: Counted::Balance,
        days: Days {
            first: i64::MIN,
            last: i64::MAX,
            whole: Some(Whole::All),
        },
        edition: Edition::Running,
        page,
        pages,
        rows: ranked,
        size,
        read_ms: now_ms,
        oldest_ms: journal.oldest_balance(&of).await?,
        balances: Some(balances),
        before: None,
    })
}

impl Points {
    /// The same with sweeps in these guilds.
    pub fn sweeping(self, guilds: impl IntoIterator<Item = GuildId>) -> Self {
        for guild in guilds {
            self.inner.swept.insert(guild);
            self.inner.noted.insert(guild);
        }
        self
    }

    /// How the balances come to be known that a guild's board ranks.
    pub fn balances_read(&self, guild: GuildId) -> BalancesRead {
        self.balances_there(guild).read
    }

    fn balances_there(&self, guild: GuildId) -> BalancesOf {
        let system = match self.balances_of(guild) {
            Some(of) => of.system,
            // Nothing can be read there, so nothing is known.
            None => System::mall(),
        };
        BalancesOf::new(system, self.inner.swept.contains(&guild))
    }

    /// A page of so many rows of the board of a guild's balances, from page 0.
    pub async fn balance_board(
        &self,
        guild: GuildId,
        (page, rows): (u32, usize),
    ) -> Result<BoardPage, JournalError> {
        // From now on there is use for what commands read.
        self.inner.noted.insert(guild);
        let balances = self.balances_there(guild);
        let now_ms = self.inner.clock.now_ms();
        balance_page(&self.inner.journal, guild, balances, (page, rows), now_ms).await
    }

    /// Those who are left out of the boards of a guild for this reason, at most `limit`.
    pub async fn left_out(
        &self,
        guild: GuildId,
        why: Hidden,
        limit: usize,
    ) -> Result<Vec<UserId>, JournalError> {
        self.inner.journal.all_hidden(guild, why, limit).await
    }

    /// The balances that a guild's board ranks.
    pub(super) fn balances_of(&self, guild: GuildId) -> Option<Balances> {
        let systems = self.inner.systems.get(&guild)?;
        let system = systems.rewards.system().clone();
        Some(Balances { guild, system })
    }

    /// Keeps a balance that a command has read, while its answer is on its way, where there is use for
    /// it and it is news.
    pub(super) fn note_read(
        &self,
        guild: GuildId,
        system: &System,
        member: UserId,
        read: BalanceRead,
    ) {
        if system.kind() == SystemKind::Ledger || !self.inner.noted.contains(&guild) {
            return;
        }
        let (journal, system) = (self.inner.journal.clone(), system.name().to_owned());
        self.inner.tasks.spawn(async move {
            let noted = async {
                let known = journal.known_balances(guild, member).await?;
                let known = known.into_iter().find(|known| known.system == system);
                if !is_news(read, known.map(|known| known.balance)) {
                    return Ok(());
                }
                let news = KnownBalance {
                    guild,
                    member,
                    system,
                    balance: read,
                };
                journal.know_balances(vec![news]).await
            };
            if let Err(error) = noted.await {
                tracing::warn!(%error, "a balance that was read could not be kept");
            }
        });
    }
}

//! Boards of what was earned, as they are read: rankings, places, neighbours.
//!
//! A board of one day, week, month or of all time is kept as such; any other is summed up (`window`).

use std::sync::Arc;

use crate::journal::Journal;
use crate::journal::boards::Board;
use crate::journal::boards::BoardSize;
use crate::journal::boards::Hidden;
use crate::journal::boards::OnBoards;
use crate::journal::boards::Piece;
use crate::journal::boards::Ranked;
use crate::journal::boards::placed;
use crate::journal::entry::Durability;
use crate::journal::entry::Receipt;
use crate::journal::error::JournalError;
use crate::journal::sides::Side;
use crate::journal::window::Window;
use crate::model::Cause;
use crate::model::GuildId;
use crate::model::UserId;

/// Where a board is read.
enum Read {
    /// In the store.
    Kept(Piece),
    /// In memory.
    Held(Arc<Window>),
}

impl Journal {
    /// The ranking of a board, `offset` of them left out, at most `limit`.
    pub async fn ranking(
        &self,
        board: Board,
        offset: u64,
        limit: usize,
    ) -> Result<Vec<Ranked>, JournalError> {
        let read = self.board(board).await?;
        let rows = match &read {
            Read::Kept(piece) => {
                let top = self.shared.store.top(*piece, offset, limit);
                self.read(top).await?
            }
            Read::Held(window) => window.top(offset, limit),
        };
        let Some(&(_, points)) = rows.first() else {
            return Ok(Vec::new());
        };
        let above = self.above(&read, points).await?;
        Ok(placed(rows, above + 1, offset + 1))
    }

    /// Where somebody stands; `None` where they have earned nothing or are hidden.
    pub async fn place(
        &self,
        board: Board,
        member: UserId,
    ) -> Result<Option<Ranked>, JournalError> {
        let read = self.board(board).await?;
        self.place_on(&read, member).await
    }

    /// Somebody with at most `each` neighbours on either side, in the order of the board; empty where
    /// they are not on it.
    pub async fn neighbours(
        &self,
        board: Board,
        member: UserId,
        each: usize,
    ) -> Result<Vec<Ranked>, JournalError> {
        let read = self.board(board).await?;
        let piece = match &read {
            Read::Kept(piece) => *piece,
            Read::Held(window) => {
                let (number, rows) = window.around(member, each);
                let Some(&(_, points)) = rows.first() else {
                    return Ok(Vec::new());
                };
                return Ok(placed(rows, window.above(points) + 1, number));
            }
        };
        let Some(own) = self.place_on(&read, member).await? else {
            return Ok(Vec::new());
        };
        let store = &self.shared.store;
        let around = store.around(piece, (member, own.points), each);
        let (mut before, after) = self.read(around).await?;
        before.reverse();
        let mut ranking = Vec::with_capacity(before.len() + 1 + after.len());
        for (neighbour, points) in before
            .into_iter()
            .chain([(member, own.points)])
            .chain(after)
        {
            let place = match ranking.last() {
                Some(Ranked {
                    points: same,
                    place,
                    ..
                }) if *same == points => *place,
                _ if points == own.points => own.place,
                _ => self.above(&read, points).await? + 1,
            };
            ranking.push(Ranked {
                member: neighbour,
                points,
                place,
            });
        }
        Ok(ranking)
    }

    /// What those of the next place above have: the fewest points that are more than these; `None`
    /// at the top.
    pub async fn next_above(&self, board: Board, points: i64) -> Result<Option<i64>, JournalError> {
        let piece = match self.board(board).await? {
            Read::Kept(piece) => piece,
            Read::Held(window) => return Ok(window.next_above(points)),
        };
        // Among equals nobody stands before this id, the smallest as ids are kept.
        let first = UserId::new(1 << 63);
        let store = &self.shared.store;
        let (above, _) = self.read(store.around(piece, (first, points), 1)).await?;
        Ok(above.first().map(|&(_, points)| points))
    }

    /// How many are on a board.
    pub async fn board_size(&self, board: Board) -> Result<BoardSize, JournalError> {
        match self.board(board).await? {
            Read::Kept(piece) => self.read(self.shared.store.size(piece)).await,
            Read::Held(window) => Ok(window.size()),
        }
    }

    /// Lets go of boards in memory that nobody has looked at lately.
    pub fn forget_boards(&self) {
        self.shared.windows.forget_old();
    }

    async fn board(&self, board: Board) -> Result<Read, JournalError> {
        let Some(piece) = board.piece() else {
            let store = &self.shared.store;
            let window = Box::pin(self.shared.windows.of(board, &**store));
            return self.read(window).await.map(Read::Held);
        };
        Ok(Read::Kept(piece))
    }

    async fn above(&self, read: &Read, points: i64) -> Result<u64, JournalError> {
        match read {
            Read::Kept(piece) => {
                let above = self.shared.store.above(*piece, points);
                self.read(above).await
            }
            Read::Held(window) => Ok(window.above(points)),
        }
    }

    async fn place_on(&self, read: &Read, member: UserId) -> Result<Option<Ranked>, JournalError> {
        let points = match read {
            Read::Kept(piece) => {
                let earned = self.shared.store.earned(*piece, member);
                let earned = self.read(earned).await?;
                earned.filter(|&(points, shown)| shown && points > 0)
            }
            Read::Held(window) => window.earned(member).map(|points| (points, true)),
        };
        let Some((points, _)) = points else {
            return Ok(None);
        };
        let place = self.above(read, points).await? + 1;
        Ok(Some(Ranked {
            member,
            points,
            place,
        }))
    }

    /// Why somebody is not on the boards of a guild; empty where they are.
    pub async fn hidden(
        &self,
        guild: GuildId,
        member: UserId,
    ) -> Result<Vec<Hidden>, JournalError> {
        self.read(self.shared.store.hidden(guild, member)).await
    }

    /// Those who are hidden for that reason, at most `limit`.
    pub async fn all_hidden(
        &self,
        guild: GuildId,
        why: Hidden,
        limit: usize,
    ) -> Result<Vec<UserId>, JournalError> {
        let store = &self.shared.store;
        self.read(store.all_hidden(guild, why, limit)).await
    }

    /// Hides somebody from the boards of a guild, or shows them again as far as this reason goes.
    /// Boards that are asked for afterwards know.
    pub async fn hide(
        &self,
        guild: GuildId,
        member: UserId,
        why: Hidden,
        on_boards: OnBoards,
    ) -> Result<(), JournalError> {
        let side = Side::Hide {
            guild,
            member,
            why,
            on_boards,
            now_ms: self.shared.clock.now_ms(),
        };
        self.beside(Durability::Now, side).await.map(drop)
    }

    /// Entries of the guild that count in no day yet, oldest first: they were written before there
    /// were boards.
    pub async fn undated(
        &self,
        guild: GuildId,
        limit: usize,
    ) -> Result<Vec<Receipt>, JournalError> {
        self.read(self.shared.store.undated(guild, limit)).await
    }

    /// Says in which days such entries count, in one transaction. One that was dated meanwhile stays
    /// as it is.
    pub async fn date(&self, entries: Vec<(Cause, i64)>) -> Result<(), JournalError> {
        let side = Side::Date(entries);
        self.beside(Durability::Soon, side).await.map(drop)
    }

    /// Sums that are not what the entries say, as guild, day and member; at most `limit`.
    pub async fn missummed(
        &self,
        limit: usize,
    ) -> Result<Vec<(GuildId, i64, UserId)>, JournalError> {
        self.read(self.shared.store.missummed(limit)).await
    }
}

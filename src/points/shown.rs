//! Boards that stand in the chat: noted, so that whoever leaves the boards is taken off these too, and
//! the posts of a schedule compared with the one before.
//!
//! Invariant: a comparison leaves out whoever is hidden now, on both sides, so nobody rises or falls
//! because another left. Deliberately absent: sending, and what a board looks like.

use std::collections::HashMap;

use crate::journal::Board;
use crate::journal::BoardForm;
use crate::journal::JournalError;
use crate::journal::OwedBoard;
use crate::journal::ShownBoard;
use crate::journal::ShownKind;
use crate::model::ChannelId;
use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::UserId;
use crate::model::period::Counted;
use crate::points::BoardPage;
use crate::points::Edition;
use crate::points::Points;

/// How many of those who stand first on a post are kept for the next to be compared with; who was
/// behind them is new there.
pub const COMPARED: usize = 200;

/// Where a board stands, and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stands {
    /// Of which guild.
    pub guild: GuildId,
    /// Where.
    pub channel: ChannelId,
    /// The bot's message.
    pub message: MessageId,
    /// What it stands there as.
    pub form: BoardForm,
    /// The name of the picture it shows, where it shows one that is kept.
    pub picture: Option<String>,
    /// What it is.
    pub kind: ShownKind,
    /// When what stands there was read, in milliseconds since 1970, where that was not when the board
    /// was: whoever was hidden since may have a row there.
    pub made_ms: Option<i64>,
}

impl Points {
    /// Notes that a board stands in the chat; what the message showed before is forgotten. `foot` is
    /// who has a row of their own below the others.
    pub async fn note_shown(
        &self,
        board: &BoardPage,
        foot: Option<UserId>,
        stands: Stands,
    ) -> Result<(), JournalError> {
        let standings = match stands.kind {
            ShownKind::Post { compared, .. } if compared => {
                Some(self.standings(stands.guild, board).await?)
            }
            _ => None,
        };
        let named = named(board, foot);
        let made_ms = stands.made_ms.unwrap_or(board.read_ms);
        let shown = stands.of(board);
        let journal = &self.inner.journal;
        journal.note_shown(shown, named, standings, made_ms).await
    }

    /// Notes that an owed board was written anew.
    pub async fn note_shown_anew(
        &self,
        owed: &OwedBoard,
        board: &BoardPage,
        foot: Option<UserId>,
        stands: Stands,
    ) -> Result<(), JournalError> {
        let shown = ShownBoard {
            at_ms: owed.shown.at_ms,
            ..stands.of(board)
        };
        let journal = &self.inner.journal;
        journal.shown_anew(owed, shown, named(board, foot)).await
    }

    /// Notes that an owed post was posted once more.
    pub async fn note_shown_moved(
        &self,
        owed: &OwedBoard,
        board: &BoardPage,
        stands: Stands,
    ) -> Result<(), JournalError> {
        let journal = &self.inner.journal;
        let named = Some(named(board, None));
        let shown = stands.of(board);
        journal.shown_moved(owed, shown, named).await
    }

    /// The board that is due for a schedule, with the places its members had on the one before it.
    /// One that counted something else is no such board.
    pub async fn compared(
        &self,
        guild: GuildId,
        schedule: &str,
        board: BoardPage,
    ) -> Result<BoardPage, JournalError> {
        let Edition::Due { slot_ms, .. } = board.edition else {
            return Ok(board);
        };
        let journal = &self.inner.journal;
        let before = journal.slot_before(guild, schedule, slot_ms).await?;
        let before = before.filter(|before| before.counted == board.counted);
        Ok(BoardPage {
            before: before.map(|before| places(&before.standings)),
            ..board
        })
    }

    async fn standings(
        &self,
        guild: GuildId,
        board: &BoardPage,
    ) -> Result<Vec<(UserId, i64)>, JournalError> {
        let first = match board.counted {
            Counted::Earned(_) => {
                let days = board.days;
                let board = Board { guild, days };
                self.inner.journal.ranking(board, 0, COMPARED).await?
            }
            Counted::Balance => match self.balances_of(guild) {
                Some(of) => self.inner.journal.balance_ranking(&of, 0, COMPARED).await?,
                None => Vec::new(),
            },
        };
        let standing = first.iter().map(|ranked| (ranked.member, ranked.points));
        Ok(standing.collect())
    }
}

impl Stands {
    fn of(self, board: &BoardPage) -> ShownBoard {
        ShownBoard {
            guild: self.guild,
            channel: self.channel,
            message: self.message,
            counted: board.counted,
            at_ms: match board.edition {
                Edition::Running => board.read_ms,
                Edition::Due { slot_ms, .. } => slot_ms,
            },
            form: self.form,
            picture: self.picture,
            kind: self.kind,
        }
    }
}

/// Whose rows a board has.
fn named(board: &BoardPage, foot: Option<UserId>) -> Vec<UserId> {
    let rows = board.rows.iter().map(|ranked| ranked.member);
    rows.chain(foot).collect()
}

/// Places by points: 1 and how many have more.
fn places(standings: &[(UserId, i64)]) -> HashMap<UserId, u64> {
    let mut places = HashMap::with_capacity(standings.len());
    let mut last = None;
    for (&(member, points), number) in standings.iter().zip(1..) {
        let place = match last {
            Some((same, place)) if same == points => place,
            _ => number,
        };
        last = Some((points, place));
        places.insert(member, place);
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_share_a_place() {
        let [a, b, c, d] = [1, 2, 3, 4].map(UserId::new);
        let places = places(&[(a, 9), (b, 9), (c, 7), (d, 5)]);
        let wanted = [(a, 1), (b, 1), (c, 3), (d, 4)];
        assert_eq!(places, HashMap::from(wanted));
    }
}

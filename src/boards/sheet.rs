//! What a board shows, in the words of one language, whatever form it takes.
//!
//! Invariant: picture, card and rich text are made from this and add nothing to it, so they say the
//! same. Names are as the words have cut them and made harmless; they are still untrusted text.

use std::collections::HashMap;

use jiff::tz::TimeZone;

use crate::boards::names::Known;
use crate::boards::text::board_counts;
use crate::boards::text::board_dates;
use crate::boards::text::board_late;
use crate::boards::text::board_since;
use crate::boards::text::board_title;
use crate::boards::text::board_without_rows;
use crate::boards::text::called;
use crate::boards::text::moved;
use crate::boards::text::unnamed;
use crate::model::Language;
use crate::model::UserId;
use crate::points::BoardPage;
use crate::points::Ranked;
use crate::words::Hole;
use crate::words::Reply;
use crate::words::Words;

/// The full length of a bar.
pub const WHOLE_BAR: u16 = 1_000;

/// A board, ready to be drawn or laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// What it is of.
    pub title: String,
    /// The days it counts and in whose zone.
    pub dates: String,
    /// That it comes late and when it was due, where it does.
    pub late: Option<String>,
    /// Its rows, from the top.
    pub rows: Vec<SheetRow>,
    /// Why there are none.
    pub without_rows: Option<String>,
    /// What the signs of changed places mean, where there are any.
    pub since: Option<String>,
    /// What is counted, for which days, as of when, and how many are not shown.
    pub counts: String,
}

/// A row of a board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SheetRow {
    /// The place; those with the same points share one.
    pub place: u64,
    /// Who.
    pub who: Who,
    /// Their points, with separators.
    pub points: String,
    /// Their points against those of the first row, 0 to [`WHOLE_BAR`].
    pub bar: u16,
    /// What became of their place since the board before; `None` where there was none before.
    pub moved: Option<Moved>,
}

/// Whom a row is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// A member whose name is known. Untrusted text, harmless in a message.
    Named(String),
    /// One whose name could not be learnt.
    Unnamed {
        /// The member.
        member: UserId,
        /// What stands for the name where a chat cannot fill it in.
        stand_in: String,
    },
}

/// How a place compares with that on the board before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Which way.
    pub way: Way,
    /// The same in a word or a sign, as a text shows it.
    pub shown: String,
}

/// Which way a place has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Up by so many places.
    Up(u64),
    /// Down by so many.
    Down(u64),
    /// Not at all.
    Same,
    /// They were not on the board before.
    New,
}

impl Who {
    /// The name, or what stands for it.
    pub fn shown(&self) -> &str {
        match self {
            Who::Named(name) => name,
            Who::Unnamed { stand_in, .. } => stand_in,
        }
    }
}

impl Way {
    /// The way to `place`, given those of the board before; `None` where there was none.
    pub fn of(before: Option<&HashMap<UserId, u64>>, member: UserId, place: u64) -> Option<Self> {
        let before = before?;
        Some(match before.get(&member) {
            None => Way::New,
            Some(&then) if then > place => Way::Up(then - place),
            Some(&then) if then < place => Way::Down(place - then),
            Some(_) => Way::Same,
        })
    }
}

impl Sheet {
    /// A page of a board in `language`, with times in `zone`.
    pub fn of(
        board: &BoardPage,
        names: &HashMap<UserId, Known>,
        words: &Words,
        language: Language,
        zone: &TimeZone,
    ) -> Self {
        let said = |reply: &Reply| words.render(reply, language, zone).text;
        let most = board.rows.iter().map(|row| row.points).max().unwrap_or(0);
        let row = |ranked: &Ranked| SheetRow {
            place: ranked.place,
            who: match called(names, ranked.member) {
                Hole::Name(name) => Who::Named(words.hole(&Hole::Name(name), language, zone)),
                _ => Who::Unnamed {
                    member: ranked.member,
                    stand_in: said(&unnamed(ranked.member)),
                },
            },
            points: words.hole(&Hole::Number(ranked.points), language, zone),
            bar: bar(ranked.points, most),
            moved: Way::of(board.before.as_ref(), ranked.member, ranked.place).map(|way| Moved {
                way,
                shown: said(&moved(way)),
            }),
        };
        Self {
            title: said(&board_title(board)),
            dates: said(&board_dates(board)),
            late: board_late(board).as_ref().map(said),
            rows: board.rows.iter().map(row).collect(),
            without_rows: board_without_rows(board).as_ref().map(said),
            since: board_since(board).as_ref().map(said),
            counts: said(&board_counts(board)),
        }
    }
}

fn bar(points: i64, most: i64) -> u16 {
    if points <= 0 || most <= 0 {
        return 0;
    }
    let share = i128::from(points) * i128::from(WHOLE_BAR) / i128::from(most);
    u16::try_from(share).map_or(WHOLE_BAR, |share| share.min(WHOLE_BAR))
}

//! What the buttons that turn the pages of a board carry.
//!
//! ```text
//! leaf    = "gp:b:" base64url( body mark )
//! body    = command asker guild (8 bytes each) page (3) counted (6)
//! counted = kind (1) and 5 bytes: nothing, days (2), or the first date (3) and how many follow (2)
//! ```
//!
//! All of it and sealed, for the reasons that `leaf` gives. What is counted is what was asked for, so that a
//! press counts the week that is running then, which the page says.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::UserId;
use crate::model::period::Counted;
use crate::model::period::Period;
use crate::support::seal::MARK;
use crate::support::seal::Seal;

/// How it begins.
const HEAD: &str = "gp:b:";

const IDS: usize = 3 * 8;
const BODY: usize = IDS + 3 + COUNTED;
const COUNTED: usize = 6;

/// A page of a board, as a button carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardLeaf {
    /// The message with the command; what answers it shows the page.
    pub command: MessageId,
    /// Who asked, and whose button it is.
    pub asker: UserId,
    /// In which guild.
    pub guild: GuildId,
    /// What is counted.
    pub counted: Counted,
    /// Which page, from 0 to below `MOST_BOARD_PAGES`.
    pub page: u32,
}

/// Whether a press comes from a button that turns the pages of a board, whoever made up what it
/// carries.
pub fn is_board_leaf(carried: &str) -> bool {
    carried.starts_with(HEAD)
}

impl BoardLeaf {
    /// What a button carries.
    pub fn write(&self, seal: &Seal) -> String {
        let mut bytes = Vec::with_capacity(BODY + MARK);
        for id in [
            self.command.number(),
            self.asker.number(),
            self.guild.number(),
        ] {
            bytes.extend(id.to_be_bytes());
        }
        bytes.extend(&self.page.to_be_bytes()[1..]);
        bytes.extend(written(self.counted));
        let mark = seal.mark(&bytes);
        bytes.extend(mark);
        format!("{HEAD}{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// What a press carries, if a button of ours did.
    pub fn read(carried: &str, seal: &Seal) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(carried.strip_prefix(HEAD)?).ok()?;
        let (body, mark) = bytes.split_at_checked(BODY)?;
        if !seal.knows(body, mark) {
            return None;
        }
        let id = |at: usize| {
            let eight = body.get(8 * at..8 * (at + 1))?;
            eight.try_into().ok().map(u64::from_be_bytes)
        };
        let [high, middle, low, counted @ ..] = &body[IDS..] else {
            return None;
        };
        Some(Self {
            command: MessageId::new(id(0)?),
            asker: UserId::new(id(1)?),
            guild: GuildId::new(id(2)?),
            page: u32::from_be_bytes([0, *high, *middle, *low]),
            counted: read(counted.try_into().ok()?)?,
        })
    }
}

fn written(counted: Counted) -> [u8; COUNTED] {
    let period = match counted {
        Counted::Earned(period) => period,
        Counted::Balance => return [6, 0, 0, 0, 0, 0],
    };
    match period {
        Period::Day => [0; COUNTED],
        Period::Week => [1, 0, 0, 0, 0, 0],
        Period::Month => [2, 0, 0, 0, 0, 0],
        Period::All => [3, 0, 0, 0, 0, 0],
        Period::Days(days) => {
            let [high, low] = days.to_be_bytes();
            [4, high, low, 0, 0, 0]
        }
        Period::Dates(..) => {
            // Four bytes of which the first only repeats the sign: no date is eight million days away.
            let (first, more) = period.numbered().unwrap_or_default();
            let [_, high, middle, low] = first.to_be_bytes();
            let [more_high, more_low] = more.to_be_bytes();
            [5, high, middle, low, more_high, more_low]
        }
    }
}

fn read([kind, bytes @ ..]: [u8; COUNTED]) -> Option<Counted> {
    let [first, second, third, fourth, fifth] = bytes;
    let period = match kind {
        0 => Period::Day,
        1 => Period::Week,
        2 => Period::Month,
        3 => Period::All,
        4 => Period::Days(u16::from_be_bytes([first, second])),
        5 => {
            let date = i32::from_be_bytes([first, second, third, 0]) >> 8;
            Period::from_numbered(date, u16::from_be_bytes([fourth, fifth]))?
        }
        6 => return Some(Counted::Balance),
        _ => return None,
    };
    Some(Counted::Earned(period))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::args::MOST_BOARD_PAGES;
    use crate::support::secret::Secret;

    #[test]
    fn what_is_written_is_read_again_and_nothing_else() {
        let seal = Seal::of(&Secret::new("token"), "leaf");
        for counted in [
            "balance",
            "day",
            "week",
            "month",
            "all",
            "1d",
            "366d",
            "2026-03-01..2026-03-31",
            "1969-12-31..1970-12-31",
            "-009999-01-02..-009999-01-02",
            "9999-12-01..9999-12-30",
        ] {
            let leaf = BoardLeaf {
                command: MessageId::new(868_822_861_471_551_488),
                asker: UserId::new(u64::MAX),
                guild: GuildId::new(412_345_678_901_234_563),
                counted: counted.parse().unwrap(),
                page: MOST_BOARD_PAGES - 1,
            };
            let carried = leaf.write(&seal);
            assert!(carried.len() <= 64 && is_board_leaf(&carried), "{carried}");
            assert_eq!(BoardLeaf::read(&carried, &seal), Some(leaf), "{counted}");
            for at in HEAD.len()..carried.len() {
                let mut forged = carried.clone().into_bytes();
                forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
                let forged = String::from_utf8(forged).unwrap();
                assert_eq!(BoardLeaf::read(&forged, &seal), None, "{forged}");
            }
            let other = Seal::of(&Secret::new("another"), "leaf");
            assert_eq!(BoardLeaf::read(&carried, &other), None);
        }
        for wrong in ["", "gp:b:", "gp:b:AAAA", "gp:b:!", "gp:l:AAAA"] {
            assert_eq!(BoardLeaf::read(wrong, &seal), None, "{wrong}");
        }
    }
}

//! What the buttons that turn the pages of a board carry.
//!
//! ```text
//! leaf    = "gp:b:" base64url( own mark ) | "gp:s:" base64url( other mark )
//! own     = command asker guild (8 bytes each) page (3) counted (6)
//! other   = command asker subject (8 bytes each) digest of the guild (4) page (3) counted (6)
//! counted = kind (1) and 5 bytes: nothing, days (2), or the first date (3) and how many follow (2)
//! ```
//!
//! All of it and sealed, for the reasons that `leaf` gives. What is counted is what was asked for, so that a
//! press counts the week that is running then, which the page says. Where somebody else's row stands at the
//! foot there is no room for the guild, which is meant by a digest then.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use md5::Digest;
use md5::Md5;

use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::UserId;
use crate::model::period::Counted;
use crate::model::period::Period;
use crate::support::seal::MARK;
use crate::support::seal::Seal;

/// How one begins with the asker's own row at the foot.
const OWN: &str = "gp:b:";
/// How one begins with somebody else's.
const OTHER: &str = "gp:s:";

/// Bytes by which a guild is meant.
const DIGEST: usize = 4;

const IDS: usize = 3 * 8;
const PAGE: usize = 3;
const COUNTED: usize = 6;

/// A page of a board, as a button carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardLeaf {
    /// The message with the command; what answers it shows the page.
    pub command: MessageId,
    /// Who asked, and whose button it is.
    pub asker: UserId,
    /// Whose row stands at the foot.
    pub subject: UserId,
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
    carried.starts_with(OWN) || carried.starts_with(OTHER)
}

impl BoardLeaf {
    /// What a button carries.
    pub fn write(&self, seal: &Seal) -> String {
        let is_own = self.subject == self.asker;
        let mut bytes = Vec::with_capacity(IDS + DIGEST + PAGE + COUNTED + MARK);
        bytes.extend(self.command.number().to_be_bytes());
        bytes.extend(self.asker.number().to_be_bytes());
        match is_own {
            true => bytes.extend(self.guild.number().to_be_bytes()),
            false => {
                bytes.extend(self.subject.number().to_be_bytes());
                bytes.extend(digest(self.guild));
            }
        }
        bytes.extend(&self.page.to_be_bytes()[1..]);
        bytes.extend(written(self.counted));
        let mark = seal.mark(&bytes);
        bytes.extend(mark);
        let head = if is_own { OWN } else { OTHER };
        format!("{head}{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// What a press carries, if a button of ours did, in one of these guilds.
    pub fn read(carried: &str, seal: &Seal, guilds: &[GuildId]) -> Option<Self> {
        let (text, length) = match carried.strip_prefix(OWN) {
            Some(text) => (text, IDS),
            None => (carried.strip_prefix(OTHER)?, IDS + DIGEST),
        };
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (body, mark) = bytes.split_at_checked(length + PAGE + COUNTED)?;
        if !seal.knows(body, mark) {
            return None;
        }
        let id = |at: usize| {
            let eight = body.get(8 * at..8 * (at + 1))?;
            eight.try_into().ok().map(u64::from_be_bytes)
        };
        let [high, middle, low, counted @ ..] = &body[length..] else {
            return None;
        };
        let asker = UserId::new(id(1)?);
        let (subject, guild) = match length {
            IDS => (asker, GuildId::new(id(2)?)),
            _ => {
                let meant = &body[IDS..length];
                let mut guilds = guilds.iter().filter(|guild| digest(**guild) == meant);
                (UserId::new(id(2)?), *guilds.next()?)
            }
        };
        Some(Self {
            command: MessageId::new(id(0)?),
            asker,
            subject,
            guild,
            page: u32::from_be_bytes([0, *high, *middle, *low]),
            counted: read(counted.try_into().ok()?)?,
        })
    }
}

/// By which a guild is meant.
fn digest(guild: GuildId) -> [u8; DIGEST] {
    let whole: [u8; 16] = Md5::digest(guild.number().to_be_bytes()).into();
    let [first, second, third, fourth, ..] = whole;
    [first, second, third, fourth]
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
            for subject in [u64::MAX, 737_262_643_970_064_384] {
                let guild = GuildId::new(412_345_678_901_234_563);
                let leaf = BoardLeaf {
                    command: MessageId::new(868_822_861_471_551_488),
                    asker: UserId::new(u64::MAX),
                    subject: UserId::new(subject),
                    guild,
                    counted: counted.parse().unwrap(),
                    page: MOST_BOARD_PAGES - 1,
                };
                let guilds = [GuildId::new(1), guild];
                let carried = leaf.write(&seal);
                assert!(carried.len() <= 64 && is_board_leaf(&carried), "{carried}");
                let read = BoardLeaf::read(&carried, &seal, &guilds);
                assert_eq!(read, Some(leaf), "{counted}");
                for at in OWN.len()..carried.len() {
                    let mut forged = carried.clone().into_bytes();
                    forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
                    let forged = String::from_utf8(forged).unwrap();
                    assert_eq!(BoardLeaf::read(&forged, &seal, &guilds), None, "{forged}");
                }
                let other = Seal::of(&Secret::new("another"), "leaf");
                assert_eq!(BoardLeaf::read(&carried, &other, &guilds), None);
                // One kind is not taken for the other.
                let turned = match carried.strip_prefix(OWN) {
                    Some(rest) => format!("{OTHER}{rest}"),
                    None => format!("{OWN}{}", &carried[OTHER.len()..]),
                };
                assert_eq!(BoardLeaf::read(&turned, &seal, &guilds), None);
            }
        }
        for wrong in ["", "gp:b:", "gp:b:AAAA", "gp:s:AAAA", "gp:b:!", "gp:l:AAAA"] {
            assert_eq!(BoardLeaf::read(wrong, &seal, &[]), None, "{wrong}");
        }
    }

    #[test]
    fn buttons_from_before_there_were_others_feet_are_still_read() {
        let seal = Seal::of(&Secret::new("token"), "leaf");
        let mut bytes = Vec::new();
        for id in [868_822_861_471_551_488_u64, 77, 412_345_678_901_234_563] {
            bytes.extend(id.to_be_bytes());
        }
        bytes.extend([0, 0, 3, 1, 0, 0, 0, 0, 0]);
        let mark = seal.mark(&bytes);
        bytes.extend(mark);
        let carried = format!("gp:b:{}", URL_SAFE_NO_PAD.encode(bytes));
        let leaf = BoardLeaf::read(&carried, &seal, &[]).unwrap();
        assert_eq!(
            (leaf.asker, leaf.subject),
            (UserId::new(77), UserId::new(77))
        );
        assert_eq!(
            (leaf.page, leaf.counted.to_string()),
            (3, "week".to_owned())
        );
    }
}

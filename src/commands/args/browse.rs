//! Which page of a history is meant.

use crate::commands::args::Args;
use crate::commands::args::Asked;
use crate::commands::args::BARE_SHORT_ID;
use crate::commands::args::Free;
use crate::commands::args::Who;
use crate::commands::args::is_one_of;
use crate::commands::args::no_surplus;
use crate::model::Refusal;
use crate::model::System;
use crate::model::refusal::Usage;
use crate::points::Direction;

/// A page of a history, as asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Browse {
    /// Which page, from 0 to below `MOST_PAGES`.
    pub page: u8,
    /// Which rows.
    pub direction: Direction,
    /// Of which system; `None` is the one that rewards go to.
    pub system: Option<System>,
}

/// Pages that can be asked for: beyond that nobody turns them one by one.
pub const MOST_PAGES: u8 = 200;

const IN_WORDS: [&str; 3] = ["in", "收入", "增加"];
const OUT_WORDS: [&str; 3] = ["out", "支出", "扣除"];

impl Args {
    /// Reads a page of a history: number, direction, member, system.
    pub fn browse(self) -> Result<Asked, Refusal> {
        let (mut who, free) = self.split()?;
        let mut browse = Browse::default();
        let (mut page, mut direction) = (None, None);
        let mut rest: Vec<Free> = Vec::new();
        for word in free {
            if let (None, Some(read)) = (page, page_in(&word.plain)) {
                page = Some(read);
            } else if let (None, Some(read)) = (direction, direction_in(&word.plain)) {
                direction = Some(read);
            } else if let (None, Some(read)) = (&browse.system, System::read(&word.plain)) {
                browse.system = Some(read);
            } else if who.is_empty() && BARE_SHORT_ID.is_match(&word.plain) {
                who.push(Who::Short(word.plain));
            } else {
                rest.push(word);
            }
        }
        no_surplus(&rest)?;
        if who.iter().any(|who| matches!(who, Who::Role(_))) {
            return Err(Refusal::Usage(Usage::RoleNamed));
        }
        if who.len() > 1 {
            return Err(Refusal::Usage(Usage::SeveralNamed { count: who.len() }));
        }
        browse.page = page.unwrap_or_default();
        browse.direction = direction.unwrap_or_default();
        Ok(Asked {
            who,
            browse,
            ..Asked::default()
        })
    }
}

/// The page a word names, counted from 0; people count from 1.
fn page_in(word: &str) -> Option<u8> {
    let digits = digits_of_page(word).filter(|digits| digits.len() <= 4)?;
    let number: u32 = digits.parse().ok()?;
    let page = u8::try_from(number.checked_sub(1)?).ok()?;
    (page < MOST_PAGES).then_some(page)
}

/// The digits of a word that may name a page: `3` or `第3页`.
pub(super) fn digits_of_page(word: &str) -> Option<&str> {
    let marked = word
        .strip_prefix('第')
        .and_then(|word| word.strip_suffix('页'));
    let digits = marked.unwrap_or(word);
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    plain.then_some(digits)
}

fn direction_in(word: &str) -> Option<Direction> {
    if is_one_of(&IN_WORDS, word) {
        Some(Direction::In)
    } else if is_one_of(&OUT_WORDS, word) {
        Some(Direction::Out)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::args::Arg;
    use crate::model::UserId;

    fn read(text: &str) -> Result<Asked, Refusal> {
        let piece = |word: &str| match word.strip_prefix('@') {
            Some(id) => Arg::Member(UserId::new(id.parse().unwrap())),
            None => Arg::Word {
                plain: word.to_owned(),
                typed: word.to_owned(),
            },
        };
        Args {
            pieces: text.split_whitespace().map(piece).collect(),
            replying_to: None,
        }
        .browse()
    }

    #[test]
    fn any_order_reads_the_same() {
        let wanted = Browse {
            page: 2,
            direction: Direction::Out,
            system: Some(System::swan("hq")),
        };
        for text in [
            "3 out @77 swan.hq",
            "swan.hq @77 支出 第3页",
            "@77 3 OUT swan.hq",
        ] {
            let asked = read(text).unwrap();
            assert_eq!(asked.browse, wanted, "{text}");
            assert_eq!(asked.who, [Who::Id(UserId::new(77))]);
        }
        assert_eq!(read("").unwrap(), Asked::default());
        assert_eq!(read("收入").unwrap().browse.direction, Direction::In);
        // Long enough for a short id, too long for a page.
        let by_short_id = read("12345 2").unwrap();
        assert_eq!(by_short_id.who, [Who::Short("12345".to_owned())]);
        assert_eq!(by_short_id.browse.page, 1);
    }

    #[test]
    fn what_is_no_page_is_told() {
        for (text, wrong) in [
            ("0", "0"),
            ("201", "201"),
            ("9999", "9999"),
            ("-1", "-1"),
            ("1 2", "2"),
            ("in out", "out"),
            ("mall ledger", "ledger"),
            ("swan", "swan"),
            ("foo 2", "foo"),
        ] {
            let refusal = read(text).unwrap_err();
            let read = wrong.to_owned();
            assert_eq!(refusal, Refusal::Usage(Usage::Surplus { read }), "{text}");
        }
        assert_eq!(read("200").unwrap().browse.page, 199);
        let two = Refusal::Usage(Usage::SeveralNamed { count: 2 });
        assert_eq!(read("@1 @2").unwrap_err(), two);
    }
}

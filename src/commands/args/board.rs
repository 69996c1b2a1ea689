//! Which board is meant, and which page of it.

use crate::commands::args::Args;
use crate::commands::args::Asked;
use crate::commands::args::BARE_SHORT_ID;
use crate::commands::args::Free;
use crate::commands::args::Who;
use crate::commands::args::browse::digits_of_page;
use crate::commands::args::is_one_of;
use crate::commands::args::no_surplus;
use crate::commands::args::surplus;
use crate::model::Refusal;
use crate::model::period::Counted;
use crate::model::period::NoPeriod;
use crate::model::period::Period;
use crate::model::refusal::Usage;
use crate::points::OnBoards;

/// A page of a board, as asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoardWanted {
    /// What is counted.
    pub counted: Counted,
    /// Which page, from 0.
    pub page: Page,
}

/// Which page of a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// By its number, from 0 to below [`MOST_BOARD_PAGES`].
    Number(u32),
    /// The one with the place of whoever is named, or of the asker.
    OfMember,
}

impl Default for BoardWanted {
    fn default() -> Self {
        Self {
            counted: Counted::Earned(Period::Week),
            page: Page::Number(0),
        }
    }
}

/// Pages a button can carry: three bytes.
pub const MOST_BOARD_PAGES: u32 = 1 << 24;

const DAY_WORDS: [&str; 4] = ["today", "今日", "今天", "日榜"];
const WEEK_WORDS: [&str; 2] = ["本周", "周榜"];
const MONTH_WORDS: [&str; 2] = ["本月", "月榜"];
const ALL_WORDS: [&str; 2] = ["总榜", "全部"];
const BALANCE_WORDS: [&str; 2] = ["余额", "余额榜"];
const PAGE_WORDS: [&str; 3] = ["page", "p", "页"];
const ME_WORDS: [&str; 4] = ["me", "我", "我的", "自己"];
const BOARD_WORDS: [&str; 3] = ["board", "boards", "排行榜"];
const ON_WORDS: [&str; 5] = ["on", "show", "开", "开启", "显示"];
const OFF_WORDS: [&str; 5] = ["off", "hide", "关", "关闭", "隐藏"];

impl Args {
    /// Reads a page of a board: what is counted, page, member.
    pub fn board(self) -> Result<Asked, Refusal> {
        let (mut who, free) = self.split()?;
        let (mut counted, mut page, mut rest) = (None, None, Vec::new());
        let mut free = free.into_iter().peekable();
        while let Some(word) = free.next() {
            if page.is_none() && is_one_of(&PAGE_WORDS, &word.plain) {
                let number = free.next_if(|next| digits_of_page(&next.plain).is_some());
                match number.as_ref().and_then(|next| page_in(&next.plain)) {
                    Some(number) => page = Some(Page::Number(number)),
                    None => rest.extend([Some(word), number].into_iter().flatten()),
                }
            } else if let (None, Some(read)) = (page, short_page_in(&word.plain)) {
                page = Some(Page::Number(read));
            } else if page.is_none() && is_one_of(&ME_WORDS, &word.plain) {
                page = Some(Page::OfMember);
            } else if who.is_empty() && BARE_SHORT_ID.is_match(&word.plain) {
                who.push(Who::Short(word.plain));
            } else if counted.is_none() && rest.is_empty() {
                counted = Some(read_counted(&word)?);
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
        let named = match who.is_empty() {
            true => Page::Number(0),
            false => Page::OfMember,
        };
        Ok(Asked {
            who,
            board: BoardWanted {
                counted: counted.unwrap_or(Counted::Earned(Period::Week)),
                page: page.unwrap_or(named),
            },
            ..Asked::default()
        })
    }

    /// Reads what is counted and nothing else.
    pub fn counted(self) -> Result<Asked, Refusal> {
        let mut free = self.words_alone()?.into_iter();
        let counted = free.next().map(|word| read_counted(&word)).transpose()?;
        let rest: Vec<Free> = free.collect();
        no_surplus(&rest)?;
        Ok(Asked {
            board: BoardWanted {
                counted: counted.unwrap_or(Counted::Earned(Period::Week)),
                page: Page::OfMember,
            },
            ..Asked::default()
        })
    }

    /// Reads whether the asker wants to be on boards: `board on`, `board off`, or nothing.
    pub fn privacy(self) -> Result<Asked, Refusal> {
        let free = self.words_alone()?;
        let mut words = free.iter().map(|word| word.plain.as_str()).peekable();
        words.next_if(|word| is_one_of(&BOARD_WORDS, word));
        let on_boards = match (words.next(), words.next()) {
            (None, _) => None,
            (Some(word), None) if is_one_of(&ON_WORDS, word) => Some(OnBoards::Shown),
            (Some(word), None) if is_one_of(&OFF_WORDS, word) => Some(OnBoards::Hidden),
            _ => return Err(surplus(&free)),
        };
        Ok(Asked {
            on_boards,
            ..Asked::default()
        })
    }
}

/// The page that digits name, counted from 0; people count from 1.
fn page_in(word: &str) -> Option<u32> {
    let number: u32 = digits_of_page(word)?.parse().ok()?;
    number
        .checked_sub(1)
        .filter(|page| *page < MOST_BOARD_PAGES)
}

/// The same where nothing says that a page is meant: longer digits may be a member's short id.
fn short_page_in(word: &str) -> Option<u32> {
    page_in(word).filter(|_| word.starts_with('第') || word.len() <= 4)
}

fn read_counted(word: &Free) -> Result<Counted, Refusal> {
    let plain = word.plain.to_lowercase();
    for (words, period) in [
        (&DAY_WORDS[..], Period::Day),
        (&WEEK_WORDS, Period::Week),
        (&MONTH_WORDS, Period::Month),
        (&ALL_WORDS, Period::All),
    ] {
        if words.contains(&plain.as_str()) {
            return Ok(Counted::Earned(period));
        }
    }
    if BALANCE_WORDS.contains(&plain.as_str()) {
        return Ok(Counted::Balance);
    }
    let days = plain.trim_start_matches(['近', '最']).strip_suffix('天');
    let plain = days.map_or(plain.clone(), |days| format!("{days}d"));
    plain.parse().map_err(|why: NoPeriod| {
        let read = word.typed.clone();
        Refusal::Usage(Usage::NotAPeriod { read, why })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::args::Arg;
    use crate::model::UserId;

    fn args(text: &str) -> Args {
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
    }

    fn unknown(read: &str, why: NoPeriod) -> Refusal {
        let read = read.to_owned();
        Refusal::Usage(Usage::NotAPeriod { read, why })
    }

    #[test]
    fn periods_and_pages_are_read_in_either_language_and_any_order() {
        for (text, period, page) in [
            ("", Period::Week, Page::Number(0)),
            ("本月", Period::Month, Page::Number(0)),
            ("DAY", Period::Day, Page::Number(0)),
            ("今日 第3页", Period::Day, Page::Number(2)),
            ("page 999 all", Period::All, Page::Number(998)),
            ("总榜 2", Period::All, Page::Number(1)),
            ("page 123456 7d", Period::Days(7), Page::Number(123_455)),
            ("近30天 me", Period::Days(30), Page::OfMember),
            ("30d 我", Period::Days(30), Page::OfMember),
            ("week @77", Period::Week, Page::OfMember),
            ("@77 week page 2", Period::Week, Page::Number(1)),
        ] {
            let asked = args(text).board().unwrap();
            let counted = Counted::Earned(period);
            assert_eq!(asked.board, BoardWanted { counted, page }, "{text}");
        }
        for (text, page) in [
            ("balance", Page::Number(0)),
            ("余额 第2页", Page::Number(1)),
            ("余额榜 我", Page::OfMember),
            ("@77 Balance", Page::OfMember),
        ] {
            let counted = Counted::Balance;
            let asked = args(text).board().unwrap();
            assert_eq!(asked.board, BoardWanted { counted, page }, "{text}");
        }
        let dates = "2026-03-01..2026-03-31";
        let asked = args(dates).board().unwrap();
        assert_eq!(asked.board.counted.to_string(), dates);
        let asked = args("12345 week").board().unwrap();
        assert_eq!(asked.who, [Who::Short("12345".to_owned())]);
        for (text, counted) in [
            ("本周", Counted::Earned(Period::Week)),
            ("余额", Counted::Balance),
        ] {
            assert_eq!(args(text).counted().unwrap().board.counted, counted);
        }
    }

    #[test]
    fn what_is_no_period_is_told_with_the_reason() {
        for (text, read, why) in [
            ("balances", "balances", NoPeriod::Unknown),
            ("余 第2页", "余", NoPeriod::Unknown),
            ("367d", "367d", NoPeriod::TooLong),
            (
                "2026-03-31..2026-03-01",
                "2026-03-31..2026-03-01",
                NoPeriod::Backwards,
            ),
        ] {
            assert_eq!(args(text).board(), Err(unknown(read, why)), "{text}");
        }
        assert_eq!(
            args("year").counted(),
            Err(unknown("year", NoPeriod::Unknown))
        );
        for text in [
            "week month",
            "page 0",
            "page 99999999",
            "page",
            "day page x",
        ] {
            let read = args(text).board();
            assert!(
                matches!(
                    read,
                    Err(Refusal::Usage(
                        Usage::Surplus { .. } | Usage::NotAPeriod { .. }
                    ))
                ),
                "{text}: {read:?}"
            );
        }
        let two = Refusal::Usage(Usage::SeveralNamed { count: 2 });
        assert_eq!(args("@1 @2").board(), Err(two));
    }

    #[test]
    fn privacy_is_on_or_off_or_asked_about() {
        for (text, wanted) in [
            ("", None),
            ("board", None),
            ("board off", Some(OnBoards::Hidden)),
            ("排行榜 关", Some(OnBoards::Hidden)),
            ("OFF", Some(OnBoards::Hidden)),
            ("board on", Some(OnBoards::Shown)),
        ] {
            assert_eq!(args(text).privacy().unwrap().on_boards, wanted, "{text}");
        }
        for text in ["board of", "maybe", "board on off", "@1 off"] {
            assert!(args(text).privacy().is_err(), "{text}");
        }
    }
}

//! Boards to draw.

use std::collections::HashMap;
use std::io::Write;
use std::sync::OnceLock;

use guildpoints::app;
use guildpoints::boards::FONT_PACKAGE;
use guildpoints::boards::Known;
use guildpoints::boards::Painter;
use guildpoints::boards::Sheet;
use guildpoints::commands::Registry;
use guildpoints::journal::BoardSize;
use guildpoints::model::Language;
use guildpoints::model::UserId;
use guildpoints::model::period::Counted;
use guildpoints::model::period::Period;
use guildpoints::points::BoardPage;
use guildpoints::points::Edition;
use guildpoints::points::Ranked;
use guildpoints::words::Words;
use jiff::tz::TimeZone;

/// 2026-03-09 01:00 UTC, a Monday morning in China.
pub const NOW_MS: i64 = 1_773_018_000_000;
const FIRST_MEMBER: u64 = 737_262_643_970_064_384;

/// Names as people have them.
pub const PEOPLE: [&str; 30] = [
    "小明",
    "天梯第一名·星星点灯",
    "Alice 🌸",
    "Борис Николаевич",
    "مرحبا بالعالم",
    "一只很长很长很长很长很长的名字的猫🐱🐱🐱",
    "Zoë & <b>Amélie</b>",
    "王者荣耀👑",
    "👨\u{200d}👩\u{200d}👧👍\u{1f3fd}🇨🇳",
    "\u{301}\u{302}\u{327}",
    "שלום עולם",
    "WWWWWWWWWWWWWWWWWWWWWWWWWWWW",
    "한국어 이름",
    "ひらがなとカタカナ",
    "\u{202e}gnp.exe",
    "Ⓕⓐⓝⓑⓞⓞⓚ",
    "𝓒𝓾𝓻𝓼𝓲𝓿𝓮",
    "★☆彡ミ",
    "H\u{337}\u{321}\u{30e}e\u{337}\u{321}\u{30e}",
    "O'Brien \"Bob\"",
    "梦",
    "₍ᐢ..ᐢ₎♡",
    "กขค ไทย",
    "हिन्दी नाम",
    "1\u{fe0f}\u{20e3}2\u{fe0f}\u{20e3}",
    "𠮷野家",
    "\u{e000}private",
    "Ａ１全角",
    "¯\\_(ツ)_/¯",
    "最后一名",
];

pub fn words() -> &'static Words {
    static WORDS: OnceLock<Words> = OnceLock::new();
    WORDS.get_or_init(|| app::texts(&Registry::new(), None).unwrap())
}

/// The painter of this machine, if it can be one.
pub fn painter() -> Option<&'static Painter> {
    static PAINTER: OnceLock<Option<Painter>> = OnceLock::new();
    let painter = PAINTER.get_or_init(|| Painter::new(&[])).as_ref();
    if painter.is_none() {
        skipped(&format!(
            "no font here can write Chinese, install {FONT_PACKAGE}"
        ));
    }
    painter
}

/// Says that a test is not run, or fails it where all have to be.
pub fn skipped(why: &str) {
    assert!(
        std::env::var("GUILDPOINTS_TEST_ALL").as_deref() != Ok("1"),
        "a test of pictures cannot run: {why}"
    );
    // The writer of the test harness would keep it to itself.
    let _ = writeln!(
        std::io::stderr(),
        "SKIPPED a test of pictures: {why}; GUILDPOINTS_TEST_ALL=1 makes this a failure"
    );
}

pub fn member(number: usize) -> UserId {
    UserId::new(FIRST_MEMBER + number as u64)
}

pub fn zone() -> TimeZone {
    TimeZone::get("Asia/Shanghai").unwrap()
}

/// A board with a row for each of those points, named by `PEOPLE` in their order.
pub struct Draft {
    pub board: BoardPage,
    pub names: HashMap<UserId, Known>,
}

impl Draft {
    pub fn of(points: &[i64]) -> Self {
        let place = |points: &[i64], of: i64| 1 + points.iter().filter(|&&p| p > of).count() as u64;
        let rows = points.iter().enumerate().map(|(number, &own)| Ranked {
            member: member(number),
            points: own,
            place: place(points, own),
        });
        let names = PEOPLE.iter().enumerate();
        let names = names.map(|(number, name)| (member(number), Known::Person((*name).to_owned())));
        Self {
            board: BoardPage {
                counted: Counted::Earned(Period::Week),
                days: Period::Week.ended(NOW_MS, &zone()),
                edition: Edition::Due {
                    slot_ms: NOW_MS,
                    late: false,
                },
                page: 0,
                pages: 1,
                rows: rows.collect(),
                size: BoardSize {
                    shown: points.len() as u64,
                    hidden: 3,
                },
                read_ms: NOW_MS,
                oldest_ms: None,
                balances: None,
                before: None,
            },
            names: names.collect(),
        }
    }

    /// Says where they stood on the board before; those that are not named were not on it.
    pub fn before(mut self, places: &[(usize, u64)]) -> Self {
        let places = places
            .iter()
            .map(|&(number, place)| (member(number), place));
        self.board.before = Some(places.collect());
        self
    }

    pub fn late(mut self) -> Self {
        self.board.edition = Edition::Due {
            slot_ms: NOW_MS,
            late: true,
        };
        self
    }

    /// Gives a row other points; whoever had as many stays before it.
    pub fn points(mut self, number: usize, points: i64) -> Self {
        self.board.rows[number].points = points;
        let rows = &self.board.rows;
        let above = rows.iter().filter(|row| row.points > points).count();
        self.board.rows[number].place = 1 + above as u64;
        self
    }

    pub fn named(mut self, number: usize, name: &str) -> Self {
        let known = Known::Person(name.to_owned());
        self.names.insert(member(number), known);
        self
    }

    pub fn unnamed(mut self, number: usize) -> Self {
        self.names.remove(&member(number));
        self
    }

    pub fn sheet(&self, language: Language) -> Sheet {
        Sheet::of(&self.board, &self.names, words(), language, &zone())
    }
}

/// Ten rows with ties and every way a place can change.
pub fn ten() -> Draft {
    Draft::of(&[
        12_345, 9_870, 9_870, 6_660, 5_000, 4_321, 1_000, 999, 999, 1,
    ])
    .before(&[
        (0, 2),
        (1, 1),
        (2, 3),
        (3, 17),
        (5, 6),
        (6, 120),
        (7, 7),
        (9, 9),
    ])
}

/// Thirty rows, a tie at the top.
pub fn thirty() -> Draft {
    let points: Vec<i64> = (0..30)
        .map(|number| 1_000_000 / (1 + number.max(1) / 2 * 3))
        .collect();
    Draft::of(&points)
}

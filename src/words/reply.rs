//! What is said, before a language is chosen.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::model::Language;

/// The name of a sentence and the holes it may have.
#[derive(Debug, PartialEq, Eq)]
pub struct Word {
    /// The command it belongs to, or `_shared`.
    pub scope: &'static str,
    /// Its key in the TOML file.
    pub key: &'static str,
    /// What may be filled in.
    pub holes: &'static [&'static str],
}

impl Word {
    /// Names a sentence.
    pub const fn new(
        scope: &'static str,
        key: &'static str,
        holes: &'static [&'static str],
    ) -> Self {
        Self { scope, key, holes }
    }
}

/// What fills a hole.
#[derive(Clone, Debug, PartialEq)]
pub enum Hole {
    /// Text of a person: made harmless.
    Untrusted(String),
    /// A person's or role's name: made harmless and cut by display width.
    Name(String),
    /// Text of the bot's own, markup included.
    Own(String),
    /// A number with thousands separators.
    Number(i64),
    /// A number with its sign and thousands separators.
    Signed(i64),
    /// A moment, in milliseconds since 1970, shown in the guild's zone.
    Time(i64),
    /// The name of the guild's zone.
    Zone,
    /// Another sentence.
    Said(Box<Reply>),
    /// Several, parted as the language parts a list.
    List(Vec<Hole>),
}

/// A button under a reply.
#[derive(Clone, Debug, PartialEq)]
pub struct Button {
    /// The sentence on it.
    pub(super) label: Line,
    /// What a press carries back.
    pub carries: String,
}

/// What is said: one or more sentences, a line each, and perhaps buttons.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reply {
    pub(super) lines: Vec<Line>,
    pub(super) buttons: Vec<Button>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) word: &'static Word,
    pub(super) holes: Vec<(&'static str, Hole)>,
}

/// A reply in one language, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The text.
    pub text: String,
    /// The buttons: label and what a press carries.
    pub buttons: Vec<(String, String)>,
}

impl Reply {
    /// Says `word`.
    pub fn new(word: &'static Word) -> Self {
        Self::default().line(word)
    }

    /// Says `word` on a further line.
    pub fn line(mut self, word: &'static Word) -> Self {
        self.lines.push(Line {
            word,
            holes: Vec::new(),
        });
        self
    }

    /// Fills a hole of the last sentence.
    pub fn with(mut self, name: &'static str, hole: Hole) -> Self {
        if let Some(line) = self.lines.last_mut() {
            debug_assert!(
                line.word.holes.contains(&name),
                "{} has no hole {name}",
                line.word.key
            );
            line.holes.push((name, hole));
        }
        self
    }

    /// The key of its first sentence: what it says, in a word that no person has written.
    pub fn key(&self) -> &'static str {
        self.lines.first().map_or("", |line| line.word.key)
    }

    /// Appends the lines of `other`.
    pub fn and(mut self, other: Reply) -> Self {
        self.lines.extend(other.lines);
        self.buttons.extend(other.buttons);
        self
    }

    /// Puts a button under it.
    pub fn button(self, label: &'static Word, carries: String) -> Self {
        self.button_with(label, Vec::new(), carries)
    }

    /// The same with a label that has holes.
    pub fn button_with(
        mut self,
        label: &'static Word,
        holes: Vec<(&'static str, Hole)>,
        carries: String,
    ) -> Self {
        debug_assert!(holes.iter().all(|(name, _)| label.holes.contains(name)));
        let label = Line { word: label, holes };
        self.buttons.push(Button { label, carries });
        self
    }

    /// Whether nothing is said.
    pub fn is_silent(&self) -> bool {
        self.lines.is_empty()
    }
}

/// Columns a name may take in a reply; a CJK character takes two.
const NAME_COLUMNS: usize = 24;

impl Hole {
    /// The hole's text. Nested sentences come through `say`.
    pub(super) fn show(
        &self,
        language: Language,
        zone: &TimeZone,
        harmless: fn(&str) -> String,
        say: &dyn Fn(&Reply) -> String,
    ) -> String {
        match self {
            Hole::Untrusted(text) => harmless(text),
            Hole::Name(name) => cut(harmless(name).trim(), NAME_COLUMNS),
            Hole::Own(text) => text.clone(),
            Hole::Number(number) => thousands(*number),
            Hole::Signed(number) if *number > 0 => format!("+{}", thousands(*number)),
            Hole::Signed(number) => thousands(*number),
            Hole::Time(ms) => moment(*ms, zone),
            Hole::Zone => zone.iana_name().unwrap_or("UTC").to_owned(),
            Hole::Said(reply) => say(reply),
            Hole::List(holes) => {
                let shown: Vec<String> = holes
                    .iter()
                    .map(|hole| hole.show(language, zone, harmless, say))
                    .collect();
                shown.join(match language {
                    Language::Chinese => "、",
                    Language::English => ", ",
                })
            }
        }
    }
}

/// `-1,234,567`.
fn thousands(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        shown.push('-');
    }
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

fn moment(ms: i64, zone: &TimeZone) -> String {
    match Timestamp::from_millisecond(ms) {
        Ok(time) => time
            .to_zoned(zone.clone())
            .strftime("%Y-%m-%d %H:%M")
            .to_string(),
        // Beyond the year 9999 there is no calendar to show; the raw figure still identifies it.
        Err(_) => ms.to_string(),
    }
}

/// Cuts at a grapheme so that at most `columns` are taken; a cut is marked.
fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut shown = String::new();
    let mut taken = 1;
    for grapheme in text.graphemes(true) {
        taken += grapheme.width();
        if taken > columns {
            break;
        }
        shown.push_str(grapheme);
    }
    shown.push('…');
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_separators() {
        let shown: Vec<String> = [0, 7, 999, 1_000, -1_234_567, i64::MIN]
            .into_iter()
            .map(thousands)
            .collect();
        assert_eq!(
            shown,
            [
                "0",
                "7",
                "999",
                "1,000",
                "-1,234,567",
                "-9,223,372,036,854,775,808"
            ]
        );
    }

    #[test]
    fn names_are_cut_by_columns_at_a_grapheme() {
        assert_eq!(cut("小明", 24), "小明");
        let long = cut(&"星".repeat(40), 24);
        assert_eq!(long, format!("{}…", "星".repeat(11)));
        let family = cut(&"👨‍👩‍👧".repeat(30), 24);
        assert!(family.ends_with("👨‍👩‍👧…"), "{family}");
    }

    #[test]
    fn times_are_the_guilds() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        assert_eq!(moment(1_709_123_456_789, &zone), "2024-02-28 20:30");
    }
}

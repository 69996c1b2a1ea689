//! Names of every kind: no box is drawn, nothing runs over its place.

use guildpoints::boards::LaidOut;
use guildpoints::boards::Sheet;
use guildpoints::model::Language;

use crate::stage::Draft;
use crate::stage::PEOPLE;
use crate::stage::painter;

/// Names that are drawn, at thirty a picture.
const NAMES: usize = 10_000;

/// Numbers that differ, the same in every run of a seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        u32::try_from(self.0 % u64::from(most)).unwrap()
    }

    fn char_of(&mut self, stretches: &[(u32, u32)]) -> char {
        loop {
            let at = usize::try_from(self.below(stretches.len() as u32)).unwrap();
            let (first, last) = stretches[at];
            let c = char::from_u32(first + self.below(last - first + 1));
            if let Some(c) = c {
                return c;
            }
        }
    }

    /// A name of up to 24 characters out of one to four scripts, or of anything there is.
    fn name(&mut self) -> String {
        const SCRIPTS: &[&[(u32, u32)]] = &[
            &[(0x4e00, 0x9fff), (0x3400, 0x4dbf)],
            &[(0x20000, 0x2a6df)],
            &[(0x20, 0x7e)],
            &[(0xa0, 0x24f), (0x1e00, 0x1eff)],
            &[(0x370, 0x3ff), (0x400, 0x52f)],
            &[(0x590, 0x5ff), (0x600, 0x6ff), (0x750, 0x77f)],
            &[(0x900, 0x97f), (0xe00, 0xe7f)],
            &[(0x3040, 0x30ff), (0xac00, 0xd7a3), (0x1100, 0x11ff)],
            &[(0x1f300, 0x1f64f), (0x1f680, 0x1f6ff), (0x1f900, 0x1faff)],
            &[(0x1f1e6, 0x1f1ff)],
            &[(0x2600, 0x27bf), (0x2b00, 0x2bff)],
            &[(0x300, 0x36f), (0x20d0, 0x20ff)],
            &[
                (0x200b, 0x200f),
                (0x202a, 0x202e),
                (0x2066, 0x2069),
                (0xfe00, 0xfe0f),
            ],
            &[(0x200d, 0x200d), (0x1f3fb, 0x1f3ff), (0xfe0f, 0xfe0f)],
            &[(0xff00, 0xffef), (0x2000, 0x206f), (0x2100, 0x218f)],
            &[(0x1d400, 0x1d7ff), (0x2460, 0x24ff)],
            &[(0xe000, 0xf8ff), (0xfff0, 0xffff), (0xe0000, 0xe007f)],
            &[(1, 0x10_ffff)],
        ];
        let scripts: Vec<_> = (0..=self.below(4))
            .map(|_| SCRIPTS[usize::try_from(self.below(SCRIPTS.len() as u32)).unwrap()])
            .collect();
        let characters = 1 + self.below(24);
        let each = (0..characters).map(|_| {
            let script = usize::try_from(self.below(scripts.len() as u32)).unwrap();
            self.char_of(scripts[script])
        });
        each.collect()
    }
}

fn thirty(mut name: impl FnMut() -> String) -> Sheet {
    let mut draft = Draft::of(&[7; 30]);
    for number in 0..30 {
        draft = draft.named(number, &name());
    }
    draft.sheet(Language::Chinese)
}

/// No box is drawn, and no line runs into another of the same row or over the edge.
fn is_sound(laid_out: &LaidOut) {
    assert_eq!(laid_out.boxes(), 0);
    let mut lines = laid_out.lines();
    lines.sort_by(|a, b| {
        (a.baseline, a.left)
            .partial_cmp(&(b.baseline, b.left))
            .unwrap()
    });
    for pair in lines.windows(2) {
        let [before, after] = pair else { continue };
        let beside = (before.baseline - after.baseline).abs() < 1.0;
        assert!(!beside || before.right < after.left, "{before:?} {after:?}");
    }
    let over = lines
        .iter()
        .find(|line| line.right > 720.0 - 34.0 || line.left < 20.0);
    assert!(over.is_none(), "{over:?}");
}

#[test]
fn ten_thousand_names_are_drawn_without_a_box() {
    let Some(painter) = painter() else { return };
    let mut chance = Chance(0x5eed_0bad_cafe);
    for _ in 0..NAMES.div_ceil(30) {
        let mut names = Vec::new();
        let sheet = thirty(|| {
            names.push(chance.name());
            names.last().cloned().unwrap()
        });
        let laid_out = painter.lay_out(&sheet).unwrap();
        if laid_out.boxes() > 0 {
            println!("{names:#?}");
        }
        is_sound(&laid_out);
    }
}

#[test]
fn what_people_call_themselves_stays_within_its_room() {
    let Some(painter) = painter() else { return };
    let mut people = PEOPLE.iter();
    let sheet = thirty(|| (*people.next().unwrap()).to_owned());
    is_sound(&painter.lay_out(&sheet).unwrap());

    // The longest name beside the most points there can be.
    let mut draft = Draft::of(&[i64::MAX, 5_000]);
    for (number, name) in ["W".repeat(80), "﷽".repeat(24)].into_iter().enumerate() {
        draft = draft.named(number, &name);
    }
    let draft = draft.before(&[(0, 99_999), (1, 1)]);
    for language in Language::ALL {
        let laid_out = painter.lay_out(&draft.sheet(language)).unwrap();
        is_sound(&laid_out);
        let cut = laid_out
            .lines()
            .into_iter()
            .find(|line| line.text.starts_with('W'));
        let cut = cut.unwrap().text;
        assert!(cut.ends_with("W…") && cut.chars().count() < 24, "{cut}");
    }
}

#[test]
fn what_no_font_has_is_shown_as_missing() {
    let Some(painter) = painter() else { return };
    let draft = Draft::of(&[3, 2, 1])
        .named(0, "a\u{f8ff0}b")
        .named(1, "\u{301}");
    let lines = painter
        .lay_out(&draft.sheet(Language::Chinese))
        .unwrap()
        .lines();
    let has = |text: &str| lines.iter().any(|line| line.text == text);
    assert!(has("a□b"), "{lines:?}");
    assert!(has("\u{25cc}\u{301}"), "{lines:?}");
}

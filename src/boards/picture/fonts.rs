//! The faces a picture is drawn with, and which of them draws which part of a text.
//!
//! Invariant: a part of a text is given to a face that has all its characters, so nothing is left to
//! the renderer's own search, which gives up in the middle of a name where two faces shape it into
//! different numbers of glyphs. What no face has becomes a sign that every CJK face has.
//!
//! The order: an emoji face for pictures, the CJK face, faces without serifs, any other.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::OnceLock;

use resvg::usvg::FontFamily;
use resvg::usvg::FontResolver;
use resvg::usvg::fontdb::Database;
use resvg::usvg::fontdb::Family;
use resvg::usvg::fontdb::ID;
use resvg::usvg::fontdb::Query;
use resvg::usvg::fontdb::Style;
use resvg::usvg::fontdb::Weight as FaceWeight;
use unicode_segmentation::UnicodeSegmentation;

use crate::boards::picture::coverage::Coverage;
use crate::boards::picture::coverage::widths;
use crate::boards::picture::drawable::NO_GLYPH;
use crate::boards::picture::drawable::drawable;
use crate::boards::picture::drawable::is_pictograph;

/// CJK families in the order in which they are wanted: simplified Chinese without serifs first.
const WANTED: [&str; 12] = [
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "Noto Sans SC",
    "PingFang SC",
    "Microsoft YaHei",
    "Noto Sans CJK TC",
    "Noto Sans CJK HK",
    "Noto Sans CJK JP",
    "Noto Sans CJK KR",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
];

/// What a face must have to write a board in Chinese.
const PROBE: &str = "积分榜名次成员统计撤销的奖励已减去未显示人上周本月□";

/// Faces that show a box, or nothing, for every character there is.
const EMPTY: [&str; 4] = ["Last Resort", "LastResort", "Adobe Blank", "AdobeBlank"];

/// How heavy a text is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    /// As any text.
    Regular,
    /// What stands out.
    Bold,
}

/// A part of a text, drawn with one face.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Run {
    /// The family of the face.
    pub family: String,
    /// The part.
    pub text: String,
    /// How wide it is, in units of the picture.
    pub width: f32,
}

/// The faces of this machine, in our order.
pub(super) struct Fonts {
    faces: Arc<Database>,
    /// The CJK family first.
    families: Vec<FontOf>,
    emoji: Option<FontOf>,
}

/// A family, as far as it is used.
struct FontOf {
    name: String,
    regular: Cut,
    bold: Cut,
}

/// A face, and what it has, read when it is first asked for.
struct Cut {
    face: ID,
    coverage: OnceLock<Coverage>,
}

impl Weight {
    fn number(self) -> u16 {
        match self {
            Weight::Regular => 400,
            Weight::Bold => 700,
        }
    }
}

impl Fonts {
    /// The system's faces and those of further folders; `None` where none of them can write Chinese.
    pub(super) fn load(folders: &[PathBuf]) -> Option<Self> {
        let mut faces = Database::new();
        faces.load_system_fonts();
        for folder in folders {
            faces.load_fonts_dir(folder);
        }
        let mut names: Vec<String> = faces
            .faces()
            .filter(|face| face.style == Style::Normal)
            .filter_map(|face| face.families.first())
            .map(|(name, _)| name.clone())
            // One that could end the attribute it is named in.
            .filter(|name| !name.contains(['\'', '"', '\\', ',']))
            .filter(|name| !EMPTY.iter().any(|empty| name.contains(empty)))
            .collect();
        names.sort_by(|a, b| (rank(a), a).cmp(&(rank(b), b)));
        names.dedup();
        let (emoji, names): (Vec<_>, Vec<_>) =
            names.into_iter().partition(|name| name.contains("Emoji"));
        let of = |name: &String| FontOf::find(&faces, name);
        // The one in colour where there is one.
        let coloured = emoji.iter().find(|name| name.contains("Color"));
        let emoji = coloured.or(emoji.first()).and_then(of);
        let mut families: Vec<FontOf> = names.iter().filter_map(of).collect();
        let writes_chinese = |font: &FontOf| PROBE.chars().all(|c| font.has(&faces, c));
        let wanted = |name| families.iter().position(|font| font.name == name);
        let cjk = WANTED
            .into_iter()
            .filter_map(wanted)
            .find(|&at| writes_chinese(&families[at]))
            .or_else(|| families.iter().position(writes_chinese))?;
        families[..=cjk].rotate_right(1);
        Some(Self {
            faces: Arc::new(faces),
            families,
            emoji,
        })
    }

    /// The family that writes Chinese.
    pub(super) fn cjk(&self) -> &str {
        self.families.first().map_or("", |font| &font.name)
    }

    /// The faces themselves.
    pub(super) fn faces(&self) -> Arc<Database> {
        self.faces.clone()
    }

    /// `text` made fit to be drawn and parted by faces.
    pub(super) fn runs(&self, text: &str, weight: Weight, size: f32) -> Vec<Run> {
        self.fitted(text, weight, size, f32::INFINITY)
    }

    /// The same, cut between characters to be no wider than `room`; a cut is marked.
    pub(super) fn fitted(&self, text: &str, weight: Weight, size: f32, room: f32) -> Vec<Run> {
        let whole = self.pieces(&drawable(text), weight, size);
        let width: f32 = whole.iter().map(|piece| piece.width).sum();
        if width <= room {
            return joined(whole);
        }
        let mark = self.pieces("…", weight, size);
        let mut left = room - mark.iter().map(|piece| piece.width).sum::<f32>();
        let within = whole.into_iter().take_while(|piece| {
            left -= piece.width;
            left >= 0.0
        });
        let mut kept: Vec<Run> = within.collect();
        // A blank before the mark is a hole.
        while kept.last().is_some_and(|piece| piece.text == " ") {
            kept.pop();
        }
        kept.extend(mark);
        joined(kept)
    }

    /// How wide a text of our own is, blanks at its ends included.
    pub(super) fn width(&self, text: &str, weight: Weight, size: f32) -> f32 {
        let pieces = self.pieces(text, weight, size);
        pieces.iter().map(|piece| piece.width).sum()
    }

    /// One run for each grapheme.
    fn pieces(&self, text: &str, weight: Weight, size: f32) -> Vec<Run> {
        let mut pieces: Vec<(&FontOf, String)> = Vec::new();
        for grapheme in text.graphemes(true) {
            let before = pieces.last().map(|(font, _)| *font);
            pieces.push(self.placed(grapheme, weight, before));
        }
        let mut runs = Vec::with_capacity(pieces.len());
        let mut rest = pieces.as_slice();
        while let Some((font, _)) = rest.first() {
            let same = rest.iter().take_while(|(other, _)| other.name == font.name);
            let (of_one, others) = rest.split_at(same.count());
            let texts = of_one.iter().map(|(_, text)| text.as_str());
            let measured = widths(&self.faces, font.cut(weight).face, texts);
            runs.extend(
                of_one
                    .iter()
                    .zip(measured)
                    .map(|((font, text), width)| Run {
                        family: font.name.clone(),
                        text: text.clone(),
                        width: width * size,
                    }),
            );
            rest = others;
        }
        runs
    }

    /// The face for a grapheme, and what it draws of it.
    fn placed<'a>(
        &'a self,
        grapheme: &str,
        weight: Weight,
        before: Option<&'a FontOf>,
    ) -> (&'a FontOf, String) {
        let has = |font: &FontOf, text: &str| {
            let coverage = font.cut(weight).coverage(&self.faces);
            text.chars().all(|c| coverage.has(c))
        };
        let emoji = self.emoji.iter();
        let is_picture = is_pictograph(grapheme);
        let pictures = emoji.clone().filter(|_| is_picture);
        // A blank stays with the word before it, so that a line of one script is shaped as a whole; that
        // of an emoji face is as wide as a picture.
        let in_emoji = |font: &FontOf| {
            self.emoji
                .as_ref()
                .is_some_and(|emoji| emoji.name == font.name)
        };
        let before = before.filter(|font| grapheme == " " && !in_emoji(font) && has(font, " "));
        let find = |text: &str| {
            let all = before.into_iter().chain(pictures.clone());
            let mut all = all.chain(&self.families).chain(emoji.clone());
            all.find(|font| has(font, text))
        };
        let base: String = grapheme.chars().take(1).collect();
        let sign = NO_GLYPH.to_string();
        for text in [grapheme, &base, &sign] {
            if let Some(font) = find(text) {
                return (font, text.to_owned());
            }
        }
        // Not reached: the CJK face was chosen because it has the sign.
        (&self.families[0], sign)
    }

    /// How usvg finds faces: by the names the runs were given, and in our order where it has to look
    /// for a character itself.
    pub(super) fn resolver(&self) -> FontResolver<'_> {
        FontResolver {
            select_font: Box::new(|font, _| {
                let weight = match font.weight() {
                    ..=500 => Weight::Regular,
                    _ => Weight::Bold,
                };
                let named = font.families().iter().find_map(|family| match family {
                    FontFamily::Named(name) => self.all().find(|font| font.name == *name),
                    _ => None,
                });
                let font = named.or(self.families.first())?;
                Some(font.cut(weight).face)
            }),
            select_fallback: Box::new(|c, used, _| {
                let is_picture = is_pictograph(c.encode_utf8(&mut [0; 4]));
                let pictures = self.emoji.iter().filter(|_| is_picture);
                let mut all = pictures.chain(self.all());
                let found =
                    all.find(|font| !used.contains(&font.regular.face) && font.has(&self.faces, c));
                found.map(|font| font.regular.face)
            }),
        }
    }

    fn all(&self) -> impl Iterator<Item = &FontOf> {
        self.families.iter().chain(&self.emoji)
    }
}

impl FontOf {
    fn find(faces: &Database, name: &str) -> Option<Self> {
        let cut = |weight: Weight| {
            let face = faces.query(&Query {
                families: &[Family::Name(name)],
                weight: FaceWeight(weight.number()),
                ..Query::default()
            })?;
            let coverage = OnceLock::new();
            Some(Cut { face, coverage })
        };
        Some(Self {
            name: name.to_owned(),
            regular: cut(Weight::Regular)?,
            bold: cut(Weight::Bold)?,
        })
    }

    fn cut(&self, weight: Weight) -> &Cut {
        match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        }
    }

    fn has(&self, faces: &Database, c: char) -> bool {
        self.regular.coverage(faces).has(c)
    }
}

impl Cut {
    fn coverage(&self, faces: &Database) -> &Coverage {
        self.coverage
            .get_or_init(|| Coverage::read(faces, self.face))
    }
}

/// Neighbours of one family put together, so that they are shaped as one.
fn joined(pieces: Vec<Run>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for piece in pieces {
        match runs.last_mut() {
            Some(run) if run.family == piece.family => {
                run.text.push_str(&piece.text);
                run.width += piece.width;
            }
            _ => runs.push(piece),
        }
    }
    runs
}

/// Where a family stands: without serifs first, of fixed width last.
fn rank(name: &str) -> u8 {
    let odd = ["Mono", "Serif", "Symbol", "Math", "Narrow", "Condensed"];
    match name {
        _ if odd.iter().any(|part| name.contains(part)) => 2,
        _ if name.contains("Sans") => 0,
        _ => 1,
    }
}

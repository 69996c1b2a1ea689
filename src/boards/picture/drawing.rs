//! Where everything stands on the picture of a board. The template is `templates/board.svg`.
//!
//! Invariant: nothing is clipped; what is too long for its place is cut before it is drawn, or goes on
//! in the next line.

use askama::Template;

use crate::boards::picture::breaking::unbroken;
use crate::boards::picture::fonts::Fonts;
use crate::boards::picture::fonts::Run;
use crate::boards::picture::fonts::Weight;
use crate::boards::sheet::Moved;
use crate::boards::sheet::Sheet;
use crate::boards::sheet::SheetRow;
use crate::boards::sheet::WHOLE_BAR;
use crate::boards::sheet::Way;

/// How wide a drawing is, in units of its own.
const WIDTH: i32 = 720;
/// Blank at both sides.
const SIDE: i32 = 36;
/// The head with title and days.
const HEAD: i32 = 136;
/// Below it, of a board that comes late.
const STRIP: i32 = 46;
/// Above the first row and below the last.
const GAP: i32 = 14;
/// A row of a short board, and of one that is longer than [`LONG`].
const ROW: i32 = 72;
const LOW_ROW: i32 = 62;
const LONG: usize = 12;
/// Below the rows: blank, then the lines of what is counted, then blank.
const FOOT: i32 = 34;
const FOOT_LINE: i32 = 28;
const FOOT_END: i32 = 22;

const TITLE_SIZE: f32 = 38.0;
const DATES_SIZE: f32 = 21.0;
const LATE_SIZE: f32 = 19.0;
const NAME_SIZE: f32 = 27.0;
const POINTS_SIZE: f32 = 27.0;
const PLACE_SIZE: f32 = 22.0;
const MOVED_SIZE: f32 = 18.0;
const FOOT_SIZE: f32 = 18.5;
const EMPTY_SIZE: f32 = 26.0;

/// Where the title begins, right of the cup.
const TITLE_X: i32 = 116;
/// The middle of medals and places.
const PLACE_X: i32 = 62;
/// The middle of what became of the place.
const MOVED_X: i32 = 120;
/// Where names and bars begin: beside places, or beside what became of them.
const NAME_X: i32 = 104;
const NAME_X_MOVED: i32 = 158;
/// An arrow with the blank behind it.
const ARROW: i32 = 17;
/// Blank between a name and the points.
const BETWEEN: f32 = 22.0;
/// A bar is at least as wide as it is high: whoever has a row has points.
const LEAST_BAR: i32 = 10;

#[derive(Template)]
#[template(path = "board.svg", escape = "html")]
struct Drawing {
    width: i32,
    height: i32,
    head: i32,
    title: Text,
    dates: Text,
    /// The strip that says so, and how high it is.
    late: Option<Text>,
    strip: i32,
    rows: Vec<Row>,
    /// Why there are no rows.
    empty: Vec<Text>,
    foot_from: i32,
    foot: Vec<Text>,
}

/// A line of text.
struct Text {
    x: i32,
    y: i32,
    size: f32,
    /// Which point of it stands at `x`, in the words of SVG.
    anchor: &'static str,
    runs: Vec<Run>,
}

/// What of a text stands at the point it is put to.
#[derive(Clone, Copy)]
enum Anchor {
    Left,
    Middle,
    Right,
}

/// A letter's look.
type Look = (Weight, f32);

/// A word in a frame.
struct Pill {
    x: i32,
    y: i32,
    width: i32,
    text: Text,
}

struct Row {
    y: i32,
    height: i32,
    middle: i32,
    place: u64,
    place_text: Text,
    name: Text,
    points: Text,
    bar_x: i32,
    bar_y: i32,
    track: i32,
    bar: i32,
    moved: Option<Sign>,
}

/// What became of a place.
enum Sign {
    Up(Text),
    Down(Text),
    Same,
    New(Pill),
}

impl Text {
    /// A text of several runs begins where it has to by the sum of their widths: an anchor would move
    /// each run by itself.
    fn at(anchor: Anchor, (x, y): (i32, i32), size: f32, runs: Vec<Run>) -> Self {
        let whole = wide(&runs) as i32;
        let (anchor, x) = match (anchor, runs.len()) {
            (Anchor::Left, _) => ("start", x),
            (Anchor::Middle, 0 | 1) => ("middle", x),
            (Anchor::Right, 0 | 1) => ("end", x),
            (Anchor::Middle, _) => ("start", x - whole / 2),
            (Anchor::Right, _) => ("start", x - whole),
        };
        Self {
            x,
            y,
            size,
            anchor,
            runs,
        }
    }
}

impl Row {
    /// The name of its colours.
    fn metal(&self) -> &'static str {
        match self.place {
            1 => "gold",
            2 => "silver",
            3 => "bronze",
            _ => "plain",
        }
    }
}

impl Sign {
    fn up(&self) -> Option<&Text> {
        match self {
            Sign::Up(places) => Some(places),
            _ => None,
        }
    }

    fn down(&self) -> Option<&Text> {
        match self {
            Sign::Down(places) => Some(places),
            _ => None,
        }
    }

    fn new_here(&self) -> Option<&Pill> {
        match self {
            Sign::New(word) => Some(word),
            _ => None,
        }
    }
}

/// The board as SVG.
pub(super) fn drawn(sheet: &Sheet, fonts: &Fonts) -> Result<String, askama::Error> {
    Canvas { fonts }.drawing(sheet).render()
}

struct Canvas<'a> {
    fonts: &'a Fonts,
}

impl Canvas<'_> {
    fn drawing(&self, sheet: &Sheet) -> Drawing {
        let late = sheet.late.as_deref().map(|late| {
            let look = (Weight::Bold, LATE_SIZE);
            self.centred(late, look, (WIDTH / 2, HEAD + 31), WIDTH - 2 * SIDE)
        });
        let head = HEAD + if late.is_some() { STRIP } else { 0 };
        let row_height = match sheet.rows.len() {
            0..=LONG => ROW,
            _ => LOW_ROW,
        };
        let compared = sheet.rows.iter().any(|row| row.moved.is_some());
        let mut y = head + GAP;
        let mut rows = Vec::with_capacity(sheet.rows.len());
        for row in &sheet.rows {
            rows.push(self.row(row, y, row_height, compared));
            y += row_height;
        }
        let empty = sheet.without_rows.as_deref().unwrap_or_default();
        let empty = self.lines(empty, (Anchor::Middle, EMPTY_SIZE), (WIDTH / 2, y + 64), 40);
        if !empty.is_empty() {
            y += 64 + 40 * count(empty.len());
        }
        let foot_from = y + GAP;
        let foot_at = (SIDE, foot_from + FOOT);
        let foot = match &sheet.since {
            Some(since) => format!("{since}\n{}", sheet.counts),
            None => sheet.counts.clone(),
        };
        let foot = self.lines(&foot, (Anchor::Left, FOOT_SIZE), foot_at, FOOT_LINE);
        let height = foot_from + FOOT + FOOT_LINE * (count(foot.len()) - 1) + FOOT_END;
        Drawing {
            width: WIDTH,
            height,
            head: HEAD,
            title: self.line(
                &sheet.title,
                (Weight::Bold, TITLE_SIZE),
                (TITLE_X, 66),
                WIDTH - SIDE - TITLE_X,
            ),
            dates: self.line(
                &sheet.dates,
                (Weight::Regular, DATES_SIZE),
                (TITLE_X, 104),
                WIDTH - SIDE - TITLE_X,
            ),
            late,
            strip: STRIP,
            rows,
            empty,
            foot_from,
            foot,
        }
    }

    fn row(&self, row: &SheetRow, y: i32, height: i32, compared: bool) -> Row {
        let middle = y + height / 2;
        let baseline = middle + 2;
        let points = self.fonts.runs(&row.points, Weight::Bold, POINTS_SIZE);
        let points = Text::at(Anchor::Right, (WIDTH - SIDE, baseline), POINTS_SIZE, points);
        let name_x = if compared { NAME_X_MOVED } else { NAME_X };
        let room = (WIDTH - SIDE - name_x) as f32 - wide(&points.runs) - BETWEEN;
        let name = self
            .fonts
            .fitted(row.who.shown(), Weight::Regular, NAME_SIZE, room);
        let track = WIDTH - SIDE - name_x;
        let bar = track * i32::from(row.bar) / i32::from(WHOLE_BAR);
        Row {
            y,
            height,
            middle,
            place: row.place,
            place_text: self.centred(
                &row.place.to_string(),
                (Weight::Bold, PLACE_SIZE),
                (PLACE_X, middle + 8),
                70,
            ),
            name: Text::at(Anchor::Left, (name_x, baseline), NAME_SIZE, name),
            points,
            bar_x: name_x,
            bar_y: middle + 14,
            track,
            bar: bar.max(LEAST_BAR),
            moved: row.moved.as_ref().map(|moved| self.sign(moved, middle)),
        }
    }

    fn sign(&self, moved: &Moved, middle: i32) -> Sign {
        let places = |places: u64| {
            let shown = match places {
                0..=999 => places.to_string(),
                _ => "…".to_owned(),
            };
            let runs = self.fonts.runs(&shown, Weight::Bold, MOVED_SIZE);
            // Arrow and figure together stand in the middle.
            let left = MOVED_X - (wide(&runs) as i32 + ARROW) / 2 + ARROW;
            Text::at(Anchor::Left, (left, middle + 7), MOVED_SIZE, runs)
        };
        match moved.way {
            Way::Up(up) => Sign::Up(places(up)),
            Way::Down(down) => Sign::Down(places(down)),
            Way::Same => Sign::Same,
            Way::New => {
                let text = self.centred(
                    &moved.shown,
                    (Weight::Bold, MOVED_SIZE - 2.0),
                    (MOVED_X, middle + 6),
                    46,
                );
                let width = wide(&text.runs) as i32 + 16;
                Sign::New(Pill {
                    x: MOVED_X - width / 2,
                    y: middle - 13,
                    width,
                    text,
                })
            }
        }
    }

    /// A text that is cut to its room.
    fn line(&self, text: &str, (weight, size): Look, at: (i32, i32), room: i32) -> Text {
        let runs = self.fonts.fitted(text, weight, size, room as f32);
        Text::at(Anchor::Left, at, size, runs)
    }

    /// One in the middle of its room.
    fn centred(&self, text: &str, (weight, size): Look, at: (i32, i32), room: i32) -> Text {
        let runs = self.fonts.fitted(text, weight, size, room as f32);
        Text::at(Anchor::Middle, at, size, runs)
    }

    /// Text in as many lines as it takes.
    fn lines(
        &self,
        text: &str,
        (anchor, size): (Anchor, f32),
        (x, y): (i32, i32),
        height: i32,
    ) -> Vec<Text> {
        let room = (WIDTH - 2 * SIDE) as f32;
        let width = |text: &str| self.fonts.width(text, Weight::Regular, size);
        let mut lines: Vec<String> = Vec::new();
        for paragraph in text.lines() {
            let (mut line, mut taken) = (String::new(), 0.0);
            for word in unbroken(paragraph) {
                let wide = width(&word);
                if taken > 0.0 && taken + wide > room {
                    lines.push(std::mem::take(&mut line));
                    taken = 0.0;
                }
                line.push_str(if line.is_empty() {
                    word.trim_start()
                } else {
                    &word
                });
                taken += wide;
            }
            lines.push(line);
        }
        let placed = lines.iter().enumerate().map(|(number, line)| {
            let runs = self.fonts.fitted(line, Weight::Regular, size, room);
            Text::at(anchor, (x, y + height * count(number)), size, runs)
        });
        placed.collect()
    }
}

fn wide(runs: &[Run]) -> f32 {
    runs.iter().map(|run| run.width).sum()
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

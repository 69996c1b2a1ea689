//! Pictures against those that were found good by looking at them.
//!
//! They are compared at a coarse resolution and with a tolerance: a newer version of a font moves edges
//! by a pixel, and a row that is missing, a bar of the wrong length or a colour that is off moves more.
//! `GUILDPOINTS_GOLDEN=write` keeps what is drawn now as what is right.

use std::path::Path;
use std::path::PathBuf;

use guildpoints::model::Language;
use resvg::tiny_skia::Pixmap;

use crate::stage::Draft;
use crate::stage::painter;
use crate::stage::ten;
use crate::stage::thirty;

/// Pixels of the picture that become one, in both directions.
const COARSE: u32 = 12;
/// How far the mean of a picture may be off, of 255.
const MEAN: f64 = 1.5;
/// How far a coarse pixel may be off before it counts as wrong, of 255.
const FAR: u32 = 32;
/// The part of them that may be wrong.
const WRONG: f64 = 0.0008;

#[test]
fn a_board_of_ten_looks_as_it_should_in_chinese() {
    looks("ten-zh", &ten(), Language::Chinese);
}

#[test]
fn a_board_of_ten_looks_as_it_should_in_english() {
    looks("ten-en", &ten().late(), Language::English);
}

#[test]
fn a_board_of_thirty_looks_as_it_should() {
    looks("thirty-zh", &thirty().unnamed(4), Language::Chinese);
}

#[test]
fn an_empty_board_looks_as_it_should() {
    let mut draft = Draft::of(&[]);
    draft.board.size.hidden = 0;
    looks("empty-en", &draft, Language::English);
}

#[test]
fn another_board_is_told_from_the_right_one() {
    let Some(painter) = painter() else { return };
    let right = coarse(
        &painter
            .paint_here(&ten().sheet(Language::Chinese))
            .unwrap()
            .png,
    );
    let others = [
        ten().named(3, "别人"),
        ten().points(6, 4_000),
        ten().points(2, 9_869),
        ten().late(),
        Draft::of(&[
            12_345, 9_870, 9_870, 6_660, 5_000, 4_321, 1_000, 999, 999, 1,
        ]),
    ];
    for (number, other) in others.iter().enumerate() {
        let other = coarse(
            &painter
                .paint_here(&other.sheet(Language::Chinese))
                .unwrap()
                .png,
        );
        assert!(
            difference(&right, &other).is_some(),
            "{number} passes for it"
        );
    }
    assert_eq!(difference(&right, &right), None);
}

fn looks(name: &str, draft: &Draft, language: Language) {
    let Some(painter) = painter() else { return };
    let picture = painter.paint_here(&draft.sheet(language)).unwrap();
    assert_eq!(picture.boxes, 0);
    let seen = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.png"));
    std::fs::write(&seen, &picture.png).unwrap();
    std::fs::write(seen.with_extension("svg"), &picture.svg).unwrap();
    let drawn = coarse(&picture.png);
    let golden = golden(name);
    if std::env::var("GUILDPOINTS_GOLDEN").as_deref() == Ok("write") {
        std::fs::write(&golden, drawn.encode_png().unwrap()).unwrap();
    }
    let right = std::fs::read(&golden).unwrap();
    let right = Pixmap::decode_png(&right).unwrap();
    if let Some(difference) = difference(&right, &drawn) {
        panic!("{name}: {difference}; look at {}", seen.display());
    }
}

fn golden(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pictures/golden");
    folder.join(format!("{name}.png"))
}

/// The picture with one pixel for each square of it.
fn coarse(png: &[u8]) -> Pixmap {
    let picture = Pixmap::decode_png(png).unwrap();
    let (width, height) = (picture.width() / COARSE, picture.height() / COARSE);
    let mut coarse = Pixmap::new(width, height).unwrap();
    for y in 0..height {
        for x in 0..width {
            let mut sums = [0_u32; 4];
            for inner in 0..COARSE * COARSE {
                let (x, y) = (x * COARSE + inner % COARSE, y * COARSE + inner / COARSE);
                let pixel = picture.pixel(x, y).unwrap();
                let parts = [pixel.red(), pixel.green(), pixel.blue(), pixel.alpha()];
                for (sum, part) in sums.iter_mut().zip(parts) {
                    *sum += u32::from(part);
                }
            }
            let at = usize::try_from((y * width + x) * 4).unwrap();
            for (byte, sum) in coarse.data_mut()[at..at + 4].iter_mut().zip(sums) {
                *byte = u8::try_from(sum / (COARSE * COARSE)).unwrap();
            }
        }
    }
    coarse
}

/// In what way two coarse pictures differ by more than another version of a font makes.
fn difference(right: &Pixmap, drawn: &Pixmap) -> Option<String> {
    let size = |picture: &Pixmap| (picture.width(), picture.height());
    // A line more or less of what is counted moves nothing above it.
    if size(right).0 != size(drawn).0 || size(right).1.abs_diff(size(drawn).1) > 1 {
        return Some(format!("{:?} became {:?}", size(right), size(drawn)));
    }
    let (mut sum, mut wrong, mut count) = (0.0, 0_u32, 0_u32);
    for (right, drawn) in right.pixels().iter().zip(drawn.pixels()) {
        let parts = [
            right.red().abs_diff(drawn.red()),
            right.green().abs_diff(drawn.green()),
            right.blue().abs_diff(drawn.blue()),
        ];
        let most = parts.into_iter().map(u32::from).max().unwrap_or_default();
        sum += f64::from(most);
        wrong += u32::from(most > FAR);
        count += 1;
    }
    let (mean, share) = (sum / f64::from(count), f64::from(wrong) / f64::from(count));
    (mean > MEAN || share > WRONG).then(|| {
        format!(
            "off by {mean:.2} in the mean, {:.2} % of it far off",
            share * 100.0
        )
    })
}

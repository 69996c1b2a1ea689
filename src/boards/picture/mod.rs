//! A board as a picture: an SVG made from a template, and a PNG rendered from it in this process.
//!
//! Invariants: fonts are loaded once; where none of them can write Chinese there is no `Painter`, so
//! nothing is ever drawn with boxes; a picture reads no file; at most two are rendered at a time, on
//! threads that may block.
//!
//! Metrics: `guildpoints_pictures_total{outcome}` counts pictures, outcome `ok` or `failed`;
//! `guildpoints_picture_seconds` is how long rendering one takes, waiting for its turn aside.

mod breaking;
mod coverage;
mod drawable;
mod drawing;
mod fonts;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use resvg::tiny_skia::Pixmap;
use resvg::tiny_skia::Transform;
use resvg::usvg;
use resvg::usvg::ImageHrefResolver;
use resvg::usvg::Node;
use resvg::usvg::Options;
use resvg::usvg::Text;
use resvg::usvg::Tree;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::boards::picture::drawing::drawn;
use crate::boards::picture::fonts::Fonts;
use crate::boards::sheet::Sheet;

/// Pixels a unit of the drawing takes: a picture is 1,080 pixels wide, as wide as a phone.
const SCALE: f32 = 1.5;

/// Pictures rendered at the same time.
const AT_ONCE: usize = 2;

/// The package with a face that writes Chinese, as Debian calls it.
pub const FONT_PACKAGE: &str = "fonts-noto-cjk";

/// Draws boards. Cheap to clone; clones share fonts and turns.
#[derive(Clone)]
pub struct Painter {
    inner: Arc<Inner>,
}

struct Inner {
    fonts: Fonts,
    turns: Arc<Semaphore>,
}

/// A board as it was drawn.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// As PNG.
    pub png: Vec<u8>,
    /// As SVG, of which the PNG was made.
    pub svg: String,
    /// How wide the PNG is, in pixels.
    pub width: u32,
    /// How high it is, in pixels.
    pub height: u32,
    /// Characters that were drawn as a box because their face could not shape them.
    pub boxes: usize,
}

/// A board with everything in its place, before it is rendered.
pub struct LaidOut {
    svg: String,
    tree: Tree,
}

/// Where a line of text stands, in units of the drawing, which is 720 wide.
#[derive(Clone, Debug, PartialEq)]
pub struct LaidLine {
    /// What it says.
    pub text: String,
    /// What its letters stand on.
    pub baseline: f32,
    /// Where it begins.
    pub left: f32,
    /// Where it ends.
    pub right: f32,
}

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum PaintError {
    /// The drawing cannot be read back.
    #[error("the drawing of a board is no SVG")]
    Drawing(#[source] usvg::Error),
    /// The drawing could not be written.
    #[error("the drawing of a board cannot be written")]
    Template(#[source] askama::Error),
    /// It has no size, or more pixels than memory.
    #[error("the picture of a board has a size that cannot be rendered")]
    Size,
    /// The PNG cannot be written.
    #[error("the picture of a board cannot be written as PNG: {0}")]
    Png(String),
    /// Rendering ended abnormally.
    #[error("rendering the picture of a board ended abnormally")]
    Ended(#[source] tokio::task::JoinError),
}

impl Painter {
    /// One with the system's fonts and those of further folders; `None` where no face among them can
    /// write Chinese. Takes up to a tenth of a second.
    pub fn new(font_dirs: &[PathBuf]) -> Option<Self> {
        let fonts = Fonts::load(font_dirs)?;
        let turns = Arc::new(Semaphore::new(AT_ONCE));
        let inner = Arc::new(Inner { fonts, turns });
        Some(Self { inner })
    }

    /// The family that writes Chinese.
    pub fn family(&self) -> &str {
        self.inner.fonts.cjk()
    }

    /// Draws a board when it is its turn, on a thread that may block.
    pub async fn paint(&self, sheet: Sheet) -> Result<Picture, PaintError> {
        let turn = self.inner.turns.clone().acquire_owned().await;
        let painter = self.clone();
        let painting = tokio::task::spawn_blocking(move || {
            // Kept until it is drawn, also where nobody waits any more.
            let _turn = turn.ok();
            painter.paint_here(&sheet)
        });
        painting.await.map_err(PaintError::Ended)?
    }

    /// Draws a board at once, for as long as that takes.
    pub fn paint_here(&self, sheet: &Sheet) -> Result<Picture, PaintError> {
        let began = Instant::now();
        let painted = self.painted(sheet);
        metrics::histogram!("guildpoints_picture_seconds").record(began.elapsed());
        let outcome = if painted.is_ok() { "ok" } else { "failed" };
        metrics::counter!("guildpoints_pictures_total", "outcome" => outcome).increment(1);
        painted
    }

    fn painted(&self, sheet: &Sheet) -> Result<Picture, PaintError> {
        let laid_out = self.lay_out(sheet)?;
        let size = laid_out.tree.size().to_int_size();
        let size = size.scale_by(SCALE).ok_or(PaintError::Size)?;
        let mut pixels = Pixmap::new(size.width(), size.height()).ok_or(PaintError::Size)?;
        let scale = Transform::from_scale(SCALE, SCALE);
        resvg::render(&laid_out.tree, scale, &mut pixels.as_mut());
        let png = pixels.encode_png();
        Ok(Picture {
            png: png.map_err(|error| PaintError::Png(error.to_string()))?,
            boxes: laid_out.boxes(),
            svg: laid_out.svg,
            width: size.width(),
            height: size.height(),
        })
    }

    /// Puts everything in its place and shapes every text, without a pixel being set.
    pub fn lay_out(&self, sheet: &Sheet) -> Result<LaidOut, PaintError> {
        let fonts = &self.inner.fonts;
        let svg = drawn(sheet, fonts).map_err(PaintError::Template)?;
        let options = Options {
            fontdb: fonts.faces(),
            font_family: fonts.cjk().to_owned(),
            font_resolver: fonts.resolver(),
            // Neither a file nor anything else: a drawing of ours has no image in it.
            image_href_resolver: ImageHrefResolver {
                resolve_data: Box::new(|_, _, _| None),
                resolve_string: Box::new(|_, _| None),
            },
            ..Options::default()
        };
        let tree = Tree::from_str(&svg, &options).map_err(PaintError::Drawing)?;
        Ok(LaidOut { svg, tree })
    }
}

impl LaidOut {
    /// The drawing.
    pub fn svg(&self) -> &str {
        &self.svg
    }

    /// Characters that would be drawn as a box because their face could not shape them.
    pub fn boxes(&self) -> usize {
        let glyphs = texts(self.tree.root().children());
        let glyphs = glyphs.flat_map(|text| text.layouted());
        let glyphs = glyphs.flat_map(|span| &span.positioned_glyphs);
        // Glyph 0 of any face is the box for what it does not have.
        glyphs.filter(|glyph| glyph.id.0 == 0).count()
    }

    /// Its lines of text.
    pub fn lines(&self) -> Vec<LaidLine> {
        let lines = texts(self.tree.root().children()).map(|text| {
            let place = text.abs_bounding_box();
            let said = text.chunks().iter().map(|chunk| chunk.text());
            let y = text.chunks().first().and_then(|chunk| chunk.y());
            LaidLine {
                text: said.collect(),
                baseline: y.unwrap_or_default(),
                left: place.left(),
                right: place.right(),
            }
        });
        lines.collect()
    }
}

fn texts(nodes: &[Node]) -> Box<dyn Iterator<Item = &Text> + '_> {
    Box::new(nodes.iter().flat_map(|node| match node {
        Node::Group(group) => texts(group.children()),
        Node::Text(text) => Box::new(std::iter::once(&**text)),
        Node::Path(_) | Node::Image(_) => Box::new(std::iter::empty()),
    }))
}

impl fmt::Debug for LaidOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LaidOut").finish_non_exhaustive()
    }
}

impl fmt::Debug for Painter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Painter")
            .field("family", &self.family())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Picture")
            .field("bytes", &self.png.len())
            .field("width", &self.width)
            .field("height", &self.height)
            .field("boxes", &self.boxes)
            .finish_non_exhaustive()
    }
}

//! Whether boards can be drawn, where they are to be.

use super::report::Mark;
use super::report::Report;
use super::texts::Texts;
use crate::boards::FONT_PACKAGE;
use crate::boards::Painter;
use crate::cli::catalogue::fill;
use crate::config::Config;

/// Looks for a font that can write Chinese. Without one boards go out as cards, which is no failure.
pub(super) fn fonts(config: &Config, texts: &Texts, report: &mut Report) {
    let Some(http) = &config.http else { return };
    if http.public_url.is_none() {
        return;
    }
    match Painter::new(&http.font_dirs) {
        Some(painter) => {
            let seen = fill(&texts.pictures_seen, &[("font", painter.family())]);
            report.good(&texts.pictures, seen);
        }
        None => {
            let fix = fill(&texts.pictures_fix, &[("package", FONT_PACKAGE)]);
            report.add(Mark::Odd, &texts.pictures, &texts.pictures_none, fix);
        }
    }
}

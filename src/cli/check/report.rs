//! The rows of the table.

use super::texts::Texts;
use crate::cli::table::harmless;
use crate::cli::table::table;

/// How a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// Fine.
    Good,
    /// Worth knowing; the bot works.
    Odd,
    /// To be mended.
    Bad,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Report {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    mark: Mark,
    what: String,
    seen: String,
    fix: String,
}

impl Report {
    pub(super) fn add(
        &mut self,
        mark: Mark,
        what: impl AsRef<str>,
        seen: impl AsRef<str>,
        fix: impl AsRef<str>,
    ) {
        self.rows.push(Row {
            mark,
            what: harmless(what.as_ref()),
            seen: harmless(seen.as_ref()),
            fix: harmless(fix.as_ref()),
        });
    }

    pub(super) fn good(&mut self, what: impl AsRef<str>, seen: impl AsRef<str>) {
        self.add(Mark::Good, what, seen, "");
    }

    pub(super) fn bad(
        &mut self,
        what: impl AsRef<str>,
        seen: impl AsRef<str>,
        fix: impl AsRef<str>,
    ) {
        self.add(Mark::Bad, what, seen, fix);
    }

    /// Whether nothing has to be mended.
    pub(super) fn is_sound(&self) -> bool {
        self.rows.iter().all(|row| row.mark != Mark::Bad)
    }

    /// The table, as wide as the terminal, or one line a row where there is none.
    pub(super) fn table(&self, texts: &Texts) -> String {
        let mut table = table(["", &texts.what, &texts.seen, &texts.fix]);
        for row in &self.rows {
            let mark = match row.mark {
                Mark::Good => "✅",
                Mark::Odd => "⚠️",
                Mark::Bad => "❌",
            };
            table.add_row([mark, &row.what, &row.seen, &row.fix]);
        }
        table.trim_fmt()
    }
}

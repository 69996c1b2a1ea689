//! Comma-separated values (RFC 4180) that a spreadsheet opens without harm.
//!
//! Invariants: a line ends with CR LF; what people wrote can neither end a field nor become a formula:
//! a text that begins like one gets an apostrophe in front, which spreadsheets do not show. JSON lines
//! have it as it was written.

use super::columns::Cell;
use super::columns::Columns;

/// Who is going to read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    /// A program: ids are bare digits.
    Program,
    /// Excel: a byte-order mark tells it the encoding, and ids keep all their digits.
    Excel,
}

/// What tells Excel that a file is UTF-8.
const BYTE_ORDER_MARK: char = '\u{feff}';

impl Reader {
    /// The line of names.
    pub(super) fn head(self, columns: &Columns) -> String {
        let names: Vec<&str> = columns.0.iter().map(|(name, _)| *name).collect();
        let mark = match self {
            Self::Program => String::new(),
            Self::Excel => BYTE_ORDER_MARK.to_string(),
        };
        format!("{mark}{}\r\n", names.join(","))
    }

    /// The line of an entry.
    pub(super) fn line(self, columns: &Columns) -> String {
        let fields: Vec<String> = columns.0.iter().map(|(_, cell)| self.field(cell)).collect();
        format!("{}\r\n", fields.join(","))
    }

    fn field(self, cell: &Cell) -> String {
        match (cell, self) {
            (Cell::None, _) => String::new(),
            (Cell::Number(number), _) => number.to_string(),
            // Excel keeps 15 digits of a number; as the result of a formula it is a text.
            (Cell::Id(id), Self::Excel) => quoted(&format!("=\"{id}\"")),
            (Cell::Id(text) | Cell::Word(text), _) => quoted(text),
            (Cell::Text(text), _) => quoted(&defused(text)),
        }
    }
}

/// `text`, which no spreadsheet takes for a formula.
fn defused(text: &str) -> String {
    // Full-width signs begin a formula as well in some.
    let begins = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    match text.starts_with(begins) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}

fn quoted(text: &str) -> String {
    match text.contains([',', '"', '\r', '\n']) || text.starts_with([' ', '\'']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_its_field_or_becomes_a_formula() {
        for (cell, program, excel) in [
            (Cell::None, "", ""),
            (Cell::Number(-20), "-20", "-20"),
            (
                Cell::Id("868822861471551488".to_owned()),
                "868822861471551488",
                "\"=\"\"868822861471551488\"\"\"",
            ),
            (Cell::Text("=1+1".to_owned()), "\"'=1+1\"", "\"'=1+1\""),
            (
                Cell::Text("@小明，\"谢谢\",\r\n好".to_owned()),
                "\"'@小明，\"\"谢谢\"\",\r\n好\"",
                "\"'@小明，\"\"谢谢\"\",\r\n好\"",
            ),
            (
                Cell::Text("天梯第一名".to_owned()),
                "天梯第一名",
                "天梯第一名",
            ),
        ] {
            assert_eq!(Reader::Program.field(&cell), program);
            assert_eq!(Reader::Excel.field(&cell), excel);
        }
    }
}

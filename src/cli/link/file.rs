//! Comma-separated values (RFC 4180) as people's programs write them.
//!
//! ```text
//! file   = [ byte-order mark ] { record }
//! record = field { "," field } ( CR LF | LF | CR | end )
//! field  = { character } | '"' { character | '""' } '"'
//! ```
//!
//! A record without any character is a blank line and left out. Blanks round a field do not count.

/// A record and the line it begins in, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// The line.
    pub line: usize,
    /// Its fields.
    pub fields: Vec<String>,
    /// Whether a quotation mark was opened and never closed.
    pub unclosed: bool,
}

/// Every record of `text` that is not blank.
pub(super) fn records(text: &str) -> Vec<Record> {
    let mut characters = text.trim_start_matches('\u{feff}').chars().peekable();
    let mut records = Vec::new();
    let mut line = 1;
    while characters.peek().is_some() {
        let mut record = Record {
            line,
            fields: Vec::new(),
            unclosed: false,
        };
        let mut field = String::new();
        let mut quoted = false;
        loop {
            match characters.next() {
                None => {
                    record.unclosed = quoted;
                    break;
                }
                Some('"') if quoted => match characters.peek() {
                    Some('"') => {
                        characters.next();
                        field.push('"');
                    }
                    _ => quoted = false,
                },
                Some('"') if field.trim().is_empty() => {
                    field.clear();
                    quoted = true;
                }
                Some(',') if !quoted => record.fields.push(trimmed(&mut field)),
                Some(end @ ('\r' | '\n')) => {
                    let pair = end == '\r' && characters.peek() == Some(&'\n');
                    if pair {
                        characters.next();
                    }
                    line += 1;
                    if !quoted {
                        break;
                    }
                    field.push('\n');
                }
                Some(character) => field.push(character),
            }
        }
        record.fields.push(trimmed(&mut field));
        if record.fields.iter().any(|field| !field.is_empty()) {
            records.push(record);
        }
    }
    records
}

fn trimmed(field: &mut String) -> String {
    std::mem::take(field).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fields(text: &str) -> Vec<(usize, Vec<String>)> {
        let all = records(text).into_iter();
        all.map(|record| (record.line, record.fields)).collect()
    }

    #[test]
    fn marks_line_ends_quotes_and_blank_lines_are_read() {
        let text = "\u{feff}a,b\r\n\r\n \"x, \"\"y\"\"\" ,2\n,\rlast,";
        let wanted = [
            (1, vec!["a", "b"]),
            (3, vec!["x, \"y\"", "2"]),
            (5, vec!["last", ""]),
        ];
        let wanted = wanted.map(|(line, all)| (line, all.into_iter().map(str::to_owned).collect()));
        assert_eq!(fields(text), wanted);
        let open = records("a,\"b\nc");
        assert_eq!((open.len(), open[0].unclosed), (1, true));
        assert_eq!(open[0].fields, ["a", "b\nc"]);
        let next = records("\"a\nb\",1\nc,2");
        assert_eq!((next[0].line, next[1].line), (1, 3));
    }

    proptest! {
        #[test]
        fn what_is_written_quoted_is_read_back(
            rows in proptest::collection::vec(
                proptest::collection::vec("[a-z,\" ]{0,5}[a-z]", 1..4), 0..6)
        ) {
            let quoted = |field: &String| format!("\"{}\"", field.replace('"', "\"\""));
            let line = |row: &Vec<String>| row.iter().map(quoted).collect::<Vec<_>>().join(",");
            let text = rows.iter().map(line).collect::<Vec<_>>().join("\r\n");
            let read: Vec<Vec<String>> = records(&text).into_iter().map(|r| r.fields).collect();
            let trimmed: Vec<Vec<String>> = rows
                .iter()
                .map(|row| row.iter().map(|field| field.trim().to_owned()).collect())
                .collect();
            prop_assert_eq!(read, trimmed);
        }

        #[test]
        fn nothing_makes_it_panic(text in "[a,\"\r\n\u{feff} ]{0,40}") {
            records(&text);
        }
    }
}

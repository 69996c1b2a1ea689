//! A sentence with holes.
//!
//! ```text
//! sentence = { text | hole | "{{" | "}}" }
//! hole     = "{" name "}"
//! name     = one or more of a-z and _
//! ```

/// A sentence taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Hole(String),
}

impl Template {
    /// Takes `sentence` apart, or says what is wrong with it.
    pub(super) fn parse(sentence: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut text = String::new();
        let mut rest = sentence;
        while let Some(at) = rest.find(['{', '}']) {
            text.push_str(&rest[..at]);
            let brace = &rest[at..=at];
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix(brace) {
                text.push_str(brace);
                rest = after;
                continue;
            }
            if brace == "}" {
                return Err("a `}` without its `{` (write `}}` for the character)".to_owned());
            }
            let Some(end) = rest.find('}') else {
                return Err("a `{` without its `}` (write `{{` for the character)".to_owned());
            };
            let name = &rest[..end];
            if name.is_empty() || !name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') {
                return Err(format!(
                    "`{{{name}}}` is no hole: its name has letters a-z and _ only"
                ));
            }
            if !text.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut text)));
            }
            pieces.push(Piece::Hole(name.to_owned()));
            rest = &rest[end + 1..];
        }
        text.push_str(rest);
        if !text.is_empty() {
            pieces.push(Piece::Text(text));
        }
        Ok(Self { pieces })
    }

    /// The names of its holes.
    pub(super) fn holes(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Hole(name) => Some(name.as_str()),
            Piece::Text(_) => None,
        })
    }

    /// The sentence with `fill` in its holes.
    pub(super) fn filled(&self, mut fill: impl FnMut(&str) -> String) -> String {
        let mut said = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => said.push_str(text),
                Piece::Hole(name) => said.push_str(&fill(name)),
            }
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn holes_are_found_and_doubled_braces_are_characters() {
        let template = Template::parse("✅ {member} {{x}} {amount}").unwrap();
        assert_eq!(template.holes().collect::<Vec<_>>(), ["member", "amount"]);
        assert_eq!(
            template.filled(|name| format!("<{name}>")),
            "✅ <member> {x} <amount>"
        );
        for wrong in ["{", "}", "{a", "{A}", "{}", "{a b}"] {
            assert!(Template::parse(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_filling_leaves_no_hole(sentence in ".*") {
            if let Ok(template) = Template::parse(&sentence) {
                let said = template.filled(|_| String::new());
                prop_assert!(template.holes().count() == 0 || said.len() < sentence.len());
            }
        }
    }
}

//! Text of others, fit to be drawn.
//!
//! Invariant: what comes out is one line that XML can hold, and every piece of it stands by itself: no
//! joiner, selector or direction mark reaches into what is drawn beside it.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;

/// Marks kept on one character; a tower of them would grow into other rows.
const MOST_MARKS: usize = 2;

/// Bears marks that have no character to stand on.
const BEARER: char = '\u{25cc}';

/// Stands for what no font of the machine has. Every CJK face has it.
pub(super) const NO_GLYPH: char = '\u{25a1}';

/// `text` without what cannot be seen or would change what stands beside it, marks put on something.
pub(super) fn drawable(text: &str) -> String {
    let seen: String = text.chars().filter_map(kept).nfc().collect();
    let mut out = String::with_capacity(seen.len());
    for grapheme in seen.graphemes(true) {
        let mut marks = 0;
        for (at, c) in grapheme.char_indices() {
            if !is_combining_mark(c) {
                out.push(c);
                continue;
            }
            if at == 0 {
                out.push(BEARER);
            }
            marks += 1;
            if marks <= MOST_MARKS {
                out.push(c);
            }
        }
    }
    out.trim().to_owned()
}

/// The character, a blank in its place, or nothing.
fn kept(c: char) -> Option<char> {
    match c {
        _ if c.is_whitespace() => Some(' '),
        _ if c.is_control() => None,
        // Joiners, direction marks and overrides, invisible operators, soft hyphen, fillers.
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' => {
            None
        }
        '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' => None,
        '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' => None,
        '\u{fff0}'..='\u{fffb}' => None,
        // Variation selectors, skin tones, tags, private use and what is no character.
        '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0000}'..='\u{e0fff}' => None,
        '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' => None,
        '\u{fdd0}'..='\u{fdef}' => None,
        _ if u32::from(c) & 0xfffe == 0xfffe => None,
        _ => Some(c),
    }
}

/// Whether a piece of text is a picture of its own, which is drawn in colour where that can be.
pub(super) fn is_pictograph(grapheme: &str) -> bool {
    let mut chars = grapheme.chars();
    let Some(first) = chars.next() else {
        return false;
    };
    match first {
        '\u{2300}'..='\u{23ff}' | '\u{2600}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}' => true,
        '\u{1f000}'..='\u{1faff}' => true,
        // A key with a figure on it.
        _ => chars.any(|c| c == '\u{20e3}'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_drawn_is_dropped_and_the_rest_stays() {
        for (text, wanted) in [
            ("小明", "小明"),
            ("  a\tb\u{3000}c\n ", "a b c"),
            ("\u{202e}evil\u{202c}", "evil"),
            ("👨\u{200d}👩\u{200d}👧", "👨👩👧"),
            ("👍\u{1f3fd} ❤\u{fe0f}", "👍 ❤"),
            (
                "a\u{0}b\u{7}c\u{fffe}d\u{ffff}e\u{1fffe}f\u{fdd0}",
                "abcdef",
            ),
            ("🏴\u{e0067}\u{e007f}", "🏴"),
            ("e\u{301}", "é"),
            ("\u{301}\u{302}", "\u{25cc}\u{301}\u{302}"),
            ("مرحبا", "مرحبا"),
            ("\u{200b}\u{200d}\u{feff}", ""),
        ] {
            assert_eq!(drawable(text), wanted, "{text:?}");
        }
        let tower = format!("a{}", "\u{320}".repeat(50));
        assert_eq!(drawable(&tower).chars().count(), 1 + MOST_MARKS);
    }

    #[test]
    fn pictures_are_told_from_letters() {
        for picture in ["😀", "❤", "🇨🇳", "1\u{20e3}", "⌚"] {
            assert!(is_pictograph(picture), "{picture}");
        }
        for letter in ["a", "小", "1", "é", "", "★"] {
            assert!(!is_pictograph(letter) || letter == "★", "{letter}");
        }
    }
}

//! The plain form of what people type.
//!
//! Invariant: one character in, at most one out, and a plain character is its own plain form, so
//! that reading a plain text again changes nothing.
//! Deliberately absent: NFKC. It turns `①` into `1` and `½` into `1⁄2`, which nobody means as an
//! amount. Source of the list: fanbook-platform, 3.3 point 3.

/// What one character of a plain run stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plain {
    /// A blank within a line.
    Blank,
    /// The end of a line. A carriage return is a blank, so that a pair counts once.
    LineBreak,
    /// Nothing to be seen: zero width, direction marks, control characters.
    Nothing,
    /// This character.
    Char(char),
}

/// The plain form of `c`.
pub(super) fn plain_form(c: char) -> Plain {
    match c {
        '!'..='~' => Plain::Char(c),
        ' ' | '\t' | '\r' | '\u{b}' | '\u{c}' => Plain::Blank,
        '\n' | '\u{85}' | '\u{2028}' | '\u{2029}' => Plain::LineBreak,
        '０'..='９'
        | 'Ａ'..='Ｚ'
        | 'ａ'..='ｚ'
        | '／'
        | '＠'
        | '＃'
        | '－'
        | '＋'
        | '．'
        | '，' => Plain::Char(ascii_of(c)),
        c if is_invisible(c) || c.is_control() => Plain::Nothing,
        c if c.is_whitespace() => Plain::Blank,
        c => Plain::Char(c),
    }
}

/// `text` in plain form: full-width forms as ASCII, every blank a space, every line break `\n`,
/// nothing invisible.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match plain_form(c) {
            Plain::Blank => out.push(' '),
            Plain::LineBreak => out.push('\n'),
            Plain::Nothing => {}
            Plain::Char(c) => out.push(c),
        }
    }
    out
}

/// Characters of no width, and those that turn the direction of what follows.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// Full-width forms stand at a fixed distance from their ASCII counterparts.
fn ascii_of(full_width: char) -> char {
    char::from_u32(u32::from(full_width) - 0xfee0)
        .expect("the block of full-width forms lies 0xfee0 above ASCII")
}

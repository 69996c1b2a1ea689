//! Markups with an id, and the split of arguments into tokens.

use std::iter;

use crate::fanbook::text::Token;
use crate::fanbook::text::plain::Plain;
use crate::fanbook::text::plain::plain_form;
use crate::model::ChannelId;
use crate::model::RoleId;
use crate::model::UserId;

/// The digits of 2^64 - 1; a bound on how far one `${` is looked into keeps reading linear.
const MOST_DIGITS: usize = 20;

/// The markup `text` begins with, and its length in bytes.
pub(super) fn leading_markup(text: &str) -> Option<(Token, usize)> {
    let body = text.strip_prefix("${")?;
    let (make, digits): (fn(u64) -> Token, _) = if let Some(digits) = body.strip_prefix("@!") {
        (|id| Token::Member(UserId::new(id)), digits)
    } else if let Some(digits) = body.strip_prefix("@&") {
        (|id| Token::Role(RoleId::new(id)), digits)
    } else {
        let digits = body.strip_prefix('#')?;
        (|id| Token::Channel(ChannelId::new(id)), digits)
    };
    let count = digits
        .bytes()
        .take(MOST_DIGITS + 1)
        .take_while(u8::is_ascii_digit)
        .count();
    if digits.as_bytes().get(count) != Some(&b'}') {
        return None;
    }
    let id = digits[..count].parse().ok().filter(|&id| id != 0)?;
    Some((make(id), text.len() - digits.len() + count + 1))
}

/// Splits a stretch of text into tokens.
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    line: u32,
}

impl<'a> Lexer<'a> {
    /// Begins at `line` of the message.
    pub(super) fn new(text: &'a str, line: u32) -> Self {
        Self { text, at: 0, line }
    }

    /// The word from here to the next blank or markup; `None` if nothing of it can be seen.
    fn word(&mut self) -> Option<Token> {
        let start = self.at;
        let mut plain = String::new();
        for c in self.text[start..].chars() {
            match plain_form(c) {
                Plain::Blank | Plain::LineBreak => break,
                Plain::Char('$') if leading_markup(&self.text[self.at..]).is_some() => break,
                Plain::Char(c) => plain.push(c),
                Plain::Nothing => {}
            }
            self.at += c.len_utf8();
        }
        (!plain.is_empty()).then(|| Token::Word {
            text: plain,
            original: self.text[start..self.at].to_owned(),
            line: self.line,
        })
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        loop {
            let rest = &self.text[self.at..];
            let c = rest.chars().next()?;
            match plain_form(c) {
                Plain::Blank => self.at += c.len_utf8(),
                Plain::LineBreak => {
                    self.at += c.len_utf8();
                    self.line = self.line.saturating_add(1);
                }
                Plain::Nothing | Plain::Char(_) => {
                    if let Some((token, length)) = leading_markup(rest) {
                        self.at += length;
                        return Some(token);
                    }
                    if let Some(word) = self.word() {
                        return Some(word);
                    }
                }
            }
        }
    }
}

/// `text` without markups and line breaks, for a preview of at most `most` characters.
pub(in crate::fanbook) fn preview(text: &str, most: usize) -> String {
    let words = Lexer::new(text, 0).filter_map(|token| match token {
        Token::Word { original, .. } => Some(original),
        _ => None,
    });
    let mut out = String::new();
    for (word, gap) in words.zip(iter::once("").chain(iter::repeat(" "))) {
        out.push_str(gap);
        out.push_str(&word);
        if out.len() > most * 4 {
            break;
        }
    }
    out.chars().take(most).collect()
}

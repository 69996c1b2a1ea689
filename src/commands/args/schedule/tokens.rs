//! Pieces of what stands after `/schedule`: words, and what stands in quotation marks.

use crate::commands::args::Arg;
use crate::model::ChannelId;

/// Signs that open or close a quotation on one keyboard or another.
const QUOTES: &[char] = &['"', '\'', '`', '“', '”', '‘', '’', '「', '」', '『', '』'];

/// A piece of what was typed.
#[derive(Clone, Debug)]
pub(super) enum Token {
    Word(String),
    Quoted(String),
    Channel(ChannelId),
    /// A member or a role, which nothing here is about.
    Named,
}

impl Token {
    /// As it is shown where it has no place.
    pub(super) fn shown(self) -> String {
        match self {
            Token::Word(text) | Token::Quoted(text) => text,
            Token::Channel(id) => format!("#{id}"),
            Token::Named => "@".to_owned(),
        }
    }
}

/// Joins what stands in quotation marks; the text after one that is never closed.
pub(super) fn tokens(pieces: Vec<Arg>) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::with_capacity(pieces.len());
    let mut quoted: Option<Vec<String>> = None;
    for piece in pieces {
        let token = match piece {
            Arg::Word { plain, .. } => Token::Word(half_width(&plain)),
            Arg::Channel(id) => Token::Channel(id),
            Arg::Member(_) | Arg::Role(_) => Token::Named,
        };
        let Token::Word(word) = token else {
            match &mut quoted {
                Some(words) => words.push(token.shown()),
                None => tokens.push(token),
            }
            continue;
        };
        let (word, opens) = match (&quoted, word.strip_prefix(QUOTES)) {
            (None, Some(rest)) => (rest, true),
            _ => (word.as_str(), false),
        };
        if opens {
            quoted = Some(Vec::new());
        }
        let Some(mut words) = quoted.take() else {
            tokens.push(Token::Word(word.to_owned()));
            continue;
        };
        let closed = word.strip_suffix(QUOTES);
        words.push(closed.unwrap_or(word).to_owned());
        match closed {
            Some(_) => tokens.push(Token::Quoted(words.join(" ").trim().to_owned())),
            None => quoted = Some(words),
        }
    }
    match quoted {
        None => Ok(tokens),
        Some(words) => Err(words.join(" ")),
    }
}

/// Signs of a Chinese keyboard in the forms that times are written in.
fn half_width(word: &str) -> String {
    let plain = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        c => c,
    };
    word.chars().map(plain).collect()
}

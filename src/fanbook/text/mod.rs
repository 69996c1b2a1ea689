//! Command text to tokens, and untrusted text made harmless.
//!
//! Grammar, over the text exactly as it was sent:
//!
//! ```text
//! message   = { blank | bot } ( command | chatter )
//! bot       = "${@!" BOT "}"                              ; one or more: the bot was mentioned
//! command   = slash name arguments                        ; typed
//!           | "${/" name arguments "}" arguments          ; chosen from the client's list
//! slash     = "/" | "／"                                  ; blanks may follow where the bot was mentioned
//! name      = char { char }                               ; up to a blank, "@", "#" or "${"
//! arguments = { blank | markup | word }
//! markup    = "${@!" id "}" | "${@&" id "}" | "${#" id "}"
//! id        = digit { digit }                             ; not 0, at most 2^64 - 1
//! word      = char { char }                               ; up to a blank or a markup
//! ```
//!
//! A `char` is read in its plain form (`plain`): full-width forms become ASCII and invisible
//! characters are skipped, so they may stand anywhere, before the slash too. Whatever is not a
//! markup by this grammar (`${`, `${@!x}`, `${/again}`) is part of a word. Braces round a command
//! close where they balance; where they never do, at the first `}` that closes no markup, else at
//! the end of the text.
//!
//! Invariants: no text makes it panic; every text is read in linear time, however it nests.
//! Deliberately absent: what a command or an argument means, and names after a typed `@`, which
//! only the frame's list of mentions can resolve.
//! Source: fanbook-platform, 3.1 to 3.3.

mod markup;
mod neutral;
mod plain;

use crate::fanbook::text::markup::Lexer;
use crate::fanbook::text::markup::leading_markup;
use crate::fanbook::text::plain::Plain;
use crate::fanbook::text::plain::plain_form;
use crate::model::ChannelId;
use crate::model::RoleId;
use crate::model::UserId;

pub(in crate::fanbook) use markup::preview;
pub use neutral::member_mention;
pub use neutral::neutral;
pub use plain::plain;

/// Texts longer than this, in bytes, are not read at all.
///
/// The platform itself takes no text above 150,000 bytes (fanbook-platform, 4.1); the distance is
/// room for error. Without a bound one frame could cost a hundred times its size in tokens.
pub const LONGEST_TEXT: usize = 512 * 1024;

/// One piece of a command's arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// A mentioned member; bots are members too.
    Member(UserId),
    /// A mentioned role; the guild's own id stands for everyone.
    Role(RoleId),
    /// A linked channel.
    Channel(ChannelId),
    /// Anything else, up to a blank or a markup.
    Word {
        /// In plain form, for reading.
        text: String,
        /// As typed, for reasons and remarks. Untrusted text.
        original: String,
        /// The line of the message it stands in, from 0.
        line: u32,
    },
}

/// A command as it was called, before anybody has asked whether it exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// The command's name in plain form without the slash, ASCII letters in lower case. Never empty.
    pub word: String,
    /// What follows the name, in order.
    pub arguments: Vec<Token>,
    /// Whether the bot was mentioned, before the command or among its arguments.
    pub bot_mentioned: bool,
    /// The arguments as typed, line breaks kept, for remarks. Untrusted text.
    pub raw: String,
}

/// What a message says to the bot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A command word with a slash, known or not.
    Command(Invocation),
    /// The message begins with a mention of the bot, but no slash follows.
    Near {
        /// The first word after the mention in plain form, ASCII letters in lower case.
        word: String,
    },
    /// Nothing the bot has to answer.
    Nothing,
}

/// Reads a message text as something said to `bot`, or not.
pub fn hear(text: &str, bot: UserId) -> Heard {
    if text.len() > LONGEST_TEXT {
        return Heard::Nothing;
    }
    let (rest, addressed) = after_mentions_of(text, bot);
    let line = line_breaks(&text[..text.len() - rest.len()]);
    if let Some(call) = Call::read(rest, addressed) {
        return Heard::Command(call.into_invocation(line, bot, addressed));
    }
    if addressed {
        let first = Lexer::new(rest, line).find_map(|token| match token {
            Token::Word { text, .. } => Some(text.to_ascii_lowercase()),
            _ => None,
        });
        if let Some(word) = first {
            return Heard::Near { word };
        }
    }
    Heard::Nothing
}

/// Whether a message that begins with `first` can be anything but [`Heard::Nothing`].
///
/// For those who decide before decoding; errs on the side of yes.
pub(in crate::fanbook) fn may_begin(first: char) -> bool {
    first == '$'
        || match plain_form(first) {
            Plain::Char(c) => c == '/',
            Plain::Blank | Plain::LineBreak | Plain::Nothing => true,
        }
}

/// A command split into its parts, still as typed.
struct Call<'a> {
    word: String,
    head: &'a str,
    inside: &'a str,
    after: &'a str,
}

impl<'a> Call<'a> {
    fn read(text: &'a str, addressed: bool) -> Option<Self> {
        let (body, tail, after) = if let Some(body) = text.strip_prefix("${/") {
            let (inside, after) = split_braces(body);
            let tail = body.len() - inside.len();
            (inside.trim_start_matches(insignificant), tail, after)
        } else {
            let body = text.strip_prefix(['/', '／'])?;
            // `/ word` without a mention is more likely talk about a fraction or a path.
            let body = if addressed {
                body.trim_start_matches(insignificant)
            } else {
                body
            };
            (body, 0, "")
        };
        let (word, inside) = split_name(body);
        if word.is_empty() {
            return None;
        }
        let head = &text[..text.len() - tail - inside.len()];
        Some(Self {
            word,
            head,
            inside,
            after,
        })
    }

    fn into_invocation(self, line: u32, bot: UserId, addressed: bool) -> Invocation {
        let line = line + line_breaks(self.head);
        let after_line = line + line_breaks(self.inside);
        let arguments: Vec<Token> = Lexer::new(self.inside, line)
            .chain(Lexer::new(self.after, after_line))
            .collect();
        let raw = match (self.inside.trim(), self.after.trim()) {
            (inside, "") => inside.to_owned(),
            ("", after) => after.to_owned(),
            (inside, after) => format!("{inside} {after}"),
        };
        Invocation {
            word: self.word,
            bot_mentioned: addressed || arguments.contains(&Token::Member(bot)),
            arguments,
            raw,
        }
    }
}

/// What follows the leading mentions of `bot`, and whether there were any.
fn after_mentions_of(text: &str, bot: UserId) -> (&str, bool) {
    let mut addressed = false;
    let mut rest = text.trim_start_matches(insignificant);
    while let Some((Token::Member(member), length)) = leading_markup(rest)
        && member == bot
    {
        addressed = true;
        rest = rest[length..].trim_start_matches(insignificant);
    }
    (rest, addressed)
}

/// Splits what follows `${/` into what stands inside the braces and what follows them.
fn split_braces(body: &str) -> (&str, &str) {
    let end = balanced_end(body).or_else(|| first_free_brace(body));
    match end {
        Some(end) => (&body[..end], &body[end + 1..]),
        None => (body, ""),
    }
}

fn balanced_end(body: &str) -> Option<usize> {
    let bytes = body.as_bytes();
    let mut depth = 1_u32;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'{' if at > 0 && bytes[at - 1] == b'$' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// The first `}` that closes no markup: with `${/reward ${@!1} 5` there is none, and the mention
/// must not be torn apart.
fn first_free_brace(body: &str) -> Option<usize> {
    let mut at = 0;
    while at < body.len() {
        match body.as_bytes()[at] {
            b'}' => return Some(at),
            b'$' => at += leading_markup(&body[at..]).map_or(1, |(_, length)| length),
            _ => at += 1,
        }
    }
    None
}

/// The command's name in plain form and lower case, and what follows it.
fn split_name(body: &str) -> (String, &str) {
    let mut name = String::new();
    for (at, c) in body.char_indices() {
        match plain_form(c) {
            Plain::Blank | Plain::LineBreak | Plain::Char('@' | '#') => return (name, &body[at..]),
            Plain::Char('$') if body[at..].starts_with("${") => return (name, &body[at..]),
            Plain::Nothing => {}
            Plain::Char(c) => name.push(c.to_ascii_lowercase()),
        }
    }
    (name, &body[body.len()..])
}

fn insignificant(c: char) -> bool {
    !matches!(plain_form(c), Plain::Char(_))
}

fn line_breaks(text: &str) -> u32 {
    let breaks = text
        .chars()
        .filter(|&c| matches!(plain_form(c), Plain::LineBreak))
        .count();
    u32::try_from(breaks).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;

//! Untrusted text made harmless, and the markup we write ourselves.

use crate::fanbook::text::plain::Plain;
use crate::fanbook::text::plain::is_invisible;
use crate::fanbook::text::plain::plain_form;
use crate::model::UserId;

/// Stands for a `{` that must not be read as one; no plain form turns it back.
const HARMLESS_BRACE: char = '｛';

/// `text` fit to stand anywhere in a message of ours: one line, no markup, no ping, no tricks.
///
/// - `${` opens nothing any more, so neither a mention nor a role can be written;
/// - a `{` at the very beginning is replaced too: a message that begins with one is taken for a
///   content object (fanbook-platform, 4.1), and after a `$` of ours or of another text it would
///   open a markup;
/// - line breaks and tabs are blanks; control characters, direction marks and characters of no
///   width are dropped, except the joiners that emoji and some scripts are made of.
pub fn neutral(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // The last character that can be seen: joiners in between must not hide a `${`.
    let mut last_seen = None;
    for c in text.chars() {
        match c {
            '\u{200c}' | '\u{200d}' => {
                if last_seen.is_some() {
                    out.push(c);
                }
                continue;
            }
            '{' if matches!(last_seen, None | Some('$')) => out.push(HARMLESS_BRACE),
            c if is_invisible(c) || is_noncharacter(c) => continue,
            c => match plain_form(c) {
                Plain::Nothing => continue,
                Plain::Blank | Plain::LineBreak => {
                    out.push(' ');
                    // Leading blanks leave the beginning where it is.
                    if last_seen.is_some() {
                        last_seen = Some(' ');
                    }
                    continue;
                }
                Plain::Char(_) => out.push(c),
            },
        }
        last_seen = Some(c);
    }
    out
}

/// The markup that shows and, with a notification, calls `user`.
pub fn member_mention(user: UserId) -> String {
    format!("${{@!{user}}}")
}

/// No font has these, and some readers of a message break on them.
fn is_noncharacter(c: char) -> bool {
    matches!(u32::from(c) & 0xffff, 0xfffe | 0xffff) || matches!(c, '\u{fdd0}'..='\u{fdef}')
}

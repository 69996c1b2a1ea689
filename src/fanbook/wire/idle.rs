//! Telling from a frame's first bytes that it holds no call to the bot.
//!
//! Most frames are talk. Decoding one costs six times what these few comparisons cost, and a flood
//! must not delay the commands in it.
//! Invariant: only ever errs towards "decode it". The claim "idle" is made only where the way from
//! the frame's first byte to the text's first character holds nothing unusual, so that a decoder
//! must arrive at the same character.

use crate::fanbook::text;

const HEAD: &[u8] = br#"{"action":"push","data":{"#;
const CONTENT: &[u8] = br#""content":"{\"type\":\"text\",\"text\":\""#;

/// Keys before `content` are looked through no further than this, in bytes.
const FARTHEST: usize = 512;

/// Whether decoding `frame` could only yield a message that [`text::hear`] finds nothing in.
pub fn is_idle(frame: &[u8]) -> bool {
    first_of_text(frame).is_some_and(|first| !text::may_begin(first))
}

/// The first character of a text message whose frame begins in the usual way.
fn first_of_text(frame: &[u8]) -> Option<char> {
    let data = frame.strip_prefix(HEAD)?;
    let text = match data.strip_prefix(CONTENT) {
        Some(text) => text,
        None => after_flat_keys(data)?.strip_prefix(CONTENT)?,
    };
    let first = match text.first()? {
        // An escape may stand for anything, and a quote would be one level too many.
        b'\\' | b'"' => return None,
        byte if byte.is_ascii() => char::from(*byte),
        _ => {
            let head = &text[..text.len().min(4)];
            let whole = match std::str::from_utf8(head) {
                Ok(whole) => whole,
                // Four bytes may end within a second character.
                Err(error) => std::str::from_utf8(&head[..error.valid_up_to()]).ok()?,
            };
            whole.chars().next()?
        }
    };
    Some(first)
}

/// From the key `content` on, if only plain strings, numbers and the like stand before it: without
/// braces, brackets and escapes nothing but a key of `data` itself can be spelled so.
fn after_flat_keys(data: &[u8]) -> Option<&[u8]> {
    let key = &CONTENT[..br#""content":"#.len()];
    let reach = &data[..data.len().min(FARTHEST)];
    let at = reach.windows(key.len()).position(|window| window == key)?;
    let flat = !reach[..at]
        .iter()
        .any(|byte| matches!(byte, b'{' | b'}' | b'[' | b']' | b'\\'));
    flat.then(|| &data[at..])
}

//! Codes that tie an account to whoever sends them, once.
//!
//! Invariants: a code has 60 random bits; the store keeps only its digest and finds it by that, so
//! neither a reader of the store nor the time a comparison takes gives one away; no way of printing
//! shows one, except `shown`, which is for the operator it is made for.

use std::fmt;
use std::fmt::Write as _;

use sha2::Digest;
use sha2::Sha256;
use uuid::Uuid;

use crate::support::secret::Secret;

/// Characters of a code, the signs between its groups not counted.
pub const CODE_LENGTH: usize = 12;

/// No 0, 1, I and O: they are read for each other. Thirty-two, so that five bits are one.
const CHARACTERS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// Characters of a group.
const GROUP: usize = 4;

/// A code, as given out or as somebody typed it.
#[derive(Clone)]
pub struct LinkCode(Secret);

impl LinkCode {
    /// A new one, by the system's own source of chance.
    pub fn fresh() -> Self {
        let code = Uuid::new_v4()
            .into_bytes()
            .into_iter()
            .enumerate()
            // These two bytes say what kind of number it is.
            .filter(|(place, _)| !matches!(place, 6 | 8))
            .take(CODE_LENGTH)
            .map(|(_, byte)| char::from(CHARACTERS[usize::from(byte & 31)]));
        Self(Secret::new(code.collect::<String>()))
    }

    /// Reads what a person typed; small and full-width letters and signs between groups are forgiven.
    /// `None`: it cannot be one.
    pub fn read(text: &str) -> Option<Self> {
        let code: String = text
            .chars()
            .filter(|c| !is_between(*c))
            .map(|c| narrow(c).to_ascii_uppercase())
            .collect();
        let has_form =
            code.len() == CODE_LENGTH && code.bytes().all(|byte| CHARACTERS.contains(&byte));
        has_form.then(|| Self(Secret::new(code)))
    }

    /// Whether somebody who typed `text` may have meant a code: nearly as long, and no sign that only
    /// an id has.
    pub fn is_meant(text: &str) -> bool {
        let kept: Vec<char> = text.chars().filter(|c| !is_between(*c)).collect();
        let near = CODE_LENGTH - 2..=CODE_LENGTH + 2;
        let grouped = text.chars().any(is_between);
        let upper = kept.iter().any(|c| narrow(*c).is_ascii_uppercase())
            && !kept.iter().any(|c| narrow(*c).is_ascii_lowercase());
        near.contains(&kept.len())
            && kept.iter().all(|c| narrow(*c).is_ascii_alphanumeric())
            && (grouped || upper)
    }

    /// As it is handed to a person: `K7QF-2MXD-9RTW`.
    pub fn shown(&self) -> String {
        let code = self.0.expose().as_bytes();
        let groups = code.chunks(GROUP).map(String::from_utf8_lossy);
        groups.collect::<Vec<_>>().join("-")
    }

    /// What the store keeps of it.
    pub(super) fn digest(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(b"guildpoints link code\0");
        hash.update(self.0.expose().as_bytes());
        let mut digest = String::with_capacity(64);
        for byte in hash.finalize() {
            let _infallible = write!(digest, "{byte:02x}");
        }
        digest
    }
}

impl fmt::Debug for LinkCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<code>")
    }
}

fn is_between(c: char) -> bool {
    matches!(c, '-' | '－' | '–' | '—' | '_') || c.is_whitespace()
}

/// A full-width character as the one it stands for.
fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_differ_are_shown_in_groups_and_read_however_they_are_typed() {
        let codes: HashSet<String> = (0..1_000).map(|_| LinkCode::fresh().shown()).collect();
        assert_eq!(codes.len(), 1_000);
        let seen: HashSet<char> = codes.iter().flat_map(|code| code.chars()).collect();
        assert_eq!(
            seen.len(),
            33,
            "every character comes up, and the sign between groups"
        );
        for shown in codes.iter().take(50) {
            assert_eq!(shown.len(), 14);
            let digest = LinkCode::read(shown).unwrap().digest();
            let wide: String = shown
                .chars()
                .map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap())
                .collect();
            for typed in [shown.to_lowercase(), shown.replace('-', " "), wide] {
                assert!(LinkCode::is_meant(&shown.replace('-', "")), "{shown}");
                assert_eq!(LinkCode::read(&typed).unwrap().digest(), digest, "{typed}");
            }
            assert_eq!(digest.len(), 64);
            assert!(!digest.contains(&shown.replace('-', "").to_lowercase()));
        }
    }

    #[test]
    fn what_cannot_be_a_code_is_none_and_nothing_prints_one() {
        for text in [
            "",
            "K7QF-2MXD-9RT",
            "K7QF-2MXD-9RT0",
            "K7QF-2MXD-9RTW2",
            "@a:b",
        ] {
            assert!(LinkCode::read(text).is_none(), "{text}");
        }
        for meant in ["K7QF-2MXD-9RT", "K7QF2MXD9RT0", "k7qf-2mxd-9rto"] {
            assert!(LinkCode::is_meant(meant), "{meant}");
        }
        for not in [
            "Qw3eRt7Yu",
            "@retail_20871:corp.example",
            "U00aa11bb22cc33dd",
        ] {
            assert!(!LinkCode::is_meant(not), "{not}");
        }
        let code = LinkCode::read("K7QF-2MXD-9RTW").unwrap();
        assert_eq!(format!("{code:?}"), "<code>");
    }
}

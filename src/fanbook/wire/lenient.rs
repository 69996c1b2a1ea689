//! Reading values whose JSON type the platform does not keep.
//!
//! Ids come as numbers or strings by place, and may be null, empty or zero where there is nothing
//! (fanbook-platform, 1.4). Each field is therefore kept raw and read by itself: one odd field must
//! not cost the whole message. Raw values are never turned into trees, so depth costs no stack.

use serde::Deserialize;
use serde::Deserializer;
use serde_json::value::RawValue;

/// The raw text of a field.
pub(in crate::fanbook) type Raw<'a> = Option<&'a RawValue>;

/// Keeps a field that is present apart from one that is absent, even when it is null.
pub(in crate::fanbook) fn present<'de, D>(deserializer: D) -> Result<Raw<'de>, D::Error>
where
    D: Deserializer<'de>,
{
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// What a field says of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fanbook) enum Id {
    /// Absent, null, empty or zero.
    None,
    /// This one.
    Some(u64),
    /// Something that is no id. Not the same as none: a guild that cannot be read is no private chat.
    Unreadable,
}

impl Id {
    pub(in crate::fanbook) fn some(self) -> Option<u64> {
        match self {
            Id::Some(id) => Some(id),
            Id::None | Id::Unreadable => None,
        }
    }
}

pub(in crate::fanbook) fn id(field: Raw<'_>) -> Id {
    let Some(raw) = field else {
        return Id::None;
    };
    let text = raw.get();
    let digits = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .unwrap_or(text);
    match digits {
        "" | "null" => Id::None,
        _ if !digits.bytes().all(|byte| byte.is_ascii_digit()) => Id::Unreadable,
        _ => match digits.parse() {
            Ok(0) => Id::None,
            Ok(id) => Id::Some(id),
            Err(_) => Id::Unreadable,
        },
    }
}

/// A non-empty string, or the digits of a number; anything else is none.
pub(in crate::fanbook) fn string(field: Raw<'_>) -> Option<String> {
    let raw = field?;
    let text = match serde_json::from_str::<String>(raw.get()) {
        Ok(text) => text,
        Err(_) => integer(field)?.to_string(),
    };
    (!text.is_empty()).then_some(text)
}

/// An integer, plain or in a string; anything else is none.
pub(in crate::fanbook) fn integer(field: Raw<'_>) -> Option<i64> {
    let text = field?.get();
    text.trim_matches('"').parse().ok()
}

/// A mask of bits, plain or in a string; anything else is none.
pub(in crate::fanbook) fn mask(field: Raw<'_>) -> Option<u64> {
    let text = field?.get();
    text.trim_matches('"').parse().ok()
}

/// Whether the field says true.
pub(in crate::fanbook) fn is_true(field: Raw<'_>) -> bool {
    field.is_some_and(|raw| matches!(raw.get(), "true" | "1"))
}

/// The elements of a list, each still raw; anything else is none.
pub(in crate::fanbook) fn list(field: Raw<'_>) -> Option<Vec<&RawValue>> {
    serde_json::from_str(field?.get()).ok()
}

/// An object of the shape asked for; anything else is none.
pub(in crate::fanbook) fn object<'a, T: Deserialize<'a>>(field: Raw<'a>) -> Option<T> {
    serde_json::from_str(field?.get()).ok()
}

/// Short ids are digits; elsewhere the same key holds names such as `bot-1`.
pub(in crate::fanbook) fn is_short_id(text: &str) -> bool {
    (1..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> &RawValue {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn ids_are_read_by_what_they_say_not_by_their_type() {
        for (text, wanted) in [
            ("868822861471551488", Id::Some(868_822_861_471_551_488)),
            ("\"868822861471551488\"", Id::Some(868_822_861_471_551_488)),
            ("0", Id::None),
            ("\"0\"", Id::None),
            ("\"\"", Id::None),
            ("null", Id::None),
            ("8.68e17", Id::Unreadable),
            ("-1", Id::Unreadable),
            ("\"all\"", Id::Unreadable),
            ("99999999999999999999999", Id::Unreadable),
            ("[1]", Id::Unreadable),
        ] {
            assert_eq!(id(Some(raw(text))), wanted, "{text}");
        }
        assert_eq!(id(None), Id::None);
    }

    #[test]
    fn odd_types_become_none() {
        assert_eq!(string(Some(raw("17"))), Some("17".to_owned()));
        assert_eq!(string(Some(raw("\"\""))), None);
        assert_eq!(string(Some(raw("{}"))), None);
        assert_eq!(integer(Some(raw("\"5\""))), Some(5));
        assert_eq!(integer(Some(raw("5.5"))), None);
        assert!(list(Some(raw("{}"))).is_none());
        assert!(!is_true(Some(raw("\"yes\""))));
    }
}

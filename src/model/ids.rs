//! Typed ids of the chat platform.
//!
//! Every id is a snowflake above 2^53, so none may touch a float. Ids are read leniently (number or
//! string of digits) because the platform sends both; how one goes out is decided by each wire, so
//! the types implement no `Serialize`.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use serde::Deserialize;
use serde::Deserializer;
use serde::de;

/// Milliseconds since 1970 at which the platform's snowflakes begin, 2019-08-08T00:08:08Z.
///
/// Source: fanbook-platform, 1.4.
pub const SNOWFLAKE_EPOCH_MS: i64 = 1_565_222_888_000;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u64);

        impl $name {
            /// Wraps a raw id.
            pub const fn new(raw: u64) -> Self {
                Self(raw)
            }

            /// The raw id, for wires that want a number.
            pub const fn number(self) -> u64 {
                self.0
            }

            /// When the id was minted, in milliseconds since 1970.
            pub const fn minted_ms(self) -> i64 {
                (self.0 >> 22) as i64 + SNOWFLAKE_EPOCH_MS
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(IdVisitor).map(Self)
            }
        }
    )*};
}

ids! {
    /// A guild (server) of the platform.
    GuildId;
    /// A member's long id; the short id ("Fanbook #") is a different thing and not stable.
    UserId;
    /// A channel of a guild, or a private chat.
    ChannelId;
    /// A message; ids sort by time.
    MessageId;
    /// A role of a guild.
    RoleId;
}

struct IdVisitor;

impl de::Visitor<'_> for IdVisitor {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id: an unsigned integer or a string of digits")
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<u64, E> {
        Ok(value)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<u64, E> {
        u64::try_from(value).map_err(|_| E::invalid_value(de::Unexpected::Signed(value), &self))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<u64, E> {
        if value.is_empty() || !value.bytes().all(|b| b.is_ascii_digit()) {
            return Err(E::invalid_value(de::Unexpected::Str(value), &self));
        }
        value
            .parse()
            .map_err(|_| E::invalid_value(de::Unexpected::Str(value), &self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_and_string_read_alike_beyond_2_to_the_53() {
        let number: UserId = serde_json::from_str("223456789012345677").unwrap();
        let string: UserId = serde_json::from_str("\"223456789012345677\"").unwrap();
        assert_eq!(number, string);
        assert_eq!(number.to_string(), "223456789012345677");
    }

    #[test]
    fn floats_and_words_are_refused_not_rounded() {
        for text in [
            "2.2345678901234568e17",
            "1.0",
            "-1",
            "\"\"",
            "\"+7\"",
            "\"12a\"",
            "null",
        ] {
            assert!(serde_json::from_str::<UserId>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_id_tells_its_time() {
        // From the platform's own sample pair: id and the frame's time agree within 2 ms.
        let minted = MessageId::new((1_000_000_000 << 22) | 5).minted_ms();
        assert_eq!(minted, SNOWFLAKE_EPOCH_MS + 1_000_000_000);
    }
}

//! What members are called, as far as that can be learnt while somebody waits for an answer.

use std::collections::HashMap;

use futures_util::future::BoxFuture;

use crate::model::GuildId;
use crate::model::UserId;

/// What the platform says of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// A member, and their name. Untrusted text.
    Person(String),
    /// A member with a role that is left out of boards, and their name. Untrusted text.
    Unranked(String),
    /// A bot.
    Bot,
    /// Not a member.
    Gone,
}

/// Names of members.
pub trait Names: Send + Sync {
    /// What is known of them, or can be found out in a moment; those who are missing could not be
    /// looked up in time.
    fn of(&self, guild: GuildId, members: Vec<UserId>) -> BoxFuture<'_, HashMap<UserId, Known>>;
}

/// Whether anything of a name can be seen. Marks that stand on nothing can.
pub(super) fn shows(name: &str) -> bool {
    let seen = |c: char| match c {
        _ if c.is_whitespace() || c.is_control() => false,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{2800}' => false,
        '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' => false,
        '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' => false,
        '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}' => false,
        '\u{fdd0}'..='\u{fdef}' => false,
        _ => u32::from(c) & 0xfffe != 0xfffe,
    };
    name.chars().any(seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_nothing_to_see_is_none() {
        for name in [
            "",
            "  ",
            "\u{200b}\u{200d}",
            "\u{3164}\u{2800}",
            "\u{202e}",
            "\u{fe0f}\u{ffff}",
        ] {
            assert!(!shows(name), "{name:?}");
        }
        for name in ["a", "小明", "\u{301}", "مرحبا", "\u{200d}👨"] {
            assert!(shows(name), "{name:?}");
        }
    }
}

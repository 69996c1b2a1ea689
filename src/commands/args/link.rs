//! What stands after `/link` and `/unlink`. It is read again where the guild's systems are known.
//!
//! ```text
//! link   = [ system [ code | [ kind ] id ] ] | "pending" | ( "approve" | "refuse" ) who system
//! unlink = [ who ] system
//! ```
//!
//! Invariant: no word of it is repeated to anybody or printed: it may be a code or an id.

use std::fmt;

use crate::commands::args::Arg;
use crate::commands::args::Args;
use crate::commands::args::Asked;
use crate::commands::args::LONG_ID;
use crate::commands::args::MARKED_SHORT_ID;
use crate::commands::args::Verb;
use crate::commands::args::Who;
use crate::commands::args::deciding::APPROVE_WORDS;
use crate::commands::args::deciding::REFUSE_WORDS;
use crate::commands::args::is_one_of;
use crate::model::MessageId;

/// Words that nobody repeats.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct LinkWords {
    /// They, as typed.
    pub typed: Vec<String>,
    /// They, in plain form.
    pub plain: Vec<String>,
    /// The claim that a button is about.
    pub claim: Option<MessageId>,
}

impl fmt::Debug for LinkWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} words>", self.typed.len())
    }
}

impl Args {
    /// Reads the words of `/link`.
    pub fn link(self) -> Asked {
        let first = self.pieces.iter().find_map(|piece| match piece {
            Arg::Word { plain, .. } => Some(plain.as_str()),
            _ => None,
        });
        let verb = match first {
            Some(word) if is_one_of(&APPROVE_WORDS, word) => Some(Verb::Approve),
            Some(word) if is_one_of(&REFUSE_WORDS, word) => Some(Verb::Refuse),
            _ => None,
        };
        let mut asked = self.words_of_link(verb.is_some());
        if verb.is_some() {
            asked.link.typed.remove(0);
            asked.link.plain.remove(0);
        }
        Asked { verb, ..asked }
    }

    /// Reads the words of `/unlink`.
    pub fn unlink(self) -> Asked {
        self.words_of_link(true)
    }

    /// Parts members from words; typed ids of members count where `by_id`, since an account's id may
    /// look like one.
    fn words_of_link(self, by_id: bool) -> Asked {
        let mut asked = Asked::default();
        for piece in self.pieces {
            let who = match piece {
                Arg::Member(id) => Who::Id(id),
                Arg::Role(role) => Who::Role(role),
                Arg::Channel(_) => continue,
                Arg::Word { plain, typed } => match named_by_id(&plain).filter(|_| by_id) {
                    Some(who) => who,
                    None => {
                        asked.link.typed.push(typed);
                        asked.link.plain.push(plain);
                        continue;
                    }
                },
            };
            if !asked.who.contains(&who) {
                asked.who.push(who);
            }
        }
        asked
    }
}

fn named_by_id(plain: &str) -> Option<Who> {
    if LONG_ID.is_match(plain) {
        return plain.parse().ok().map(Who::Id);
    }
    let short = MARKED_SHORT_ID.captures(plain)?;
    Some(Who::Short(short[1].to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::UserId;

    fn args(words: &[&str]) -> Args {
        let word = |text: &&str| Arg::Word {
            plain: (*text).to_owned(),
            typed: (*text).to_owned(),
        };
        Args {
            pieces: words.iter().map(word).collect(),
            replying_to: None,
        }
    }

    #[test]
    fn an_accounts_id_is_never_a_member_and_never_printed() {
        for id in ["1234567890123456", "#123456", "@retail_1:corp.example"] {
            let asked = args(&["manta.shop", "facebook", id]).link();
            assert_eq!(asked.who, []);
            assert_eq!(asked.link.typed, ["manta.shop", "facebook", id]);
            assert!(!format!("{asked:?}").contains(id), "{asked:?}");
        }
    }

    #[test]
    fn staff_name_a_member_and_a_system() {
        let asked = args(&["批准", "1234567890123456", "swan.hq"]).link();
        assert_eq!(asked.verb, Some(Verb::Approve));
        assert_eq!(asked.who, [Who::Id(UserId::new(1_234_567_890_123_456))]);
        assert_eq!(asked.link.plain, ["swan.hq"]);
        let asked = args(&["swan.hq", "#123456"]).unlink();
        assert_eq!(asked.who, [Who::Short("123456".to_owned())]);
        assert_eq!(asked.link.plain, ["swan.hq"]);
    }
}

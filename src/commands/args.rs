//! The words after a command.
//!
//! ```text
//! change  = { who | amount | preset | reason word }      in any order that can be told apart
//! who     = mention | "@" name of somebody mentioned | long id (15-19 digits) | "#" short id | short id (5-12 digits, when nobody else is named)
//!         | [ "role" | "身份组" ] role mention: everybody who holds it
//!         | the author of the message replied to (when nobody else is named)
//! amount  = [ "+" ] digits, with commas only where thousands are parted
//! preset  = a word of [guild.presets], where no amount stands
//! reason  = all other words, in their order
//! undo    = code [ "rest" | "部分" ] | "last"
//! ruling  = [ ( "approve" | "批准" ) code | ( "refuse" | "拒绝" ) code [ reason ] ]
//! history = { page | direction | who | system }          in any order
//! page    = digits (1-4) | "第" digits "页"
//! board   = { period | "page" digits | page | "me" | who }  in any order; a period as in `model::period`
//! privacy = [ "board" | "排行榜" ] [ "on" | "off" ]
//! schedule, link, unlink: see there
//! ```

mod board;
mod browse;
mod change;
mod deciding;
mod link;
mod report;
mod schedule;

use std::sync::LazyLock;

use regex::Regex;

pub use board::BoardWanted;
pub use board::MOST_BOARD_PAGES;
pub use board::Page;
pub use browse::Browse;
pub use browse::MOST_PAGES;
pub use link::LinkWords;
pub use report::is_event;
pub use schedule::NewBoard;
pub use schedule::ScheduleAsked;
pub use schedule::ScheduleVerb;
pub use schedule::ScheduleWrong;
pub use schedule::Unread;

use crate::model::Amount;
use crate::model::ChannelId;
use crate::model::MessageId;
use crate::model::ReceiptCode;
use crate::model::Refusal;
use crate::model::RoleId;
use crate::model::UserId;
use crate::model::refusal::Usage;
use crate::points::OnBoards;

/// One piece of what stands after the command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arg {
    /// A mentioned member.
    Member(UserId),
    /// A mentioned role.
    Role(RoleId),
    /// A linked channel; where no channel is wanted it is passed over.
    Channel(ChannelId),
    /// A word.
    Word {
        /// In plain forms: ASCII digits and signs.
        plain: String,
        /// As typed. Untrusted text.
        typed: String,
    },
}

/// What stands after a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Args {
    /// The pieces, in their order.
    pub pieces: Vec<Arg>,
    /// The message replied to.
    pub replying_to: Option<MessageId>,
}

/// A way to name a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// By long id: a mention, or typed.
    Id(UserId),
    /// By `#short id`.
    Short(String),
    /// By a bare short id, which might have been meant as an amount.
    BareShort(String),
    /// By a typed `@name`, which only the message's own list of mentions can resolve.
    Named(String),
    /// By a reply to a message of theirs.
    AuthorOf(MessageId),
    /// Everybody who holds a role.
    Role(RoleId),
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Members named, each once.
    pub who: Vec<Who>,
    /// The amount, always positive as typed.
    pub amount: Option<Amount>,
    /// The reason, or another free text.
    pub text: Option<String>,
    /// The change that is meant.
    pub receipt: Option<ReceiptCode>,
    /// What is to be done with it.
    pub verb: Option<Verb>,
    /// The page of a history that is meant.
    pub browse: Browse,
    /// What is said of an account elsewhere.
    pub link: LinkWords,
    /// The board that is meant.
    pub board: BoardWanted,
    /// Whether the asker wants to be on boards.
    pub on_boards: Option<OnBoards>,
    /// The points system that is meant, as it was written. Untrusted text.
    pub system: Option<String>,
    /// What is wanted of the boards that post themselves.
    pub schedule: ScheduleAsked,
}

/// What can be done with a change that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Undo it as far as possible.
    TakeWhatIsThere,
    /// Undo the asker's newest, whichever that is.
    Last,
    /// Let it happen.
    Approve,
    /// Let it not happen.
    Refuse,
}

/// Members one command may change: as many as one request of the mall carries here, and as one
/// message can list. Source: points-backends, 1.8.
pub const MOST_MEMBERS: usize = 100;

/// Words that may stand before a role mention.
const ROLE_WORDS: [&str; 2] = ["role", "身份组"];

/// Longest reason, in UTF-16 units. Source: points-backends, 1.9.
pub const LONGEST_REASON: usize = 99;

static LONG_ID: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^[0-9]{15,19}$").expect("the pattern is fixed and valid"));
static MARKED_SHORT_ID: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^#([0-9]{3,12})$").expect("the pattern is fixed and valid"));
static BARE_SHORT_ID: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^[0-9]{5,12}$").expect("the pattern is fixed and valid"));

/// A free word, in both spellings.
#[derive(Clone, Debug)]
struct Free {
    plain: String,
    typed: String,
}

impl Args {
    /// Reads a reason and nothing else; members named in it stay as their ids.
    pub fn reason_alone(self) -> Result<Asked, Refusal> {
        let free = self.pieces.into_iter().filter_map(|piece| {
            let (plain, typed) = match piece {
                Arg::Member(id) => (format!("@{id}"), format!("@{id}")),
                Arg::Role(id) => (format!("@{id}"), format!("@{id}")),
                // In a reason it would only be a number.
                Arg::Channel(_) => return None,
                Arg::Word { plain, typed } => (plain, typed),
            };
            Some(Free { plain, typed })
        });
        Ok(Asked {
            text: reason(free.collect())?,
            ..Asked::default()
        })
    }

    /// The words, where nobody is named.
    fn words_alone(&self) -> Result<Vec<Free>, Refusal> {
        let (who, free) = self.split()?;
        match who.is_empty() {
            true => Ok(free),
            false => Err(Refusal::Usage(Usage::Surplus {
                read: "@".to_owned(),
            })),
        }
    }

    /// Reads at most one member and nothing else.
    pub fn one_member(self) -> Result<Asked, Refusal> {
        let (mut who, mut free) = self.split()?;
        if who.is_empty()
            && let [only] = free.as_slice()
            && BARE_SHORT_ID.is_match(&only.plain)
        {
            who.push(Who::Short(free.remove(0).plain));
        }
        no_surplus(&free)?;
        if who.iter().any(|who| matches!(who, Who::Role(_))) {
            return Err(Refusal::Usage(Usage::RoleNamed));
        }
        if who.len() > 1 {
            return Err(Refusal::Usage(Usage::SeveralNamed { count: who.len() }));
        }
        Ok(Asked {
            who,
            ..Asked::default()
        })
    }

    /// Reads at most one word.
    pub fn one_word(self) -> Result<Asked, Refusal> {
        let (who, mut free) = self.split()?;
        if !who.is_empty() {
            let read = "@".to_owned();
            return Err(Refusal::Usage(Usage::Surplus { read }));
        }
        let text = (!free.is_empty()).then(|| free.remove(0).plain);
        no_surplus(&free)?;
        Ok(Asked {
            text,
            ..Asked::default()
        })
    }

    /// Parts members from free words. A member named twice counts once.
    fn split(&self) -> Result<(Vec<Who>, Vec<Free>), Refusal> {
        let mut who: Vec<Who> = Vec::new();
        let mut free = Vec::new();
        for piece in &self.pieces {
            let named = match piece {
                Arg::Member(id) => Who::Id(*id),
                Arg::Role(role) => {
                    // `role @r` and `@r` mean the same.
                    free.pop_if(|word: &mut Free| ROLE_WORDS.contains(&word.plain.as_str()));
                    Who::Role(*role)
                }
                Arg::Channel(_) => continue,
                Arg::Word { plain, typed } => match named_by(plain) {
                    Some(named) => named,
                    None => {
                        free.push(Free {
                            plain: plain.clone(),
                            typed: typed.clone(),
                        });
                        continue;
                    }
                },
            };
            if !who.contains(&named) {
                who.push(named);
            }
        }
        Ok((who, free))
    }
}

fn named_by(plain: &str) -> Option<Who> {
    if LONG_ID.is_match(plain) {
        return plain.parse().ok().map(Who::Id);
    }
    if let Some(name) = plain.strip_prefix('@').filter(|name| !name.is_empty()) {
        return Some(Who::Named(name.to_owned()));
    }
    let short = MARKED_SHORT_ID.captures(plain)?;
    Some(Who::Short(short[1].to_owned()))
}

fn is_one_of(words: &[&str], word: &str) -> bool {
    words.contains(&word.to_lowercase().as_str())
}

/// All words together, as a reason that fits.
fn reason(free: Vec<Free>) -> Result<Option<String>, Refusal> {
    joined(free.into_iter().map(|word| word.typed))
}

/// Words in their order as a reason that fits, or that there is none.
fn joined(typed: impl Iterator<Item = String>) -> Result<Option<String>, Refusal> {
    let text = typed.collect::<Vec<_>>().join(" ");
    let length = text.encode_utf16().count();
    if length > LONGEST_REASON {
        let cap = LONGEST_REASON;
        return Err(Refusal::Usage(Usage::ReasonTooLong { length, cap }));
    }
    Ok((!text.is_empty()).then_some(text))
}

fn no_surplus(free: &[Free]) -> Result<(), Refusal> {
    match free.is_empty() {
        true => Ok(()),
        false => Err(surplus(free)),
    }
}

fn surplus(free: &[Free]) -> Refusal {
    let typed: Vec<&str> = free.iter().map(|word| word.typed.as_str()).collect();
    let read = typed.join(" ");
    Refusal::Usage(Usage::Surplus { read })
}

#[cfg(test)]
mod tests;

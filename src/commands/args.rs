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
//!
//! The amount is the first word beside the members when that is a number; otherwise the only number.

mod board;
mod browse;
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
use crate::model::AmountError;
use crate::model::ChannelId;
use crate::model::MessageId;
use crate::model::Policy;
use crate::model::ReceiptCode;
use crate::model::Refusal;
use crate::model::RoleId;
use crate::model::UserId;
use crate::model::amount::LARGEST;
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

/// What stands for the asker's newest change.
const LAST_WORDS: [&str; 3] = ["last", "上一笔", "最近"];
/// What stands for as much as is there.
const REST_WORDS: [&str; 3] = ["rest", "部分", "剩余"];
const APPROVE_WORDS: [&str; 4] = ["approve", "批准", "同意", "通过"];
const REFUSE_WORDS: [&str; 4] = ["refuse", "reject", "拒绝", "驳回"];

/// Members one command may change: as many as one request of the mall carries here, and as one
/// message can list. Source: points-backends, 1.8.
pub const MOST_MEMBERS: usize = 100;

/// Words that may stand before a role mention.
const ROLE_WORDS: [&str; 2] = ["role", "身份组"];

/// Longest reason, in UTF-16 units. Source: points-backends, 1.9.
pub const LONGEST_REASON: usize = 99;

static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)$")
        .expect("the pattern is fixed and valid")
});
static LIKE_A_NUMBER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^[+-]?[0-9]").expect("the pattern is fixed and valid"));
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
    /// Reads a change of points: who, how much, why.
    pub fn change(self, policy: &Policy) -> Result<Asked, Refusal> {
        let (mut who, mut free) = self.split()?;
        if who.is_empty()
            && let Some(message) = self.replying_to
        {
            who.push(Who::AuthorOf(message));
        }
        if who.is_empty() {
            // A bare short id looks like an amount, so it counts only where nobody else is named,
            // and the change is shown by name and confirmed before points move.
            let at = free
                .iter()
                .position(|word| BARE_SHORT_ID.is_match(&word.plain));
            let numbers = free
                .iter()
                .filter(|word| NUMBER.is_match(&word.plain))
                .count();
            if let Some(at) = at
                && numbers > 1
            {
                who.push(Who::BareShort(free.remove(at).plain));
            }
        }
        if who.is_empty() {
            return Err(Refusal::Usage(Usage::NobodyNamed));
        }
        let (amount, preset_reason) = take_amount(&mut free, policy)?;
        let words = free.into_iter().map(|word| word.typed);
        let text = preset_reason
            .into_iter()
            .chain(words)
            .collect::<Vec<_>>()
            .join(" ");
        let length = text.encode_utf16().count();
        if length > LONGEST_REASON {
            let cap = LONGEST_REASON;
            return Err(Refusal::Usage(Usage::ReasonTooLong { length, cap }));
        }
        if who.len() > MOST_MEMBERS {
            return Err(Refusal::Usage(Usage::TooMany {
                count: who.len(),
                cap: MOST_MEMBERS,
            }));
        }
        Ok(Asked {
            who,
            amount: Some(amount),
            text: (!text.is_empty()).then_some(text),
            ..Asked::default()
        })
    }

    /// Reads what is to be undone: `code`, `code rest` or `last`.
    pub fn undo(self) -> Result<Asked, Refusal> {
        let mut free = self.words_alone()?;
        let what = (!free.is_empty()).then(|| free.remove(0));
        let what = what.map(|word| word.plain).unwrap_or_default();
        if is_one_of(&LAST_WORDS, &what) {
            no_surplus(&free)?;
            return Ok(Asked {
                verb: Some(Verb::Last),
                ..Asked::default()
            });
        }
        let receipt = Some(read_code(what)?);
        let rest = free.pop_if(|word| is_one_of(&REST_WORDS, &word.plain));
        no_surplus(&free)?;
        Ok(Asked {
            receipt,
            verb: rest.map(|_| Verb::TakeWhatIsThere),
            ..Asked::default()
        })
    }

    /// Reads a decision: nothing, `approve code`, or `refuse code reason`.
    pub fn ruling(self) -> Result<Asked, Refusal> {
        let mut free = self.words_alone()?;
        if free.is_empty() {
            return Ok(Asked::default());
        }
        let first = free.remove(0);
        let verb = match &first.plain {
            word if is_one_of(&APPROVE_WORDS, word) => Verb::Approve,
            word if is_one_of(&REFUSE_WORDS, word) => Verb::Refuse,
            _ => {
                free.insert(0, first);
                return Err(surplus(&free));
            }
        };
        let code = (!free.is_empty()).then(|| free.remove(0).plain);
        let receipt = Some(read_code(code.unwrap_or_default())?);
        if verb == Verb::Approve {
            no_surplus(&free)?;
        }
        Ok(Asked {
            receipt,
            verb: Some(verb),
            text: reason(free)?,
            ..Asked::default()
        })
    }

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

fn read_code(read: String) -> Result<ReceiptCode, Refusal> {
    ReceiptCode::read(&read).ok_or(Refusal::Usage(Usage::NotAReceipt { read }))
}

/// All words together, as a reason that fits.
fn reason(free: Vec<Free>) -> Result<Option<String>, Refusal> {
    let typed: Vec<String> = free.into_iter().map(|word| word.typed).collect();
    let text = typed.join(" ");
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

/// Takes the amount, or the preset that stands for one, out of the words.
fn take_amount(free: &mut Vec<Free>, policy: &Policy) -> Result<(Amount, Option<String>), Refusal> {
    let numbers: Vec<usize> = (0..free.len())
        .filter(|&at| NUMBER.is_match(&free[at].plain))
        .collect();
    let at = match numbers.as_slice() {
        [] => return preset(free, policy),
        // `100 200`: nobody can tell which is meant.
        [0, 1, ..] => return Err(two_amounts(free, &numbers)),
        [0, ..] => 0,
        [only] => *only,
        _ => return Err(two_amounts(free, &numbers)),
    };
    let word = free.remove(at);
    read_amount(&word.plain).map(|amount| (amount, None))
}

fn two_amounts(free: &[Free], numbers: &[usize]) -> Refusal {
    let read = numbers.iter().map(|&at| free[at].typed.clone()).collect();
    Refusal::Usage(Usage::TwoAmounts { read })
}

fn preset(free: &mut Vec<Free>, policy: &Policy) -> Result<(Amount, Option<String>), Refusal> {
    let known = free
        .iter()
        .enumerate()
        .find_map(|(at, word)| Some((at, policy.presets.get(&word.plain.to_lowercase())?.clone())));
    if let Some((at, preset)) = known {
        free.remove(at);
        return Ok((preset.amount, preset.reason));
    }
    let like_one = free.iter().find(|word| LIKE_A_NUMBER.is_match(&word.plain));
    Err(Refusal::Usage(match like_one {
        Some(word) => Usage::NotAnAmount {
            read: word.typed.clone(),
            guess: guess(&word.plain),
        },
        None => Usage::NoAmount,
    }))
}

fn read_amount(plain: &str) -> Result<Amount, Refusal> {
    let digits: String = plain.chars().filter(|c| c.is_ascii_digit()).collect();
    let too_large = || {
        Refusal::Usage(Usage::TooLarge {
            read: plain.to_owned(),
            cap: i64::from(LARGEST),
        })
    };
    let size: i64 = digits.parse().map_err(|_| too_large())?;
    if plain.starts_with('-') && size != 0 {
        return Err(Refusal::Usage(Usage::NegativeAmount { read: -size }));
    }
    Amount::new(size).map_err(|error| match error {
        AmountError::Zero => Refusal::Usage(Usage::ZeroAmount),
        AmountError::TooLarge => too_large(),
    })
}

/// What somebody probably meant: letters that look like digits read as digits, `1e3` as 1000, and of
/// anything else the digits it begins with.
fn guess(plain: &str) -> Option<i64> {
    let plain = plain.trim_start_matches(['+', '-']);
    let scientific = plain.split_once(['e', 'E']).and_then(|(digits, power)| {
        let power: u32 = power.parse().ok().filter(|power| *power <= 4)?;
        digits.parse::<i64>().ok()?.checked_mul(10_i64.pow(power))
    });
    let meant = scientific.or_else(|| {
        let whole = plain.split(['.', '_', '*', '/', '%']).next()?;
        let characters = || whole.chars().filter(|c| *c != ',');
        let alike: Option<String> = characters()
            .map(|c| match c {
                'o' | 'O' => Some('0'),
                'l' | 'I' | 'i' => Some('1'),
                c => Some(c).filter(char::is_ascii_digit),
            })
            .collect();
        let digits =
            alike.unwrap_or_else(|| characters().take_while(char::is_ascii_digit).collect());
        digits.parse().ok()
    })?;
    (1..=i64::from(LARGEST)).contains(&meant).then_some(meant)
}

#[cfg(test)]
mod tests;

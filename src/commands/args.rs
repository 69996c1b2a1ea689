//! The words after a command.
//!
//! ```text
//! change  = { who | amount | preset | reason word }      in any order that can be told apart
//! who     = mention | "@" name of somebody mentioned | long id (15-19 digits) | "#" short id | short id (5-12 digits, when nobody else is named)
//!         | the author of the message replied to (when nobody else is named)
//! amount  = [ "+" ] digits, with commas only where thousands are parted
//! preset  = a word of [guild.presets], where no amount stands
//! reason  = all other words, in their order
//! ```
//!
//! The amount is the first word beside the members when that is a number; otherwise the only number.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::Amount;
use crate::model::AmountError;
use crate::model::MessageId;
use crate::model::Policy;
use crate::model::Refusal;
use crate::model::RoleId;
use crate::model::UserId;
use crate::model::amount::LARGEST;
use crate::model::refusal::Usage;

/// One piece of what stands after the command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arg {
    /// A mentioned member.
    Member(UserId),
    /// A mentioned role.
    Role(RoleId),
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
}

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
        // Counted before the check of the number, so that one answer names the first thing wrong.
        if who.len() > 1 {
            return Err(Refusal::Usage(Usage::SeveralNamed { count: who.len() }));
        }
        Ok(Asked {
            who,
            amount: Some(amount),
            text: (!text.is_empty()).then_some(text),
        })
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
                Arg::Role(_) => return Err(Refusal::Usage(Usage::RoleNamed)),
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

fn no_surplus(free: &[Free]) -> Result<(), Refusal> {
    if free.is_empty() {
        return Ok(());
    }
    let typed: Vec<&str> = free.iter().map(|word| word.typed.as_str()).collect();
    let read = typed.join(" ");
    Err(Refusal::Usage(Usage::Surplus { read }))
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
mod tests {
    use std::collections::BTreeMap;

    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    use super::*;
    use crate::model::GuildId;
    use crate::model::Language;
    use crate::model::policy::ManageGuild;
    use crate::model::policy::Preset;
    use crate::model::policy::RewardLimits;

    fn policy() -> Policy {
        let bug = Preset {
            amount: Amount::new(50).unwrap(),
            reason: Some("反馈问题".to_owned()),
        };
        Policy {
            guild: GuildId::new(1),
            name: None,
            language: Language::Chinese,
            zone: TimeZone::UTC,
            admins: Vec::new(),
            admin_roles: Vec::new(),
            moderator_roles: Vec::new(),
            manage_guild: ManageGuild::MeansNothing,
            limits: RewardLimits::default(),
            presets: BTreeMap::from([("bug".to_owned(), bug)]),
        }
    }

    const ANNE: UserId = UserId::new(223_456_789_012_345_677);

    /// `@` stands for a mention of Anne.
    fn read(text: &str) -> Result<Asked, Refusal> {
        read_replying(text, None)
    }

    fn read_replying(text: &str, replying_to: Option<MessageId>) -> Result<Asked, Refusal> {
        let pieces = text
            .split_whitespace()
            .map(|word| match word {
                "@" => Arg::Member(ANNE),
                "&" => Arg::Role(RoleId::new(5)),
                word => Arg::Word {
                    plain: word.to_owned(),
                    typed: word.to_owned(),
                },
            })
            .collect();
        Args {
            pieces,
            replying_to,
        }
        .change(&policy())
    }

    fn good(text: &str) -> (Vec<Who>, i32, Option<String>) {
        let asked = read(text).unwrap();
        (asked.who, asked.amount.unwrap().points(), asked.text)
    }

    fn bad(text: &str) -> Usage {
        match read(text).unwrap_err() {
            Refusal::Usage(usage) => usage,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn order_does_not_matter_where_it_can_be_told() {
        let anne = || vec![Who::Id(ANNE)];
        let why = |text: &str| Some(text.to_owned());
        assert_eq!(good("@ 666 天梯第一名"), (anne(), 666, why("天梯第一名")));
        assert_eq!(good("666 @ 天梯第一名"), (anne(), 666, why("天梯第一名")));
        assert_eq!(good("天梯第一名 @ 666"), (anne(), 666, why("天梯第一名")));
        assert_eq!(good("@ +666"), (anne(), 666, None));
        assert_eq!(good("@ 1,000 a b"), (anne(), 1_000, why("a b")));
        assert_eq!(good("223456789012345677 5"), (anne(), 5, None));
        assert_eq!(
            good("#2791234 5"),
            (vec![Who::Short("2791234".to_owned())], 5, None)
        );
        assert_eq!(
            good("2791234 5 x"),
            (vec![Who::BareShort("2791234".to_owned())], 5, why("x"))
        );
        assert_eq!(good("@ @ 5"), (anne(), 5, None));
        assert_eq!(good("@ bug"), (anne(), 50, why("反馈问题")));
        assert_eq!(good("@ bug again"), (anne(), 50, why("反馈问题 again")));
        // The first word is the amount, so a later number belongs to the reason.
        assert_eq!(good("@ 666 round 3"), (anne(), 666, why("round 3")));
    }

    #[test]
    fn a_reply_names_its_author_unless_somebody_else_is_named() {
        let message = MessageId::new(9);
        let asked = read_replying("5", Some(message)).unwrap();
        assert_eq!(asked.who, [Who::AuthorOf(message)]);
        let asked = read_replying("@ 5", Some(message)).unwrap();
        assert_eq!(asked.who, [Who::Id(ANNE)]);
    }

    #[test]
    fn what_is_wrong_is_named_with_what_was_read() {
        let read = |text: &str| text.to_owned();
        let not = |text: &str, guess| Usage::NotAnAmount {
            read: read(text),
            guess,
        };
        let large = |text: &str| Usage::TooLarge {
            read: read(text),
            cap: 9_999,
        };
        assert_eq!(bad("666"), Usage::NobodyNamed);
        assert_eq!(bad("@"), Usage::NoAmount);
        assert_eq!(bad("@ 谢谢"), Usage::NoAmount);
        assert_eq!(bad("@ 66o"), not("66o", Some(660)));
        assert_eq!(bad("@ 1e3"), not("1e3", Some(1_000)));
        assert_eq!(bad("@ 1,00"), not("1,00", Some(100)));
        assert_eq!(bad("@ 6.5"), not("6.5", Some(6)));
        assert_eq!(bad("@ 0"), Usage::ZeroAmount);
        assert_eq!(bad("@ -0"), Usage::ZeroAmount);
        assert_eq!(bad("@ -5"), Usage::NegativeAmount { read: -5 });
        assert_eq!(bad("@ 10000"), large("10000"));
        assert_eq!(bad("@ 99999999999999999999"), large("99999999999999999999"));
        assert_eq!(
            bad("@ 100 200"),
            Usage::TwoAmounts {
                read: vec![read("100"), read("200")]
            }
        );
        assert_eq!(
            bad("@ x 100 200"),
            Usage::TwoAmounts {
                read: vec![read("100"), read("200")]
            }
        );
        assert_eq!(bad("& 5"), Usage::RoleNamed);
        assert_eq!(
            bad("@ 223456789012345679 5"),
            Usage::SeveralNamed { count: 2 }
        );
    }

    #[test]
    fn a_reason_is_counted_in_utf16_units() {
        let fits = "啊".repeat(99);
        assert!(read(&format!("@ 5 {fits}")).is_ok());
        assert_eq!(
            bad(&format!("@ 5 {fits}啊")),
            Usage::ReasonTooLong {
                length: 100,
                cap: 99
            }
        );
        assert_eq!(
            bad(&format!("@ 5 {}", "🎉".repeat(50))),
            Usage::ReasonTooLong {
                length: 100,
                cap: 99
            }
        );
    }

    proptest! {
        #[test]
        fn reading_never_panics_and_an_amount_is_always_within_bounds(text in "[@&#a-z0-9,.+ -]{0,40}") {
            if let Ok(asked) = read(&text) {
                let points = asked.amount.unwrap().points();
                prop_assert!((1..=9_999).contains(&points));
                prop_assert_eq!(asked.who.len(), 1);
            }
        }

        #[test]
        fn a_plain_amount_reads_as_itself(points in 1_i32..=9_999, plus in "[+]?") {
            let asked = read(&format!("@ {plus}{points} why")).unwrap();
            prop_assert_eq!(asked.amount.unwrap().points(), points);
        }
    }
}

//! A change of points: who, how much, why.
//!
//! The amount is the first word beside the members when that is a number; otherwise the only number.

use std::sync::LazyLock;

use regex::Regex;

use crate::commands::args::Args;
use crate::commands::args::Asked;
use crate::commands::args::BARE_SHORT_ID;
use crate::commands::args::Free;
use crate::commands::args::MOST_MEMBERS;
use crate::commands::args::Who;
use crate::commands::args::joined;
use crate::model::Amount;
use crate::model::AmountError;
use crate::model::Policy;
use crate::model::Refusal;
use crate::model::amount::LARGEST;
use crate::model::refusal::Usage;

static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)$")
        .expect("the pattern is fixed and valid")
});
static LIKE_A_NUMBER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^[+-]?[0-9]").expect("the pattern is fixed and valid"));

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
        let text = joined(preset_reason.into_iter().chain(words))?;
        if who.len() > MOST_MEMBERS {
            return Err(Refusal::Usage(Usage::TooMany {
                count: who.len(),
                cap: MOST_MEMBERS,
            }));
        }
        Ok(Asked {
            who,
            amount: Some(amount),
            text,
            ..Asked::default()
        })
    }
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

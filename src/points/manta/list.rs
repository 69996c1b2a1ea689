//! Accounts over there, and lists of them that one request may carry.
//!
//! Source: points-backends, 3.2. Two forms of ids: MantaGO's own, called encoded, and those of a chat
//! platform. One request carries up to 100 of either form, and ids of one platform only.

use std::collections::HashMap;
use std::collections::HashSet;

use crate::model::Account;

/// The most ids of one form in one request.
pub const MOST: usize = 100;

/// The kinds of accounts, as links name them (points-backends, 4.4).
pub const KINDS: [&str; 6] = [
    "encoded",
    "line",
    "facebook",
    "instagram",
    "liveChat",
    "whatsapp",
];

/// Longer than any id, in bytes: what is longer was linked by mistake.
const LONGEST_ID: usize = 256;

/// What kind of id an account has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// MantaGO's own.
    Encoded,
    /// That of a chat platform, by its name on the wire.
    On(&'static str),
}

impl Kind {
    /// The kind of an account, whatever its capitals.
    pub(super) fn of(account: &Account) -> Option<Self> {
        let same = |kind: &&&str| kind.eq_ignore_ascii_case(account.kind());
        match *KINDS.iter().find(same)? {
            "encoded" => Some(Self::Encoded),
            platform => Some(Self::On(platform)),
        }
    }

    /// Its name, in the documented capitals.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Encoded => KINDS[0],
            Self::On(platform) => platform,
        }
    }
}

/// Whether `id` could be somebody's. One that could not may spoil the answer for a whole list.
pub(super) fn is_possible(id: &str) -> bool {
    !id.trim().is_empty() && id.len() <= LONGEST_ID && !id.chars().any(char::is_control)
}

/// What one request asks for. Every id stands in it once.
#[derive(Clone, Debug, Default)]
pub(super) struct List {
    encoded: Vec<Account>,
    platform: Option<(&'static str, Vec<Account>)>,
    /// All of them, in one form for each account.
    all: HashSet<(Kind, String)>,
}

impl List {
    /// Takes an account in; `false` where it has no room, or belongs to another platform.
    ///
    /// An account that stands in it already is in.
    pub(super) fn take(&mut self, kind: Kind, account: &Account) -> bool {
        let key = (kind, account.id().to_owned());
        if self.all.contains(&key) {
            return true;
        }
        match kind {
            Kind::Encoded if self.encoded.len() < MOST => self.encoded.push(account.clone()),
            Kind::Encoded => return false,
            Kind::On(name) => match &mut self.platform {
                Some((platform, ids)) if *platform == name && ids.len() < MOST => {
                    ids.push(account.clone());
                }
                Some(_) => return false,
                none => *none = Some((name, vec![account.clone()])),
            },
        }
        self.all.insert(key);
        true
    }

    /// Whether the account stands in it.
    pub(super) fn holds(&self, kind: Kind, account: &Account) -> bool {
        self.all.contains(&(kind, account.id().to_owned()))
    }

    /// Whether one of its forms has no room left.
    pub(super) fn is_full(&self) -> bool {
        let (_, on_platform) = self.on_platform();
        self.encoded.len() == MOST || on_platform.len() == MOST
    }

    /// Those with ids of MantaGO's own.
    pub(super) fn encoded(&self) -> &[Account] {
        &self.encoded
    }

    /// Those with ids of a chat platform, and which; the name is empty where there are none.
    pub(super) fn on_platform(&self) -> (&'static str, &[Account]) {
        match &self.platform {
            Some((platform, ids)) => (platform, ids),
            None => ("", &[]),
        }
    }

    /// How many accounts it has.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Every account of it with its kind.
    pub(super) fn accounts(&self) -> impl Iterator<Item = (Kind, &Account)> {
        let (platform, on_platform) = self.on_platform();
        let encoded = self.encoded.iter().map(|account| (Kind::Encoded, account));
        let on_platform = on_platform
            .iter()
            .map(move |account| (Kind::On(platform), account));
        encoded.chain(on_platform)
    }

    /// Its two halves; both have accounts where it has two or more.
    pub(super) fn halves(&self) -> [Self; 2] {
        let mut halves = [Self::default(), Self::default()];
        for (place, (kind, account)) in self.accounts().enumerate() {
            let taken = halves[usize::from(place * 2 >= self.len())].take(kind, account);
            debug_assert!(
                taken,
                "a part of a list has room for what the list had room for"
            );
        }
        halves
    }
}

/// The fewest lists that carry all the accounts, each account once.
pub(super) fn lists<'a>(accounts: impl IntoIterator<Item = (Kind, &'a Account)>) -> Vec<List> {
    let mut lists: Vec<List> = Vec::new();
    // Those of platforms first: each needs a list of its platform, and encoded ones ride along.
    let (on_platforms, encoded): (Vec<_>, Vec<_>) = accounts
        .into_iter()
        .partition(|(kind, _)| matches!(kind, Kind::On(_)));
    let mut seen = HashSet::new();
    // Where the search for room begins, for each kind: what is before has none.
    let mut begin: HashMap<Kind, usize> = HashMap::new();
    for (kind, account) in on_platforms.into_iter().chain(encoded) {
        if !seen.insert((kind, account.id())) {
            continue;
        }
        let begin = begin.entry(kind).or_default();
        while !lists
            .get_mut(*begin)
            .is_none_or(|list| list.take(kind, account))
        {
            *begin += 1;
        }
        if *begin == lists.len() {
            let mut list = List::default();
            list.take(kind, account);
            lists.push(list);
        }
    }
    lists
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn accounts(kind: &str, count: usize) -> Vec<Account> {
        let account = |n| Account::new(kind, format!("{kind}{n}"));
        (0..count).map(account).collect()
    }

    fn packed(accounts: &[Account]) -> Vec<List> {
        let known = |account| (Kind::of(account).unwrap(), account);
        lists(accounts.iter().map(known))
    }

    #[test]
    fn kinds_are_known_by_any_capitals_and_sent_in_the_documented_ones() {
        let kind = |word| Kind::of(&Account::new(word, "x"));
        assert_eq!(kind("livechat"), Some(Kind::On("liveChat")));
        assert_eq!(kind("ENCODED"), Some(Kind::Encoded));
        for word in KINDS {
            assert!(kind(word).is_some());
        }
        assert_eq!(kind("telegram"), None);
        assert_eq!(kind(""), None);
    }

    #[test]
    fn ids_that_nobody_has_are_known() {
        for possible in ["Qw3eRt7Yu", "U00aa11bb22cc33dd", "+886 912", "é"] {
            assert!(is_possible(possible));
        }
        for impossible in ["", " ", "a\nb", &"x".repeat(257)] {
            assert!(!is_possible(impossible));
        }
    }

    #[test]
    fn ten_thousand_are_a_hundred_lists() {
        assert_eq!(packed(&accounts("line", 10_000)).len(), 100);
        assert_eq!(packed(&accounts("encoded", 101)).len(), 2);
        assert!(packed(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn lists_are_as_few_as_can_be_and_hold_each_account_once(
            counts in prop::array::uniform6(0_usize..250),
            doubled in 0_usize..20,
        ) {
            let mut all: Vec<Account> = Vec::new();
            for (kind, count) in KINDS.iter().zip(counts) {
                all.extend(accounts(kind, count));
            }
            let twice: Vec<Account> = all.iter().take(doubled).cloned().collect();
            let different = all.len();
            all.extend(twice);
            let lists = packed(&all);
            let on_platforms: usize = counts[1..].iter().map(|count| count.div_ceil(MOST)).sum();
            prop_assert_eq!(lists.len(), on_platforms.max(counts[0].div_ceil(MOST)));
            let mut seen = HashSet::new();
            for list in &lists {
                prop_assert!(list.len() > 0);
                prop_assert!(list.encoded().len() <= MOST && list.on_platform().1.len() <= MOST);
                for (_, account) in list.accounts() {
                    prop_assert!(seen.insert(account.clone()));
                }
                prop_assert_eq!(list.accounts().count(), list.len());
            }
            prop_assert_eq!(seen.len(), different);
        }

        #[test]
        fn halves_are_a_list_taken_apart(encoded in 0_usize..=100, line in 0_usize..=100) {
            prop_assume!(encoded + line >= 2);
            let mut all = accounts("encoded", encoded);
            all.extend(accounts("line", line));
            let whole = packed(&all).remove(0);
            let halves = whole.halves();
            prop_assert!(halves.iter().all(|half| half.len() > 0));
            prop_assert_eq!(halves[0].len() + halves[1].len(), whole.len());
            for (kind, account) in whole.accounts() {
                prop_assert!(halves.iter().any(|half| half.holds(kind, account)));
            }
        }
    }
}

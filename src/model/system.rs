//! Points systems by name: which there are, and what may be asked of one.

use std::fmt;

/// The sorts of points systems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SystemKind {
    /// The Fanbook points mall.
    Mall,
    /// The ledger kept in the bot's own store.
    Ledger,
    /// A Swan installation.
    Swan,
    /// A bot of MantaGO.
    Manta,
}

/// A points system, as the settings name it and the journal keeps it: `mall`, `ledger`, `swan.hq`,
/// `manta.shop`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct System {
    kind: SystemKind,
    name: String,
}

impl System {
    /// The mall.
    pub fn mall() -> Self {
        Self::plain(SystemKind::Mall)
    }

    /// The built-in ledger.
    pub fn ledger() -> Self {
        Self::plain(SystemKind::Ledger)
    }

    /// The Swan installation of `[swan.NAME]`.
    pub fn swan(name: &str) -> Self {
        Self::named(SystemKind::Swan, name)
    }

    /// The bot of `[manta.NAME]`.
    pub fn manta(name: &str) -> Self {
        Self::named(SystemKind::Manta, name)
    }

    fn plain(kind: SystemKind) -> Self {
        Self {
            kind,
            name: kind.word().to_owned(),
        }
    }

    fn named(kind: SystemKind, name: &str) -> Self {
        Self {
            kind,
            name: format!("{}.{name}", kind.word()),
        }
    }

    /// The system called `name`, if the name has the form of one.
    pub fn read(name: &str) -> Option<Self> {
        let (kind, given) = match name.split_once('.') {
            Some((kind, given)) => (SystemKind::read(kind)?, Some(given)),
            None => (SystemKind::read(name)?, None),
        };
        match (kind, given) {
            (SystemKind::Mall | SystemKind::Ledger, None) => Some(Self::plain(kind)),
            (SystemKind::Swan | SystemKind::Manta, Some(given)) if !given.is_empty() => {
                Some(Self::named(kind, given))
            }
            _ => None,
        }
    }

    /// What sort it is.
    pub fn kind(&self) -> SystemKind {
        self.kind
    }

    /// Its whole name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the operator called it, where there may be several of its sort.
    pub fn given_name(&self) -> Option<&str> {
        self.name.split_once('.').map(|(_, given)| given)
    }
}

impl SystemKind {
    /// Every sort.
    pub const ALL: [SystemKind; 4] = [
        SystemKind::Mall,
        SystemKind::Ledger,
        SystemKind::Swan,
        SystemKind::Manta,
    ];

    /// Its word in the settings.
    pub const fn word(self) -> &'static str {
        match self {
            SystemKind::Mall => "mall",
            SystemKind::Ledger => "ledger",
            SystemKind::Swan => "swan",
            SystemKind::Manta => "manta",
        }
    }

    fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl fmt::Debug for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// What a points system may be unable to do (points-backends, 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ability {
    /// Showing what came and went.
    History,
    /// Adding and taking points.
    Change,
    /// Taking points.
    Take,
    /// Reporting events.
    Report,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_is_written() {
        for system in [
            System::mall(),
            System::ledger(),
            System::swan("hq"),
            System::manta("shop.2"),
        ] {
            assert_eq!(System::read(system.name()), Some(system));
        }
        for wrong in [
            "", "swan", "manta.", "mall.x", "ledger.", "goose.hq", "Mall",
        ] {
            assert_eq!(System::read(wrong), None, "{wrong}");
        }
        assert_eq!(System::manta("shop.2").given_name(), Some("shop.2"));
        assert_eq!(System::mall().given_name(), None);
    }
}

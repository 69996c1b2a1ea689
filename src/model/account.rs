//! Accounts of points systems that know their people by ids of their own.

use std::fmt;

/// An account over there. Its id is its owner's business: it is shown masked, and `Debug` and
/// `Display` show no more.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Account {
    kind: String,
    id: String,
}

impl Account {
    /// An account by its kind, one word such as `retail` or `line`, and its id.
    pub fn new(kind: impl Into<String>, id: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            id: id.into(),
        }
    }

    /// What kind of id it is (points-backends, 4.4).
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The id itself, for the wire and the store.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// As the store keeps it in one text.
    pub fn kept(&self) -> String {
        format!("{} {}", self.kind, self.id)
    }

    /// What the store kept.
    pub fn read(kept: &str) -> Option<Self> {
        let (kind, id) = kept.split_once(' ')?;
        Some(Self::new(kind, id))
    }

    /// Enough of the id for its owner to know it by, never more than a third of it.
    pub fn masked(&self) -> String {
        let shown = (self.id.chars().count() / 6).min(3);
        let head: String = self.id.chars().take(shown).collect();
        let mut tail: Vec<char> = self.id.chars().rev().take(shown).collect();
        tail.reverse();
        format!("{head}…{}", tail.into_iter().collect::<String>())
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.masked())
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_way_of_printing_shows_the_id() {
        for id in ["@retail_20871:corp.example", "Qw3eRt7Yu", "abc", "é", ""] {
            let account = Account::new("retail", id);
            for shown in [format!("{account}"), format!("{account:?}")] {
                assert!(id.is_empty() || !shown.contains(id), "{shown}");
            }
            let open = account.masked().chars().count() - 1;
            assert!(open * 3 <= id.chars().count(), "{}", account.masked());
        }
    }

    #[test]
    fn what_is_kept_is_read() {
        let account = Account::new("retail", "@a b:c");
        assert_eq!(Account::read(&account.kept()), Some(account));
    }
}

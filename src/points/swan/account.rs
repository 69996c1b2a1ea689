//! Ids of accounts: their form, and keeping them out of texts.
//!
//! An id is somebody's identity over there, since the header with it decides who asks. Source:
//! points-backends, 2.1 and 2.2.

use crate::model::Account;
use crate::support::secret::Secret;

/// The longest id, in bytes. Source: points-backends, 2.2.
const LONGEST_ID: usize = 255;

/// Longest text taken over, in characters: enough for staff, too little to flood a chat or a log.
const LONGEST_TEXT: usize = 200;

/// Shorter local parts are words of a text as often as somebody's name.
const SHORTEST_NAME: usize = 4;

/// Stands where an id was.
const BLOT: &str = "<account>";

/// Whether `id` has the form `@localpart:domain` (source: points-backends, 2.2).
///
/// Neither blanks, control characters nor quotation marks: it goes into a header as it stands.
pub fn is_account_id(id: &str) -> bool {
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && c != '"';
    let parts = id.strip_prefix('@').and_then(|rest| rest.split_once(':'));
    let whole = parts.is_some_and(|(name, domain)| {
        !name.is_empty() && !domain.is_empty() && !domain.contains(':')
    });
    whole && id.len() <= LONGEST_ID && id.chars().all(plain)
}

/// The account an id of the ledger belongs to; its kind follows from the prefix.
pub(super) fn account(id: &str) -> Account {
    let kind = match id {
        id if id.starts_with("@staff_") => "staff",
        id if id.starts_with("@retail_") => "retail",
        _ => "other",
    };
    Account::new(kind, id)
}

/// What no text may repeat: the secrets of the request and the accounts it is about.
pub(super) struct Blots<'a> {
    secrets: &'a [(String, Secret)],
    accounts: &'a [&'a str],
}

impl<'a> Blots<'a> {
    /// Those of one request.
    pub(super) fn new(secrets: &'a [(String, Secret)], accounts: &'a [&'a str]) -> Self {
        Self { secrets, accounts }
    }

    /// `text` as one short line without them, and without whatever else has the form of an id.
    pub(super) fn clean(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (_, secret) in self.secrets {
            text = secret.blot(&text);
        }
        for id in self.accounts {
            text = text.replace(id, BLOT);
            let name = id.trim_start_matches('@').split(':').next();
            if let Some(name) = name.filter(|name| name.len() >= SHORTEST_NAME) {
                text = text.replace(name, BLOT);
            }
        }
        without_ids(&text)
            .trim()
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .take(LONGEST_TEXT)
            .collect()
    }
}

/// `text` with whatever has the form of an id blotted out.
pub(super) fn without_ids(text: &str) -> String {
    let mut rest = text;
    let mut clean = String::with_capacity(text.len());
    while let Some(at) = rest.find('@') {
        clean.push_str(&rest[..at]);
        let length = id_at_the_beginning(&rest[at..]);
        match length {
            Some(_) => clean.push_str(BLOT),
            None => clean.push('@'),
        }
        rest = &rest[at + length.unwrap_or(1)..];
    }
    clean.push_str(rest);
    clean
}

/// The length of the id `text` begins with, in bytes.
fn id_at_the_beginning(text: &str) -> Option<usize> {
    let ends_name = |c: char| {
        c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '<' | '>' | ',' | ';')
    };
    let (name, after) = text[1..].split_once(':')?;
    let in_domain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let domain = after.find(|c| !in_domain(c)).unwrap_or(after.len());
    let fits = !name.is_empty() && !name.contains(ends_name) && domain > 0;
    fits.then_some(1 + name.len() + 1 + domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_form() {
        let longest = format!("@{}:d", "x".repeat(LONGEST_ID - 3));
        for id in [
            "@staff_lin:corp.example",
            "@retail_20871:corp.example",
            "@a:b",
            &longest,
        ] {
            assert!(is_account_id(id), "{id}");
        }
        let long = format!("@{}:d", "x".repeat(LONGEST_ID - 2));
        for wrong in [
            "",
            "@",
            "retail_1:corp.example",
            "@retail_1",
            "@:corp.example",
            "@retail_1:",
            "@retail_1:corp:8448",
            "@retail 1:corp.example",
            "@retail_1:corp.example ",
            " @retail_1:corp.example",
            "@retail\u{3000}1:corp.example",
            "@retail_1:corp.example\r\nX-Role: admin",
            "@retail_1:\u{7f}",
            "\"@retail_1:corp.example\"",
            "@retail_\"1:corp.example",
            &long,
        ] {
            assert!(!is_account_id(wrong), "{wrong:?}");
        }
    }

    #[test]
    fn texts_lose_secrets_accounts_and_whatever_looks_like_one() {
        let secrets = [("Authorization".to_owned(), Secret::new("Bearer t0ken"))];
        let accounts = ["@retail_20871:corp.example"];
        let blots = Blots::new(&secrets, &accounts);
        for (said, clean) in [
            (
                "no user @retail_20871:corp.example here\n",
                "no user <account> here",
            ),
            ("retail_20871 is unknown", "<account> is unknown"),
            ("by \"@staff_x:a.b\", @y:c", "by \"<account>\", <account>"),
            ("sent Bearer t0ken", "sent <secret>"),
            ("at 10:30 @noon, a@b", "at 10:30 @noon, a@b"),
            ("@", "@"),
            ("@:x @a: b", "@:x @a: b"),
        ] {
            assert_eq!(blots.clean(said), clean, "{said}");
        }
        assert_eq!(blots.clean(&"长".repeat(500)).chars().count(), 200);
    }
}

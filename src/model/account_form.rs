//! What ids of accounts look like, and accounts that follow from a member's own id.
//!
//! Invariants: an id is taken as it was written, byte for byte, or not at all; what could end a header
//! or a line is no id. Source: points-backends, 2.2, 3.2 and 4.4.

use crate::model::Account;
use crate::model::SystemKind;
use crate::model::UserId;

/// Longest id, in bytes. Source: points-backends, 2.2.
const LONGEST: usize = 255;

/// The kinds of ids, by sort of system. Source: points-backends, 4.4.
pub const fn kinds(system: SystemKind) -> &'static [&'static str] {
    match system {
        SystemKind::Swan => &["staff", "retail"],
        SystemKind::Manta => &[
            "encoded",
            "line",
            "facebook",
            "instagram",
            "liveChat",
            "whatsapp",
        ],
        SystemKind::Mall | SystemKind::Ledger => &[],
    }
}

/// The kind of that name, as it is kept; capitals are forgiven.
pub fn kind(system: SystemKind, name: &str) -> Option<&'static str> {
    let mut all = kinds(system).iter().copied();
    all.find(|kind| kind.eq_ignore_ascii_case(name))
}

/// Why something is no account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAnAccount {
    /// The system knows its people by their ids here: nothing is linked there.
    NothingToLink,
    /// It has no such kind of ids.
    UnknownKind,
    /// Nothing of that kind looks like it.
    OtherForm {
        /// What is wanted, as an example.
        example: &'static str,
    },
}

/// The account of that kind and id. Without a kind it follows from the id.
pub fn account(system: SystemKind, kind: Option<&str>, id: &str) -> Result<Account, NotAnAccount> {
    if kinds(system).is_empty() {
        return Err(NotAnAccount::NothingToLink);
    }
    let kind = match kind {
        Some(name) => self::kind(system, name).ok_or(NotAnAccount::UnknownKind)?,
        None => match system {
            SystemKind::Swan if id.starts_with("@staff_") => "staff",
            SystemKind::Swan => "retail",
            _ => "encoded",
        },
    };
    match id.len() <= LONGEST && has_form(kind, id) {
        true => Ok(Account::new(kind, id)),
        false => Err(NotAnAccount::OtherForm {
            example: example(kind),
        }),
    }
}

/// An id of that kind, made up.
pub fn example(kind: &str) -> &'static str {
    match kind {
        "staff" => "@staff_lin:corp.example",
        "retail" => "@retail_1:corp.example",
        "encoded" => "Qw3eRt7Yu",
        "line" => "U00aa11bb22cc33dd",
        "facebook" => "1234567890123456",
        "instagram" => "17841400000000000",
        "liveChat" => "b1c2d3e4-0000",
        _ => "886912345678",
    }
}

fn has_form(kind: &str, id: &str) -> bool {
    let made_of = |some: usize, most: usize, fits: fn(&u8) -> bool| {
        (some..=most).contains(&id.len()) && id.as_bytes().iter().all(fits)
    };
    match kind {
        "staff" => is_matrix_id(id, "@staff_"),
        "retail" => is_matrix_id(id, "@retail_"),
        "encoded" => made_of(3, 128, |b| b.is_ascii_alphanumeric() || b"-_".contains(b)),
        "line" => {
            let digits = id.strip_prefix('U').unwrap_or_default();
            (8..=64).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit())
        }
        "facebook" => made_of(3, 32, u8::is_ascii_digit),
        "instagram" => made_of(1, 64, |b| b.is_ascii_alphanumeric() || b"._".contains(b)),
        "liveChat" => made_of(1, 128, |b| b.is_ascii_alphanumeric() || b"-_.:".contains(b)),
        "whatsapp" => {
            let digits = id.strip_prefix('+').unwrap_or(id);
            (6..=20).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
        }
        _ => false,
    }
}

/// `@localpart:domain` with that beginning, made of characters that can be seen.
fn is_matrix_id(id: &str, begins: &str) -> bool {
    let Some((local, domain)) = id
        .strip_prefix(begins)
        .and_then(|rest| rest.split_once(':'))
    else {
        return false;
    };
    // Quotation marks stand round the value in the documents and are no part of it.
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_graphic() && b != b'"');
    !local.is_empty()
        && !domain.is_empty()
        && !domain.contains(':')
        && plain(local)
        && plain(domain)
}

/// Where a member's long id stands in a template.
const HOLE: &str = "{fanbook_long_id}";

/// How accounts follow from members' ids, where an operator says that they were made so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountTemplate {
    kind: &'static str,
    before: String,
    after: String,
}

impl AccountTemplate {
    /// Reads `@retail_{fanbook_long_id}:corp.example`; the error says what is wrong with it.
    pub fn read(system: SystemKind, text: &str) -> Result<Self, String> {
        let Some((before, after)) = text.split_once(HOLE) else {
            return Err(format!("`{HOLE}` does not stand in it"));
        };
        if after.contains(HOLE) {
            return Err(format!("`{HOLE}` stands in it twice"));
        }
        let made = format!("{before}1{after}");
        let Ok(account) = account(system, None, &made) else {
            return Err("what it makes is no id over there".to_owned());
        };
        let kind = kind(system, account.kind()).ok_or("it has no kind")?;
        Ok(Self {
            kind,
            before: before.to_owned(),
            after: after.to_owned(),
        })
    }

    /// The account of a member.
    pub fn account(&self, member: UserId) -> Account {
        Account::new(self.kind, format!("{}{member}{}", self.before, self.after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_an_example_of_its_form_and_no_other_system_takes_it() {
        for system in [SystemKind::Swan, SystemKind::Manta] {
            for known in kinds(system) {
                let made = account(system, Some(known), example(known)).unwrap();
                assert_eq!((made.kind(), made.id()), (*known, example(known)));
                assert_eq!(
                    account(SystemKind::Mall, Some(known), example(known)),
                    Err(NotAnAccount::NothingToLink)
                );
            }
        }
        let upper = account(SystemKind::Manta, Some("LIVECHAT"), "a").unwrap();
        assert_eq!(upper.kind(), "liveChat");
        assert_eq!(
            account(SystemKind::Swan, Some("line"), "U00aa11bb22cc33dd"),
            Err(NotAnAccount::UnknownKind)
        );
        let staff = account(SystemKind::Swan, None, "@staff_lin:corp.example").unwrap();
        assert_eq!(staff.kind(), "staff");
        assert_eq!(
            account(SystemKind::Manta, None, "Qw3eRt7Yu")
                .unwrap()
                .kind(),
            "encoded"
        );
    }

    #[test]
    fn what_looks_otherwise_is_refused_with_an_example() {
        let long = format!("@retail_{}:corp.example", "1".repeat(300));
        for (system, kind, id) in [
            (SystemKind::Swan, Some("retail"), "@staff_lin:corp.example"),
            (SystemKind::Swan, Some("staff"), "@retail_1:corp.example"),
            (SystemKind::Swan, None, "@lin:corp.example"),
            (SystemKind::Swan, None, "retail_1:corp.example"),
            (SystemKind::Swan, None, "@retail_:corp.example"),
            (SystemKind::Swan, None, "@retail_1:"),
            (SystemKind::Swan, None, "@retail_1:corp:example"),
            (SystemKind::Swan, None, "@retail_1 2:corp.example"),
            (SystemKind::Swan, None, "@retail_1:corp.example\r\nX: y"),
            (SystemKind::Swan, None, "\"@retail_1:corp.example\""),
            (SystemKind::Swan, None, "@retail_1:corp.example\""),
            (SystemKind::Swan, None, &long),
            (SystemKind::Manta, None, "Qw 3"),
            (SystemKind::Manta, None, ""),
            (SystemKind::Manta, Some("line"), "00aa11bb22cc33dd"),
            (SystemKind::Manta, Some("line"), "Uxyz11bb22cc33dd"),
            (SystemKind::Manta, Some("facebook"), "12a"),
            (SystemKind::Manta, Some("whatsapp"), "+1-202"),
        ] {
            let told = account(system, kind, id);
            assert!(
                matches!(told, Err(NotAnAccount::OtherForm { .. })),
                "{kind:?} {id}: {told:?}"
            );
        }
    }

    #[test]
    fn a_template_makes_an_account_of_a_member() {
        let text = "@retail_{fanbook_long_id}:corp.example";
        let template = AccountTemplate::read(SystemKind::Swan, text).unwrap();
        let member = UserId::new(223_456_789_012_345_677);
        let account = template.account(member);
        assert_eq!(account.kind(), "retail");
        assert_eq!(account.id(), "@retail_223456789012345677:corp.example");
        for wrong in [
            "@retail_1:corp.example",
            "@retail_{fanbook_long_id}{fanbook_long_id}:corp.example",
            "{fanbook_long_id}:corp.example",
            "@retail_{fanbook_long_id}",
        ] {
            assert!(
                AccountTemplate::read(SystemKind::Swan, wrong).is_err(),
                "{wrong}"
            );
        }
    }
}

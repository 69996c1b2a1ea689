//! Pages of the ledger, read tolerantly where the document contradicts itself and not beyond.
//!
//! Source: points-backends, 2.3.2, 2.3.3 and 2.6. One field under either of its documented names, a
//! number or its digits; what is neither is an error of the installation's, never a guess, an empty
//! page or a zero.

use serde_json::Map;
use serde_json::Value;

use super::account::account;
use super::account::without_ids;
use crate::model::Account;

/// The last millisecond of the year 9999.
const LATEST_MS: i64 = 253_402_300_799_999;

/// A page of a ledger, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LedgerPage {
    /// Its entries.
    pub entries: Vec<LedgerEntry>,
    /// How many entries there are on all pages, where it is said.
    pub total: Option<u64>,
}

/// An entry of a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerEntry {
    /// By how much the balance changed; below 0 was taken away.
    pub points: i64,
    /// Whose balance, where it is said.
    pub account: Option<Account>,
    /// The entry's own id.
    pub id: Option<String>,
    /// The id of what it is about: for changes of ours perhaps the `transactionId`.
    pub detail: Option<String>,
    /// Its type, as it stands.
    pub kind: Option<String>,
    /// When, in milliseconds since 1970.
    pub at_ms: Option<i64>,
    /// What for. Untrusted text, ids of accounts blotted out.
    pub info: String,
}

/// What tells an entry from every other, so that one that moved to the next page counts once.
///
/// Source: points-backends, 2.6.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// By its own id.
    Id(String),
    /// By what is left.
    Rest(Option<String>, Option<i64>, i64),
}

/// A balance with the newest of its ledger (source: points-backends, 2.3.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The balance in points.
    pub balance: i64,
    /// Points that expire within a month, presumably; the document does not explain it.
    pub one_month_expired: Option<i64>,
    /// The page of the ledger.
    pub ledger: LedgerPage,
}

/// What could not be read, in our own words.
pub(super) type Unreadable = &'static str;

impl LedgerEntry {
    /// Whether its type is `kind`, however it is spelt: `RETAIL_LIKE` is `RetailLike`.
    pub fn is_of_type(&self, kind: &str) -> bool {
        let plain = |kind: &str| kind.replace('_', "").to_lowercase();
        self.kind
            .as_deref()
            .is_some_and(|own| plain(own) == plain(kind))
    }

    pub(super) fn key(&self) -> Key {
        match &self.id {
            Some(id) => Key::Id(id.clone()),
            None => Key::Rest(self.detail.clone(), self.at_ms, self.points),
        }
    }
}

/// The balance of `asked`, from 1.2.1.
pub(super) fn balance(fields: &Map<String, Value>, asked: &Account) -> Result<i64, Unreadable> {
    owner(fields, &["userId"], asked)?;
    match fields.get("balance") {
        Some(value) => integer(value).ok_or("an answer without a readable `balance`"),
        None => Err("an answer without a `balance`"),
    }
}

/// The balance of `asked` and its ledger, from 1.2.2.
pub(super) fn statement(
    fields: &Map<String, Value>,
    asked: &Account,
) -> Result<Statement, Unreadable> {
    owner(fields, &["staffId"], asked)?;
    let one_month_expired = match said(fields, "oneMonthExpired") {
        Some(value) => Some(integer(value).ok_or("an unreadable `oneMonthExpired`")?),
        None => None,
    };
    Ok(Statement {
        balance: balance(fields, asked)?,
        one_month_expired,
        ledger: page(fields)?,
    })
}

/// A page, from 1.2.2 or 1.2.3, in any of its documented shapes.
pub(super) fn page(fields: &Map<String, Value>) -> Result<LedgerPage, Unreadable> {
    let (list, inner) = match fields.get("transaction") {
        Some(Value::Object(inner)) => (list_of(inner)?, Some(inner)),
        Some(Value::Array(list)) => {
            if fields.contains_key("content") || fields.contains_key("result") {
                return Err("two lists of entries in one answer");
            }
            (list, None)
        }
        Some(_) => return Err("a `transaction` that is neither object nor array"),
        None => (list_of(fields)?, None),
    };
    let entries = list.iter().map(entry).collect::<Result<_, _>>()?;
    // Its own `page` and `size` are never believed, so they are not even read.
    let totals = [
        inner.and_then(|inner| said(inner, "total")),
        said(fields, "total"),
    ];
    let mut total = None;
    for value in totals.into_iter().flatten() {
        let read = integer(value).and_then(|total| u64::try_from(total).ok());
        let read = read.ok_or("an unreadable `total`")?;
        if *total.get_or_insert(read) != read {
            return Err("two different totals in one answer");
        }
    }
    Ok(LedgerPage { entries, total })
}

fn list_of(fields: &Map<String, Value>) -> Result<&Vec<Value>, Unreadable> {
    match (fields.get("content"), fields.get("result")) {
        (Some(Value::Array(list)), None) | (None, Some(Value::Array(list))) => Ok(list),
        (None, None) => Err("an answer without a list of entries"),
        (Some(_), Some(_)) => Err("two lists of entries in one answer"),
        _ => Err("a list of entries that is no array"),
    }
}

fn entry(value: &Value) -> Result<LedgerEntry, Unreadable> {
    let Value::Object(fields) = value else {
        return Err("an entry that is no JSON object");
    };
    let points = match (said(fields, "points"), said(fields, "point")) {
        (Some(points), None) | (None, Some(points)) => {
            integer(points).ok_or("an entry without readable points")?
        }
        (Some(one), Some(other)) => match (integer(one), integer(other)) {
            (Some(one), Some(other)) if one == other => one,
            _ => return Err("an entry with two different points"),
        },
        (None, None) => return Err("an entry without points"),
    };
    let user = text(fields, "userId")?.filter(|user| !user.is_empty());
    Ok(LedgerEntry {
        points,
        account: user.map(account),
        id: label(fields, "id")?,
        detail: label(fields, "detailId")?,
        kind: text(fields, "type")?.map(str::to_owned),
        at_ms: moment(fields)?,
        info: without_ids(text(fields, "info")?.unwrap_or_default()),
    })
}

/// When it was made: `createdAt`, or else `createAt`.
fn moment(fields: &Map<String, Value>) -> Result<Option<i64>, Unreadable> {
    let Some(value) = said(fields, "createdAt").or_else(|| said(fields, "createAt")) else {
        return Ok(None);
    };
    match integer(value) {
        Some(ms) if (0..=LATEST_MS).contains(&ms) => Ok(Some(ms)),
        _ => Err("an entry with an unreadable time"),
    }
}

/// That an answer is about whom was asked for, where it says so.
fn owner(fields: &Map<String, Value>, names: &[&str], asked: &Account) -> Result<(), Unreadable> {
    for name in names.iter().chain(&["userId"]) {
        match said(fields, name) {
            None => {}
            Some(Value::String(id)) if id == asked.id() => {}
            Some(_) => return Err("an answer about another account than was asked for"),
        }
    }
    Ok(())
}

/// A field that is there and not null.
fn said<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    fields.get(name).filter(|value| !value.is_null())
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Unreadable> {
    match said(fields, name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err("an entry with a text that is none"),
    }
}

/// An id that is a number in one reply and a text in the other, as text.
fn label(fields: &Map<String, Value>, name: &str) -> Result<Option<String>, Unreadable> {
    match said(fields, name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
        Some(Value::Number(number)) if number.is_i64() || number.is_u64() => {
            Ok(Some(number.to_string()))
        }
        Some(_) => Err("an entry with an unreadable id"),
    }
}

/// An integer given as a number or in decimal digits with or without a sign; a float is none.
fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        // Accepts one sign and digits, no blanks, nothing that overflows.
        Value::String(digits) => digits.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> Result<LedgerPage, Unreadable> {
        page(value.as_object().unwrap())
    }

    fn entry_of(value: Value) -> LedgerEntry {
        let mut page = read(json!({ "transaction": [value] })).unwrap();
        page.entries.remove(0)
    }

    #[test]
    fn both_documented_examples_read() {
        let one = json!({"staffId": "@staff_lin:corp.example",
            "transaction": {"content": [
                {"id": 31, "tid": "corp.example", "mid": "M00002", "createAt": 1719886400111_i64,
                 "updateAt": 1719886400112_i64, "userId": "@staff_lin:corp.example",
                 "type": "RETAIL_LIKE", "detailId": 31, "points": 8, "info": "客户点赞"}],
             "page": 0, "size": 20, "total": 1},
            "balance": 340, "oneMonthExpired": 0});
        let lin = Account::new("staff", "@staff_lin:corp.example");
        let statement = statement(one.as_object().unwrap(), &lin).unwrap();
        assert_eq!(
            (statement.balance, statement.one_month_expired),
            (340, Some(0))
        );
        assert_eq!(statement.ledger.total, Some(1));
        let entry = &statement.ledger.entries[0];
        assert_eq!((entry.points, entry.at_ms), (8, Some(1719886400111)));
        assert_eq!(
            (entry.id.as_deref(), entry.detail.as_deref()),
            (Some("31"), Some("31"))
        );
        assert_eq!(entry.account.as_ref(), Some(&lin));
        assert_eq!(entry.info, "客户点赞");
        assert!(entry.is_of_type("RetailLike") && !entry.is_of_type("RetailLikes"));

        let two = read(
            json!({"transaction": [{"points": "2", "userId": "@retail_20871:corp.example",
            "detailId": "fbp-9dK2mQ7xT1vB4nZs", "createdAt": 1719886400000_i64,
            "type": "RetailLike", "info": "每日签到"}], "page": 0, "size": 20, "total": 1}),
        );
        let two = two.unwrap();
        assert_eq!(two.entries[0].points, 2);
        assert_eq!(
            two.entries[0].detail.as_deref(),
            Some("fbp-9dK2mQ7xT1vB4nZs")
        );
        assert!(two.entries[0].is_of_type("RETAIL_LIKE"));
    }

    #[test]
    fn a_time_ending_in_ed_at_is_preferred_and_a_bad_one_is_no_time() {
        let both = json!({"points": 1, "createAt": 5, "createdAt": 7});
        assert_eq!(entry_of(both).at_ms, Some(7));
        assert_eq!(
            entry_of(json!({"points": 1, "createAt": "5"})).at_ms,
            Some(5)
        );
        assert_eq!(entry_of(json!({"points": 1})).at_ms, None);
        for bad in [
            json!(-1),
            json!(1.5),
            json!("soon"),
            json!(LATEST_MS + 1),
            json!(true),
        ] {
            let page = json!({"transaction": [{"points": 1, "createdAt": bad, "createAt": 5}]});
            assert!(read(page).is_err());
        }
    }

    #[test]
    fn nothing_malformed_becomes_an_empty_page_or_a_zero() {
        for malformed in [
            json!({}),
            json!({"transaction": null}),
            json!({"transaction": {}}),
            json!({"transaction": {"content": null}}),
            json!({"transaction": {"content": {}}}),
            json!({"transaction": "[]"}),
            json!({"content": [], "result": []}),
            json!({"transaction": [], "content": []}),
            json!({"content": [1]}),
            json!({"content": [{}]}),
            json!({"content": [{"points": null}]}),
            json!({"content": [{"points": 1.0}]}),
            json!({"content": [{"points": "1.0"}]}),
            json!({"content": [{"points": " 1"}]}),
            json!({"content": [{"points": ""}]}),
            json!({"content": [{"points": true}]}),
            json!({"content": [{"points": "9223372036854775808"}]}),
            json!({"content": [{"points": 1, "point": 2}]}),
            json!({"content": [{"points": 1, "detailId": 1.5}]}),
            json!({"content": [{"points": 1, "id": [1]}]}),
            json!({"content": [{"points": 1, "info": 7}]}),
            json!({"content": [{"points": 1, "userId": 7}]}),
            json!({"content": [], "total": -1}),
            json!({"content": [], "total": "many"}),
            json!({"transaction": {"content": [], "total": 1}, "total": 2}),
        ] {
            assert!(read(malformed.clone()).is_err(), "{malformed}");
        }
    }

    #[test]
    fn a_balance_is_the_asked_accounts_and_never_a_guess() {
        let ann = Account::new("retail", "@retail_1:a");
        let read = |value: Value| balance(value.as_object().unwrap(), &ann);
        assert_eq!(
            read(json!({"userId": "@retail_1:a", "balance": -3})),
            Ok(-3)
        );
        assert_eq!(read(json!({"balance": "+12"})), Ok(12));
        for wrong in [
            json!({}),
            json!({"userId": "@retail_1:a"}),
            json!({"balance": null}),
            json!({"balance": 1.0}),
            json!({"balance": ""}),
            json!({"balance": [1]}),
            json!({"userId": "@retail_2:a", "balance": 3}),
            json!({"userId": "@Retail_1:a", "balance": 3}),
            json!({"userId": 1, "balance": 3}),
        ] {
            assert!(read(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn no_id_of_an_account_can_be_printed() {
        let entry = entry_of(json!({"points": 1, "userId": "@retail_20871:corp.example",
            "info": "from @retail_20872:corp.example"}));
        let shown = format!("{entry:?}");
        assert!(!shown.contains("retail_2087"), "{shown}");
    }
}

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::model::Account;
use crate::points::manta::list::lists;

fn list(accounts: &[(&str, &str)]) -> List {
    let accounts: Vec<Account> = accounts
        .iter()
        .map(|(kind, id)| Account::new(*kind, *id))
        .collect();
    let known = accounts
        .iter()
        .map(|account| (Kind::of(account).unwrap(), account));
    let mut lists = lists(known);
    assert_eq!(lists.len(), 1);
    lists.remove(0)
}

fn read(points: Value, list: &List) -> Vec<Found> {
    let fields = json!({"success": true, "points": points});
    found(fields.as_object().unwrap(), list)
}

#[test]
fn entries_are_matched_by_id_wherever_they_stand() {
    let list = list(&[
        ("encoded", "Qw3"),
        ("encoded", "Zx9"),
        ("line", "U1"),
        ("line", "U2"),
    ]);
    let said = json!([
        {"platform": "line", "platformClientId": "U2", "points": 4, "name": "more"},
        {"platform": "facebook", "clientId": "Zx9", "points": "3"},
        {"platform": "LINE", "platformClientId": "U1", "points": -2},
        {"platform": "line", "clientId": "nobody asked", "points": 1},
    ]);
    let expected = [
        Found::Missing,
        Found::Points(3),
        Found::Points(-2),
        Found::Points(4),
    ];
    assert_eq!(read(said, &list), expected);
}

#[test]
fn the_two_meanings_of_an_id_are_kept_apart() {
    let list = list(&[("encoded", "same"), ("line", "same")]);
    let said = json!([{"platform": "line", "platformClientId": "same", "points": 7}]);
    assert_eq!(read(said, &list), [Found::Missing, Found::Points(7)]);
    let said = json!([{"platform": "line", "clientId": "same", "points": 7}]);
    assert_eq!(read(said, &list), [Found::Points(7), Found::Missing]);
    // Another platform has its own ids.
    let said = json!([{"platform": "whatsapp", "platformClientId": "same", "points": 7}]);
    assert_eq!(read(said, &list), [Found::Missing, Found::Missing]);
}

#[test]
fn what_cannot_be_read_is_neither_0_points_nor_nobody() {
    let list = list(&[("encoded", "a"), ("encoded", "b")]);
    for points in [
        json!(1.0),
        json!(null),
        json!("many"),
        json!({}),
        json!(1e30),
    ] {
        let said = json!([{"clientId": "a", "points": points}]);
        assert_eq!(read(said, &list), [Found::Unreadable, Found::Missing]);
    }
    // Who is named twice, and differently, is not known.
    let said = json!([{"clientId": "a", "points": 1}, {"clientId": "a", "points": 2}]);
    assert_eq!(read(said, &list)[0], Found::Unreadable);
    let said = json!([{"clientId": "a", "points": 1}, {"clientId": "a", "points": 1}]);
    assert_eq!(read(said, &list)[0], Found::Points(1));
    // An entry that names nobody could be about anybody who is left out.
    for nameless in [
        json!({"points": 5}),
        json!({"clientId": 1.5}),
        json!(5),
        json!(null),
    ] {
        let said = json!([nameless, {"clientId": "b", "points": 9}]);
        assert_eq!(read(said, &list), [Found::Unreadable, Found::Points(9)]);
    }
    for no_list in [json!({"a": 1}), json!("x"), json!(5)] {
        assert_eq!(read(no_list, &list), vec![Found::Unreadable; 2]);
    }
}

#[test]
fn a_success_without_points_found_nobody() {
    let list = list(&[("encoded", "a")]);
    assert_eq!(read(json!(null), &list), [Found::Missing]);
    assert_eq!(read(json!([]), &list), [Found::Missing]);
    let fields = json!({"success": true});
    assert_eq!(found(fields.as_object().unwrap(), &list), [Found::Missing]);
}

#[test]
fn points_have_64_bits() {
    let list = list(&[("line", "42")]);
    for points in [i64::MAX, i64::MIN, 9_007_199_254_740_993, 0] {
        let said = json!([{"platform": "line", "platformClientId": 42, "points": points}]);
        assert_eq!(read(said, &list), [Found::Points(points)]);
    }
}

#[test]
fn every_code_says_who_can_help() {
    let of = |status, code| {
        refusal(&Refusal {
            status,
            code,
            text: String::new(),
            retry_after: None,
        })
    };
    for code in [1_004, 1_002, 5_001, 110_000, 120_000] {
        for status in [200, 400, 404, 429, 500] {
            assert_eq!(of(status, Some(code)), PointsRefusal::NoAccess, "{code}");
        }
    }
    assert_eq!(of(404, Some(37_011)), PointsRefusal::NoAccount);
    assert_eq!(of(200, Some(37_011)), PointsRefusal::NoAccount);
    // The mall's 60001 is "not switched on here"; ours failed to bind a customer.
    assert_eq!(of(200, Some(60_001)), PointsRefusal::Unavailable);
    for code in [None, Some(4_711)] {
        assert_eq!(of(401, code), PointsRefusal::NoAccess);
        assert_eq!(of(403, code), PointsRefusal::NoAccess);
        assert_eq!(of(404, code), PointsRefusal::NoAccess);
        assert_eq!(of(429, code), PointsRefusal::TooFast);
        assert_eq!(of(400, code), PointsRefusal::Unavailable);
        assert_eq!(of(500, code), PointsRefusal::Unavailable);
        assert_eq!(of(200, code), PointsRefusal::Unavailable);
    }
}

/// A way to spell an id, points or a name that means the same.
#[derive(Clone, Copy, Debug)]
struct Spelling {
    points_as_text: bool,
    capitals: bool,
    platform_said: bool,
    surplus: bool,
}

fn spelling() -> impl Strategy<Value = Spelling> {
    any::<[bool; 4]>().prop_map(|[a, b, c, d]| Spelling {
        points_as_text: a,
        capitals: b,
        platform_said: c,
        surplus: d,
    })
}

proptest! {
    #[test]
    fn any_mixture_of_spellings_reads_the_same(
        balances in prop::collection::vec((any::<bool>(), any::<i64>(), any::<bool>(), spelling()), 1..60),
        seed in any::<u64>(),
    ) {
        let mut asked: Vec<(&str, String)> = Vec::new();
        let mut entries = Vec::new();
        let mut expected = HashMap::new();
        for (n, (encoded, points, there, spelling)) in balances.iter().enumerate() {
            let kind = if *encoded { "encoded" } else { "liveChat" };
            let id = format!("{}", 100 + n);
            asked.push((kind, id.clone()));
            let found = if *there { Found::Points(*points) } else { Found::Missing };
            expected.insert((*encoded, id.clone()), found);
            if !there {
                continue;
            }
            let mut entry = Map::new();
            if spelling.platform_said {
                let name = if spelling.capitals { "LIVECHAT" } else { "liveChat" };
                entry.insert("platform".to_owned(), name.into());
            }
            let points = match spelling.points_as_text {
                true => Value::from(points.to_string()),
                false => Value::from(*points),
            };
            entry.insert("points".to_owned(), points);
            let name = if *encoded { "clientId" } else { "platformClientId" };
            entry.insert(name.to_owned(), id.into());
            if spelling.surplus {
                entry.insert("tags".to_owned(), json!([{"points": 5}]));
            }
            entries.push(Value::Object(entry));
        }
        let place = usize::try_from(seed % 97).unwrap() % entries.len().max(1);
        entries.rotate_left(place);
        let asked: Vec<(&str, &str)> = asked.iter().map(|(kind, id)| (*kind, id.as_str())).collect();
        let list = list(&asked);
        let read = read(Value::Array(entries), &list);
        for ((kind, account), found) in list.accounts().zip(read) {
            let key = (kind == Kind::Encoded, account.id().to_owned());
            prop_assert_eq!(&found, &expected[&key]);
        }
    }

    /// Whatever comes, points come only from an entry that names the account and says them.
    #[test]
    fn nothing_malformed_is_guessed(
        ids in prop::collection::vec("[ab]?", 0..4),
        spoilt in prop::sample::select(vec!["null", "1.5", "\"\"", "[]", "{}", "true", "\"x\"", "1e3"]),
    ) {
        let list = list(&[("encoded", "a"), ("encoded", "b")]);
        let spoilt: Value = serde_json::from_str(spoilt).unwrap();
        let entries: Vec<Value> = ids
            .iter()
            .map(|id| json!({"clientId": id, "points": spoilt}))
            .collect();
        let nameless = ids.iter().any(String::is_empty);
        let read = read(Value::Array(entries), &list);
        for (found, id) in read.iter().zip(["a", "b"]) {
            let named = ids.iter().any(|named| named == id);
            let expected = if named || nameless { Found::Unreadable } else { Found::Missing };
            prop_assert_eq!(found, &expected);
        }
    }
}

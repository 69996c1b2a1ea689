//! Any mixture of the documented spellings reads the same, nothing malformed is guessed, and nothing
//! panics.

use guildpoints::model::Account;
use guildpoints::points::Verdict;
use guildpoints::points::swan::LedgerEntry;
use guildpoints::points::swan::LedgerPage;
use guildpoints::points::swan::read::Received;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

const USER: &str = "@retail_20871:corp.example";

fn user() -> Account {
    Account::new("retail", USER)
}

/// An entry as it is meant.
#[derive(Clone, Debug)]
struct Meant {
    points: i64,
    id: Option<u32>,
    detail: Option<u32>,
    names_user: bool,
    at_ms: Option<i64>,
    kind: Option<&'static str>,
    info: String,
}

/// How it is spelt.
#[derive(Clone, Copy, Debug)]
struct Spelling {
    points: u8,
    labels: bool,
    time: u8,
    surplus: bool,
    nulls: bool,
}

/// How a page is.
#[derive(Clone, Copy, Debug)]
struct Shape {
    form: u8,
    total_inside: bool,
    total_as_text: bool,
    lying_size: i32,
}

prop_compose! {
    fn meant()(
        points in prop_oneof![any::<i64>(), -9_999_i64..9_999],
        id in option::of(any::<u32>()),
        detail in option::of(any::<u32>()),
        names_user in any::<bool>(),
        at_ms in option::of(0_i64..4_000_000_000_000),
        kind in option::of(prop_oneof![Just("RETAIL_LIKE"), Just("RetailLike")]),
        info in "[a-z签到 \\[\\]\"]{0,12}",
    ) -> Meant {
        Meant { points, id, detail, names_user, at_ms, kind, info }
    }
}

prop_compose! {
    fn spelling()(
        points in 0_u8..5, labels in any::<bool>(), time in 0_u8..4,
        surplus in any::<bool>(), nulls in any::<bool>(),
    ) -> Spelling {
        Spelling { points, labels, time, surplus, nulls }
    }
}

prop_compose! {
    fn shape()(
        form in 0_u8..5, total_inside in any::<bool>(), total_as_text in any::<bool>(),
        lying_size in any::<i32>(),
    ) -> Shape {
        Shape { form, total_inside, total_as_text, lying_size }
    }
}

fn spelt(meant: &Meant, spelling: Spelling) -> Value {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| {
        fields.insert(name.to_owned(), value);
    };
    let points = meant.points;
    match spelling.points {
        0 => put("points", json!(points)),
        1 => put("points", json!(points.to_string())),
        2 => put("point", json!(points)),
        3 => put("points", json!(format!("{points:+}"))),
        _ => {
            put("points", json!(points));
            put("point", json!(points.to_string()));
        }
    }
    for (name, label) in [("id", meant.id), ("detailId", meant.detail)] {
        match label {
            Some(label) if spelling.labels => put(name, json!(label.to_string())),
            Some(label) => put(name, json!(label)),
            None if spelling.nulls => put(name, Value::Null),
            None => {}
        }
    }
    if meant.names_user {
        put("userId", json!(USER));
    }
    if let Some(at_ms) = meant.at_ms {
        match spelling.time {
            0 => put("createdAt", json!(at_ms)),
            1 => put("createAt", json!(at_ms)),
            2 => put("createdAt", json!(at_ms.to_string())),
            // The other one is somebody else's mistake.
            _ => {
                put("createdAt", json!(at_ms));
                put("createAt", json!(at_ms + 1));
            }
        }
    }
    if let Some(kind) = meant.kind {
        put("type", json!(kind));
    }
    if !meant.info.is_empty() {
        put("info", json!(meant.info));
    }
    if spelling.surplus {
        put("tid", json!("corp.example"));
        put("mid", json!("M00002"));
        put("updateAt", json!(1));
        put("new", json!({"a": [1, 2.5, null]}));
    }
    Value::Object(fields)
}

fn page_of(entries: Vec<Value>, total: Option<u32>, shape: Shape) -> Value {
    let total = total.map(|total| match shape.total_as_text {
        true => json!(total.to_string()),
        false => json!(total),
    });
    let mut top = Map::new();
    let mut inner = Map::new();
    match shape.form {
        0 => drop(top.insert("transaction".to_owned(), json!(entries))),
        1 => drop(top.insert("content".to_owned(), json!(entries))),
        2 => drop(top.insert("result".to_owned(), json!(entries))),
        3 => drop(inner.insert("content".to_owned(), json!(entries))),
        _ => drop(inner.insert("result".to_owned(), json!(entries))),
    }
    let place = match shape.total_inside && !inner.is_empty() {
        true => &mut inner,
        false => &mut top,
    };
    if let Some(total) = total {
        place.insert("total".to_owned(), total);
    }
    place.insert("size".to_owned(), json!(shape.lying_size));
    place.insert("page".to_owned(), json!("first"));
    if !inner.is_empty() {
        top.insert("transaction".to_owned(), Value::Object(inner));
    }
    Value::Object(top)
}

fn read(body: &Value) -> Option<LedgerPage> {
    let body = body.to_string();
    let received = Received {
        status: 200,
        body: body.as_bytes(),
    };
    received.page(&user()).ok()
}

fn wanted(meant: &Meant) -> LedgerEntry {
    let text = |label: Option<u32>| label.map(|label| label.to_string());
    LedgerEntry {
        points: meant.points,
        account: meant.names_user.then(user),
        id: text(meant.id),
        detail: text(meant.detail),
        kind: meant.kind.map(str::to_owned),
        at_ms: meant.at_ms,
        info: meant.info.clone(),
    }
}

/// Values that stand for no number of points.
fn no_points() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-1e6_f64..1e6).prop_map(|float| json!(float)),
        Just(json!(18_446_744_073_709_551_615_u64)),
        "[a-z ]{0,4}".prop_map(Value::from),
        (1_u32..99).prop_map(|n| json!(format!("{n}.0"))),
        (1_u32..99).prop_map(|n| json!(format!(" {n}"))),
        (1_u32..99).prop_map(|n| json!(format!("--{n}"))),
        (1_u32..99).prop_map(|n| json!(format!("{n}e1"))),
        (1_u32..99).prop_map(|n| json!([n])),
        (1_u32..99).prop_map(|n| json!({ "points": n })),
    ]
}

proptest! {
    #[test]
    fn every_mixture_of_spellings_reads_the_same(
        entries in vec((meant(), spelling()), 0..6),
        total in option::of(any::<u32>()),
        shape in shape(),
    ) {
        let spelt = entries.iter().map(|(meant, spelling)| spelt(meant, *spelling)).collect();
        let body = page_of(spelt, total, shape);
        let page = read(&body).expect("every documented spelling reads");
        let expected: Vec<LedgerEntry> = entries.iter().map(|(meant, _)| wanted(meant)).collect();
        prop_assert_eq!(page.entries, expected);
        prop_assert_eq!(page.total, total.map(u64::from));
        // The same with a balance beside it is a statement.
        let mut statement = body;
        statement["balance"] = json!("-7");
        statement["staffId"] = json!(USER);
        let text = statement.to_string();
        let received = Received { status: 200, body: text.as_bytes() };
        prop_assert_eq!(received.statement(&user()).unwrap().balance, -7);
    }

    #[test]
    fn points_that_are_none_spoil_the_whole_page(
        entries in vec((meant(), spelling()), 1..5),
        shape in shape(),
        bad in no_points(),
        at in any::<prop::sample::Index>(),
    ) {
        let mut spelt: Vec<Value> =
            entries.iter().map(|(meant, spelling)| spelt(meant, *spelling)).collect();
        let at = at.index(spelt.len());
        let fields = spelt[at].as_object_mut().unwrap();
        fields.remove("point");
        fields.insert("points".to_owned(), bad.clone());
        prop_assert_eq!(read(&page_of(spelt, None, shape)), None, "{}", bad);
        let body = json!({ "balance": bad }).to_string();
        let received = Received { status: 200, body: body.as_bytes() };
        prop_assert!(received.balance(&user()).is_err());
    }

    #[test]
    fn a_body_cut_anywhere_is_no_answer(
        entries in vec((meant(), spelling()), 1..3),
        shape in shape(),
        cut in any::<prop::sample::Index>(),
    ) {
        let spelt = entries.iter().map(|(meant, spelling)| spelt(meant, *spelling)).collect();
        let body = page_of(spelt, None, shape).to_string();
        let body = &body.as_bytes()[..cut.index(body.len())];
        let received = Received { status: 200, body };
        prop_assert!(received.page(&user()).is_err());
        prop_assert!(matches!(received.change(&user()), Verdict::Unknown(_)));
    }

    #[test]
    fn whatever_comes_nothing_panics_and_only_a_plain_success_applies(
        status in 100_u16..700,
        body in prop_oneof![
            vec(any::<u8>(), 0..200),
            "\\{(\"(errcode|error|balance|transaction|points|total)\":(\"(OK|X|)\"|1|null|\\[\\]|\\{\\}),?){0,4}\\}?"
                .prop_map(String::into_bytes),
        ],
    ) {
        let received = Received { status, body: &body };
        let _ = received.balance(&user());
        let _ = received.statement(&user());
        let _ = received.page(&user());
        match received.change(&user()) {
            Verdict::Applied => {
                prop_assert_eq!(status, 200);
                let read: Value = serde_json::from_slice(&body).unwrap();
                let code = read.get("errcode").cloned().unwrap_or_default();
                prop_assert!(code.is_null() || code == "" || code == "OK", "{}", code);
            }
            Verdict::Refused(_) => prop_assert!(matches!(status, 400..=499)),
            Verdict::Unknown(_) => {}
            Verdict::NotSent(_) => prop_assert!(false, "it was sent"),
        }
    }
}

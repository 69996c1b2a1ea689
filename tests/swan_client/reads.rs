//! Balances, statements and pages of the ledger.

use std::time::Duration;

use guildpoints::model::Account;
use guildpoints::model::refusal::PointsRefusal;
use guildpoints::points::PointsBackend;
use guildpoints::points::swan::Stretch;
use serde_json::json;

use crate::scripted::Says;
use crate::world::ANN;
use crate::world::ANNS;
use crate::world::BEN;
use crate::world::World;
use crate::world::anns;

fn balance() -> Says {
    Says::json(json!({"userId": ANNS, "balance": 340,
        "createdAt": 1719800000000_i64, "updatedAt": 1719886400000_i64}))
}

#[tokio::test]
async fn a_balance_is_asked_for_in_the_name_of_the_linked_account() {
    let world = World::new().await;
    assert_eq!(world.balance(balance()).await.unwrap(), 340);
    let heard = world.server.heard().remove(0);
    assert_eq!(
        (heard.method.as_str(), heard.path.as_str()),
        ("GET", "/points")
    );
    assert_eq!(heard.consumer(), ANNS);
    assert!(world.pulse().beats());
    world.server.is_content();
}

#[tokio::test]
async fn whoever_is_not_linked_or_linked_to_no_account_is_never_asked_for() {
    let world = World::new().await;
    let refused = world.linked.balance(BEN).await.unwrap_err().refused;
    assert_eq!(refused.meaning, PointsRefusal::NotLinked);
    // However such an id came into the store: it goes into no header.
    for id in [
        "\"@retail_1:corp\"",
        "@a:b\r\nX-Role: admin",
        "retail_1",
        "@a b:c",
    ] {
        let account = Account::new("retail", id);
        let refused = world.swan.balance(&account).await.unwrap_err().refused;
        assert_eq!(refused.meaning, PointsRefusal::NotLinked, "{id}");
        assert!(world.swan.ledger(&account, Stretch::page(0)).await.is_err());
        assert!(
            world
                .swan
                .statement(&account, Stretch::page(0))
                .await
                .is_err()
        );
    }
    assert!(world.server.heard().is_empty());
}

#[tokio::test]
async fn a_balance_that_is_not_told_is_no_zero() {
    let world = World::new().await;
    for (says, meaning, code) in [
        (Says::json(json!({})), PointsRefusal::Unavailable, None),
        (
            Says::json(json!({"balance": null})),
            PointsRefusal::Unavailable,
            None,
        ),
        (
            Says::json(json!({"balance": 1.5})),
            PointsRefusal::Unavailable,
            None,
        ),
        (
            Says::json(json!({"userId": "@retail_2:corp.example", "balance": 7})),
            PointsRefusal::Unavailable,
            None,
        ),
        (
            Says::status(404, json!({"errcode": "SWAN_USER", "error": "unknown"})),
            PointsRefusal::NoAccount,
            Some(404),
        ),
        (Says::raw(404, ""), PointsRefusal::NoAccount, Some(404)),
        (
            Says::status(400, json!({"errcode": "FC_BAD_JSON"})),
            PointsRefusal::Unavailable,
            Some(400),
        ),
        (Says::raw(401, "no"), PointsRefusal::NoAccess, Some(401)),
        (Says::raw(403, "no"), PointsRefusal::NoAccess, Some(403)),
        (Says::raw(429, ""), PointsRefusal::TooFast, Some(429)),
        (Says::raw(500, ""), PointsRefusal::Unavailable, Some(500)),
        (
            Says::json(json!({"errcode": "SWAN_BUSY", "balance": 7})),
            PointsRefusal::Unavailable,
            Some(200),
        ),
        (
            Says::raw(200, "<!doctype html><title>console</title>"),
            PointsRefusal::Unavailable,
            Some(200),
        ),
        (
            Says::raw(200, b"{\"balance\":7,\"x\":\"\xff\"}".to_vec()),
            PointsRefusal::Unavailable,
            Some(200),
        ),
        // The example as it is printed upstream, comments and all.
        (
            Says::raw(200, "{\"balance\": 340 // points\n}"),
            PointsRefusal::Unavailable,
            Some(200),
        ),
        (
            Says::raw(302, "").with("Location", "http://127.0.0.1:1/"),
            PointsRefusal::Unavailable,
            Some(302),
        ),
        (Says::HangsUp, PointsRefusal::Unavailable, None),
        (
            Says::Breaks("{\"balance\":7"),
            PointsRefusal::Unavailable,
            Some(200),
        ),
    ] {
        let shown = format!("{says:?}");
        let refused = world.balance(says).await.unwrap_err().refused;
        assert_eq!((refused.meaning, refused.code), (meaning, code), "{shown}");
    }
    world.server.is_content();
}

#[tokio::test]
async fn a_statement_is_a_balance_with_the_newest_entries() {
    let world = World::new().await;
    world.says(Says::json(
        json!({"staffId": ANNS, "balance": "340", "oneMonthExpired": 12,
        "transaction": {"content": [{"id": 31, "points": 8, "createAt": 1719886400111_i64,
            "type": "RETAIL_LIKE", "detailId": 31, "info": "客户点赞"}],
            "page": 0, "size": 20, "total": 1}}),
    ));
    let stretch = Stretch {
        page: 0,
        since_ms: Some(1_719_000_000_000),
        until_ms: Some(1_720_000_000_000),
    };
    let statement = world.swan.statement(&anns(), stretch).await.unwrap();
    assert_eq!(
        (statement.balance, statement.one_month_expired),
        (340, Some(12))
    );
    assert_eq!(statement.ledger.entries[0].points, 8);
    let heard = world.server.heard().remove(0);
    assert_eq!(heard.path, "/points/transaction/mine");
    assert_eq!(heard.consumer(), ANNS);
    let query: Vec<(&str, &str)> = heard
        .query
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let wanted = [
        ("endTime", "1720000000000"),
        ("page", "0"),
        ("size", "20"),
        ("startTime", "1719000000000"),
    ];
    assert_eq!(query, wanted);
    // Either half alone is none.
    for half in [
        json!({"balance": 340}),
        json!({"transaction": {"content": [], "total": 0}}),
        json!({"staffId": "@staff_x:corp.example", "balance": 1, "transaction": []}),
    ] {
        world.says(Says::json(half.clone()));
        assert!(
            world
                .swan
                .statement(&anns(), Stretch::page(0))
                .await
                .is_err(),
            "{half}"
        );
    }
    world.server.is_content();
}

#[tokio::test]
async fn a_page_of_the_ledger_counts_from_0() {
    let world = World::new().await;
    world.says(Says::json(
        json!({"transaction": [], "page": 3, "size": 10, "total": 0}),
    ));
    let page = world.swan.ledger(&anns(), Stretch::page(0)).await.unwrap();
    assert_eq!((page.entries.len(), page.total), (0, Some(0)));
    let heard = world.server.heard().remove(0);
    assert_eq!(heard.path, "/points/transaction");
    assert_eq!(heard.query["page"], "0");
    assert_eq!(heard.query["size"], "20");
    // Exactly as printed upstream: an array with keys in it. Nothing repairs that.
    let printed = "{\"transaction\": [ \"points\": \"2\", \"userId\": \"@a:b\", \"info\": \"x\" ], \"total\": 1}";
    world.says(Says::raw(200, printed));
    let refused = world
        .swan
        .ledger(&anns(), Stretch::page(0))
        .await
        .unwrap_err()
        .refused;
    assert_eq!(refused.meaning, PointsRefusal::Unavailable);
    world.server.is_content();
}

#[tokio::test]
async fn a_whole_request_has_one_deadline() {
    let world = World::with(|settings| settings.timeout = Duration::from_millis(300)).await;
    for says in [Says::Nothing, Says::Dawdles] {
        let refused = world.balance(says).await.unwrap_err().refused;
        assert_eq!(refused.meaning, PointsRefusal::Unavailable);
        assert!(refused.text.contains("300ms"), "{}", refused.text);
    }
    assert_eq!(world.balance(balance()).await.unwrap(), 340);
    assert_eq!(world.linked.account(ANN).await.unwrap(), Some(anns()));
    world.server.is_content();
}

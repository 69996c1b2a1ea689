//! Pages of the ledger: order, bounds, and every documented spelling.

use guildpoints::sandbox::swan::CreatedField;
use guildpoints::sandbox::swan::DetailId;
use guildpoints::sandbox::swan::LedgerForm;
use guildpoints::sandbox::swan::PointsForm;
use serde_json::Value;
use serde_json::json;

use crate::stage::ANN;
use crate::stage::BOB;
use crate::stage::DAY;
use crate::stage::LIN;
use crate::stage::NOW;
use crate::stage::Stage;

/// The words of the entries of a plain array.
fn infos(page: &Value) -> Vec<&str> {
    let entries = page["transaction"].as_array().unwrap().iter();
    entries.map(|one| one["info"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn each_endpoint_has_the_form_of_its_own_page() {
    let stage = Stage::new().await;
    stage.add("fbp-1", ANN, 7).await;
    assert_eq!(
        stage.ledger(ANN, "?size=2").await.text(),
        format!(
            r#"{{"transaction":[{{"points":"7","userId":"{ANN}","detailId":"fbp-1","createdAt":{NOW},"type":"FanbookReward","info":"签到 [fbp-1]"}},{{"points":"40","userId":"{ANN}","detailId":2,"createdAt":{},"type":"RetailLike","info":"签到"}}],"page":0,"size":2,"total":3}}"#,
            NOW - DAY
        )
    );
    assert_eq!(
        stage.mine(ANN, "?size=1").await.text(),
        format!(
            r#"{{"staffId":"{ANN}","transaction":{{"content":[{{"id":4,"tid":"corp.example","mid":"M00002","createAt":{NOW},"updateAt":{NOW},"userId":"{ANN}","type":"FANBOOK_REWARD","detailId":4,"points":7,"info":"签到 [fbp-1]"}}],"page":0,"size":1,"total":3}},"balance":107,"oneMonthExpired":0}}"#
        )
    );
    let empty = stage.ledger(LIN, "").await.json();
    assert_eq!(
        empty,
        json!({"transaction": [], "page": 0, "size": 20, "total": 0})
    );
}

#[tokio::test]
async fn every_spelling_can_be_chosen_on_both() {
    for ledger in [LedgerForm::Object, LedgerForm::Array] {
        for points in [PointsForm::Number, PointsForm::String] {
            for created in [CreatedField::CreateAt, CreatedField::CreatedAt] {
                for detail_id in [DetailId::Number, DetailId::TransactionId] {
                    let stage = Stage::shaped(|shapes| {
                        shapes.ledger = ledger;
                        shapes.points = points;
                        shapes.created = created;
                        shapes.detail_id = detail_id;
                    })
                    .await;
                    stage.add("fbp-1", ANN, -7).await;
                    for page in [
                        stage.ledger(ANN, "").await.json(),
                        stage.mine(ANN, "").await.json(),
                    ] {
                        let (list, total) = match ledger {
                            LedgerForm::Object => {
                                let inner = &page["transaction"];
                                (&inner["content"], &inner["total"])
                            }
                            _ => (&page["transaction"], &page["total"]),
                        };
                        let entry = &list[0];
                        let number = points == PointsForm::Number;
                        let expected = if number { json!(-7) } else { json!("-7") };
                        assert_eq!(entry["points"], expected);
                        let old = created == CreatedField::CreateAt;
                        let (name, other) = if old {
                            ("createAt", "createdAt")
                        } else {
                            ("createdAt", "createAt")
                        };
                        assert_eq!(entry[name], NOW);
                        assert_eq!(entry[other], Value::Null);
                        let own = detail_id == DetailId::TransactionId;
                        assert_eq!(entry["detailId"] == "fbp-1", own, "{entry}");
                        assert_eq!((list.as_array().unwrap().len(), total), (3, &json!(3)));
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn the_malformed_page_is_printed_as_in_the_document() {
    let stage = Stage::shaped(|shapes| shapes.ledger = LedgerForm::Malformed).await;
    stage.add("fbp-1", BOB, 2).await;
    let reply = stage.ledger(BOB, "").await;
    assert_eq!(reply.status, 200);
    assert_eq!(
        reply.header("content-type"),
        "application/json;charset=UTF-8"
    );
    assert!(serde_json::from_slice::<Value>(&reply.bytes).is_err());
    let text = reply.text();
    let start = format!(r#"{{"transaction":["points":"2","userId":"{BOB}","detailId":"fbp-1","#);
    assert!(text.starts_with(&start), "{text}");
    assert!(text.ends_with(r#"],"size":20,"total":2}"#), "{text}");
    assert!(serde_json::from_slice::<Value>(&stage.mine(BOB, "").await.bytes).is_err());
    // The balance is another endpoint and stays readable.
    assert_eq!(stage.balance(BOB).await.json()["balance"], 52);
}

#[tokio::test]
async fn pages_count_from_zero_and_the_newest_comes_first() {
    let stage = Stage::new().await;
    for at in 0..25 {
        stage.clock.advance(1_000);
        stage.swan.add(BOB, 1, &format!("n{at}"));
    }
    let first = stage.ledger(BOB, "").await.json();
    assert_eq!(infos(&first).len(), 20);
    assert_eq!(infos(&first)[..2], ["n24", "n23"]);
    let second = stage.ledger(BOB, "?page=1").await.json();
    assert_eq!(infos(&second), ["n4", "n3", "n2", "n1", "n0", "开卡礼"]);
    assert_eq!(second["total"], 26);
    assert_eq!(infos(&stage.ledger(BOB, "?page=2").await.json()), [""; 0]);
    let all = stage.ledger(BOB, "?size=100").await.json();
    assert_eq!(infos(&all).len(), 26);
    // An entry between two pages shifts them: the last of the first page is seen again.
    stage.swan.add(BOB, 1, "late");
    let shifted = stage.ledger(BOB, "?page=1").await.json();
    assert_eq!(infos(&shifted)[0], infos(&first)[19]);
    // Nobody else's entries are in it.
    assert_eq!(stage.ledger(ANN, "").await.json()["total"], 2);
}

#[tokio::test]
async fn times_bound_a_page_ends_included() {
    let stage = Stage::new().await;
    let (old, new) = (NOW - 2 * DAY, NOW - DAY);
    for (query, expected) in [
        (format!("?startTime={new}"), vec!["签到"]),
        (format!("?startTime={}", new + 1), vec![]),
        (format!("?endTime={old}"), vec!["开卡礼"]),
        (format!("?endTime={}", old - 1), vec![]),
        (
            format!("?startTime={old}&endTime={new}"),
            vec!["签到", "开卡礼"],
        ),
    ] {
        let page = stage.ledger(ANN, &query).await.json();
        assert_eq!(infos(&page), expected, "{query}");
        assert_eq!(page["total"], expected.len(), "{query}");
        let mine = stage.mine(ANN, &query).await.json();
        assert_eq!(mine["transaction"]["total"], expected.len(), "{query}");
        assert_eq!(mine["balance"], 100);
    }
}

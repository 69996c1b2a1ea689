//! The choices that are not about the ledger: refusals, deductions, ids that come again, events.

use guildpoints::sandbox::swan::Deduct;
use guildpoints::sandbox::swan::ErrorForm;
use guildpoints::sandbox::swan::RepeatedId;
use serde_json::json;

use crate::stage::ANN;
use crate::stage::NOBODY;
use crate::stage::NOW;
use crate::stage::Stage;
use crate::stage::verdict;
use crate::wire::Reply;

#[tokio::test]
async fn a_balance_is_told_as_documented() {
    let stage = Stage::new().await;
    let reply = stage.balance(ANN).await;
    assert_eq!(
        reply.text(),
        format!(
            r#"{{"userId":"{ANN}","balance":100,"createdAt":{},"updatedAt":{}}}"#,
            NOW - 2 * 86_400_000,
            NOW - 86_400_000
        )
    );
    assert_eq!(
        reply.header("content-type"),
        "application/json;charset=UTF-8"
    );
    stage.clock.advance(5_000);
    assert_eq!(stage.add("t-1", ANN, 7).await.text(), "{}");
    let told = stage.balance(ANN).await.json();
    assert_eq!(
        (&told["balance"], &told["updatedAt"]),
        (&json!(107), &json!(NOW + 5_000))
    );
}

#[tokio::test]
async fn a_refusal_has_four_forms_and_no_effect_in_any() {
    for (form, status, body) in [
        (
            ErrorForm::Json,
            404,
            r#"{"errcode":"SWAN_USER_NOT_FOUND","error":"user not found","traceid":"5f0c2b1e9a474c83"}"#,
        ),
        (
            ErrorForm::Status200,
            200,
            r#"{"errcode":"SWAN_USER_NOT_FOUND","error":"user not found","traceid":"5f0c2b1e9a474c83"}"#,
        ),
        (ErrorForm::Text, 404, "user not found"),
        (ErrorForm::Empty, 404, ""),
    ] {
        let stage = Stage::shaped(|shapes| shapes.error_form = form).await;
        let reply = stage.add("t-1", NOBODY, 10).await;
        assert_eq!((reply.status, reply.text().as_str()), (status, body));
        let noted = stage.swan.requests().pop().unwrap();
        assert_eq!(noted.errcode, Some("SWAN_USER_NOT_FOUND"), "{form:?}");
        assert_eq!(stage.swan.effects("t-1"), 0);
    }
}

#[tokio::test]
async fn negative_points_deduct_and_never_below_zero() {
    let stage = Stage::new().await;
    assert_eq!(stage.add("t-1", ANN, -100).await.status, 200);
    let short = stage.add("t-2", ANN, -1).await;
    assert_eq!(verdict(&short), (400, "SWAN_BALANCE_NOT_ENOUGH".to_owned()));
    assert_eq!((stage.ann(), stage.swan.effects("t-2")), (0, 0));
    let most = i64::from(i32::MAX);
    assert_eq!(stage.add("t-3", ANN, most).await.status, 200);
    let full = stage.add("t-4", ANN, 1).await;
    assert_eq!(verdict(&full), (400, "SWAN_BALANCE_TOO_LARGE".to_owned()));
    assert_eq!(stage.ann(), most);
    stage.balances_are_sums_of_ledgers();
}

#[tokio::test]
async fn deductions_can_depend_on_the_type_or_be_refused() {
    let redeem = |stage: &Stage, point: i64| {
        let body = json!({"transactionId": "t-1", "userId": ANN, "point": point,
            "type": "FANBOOK_REDEEM", "info": "兑换头像框"});
        stage.post(ANN, "/points", &body)
    };
    for (deduct, point, ann) in [
        (Deduct::Negative, 30, 130),
        (Deduct::Negative, -30, 70),
        (Deduct::ByType, 30, 70),
        (Deduct::Refuse, 30, 130),
    ] {
        let stage = Stage::shaped(|shapes| shapes.deduct = deduct).await;
        assert_eq!(Reply::to(redeem(&stage, point)).await.status, 200);
        assert_eq!(stage.ann(), ann, "{deduct:?} {point}");
        stage.balances_are_sums_of_ledgers();
    }
    for deduct in [Deduct::ByType, Deduct::Refuse] {
        let stage = Stage::shaped(|shapes| shapes.deduct = deduct).await;
        let reply = Reply::to(redeem(&stage, -30)).await;
        assert_eq!(verdict(&reply), (400, "SWAN_POINT_NEGATIVE".to_owned()));
        assert_eq!(stage.ann(), 100);
    }
    let stage = Stage::shaped(|shapes| shapes.deduct = Deduct::ByType).await;
    let short = Reply::to(redeem(&stage, 101)).await;
    assert_eq!(verdict(&short).1, "SWAN_BALANCE_NOT_ENOUGH");
    // Another type adds.
    assert_eq!(stage.add("t-2", ANN, 5).await.status, 200);
    assert_eq!(stage.ann(), 105);
}

#[tokio::test]
async fn an_id_that_comes_again_is_applied_again_unless_chosen_otherwise() {
    for (repeated, status, ann, effects) in [
        (RepeatedId::Again, 200, 120, 2),
        (RepeatedId::Silent, 200, 110, 1),
        (RepeatedId::Conflict, 409, 110, 1),
    ] {
        let stage = Stage::shaped(|shapes| shapes.repeated_id = repeated).await;
        // A refusal does not use an id up.
        assert_eq!(stage.add("t-1", ANN, -999).await.status, 400);
        assert_eq!(stage.add("t-1", ANN, 10).await.status, 200);
        let again = stage.add("t-1", ANN, 10).await;
        assert_eq!(again.status, status, "{repeated:?}");
        if status == 200 {
            assert_eq!(again.text(), "{}");
        }
        assert_eq!((stage.ann(), stage.swan.effects("t-1")), (ann, effects));
        stage.balances_are_sums_of_ledgers();
    }
}

#[tokio::test]
async fn an_event_is_worth_what_its_rule_says_and_counts_once() {
    let stage = Stage::new().await;
    for _ in 0..2 {
        let reply = stage.report("VIEW_STUDIO", "o-1").await;
        assert_eq!((reply.status, reply.text().as_str()), (200, "{}"));
        assert_eq!((stage.ann(), stage.swan.effects("o-1")), (105, 1));
    }
    // Unknown types succeed without effect, and their ids are used up like any other.
    assert_eq!(stage.report("NEW_EVENT", "o-2").await.text(), "{}");
    stage.swan.set_rule("NEW_EVENT", Some(30));
    assert_eq!(stage.report("NEW_EVENT", "o-2").await.text(), "{}");
    assert_eq!(stage.ann(), 105);
    assert_eq!(stage.report("NEW_EVENT", "o-3").await.text(), "{}");
    assert_eq!(stage.ann(), 135);
    stage.swan.set_rule("VIEW_STUDIO", None);
    assert_eq!(stage.report("VIEW_STUDIO", "o-4").await.text(), "{}");
    assert_eq!(stage.ann(), 135);
    let kinds: Vec<String> = stage.swan.ledger(ANN).into_iter().map(|e| e.kind).collect();
    assert_eq!(kinds[..2], ["NEW_EVENT", "VIEW_STUDIO"]);
    let applied: Vec<usize> = stage.swan.requests().iter().map(|r| r.applied).collect();
    assert_eq!(applied, [1, 0, 0, 0, 1, 0]);
    stage.balances_are_sums_of_ledgers();
}

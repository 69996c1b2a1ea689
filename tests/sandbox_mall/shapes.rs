//! Each choice, and that it changes what it names.

use guildpoints::sandbox::mall::BatchOrder;
use guildpoints::sandbox::mall::EmptyRecord;
use guildpoints::sandbox::mall::ErrorShape;
use guildpoints::sandbox::mall::LengthUnit;
use guildpoints::sandbox::mall::Shapes;
use guildpoints::sandbox::mall::UnknownUserCode;

use crate::stage::ANN;
use crate::stage::BOB;
use crate::stage::GUILD;
use crate::stage::NOBODY;
use crate::stage::Reply;
use crate::stage::Stage;

async fn shaped(shapes: Shapes) -> Stage {
    let stage = Stage::new().await;
    stage.mall.set_shapes(shapes);
    stage
}

/// User and code of each result, in the order they stand.
fn results(reply: &Reply) -> Vec<(u64, i64)> {
    let json = reply.json();
    let results = json["data"].as_array().unwrap();
    results
        .iter()
        .map(|r| (r["fbLongId"].as_u64().unwrap(), r["code"].as_i64().unwrap()))
        .collect()
}

#[tokio::test]
async fn not_found_html() {
    let stage = shaped(Shapes {
        not_found_html: true,
        ..Shapes::default()
    })
    .await;
    let reply = stage.get("getUserPoints", &[]).send().await;
    assert_eq!(reply.status, 200);
    assert!(reply.header("content-type").starts_with("text/html"));
    let posted = stage.post("getUserPoints", "{}").send().await;
    assert_eq!(posted.status, 200);
}

#[tokio::test]
async fn strict_headers() {
    let stage = Stage::new().await;
    let call = || {
        let mut call = stage.balance(GUILD, ANN);
        call.language = Some("zh-CN".to_owned());
        call
    };
    assert_eq!(call().send().await.verdict(), (200, 0));
    stage.mall.set_shapes(Shapes {
        strict_headers: true,
        ..Shapes::default()
    });
    assert_eq!(call().send().await.verdict(), (400, 400));
    assert_eq!(stage.balance(GUILD, ANN).send().await.verdict(), (200, 0));
}

#[tokio::test]
async fn length_unit() {
    for (unit, longest, too_long) in [
        (LengthUnit::Utf16, "🎉".repeat(49), "🎉".repeat(50)),
        (LengthUnit::Codepoint, "🎉".repeat(99), "🎉".repeat(100)),
        (LengthUnit::Utf8, "签".repeat(33), "签".repeat(34)),
    ] {
        let stage = shaped(Shapes {
            length_unit: unit,
            ..Shapes::default()
        })
        .await;
        for (remark, verdict) in [(&longest, (200, 0)), (&too_long, (400, 400))] {
            let body = format!(
                r#"{{"guildId":{GUILD},"fbLongId":{ANN},"bizId":"b","point":1,"remark":"{remark}"}}"#
            );
            let reply = stage.post("modifyUserPoint", &body).send().await;
            assert_eq!(reply.verdict(), verdict, "{unit:?} {remark}");
        }
        let named = stage.change(&"b".repeat(100), GUILD, ANN, 1).send().await;
        assert!(named.text().contains("bizId"), "{}", named.text());
    }
}

#[tokio::test]
async fn error_shape() {
    for (shape, outer, inner) in [
        (ErrorShape::Outer, 30001, None),
        (ErrorShape::Inner, 0, Some(30001)),
        (ErrorShape::Both, 30001, Some(30001)),
    ] {
        let stage = shaped(Shapes {
            error_shape: shape,
            ..Shapes::default()
        })
        .await;
        let reply = stage.change("b", GUILD, ANN, -101).send().await;
        assert_eq!(reply.verdict(), (200, outer), "{shape:?}");
        let data = &reply.json()["data"];
        assert_eq!(data["code"].as_i64(), inner, "{shape:?}");
        assert_eq!(data.is_null(), inner.is_none());
        assert_eq!(stage.ann(), 100);
        // A success looks the same under all of them.
        let reply = stage.change("b", GUILD, ANN, 1).send().await;
        assert_eq!(reply.json()["data"]["code"], 0);
    }
}

#[tokio::test]
async fn unknown_users() {
    let stage = shaped(Shapes {
        unknown_user_code: UnknownUserCode::NoSuchUser,
        unknown_balance_null: true,
        ..Shapes::default()
    })
    .await;
    let reply = stage.change("b", GUILD, NOBODY, 1).send().await;
    assert_eq!(reply.verdict(), (200, 50000));
    let reply = stage.balance(GUILD, NOBODY).send().await;
    assert_eq!(reply.verdict(), (200, 0));
    assert!(reply.json()["data"].is_null());
}

#[tokio::test]
async fn failed_uses_bizid() {
    let stage = shaped(Shapes {
        failed_uses_bizid: true,
        ..Shapes::default()
    })
    .await;
    let codes = [(-101, 30001), (5, 60006), (-101, 60006)];
    for (points, code) in codes {
        let reply = stage.change("b", GUILD, ANN, points).send().await;
        assert_eq!(reply.verdict(), (200, code));
    }
    // Used up, but nothing took effect, so there is nothing to be found.
    let found = stage.find("b").send().await;
    assert!(found.json()["data"].is_null());
    let reply = stage.batch(&[("c", ANN, -101), ("c", ANN, 1)]).send().await;
    assert_eq!(results(&reply), [(ANN, 30001), (ANN, 60006)]);
    assert_eq!(stage.ann(), 100);
}

#[tokio::test]
async fn batches_are_independent_and_in_list_order_unless_chosen_otherwise() {
    let stage = Stage::new().await;
    let reply = stage
        .batch(&[
            ("b-1", ANN, -100),
            ("b-2", ANN, -1),
            ("b-1", BOB, 1),
            ("b-3", NOBODY, 1),
            ("b-4", ANN, 7),
        ])
        .send()
        .await;
    assert_eq!(reply.verdict(), (200, 0));
    assert_eq!(
        results(&reply),
        [
            (ANN, 0),
            (ANN, 30001),
            (BOB, 60006),
            (NOBODY, 60005),
            (ANN, 0)
        ]
    );
    assert_eq!(stage.ann(), 7);
    let all_refused = stage.batch(&[("b-1", ANN, 1)]).send().await;
    assert_eq!(all_refused.verdict(), (200, 0));
    assert_eq!(results(&all_refused), [(ANN, 60006)]);
}

#[tokio::test]
async fn batch_atomic() {
    let stage = shaped(Shapes {
        batch_atomic: true,
        ..Shapes::default()
    })
    .await;
    let reply = stage
        .batch(&[("b-1", ANN, 5), ("b-2", BOB, -51), ("b-3", ANN, 5)])
        .send()
        .await;
    assert_eq!(reply.verdict(), (200, 0));
    assert_eq!(results(&reply), [(ANN, 60005), (BOB, 30001), (ANN, 60005)]);
    assert!(stage.mall.records().is_empty());
    assert_eq!(stage.ann(), 100);
    let reply = stage
        .batch(&[("b-1", ANN, 5), ("b-2", BOB, -50)])
        .send()
        .await;
    assert_eq!(results(&reply), [(ANN, 0), (BOB, 0)]);
    assert_eq!(stage.ann(), 105);
}

#[tokio::test]
async fn batch_order() {
    let users: Vec<u64> = (0..40).map(|at| ANN + 100 + at).collect();
    let ids: Vec<String> = users.iter().map(|user| format!("b-{user}")).collect();
    let entries: Vec<_> = ids
        .iter()
        .zip(&users)
        .map(|(id, user)| (id.as_str(), *user, 1))
        .collect();
    for order in [BatchOrder::Reversed, BatchOrder::Shuffled] {
        let stage = shaped(Shapes {
            batch_order: order,
            ..Shapes::default()
        })
        .await;
        for user in &users {
            stage.mall.set_balance(GUILD, *user, 0);
        }
        let reply = stage.batch(&entries).send().await;
        let mut found: Vec<u64> = results(&reply).iter().map(|(user, _)| *user).collect();
        assert_ne!(found, users, "{order:?}");
        if order == BatchOrder::Reversed {
            found.reverse();
        } else {
            found.sort_unstable();
        }
        assert_eq!(found, users, "{order:?}");
    }
}

#[tokio::test]
async fn batch_single_object() {
    let stage = shaped(Shapes {
        batch_single_object: true,
        ..Shapes::default()
    })
    .await;
    let one = stage.batch(&[("b-1", ANN, 5)]).send().await;
    assert_eq!(one.json()["data"]["fbLongId"], ANN);
    let two = stage
        .batch(&[("b-2", ANN, 5), ("b-3", BOB, 5)])
        .send()
        .await;
    assert_eq!(results(&two).len(), 2);
}

#[tokio::test]
async fn post_status_201() {
    let stage = shaped(Shapes {
        post_status_201: true,
        ..Shapes::default()
    })
    .await;
    assert_eq!(
        stage.change("b", GUILD, ANN, 1).send().await.verdict(),
        (201, 0)
    );
    assert_eq!(
        stage.change("b", GUILD, ANN, 1).send().await.verdict(),
        (201, 60006)
    );
    assert_eq!(
        stage.change("b", GUILD, ANN, 0).send().await.verdict(),
        (400, 400)
    );
    assert_eq!(stage.find("b").send().await.verdict(), (200, 0));
}

#[tokio::test]
async fn empty_record() {
    for (form, text) in [
        (EmptyRecord::Null, r#"{"code":0,"data":null,"msg":""}"#),
        (EmptyRecord::Object, r#"{"code":0,"data":{},"msg":""}"#),
        (EmptyRecord::Absent, r#"{"code":0,"msg":""}"#),
        (EmptyRecord::Text, r#"{"code":0,"data":"","msg":""}"#),
        (EmptyRecord::List, r#"{"code":0,"data":[],"msg":""}"#),
    ] {
        let stage = shaped(Shapes {
            empty_record: form,
            ..Shapes::default()
        })
        .await;
        assert_eq!(stage.find("b").send().await.text(), text);
    }
}

#[tokio::test]
async fn without_the_look_up_a_repeated_id_is_applied_again() {
    let stage = shaped(Shapes {
        find_point_record: false,
        ..Shapes::default()
    })
    .await;
    assert_eq!(stage.find("b").send().await.verdict(), (404, 404));
    for _ in 0..2 {
        let reply = stage.change("b", GUILD, ANN, 10).send().await;
        assert_eq!(reply.verdict(), (200, 0));
    }
    let reply = stage.batch(&[("b", ANN, 10), ("b", ANN, 10)]).send().await;
    assert_eq!(results(&reply), [(ANN, 0), (ANN, 0)]);
    assert_eq!((stage.ann(), stage.effects("b")), (140, 4));
}

//! Checks 11 to 13 and the documented answers.

use axum::http::HeaderValue;

use crate::stage::ANN;
use crate::stage::CLOSED_GUILD;
use crate::stage::GUILD;
use crate::stage::NOBODY;
use crate::stage::OTHER_GUILD;
use crate::stage::SECRET;
use crate::stage::Stage;

#[tokio::test]
async fn check_11_queries() {
    let stage = Stage::new().await;
    let guild = GUILD.to_string();
    for (query, field) in [
        (vec![("guildId", guild.as_str())], "userId"),
        (vec![("userId", "1"), ("guildId", "0")], "guildId"),
        (vec![("userId", "1"), ("guildId", "-1")], "guildId"),
        (vec![("userId", "1"), ("guildId", "+1")], "guildId"),
        (vec![("userId", "1"), ("guildId", "1.0")], "guildId"),
        (vec![("userId", ""), ("guildId", &guild)], "userId"),
        (
            vec![("userId", "9223372036854775808"), ("guildId", &guild)],
            "userId",
        ),
    ] {
        let reply = stage.get("getUserPoint", &query).send().await;
        assert_eq!(reply.verdict(), (400, 400), "{query:?}");
        assert!(reply.text().contains(field), "{}", reply.text());
    }
    for biz_id in ["", " ", "%20", &"b".repeat(100)] {
        let reply = stage.find(biz_id).send().await;
        let expected = if biz_id == "%20" { 200 } else { 400 };
        assert_eq!(reply.status, expected, "{biz_id:?}");
    }
    assert_eq!(
        stage.get("findPointRecord", &[]).send().await.verdict(),
        (400, 400)
    );
}

#[tokio::test]
async fn check_11_bodies() {
    let stage = Stage::new().await;
    let good =
        format!(r#"{{"guildId":{GUILD},"fbLongId":{ANN},"bizId":"b","point":5,"remark":"签到"}}"#);
    let guild = GUILD.to_string();
    let user = ANN.to_string();
    for (from, to, field) in [
        (r#""guildId""#, r#""guild""#, "guildId"),
        (&guild, "\"412345678901234563\"", "guildId"),
        (&guild, "4.12345678901234563e17", "guildId"),
        (&guild, "412345678901234563.0", "guildId"),
        (&guild, "9223372036854775808", "guildId"),
        (&user, "0", "fbLongId"),
        (&user, "-5", "fbLongId"),
        (&user, "null", "fbLongId"),
        (r#":5"#, ":0", "point"),
        (r#":5"#, ":10000", "point"),
        (r#":5"#, ":-10000", "point"),
        (r#":5"#, ":5.0", "point"),
        (r#":5"#, r#":"5""#, "point"),
        (r#""b""#, r#""  ""#, "bizId"),
        (r#""b""#, "7", "bizId"),
        ("签到", "", "remark"),
        ("{", "[{", "body"),
        ("签到", "\n", "body"),
    ] {
        let body = good.replacen(from, to, 1);
        assert_ne!(body, good);
        let reply = stage.post("modifyUserPoint", &body).send().await;
        assert_eq!(reply.verdict(), (400, 400), "{body}");
        assert!(reply.text().contains(field), "{}", reply.text());
    }
    let mut torn = stage.post("modifyUserPoint", &good);
    torn.body.as_mut().unwrap().push(0xff);
    assert_eq!(torn.send().await.verdict(), (400, 400));
    assert_eq!(stage.ann(), 100);

    let more = good.replace("{", r#"{"request":{"a":1},"x":null,"#);
    let reply = stage.post("modifyUserPoint", &more).send().await;
    assert_eq!(reply.verdict(), (200, 0));
    for (points, biz_id) in [(9999, "most"), (-9999, "least")] {
        let reply = stage.change(biz_id, GUILD, ANN, points).send().await;
        assert_eq!(reply.verdict(), (200, 0));
    }
    assert_eq!(stage.ann(), 105);
}

#[tokio::test]
async fn check_11_refuses_a_whole_batch_before_anything_happens() {
    let stage = Stage::new().await;
    let reply = stage
        .batch(&[("b-1", ANN, 1), ("b-2", ANN, 0)])
        .send()
        .await;
    assert_eq!(reply.verdict(), (400, 400));
    assert!(
        reply.text().contains("pointList[1].point"),
        "{}",
        reply.text()
    );
    assert_eq!(stage.batch(&[]).send().await.verdict(), (400, 400));
    let ids: Vec<String> = (0..1001).map(|at| format!("b-{at}")).collect();
    let mut entries: Vec<_> = ids.iter().map(|id| (id.as_str(), ANN, 1)).collect();
    assert_eq!(stage.batch(&entries).send().await.verdict(), (400, 400));
    assert!(stage.mall.records().is_empty());
    entries.pop();
    assert_eq!(stage.batch(&entries).send().await.verdict(), (200, 0));
    assert_eq!(stage.ann(), 1100);
}

#[tokio::test]
async fn check_12_servers_and_their_switch() {
    let stage = Stage::new().await;
    assert_eq!(stage.balance(7, ANN).send().await.verdict(), (200, 1018));
    assert_eq!(
        stage.balance(CLOSED_GUILD, ANN).send().await.verdict(),
        (200, 60001)
    );
    stage.mall.switch(GUILD, false);
    assert_eq!(
        stage.change("b", GUILD, ANN, 1).send().await.verdict(),
        (200, 60001)
    );
    assert_eq!(
        stage
            .change("b", OTHER_GUILD, ANN, 1)
            .send()
            .await
            .verdict(),
        (200, 0)
    );
    // The look-up has no server and works as before.
    let found = stage.find("b").send().await;
    assert_eq!(found.json()["data"]["point"], 1);
    stage.mall.switch(GUILD, true);
    assert_eq!(stage.balance(GUILD, ANN).send().await.verdict(), (200, 0));
}

#[tokio::test]
async fn check_13_codes_and_their_order() {
    let stage = Stage::new().await;
    assert_eq!(
        stage.balance(GUILD, NOBODY).send().await.verdict(),
        (200, 50000)
    );
    assert_eq!(
        stage.change("b", GUILD, NOBODY, 1).send().await.verdict(),
        (200, 60005)
    );
    assert_eq!(
        stage.change("b", GUILD, ANN, -101).send().await.verdict(),
        (200, 30001)
    );
    stage.mall.set_balance(GUILD, ANN, i64::from(i32::MAX));
    assert_eq!(
        stage.change("b", GUILD, ANN, 1).send().await.verdict(),
        (200, 60005)
    );
    stage.mall.set_balance(GUILD, ANN, i64::from(i32::MAX) - 1);
    assert_eq!(
        stage.change("a", GUILD, ANN, 1).send().await.verdict(),
        (200, 0)
    );
    // Refused operations have not used up the id, and the whole balance can go down again.
    assert_eq!(
        stage.change("b", GUILD, ANN, -1).send().await.verdict(),
        (200, 0)
    );
    // A used id is told first, whatever else is wrong with the request.
    for call in [
        stage.change("b", GUILD, ANN, -9),
        stage.change("b", OTHER_GUILD, NOBODY, -9999),
    ] {
        assert_eq!(call.send().await.verdict(), (200, 60006));
    }
    assert_eq!(stage.effects("b"), 1);
}

#[tokio::test]
async fn answers_are_as_documented_and_the_server_tells_its_time() {
    let stage = Stage::new().await;
    let reply = stage.balance(GUILD, ANN).send().await;
    assert_eq!(
        reply.text(),
        format!(
            r#"{{"code":0,"msg":"SUCCESS","data":{{"guildId":"{GUILD}","userId":"{ANN}","point":100}}}}"#
        )
    );
    assert_eq!(reply.header("date"), "Tue, 14 Nov 2023 22:13:20 GMT");
    assert_eq!(
        reply.headers.get("content-type"),
        Some(&HeaderValue::from_static("application/json;charset=UTF-8"))
    );
    stage.change("b-1", GUILD, ANN, -150 + 60).send().await;
    let reply = stage.find("b-1").send().await;
    assert_eq!(
        reply.text(),
        format!(
            r#"{{"code":0,"data":{{"bizId":"b-1","fbLongId":{ANN},"point":-90,"remark":"签到"}},"msg":""}}"#
        )
    );
    let logged = format!("{:?}", stage.mall.requests());
    assert!(logged.contains("b-1"), "{logged}");
    assert!(!logged.contains(SECRET) && !logged.contains("ignature"));
}

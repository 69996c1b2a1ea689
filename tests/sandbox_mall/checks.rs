//! Checks 1 to 10, and that an earlier one answers before a later one.

use guildpoints::sandbox::mall::BASE;
use guildpoints::sandbox::mall::MallApp;

use crate::stage::ANN;
use crate::stage::CLOSED_GUILD;
use crate::stage::GUILD;
use crate::stage::KEY;
use crate::stage::NOW;
use crate::stage::OTHER_GUILD;
use crate::stage::Stage;
use crate::stage::seed;

#[tokio::test]
async fn the_published_sample_is_accepted() {
    let mut seed = seed();
    seed.guilds[0].id = 357_042_844_231_282_688;
    seed.guilds[0].balances = vec![(173_022_860_380_475_392, 0)];
    let stage = Stage::with(seed, 1_664_250_286_491, None).await;
    let reply = stage
        .http
        .post(format!(
            "{}{BASE}/api/core/open/modifyUserPoint?random=test-params",
            stage.address
        ))
        .header("content-type", "application/json")
        .header("appkey", KEY)
        .header("nonce", "z00wu1fzglfyqzk1tol5")
        .header("timestamp", "1664250286491")
        .header("signature", "054f69f3e62e8835052ef593c1fa9df8")
        .body("{\"bizId\":\"zw0chebvkt\",\"fbLongId\":173022860380475392,\"guildId\":357042844231282688,\"point\":666,\"remark\":\"天梯第一名, 奖励666分\"}")
        .send()
        .await
        .unwrap();
    assert_eq!(reply.status(), 200);
    assert_eq!(
        reply.text().await.unwrap(),
        r#"{"code":0,"msg":"SUCCESS","data":{"guildId":357042844231282688,"fbLongId":173022860380475392,"code":0,"message":""}}"#
    );
    let records = stage.mall.records();
    assert_eq!(records[0].remark, "天梯第一名, 奖励666分");
    assert_eq!(
        stage
            .mall
            .balance(357_042_844_231_282_688, 173_022_860_380_475_392),
        Some(666)
    );
}

#[tokio::test]
async fn check_1_paths_are_exact() {
    let stage = Stage::new().await;
    for path in [
        "/mp",
        "/mp/",
        "/mp//x",
        &format!("{BASE}/"),
        &format!("{BASE}//api/core/open/getUserPoint"),
        &format!("{BASE}/api/core/open/getuserpoint"),
        &format!("{BASE}/api/core/open/getUserPoint/"),
        &format!("{BASE}/api/core/open/%67etUserPoint"),
        &format!("{BASE}/api/core/open"),
    ] {
        let mut call = stage.balance(GUILD, ANN);
        call.url = format!("{}{path}", stage.address);
        assert_eq!(call.send().await.verdict(), (404, 404), "{path}");
    }
}

#[tokio::test]
async fn check_2_method_comes_before_the_body() {
    let stage = Stage::new().await;
    let mut call = stage.change("b", GUILD, ANN, 1);
    call.method = "PUT".parse().unwrap();
    let reply = call.send().await;
    assert_eq!(reply.verdict(), (405, 405));
    assert_eq!(reply.header("allow"), "POST");
    let reply = stage.post("getUserPoint", "").send().await;
    assert_eq!(reply.verdict(), (405, 405));
    assert_eq!(reply.header("allow"), "GET");
}

#[tokio::test]
async fn check_3_bodies_have_their_place_and_their_size() {
    let stage = Stage::new().await;
    let call = stage.call("POST", "modifyUserPoint");
    assert_eq!(call.send().await.verdict(), (400, 400));
    let mut call = stage.balance(GUILD, ANN);
    call.body = Some(b"{}".to_vec());
    assert_eq!(call.send().await.verdict(), (400, 400));

    let filled = |length: usize| {
        let body = format!(
            r#"{{"guildId":{GUILD},"bizId":"b{length}","fbLongId":{ANN},"point":1,"remark":"r"}}"#
        );
        body.clone() + &" ".repeat(length - body.len())
    };
    let most = stage.post("modifyUserPoint", &filled(1024 * 1024));
    assert_eq!(most.send().await.verdict(), (200, 0));
    let more = stage.post("modifyUserPoint", &filled(1024 * 1024 + 1));
    // Not even signed: the size is looked at first.
    assert_eq!(
        more.signed().without("Nonce").send().await.verdict(),
        (413, 413)
    );
    assert_eq!(stage.ann(), 101);
}

#[tokio::test]
async fn check_4_stamps_stand_exactly_once_and_are_not_empty() {
    let stage = Stage::new().await;
    for name in ["AppKey", "Nonce", "Timestamp", "Signature"] {
        let one = stage.balance(GUILD, ANN).signed();
        let signed = || one.clone();
        let value = one.header(name);
        for call in [
            signed().without(name).without("Content-Type"),
            signed().with(name, ""),
            signed().and(name, &value),
        ] {
            let reply = call.send().await;
            assert_eq!(reply.verdict(), (401, 401), "{name}");
            assert!(reply.text().contains(name), "{}", reply.text());
        }
        let same = signed().without(name).and(&name.to_uppercase(), &value);
        assert_eq!(same.send().await.verdict(), (200, 0), "{name}");
    }
}

#[tokio::test]
async fn check_5_media_type_also_on_get() {
    let stage = Stage::new().await;
    for media in [None, Some("text/plain"), Some("application/jsonp")] {
        let mut call = stage.balance(GUILD, ANN);
        call.media = media.map(str::to_owned);
        call.timestamp = "1".to_owned();
        assert_eq!(call.send().await.verdict(), (415, 415), "{media:?}");
    }
    let mut call = stage.change("b", GUILD, ANN, 1);
    call.media = Some("Application/JSON; charset=utf-8".to_owned());
    assert_eq!(call.send().await.verdict(), (200, 0));
}

#[tokio::test]
async fn check_6_timestamps_are_13_digits_within_the_window() {
    let stage = Stage::new().await;
    for (timestamp, status) in [
        ((NOW - 600_000).to_string(), 200),
        ((NOW + 600_000).to_string(), 200),
        ((NOW - 600_001).to_string(), 401),
        ((NOW + 600_001).to_string(), 401),
        ((NOW / 1000).to_string(), 401),
        (format!("0{NOW}"), 401),
        (format!("+{}", &NOW.to_string()[1..]), 401),
        ("170000000000x".to_owned(), 401),
    ] {
        let mut call = stage.balance(GUILD, ANN);
        call.timestamp = timestamp.clone();
        assert_eq!(call.send().await.status, status, "{timestamp}");
    }
}

#[tokio::test]
async fn check_7_an_unknown_key_is_told_before_its_signature_is_looked_at() {
    let stage = Stage::new().await;
    let mut call = stage.balance(GUILD, ANN);
    call.key = "nobody".to_owned();
    let reply = call.signed().with("Signature", "x").send().await;
    assert_eq!(reply.verdict(), (200, 60004));
    assert_eq!(reply.json()["data"], serde_json::Value::Null);
}

#[tokio::test]
async fn check_8_signatures() {
    let stage = Stage::new().await;
    let signed = stage.change("b", GUILD, ANN, 1).signed();
    let shouted = signed.header("Signature").to_uppercase();
    assert_ne!(shouted, signed.header("Signature"));
    for wrong in [
        signed.clone().with("Signature", &shouted),
        signed.clone().with("Signature", "054f"),
        signed.clone().with("Nonce", "another"),
        signed.clone().and("Authorization", "Bearer x"),
    ] {
        assert_eq!(wrong.send().await.verdict(), (401, 401));
    }
    let mut changed = signed.clone();
    changed.call.body.as_mut().unwrap().push(b' ');
    assert_eq!(changed.send().await.verdict(), (401, 401));
    let mut wrong_secret = stage.change("b", GUILD, ANN, 1);
    wrong_secret.secret = "else".to_owned();
    assert_eq!(wrong_secret.send().await.verdict(), (401, 401));
    assert!(stage.mall.records().is_empty());
    // None of those burned the nonce.
    assert_eq!(signed.send().await.verdict(), (200, 0));
}

#[tokio::test]
async fn check_8_signs_query_body_and_authorization_together_by_byte_order() {
    let stage = Stage::new().await;
    let mut call = stage.change("b", GUILD, ANN, 1);
    for (name, value) in [
        ("zone", "cn-3"),
        ("note", "活动 第3期/抽奖+1&x=y"),
        ("requestBodz", ""),
        ("_x", "3"),
        ("Batch", "1"),
        ("aB", "5"),
        ("a_", "4"),
        ("ab", "6"),
    ] {
        call.query.push((name.to_owned(), value.to_owned()));
    }
    call.authorization = Some("Bearer 3d1c 7e40".to_owned());
    assert_eq!(call.send().await.verdict(), (200, 0));
}

#[tokio::test]
async fn check_9_a_nonce_counts_only_once_and_lives_as_long_as_its_timestamp() {
    let stage = Stage::new().await;
    let mut early = stage.change("b", GUILD, ANN, 1);
    early.timestamp = (NOW + 600_000).to_string();
    let early = early.signed();
    assert_eq!(early.clone().send().await.verdict(), (200, 0));
    let again = early.clone().send().await;
    assert_eq!(again.verdict(), (401, 401));
    assert!(again.text().contains("nonce"), "{}", again.text());

    // Ten minutes after its arrival the timestamp is still good, so the nonce must be, too.
    stage.clock.advance(1_200_000);
    assert!(early.clone().send().await.text().contains("nonce"));
    stage.clock.advance(1);
    let late = early.send().await;
    assert_eq!(late.verdict(), (401, 401));
    assert!(late.text().contains("timestamp"), "{}", late.text());
    assert_eq!(stage.ann(), 101);

    // The nonce is free again for a request with a new timestamp.
    let mut reused = stage.balance(GUILD, ANN);
    reused.nonce = "nonce-0".to_owned();
    assert_eq!(reused.send().await.verdict(), (200, 0));
}

#[tokio::test]
async fn check_9_nonces_are_counted_per_app_and_ids_across_apps() {
    let stage = Stage::new().await;
    stage.mall.add_app(MallApp {
        key: "second".to_owned(),
        secret: "its secret".to_owned(),
        on: vec![GUILD],
    });
    let first = stage.change("row-17", GUILD, ANN, 1);
    let mut second = first.clone();
    second.key = "second".to_owned();
    second.secret = "its secret".to_owned();
    assert_eq!(first.send().await.verdict(), (200, 0));
    assert_eq!(second.clone().send().await.verdict(), (200, 60006));
    second.nonce = "fresh".to_owned();
    let body = String::from_utf8(second.body.unwrap()).unwrap();
    let elsewhere = body.replace(&GUILD.to_string(), &OTHER_GUILD.to_string());
    second.body = Some(elsewhere.into_bytes());
    assert_eq!(second.send().await.verdict(), (200, 60001));
}

#[tokio::test]
async fn check_10_a_banned_app_hears_so_before_anything_about_servers() {
    let stage = Stage::new().await;
    stage.mall.set_banned(true);
    for call in [
        stage.balance(CLOSED_GUILD, ANN),
        stage.change("b", CLOSED_GUILD, ANN, 0),
        stage.find("b"),
        stage.batch(&[]),
    ] {
        assert_eq!(call.send().await.verdict(), (200, 60000));
    }
    stage.mall.set_banned(false);
    assert_eq!(stage.find("b").send().await.verdict(), (200, 0));
}

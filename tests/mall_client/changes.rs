//! Single changes.

use std::time::Duration;

use guildpoints::model::refusal::PointsRefusal;
use guildpoints::points::DoubtKind;
use guildpoints::points::Verdict;
use guildpoints::points::mall::Mall;
use serde_json::Value;
use serde_json::json;
use tokio::io::AsyncWriteExt;

use crate::scripted::Says;
use crate::server::BASE_PATH;
use crate::world::ANN;
use crate::world::GUILD;
use crate::world::OTHER_GUILD;
use crate::world::World;
use crate::world::settings;

fn applied() -> Says {
    Says::json(
        json!({"code": 0, "msg": "SUCCESS", "data": {"guildId": 412345678901234563_u64, "fbLongId": 223456789012345677_u64, "code": 0, "message": ""}}),
    )
}

fn doubt(verdict: Verdict) -> (DoubtKind, Option<i64>, String) {
    match verdict {
        Verdict::Unknown(doubt) => (doubt.kind, doubt.code, doubt.text),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_body_says_what_the_ticket_says() {
    let world = World::new().await;
    world.says(applied());
    let ticket = world.ticket(ANN, -150).await;
    assert_eq!(world.adjust(&ticket).await, Verdict::Applied);
    let heard = world.server.heard().remove(0);
    assert_eq!(heard.path, "modifyUserPoint");
    let body: Value = serde_json::from_str(&heard.body).unwrap();
    assert_eq!(
        body,
        json!({
            "bizId": ticket.op().as_str(),
            "fbLongId": 223456789012345677_u64,
            "guildId": 412345678901234563_u64,
            "point": -150,
            "remark": "周赛 \"第一\" & 名次=1",
        })
    );
    assert!(world.pulse().beats());
    world.server.is_content();
}

#[tokio::test]
async fn a_second_attempt_keeps_the_id_and_nothing_else() {
    let world = World::new().await;
    world.says(Says::HangsUp);
    world.says(applied());
    let ticket = world.ticket(ANN, 5).await;
    let (kind, _, _) = doubt(world.adjust(&ticket).await);
    assert_eq!(kind, DoubtKind::Lost);
    world.clock.advance(Duration::from_secs(5));
    assert_eq!(world.adjust(&ticket).await, Verdict::Applied);
    let [one, two] = world.server.heard().try_into().unwrap();
    assert_eq!(one.body, two.body);
    for fresh in ["nonce", "timestamp", "signature"] {
        assert_ne!(one.headers[fresh], two.headers[fresh], "{fresh}");
    }
    world.server.is_content();
}

#[tokio::test]
async fn every_code_gets_its_verdict_outside_and_inside() {
    let world = World::new().await;
    for (code, meaning) in [
        (1018, PointsRefusal::NoAccess),
        (30001, PointsRefusal::Insufficient),
        (50000, PointsRefusal::NoAccount),
        (60000, PointsRefusal::NoAccess),
        (60001, PointsRefusal::NotEnabledHere),
        (60004, PointsRefusal::NoAccess),
    ] {
        for says in [
            json!({"code": code, "msg": "说明", "data": null}),
            json!({"code": 0, "msg": "SUCCESS", "data": {"code": code, "message": "说明"}}),
        ] {
            let Verdict::Refused(refused) = world.adjusted(Says::json(says)).await else {
                panic!("{code}");
            };
            assert_eq!(refused.meaning, meaning);
            assert_eq!((refused.code, refused.text.as_str()), (Some(code), "说明"));
        }
    }
    for (code, kind) in [
        (60002, DoubtKind::Declined),
        (60003, DoubtKind::Declined),
        (60005, DoubtKind::Declined),
        (60006, DoubtKind::Duplicate),
        (-1, DoubtKind::Declined),
        (4711, DoubtKind::Declined),
    ] {
        for says in [
            json!({"code": code, "msg": "说明"}),
            json!({"code": "0", "data": {"code": code.to_string(), "message": "说明"}}),
        ] {
            let seen = doubt(world.adjusted(Says::json(says)).await);
            assert_eq!(seen, (kind, Some(code), "说明".to_owned()));
        }
    }
    world.server.is_content();
}

#[tokio::test]
async fn every_status_gets_its_verdict() {
    let world = World::new().await;
    // A "success" in the body of an error is not believed.
    let body = json!({"code": 0, "desc": "说明", "data": {"code": 0}});
    for (status, kind) in [
        (302, DoubtKind::Lost),
        (307, DoubtKind::Lost),
        (400, DoubtKind::Lost),
        (401, DoubtKind::AccessRefused),
        (403, DoubtKind::AccessRefused),
        (429, DoubtKind::TooFast { retry_after: None }),
        (500, DoubtKind::Lost),
        (502, DoubtKind::Lost),
        (504, DoubtKind::Lost),
    ] {
        let (seen, code, _) = doubt(world.adjusted(Says::status(status, body.clone())).await);
        assert_eq!((seen, code), (kind, Some(status.into())));
    }
    let Verdict::Refused(refused) = world.adjusted(Says::status(404, body)).await else {
        panic!();
    };
    assert_eq!(refused.meaning, PointsRefusal::NoAccess);
    assert_eq!(refused.code, Some(404));
    let declined = json!({"code": 400, "msg": "point"});
    let (kind, _, _) = doubt(world.adjusted(Says::status(400, declined)).await);
    assert_eq!(kind, DoubtKind::Declined);
}

#[tokio::test]
async fn a_stated_wait_is_read_and_capped() {
    let world = World::new().await;
    let past = "Sun, 06 Nov 1994 08:49:37 GMT";
    for (stated, wait) in [
        (Some("7"), Some(Duration::from_secs(7))),
        (Some("999999"), Some(Duration::from_secs(600))),
        (Some(past), Some(Duration::ZERO)),
        (Some("soon"), None),
        (None, None),
    ] {
        let mut says = Says::typed(429, "text/plain", "slow down");
        if let Some(stated) = stated {
            says = says.with("Retry-After", stated);
        }
        let (kind, _, _) = doubt(world.adjusted(says).await);
        assert_eq!(kind, DoubtKind::TooFast { retry_after: wait });
    }
    // A moment is counted from the mall's own present, whatever our clock says.
    let says = Says::typed(429, "text/plain", "")
        .with("Date", past)
        .with("Retry-After", "Sun, 06 Nov 1994 08:50:07 GMT");
    let (kind, _, _) = doubt(world.adjusted(says).await);
    let retry_after = Some(Duration::from_secs(30));
    assert_eq!(kind, DoubtKind::TooFast { retry_after });
}

#[tokio::test]
async fn what_cannot_be_read_is_lost() {
    let world = World::with(|settings| settings.timeout = Duration::from_secs(2)).await;
    for says in [
        Says::typed(200, "text/html", "<html>admin</html>"),
        Says::typed(200, "application/json", ""),
        Says::typed(200, "application/json", r#"{"code":0,"data":{"co"#),
        Says::typed(
            200,
            "application/json",
            &b"{\"code\":0,\"msg\":\"\xff\"}"[..],
        ),
        Says::typed(200, "application/json", vec![b' '; (1 << 20) + 1]),
        Says::json(json!({"msg": "SUCCESS", "data": {"code": 0}})),
        Says::json(json!({"code": null, "data": {"code": 0}})),
        Says::HangsUp,
        Says::Breaks(r#"{"code":0,"data":{"code":0}}"#),
        Says::Dawdles,
        Says::Nothing,
    ] {
        let shown = format!("{says:?}").chars().take(80).collect::<String>();
        let (kind, _, text) = doubt(world.adjusted(says).await);
        assert_eq!(kind, DoubtKind::Lost, "{shown}");
        assert!(!text.is_empty(), "{shown}");
        assert_eq!(world.trouble(), text, "{shown}");
    }
    world.server.is_content();
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let world = World::new().await;
    let elsewhere = World::new().await;
    for status in [301, 302, 303, 307, 308] {
        let target = format!("{}/api/core/open/modifyUserPoint", elsewhere.server.address);
        let says = Says::typed(status, "text/plain", "").with("Location", target);
        let (kind, _, _) = doubt(world.adjusted(says).await);
        assert_eq!(kind, DoubtKind::Lost);
        assert!(world.trouble().contains("redirect"), "{}", world.trouble());
    }
    assert!(elsewhere.server.heard().is_empty());
    assert_eq!(world.server.heard().len(), 5);
}

#[tokio::test]
async fn a_refused_connection_is_not_sent() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = format!("http://{}{BASE_PATH}", listener.local_addr().unwrap());
    drop(listener);
    let world = World::with(|settings| settings.base_url = nobody).await;
    let ticket = world.ticket(ANN, 5).await;
    let Verdict::NotSent(seen) = world.adjust(&ticket).await else {
        panic!();
    };
    assert!(seen.contains("no connection"), "{seen}");
    assert_eq!(world.trouble(), seen);
    assert!(!world.pulse().beats());
}

#[tokio::test]
async fn a_failed_tls_handshake_is_not_sent() {
    // Whoever answers the greeting of TLS in plain words cannot have read a request.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 No\r\n\r\n").await.unwrap();
    });
    let world = World::with(|settings| settings.base_url = format!("https://{address}/x")).await;
    let ticket = world.ticket(ANN, 5).await;
    let verdict = world.adjust(&ticket).await;
    assert!(matches!(verdict, Verdict::NotSent(_)), "{verdict:?}");
}

#[tokio::test]
async fn a_connection_that_takes_too_long_is_not_sent() {
    let world = World::with(|settings| {
        // The scripted mall takes a greeting of TLS for a request that goes on, and waits.
        settings.base_url = settings.base_url.replace("http://", "https://");
        settings.timeout = Duration::from_secs(1);
    })
    .await;
    let ticket = world.ticket(ANN, 5).await;
    let verdict = world.adjust(&ticket).await;
    assert!(matches!(verdict, Verdict::NotSent(_)), "{verdict:?}");
}

#[tokio::test]
async fn a_ticket_for_elsewhere_is_not_sent() {
    let world = World::new().await;
    let other_guild = world.ticket_for(OTHER_GUILD, "mall", ANN, 5).await;
    let other_system = world.ticket_for(GUILD, "swan.hq", ANN, 5).await;
    for ticket in [other_guild, other_system] {
        assert!(matches!(world.adjust(&ticket).await, Verdict::NotSent(_)));
        let many = world.adjust_many(&[ticket]).await;
        assert!(matches!(many[..], [Verdict::NotSent(_)]));
    }
    assert!(world.server.heard().is_empty());
}

#[tokio::test]
async fn a_base_with_a_final_slash_is_the_same_base() {
    let world = World::with(|settings| settings.base_url.push('/')).await;
    assert_eq!(world.adjusted(applied()).await, Verdict::Applied);
    world.server.is_content();
}

#[test]
fn settings_that_cannot_work_are_refused_without_showing_them() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let good = || settings("https://mall.example/shop");
    let secret = guildpoints::support::secret::Secret::new;
    let mut wrong = Vec::new();
    for base_url in [
        "",
        "mall.example/shop",
        "ftp://mall.example/shop",
        "https://user:hunter2@mall.example/shop",
        "https://mall.example/shop?hunter2",
        "https://mall.example/shop#hunter2",
    ] {
        let mut settings = good();
        settings.base_url = base_url.to_owned();
        wrong.push(settings);
    }
    for key in ["", " hunter2", "hunter2\n", "密钥hunter2"] {
        let mut settings = good();
        settings.app_key = secret(key);
        wrong.push(settings);
        let mut settings = good();
        settings.app_secret = secret(key);
        wrong.push(settings);
    }
    let mut settings = good();
    settings.in_flight = 0;
    wrong.push(settings);
    for settings in wrong {
        let error = Mall::new(settings, Default::default(), Default::default()).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    Mall::new(good(), Default::default(), Default::default()).unwrap();
}

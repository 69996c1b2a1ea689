//! What a refusal means, and what the operator is told.

use guildpoints::model::refusal::PointsRefusal;
use guildpoints::points::PointsBackend;
use guildpoints::points::ReadError;
use serde_json::json;

use crate::scripted::Says;
use crate::server::SECRET;
use crate::server::TOKEN;
use crate::world::World;
use crate::world::meaning;

#[tokio::test]
async fn every_code_says_who_can_help() {
    let world = World::new().await;
    for (status, code, expected, advice) in [
        (
            401,
            1004,
            PointsRefusal::NoAccess,
            "guildpoints manta refresh shop",
        ),
        (403, 1002, PointsRefusal::NoAccess, "plan"),
        (404, 5001, PointsRefusal::NoAccess, "`bot_id`"),
        (400, 110_000, PointsRefusal::NoAccess, "newer version"),
        (401, 120_000, PointsRefusal::NoAccess, "renewed elsewhere"),
        (
            200,
            1004,
            PointsRefusal::NoAccess,
            "guildpoints manta refresh shop",
        ),
        // The mall's "not switched on"; here a binding failed.
        (200, 60_001, PointsRefusal::Unavailable, "60001"),
        (400, 4711, PointsRefusal::Unavailable, "4711"),
    ] {
        let error = world
            .anns(Says::refusal(status, code, "說明"))
            .await
            .unwrap_err();
        assert_eq!(error.refused.meaning, expected, "{code}");
        assert_eq!(error.refused.code, Some(code));
        assert_eq!(error.refused.text, "說明");
        assert!(world.trouble().contains(advice), "{}", world.trouble());
    }
    world.server.is_content();
}

#[tokio::test]
async fn a_client_that_is_not_found_is_the_members_business() {
    let world = World::new().await;
    let read = world
        .anns(Says::refusal(404, 37_011, "Get client failed"))
        .await;
    assert_eq!(meaning(read), (PointsRefusal::NoAccount, Some(37_011)));
    assert_eq!(world.trouble(), "");
    world.server.is_content();
}

#[tokio::test]
async fn without_a_code_the_status_says_who_can_help() {
    let world = World::new().await;
    for (status, expected, advice) in [
        (302, PointsRefusal::Unavailable, "`base_url`"),
        (400, PointsRefusal::Unavailable, "400"),
        (401, PointsRefusal::NoAccess, "(401)"),
        (403, PointsRefusal::NoAccess, "(403)"),
        (404, PointsRefusal::NoAccess, "`base_url` and `bot_id`"),
        (405, PointsRefusal::Unavailable, "405"),
    ] {
        // A success under such a status is none.
        let body = json!({"success": true, "points": [{"clientId": "Qw3eRt7Yu", "points": 5}]});
        let says = Says::status(status, body).with("Location", "http://127.0.0.1:9/elsewhere");
        let read = world.anns(says).await;
        assert_eq!(meaning(read), (expected, Some(status.into())));
        assert!(world.trouble().contains(advice), "{}", world.trouble());
    }
    // One request each: none was repeated, and the redirect was not followed.
    assert_eq!(world.calls(), 6);
    world.server.is_content();
}

/// Ann's balance, where every try is answered alike.
async fn thrice(world: &World, says: Says) -> Result<i64, ReadError> {
    world.says(says.clone());
    world.says(says.clone());
    world.anns(says).await
}

#[tokio::test]
async fn what_is_no_answer_is_unavailable() {
    let world = World::new().await;
    for body in [
        "",
        "<!doctype html><title>MantaGO</title>",
        r#"{"success":true,"points":[{"clientId":"Qw3eRt7Yu","points":5"#,
        r#"{"success":false,"success":true,"points":[]}"#,
        r#"{"success":false,"errResponse":{"code":0000}}"#,
        r#"{"success":"true","points":[]}"#,
        r#"{"points":[{"clientId":"Qw3eRt7Yu","points":5}]}"#,
        "[]",
    ] {
        let read = thrice(&world, Says::typed(200, "application/json", body)).await;
        assert_eq!(
            meaning(read),
            (PointsRefusal::Unavailable, Some(200)),
            "{body}"
        );
    }
    let not_text = Says::typed(
        200,
        "application/json",
        b"{\"success\":true,\"x\":\"\xff\"}".to_vec(),
    );
    assert_eq!(
        meaning(thrice(&world, not_text).await).0,
        PointsRefusal::Unavailable
    );
    let endless = Says::typed(200, "application/json", vec![b' '; (1 << 20) + 1]);
    assert_eq!(
        meaning(thrice(&world, endless).await).0,
        PointsRefusal::Unavailable
    );
    world.server.is_content();
}

#[tokio::test]
async fn an_echo_of_a_secret_reaches_nobody() {
    let world = World::new().await;
    let echo = format!("no entry for {TOKEN} with {SECRET}");
    let error = world
        .anns(Says::refusal(400, 4711, &echo))
        .await
        .unwrap_err();
    assert_eq!(error.refused.text, "no entry for <secret> with <secret>");
    for shown in [
        format!("{error:?}"),
        world.trouble(),
        format!("{:?}", world.manta),
    ] {
        assert!(!shown.contains(TOKEN) && !shown.contains(SECRET), "{shown}");
    }
}

#[tokio::test]
async fn an_unknown_member_of_a_list_costs_the_others_nothing() {
    let world = World::new().await;
    let members = world.crowd("line", 8).await;
    // Whoever is asked for together with the fifth is told that somebody is not known.
    let unknown = || Says::refusal(404, 37_011, "Get client failed");
    // Of eight: the later half first, as it was put aside last.
    for says in [
        unknown(),
        unknown(),
        Says::ByItself,
        unknown(),
        Says::ByItself,
        unknown(),
        Says::ByItself,
    ] {
        world.says(says);
    }
    let read = world.linked.many().unwrap().balances(&members).await;
    let unknown: Vec<usize> = (0..8).filter(|place| read[*place].is_err()).collect();
    assert_eq!(unknown.len(), 1);
    assert_eq!(
        meaning(read[unknown[0]].clone()),
        (PointsRefusal::NoAccount, Some(37_011))
    );
    for (place, read) in read.iter().enumerate().filter(|(_, read)| read.is_ok()) {
        assert_eq!(read.as_ref().unwrap().points, i64::try_from(place).unwrap());
    }
    world.server.is_content();
}

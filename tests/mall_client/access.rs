//! The switch of a guild, the clock, the pulse, and secrets.

use std::time::Duration;

use guildpoints::points::PointsBackend;
use guildpoints::points::Verdict;
use guildpoints::points::mall::Authorisation;
use jiff::Timestamp;
use serde_json::json;

use crate::scripted::Says;
use crate::server::APP_KEY;
use crate::server::SECRET;
use crate::world::ANN;
use crate::world::GUILD;
use crate::world::OTHER_GUILD;
use crate::world::World;

fn code(code: i64) -> Says {
    Says::json(json!({"code": code, "data": null}))
}

fn balance() -> Says {
    Says::json(json!({"code": 0, "data": {"point": 1}}))
}

fn http_date(ms: i64) -> String {
    Timestamp::from_millisecond(ms)
        .unwrap()
        .strftime("%a, %d %b %Y %H:%M:%S GMT")
        .to_string()
}

#[tokio::test]
async fn the_switch_of_a_guild_is_learnt_from_its_own_answers() {
    let world = World::new().await;
    let handles = world.mall.handles([GUILD, OTHER_GUILD].into_iter());
    let (here, there) = (&handles[&GUILD], &handles[&OTHER_GUILD]);
    assert_eq!(handles.len(), 2);
    assert_eq!(here.guild(), GUILD);
    assert_eq!(here.authorisation(), Authorisation::Unknown);

    world.says(balance());
    here.balance(ANN).await.unwrap();
    let Authorisation::On { last_success_ms } = here.authorisation() else {
        panic!("{:?}", here.authorisation());
    };

    world.clock.advance(Duration::from_secs(60));
    world.says(code(60001));
    here.balance(ANN).await.unwrap_err();
    let off = here.authorisation();
    let Authorisation::Off {
        since_ms,
        last_success_ms: remembered,
    } = off
    else {
        panic!("{off:?}");
    };
    assert!(since_ms >= last_success_ms + 60_000);
    assert_eq!(remembered, Some(last_success_ms));
    // Off is not trouble with the mall as a whole.
    assert!(world.pulse().beats());

    world.clock.advance(Duration::from_secs(60));
    for tells_nothing in [code(60001), code(60005), code(60000), Says::HangsUp] {
        world.says(tells_nothing);
        here.balance(ANN).await.unwrap_err();
        assert_eq!(here.authorisation(), off);
    }
    assert_eq!(there.authorisation(), Authorisation::Unknown);

    world.says(code(50000));
    here.balance(ANN).await.unwrap_err();
    assert!(matches!(here.authorisation(), Authorisation::On { .. }));

    world.says(code(60001));
    there.balance(ANN).await.unwrap_err();
    assert!(matches!(
        there.authorisation(),
        Authorisation::Off {
            last_success_ms: None,
            ..
        }
    ));
    world.server.is_content();
}

#[tokio::test]
async fn changes_show_the_switch_too() {
    let world = World::new().await;
    world.adjusted(code(60001)).await;
    assert!(matches!(
        world.guild.authorisation(),
        Authorisation::Off { .. }
    ));
    world.adjusted(code(60006)).await;
    assert!(matches!(
        world.guild.authorisation(),
        Authorisation::Off { .. }
    ));
    world.adjusted(code(30001)).await;
    assert!(matches!(
        world.guild.authorisation(),
        Authorisation::On { .. }
    ));
}

#[tokio::test]
async fn the_difference_of_the_clocks_is_measured_and_told_with_a_refused_signature() {
    let world = World::new().await;
    assert_eq!(world.mall.clock_difference(), None);
    world.balance(balance()).await.unwrap();
    assert_eq!(world.mall.clock_difference(), None);

    let ahead = world.clock.now_ms() + 900_000;
    let says = Says::status(401, json!({"desc": "sign error"})).with("Date", http_date(ahead));
    let refused = world.balance(says).await.unwrap_err().refused;
    let difference = world.mall.clock_difference().unwrap().as_secs();
    assert!((700..=901).contains(&difference), "{difference}");
    for told in [&refused.text, &world.trouble()] {
        assert!(told.contains("behind the mall's"), "{told}");
    }
    assert!(refused.text.starts_with("sign error"), "{}", refused.text);

    let behind = world.clock.now_ms() - 900_000;
    let says = balance().with("Date", http_date(behind));
    world.balance(says).await.unwrap();
    let difference = world.mall.clock_difference().unwrap().as_secs();
    assert!((-1_100..=-900).contains(&difference), "{difference}");
    // The last known difference is told where an answer has no `Date`.
    let Verdict::Unknown(doubt) = world.adjusted(Says::status(401, json!({}))).await else {
        panic!();
    };
    assert!(doubt.text.contains("ahead of the mall's"), "{}", doubt.text);
}

#[tokio::test]
async fn the_pulse_says_what_to_do() {
    let world = World::new().await;
    for (says, advice) in [
        (code(60000), "contact"),
        (code(60004), "app_key"),
        (code(1018), "`id`"),
        (Says::status(401, json!({})), "app_secret"),
        (Says::status(403, json!({})), "contact"),
        (Says::status(404, json!({})), "base_url"),
        (Says::status(302, json!({})), "base_url"),
        (Says::status(429, json!({})), "mall_in_flight"),
        (Says::typed(200, "text/html", "<html>"), "base_url"),
        (Says::status(503, json!({})), "503"),
    ] {
        world.balance(says).await.unwrap_err();
        assert!(world.trouble().contains(advice), "{}", world.trouble());
        world.balance(balance()).await.unwrap();
        assert!(world.pulse().beats());
    }
    // A business answer is a sign of life; a code that may concern one member is neither.
    world.balance(Says::HangsUp).await.unwrap_err();
    let trouble = world.trouble();
    world.balance(code(60005)).await.unwrap_err();
    assert_eq!(world.trouble(), trouble);
    world.balance(code(50000)).await.unwrap_err();
    assert!(world.pulse().beats());
}

#[tokio::test]
async fn secrets_and_signatures_are_shown_nowhere() {
    let world = World::new().await;
    let echo = format!("sign {SECRET}&AppKey={APP_KEY}&{SECRET}");
    let mut shown = vec![format!("{:?} {:?}", world.mall, world.guild)];
    for says in [
        Says::json(json!({"code": 60005, "msg": echo})),
        Says::json(json!({"code": 0, "data": {"code": 30001, "message": echo}})),
        Says::status(401, json!({"desc": echo})),
        Says::status(500, json!({"error": echo})),
        Says::typed(200, "text/html", format!("<b>{echo}</b>")),
        Says::HangsUp,
    ] {
        shown.push(format!("{:?}", world.adjusted(says.clone()).await));
        shown.push(world.trouble());
        shown.push(format!("{:?}", world.balance(says).await));
        shown.push(world.trouble());
    }
    for heard in world.server.heard() {
        for line in &shown {
            for secret in [SECRET, APP_KEY, &heard.headers["signature"]] {
                assert!(!line.contains(secret), "{line}");
            }
        }
    }
}

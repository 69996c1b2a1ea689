//! Adding and taking.

use std::time::Duration;

use guildpoints::model::Account;
use guildpoints::model::refusal::PointsRefusal;
use guildpoints::points::DoubtKind;
use guildpoints::points::PointsBackend;
use guildpoints::points::Repeats;
use guildpoints::points::Taking;
use guildpoints::points::Verdict;
use guildpoints::support::tenure::Moment;
use guildpoints::support::tenure::Tenure;
use serde_json::json;
use tokio::net::TcpListener;

use crate::scripted::Says;
use crate::world::ANNS;
use crate::world::STAFF;
use crate::world::SYSTEM;
use crate::world::World;
use crate::world::anns;

fn ok() -> Says {
    Says::json(json!({}))
}

#[tokio::test]
async fn a_change_says_everything_that_is_documented() {
    let world = World::new().await;
    for points in [5, -30] {
        world.says(ok());
        let ticket = world.ticket(points).await;
        assert_eq!(world.adjust(&ticket).await, Verdict::Applied);
        let heard = world.server.heard().pop().unwrap();
        assert_eq!(
            (heard.method.as_str(), heard.path.as_str()),
            ("POST", "/points")
        );
        assert_eq!(heard.consumer(), ANNS);
        let op = ticket.op().as_str();
        let wanted = json!({"transactionId": op, "userId": ANNS, "point": points,
            "type": "FANBOOK_REWARD", "info": format!("周赛 \"第一\" & 名次=1 [{op}]")});
        assert_eq!(heard.json(), wanted);
    }
    assert!(world.linked.batch().is_none(), "there is no batch");
    world.server.is_content();
}

#[tokio::test]
async fn the_same_ticket_carries_the_same_id() {
    let world = World::new().await;
    let ticket = world.ticket(5).await;
    for _ in 0..2 {
        world.says(Says::HangsUp);
        assert!(matches!(world.adjust(&ticket).await, Verdict::Unknown(_)));
    }
    let heard = world.server.heard();
    // Not a byte was sent more often than it was asked to be.
    assert_eq!(heard.len(), 2);
    assert_eq!(heard[0].body, heard[1].body);
}

#[tokio::test]
async fn a_service_account_acts_where_the_settings_name_one() {
    let world = World::with(|settings| settings.acts_as = Some(STAFF.to_owned())).await;
    assert_eq!(world.adjusted(ok()).await, Verdict::Applied);
    let heard = world.server.heard().pop().unwrap();
    assert_eq!(heard.consumer(), STAFF);
    assert_eq!(heard.json()["userId"], ANNS);
    // Whose balance is read is decided by the header, so that one stays the member's.
    let says = Says::json(json!({"balance": 1}));
    assert_eq!(world.balance(says).await.unwrap(), 1);
    assert_eq!(world.server.heard().pop().unwrap().consumer(), ANNS);
    world.server.is_content();
}

#[tokio::test]
async fn nothing_is_taken_where_that_is_not_enabled() {
    let world = World::with(|settings| settings.deduct = Taking::NotEnabled).await;
    assert_eq!(world.linked.adjust().unwrap().taking(), Taking::NotEnabled);
    let ticket = world.ticket(-5).await;
    let verdict = world.adjust(&ticket).await;
    let Verdict::Refused(refused) = verdict else {
        panic!("{verdict:?}");
    };
    assert_eq!(refused.meaning, PointsRefusal::Declined);
    assert!(world.server.heard().is_empty());
    assert_eq!(world.adjusted(ok()).await, Verdict::Applied);
}

#[tokio::test]
async fn what_is_promised_of_an_id_is_what_the_operator_found_out() {
    for repeats in [Repeats::Unpromised, Repeats::Dropped] {
        let world = World::with(|settings| settings.transaction_id = repeats).await;
        assert_eq!(world.linked.adjust().unwrap().repeats(), repeats);
    }
}

#[tokio::test]
async fn a_change_goes_only_to_the_account_it_was_written_for() {
    let world = World::new().await;
    let ticket = world.ticket_for(SYSTEM, None, 5).await;
    assert!(
        matches!(world.adjust(&ticket).await, Verdict::Refused(refused) if refused.meaning == PointsRefusal::NotLinked)
    );
    let odd = Account::new("retail", "@a:b\r\nX-Role: admin");
    let ticket = world.ticket_for(SYSTEM, Some(odd), 5).await;
    assert!(
        matches!(world.adjust(&ticket).await, Verdict::Refused(refused) if refused.meaning == PointsRefusal::NotLinked)
    );
    let ticket = world.ticket_for("swan.other", Some(anns()), 5).await;
    assert!(matches!(world.adjust(&ticket).await, Verdict::NotSent(_)));
    assert!(world.server.heard().is_empty());
    // Ann is linked to one account, and this change was written for another of hers.
    let old = "@retail_old:corp.example";
    let ticket = world
        .ticket_for(SYSTEM, Some(Account::new("retail", old)), 5)
        .await;
    world.says(ok());
    assert_eq!(world.adjust(&ticket).await, Verdict::Applied);
    assert_eq!(world.server.heard().pop().unwrap().consumer(), old);
}

#[tokio::test]
async fn a_clear_no_is_a_refusal_with_the_status_and_the_code_for_staff() {
    let world = World::new().await;
    let no = json!({"errcode": "SWAN_BALANCE_NOT_ENOUGH", "error": "not enough", "traceid": "t-1"});
    for (says, meaning, code, text) in [
        (
            Says::status(400, no),
            PointsRefusal::Declined,
            400,
            "SWAN_BALANCE_NOT_ENOUGH: not enough",
        ),
        (
            Says::status(400, json!({"errcode": "FC_BAD_JSON"})),
            PointsRefusal::Declined,
            400,
            "FC_BAD_JSON",
        ),
        (
            Says::status(200, json!({"errcode": "FC_BAD_JSON", "error": "point"})),
            PointsRefusal::Declined,
            200,
            "FC_BAD_JSON: point",
        ),
        (
            Says::status(400, json!({"errcode": "FC_UNKNOWN", "message": "?"})),
            PointsRefusal::Declined,
            400,
            "FC_UNKNOWN: ?",
        ),
        (Says::raw(400, "nonsense"), PointsRefusal::Declined, 400, ""),
        (Says::raw(401, ""), PointsRefusal::NoAccess, 401, ""),
        (
            Says::status(403, json!({"msg": "closed"})),
            PointsRefusal::NoAccess,
            403,
            "closed",
        ),
        (
            Says::status(404, json!({"error": "no such user"})),
            PointsRefusal::NoAccount,
            404,
            "no such user",
        ),
        (Says::raw(404, "<html>"), PointsRefusal::NoAccount, 404, ""),
    ] {
        let shown = format!("{says:?}");
        let Verdict::Refused(refused) = world.adjusted(says).await else {
            panic!("{shown}");
        };
        assert_eq!(
            (refused.meaning, refused.code, refused.text.as_str()),
            (meaning, Some(code), text),
            "{shown}"
        );
    }
    world.server.is_content();
}

#[tokio::test]
async fn whatever_is_unclear_is_unknown() {
    let world = World::new().await;
    let named = json!({"errcode": "SWAN_X"});
    for (says, kind, code) in [
        (Says::raw(500, ""), DoubtKind::Lost, Some(500)),
        (
            Says::status(503, json!({"errcode": "FC_UNKNOWN"})),
            DoubtKind::Lost,
            Some(503),
        ),
        (Says::status(500, named.clone()), DoubtKind::Lost, Some(500)),
        (
            Says::status(200, named.clone()),
            DoubtKind::Declined,
            Some(200),
        ),
        (
            Says::status(200, json!({"errcode": "FC_UNKNOWN"})),
            DoubtKind::Lost,
            Some(200),
        ),
        (
            Says::status(400, json!({"errcode": "OK"})),
            DoubtKind::Lost,
            Some(400),
        ),
        (Says::raw(408, ""), DoubtKind::Lost, Some(408)),
        (Says::raw(405, ""), DoubtKind::Declined, Some(405)),
        (Says::status(422, named), DoubtKind::Declined, Some(422)),
        (Says::raw(409, ""), DoubtKind::Duplicate, Some(409)),
        (Says::raw(200, ""), DoubtKind::Lost, Some(200)),
        (Says::raw(200, "OK"), DoubtKind::Lost, Some(200)),
        (Says::raw(200, "[]"), DoubtKind::Lost, Some(200)),
        (Says::raw(200, "<html>"), DoubtKind::Lost, Some(200)),
        (Says::raw(200, "{\"errcode\":"), DoubtKind::Lost, Some(200)),
        (
            Says::raw(200, b"{\"a\":\"\xff\"}".to_vec()),
            DoubtKind::Lost,
            Some(200),
        ),
        (
            Says::json(json!({"errcode": 0})),
            DoubtKind::Lost,
            Some(200),
        ),
        (Says::raw(201, "{}"), DoubtKind::Lost, Some(201)),
        (Says::raw(202, "{}"), DoubtKind::Lost, Some(202)),
        (
            Says::raw(302, "").with("Location", "/elsewhere"),
            DoubtKind::Lost,
            Some(302),
        ),
        (
            Says::raw(307, "{}").with("Location", "/elsewhere"),
            DoubtKind::Lost,
            Some(307),
        ),
        (Says::HangsUp, DoubtKind::Lost, None),
        (Says::Breaks("{"), DoubtKind::Lost, Some(200)),
    ] {
        let shown = format!("{says:?}");
        let before = world.server.heard().len();
        let verdict = world.adjusted(says).await;
        let Verdict::Unknown(doubt) = verdict else {
            panic!("{shown}: {verdict:?}");
        };
        assert_eq!((doubt.kind, doubt.code), (kind, code), "{shown}");
        // No redirect is followed and nothing is tried again.
        assert_eq!(world.server.heard().len(), before + 1, "{shown}");
    }
    world.server.is_content();
}

#[tokio::test]
async fn a_wait_is_believed_up_to_ten_minutes() {
    let world = World::new().await;
    for (stated, believed) in [
        (Some("3"), Some(3)),
        (Some("999999"), Some(600)),
        (Some("soon"), None),
        (None, None),
    ] {
        let mut says = Says::raw(429, "");
        if let Some(stated) = stated {
            says = says.with("Retry-After", stated);
        }
        let Verdict::Unknown(doubt) = world.adjusted(says).await else {
            panic!("{stated:?}");
        };
        let retry_after = believed.map(Duration::from_secs);
        assert_eq!(doubt.kind, DoubtKind::TooFast { retry_after }, "{stated:?}");
    }
    // As a date it is counted from the answer's own.
    let says = Says::raw(429, "")
        .with("Date", "Sun, 06 Nov 1994 08:49:37 GMT")
        .with("Retry-After", "Sun, 06 Nov 1994 08:50:07 GMT");
    let Verdict::Unknown(doubt) = world.adjusted(says).await else {
        panic!("429 is a doubt");
    };
    let retry_after = Some(Duration::from_secs(30));
    assert_eq!(doubt.kind, DoubtKind::TooFast { retry_after });
}

#[tokio::test]
async fn only_a_connection_that_cannot_be_made_is_not_sent() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let world = World::with(|settings| settings.base_url = format!("http://{address}")).await;
    let ticket = world.ticket(5).await;
    let verdict = world.adjust(&ticket).await;
    assert!(matches!(verdict, Verdict::NotSent(_)), "{verdict:?}");
    assert!(!world.pulse().beats());

    let slow = World::with(|settings| settings.timeout = Duration::from_millis(300)).await;
    for says in [Says::Nothing, Says::Dawdles] {
        let verdict = slow.adjusted(says).await;
        assert!(
            matches!(&verdict, Verdict::Unknown(doubt) if doubt.kind == DoubtKind::Lost),
            "{verdict:?}"
        );
    }
}

#[tokio::test]
async fn whoever_lost_the_bot_begins_nothing() {
    let world = World::new().await;
    let tenure = Tenure::lasting(Moment::now(), Duration::from_secs(3_600));
    let swan = world.swan.under(tenure.clone());
    world.says(Says::Nothing);
    let asking = tokio::spawn({
        let swan = swan.clone();
        async move { swan.balance(&anns()).await }
    });
    world.server.arrivals(1).await;
    tenure.end();
    assert!(asking.await.unwrap().is_err());
    assert!(swan.balance(&anns()).await.is_err());
    assert_eq!(world.server.heard().len(), 1);
}

#[tokio::test]
async fn the_pulse_tells_the_installations_trouble_from_a_members() {
    let world = World::new().await;
    world.adjusted(ok()).await;
    assert!(world.pulse().beats());
    for says in [
        Says::raw(400, ""),
        Says::status(404, json!({"errcode": "SWAN_USER"})),
        Says::raw(409, ""),
    ] {
        world.adjusted(says).await;
        assert!(world.pulse().beats());
    }
    for (says, part) in [
        (Says::raw(401, ""), "`headers`"),
        (Says::raw(404, "<html>"), "`base_url`"),
        (Says::raw(302, ""), "redirect"),
        (Says::raw(302, "{}"), "redirect"),
        (Says::raw(429, ""), "fewer requests"),
        (Says::raw(200, "<html>"), "web page"),
        (Says::raw(500, ""), "500"),
    ] {
        world.adjusted(says).await;
        assert!(
            world.trouble().contains(part),
            "{part}: {}",
            world.trouble()
        );
        world.adjusted(ok()).await;
        assert!(world.pulse().beats());
    }
}

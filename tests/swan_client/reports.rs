//! Reports of events.

use guildpoints::model::Account;
use guildpoints::points::Verdict;
use serde_json::json;

use crate::scripted::Says;
use crate::world::ANNS;
use crate::world::STAFF;
use crate::world::World;
use crate::world::anns;
use crate::world::staff;

const ID: &str = "0f7c2a6e-5a1d-4a0e-9b1b-3c55f0d1e7aa";

#[tokio::test]
async fn a_report_says_who_did_what_and_who_saw_it() {
    let world = World::new().await;
    world.says(Says::json(json!({})));
    let verdict = world
        .swan
        .report(&anns(), &staff(), "VIEW_STUDIO", ID)
        .await;
    assert_eq!(verdict, Verdict::Applied);
    let heard = world.server.heard().remove(0);
    assert_eq!(
        (heard.method.as_str(), heard.path.as_str()),
        ("POST", "/points/report")
    );
    assert_eq!(heard.consumer(), ANNS);
    let wanted =
        json!({"type": "VIEW_STUDIO", "userId": ANNS, "staffId": STAFF, "operationId": ID});
    assert_eq!(heard.json(), wanted);
    world.server.is_content();
}

#[tokio::test]
async fn after_a_doubt_the_same_report_goes_out_again_as_it_was() {
    let world = World::with(|settings| settings.acts_as = Some(STAFF.to_owned())).await;
    world.says(Says::HangsUp);
    world.says(Says::raw(502, ""));
    world.says(Says::json(json!({})));
    for applied in [false, false, true] {
        let verdict = world
            .swan
            .report(&anns(), &staff(), "VIEW_STUDIO", ID)
            .await;
        assert_eq!(verdict == Verdict::Applied, applied);
        assert_eq!(matches!(verdict, Verdict::Unknown(_)), !applied);
    }
    let heard = world.server.heard();
    assert_eq!(heard.len(), 3);
    assert!(
        heard
            .iter()
            .all(|one| one.body == heard[0].body && one.consumer() == STAFF)
    );
    world.server.is_content();
}

#[tokio::test]
async fn a_report_without_event_id_or_accounts_is_not_sent() {
    let world = World::new().await;
    let nobody = Account::new("retail", "somebody");
    for (who, seen_by, event, id) in [
        (&nobody, &staff(), "E", ID),
        (&anns(), &nobody, "E", ID),
        (&anns(), &staff(), " ", ID),
        (&anns(), &staff(), "E", ""),
    ] {
        let verdict = world.swan.report(who, seen_by, event, id).await;
        assert!(matches!(verdict, Verdict::Refused(_)), "{verdict:?}");
    }
    assert!(world.server.heard().is_empty());
}

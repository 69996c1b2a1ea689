//! Money: many at once, and after a restart.

use std::path::Path;

use guildpoints::sandbox::clock::SandboxClock;
use guildpoints::sandbox::fault::Faults;
use guildpoints::sandbox::swan::RepeatedId;
use guildpoints::sandbox::swan::SwanWorld;
use reqwest::RequestBuilder;

use crate::stage::ANN;
use crate::stage::BOB;
use crate::stage::NOW;
use crate::stage::Stage;
use crate::stage::seed;
use crate::wire::Reply;

async fn statuses(requests: Vec<RequestBuilder>) -> Vec<u16> {
    let sent: Vec<_> = requests
        .into_iter()
        .map(|request| tokio::spawn(Reply::to(request)))
        .collect();
    let mut statuses = Vec::new();
    for reply in sent {
        statuses.push(reply.await.unwrap().status);
    }
    statuses.sort_unstable();
    statuses
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_changes_at_once_all_count() {
    let stage = Stage::new().await;
    let requests = (0..50)
        .map(|at| stage.adding(&format!("t-{at}"), ANN, 10))
        .collect();
    assert_eq!(statuses(requests).await, [200; 50]);
    assert_eq!((stage.ann(), stage.swan.ledger(ANN).len()), (600, 52));
    stage.balances_are_sums_of_ledgers();
    let mut ids: Vec<i64> = stage.swan.entries().iter().map(|e| e.id).collect();
    ids.dedup();
    assert_eq!(ids.len(), stage.swan.entries().len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_at_once_with_one_id_follow_the_choice() {
    for (repeated, expected, ann) in [
        (RepeatedId::Again, vec![200; 50], 600),
        (RepeatedId::Silent, vec![200; 50], 110),
        (
            RepeatedId::Conflict,
            [vec![200], vec![409; 49]].concat(),
            110,
        ),
    ] {
        let stage = Stage::shaped(|shapes| shapes.repeated_id = repeated).await;
        let requests = (0..50).map(|_| stage.adding("t", ANN, 10)).collect();
        assert_eq!(statuses(requests).await, expected, "{repeated:?}");
        assert_eq!(stage.ann(), ann, "{repeated:?}");
        stage.balances_are_sums_of_ledgers();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twenty_at_once_cannot_take_more_than_there_is() {
    let stage = Stage::new().await;
    let requests = (0..20)
        .map(|at| stage.adding(&format!("t-{at}"), ANN, -10))
        .collect();
    let expected = [vec![200; 10], vec![400; 10]].concat();
    assert_eq!(statuses(requests).await, expected);
    assert_eq!(stage.ann(), 0);
    stage.balances_are_sums_of_ledgers();
}

async fn kept_in(file: &Path) -> Stage {
    Stage::with(seed(), NOW, Some(file.to_owned())).await
}

#[tokio::test]
async fn a_restart_finds_everything_that_was_answered() {
    let room = tempfile::tempdir().unwrap();
    let file = room.path().join("sandbox.json.swan");
    let first = kept_in(&file).await;
    let mut shapes = first.swan.shapes();
    shapes.repeated_id = RepeatedId::Conflict;
    first.swan.set_shapes(shapes.clone());
    first.swan.set_rule("NEW_EVENT", Some(30));
    first.swan.set_rule("VIEW_STUDIO", None);
    first.swan.set_balance(BOB, 7);
    first.swan.set_balance("@retail_new:corp.example", 9);
    first.add("t-1", ANN, 10).await;
    first.report("NEW_EVENT", "o-1").await;
    first.report("NEWER_EVENT", "o-2").await;

    // The first is never told to stop: what it answered must be in the file already. Twice,
    // because the second start reads what the first one had shortened.
    for _ in 0..2 {
        let again = kept_in(&file).await;
        assert_eq!(again.swan.entries(), first.swan.entries());
        assert_eq!(again.swan.users(), first.swan.users());
        assert_eq!(again.swan.shapes(), shapes);
        assert_eq!(again.swan.rules(), [("NEW_EVENT".to_owned(), 30)]);
        assert_eq!((again.ann(), again.swan.balance(BOB)), (140, Some(7)));
        assert_eq!(again.add("t-1", ANN, 10).await.status, 409);
        again.swan.set_rule("NEWER_EVENT", Some(1));
        for known in ["o-1", "o-2"] {
            again.report("NEWER_EVENT", known).await;
        }
        again.swan.set_rule("NEWER_EVENT", None);
        assert_eq!(again.ann(), 140);
        again.balances_are_sums_of_ledgers();
    }
}

#[tokio::test]
async fn somebody_new_in_the_seed_joins_those_in_the_file() {
    let room = tempfile::tempdir().unwrap();
    let file = room.path().join("sandbox.json.swan");
    kept_in(&file).await.swan.set_balance(ANN, 1);
    let mut more = seed();
    more.users[1].id = "@retail_3:corp.example".to_owned();
    let again = Stage::with(more, NOW, Some(file)).await;
    assert_eq!((again.ann(), again.swan.balance(BOB)), (1, Some(50)));
    assert_eq!(again.swan.balance("@retail_3:corp.example"), Some(50));
    again.balances_are_sums_of_ledgers();
}

#[tokio::test]
async fn a_file_of_somebody_else_is_left_alone() {
    let room = tempfile::tempdir().unwrap();
    let file = room.path().join("notes");
    std::fs::write(&file, "my notes\n").unwrap();
    let clock = SandboxClock::system();
    let started = SwanWorld::start(seed(), clock, Faults::default(), Some(file.clone()));
    assert!(started.err().unwrap().to_string().contains("notes"));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "my notes\n");
}

#[tokio::test]
async fn a_correction_is_an_entry_too() {
    let stage = Stage::new().await;
    stage.swan.set_balance(ANN, 30);
    stage.swan.add(ANN, 5, "补发");
    let ledger = stage.swan.ledger(ANN);
    assert_eq!(stage.ann(), 35);
    assert_eq!((ledger[0].points, ledger[0].info.as_str()), (5, "补发"));
    assert_eq!(
        (ledger[1].points, ledger[1].kind.as_str()),
        (-70, "CORRECTION")
    );
    // Nothing moves points out of their bounds.
    stage.swan.add(ANN, -99, "");
    assert_eq!(stage.ann(), 0);
    stage.swan.set_balance(ANN, i64::MAX);
    assert_eq!(stage.ann(), i64::from(i32::MAX));
    stage.balances_are_sums_of_ledgers();
}

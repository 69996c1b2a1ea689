//! Money: many at once, the same again, and after a restart.

use std::path::PathBuf;

use guildpoints::sandbox::mall::Shapes;
use tempfile::TempDir;

use crate::stage::ANN;
use crate::stage::BOB;
use crate::stage::GUILD;
use crate::stage::NOW;
use crate::stage::OTHER_GUILD;
use crate::stage::Stage;
use crate::stage::seed;

async fn codes(calls: Vec<crate::stage::Call>) -> Vec<i64> {
    let sent: Vec<_> = calls
        .into_iter()
        .map(|call| tokio::spawn(call.send()))
        .collect();
    let mut codes = Vec::new();
    for reply in sent {
        codes.push(reply.await.unwrap().code());
    }
    codes.sort_unstable();
    codes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_at_once_with_one_id_apply_once() {
    let stage = Stage::new().await;
    let calls = (0..50).map(|_| stage.change("b", GUILD, ANN, 10)).collect();
    let mut expected = vec![0];
    expected.resize(50, 60006);
    assert_eq!(codes(calls).await, expected);
    assert_eq!((stage.ann(), stage.effects("b")), (110, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twenty_at_once_cannot_take_more_than_there_is() {
    let stage = Stage::new().await;
    let calls = (0..20)
        .map(|at| stage.change(&format!("b-{at}"), GUILD, ANN, -10))
        .collect();
    let mut expected = vec![0; 10];
    expected.resize(20, 30001);
    assert_eq!(codes(calls).await, expected);
    assert_eq!((stage.ann(), stage.mall.records().len()), (0, 10));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_replay_at_the_same_moment_applies_once() {
    let stage = Stage::new().await;
    let mut call = stage.change("b", GUILD, ANN, 10);
    call.nonce = "one".to_owned();
    let mut expected = vec![0];
    expected.resize(20, 401);
    assert_eq!(codes(vec![call; 20]).await, expected);
    assert_eq!(stage.ann(), 110);
}

#[tokio::test]
async fn neighbouring_ids_are_different_people() {
    let stage = Stage::new().await;
    let (low, high) = (9_007_199_254_740_992, 9_007_199_254_740_993);
    stage.mall.set_balance(GUILD, low, 0);
    stage.mall.set_balance(GUILD, high, 0);
    stage.change("b", GUILD, high, 7).send().await;
    assert_eq!(stage.mall.balance(GUILD, low), Some(0));
    assert_eq!(stage.mall.balance(GUILD, high), Some(7));
    let reply = stage.balance(GUILD, high).send().await;
    assert!(
        reply
            .text()
            .contains(r#""userId":"9007199254740993","point":7"#)
    );
    let largest = u64::try_from(i64::MAX).unwrap();
    stage.mall.set_balance(GUILD, largest, 0);
    let reply = stage.change("c", GUILD, largest, 7).send().await;
    assert!(reply.text().contains(&format!(r#""fbLongId":{largest}"#)));
}

async fn kept_in(file: &std::path::Path) -> Stage {
    Stage::with(seed(), NOW, Some(file.to_owned())).await
}

fn room() -> (TempDir, PathBuf) {
    let room = TempDir::new().unwrap();
    let file = room.path().join("mall.jsonl");
    (room, file)
}

#[tokio::test]
async fn a_restart_finds_everything_that_was_answered() {
    let (_room, file) = room();
    let shapes = Shapes {
        failed_uses_bizid: true,
        ..Shapes::default()
    };
    let first = kept_in(&file).await;
    first.mall.set_shapes(shapes.clone());
    first.mall.switch(OTHER_GUILD, false);
    first.mall.set_balance(GUILD, BOB, 0);
    first.change("b-1", GUILD, ANN, 10).send().await;
    first.change("b-2", GUILD, ANN, -999).send().await;
    first
        .batch(&[("b-3", ANN, 5), ("b-4", BOB, 5), ("b-3", ANN, 5)])
        .send()
        .await;

    // The first is never told to stop: what it answered must be in the file already. Twice,
    // because the second start reads what the first one had shortened.
    for _ in 0..2 {
        let again = kept_in(&file).await;
        assert_eq!(again.mall.records(), first.mall.records());
        assert_eq!(again.mall.guilds(), first.mall.guilds());
        assert_eq!(again.mall.shapes(), shapes);
        assert_eq!(again.ann(), 115);
        assert_eq!(again.mall.balance(GUILD, BOB), Some(5));
        for used in ["b-1", "b-2", "b-3"] {
            let reply = again.change(used, GUILD, ANN, 10).send().await;
            assert_eq!(reply.verdict(), (200, 60006), "{used}");
        }
        let found = again.find("b-1").send().await;
        assert_eq!(found.json()["data"]["point"], 10);
        assert_eq!(
            again.balance(OTHER_GUILD, ANN).send().await.verdict(),
            (200, 60001)
        );
    }
}

#[tokio::test]
async fn a_torn_last_line_was_never_answered_and_is_dropped() {
    let (_room, file) = room();
    let first = kept_in(&file).await;
    first.change("b-1", GUILD, ANN, 10).send().await;
    let mut text = std::fs::read(&file).unwrap();
    text.extend(br#"{"applied":{"records":[{"biz_id":"b-2","#);
    std::fs::write(&file, text).unwrap();
    let again = kept_in(&file).await;
    assert_eq!((again.ann(), again.mall.records().len()), (110, 1));
    again.change("b-2", GUILD, ANN, 10).send().await;
    assert_eq!(kept_in(&file).await.ann(), 120);
}

#[tokio::test]
async fn a_file_that_is_not_the_malls_is_left_alone() {
    let (_room, file) = room();
    for text in ["my notes", "my notes\n", "{}\n"] {
        std::fs::write(&file, text).unwrap();
        let clock = guildpoints::sandbox::clock::SandboxClock::system();
        let started =
            guildpoints::sandbox::mall::MallWorld::start(seed(), clock, Some(file.clone()));
        let error = started.map(|_| ()).unwrap_err();
        assert!(error.to_string().contains("mall.jsonl"), "{error}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    }
}

#[tokio::test]
async fn a_server_new_in_the_seed_joins_those_in_the_file() {
    let (_room, file) = room();
    let first = kept_in(&file).await;
    first.mall.set_balance(GUILD, ANN, 1);
    let mut more = seed();
    let mut fresh = more.guilds[0].clone();
    fresh.id = 77;
    more.guilds.push(fresh);
    let again = Stage::with(more, NOW, Some(file)).await;
    assert_eq!(again.ann(), 1);
    assert_eq!(again.mall.balance(77, ANN), Some(100));
}

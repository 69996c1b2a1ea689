//! The journal in PostgreSQL, as chat and operators meet it: a cable that breaks, a commit nobody
//! answered, a door that stays shut.

use std::process::Command;
use std::process::Output;
use std::process::Stdio;

use crate::books::told;
use crate::cable::Cable;
use crate::cable::Commit;
use crate::cable::End;
use crate::operated::NOT_WRITTEN;
use crate::operated::Ops;
use crate::operated::refused;
use crate::stage::Settings;
use crate::stage::Stage;
use crate::stage::postgres;
use crate::stage::receipt_in;

/// What the bot says where it does not know whether something was written.
const NOT_CERTAIN: &str = "还不能确定这次有没有记上";

/// A stage whose bot has its store at the end of a cable.
async fn behind_a_cable() -> Option<(Stage, Ops, End)> {
    let Some(server) = postgres::shared() else {
        postgres::skipped("there is no `initdb` (Debian: postgresql)");
        return None;
    };
    let direct = postgres::schema_in(&server.tcp_url("owner")).await;
    let cable = End::to(server.port()).await;
    let port = |port| format!(":{port}/");
    let through = direct.replace(&port(server.port()), &port(cable.port()));
    let mut stage = Stage::without_bot(Settings {
        // The cable has to see what passes.
        store: Some(format!("{through}&sslmode=disable")),
        ..Settings::default()
    })
    .await;
    let ops = Ops::of(&mut stage);
    stage.start().await;
    Some((stage, ops, cable))
}

#[tokio::test]
async fn a_database_that_goes_away_pays_nothing_and_says_so_until_it_is_back() {
    let Some((mut stage, ops, cable)) = behind_a_cable().await else {
        return;
    };
    let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    let answer = stage.hears_of(rewarded, "✅").await;
    told(&stage, rewarded).await;

    cable.becomes(Cable::Cut);
    let unwritten = stage.says("夜雨", "/奖励 @小明 1 断线");
    stage.hears_of(unwritten, NOT_WRITTEN).await;
    let down = ops.ready_until(|status, _| status == 503).await;
    let what = down["trouble"]["store"].as_str().unwrap();
    assert!(what.contains("cannot be reached"), "{what}");
    // Questions need no journal.
    let asked = stage.says("小红", "/积分");
    stage.hears_of(asked, "120").await;
    assert_eq!(stage.paid().len(), 1);

    cable.becomes(Cable::Whole);
    ops.ready_until(|status, _| status == 200).await;
    let looked = stage.says("小明", &format!("/回执 {}", receipt_in(&answer)));
    stage.hears_of(looked, "已到账").await;
    let more = stage.says("夜雨", "/奖励 @小明 2 又可以了");
    stage.hears_of(more, "✅").await;
    assert_eq!(stage.answers(unwritten).len(), 1);
    let paid: Vec<i64> = stage.paid().iter().map(|(points, _)| *points).collect();
    assert_eq!(paid, [666, 2]);
    stage.finish().await;
}

#[tokio::test]
async fn a_commit_nobody_answered_is_paid_once_and_only_when_it_is_certain() {
    let Some((mut stage, ops, cable)) = behind_a_cable().await else {
        return;
    };
    let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    stage.hears_of(rewarded, "✅").await;
    told(&stage, rewarded).await;

    cable.spoil_commit(Commit::UnansweredAndCut);
    let doubtful = stage.says("夜雨", "/奖励 @小明 7 半途断线");
    stage.hears_of(doubtful, NOT_CERTAIN).await;
    assert_eq!(stage.paid().len(), 1, "nothing is sent while it is unknown");
    assert_eq!(ops.get("/ready").await.0, 503);

    cable.becomes(Cable::Whole);
    stage.hears_of(doubtful, "✅").await;
    told(&stage, doubtful).await;
    assert_eq!(stage.answers(doubtful).len(), 2);
    let paid: Vec<i64> = stage.paid().iter().map(|(points, _)| *points).collect();
    assert_eq!(paid, [666, 7]);
    ops.ready_until(|status, _| status == 200).await;
    stage.finish().await;
}

#[tokio::test]
async fn a_shut_door_is_a_sentence_without_the_password() {
    let Some(server) = postgres::shared() else {
        return postgres::skipped("there is no `initdb` (Debian: postgresql)");
    };
    let schema = postgres::schema_in(&server.tcp_url("owner")).await;
    let wrong = schema.replace("owner@", "locked:hunter2-of-the-database@");
    let made = "create role locked login password 'another'";
    postgres::execute(&server.url(), made).await;
    let mut stage = Stage::without_bot(Settings {
        store: Some(wrong),
        ..Settings::default()
    })
    .await;
    refused(&mut stage, "check user and password").await;
    let checked = check(&stage).await;
    let shown = String::from_utf8_lossy(&checked.stdout).into_owned();
    let words: String = shown.split_whitespace().collect();
    assert!(words.contains("refusestherole"), "{shown}");
    assert_eq!(checked.status.code(), Some(1));
    let said = format!("{}{shown}{:?}", stage.log(), checked.stderr);
    assert!(!said.contains("hunter2"), "{said}");

    // With the right one the same row is fine, beside a bot that runs.
    stage.settings.store = Some(schema);
    stage.start().await;
    let checked = check(&stage).await;
    let shown = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(shown.contains("可读写"), "{shown}");
    stage.finish().await;
}

async fn check(stage: &Stage) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guildpoints"));
    command
        .arg("check")
        .arg("--config")
        .arg(stage.config())
        .current_dir(stage.folder())
        .stdin(Stdio::null());
    let ended = tokio::task::spawn_blocking(move || command.output().unwrap());
    ended.await.unwrap()
}

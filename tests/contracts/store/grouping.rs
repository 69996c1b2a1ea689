//! How SQLite's store commits: many at once, each as durably as it has to be.

use guildpoints::journal::Durability;
use guildpoints::journal::JournalError;
use guildpoints::journal::Opened;
use guildpoints::journal::Refused;
use guildpoints::journal::Settlement;
use guildpoints::journal::State;
use guildpoints::journal::Told;
use guildpoints::model::refusal::PointsRefusal;
use metrics_exporter_prometheus::PrometheusBuilder;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::task::JoinSet;

use super::sqlite::BALANCE;
use super::sqlite::operator;
use super::stage::*;

#[tokio::test]
async fn many_who_wait_share_few_commits() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let figures = recorder.handle();
    // The journal takes its counters where it is opened: on this thread, from this recorder.
    let _guard = metrics::set_default_local_recorder(&recorder);
    let home = Home::new();
    let journal = home.journal().await;
    let mut openings = JoinSet::new();
    for number in 0..64 {
        let journal = journal.clone();
        openings.spawn(async move { open(&journal, intent(number, 1)).await });
    }
    let opened = openings.join_all().await;
    assert!(
        opened
            .iter()
            .all(|opened| matches!(opened, Opened::Fresh(_)))
    );
    let figure = |name| figure(&figures, name);
    let commits = figure("guildpoints_journal_commits_total ");
    assert!((1.0..16.0).contains(&commits), "{commits}");
    assert_eq!(figure("guildpoints_journal_group_size_sum "), 64.0);
    assert_eq!(figure("guildpoints_journal_group_size_count "), commits);
    journal.close().await;
}

/// A figure as it stands now.
fn figure(figures: &PrometheusHandle, name: &str) -> f64 {
    let figures = figures.render();
    let mut lines = figures.lines();
    let value = lines.find_map(|line| line.strip_prefix(name));
    let value = value.unwrap_or_else(|| panic!("no {name} in {figures}"));
    value.trim().parse().unwrap()
}

#[tokio::test]
async fn only_what_can_be_found_out_again_does_not_wait_for_the_disk() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let figures = recorder.handle();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let home = Home::new();
    let journal = home.journal().await;
    let mut seen = 0.0;
    // How many commits have waited since the last time this was asked.
    let mut waited = || {
        let now = figure(&figures, "guildpoints_journal_synced_total ");
        let waited = now - seen;
        seen = now;
        waited
    };
    let done = ticket(&journal, 1, 1).await;
    let told = ticket(&journal, 2, 1).await;
    let refused = ticket(&journal, 3, 1).await;
    let mut sent = ticket(&journal, 4, 1).await;
    assert_eq!(waited(), 4.0, "intents");

    let done = journal.settle_done(done, Durability::Soon).await.unwrap();
    journal.note_balance(&done.code, BALANCE).await.unwrap();
    let told_of = cause(1);
    let told_now = say(&journal, &told_of, message(90), Told::Final).await;
    told_now.unwrap();
    assert_eq!(waited(), 0.0, "what can be asked, read and said again");

    journal.settle_done(told, Durability::Now).await.unwrap();
    assert_eq!(waited(), 1.0, "an outcome nobody can be asked for");
    let refusal = Settlement::Refused(Refused {
        meaning: PointsRefusal::Declined,
        code: None,
        text: String::new(),
    });
    journal.settle(refused, refusal).await.unwrap();
    assert_eq!(waited(), 1.0, "a refusal");
    journal.resend(&mut sent, 1).await.unwrap();
    let progress = sent.receipt().progress.clone();
    let kept = journal.keep(sent, State::Unconfirmed, progress);
    kept.await.unwrap();
    assert_eq!(waited(), 2.0, "a sending and what was heard of it");
    journal.close().await;
}

#[tokio::test]
async fn one_bad_write_does_not_spoil_its_group() {
    let home = Home::new();
    let journal = home.journal().await;
    operator(
        &home,
        "create trigger poison before insert on entries when new.remark = 'poison'
         begin select raise(abort, 'poisoned'); end",
    );
    let mut openings = JoinSet::new();
    for number in 0..32 {
        let journal = journal.clone();
        let mut wanted = intent(number, 1);
        if number == 17 {
            wanted.remark = "poison".to_owned();
        }
        openings.spawn(async move { (number, try_open(&journal, wanted).await) });
    }
    for (number, opened) in openings.join_all().await {
        match number {
            17 => assert!(matches!(opened, Err(JournalError::Database(_)))),
            _ => assert!(matches!(opened, Ok(Opened::Fresh(_))), "{opened:?}"),
        }
    }
    assert_eq!(journal.counts().await.unwrap().unconfirmed, 31);
    journal.close().await;
}

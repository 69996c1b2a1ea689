//! What PostgreSQL's store does besides: processes that write at the same time, connections that
//! break, refusals at the door.

use std::process::Command;

use guildpoints::journal::JournalError;
use guildpoints::journal::Opened;
use guildpoints::journal::Settlement;
use guildpoints::journal::State;
use guildpoints::model::BotId;
use guildpoints::model::UserId;
use guildpoints::support::pulse::edge;
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::task::JoinSet;

use super::stage::*;
use crate::postgres;

async fn refusal(home: &Home, url: &str) -> JournalError {
    home.journal_at(url, BOT).await.err().unwrap()
}

#[tokio::test]
async fn a_store_is_found_again_as_it_was_left() {
    let Some(home) = Home::on_postgres().await else {
        return;
    };
    let journal = home.journal().await;
    let first = ticket(&journal, 1, 1).await;
    journal.ask(question(&home, 2)).await.unwrap();
    journal.close().await;
    assert!(matches!(
        journal.writable().await,
        Err(JournalError::Closing)
    ));
    assert!(matches!(journal.counts().await, Err(JournalError::Closing)));

    let journal = home.journal().await;
    let found = journal.of_cause(&cause(1)).await.unwrap();
    assert_eq!(found.as_ref(), Some(first.receipt()));
    assert!(journal.asked(message(2)).await.unwrap().is_some());
    journal.close().await;
}

/// Not a test of its own: the process that `what_was_answered_survives_a_crash` lets die.
#[tokio::test]
async fn dies_with_a_store_open() {
    let Ok(url) = std::env::var("DATABASE_TO_DIE_WITH") else {
        return;
    };
    let home = Home::at(url);
    let journal = home.journal().await;
    for number in 0..20 {
        let ticket = ticket(&journal, number, 1).await;
        if number % 2 == 0 {
            journal.settle(ticket, Settlement::Done).await.unwrap();
        }
    }
    std::process::abort();
}

#[tokio::test]
async fn what_was_answered_survives_a_crash() {
    let Some(home) = Home::on_postgres().await else {
        return;
    };
    let died = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store::postgres::dies_with_a_store_open"])
        .env("DATABASE_TO_DIE_WITH", home.url())
        .output()
        .unwrap();
    assert!(!died.status.success(), "it was to be aborted");

    let journal = home.journal().await;
    for number in 0..20 {
        let receipt = journal.of_cause(&cause(number)).await.unwrap().unwrap();
        let expected = match number % 2 {
            0 => State::Done,
            _ => State::Unconfirmed,
        };
        assert_eq!(receipt.state, expected, "{number}");
    }
    assert_eq!(journal.unsettled(i64::MAX, 99).await.unwrap().len(), 10);
    journal.close().await;
}

#[tokio::test]
async fn two_who_write_at_once_share_one_quota_and_one_ticket() {
    let Some(home) = Home::on_postgres().await else {
        return;
    };
    // As two processes would: neither knows what the other has in its queue.
    let journals = [home.journal().await, home.journal().await];
    let granted = granted_to(GIVER, per_day(200));
    let mut openings = JoinSet::new();
    for number in 0..64 {
        for journal in &journals {
            let (journal, granted) = (journal.clone(), granted.clone());
            openings.spawn(async move {
                let opened = journal.open(&granted, EVER, LOOK_AFTER, intent(number, 10));
                (number, opened.await.unwrap())
            });
        }
    }
    let mut fresh = Vec::new();
    let mut over = 0;
    for (number, opened) in openings.join_all().await {
        match opened {
            Opened::Fresh(_) => fresh.push(number),
            Opened::Over(_) => over += 1,
            Opened::Known(_) => {}
            other => panic!("{other:?}"),
        }
    }
    fresh.sort_unstable();
    let tickets = fresh.len();
    fresh.dedup();
    assert_eq!(fresh.len(), tickets, "two tickets for one cause");
    assert_eq!(
        tickets, 20,
        "the quota has 20 of 10, and {over} were refused"
    );
    let [one, other] = journals;
    assert_eq!(one.given(GUILD, GIVER, EVER).await.unwrap(), 200);
    assert_eq!(other.counts().await.unwrap().unconfirmed, 20);
    one.close().await;
    other.close().await;
}

#[tokio::test]
async fn two_who_start_at_once_on_an_empty_database_both_get_their_store() {
    let Some(home) = Home::on_postgres().await else {
        return;
    };
    let openings = (0..6).map(|_| home.journal());
    for journal in futures_util::future::join_all(openings).await {
        journal.writable().await.unwrap();
        journal.close().await;
    }
    let migrations = "select count(*) from guildpoints_migrations where done and number > 0";
    assert!(postgres::number(&home.url(), migrations).await >= 2);
}

#[tokio::test]
async fn many_who_wait_share_few_commits() {
    let Some(home) = Home::on_postgres().await else {
        return;
    };
    let recorder = PrometheusBuilder::new().build_recorder();
    let figures = recorder.handle();
    // Tasks of this runtime all run on this thread, so its recorder sees them.
    let _guard = metrics::set_default_local_recorder(&recorder);
    let journal = home.journal().await;
    let mut openings = JoinSet::new();
    for number in 0..64 {
        let journal = journal.clone();
        openings.spawn(async move { open(&journal, intent(number, 1)).await });
    }
    let opened = openings.join_all().await;
    let fresh = |opened: &Opened| matches!(opened, Opened::Fresh(_));
    assert!(opened.iter().all(fresh));
    let figures = figures.render();
    let commits = figures
        .lines()
        .find_map(|line| line.strip_prefix("guildpoints_journal_commits_total "))
        .unwrap_or_else(|| panic!("no commits in {figures}"));
    let commits: f64 = commits.trim().parse().unwrap();
    assert!((1.0..16.0).contains(&commits), "{commits}");
    journal.close().await;
}

#[tokio::test]
async fn one_bad_write_does_not_spoil_its_group() {
    let Some(home) = Home::on_postgres().await else {
        return;
    };
    let journal = home.journal().await;
    let poison = "alter table entries add constraint poison check (remark <> 'poison')";
    postgres::execute(&home.url(), poison).await;
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
            17 => assert!(
                matches!(opened, Err(JournalError::Database(_))),
                "{opened:?}"
            ),
            _ => assert!(matches!(opened, Ok(Opened::Fresh(_))), "{opened:?}"),
        }
    }
    assert_eq!(journal.counts().await.unwrap().unconfirmed, 31);
    journal.close().await;
}

#[tokio::test]
async fn writing_is_proved_by_writing() {
    let Some(home) = Home::on_postgres().await else {
        return;
    };
    let journal = home.journal().await;
    journal.writable().await.unwrap();
    assert!(home.pulses.of(edge::STORE).beats());
    let stuck = "alter table house add constraint stuck check (probed_ms < 0) not valid";
    postgres::execute(&home.url(), stuck).await;
    let stuck = journal.writable().await;
    assert!(matches!(stuck, Err(JournalError::Database(_))), "{stuck:?}");
    assert!(!home.pulses.of(edge::STORE).beats());
    let free = "alter table house drop constraint stuck";
    postgres::execute(&home.url(), free).await;
    journal.writable().await.unwrap();
    assert!(home.pulses.of(edge::STORE).beats());
    let left = "select count(*) from confirmations";
    assert_eq!(postgres::number(&home.url(), left).await, 0);
    journal.close().await;
}

#[tokio::test]
async fn a_store_that_may_only_be_read_is_read_and_says_so() {
    let Some(home) = Home::on_postgres().await else {
        return;
    };
    let looking = format!("{}&mode=ro", home.url());
    let error = refusal(&home, &looking).await;
    assert!(error.to_string().contains("without `mode=ro`"), "{error}");
    let journal = home.journal().await;
    let before = ticket(&journal, 1, 1).await;
    let onlooker = home.journal_at(&looking, BOT).await.unwrap();
    let found = onlooker.of_cause(&cause(1)).await.unwrap();
    assert_eq!(found.as_ref(), Some(before.receipt()));
    let opened = try_open(&onlooker, intent(2, 1)).await;
    assert!(matches!(opened, Err(JournalError::ReadOnly)), "{opened:?}");
    let settled = onlooker.settle(before, Settlement::Done).await;
    assert!(
        matches!(settled, Err(JournalError::ReadOnly)),
        "{settled:?}"
    );
    onlooker.close().await;
    journal.close().await;
}

#[tokio::test]
async fn stores_of_others_and_of_later_days_are_refused_and_left_alone() {
    let Some(home) = Home::on_postgres().await else {
        return;
    };
    home.journal().await.close().await;
    let stranger = BotId(UserId::new(9));
    let error = home.journal_at(&home.url(), stranger).await.err().unwrap();
    assert!(matches!(error, JournalError::OtherBot { .. }), "{error}");
    assert!(error.to_string().contains(&BOT.0.to_string()), "{error}");

    let later =
        "insert into guildpoints_migrations (number, name, done) values (998, 'later', true)";
    postgres::execute(&home.url(), later).await;
    let error = refusal(&home, &home.url()).await;
    assert!(
        matches!(error, JournalError::Newer { found: 998, known } if known < 998),
        "{error}"
    );
    let half = "update guildpoints_migrations set done = false where number = 998";
    postgres::execute(&home.url(), half).await;
    let error = refusal(&home, &home.url()).await;
    assert!(
        matches!(error, JournalError::HalfApplied { number: 998 }),
        "{error}"
    );
    assert!(
        error.to_string().contains("restore the last backup"),
        "{error}"
    );
}

#[tokio::test]
async fn what_a_migration_left_half_done_is_refused() {
    let Some(home) = Home::on_postgres().await else {
        return;
    };
    home.journal().await.close().await;
    // As a database without whole transactions for tables leaves it.
    let newest = postgres::number(
        &home.url(),
        "select max(number) from guildpoints_migrations",
    )
    .await;
    for number in [newest, 1] {
        let half = format!("delete from guildpoints_migrations where number = {number}");
        postgres::execute(&home.url(), &half).await;
        let error = refusal(&home, &home.url()).await;
        let JournalError::HalfApplied { number: found } = error else {
            panic!("{error}");
        };
        assert_eq!(found, number);
    }
}

#[tokio::test]
async fn tables_of_something_else_are_refused_and_left_alone() {
    let Some(home) = Home::on_postgres().await else {
        return;
    };
    postgres::execute(&home.url(), "create table entries (diary text)").await;
    let error = refusal(&home, &home.url()).await;
    assert!(error.to_string().contains("not of guildpoints"), "{error}");
    let tables =
        "select count(*) from information_schema.tables where table_schema = current_schema()";
    assert_eq!(postgres::number(&home.url(), tables).await, 1);

    let nowhere = home
        .url()
        .replace("search_path%3D", "search_path%3Dno_such_");
    let error = refusal(&home, &nowhere).await;
    assert!(error.to_string().contains("no schema"), "{error}");
}

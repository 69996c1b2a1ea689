//! PostgreSQL that gives a transaction up: one that may go through another time is done again from
//! its start, with the same ids and once; one that has no room is answered with that.

use std::time::Duration;

use guildpoints::journal::JournalError;
use guildpoints::journal::OpenedAll;
use guildpoints::journal::Settlement;
use guildpoints::journal::State;
use guildpoints::model::Cause;
use guildpoints::model::OpId;
use guildpoints::model::UserId;
use guildpoints::support::pulse::edge;
use sqlx::Connection;
use sqlx::PgConnection;
use tokio::task::JoinSet;

use super::stage::*;
use crate::postgres;

const SERIALIZATION: &str = "40001";
const DEADLOCK: &str = "40P01";
const DISK_FULL: &str = "53100";

/// Where in a transaction it is given up.
const PLACES: [&str; 4] = [
    "trigger trouble before update on pen",
    "trigger trouble before insert on entries",
    "trigger trouble before update on entries",
    // As distributed databases do, when all is written and only the commit is left.
    "constraint trigger trouble after insert or update on entries deferrable initially deferred",
];

/// From now on statements that meet `place` raise `state`, the first `times` of them. A sequence
/// counts also what is rolled back.
async fn trouble(home: &Home, place: &str, state: &str, times: u32) {
    let text = format!(
        "create sequence troubles;
         create function trouble() returns trigger language plpgsql as $$ begin
             if nextval('troubles') <= {times} then
                 raise exception 'this one is given up' using errcode = '{state}';
             end if;
             return new;
         end $$;
         create {place} for each row execute function trouble()"
    );
    postgres::execute(&home.url(), &text).await;
}

async fn no_trouble(home: &Home) {
    let gone = "drop function trouble cascade; drop sequence troubles";
    postgres::execute(&home.url(), gone).await;
}

/// How often a statement has come to that place.
async fn tries(home: &Home) -> i64 {
    postgres::number(&home.url(), "select last_value from troubles").await
}

async fn entries(home: &Home) -> i64 {
    postgres::number(&home.url(), "select count(*) from entries").await
}

#[tokio::test]
async fn a_transaction_that_is_given_up_twice_is_done_again_with_the_same_ids() {
    for state in [SERIALIZATION, DEADLOCK] {
        for place in PLACES {
            let Some(home) = Home::on_postgres().await else {
                return;
            };
            let journal = home.journal().await;
            trouble(&home, place, state, 2).await;
            let ticket = ticket(&journal, 1, 5).await;
            assert_eq!(ticket.op(), &OpId::of(BOT, &cause(1)), "{state} {place}");
            let kept = journal.of_cause(&cause(1)).await.unwrap();
            assert_eq!(kept.as_ref(), Some(ticket.receipt()), "{state} {place}");
            let settled = journal.settle(ticket, Settlement::Done).await.unwrap();
            assert_eq!(settled.state, State::Done);
            assert_eq!(entries(&home).await, 1, "{state} {place}");
            assert_eq!(given(&journal).await, 5, "{state} {place}");
            assert!(tries(&home).await >= 3, "{state} {place}");
            assert!(home.pulses.of(edge::STORE).beats());
            journal.close().await;
        }
    }
}

#[tokio::test]
async fn several_who_share_a_transaction_that_is_given_up_each_get_theirs_once() {
    for state in [SERIALIZATION, DEADLOCK] {
        let Some(home) = Home::on_postgres().await else {
            return;
        };
        let journal = home.journal().await;
        trouble(&home, PLACES[1], state, 2).await;
        let members = [11, 12, 13].map(UserId::new);
        let intents = members.map(|member| {
            let mut wanted = intent(100, 7);
            (wanted.member, wanted.cause) = (member, of(100, member));
            wanted
        });
        let mut openings = JoinSet::new();
        for number in 0..32 {
            let journal = journal.clone();
            openings.spawn(async move { (number, try_open(&journal, intent(number, 1)).await) });
        }
        let granted = allowed();
        let all = journal.open_all(&granted, EVER, LOOK_AFTER, intents.to_vec());
        let OpenedAll::Fresh(tickets) = all.await.unwrap() else {
            panic!("{state}: expected tickets");
        };
        for (ticket, member) in tickets.iter().zip(members) {
            assert_eq!(ticket.op(), &OpId::of(BOT, &of(100, member)));
        }
        for (number, opened) in openings.join_all().await {
            let ticket = fresh(opened.unwrap());
            assert_eq!(ticket.op(), &OpId::of(BOT, &cause(number)));
        }
        assert_eq!(entries(&home).await, 35, "{state}");
        assert_eq!(given(&journal).await, 32 + 3 * 7, "{state}");
        journal.close().await;
    }
}

#[tokio::test]
async fn a_transaction_that_is_given_up_again_and_again_is_answered_and_leaves_nothing() {
    for (state, place) in [(SERIALIZATION, PLACES[1]), (DEADLOCK, PLACES[3])] {
        let Some(home) = Home::on_postgres().await else {
            return;
        };
        let journal = home.journal().await;
        trouble(&home, place, state, 1_000_000).await;
        let opened = try_open(&journal, intent(1, 5)).await;
        let Err(JournalError::Interrupted(why)) = &opened else {
            panic!("{state}: {opened:?}");
        };
        assert!(why.contains("given up"), "{why}");
        assert!(tries(&home).await > 3, "it was tried again");
        assert_eq!(entries(&home).await, 0, "{state}");
        assert!(!home.pulses.of(edge::STORE).beats());
        no_trouble(&home).await;
        ticket(&journal, 1, 5).await;
        assert!(home.pulses.of(edge::STORE).beats());
        journal.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadlock_with_an_operator_is_survived() {
    let Some(home) = Home::on_postgres().await else {
        return;
    };
    let journal = home.journal().await;
    ticket(&journal, 1, 5).await;
    let mut operator = PgConnection::connect(&home.url()).await.unwrap();
    // The server ends whichever of the two looks first; it has to be the journal once.
    let mut met = false;
    for number in 2..12 {
        let mut begun = operator.begin().await.unwrap();
        let locked = sqlx::raw_sql("lock table entries in access exclusive mode");
        locked.execute(&mut *begun).await.unwrap();
        let opening = {
            let journal = journal.clone();
            tokio::spawn(async move { try_open(&journal, intent(number, 5)).await })
        };
        // It holds the row its writers meet at, and waits for the table.
        until_somebody_waits(&home).await;
        let crossing = sqlx::raw_sql("update pen set mark = mark").execute(&mut *begun);
        match crossing.await {
            Ok(_) => {
                met = true;
                begun.rollback().await.unwrap();
            }
            Err(error) => {
                let code = error.as_database_error().and_then(|error| error.code());
                assert_eq!(code.as_deref(), Some(DEADLOCK), "{error}");
                drop(begun);
            }
        }
        let ticket = fresh(opening.await.unwrap().unwrap());
        assert_eq!(ticket.op(), &OpId::of(BOT, &cause(number)));
        assert_eq!(entries(&home).await, i64::try_from(number).unwrap());
        if met {
            break;
        }
    }
    assert!(met, "the journal was never the one to give way");
    operator.close().await.unwrap();
    journal.close().await;
}

#[tokio::test]
async fn a_full_disk_pays_nothing_and_is_over_once_there_is_room() {
    for place in [PLACES[1], PLACES[3]] {
        let Some(home) = Home::on_postgres().await else {
            return;
        };
        let journal = home.journal().await;
        ticket(&journal, 1, 5).await;
        trouble(&home, place, DISK_FULL, 1_000_000).await;
        let before = tries(&home).await;
        let (one, other) = (intent(2, 5), intent(3, 5));
        let (one, other) = tokio::join!(try_open(&journal, one), try_open(&journal, other));
        for opened in [one, other] {
            assert!(matches!(opened, Err(JournalError::Full)), "{opened:?}");
        }
        assert!(
            tries(&home).await - before < 5,
            "room does not come of trying again"
        );
        let trouble = home.pulses.of(edge::STORE).trouble.unwrap();
        assert_eq!(trouble.what, "the store is full");
        assert_eq!(journal.of_cause(&cause(2)).await.unwrap(), None);
        assert!(journal.of_cause(&cause(1)).await.unwrap().is_some());
        assert_eq!(entries(&home).await, 1, "{place}");
        no_trouble(&home).await;
        let late = ticket(&journal, 2, 5).await;
        assert_eq!(late.op(), &OpId::of(BOT, &cause(2)));
        assert!(home.pulses.of(edge::STORE).beats());
        journal.close().await;
    }
}

#[tokio::test]
async fn proof_of_writing_finds_a_full_disk() {
    let Some(home) = Home::on_postgres().await else {
        return;
    };
    let journal = home.journal().await;
    let place = "trigger trouble before insert on confirmations";
    trouble(&home, place, DISK_FULL, 1_000_000).await;
    let proof = journal.writable().await;
    assert!(matches!(proof, Err(JournalError::Full)), "{proof:?}");
    assert!(!home.pulses.of(edge::STORE).beats());
    no_trouble(&home).await;
    journal.writable().await.unwrap();
    assert!(home.pulses.of(edge::STORE).beats());
    journal.close().await;
}

async fn given(journal: &guildpoints::journal::Journal) -> i64 {
    journal.given(GUILD, GIVER, EVER).await.unwrap()
}

fn of(number: u64, member: UserId) -> Cause {
    Cause::Message {
        message: message(number),
        line: 0,
        member,
    }
}

/// Waits until a statement on this store's tables waits for a lock.
async fn until_somebody_waits(home: &Home) {
    let waiting = "select count(*) from pg_locks
                   where relation = 'entries'::regclass and not granted";
    let seen = async {
        while postgres::number(&home.url(), waiting).await == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let seen = tokio::time::timeout(Duration::from_secs(30), seen).await;
    seen.expect("the journal waits for the table");
}

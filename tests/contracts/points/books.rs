//! The books of the built-in ledger on each store: double entry, once for an id, bounds, and that going
//! through them finds whatever does not agree.

use std::sync::Arc;

use guildpoints::journal::Audited;
use guildpoints::journal::BookFault;
use guildpoints::journal::Journal;
use guildpoints::journal::MOST_BOOKED;
use guildpoints::journal::Posted;
use guildpoints::journal::Refused;
use guildpoints::journal::Settlement;
use guildpoints::journal::Ticket;
use guildpoints::model::Amount;
use guildpoints::model::GuildId;
use guildpoints::model::UserId;
use guildpoints::model::refusal::PointsRefusal;
use guildpoints::points::DoubtKind;
use guildpoints::points::PointsBackend;
use guildpoints::points::Record;
use guildpoints::points::Verdict;
use guildpoints::points::ledger::GuildLedger;

use super::ledger::rig;
use super::rig::ANN;
use super::rig::BEN;
use super::rig::Rig;
use super::rig::meaning;
use crate::postgres;
use crate::store::stage::GUILD;
use crate::store::stage::Home;

on_each_store! {
    every_change_has_two_halves_and_outlives_the_process,
    guilds_have_books_of_their_own,
    another_change_under_the_same_id_changes_nothing,
    no_balance_is_above_the_largest,
    the_account_points_come_from_is_nobodys,
    what_is_posted_and_not_settled_yet_is_no_fault,
    whatever_does_not_agree_is_found,
}

/// Carries out one statement behind the journal's back.
pub async fn tampered(home: &Home, statement: &str) {
    let url = home.url();
    let met = match url.strip_prefix("sqlite://") {
        Some(file) => {
            let store = rusqlite::Connection::open(file).unwrap();
            store.execute(statement, []).unwrap() as u64
        }
        None => postgres::change(&url, statement).await,
    };
    assert!(met > 0, "nothing was changed");
}

async fn audited(journal: &Journal) -> Audited {
    journal.audit_books(100).await.unwrap()
}

async fn sound(journal: &Journal, accounts: u64, changes: u64) {
    let wanted = Audited {
        accounts,
        changes,
        faults: Vec::new(),
    };
    assert_eq!(audited(journal).await, wanted);
}

/// Posts and settles, as the bot does.
async fn done(rig: &Rig, member: UserId, points: i64) {
    let ticket = rig.ticket(member, points).await;
    assert_eq!(rig.send(&ticket).await, Verdict::Applied);
    settled(&rig.journal, ticket).await;
}

async fn settled(journal: &Journal, ticket: Ticket) {
    journal.settle(ticket, Settlement::Done).await.unwrap();
}

async fn every_change_has_two_halves_and_outlives_the_process(home: Home) {
    let rig = rig(home).await;
    sound(&rig.journal, 0, 0).await;
    done(&rig, ANN, 100).await;
    done(&rig, BEN, 7).await;
    done(&rig, ANN, -40).await;
    sound(&rig.journal, 2, 3).await;
    rig.journal.close().await;
    let journal = rig.home.journal().await;
    sound(&journal, 2, 3).await;
    let balances = journal.book_balances(GUILD, &[BEN, ANN]).await.unwrap();
    assert_eq!(balances, [7, 60]);
    journal.close().await;
}

async fn guilds_have_books_of_their_own(home: Home) {
    let rig = rig(home).await;
    let other = GuildId::new(GUILD.number() + 4);
    let elsewhere = GuildLedger::new(other, rig.journal.clone(), rig.home.clock.clone());
    let elsewhere: Arc<dyn PointsBackend> = Arc::new(elsewhere);
    done(&rig, ANN, 100).await;
    let ticket = rig.ticket_for(other, "ledger", ANN, 5).await;
    let verdict = elsewhere.adjust().unwrap().adjust(&ticket).await;
    assert_eq!(verdict, Verdict::Applied);
    let take = rig.ticket_for(other, "ledger", ANN, -6).await;
    let verdict = elsewhere.adjust().unwrap().adjust(&take).await;
    assert_eq!(meaning(&verdict), PointsRefusal::Insufficient);
    assert_eq!(rig.balance(ANN).await, 100);
    assert_eq!(elsewhere.balance(ANN).await.unwrap().points, 5);
    sound(&rig.journal, 2, 2).await;
}

async fn another_change_under_the_same_id_changes_nothing(home: Home) {
    let rig = rig(home).await;
    let ticket = rig.ticket(ANN, 66).await;
    assert_eq!(rig.send(&ticket).await, Verdict::Applied);
    tampered(&rig.home, "update entries set amount = 67").await;
    let changed = rig.journal.unsettled(i64::MAX, 10).await.unwrap();
    let changed = &changed[0];
    assert_eq!(changed.op(), ticket.op());
    assert_eq!(changed.receipt().amount, Amount::new(67).unwrap());
    let posted = rig.journal.post(changed).await.unwrap();
    assert_eq!(posted, Posted::Conflict);
    let Verdict::Unknown(doubt) = rig.send(changed).await else {
        panic!("a moderator has to decide");
    };
    assert_eq!(doubt.kind, DoubtKind::Duplicate);
    let found = rig.find(changed.receipt()).await.unwrap();
    let (member, amount) = (Some(ANN), Amount::new(66).ok());
    assert_eq!(found, Record::Found { member, amount });
    assert_eq!(rig.balance(ANN).await, 66);
}

async fn no_balance_is_above_the_largest(home: Home) {
    let rig = rig(home).await;
    done(&rig, ANN, 5).await;
    let almost = format!("update book_accounts set points = {}", MOST_BOOKED - 3);
    tampered(&rig.home, &format!("{almost} where account <> 0")).await;
    let ticket = rig.ticket(ANN, 4).await;
    let posted = rig.journal.post(&ticket).await.unwrap();
    let there = MOST_BOOKED - 3;
    assert_eq!(posted, Posted::TooMuch { there });
    assert_eq!(meaning(&rig.send(&ticket).await), PointsRefusal::Declined);
    assert_eq!(rig.balance(ANN).await, there);
    rig.applied(ANN, 3).await;
    assert_eq!(rig.balance(ANN).await, i64::from(i32::MAX));
}

async fn the_account_points_come_from_is_nobodys(home: Home) {
    let rig = rig(home).await;
    done(&rig, ANN, 5).await;
    let ticket = rig.ticket(UserId::new(0), 5).await;
    assert_eq!(meaning(&rig.send(&ticket).await), PointsRefusal::NoAccount);
    sound(&rig.journal, 1, 1).await;
}

async fn what_is_posted_and_not_settled_yet_is_no_fault(home: Home) {
    let rig = rig(home).await;
    let ticket = rig.ticket(ANN, 5).await;
    assert_eq!(rig.send(&ticket).await, Verdict::Applied);
    sound(&rig.journal, 1, 1).await;
    settled(&rig.journal, ticket).await;
    sound(&rig.journal, 1, 1).await;
}

async fn whatever_does_not_agree_is_found(home: Home) {
    let rig = rig(home).await;
    done(&rig, ANN, 100).await;
    done(&rig, BEN, 7).await;
    let member = format!("account = {}", ANN.number());
    tampered(
        &rig.home,
        &format!("update book_accounts set points = 101 where {member}"),
    )
    .await;
    let off = BookFault::Account {
        guild: GUILD,
        account: ANN,
        points: 101,
        posted: 100,
    };
    let guild = GUILD;
    let faults = audited(&rig.journal).await.faults;
    assert_eq!(faults, [BookFault::Unbalanced { guild, sum: 1 }, off]);
    tampered(
        &rig.home,
        &format!("update book_accounts set points = 100 where {member}"),
    )
    .await;

    // Done in the journal, and nobody has posted it.
    let unposted = rig.ticket(ANN, 5).await;
    let code = unposted.receipt().code.clone();
    settled(&rig.journal, unposted).await;
    let unposted = BookFault::Unposted { code };
    let faults = audited(&rig.journal).await.faults;
    assert_eq!(faults, std::slice::from_ref(&unposted));

    // Posted, and refused in the journal.
    let refused = rig.ticket(BEN, 1).await;
    let op = refused.op().clone();
    assert_eq!(rig.send(&refused).await, Verdict::Applied);
    let refusal = Settlement::Refused(Refused {
        meaning: PointsRefusal::ByHand,
        code: None,
        text: String::new(),
    });
    rig.journal.settle(refused, refusal).await.unwrap();
    let unexplained = BookFault::Unexplained { op };
    let faults = audited(&rig.journal).await.faults;
    assert_eq!(faults, [unposted.clone(), unexplained.clone()]);

    // A half is lost: the account it belongs to is off as well.
    let open = rig.ticket(BEN, 2).await;
    let op = open.op().clone();
    assert_eq!(rig.send(&open).await, Verdict::Applied);
    tampered(
        &rig.home,
        &format!("delete from book_postings where op = '{op}' and account = 0"),
    )
    .await;
    let off = BookFault::Account {
        guild: GUILD,
        account: UserId::new(0),
        points: -110,
        posted: -108,
    };
    let halves = BookFault::Halves { op };
    let faults = audited(&rig.journal).await.faults;
    assert_eq!(faults, [off, halves, unposted, unexplained]);
}

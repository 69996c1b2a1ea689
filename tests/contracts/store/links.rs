//! Accounts tied to members: codes, lists, and the audit of all of it.

use std::time::Duration;

use guildpoints::journal::Deed;
use guildpoints::journal::DeedKind;
use guildpoints::journal::Exposed;
use guildpoints::journal::Imported;
use guildpoints::journal::Issued;
use guildpoints::journal::Journal;
use guildpoints::journal::LINK_LIFE_MS;
use guildpoints::journal::Link;
use guildpoints::journal::LinkCode;
use guildpoints::journal::LinkFilter;
use guildpoints::journal::Proof;
use guildpoints::journal::Redeemed;
use guildpoints::journal::StoreSettings;
use guildpoints::journal::Tied;
use guildpoints::journal::WRONG_CODES;
use guildpoints::journal::WRONG_CODES_MS;
use guildpoints::model::Account;
use guildpoints::model::UserId;

use super::stage::*;

on_each_store! {
    an_account_has_one_person_and_a_person_one_account,
    of_two_who_tie_one_account_at_once_one_gets_it,
    a_code_counts_once_even_when_used_twice_at_once,
    a_code_is_refused_for_each_reason_and_one_shown_in_public_is_spent,
    guessing_is_bounded_within_an_hour_also_over_restarts,
    a_list_is_tied_as_a_whole_or_not_at_all,
    what_is_tied_beside_the_owner_is_seen_at_once,
}

pub(super) const SYSTEM: &str = "swan.hq";
pub(super) const OTHER: UserId = UserId::new(223_456_789_012_345_683);

pub(super) fn account(number: u64) -> Account {
    Account::new("retail", format!("@retail_{number}:corp.example"))
}

pub(super) fn link(member: UserId, number: u64) -> Link {
    Link {
        system: SYSTEM.to_owned(),
        member,
        account: account(number),
        proof: Proof::Import,
        verified_by: None,
        verified_ms: 1_700_000_000_000,
    }
}

async fn issue(journal: &Journal, of: u64) -> LinkCode {
    let code = LinkCode::fresh();
    let issued = journal
        .issue_code(&code, SYSTEM, account(of))
        .await
        .unwrap();
    assert!(matches!(issued, Issued::Until { .. }), "{issued:?}");
    code
}

async fn redeem(journal: &Journal, code: &LinkCode, member: UserId) -> Redeemed {
    let redeemed = journal.redeem_code(code, Some(SYSTEM), member, Exposed::Privately);
    redeemed.await.unwrap()
}

pub(super) async fn deeds(journal: &Journal) -> Vec<Deed> {
    let mut deeds = journal
        .link_audit(&LinkFilter::default(), 100)
        .await
        .unwrap();
    deeds.reverse();
    deeds
}

pub(super) async fn kinds(journal: &Journal) -> Vec<(DeedKind, UserId, Proof, Option<UserId>)> {
    let deeds = deeds(journal).await.into_iter();
    deeds
        .map(|deed| (deed.what, deed.member, deed.proof, deed.by))
        .collect()
}

async fn an_account_has_one_person_and_a_person_one_account(home: Home) {
    let journal = home.journal().await;
    let first = link(MEMBER, 1);
    assert_eq!(journal.tie(first.clone()).await.unwrap(), Tied::Now);
    assert_eq!(journal.tie(first.clone()).await.unwrap(), Tied::Already);
    assert_eq!(
        journal.tie(link(MEMBER, 2)).await.unwrap(),
        Tied::HasAnother(account(1))
    );
    assert_eq!(journal.tie(link(OTHER, 1)).await.unwrap(), Tied::Taken);
    let elsewhere = Link {
        system: "swan.shop".to_owned(),
        ..link(OTHER, 1)
    };
    assert_eq!(journal.tie(elsewhere).await.unwrap(), Tied::Now);
    assert_eq!(
        journal.link(SYSTEM, MEMBER).await.unwrap(),
        Some(first.clone())
    );
    assert_eq!(journal.link(SYSTEM, OTHER).await.unwrap(), None);
    let holder = journal.holder(SYSTEM, &account(1)).await.unwrap();
    assert_eq!(holder, Some(MEMBER));
    let filter = LinkFilter {
        member: Some(OTHER),
        ..LinkFilter::default()
    };
    assert_eq!(journal.links(&filter, 9).await.unwrap().len(), 1);
    let untied = journal.untie(SYSTEM, MEMBER, Some(GIVER)).await.unwrap();
    assert_eq!(untied, Some(first));
    assert_eq!(journal.untie(SYSTEM, MEMBER, None).await.unwrap(), None);
    assert_eq!(journal.tie(link(OTHER, 1)).await.unwrap(), Tied::Now);
    assert_eq!(
        kinds(&journal).await,
        [
            (DeedKind::Tied, MEMBER, Proof::Import, None),
            (DeedKind::Tied, OTHER, Proof::Import, None),
            (DeedKind::Tied, OTHER, Proof::Import, None),
            (DeedKind::Untied, MEMBER, Proof::Import, Some(GIVER)),
        ],
        "the two that were tied at a moment of the past come first"
    );
    journal.close().await;
}

async fn of_two_who_tie_one_account_at_once_one_gets_it(home: Home) {
    let journal = home.journal().await;
    let (one, other) = tokio::join!(journal.tie(link(MEMBER, 1)), journal.tie(link(OTHER, 1)));
    let tied = [one.unwrap(), other.unwrap()];
    assert!(
        tied.contains(&Tied::Now) && tied.contains(&Tied::Taken),
        "{tied:?}"
    );
    assert_eq!(deeds(&journal).await.len(), 1);
    journal.close().await;
}

async fn a_code_counts_once_even_when_used_twice_at_once(home: Home) {
    let journal = home.journal().await;
    let code = issue(&journal, 1).await;
    let (one, other) = tokio::join!(
        redeem(&journal, &code, MEMBER),
        redeem(&journal, &code, OTHER)
    );
    let redeemed = [one, other];
    assert!(
        redeemed.contains(&Redeemed::Now(account(1))),
        "{redeemed:?}"
    );
    assert!(redeemed.contains(&Redeemed::Used), "{redeemed:?}");
    let holder = journal.holder(SYSTEM, &account(1)).await.unwrap().unwrap();
    assert_eq!(
        kinds(&journal).await,
        [(DeedKind::Tied, holder, Proof::Code, Some(holder))]
    );
    // The message arrives again: it was they.
    journal.close().await;
    let journal = home.journal().await;
    let again = redeem(&journal, &code, holder).await;
    assert_eq!(again, Redeemed::Already(account(1)));
    journal.close().await;
}

async fn a_code_is_refused_for_each_reason_and_one_shown_in_public_is_spent(home: Home) {
    let journal = home.journal().await;
    journal.tie(link(MEMBER, 1)).await.unwrap();
    let taken = LinkCode::fresh();
    assert_eq!(
        journal
            .issue_code(&taken, SYSTEM, account(1))
            .await
            .unwrap(),
        Issued::Taken(MEMBER)
    );
    let code = issue(&journal, 2).await;
    assert_eq!(redeem(&journal, &code, MEMBER).await, Redeemed::HasAnother);
    let elsewhere = journal.redeem_code(&code, Some("manta.shop"), OTHER, Exposed::Privately);
    assert_eq!(elsewhere.await.unwrap(), Redeemed::OtherSystem);
    // None of these has used it up, but others reading along does.
    let public = journal.redeem_code(&code, Some("manta.shop"), OTHER, Exposed::Publicly);
    assert_eq!(public.await.unwrap(), Redeemed::OtherSystem);
    assert_eq!(redeem(&journal, &code, OTHER).await, Redeemed::Used);
    let code = issue(&journal, 2).await;
    let unknown = journal.redeem_code(&code, None, OTHER, Exposed::Publicly);
    assert_eq!(unknown.await.unwrap(), Redeemed::OtherSystem);
    assert_eq!(redeem(&journal, &code, OTHER).await, Redeemed::Used);
    // A later code for the same account ends an earlier one.
    let earlier = issue(&journal, 2).await;
    let later = issue(&journal, 2).await;
    assert_eq!(redeem(&journal, &earlier, OTHER).await, Redeemed::Expired);
    // Tied to somebody else meanwhile.
    journal.tie(link(GIVER, 2)).await.unwrap();
    assert_eq!(redeem(&journal, &later, OTHER).await, Redeemed::Taken);
    let old = issue(&journal, 3).await;
    later_by(&home, LINK_LIFE_MS);
    assert_eq!(redeem(&journal, &old, OTHER).await, Redeemed::Expired);
    assert_eq!(journal.link(SYSTEM, OTHER).await.unwrap(), None);
    journal.close().await;
}

async fn guessing_is_bounded_within_an_hour_also_over_restarts(home: Home) {
    let journal = home.journal().await;
    let right = issue(&journal, 1).await;
    for tried in 1..=WRONG_CODES {
        let wrong = redeem(&journal, &LinkCode::fresh(), MEMBER).await;
        let left = WRONG_CODES - tried;
        assert_eq!(wrong, Redeemed::Wrong { left });
    }
    journal.close().await;
    let journal = home.journal().await;
    let held = redeem(&journal, &right, MEMBER).await;
    assert!(matches!(held, Redeemed::TooMany { .. }), "{held:?}");
    // Others are not held back by it.
    let other = issue(&journal, 2).await;
    assert_eq!(
        redeem(&journal, &other, OTHER).await,
        Redeemed::Now(account(2))
    );
    later_by(&home, WRONG_CODES_MS);
    assert_eq!(
        redeem(&journal, &right, MEMBER).await,
        Redeemed::Now(account(1))
    );
    journal.close().await;
}

async fn a_list_is_tied_as_a_whole_or_not_at_all(home: Home) {
    let journal = home.journal().await;
    let member = |number| UserId::new(223_456_789_012_400_001 + 2 * number);
    let list: Vec<Link> = (0..500).map(|n| link(member(n), n)).collect();
    assert_eq!(
        journal.import_links(list.clone()).await.unwrap(),
        Imported::All { new: 500 }
    );
    assert_eq!(
        journal.import_links(list.clone()).await.unwrap(),
        Imported::All { new: 0 }
    );
    assert_eq!(deeds(&journal).await.len(), 100, "the newest hundred");
    let all = journal
        .link_audit(&LinkFilter::default(), 10_000)
        .await
        .unwrap();
    assert_eq!(all.len(), 500, "one for each, and none for what stood");
    let more = vec![
        link(member(900), 900),
        link(member(901), 3),
        link(member(4), 901),
    ];
    let Imported::Hindered(mut hindering) = journal.import_links(more).await.unwrap() else {
        panic!("two of them clash")
    };
    hindering.sort_by_key(|link| link.member);
    assert_eq!(hindering, [link(member(3), 3), link(member(4), 4)]);
    assert_eq!(journal.link(SYSTEM, member(900)).await.unwrap(), None);
    // What contradicts itself is refused by the database, whole.
    let twice = vec![link(member(902), 902), link(member(903), 902)];
    assert!(journal.import_links(twice).await.is_err());
    assert_eq!(journal.link(SYSTEM, member(902)).await.unwrap(), None);
    journal.close().await;
}

async fn what_is_tied_beside_the_owner_is_seen_at_once(home: Home) {
    let owner = home.journal().await;
    let settings = StoreSettings { url: home.url() };
    let beside = Journal::open_beside(&settings, home.clock.clone(), home.pulses.clone()).await;
    let beside = beside.unwrap();
    beside.import_links(vec![link(MEMBER, 1)]).await.unwrap();
    assert_eq!(
        owner.link(SYSTEM, MEMBER).await.unwrap(),
        Some(link(MEMBER, 1))
    );
    let code = issue(&beside, 2).await;
    assert_eq!(
        redeem(&owner, &code, OTHER).await,
        Redeemed::Now(account(2))
    );
    beside.untie(SYSTEM, MEMBER, None).await.unwrap();
    assert_eq!(owner.link(SYSTEM, MEMBER).await.unwrap(), None);
    beside.close().await;
    owner.close().await;
}

/// Lets so many milliseconds pass, and a little more.
pub(super) fn later_by(home: &Home, ms: i64) {
    home.clock
        .advance(Duration::from_millis(ms.unsigned_abs() + 60_000));
}

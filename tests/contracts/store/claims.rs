//! Accounts that members say are theirs: a claim waits for somebody else, and is decided once.

use guildpoints::journal::Claim;
use guildpoints::journal::ClaimRuled;
use guildpoints::journal::ClaimVerdict;
use guildpoints::journal::Claimed;
use guildpoints::journal::DeedKind;
use guildpoints::journal::LINK_LIFE_MS;
use guildpoints::journal::LinkFilter;
use guildpoints::journal::Proof;
use guildpoints::model::GuildId;
use guildpoints::model::UserId;
use guildpoints::model::policy::RewardLimits;
use guildpoints::permissions::Granted;

use super::links::OTHER;
use super::links::SYSTEM;
use super::links::account;
use super::links::deeds;
use super::links::kinds;
use super::links::later_by;
use super::stage::*;

on_each_store! {
    a_claim_waits_for_somebody_else_and_is_decided_once,
    of_two_claims_of_one_account_one_is_approved,
}

fn claim(number: u64, member: UserId, of: u64) -> Claim {
    Claim {
        message: message(number),
        system: SYSTEM.to_owned(),
        member,
        member_name: "小明\0'; drop table links".to_owned(),
        account: account(of),
        guild: GUILD,
        channel: CHANNEL,
        asked_ms: 0,
        until_ms: 0,
        decided: None,
    }
}

fn staff(who: UserId) -> Granted {
    granted_to(who, RewardLimits::default())
}

async fn a_claim_waits_for_somebody_else_and_is_decided_once(home: Home) {
    let journal = home.journal().await;
    let Claimed::Waits(waits) = journal.claim(claim(1, MEMBER, 1)).await.unwrap() else {
        panic!("it waits")
    };
    assert_eq!(waits.until_ms - waits.asked_ms, LINK_LIFE_MS);
    let again = journal.claim(claim(1, MEMBER, 2)).await.unwrap();
    assert_eq!(
        again,
        Claimed::Waits(waits.clone()),
        "a message claims once"
    );
    assert_eq!(
        journal.claim(claim(2, MEMBER, 2)).await.unwrap(),
        Claimed::ClaimsAnother {
            until_ms: waits.until_ms
        }
    );
    let here = LinkFilter {
        guild: Some(GUILD),
        ..LinkFilter::default()
    };
    assert_eq!(
        journal.claims(&here, 9).await.unwrap(),
        std::slice::from_ref(&waits)
    );
    let elsewhere = LinkFilter {
        guild: Some(GuildId::new(1)),
        ..LinkFilter::default()
    };
    assert_eq!(journal.claims(&elsewhere, 9).await.unwrap(), []);
    assert_eq!(journal.link(SYSTEM, MEMBER).await.unwrap(), None);
    let rule = |who: Granted, verdict| {
        let journal = journal.clone();
        async move { journal.rule_claim(&who, message(1), verdict).await.unwrap() }
    };
    assert_eq!(
        rule(staff(MEMBER), ClaimVerdict::Approve).await,
        ClaimRuled::Own
    );
    let foreign = granted(GIVER, GuildId::new(1), RewardLimits::default());
    let foreign = rule(foreign, ClaimVerdict::Approve).await;
    assert_eq!(foreign, ClaimRuled::NothingWaits);
    let (one, other) = tokio::join!(
        rule(staff(GIVER), ClaimVerdict::Approve),
        rule(staff(OTHER), ClaimVerdict::Refuse)
    );
    let approved = matches!(one, ClaimRuled::Approved(_));
    let refused = matches!(other, ClaimRuled::Refused(_));
    assert!(approved ^ refused, "one of both: {one:?} {other:?}");
    let link = journal.link(SYSTEM, MEMBER).await.unwrap();
    assert_eq!(link.is_some(), approved);
    let what = match approved {
        true => (DeedKind::Tied, GIVER),
        false => (DeedKind::Refused, OTHER),
    };
    assert_eq!(
        kinds(&journal).await,
        [(what.0, MEMBER, Proof::Approval, Some(what.1))]
    );
    assert_eq!(
        journal.claim(claim(1, MEMBER, 1)).await.unwrap(),
        Claimed::Decided
    );
    assert_eq!(journal.claims(&here, 9).await.unwrap(), []);
    // One that nobody decides is over after a day, and makes room for another.
    journal.claim(claim(3, OTHER, 3)).await.unwrap();
    later_by(&home, LINK_LIFE_MS);
    let moderator = staff(GIVER);
    let late = journal.rule_claim(&moderator, message(3), ClaimVerdict::Approve);
    assert_eq!(late.await.unwrap(), ClaimRuled::Expired);
    assert_eq!(journal.claims(&here, 9).await.unwrap(), []);
    let next = journal.claim(claim(4, OTHER, 3)).await.unwrap();
    assert!(matches!(next, Claimed::Waits(_)), "{next:?}");
    journal.close().await;
}

async fn of_two_claims_of_one_account_one_is_approved(home: Home) {
    let journal = home.journal().await;
    for (number, member) in [(1, MEMBER), (2, OTHER)] {
        let claimed = journal.claim(claim(number, member, 7)).await.unwrap();
        assert!(matches!(claimed, Claimed::Waits(_)), "{claimed:?}");
    }
    let (moderator, another) = (staff(GIVER), staff(GIVER));
    let (one, other) = tokio::join!(
        journal.rule_claim(&moderator, message(1), ClaimVerdict::Approve),
        journal.rule_claim(&another, message(2), ClaimVerdict::Approve)
    );
    let ruled = [one.unwrap(), other.unwrap()];
    let count = |so: fn(&ClaimRuled) -> bool| ruled.iter().filter(|ruled| so(ruled)).count();
    assert_eq!(
        count(|ruled| matches!(ruled, ClaimRuled::Approved(_))),
        1,
        "{ruled:?}"
    );
    assert_eq!(
        count(|ruled| matches!(ruled, ClaimRuled::Taken(_))),
        1,
        "{ruled:?}"
    );
    assert_eq!(deeds(&journal).await.len(), 1);
    journal.close().await;
}

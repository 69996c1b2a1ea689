//! One change at a time: by its sign, as far as the balance goes, once for its id, found again.

use guildpoints::model::GuildId;
use guildpoints::model::refusal::PointsRefusal;
use guildpoints::points::DoubtKind;
use guildpoints::points::FoundBy;
use guildpoints::points::LookupError;
use guildpoints::points::Record;
use guildpoints::points::Repeats;
use guildpoints::points::Taking;
use guildpoints::points::Verdict;

use super::rig::ANN;
use super::rig::Find;
use super::rig::NOBODY;
use super::rig::Rig;
use super::rig::Unknown;
use super::rig::meaning;

on_each_system! {
    points_come_and_go_by_their_sign,
    no_more_is_taken_than_there_is,
    whoever_is_not_known_gets_nothing_by_mistake,
    the_same_id_takes_effect_once_where_that_is_promised,
    a_change_is_found_by_its_id_and_an_unused_id_is_told,
    a_ticket_for_elsewhere_is_not_sent,
}

async fn points_come_and_go_by_their_sign(rig: Rig) {
    let Some((_, taking)) = rig.claims.change else {
        return;
    };
    rig.has(ANN, 100).await;
    rig.applied(ANN, 66).await;
    assert_eq!(rig.balance(ANN).await, 166);
    rig.applied(ANN, 9_999).await;
    assert_eq!(rig.balance(ANN).await, 10_165);
    if taking == Taking::Enabled {
        rig.applied(ANN, -9_999).await;
        rig.applied(ANN, -1).await;
        assert_eq!(rig.balance(ANN).await, 165);
    }
}

async fn no_more_is_taken_than_there_is(rig: Rig) {
    if rig
        .claims
        .change
        .is_none_or(|(_, taking)| taking == Taking::NotEnabled)
    {
        return;
    }
    rig.has(ANN, 10).await;
    let ticket = rig.ticket(ANN, -11).await;
    let verdict = rig.send(&ticket).await;
    match rig.claims.insufficient {
        true => assert_eq!(meaning(&verdict), PointsRefusal::Insufficient),
        // It says no, and nobody promises in which words.
        false => assert_ne!(verdict, Verdict::Applied),
    }
    assert_eq!(rig.balance(ANN).await, 10);
    rig.applied(ANN, -10).await;
    assert_eq!(rig.balance(ANN).await, 0);
}

async fn whoever_is_not_known_gets_nothing_by_mistake(rig: Rig) {
    if rig.claims.change.is_none() {
        return;
    }
    rig.introduced(NOBODY).await;
    let ticket = rig.ticket(NOBODY, 5).await;
    let verdict = rig.send(&ticket).await;
    match rig.claims.unknown {
        Unknown::HasNothing => {
            assert_eq!(verdict, Verdict::Applied);
            assert_eq!(rig.balance(NOBODY).await, 5);
        }
        Unknown::Refused(_) => {
            assert_ne!(verdict, Verdict::Applied);
            rig.backend.balance(NOBODY).await.unwrap_err();
        }
    }
}

async fn the_same_id_takes_effect_once_where_that_is_promised(rig: Rig) {
    if rig
        .claims
        .change
        .is_none_or(|(repeats, _)| repeats == Repeats::Unpromised)
    {
        return;
    }
    rig.has(ANN, 100).await;
    let ticket = rig.ticket(ANN, 66).await;
    assert_eq!(rig.send(&ticket).await, Verdict::Applied);
    for _ in 0..3 {
        // That it was used before is told as such, or as what it came to; never as a refusal.
        match rig.send(&ticket).await {
            Verdict::Applied => {}
            Verdict::Unknown(doubt) => assert_eq!(doubt.kind, DoubtKind::Duplicate),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(rig.balance(ANN).await, 166);
    // All at the same moment.
    let ticket = rig.ticket(ANN, -66).await;
    let sendings = (0..20).map(|_| rig.send(&ticket));
    let verdicts = futures_util::future::join_all(sendings).await;
    assert!(verdicts.contains(&Verdict::Applied));
    assert_eq!(rig.balance(ANN).await, 100);
}

async fn a_change_is_found_by_its_id_and_an_unused_id_is_told(rig: Rig) {
    if rig.claims.find == Find::Not {
        return;
    }
    rig.has(ANN, 100).await;
    let unused = rig.ticket(ANN, 5).await;
    let unused = rig.find(unused.receipt()).await;
    let applied = rig.applied(ANN, 66).await;
    let found = rig.find(&applied).await;
    if rig.claims.find == Find::Missing {
        assert_eq!(unused, Err(LookupError::Missing));
        assert_eq!(found, Err(LookupError::Missing));
        return;
    }
    if rig.claims.find == Find::Unreadable {
        for told in [unused, found] {
            assert!(
                matches!(told, Err(LookupError::NoInformation { .. })),
                "{told:?}"
            );
        }
        return;
    }
    assert_eq!(unused, Ok(Record::Unused));
    let Ok(Record::Found { member, amount }) = found else {
        panic!("{found:?}");
    };
    assert!(member.is_none_or(|member| member == ANN), "{member:?}");
    assert_eq!(amount, Some(applied.amount));
    if rig.claims.find == Find::By(FoundBy::Id) {
        assert_eq!(member, Some(ANN));
        let taken = rig.applied(ANN, -7).await;
        let Ok(Record::Found { amount, .. }) = rig.find(&taken).await else {
            panic!("it is there");
        };
        assert_eq!(amount, Some(taken.amount), "the sign is told too");
    }
}

async fn a_ticket_for_elsewhere_is_not_sent(rig: Rig) {
    if rig.claims.change.is_none() {
        return;
    }
    rig.has(ANN, 100).await;
    let system = rig.backend.system().name().to_owned();
    let elsewhere = GuildId::new(rig.guild.number() + 4);
    let mut tickets = vec![(rig.guild, "swan.elsewhere")];
    // Where members are linked, one handle serves all guilds.
    if !rig.claims.linked {
        tickets.push((elsewhere, &*system));
    }
    for (guild, system) in tickets {
        let ticket = rig.ticket_for(guild, system, ANN, 5).await;
        let verdict = rig.send(&ticket).await;
        assert!(matches!(verdict, Verdict::NotSent(_)), "{verdict:?}");
    }
    assert_eq!(rig.balance(ANN).await, 100);
}

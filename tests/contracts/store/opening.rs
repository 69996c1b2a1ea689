//! Opening entries: once for a cause, within the caps, under a code of its own.

use std::collections::HashMap;
use std::collections::HashSet;

use guildpoints::journal::Intent;
use guildpoints::journal::JournalError;
use guildpoints::journal::Opened;
use guildpoints::journal::Over;
use guildpoints::journal::Refused;
use guildpoints::journal::Settlement;
use guildpoints::journal::Span;
use guildpoints::journal::State;
use guildpoints::journal::Told;
use guildpoints::model::GuildId;
use guildpoints::model::OpId;
use guildpoints::model::ReceiptCode;
use guildpoints::model::UserId;
use guildpoints::model::policy::RewardLimits;
use guildpoints::model::refusal::PointsRefusal;
use tokio::task::JoinSet;

use super::stage::*;

on_each_store! {
    an_entry_is_on_disk_as_sent_before_its_ticket_is_held,
    a_cause_is_opened_once_whatever_the_second_caller_wants,
    of_many_at_once_for_one_cause_one_gets_the_ticket,
    two_lines_and_two_members_of_a_message_are_causes_of_their_own,
    caps_are_checked_largest_obstacle_first_and_nothing_is_written,
    racing_givers_get_exactly_what_the_quota_has,
    a_quota_is_of_one_giver_guild_and_day_and_gets_back_what_was_refused,
    a_grant_for_another_guild_writes_nothing,
    entries_whose_short_codes_collide_get_longer_ones,
    text_of_any_kind_comes_back_as_it_was_apart_from_nul,
}

async fn an_entry_is_on_disk_as_sent_before_its_ticket_is_held(home: Home) {
    let journal = home.journal().await;
    let before = home.clock.now_ms();
    let ticket = ticket(&journal, 1, -666).await;
    let wanted = intent(1, -666);

    let receipt = journal.of_cause(&cause(1)).await.unwrap().unwrap();
    assert_eq!(&receipt, ticket.receipt());
    assert_eq!(receipt.op, OpId::of(BOT, &cause(1)));
    assert_eq!(receipt.guild, GUILD);
    assert_eq!(receipt.system, wanted.system);
    assert_eq!(receipt.giver, GIVER);
    assert_eq!(receipt.member, MEMBER);
    assert_eq!(receipt.member_name, wanted.member_name);
    assert_eq!(receipt.amount, wanted.amount);
    assert_eq!(receipt.reason, wanted.reason);
    assert_eq!(receipt.remark, wanted.remark);
    assert_eq!(receipt.reply, wanted.reply);
    assert_eq!(receipt.state, State::Unconfirmed);
    assert_eq!(receipt.told, Told::Nothing);
    assert!(receipt.written_ms >= before);
    assert_eq!(receipt.progress.sends, 1);
    assert_eq!(receipt.progress.last_sent_ms, receipt.written_ms);
    assert_eq!(
        receipt.progress.next_look_ms,
        receipt.written_ms + LOOK_AFTER.as_millis() as i64
    );
    assert_eq!(receipt.settled_ms, None);

    assert_eq!(
        journal.find(&receipt.code).await.unwrap(),
        Some(receipt.clone())
    );
    assert_eq!(journal.of_message(message(1)).await.unwrap(), [receipt]);
    assert_eq!(journal.of_cause(&cause(2)).await.unwrap(), None);
    journal.close().await;
}

async fn a_cause_is_opened_once_whatever_the_second_caller_wants(home: Home) {
    let journal = home.journal().await;
    let first = ticket(&journal, 1, 666).await;
    let Opened::Known(known) = open(&journal, intent(1, 5)).await else {
        panic!("a second ticket was given out");
    };
    assert_eq!(&*known, first.receipt());
    journal.settle(first, Settlement::Done).await.unwrap();
    let Opened::Known(known) = open(&journal, intent(1, 666)).await else {
        panic!("a settled cause was opened again");
    };
    assert_eq!(known.state, State::Done);
    journal.close().await;
}

async fn of_many_at_once_for_one_cause_one_gets_the_ticket(home: Home) {
    let journal = home.journal().await;
    let mut openings = JoinSet::new();
    for _ in 0..64 {
        let journal = journal.clone();
        openings.spawn(async move { open(&journal, intent(7, 10)).await });
    }
    let opened = openings.join_all().await;
    let fresh = opened
        .iter()
        .filter(|opened| matches!(opened, Opened::Fresh(_)));
    assert_eq!(fresh.count(), 1);
    let known = opened
        .iter()
        .filter(|opened| matches!(opened, Opened::Known(_)));
    assert_eq!(known.count(), 63);
    journal.close().await;
}

async fn two_lines_and_two_members_of_a_message_are_causes_of_their_own(home: Home) {
    let journal = home.journal().await;
    let mut codes = HashSet::new();
    for (line, member) in [(0, 1_u64), (0, 2), (1, 1)] {
        let mut wanted = intent(1, 5);
        wanted.cause = guildpoints::model::Cause::Message {
            message: message(1),
            line,
            member: UserId::new(member),
        };
        codes.insert(fresh(open(&journal, wanted).await).receipt().code.clone());
    }
    assert_eq!(codes.len(), 3);
    let receipts = journal.of_message(message(1)).await.unwrap();
    let parts: Vec<_> = receipts
        .iter()
        .map(|receipt| receipt.cause.parts())
        .map(|(_, line, member)| (line, member.number()))
        .collect();
    assert_eq!(parts, [(0, 1), (0, 2), (1, 1)]);
    journal.close().await;
}

async fn caps_are_checked_largest_obstacle_first_and_nothing_is_written(home: Home) {
    let journal = home.journal().await;
    let limits = RewardLimits {
        per_award: 100,
        per_day: 150,
        ..RewardLimits::default()
    };
    let granted = granted_to(GIVER, limits);
    let mut number = 0;
    let mut over = async |points| {
        number += 1;
        match journal
            .open(&granted, EVER, LOOK_AFTER, intent(number, points))
            .await
            .unwrap()
        {
            Opened::Over(over) => Some(over),
            Opened::Fresh(_) => None,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(over(101).await, Some(Over::Each { cap: 100 }));
    assert_eq!(over(-101).await, Some(Over::Each { cap: 100 }));
    for _ in 0..3 {
        assert_eq!(over(-40).await, None);
    }
    assert_eq!(
        over(31).await,
        Some(Over::Day {
            used: 120,
            cap: 150
        })
    );
    assert_eq!(over(30).await, None);
    assert_eq!(
        over(1).await,
        Some(Over::Day {
            used: 150,
            cap: 150
        })
    );
    assert_eq!(journal.given(GUILD, GIVER, EVER).await.unwrap(), 150);
    assert_eq!(journal.counts().await.unwrap().unconfirmed, 4);
    journal.close().await;
}

async fn racing_givers_get_exactly_what_the_quota_has(home: Home) {
    let journal = home.journal().await;
    let granted = granted_to(GIVER, per_day(200));
    let mut openings = JoinSet::new();
    for number in 0..64 {
        let journal = journal.clone();
        let granted = granted.clone();
        openings.spawn(async move {
            journal
                .open(&granted, EVER, LOOK_AFTER, intent(number, 10))
                .await
                .unwrap()
        });
    }
    let opened = openings.join_all().await;
    let fresh = opened
        .iter()
        .filter(|opened| matches!(opened, Opened::Fresh(_)));
    assert_eq!(fresh.count(), 20);
    let full = Over::Day {
        used: 200,
        cap: 200,
    };
    let over = opened
        .iter()
        .filter(|opened| matches!(opened, Opened::Over(over) if *over == full));
    assert_eq!(over.count(), 44);
    assert_eq!(journal.given(GUILD, GIVER, EVER).await.unwrap(), 200);
    journal.close().await;
}

async fn a_quota_is_of_one_giver_guild_and_day_and_gets_back_what_was_refused(home: Home) {
    let journal = home.journal().await;
    let granted_here = granted_to(GIVER, per_day(10));
    let open = async |granted: &_, day, intent: Intent| {
        journal
            .open(granted, day, LOOK_AFTER, intent)
            .await
            .unwrap()
    };
    let first = fresh(open(&granted_here, EVER, intent(1, 10)).await);
    assert!(matches!(
        open(&granted_here, EVER, intent(2, 1)).await,
        Opened::Over(_)
    ));

    let another = granted_to(MEMBER, per_day(10));
    fresh(open(&another, EVER, intent(3, 10)).await);
    let elsewhere = GuildId::new(7);
    let wanted = Intent {
        guild: elsewhere,
        ..intent(4, 10)
    };
    let granted_there = granted(GIVER, elsewhere, per_day(10));
    fresh(open(&granted_there, EVER, wanted).await);
    let tomorrow = Span {
        from_ms: home.clock.now_ms() + 60_000,
        until_ms: i64::MAX,
    };
    fresh(open(&granted_here, tomorrow, intent(5, 10)).await);

    let refused = Refused {
        meaning: PointsRefusal::Insufficient,
        code: Some(60_001),
        text: "积分不足".to_owned(),
    };
    journal
        .settle(first, Settlement::Refused(refused))
        .await
        .unwrap();
    // Entry 5 was written now, so it counts in the day that has now in it.
    assert_eq!(journal.given(GUILD, GIVER, EVER).await.unwrap(), 10);
    journal.close().await;
}

async fn a_grant_for_another_guild_writes_nothing(home: Home) {
    let journal = home.journal().await;
    let elsewhere = granted(GIVER, GuildId::new(7), RewardLimits::default());
    let error = journal
        .open(&elsewhere, EVER, LOOK_AFTER, intent(1, 1))
        .await
        .unwrap_err();
    assert!(matches!(error, JournalError::OtherGuild { .. }), "{error}");
    assert_eq!(journal.of_cause(&cause(1)).await.unwrap(), None);
    journal.close().await;
}

async fn entries_whose_short_codes_collide_get_longer_ones(home: Home) {
    let journal = home.journal().await;
    let mut seen: HashMap<ReceiptCode, u64> = HashMap::new();
    let (one, other) = (0..)
        .find_map(|number| {
            let op = OpId::of(BOT, &cause(number));
            let code = ReceiptCode::candidate(&op, 0);
            seen.insert(code, number).map(|earlier| (earlier, number))
        })
        .unwrap();

    // Apart, and within one group.
    let first = ticket(&journal, one, 1).await;
    let second = ticket(&journal, other, 1).await;
    let code = |number, attempt| ReceiptCode::candidate(&OpId::of(BOT, &cause(number)), attempt);
    assert_eq!(first.receipt().code, code(one, 0));
    assert_eq!(second.receipt().code, code(other, 1));
    for number in [one, other] {
        let receipt = journal.of_cause(&cause(number)).await.unwrap().unwrap();
        let found = journal.find(&receipt.code).await.unwrap().unwrap();
        assert_eq!(found.cause, cause(number));
    }
    journal.close().await;

    let home = Home::new();
    let journal = home.journal().await;
    let (first, second) = tokio::join!(ticket(&journal, one, 1), ticket(&journal, other, 1));
    let codes = [&first.receipt().code, &second.receipt().code];
    assert_ne!(codes[0], codes[1]);
    journal.close().await;
}

async fn text_of_any_kind_comes_back_as_it_was_apart_from_nul(home: Home) {
    let journal = home.journal().await;
    let nasty = "a\"b\\c'd\n\u{202E}e\u{1F389}\u{FFFF} $1 ?1 {} \u{1}";
    let wanted = Intent {
        member_name: format!("{nasty}\0{nasty}"),
        reason: None,
        remark: nasty.to_owned(),
        ..intent(1, 1)
    };
    let ticket = fresh(open(&journal, wanted).await);
    let receipt = journal.of_cause(&cause(1)).await.unwrap().unwrap();
    assert_eq!(receipt.member_name, format!("{nasty}\u{FFFD}{nasty}"));
    assert_eq!(receipt.reason, None);
    assert_eq!(receipt.remark, nasty);
    assert_eq!(&receipt, ticket.receipt());
    let refused = Refused {
        meaning: PointsRefusal::Declined,
        code: None,
        text: format!("{nasty}\0"),
    };
    let receipt = journal
        .settle(ticket, Settlement::Refused(refused))
        .await
        .unwrap();
    assert_eq!(receipt.refusal.unwrap().text, format!("{nasty}\u{FFFD}"));
    journal.close().await;
}

//! What operators see of undos, approvals and stops of giving: a journal with all of them is sound,
//! each state is found by itself, and what a person ends counts like any other end.

use guildpoints::journal::Breach;
use guildpoints::journal::ByHand;
use guildpoints::journal::Decided;
use guildpoints::journal::Finding;
use guildpoints::journal::Insistence;
use guildpoints::journal::Journal;
use guildpoints::journal::NotByHand;
use guildpoints::journal::Opened;
use guildpoints::journal::Order;
use guildpoints::journal::Progress;
use guildpoints::journal::Receipt;
use guildpoints::journal::Selection;
use guildpoints::journal::Settlement;
use guildpoints::journal::State;
use guildpoints::journal::Unsound;
use guildpoints::journal::breaches;
use guildpoints::journal::settleable_by_hand;
use guildpoints::model::Cause;
use guildpoints::model::UserId;
use guildpoints::model::decision::Ruling;
use guildpoints::model::policy::RewardLimits;

use super::stage::*;

on_each_store! {
    a_journal_with_undos_approvals_and_stops_is_sound_and_each_state_is_found,
    an_undo_ended_by_a_person_counts_on_what_it_undoes,
    what_waits_for_approval_is_not_for_a_person_at_the_journal,
    what_was_sent_or_undone_and_may_not_be_breaks_a_rule,
}

const SECOND: UserId = UserId::new(223_456_789_012_345_681);

async fn done(journal: &Journal, number: u64, points: i64) {
    let ticket = ticket(journal, number, points).await;
    journal.settle(ticket, Settlement::Done).await.unwrap();
}

async fn undone(journal: &Journal, number: u64, attempt: u8, points: i64, end: Settlement) {
    let ticket = fresh(open(journal, undo(number, attempt, points)).await);
    journal.settle(ticket, end).await.unwrap();
}

async fn waiting(journal: &Journal, number: u64) -> Receipt {
    let limits = RewardLimits {
        approve_over: Some(40),
        ..RewardLimits::default()
    };
    let granted = granted_to(GIVER, limits);
    let opened = journal.open(&granted, EVER, LOOK_AFTER, intent(number, 41));
    match opened.await.unwrap() {
        Opened::Waiting(receipt) => *receipt,
        other => panic!("{other:?}"),
    }
}

async fn rules(journal: &Journal, receipt: &Receipt, ruling: Ruling) -> Decided {
    let granted = granted_to(SECOND, RewardLimits::default());
    let decided = journal.decide(&granted, receipt, ruling, LOOK_AFTER);
    decided.await.unwrap()
}

async fn stands(journal: &Journal, cause: &Cause) -> Receipt {
    journal.of_cause(cause).await.unwrap().unwrap()
}

async fn everything(journal: &Journal, states: &[State]) -> Vec<Receipt> {
    let selection = Selection {
        states: states.to_vec(),
        ..Selection::default()
    };
    let found = journal.entries(&selection, Order::ByKey(None), 100).await;
    found.unwrap()
}

async fn a_journal_with_undos_approvals_and_stops_is_sound_and_each_state_is_found(home: Home) {
    let journal = home.journal().await;
    done(&journal, 1, 5).await;
    done(&journal, 2, 666).await;
    undone(&journal, 2, 1, -666, Settlement::Done).await;
    done(&journal, 3, 500).await;
    undone(&journal, 3, 1, -500, refusal()).await;
    undone(&journal, 3, 2, -300, Settlement::Done).await;
    done(&journal, 4, -70).await;
    undone(&journal, 4, 1, 70, Settlement::Done).await;
    done(&journal, 5, 10).await;
    let under_way = fresh(open(&journal, undo(5, 1, -10)).await);
    waiting(&journal, 6).await;
    let declined = waiting(&journal, 7).await;
    let why = Some("写错了".to_owned());
    rules(&journal, &declined, Ruling::Refuse { why }).await;
    let approved = waiting(&journal, 8).await;
    // Its ticket is dropped: it is queued until a sweep takes it up.
    rules(&journal, &approved, Ruling::Approve).await;
    let sent = waiting(&journal, 9).await;
    let Decided::Approved(tickets) = rules(&journal, &sent, Ruling::Approve).await else {
        panic!("it was approved");
    };
    for mut ticket in tickets {
        journal.send_first(&mut ticket, 7).await.unwrap();
        journal.settle(ticket, Settlement::Done).await.unwrap();
    }
    journal
        .freeze(&owning(SECOND), message(10), None)
        .await
        .unwrap();

    assert_eq!(journal.unsound(100).await.unwrap(), Unsound::default());
    for entry in everything(&journal, &[]).await {
        assert_eq!(breaches(&entry, BOT), [], "{entry:?}");
    }
    let undo_of = |number: u64, attempt| cause(number).undone_by(attempt).unwrap();
    for (state, wanted) in [
        (State::Waiting, vec![cause(6)]),
        (State::Queued, vec![cause(8)]),
        (State::Unconfirmed, vec![undo_of(5, 1)]),
        (State::Undone, vec![cause(2), cause(4)]),
        (State::PartlyUndone, vec![cause(3)]),
        (State::Refused, vec![cause(7), undo_of(3, 1)]),
        (
            State::Done,
            vec![
                cause(1),
                cause(5),
                cause(9),
                undo_of(2, 1),
                undo_of(4, 1),
                undo_of(3, 2),
            ],
        ),
    ] {
        let found = everything(&journal, &[state]).await;
        let found: Vec<Cause> = found.iter().map(|entry| entry.cause).collect();
        assert_eq!(found, wanted, "{state:?}");
    }
    let both = everything(&journal, &[State::Waiting, State::PartlyUndone]).await;
    assert_eq!(both.len(), 2);
    drop(under_way);
    journal.close().await;
}

async fn an_undo_ended_by_a_person_counts_on_what_it_undoes(home: Home) {
    let journal = home.journal().await;
    for (number, finding) in [(1, Finding::Refused), (2, Finding::Applied)] {
        done(&journal, number, 666).await;
        let ticket = fresh(open(&journal, undo(number, 1, -666)).await);
        let progress = Progress {
            next_look_ms: i64::MAX,
            ..ticket.receipt().progress.clone()
        };
        let kept = journal.keep(ticket, State::Unresolved, progress).await;
        let seen = kept.unwrap();
        let decision = ByHand {
            finding,
            by: "lin@desk".to_owned(),
            why: "seen in the mall".to_owned(),
        };
        let ended = journal.settle_by_hand(&seen, decision).await.unwrap();
        let taken_back = finding == Finding::Applied;
        assert_eq!(ended.state == State::Done, taken_back);
        let (state, undone) = match taken_back {
            true => (State::Undone, 666),
            false => (State::Done, 0),
        };
        let original = stands(&journal, &cause(number)).await;
        assert_eq!((original.state, original.undone), (state, undone));
    }
    let given = journal.given(GUILD, GIVER, EVER).await.unwrap();
    assert_eq!(given, 666, "what was taken back counts no more");
    assert_eq!(journal.unsound(100).await.unwrap(), Unsound::default());
    // What a person found refused can be tried again, what they found done cannot.
    assert!(matches!(
        open(&journal, undo(1, 2, -666)).await,
        Opened::Fresh(_)
    ));
    assert!(matches!(
        open(&journal, undo(2, 2, -666)).await,
        Opened::NotUndoable(_)
    ));
    journal.close().await;
}

async fn what_waits_for_approval_is_not_for_a_person_at_the_journal(home: Home) {
    let journal = home.journal().await;
    let waits = waiting(&journal, 1).await;
    for finding in [Finding::Applied, Finding::Refused] {
        for insistence in [Insistence::None, Insistence::WhileLookedAfter] {
            assert_eq!(
                settleable_by_hand(&waits, finding, insistence, i64::MAX, 0),
                Err(NotByHand::ForApproval)
            );
        }
    }
    done(&journal, 2, 5).await;
    undone(&journal, 2, 1, -5, Settlement::Done).await;
    let undone = stands(&journal, &cause(2)).await;
    assert_eq!(
        settleable_by_hand(&undone, Finding::Refused, Insistence::None, i64::MAX, 0),
        Err(NotByHand::Settled(State::Undone))
    );
    journal.close().await;
}

async fn what_was_sent_or_undone_and_may_not_be_breaks_a_rule(home: Home) {
    let journal = home.journal().await;
    let waits = waiting(&journal, 1).await;
    let mut sent = waits.clone();
    sent.progress.sends = 1;
    assert_eq!(breaches(&sent, BOT), [Breach::SentUnapproved]);
    let mut forgotten = waits.clone();
    forgotten.state = State::Queued;
    assert_eq!(breaches(&forgotten, BOT), [Breach::Forgotten]);
    rules(&journal, &waits, Ruling::Refuse { why: None }).await;
    let mut declined = stands(&journal, &cause(1)).await;
    assert_eq!(breaches(&declined, BOT), []);
    declined.progress.sends = 1;
    assert_eq!(breaches(&declined, BOT), [Breach::SentUnapproved]);
    declined.progress.sends = 0;
    declined.undone = 1;
    assert_eq!(breaches(&declined, BOT), [Breach::UndoneTooMuch]);
    done(&journal, 2, 5).await;
    undone(&journal, 2, 1, -5, Settlement::Done).await;
    let mut twice = stands(&journal, &cause(2)).await;
    assert_eq!(breaches(&twice, BOT), []);
    twice.undone = 10;
    assert_eq!(breaches(&twice, BOT), [Breach::UndoneTooMuch]);
    twice.progress.sends = 0;
    twice.undone = 5;
    assert_eq!(breaches(&twice, BOT), [Breach::NeverSent]);
    journal.close().await;
}

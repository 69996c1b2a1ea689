//! The moments at which boards are due: each claimed once, each sending of it noted.

use guildpoints::journal::DueSlot;
use guildpoints::journal::Journal;
use guildpoints::journal::KeptSchedule;
use guildpoints::journal::ScheduleDeed;
use guildpoints::journal::Sending;
use guildpoints::journal::Slot;
use guildpoints::journal::SlotBy;
use guildpoints::journal::SlotState;
use guildpoints::journal::Unsent;

use super::schedules::by_chat;
use super::schedules::claimed;
use super::schedules::due;
use super::schedules::kept;
use super::schedules::weekly;
use super::stage::*;

on_each_store! {
    a_slot_is_claimed_once_whoever_comes,
    only_the_schedule_that_was_read_claims,
    a_slot_is_due_by_hand_beside_its_time,
    one_of_two_begins_to_post_and_what_stands_stays,
    what_was_not_sent_is_due_again_and_what_ended_is_not,
    a_replaced_post_is_due_until_it_is_gone,
}

fn missed(slot_ms: i64) -> DueSlot {
    DueSlot {
        slot_ms,
        until_ms: None,
    }
}

fn sending(text: &str) -> Sending {
    Sending {
        sent: text.to_owned(),
        late: false,
        channel: CHANNEL,
        after: Some(message(1)),
        edits: None,
        clears: None,
        next_ms: 50,
    }
}

async fn begun(journal: &Journal, slot: &Slot, sending: Sending) -> Slot {
    let begun = journal.begin_posting(slot, sending).await.unwrap();
    begun.expect("nobody else has begun")
}

async fn slot(journal: &Journal, like: &Slot) -> Slot {
    let slots = journal.slots(GUILD, "周榜", 9).await.unwrap();
    let found = slots.into_iter().find(|slot| slot.key == like.key);
    found.expect("it was claimed")
}

async fn open(journal: &Journal, due_ms: i64) -> Vec<i64> {
    let open = journal.open_slots(due_ms, 9).await.unwrap();
    open.iter().map(|slot| slot.key.slot_ms).collect()
}

async fn a_slot_is_claimed_once_whoever_comes(home: Home) {
    let journal = home.journal().await;
    by_chat(&journal, weekly()).await;
    let read = kept(&journal).await;
    let claim = || journal.claim_slots(&read, 7_000, vec![missed(6_000), due(7_000)]);
    let (one, two) = tokio::join!(claim(), claim());
    let mut all = one.unwrap();
    all.extend(two.unwrap());
    let states: Vec<_> = all.iter().map(|it| (it.key.slot_ms, it.state)).collect();
    assert_eq!(
        states,
        [(6_000, SlotState::Skipped), (7_000, SlotState::Claimed)]
    );
    assert_eq!(kept(&journal).await.since_ms, 7_000);
    journal.close().await;
    // Nor does the next process, whatever its clock says.
    let journal = home.journal().await;
    let read = kept(&journal).await;
    journal.claim_slots(&read, 1_000, Vec::new()).await.unwrap();
    let read = kept(&journal).await;
    assert_eq!(read.since_ms, 1_000);
    let again = journal
        .claim_slots(&read, 7_000, vec![due(6_000), due(7_000)])
        .await
        .unwrap();
    // But what was skipped when a clock was ahead comes in its time.
    let again: Vec<_> = again.iter().map(|it| (it.key.slot_ms, it.state)).collect();
    assert_eq!(again, [(6_000, SlotState::Claimed)]);
    assert_eq!(open(&journal, i64::MAX).await.len(), 2);
    journal.close().await;
}

async fn only_the_schedule_that_was_read_claims(home: Home) {
    let journal = home.journal().await;
    by_chat(&journal, weekly()).await;
    let read = kept(&journal).await;
    let deed = |deed| journal.do_with_schedule(GUILD, "周榜", deed, Some(GIVER));
    let claim = |read: KeptSchedule| {
        let journal = journal.clone();
        async move {
            let claimed = journal.claim_slots(&read, 7_000, vec![due(7_000)]);
            claimed.await.unwrap().len()
        }
    };
    deed(ScheduleDeed::Pause).await.unwrap();
    assert_eq!(claim(read.clone()).await, 0);
    assert_eq!(claim(kept(&journal).await).await, 0);
    deed(ScheduleDeed::Resume).await.unwrap();
    assert_eq!(claim(read).await, 0);
    let read = kept(&journal).await;
    deed(ScheduleDeed::Remove).await.unwrap();
    assert_eq!(claim(read).await, 0);
    assert_eq!(claim(kept(&journal).await).await, 0);
    by_chat(&journal, weekly()).await;
    assert_eq!(claim(kept(&journal).await).await, 1);
    journal.close().await;
}

async fn a_slot_is_due_by_hand_beside_its_time(home: Home) {
    let journal = home.journal().await;
    let asked_ms = 1_000;
    let none = journal.run_schedule(GUILD, "周榜", asked_ms, Some(MEMBER));
    assert_eq!(none.await.unwrap(), None);
    by_chat(&journal, weekly()).await;
    let since_ms = kept(&journal).await.since_ms;
    let pause = ScheduleDeed::Pause;
    let paused = journal.do_with_schedule(GUILD, "周榜", pause, Some(GIVER));
    paused.await.unwrap();
    let run = journal.run_schedule(GUILD, "周榜", asked_ms, Some(MEMBER));
    let run = run.await.unwrap().expect("there is one");
    assert_eq!(run.key.slot_ms, asked_ms);
    // The same command once more.
    let again = journal.run_schedule(GUILD, "周榜", asked_ms, Some(MEMBER));
    assert_eq!(again.await.unwrap(), None);
    assert_eq!((run.key.by, run.asked_by), (SlotBy::Hand, Some(MEMBER)));
    assert_eq!(run.state, SlotState::Claimed);
    assert_eq!(open(&journal, i64::MAX).await, [run.key.slot_ms]);
    // Its times are no other for that.
    assert_eq!(kept(&journal).await.since_ms, since_ms);
    let resume = ScheduleDeed::Resume;
    let resumed = journal.do_with_schedule(GUILD, "周榜", resume, Some(GIVER));
    resumed.await.unwrap();
    claimed(&journal, run.key.slot_ms).await;
    assert_eq!(open(&journal, i64::MAX).await.len(), 2);
    journal.close().await;
}

async fn one_of_two_begins_to_post_and_what_stands_stays(home: Home) {
    let journal = home.journal().await;
    by_chat(&journal, weekly()).await;
    let read = claimed(&journal, 7_000).await;
    let (one, two) = tokio::join!(
        journal.begin_posting(&read, sending("one")),
        journal.begin_posting(&read, sending("two"))
    );
    let begun: Vec<Slot> = [one.unwrap(), two.unwrap()].into_iter().flatten().collect();
    let [posting] = begun.as_slice() else {
        panic!("both or none may send it: {begun:?}");
    };
    assert_eq!((posting.state, posting.tries), (SlotState::Posting, 1));
    assert_eq!((posting.after, posting.next_ms), (Some(message(1)), 50));
    journal.close().await;
    let journal = home.journal().await;
    assert_eq!(slot(&journal, posting).await, *posting);
    assert!(open(&journal, 49).await.is_empty());
    assert_eq!(open(&journal, 50).await, [7_000]);
    let later = journal.slot_later(posting, 1, 90).await.unwrap();
    assert_eq!(later.map(|it| (it.absent, it.next_ms)), Some((1, 90)));
    assert!(!journal.is_post(CHANNEL, message(5)).await.unwrap());
    let posted = journal.slot_posted(&posting.key, message(5)).await.unwrap();
    let posted = posted.expect("it was open");
    assert_eq!(
        (posted.state, posted.message),
        (SlotState::Posted, Some(message(5)))
    );
    assert!(journal.is_post(CHANNEL, message(5)).await.unwrap());
    assert!(open(&journal, i64::MAX).await.is_empty());
    // What stands there stays noted so, whoever thinks otherwise.
    let key = &posting.key;
    let failed = SlotState::Failed;
    assert_eq!(journal.slot_posted(key, message(6)).await.unwrap(), None);
    assert_eq!(
        journal
            .end_slot(posting, failed, String::new())
            .await
            .unwrap(),
        None
    );
    let unsent = journal.slot_not_sent(posting, Unsent::NotTaken, 1, String::new());
    assert_eq!(unsent.await.unwrap(), None);
    assert_eq!(
        journal
            .begin_posting(&posted, sending("three"))
            .await
            .unwrap(),
        None
    );
    let last = journal.last_posted(GUILD, "周榜").await.unwrap();
    assert_eq!(last, Some(posted));
    journal.close().await;
}

async fn what_was_not_sent_is_due_again_and_what_ended_is_not(home: Home) {
    let journal = home.journal().await;
    by_chat(&journal, weekly()).await;
    let read = claimed(&journal, 7_000).await;
    let edits = Sending {
        edits: Some(message(3)),
        ..sending("one")
    };
    let posting = begun(&journal, &read, edits).await;
    let why = "no such message".to_owned();
    let unsent = journal.slot_not_sent(&posting, Unsent::NotEdited, 60, why);
    let unsent = unsent.await.unwrap().expect("it was sending");
    assert_eq!(
        (unsent.state, unsent.edits),
        (SlotState::Claimed, Some(message(3)))
    );
    // Who has not seen that cannot say so again.
    let stale = journal.slot_not_sent(&posting, Unsent::NotTaken, 70, String::new());
    assert_eq!(stale.await.unwrap(), None);
    let posting = begun(&journal, &unsent, sending("two")).await;
    assert_eq!((posting.tries, posting.edits), (2, None));
    assert_eq!(slot(&journal, &posting).await.sent.as_deref(), Some("two"));
    let why = "nobody knows".to_owned();
    let ended = journal.end_slot(&posting, SlotState::Doubtful, why.clone());
    let ended = ended.await.unwrap().expect("it was open");
    assert_eq!((ended.state, ended.why), (SlotState::Doubtful, Some(why)));
    assert!(ended.settled_ms.is_some());
    assert!(open(&journal, i64::MAX).await.is_empty());
    assert_eq!(
        journal
            .begin_posting(&posting, sending("three"))
            .await
            .unwrap(),
        None
    );
    assert_eq!(journal.last_posted(GUILD, "周榜").await.unwrap(), None);
    journal.close().await;
}

async fn a_replaced_post_is_due_until_it_is_gone(home: Home) {
    let journal = home.journal().await;
    by_chat(&journal, weekly()).await;
    let read = claimed(&journal, 7_000).await;
    let replaces = Sending {
        clears: Some(message(3)),
        ..sending("one")
    };
    let posting = begun(&journal, &read, replaces).await;
    let posted = journal.slot_posted(&posting.key, message(5)).await.unwrap();
    assert_eq!(posted.and_then(|it| it.clears), Some(message(3)));
    assert_eq!(open(&journal, i64::MAX).await, [7_000]);
    let far_ms = home.clock.now_ms() + 60_000;
    let later = journal.slot_cleared(&posting.key, Some(far_ms)).await;
    assert!(later.unwrap().is_some());
    assert!(open(&journal, far_ms - 1).await.is_empty());
    assert_eq!(open(&journal, far_ms).await, [7_000]);
    journal.slot_cleared(&posting.key, None).await.unwrap();
    assert!(open(&journal, i64::MAX).await.is_empty());
    assert_eq!(slot(&journal, &posting).await.message, Some(message(5)));
    journal.close().await;
}

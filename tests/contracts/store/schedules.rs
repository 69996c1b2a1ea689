//! Boards that post themselves: kept as they were settled, each moment claimed once, each sending noted.

use std::time::Duration;

use guildpoints::journal::DueSlot;
use guildpoints::journal::Journal;
use guildpoints::journal::KeptSchedule;
use guildpoints::journal::ScheduleChanged;
use guildpoints::journal::ScheduleDeed;
use guildpoints::journal::ScheduleFields;
use guildpoints::journal::ScheduleSource;
use guildpoints::journal::ScheduleTrouble;
use guildpoints::journal::Sending;
use guildpoints::journal::Slot;
use guildpoints::journal::SlotBy;
use guildpoints::journal::SlotState;
use guildpoints::journal::Unsent;
use guildpoints::model::GuildId;

use super::stage::*;

on_each_store! {
    a_schedule_is_kept_as_it_was_settled_and_the_file_wins,
    what_is_resumed_or_comes_back_begins_then,
    a_slot_is_claimed_once_whoever_comes,
    only_the_schedule_that_was_read_claims,
    a_slot_is_due_by_hand_beside_its_time,
    one_of_two_begins_to_post_and_what_stands_stays,
    what_was_not_sent_is_due_again_and_what_ended_is_not,
    a_replaced_post_is_due_until_it_is_gone,
    why_it_fails_is_news_once,
}

const HOUR: Duration = Duration::from_secs(3_600);
/// No slot.

fn weekly() -> ScheduleFields {
    ScheduleFields {
        guild: GUILD,
        name: "周榜".to_owned(),
        channel: CHANNEL,
        at: "0 9 * * MON".to_owned(),
        counted: "week".to_owned(),
        rows: 10,
        mode: "post".to_owned(),
        catch_up: HOUR,
    }
}

async fn kept(journal: &Journal) -> KeptSchedule {
    let kept = journal.schedule(GUILD, "周榜").await.unwrap();
    kept.expect("it was saved")
}

async fn by_chat(journal: &Journal, fields: ScheduleFields) -> ScheduleChanged {
    let saved = journal.save_schedule(fields, ScheduleSource::Chat, Some(GIVER));
    saved.await.unwrap()
}

async fn by_file(journal: &Journal, fields: ScheduleFields) -> ScheduleChanged {
    let saved = journal.save_schedule(fields, ScheduleSource::File, None);
    saved.await.unwrap()
}

fn due(slot_ms: i64) -> DueSlot {
    DueSlot {
        slot_ms,
        until_ms: Some(slot_ms + 3_600_000),
    }
}

fn missed(slot_ms: i64) -> DueSlot {
    DueSlot {
        slot_ms,
        until_ms: None,
    }
}

/// A slot, claimed.
async fn claimed(journal: &Journal, slot_ms: i64) -> Slot {
    let read = kept(journal).await;
    let mut claimed = journal
        .claim_slots(&read, slot_ms, vec![due(slot_ms)])
        .await
        .unwrap();
    claimed.pop().expect("nobody else has claimed it")
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

async fn a_schedule_is_kept_as_it_was_settled_and_the_file_wins(home: Home) {
    let journal = home.journal().await;
    let before_ms = home.clock.now_ms();
    let saved = by_chat(&journal, weekly()).await;
    let ScheduleChanged::Done(saved) = saved else {
        panic!("{saved:?}");
    };
    assert_eq!(
        (&saved.fields, saved.source),
        (&weekly(), ScheduleSource::Chat)
    );
    assert_eq!((saved.made_by, saved.paused), (Some(GIVER), false));
    assert!(saved.since_ms >= before_ms && saved.made_ms == saved.since_ms);
    // Another of that name stands back, also the same once more.
    let other = ScheduleFields {
        rows: 5,
        ..weekly()
    };
    let stands = ScheduleChanged::Stands(saved.clone());
    assert_eq!(by_chat(&journal, other.clone()).await, stands);
    journal.close().await;
    let journal = home.journal().await;
    assert_eq!(kept(&journal).await, saved);
    // The file takes its place, and nobody in chat removes it.
    assert!(matches!(
        by_file(&journal, other.clone()).await,
        ScheduleChanged::Done(_)
    ));
    assert!(matches!(
        by_chat(&journal, weekly()).await,
        ScheduleChanged::Stands(_)
    ));
    let remove = |by| journal.do_with_schedule(GUILD, "周榜", ScheduleDeed::Remove, by);
    let refused = remove(Some(GIVER)).await.unwrap();
    assert!(matches!(refused, ScheduleChanged::Stands(_)), "{refused:?}");
    let of_file = kept(&journal).await;
    assert_eq!(
        (&of_file.fields, of_file.source),
        (&other, ScheduleSource::File)
    );
    // The same file once more changes nothing; one without it removes it and leaves what is chat's.
    journal
        .keep_file_schedules(GUILD, vec![other])
        .await
        .unwrap();
    assert_eq!(kept(&journal).await, of_file);
    let theirs = ScheduleFields {
        name: "日榜".to_owned(),
        ..weekly()
    };
    by_chat(&journal, theirs).await;
    let elsewhere = ScheduleFields {
        guild: GuildId::new(7),
        ..weekly()
    };
    by_file(&journal, elsewhere).await;
    journal
        .keep_file_schedules(GUILD, Vec::new())
        .await
        .unwrap();
    let names = |all: Vec<KeptSchedule>| {
        let names = all.into_iter().map(|one| one.fields.name);
        names.collect::<Vec<_>>()
    };
    let here = journal.schedules(Some(GUILD)).await.unwrap();
    assert_eq!(names(here), ["日榜"]);
    assert_eq!(journal.schedules(None).await.unwrap().len(), 2);
    assert!(kept(&journal).await.removed);
    let gone = remove(None).await.unwrap();
    assert_eq!(gone, ScheduleChanged::Missing);
    journal.close().await;
}

async fn what_is_resumed_or_comes_back_begins_then(home: Home) {
    let journal = home.journal().await;
    by_chat(&journal, weekly()).await;
    let deed = |deed| journal.do_with_schedule(GUILD, "周榜", deed, Some(MEMBER));
    let paused = deed(ScheduleDeed::Pause).await.unwrap();
    assert!(matches!(paused, ScheduleChanged::Done(_)));
    let again = deed(ScheduleDeed::Pause).await.unwrap();
    assert!(matches!(again, ScheduleChanged::Stands(_)));
    let while_paused = kept(&journal).await;
    assert!(while_paused.paused && while_paused.changed_by == Some(MEMBER));
    home.clock.advance(HOUR);
    deed(ScheduleDeed::Resume).await.unwrap();
    let resumed = kept(&journal).await;
    assert!(resumed.since_ms >= while_paused.since_ms + 3_600_000);
    claimed(&journal, 5_000).await;
    deed(ScheduleDeed::Remove).await.unwrap();
    home.clock.advance(HOUR);
    by_chat(&journal, weekly()).await;
    let back = kept(&journal).await;
    assert!(!back.removed && back.revision > resumed.revision);
    assert!(back.since_ms >= resumed.since_ms + 3_600_000);
    // What was claimed before it went stays claimed.
    let twice = journal.claim_slots(&back, 5_000, vec![due(5_000)]).await;
    assert!(twice.unwrap().is_empty());
    // What is due at other times begins when that was settled, what only looks otherwise goes on.
    by_file(&journal, weekly()).await;
    let read = kept(&journal).await;
    journal.claim_slots(&read, 9_000, Vec::new()).await.unwrap();
    let rows = ScheduleFields {
        rows: 3,
        ..weekly()
    };
    by_file(&journal, rows.clone()).await;
    assert_eq!(kept(&journal).await.since_ms, 9_000);
    let at = "0 10 * * MON".to_owned();
    by_file(&journal, ScheduleFields { at, ..rows }).await;
    assert!(kept(&journal).await.since_ms > 9_000);
    journal.close().await;
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

async fn why_it_fails_is_news_once(home: Home) {
    let journal = home.journal().await;
    by_chat(&journal, weekly()).await;
    let note = |why: Option<ScheduleTrouble>| {
        let why = why.map(|why| (why, "代码 1021".to_owned()));
        journal.note_failing(GUILD, "周榜", why)
    };
    assert_eq!(note(None).await.unwrap(), None);
    let news = note(Some(ScheduleTrouble::NoChannel)).await.unwrap();
    let first = news.and_then(|it| it.failing).expect("it is news");
    assert_eq!((first.why, first.told), (ScheduleTrouble::NoChannel, false));
    assert_eq!(first.detail, "代码 1021");
    assert_eq!(note(Some(ScheduleTrouble::NoChannel)).await.unwrap(), None);
    let tell = |why| journal.note_failing_told(GUILD, "周榜", why);
    // Telling of something else says nothing of this.
    tell(ScheduleTrouble::NoRight).await.unwrap();
    assert!(!kept(&journal).await.failing.unwrap().told);
    tell(ScheduleTrouble::NoChannel).await.unwrap();
    assert!(kept(&journal).await.failing.unwrap().told);
    home.clock.advance(HOUR);
    let news = note(Some(ScheduleTrouble::InDoubt)).await.unwrap();
    let second = news.and_then(|it| it.failing).expect("it is news");
    assert_eq!((second.since_ms, second.told), (first.since_ms, false));
    journal.close().await;
    let journal = home.journal().await;
    assert_eq!(kept(&journal).await.failing, Some(second));
    let well = journal.note_failing(GUILD, "周榜", None).await.unwrap();
    assert_eq!(well.map(|it| it.failing), Some(None));
    assert_eq!(kept(&journal).await.failing, None);
    journal.close().await;
}

//! Boards that post themselves: kept as they were settled, resumed, removed, and why they fail.

use std::time::Duration;

use guildpoints::journal::DueSlot;
use guildpoints::journal::Journal;
use guildpoints::journal::KeptSchedule;
use guildpoints::journal::ScheduleChanged;
use guildpoints::journal::ScheduleDeed;
use guildpoints::journal::ScheduleFields;
use guildpoints::journal::ScheduleSource;
use guildpoints::journal::ScheduleTrouble;
use guildpoints::journal::Slot;
use guildpoints::model::GuildId;

use super::stage::*;

on_each_store! {
    a_schedule_is_kept_as_it_was_settled_and_the_file_wins,
    what_is_resumed_or_comes_back_begins_then,
    why_it_fails_is_news_once,
}

const HOUR: Duration = Duration::from_secs(3_600);
pub(super) fn weekly() -> ScheduleFields {
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

pub(super) async fn kept(journal: &Journal) -> KeptSchedule {
    let kept = journal.schedule(GUILD, "周榜").await.unwrap();
    kept.expect("it was saved")
}

pub(super) async fn by_chat(journal: &Journal, fields: ScheduleFields) -> ScheduleChanged {
    let saved = journal.save_schedule(fields, ScheduleSource::Chat, Some(GIVER));
    saved.await.unwrap()
}

async fn by_file(journal: &Journal, fields: ScheduleFields) -> ScheduleChanged {
    let saved = journal.save_schedule(fields, ScheduleSource::File, None);
    saved.await.unwrap()
}

pub(super) fn due(slot_ms: i64) -> DueSlot {
    DueSlot {
        slot_ms,
        until_ms: Some(slot_ms + 3_600_000),
    }
}

/// A slot, claimed.
pub(super) async fn claimed(journal: &Journal, slot_ms: i64) -> Slot {
    let read = kept(journal).await;
    let mut claimed = journal
        .claim_slots(&read, slot_ms, vec![due(slot_ms)])
        .await
        .unwrap();
    claimed.pop().expect("nobody else has claimed it")
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

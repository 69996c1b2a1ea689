//! Reported events: written once, sent again by one, settled once, told.

use guildpoints::journal::EventReport;
use guildpoints::journal::Journal;
use guildpoints::journal::JournalError;
use guildpoints::journal::Refused;
use guildpoints::journal::ReplyAddress;
use guildpoints::journal::ReportIntent;
use guildpoints::journal::ReportOpened;
use guildpoints::journal::ReportState;
use guildpoints::journal::ReportTicket;
use guildpoints::journal::Told;
use guildpoints::model::Account;
use guildpoints::model::GuildId;
use guildpoints::model::MessageId;
use guildpoints::model::refusal::PointsRefusal;
use guildpoints::permissions::Granted;

use super::stage::*;

on_each_store! {
    a_message_reports_once_for_ever_and_everything_is_kept,
    one_of_two_sends_it_again_and_a_crash_leaves_a_doubt,
    what_ended_stays_as_it_ended,
    what_is_to_be_told_is_found_until_it_was_told,
}

/// Before this nobody looks after what is being sent.
const NEXT_MS: i64 = 9_000_000_000_000;

fn asked(number: u64) -> ReportIntent {
    ReportIntent {
        message: message(number),
        guild: GUILD,
        system: "swan.hq".to_owned(),
        event: "VIEW_STUDIO".to_owned(),
        member: MEMBER,
        account: Account::new("retail", "@retail_1:corp.example"),
        staff: Account::new("staff", "@staff_1:corp.example"),
        reply: ReplyAddress {
            channel: CHANNEL,
            quoting: Some(message(number)),
            said: None,
        },
    }
}

fn staff() -> Granted {
    granted_to(GIVER, guildpoints::model::policy::RewardLimits::default())
}

async fn opened(journal: &Journal, number: u64) -> ReportTicket {
    let opened = journal.open_report(&staff(), asked(number), NEXT_MS).await;
    match opened.unwrap() {
        ReportOpened::New(ticket) => *ticket,
        ReportOpened::Known(report) => panic!("it was there: {report:?}"),
    }
}

async fn of(journal: &Journal, number: u64) -> EventReport {
    let found = journal.report_of(message(number)).await.unwrap();
    found.expect("it was written")
}

async fn a_message_reports_once_for_ever_and_everything_is_kept(home: Home) {
    let journal = home.journal().await;
    let ticket = opened(&journal, 1).await;
    assert!(!ticket.was_in_doubt());
    let written = ticket.report().clone();
    assert_eq!((&written.asked, written.reporter), (&asked(1), GIVER));
    assert_eq!((written.tries, written.next_ms), (1, NEXT_MS));
    assert!(written.op.as_str().starts_with("gp-"));
    journal.close().await;
    // The next process reads the same, and the message opens nothing again, whatever it says now.
    let journal = home.journal().await;
    assert_eq!(of(&journal, 1).await, written);
    let changed = ReportIntent {
        event: "SHARE_ARTICLE".to_owned(),
        ..asked(1)
    };
    let again = journal.open_report(&staff(), changed, 7).await.unwrap();
    let ReportOpened::Known(known) = again else {
        panic!("the message opened a second report: {again:?}");
    };
    assert_eq!(*known, written);
    assert_eq!(opened(&journal, 2).await.report().asked, asked(2));
    let elsewhere = ReportIntent {
        guild: GuildId::new(5),
        ..asked(3)
    };
    let refused = journal.open_report(&staff(), elsewhere, 7).await;
    assert!(
        matches!(refused, Err(JournalError::OtherGuild { .. })),
        "{refused:?}"
    );
    assert_eq!(journal.report_of(MessageId::new(99)).await.unwrap(), None);
    journal.close().await;
}

async fn one_of_two_sends_it_again_and_a_crash_leaves_a_doubt(home: Home) {
    let journal = home.journal().await;
    let ticket = opened(&journal, 1).await;
    // What is under way may have arrived, as far as the next process can tell.
    assert!(of(&journal, 1).await.in_doubt);
    let put_off = journal.postpone_report(ticket, false, 50).await.unwrap();
    assert_eq!((put_off.in_doubt, put_off.next_ms), (false, 50));
    assert!(journal.open_reports(49, 9).await.unwrap().is_empty());
    assert_eq!(
        journal.open_reports(50, 9).await.unwrap(),
        std::slice::from_ref(&put_off)
    );
    let (one, two) = tokio::join!(
        journal.resend_report(&put_off, NEXT_MS),
        journal.resend_report(&put_off, NEXT_MS)
    );
    let tickets: Vec<_> = [one.unwrap(), two.unwrap()].into_iter().flatten().collect();
    let [ticket] = tickets.as_slice() else {
        panic!("both or none may send it: {tickets:?}");
    };
    assert!(!ticket.was_in_doubt(), "the first sending never left");
    let report = ticket.report();
    assert_eq!((report.tries, report.in_doubt), (2, true));
    assert!(journal.open_reports(50, 9).await.unwrap().is_empty());
    let again = journal.resend_report(report, NEXT_MS).await.unwrap();
    assert!(again.expect("nobody else has").was_in_doubt());
    journal.close().await;
}

async fn what_ended_stays_as_it_ended(home: Home) {
    let journal = home.journal().await;
    let refused = ReportState::Refused(Refused {
        meaning: PointsRefusal::Declined,
        code: Some(400),
        text: "SWAN_NO: 不行".to_owned(),
    });
    let states = [ReportState::Accepted, refused, ReportState::Unknown];
    for (number, state) in (1..).zip(states) {
        let ticket = opened(&journal, number).await;
        let op = ticket.report().op.clone();
        let ended = journal.end_report(&op, state.clone()).await.unwrap();
        assert_eq!(ended.state, state);
        let other = match state {
            ReportState::Unknown => ReportState::Accepted,
            _ => ReportState::Unknown,
        };
        assert_eq!(journal.end_report(&op, other).await.unwrap().state, state);
        assert!(journal.resend_report(&ended, 5).await.unwrap().is_none());
        let late = journal.postpone_report(ticket, true, 5).await.unwrap();
        assert_eq!(late, ended);
        assert_eq!(of(&journal, number).await, ended);
    }
    assert!(journal.open_reports(i64::MAX, 9).await.unwrap().is_empty());
    journal.close().await;
}

async fn what_is_to_be_told_is_found_until_it_was_told(home: Home) {
    let journal = home.journal().await;
    let ticket = opened(&journal, 1).await;
    let written = ticket.report().clone();
    let untold = async |due_ms, spoken_ms| {
        let untold = journal.untold_reports(due_ms, spoken_ms, 9).await.unwrap();
        untold.len()
    };
    // Not even that it is open was said, and its lane has had its time.
    assert_eq!(untold(0, written.written_ms - 1).await, 0);
    assert_eq!(untold(0, written.written_ms).await, 1);
    let op = &written.op;
    let said = Some(message(77));
    let told = journal.report_told(op, said, Told::Interim).await.unwrap();
    assert_eq!((told.asked.reply.said, told.told), (said, Told::Interim));
    assert_eq!(untold(0, i64::MAX).await, 0);
    journal.end_report(op, ReportState::Accepted).await.unwrap();
    assert_eq!(untold(i64::MAX, 0).await, 1);
    journal.tell_report_later(op, NEXT_MS).await.unwrap();
    assert_eq!(untold(NEXT_MS - 1, i64::MAX).await, 0);
    assert_eq!(untold(NEXT_MS, 0).await, 1);
    let told = journal.report_told(op, None, Told::Final).await.unwrap();
    assert_eq!(told.asked.reply.said, said, "what is known stays known");
    // What was said before comes late and takes nothing back.
    let late = journal.report_told(op, None, Told::Interim).await.unwrap();
    assert_eq!(late.told, Told::Final);
    assert_eq!(untold(i64::MAX, i64::MAX).await, 0);
    journal.close().await;
}

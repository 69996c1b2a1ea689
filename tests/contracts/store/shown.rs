//! Boards that stand in the chat: who leaves the boards makes those with their row owed.

use guildpoints::journal::BoardForm;
use guildpoints::journal::Hidden;
use guildpoints::journal::Journal;
use guildpoints::journal::KeptPicture;
use guildpoints::journal::Moving;
use guildpoints::journal::OnBoards;
use guildpoints::journal::PictureToken;
use guildpoints::journal::ShownBoard;
use guildpoints::journal::ShownKind;
use guildpoints::model::MessageId;
use guildpoints::model::UserId;

use super::stage::*;

const SECOND: UserId = UserId::new(MEMBER.number() + 4);
const DAY_MS: i64 = 86_400_000;

fn page(number: u64) -> ShownBoard {
    ShownBoard {
        guild: GUILD,
        channel: CHANNEL,
        message: message(number),
        counted: "week".parse().unwrap(),
        at_ms: 1_700_000_000_000,
        form: BoardForm::Text,
        picture: None,
        kind: ShownKind::Page {
            command: message(1_000 + number),
            asker: GIVER,
            subject: SECOND,
            page: 3,
            buttons: true,
        },
    }
}

fn post(number: u64, slot_ms: i64) -> ShownBoard {
    ShownBoard {
        counted: "balance".parse().unwrap(),
        at_ms: slot_ms,
        form: BoardForm::Photo,
        picture: Some("abc".to_owned()),
        kind: ShownKind::Post {
            schedule: "每周".to_owned(),
            rows: 30,
            late: true,
            compared: true,
        },
        ..page(number)
    }
}

async fn shown(journal: &Journal, board: ShownBoard, named: &[UserId]) {
    let now_ms = i64::MAX;
    let noted = journal.note_shown(board, named.to_vec(), None, now_ms);
    noted.await.unwrap();
}

async fn hide(journal: &Journal, member: UserId, on_boards: OnBoards) {
    let hide = journal.hide(GUILD, member, Hidden::Asked, on_boards);
    hide.await.unwrap();
}

async fn owed(journal: &Journal) -> Vec<MessageId> {
    let owed = journal.owed_boards(10).await.unwrap();
    owed.into_iter().map(|owed| owed.shown.message).collect()
}

async fn who_is_hidden_makes_the_boards_with_their_row_owed(home: Home) {
    let journal = home.journal().await;
    shown(&journal, page(1), &[MEMBER, SECOND]).await;
    shown(&journal, page(2), &[SECOND]).await;
    let elsewhere = ShownBoard {
        guild: guildpoints::model::GuildId::new(77),
        ..page(3)
    };
    shown(&journal, elsewhere, &[MEMBER]).await;
    shown(&journal, post(4, 5), &[MEMBER]).await;
    assert!(owed(&journal).await.is_empty());
    hide(&journal, MEMBER, OnBoards::Hidden).await;
    // It outlives the process.
    journal.close().await;
    let journal = home.journal().await;
    // Posts come first.
    assert_eq!(owed(&journal).await, [message(4), message(1)]);
    let all = journal.owed_boards(10).await.unwrap();
    assert_eq!(all[0].shown, post(4, 5));
    assert_eq!(all[1].shown, page(1));
    let again = journal.shown_anew(&all[1], page(1), vec![SECOND]);
    again.await.unwrap();
    assert_eq!(owed(&journal).await, [message(4)]);
    // Who is back is shown on the next board; those that stand stay as they are.
    hide(&journal, MEMBER, OnBoards::Shown).await;
    assert_eq!(owed(&journal).await, [message(4)]);
    hide(&journal, SECOND, OnBoards::Hidden).await;
    let mut now = owed(&journal).await;
    now.sort();
    assert_eq!(now, [message(1), message(2), message(4)]);
    // What failed is put off, and not asked for before.
    let all = journal.owed_boards(1).await.unwrap();
    journal.show_later(&all[0], i64::MAX).await.unwrap();
    assert!(!owed(&journal).await.contains(&all[0].shown.message));
    let put_off = journal.shown_board(CHANNEL, message(4)).await.unwrap();
    assert_eq!(put_off.unwrap().tries, 1);
    journal.shown_gone(CHANNEL, message(4)).await.unwrap();
    let gone = journal.shown_board(CHANNEL, message(4)).await.unwrap();
    assert_eq!(gone, None);
    journal.close().await;
}

async fn a_board_noted_after_somebody_on_it_was_hidden_is_owed_at_once(home: Home) {
    let journal = home.journal().await;
    hide(&journal, MEMBER, OnBoards::Hidden).await;
    shown(&journal, page(1), &[SECOND]).await;
    assert!(owed(&journal).await.is_empty());
    shown(&journal, page(2), &[SECOND, MEMBER]).await;
    assert_eq!(owed(&journal).await, [message(2)]);
    // What a post shows was read before it was noted.
    let noted = journal.note_shown(post(3, 5), vec![SECOND], None, 0);
    noted.await.unwrap();
    assert_eq!(owed(&journal).await, [message(3), message(2)]);
    let noted = journal.note_shown(page(4), vec![SECOND], None, 0);
    noted.await.unwrap();
    assert_eq!(owed(&journal).await, [message(3), message(2)]);
    journal.close().await;
}

async fn what_was_read_before_another_note_does_not_stand_for_it(home: Home) {
    let journal = home.journal().await;
    shown(&journal, page(1), &[MEMBER]).await;
    hide(&journal, MEMBER, OnBoards::Hidden).await;
    let read = journal.owed_boards(1).await.unwrap().remove(0);
    // A page is turned before the old one was written anew.
    let turned = ShownBoard {
        at_ms: 1_800_000_000_000,
        ..page(1)
    };
    shown(&journal, turned.clone(), &[SECOND]).await;
    assert!(owed(&journal).await.is_empty());
    let anew = journal.shown_anew(&read, page(1), vec![SECOND]);
    anew.await.unwrap();
    let again = journal.owed_boards(1).await.unwrap().remove(0);
    assert_eq!(again.shown, turned);
    let anew = journal.shown_anew(&again, turned.clone(), vec![SECOND]);
    anew.await.unwrap();
    assert!(owed(&journal).await.is_empty());
    // What is said right after may have been overtaken on its way.
    shown(&journal, turned, &[SECOND]).await;
    assert_eq!(owed(&journal).await, [message(1)]);
    journal.close().await;
}

async fn a_post_that_could_not_be_edited_takes_the_place_of_the_one_before(home: Home) {
    let journal = home.journal().await;
    shown(&journal, post(1, 5), &[MEMBER]).await;
    hide(&journal, MEMBER, OnBoards::Hidden).await;
    let read = journal.owed_boards(1).await.unwrap().remove(0);
    let moved = journal.shown_moved(&read, post(2, 5), Some(vec![SECOND]));
    moved.await.unwrap();
    assert!(owed(&journal).await.is_empty());
    let gone = journal.shown_board(CHANNEL, message(1)).await.unwrap();
    assert_eq!(gone, None);
    let there = journal.shown_board(CHANNEL, message(2)).await.unwrap();
    assert_eq!(there.unwrap().shown, post(2, 5));
    journal.close().await;
}

async fn a_post_on_its_way_to_another_message_is_known_again(home: Home) {
    let journal = home.journal().await;
    let picture = |mark: &str| KeptPicture {
        png: mark.as_bytes().to_vec(),
        svg: mark.to_owned(),
    };
    let old = journal.keep_picture(picture("old")).await.unwrap();
    let new = journal.keep_picture(picture("new")).await.unwrap();
    let with = |board: ShownBoard, token: &PictureToken| ShownBoard {
        picture: Some(token.to_string()),
        ..board
    };
    shown(&journal, with(post(1, 5), &old), &[MEMBER]).await;
    hide(&journal, MEMBER, OnBoards::Hidden).await;
    let read = journal.owed_boards(1).await.unwrap().remove(0);
    assert_eq!(read.moving, None);
    let moving = Moving {
        sent: "照片 '".to_owned(),
        begun_ms: Some(7),
        after: Some(message(90)),
    };
    let will_be = with(post(1, 5), &new);
    let moves = journal.shown_moves(will_be.clone(), vec![SECOND], moving.clone());
    moves.await.unwrap();
    // The picture that stands there goes with the note, and it is owed until it stands elsewhere.
    assert_eq!(journal.picture(&old).await.unwrap(), None);
    journal.close().await;
    let journal = home.journal().await;
    let read = journal.owed_boards(1).await.unwrap().remove(0);
    assert_eq!((&read.shown, &read.moving), (&will_be, &Some(moving)));
    // Certainly not sent: that it was tried is still known.
    journal.shown_stays(&read).await.unwrap();
    let again = journal.owed_boards(1).await.unwrap().remove(0);
    let begun = again.moving.map(|moving| moving.begun_ms);
    assert_eq!(begun, Some(None));
    // Found: it has the rows that were noted before it was sent, and its slot's earlier standings stay.
    let there = with(post(2, 5), &new);
    let moved = journal.shown_moved(&read, there.clone(), None);
    moved.await.unwrap();
    assert!(owed(&journal).await.is_empty());
    let now = journal
        .shown_board(CHANNEL, message(2))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((now.shown, now.moving), (there, None));
    hide(&journal, SECOND, OnBoards::Hidden).await;
    assert_eq!(owed(&journal).await, [message(2)]);
    // Whoever was hidden on the way makes it owed at once.
    let read = journal.owed_boards(1).await.unwrap().remove(0);
    let moved = journal.shown_moved(&read, with(post(3, 5), &new), None);
    moved.await.unwrap();
    assert_eq!(owed(&journal).await, [message(3)]);
    journal.close().await;
}

async fn a_post_that_is_noted_twice_keeps_its_first_standings(home: Home) {
    let journal = home.journal().await;
    for standings in [vec![(MEMBER, 30)], vec![(SECOND, 70), (MEMBER, 9)]] {
        let noted = journal.note_shown(post(1, 5), vec![], Some(standings), 0);
        noted.await.unwrap();
    }
    let before = journal.slot_before(GUILD, "每周", 6).await.unwrap();
    assert_eq!(before.unwrap().standings, [(MEMBER, 30)]);
    journal.close().await;
}

async fn old_boards_are_forgotten_but_for_the_latest_post_of_each_schedule(home: Home) {
    let journal = home.journal().await;
    for board in [page(1), post(2, 5), post(3, 6), page(4)] {
        shown(&journal, board, &[MEMBER]).await;
    }
    let old_ms = home.clock.now_ms() + 1;
    journal.forget_shown(old_ms - DAY_MS, 0).await.unwrap();
    hide(&journal, MEMBER, OnBoards::Hidden).await;
    assert_eq!(owed(&journal).await.len(), 4);
    // What is owed stays for longer.
    journal.forget_shown(i64::MAX, 0).await.unwrap();
    assert_eq!(owed(&journal).await.len(), 4);
    journal.forget_shown(i64::MAX, i64::MAX).await.unwrap();
    assert_eq!(owed(&journal).await, [message(3)]);
    journal.close().await;
}

async fn a_post_is_compared_with_the_one_before_without_who_is_hidden(home: Home) {
    let journal = home.journal().await;
    let third = UserId::new(MEMBER.number() + 8);
    let before = async |slot_ms| {
        let before = journal.slot_before(GUILD, "每周", slot_ms);
        before.await.unwrap().map(|before| before.standings)
    };
    assert_eq!(before(5).await, None);
    for (number, slot_ms, standings) in [
        (1, 5, vec![(MEMBER, 30), (SECOND, 30), (third, 7)]),
        (2, 9, vec![(third, 70)]),
        (3, 12, Vec::new()),
    ] {
        let noted = journal.note_shown(post(number, slot_ms), vec![], Some(standings), 0);
        noted.await.unwrap();
    }
    // One in between that somebody asked for.
    shown(&journal, post(4, 7), &[]).await;
    assert_eq!(before(5).await, None);
    let all = vec![(MEMBER, 30), (SECOND, 30), (third, 7)];
    assert_eq!(before(9).await, Some(all));
    assert_eq!(before(12).await, Some(vec![(third, 70)]));
    assert_eq!(before(13).await, Some(vec![]));
    hide(&journal, MEMBER, OnBoards::Hidden).await;
    assert_eq!(before(9).await, Some(vec![(SECOND, 30), (third, 7)]));
    let other = journal.slot_before(GUILD, "每日", 9).await.unwrap();
    assert_eq!(other, None);
    // The last is compared with the one before, whenever it is made anew.
    journal.forget_shown(i64::MAX, i64::MAX).await.unwrap();
    assert_eq!(before(9).await, None);
    assert_eq!(before(12).await, Some(vec![(third, 70)]));
    journal.close().await;
}

on_each_store!(
    a_board_noted_after_somebody_on_it_was_hidden_is_owed_at_once,
    a_post_is_compared_with_the_one_before_without_who_is_hidden,
    a_post_on_its_way_to_another_message_is_known_again,
    a_post_that_is_noted_twice_keeps_its_first_standings,
    a_post_that_could_not_be_edited_takes_the_place_of_the_one_before,
    old_boards_are_forgotten_but_for_the_latest_post_of_each_schedule,
    what_was_read_before_another_note_does_not_stand_for_it,
    who_is_hidden_makes_the_boards_with_their_row_owed,
);

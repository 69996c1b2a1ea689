use super::channel::MOST_DONE;
use super::*;
use crate::model::UserId;
use crate::model::ids::SNOWFLAKE_EPOCH_MS;
use crate::model::incoming::Author;

const HERE: ChannelId = ChannelId::new(7);
const NOW_MS: i64 = SNOWFLAKE_EPOCH_MS + 1_000_000_000;
const MINUTE: i64 = 60_000;

/// The message of that moment, in milliseconds from some beginning.
fn at(ms: i64) -> MessageId {
    first_at(SNOWFLAKE_EPOCH_MS + 100_000_000 + ms)
}

/// Marks over a store in which nothing is noted.
fn fresh() -> Arc<Marks> {
    over(Handled::default())
}

/// Marks that have learnt what a store has.
fn over(disk: Handled) -> Arc<Marks> {
    let marks = Arc::new(Marks::default());
    marks.learn(disk);
    marks
}

fn command(message: MessageId) -> Incoming {
    Incoming {
        message,
        guild: Some(GuildId::new(1)),
        channel: HERE,
        author: Author {
            id: UserId::new(5),
            name: String::new(),
            short_id: None,
            roles: None,
        },
        text: String::new(),
        mentions: Vec::new(),
        replying_to: None,
        sent_ms: 0,
    }
}

fn enter(marks: &Arc<Marks>, ms: i64, arrival: Arrival) -> Option<Entered> {
    marks.enter(&command(at(ms)), arrival, NOW_MS)
}

/// A live command that begins and ends.
fn handle(marks: &Arc<Marks>, ms: i64) {
    enter(marks, ms, Arrival::Live).unwrap().begin();
}

/// What would be on disk once everything is noted, starting from `disk`.
fn noted(marks: &Arc<Marks>, disk: &mut Handled) -> MessageId {
    let taken = marks.take().unwrap_or_default();
    for mark in taken.channels {
        disk.channels.retain(|known| known.channel != mark.channel);
        disk.commands.retain(|(_, message)| *message > mark.since);
        disk.channels.push(mark);
    }
    disk.commands.extend(taken.commands);
    disk.channels[0].since
}

/// What the history would bring up again after `disk` is all that is left: of `ids` those that a new
/// process would enter.
fn met_again(disk: &Handled, times: &[i64]) -> Vec<i64> {
    let marks = over(disk.clone());
    let (_, gaps) = marks.gaps();
    let from = gaps[0].resume;
    let above = times.iter().copied().filter(|ms| at(*ms) > from);
    above
        .filter(|ms| enter(&marks, *ms, Arrival::Missed).is_some())
        .collect()
}

#[test]
fn a_command_is_entered_once_by_whatever_way_it_comes() {
    let marks = fresh();
    let first = enter(&marks, 0, Arrival::Live).unwrap();
    assert!(enter(&marks, 0, Arrival::Live).is_none());
    assert!(enter(&marks, 0, Arrival::Missed).is_none());
    first.begin();
    drop(first);
    assert!(enter(&marks, 0, Arrival::Missed).is_none());
    assert!(enter(&marks, 1, Arrival::Missed).is_some());
}

#[test]
fn a_frame_below_everything_remembered_is_let_through_as_a_late_one() {
    let marks = fresh();
    assert!(!enter(&marks, 0, Arrival::Live).unwrap().is_late());
    handle(&marks, MINUTE);
    handle(&marks, 9 * MINUTE);
    assert!(
        !enter(&marks, 9 * MINUTE - 1, Arrival::Live)
            .unwrap()
            .is_late()
    );
    assert!(enter(&marks, -MINUTE, Arrival::Live).unwrap().is_late());
    assert!(enter(&marks, -MINUTE, Arrival::Missed).is_none());
}

#[test]
fn what_stood_in_a_channel_before_its_first_command_is_not_ours() {
    let marks = fresh();
    let mut disk = Handled::default();
    let first = enter(&marks, 0, Arrival::Live).unwrap();
    // Even before it is handled: killed now, the next process finds this one and nothing older.
    noted(&marks, &mut disk);
    assert_eq!(met_again(&disk, &[-30_000, -1, 0]), [0]);
    first.begin();
    drop(first);
    noted(&marks, &mut disk);
    assert_eq!(met_again(&disk, &[-30_000, -1, 0, 5]), [5]);
}

#[test]
fn nothing_passes_an_open_command_and_nothing_handled_is_met_again() {
    let marks = fresh();
    let mut disk = Handled::default();
    handle(&marks, 0);
    let open = enter(&marks, MINUTE, Arrival::Live).unwrap();
    for step in 1..20 {
        handle(&marks, MINUTE + step * MINUTE);
    }
    let since = noted(&marks, &mut disk);
    assert!(since < at(MINUTE), "{since}");
    let all: Vec<i64> = (0..20).map(|step| step * MINUTE).collect();
    assert_eq!(met_again(&disk, &all), [MINUTE]);
    // A stop drops work that never began: it stays for the next process.
    drop(open);
    assert_eq!(noted(&marks, &mut disk), since);
    assert_eq!(met_again(&disk, &all), [MINUTE]);
}

#[test]
fn once_all_is_handled_only_the_last_minute_is_remembered() {
    let marks = fresh();
    let mut disk = Handled::default();
    for step in 0..20 {
        handle(&marks, step * MINUTE / 2);
        noted(&marks, &mut disk);
    }
    assert_eq!(disk.channels[0].since, at(19 * MINUTE / 2 - MINUTE));
    assert_eq!(disk.commands.len(), 2, "the last minute: {disk:?}");
    let late = 19 * MINUTE / 2 - MINUTE / 4;
    let all: Vec<i64> = (0..20).map(|step| step * MINUTE / 2).collect();
    assert_eq!(met_again(&disk, &all), Vec::<i64>::new());
    // A frame that never came within that minute is found.
    assert_eq!(met_again(&disk, &[late]), [late]);
}

#[test]
fn a_missed_stretch_holds_the_mark_until_it_is_read() {
    let marks = fresh();
    let mut disk = Handled::default();
    handle(&marks, 0);
    marks.arrived(at(10 * MINUTE), NOW_MS);
    marks.cut();
    handle(&marks, 30 * MINUTE);
    let (cuts, gaps) = marks.gaps();
    // The connection was alive until then, in every channel.
    assert_eq!(gaps[0].resume, at(9 * MINUTE));
    assert!(noted(&marks, &mut disk) < at(9 * MINUTE));
    assert_eq!(met_again(&disk, &[20 * MINUTE, 30 * MINUTE]), [20 * MINUTE]);
    // Lost again before it was read: what was read so far proves nothing.
    marks.cut();
    marks.caught_up(HERE, Some(at(31 * MINUTE)), cuts);
    assert!(noted(&marks, &mut disk) < at(9 * MINUTE));
    let (cuts, gaps) = marks.gaps();
    assert_eq!(gaps[0].resume, at(9 * MINUTE));
    marks.caught_up(HERE, Some(at(31 * MINUTE)), cuts);
    assert_eq!(noted(&marks, &mut disk), at(30 * MINUTE));
    assert_eq!(marks.gaps().1, []);
}

#[test]
fn a_flood_shortens_what_is_read_again_instead_of_filling_memory() {
    let marks = fresh();
    let mut disk = Handled::default();
    let most = i64::try_from(MOST_DONE).unwrap();
    for ms in 0..most * 3 {
        handle(&marks, ms);
        if ms % 700 == 0 {
            noted(&marks, &mut disk);
        }
    }
    let since = noted(&marks, &mut disk);
    assert_eq!(disk.commands.len(), MOST_DONE);
    assert_eq!(since, at(most * 2 - 1));
    let all: Vec<i64> = (0..most * 3 + 1).collect();
    assert_eq!(met_again(&disk, &all), [most * 3]);
}

#[test]
fn an_id_from_the_future_spoils_nothing() {
    let marks = fresh();
    handle(&marks, 0);
    let broken = command(MessageId::new(u64::MAX));
    marks.arrived(broken.message, NOW_MS);
    marks.enter(&broken, Arrival::Live, NOW_MS).unwrap().begin();
    marks.cut();
    assert!(marks.gaps().1[0].resume < at(0));
    assert!(enter(&marks, 1, Arrival::Missed).is_some());
}

#[test]
fn what_could_not_be_noted_is_noted_the_next_time() {
    let marks = fresh();
    let mut disk = Handled::default();
    handle(&marks, 0);
    let taken = marks.take().unwrap();
    assert!(marks.take().is_none());
    marks.put_back(taken);
    noted(&marks, &mut disk);
    assert_eq!(met_again(&disk, &[0]), Vec::<i64>::new());
}

#[test]
fn the_end_of_a_whole_connection_leaves_little_to_read() {
    let marks = fresh();
    let mut disk = Handled::default();
    handle(&marks, 0);
    marks.arrived(at(50 * MINUTE), NOW_MS);
    marks.end();
    assert_eq!(noted(&marks, &mut disk), at(49 * MINUTE));
    let open = enter(&marks, 51 * MINUTE, Arrival::Live).unwrap();
    marks.arrived(at(99 * MINUTE), NOW_MS);
    marks.end();
    assert_eq!(noted(&marks, &mut disk), at(49 * MINUTE));
    drop(open);
}

#[test]
fn a_refusal_is_news_once() {
    let marks = fresh();
    handle(&marks, 0);
    assert!(marks.note_closed(HERE, Some(5)));
    assert!(!marks.note_closed(HERE, Some(6)));
    assert_eq!(marks.closed(), [(Some(GuildId::new(1)), HERE)]);
    let mut disk = Handled::default();
    noted(&marks, &mut disk);
    let next = over(disk);
    assert!(!next.note_closed(HERE, Some(7)), "known from before");
    assert!(next.note_closed(HERE, None));
    assert!(!next.note_closed(HERE, None));
}

#[test]
fn until_it_is_learnt_what_stands_on_disk_nothing_is_noted_over_it() {
    let mut disk = Handled::default();
    let before = fresh();
    handle(&before, 0);
    handle(&before, 1);
    noted(&before, &mut disk);
    let since = disk.channels[0].since;
    // The next process hears somebody before it has learnt that.
    let marks = Arc::new(Marks::default());
    let open = enter(&marks, 2 * MINUTE, Arrival::Live).unwrap();
    handle(&marks, 5 * MINUTE);
    assert_eq!(marks.take(), None);
    marks.learn(disk.clone());
    assert_eq!(marks.gaps().1[0].resume, since, "the stretch between");
    let met = [0, 1, MINUTE, 2 * MINUTE, 5 * MINUTE]
        .map(|ms| enter(&marks, ms, Arrival::Missed).is_some());
    assert_eq!(met, [false, false, true, false, false]);
    assert_eq!(noted(&marks, &mut disk), since);
    drop(open);
    let all = [0, 1, MINUTE, 2 * MINUTE, 5 * MINUTE];
    assert_eq!(met_again(&disk, &all), [MINUTE, 2 * MINUTE]);
}

#[tokio::test]
async fn what_waited_for_the_disk_to_be_learnt_is_noted_then() {
    let marks = Arc::new(Marks::default());
    handle(&marks, 0);
    // Whoever notes was called in vain.
    marks.changed().await;
    assert_eq!(marks.take(), None);
    marks.learn(Handled::default());
    marks.changed().await;
    let mut disk = Handled::default();
    noted(&marks, &mut disk);
    assert_eq!(met_again(&disk, &[0]), Vec::<i64>::new());
}

//! Boards as pictures: a photo cannot be edited, so it is deleted and posted once more.

use std::time::Duration;
use std::time::Instant;

use guildpoints::boards::Painter;
use guildpoints::journal::SlotState;
use guildpoints::model::MessageId;
use guildpoints::sandbox::Running;
use guildpoints::sandbox::fault::FaultKind;
use guildpoints::sandbox::fault::FaultRule;
use guildpoints::sandbox::fault::Moment;
use guildpoints::sandbox::message::MessageView;
use serde_json::json;

use super::HOUR;
use super::LOOKED;
use super::house::House;
use crate::operated::Ops;

/// Where the stories say that pictures can be fetched.
const PUBLIC: &str = "https://boards.example.org";
/// What was promised to who leaves the boards.
const SOON: Duration = Duration::from_secs(60);
/// Longer than anybody waits before what nobody heard of is posted again.
const DECIDED: Duration = Duration::from_secs(300);

/// A house whose boards are pictures, and those who fetch them.
struct Gallery {
    house: House,
    pages: Ops,
}

/// A photo that stands in the channel: the message, and under which path it is fetched.
type Hung = (MessageId, String);

/// The platform's refusal of that code.
fn refused(code: i64) -> FaultKind {
    FaultKind::AnswerCode {
        code,
        when: Moment::Before,
    }
}

fn photo(message: &MessageView) -> Option<Hung> {
    let url = message.content["url"].as_str()?;
    let path = url.strip_prefix(PUBLIC)?;
    let stands = message.content["type"] == "image" && !message.deleted;
    stands.then(|| (message.id, path.to_owned()))
}

impl Gallery {
    /// Friday noon, with a board of three for Monday; `None` where nothing can be drawn.
    async fn opened() -> Option<Self> {
        if Painter::new(&[]).is_none() {
            assert_ne!(
                std::env::var("GUILDPOINTS_TEST_ALL").as_deref(),
                Ok("1"),
                "pictures cannot be tested: no font here can write Chinese"
            );
            return None;
        }
        let mut house = House::on_friday().await;
        let pages = Ops::of(&mut house.stage);
        let public = format!("public_url = \"{PUBLIC}\"\n");
        house.stage.settings.further.push_str(&public);
        house.start().await;
        for (who, points) in [("小明", 30), ("小红", 50), ("小白", 10)] {
            let said = house
                .stage
                .says("阿杰", &format!("/奖励 @{who} {points} 天梯"));
            house.stage.hears_of(said, "✅").await;
        }
        Some(Self { house, pages })
    }

    /// The same on Monday, with the photo that hangs then.
    async fn on_monday() -> Option<(Self, Hung)> {
        let mut gallery = Self::opened().await?;
        let monday = gallery.house.monday(9, 0);
        gallery.house.goes_to(&monday);
        let hung = gallery.sees_one().await;
        Some((gallery, hung))
    }

    /// The photos that stand in the channel now, all of them marked as heard.
    fn photos(&mut self) -> Vec<Hung> {
        let channel = self.house.stage.channel;
        self.house.stage.said_in(channel);
        let messages = self.house.stage.sandbox.messages(channel);
        messages.iter().filter_map(photo).collect()
    }

    /// Waits until a photo stands there, and a little for more.
    async fn sees_one(&mut self) -> Hung {
        self.sees_another(None).await
    }

    /// The same for one that is not that.
    async fn sees_another(&mut self, before: Option<MessageId>) -> Hung {
        let channel = self.house.stage.channel;
        let begun = Instant::now();
        self.house
            .stage
            .until("another picture", |sandbox: &Running| {
                let messages = sandbox.messages(channel);
                let mut photos = messages.iter().filter_map(photo);
                photos.any(|(message, _)| Some(message) != before)
            })
            .await;
        assert!(begun.elapsed() < SOON);
        self.house.rounds().await;
        let mut photos = self.photos();
        assert_eq!(photos.len(), 1, "{photos:?}");
        photos.remove(0)
    }

    async fn says(&mut self, who: &str, text: &str) {
        let said = self.house.stage.says(who, text);
        self.house.stage.hears(said).await;
    }

    /// The words on a picture; `None` where it cannot be fetched.
    async fn words_on(&self, path: &str) -> Option<String> {
        let (png, _) = self.pages.get(path).await;
        let (svg, words) = self.pages.get(&path.replace(".png", ".svg")).await;
        assert_eq!(png, svg);
        assert!(png == 200 || png == 404, "{png}");
        (svg == 200).then_some(words)
    }

    /// What stands there shows these and not those.
    async fn shows(&self, (_, path): &Hung, these: &[&str], not_those: &[&str]) {
        let words = self.words_on(path).await.expect("it can be fetched");
        for name in these {
            assert!(words.contains(name), "{name} is not on it");
        }
        for name in not_those {
            assert!(!words.contains(name), "{name} is on it");
        }
    }

    /// That the store keeps so many pictures; the bot must not run.
    async fn keeps(&self, count: usize) {
        let same = format!(
            "update pictures set made_ms = made_ms where (select count(*) from pictures) = {count}"
        );
        self.house.stage.change_store(&same).await;
    }

    fn sendings(&self) -> u64 {
        self.house.stage.sandbox.calls("sendPhoto")
    }
}

#[tokio::test]
async fn who_leaves_the_boards_is_taken_off_the_picture_once() {
    let Some((mut gallery, first)) = Gallery::on_monday().await else {
        return;
    };
    gallery.shows(&first, &["小明", "小红", "小白"], &[]).await;
    gallery.says("小红", "/隐私 board off").await;
    let second = gallery.sees_another(Some(first.0)).await;
    gallery.shows(&second, &["小明", "小白"], &["小红"]).await;
    assert_eq!(gallery.words_on(&first.1).await, None, "its file is gone");
    assert_eq!(gallery.sendings(), 2);
    assert_eq!(gallery.house.stage.sandbox.calls("deleteMessage"), 1);
    let slots = gallery.house.slots().await;
    assert_eq!(slots.len(), 1, "{slots:?}");
    assert_eq!(
        slots[0].message,
        Some(second.0),
        "it is the slot's post now"
    );
    // Where it may not be deleted it stays, and nobody can fetch it.
    gallery.house.stage.fault("deleteMessage", refused(1012));
    gallery.says("小明", "/隐私 board off").await;
    let channel = gallery.house.stage.channel;
    gallery
        .house
        .stage
        .until("a third", |sandbox| {
            let messages = sandbox.messages(channel);
            messages.iter().filter_map(photo).count() == 2
        })
        .await;
    gallery.house.rounds().await;
    let both = gallery.photos();
    assert_eq!(both[0], second);
    assert_eq!(gallery.words_on(&second.1).await, None);
    gallery.shows(&both[1], &["小白"], &["小明", "小红"]).await;
    assert_eq!((both.len(), gallery.sendings()), (2, 3));
    // Who comes back is on the next one.
    gallery.says("小红", "/隐私 board on").await;
    gallery.house.stop().await;
    gallery.house.start().await;
    gallery.house.rounds().await;
    assert_eq!(gallery.photos(), both);
    gallery.house.stop().await;
    gallery.keeps(1).await;
    gallery.house.finish().await;
}

#[tokio::test]
async fn a_picture_of_which_nobody_heard_is_found_and_taken_down_later() {
    let Some((mut gallery, first)) = Gallery::on_monday().await else {
        return;
    };
    // The answer is lost, and the process with it: the new one stands there and nobody knows.
    let slow = FaultKind::DelayAfter { ms: 20_000 };
    gallery.house.stage.fault("sendPhoto", slow);
    gallery.says("小红", "/隐私 board off").await;
    let second = gallery.sees_another(Some(first.0)).await;
    gallery.house.kill().await;
    gallery.house.start().await;
    gallery.house.passes(DECIDED);
    gallery.house.rounds().await;
    assert_eq!(gallery.photos(), std::slice::from_ref(&second));
    assert_eq!(gallery.sendings(), 2, "it is found, not posted again");
    let slots = gallery.house.slots().await;
    assert_eq!(slots[0].message, Some(second.0));
    // So the next who leaves is taken off it as well; this time nothing arrives.
    gallery
        .house
        .stage
        .fault("sendPhoto", FaultKind::DropBefore);
    gallery.says("小明", "/隐私 board off").await;
    let lost = FaultKind::DropBefore;
    gallery
        .house
        .stage
        .until("the sending is lost", |sandbox| {
            let hits = sandbox.faults().hits();
            hits.iter().filter(|hit| hit.1 == lost).count() == 1
        })
        .await;
    gallery.house.kill().await;
    gallery.house.start().await;
    gallery.house.rounds().await;
    gallery.house.passes(LOOKED);
    gallery.house.rounds().await;
    assert_eq!(gallery.sendings(), 2, "one look is not enough");
    gallery.house.passes(DECIDED);
    gallery
        .house
        .stage
        .until("it is posted again", |sandbox| {
            sandbox.calls("sendPhoto") == 3
        })
        .await;
    gallery.house.rounds().await;
    let now = gallery.photos();
    let third = now.last().expect("one stands there").clone();
    gallery.shows(&third, &["小白"], &["小明", "小红"]).await;
    assert_eq!(gallery.words_on(&second.1).await, None);
    gallery.house.stop().await;
    gallery.keeps(1).await;
    gallery.house.finish().await;
}

#[tokio::test]
async fn what_may_stand_where_nobody_can_look_loses_its_file() {
    let Some((mut gallery, first)) = Gallery::on_monday().await else {
        return;
    };
    let slow = FaultKind::DelayAfter { ms: 20_000 };
    gallery.house.stage.fault("sendPhoto", slow);
    gallery.says("小红", "/隐私 board off").await;
    let second = gallery.sees_another(Some(first.0)).await;
    gallery.house.kill().await;
    let closed = json!({"history_open": false});
    gallery.house.stage.sandbox.set_settings(&closed);
    gallery.house.start().await;
    assert!(gallery.words_on(&second.1).await.is_some());
    for _ in 0..3 {
        gallery.house.passes(DECIDED);
        gallery.house.rounds().await;
    }
    assert_eq!((gallery.photos().len(), gallery.sendings()), (1, 2));
    assert_eq!(gallery.words_on(&second.1).await, None);
    gallery.house.finish().await;
}

#[tokio::test]
async fn a_post_whose_note_a_crash_took_is_taken_down_all_the_same() {
    let Some((mut gallery, first)) = Gallery::on_monday().await else {
        return;
    };
    gallery.house.kill().await;
    for table in [
        "shown_boards",
        "shown_members",
        "board_slots",
        "board_places",
    ] {
        let statement = format!("delete from {table}");
        gallery.house.stage.change_store(&statement).await;
    }
    gallery.house.start().await;
    gallery.house.rounds().await;
    assert_eq!(gallery.photos(), std::slice::from_ref(&first));
    gallery.says("小红", "/隐私 board off").await;
    let second = gallery.sees_another(Some(first.0)).await;
    gallery.shows(&second, &["小明", "小白"], &["小红"]).await;
    gallery.house.finish().await;
}

#[tokio::test]
async fn what_is_not_sent_leaves_no_picture() {
    let Some(mut gallery) = Gallery::opened().await else {
        return;
    };
    // Turned away for a while: each try has a picture of its own.
    let turned_away = FaultRule::always("sendPhoto", refused(1012));
    gallery.house.stage.sandbox.faults().set(turned_away);
    let monday = gallery.house.monday(9, 0);
    gallery.house.goes_to(&monday);
    for _ in 0..4 {
        gallery.house.rounds().await;
        gallery.house.passes(LOOKED);
    }
    assert!(
        gallery.house.slots().await[0].tries > 1,
        "it is tried again"
    );
    assert_eq!(gallery.house.whispered("夜雨").len(), 1);
    gallery.house.stage.sandbox.faults().clear();
    gallery.house.passes(HOUR);
    let hung = gallery.sees_one().await;
    gallery.shows(&hung, &["小红"], &[]).await;
    // A platform that takes no photos has the card, and nobody the picture.
    let no_photos = FaultRule::always("sendPhoto", refused(1001));
    gallery.house.stage.sandbox.faults().set(no_photos);
    let monday = gallery.house.monday(9, 0);
    gallery.house.goes_to(&monday);
    let boards = gallery.house.sees(1).await;
    assert!(boards[0].starts_with("上周"), "{boards:?}");
    assert_eq!(gallery.house.slots().await[0].state, SlotState::Posted);
    gallery.house.stop().await;
    gallery.keeps(1).await;
    gallery.house.finish().await;
}

//! Commands typed while the bot was away: handled once afterwards if they are young, left alone if
//! not, and nothing handled before is handled again.

use guildpoints::model::ChannelId;
use guildpoints::sandbox::GatewayAct;
use guildpoints::sandbox::SayOptions;
use guildpoints::sandbox::fault::FaultKind;
use guildpoints::sandbox::fault::FaultRule;
use guildpoints::sandbox::world::About;
use guildpoints::sandbox::world::Overwrite;
use serde_json::json;

use crate::books::handled;
use crate::books::squared;
use crate::stage::Said;
use crate::stage::Settings;
use crate::stage::Stage;
use crate::stage::text_of;

const HISTORY: &str = "message/getList";
const MINUTE_MS: i64 = 60_000;
/// The right to read what was said before. Source: fanbook-platform, 5.
const READ_HISTORY: u64 = 0x10000;

/// In what way the bot is away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Absence {
    /// The gateway hangs up and takes nobody in for a while.
    Cut,
    /// It is stopped and started.
    Stopped,
    /// It is killed and started.
    Killed,
}

use Absence::Cut;
use Absence::Killed;
use Absence::Stopped;

const EVERY: [Absence; 3] = [Cut, Stopped, Killed];

async fn leaves(stage: &mut Stage, absence: Absence) {
    match absence {
        Cut => {
            stage.sandbox.gateway(GatewayAct::Refuse);
            stage.sandbox.gateway(GatewayAct::Drop);
            stage
                .until("the socket is gone", |sandbox| {
                    sandbox.bots_connected() == 0
                })
                .await;
        }
        Stopped => {
            let status = stage.stop().await;
            assert!(status.success(), "{status}\n{}", stage.log());
        }
        Killed => stage.kill().await,
    }
}

async fn returns(stage: &mut Stage, absence: Absence) {
    match absence {
        Cut => stage.sandbox.gateway(GatewayAct::Accept),
        Stopped | Killed => stage.start().await,
    }
}

/// A bot that has answered 小明 once, and noted it.
async fn acquainted(settings: Settings) -> (Stage, Said) {
    let mut stage = Stage::with(settings).await;
    let asked = stage.says("小明", "/积分");
    stage.hears(asked).await;
    handled(&stage, asked).await;
    (stage, asked)
}

/// Said so long ago, whoever is connected now.
fn ago(stage: &Stage, ms: i64) -> SayOptions {
    SayOptions {
        time_ms: Some(stage.sandbox.now_ms() - ms),
        ..SayOptions::default()
    }
}

#[tokio::test]
async fn what_is_typed_in_the_gap_is_handled_once_and_what_came_before_not_again() {
    for absence in EVERY {
        let (mut stage, before) = acquainted(Settings::default()).await;
        let rewarded_before = stage.says("阿杰", "/奖励 @小红 7 之前");
        stage.hears_of(rewarded_before, "✅").await;
        handled(&stage, rewarded_before).await;
        leaves(&mut stage, absence).await;
        let asked = stage.says("小红", "/积分");
        let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
        let refused = stage.says("小红", "/奖励 @小明 5");
        let talk = stage.says("小红", "大家好");
        returns(&mut stage, absence).await;
        stage.hears_of(asked, "积分").await;
        stage.hears_of(rewarded, "✅").await;
        stage.hears_of(refused, "没有使用这个指令的权限").await;
        // And once more, with nothing left to do.
        leaves(&mut stage, Cut).await;
        let last = stage.says("小明", "/积分");
        returns(&mut stage, Cut).await;
        stage.hears_of(last, "3,140").await;
        stage.sandbox.redelivers(rewarded.0);
        let live = stage.says("小明", "/积分");
        stage.hears(live).await;
        for said in [before, rewarded_before, asked, rewarded, refused, last] {
            let answers = stage.answers(said);
            assert_eq!(answers.len(), 1, "{absence:?}: {}", stage.conversation());
        }
        assert!(stage.answers(talk).is_empty());
        squared(stage, &[7, 666]).await;
    }
}

#[tokio::test]
async fn what_is_older_than_catch_up_is_left_alone() {
    for absence in [Cut, Stopped] {
        let mut stage = Stage::new().await;
        // The channel is known for longer than that.
        let options = ago(&stage, 30 * MINUTE_MS);
        let known = stage.says_with("小明", "/积分", options);
        stage.hears(known).await;
        handled(&stage, known).await;
        leaves(&mut stage, absence).await;
        let old = stage.says_with("阿杰", "/奖励 @小明 5", ago(&stage, 11 * MINUTE_MS));
        let young = stage.says_with("阿杰", "/奖励 @小明 6", ago(&stage, 8 * MINUTE_MS));
        returns(&mut stage, absence).await;
        stage.hears_of(young, "✅").await;
        let after = stage.says("小明", "/积分");
        stage.hears(after).await;
        assert!(stage.answers(old).is_empty(), "{}", stage.conversation());
        squared(stage, &[6]).await;
    }
}

#[tokio::test]
async fn switched_off_it_reads_nothing() {
    for absence in [Cut, Stopped] {
        let (mut stage, _) = acquainted(Settings {
            bot: "catch_up = \"0s\"\n".to_owned(),
            ..Settings::default()
        })
        .await;
        leaves(&mut stage, absence).await;
        let missed = stage.says("小红", "/积分");
        returns(&mut stage, absence).await;
        stage.logged("connected to the gateway", 2).await;
        let live = stage.says("小红", "/积分");
        stage.hears(live).await;
        assert!(stage.answers(missed).is_empty());
        assert_eq!(stage.sandbox.calls(HISTORY), 0);
        stage.finish().await;
    }
}

#[tokio::test]
async fn a_new_store_catches_nothing_up() {
    let mut stage = Stage::without_bot(Settings::default()).await;
    let unknown = stage.says("小红", "/积分");
    stage.start().await;
    let first = stage.says("小明", "/积分");
    stage.hears(first).await;
    assert_eq!(stage.sandbox.calls(HISTORY), 0);
    handled(&stage, first).await;
    for absence in EVERY {
        leaves(&mut stage, absence).await;
        let missed = stage.says("小明", "/积分");
        returns(&mut stage, absence).await;
        stage.hears(missed).await;
        handled(&stage, missed).await;
    }
    assert!(stage.answers(unknown).is_empty(), "nobody was here then");
    stage.finish().await;
}

#[tokio::test]
async fn bots_are_not_answered_and_an_edit_repeats_nothing() {
    let (mut stage, asked) = acquainted(Settings::default()).await;
    let staff = stage.says("阿杰", "/积分");
    stage.hears(staff).await;
    handled(&stage, staff).await;
    for absence in [Cut, Stopped] {
        leaves(&mut stage, absence).await;
        let by_bot = stage.says("点歌机", "/积分");
        stage.sandbox.edits(asked.0, "/积分 ");
        stage.sandbox.edits(staff.0, &stage.wire("/奖励 @小明 5"));
        let missed = stage.says("小红", "/积分");
        returns(&mut stage, absence).await;
        stage.hears(missed).await;
        assert!(stage.answers(by_bot).is_empty());
        for said in [asked, staff] {
            assert_eq!(stage.answers(said).len(), 1, "{}", stage.conversation());
        }
    }
    assert!(stage.paid().is_empty());
    stage.finish().await;
}

#[tokio::test]
async fn many_pages_are_read_and_handled_oldest_first() {
    let mut stage = Stage::unhurried(Settings::default()).await;
    let asked = stage.says("小明", "/积分");
    stage.hears(asked).await;
    handled(&stage, asked).await;
    leaves(&mut stage, Stopped).await;
    let mut rewarded = Vec::new();
    for points in 1..=20 {
        rewarded.push(stage.says("阿杰", &format!("/奖励 @小明 {points}")));
        for _ in 0..9 {
            stage.says("小红", "聊天");
        }
    }
    returns(&mut stage, Stopped).await;
    for said in rewarded {
        stage.hears_of(said, "✅").await;
    }
    // Twenty wait for one lane of eight, and none is told that it is busy.
    let wanted: Vec<i64> = (1..=20).collect();
    squared(stage, &wanted).await;
}

#[tokio::test]
async fn what_was_typed_at_leisure_is_not_called_hasty() {
    let (mut stage, _) = acquainted(Settings::default()).await;
    leaves(&mut stage, Cut).await;
    let mut asked = Vec::new();
    for step in 0..10 {
        let options = SayOptions {
            time_ms: Some(stage.sandbox.now_ms() + step * 5_000),
            ..SayOptions::default()
        };
        asked.push(stage.says_with("小红", "/积分", options));
    }
    returns(&mut stage, Cut).await;
    for said in asked {
        let answer = stage.hears(said).await;
        assert!(answer.contains("现在有"), "{answer}");
    }
    stage.finish().await;
}

#[tokio::test]
async fn rights_count_as_they_are_now() {
    let (mut stage, _) = acquainted(Settings::default()).await;
    // Such items show the roles of the author, of whatever time.
    stage
        .sandbox
        .set_settings(&json!({"history_with_member": true}));
    leaves(&mut stage, Stopped).await;
    let rewarded = stage.says("阿杰", "/奖励 @小明 5");
    let moderator = stage.user("阿杰");
    stage.sandbox.set_roles(stage.guild, moderator, Vec::new());
    returns(&mut stage, Stopped).await;
    stage.hears_of(rewarded, "没有使用这个指令的权限").await;
    assert!(stage.paid().is_empty());
    stage.finish().await;
}

#[tokio::test]
async fn a_member_is_answered_in_the_order_of_typing_also_across_the_return() {
    let (mut stage, _) = acquainted(Settings::default()).await;
    leaves(&mut stage, Cut).await;
    // Reading takes a moment, and somebody types meanwhile.
    stage.fault(HISTORY, FaultKind::DelayBefore { ms: 100 });
    let first = stage.says("阿杰", "/奖励 @小明 10 一");
    let second = stage.says("阿杰", "/扣分 @小明 4 二");
    returns(&mut stage, Cut).await;
    stage
        .until("it is back", |sandbox| sandbox.bots_connected() == 1)
        .await;
    let third = stage.says("阿杰", "/奖励 @小明 1 三");
    for said in [first, second, third] {
        stage.hears_of(said, "✅").await;
    }
    squared(stage, &[10, -4, 1]).await;
}

#[tokio::test]
async fn a_history_that_is_slow_keeps_nobody_waiting() {
    let (mut stage, _) = acquainted(Settings::default()).await;
    leaves(&mut stage, Cut).await;
    stage.sandbox.faults().set(FaultRule {
        endpoint: HISTORY.to_owned(),
        skip: 0,
        count: Some(1),
        kind: FaultKind::DelayBefore { ms: 8_000 },
    });
    let missed = stage.says("小红", "/积分");
    returns(&mut stage, Cut).await;
    stage.logged("connected to the gateway", 2).await;
    let live = stage.says("小明", "/积分");
    stage.hears(live).await;
    assert!(stage.answers(missed).is_empty(), "the newcomer comes first");
    stage.hears(missed).await;
    stage.finish().await;
}

/// Takes or gives back the bot's right to read what was said in a channel.
fn close(stage: &Stage, channel: ChannelId, deny: u64) {
    let bot = stage.sandbox.bot().number();
    stage.sandbox.change_guild(stage.guild, |guild| {
        let places = guild.channels.iter_mut();
        for place in places.filter(|place| place.id == channel) {
            place.overwrites.retain(|overwrite| overwrite.id != bot);
            place.overwrites.push(Overwrite {
                id: bot,
                about: About::User,
                allows: 0,
                deny,
            });
        }
    });
}

#[tokio::test]
async fn a_channel_that_may_not_be_read_is_told_once_and_can_be_read_again() {
    let (mut stage, _) = acquainted(Settings::default()).await;
    let channels = stage.sandbox.channels(stage.guild);
    let other = channels
        .iter()
        .rfind(|(id, _)| *id != stage.channel)
        .unwrap()
        .0;
    let here = stage.user("阿杰");
    let there = Said(stage.sandbox.says(here, other, "/积分"));
    stage.hears(there).await;
    handled(&stage, there).await;
    close(&stage, stage.channel, READ_HISTORY);
    let told = "the history of a channel cannot be read";
    let mut lost = Vec::new();
    for absence in [Cut, Stopped, Cut] {
        leaves(&mut stage, absence).await;
        lost.push(stage.says("小红", "/积分"));
        let there = Said(stage.sandbox.says(here, other, "/积分"));
        returns(&mut stage, absence).await;
        stage.hears(there).await;
        stage.logged(told, 1).await;
        let checked = stage.says("夜雨", "/自检");
        let answer = stage.hears(checked).await;
        let row = answer
            .lines()
            .find(|line| line.contains("补读离线时的消息"));
        let row = row.unwrap_or_else(|| panic!("{answer}"));
        assert!(row.starts_with('❌'), "{row}");
        assert!(row.contains(&stage.channel.to_string()), "{row}");
        assert!(!row.contains(&other.to_string()), "{row}");
    }
    assert_eq!(stage.log().matches(told).count(), 1, "{}", stage.log());
    for said in &lost {
        assert!(stage.answers(*said).is_empty());
    }
    close(&stage, stage.channel, 0);
    leaves(&mut stage, Stopped).await;
    lost.push(stage.says("小红", "/积分"));
    returns(&mut stage, Stopped).await;
    // All of them are younger than `catch_up`, and now they can be seen.
    for said in lost {
        stage.hears(said).await;
        assert_eq!(stage.answers(said).len(), 1);
    }
    stage
        .logged("the history of a channel can be read again", 1)
        .await;
    let checked = stage.says("夜雨", "/自检");
    let answer = stage.hears(checked).await;
    let row = answer
        .lines()
        .find(|line| line.contains("补读离线时的消息"));
    assert!(row.unwrap().starts_with('✅'), "{answer}");
    stage.finish().await;
}

#[tokio::test]
async fn a_history_that_fails_for_a_moment_is_asked_again() {
    let (mut stage, _) = acquainted(Settings::default()).await;
    leaves(&mut stage, Stopped).await;
    stage.sandbox.faults().set(FaultRule {
        endpoint: HISTORY.to_owned(),
        skip: 0,
        count: Some(3),
        kind: FaultKind::Status500Before,
    });
    let missed = stage.says("小红", "/积分");
    returns(&mut stage, Stopped).await;
    stage.hears(missed).await;
    stage.finish().await;
}

#[tokio::test]
async fn killed_while_catching_up_everything_is_still_handled_once() {
    let mut stage = Stage::unhurried(Settings::default()).await;
    let asked = stage.says("小明", "/积分");
    stage.hears(asked).await;
    handled(&stage, asked).await;
    leaves(&mut stage, Stopped).await;
    let question = stage.says("小红", "/积分");
    let rewarded: Vec<Said> = (1..=12)
        .map(|points| stage.says("阿杰", &format!("/奖励 @小明 {points}")))
        .collect();
    let late = stage.says("小红", "/积分");
    // The fourth reward is killed under way, with more waiting behind it than a lane holds.
    stage.sandbox.faults().set(FaultRule {
        endpoint: "modifyUserPoint".to_owned(),
        skip: 3,
        count: Some(1),
        kind: FaultKind::DelayAfter { ms: 60_000 },
    });
    stage.start().await;
    stage.hears(question).await;
    handled(&stage, question).await;
    stage
        .until("the fourth is at the mall", |sandbox| {
            sandbox.mall().records().len() == 4
        })
        .await;
    stage.kill().await;
    stage.sandbox.faults().clear();
    stage.start().await;
    for said in &rewarded {
        stage.hears_of(*said, "✅").await;
    }
    stage.hears(late).await;
    assert_eq!(stage.answers(question).len(), 1, "{}", stage.conversation());
    for said in rewarded {
        stage.answers(said);
    }
    let mut paid: Vec<i64> = stage.paid().iter().map(|(points, _)| *points).collect();
    paid.sort_unstable();
    assert_eq!(paid, (1..=12).collect::<Vec<_>>());
    let in_order: Vec<i64> = stage.paid().iter().map(|(points, _)| *points).collect();
    squared(stage, &in_order).await;
}

#[tokio::test]
async fn a_private_chat_is_caught_up_too() {
    let mut stage = Stage::new().await;
    let asked = stage.whispers("小明", "/积分");
    stage.hears(asked).await;
    handled(&stage, asked).await;
    leaves(&mut stage, Stopped).await;
    let missed = stage.whispers("小明", "/积分");
    returns(&mut stage, Stopped).await;
    let answer = stage.hears(missed).await;
    assert!(answer.contains("2,474"), "{answer}");
    let answers = stage.sandbox.answers_to(asked.0);
    assert_eq!(answers.iter().map(text_of).count(), 1);
    stage.finish().await;
}

//! Boards that are due around the end of their owner.

use std::time::Duration;

use guildpoints::sandbox::Running;
use guildpoints::sandbox::fault::FaultKind;
use guildpoints::sandbox::fault::FaultRule;
use guildpoints::support::clock::Clock;
use jiff::Timestamp;
use jiff::ToSpan;
use jiff::Zoned;
use jiff::tz::TimeZone;

use crate::stage::Stage;
use crate::stage::text_of;
use crate::takeover::TURN;

/// Before the moment so much time is left for what has to be done before it.
const AHEAD_SECONDS: i64 = 12;
/// After it the post is under way.
const INTO: Duration = Duration::from_millis(200);
/// How long the answer to the post takes: longer than its owner lives.
const ANSWER_MS: u64 = 4_000;

fn now() -> Zoned {
    let zone = TimeZone::get("Asia/Shanghai").expect("there is such a zone");
    let now = Timestamp::from_millisecond(Clock::system().now_ms());
    now.expect("it is a moment").to_zoned(zone)
}

/// The next full minute in Shanghai that is far enough off.
fn soon() -> Zoned {
    let from = now() + AHEAD_SECONDS.seconds();
    let minute = from.round(jiff::Unit::Minute).expect("a minute");
    match minute < from {
        true => minute + 1.minute(),
        false => minute,
    }
}

async fn reaches(moment: &Zoned) {
    let left = moment.timestamp().duration_since(now().timestamp());
    tokio::time::sleep(Duration::try_from(left).unwrap_or_default()).await;
}

fn boards(sandbox: &Running) -> usize {
    let messages = sandbox.messages(sandbox.channel_id()).into_iter();
    let posted = messages.filter(|message| {
        let text = text_of(message);
        message.author.bot && text.contains("获得积分榜")
    });
    posted.count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_board_that_is_due_as_its_owner_dies_comes_once() {
    let _turn = TURN.lock().await;
    let Some(mut stage) = Stage::new(&["anne", "ben"]).await else {
        return;
    };
    let said = stage.says("阿杰", "/奖励 @小明 3 换班");
    stage.hears(said, "✅").await;
    for (name, dies_under_way) in [("先走", false), ("半路", true)] {
        let owner = stage.owner().await;
        stage.stands_by(1 - owner).await;
        let before = boards(&stage.sandbox);
        let moment = soon();
        let line = format!("/定时 新增 {name} {} 总榜", moment.strftime("%H:%M"));
        let said = stage.says("星海", &line);
        stage.hears(said, name).await;
        if dies_under_way {
            let late = FaultKind::DelayAfter { ms: ANSWER_MS };
            stage
                .sandbox
                .faults()
                .set(FaultRule::once("sendMessage", late));
            reaches(&moment).await;
            let posted = |sandbox: &Running| boards(sandbox) > before;
            stage.until("the board is under way", posted).await;
        } else {
            reaches(&(&moment - 1.second())).await;
        }
        stage.instances[owner].kill();
        tokio::time::sleep(INTO).await;
        let posted = |sandbox: &Running| boards(sandbox) > before;
        stage.until("the board is posted", posted).await;
        let open = "select count(*) from slots where state in ('claimed', 'posting')";
        let done = format!("select count(*) from slots where name = '{name}' and state = 'posted'");
        stage.owner_is(1 - owner).await;
        while stage.numbers(open).await != [0] || stage.numbers(&done).await != [1] {
            assert!(boards(&stage.sandbox) <= before + 1, "{}", stage.told());
            tokio::time::sleep(INTO).await;
        }
        stage.instances[owner].start();
        stage.stands_by(owner).await;
        assert_eq!(boards(&stage.sandbox), before + 1, "{}", stage.told());
    }
}

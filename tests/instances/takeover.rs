//! One trouble at a time: the other takes over, and the one that lost the bot begins nothing more.

use std::time::Duration;
use std::time::Instant;

use guildpoints::model::MessageId;
use guildpoints::sandbox::fault::FaultKind;
use guildpoints::sandbox::fault::FaultRule;
use tokio::sync::Mutex;

use crate::cable::Cable;
use crate::random::NOT_SENT;
use crate::stage::Stage;

/// Tests of processes that wait for each other by the clock take turns.
pub static TURN: Mutex<()> = Mutex::const_new(());

/// The promise is 10 s. A machine that tests a dozen things beside may be slow, not broken.
const BOUND: Duration = Duration::from_secs(30);

/// Later than the other has taken over and paid, in milliseconds.
const LATE: u64 = 14_000;

#[derive(Clone, Copy, Debug)]
enum Trouble {
    Killed,
    Stopped,
    CutOff(Cable),
    Ended,
}

/// Everything that can befall an owner.
const TROUBLES: [Trouble; 5] = [
    Trouble::Killed,
    Trouble::Stopped,
    Trouble::CutOff(Cable::Cut),
    Trouble::CutOff(Cable::Silent),
    Trouble::Ended,
];

#[tokio::test(flavor = "multi_thread")]
async fn whatever_befalls_the_owner_the_other_takes_over() {
    let _turn = TURN.lock().await;
    let Some(mut stage) = Stage::new(&["anne", "ben"]).await else {
        return;
    };
    let mut paid = 0;
    let before = stage.balance("小明");
    println!("how long the bot was without an owner (promised: 10 s)");
    for trouble in TROUBLES {
        let owner = stage.owner().await;
        let other = 1 - owner;
        stage.stands_by(other).await;
        paid += reward(&stage, 3).await;
        stage.at_rest().await;
        let fence = fence_of(&stage, owner).await;
        let mut requests = stage.instances[owner].requests().await;

        let began = Instant::now();
        match trouble {
            Trouble::Killed => stage.instances[owner].kill(),
            Trouble::Stopped => stage.instances[owner].stop(),
            Trouble::CutOff(cable) => stage.instances[owner].cut(cable),
            Trouble::Ended => stage.instances[owner].end().await,
        }
        // Typed while nobody owns the bot: read up by the next owner.
        let typed = stage.says("夜雨", "/奖励 @小明 2 空档");
        stage.owner_is(other).await;
        let took = began.elapsed();
        println!("  {trouble:?}: {:.1} s", took.as_secs_f64());
        assert!(took < BOUND, "{trouble:?}\n{}", stage.told());
        assert_eq!(fence_of(&stage, other).await, fence + 1, "{trouble:?}");

        // The owner that is cut off may have said that it cannot write: then it is not paid, ever,
        // and whoever typed it types it again. Behind the first in its lane, so the next owner is done
        // with that.
        let answer = stage.hears(typed, "").await;
        if answer.contains(NOT_SENT) {
            assert!(matches!(trouble, Trouble::CutOff(_)), "{}", stage.told());
            let again = stage.says("夜雨", "/奖励 @小明 2 空档");
            stage.hears(again, "✅").await;
        } else {
            stage.hears(typed, "✅").await;
        }
        println!("    in the gap: {answer}");
        paid += 2;
        // Said to both, where the old owner still has its socket: the new one alone answers.
        paid += reward(&stage, 5).await;
        match trouble {
            Trouble::Killed | Trouble::Ended => stage.instances[owner].start(),
            Trouble::Stopped => stage.instances[owner].go_on(),
            Trouble::CutOff(_) => {
                // Without the store it could not take over, and says so.
                stage.is_broken(owner).await;
                stage.instances[owner].mend();
            }
        }
        stage.stands_by(owner).await;
        if let Trouble::CutOff(_) = trouble {
            // What it said while its term lasted was its right.
            requests = stage.instances[owner].requests().await;
        }
        assert!(stage.instances[other].serves().await, "{}", stage.told());
        paid += reward(&stage, 7).await;
        stage.at_rest().await;
        let typed = stage.answers(typed).len();
        assert_eq!(typed, 1, "{trouble:?}\n{}", stage.told());
        if let Trouble::Stopped | Trouble::CutOff(_) = trouble {
            let now = stage.instances[owner].requests().await;
            assert_eq!(
                now,
                requests,
                "{trouble:?}: it began something\n{}",
                stage.told()
            );
            assert_eq!(stage.sandbox.bots_connected(), 1, "{trouble:?}");
        }
    }
    assert_eq!(stage.balance("小明"), before + paid, "{}", stage.told());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_under_way_is_settled_once_by_whoever_owns_the_bot_then() {
    let _turn = TURN.lock().await;
    let Some(mut stage) = Stage::new(&["anne", "ben"]).await else {
        return;
    };
    // Paid, and the answer comes to nobody; still on its way, and it lands after the other has paid.
    for (kind, points) in [
        (FaultKind::DelayAfter { ms: LATE }, 11),
        (FaultKind::DelayBefore { ms: LATE }, 13),
    ] {
        let owner = stage.owner().await;
        stage.stands_by(1 - owner).await;
        let before = stage.balance("小红");
        let said = meanwhile(&stage, kind.clone(), &format!("/奖励 @小红 {points}")).await;
        stage.instances[owner].stop();
        stage.owner_is(1 - owner).await;
        stage.hears(said, "✅").await;
        assert_eq!(stage.balance("小红"), before + points, "{}", stage.told());
        stage.instances[owner].go_on();
        stage.stands_by(owner).await;
        if let FaultKind::DelayBefore { .. } = kind {
            let landed = "the late one lands";
            stage
                .until(landed, |sandbox| {
                    let requests = sandbox.mall().requests();
                    requests
                        .iter()
                        .any(|request| request.fault == Some(kind.clone()))
                })
                .await;
        }
        stage.at_rest().await;
        assert_eq!(stage.balance("小红"), before + points, "{}", stage.told());
        assert_eq!(stage.answers(said).len(), 1, "{kind:?}\n{}", stage.told());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_waited_for_its_turn_is_not_begun_by_the_one_that_slept() {
    let _turn = TURN.lock().await;
    let Some(mut stage) = Stage::with(&["anne", "ben"], "mall_in_flight = 1\n").await else {
        return;
    };
    let owner = stage.owner().await;
    stage.stands_by(1 - owner).await;
    let before = stage.balance("小红");
    // The first holds the only slot, so the second is written down and waits for it.
    let delay = FaultKind::DelayAfter { ms: 900 };
    let first = meanwhile(&stage, delay, "/奖励 @小红 17").await;
    let second = stage.says("夜雨", "/奖励 @小红 19");
    let written = "select count(*) from entries where amount = 19";
    while stage.numbers(written).await != [1] {
        tokio::task::yield_now().await;
    }
    stage.instances[owner].stop();
    stage.owner_is(1 - owner).await;
    stage.hears(first, "✅").await;
    stage.hears(second, "✅").await;
    stage.instances[owner].go_on();
    stage.stands_by(owner).await;
    stage.at_rest().await;
    assert_eq!(stage.balance("小红"), before + 36, "{}", stage.told());
    let sent = stage.sandbox.mall().requests().into_iter();
    let sent = sent.filter(|request| {
        request.endpoint == "modifyUserPoint" && request.request.contains("\"point\":19")
    });
    assert_eq!(
        sent.count(),
        1,
        "the one that slept sent it too\n{}",
        stage.told()
    );
    for said in [first, second] {
        assert_eq!(stage.answers(said).len(), 1, "{}", stage.told());
    }
}

/// A moderator rewards; answers the points once the chat says that they are there, and only once.
async fn reward(stage: &Stage, points: i64) -> i64 {
    let said = stage.says("阿杰", &format!("/奖励 @小明 {points} 换班"));
    stage.hears(said, "✅").await;
    assert_eq!(stage.answers(said).len(), 1, "{}", stage.told());
    points
}

async fn fence_of(stage: &Stage, index: usize) -> i64 {
    let health = stage.instances[index].health().await.expect("it answers");
    health["role"]["fence"].as_i64().expect("an owner has one")
}

/// A moderator says something whose payment meets that trouble; waits until it has.
async fn meanwhile(stage: &Stage, trouble: FaultKind, order: &str) -> MessageId {
    let met = stage.sandbox.faults().hits().len();
    stage
        .sandbox
        .faults()
        .set(FaultRule::once("modifyUserPoint", trouble));
    let said = stage.says("阿杰", order);
    stage
        .until("the payment is under way", |sandbox| {
            sandbox.faults().hits().len() > met
        })
        .await;
    said
}

//! Killed in the middle: after every write on the path of a change the process dies and another one
//! takes up the same store.
//!
//! Where a story kills is made certain by a fault that stops the path right there for longer than the
//! story takes. After each: exactly one payment, the giver is told the right end, the receipt says so,
//! and nothing is left open.

use std::ops::RangeInclusive;

use futures_util::StreamExt;
use futures_util::stream;
use guildpoints::sandbox::Running;
use guildpoints::sandbox::fault::FaultKind;
use guildpoints::sandbox::fault::FaultRule;
use guildpoints::sandbox::fault::RetryAfter;
use guildpoints::sandbox::mall::Shapes;

use crate::books::all_but_settled;
use crate::books::always;
use crate::books::asked;
use crate::books::probed;
use crate::books::receipt;
use crate::books::squared;
use crate::books::told;
use crate::stage::Said;
use crate::stage::Settings;
use crate::stage::Stage;
use crate::stage::receipt_in;
use crate::stage::text_of;

/// Stages at work at once.
pub const AT_ONCE: usize = 12;
/// Longer than any story takes: what waits so long never happens.
const NEVER: u64 = 600_000;

pub const BEFORE: FaultKind = FaultKind::DelayBefore { ms: NEVER };
pub const AFTER: FaultKind = FaultKind::DelayAfter { ms: NEVER };
pub const CHANGE: &str = "modifyUserPoint";
pub const LOOK_UP: &str = "findPointRecord";
pub const SAY: &str = "sendMessage";
pub const EDIT: &str = "editMessageText";

/// Troubles on the path of one process, and the sign that it has come to where it is killed.
struct Killed {
    /// Endpoint, requests let through first, what happens to the next.
    faults: Vec<(&'static str, u32, FaultKind)>,
    at: Sign,
}

/// What shows that the process is where it is to be killed.
#[derive(Clone, Copy)]
enum Sign {
    /// A request waits at this endpoint.
    WaitsAt(&'static str),
    /// The mall has paid.
    Paid,
    /// The chat shows this.
    Shown(&'static str),
}

/// A change, where the processes that work on it are killed, and how many answers may stand in the
/// end: a new process finds what was said and not noted in the chat.
struct Crash {
    name: &'static str,
    order: &'static str,
    points: i64,
    killed: Vec<Killed>,
    answers: RangeInclusive<usize>,
}

/// Whatever was said is edited.
const ONE: RangeInclusive<usize> = 1..=1;

impl Crash {
    /// Whether the one answer there may be was said before the process is killed; then it must be
    /// noted too, or the next process says it again.
    fn is_told_before_it_is_killed(&self) -> bool {
        let open = |(endpoint, skip, kind): &(&str, u32, FaultKind)| {
            *endpoint == CHANGE
                && *skip == 0
                && !matches!(
                    kind,
                    FaultKind::DelayBefore { .. } | FaultKind::DelayAfter { .. }
                )
        };
        let says = |(endpoint, _, _): &(&str, u32, FaultKind)| *endpoint == SAY;
        self.answers == ONE
            && self
                .killed
                .iter()
                .all(|killed| killed.faults.iter().any(open) && !killed.faults.iter().any(says))
    }
}

pub const REWARD: &str = "/奖励 @小明 666 天梯第一名";

fn killed(at: Sign, faults: &[(&'static str, u32, FaultKind)]) -> Killed {
    Killed {
        faults: faults.to_vec(),
        at,
    }
}

fn reward(name: &'static str, answers: RangeInclusive<usize>, killed: Vec<Killed>) -> Crash {
    Crash {
        name,
        order: REWARD,
        points: 666,
        killed,
        answers,
    }
}

fn crashes() -> Vec<Crash> {
    use FaultKind::DropAfter;
    use FaultKind::DropBefore;
    use Sign::Paid;
    use Sign::Shown;
    use Sign::WaitsAt;

    let late = FaultKind::DelayBefore { ms: 3_500 };
    let busy = FaultKind::Rate429 {
        retry_after: RetryAfter::Seconds(0),
    };
    vec![
        reward(
            "(a) written, not applied",
            ONE,
            vec![killed(WaitsAt(CHANGE), &[(CHANGE, 0, BEFORE)])],
        ),
        reward(
            "(a) written, lands after the process has died",
            ONE,
            vec![killed(WaitsAt(CHANGE), &[(CHANGE, 0, late)])],
        ),
        reward(
            "(b) applied, not heard",
            ONE,
            vec![killed(Paid, &[(CHANGE, 0, AFTER)])],
        ),
        Crash {
            name: "(b) a deduction applied, not heard",
            order: "/扣分 @小红 80 迟到",
            points: -80,
            killed: vec![killed(Paid, &[(CHANGE, 0, AFTER)])],
            answers: ONE,
        },
        reward(
            "(c) settled, not said",
            ONE,
            vec![killed(WaitsAt(SAY), &[(SAY, 0, BEFORE)])],
        ),
        reward(
            "(d) said, not noted",
            ONE,
            vec![killed(Shown("✅"), &[(SAY, 0, AFTER)])],
        ),
        reward(
            "(d) told as not confirmed, not noted",
            ONE,
            vec![killed(
                Shown("结果待确认"),
                &[(CHANGE, 0, DropAfter), (SAY, 0, AFTER)],
            )],
        ),
        reward(
            "(e) lost with effect, before the look-up",
            ONE,
            vec![killed(
                WaitsAt(LOOK_UP),
                &[(CHANGE, 0, DropAfter), (LOOK_UP, 0, BEFORE)],
            )],
        ),
        reward(
            "(e) lost without effect, before the look-up",
            ONE,
            vec![killed(
                WaitsAt(LOOK_UP),
                &[(CHANGE, 0, DropBefore), (LOOK_UP, 0, BEFORE)],
            )],
        ),
        reward(
            "(e) lost, looked up, the answer not heard",
            ONE,
            vec![killed(
                WaitsAt(LOOK_UP),
                &[(CHANGE, 0, DropBefore), (LOOK_UP, 0, AFTER)],
            )],
        ),
        reward(
            "(f) sent again, not applied",
            ONE,
            vec![killed(
                WaitsAt(CHANGE),
                &[(CHANGE, 0, DropBefore), (CHANGE, 1, BEFORE)],
            )],
        ),
        reward(
            "(f) sent again, applied, not heard",
            ONE,
            vec![killed(Paid, &[(CHANGE, 0, DropBefore), (CHANGE, 1, AFTER)])],
        ),
        reward(
            "(f) sent again after a wait, applied, not heard",
            ONE,
            vec![killed(Paid, &[(CHANGE, 0, busy), (CHANGE, 1, AFTER)])],
        ),
        reward(
            "(g) settled by the sweep, before the edit",
            ONE,
            vec![killed(
                WaitsAt(EDIT),
                &[(CHANGE, 0, DropAfter), (EDIT, 0, BEFORE)],
            )],
        ),
        reward(
            "(h) edited, not noted",
            ONE,
            vec![killed(
                Shown("✅"),
                &[(CHANGE, 0, DropAfter), (EDIT, 0, AFTER)],
            )],
        ),
        reward(
            "(j) twice: not heard, then before the look-up",
            1..=2,
            vec![
                killed(Paid, &[(CHANGE, 0, AFTER)]),
                killed(WaitsAt(LOOK_UP), &[(LOOK_UP, 0, BEFORE)]),
            ],
        ),
        reward(
            "(j) three times: not applied, in the sending again, after the reply",
            1..=3,
            vec![
                killed(WaitsAt(CHANGE), &[(CHANGE, 0, BEFORE)]),
                killed(Paid, &[(CHANGE, 0, AFTER)]),
                killed(Shown("✅"), &[]),
            ],
        ),
    ]
}

/// Whether a fault has the last word at this endpoint: a request hangs there.
pub fn hangs(sandbox: &Running, endpoint: &str) -> bool {
    let hits = sandbox.faults().hits();
    hits.last().is_some_and(|(at, _)| at == endpoint)
}

#[tokio::test]
async fn killed_anywhere_a_change_ends_once_and_is_told() {
    let stories = crashes().into_iter().map(|crash| async move {
        let name = crash.name;
        let mut stage = Stage::new().await;
        probed(&stage).await;
        let mut said = None;
        for killed in &crash.killed {
            set(&stage, &killed.faults);
            let order = *said.get_or_insert_with(|| stage.says("阿杰", crash.order));
            come_to(&stage, killed, order).await;
            if crash.is_told_before_it_is_killed() {
                told(&stage, order).await;
            }
            stage.kill().await;
            stage.sandbox.faults().clear();
            stage.start().await;
        }
        let said = said.expect("every story kills at least once");
        let last = stage.hears_of(said, "✅").await;
        let shown = receipt(&mut stage, "阿杰", &receipt_in(&last)).await;
        assert!(
            shown.contains("已到账") || shown.contains("已扣除"),
            "{name}: {shown}"
        );
        let answers = stage.answers(said);
        assert!(
            crash.answers.contains(&answers.len()),
            "{name}: {answers:#?}"
        );
        assert!(answers[answers.len() - 1].starts_with('✅'), "{name}");
        squared(stage, &[crash.points]).await;
    });
    stream::iter(stories)
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<()>>()
        .await;
}

/// Sets troubles, each for one request: endpoint, requests let through first, what happens.
pub fn set(stage: &Stage, faults: &[(&'static str, u32, FaultKind)]) {
    for (endpoint, skip, kind) in faults {
        stage.sandbox.faults().set(FaultRule {
            endpoint: (*endpoint).to_owned(),
            skip: *skip,
            count: Some(1),
            kind: kind.clone(),
        });
    }
}

/// Waits until the process is where it is to be killed.
async fn come_to(stage: &Stage, killed: &Killed, said: Said) {
    let expected = killed.faults.len();
    let all_met = |sandbox: &Running| {
        let rules = sandbox.faults().list();
        rules.iter().filter(|rule| rule.hits > 0).count() == expected
    };
    stage
        .until("the process comes to where it is killed", |sandbox| {
            all_met(sandbox)
                && match killed.at {
                    Sign::WaitsAt(endpoint) => hangs(sandbox, endpoint),
                    Sign::Paid => !sandbox.mall().records().is_empty(),
                    Sign::Shown(part) => {
                        let answers = sandbox.answers_to(said.0);
                        answers.iter().any(|answer| text_of(answer).contains(part))
                    }
                }
        })
        .await;
}

#[tokio::test]
async fn a_sending_again_the_process_died_under_may_still_land_after_a_refusal() {
    // The window is long, so that the refusal is held however slow everything is.
    let times = "timeout = \"1s\"\nsignature_window = \"1m\"\nlook_up_after = \"200ms\"\n";
    let mut stage = Stage::with(Settings {
        mall: Some(times.to_owned()),
        ..Settings::default()
    })
    .await;
    // First only too fast, so nothing is in doubt; then sent again and killed under way.
    let busy = FaultKind::Rate429 {
        retry_after: RetryAfter::Seconds(0),
    };
    let late = FaultKind::DelayBefore { ms: 6_000 };
    set(&stage, &[(CHANGE, 0, busy), (CHANGE, 1, late)]);
    let rewarded = stage.says("阿杰", "/奖励 @小红 60 补发");
    stage
        .until("it is sent again", |sandbox| {
            sandbox.faults().hits().len() == 2
        })
        .await;
    stage.kill().await;
    let guild = stage.guild.number();
    stage.sandbox.mall().switch(guild, false);
    stage.start().await;
    stage
        .until("the third sending is refused", |sandbox| {
            let mut sent = asked(sandbox, CHANGE).into_iter();
            sent.any(|request| request.code == Some(60_001))
        })
        .await;
    stage.sandbox.mall().switch(guild, true);
    stage.hears_of(rewarded, "✅").await;
    stage.answers(rewarded);
    squared(stage, &[60]).await;
}

#[tokio::test]
async fn killed_before_its_first_word_the_next_process_says_that_it_is_not_confirmed() {
    let mut stage = Stage::without_bot(Settings::default()).await;
    // Nothing will ever settle this one.
    stage.sandbox.mall().set_shapes(Shapes {
        find_point_record: false,
        ..Shapes::default()
    });
    stage.start().await;
    set(&stage, &[(CHANGE, 0, BEFORE)]);
    let rewarded = stage.says("阿杰", REWARD);
    stage
        .until("it waits", |sandbox| sandbox.faults().hits().len() == 1)
        .await;
    stage.kill().await;
    stage.start().await;
    let told = stage.hears_of(rewarded, "未能自动确认").await;
    assert!(told.contains("请不要重发"), "{told}");
    assert_eq!(stage.answers(rewarded), [told]);
    let left = all_but_settled(stage, &[]).await;
    assert_eq!((left.unresolved, left.untold), (1, 0));
}

#[tokio::test]
async fn what_is_left_to_a_moderator_while_the_first_word_is_on_its_way_is_said_too() {
    let mut stage = Stage::without_bot(Settings {
        // Looked after when the first word is begun, and before it is said.
        mall: Some(
            "timeout = \"4s\"\nsignature_window = \"1s\"\nlook_up_after = \"200ms\"\n".to_owned(),
        ),
        ..Settings::default()
    })
    .await;
    stage.sandbox.mall().set_shapes(Shapes {
        find_point_record: false,
        ..Shapes::default()
    });
    stage.start().await;
    set(&stage, &[(CHANGE, 0, BEFORE)]);
    let rewarded = stage.says("阿杰", REWARD);
    stage
        .until("it waits", |sandbox| sandbox.faults().hits().len() == 1)
        .await;
    stage.kill().await;
    stage.fault(SAY, FaultKind::DelayBefore { ms: 5_000 });
    stage.start().await;
    let first = stage.hears(rewarded).await;
    assert!(first.contains("结果待确认"), "{first}");
    let told = stage.hears_of(rewarded, "未能自动确认").await;
    assert_eq!(stage.answers(rewarded), [told]);
    let left = all_but_settled(stage, &[]).await;
    assert_eq!((left.unresolved, left.untold), (1, 0));
}

#[tokio::test]
async fn a_first_word_that_did_not_get_through_is_said_again_while_the_change_is_open() {
    let mut stage = Stage::new().await;
    probed(&stage).await;
    stage.fault(CHANGE, FaultKind::DropAfter);
    stage.fault(SAY, FaultKind::Status500Before);
    always(&stage, LOOK_UP, FaultKind::Status500Before);
    let rewarded = stage.says("阿杰", REWARD);
    let first = stage.hears(rewarded).await;
    assert!(first.contains("结果待确认"), "{first}");
    stage.sandbox.faults().clear();
    stage.hears_of(rewarded, "✅").await;
    assert_eq!(stage.answers(rewarded).len(), 1);
    squared(stage, &[666]).await;
}

//! A guild whose points are kept by a Swan installation, in every shape its document allows.
//!
//! The invariant is that of the mall (points-backends, 5.4), with one difference: nothing is promised of
//! an id sent twice, so what cannot be found in the ledger is left to a moderator and never sent again,
//! unless the operator knows better. Source: points-backends, 2.3 to 2.6.

use std::collections::BTreeSet;

use futures_util::StreamExt;
use futures_util::stream;
use guildpoints::journal::Counts;
use guildpoints::sandbox::fault::FaultKind;
use guildpoints::sandbox::swan::CreatedField;
use guildpoints::sandbox::swan::Deduct;
use guildpoints::sandbox::swan::DetailId;
use guildpoints::sandbox::swan::ErrorForm;
use guildpoints::sandbox::swan::LedgerForm;
use guildpoints::sandbox::swan::PointsForm;
use guildpoints::sandbox::swan::RepeatedId;
use guildpoints::sandbox::swan::SwanShapes;

use crate::books::first_shown;
use crate::books::left_to_do;
use crate::books::receipt;
use crate::books::reported;
use crate::stage::Settings;
use crate::stage::Stage;
use crate::stage::receipt_in;

const MINGS: &str = "@retail_20871:corp.example";
const HONGS: &str = "@retail_20872:corp.example";

/// Stages at work at once.
pub const AT_ONCE: usize = 8;

/// A history is searched for twice the last of the waits, 60 times the first: 6 s.
const TIMES: &str = "timeout = \"1s\"\nsignature_window = \"1s\"\nlook_up_after = \"100ms\"\n";

/// A stage with the lines of `[swan.hq]`, before the bot is there.
pub async fn set(lines: &str) -> Stage {
    Stage::without_bot(Settings {
        points: Some("swan.hq"),
        swan: Some(format!("timeout = \"1s\"\n{lines}")),
        mall: Some(TIMES.to_owned()),
        ..Settings::default()
    })
    .await
}

/// The same with the bot connected.
pub async fn stage(lines: &str) -> Stage {
    let mut stage = set(lines).await;
    stage.start().await;
    stage
}

/// What Swan has booked for the bot, oldest first; no id has effect twice.
fn booked(stage: &Stage) -> Vec<i64> {
    let entries = stage.sandbox.swan().entries().into_iter();
    let ours: Vec<_> = entries
        .filter(|entry| entry.transaction_id.starts_with("gp-"))
        .collect();
    let ids: BTreeSet<&str> = ours.iter().map(|e| e.transaction_id.as_str()).collect();
    assert_eq!(ids.len(), ours.len(), "an id had effect twice");
    ours.iter().map(|entry| entry.points).collect()
}

/// The requests to Swan so far, by the names of their endpoints.
fn asked(stage: &Stage) -> Vec<String> {
    let requests = stage.sandbox.swan().requests().into_iter();
    requests.map(|request| request.endpoint).collect()
}

/// The sendings of changes that are over so far.
pub fn sendings(stage: &Stage) -> usize {
    asked(stage)
        .iter()
        .filter(|name| *name == "swan.add")
        .count()
}

/// Ends a story: Swan booked exactly `paid`, the chat says the same, the mall heard nothing. What is
/// left to do.
pub async fn over(mut stage: Stage, paid: &[i64]) -> Counts {
    let status = stage.stop().await;
    assert!(status.success(), "{status}\n{}", stage.log());
    assert_eq!(
        booked(&stage),
        paid,
        "{}\n{}",
        stage.conversation(),
        stage.log()
    );
    assert_eq!(
        reported(&stage),
        paid.iter().sum::<i64>(),
        "{}",
        stage.conversation()
    );
    assert!(stage.paid().is_empty(), "the mall is another system");
    let left = left_to_do(&stage).await;
    stage.finish().await;
    left
}

#[tokio::test]
async fn a_reward_stands_in_swans_own_ledger() {
    let mut stage = stage("change_type = \"FANBOOK_REWARD\"\n").await;
    let rewarded = stage.says("阿杰", "/奖励 @小明 100 周赛第一");
    let told = stage.hears_of(rewarded, "✅").await;
    assert!(told.starts_with("✅ 小明 +100 → 440 · 周赛第一"), "{told}");
    let balance = stage.says("小明", "/积分");
    let told = stage.hears_of(balance, "440").await;
    assert!(!told.contains("retail_20871"), "{told}");
    let entry = stage.sandbox.swan().ledger(MINGS).remove(0);
    assert_eq!((entry.points, entry.kind.as_str()), (100, "FANBOOK_REWARD"));
    assert_eq!(entry.info, format!("周赛第一 [{}]", entry.transaction_id));
    assert_eq!(over(stage, &[100]).await, Counts::default());
}

#[tokio::test]
async fn points_are_taken_only_where_the_operator_has_enabled_it() {
    let mut off = stage("").await;
    let deducted = off.says("阿杰", "/扣分 @小明 40 违规");
    let told = off.hears(deducted).await;
    assert!(told.contains("管理员尚未启用扣减，积分没有变动"), "{told}");
    assert_eq!(sendings(&off), 0);
    assert_eq!(over(off, &[]).await, Counts::default());

    let mut on = stage("deduct = \"negative\"\n").await;
    let deducted = on.says("阿杰", "/扣分 @小明 40 违规");
    let told = on.hears_of(deducted, "✅").await;
    assert!(told.contains("-40 → 300"), "{told}");
    assert_eq!(over(on, &[-40]).await, Counts::default());
}

#[tokio::test]
async fn whoever_is_not_linked_is_told_so() {
    let mut stage = stage("").await;
    let linked: Vec<_> = stage
        .sandbox
        .accounts()
        .into_iter()
        .map(|a| a.member)
        .collect();
    let members = stage.sandbox.members(stage.guild);
    let mut unlinked = members
        .iter()
        .filter(|member| !member.bot && !linked.contains(&member.id));
    let unlinked = unlinked
        .next()
        .expect("somebody has no account")
        .nickname
        .clone();
    let asked_for = stage.says(&unlinked, "/积分");
    stage.hears(asked_for).await;
    assert!(
        asked(&stage).is_empty(),
        "nobody is asked for on a member's word"
    );
    assert_eq!(over(stage, &[]).await, Counts::default());
}

#[tokio::test]
async fn a_no_is_told_in_whatever_form_it_comes() {
    let forms = [
        ErrorForm::Json,
        ErrorForm::Text,
        ErrorForm::Empty,
        ErrorForm::Status200,
    ];
    let rows = forms.into_iter().flat_map(|form| {
        [Deduct::Negative, Deduct::Refuse, Deduct::ByType].map(|deduct| (form, deduct))
    });
    let stories = rows.map(|(error_form, deduct)| async move {
        let mut stage = set("deduct = \"negative\"\n").await;
        let shapes = SwanShapes {
            error_form,
            deduct,
            ..SwanShapes::default()
        };
        stage.sandbox.swan().set_shapes(shapes.clone());
        stage.start().await;
        // 75 are there; where deductions are refused, they are refused for everybody.
        let deducted = stage.says("阿杰", "/扣分 @小红 80 迟到");
        let told = stage.hears_of(deducted, "没有扣除").await;
        assert_eq!(stage.sandbox.swan().balance(HONGS), Some(75));
        // What comes with status 200 says no and yes at once, so it is looked up first.
        let verified = asked(&stage).iter().any(|name| name == "swan.ledger");
        assert_eq!(verified, error_form == ErrorForm::Status200, "{shapes:?}");
        assert_eq!(sendings(&stage), 1, "{shapes:?}");
        let code = receipt_in(&told);
        let for_staff = receipt(&mut stage, "阿杰", &code).await;
        let status = if verified { "200" } else { "400" };
        assert!(for_staff.contains(status), "{shapes:?}: {for_staff}");
        let left = over(stage, &[]).await;
        assert_eq!(left, Counts::default(), "{shapes:?}");
    });
    stream::iter(stories)
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<()>>()
        .await;
}

#[tokio::test]
async fn a_lost_change_is_found_in_every_shape_of_the_ledger() {
    let forms = [
        LedgerForm::Documented,
        LedgerForm::Object,
        LedgerForm::Array,
    ];
    let details = [DetailId::Number, DetailId::TransactionId];
    let rows = forms
        .into_iter()
        .flat_map(|ledger| details.map(|detail_id| (ledger, detail_id)));
    let stories = rows.map(|(ledger, detail_id)| async move {
        let number = ledger == LedgerForm::Array;
        let shapes = SwanShapes {
            ledger,
            detail_id,
            points: if number {
                PointsForm::Number
            } else {
                PointsForm::String
            },
            created: match detail_id {
                DetailId::Number => CreatedField::CreateAt,
                _ => CreatedField::CreatedAt,
            },
            ..SwanShapes::default()
        };
        let mut stage = set("").await;
        stage.sandbox.swan().set_shapes(shapes.clone());
        stage.start().await;
        stage.fault("swan.add", FaultKind::DropAfter);
        let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
        stage.hears_of(rewarded, "✅").await;
        assert!(
            first_shown(&stage, rewarded).contains("结果待确认"),
            "{shapes:?}"
        );
        assert_eq!(sendings(&stage), 1, "{shapes:?}");
        assert_eq!(over(stage, &[666]).await, Counts::default(), "{shapes:?}");
    });
    stream::iter(stories)
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<()>>()
        .await;
}

#[tokio::test]
async fn what_no_ledger_shows_is_left_to_a_moderator_and_never_sent_again() {
    let mut stage = stage("").await;
    stage.fault("swan.add", FaultKind::DropBefore);
    let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    stage.hears_of(rewarded, "未能自动确认").await;
    let searched = asked(&stage)
        .iter()
        .filter(|name| *name == "swan.ledger")
        .count();
    assert!(searched >= 3, "{searched} searches are not enough");
    assert_eq!(sendings(&stage), 1);
    // Not even by the next process.
    stage.restart().await;
    let other = stage.says("阿杰", "/奖励 @小红 5 补发");
    stage.hears_of(other, "✅").await;
    assert_eq!(sendings(&stage), 2);
    let left = over(stage, &[5]).await;
    assert_eq!(left.unresolved, 1);
}

#[tokio::test]
async fn a_ledger_that_cannot_be_read_proves_nothing() {
    let mut stage = set("").await;
    let malformed = SwanShapes {
        ledger: LedgerForm::Malformed,
        ..SwanShapes::default()
    };
    stage.sandbox.swan().set_shapes(malformed);
    stage.start().await;
    stage.fault("swan.add", FaultKind::DropAfter);
    let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    stage.hears_of(rewarded, "结果待确认").await;
    stage
        .until("the ledger is read in vain", |sandbox| {
            let requests = sandbox.swan().requests();
            requests
                .iter()
                .filter(|asked| asked.endpoint == "swan.ledger")
                .count()
                >= 3
        })
        .await;
    stage.sandbox.swan().set_shapes(SwanShapes::default());
    stage.hears_of(rewarded, "✅").await;
    assert_eq!(sendings(&stage), 1);
    assert_eq!(over(stage, &[666]).await, Counts::default());
}

#[tokio::test]
async fn where_an_id_counts_once_it_is_sent_again_and_pays_once() {
    let forms = [RepeatedId::Silent, RepeatedId::Conflict];
    let faults = [
        FaultKind::DropBefore,
        FaultKind::DropAfter,
        FaultKind::Status500Before,
        // Longer than the time-out: original and repetition both arrive.
        FaultKind::DelayBefore { ms: 3_000 },
    ];
    let rows = forms
        .into_iter()
        .flat_map(|form| faults.clone().map(|fault| (form, fault)));
    let stories = rows.map(|(repeated_id, fault)| async move {
        let mut stage = set("transaction_id_dedup = true\n").await;
        let shapes = SwanShapes {
            repeated_id,
            ..SwanShapes::default()
        };
        stage.sandbox.swan().set_shapes(shapes);
        stage.start().await;
        stage.fault("swan.add", fault.clone());
        let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
        stage.hears_of(rewarded, "✅").await;
        let sent = if fault == FaultKind::DropAfter { 1 } else { 2 };
        if let FaultKind::DelayBefore { .. } = fault {
            stage
                .until("the original lands, too late", |sandbox| {
                    let requests = sandbox.swan().requests().into_iter();
                    let sent = requests.filter(|asked| asked.endpoint == "swan.add");
                    sent.filter(|asked| asked.status.is_some()).count() == 2
                })
                .await;
        }
        assert_eq!(sendings(&stage), sent, "{repeated_id:?} {fault:?}");
        assert_eq!(
            over(stage, &[666]).await,
            Counts::default(),
            "{repeated_id:?} {fault:?}"
        );
    });
    stream::iter(stories)
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<()>>()
        .await;
}

/// Asks for three people and presses the button.
async fn three(stage: &mut Stage) -> crate::stage::Said {
    let said = stage.says("阿杰", "/奖励 @小明 @小红 @星海 100 周赛");
    stage.hears_of(said, "确认吗").await;
    let (message, data) = stage.button(said, "确认");
    stage.sandbox.press(stage.user("阿杰"), message, &data);
    said
}

#[tokio::test]
async fn of_several_one_goes_after_the_other_and_a_doubt_stops_the_rest() {
    let mut stage = stage("").await;
    stage.fault("swan.add", FaultKind::DropAfter);
    let said = three(&mut stage).await;
    stage.hears_of(said, "已到账 3").await;
    // The second left only after the ledger had shown the first.
    let asked = asked(&stage);
    let first = asked
        .iter()
        .position(|name| name == "swan.add")
        .expect("it is sent");
    let after = asked[first + 1..]
        .iter()
        .find(|name| *name != "swan.balance");
    assert_eq!(after.map(String::as_str), Some("swan.ledger"), "{asked:?}");
    assert_eq!(sendings(&stage), 3);
    assert_eq!(booked(&stage), [100, 100, 100]);
    let status = stage.stop().await;
    assert!(status.success());
    assert_eq!(left_to_do(&stage).await, Counts::default());
    stage.finish().await;
}

#[tokio::test]
async fn while_a_moderator_has_to_decide_the_rest_waits_unsent() {
    let mut stage = stage("").await;
    stage.fault("swan.add", FaultKind::DropBefore);
    let said = three(&mut stage).await;
    let told = stage.hears_of(said, "未能自动确认").await;
    assert_eq!(told.matches("排队中").count(), 2, "{told}");
    assert_eq!(sendings(&stage), 1);
    // Neither does a new process send them while the first is open.
    stage.restart().await;
    let other = stage.says("阿杰", "/奖励 @小红 5 补发");
    stage.hears_of(other, "✅").await;
    assert_eq!(booked(&stage), [5]);
    let status = stage.stop().await;
    assert!(status.success());
    let left = left_to_do(&stage).await;
    assert_eq!((left.unresolved, left.queued), (1, 2));
    stage.finish().await;
}

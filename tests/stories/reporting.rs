//! Events reported to Swan: reported once whatever is lost, and never called points.
//!
//! Source: points-backends, 2.3.5 and 5.2: the answer does not say whether any were granted, a repeated
//! `operationId` has no effect, and neither has an event nobody has a rule for.

use std::process::Output;

use guildpoints::sandbox::fault::FaultKind;
use guildpoints::sandbox::fault::FaultRule;
use guildpoints::sandbox::swan::SwanEntry;
use serde_json::json;

use crate::stage::Settings;
use crate::stage::Stage;

const STAFF: &str = "@staff_jie:corp.example";

/// Requests die soon, and what is in doubt is repeated soon.
const TIMES: &str = "timeout = \"1s\"\nsignature_window = \"1s\"\nlook_up_after = \"100ms\"\n";

async fn stage() -> Stage {
    Stage::unhurried(settings("timeout = \"1s\"\n")).await
}

fn settings(swan: &str) -> Settings {
    Settings {
        points: Some("swan.hq"),
        swan: Some(swan.to_owned()),
        mall: Some(TIMES.to_owned()),
        ..Settings::default()
    }
}

/// What the bot's reports came to in Swan's own books, oldest first.
fn booked(stage: &Stage) -> Vec<(i64, String)> {
    let entries = stage.sandbox.swan().entries().into_iter();
    let ours = entries.filter(|entry| entry.transaction_id.starts_with("gp-"));
    let row = |entry: SwanEntry| (entry.points, entry.kind);
    ours.map(row).collect()
}

/// Reports Swan has seen and answered, or meant to.
fn sendings(stage: &Stage) -> usize {
    let requests = stage.sandbox.swan().requests().into_iter();
    let reports = requests.filter(|asked| asked.endpoint == "swan.report");
    reports.count()
}

fn faults(stage: &Stage, kind: FaultKind, count: Option<u32>) {
    stage.sandbox.faults().set(FaultRule {
        endpoint: "swan.report".to_owned(),
        skip: 0,
        count,
        kind,
    });
}

/// Somebody's next command is answered, so what they said before has been dealt with.
async fn settles(stage: &mut Stage) {
    let asked = stage.says("阿杰", "/帮助 积分");
    stage.hears(asked).await;
}

fn shared() -> Vec<(i64, String)> {
    vec![(20, "SHARE_ARTICLE".to_owned())]
}

#[tokio::test]
async fn an_event_is_reported_once_however_often_its_message_arrives() {
    let mut stage = stage().await;
    let text = "/上报 SHARE_ARTICLE @小明";
    let said = stage.says("阿杰", text);
    let told = stage.hears_of(said, "✅ 已上报").await;
    assert!(told.contains("SHARE_ARTICLE（swan.hq）"), "{told}");
    for wrong in ["20", "到账", "+", "retail"] {
        assert!(!told.contains(wrong), "{wrong}: {told}");
    }
    assert_eq!(booked(&stage), shared());
    stage.delivers(said, "阿杰", text, json!({}));
    settles(&mut stage).await;
    // Nobody of the next process remembers it; the store does, also with other words in it.
    stage.restart().await;
    for text in [text, "/report VIEW_STUDIO @小明"] {
        stage.delivers(said, "阿杰", text, json!({}));
        settles(&mut stage).await;
    }
    assert_eq!(sendings(&stage), 1);
    assert_eq!(booked(&stage), shared());
    assert_eq!(stage.answers(said).len(), 1);
    stage.finish().await;
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_under_the_same_id() {
    let kinds = [
        FaultKind::DropAfter,
        FaultKind::DropBefore,
        FaultKind::Status500After,
    ];
    for kind in kinds {
        let mut stage = stage().await;
        faults(&stage, kind.clone(), Some(1));
        let said = stage.says("阿杰", "/report SHARE_ARTICLE @小明 hq");
        let told = stage.hears(said).await;
        assert!(told.contains("✅ 已上报"), "{kind:?}: {told}");
        assert_eq!(sendings(&stage), 2, "{kind:?}");
        assert_eq!(booked(&stage), shared(), "{kind:?}");
        stage.finish().await;
    }
}

#[tokio::test]
async fn what_stays_in_doubt_is_said_to_be_and_repeated_until_it_is_certain() {
    let mut stage = stage().await;
    faults(&stage, FaultKind::DropAfter, Some(3));
    let said = stage.says("阿杰", "/上报 SHARE_ARTICLE @小明");
    let first = stage.hears(said).await;
    assert!(first.contains("结果待确认"), "{first}");
    assert!(first.contains("操作编号 gp-"), "{first}");
    stage.hears_of(said, "✅ 已上报").await;
    assert_eq!(sendings(&stage), 4);
    assert_eq!(booked(&stage), shared());
    assert_eq!(stage.answers(said).len(), 1);
    stage.finish().await;
}

#[tokio::test]
async fn a_refusal_after_a_doubt_is_no_refusal() {
    let mut stage = stage().await;
    stage.sandbox.swan().set_rule("FINE", Some(-1_000_000));
    faults(&stage, FaultKind::DropBefore, Some(1));
    let said = stage.says("阿杰", "/上报 FINE @小明");
    // The second is refused, which says nothing of the first.
    let first = stage.hears(said).await;
    assert!(first.contains("结果待确认"), "{first}");
    stage
        .until("it is repeated all the same", |sandbox| {
            let requests = sandbox.swan().requests().into_iter();
            let refused = requests.filter(|asked| asked.status == Some(400));
            refused.count() >= 2
        })
        .await;
    stage.sandbox.swan().set_rule("FINE", Some(5));
    stage.hears_of(said, "✅ 已上报").await;
    assert_eq!(booked(&stage), [(5, "FINE".to_owned())]);
    stage.finish().await;
}

#[tokio::test]
async fn a_no_is_told_with_its_code_and_an_unknown_event_is_only_reported() {
    let mut stage = stage().await;
    stage.sandbox.swan().set_rule("FINE", Some(-1_000_000));
    let refused = stage.says("阿杰", "/上报 FINE @小明");
    let told = stage.hears(refused).await;
    assert!(told.contains("❌") && told.contains("没有上报"), "{told}");
    assert!(told.contains("（代码 400 SWAN_"), "{told}");
    assert_eq!(sendings(&stage), 1);
    let unknown = stage.says("阿杰", "/上报 NOBODYS_RULE @小明");
    let told = stage.hears(unknown).await;
    assert!(told.contains("✅ 已上报"), "{told}");
    assert_eq!(booked(&stage), []);
    stage.finish().await;
}

#[tokio::test]
async fn both_have_to_be_linked_and_only_staff_may_report() {
    let mut stage = stage().await;
    let linked = stage.sandbox.accounts();
    let members = stage.sandbox.members(stage.guild).into_iter();
    let mut others = members.filter(|member| {
        let has_one = linked.iter().any(|account| same(account, member.id));
        !member.bot && !has_one
    });
    let other = others.next().expect("somebody has no account").nickname;
    for (who, text, wanted) in [
        // An administrator whose account over there is a customer's.
        ("星海", "/上报 VIEW_STUDIO @小明".to_owned(), "员工账号"),
        (
            "阿杰",
            format!("/上报 VIEW_STUDIO @{other}"),
            "对方还没有绑定",
        ),
        ("阿杰", "/上报 VIEW_STUDIO @阿杰".to_owned(), "不能给自己"),
        ("小明", "/上报 VIEW_STUDIO @小红".to_owned(), "没有使用"),
        ("阿杰", "/上报 @小明".to_owned(), "请写上事件名"),
        ("阿杰", "/上报 浏览 @小明".to_owned(), "不是事件名"),
        ("阿杰", "/上报 VIEW_STUDIO".to_owned(), "请写上事件名和成员"),
        ("阿杰", "/上报 X @小明 goose".to_owned(), "分不清“goose”"),
    ] {
        let said = stage.says(who, &text);
        let told = stage.hears(said).await;
        assert!(told.contains(wanted), "{text}: {told}");
    }
    assert_eq!(sendings(&stage), 0);
    let stopped = stage.says("星海", "/暂停发放 盘点");
    stage.hears_of(stopped, "暂停").await;
    let said = stage.says("阿杰", "/上报 VIEW_STUDIO @小明");
    let told = stage.hears(said).await;
    assert!(told.contains("已暂停发放积分"), "{told}");
    assert_eq!(sendings(&stage), 0);
    stage.finish().await;
}

fn same(account: &guildpoints::sandbox::SeededAccount, member: guildpoints::model::UserId) -> bool {
    account.system == "swan" && account.member == member
}

#[tokio::test]
async fn where_no_system_takes_reports_that_is_said() {
    let mut stage = Stage::new().await;
    let said = stage.says("阿杰", "/上报 VIEW_STUDIO @小明");
    let told = stage.hears(said).await;
    assert_eq!(told, "该积分系统不支持事件上报");
    stage.finish().await;
}

#[tokio::test]
async fn a_killed_bot_reports_on_after_its_start_and_once() {
    let mut stage = Stage::unhurried(settings("timeout = \"4s\"\n")).await;
    faults(&stage, FaultKind::DelayAfter { ms: 60_000 }, Some(1));
    let said = stage.says("阿杰", "/上报 SHARE_ARTICLE @小明");
    stage
        .until("the report took effect", |sandbox| {
            let entries = sandbox.swan().entries().into_iter();
            let mut kinds = entries.map(|entry| entry.kind);
            kinds.any(|kind| kind == "SHARE_ARTICLE")
        })
        .await;
    stage.kill().await;
    stage.start().await;
    stage.hears_of(said, "✅ 已上报").await;
    assert_eq!(booked(&stage), shared());
    assert_eq!(stage.answers(said).len(), 1);
    stage.finish().await;
}

#[tokio::test]
async fn what_was_begun_is_not_refused_when_its_message_comes_again() {
    let mut stage = Stage::unhurried(settings("timeout = \"4s\"\n")).await;
    faults(&stage, FaultKind::DelayAfter { ms: 60_000 }, Some(1));
    let said = stage.says("阿杰", "/上报 SHARE_ARTICLE @小明");
    stage
        .until("the report was sent", |sandbox| {
            let requests = sandbox.swan().requests();
            requests
                .iter()
                .any(|request| request.endpoint == "swan.report")
        })
        .await;
    stage.kill().await;
    // Whoever asks now is refused; what was written down goes on.
    stage
        .change_store("delete from links where kind = 'staff'")
        .await;
    stage.start().await;
    stage.sandbox.redelivers(said.0);
    stage.hears_of(said, "✅ 已上报").await;
    assert_eq!(stage.answers(said).len(), 1);
    // Nor was a refusal said that the answer has replaced since.
    let log = stage.log();
    assert!(!log.contains("refused rule="), "{log}");
    assert_eq!(booked(&stage), shared());
    stage.finish().await;
}

#[tokio::test]
async fn after_twenty_minutes_it_is_left_to_the_operator() {
    let mut stage = stage().await;
    faults(&stage, FaultKind::DropAfter, None);
    let said = stage.says("阿杰", "/上报 SHARE_ARTICLE @小明");
    stage.hears_of(said, "结果待确认").await;
    stage.kill().await;
    stage
        .change_store("update reports set written_ms = written_ms - 1200000, next_ms = 1")
        .await;
    stage.start().await;
    let told = stage.hears_of(said, "⚠️").await;
    assert!(told.contains("已停止重试"), "{told}");
    let operation = told.rsplit('：').next().unwrap().trim().to_owned();
    assert!(operation.starts_with("gp-"), "{told}");
    let before = sendings(&stage);
    stage.sandbox.faults().clear();
    // What the answer says to do counts once.
    let ming = stage.user("小明").to_string();
    let jie = stage.user("阿杰").to_string();
    let again = ["--user", &ming, "--staff", &jie, "--operation", &operation];
    let output = run(&stage, "SHARE_ARTICLE", &again).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(sendings(&stage), before + 1);
    assert_eq!(booked(&stage), shared());
    stage.finish().await;
}

async fn run(stage: &Stage, event: &str, arguments: &[&str]) -> Output {
    let mut program = stage.program("report");
    program.args(["swan.hq", event]).args(arguments);
    let run = tokio::task::spawn_blocking(move || program.output().expect("the program runs"));
    run.await.expect("running it does not panic")
}

#[tokio::test]
async fn an_operator_reports_and_repeats_under_one_id() {
    let mut stage = stage().await;
    let ming = stage.user("小明").to_string();
    let who = ["--user", ming.as_str(), "--staff", STAFF];
    faults(&stage, FaultKind::DropAfter, Some(1));
    let lost = run(&stage, "VIEW_STUDIO", &who).await;
    assert_eq!(lost.status.code(), Some(3), "{lost:?}");
    let (out, err) = texts(&lost);
    let operation = out.trim().rsplit(' ').next().unwrap().to_owned();
    assert!(err.contains(&format!("--operation {operation}")), "{err}");
    let again = run(
        &stage,
        "VIEW_STUDIO",
        &[who.as_slice(), &["--operation", &operation]].concat(),
    )
    .await;
    assert_eq!(again.status.code(), Some(0), "{again:?}");
    assert!(texts(&again).0.contains("已上报"), "{again:?}");
    assert_eq!(booked(&stage), [(5, "VIEW_STUDIO".to_owned())]);
    stage.sandbox.swan().set_rule("FINE", Some(-1_000_000));
    let refused = run(&stage, "FINE", &who).await;
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert!(texts(&refused).1.contains("没有上报"), "{refused:?}");
    for (event, who, code) in [
        ("a b", ["--user", ming.as_str(), "--staff", STAFF], 2),
        ("X", ["--user", "nobody", "--staff", STAFF], 2),
        ("X", ["--user", "223456789012345000", "--staff", STAFF], 1),
        ("X", ["--user", STAFF, "--staff", ming.as_str()], 1),
    ] {
        let output = run(&stage, event, &who).await;
        assert_eq!(output.status.code(), Some(code), "{who:?}: {output:?}");
        assert!(output.stdout.is_empty(), "nothing is sent: {output:?}");
        let (_, err) = texts(&output);
        assert!(!err.contains("retail_20871"), "{err}");
    }
    settles(&mut stage).await;
    stage.finish().await;
}

fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

//! What an operator sees and does: health, signals, locks, stores, refused sending, logs.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use guildpoints::model::MessageId;
use guildpoints::ops::METRICS;
use guildpoints::sandbox::GatewayAct;
use guildpoints::sandbox::fault::FaultKind;
use guildpoints::sandbox::fault::FaultRule;
use serde_json::Value;
use serde_json::json;

use crate::stage::Said;
use crate::stage::Settings;
use crate::stage::Stage;
use crate::stage::receipt_in;

/// How long a state of the operator's pages is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the bot says where nothing can be written down.
pub const NOT_WRITTEN: &str = "账本暂时无法写入";

#[tokio::test]
async fn readiness_follows_gateway_store_and_mall() {
    let mut stage = Stage::without_bot(Settings::default()).await;
    let ops = Ops::of(&mut stage);
    stage.start().await;
    // Nobody has asked for anything yet, and that is no trouble.
    let ready = ops.ready_until(|status, _| status == 200).await;
    assert_eq!(ready, json!({"status": "ready", "role": "owner"}));

    stage.sandbox.faults().set(FaultRule::always(
        "getUserPoint",
        FaultKind::Status500Before,
    ));
    let asked = stage.says("小明", "/积分");
    stage.hears_of(asked, "稍后再试").await;
    let degraded = ops
        .ready_until(|_, body| body["status"] == "degraded")
        .await;
    assert!(degraded["trouble"]["mall"].is_string(), "{degraded}");
    assert_eq!(
        ops.get("/ready").await.0,
        200,
        "commands are still carried out"
    );
    stage.sandbox.faults().clear();
    let asked = stage.says("小明", "/积分");
    stage.hears_of(asked, "2,474").await;
    ops.ready_until(|_, body| body["status"] == "ready").await;

    stage.sandbox.gateway(GatewayAct::Refuse);
    stage.sandbox.gateway(GatewayAct::Drop);
    let down = ops.ready_until(|status, _| status == 503).await;
    assert_eq!(down["status"], "unavailable");
    let what = down["trouble"]["gateway"].as_str().unwrap();
    assert!(what.contains("trying again"), "{what}");
    let health = ops.health().await;
    assert_eq!(health["edges"]["gateway"]["ok"], false);
    assert!(health["edges"]["gateway"]["last_success"].is_string());
    stage.sandbox.gateway(GatewayAct::Accept);
    ops.ready_until(|status, _| status == 200).await;
    stage.finish().await;
}

#[tokio::test]
async fn readiness_follows_each_points_system_that_a_guild_uses() {
    let mut stage = Stage::without_bot(Settings {
        points: Some("ledger"),
        guild: "also = [\"swan.hq\"]\n".to_owned(),
        swan: Some(String::new()),
        ..Settings::default()
    })
    .await;
    let ops = Ops::of(&mut stage);
    stage.start().await;
    let faults = stage.sandbox.faults();
    faults.set(FaultRule::always("swan.*", FaultKind::Status500Before));
    let asked = stage.says("小明", "/积分");
    stage.hears_of(asked, "内置账本").await;
    let degraded = ops
        .ready_until(|_, body| body["status"] == "degraded")
        .await;
    let trouble = degraded["trouble"].as_object().unwrap();
    assert_eq!(
        trouble.keys().collect::<Vec<_>>(),
        ["swan.hq"],
        "{degraded}"
    );
    assert_eq!(ops.get("/ready").await.0, 200);
    stage.finish().await;
}

#[tokio::test]
async fn metrics_have_the_documented_names_and_no_id_and_no_secret() {
    let mut stage = Stage::without_bot(Settings::default()).await;
    let ops = Ops::of(&mut stage);
    stage.start().await;
    let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    stage.hears_of(rewarded, "✅").await;
    let asked = stage.says("小明", "/积分");
    stage.hears(asked).await;
    let refused = stage.says("小明", "/奖励 @小红 5");
    stage.hears(refused).await;
    stage.sandbox.inject("{");
    let asked = stage.says("小红", "/积分");
    stage.hears(asked).await;
    stage.sandbox.gateway(GatewayAct::Drop);
    stage.logged("connected to the gateway", 2).await;

    let (status, metrics) = ops.get("/metrics").await;
    assert_eq!(status, 200);
    let (_, health) = ops.get("/health").await;
    let (_, ready) = ops.get("/ready").await;
    let mut seen = BTreeSet::new();
    for line in metrics
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
    {
        let (name, kind) = line.split_once(' ').unwrap();
        if name.starts_with("process_") {
            continue;
        }
        let metric = METRICS.iter().find(|metric| metric.name == name);
        let metric = metric.unwrap_or_else(|| panic!("{name} is documented nowhere"));
        assert_eq!(format!("{:?}", metric.kind).to_lowercase(), kind, "{name}");
        assert!(
            metrics.contains(&format!("# HELP {name} {}", metric.help)),
            "{name}"
        );
        seen.insert(name);
        for labels in labels_of(&metrics, name) {
            let known = metric.labels.contains(&labels.as_str()) || labels == "le";
            assert!(known, "{name} has the label {labels}");
        }
    }
    for name in [
        "guildpoints_info",
        "guildpoints_edge_up",
        "guildpoints_commands_total",
        "guildpoints_frames_total",
        "guildpoints_gateway_lost_total",
        "guildpoints_mall_requests_total",
        "guildpoints_mall_request_seconds",
        "guildpoints_api_calls_total",
        "guildpoints_journal_commits_total",
        "guildpoints_journal_open_entries",
    ] {
        assert!(seen.contains(name), "no {name} in\n{metrics}");
    }
    for line in [
        "guildpoints_edge_up{edge=\"gateway\"} 1",
        "guildpoints_commands_total{command=\"reward\"} 2",
        "guildpoints_frames_total{kind=\"broken\"} 1",
    ] {
        assert!(metrics.contains(line), "no `{line}` in\n{metrics}");
    }
    let mut forbidden = vec![
        stage.sandbox.bot_token(),
        stage.sandbox.app_key(),
        stage.sandbox.app_secret(),
        stage.guild.to_string(),
        stage.channel.to_string(),
    ];
    forbidden.extend(
        stage
            .sandbox
            .members(stage.guild)
            .iter()
            .map(|member| member.id.to_string()),
    );
    for text in [metrics, health, ready] {
        for secret in &forbidden {
            assert!(!text.contains(secret), "{secret} in\n{text}");
        }
    }
    stage.finish().await;
}

#[tokio::test]
async fn a_payment_that_answers_in_time_is_finished_and_told_before_the_end() {
    let mut stage = Stage::with(mall_timeout("20s")).await;
    stage.fault("modifyUserPoint", FaultKind::DelayAfter { ms: 3_000 });
    let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    stage.until("the mall has paid", paid_once).await;
    let status = stage.stop().await;
    assert_eq!(status.code(), Some(0), "{}", stage.log());
    let answers = stage.answers(rewarded);
    assert!(
        answers.len() == 1 && answers[0].starts_with("✅"),
        "{}",
        stage.conversation()
    );
    stage.finish().await;
}

#[tokio::test]
async fn a_payment_that_hangs_is_parked_within_ten_seconds_and_settled_by_the_next_start() {
    let mut stage = Stage::with(mall_timeout("12s")).await;
    stage.fault("modifyUserPoint", FaultKind::DelayAfter { ms: 120_000 });
    // A question hangs as well; it is worth less than an end in time, and asked again by the next.
    stage.fault("getUserPoint", FaultKind::DelayAfter { ms: 120_000 });
    let asked_too = stage.says("小明", "/积分");
    let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    stage.until("the mall has paid", paid_once).await;
    let asked = Instant::now();
    let status = stage.stop().await;
    assert_eq!(status.code(), Some(0), "{}", stage.log());
    // Twice what is promised, for a machine with other things to do.
    assert!(asked.elapsed() < Duration::from_secs(20));
    let answer = stage.hears(rewarded).await;
    assert!(answer.contains("结果待确认"), "{answer}");
    stage.start().await;
    let last = stage.hears_of(rewarded, "✅").await;
    assert_eq!(receipt_in(&answer), receipt_in(&last));
    assert_eq!(stage.answers(rewarded).len(), 1);
    stage.hears_of(asked_too, "3,140").await;
    assert_eq!(stage.paid(), [(666, "天梯第一名".to_owned())]);
    stage.finish().await;
}

#[tokio::test]
async fn a_second_signal_ends_at_once_and_loses_nothing() {
    let mut stage = Stage::with(mall_timeout("2s")).await;
    // Nothing here ends by itself within the drain.
    stage.fault("modifyUserPoint", FaultKind::DelayAfter { ms: 120_000 });
    stage.sandbox.faults().set(FaultRule::always(
        "findPointRecord",
        FaultKind::DelayBefore { ms: 120_000 },
    ));
    let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    stage.until("the mall has paid", paid_once).await;
    stage.signal("TERM");
    stage.logged("once more stops at once", 1).await;
    let ended = tokio::time::timeout(PATIENCE, stage.signalled_again()).await;
    let status = ended.expect("it ends");
    assert_eq!(status.code(), Some(143), "{}", stage.log());
    assert!(stage.log().contains("stopped at once"));
    stage.sandbox.faults().clear();
    stage.start().await;
    stage.hears_of(rewarded, "✅").await;
    assert_eq!(stage.answers(rewarded).len(), 1);
    assert_eq!(stage.paid(), [(666, "天梯第一名".to_owned())]);
    stage.finish().await;
}

#[tokio::test]
async fn a_second_process_on_the_same_store_ends_with_a_sentence_and_the_first_goes_on() {
    let mut stage = Stage::new().await;
    let second = second_run(&stage).await;
    assert_eq!(second.status.code(), Some(1));
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(
        said.contains("another guildpoints works on this store") && said.contains("stop it first"),
        "{said}"
    );
    let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    stage.hears_of(rewarded, "✅").await;
    assert_eq!(stage.answers(rewarded).len(), 1);
    stage.finish().await;
}

#[tokio::test]
async fn a_full_store_pays_nothing_and_says_so_until_there_is_room() {
    let mut stage = Stage::without_bot(Settings::default()).await;
    let ops = Ops::of(&mut stage);
    quick_rewards(&mut stage);
    stage.start().await;
    let status = stage.stop().await;
    assert!(status.success());
    let file = fs::metadata(stage.folder().join("guildpoints.db")).unwrap();
    let pages = file.len() / 4_096;
    stage.settings.store = Some(format!("sqlite://guildpoints.db?max_pages={pages}"));
    stage.start().await;

    // What is left on the last pages is used up first.
    let reason = "很".repeat(99);
    let mut rewarded = Vec::new();
    let unwritten = loop {
        let said = stage.says("阿杰", &format!("/奖励 @小明 1 {reason}"));
        let answer = stage.hears(said).await;
        if answer.contains(NOT_WRITTEN) {
            break said;
        }
        rewarded.push(said);
        assert!(rewarded.len() < 200, "the store never filled");
    };
    assert_eq!(stage.paid().len(), rewarded.len());
    let down = ops.ready_until(|status, _| status == 503).await;
    assert_eq!(down["trouble"]["store"], "the store is full");
    // Questions need no journal.
    let asked = stage.says("小红", "/积分");
    stage.hears_of(asked, "120").await;
    let again = stage.says("夜雨", &format!("/奖励 @小明 1 {reason}"));
    stage.hears_of(again, NOT_WRITTEN).await;
    assert_eq!(stage.paid().len(), rewarded.len());

    let status = stage.stop().await;
    assert_eq!(status.code(), Some(0), "{}", stage.log());
    stage.settings.store = Some(format!("sqlite://guildpoints.db?max_pages={}", pages * 10));
    stage.start().await;
    ops.ready_until(|status, _| status == 200).await;
    let more = stage.says("阿杰", "/奖励 @小明 1 又可以了");
    stage.hears_of(more, "✅").await;
    for said in &rewarded {
        stage.hears_of(*said, "✅").await;
        assert_eq!(stage.answers(*said).len(), 1);
    }
    assert_eq!(stage.answers(unwritten).len(), 1);
    assert_eq!(stage.paid().len(), rewarded.len() + 1);
    stage.finish().await;
}

#[tokio::test]
async fn what_cannot_be_read_for_long_is_said_once_and_once_when_it_can() {
    let mut stage = Stage::without_bot(Settings {
        arguments: vec!["--log-filter".to_owned(), "guildpoints=debug".to_owned()],
        // The other store has the same table, and another way to take it away.
        store: Some("sqlite://guildpoints.db".to_owned()),
        ..Settings::default()
    })
    .await;
    stage.start().await;
    let shell = rusqlite::Connection::open(stage.folder().join("guildpoints.db")).unwrap();
    shell.busy_timeout(PATIENCE).unwrap();
    let away = "alter table reports rename to reports_elsewhere";
    shell.execute_batch(away).unwrap();
    for (begun, lasts) in [
        (
            "what is open in the journal cannot be read;",
            "what is open in the journal still cannot be read",
        ),
        (
            "what is still to be told cannot be read;",
            "what is still to be told still cannot be read",
        ),
    ] {
        stage.logged(lasts, 3).await;
        assert_eq!(stage.log().matches(begun).count(), 1, "{}", stage.log());
    }
    let errors = |stage: &Stage| {
        let log = stage.log();
        log.lines().filter(|line| line.contains("ERROR")).count()
    };
    assert_eq!(errors(&stage), 2, "{}", stage.log());
    let back = "alter table reports_elsewhere rename to reports";
    shell.execute_batch(back).unwrap();
    for over in [
        "what is open in the journal can be read again",
        "what is still to be told can be read again",
    ] {
        stage.logged(over, 1).await;
        assert_eq!(stage.log().matches(over).count(), 1, "{}", stage.log());
    }
    assert_eq!(errors(&stage), 2, "{}", stage.log());
    drop(shell);
    let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    stage.hears_of(rewarded, "✅").await;
    stage.finish().await;
}

#[tokio::test]
async fn a_store_with_room_again_is_noticed_without_a_command() {
    let mut stage = Stage::without_bot(Settings::default()).await;
    let ops = Ops::of(&mut stage);
    stage.start().await;
    ops.ready_until(|status, _| status == 200).await;
    // Somebody's shell holds the store for longer than the journal waits for it.
    let shell = rusqlite::Connection::open(stage.folder().join("guildpoints.db")).unwrap();
    shell.execute_batch("begin immediate").unwrap();
    let unwritten = stage.says("阿杰", "/奖励 @小明 1 账本被占用");
    stage.hears_of(unwritten, NOT_WRITTEN).await;
    ops.ready_until(|status, body| status == 503 && body["trouble"]["store"].is_string())
        .await;
    assert!(stage.paid().is_empty());
    shell.execute_batch("rollback").unwrap();
    drop(shell);
    ops.ready_until(|status, _| status == 200).await;
    stage.finish().await;
}

#[tokio::test]
async fn a_read_only_store_answers_questions_and_pays_nothing() {
    let mut stage = Stage::without_bot(Settings::default()).await;
    let ops = Ops::of(&mut stage);
    stage.start().await;
    let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    let answer = stage.hears_of(rewarded, "✅").await;
    let status = stage.stop().await;
    assert!(status.success());
    stage.settings.store = Some("sqlite://guildpoints.db?mode=ro".to_owned());
    stage.start().await;
    let read_only = |_, body: &Value| body["trouble"]["store"] == "the store is read-only";
    ops.ready_until(read_only).await;
    assert_eq!(ops.get("/ready").await.0, 503);
    let refused = stage.says("阿杰", "/奖励 @小明 1 再来");
    stage.hears_of(refused, NOT_WRITTEN).await;
    let looked = stage.says("小明", &format!("/回执 {}", receipt_in(&answer)));
    stage.hears_of(looked, "已到账").await;
    assert_eq!(stage.paid(), [(666, "天梯第一名".to_owned())]);
    stage.finish().await;
}

#[tokio::test]
async fn a_store_that_is_not_ours_is_refused_with_a_sentence_and_left_alone() {
    let mut stage = Stage::new().await;
    let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    stage.hears_of(rewarded, "✅").await;
    let status = stage.stop().await;
    assert!(status.success());
    let owner: i64 =
        change_store(&stage, "select bot from house", "update house set bot = 77").await;
    assert_eq!(owner.to_string(), stage.sandbox.bot().to_string());
    refused(&mut stage, "the store belongs to bot 77").await;
    change_store(
        &stage,
        "select bot from house",
        &format!("update house set bot = {owner}"),
    )
    .await;

    let known = change_store(
        &stage,
        "select max(version) from _sqlx_migrations",
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
         values (9999, 'from the future', true, x'00', 0)",
    )
    .await;
    assert!(known < 9_999);
    refused(&mut stage, "use the newer guildpoints that wrote it").await;
    let future = "delete from _sqlx_migrations where version = 9999";
    change_store(&stage, "select max(version) from _sqlx_migrations", future).await;

    fs::write(
        stage.folder().join("notes.txt"),
        "no database at all".repeat(100),
    )
    .unwrap();
    stage.settings.store = Some("sqlite://notes.txt".to_owned());
    refused(&mut stage, "is not a journal of guildpoints").await;
    stage.settings.store = None;
    stage.start().await;
    let asked = stage.says("小明", "/积分");
    stage.hears_of(asked, "3,140").await;
    stage.finish().await;
}

#[tokio::test]
async fn without_the_whitelist_booking_goes_on_and_is_told_later_400() {
    without_the_whitelist(400).await;
}

#[tokio::test]
async fn without_the_whitelist_booking_goes_on_and_is_told_later_200() {
    without_the_whitelist(200).await;
}

async fn without_the_whitelist(status: u16) {
    let mut stage = Stage::without_bot(Settings::default()).await;
    let ops = Ops::of(&mut stage);
    let off = json!({"whitelisted": false, "not_whitelisted_status": status});
    stage.sandbox.set_settings(&off);
    stage.start().await;
    let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    stage.until("the mall has paid", paid_once).await;
    let sending = |health: &Value| health["edges"]["sending"]["trouble"]["what"].clone();
    let health = ops.health_until(|health| sending(health).is_string()).await;
    let what = sending(&health).as_str().unwrap().to_owned();
    assert!(
        what.contains("send whitelist") && what.contains("Fanbook's staff"),
        "{what}"
    );
    assert_eq!(health["journal"]["untold"], 1);
    stage.logged("whitelist", 1).await;
    // The bot hears and books; only its voice is missing.
    assert_eq!(ops.get("/ready").await.0, 200);
    let second = stage.says("夜雨", "/奖励 @小红 5 还在记账");
    stage
        .until("the mall has paid again", |sandbox| {
            sandbox.mall().records().len() == 2
        })
        .await;
    assert!(stage.answers(rewarded).is_empty());
    stage.sandbox.set_settings(&json!({"whitelisted": true}));
    for said in [rewarded, second] {
        stage.hears_of(said, "✅").await;
        assert_eq!(stage.answers(said).len(), 1);
    }
    let well = |health: &Value| {
        health["edges"]["sending"]["ok"] == true && health["journal"]["untold"] == 0
    };
    ops.health_until(well).await;
    assert_eq!(stage.paid().len(), 2);
    stage.finish().await;
}

#[tokio::test]
async fn too_fast_once_is_tried_again_and_said() {
    let mut stage = Stage::new().await;
    let retry_after = Default::default();
    stage.fault("sendMessage", FaultKind::Rate429 { retry_after });
    let asked = stage.says("小明", "/积分");
    stage.hears_of(asked, "2,474").await;
    stage.sandbox.set_settings(&json!({"send_per_second": 1}));
    let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    let asked = stage.says("小红", "/积分");
    stage.hears_of(rewarded, "✅").await;
    stage.hears_of(asked, "120").await;
    for said in [rewarded, asked] {
        assert_eq!(stage.answers(said).len(), 1);
    }
    stage.finish().await;
}

#[tokio::test]
async fn an_edit_that_fails_is_tried_again_and_one_that_is_refused_becomes_a_new_message() {
    let mut stage = Stage::new().await;
    stage.fault("modifyUserPoint", FaultKind::DropAfter);
    stage.fault("editMessageText", FaultKind::Status500Before);
    let first = stage.says("阿杰", "/奖励 @小明 1 一");
    stage.hears_of(first, "待确认").await;
    stage.hears_of(first, "✅").await;
    assert_eq!(stage.answers(first).len(), 1);

    // Somebody deletes the interim answer before it could be edited.
    stage.fault("modifyUserPoint", FaultKind::DropAfter);
    stage.sandbox.faults().set(FaultRule::always(
        "findPointRecord",
        FaultKind::Status500Before,
    ));
    let second = stage.says("夜雨", "/奖励 @小明 2 二");
    stage.hears_of(second, "待确认").await;
    let interim = stage.sandbox.answers_to(second.0)[0].id;
    delete(&stage, interim).await;
    stage.sandbox.faults().clear();
    stage.hears_of(second, "✅").await;
    assert_eq!(
        stage.answers(second).len(),
        2,
        "the deleted one and the new one"
    );
    stage.finish().await;
}

#[tokio::test]
async fn where_the_channel_is_gone_the_receipt_stays_and_health_counts_it() {
    let mut stage = Stage::without_bot(Settings::default()).await;
    let ops = Ops::of(&mut stage);
    stage.start().await;
    let staff = stage.sandbox.channels(stage.guild)[2].0;
    stage.fault("modifyUserPoint", FaultKind::DropAfter);
    stage.sandbox.faults().set(FaultRule::always(
        "findPointRecord",
        FaultKind::Status500Before,
    ));
    let moderator = stage.user("阿杰");
    let text = stage.wire("/奖励 @小明 666 天梯第一名");
    let rewarded = Said(stage.sandbox.says(moderator, staff, &text));
    let interim = stage.hears_of(rewarded, "待确认").await;
    stage.sandbox.change_guild(stage.guild, |guild| {
        guild.channels.retain(|channel| channel.id != staff);
    });
    stage.sandbox.faults().clear();
    let counted = |health: &Value| health["journal"]["undeliverable"] == 1;
    let health = ops.health_until(counted).await;
    assert_eq!(health["journal"]["untold"], 0);
    let (_, metrics) = ops.get("/metrics").await;
    assert!(
        metrics.contains("guildpoints_journal_undeliverable_entries 1"),
        "{metrics}"
    );
    let looked = stage.says("小明", &format!("/回执 {}", receipt_in(&interim)));
    let answer = stage.hears_of(looked, "已到账").await;
    assert!(answer.contains("+666"), "{answer}");
    assert_eq!(stage.paid(), [(666, "天梯第一名".to_owned())]);
    stage.finish().await;
}

#[tokio::test]
async fn a_json_log_is_an_object_a_line_with_who_and_where_and_nothing_anybody_wrote() {
    let mut stage = Stage::with(Settings {
        arguments: ["--log", "json"].map(str::to_owned).to_vec(),
        ..Settings::default()
    })
    .await;
    let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    stage.hears_of(rewarded, "✅").await;
    let mistyped = stage.says("阿杰", "/奖励 @小明 我的秘密66o");
    stage.hears(mistyped).await;
    let refused = stage.says("小明", "/奖励 @小红 5 悄悄话");
    stage.hears(refused).await;
    let unknown = stage.says("阿杰", "/积分 神秘人");
    stage.hears(unknown).await;
    let confirmed = stage.says("小明", "/回执 我的日记");
    stage.hears(confirmed).await;
    stage.fault("modifyUserPoint", FaultKind::Status500After);
    let unsure = stage.says("阿杰", "/奖励 @小红 2 保密原因");
    stage.hears_of(unsure, "✅").await;
    let status = stage.stop().await;
    assert!(status.success());

    let log = stage.log();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| {
            let line: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
            assert!(
                line["timestamp"].is_string() && line["level"].is_string(),
                "{line}"
            );
            line
        })
        .collect();
    let written = lines
        .iter()
        .find(|line| line["message"] == "change written")
        .unwrap();
    let span = &written["span"];
    for (field, value) in [
        ("guild", stage.guild.to_string()),
        ("channel", stage.channel.to_string()),
        ("message", rewarded.0.to_string()),
        ("user", stage.user("阿杰").to_string()),
        ("command", "reward".to_owned()),
    ] {
        assert_eq!(span[field], value, "{field}: {written}");
    }
    assert!(
        written["receipt"].is_string() && written["op"].is_string(),
        "{written}"
    );
    let about_refusals = lines.iter().filter(|line| line["message"] == "refused");
    assert!(about_refusals.count() >= 3, "{log}");
    for wrote in [
        "天梯第一名",
        "秘密",
        "66o",
        "悄悄话",
        "神秘人",
        "日记",
        "保密原因",
        "小明",
    ] {
        assert!(!log.contains(wrote), "`{wrote}` in\n{log}");
    }
    stage.finish().await;
}

/// The operator's pages of a stage's bot.
pub struct Ops {
    address: String,
    client: reqwest::Client,
}

impl Ops {
    /// Lets the bot serve its pages at a free port; for before it starts.
    pub fn of(stage: &mut Stage) -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        let pages = format!("[http]\nlisten = \"{address}\"\n");
        stage.settings.further.push_str(&pages);
        Self {
            address: format!("http://{address}"),
            client: reqwest::Client::new(),
        }
    }

    pub async fn get(&self, path: &str) -> (u16, String) {
        let address = format!("{}{path}", self.address);
        let asking = async {
            loop {
                if let Ok(answer) = self.client.get(&address).send().await {
                    let status = answer.status().as_u16();
                    return (status, answer.text().await.unwrap());
                }
                // The bot may still be opening its door.
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let answered = tokio::time::timeout(PATIENCE, asking).await;
        answered.unwrap_or_else(|_| panic!("{path} never answered"))
    }

    async fn health(&self) -> Value {
        let (status, body) = self.get("/health").await;
        assert_eq!(status, 200);
        serde_json::from_str(&body).unwrap()
    }

    async fn health_until(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        self.until("/health", |_, body| wanted(body)).await
    }

    pub async fn ready_until(&self, wanted: impl Fn(u16, &Value) -> bool) -> Value {
        self.until("/ready", wanted).await
    }

    async fn until(&self, path: &str, wanted: impl Fn(u16, &Value) -> bool) -> Value {
        let mut last = String::new();
        let asking = async {
            loop {
                let (status, body) = self.get(path).await;
                let body: Value = serde_json::from_str(&body).unwrap();
                last = format!("{status} {body:#}");
                if wanted(status, &body) {
                    return body;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let seen = tokio::time::timeout(PATIENCE, asking).await;
        seen.unwrap_or_else(|_| panic!("{path} never was as wanted; at last {last}"))
    }
}

/// The names of the labels of a metric.
fn labels_of(metrics: &str, name: &str) -> BTreeSet<String> {
    let mut labels = BTreeSet::new();
    for line in metrics.lines().filter(|line| line.starts_with(name)) {
        let Some((_, rest)) = line.split_once('{') else {
            continue;
        };
        let Some((inside, _)) = rest.rsplit_once('}') else {
            continue;
        };
        let names = inside.split("\",").map(|pair| pair.split('=').next());
        labels.extend(names.flatten().map(str::to_owned));
    }
    labels
}

fn mall_timeout(timeout: &str) -> Settings {
    Settings {
        mall: Some(format!(
            "timeout = \"{timeout}\"\nsignature_window = \"1s\"\nlook_up_after = \"200ms\"\n"
        )),
        ..Settings::default()
    }
}

fn paid_once(sandbox: &guildpoints::sandbox::Running) -> bool {
    sandbox.mall().records().len() == 1
}

/// Takes the cooldown off rewards, through the operator's own texts.
fn quick_rewards(stage: &mut Stage) {
    let texts = stage.folder().join("texts");
    fs::create_dir(&texts).unwrap();
    fs::write(texts.join("reward.toml"), "cooldown = \"0s\"\n").unwrap();
    stage.settings.bot = "commands_dir = \"texts\"\n".to_owned();
}

/// A second `run` with the same settings, until it ends.
async fn second_run(stage: &Stage) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guildpoints"));
    command
        .arg("run")
        .arg("--config")
        .arg(stage.config())
        .current_dir(stage.folder())
        .stdin(Stdio::null());
    let ended = tokio::task::spawn_blocking(move || command.output().unwrap());
    tokio::time::timeout(PATIENCE, ended)
        .await
        .unwrap()
        .unwrap()
}

/// Starts the bot, which has to end by itself with a sentence.
pub async fn refused(stage: &mut Stage, sentence: &str) {
    stage.spawn();
    let ended = tokio::time::timeout(PATIENCE, stage.ended()).await;
    assert_eq!(ended.unwrap().code(), Some(1));
    let log = stage.log();
    assert!(log.contains(sentence), "{log}");
    assert!(!log.contains("panicked"), "{log}");
}

/// Reads a number from the store, then changes the store behind everybody's back.
async fn change_store(stage: &Stage, question: &str, statement: &str) -> i64 {
    let path = stage.folder().join("guildpoints.db");
    let store = rusqlite::Connection::open(path).unwrap();
    let number = store.query_row(question, [], |row| row.get(0)).unwrap();
    store.execute_batch(statement).unwrap();
    number
}

/// Deletes one of the bot's messages, as the platform's own moderators could.
async fn delete(stage: &Stage, message: MessageId) {
    let api = &stage.sandbox.addresses().api_url;
    let address = format!("{api}/api/bot/{}/deleteMessage", stage.sandbox.bot_token());
    let body = json!({"chat_id": stage.channel.number(), "message_id": message.number()});
    let answer = reqwest::Client::new()
        .post(address)
        .json(&body)
        .send()
        .await
        .unwrap();
    let answer: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(answer["ok"], true, "{answer}");
}

//! MantaGO: balances in all its shapes and troubles.

use std::fs;

use guildpoints::sandbox::fault::FaultKind;
use guildpoints::sandbox::fault::FaultRule;
use guildpoints::sandbox::fault::Moment;
use guildpoints::sandbox::manta::MantaClient;
use guildpoints::sandbox::manta::MantaShapes;
use guildpoints::sandbox::manta::NoPoints;
use guildpoints::sandbox::manta::PointOrder;
use guildpoints::sandbox::manta::RetryHint;
use guildpoints::sandbox::manta::UnknownIds;

use crate::stage::Settings;
use crate::stage::Stage;

/// A guild with the mall and a MantaGO bot whose pair is kept in files, the seeded members linked.
async fn shop(settings: Settings) -> Stage {
    let mut stage = Stage::without_bot(Settings {
        bot: "commands_dir = \"words\"\n".to_owned(),
        ..settings
    })
    .await;
    for command in ["points", "reward", "check", "history"] {
        stage.write_words(&format!("{command}.toml"), "cooldown = \"0s\"\n");
    }
    let manta = stage.sandbox.manta();
    write_pair(&stage, &manta.token(), &manta.secret());
    stage.settings.further = format!(
        "[manta.shop]\nbase_url = \"{}\"\nbot_id = \"{}\"\ntimeout = \"1s\"\n\
         token = {{ file = \"manta-token\" }}\nsecret = {{ file = \"manta-secret\" }}\n",
        stage.sandbox.addresses().manta_url,
        manta.bot_id(),
    );
    stage.start().await;
    assert!(stage.stop().await.success());
    stage.tie_accounts("manta.shop").await;
    stage.start().await;
    stage
}

/// With MantaGO beside the mall.
pub async fn beside() -> Stage {
    shop(Settings {
        guild: "also = [\"manta.shop\"]\n".to_owned(),
        ..Settings::default()
    })
    .await
}

pub fn write_pair(stage: &Stage, token: &str, secret: &str) {
    fs::write(stage.folder().join("manta-token"), token).unwrap();
    fs::write(stage.folder().join("manta-secret"), secret).unwrap();
}

/// The line of MantaGO, up to the time in it.
fn line(answer: &str) -> String {
    let line = answer.lines().find(|line| line.starts_with("MantaGO"));
    let line = line.unwrap_or_else(|| panic!("no line of MantaGO in {answer}"));
    line.split("（20").next().unwrap().to_owned()
}

pub async fn line_of(stage: &mut Stage, who: &str) -> String {
    let said = stage.says(who, "/积分");
    line(
        &stage
            .hears_until(said, |text| !text.contains("查询中"))
            .await,
    )
}

/// Ends the story; nothing of the pairs was printed.
pub async fn finish(stage: Stage, secrets: &[String]) {
    let log = stage.log();
    let shown = stage.conversation();
    for secret in secrets.iter().chain([
        &stage.sandbox.manta().token(),
        &stage.sandbox.manta().secret(),
    ]) {
        assert!(!log.contains(secret), "a secret was logged:\n{log}");
        assert!(!shown.contains(secret), "a secret was said:\n{shown}");
    }
    // Nor whose account is whose.
    for account in stage.sandbox.accounts() {
        assert!(!log.contains(&account.id), "an account was logged:\n{log}");
        assert!(
            !shown.contains(&account.id),
            "an account was said:\n{shown}"
        );
    }
    stage.finish().await;
}

#[tokio::test]
async fn a_linked_member_reads_the_balance_and_nobody_else_a_wrong_one() {
    let mut stage = beside().await;
    assert_eq!(
        line_of(&mut stage, "小明").await,
        "MantaGO · shop：150 积分"
    );
    assert_eq!(line_of(&mut stage, "小红").await, "MantaGO · shop：0 积分");
    assert!(line_of(&mut stage, "小白").await.contains("🔗"));
    // Shown as it was read for half a minute.
    stage.sandbox.manta().set_balance("Qw3eRt7Yu", 160);
    let asked = stage.sandbox.manta().traffic().arrived;
    assert_eq!(
        line_of(&mut stage, "小明").await,
        "MantaGO · shop：150 积分"
    );
    assert_eq!(stage.sandbox.manta().traffic().arrived, asked);
    finish(stage, &[]).await;
}

#[tokio::test]
async fn whoever_is_gone_there_is_not_found_in_every_shape() {
    for shapes in [
        MantaShapes::default(),
        MantaShapes {
            no_points: NoPoints::Absent,
            point_order: PointOrder::Shuffled,
            ..MantaShapes::default()
        },
        MantaShapes {
            unknown_ids: UnknownIds::Refused,
            ..MantaShapes::default()
        },
        MantaShapes {
            unknown_ids: UnknownIds::Refused,
            refusal_status_200: true,
            bot_id_in_errors: true,
            ..MantaShapes::default()
        },
    ] {
        let mut stage = beside().await;
        stage.sandbox.manta().set_shapes(shapes);
        stage.sandbox.manta().remove_client("As5dFg9Hj");
        let gone = line_of(&mut stage, "小红").await;
        assert!(gone.contains("没有找到"), "{gone}");
        // The others are there as ever.
        assert_eq!(
            line_of(&mut stage, "小明").await,
            "MantaGO · shop：150 积分"
        );
        finish(stage, &[]).await;
    }
}

#[tokio::test]
async fn trouble_over_there_is_told_and_passes() {
    for (trouble, told) in [
        (FaultKind::Status500Before, "积分服务暂不可用"),
        (FaultKind::DropBefore, "积分服务暂不可用"),
        (
            FaultKind::Html200 {
                when: Moment::Before,
            },
            "积分服务暂不可用",
        ),
        (
            FaultKind::AnswerCode {
                code: 1004,
                when: Moment::Before,
            },
            "已通知维护者",
        ),
    ] {
        let mut stage = beside().await;
        let always = FaultRule::always("manta.points", trouble);
        stage.sandbox.faults().set(always);
        let line = line_of(&mut stage, "小明").await;
        assert!(line.contains(told), "{line}");
        stage.sandbox.faults().clear();
        assert_eq!(
            line_of(&mut stage, "小明").await,
            "MantaGO · shop：150 积分"
        );
        finish(stage, &[]).await;
    }
}

#[tokio::test]
async fn one_trouble_is_got_over_within_the_question() {
    let mut stage = beside().await;
    stage.fault("manta.points", FaultKind::Status500Before);
    assert_eq!(
        line_of(&mut stage, "小明").await,
        "MantaGO · shop：150 积分"
    );
    stage.fault("manta.points", FaultKind::DropBefore);
    assert_eq!(line_of(&mut stage, "小红").await, "MantaGO · shop：0 积分");
    finish(stage, &[]).await;
}

#[tokio::test]
async fn a_rate_limit_is_told_as_such_and_asked_no_further() {
    let mut stage = beside().await;
    stage.sandbox.manta().set_shapes(MantaShapes {
        rate_per_minute: Some(1),
        retry_after: RetryHint::Seconds,
        ..MantaShapes::default()
    });
    assert_eq!(
        line_of(&mut stage, "小明").await,
        "MantaGO · shop：150 积分"
    );
    for _ in 0..2 {
        let line = line_of(&mut stage, "小红").await;
        assert!(line.contains("积分服务现在太忙"), "{line}");
    }
    // The second question was not even sent: the wait that was asked for is kept.
    assert_eq!(stage.sandbox.manta().traffic().arrived, 2);
    finish(stage, &[]).await;
}

#[tokio::test]
async fn a_plan_without_the_open_api_is_told_to_staff() {
    let mut stage = beside().await;
    stage.sandbox.manta().set_plan(false);
    assert!(line_of(&mut stage, "小明").await.contains("已通知维护者"));
    let line = line_of(&mut stage, "阿杰").await;
    assert!(line.contains("1002"), "{line}");
    let said = stage.says("夜雨", "/自检");
    let told = stage.hears_of(said, "MantaGO · shop 连接").await;
    assert!(told.contains("plan includes the Open API"), "{told}");
    finish(stage, &[]).await;
}

#[tokio::test]
async fn what_it_cannot_do_is_said_in_its_sentence() {
    let mut stage = shop(Settings {
        points: Some("manta.shop"),
        ..Settings::default()
    })
    .await;
    let said = stage.says("夜雨", "/奖励 @小明 66");
    let told = stage.hears(said).await;
    assert!(told.contains("MantaGO 积分为只读"), "{told}");
    let said = stage.says("小明", "/history");
    let told = stage.hears(said).await;
    assert!(told.contains("MantaGO 只提供余额查询，没有流水"), "{told}");
    // Neither was asked for over there.
    assert_eq!(stage.sandbox.manta().traffic().arrived, 0);
    let said = stage.says("小明", "/积分");
    assert!(stage.hears(said).await.contains("150"));
    let said = stage.says("夜雨", "/自检");
    let told = stage.hears(said).await;
    assert!(told.contains("✅ MantaGO · shop 连接"), "{told}");
    // A guild without the mall hears nothing of it.
    assert!(!told.contains("商城"), "{told}");
    finish(stage, &[]).await;
}

#[tokio::test]
async fn a_client_bound_over_there_needs_no_link_unless_there_are_two() {
    let mut stage = beside().await;
    assert!(stage.stop().await.success());
    stage
        .change_store("delete from links where system = 'manta.shop'")
        .await;
    let further = stage.settings.further.clone();
    stage.settings.further = format!("{further}customer_id = \"fanbook_long_id\"\n");
    stage.start().await;
    assert_eq!(
        line_of(&mut stage, "小明").await,
        "MantaGO · shop：150 积分"
    );
    assert!(line_of(&mut stage, "小白").await.contains("🔗"));
    let manta = stage.sandbox.manta().clone();
    let hers = manta.clients().into_iter().find(|c| c.id == "As5dFg9Hj");
    manta.put_client(MantaClient {
        id: "An0ther11".to_owned(),
        platform: "whatsapp".to_owned(),
        platform_client_id: "886912".to_owned(),
        ..hers.unwrap()
    });
    let line = line_of(&mut stage, "小红").await;
    assert!(line.contains("已通知维护者"), "{line}");
    stage
        .logged("several clients are bound to this member", 1)
        .await;
    finish(stage, &[]).await;
}

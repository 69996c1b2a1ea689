//! The pair of a MantaGO bot: how long it lasts, and how it is renewed while the bot runs.

use std::fs;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use guildpoints::sandbox::fault::FaultKind;
use guildpoints::sandbox::manta::MantaShapes;
use guildpoints::sandbox::manta::UnknownIds;

use crate::manta::beside;
use crate::manta::finish;
use crate::manta::line_of;
use crate::manta::write_pair;
use crate::stage::Stage;

#[tokio::test]
async fn the_end_of_a_token_is_told_in_check_and_in_the_log() {
    let mut stage = beside().await;
    let part = |text: String| URL_SAFE_NO_PAD.encode(text);
    let claims = part(r#"{"exp":1700000000}"#.to_owned());
    let expired = format!("{}.{claims}.c2ln", part(r#"{"alg":"HS256"}"#.to_owned()));
    write_pair(&stage, &expired, &stage.sandbox.manta().secret());
    assert!(line_of(&mut stage, "小明").await.contains("已通知维护者"));
    let said = stage.says("夜雨", "/自检");
    let told = stage.hears_of(said, "MantaGO · shop 的 token").await;
    assert!(told.contains("expired on 2023-11-14"), "{told}");
    stage
        .logged("the MantaGO token expired on 2023-11-14", 1)
        .await;
    finish(stage, &[expired]).await;
}

#[tokio::test]
async fn a_pair_renewed_in_the_console_is_taken_from_its_files_without_a_restart() {
    let mut stage = beside().await;
    assert_eq!(
        line_of(&mut stage, "小明").await,
        "MantaGO · shop：150 积分"
    );
    let manta = stage.sandbox.manta().clone();
    let old = [manta.token(), manta.secret()];
    manta.renew();
    let line = line_of(&mut stage, "小红").await;
    assert!(line.contains("已通知维护者"), "{line}");
    write_pair(&stage, &manta.token(), &manta.secret());
    assert_eq!(line_of(&mut stage, "小红").await, "MantaGO · shop：0 积分");
    finish(stage, &old).await;
}

/// Runs `guildpoints manta refresh` beside the bot.
fn refresh(stage: &Stage, arguments: &[&str]) -> (Option<i32>, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(env!("CARGO_BIN_EXE_guildpoints"))
        .args(["manta", "refresh", "shop", "--config"])
        .arg(stage.config())
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let shown = [stdout, stderr].map(|text| String::from_utf8(text).unwrap());
    (status.code(), shown.concat())
}

/// The same while the imitation, which runs in this process, answers.
async fn refreshed(stage: &Stage, arguments: &[&'static str]) -> (Option<i32>, String) {
    tokio::task::block_in_place(|| refresh(stage, arguments))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pair_is_renewed_by_command_and_the_running_bot_takes_it() {
    let mut stage = beside().await;
    let manta = stage.sandbox.manta().clone();
    let old = [manta.token(), manta.secret()];
    // Nobody is there to say yes.
    let (code, shown) = refreshed(&stage, &[]).await;
    assert_eq!(code, Some(1), "{shown}");
    assert!(shown.contains("没有发出请求"), "{shown}");
    assert_eq!([manta.token(), manta.secret()], old);

    let (code, shown) = refreshed(&stage, &["--yes"]).await;
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("有效期至"), "{shown}");
    let new = [manta.token(), manta.secret()];
    assert_ne!(new, old);
    for secret in old.iter().chain(&new) {
        assert!(!shown.contains(secret), "{shown}");
    }
    let kept = ["manta-token", "manta-secret"].map(|name| {
        let text = fs::read_to_string(stage.folder().join(name)).unwrap();
        text.trim_end().to_owned()
    });
    assert_eq!(kept, new);
    assert!(!stage.folder().join("manta-token.renewed").exists());
    assert_eq!(
        line_of(&mut stage, "小明").await,
        "MantaGO · shop：150 积分"
    );
    finish(stage, &old).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_has_a_line_for_each_bot_with_the_way_out() {
    let stage = beside().await;
    let manta = stage.sandbox.manta().clone();
    let row = || {
        let output = tokio::task::block_in_place(|| {
            Command::new(env!("CARGO_BIN_EXE_guildpoints"))
                .args(["check", "--config"])
                .arg(stage.config())
                .output()
                .unwrap()
        });
        let shown = String::from_utf8(output.stdout).unwrap();
        for secret in [manta.token(), manta.secret()] {
            assert!(!shown.contains(&secret), "{shown}");
        }
        let mut rows = shown.lines();
        let row = rows.find(|row| row.contains("MantaGO 机器人 shop"));
        row.unwrap_or_else(|| panic!("no row in {shown}"))
            .to_owned()
    };
    let sound = row();
    assert!(
        sound.contains("✅") && sound.contains("token 有效期至"),
        "{sound}"
    );
    // Nobody has the account that is asked for, whatever becomes of such ones.
    manta.set_shapes(MantaShapes {
        unknown_ids: UnknownIds::Refused,
        ..MantaShapes::default()
    });
    assert!(row().contains("✅"));
    manta.set_plan(false);
    let refused = row();
    assert!(
        refused.contains("❌") && refused.contains("1002") && refused.contains("套餐"),
        "{refused}"
    );
    finish(stage, &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_reply_is_told_with_the_way_out() {
    let mut stage = beside().await;
    let manta = stage.sandbox.manta().clone();
    let old = [manta.token(), manta.secret()];
    stage.fault("manta.token", FaultKind::DropAfter);
    let (code, shown) = refreshed(&stage, &["--yes"]).await;
    assert_eq!(code, Some(1), "{shown}");
    assert!(shown.contains("没有收到可用的答复"), "{shown}");
    assert!(shown.contains("MantaGO 后台"), "{shown}");
    assert_ne!([manta.token(), manta.secret()], old);
    // Once more cannot help, and says so.
    let (code, shown) = refreshed(&stage, &["--yes"]).await;
    assert_eq!(code, Some(1), "{shown}");
    assert!(shown.contains("120000"), "{shown}");
    write_pair(&stage, &manta.token(), &manta.secret());
    assert_eq!(
        line_of(&mut stage, "小明").await,
        "MantaGO · shop：150 积分"
    );
    finish(stage, &old).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_asked_for_that_could_not_be_kept() {
    let mut stage = beside().await;
    assert!(stage.stop().await.success());
    let manta = stage.sandbox.manta().clone();
    let old = [manta.token(), manta.secret()];
    let asked = || {
        let requests = manta.requests();
        requests
            .iter()
            .filter(|request| request.endpoint == "manta.token")
            .count()
    };
    // A folder stands where the new secret would be written.
    fs::create_dir(stage.folder().join("manta-secret.new")).unwrap();
    let (code, shown) = refreshed(&stage, &["--yes"]).await;
    assert_eq!(code, Some(1), "{shown}");
    assert!(shown.contains("无法替换"), "{shown}");
    fs::remove_dir(stage.folder().join("manta-secret.new")).unwrap();
    // The secret is not kept in a file.
    let given = format!("secret = \"{}\"", old[1]);
    let further = &stage.settings.further;
    stage.settings.further = further.replace("secret = { file = \"manta-secret\" }", &given);
    stage.start().await;
    let (code, shown) = refreshed(&stage, &["--yes"]).await;
    assert_eq!(code, Some(1), "{shown}");
    assert!(shown.contains("{ file = \"…\" }"), "{shown}");
    let (code, shown) = {
        let other = Command::new(env!("CARGO_BIN_EXE_guildpoints"))
            .args(["manta", "refresh", "nowhere", "--yes", "--config"])
            .arg(stage.config())
            .output()
            .unwrap();
        (
            other.status.code(),
            String::from_utf8(other.stderr).unwrap(),
        )
    };
    assert_eq!(code, Some(2), "{shown}");
    assert!(shown.contains("shop"), "{shown}");
    assert_eq!(asked(), 0);
    assert_eq!([manta.token(), manta.secret()], old);
    finish(stage, &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pair_that_could_not_be_placed_is_placed_without_another_request() {
    let mut stage = beside().await;
    let manta = stage.sandbox.manta().clone();
    let old = [manta.token(), manta.secret()];
    // As a process leaves it that died between the answer and the files.
    manta.renew();
    let left = format!(
        r#"{{"token":"{}","secret":"{}"}}"#,
        manta.token(),
        manta.secret()
    );
    let unfinished = stage.folder().join("manta-token.renewed");
    fs::write(&unfinished, left).unwrap();
    let (code, shown) = refreshed(&stage, &[]).await;
    assert_eq!(code, Some(0), "{shown}");
    assert!(!unfinished.exists());
    let requests = manta.requests();
    assert!(
        requests
            .iter()
            .all(|request| request.endpoint != "manta.token")
    );
    assert_eq!(
        line_of(&mut stage, "小明").await,
        "MantaGO · shop：150 积分"
    );
    finish(stage, &old).await;
}

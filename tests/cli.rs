//! The program as an operator starts it: exit codes, what is printed where, and no secret in any of
//! it.

use std::path::Path;
use std::process::Output;
use std::process::Stdio;
use std::time::Duration;

use guildpoints::config::EXAMPLE;
use guildpoints::sandbox::Running;
use guildpoints::sandbox::Sandbox;
use guildpoints::sandbox::SandboxOptions;
use serde_json::Value;
use tokio::io::AsyncBufReadExt;
use tokio::io::BufReader;
use tokio::net::TcpListener;
use tokio::process::Child;
use tokio::process::Command;

/// How long anything may take before the test gives up.
const PATIENCE: Duration = Duration::from_secs(30);

fn guildpoints(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guildpoints"));
    command
        .args(arguments)
        .env_clear()
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

async fn done(mut command: Command) -> Output {
    command.output().await.unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

async fn world() -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    Sandbox::start(SandboxOptions::in_memory(), listener)
        .await
        .unwrap()
}

/// Settings for the world; the secrets are read from variables and files.
fn settings(world: &Running, folder: &Path, extra: &str) -> String {
    let addresses = world.addresses();
    std::fs::write(folder.join("secret"), world.app_secret()).unwrap();
    let path = folder.join("bot.toml");
    let text = format!(
        r#"
        [bot]
        token = {{ env = "TOKEN" }}
        api_url = "{}"
        gateway_url = "{}"
        language = "en-US"
        [store]
        url = "sqlite://{}/journal.db"
        [limits]
        api_per_second = 100
        [mall]
        base_url = "{}"
        app_key = "{}"
        app_secret = {{ file = "secret" }}
        [[guild]]
        id = {}
        {extra}
        "#,
        addresses.api_url,
        addresses.gateway_url,
        folder.display(),
        addresses.mall_url,
        world.app_key(),
        world.guild_id(),
    );
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[tokio::test]
async fn the_example_is_printed_as_it_is() {
    let output = done(guildpoints(&["example-config"])).await;
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(out(&output), EXAMPLE);
}

#[tokio::test]
async fn settings_that_cannot_be_used_are_drawn_and_end_with_2() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bot.toml");
    std::fs::write(&path, "[bot]\ntokn = \"S3CRET\"\nlanguage = \"de\"\n").unwrap();
    for subcommand in ["run", "check"] {
        let path = path.display().to_string();
        let output = done(guildpoints(&[subcommand, "--config", &path])).await;
        assert_eq!(output.status.code(), Some(2));
        let said = err(&output);
        assert!(said.contains("did you mean `token`?"), "{said}");
        assert!(said.contains("bot.toml:3:12"), "{said}");
        assert!(said.contains("things are wrong"), "{said}");
        assert!(!said.contains("S3CRET"), "{said}");
        assert!(out(&output).is_empty());
    }
    let output = done(guildpoints(&["run", "--config", "/no/such/bot.toml"])).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("cannot be read"));
}

#[tokio::test]
async fn a_command_line_that_cannot_be_used_ends_with_2() {
    for arguments in [
        &["rum"][..],
        &[],
        &["run", "--log", "loud"],
        &["run", "--log-filter", "guildpoints=loud"],
        &["sign"],
        &["sign", "--app-key", "k"],
        &["sign", "--app-key", "k", "--secret-env", "S", "-q", "x"],
        &["sandbox", "--listen", "0.0.0.0:0"],
        &["sandbox", "--listen", "192.0.2.1:8481"],
    ] {
        let output = done(guildpoints(arguments)).await;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!err(&output).is_empty(), "{arguments:?}");
    }
    let help = done(guildpoints(&["--help"])).await;
    assert_eq!(help.status.code(), Some(0));
    assert!(out(&help).contains("example-config"));
}

#[tokio::test]
async fn the_published_sample_is_signed_as_published() {
    let body = r#"{"bizId":"zw0chebvkt","fbLongId":173022860380475392,"guildId":357042844231282688,"point":666,"remark":"天梯第一名, 奖励666分"}"#;
    let mut command = guildpoints(&[
        "sign",
        "--app-key",
        "esdx8ol13uelo6enblwh",
        "--secret-env",
        "THE_SECRET",
        "POST",
        "/api/core/open/modifyUserPoint",
        "--nonce",
        "z00wu1fzglfyqzk1tol5",
        "--timestamp",
        "1664250286491",
        "-q",
        "random=test-params",
        "--body",
        body,
    ]);
    command.env("THE_SECRET", "di4uep1ed5i5m48zhrcm");
    let output = done(command).await;
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let said = out(&output);
    assert!(
        said.contains("Signature: 054f69f3e62e8835052ef593c1fa9df8"),
        "{said}"
    );
    assert!(
        said.contains("<secret>&AppKey=esdx8ol13uelo6enblwh&Nonce=z00wu1fzglfyqzk1tol5"),
        "{said}"
    );
    assert!(!said.contains("di4uep1ed5i5m48zhrcm"), "{said}");
}

#[tokio::test]
async fn check_finds_a_sound_house_sound() {
    let world = world().await;
    let folder = tempfile::tempdir().unwrap();
    let path = settings(&world, folder.path(), "sweep = true");
    let mut command = guildpoints(&["check", "--config", &path]);
    command.env("TOKEN", world.bot_token());
    let output = done(command).await;
    let said = out(&output);
    assert_eq!(output.status.code(), Some(0), "{said}{}", err(&output));
    assert!(!said.contains('❌'), "{said}");
    for row in [
        "bot token",
        "journal",
        "message gateway",
        "look-ups in the points mall",
        "clock difference",
        &format!("mall switch of guild {}", world.guild_id()),
    ] {
        assert!(said.contains(row), "no `{row}` in\n{said}");
    }
    for secret in [world.bot_token(), world.app_secret()] {
        assert!(!said.contains(&secret), "{said}");
        assert!(!err(&output).contains(&secret));
    }
    world.stop().await;
}

#[tokio::test]
async fn check_names_what_is_wrong_and_the_way_out() {
    let world = world().await;
    let guild = world.guild_id();
    world.mall().switch(guild.number(), false);
    let folder = tempfile::tempdir().unwrap();
    let path = settings(&world, folder.path(), "admin_roles = [77]");
    let mut command = guildpoints(&["check", "--config", &path]);
    command.env("TOKEN", world.bot_token());
    let output = done(command).await;
    let said = out(&output);
    assert_eq!(output.status.code(), Some(1), "{said}{}", err(&output));
    assert!(said.contains("60001"), "{said}");
    assert!(said.contains("第三方机器人"), "{said}");
    assert!(said.contains("no such roles: 77"), "{said}");

    let mut command = guildpoints(&["check", "--config", &path]);
    command.env("TOKEN", "0".repeat(96));
    let output = done(command).await;
    let said = out(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("developer console"), "{said}");
    assert!(said.contains("not asked"), "{said}");
    world.stop().await;
}

#[cfg(unix)]
#[tokio::test]
async fn run_serves_what_it_counts_and_ends_in_order_on_the_first_signal() {
    // In place already where another test of this process came first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let world = world().await;
    let folder = tempfile::tempdir().unwrap();
    let path = settings(&world, folder.path(), "");
    // Even whoever wants to hear everything hears no token.
    let loud = ["--log", "json", "--log-filter", "trace"];
    let mut command = guildpoints(&["run", "--config", &path]);
    command.args(loud);
    command
        .env("TOKEN", world.bot_token())
        .env("GUILDPOINTS__HTTP__LISTEN", "127.0.0.1:0")
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut log = Vec::new();
    let address = loop {
        let line = lines
            .next_line()
            .await
            .unwrap()
            .unwrap_or_else(|| panic!("{}", log.join("\n")));
        let entry: Value = serde_json::from_str(&line).unwrap();
        log.push(line);
        if let Some(address) = entry["address"].as_str() {
            break address.to_owned();
        }
    };
    world
        .until(PATIENCE, |world| (world.bots_connected() > 0).then_some(()))
        .await
        .unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let get = async |path: &str| {
        let answer = client.get(format!("http://{address}{path}")).send().await;
        answer.unwrap().text().await.unwrap()
    };
    let metrics = get("/metrics").await;
    assert!(
        metrics.contains("guildpoints_frames_total{kind=\"connect\"}"),
        "{metrics}"
    );
    assert!(get("/health").await.contains("\"store\""));
    let mut check = guildpoints(&["check", "--config", &path]);
    check.env("TOKEN", world.bot_token());
    let checked = done(check).await;
    assert_eq!(checked.status.code(), Some(0), "{}", out(&checked));
    assert!(out(&checked).contains("another guildpoints works on it"));

    signal(&child, "TERM");
    // The echo that `timeout` and some supervisors send.
    signal(&child, "TERM");
    while let Some(line) = lines.next_line().await.unwrap() {
        serde_json::from_str::<Value>(&line).unwrap();
        log.push(line);
    }
    let log = log.join("\n");
    assert_eq!(child.wait().await.unwrap().code(), Some(0), "{log}");
    assert!(log.contains("the mall was asked"), "{log}");
    for secret in [world.bot_token(), world.app_secret(), world.app_key()] {
        assert!(!log.contains(&secret), "{log}");
    }
    world.stop().await;
}

#[cfg(unix)]
#[tokio::test]
async fn the_sandbox_tells_where_it_is_and_stops_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("kept").display().to_string();
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let mut command = guildpoints(&[
            "sandbox",
            "--listen",
            "127.0.0.1:0",
            "--json",
            "--store",
            &store,
        ]);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.next_line().await.unwrap().unwrap();
        let facts: Value = serde_json::from_str(&line).unwrap();
        assert!(facts["page"].as_str().unwrap().starts_with("http://127."));
        assert!(facts["guild_id"].is_string());
        assert!(!facts["members"].as_array().unwrap().is_empty());
        tokens.push(facts["bot_token"].as_str().unwrap().to_owned());
        signal(&child, "INT");
        assert_eq!(child.wait().await.unwrap().code(), Some(0));
    }
    // The folder has kept the world.
    assert_eq!(tokens[0], tokens[1]);
}

#[cfg(unix)]
fn signal(child: &Child, name: &str) {
    let id = child.id().unwrap().to_string();
    let sent = std::process::Command::new("kill")
        .args(["-s", name, &id])
        .status()
        .unwrap();
    assert!(sent.success());
}

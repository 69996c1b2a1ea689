//! `guildpoints sandbox` as a program: what it prints, its control paths, its death and its return,
//! and the other subcommands against it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Output;
use std::process::Stdio;
use std::time::Duration;

use reqwest::Client;
use reqwest::StatusCode;
use reqwest::header::CONTENT_TYPE;
use reqwest::header::HOST;
use reqwest::header::ORIGIN;
use serde_json::Value;
use serde_json::json;
use tokio::io::AsyncBufReadExt;
use tokio::io::AsyncReadExt;
use tokio::io::BufReader;
use tokio::process::Child;
use tokio::process::ChildStdout;
use tokio::process::Command;
use tokio::time::sleep;
use tokio::time::timeout;

/// Longer than anything here takes; only a failing test waits it out.
const PATIENCE: Duration = Duration::from_secs(40);

#[tokio::test]
async fn the_first_line_is_everything_a_stranger_needs() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(folder.path(), &[]).await;
    let facts = &sandbox.facts;
    for address in [
        "page",
        "api_url",
        "gateway_url",
        "mall_url",
        "swan_url",
        "manta_url",
    ] {
        let address = facts[address].as_str().unwrap();
        assert!(address.contains("://127.0.0.1:"), "{address}");
    }
    let length = |key: &str| facts[key].as_str().unwrap().len();
    assert_eq!(
        [length("bot_token"), length("app_key"), length("app_secret")],
        [96, 16, 32]
    );
    for id in ["guild_id", "channel_id", "bot_id", "owner_id"] {
        // As text, because other languages would damage a number of this size.
        facts[id].as_str().unwrap().parse::<u64>().unwrap();
    }
    let moderator = facts["moderator_roles"][0].as_str().unwrap();
    let member = sandbox.member("阿杰");
    assert_eq!(member["roles"], json!([moderator]));
    assert!(
        member["id"].is_string() && member["bot"] == false,
        "{member}"
    );

    // The same is true of what the paths serve.
    let state = sandbox.get("/sandbox/state").await;
    assert_eq!(state["guilds"][0]["id"], facts["guild_id"]);
    let mut commands = state["commands"].as_array().unwrap().iter();
    assert!(commands.any(|command| command["name"] == "积分"), "{state}");
    let page = sandbox
        .client
        .get(facts["page"].as_str().unwrap())
        .send()
        .await;
    assert!(
        page.unwrap()
            .text()
            .await
            .unwrap()
            .starts_with("<!doctype html>")
    );
    let mut shown = vec![state];
    for system in ["mall", "swan", "manta"] {
        shown.push(sandbox.get(&format!("/sandbox/{system}")).await);
        let page = sandbox.client.get(sandbox.address(&format!("/{system}")));
        let page = page.send().await.unwrap().text().await.unwrap();
        assert!(page.starts_with("<!doctype html>"), "{system}");
    }
    for secret in [
        "/bot_token",
        "/app_key",
        "/app_secret",
        "/swan/gateway/value",
        "/manta/token",
        "/manta/secret",
    ] {
        let secret = facts.pointer(secret).unwrap().as_str().unwrap();
        for shown in &shown {
            assert!(!shown.to_string().contains(secret));
        }
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn the_first_line_opens_swan_and_manta_and_tells_whose_accounts_are_whose() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(folder.path(), &["--serve-only"]).await;
    let facts = sandbox.facts.clone();
    let text = |pointer: &str| facts.pointer(pointer).unwrap().as_str().unwrap();
    let account = |system: &str, nickname: &str| {
        let member = &sandbox.member(nickname)["id"];
        let mut accounts = facts["accounts"].as_array().unwrap().iter();
        let found = accounts.find(|one| one["system"] == system && one["member"] == *member);
        let found = found.unwrap_or_else(|| panic!("{nickname} at {system}"));
        (found["kind"].clone(), found["id"].as_str().unwrap())
    };
    for (nickname, kind, balance) in [
        ("小明", "retail", 340),
        ("小红", "retail", 75),
        ("星海", "retail", 1_200),
        ("阿杰", "staff", 60),
        ("夜雨", "staff", 310),
    ] {
        let (found, id) = account("swan", nickname);
        assert_eq!(found, kind, "{nickname}");
        let url = format!("{}/api/v1/open/swan/integral/points", text("/swan_url"));
        let (name, value) = (text("/swan/gateway/header"), text("/swan/gateway/value"));
        let asked = sandbox.client.get(url).header(name, value);
        let asked = asked.header("X-Consumer-Custom-ID", id).send().await;
        let told: Value = asked.unwrap().json().await.unwrap();
        assert_eq!(told["balance"], balance, "{nickname}: {told}");
    }
    for (nickname, points) in [("小明", 150), ("小红", 0), ("阿杰", 2_060)] {
        let (kind, id) = account("manta", nickname);
        assert_eq!(kind, "encoded");
        let asked = sandbox
            .client
            .post(format!("{}/openapi/client/point", text("/manta_url")))
            .query(&[("botId", text("/manta/bot_id"))])
            .bearer_auth(text("/manta/token"))
            .json(&json!({"secret": text("/manta/secret"), "clientIds": [id]}));
        let told: Value = asked.send().await.unwrap().json().await.unwrap();
        let expected = json!([{"platform": "line", "clientId": id, "points": points}]);
        assert_eq!(told["points"], expected, "{nickname}: {told}");
    }
    let users = facts["swan"]["users"].as_array().unwrap().len();
    let clients = facts["manta"]["clients"].as_array().unwrap().len();
    assert_eq!((users, clients), (5, 3));

    // All of it is there again after a sudden end: books, keys, and one fault list for all.
    sandbox
        .post(
            "/sandbox/swan/balance",
            json!({"user": account("swan", "小明").1, "points": 7}),
        )
        .await;
    sandbox
        .post(
            "/sandbox/manta/points",
            json!({"client": account("manta", "小明").1, "points": 9}),
        )
        .await;
    let Sandbox { mut child, .. } = sandbox;
    child.kill().await.unwrap();
    let sandbox = Sandbox::start(folder.path(), &["--serve-only"]).await;
    for same in [
        "/swan/gateway",
        "/manta/token",
        "/manta/secret",
        "/accounts",
    ] {
        let (before, after) = (facts.pointer(same), sandbox.facts.pointer(same));
        assert!(before.is_some() && before == after, "{same}");
    }
    let (swan, manta) = (
        sandbox.get("/sandbox/swan").await,
        sandbox.get("/sandbox/manta").await,
    );
    assert!(
        swan["users"].to_string().contains(r#""balance":7,"#),
        "{swan}"
    );
    assert!(
        manta["bots"].to_string().contains(r#""points":9"#),
        "{manta}"
    );
    let rule = json!({"endpoint": "swan.*", "kind": {"kind": "drop_after"}});
    sandbox.post("/sandbox/faults", rule).await;
    for system in ["mall", "swan", "manta"] {
        let page = sandbox.get(&format!("/sandbox/{system}")).await;
        assert_eq!(page["faults"][0]["endpoint"], "swan.*", "{system}");
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn a_member_asks_and_a_moderator_rewards_over_the_control_paths() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(folder.path(), &[]).await;
    let asked = sandbox.says("小明", "/积分").await;
    sandbox.hears(&asked, "2,474").await;
    sandbox.fault(json!({"kind": "drop_after"})).await;
    let rewarded = sandbox.says("阿杰", &sandbox.reward("小明", 666)).await;
    let first = sandbox.hears(&rewarded, "").await;
    let done = sandbox.hears(&rewarded, "✅").await;
    assert_eq!(first["id"], done["id"], "one answer, edited at most");
    sandbox.paid_once(666).await;
    let faults = sandbox.get("/sandbox/faults").await;
    assert!(faults.to_string().contains(r#""hits":1"#), "{faults}");
    sandbox.stop().await;
}

#[tokio::test]
async fn killed_in_the_middle_of_a_payment_it_comes_back_as_it_was_and_pays_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut sandbox = Sandbox::start(folder.path(), &[]).await;
    sandbox
        .fault(json!({"kind": "delay_after", "ms": 120_000}))
        .await;
    let rewarded = sandbox.says("阿杰", &sandbox.reward("小明", 666)).await;
    sandbox.paid_once(666).await;
    let before = sandbox.facts.clone();
    sandbox.child.kill().await.unwrap();

    let sandbox = Sandbox::start(folder.path(), &[]).await;
    for key in [
        "bot_token",
        "app_key",
        "app_secret",
        "guild_id",
        "channel_id",
        "bot_id",
    ] {
        assert_eq!(before[key], sandbox.facts[key], "{key}");
    }
    sandbox.hears(&rewarded, "✅").await;
    sandbox.paid_once(666).await;
    let asked = sandbox.says("小明", "/积分").await;
    sandbox.hears(&asked, "3,140").await;
    assert_eq!(sandbox.answers(&rewarded).await.len(), 1);
    sandbox.stop().await;
}

#[tokio::test]
async fn a_store_that_is_kept_stays_as_its_people_left_it() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(folder.path(), &[]).await;
    let asked = sandbox.says("小明", "/积分").await;
    sandbox.hears(&asked, "Swan · hq：340").await;
    sandbox.stop().await;
    let store = rusqlite::Connection::open(folder.path().join("guildpoints.db")).unwrap();
    let untied = store.execute("delete from links where system = 'swan.hq'", []);
    assert_eq!(untied.unwrap(), 5);
    drop(store);

    let sandbox = Sandbox::start(folder.path(), &[]).await;
    let asked = sandbox.says("小明", "/积分").await;
    let answer = sandbox.hears(&asked, "Swan · hq：").await;
    assert!(answer.to_string().contains("/绑定 swan.hq"), "{answer}");
    sandbox.stop().await;
}

#[tokio::test]
async fn its_bot_lives_by_the_sandboxs_clock_and_a_kept_one_goes_on_in_it() {
    const DAY_MS: u64 = 86_400_000;
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(folder.path(), &[]).await;
    // Far beyond the window in which a signature of the machine's own time would be believed.
    let leap = json!({"advance_ms": 9 * DAY_MS});
    let moved = sandbox.post("/sandbox/clock", leap).await;
    assert_eq!(moved["shift_ms"], 9 * DAY_MS);
    let rewarded = sandbox.says("阿杰", &sandbox.reward("小明", 666)).await;
    sandbox.hears(&rewarded, "✅").await;
    sandbox.paid_once(666).await;
    // It is still on the line it had, which nobody has cut.
    let connected = sandbox.get("/sandbox/state").await["bots_connected"].clone();
    assert_eq!(connected, 1);
    // What was asked before a leap has run out after it.
    let asked = sandbox.says("阿杰", &sandbox.reward("小红", 1_500)).await;
    let question = sandbox.hears(&asked, "确认吗").await;
    sandbox
        .post("/sandbox/clock", json!({"advance_ms": DAY_MS}))
        .await;
    let yes = &question["buttons"][0][0]["callback_data"];
    let moderator = sandbox.member("阿杰")["id"].as_str().unwrap();
    let path = sandbox.address(&format!("/sandbox/events?as={moderator}"));
    let mut events = sandbox.client.get(path).send().await.unwrap();
    let press = json!({"user": moderator, "message": question["id"], "data": yes});
    sandbox.post("/sandbox/press", press).await;
    let mut heard = Vec::new();
    while !String::from_utf8_lossy(&heard).contains("已超过 10 分钟") {
        let chunk = timeout(PATIENCE, events.chunk()).await;
        heard.extend(chunk.expect("no answer to the press").unwrap().unwrap());
    }
    sandbox.paid_once(666).await;
    sandbox.stop().await;

    let sandbox = Sandbox::start(folder.path(), &[]).await;
    let clock = sandbox.get("/sandbox/clock").await;
    assert_eq!(clock["shift_ms"], 10 * DAY_MS);
    let rewarded = sandbox.says("阿杰", &sandbox.reward("小红", 5)).await;
    sandbox.hears(&rewarded, "✅").await;
    sandbox.stop().await;
}

#[tokio::test]
async fn a_folder_has_one_sandbox_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(folder.path(), &[]).await;
    let store = folder.path().display().to_string();
    let second = run(&[
        "sandbox",
        "--json",
        "--listen",
        "127.0.0.1:0",
        "--store",
        &store,
    ])
    .await;
    assert_eq!(second.status.code(), Some(1));
    assert!(second.stdout.is_empty());
    let said = text(&second.stderr);
    assert!(
        said.contains("another sandbox works on") && said.contains("--store"),
        "{said}"
    );
    // The first has lost nothing by it.
    let asked = sandbox.says("小明", "/积分").await;
    sandbox.hears(&asked, "2,474").await;
    sandbox.stop().await;
    let sandbox = Sandbox::start(folder.path(), &[]).await;
    assert_eq!(sandbox.answers(&asked).await.len(), 1);
    sandbox.stop().await;
}

#[tokio::test]
async fn a_person_is_told_where_to_go_and_what_to_try() {
    let mut sandbox = spawn(&["sandbox", "--listen", "127.0.0.1:0"]);
    let mut out = sandbox.stdout.take().unwrap();
    let told = read_until(&mut out, "Ctrl-C").await;
    for part in [
        "http://127.0.0.1:",
        "/mall",
        "小明  /积分",
        "阿杰  /奖励 @小明 666",
        "下周一 08:59",
        "--store",
    ] {
        assert!(told.contains(part), "no `{part}` in\n{told}");
    }
    end(sandbox).await;
}

#[tokio::test]
async fn served_alone_it_runs_no_bot_and_prints_settings_a_bot_can_use() {
    let mut sandbox = spawn(&["sandbox", "--serve-only", "--listen", "127.0.0.1:0"]);
    let mut out = sandbox.stdout.take().unwrap();
    let told = read_until(&mut out, "Ctrl-C").await;
    let settings = &told[told.find("\n[").unwrap()..told.find("\n\nIt is forgotten").unwrap()];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bot.toml");
    std::fs::write(&path, settings).unwrap();

    let state: toml::Table = settings.parse().unwrap();
    let client = client();
    let address = format!(
        "{}/sandbox/inject",
        state["bot"]["api_url"].as_str().unwrap()
    );
    let sockets = client.post(address).json(&json!({"frame": "{}"})).send();
    let sockets: Value = sockets.await.unwrap().json().await.unwrap();
    assert_eq!(sockets, json!({"sockets": 0}));

    // Saved as it stands, it passes every check.
    let checked = run_in(folder.path(), &["check", "--config", "bot.toml"]).await;
    assert_eq!(checked.status.code(), Some(0), "{}", text(&checked.stdout));
    end(sandbox).await;
}

#[tokio::test]
async fn it_listens_on_this_machine_only() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.7:8481"] {
        let output = run(&["sandbox", "--json", "--listen", address]).await;
        assert_eq!(output.status.code(), Some(2), "{address}");
        assert!(output.stdout.is_empty());
        let said = text(&output.stderr);
        assert!(
            said.contains("this machine only") && said.contains("127.0.0.1:8481"),
            "{said}"
        );
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(&["sandbox", "--json", "--listen", &address]).await;
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(
        said.contains("cannot listen on") && said.contains("--listen"),
        "{said}"
    );
}

#[tokio::test]
async fn pages_and_names_from_elsewhere_drive_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(folder.path(), &["--serve-only"]).await;
    let own = sandbox.address("");
    let host = own.trim_start_matches("http://").to_owned();
    let say = || {
        json!({
            "user": sandbox.member("小明")["id"],
            "channel": sandbox.facts["channel_id"],
            "text": "forged",
        })
    };
    let post = || {
        sandbox
            .client
            .post(sandbox.address("/sandbox/say"))
            .json(&say())
    };
    let elsewhere = [
        (ORIGIN, "https://elsewhere.example".to_owned()),
        (ORIGIN, "null".to_owned()),
        (ORIGIN, "http://127.0.0.1:1".to_owned()),
        (HOST, "elsewhere.example".to_owned()),
        (HOST, "127.0.0.1.elsewhere.example".to_owned()),
        (HOST, "192.0.2.7".to_owned()),
    ];
    for (name, value) in elsewhere {
        let answer = post().header(&name, &value).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{name}: {value}");
        let answer: Value = answer.json().await.unwrap();
        assert!(answer["error"].is_string(), "{answer}");
        // What cannot be said cannot be read either.
        let read = sandbox.client.get(sandbox.address("/sandbox/state"));
        let answer = read.header(&name, &value).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{name}: {value}");
    }
    // What a form or a simple script of another page could send without asking first.
    for kind in ["text/plain", "application/x-www-form-urlencoded"] {
        let plain = sandbox.client.post(sandbox.address("/sandbox/say"));
        let plain = plain.header(CONTENT_TYPE, kind).body(say().to_string());
        let answer = plain.send().await.unwrap();
        assert_eq!(
            answer.status(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "{kind}"
        );
    }
    let preflight = sandbox
        .client
        .request(reqwest::Method::OPTIONS, sandbox.address("/sandbox/say"));
    let preflight = preflight
        .header(ORIGIN, "https://elsewhere.example")
        .send()
        .await
        .unwrap();
    let allowed = preflight.headers().get("access-control-allow-origin");
    assert!(allowed.is_none(), "{allowed:?}");

    let answer = post()
        .header(ORIGIN, &own)
        .header(HOST, &host)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let messages = sandbox.messages().await;
    assert_eq!(messages.len(), 1, "{messages:?}");
    sandbox.stop().await;
}

#[tokio::test]
async fn check_passes_a_sound_house_and_names_each_fault_with_its_cure() {
    let folder = tempfile::tempdir().unwrap();
    let world = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(world.path(), &["--serve-only"]).await;
    let settings = Bot::of(&sandbox);

    let (code, said) = settings.check(folder.path()).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains('✅') && !said.contains('❌'), "{said}");

    let guild = sandbox.facts["guild_id"].clone();
    let switch = |on: bool| json!({"guild": guild, "on": on});
    sandbox.post("/sandbox/mall/switch", switch(false)).await;
    let (code, said) = settings.check(folder.path()).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains('❌') && said.contains("60001"), "{said}");
    assert!(said.contains("第三方机器人"), "{said}");
    sandbox.post("/sandbox/mall/switch", switch(true)).await;

    let wrong = settings.with("app_secret", "0123456789abcdef0123456789abcdef");
    let (code, said) = wrong.check(folder.path()).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains('❌') && said.contains("[mall] app_secret"),
        "{said}"
    );
    assert!(!said.contains("0123456789abcdef"), "{said}");

    let token = "0".repeat(96);
    let (code, said) = settings
        .with("bot_token", &token)
        .check(folder.path())
        .await;
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains('❌') && said.contains("developer console"),
        "{said}"
    );
    assert!(!said.contains(&token), "{said}");

    sandbox
        .post("/sandbox/gateway", json!({"act": "refuse"}))
        .await;
    let (code, said) = settings.check(folder.path()).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains('❌') && said.contains("502"), "{said}");
    assert!(said.contains("[bot] gateway_url"), "{said}");
    for secret in ["bot_token", "app_key", "app_secret"] {
        let secret = sandbox.facts[secret].as_str().unwrap();
        assert!(!said.contains(secret), "{said}");
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn the_example_becomes_a_working_house_through_the_environment_alone() {
    let folder = tempfile::tempdir().unwrap();
    let world = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(world.path(), &["--serve-only"]).await;
    let example = run(&["example-config"]).await;
    std::fs::write(folder.path().join("bot.toml"), &example.stdout).unwrap();

    // As it comes, it says which secrets are missing.
    let output = run_in(folder.path(), &["check"]).await;
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    for name in ["FANBOOK_BOT_TOKEN", "MALL_APP_KEY", "MALL_APP_SECRET"] {
        assert!(said.contains(name), "no {name} in\n{said}");
    }

    let fact = |key: &str| sandbox.facts[key].as_str().unwrap().to_owned();
    let variables = BTreeMap::from([
        ("FANBOOK_BOT_TOKEN", fact("bot_token")),
        ("MALL_APP_KEY", fact("app_key")),
        ("MALL_APP_SECRET", fact("app_secret")),
        ("GUILDPOINTS__BOT__API_URL", fact("api_url")),
        ("GUILDPOINTS__BOT__GATEWAY_URL", fact("gateway_url")),
        ("GUILDPOINTS__BOT__LANGUAGE", "en-US".to_owned()),
        ("GUILDPOINTS__MALL__BASE_URL", fact("mall_url")),
        ("GUILDPOINTS__GUILD__0__ID", fact("guild_id")),
    ]);
    let mut command = program(&["check"]);
    command.current_dir(folder.path()).envs(&variables);
    let output = ended(command).await;
    let said = text(&output.stdout);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{said}{}",
        text(&output.stderr)
    );
    assert!(!said.contains('❌'), "{said}");

    let sign = [
        "sign",
        "--config",
        "bot.toml",
        "GET",
        "/api/core/open/getUserPoint",
        "-q",
        "guildId=1",
    ];
    let mut command = program(&sign);
    command.current_dir(folder.path()).envs(&variables);
    let output = ended(command).await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    assert!(
        said.contains("Signature: ") && said.contains("guildId=1"),
        "{said}"
    );
    assert_eq!(said.matches("<secret>").count(), 2, "{said}");
    for printed in [said, text(&output.stderr)] {
        assert!(!printed.contains(&fact("app_secret")), "{printed}");
    }
    sandbox.stop().await;
}

/// A running `guildpoints sandbox --json`.
struct Sandbox {
    child: Child,
    facts: Value,
    client: Client,
}

impl Sandbox {
    async fn start(store: &Path, more: &[&str]) -> Self {
        let store = store.display().to_string();
        let mut arguments = vec![
            "sandbox",
            "--json",
            "--listen",
            "127.0.0.1:0",
            "--store",
            &store,
        ];
        arguments.extend(more);
        let mut child = spawn(&arguments);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = timeout(PATIENCE, lines.next_line()).await;
        let line = line.expect("the sandbox printed nothing").unwrap();
        let line = line.expect("the sandbox ended without a word");
        Self {
            child,
            facts: serde_json::from_str(&line).unwrap(),
            client: client(),
        }
    }

    async fn stop(self) {
        end(self.child).await;
    }

    fn address(&self, path: &str) -> String {
        format!("{}{path}", self.facts["api_url"].as_str().unwrap())
    }

    fn member(&self, nickname: &str) -> &Value {
        let mut members = self.facts["members"].as_array().unwrap().iter();
        members
            .find(|member| member["nickname"] == nickname)
            .unwrap()
    }

    fn reward(&self, nickname: &str, points: u32) -> String {
        let id = self.member(nickname)["id"].as_str().unwrap();
        format!("/奖励 ${{@!{id}}} {points} 天梯第一名")
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.client.get(self.address(path)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.json().await.unwrap()
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let answer = self
            .client
            .post(self.address(path))
            .json(&body)
            .send()
            .await
            .unwrap();
        let status = answer.status();
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(status, StatusCode::OK, "{path}: {answer}");
        answer
    }

    /// Spoils the next payment.
    async fn fault(&self, kind: Value) {
        let rule = json!({"endpoint": "modifyUserPoint", "count": 1, "kind": kind});
        self.post("/sandbox/faults", rule).await;
    }

    async fn says(&self, nickname: &str, text: &str) -> Value {
        let user = &self.member(nickname)["id"];
        let channel = &self.facts["channel_id"];
        let said = json!({"user": user, "channel": channel, "text": text});
        self.post("/sandbox/say", said).await["message_id"].clone()
    }

    async fn messages(&self) -> Vec<Value> {
        let channel = self.facts["channel_id"].as_str().unwrap();
        let user = self.facts["owner_id"].as_str().unwrap();
        let path = format!("/sandbox/messages?channel={channel}&as={user}");
        self.get(&path).await["messages"]
            .as_array()
            .unwrap()
            .clone()
    }

    async fn answers(&self, said: &Value) -> Vec<Value> {
        let mut messages = self.messages().await;
        messages.retain(|message| message["reply_to"] == *said);
        messages
    }

    /// Waits for an answer that contains `part`.
    async fn hears(&self, said: &Value, part: &str) -> Value {
        let what = format!("an answer with `{part}`");
        self.until(&what, async || {
            let answers = self.answers(said).await;
            let mut answers = answers.into_iter();
            answers.find(|answer| answer["content"]["text"].as_str().unwrap().contains(part))
        })
        .await
    }

    /// Waits until the mall's books have a payment, which has to be this one and the only one.
    async fn paid_once(&self, points: i64) {
        let records = self
            .until("a payment", async || {
                let mall = self.get("/sandbox/mall").await;
                let records = mall["records"].as_array().unwrap().clone();
                (!records.is_empty()).then_some(records)
            })
            .await;
        assert_eq!(records.len(), 1, "{records:?}");
        assert_eq!(records[0]["points"], points);
    }

    async fn until<T>(&self, what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
        let looking = async {
            loop {
                if let Some(found) = look().await {
                    return found;
                }
                sleep(Duration::from_millis(30)).await;
            }
        };
        match timeout(PATIENCE, looking).await {
            Ok(found) => found,
            Err(_) => panic!("never seen: {what}\n{:#?}", self.messages().await),
        }
    }
}

/// Settings of a bot for a sandbox.
#[derive(Clone)]
struct Bot {
    facts: Value,
}

impl Bot {
    fn of(sandbox: &Sandbox) -> Self {
        Self {
            facts: sandbox.facts.clone(),
        }
    }

    fn with(&self, key: &str, value: &str) -> Self {
        let mut changed = self.clone();
        changed.facts[key] = json!(value);
        changed
    }

    async fn check(&self, folder: &Path) -> (Option<i32>, String) {
        let fact = |key: &str| self.facts[key].as_str().unwrap();
        let settings = format!(
            "[bot]\ntoken = \"{}\"\napi_url = \"{}\"\ngateway_url = \"{}\"\nlanguage = \"en-US\"\n\
             [mall]\nbase_url = \"{}\"\napp_key = \"{}\"\napp_secret = \"{}\"\n\
             [limits]\napi_per_second = 100\n\
             [[guild]]\nid = {}\nmoderator_roles = [{}]\n",
            fact("bot_token"),
            fact("api_url"),
            fact("gateway_url"),
            fact("mall_url"),
            fact("app_key"),
            fact("app_secret"),
            fact("guild_id"),
            self.facts["moderator_roles"][0].as_str().unwrap(),
        );
        std::fs::write(folder.join("bot.toml"), settings).unwrap();
        let output = run_in(folder, &["check"]).await;
        let said = text(&output.stdout) + &text(&output.stderr);
        (output.status.code(), said)
    }
}

fn client() -> Client {
    // In place already where another test of this process came first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().build().unwrap()
}

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guildpoints"));
    command
        .args(arguments)
        .env_clear()
        .env("TMPDIR", std::env::temp_dir())
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

fn spawn(arguments: &[&str]) -> Child {
    let mut command = program(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    command.spawn().unwrap()
}

async fn ended(mut command: Command) -> Output {
    let output = timeout(PATIENCE, command.output()).await;
    output.expect("it never ended").unwrap()
}

async fn run(arguments: &[&str]) -> Output {
    ended(program(arguments)).await
}

async fn run_in(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = program(arguments);
    command.current_dir(folder);
    ended(command).await
}

/// Ends a program as an operator does, in order.
async fn end(mut child: Child) {
    let id = child.id().unwrap().to_string();
    let sent = std::process::Command::new("kill")
        .args(["-s", "TERM", &id])
        .status();
    assert!(sent.unwrap().success());
    let ended = timeout(PATIENCE, child.wait()).await;
    assert_eq!(ended.expect("it never ended").unwrap().code(), Some(0));
}

/// What is printed up to and with the line that contains `part`.
async fn read_until(out: &mut ChildStdout, part: &str) -> String {
    let mut bytes = Vec::new();
    let reading = async {
        while !String::from_utf8_lossy(&bytes).contains(part) {
            let read = out.read_buf(&mut bytes).await.unwrap();
            assert!(read > 0, "it ended early");
        }
    };
    let read = timeout(PATIENCE, reading).await;
    let told = text(&bytes);
    assert!(read.is_ok(), "`{part}` was not printed:\n{told}");
    told
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

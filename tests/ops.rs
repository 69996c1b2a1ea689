//! Health, readiness and metrics over real HTTP, and the table of metrics against the source.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use guildpoints::journal::Journal;
use guildpoints::journal::KeptPicture;
use guildpoints::journal::StoreSettings;
use guildpoints::model::BotId;
use guildpoints::model::System;
use guildpoints::model::UserId;
use guildpoints::ops;
use guildpoints::ops::Duty;
use guildpoints::ops::HttpSettings;
use guildpoints::ops::METRICS;
use guildpoints::ops::OpsError;
use guildpoints::ops::OpsState;
use guildpoints::support::clock::Clock;
use guildpoints::support::pulse::Pulses;
use guildpoints::support::pulse::edge;
use reqwest::Client;
use reqwest::StatusCode;
use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

struct House {
    _folder: TempDir,
    journal: Journal,
    pulses: Pulses,
    duty: Duty,
    address: SocketAddr,
    served: JoinHandle<()>,
    stop: CancellationToken,
    client: Client,
}

impl House {
    async fn new() -> Self {
        Self::using(&[System::mall()]).await
    }

    /// With guilds that use these points systems.
    async fn using(used: &[System]) -> Self {
        // In place already where another test of this process came first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::system();
        let pulses = Pulses::new(clock.clone());
        let url = format!("sqlite://{}", folder.path().join("journal.db").display());
        let bot = BotId(UserId::new(775_011_379_970_068_480));
        let journal =
            Journal::open_store(&StoreSettings { url }, bot, clock.clone(), pulses.clone())
                .await
                .unwrap();
        let stop = CancellationToken::new();
        let duty = Duty::new(clock.clone());
        duty.owns(7);
        let state = OpsState {
            pulses: pulses.clone(),
            journal: journal.clone(),
            clock,
            duty: duty.clone(),
            systems: Arc::new(used.iter().cloned().collect()),
        };
        let served = ops::serve(anywhere(), state, stop.clone()).await.unwrap();
        let address = served.address;
        let served = tokio::spawn(served);
        Self {
            _folder: folder,
            journal,
            pulses,
            duty,
            address,
            served,
            stop,
            client: Client::builder().no_proxy().build().unwrap(),
        }
    }

    fn address(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    async fn text(&self, path: &str) -> (StatusCode, String) {
        let answer = self.client.get(self.address(path)).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    async fn json(&self, path: &str) -> (StatusCode, Value) {
        let (status, text) = self.text(path).await;
        (status, serde_json::from_str(&text).unwrap())
    }
}

fn anywhere() -> HttpSettings {
    HttpSettings {
        listen: "127.0.0.1:0".parse().unwrap(),
        public_url: None,
        font_dirs: Vec::new(),
    }
}

#[tokio::test]
async fn readiness_follows_the_edges() {
    let house = House::new().await;
    let (status, body) = house.json("/ready").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(body["trouble"]["gateway"], "not up yet");

    // The store was proved by opening it.
    house.pulses.well(edge::GATEWAY);
    let ready = (StatusCode::OK, json!({"status": "ready", "role": "owner"}));
    assert_eq!(house.json("/ready").await, ready);

    house.pulses.trouble(edge::MALL, "the mall answers 500");
    let trouble = json!({"mall": "the mall answers 500"});
    let degraded = json!({"status": "degraded", "role": "owner", "trouble": trouble});
    assert_eq!(house.json("/ready").await, (StatusCode::OK, degraded));

    house.pulses.trouble(edge::GATEWAY, "no frame for 70 s");
    let (status, body) = house.json("/ready").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(body["status"], "unavailable");
    assert_eq!(body["trouble"]["gateway"], "no frame for 70 s");

    house.pulses.well(edge::GATEWAY);
    house.pulses.trouble(edge::STORE, "the store is full");
    assert_eq!(
        house.json("/ready").await.0,
        StatusCode::SERVICE_UNAVAILABLE
    );

    house.pulses.well(edge::MALL);
    house.pulses.well(edge::STORE);
    assert_eq!(house.json("/ready").await, ready);
}

#[tokio::test]
async fn readiness_asks_for_the_points_systems_that_guilds_use_and_no_others() {
    let used = [System::ledger(), System::swan("hq"), System::manta("shop")];
    let house = House::using(&used).await;
    house.pulses.well(edge::GATEWAY);
    let ready = json!({"status": "ready", "role": "owner"});
    for unused in [edge::MALL, "swan.old"] {
        house.pulses.trouble(unused, "nobody is there");
        assert_eq!(house.json("/ready").await.1, ready, "{unused}");
    }
    // A token that ends within days still opens the door.
    let token = edge::token_of("manta.shop");
    house.pulses.trouble(&token, "the token ends soon");
    assert_eq!(house.json("/ready").await.1, ready);
    for system in ["swan.hq", "manta.shop"] {
        house.pulses.trouble(system, "it answers 500");
        let trouble = json!({ system: "it answers 500" });
        let degraded = json!({"status": "degraded", "role": "owner", "trouble": trouble});
        let seen = house.json("/ready").await;
        assert_eq!(seen, (StatusCode::OK, degraded));
        house.pulses.well(system);
    }
    // The ledger is where the store is.
    house.pulses.trouble(edge::STORE, "the store is full");
    let (status, body) = house.json("/ready").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(body["trouble"], json!({"store": "the store is full"}));
}

#[tokio::test]
async fn a_standby_is_ready_without_a_gateway_and_broken_without_a_store() {
    let house = House::new().await;
    house.duty.stands_by();
    let ready = (
        StatusCode::OK,
        json!({"status": "ready", "role": "standby"}),
    );
    assert_eq!(house.json("/ready").await, ready);
    let (_, health) = house.json("/health").await;
    assert_eq!(health["role"]["is"], "standby");
    assert_eq!(health["role"]["fence"], Value::Null);

    house.pulses.trouble(edge::STORE, "no answer");
    let (status, body) = house.json("/ready").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(body["role"], "standby");
    house.pulses.well(edge::STORE);

    // Taking over, it needs the gateway.
    house.duty.owns(8);
    let (status, body) = house.json("/ready").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(body["trouble"]["gateway"], "not up yet");
    house.pulses.well(edge::GATEWAY);
    assert_eq!(house.json("/ready").await.1["role"], "owner");
    let (_, health) = house.json("/health").await;
    assert_eq!(health["role"]["fence"], 8);
    assert!(health["role"]["since"].as_str().unwrap().ends_with('Z'));
    let (_, metrics) = house.text("/metrics").await;
    // Its value is the whole process's, which runs other tests beside this one.
    assert!(
        metrics.contains("# TYPE guildpoints_owner gauge"),
        "{metrics}"
    );
    assert!(
        metrics.contains("guildpoints_role_changes_total{role=\"owner\"}"),
        "{metrics}"
    );
}

#[tokio::test]
async fn health_tells_version_edges_and_what_waits() {
    let house = House::new().await;
    house.pulses.well(edge::GATEWAY);
    house.pulses.trouble(edge::SENDING, "not on the whitelist");
    let (status, body) = house.json("/health").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(body["version"], env!("CARGO_PKG_VERSION"));
    assert!(body["uptime_seconds"].as_i64().unwrap() >= 0);
    assert_eq!(body["edges"]["gateway"]["ok"], true);
    let sending = &body["edges"]["sending"];
    assert_eq!(sending["ok"], false);
    assert_eq!(sending["trouble"]["what"], "not on the whitelist");
    assert!(sending["trouble"]["since"].as_str().unwrap().ends_with('Z'));
    assert_eq!(body["journal"]["unconfirmed"], 0);
    assert_eq!(body["journal"]["oldest_open"], Value::Null);

    house.journal.close().await;
    let (status, _) = house.json("/health").await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn metrics_are_written_with_what_is_true_now() {
    let house = House::new().await;
    house.pulses.well(edge::GATEWAY);
    // An edge that is named after a guild must not become a label.
    house.pulses.well("mall:412345678901234563");
    metrics::counter!("guildpoints_journal_commits_total").increment(1);
    metrics::histogram!("guildpoints_mall_request_seconds", "endpoint" => "getUserPoint")
        .record(0.02);
    let (status, text) = house.text("/metrics").await;
    assert_eq!(status, StatusCode::OK);
    for line in [
        "# TYPE guildpoints_edge_up gauge",
        "guildpoints_journal_open_entries{state=\"unconfirmed\"} 0",
        "guildpoints_mall_request_seconds_bucket{endpoint=\"getUserPoint\",le=\"2\"}",
        "# HELP guildpoints_journal_commits_total Transactions committed by the journal.",
        "process_resident_memory_bytes",
    ] {
        assert!(text.contains(line), "no `{line}` in\n{text}");
    }
    assert!(text.contains(&format!(
        "guildpoints_info{{version=\"{}\"}} 1",
        env!("CARGO_PKG_VERSION")
    )));
    assert!(!text.contains("412345678901234563"), "{text}");
}

#[tokio::test]
async fn nothing_but_get_is_answered() {
    let house = House::new().await;
    for path in ["/health", "/ready", "/metrics"] {
        let answer = house.client.post(house.address(path)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
    let answer = house.client.get(house.address("/health")).send().await;
    assert_eq!(answer.unwrap().headers()["cache-control"], "no-store");
    assert_eq!(house.text("/").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_taken_port_is_said_plainly() {
    let house = House::new().await;
    let state = OpsState {
        pulses: house.pulses.clone(),
        journal: house.journal.clone(),
        clock: Clock::system(),
        duty: house.duty.clone(),
        systems: Arc::default(),
    };
    let taken = HttpSettings {
        listen: house.address,
        ..anywhere()
    };
    let error = ops::serve(taken, state, house.stop.clone())
        .await
        .unwrap_err();
    assert!(matches!(error, OpsError::Taken { .. }), "{error:?}");
    assert!(error.to_string().contains("name another port"), "{error}");
}

#[tokio::test]
async fn the_stop_token_ends_it_and_frees_the_port() {
    let house = House::new().await;
    // A connection that is kept open must not hold the end up.
    assert_eq!(house.text("/health").await.0, StatusCode::OK);
    let address = house.address;
    house.stop.cancel();
    house.served.await.unwrap();
    std::net::TcpListener::bind(address).unwrap();
}

#[test]
fn every_name_in_the_source_stands_in_the_table() {
    let mut sources = Vec::new();
    collect(Path::new("src"), &mut sources);
    let emitted =
        regex::Regex::new(r#"(?:counter|gauge|histogram)!\(\s*"((?:guildpoints)_[a-z_]+)""#)
            .unwrap();
    let seen: BTreeSet<String> = sources
        .iter()
        .flat_map(|text| {
            emitted
                .captures_iter(text)
                .map(|found| found[1].to_owned())
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(seen.len() > 5, "{seen:?}");
    let told: BTreeSet<String> = METRICS
        .iter()
        .map(|metric| metric.name.to_owned())
        .collect();
    assert_eq!(told.len(), METRICS.len(), "a name stands there twice");
    let missing: Vec<_> = seen.difference(&told).collect();
    assert!(
        missing.is_empty(),
        "add to METRICS in src/ops/metrics.rs: {missing:?}"
    );
}

fn collect(folder: &Path, into: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, into);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            into.push(std::fs::read_to_string(&path).unwrap());
        }
    }
}

#[tokio::test]
async fn a_picture_is_served_to_whoever_knows_its_name_and_to_nobody_else() {
    let house = House::new().await;
    let picture = KeptPicture {
        png: vec![0x89, b'P', b'N', b'G', 0, 255],
        svg: "<svg>小明</svg>".to_owned(),
    };
    let token = house.journal.keep_picture(picture.clone()).await.unwrap();
    let get = async |path: &str| house.client.get(house.address(path)).send().await.unwrap();
    // Whoever owns the bot: a standby has the same store.
    for role in [Duty::stands_by, |duty: &Duty| duty.owns(8)] {
        role(&house.duty);
        let answer = get(&format!("/boards/{token}.png")).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), "image/png");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("cache-control"), "public, max-age=86400, immutable");
        assert!(header("content-security-policy").contains("sandbox"));
        assert_eq!(answer.bytes().await.unwrap(), picture.png);
    }
    let drawing = get(&format!("/boards/{token}.svg")).await;
    assert_eq!(drawing.headers()["content-type"], "image/svg+xml");
    assert_eq!(drawing.text().await.unwrap(), picture.svg);

    let mut answers = BTreeSet::new();
    let made_up = "0".repeat(64);
    for name in [
        format!("{made_up}.png"),
        format!("{token}.jpg"),
        format!("{token}"),
        format!("{}.png", token.to_string().to_uppercase()),
        format!("{token}x.png"),
        "..%2f..%2fetc%2fpasswd.png".to_owned(),
        "%00.png".to_owned(),
        ".png".to_owned(),
        "'%20or%201=1;--.png".to_owned(),
    ] {
        let answer = get(&format!("/boards/{name}")).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{name}");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        answers.insert(answer.text().await.unwrap());
    }
    // One whose time is over is answered as one that never was.
    house.journal.drop_picture(&token).await.unwrap();
    let gone = get(&format!("/boards/{token}.png")).await;
    assert_eq!(gone.status(), StatusCode::NOT_FOUND);
    answers.insert(gone.text().await.unwrap());
    assert_eq!(answers.len(), 1, "{answers:?}");
    let (status, _) = house.text("/boards/").await;
    assert_eq!(status, StatusCode::NOT_FOUND);

    house.journal.close().await;
    let (status, _) = house.text(&format!("/boards/{token}.png")).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    house.stop.cancel();
}

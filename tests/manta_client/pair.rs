//! The pair in its files, and how long its token lasts.

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use guildpoints::points::manta::KeptSecret;
use guildpoints::points::manta::Manta;
use guildpoints::points::manta::MantaSettings;
use guildpoints::points::manta::TokenState;
use guildpoints::support::clock::Clock;
use guildpoints::support::pulse::Pulses;
use guildpoints::support::secret::Secret;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::scripted::Says;
use crate::server::SECRET;
use crate::server::TOKEN;
use crate::world::ANN;
use crate::world::ANNS;
use crate::world::World;
use crate::world::given;
use crate::world::meaning;

pub struct Files {
    pub folder: TempDir,
}

impl Files {
    pub fn new() -> Self {
        let files = Self {
            folder: TempDir::new().unwrap(),
        };
        files.write("token", TOKEN);
        files.write("secret", SECRET);
        files
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, value: &str) {
        std::fs::write(self.path(name), format!("{value}\n")).unwrap();
    }

    pub fn kept(&self, name: &str, value: &str) -> KeptSecret {
        KeptSecret {
            value: Secret::new(value),
            file: Some(self.path(name)),
        }
    }

    pub async fn world(&self) -> World {
        World::with(|settings| {
            settings.token = self.kept("token", TOKEN);
            settings.secret = self.kept("secret", SECRET);
        })
        .await
    }
}

fn token_until(seconds: i64) -> String {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let claims = format!(r#"{{"exp":{seconds}}}"#);
    format!("{}.{}.c2ln", part(r#"{"alg":"HS256"}"#), part(&claims))
}

#[tokio::test]
async fn a_new_pair_in_the_files_is_used_from_the_next_question_on() {
    let files = Files::new();
    let world = files.world().await;
    world.server.has("encoded", ANNS, 5);
    world.server.lets_in(TOKEN, SECRET);
    assert_eq!(world.balance(ANN).await.unwrap().points, 5);
    files.write("token", "a.longer.token-than-before-with-more-letters");
    files.write("secret", "another-secret");
    world.server.lets_in(
        "a.longer.token-than-before-with-more-letters",
        "another-secret",
    );
    world.clock.advance(Duration::from_secs(31));
    assert_eq!(world.balance(ANN).await.unwrap().points, 5);
    // Noticed from outside: no refusal was needed for it.
    assert_eq!(world.calls(), 2);
    world.server.is_content();
}

#[tokio::test]
async fn a_refused_pair_is_read_anew_and_tried_once_more() {
    for (status, code) in [(401, 1004), (403, 1002), (401, 120_000), (200, 120_000)] {
        let files = Files::new();
        let world = files.world().await;
        world.server.has("encoded", ANNS, 5);
        // The new pair comes while the old one is on its way.
        world.says(Says::refusal(status, code, "old").at_the_gate());
        let renewed = async {
            world.server.arrivals(1).await;
            files.write("token", "new.token.value");
            files.write("secret", "new-secret");
            world.server.lets_in("new.token.value", "new-secret");
            world.server.gate.add_permits(1);
        };
        let (read, ()) = tokio::join!(world.balance(ANN), renewed);
        assert_eq!(read.unwrap().points, 5);
        assert_eq!(world.calls(), 2);
        world.server.is_content();
    }
}

#[tokio::test]
async fn the_same_pair_is_not_tried_again() {
    let files = Files::new();
    for world in [files.world().await, World::new().await] {
        let read = world.anns(Says::refusal(401, 1004, "expired")).await;
        assert_eq!(meaning(read).1, Some(1004));
        assert_eq!(world.calls(), 1);
        world.server.is_content();
    }
}

#[tokio::test]
async fn a_pair_that_is_refused_twice_is_not_tried_a_third_time() {
    let files = Files::new();
    let world = files.world().await;
    world.says(Says::refusal(403, 1002, "mixed").at_the_gate());
    world.says(Says::refusal(403, 1002, "still"));
    let half = async {
        world.server.arrivals(1).await;
        files.write("token", "new.token.value");
        world.server.gate.add_permits(1);
    };
    let (read, ()) = tokio::join!(world.balance(ANN), half);
    assert_eq!(meaning(read).1, Some(1002));
    assert_eq!(world.calls(), 2);
    world.server.is_content();
}

#[tokio::test]
async fn files_that_cannot_be_read_leave_the_pair_in_use() {
    let files = Files::new();
    let world = files.world().await;
    world.server.has("encoded", ANNS, 5);
    world.server.lets_in(TOKEN, SECRET);
    for broken in ["", "two\nlines", "a b"] {
        files.write("token", broken);
        world.clock.advance(Duration::from_secs(31));
        assert_eq!(world.balance(ANN).await.unwrap().points, 5, "{broken:?}");
    }
    std::fs::remove_file(files.path("token")).unwrap();
    world.clock.advance(Duration::from_secs(31));
    assert_eq!(world.balance(ANN).await.unwrap().points, 5);
    world.server.is_content();
}

#[tokio::test]
async fn the_end_of_a_token_is_announced_7_days_before_and_said_plainly_after() {
    let day = 24 * 60 * 60;
    let now = Clock::system().now_ms() / 1_000;
    let token = token_until(now + 10 * day);
    let world = World::with(|settings| settings.token = given(&token)).await;
    let looked = async || {
        let stop = CancellationToken::new();
        let watching = world.manta.clone().watch_token(stop.clone());
        // It looks at once, and again only in a minute.
        let _ = tokio::time::timeout(Duration::from_millis(50), watching).await;
        world.trouble_of("manta.shop.token")
    };
    assert_eq!(looked().await, "");
    assert!(world.pulses.of("manta.shop.token").beats());
    assert!(matches!(
        world.manta.token_state().await,
        TokenState::Good { .. }
    ));
    world.clock.advance(Duration::from_secs(3 * 86_400 + 60));
    let told = looked().await;
    assert!(told.contains("expires in 6 days"), "{told}");
    assert!(told.contains("guildpoints manta refresh shop"), "{told}");
    assert!(matches!(
        world.manta.token_state().await,
        TokenState::Ending { .. }
    ));
    world.clock.advance(Duration::from_secs(8 * 86_400));
    let told = looked().await;
    assert!(told.contains("the MantaGO token expired on "), "{told}");
    assert!(matches!(
        world.manta.token_state().await,
        TokenState::Over { .. }
    ));
    assert!(!told.contains(&token));
}

#[tokio::test]
async fn what_cannot_be_sent_makes_no_client() {
    let new = |change: fn(&mut MantaSettings)| {
        let mut settings = crate::world::settings("http://127.0.0.1:9/api");
        change(&mut settings);
        let pulses = Pulses::new(Clock::system());
        let made = Manta::new("shop", settings, Clock::system(), pulses);
        made.map(drop).map_err(|error| error.to_string())
    };
    let _ = rustls::crypto::ring::default_provider().install_default();
    assert_eq!(new(|_| {}), Ok(()));
    for (change, told) in [
        (
            (|s| s.token = given("a\u{1f511}b")) as fn(&mut MantaSettings),
            "`token`",
        ),
        (|s| s.token = given("a b"), "`token`"),
        (|s| s.secret = given("a\nb"), "`secret`"),
        (|s| s.base_url = "ftp://x".to_owned(), "`base_url`"),
        (
            |s| s.base_url = "http://u:pw@x/api".to_owned(),
            "`base_url`",
        ),
    ] {
        let error = new(change).unwrap_err();
        assert!(error.starts_with(told), "{error}");
        assert!(!error.contains("pw@") && !error.contains("a b"), "{error}");
    }
}

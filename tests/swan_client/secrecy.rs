//! What never appears: secrets and ids of accounts in logs, errors, pulses and `Debug`.

use std::io;
use std::sync::Arc;
use std::sync::Mutex;

use guildpoints::points::swan::Stretch;
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use crate::scripted::Says;
use crate::server::GATE_KEY;
use crate::world::STAFF;
use crate::world::World;
use crate::world::anns;
use crate::world::staff;

/// A log that is kept.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Log;

    fn make_writer(&'a self) -> Log {
        self.clone()
    }
}

#[tokio::test]
async fn neither_secrets_nor_accounts_are_ever_shown() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter("trace")
        .with_writer(log.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let world = World::with(|settings| settings.acts_as = Some(STAFF.to_owned())).await;
    let ours = ["retail_20871", "staff_lin", GATE_KEY];
    let echo = json!({"errcode": "SWAN_@retail_20871:corp.example",
        "error": "no @retail_20871:corp.example or \"@staff_lin:corp.example\" with p8r2v6y0b4e9h3j7m1qs",
        "traceid": "t-retail_20871"});
    let mut shown = Vec::new();
    for status in [200, 400, 401, 404, 409, 422, 429, 500] {
        for _ in 0..4 {
            world.says(Says::status(status, echo.clone()));
        }
        shown.push(format!("{:?}", world.swan.balance(&anns()).await));
        shown.push(format!(
            "{:?}",
            world.swan.ledger(&anns(), Stretch::page(0)).await
        ));
        let ticket = world.ticket(5).await;
        shown.push(format!("{:?}", world.adjust(&ticket).await));
        shown.push(format!(
            "{:?}",
            world.swan.report(&anns(), &staff(), "E", "id").await
        ));
        shown.push(format!("{:?}", world.pulse()));
    }
    for says in [
        Says::HangsUp,
        Says::Breaks("{\"x\":"),
        Says::raw(302, "").with("Location", "/@staff_lin:x"),
    ] {
        world.says(says);
        shown.push(format!(
            "{:?} {:?}",
            world.swan.balance(&anns()).await,
            world.pulse()
        ));
    }
    world.says(Says::json(
        json!({"balance": 1, "transaction": [{"points": 1,
        "userId": "@retail_20871:corp.example", "info": "@staff_lin:corp.example"}]}),
    ));
    shown.push(format!(
        "{:?}",
        world
            .swan
            .statement(&anns(), Stretch::page(0))
            .await
            .unwrap()
    ));
    shown.push(format!("{:?} {:?}", world.swan, world.linked));
    shown.push(format!("{:?}", {
        let mut settings = crate::world::settings("http://127.0.0.1:1");
        settings.acts_as = Some(STAFF.to_owned());
        settings
    }));
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("a points system was asked"), "{log}");
    // The trace is what whoever runs the installation asks for first.
    assert!(log.contains("t-<account>"), "{log}");
    for line in log.lines().filter(|line| line.contains("guildpoints")) {
        shown.push(line.to_owned());
    }
    for text in &shown {
        for secret in ours {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }
    world.server.is_content();
}

//! Settings that make no client.

use guildpoints::points::swan::Swan;
use guildpoints::points::swan::SwanError;
use guildpoints::points::swan::SwanSettings;
use guildpoints::support::clock::Clock;
use guildpoints::support::pulse::Pulses;
use guildpoints::support::secret::Secret;

use crate::world::settings;

fn made(change: impl FnOnce(&mut SwanSettings)) -> Result<Swan, SwanError> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut settings = settings("https://swan.example/");
    change(&mut settings);
    Swan::new("hq", settings, Clock::system(), Pulses::default())
}

#[test]
fn what_cannot_work_is_refused_before_anything_is_sent() {
    assert!(made(|_| {}).is_ok());
    for address in [
        "swan.example",
        "ftp://swan.example",
        "https://me:hunter2@swan.example",
        "https://swan.example?x=1",
    ] {
        let made = made(|settings| settings.base_url = address.to_owned());
        let error = made.unwrap_err();
        assert!(matches!(error, SwanError::BaseUrl(_)), "{address}");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
    for name in ["X-Consumer-Custom-ID", "content-type", "Host"] {
        let made =
            made(|settings| settings.headers = vec![(name.to_owned(), Secret::new("s3cr3t"))]);
        assert!(matches!(made, Err(SwanError::FixedHeader(_))), "{name}");
    }
    for (name, value) in [
        ("x y", "s3cr3t"),
        ("x-key", "s3cr3t\r\nx: y"),
        ("", "s3cr3t"),
    ] {
        let made = made(|settings| settings.headers = vec![(name.to_owned(), Secret::new(value))]);
        let error = made.unwrap_err();
        assert!(matches!(error, SwanError::Header(_)), "{name}");
        assert!(!format!("{error} {error:?}").contains("s3cr3t"));
    }
    let made_as = |id: &str| made(|settings| settings.acts_as = Some(id.to_owned()));
    assert!(made_as("@staff_bot:corp.example").is_ok());
    assert!(matches!(
        made_as("\"@staff_bot:corp.example\""),
        Err(SwanError::ActsAs)
    ));
    let untyped = made(|settings| settings.change_type = " ".to_owned());
    assert!(matches!(untyped, Err(SwanError::ChangeType)));
}

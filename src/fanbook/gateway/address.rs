//! The address a connection is opened with. It carries the token, so it is a secret itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;
use serde::Serialize;

use crate::fanbook::api::Me;
use crate::support::secret::Secret;

/// The client version every known bot names. Source: fanbook-platform, 2.1.
const VERSION: &str = "1.6.60";

#[derive(Serialize)]
struct SuperProperties<'a> {
    platform: &'a str,
    version: &'a str,
    channel: &'a str,
    device_id: &'a str,
    build_number: &'a str,
}

/// `None` if the gateway's address is none.
pub(super) fn of(gateway_url: &str, me: &Me) -> Option<Secret> {
    let mut url = Url::parse(gateway_url).ok()?;
    if !matches!(url.scheme(), "ws" | "wss") {
        return None;
    }
    let device = format!("bot{}", me.id);
    let properties = SuperProperties {
        platform: "bot",
        version: VERSION,
        channel: "office",
        device_id: &device,
        build_number: "1",
    };
    let properties = serde_json::to_string(&properties).expect("strings are always JSON");
    // The pairs are percent-encoded, base64's `+`, `/` and `=` too.
    url.query_pairs_mut()
        .append_pair("id", me.user_token.expose())
        .append_pair("dId", &device)
        .append_pair("v", VERSION)
        .append_pair("x-super-properties", &STANDARD.encode(properties));
    Some(Secret::new(url))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::UserId;

    fn me() -> Me {
        Me {
            id: UserId::new(775_011_379_970_068_480),
            name: "积分小助手".to_owned(),
            user_token: Secret::new("to+ken"),
            owner: None,
        }
    }

    #[test]
    fn the_query_is_encoded_and_says_who_connects() {
        let address = of("wss://gateway.invalid/websocket", &me()).unwrap();
        let address = address.expose();
        assert!(address.starts_with(
            "wss://gateway.invalid/websocket?id=to%2Bken&dId=bot775011379970068480&v=1.6.60&"
        ));
        let url = Url::parse(address).unwrap();
        let (_, properties) = url.query_pairs().last().unwrap();
        let properties = STANDARD.decode(properties.as_bytes()).unwrap();
        assert_eq!(
            String::from_utf8(properties).unwrap(),
            concat!(
                r#"{"platform":"bot","version":"1.6.60","channel":"office","#,
                r#""device_id":"bot775011379970068480","build_number":"1"}"#
            )
        );
        let query = address.split_once('?').unwrap().1;
        assert!(!query.contains(['+', '/']) && query.matches('=').count() == 4);
    }

    #[test]
    fn what_is_no_websocket_address_is_refused() {
        for bad in ["", "gateway", "https://gateway.invalid", "wss://"] {
            assert!(of(bad, &me()).is_none(), "{bad}");
        }
    }
}

//! A bot's token and secret, as the sandbox makes them.
//!
//! The token has the form of a signed JWT, so that a reader finds its `exp`. Its third part is
//! random: the sandbox knows its tokens by heart and proves nothing by it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use serde_json::json;

use crate::sandbox::world::random_hex;

/// How long a pair lives, in milliseconds: 30 days. Source: points-backends, 3.1.
const VALID_MS: i64 = 30 * 86_400_000;

/// The credentials of a bot; there is one pair at a time.
#[derive(Clone, Serialize, Deserialize)]
pub struct Pair {
    /// The API token, a JWT.
    pub token: String,
    /// The secret key.
    pub secret: String,
    /// When the token expires, in milliseconds since 1970, whole seconds.
    pub expires_ms: i64,
}

/// A new pair for a bot, which nobody has seen.
pub fn draw(bot: &str, now_ms: i64) -> Pair {
    let issued = now_ms.div_euclid(1000);
    let expires = (now_ms + VALID_MS).div_euclid(1000);
    let head = json!({"alg": "HS256", "typ": "JWT"});
    let claims = json!({"botId": bot, "iat": issued, "exp": expires});
    let part = |json: Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let seal = URL_SAFE_NO_PAD.encode(random_hex(32));
    Pair {
        token: format!("{}.{}.{seal}", part(head), part(claims)),
        secret: random_hex(32),
        expires_ms: expires * 1000,
    }
}

/// When a token says it expires, in milliseconds since 1970; `None` if it has not the form of one.
pub fn expires_ms(token: &str) -> Option<i64> {
    let mut parts = token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part));
    let (head, claims) = (parts.next()?.ok()?, parts.next()?.ok()?);
    let seal = parts.next()?.ok()?;
    if seal.is_empty() || parts.next().is_some() {
        return None;
    }
    serde_json::from_slice::<Value>(&head).ok()?.as_object()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    claims.get("exp")?.as_i64()?.checked_mul(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_tells_when_it_expires_and_is_never_the_same() {
        let pair = draw("bot", 1_700_000_000_123);
        assert_eq!(pair.expires_ms, 1_702_592_000_000);
        assert_eq!(expires_ms(&pair.token), Some(pair.expires_ms));
        assert_ne!(pair.token, draw("bot", 1_700_000_000_123).token);
    }

    #[test]
    fn what_has_not_the_form_of_a_token_tells_nothing() {
        let good = draw("bot", 0).token;
        let claims = good.split('.').nth(1).unwrap();
        for token in [
            "",
            "a.b",
            "a.b.c",
            &format!("{good}.more"),
            &format!("{claims}.{claims}."),
            &good.replace('.', "-"),
        ] {
            assert_eq!(expires_ms(token), None, "{token}");
        }
    }
}

//! Signing of mall requests (source: points-backends, 1.2).
//!
//! The signing string is `secret&name=value&…&secret`: all pairs of the request sorted together by
//! the bytes of their names, values raw, the body whole and exactly as sent. The signature is its
//! MD5 as 32 lower-case hexadecimal digits. Method and path take no part.
//!
//! Invariants: the string that holds the secret never leaves this file; what is shown to people has
//! `<secret>` in its place. Deliberately absent: the look-alike signature of the platform's own app
//! interface (1.2.8), percent-encoding (the wire's business, after signing) and headers.

use md5::Digest;
use md5::Md5;

use crate::support::secret::Secret;

/// Everything of a request that takes part in its signature, exactly as it goes over the wire.
///
/// Source: points-backends, 1.2.2. The values are raw: percent-encoding happens only in the address.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    /// The header `AppKey`.
    pub app_key: &'a str,
    /// The header `Nonce`.
    pub nonce: &'a str,
    /// The header `Timestamp`: milliseconds since 1970 in decimal digits.
    pub timestamp: &'a str,
    /// The header `Authorization`, if one is sent; the mall's own client never sends it.
    pub authorization: Option<&'a str>,
    /// The query, decoded, in any order.
    pub query: &'a [(String, String)],
    /// The body, byte for byte, if there is one.
    pub body: Option<&'a str>,
}

impl Parts<'_> {
    /// The signature: 32 lower-case hexadecimal digits.
    pub fn signature(&self, secret: &Secret) -> String {
        let mut md5 = Md5::new();
        self.spell(secret.expose(), |piece| md5.update(piece.as_bytes()));
        md5.finalize()
            .iter()
            .fold(String::with_capacity(32), |mut hex, b| {
                hex.push(char::from(HEX[usize::from(b >> 4)]));
                hex.push(char::from(HEX[usize::from(b & 15)]));
                hex
            })
    }

    /// The signing string with `<secret>` where the secret stands, for people to compare.
    pub fn masked(&self) -> String {
        let mut text = String::new();
        self.spell("<secret>", |piece| text.push_str(piece));
        text
    }

    /// Hands on the signing string piece by piece, so that with the secret in it stands nowhere whole.
    fn spell(&self, secret: &str, mut hand_on: impl FnMut(&str)) {
        let mut pairs = Vec::with_capacity(5 + self.query.len());
        pairs.extend([
            ("AppKey", self.app_key),
            ("Nonce", self.nonce),
            ("Timestamp", self.timestamp),
        ]);
        pairs.extend(self.authorization.map(|value| ("Authorization", value)));
        pairs.extend(self.body.map(|body| ("requestBody", body)));
        pairs.extend(
            self.query
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str())),
        );
        // `str` compares by bytes, as the rules ask. Values only part repeated names, which nobody
        // documents and we never send, so that the order given never matters.
        pairs.sort_unstable();

        hand_on(secret);
        for (name, value) in pairs {
            for piece in ["&", name, "=", value] {
                hand_on(piece);
            }
        }
        hand_on("&");
        hand_on(secret);
    }
}

const HEX: &[u8; 16] = b"0123456789abcdef";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_sample_comes_out_as_published() {
        let query = [("random".to_owned(), "test-params".to_owned())];
        let parts = Parts {
            app_key: "esdx8ol13uelo6enblwh",
            nonce: "z00wu1fzglfyqzk1tol5",
            timestamp: "1664250286491",
            authorization: None,
            query: &query,
            body: Some(
                r#"{"bizId":"zw0chebvkt","fbLongId":173022860380475392,"guildId":357042844231282688,"point":666,"remark":"天梯第一名, 奖励666分"}"#,
            ),
        };
        let secret = Secret::new("di4uep1ed5i5m48zhrcm");
        assert_eq!(parts.signature(&secret), "054f69f3e62e8835052ef593c1fa9df8");
        assert!(
            parts
                .masked()
                .starts_with("<secret>&AppKey=esdx8ol13uelo6enblwh&Nonce="),
            "{}",
            parts.masked()
        );
        assert!(!parts.masked().contains(secret.expose()));
    }

    #[test]
    fn an_empty_value_takes_part() {
        let query = [("note".to_owned(), String::new())];
        let parts = Parts {
            app_key: "k",
            nonce: "n",
            timestamp: "1",
            authorization: None,
            query: &query,
            body: None,
        };
        assert_eq!(
            parts.masked(),
            "<secret>&AppKey=k&Nonce=n&Timestamp=1&note=&<secret>"
        );
    }
}

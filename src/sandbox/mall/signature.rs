//! What a signature has to be, told from the mall's side of the wire.
//!
//! Written from the rules alone and sharing nothing with the bot's signer: two readings of one
//! text check each other, one reading checks nothing. Source: points-backends, 1.2.2.

use md5::Digest;
use md5::Md5;

use crate::sandbox::service::Pair;

/// The signature that belongs to these pairs, 32 lower-case hex digits.
///
/// `pairs` are headers, query and, if there is one, the body under `requestBody`, in any order.
pub fn signature(secret: &str, mut pairs: Vec<Pair>) -> String {
    pairs.sort_by(|left, right| left.0.cmp(&right.0));
    let mut digest = Md5::new();
    digest.update(secret);
    for (name, value) in &pairs {
        digest.update(b"&");
        digest.update(name);
        digest.update(b"=");
        digest.update(value);
    }
    digest.update(b"&");
    digest.update(secret);
    let mut hex = String::with_capacity(32);
    for byte in digest.finalize() {
        for half in [byte >> 4, byte & 15] {
            hex.push(char::from_digit(u32::from(half), 16).expect("half a byte is below 16"));
        }
    }
    hex
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::service::query_pairs;

    fn pair(name: &str, value: &str) -> Pair {
        (name.as_bytes().to_vec(), value.as_bytes().to_vec())
    }

    #[test]
    fn the_published_sample_comes_out() {
        let mut pairs = query_pairs("random=test-params");
        pairs.push(pair(
            "requestBody",
            "{\"bizId\":\"zw0chebvkt\",\"fbLongId\":173022860380475392,\"guildId\":357042844231282688,\"point\":666,\"remark\":\"天梯第一名, 奖励666分\"}",
        ));
        pairs.push(pair("Timestamp", "1664250286491"));
        pairs.push(pair("AppKey", "esdx8ol13uelo6enblwh"));
        pairs.push(pair("Nonce", "z00wu1fzglfyqzk1tol5"));
        assert_eq!(
            signature("di4uep1ed5i5m48zhrcm", pairs),
            "054f69f3e62e8835052ef593c1fa9df8"
        );
    }

    #[test]
    fn names_sort_by_byte_and_values_are_decoded_first() {
        // md5("s&AppKey=a&B=2&_x=1 2&a=中&&s") was computed apart from this program.
        let mut pairs = query_pairs("a=%E4%B8%AD%26&_x=1+2&B=2");
        pairs.push(pair("AppKey", "a"));
        assert_eq!(signature("s", pairs), "3dfe268ba56ae7a29b5e0967c293db76");
    }
}

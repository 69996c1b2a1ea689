//! What a signature has to be, told from the mall's side of the wire.
//!
//! Written from the rules alone and sharing nothing with the bot's signer: two readings of one
//! text check each other, one reading checks nothing. Source: points-backends, 1.2.2.

use md5::Digest;
use md5::Md5;

/// One pair of the signing string, as bytes: neither a query nor a body need be text.
pub type Pair = (Vec<u8>, Vec<u8>);

/// The pairs of a raw query, `%XX` and `+` decoded, in the order they came.
///
/// A percent sign that starts no escape stands for itself; a name without `=` has an empty value.
pub fn query_pairs(raw: &str) -> Vec<Pair> {
    raw.split('&')
        .filter(|piece| !piece.is_empty())
        .map(|piece| {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            (unescape(name), unescape(value))
        })
        .collect()
}

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

fn unescape(raw: &str) -> Vec<u8> {
    let raw = raw.as_bytes();
    let mut plain = Vec::with_capacity(raw.len());
    let mut at = 0;
    while let Some(&byte) = raw.get(at) {
        at += 1;
        match byte {
            b'+' => plain.push(b' '),
            b'%' => match (hex_digit(raw.get(at)), hex_digit(raw.get(at + 1))) {
                (Some(high), Some(low)) => {
                    plain.push(high << 4 | low);
                    at += 2;
                }
                _ => plain.push(b'%'),
            },
            other => plain.push(other),
        }
    }
    plain
}

fn hex_digit(byte: Option<&u8>) -> Option<u8> {
    let digit = char::from(*byte?).to_digit(16)?;
    u8::try_from(digit).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn odd_queries_are_read_without_falling_over() {
        assert_eq!(query_pairs(""), []);
        assert_eq!(query_pairs("&&"), []);
        assert_eq!(
            query_pairs("a&b=&c=%&d=%4&e=%zz&=f"),
            [
                pair("a", ""),
                pair("b", ""),
                pair("c", "%"),
                pair("d", "%4"),
                pair("e", "%zz"),
                pair("", "f"),
            ]
        );
    }
}
